"""Identity: an author's log, and which devices it lets speak for the author (specs/01-identity.md).

The log begins with the inception: the one message that the genesis key signs before its private half is destroyed.
It names the online root, the commitment to the first recovery key, and the first devices. Entries with another
operation are carried and have no effect here.

Two inceptions make an identity contested: each opens a branch, and what any branch authorises stays authorised.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from hedgerow_protocol import codec, keys, kinds, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import FIRST, MAIN_NET, Header, Message, MessageId, sign_message
from hedgerow_protocol.shape import as_array, as_key, as_list, as_uint, ascends, out_of_range, wrong_shape


class Operation(IntEnum):
    """What an entry of the log does; an unknown number is carried without effect."""

    INCEPTION = 0


class Capability(IntFlag):
    """What a device may do for its author; bits that are not known here are carried without effect."""

    PUBLISH = 1
    FOLLOW = 2


PUBLISH = int(Capability.PUBLISH)
"""An operation on flags takes ten times as long as one on integers, and this one is made for each message."""


@dataclass(frozen=True, slots=True)
class DeviceGrant:
    """A device and what it may do."""

    device: DeviceKey
    capabilities: int = Capability.PUBLISH | Capability.FOLLOW


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The content of a message of kind 0. Removals are pairs of device and cut: (seq, id), highest first."""

    operation: int
    index: int
    previous: MessageId | None
    root: bytes
    """The online root from here on: it signs updates. 32 bytes, never a device."""
    next: bytes | None
    """The commitment to the recovery key that may rotate; None closes the branch."""
    devices: tuple[DeviceGrant, ...]
    removals: tuple[tuple[DeviceKey, tuple[tuple[int, MessageId], ...]], ...] = ()


def decode_entry(message: Message) -> LogEntry:
    """The log entry in a message of kind 0 with its body; raises `RemoteProtocolError`.

    An inception is checked whole but for its signature; of other operations only the shape.
    """
    if message.header.kind != Kind.IDENTITY or message.body is None:
        raise wrong_shape("not a log entry with its body")
    body = kinds.decode_body(Kind.IDENTITY, message.body)
    assert isinstance(body.content, kinds.Unknown)
    if body.topics or body.refs:
        raise wrong_shape("a log entry has neither topics nor refs")
    entry = _as_entry(body.content.values)
    if entry.operation == Operation.INCEPTION:
        _check_inception(message.header, entry)
    return entry


def _as_entry(values: tuple[object, ...]) -> LogEntry:
    operation, index, previous, root, following, devices, removals = as_array(values, "a log entry", 7)
    return LogEntry(
        operation=as_uint(operation, "op", 2**16 - 1),
        index=as_uint(index, "idx", limits.MAX_LOG_ENTRIES - 1),
        previous=None if previous is None else MessageId(as_key(previous, "log_prev")),
        root=as_key(root, "root"),
        next=None if following is None else as_key(following, "next"),
        devices=as_list(devices, "devices", limits.MAX_DEVICES, _as_grant),
        removals=as_list(removals, "removals", limits.MAX_DEVICES, _as_removal),
    )


def _as_grant(value: object, what: str) -> DeviceGrant:
    device, capabilities = as_array(value, what, 2)
    key = as_key(device, what)
    keys.check_key(key)
    return DeviceGrant(DeviceKey(key), as_uint(capabilities, what, 2**16 - 1))


def _as_removal(value: object, what: str) -> tuple[DeviceKey, tuple[tuple[int, MessageId], ...]]:
    device, cut = as_array(value, what, 2)
    return DeviceKey(as_key(device, what)), as_list(cut, what, limits.MAX_CUT_TIPS, _as_tip)


def _as_tip(value: object, what: str) -> tuple[int, MessageId]:
    seq, tip = as_array(value, what, 2)
    return as_uint(seq, what, 2**32 - 1), MessageId(as_key(tip, what))


def _check_inception(header: Header, entry: LogEntry) -> None:
    if header.device != DeviceKey(header.author) or header.seq != 1:
        raise wrong_shape("an inception is signed by the genesis key as its first message")
    if entry.index != 0 or entry.previous is not None or entry.next is None or entry.removals:
        raise wrong_shape("an inception has idx 0, no log_prev, a commitment, no removals")
    devices = [grant.device for grant in entry.devices]
    if not devices or not ascends(devices):
        raise out_of_range("the devices are none, or not ascending")
    keys.check_key(entry.root)
    if entry.root == header.author or {entry.root, header.author} & set(devices):
        raise RemoteProtocolError(Reason.BAD_KEY, "genesis, root and devices are not different keys")


def make_inception(
    *,
    genesis_seed: bytes,
    root: bytes,
    device: DeviceKey,
    recovery: bytes,
    nonce: bytes,
    ts: int,
    net: int = MAIN_NET,
) -> Message:
    """The first message of a new identity; the caller then destroys the genesis seed.

    `root` and `recovery` are public keys: the online root, and recovery key 1.
    """
    grants = [[device, Capability.PUBLISH | Capability.FOLLOW]]
    content = [Operation.INCEPTION, 0, None, root, keys.commitment(recovery), grants, []]
    message = sign_message(
        seed=genesis_seed,
        author=AuthorKey(keys.public_key(genesis_seed)),
        place=FIRST,
        kind=Kind.IDENTITY,
        ts=ts,
        body=codec.encode([nonce, [], [], *content]),
        net=net,
    )
    try:
        decode_entry(message)
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None
    return message


class Identities:
    """Which devices speak for which author, learned from log entries whose signatures were verified."""

    def __init__(self) -> None:
        self._devices: dict[AuthorKey, dict[DeviceKey, int]] = {}
        self._inceptions: dict[AuthorKey, set[MessageId]] = {}

    def learn(self, message: Message) -> bool:
        """Take a verified message of kind 0; whether it changed what is authorised.

        Raises `RemoteProtocolError` when its body breaks the schema.
        """
        entry = decode_entry(message)
        author = message.header.author
        known = self._inceptions.setdefault(author, set())
        if entry.operation != Operation.INCEPTION or message.id in known:
            return False
        known.add(message.id)
        devices = self._devices.setdefault(author, {})
        for grant in entry.devices:
            devices[grant.device] = devices.get(grant.device, 0) | int(grant.capabilities)
        return True

    def is_known(self, author: AuthorKey) -> bool:
        """Whether an inception of this author is held."""
        return bool(self._inceptions.get(author))

    def is_contested(self, author: AuthorKey) -> bool:
        """Whether more than one inception of this author is held."""
        return len(self._inceptions.get(author, ())) > 1

    def is_authorised(self, header: Header) -> bool:
        """Whether the logs held let this device publish this message for its author."""
        if header.kind == Kind.IDENTITY:
            return header.device == DeviceKey(header.author)
        devices = self._devices.get(header.author)
        return devices is not None and bool(devices.get(header.device, 0) & PUBLISH)

    def devices_of(self, author: AuthorKey) -> Iterable[DeviceKey]:
        """The live devices of this author, in the order they were learned."""
        return self._devices.get(author, {}).keys()
