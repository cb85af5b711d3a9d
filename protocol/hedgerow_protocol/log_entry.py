"""An entry of an identity log: the body of a message of kind 0 (specs/01-identity.md, ID-7 to ID-18).

Only what the bytes alone decide is checked here. What an entry does depends on the rest of its log
(`log_branches`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TypeAlias

from hedgerow_protocol import keys, kinds, limits
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Header, Message, MessageId
from hedgerow_protocol.shape import as_array, as_key, as_list, as_uint, ascends, out_of_range, wrong_shape

Cut: TypeAlias = tuple[tuple[int, MessageId], ...]
"""Up to where the messages of a removed device count: (seq, id) of its tips, highest first."""

FIRST_FREE_OPERATION = 16
"""From this number on nothing is said about what follows the operation; below it every entry has one shape."""
NO_ROOT = bytes(32)
"""What stands in the place of the root in the entry that closes a branch."""


class Operation(IntEnum):
    """What an entry of the log does; an unknown number is carried without effect."""

    INCEPTION = 0
    UPDATE = 1
    """Adds and removes devices; signed by the online root."""
    ROTATE = 2
    """Names a new root, the devices that stay and the next recovery key; signed by the one committed to."""


class Capability(IntFlag):
    """What a device may do for its author; bits that are not known here are carried without effect."""

    PUBLISH = 1
    FOLLOW = 2


@dataclass(frozen=True, slots=True)
class DeviceGrant:
    """A device and what it may do."""

    device: DeviceKey
    capabilities: int = Capability.PUBLISH | Capability.FOLLOW


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The content of a message of kind 0 with an operation below 16."""

    operation: int
    index: int
    previous: MessageId | None
    root: bytes
    """The online root from here on: it signs updates. 32 bytes, never a device."""
    next: bytes | None
    """The commitment to the recovery key that may rotate; None closes the branch."""
    devices: tuple[DeviceGrant, ...]
    """An update adds these; after an opening, an inception or a rotate, these and no others are live."""
    removals: tuple[tuple[DeviceKey, Cut], ...] = ()


@dataclass(frozen=True, slots=True)
class LaterEntry:
    """The content of a message of kind 0 with an operation from 16 on: made for readers of another revision."""

    operation: int


def decode_entry(message: Message) -> LogEntry | LaterEntry:
    """The log entry in a message of kind 0 with its body; raises `RemoteProtocolError`.

    Not checked: the signature, and everything that depends on other entries.
    """
    if message.header.kind != Kind.IDENTITY or message.body is None:
        raise wrong_shape("not a log entry with its body")
    body = kinds.decode_body(Kind.IDENTITY, message.body)
    assert isinstance(body.content, kinds.Unknown)
    if body.topics or body.refs:
        raise wrong_shape("a log entry has neither topics nor refs")
    values = body.content.values
    if not values:
        raise wrong_shape("an entry without an operation")
    operation = as_uint(values[0], "op", 2**16 - 1)
    if operation >= FIRST_FREE_OPERATION:
        return LaterEntry(operation)
    entry = _as_entry(operation, values)
    _check_operation(message.header, entry)
    return entry


def decode_inception(message: Message) -> LogEntry:
    """The same for the first entry of a log; raises `RemoteProtocolError` for another operation."""
    entry = decode_entry(message)
    if not isinstance(entry, LogEntry) or entry.operation != Operation.INCEPTION:
        raise wrong_shape("not an inception")
    return entry


def _as_entry(operation: int, values: tuple[object, ...]) -> LogEntry:
    _, index, previous, root, following, devices, removals = as_array(values, "a log entry", 7)
    return LogEntry(
        operation=operation,
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


def _as_removal(value: object, what: str) -> tuple[DeviceKey, Cut]:
    device, cut = as_array(value, what, 2)
    return DeviceKey(as_key(device, what)), as_list(cut, what, limits.MAX_CUT_TIPS, _as_tip)


def _as_tip(value: object, what: str) -> tuple[int, MessageId]:
    seq, tip = as_array(value, what, 2)
    return as_uint(seq, what, 2**32 - 1), MessageId(as_key(tip, what))


def _check_operation(header: Header, entry: LogEntry) -> None:
    match entry.operation:
        case Operation.INCEPTION:
            _check_inception(header, entry)
        case Operation.UPDATE:
            _check_update(header, entry)
        case Operation.ROTATE:
            _check_rotate(header, entry)


def _check_inception(header: Header, entry: LogEntry) -> None:
    if header.device != DeviceKey(header.author) or header.seq != 1:
        raise wrong_shape("an inception is signed by the genesis key as its first message")
    if entry.index != 0 or entry.previous is not None or entry.next is None or entry.removals:
        raise wrong_shape("an inception has idx 0, no log_prev, a commitment, no removals")
    if not entry.devices:
        raise out_of_range("an inception names a device")
    _check_lists(entry)
    _check_different([header.author, entry.root], entry)


def _check_update(header: Header, entry: LogEntry) -> None:
    if header.device != entry.root:
        raise wrong_shape("an update is signed by the root that it names")
    if entry.index == 0 or entry.previous is None or entry.next is None:
        raise wrong_shape("an update has idx 1 or more, a log_prev, a commitment")
    _check_lists(entry)
    _check_different([header.author, entry.root], entry)


def _check_rotate(header: Header, entry: LogEntry) -> None:
    if header.seq != 1:
        raise wrong_shape("a rotate is the first message of a recovery key")
    if entry.index == 0 or entry.previous is None:
        raise wrong_shape("a rotate has idx 1 or more and a log_prev")
    if entry.next is None:
        if entry.root != NO_ROOT or entry.devices or entry.removals:
            raise wrong_shape("a rotate that closes names no root, no devices, no removals")
        if header.device == DeviceKey(header.author):
            raise RemoteProtocolError(Reason.BAD_KEY, "the genesis key is no recovery key")
        return
    _check_lists(entry)
    _check_different([header.author, header.device, entry.root], entry)


def _check_lists(entry: LogEntry) -> None:
    if not ascends([grant.device for grant in entry.devices]):
        raise out_of_range("the devices do not ascend")
    if not ascends([device for device, _ in entry.removals]):
        raise out_of_range("the removals do not ascend")
    for _, cut in entry.removals:
        # From the last to the first: above 0, and each above the one before.
        if not ascends([0, *(seq for seq, _ in reversed(cut))]):
            raise out_of_range("the tips of a cut do not descend to 1 at least")


def _check_different(special: Sequence[bytes], entry: LogEntry) -> None:
    keys.check_key(entry.root)
    named = [
        *special,
        *(grant.device for grant in entry.devices),
        *(device for device, _ in entry.removals),
    ]
    if len(set(named)) != len(named):
        raise RemoteProtocolError(Reason.BAD_KEY, "a key stands in two places")
