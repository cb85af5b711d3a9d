"""One's own identity: its key, the 24 words that bring it back, the passphrase of its files."""

import asyncio

import msgspec

from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.own_log import change_devices
from hedgerow_node.key_files import SECRET, Secret
from hedgerow_node.keystore import WORDS as WORDS
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.keys import DeviceKey, did_of, public_key
from hedgerow_protocol.things import message_thing


class ShowIdentity(Request):
    """One's own identity."""


class ShowWords(Request):
    """The 24 words."""


class ConfirmWords(Request):
    """The owner has the words. `answers` may prove it: words by their places, "1" to "24"."""

    confirm: bool
    answers: dict[str, str] = msgspec.field(default_factory=dict)


class Adopt(Request):
    """This restored copy takes the place of its original."""

    original_is_gone: bool


class ChangePassphrase(Request):
    """Lock the files of the keys with another passphrase; an empty one opens them."""

    new: str
    old: str = ""


async def show(node: Node, request: ShowIdentity) -> Json:
    """Show one's own identity."""
    return {
        "did": node.keys.did,
        "device": did_of(node.device),
        "inception": message_thing(node.keys.inception.id),
        "since": node.keys.inception.header.ts,
        "words_confirmed": not node.keys.has_words,
        "passphrase": node.keys.has_passphrase,
        "restored_copy": node.keys.is_copy,
    }


async def words(node: Node, request: ShowWords) -> Json:
    """Show the 24 words that bring this identity back, until their owner confirms having them."""
    shown = node.keys.words()
    if shown is None:
        raise Problem(Code.WORDS_GONE)
    return {
        "words": list(shown),
        "confirmed": False,
        "next": "Write them on paper, in order. Then confirm: the words leave this computer.",
    }


async def confirm_words(node: Node, request: ConfirmWords) -> Json:
    """Confirm having the words: they leave this computer for good."""
    if not request.confirm:
        raise Problem(Code.REQUEST_WRONG, "confirm is false, so nothing was done")
    shown = node.keys.words()
    if shown is None:
        raise Problem(Code.WORDS_GONE)
    wrong = [
        place for place, word in request.answers.items() if _word_at(shown, place) != word.strip().lower()
    ]
    if wrong:
        raise Problem(Code.WORDS_WRONG, f"another word stands at {', '.join(sorted(wrong, key=_in_order))}")
    node.keys.confirm_words()
    return {"confirmed": True}


async def adopt(node: Node, request: Adopt) -> Json:
    """Let this copy publish, as a device of its own: its key is made here and now."""
    if not request.original_is_gone:
        raise Problem(Code.RESTORED_COPY)
    before = node.device
    if node.keys.is_copy:
        await _take_own_key(node)
    return {
        "did": node.keys.did,
        "device": did_of(node.device),
        "restored_copy": False,
        "former_device": did_of(before) if before not in (node.device, node.door) else None,
    }


async def _take_own_key(node: Node) -> None:
    # No key signs on two computers, even if the other one should run once more.
    seed = node.clock.entropy(SECRET)
    staged = {Secret.NEXT_DEVICE: seed}
    if node.home.seed.exists():
        # Invites and other nodes name the key that answers at a seed's address: it goes on answering, and signs no
        # message any more.
        staged[Secret.DOOR] = node.keys.door_seed
    await asyncio.to_thread(node.keys.stage, staged)
    try:
        await change_devices(node, added=[DeviceKey(public_key(seed))])
    finally:
        await node.settle_keys()


async def change_passphrase(node: Node, request: ChangePassphrase) -> Json:
    """Lock the files of the keys with a passphrase, or open them."""
    await asyncio.to_thread(node.keys.change_passphrase, request.old or None, request.new or None, node.clock)
    return {"passphrase": node.keys.has_passphrase}


def _in_order(place: str) -> tuple[int, str]:
    return len(place), place


def _word_at(shown: tuple[str, ...], place: str) -> str | None:
    is_place = place.isdecimal() and 1 <= int(place) <= len(shown)
    return shown[int(place) - 1] if is_place else None
