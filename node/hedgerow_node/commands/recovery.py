"""What the 24 words can do: take an identity back on another computer, give way to new words, end the identity.

A recovery key lives in one call, signs one entry, and is gone before that entry is stored.
"""

import asyncio
from collections.abc import Iterable, Sequence

from hedgerow_node.addresses import person_of
from hedgerow_node.commands.archive import Archive
from hedgerow_node.commands.devices import device_of, fetch_own
from hedgerow_node.commands.links import network_of
from hedgerow_node.commands.naming import message_named
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.own_log import cuts_of_held, lost_retractions, own_branch, stamp
from hedgerow_node.commands.reach import who_receives
from hedgerow_node.commands.transfer import read_export, take_archive, take_messages
from hedgerow_node.key_files import SECRET, Secret
from hedgerow_node.keystore import entropy_of
from hedgerow_node.node import Node, OnProgress
from hedgerow_node.problems import Code, Problem, not_allowed
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import keys, limits
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.invite import SignedInvite, parse_invite
from hedgerow_protocol.keys import AuthorKey, DeviceKey, did_of
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_branches import Branch
from hedgerow_protocol.log_changes import make_close, make_rotate
from hedgerow_protocol.log_entry import Capability, Cut, DeviceGrant
from hedgerow_protocol.message import Message
from hedgerow_protocol.things import message_thing

GO_ON = "Nobody was removed. Run the same command again when you are online."
WHICH = "Somebody else had the words. Say which entry is the last of your own: --after ENTRY."


class RestoreIdentity(Request):
    """The 24 words, and where the log of the identity is: an invite of somebody who carries it, or an export."""

    words: str
    invite: str = ""
    """Whoever made it carries the identity, or is met where somebody does."""
    file: str = ""
    """An export on this computer."""
    data: bytes = b""
    """What an export holds; base64 in JSON."""
    did: str = ""
    """Which identity; empty: that of the export, of this computer, or of who made the invite."""
    keep: tuple[str, ...] = ()
    """Devices that you still have and that stay; every other one is removed."""
    after: str = ""
    """The last entry of the log that you know as your own; empty: its last one."""


class NewWords(Request):
    """Other words in the place of the 24 words that were valid until now."""

    words: str = ""
    """Those until now; empty where they are still on this computer."""


class CloseIdentity(Request):
    """The end of this identity."""

    words: str
    confirm: bool = False


async def restore_identity(node: Node, request: RestoreIdentity, on_progress: OnProgress) -> Json:
    """Take an identity back with its 24 words: this computer becomes its device, and the one that may add others."""
    entropy = entropy_of(request.words)
    await _bring_here(node, request, entropy, on_progress)
    if not await fetch_own(node, on_progress) and request.invite:
        # What is not here when the others are removed would not count any more.
        raise Problem(Code.PEER_UNREACHABLE, "not everything of yours could be fetched yet", GO_ON)
    branch, number = await _branch_of(node, entropy, request.after)
    own = {node.device}
    kept = own | {device_of(text) for text in request.keep}
    if unknown := kept - own - branch.devices.keys():
        raise Problem(Code.NO_SUCH_DEVICE, ", ".join(map(did_of, sorted(unknown))))
    removed = await cuts_of_held(node, sorted(branch.devices.keys() - kept))
    targets = await lost_retractions(node, removed)
    await _take_back(node, branch, number, entropy, kept, removed)
    if targets:
        await node.retract(targets)
    node.erase_soon()
    return {
        "did": node.keys.did,
        "device": did_of(node.device),
        "kept": [did_of(device) for device in sorted(kept - own)],
        "removed": [did_of(device) for device in sorted(removed)],
        "contested": node.identities.is_contested(node.author),
        "who": who_receives(node),
        "next": "Take new words, for these were typed: hedgerow identity words --new.",
    }


async def new_words(node: Node, request: NewWords) -> Json:
    """Make 24 new words; once the log names them, those until now are worth nothing."""
    node.check_may_publish()
    held = node.keys.words()
    if not request.words and held is None:
        raise Problem(Code.WORDS_GONE)
    entropy = entropy_of(request.words or " ".join(held or ()))
    branch, number = _branches_of(entropy, [own_branch(node)])[0]
    fresh, root = node.clock.entropy(SECRET), node.clock.entropy(SECRET)
    await asyncio.to_thread(node.keys.stage, {Secret.NEXT_WORDS: fresh, Secret.NEXT_ROOT: root})
    try:
        grants = [DeviceGrant(device, may) for device, may in branch.devices.items()]
        recovery = keys.public_key(keys.recovery_seed(fresh, 1))
        rotate = _rotate(node, branch, number, entropy, root, recovery, grants, {})
        await node.publish_entries([rotate, *_closing_others(node, branch, entropy)])
    finally:
        await node.settle_keys()
    shown = node.keys.words()
    assert shown is not None
    return {
        "words": list(shown),
        "confirmed": False,
        "next": "Write them on paper, in order. Then confirm: the words leave this computer.",
    }


async def close_identity(node: Node, request: CloseIdentity) -> Json:
    """End this identity for good: nothing can be published under it any more, and others drop what they hold of it."""
    entropy = entropy_of(request.words)
    found = _branches_of(entropy, node.identities.log(node.author).branches)
    if not request.confirm:
        raise Problem(Code.REQUEST_WRONG, "confirm is false, so nothing was done")
    await node.publish_entries([_close(node, branch, number, entropy) for branch, number in found])
    left = len(node.identities.log(node.author).branches)
    return {
        "did": node.keys.did,
        "closed": left == 0,
        "open_branches": left,
        "who": (
            "Everyone who carries you learns it and drops what you said, as far as they are honest. "
            "The log of the identity stays, so that everybody can see that it is closed. "
            "Your private library stays on this computer."
        ),
    }


async def _bring_here(node: Node, request: RestoreIdentity, entropy: bytes, on_progress: OnProgress) -> None:
    """Have the log and become its author, with keys that it does not name yet."""
    if request.file or request.data:
        read = await read_export(request.file, request.data)
        author = read.inception.header.author
        await node.check_may_become(author)
        _check_words(read, entropy)
        await take_messages(node, read, on_progress)
        await _become(node, author, entropy)
        await take_archive(node, read)
    elif request.invite:
        invite = _read_invite(request.invite)
        author = person_of(request.did) if request.did else invite.invite.inviter
        await node.check_may_become(author)
        await node.store.peers.add(await _ask_for_log(node, invite, author))
        await _become(node, author, entropy)
    else:
        author = person_of(request.did) if request.did else node.author
        await node.check_may_become(author)
        await _become(node, author, entropy)


def _check_words(read: Archive, entropy: bytes) -> None:
    """Whether the log in an export is one that the words lead to; raises `Problem` before anything is taken from it."""
    identities = Identities()
    for message in (read.inception, *read.messages):
        if message.header.kind == Kind.IDENTITY:
            identities.learn(message)
    _branches_of(entropy, identities.log(read.inception.header.author).branches)


def _read_invite(text: str) -> SignedInvite:
    try:
        return parse_invite(text)
    except RemoteProtocolError:
        raise Problem(Code.INVITE_WRONG, "a part of it is missing, or was changed") from None


async def _ask_for_log(node: Node, invite: SignedInvite, author: AuthorKey) -> KnownPeer:
    problem = Problem(Code.LOG_NOT_FOUND)
    async with network_of(node) as network:
        for meeting in invite.invite.meet:
            try:
                return await network.linking.fetch_log(meeting, author)
            except Problem as failed:
                is_unknown = failed.kind is Code.INVITER_NOT_CARRIED
                problem = Problem(Code.LOG_NOT_FOUND, did_of(author)) if is_unknown else failed
    raise problem


async def _become(node: Node, author: AuthorKey, entropy: bytes) -> None:
    """With fresh keys, unless this device is one that speaks for the author already."""
    if author == node.author and node.speaks and not node.keys.is_copy:
        return
    log = [one for one in await node.store.messages.log() if one.header.author == author]
    if not log:
        raise Problem(Code.LOG_NOT_FOUND, did_of(author))
    _branches_of(entropy, node.identities.log(author).branches)
    log.sort(key=lambda one: one.header.device != DeviceKey(author))  # the inception first
    fresh = {name: node.clock.entropy(SECRET) for name in (Secret.DEVICE, Secret.ROOT)}
    await node.join(log, fresh)


def _branches_of(entropy: bytes, branches: Iterable[Branch]) -> list[tuple[Branch, int]]:
    """The branches that the words lead to, and the number of the key for each; raises `Problem` for none."""
    wanted = list(branches)
    found: list[tuple[Branch, int]] = []
    for number in range(1, limits.MAX_LOG_ENTRIES + 1):
        commitment = keys.commitment(keys.public_key(keys.recovery_seed(entropy, number)))
        found += [(branch, number) for branch in wanted if branch.next == commitment]
        if len(found) == len(wanted):
            break
    if not found:
        raise Problem(Code.WORDS_OF_NOBODY)
    return found


async def _branch_of(node: Node, entropy: bytes, after: str) -> tuple[Branch, int]:
    """The branch to take back: where an entry is named, as it was after that."""
    if after:
        named = await message_named(node, after)
        branch = node.identities.branch_at(node.author, named.id)
        openings = {one.opening for one in node.identities.log(node.author).branches}
        if branch is None or branch.opening not in openings:
            raise Problem(Code.NO_SUCH_MESSAGE, f"{message_thing(named.id)} is no entry to go on from")
        return _branches_of(entropy, [branch])[0]
    found = _branches_of(entropy, node.identities.log(node.author).branches)
    if node.speaks:
        return _branches_of(entropy, [own_branch(node)])[0]
    if len(found) > 1:
        # To take somebody else's branch would let him stay.
        raise Problem(Code.AMBIGUOUS, ", ".join(message_thing(one.head) for one, _ in found), WHICH)
    return found[0]


async def _take_back(
    node: Node,
    branch: Branch,
    number: int,
    entropy: bytes,
    kept: set[DeviceKey],
    removed: dict[DeviceKey, Cut],
) -> None:
    root, is_staged = await _root_for(node)
    may = Capability.PUBLISH | Capability.FOLLOW
    grants = [DeviceGrant(device, branch.devices.get(device, may)) for device in kept]
    recovery = keys.public_key(keys.recovery_seed(entropy, number + 1))
    entries = [_rotate(node, branch, number, entropy, root, recovery, grants, removed)]
    entries += _closing_others(node, branch, entropy)
    try:
        await node.publish_entries(entries)
    finally:
        if is_staged:
            await node.settle_keys()


def _closing_others(node: Node, branch: Branch, entropy: bytes) -> list[Message]:
    """What ends a contest, as far as these words lead: an end for every open branch but one's own."""
    found = _branches_of(entropy, node.identities.log(node.author).branches)
    return [_close(node, one, number, entropy) for one, number in found if one.opening != branch.opening]


async def _root_for(node: Node) -> tuple[bytes, bool]:
    """The seed of the root that the rotate will name: the one in a folder that was just written, else a staged one."""
    if not node.speaks and node.keys.has_root:
        return node.keys.root_seed(), False
    root = node.clock.entropy(SECRET)
    await asyncio.to_thread(node.keys.stage, {Secret.NEXT_ROOT: root})
    return root, True


def _rotate(
    node: Node,
    branch: Branch,
    number: int,
    entropy: bytes,
    root: bytes,
    recovery: bytes,
    grants: Sequence[DeviceGrant],
    removed: dict[DeviceKey, Cut],
) -> Message:
    mark = stamp(node)
    try:
        return make_rotate(
            branch,
            recovery_seed=keys.recovery_seed(entropy, number),
            root=keys.public_key(root),
            recovery=recovery,
            devices=grants,
            removed=removed,
            nonce=mark.nonce,
            ts=mark.ts,
            net=mark.net,
        )
    except LocalProtocolError as error:
        raise not_allowed(error) from None


def _close(node: Node, branch: Branch, number: int, entropy: bytes) -> Message:
    mark = stamp(node)
    seed = keys.recovery_seed(entropy, number)
    return make_close(branch, recovery_seed=seed, nonce=mark.nonce, ts=mark.ts, net=mark.net)
