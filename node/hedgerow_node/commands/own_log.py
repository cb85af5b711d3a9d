"""The owner's own log: which branch is his, what it says of his devices, and the entries that change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hedgerow_node.commands.transfer import own_messages
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem, not_allowed
from hedgerow_protocol import keys, limits
from hedgerow_protocol.cuts import Reach, Standing
from hedgerow_protocol.cutting import cut_of
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import Kind, Retract, decode_body
from hedgerow_protocol.log_branches import Branch
from hedgerow_protocol.log_changes import make_update
from hedgerow_protocol.log_entry import Cut, DeviceGrant, LogEntry, decode_entry
from hedgerow_protocol.message import Header, Message, MessageId

NAME = "device-name "
"""Before the did of a device: the setting that has its name, which nobody else learns."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every entry carries besides what it says."""

    nonce: bytes
    ts: int
    net: int


def stamp(node: Node) -> Stamp:
    """A fresh one."""
    net = node.keys.inception.header.net
    return Stamp(node.clock.entropy(limits.NONCE), int(node.clock.now()), net)


def own_branch(node: Node) -> Branch:
    """The branch that this device belongs to: by its root, else by its key, else the first. Raises `Problem`."""
    branches = node.identities.log(node.author).branches
    if not branches:
        raise Problem(Code.IDENTITY_CLOSED)
    root = keys.public_key(node.keys.root_seed()) if node.keys.has_root else b""
    return max(branches, key=lambda one: (one.root == root, node.device in one.devices, one == branches[0]))


def may_add(node: Node) -> bool:
    """Whether this device can add and remove devices now: it has the root that the log names."""
    branches = node.identities.log(node.author).branches
    if not node.keys.has_root or not branches or node.keys.is_copy:
        return False
    return own_branch(node).root == keys.public_key(node.keys.root_seed())


async def change_devices(
    node: Node, added: Sequence[DeviceKey] = (), removed: Mapping[DeviceKey, Cut] | None = None
) -> Message:
    """Sign and store an update with the root; raises `Problem`."""
    branch = own_branch(node)
    root_seed = node.keys.root_seed()
    if keys.public_key(root_seed) != branch.root:
        raise Problem(Code.NO_ROOT, "the identity was restored elsewhere since")
    mark = stamp(node)
    try:
        entry = make_update(
            branch,
            root_seed=root_seed,
            added=[DeviceGrant(device) for device in added],
            removed=removed or {},
            nonce=mark.nonce,
            ts=mark.ts,
            net=mark.net,
        )
    except LocalProtocolError as error:
        raise not_allowed(error) from None
    await node.publish_entries([entry])
    return entry


async def cuts_of_held(
    node: Node, devices: Sequence[DeviceKey], last: MessageId | None = None
) -> dict[DeviceKey, Cut]:
    """The cut of each of these devices that keeps what is held of it, up to the message `last` if one is given."""
    held: dict[DeviceKey, list[tuple[MessageId, Header]]] = {device: [] for device in devices}
    async for message in own_messages(node, {node.author}):
        found = held.get(message.header.device)
        if found is not None and message.header.kind != Kind.IDENTITY:
            found.append((message.id, message.header))
    return {device: cut_of(found, last) for device, found in held.items()}


async def lost_retractions(node: Node, cuts: Mapping[DeviceKey, Cut]) -> list[MessageId]:
    """What these devices withdrew by messages that the cuts do not reach: what would come back."""
    reaches = {device: Reach(cut) for device, cut in cuts.items() if cut}
    said: list[Message] = []
    async for message in own_messages(node, {node.author}):
        device, kind = message.header.device, message.header.kind
        if device in reaches and kind != Kind.IDENTITY:
            reaches[device].add(message.id, message.header)
        if device in cuts and kind == Kind.RETRACT:
            said.append(message)
    lost = [one for one in said if not _reaches(reaches.get(one.header.device), one)]
    return list(dict.fromkeys(target for message in lost for target in _targets(message)))


def _reaches(reach: Reach | None, message: Message) -> bool:
    return reach is not None and reach.standing(message.id, message.header.seq) is Standing.AUTHORISED


def _targets(message: Message) -> tuple[MessageId, ...]:
    if message.body is None:
        return ()
    content = decode_body(Kind.RETRACT, message.body).content
    assert isinstance(content, Retract)
    return content.targets


async def log_entries(node: Node) -> list[tuple[Message, LogEntry]]:
    """The entries of the log that are held and can be read, by idx and then id."""
    found = []
    for message in await node.store.messages.log():
        entry = decode_entry(message) if message.header.author == node.author else None
        if isinstance(entry, LogEntry):
            found.append((message, entry))
    return sorted(found, key=lambda pair: (pair[1].index, pair[0].id))


async def name_of(node: Node, device: DeviceKey) -> str:
    """What the owner calls a device, here alone."""
    return await node.store.settings.get(NAME + keys.did_of(device)) or ""


async def name_device(node: Node, device: DeviceKey, name: str) -> None:
    """Call a device so; nobody else learns it."""
    if name:
        await node.store.settings.put(NAME + keys.did_of(device), name)
