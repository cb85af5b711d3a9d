"""One's own devices: which there are, linking another one by a code, removing one.

Only the device with the online root changes the list. A device that was added has its own key and nothing else: it
publishes like the first one, and cannot add others.
"""

from collections import defaultdict

from hedgerow_node.addresses import shorten
from hedgerow_node.commands import words
from hedgerow_node.commands.links import network_of
from hedgerow_node.commands.naming import message_named
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.own_log import (
    change_devices,
    cuts_of_held,
    log_entries,
    lost_retractions,
    may_add,
    name_device,
    name_of,
)
from hedgerow_node.commands.reach import who_receives
from hedgerow_node.commands.transfer import own_messages
from hedgerow_node.commands.vocabulary import NOTHING
from hedgerow_node.config import SYNC_PATIENCE
from hedgerow_node.key_files import SECRET, Secret
from hedgerow_node.network import Network
from hedgerow_node.node import Node, OnProgress
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import keys
from hedgerow_protocol.device_link import LinkCode, parse_code
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.keys import DeviceKey, did_of
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_entry import Cut, LogEntry, Operation
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_thing


class ListDevices(Request):
    """One's own devices."""


class MakeCode(Request):
    """A code for another device."""

    through: str | None = None
    """Meet at this peer only: its address, name or did."""


class AddDevice(Request):
    """Say yes to a device that asks."""

    device: str


class JoinDevice(Request):
    """Become a device of the identity whose other device shows this code."""

    code: str
    name: str = ""
    """What to call this device, for yourself alone."""
    accept: bool = True
    """False: only say what it would do."""


class RemoveDevice(Request):
    """A device that shall not speak for you any more."""

    device: str
    last: str = ""
    """The last message of it that you believe; empty: everything that is here; "nothing": nothing of it counts."""
    keep_retractions: bool = True
    """Whether what it withdrew stays withdrawn where its withdrawals do not count any more."""


async def devices(node: Node, request: ListDevices) -> Json:
    """List your devices: which may publish, which were removed, and which one may add others."""
    log = node.identities.log(node.author)
    live = {device for branch in log.branches for device in branch.devices}
    named = await _named(node)
    counts = await _counts(node)
    return {
        "devices": [
            {
                "device": did_of(device),
                "name": await name_of(node, device),
                "this": device == node.device,
                "state": "live" if device in live else "removed",
                "since": since,
                **counts[device],
            }
            for device, since in named.items()
        ],
        "may_add": may_add(node),
        "speaks": node.speaks and not node.keys.is_copy,
        "contested": log.is_contested,
        "closed": node.identities.has_left(node.author),
        "waiting": _waiting(node),
        "log": [
            _entry(message, entry, message.id in log.counted) for message, entry in await log_entries(node)
        ],
    }


async def code(node: Node, request: MakeCode) -> Json:
    """Show a code with which another device of yours asks to be added."""
    node.check_may_publish()
    if not may_add(node):
        raise Problem(Code.NO_ROOT)
    network = _running(node)
    made = await network.offers.make(request.through)
    return {
        "code": made.to_text(),
        "expires": made.signed.offer.expiry,
        "meet": [one.address for one in made.meet],
        "next": "On the new device: hedgerow identity join-device CODE. It asks, and you say yes here.",
    }


async def add(node: Node, request: AddDevice) -> Json:
    """Add a device that asks with your code: from then on it publishes as you."""
    network = _running(node)
    asked = network.offers.find(device_of(request.device))
    entry = await change_devices(node, added=[asked.device])
    network.offers.use_up(asked)
    await name_device(node, asked.device, asked.name)
    return {
        "device": did_of(asked.device),
        "name": asked.name,
        "entry": message_thing(entry.id),
        "who": who_receives(node),
    }


async def join(node: Node, request: JoinDevice, on_progress: OnProgress) -> Json:
    """Become another device of an identity: ask with its code, and wait until the other device says yes."""
    code = _read_code(node, request.code)
    author = code.signed.offer.author
    if author == node.author and node.speaks and not node.keys.is_copy:
        raise Problem(Code.THIS_DEVICE, "it belongs to this identity already")
    await node.check_may_become(author)
    seed = node.clock.entropy(SECRET)
    asked = _preview(code, DeviceKey(keys.public_key(seed)))
    if not request.accept:
        return {**asked, "device": None, "joined": False}
    async with network_of(node) as network:
        peer = await network.linking.ask(code, words.line(request.name), seed)
    await node.check_may_become(author)  # somebody may have published here while the other device was asked
    log = [one for one in await node.store.messages.log() if one.header.author == author]
    log.sort(key=lambda one: one.header.device != DeviceKey(author))  # the inception first
    await node.store.peers.add(peer)
    await node.join(log, {Secret.DEVICE: seed})
    await name_device(node, node.device, words.line(request.name))
    await fetch_own(node, on_progress)
    return {**asked, "device": did_of(node.device), "joined": True}


async def remove(node: Node, request: RemoveDevice) -> Json:
    """Remove a device: what it says from now on does not count, what is here of it stays."""
    device = device_of(request.device)
    if device in (node.device, node.door):
        raise Problem(Code.THIS_DEVICE)
    branches = node.identities.log(node.author).branches
    if not any(device in branch.devices or device in branch.cuts for branch in branches):
        raise Problem(Code.NO_SUCH_DEVICE, did_of(device))
    if not may_add(node):
        raise Problem(Code.NO_ROOT)
    cut = await _cut(node, device, request.last)
    targets = await lost_retractions(node, {device: cut}) if request.keep_retractions else []
    if targets:
        await node.retract(targets)
    entry = await change_devices(node, removed={device: cut})
    node.erase_soon()
    return {
        "device": did_of(device),
        "entry": message_thing(entry.id),
        "cut": [{"seq": seq, "message": message_thing(tip)} for seq, tip in cut],
        "kept_retractions": len(targets),
        "who": who_receives(node),
        "next": (
            "Whatever it says from now on counts nowhere where this is known. "
            "What it said before and is not here does not count either."
        ),
    }


async def fetch_own(node: Node, on_progress: OnProgress) -> bool:
    """Compare with the peers, as long as they bring more; whether one of them at least has nothing more to bring."""
    first = held = await _held(node)
    async with network_of(node) as network:
        while not (is_settled := await network.sync(SYNC_PATIENCE)):
            before, held = held, await _held(node)
            on_progress(held - first, 0)
            if held == before:
                break
    return is_settled


async def _held(node: Node) -> int:
    return sum((await node.store.messages.authors()).values())


async def _cut(node: Node, device: DeviceKey, last: str) -> Cut:
    if last == NOTHING:
        return ()
    if not last:
        return (await cuts_of_held(node, [device]))[device]
    message = await message_named(node, last)
    if (message.header.author, message.header.device) != (node.author, device):
        raise Problem(Code.NO_SUCH_MESSAGE, f"this device did not say {shorten(last)}")
    return (await cuts_of_held(node, [device], message.id))[device]


def _read_code(node: Node, text: str) -> LinkCode:
    try:
        code = parse_code(text)
    except RemoteProtocolError as error:
        newer = error.reason is Reason.UNSUPPORTED_VERSION
        detail = "it was made by a newer Hedgerow" if newer else "a part of it is missing, or was changed"
        raise Problem(Code.CODE_WRONG, detail) from None
    offer = code.signed.offer
    if offer.net != node.keys.inception.header.net:
        raise Problem(Code.INVITE_OTHER_NET)
    if offer.expiry < node.clock.now():
        raise Problem(Code.CODE_EXPIRED)
    return code


def _preview(code: LinkCode, device: DeviceKey) -> Json:
    return {
        "did": did_of(code.signed.offer.author),
        "key": did_of(code.signed.device),
        "meet": [{"address": one.address, "device": did_of(one.device)} for one in code.meet],
        "expires": code.signed.offer.expiry,
        "device": did_of(device),
    }


def _running(node: Node) -> Network:
    if not isinstance(node.network, Network) or not node.network.is_kept:
        raise Problem(Code.NOT_RUNNING, "the other device needs somebody who answers")
    return node.network


def device_of(text: str) -> DeviceKey:
    """The key of a device, as did:key; raises `Problem`."""
    try:
        return DeviceKey(keys.key_of(text.strip()))
    except RemoteProtocolError:
        raise Problem(Code.NO_SUCH_DEVICE, f"“{shorten(text)}”") from None


def _waiting(node: Node) -> list[Json]:
    if not isinstance(node.network, Network):
        return []
    return [
        {"device": did_of(one.device), "name": one.name, "asked": one.ts}
        for one in node.network.offers.waiting()
    ]


async def _named(node: Node) -> dict[DeviceKey, int | None]:
    """The devices of every branch, and when they were first named, the earliest first."""
    branches = node.identities.log(node.author).branches
    since: dict[DeviceKey, int | None] = {}
    for message, entry in await log_entries(node):
        for grant in entry.devices:
            since.setdefault(grant.device, message.header.ts)
    known = {device for branch in branches for device in (*branch.devices, *branch.cuts)}
    if not branches:
        return since
    return {device: ts for device, ts in since.items() if device in known} | dict.fromkeys(
        sorted(known - since.keys())
    )


async def _counts(node: Node) -> defaultdict[DeviceKey, Json]:
    """How much is here of each device, the time of its latest, and messages that prove that its key was copied."""
    counts: defaultdict[DeviceKey, Json] = defaultdict(lambda: {"messages": 0, "latest": None, "forks": []})
    places: dict[tuple[DeviceKey, int], MessageId] = {}
    async for message in own_messages(node, {node.author}):
        header, found = message.header, counts[message.header.device]
        if header.kind == Kind.IDENTITY:
            continue
        latest, number, forks = found["latest"], found["messages"], found["forks"]
        assert isinstance(number, int)
        assert isinstance(forks, list)
        found["messages"] = number + 1
        found["latest"] = max(latest, header.ts) if isinstance(latest, int) else header.ts
        other = places.setdefault((header.device, header.seq), message.id)
        if other != message.id:
            forks.append([message_thing(other), message_thing(message.id)])
    return counts


def _entry(message: Message, entry: LogEntry, is_counted: bool) -> Json:
    operations = {Operation.INCEPTION: "inception", Operation.UPDATE: "update", Operation.ROTATE: "rotate"}
    name = operations.get(Operation(entry.operation), "") if entry.operation in set(Operation) else ""
    return {
        "id": message_thing(message.id),
        "operation": "close" if entry.next is None else name or str(entry.operation),
        "ts": message.header.ts,
        "devices": [did_of(grant.device) for grant in entry.devices],
        "removed": [did_of(device) for device, _ in entry.removals],
        "counts": is_counted,
    }
