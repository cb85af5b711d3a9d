"""How many bytes Negentropy V1 takes to compare two sets, by a measure of the bench's own.

The C++ reference is in no package registry, so what it would send is counted here: its messages without a frame
limit, as specs/08-reconciliation.md has them, written without a line of the product, so that the measure stays what it
is when the product changes. A test holds it to the sessions that were recorded from the references.
"""

import sys
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

Item = tuple[int, bytes]
"""ts and id."""
Bound = tuple[int, bytes]
Range = tuple[Bound, int, object]
"""Its end, its mode, and what it says: (count, sum) for a fingerprint, a number of ids for a list."""
INFINITY: Bound = (sys.maxsize, b"")
SKIP, FINGERPRINT, IDS = range(3)
BUCKETS = 16
LISTED = 2 * BUCKETS
ID_BYTES, FINGERPRINT_BYTES = 32, 16


def transcript_bytes(ours: Sequence[Item], theirs: Sequence[Item]) -> list[int]:
    """Bytes that the initiator (ours) and the responder send; both sides are in order of (ts, id)."""
    sizes = message_sizes(ours, theirs)
    return [sum(sizes[::2]), sum(sizes[1::2])]


def message_sizes(ours: Sequence[Item], theirs: Sequence[Item]) -> list[int]:
    """Bytes of each message, the initiator's first."""
    initiator, responder = _Side(ours, lists=False), _Side(theirs, lists=True)
    message, sizes = initiator.tell(0, len(ours), INFINITY), list[int]()
    while message:
        reply = responder.answer(message)
        sizes += [_size(message), _size(reply)]
        message = initiator.answer(reply)
    return sizes


class _Side:
    def __init__(self, items: Sequence[Item], *, lists: bool) -> None:
        """`lists`: whether ids are answered by ids, as a responder does."""
        self._items = items
        self._lists = lists
        self._sums = list(accumulate((int.from_bytes(name, "little") for _, name in items), initial=0))

    def _fingerprint(self, start: int, stop: int) -> tuple[int, int]:
        return stop - start, (self._sums[stop] - self._sums[start]) % 2**256

    def tell(self, start: int, stop: int, end: Bound) -> list[Range]:
        """What there is in a range: ids when they are few, else sixteen fingerprints."""
        count = stop - start
        if count < LISTED:
            return [(end, IDS, count)]
        told = list[Range]()
        for bucket in range(BUCKETS):
            until = start + count // BUCKETS + (bucket < count % BUCKETS)
            bound = end if until == stop else self._bound_before(until)
            told.append((bound, FINGERPRINT, self._fingerprint(start, until)))
            start = until
        return told

    def _bound_before(self, place: int) -> Bound:
        (ts_before, before), (ts, name) = self._items[place - 1], self._items[place]
        if ts != ts_before:
            return ts, b""
        shared = next(at for at in range(ID_BYTES) if before[at] != name[at])
        return ts, name[: shared + 1]

    def answer(self, message: list[Range]) -> list[Range]:
        """The answer to a message."""
        reply, skipped, start = list[Range](), list[Range](), 0
        for end, mode, said in message:
            stop = len(self._items) if end == INFINITY else bisect_left(self._items, end, start)
            if self._is_over(mode, said, start, stop):
                skipped = [(end, SKIP, None)]
            else:
                reply += skipped
                reply += self.tell(start, stop, end) if mode == FINGERPRINT else [(end, IDS, stop - start)]
                skipped = []
            start = stop
        return reply

    def _is_over(self, mode: int, said: object, start: int, stop: int) -> bool:
        if mode == FINGERPRINT:
            return said == self._fingerprint(start, stop)
        return mode == SKIP or not self._lists


def _size(message: list[Range]) -> int:
    size, ts_before = 1, 0
    for (ts, prefix), mode, said in message:
        size += 2 + len(prefix)
        if ts == sys.maxsize:
            size += 1
        else:
            size += _varint(1 + ts - ts_before)
            ts_before = ts
        if mode == FINGERPRINT:
            size += FINGERPRINT_BYTES
        elif isinstance(said, int):
            size += _varint(said) + said * ID_BYTES
    return size


def _varint(number: int) -> int:
    return max(1, -(-number.bit_length() // 7))
