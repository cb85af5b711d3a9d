"""The bytes of a reconciliation message: Negentropy V1, specs/08-reconciliation.md, RC-5 to RC-7 and RC-16.

A message is a version byte and ranges in ascending order; each ends where the next one starts and says `skip`,
a fingerprint or a list of ids. What is not said counts as skipped. Reading is stricter than Negentropy asks:
every value in one form only, ascending ends, nothing beyond uint32 seconds.
"""

from dataclasses import dataclass

from hedgerow_protocol import limits
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.fingerprint import encode_varint
from hedgerow_protocol.ranges import INFINITY, Bound

SKIP, FINGERPRINT, IDS = range(3)
"""What a range says: the byte between its end and its content."""


@dataclass(frozen=True, slots=True)
class SkipRange:
    """The sender has nothing to say or ask about the items below `end`."""

    end: Bound


@dataclass(frozen=True, slots=True)
class FingerprintRange:
    """The fingerprint of all items that the sender has there."""

    end: Bound
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class IdRange:
    """The ids, 32 bytes each, of all items that the sender has there."""

    end: Bound
    ids: bytes


Range = SkipRange | FingerprintRange | IdRange


def bad(detail: str) -> RemoteProtocolError:
    """The error for bytes that are no reconciliation message."""
    return RemoteProtocolError(Reason.BAD_RECONCILIATION, detail)


def decode_version(data: bytes, most: int) -> int:
    """The version byte of a message of at most `most` bytes; `too_big` beyond, `bad_reconciliation` else."""
    if len(data) > most:
        raise RemoteProtocolError(Reason.TOO_BIG, f"{len(data)} bytes, at most {most}")
    if not data or data[0] not in limits.RECONCILIATION_VERSIONS:
        raise bad("no version byte of Negentropy")
    return data[0]


def decode_ranges(data: bytes) -> list[Range]:
    """The ranges behind the version byte, which is not looked at; raises only `bad_reconciliation`."""
    reader = _Reader(data)
    ranges = []
    while reader.has_more():
        ranges.append(reader.next_range())
    return ranges


class RangeWriter:
    """Writes a message range by range; the caller sees to it that their ends ascend."""

    __slots__ = ("_timestamp", "data")

    def __init__(self) -> None:
        self.data = bytearray((limits.RECONCILIATION_VERSION,))
        self._timestamp = 0

    def skip(self, end: Bound) -> None:
        self._head(end, SKIP)

    def fingerprint(self, end: Bound, fingerprint: bytes) -> None:
        self._head(end, FINGERPRINT)
        self.data += fingerprint

    def ids(self, end: Bound, ids: bytes) -> None:
        self._head(end, IDS)
        self.data += encode_varint(len(ids) // limits.ID_SIZE)
        self.data += ids

    def _head(self, end: Bound, mode: int) -> None:
        if end == INFINITY:
            self.data += encode_varint(0)
        else:
            self.data += encode_varint(1 + end.timestamp - self._timestamp)
            self._timestamp = end.timestamp
        self.data.append(len(end.prefix))
        self.data += end.prefix
        self.data.append(mode)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 1
        self._end = Bound(0, b"")

    def has_more(self) -> bool:
        return self._at < len(self._data)

    def next_range(self) -> Range:
        end = self._bound()
        mode = self._varint(IDS)
        if mode == SKIP:
            return SkipRange(end)
        if mode == FINGERPRINT:
            return FingerprintRange(end, self._take(limits.FINGERPRINT_SIZE))
        count = self._varint(len(self._data))
        return IdRange(end, self._take(count * limits.ID_SIZE))

    def _bound(self) -> Bound:
        distance = self._varint(1 + limits.MAX_TIMESTAMP)
        prefix = self._take(self._varint(limits.ID_SIZE))
        if distance == 0:
            # Infinity may follow itself: the reference closes a full message with it whatever came before.
            if prefix:
                raise bad("a prefix at infinity")
            self._end = INFINITY
        else:
            self._end = self._ascended(Bound(self._end.timestamp + distance - 1, prefix))
        return self._end

    def _ascended(self, end: Bound) -> Bound:
        if end.timestamp > limits.MAX_TIMESTAMP:
            raise bad("an end beyond the last timestamp")
        if end.timestamp == self._end.timestamp and _filled(end) <= _filled(self._end):
            raise bad("the ends of ranges do not ascend")
        return end

    def _varint(self, most: int) -> int:
        data, number = self._data, 0
        for at in range(self._at, len(data)):
            number = number << 7 | data[at] & 0x7F
            if number > most:
                raise bad(f"a number above {most}")
            if data[at] < 0x80:
                self._at = at + 1
                return number
            if number == 0:
                raise bad("an over-long number")
        raise bad("the message ends within a number")

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise bad("the message ends within a range")
        self._at += size
        return taken


def _filled(bound: Bound) -> bytes:
    return bound.prefix.ljust(limits.ID_SIZE, b"\0")
