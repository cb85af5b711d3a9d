"""The sorted index that reconciliation runs over: items (ts, id), ascending by ts, then by the id's bytes.

`SortedIndex` keeps two packed columns and the sum of all ids below every 64th item: the sum of any range is a
difference of two such sums and of at most 64 ids at each end, for about 37 bytes of memory an item.
`LayeredIndex` lays a few late items over one, and `window` looks at a part of one. All are values that never change, so
a session that holds one has its snapshot; `with_items` gives a new one that shares the columns. Items that leave ask
for an index built anew.
"""

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple, Protocol, Self

from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.fingerprint import SetSum, sum_of_ids

Item = tuple[int, bytes]
"""ts in Unix seconds as uint32, and an id of 32 bytes."""


class Bound(NamedTuple):
    """A point between items: above it stand the items with a higher (ts, id), the prefix filled up with zeros."""

    timestamp: int
    """Unix seconds, or `limits.INFINITE_TIMESTAMP`."""
    prefix: bytes
    """The first 0 to 32 bytes of an id."""


INFINITY = Bound(limits.INFINITE_TIMESTAMP, b"")


class Index(Protocol):
    """A sorted set of items; a rank is an item's place in it, from 0."""

    def __len__(self) -> int:
        """How many items there are."""

    def lower_bound(self, bound: Bound, start: int = 0) -> int:
        """The rank of the first item, from rank `start` on, that is not below `bound`."""

    def total(self, start: int, stop: int) -> int:
        """The sum of the ids of ranks `start` to below `stop`, not reduced."""

    def ids(self, start: int, stop: int) -> bytes:
        """The ids of ranks `start` to below `stop`, 32 bytes each, one after another."""

    def item(self, rank: int) -> Item:
        """The item at `rank`."""


class SortedIndex:
    """Items in two columns; the columns are taken over, not copied, and must not be changed afterwards."""

    __slots__ = ("_ids", "_sums", "_timestamps")

    def __init__(self, ids: bytes, timestamps: "array[int]") -> None:
        """Take ids of 32 bytes one after another and the ts of each, an `array("I")`.

        Raises `LocalProtocolError` when the items do not ascend or the columns differ in length.
        """
        if len(ids) != limits.ID_SIZE * len(timestamps):
            raise LocalProtocolError(f"{len(ids)} bytes of ids for {len(timestamps)} timestamps")
        self._ids = ids
        self._timestamps = timestamps
        self._check_order()
        self._sums = self._prefix_sums()

    @classmethod
    def of(cls, items: Iterable[Item]) -> Self:
        """The index of `items` in any order; `LocalProtocolError` when two are the same or one is no item."""
        # As bytes, highest digit first, items sort twice as fast as they would as pairs.
        try:
            keys = sorted([timestamp.to_bytes(4, "big") + identifier for timestamp, identifier in items])
        except OverflowError:
            raise LocalProtocolError("a timestamp outside uint32") from None
        if set(map(len, keys)) - {4 + limits.ID_SIZE}:
            raise LocalProtocolError(f"an id that is not {limits.ID_SIZE} bytes")
        timestamps = struct.unpack(f">{len(keys)}I", b"".join([key[:4] for key in keys]))
        return cls(b"".join([key[4:] for key in keys]), array("I", timestamps))

    def __len__(self) -> int:
        return len(self._timestamps)

    def lower_bound(self, bound: Bound, start: int = 0) -> int:
        timestamp, prefix = bound
        first = bisect_left(self._timestamps, timestamp, start)
        if not prefix:
            return first
        last = bisect_right(self._timestamps, timestamp, first)
        return bisect_left(range(last), prefix, first, key=self._id)

    def total(self, start: int, stop: int) -> int:
        if stop - start <= limits.INDEX_BLOCK:
            return sum_of_ids(self.ids(start, stop))
        return self._total_below(stop) - self._total_below(start)

    def ids(self, start: int, stop: int) -> bytes:
        return self._ids[start * limits.ID_SIZE : stop * limits.ID_SIZE]

    def item(self, rank: int) -> Item:
        return self._timestamps[rank], self._id(rank)

    def with_items(self, items: Iterable[Item]) -> "SortedIndex | LayeredIndex":
        """The index with `items` more; `LocalProtocolError` when one of them is in it already."""
        return LayeredIndex(self, SortedIndex.of(items))

    def timestamps(self, start: int, stop: int) -> "array[int]":
        """The ts of ranks `start` to below `stop`."""
        return self._timestamps[start:stop]

    def _id(self, rank: int) -> bytes:
        return self._ids[rank * limits.ID_SIZE : (rank + 1) * limits.ID_SIZE]

    def _total_below(self, rank: int) -> int:
        block = rank // limits.INDEX_BLOCK
        return self._sums[block] + sum_of_ids(self.ids(block * limits.INDEX_BLOCK, rank))

    def _check_order(self) -> None:
        for rank, (before, after) in enumerate(pairwise(self._timestamps)):
            if before >= after and (before > after or self._id(rank) >= self._id(rank + 1)):
                raise LocalProtocolError(f"the items {rank} and {rank + 1} do not ascend")

    def _prefix_sums(self) -> list[int]:
        sums = [0]
        for start in range(0, len(self) - limits.INDEX_BLOCK + 1, limits.INDEX_BLOCK):
            sums.append(sums[-1] + sum_of_ids(self.ids(start, start + limits.INDEX_BLOCK)))
        return sums


class LayeredIndex:
    """A sorted index under a small one with the items that came later."""

    __slots__ = ("_base", "_late", "_late_ranks")

    def __init__(self, base: SortedIndex, late: SortedIndex) -> None:
        """Lay `late` over `base`; `LocalProtocolError` when they share an item."""
        self._base = base
        self._late = late
        self._late_ranks = [
            self._free_rank(late.item(late_rank)) + late_rank for late_rank in range(len(late))
        ]

    def __len__(self) -> int:
        return len(self._base) + len(self._late)

    def lower_bound(self, bound: Bound, start: int = 0) -> int:
        base_start, late_start = self._ranks(start)
        return self._base.lower_bound(bound, base_start) + self._late.lower_bound(bound, late_start)

    def total(self, start: int, stop: int) -> int:
        base_start, late_start = self._ranks(start)
        base_stop, late_stop = self._ranks(stop)
        return self._base.total(base_start, base_stop) + self._late.total(late_start, late_stop)

    def ids(self, start: int, stop: int) -> bytes:
        return b"".join([layer.ids(first, last) for layer, first, last in self._runs(start, stop)])

    def item(self, rank: int) -> Item:
        base_rank, late_rank = self._ranks(rank)
        if self._ranks(rank + 1)[1] > late_rank:
            return self._late.item(late_rank)
        return self._base.item(base_rank)

    def with_items(self, items: Iterable[Item]) -> "SortedIndex | LayeredIndex":
        """The index with `items` more; `LocalProtocolError` when one of them is in it already."""
        late = SortedIndex.of([*map(self._late.item, range(len(self._late))), *items])
        grown = LayeredIndex(self._base, late)
        return grown if len(late) <= limits.MAX_LATE_ITEMS else grown._packed()

    def _packed(self) -> SortedIndex:
        timestamps = array("I")
        for layer, first, last in self._runs(0, len(self)):
            timestamps.extend(layer.timestamps(first, last))
        return SortedIndex(self.ids(0, len(self)), timestamps)

    def _free_rank(self, item: Item) -> int:
        rank = self._base.lower_bound(Bound(*item))
        if rank < len(self._base) and self._base.item(rank) == item:
            raise LocalProtocolError("an item that the index has already")
        return rank

    def _ranks(self, rank: int) -> tuple[int, int]:
        """How many items of the base, and how many late ones, stand below `rank`."""
        late_rank = bisect_left(self._late_ranks, rank)
        return rank - late_rank, late_rank

    def _runs(self, start: int, stop: int) -> Iterator[tuple[SortedIndex, int, int]]:
        """Ranks `start` to below `stop` as unbroken runs of one layer: the layer, its first rank, its stop."""
        base_rank, late_rank = self._ranks(start)
        base_stop, late_stop = self._ranks(stop)
        for late in range(late_rank, late_stop):
            base_until = self._late_ranks[late] - late
            yield self._base, base_rank, base_until
            yield self._late, late, late + 1
            base_rank = base_until
        yield self._base, base_rank, base_stop


class _Window:
    """The items of an index from one rank to below another."""

    __slots__ = ("_index", "_start", "_stop")

    def __init__(self, index: Index, start: int, stop: int) -> None:
        self._index = index
        self._start = start
        self._stop = stop

    def __len__(self) -> int:
        return self._stop - self._start

    def lower_bound(self, bound: Bound, start: int = 0) -> int:
        rank = self._index.lower_bound(bound, self._start + start)
        return min(rank, self._stop) - self._start

    def total(self, start: int, stop: int) -> int:
        return self._index.total(self._start + start, self._start + stop)

    def ids(self, start: int, stop: int) -> bytes:
        return self._index.ids(self._start + start, self._start + stop)

    def item(self, rank: int) -> Item:
        return self._index.item(self._start + rank)


def window(index: Index, since: int | None, until: int | None) -> Index:
    """The items with `since` <= ts < `until`, in Unix seconds; None leaves an end open."""
    start = index.lower_bound(Bound(since, b"")) if since is not None else 0
    stop = index.lower_bound(Bound(until, b"")) if until is not None else len(index)
    return _Window(index, start, max(start, stop)) if (start, stop) != (0, len(index)) else index


def cut_before_newest(index: Index, count: int) -> int:
    """The first second from which on an index holds at most `count` items, fewer than it has; in Unix seconds."""
    first = len(index) - count
    since, _ = index.item(first)
    before, _ = index.item(first - 1)
    # Items of one second are not parted, so a second that begins before stays outside.
    return min(since + 1, limits.MAX_TIMESTAMP) if before == since else since


def sum_of(index: Index) -> SetSum:
    """Count and sum of all items of an index."""
    return SetSum(len(index), index.total(0, len(index)) % limits.ID_MODULUS)
