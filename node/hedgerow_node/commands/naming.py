"""How people name a message: `hedgerow:…`, its first letters, or the thing it speaks of where that is clear."""

from hedgerow_node.addresses import shorten, thing_of
from hedgerow_node.config import MIN_PREFIX
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import base58, limits
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_id_of, message_thing

SCHEME = "hedgerow:"
MOST_LETTERS = 44
"""Letters of base58 that 32 bytes take."""
SHOWN_CANDIDATES = 5


async def message_named(node: Node, name: str) -> Message:
    """The message of this name, mine or not; raises `Problem` for none and for more than one."""
    letters = name.strip().removeprefix(SCHEME)
    whole = message_id_of(SCHEME + letters)
    if whole is not None:
        return await _held(node, MessageId(whole), name)
    if len(letters) < MIN_PREFIX or not set(letters) <= set(base58.ALPHABET):
        raise Problem(
            Code.NO_SUCH_MESSAGE,
            f"“{shorten(name)}” is not hedgerow: and at least {MIN_PREFIX} of its letters",
        )
    found: list[MessageId] = []
    for low, high in ranges_of(letters):
        found += await node.store.messages.ids_between(low, high, SHOWN_CANDIDATES)
    if not found:
        raise Problem(Code.NO_SUCH_MESSAGE, f"no message begins with “{shorten(name)}”")
    if len(found) > 1:
        raise Problem(Code.AMBIGUOUS, ", ".join([message_thing(one) for one in found[:SHOWN_CANDIDATES]]))
    return await _held(node, found[0], name)


async def thing_named(node: Node, name: str) -> str:
    """The thing that `name` means: any thing, or the thing that a message is, by its first letters."""
    if _is_message_name(name):
        return message_thing((await message_named(node, name)).id)
    return thing_of(name)


async def own_message_named(node: Node, name: str) -> Message:
    """My message of this name; a thing names what I say about it, where that is one statement."""
    if _is_message_name(name):
        message = await message_named(node, name)
    else:
        message = await _only_statement(node, thing_of(name))
    if message.header.author != node.author:
        raise Problem(Code.NOT_YOURS, message_thing(message.id))
    return message


def ranges_of(letters: str) -> list[tuple[bytes, bytes]]:
    """The ranges of ids, both ends included, whose base58 begins with `letters`.

    A text of base58 says the number by its digits and the leading zero bytes by leading `1`s, so a beginning fits
    a number of 43 digits and one of 44, and only those with as many zero bytes.
    """
    digits = letters.lstrip(base58.ALPHABET[0])
    zeros = len(letters) - len(digits)
    # Reading digits costs the square of their number, so what is too long is not read at all.
    if zeros > limits.ID_SIZE or len(digits) > MOST_LETTERS:
        return []
    most = 256 ** (limits.ID_SIZE - zeros) - 1
    if not digits:
        return [(bytes(limits.ID_SIZE), most.to_bytes(limits.ID_SIZE))]
    value = sum(base58.VALUES[letter] * 58**place for place, letter in enumerate(reversed(digits)))
    least = most // 256 + 1
    ranges = []
    for more in range(MOST_LETTERS - len(digits) + 1):
        low, high = max(value * 58**more, least), min((value + 1) * 58**more - 1, most)
        if low <= high:
            ranges.append((low.to_bytes(limits.ID_SIZE), high.to_bytes(limits.ID_SIZE)))
    return ranges


def _is_message_name(name: str) -> bool:
    words = name.strip()
    is_bare = len(words) >= MIN_PREFIX and set(words) <= set(base58.ALPHABET)
    return words.startswith(SCHEME) or is_bare


async def _held(node: Node, message_id: MessageId, name: str) -> Message:
    held = await node.store.messages.get([message_id])
    if not held:
        raise Problem(Code.NO_SUCH_MESSAGE, f"“{shorten(name)}” is not held here")
    return held[0]


async def _only_statement(node: Node, thing: str) -> Message:
    mine = await node.store.views.own(node.author, thing)
    if not mine:
        raise Problem(Code.NOTHING_SAID, thing)
    if len(mine) > 1:
        raise Problem(Code.AMBIGUOUS, ", ".join([f"{one.kind} {one.id}" for one in mine[:SHOWN_CANDIDATES]]))
    message_id = message_id_of(mine[0].id)
    assert message_id is not None
    return await _held(node, MessageId(message_id), thing)
