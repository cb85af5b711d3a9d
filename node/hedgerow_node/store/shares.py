"""Shares of a bounded place: who has to go when it is full.

Whoever takes most goes first, by the link that brought it, then by author: a flood pushes out itself. What there is
good reason to keep stays until nothing else is left.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple


class Piece(NamedTuple):
    """Something that takes room; pieces are given in the order in which they came."""

    row: int
    entry: bytes
    author: bytes
    size: int
    """Bytes."""


def surplus(pieces: Iterable[Piece], number: int, size: int, favoured: Collection[bytes]) -> list[int]:
    """The rows that must go so that at most so many pieces, of so many bytes, stay; favoured authors go last."""
    lanes: tuple[list[Piece], list[Piece]] = ([], [])
    for piece in pieces:
        lanes[piece.author in favoured].append(piece)
    left, bytes_left = sum(map(len, lanes)), sum([piece.size for lane in lanes for piece in lane])
    gone: list[int] = []
    for lane in lanes:
        for piece in _most_greedy_first(lane):
            if left <= number and bytes_left <= size:
                return gone
            gone.append(piece.row)
            left, bytes_left = left - 1, bytes_left - piece.size
    return gone


def _most_greedy_first(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """One after the other the oldest piece of the author who then takes most of the entry that then takes most."""
    entries: defaultdict[bytes, _Entry] = defaultdict(_Entry)
    for piece in pieces:
        entries[piece.entry].add(piece)
    heap = [(-entry.size, name) for name, entry in entries.items()]
    heapq.heapify(heap)
    while heap:
        _, name = heapq.heappop(heap)
        entry = entries[name]
        yield entry.take()
        if entry.size:
            heapq.heappush(heap, (-entry.size, name))


class _Entry:
    """What one link brought, by author."""

    def __init__(self) -> None:
        self._authors: defaultdict[bytes, deque[Piece]] = defaultdict(deque)
        self._sizes: defaultdict[bytes, int] = defaultdict(int)
        self._heap: list[tuple[int, bytes]] | None = None
        self.size = 0

    def add(self, piece: Piece) -> None:
        self._authors[piece.author].append(piece)
        self._sizes[piece.author] += piece.size
        self.size += piece.size

    def take(self) -> Piece:
        if self._heap is None:
            self._heap = [(-size, author) for author, size in self._sizes.items()]
            heapq.heapify(self._heap)
        _, author = heapq.heappop(self._heap)
        piece = self._authors[author].popleft()
        self._sizes[author] -= piece.size
        self.size -= piece.size
        if self._authors[author]:
            heapq.heappush(self._heap, (-self._sizes[author], author))
        return piece
