"""Turns: how far a feed has come with each author, so that nobody takes a page for himself.

On a page of a feed one author gets a share. What they said beyond it is passed over and comes on the pages after,
among whatever else is newest there; where others have too little to fill a page it comes at once. So a feed has come
to the same place with everybody but those few who are behind, and nothing is left out or shown twice.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from hedgerow_node.store.cursors import Cursor, Number
from hedgerow_protocol import limits

AUTHORS_OF_A_PAGE = 5
"""So many authors at least share a page, if so many have something to show."""


class Place(NamedTuple):
    """A place in a feed, by time, then row; what is further down is less."""

    at: int
    row: int


ABOVE_ALL = Place(limits.MAX_UINT, limits.MAX_UINT)


class FeedCursor(Cursor, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After this place, among rows up to `top`; with the authors who are behind, by their rows and places."""

    at: Number
    row: Number
    top: Number
    behind: tuple[tuple[Number, Number, Number], ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a feed has come: `place` with everybody, but with those in `behind`, who are above it."""

    place: Place = ABOVE_ALL
    behind: Mapping[int, Place] = field(default_factory=dict)

    @classmethod
    def at(cls, cursor: FeedCursor) -> Self:
        """How far the page before had come."""
        behind = {author: Place(at, row) for author, at, row in cursor.behind}
        return cls(Place(cursor.at, cursor.row), behind)

    @property
    def highest(self) -> Place:
        """Above it there is nothing left to show."""
        return max([self.place, *self.behind.values()])

    def is_past(self, author: int, place: Place) -> bool:
        """Whether this place of an author was looked at before."""
        return place >= self.behind.get(author, self.place)

    def after(self, last: Place, stopped: dict[int, Place]) -> "Progress":
        """Further down to `last`; but those in `stopped` only to their places, and they are behind from there on."""
        place = min(self.place, last)
        reached = {author: min(before, last) for author, before in self.behind.items()} | stopped
        return Progress(place, {author: found for author, found in reached.items() if found > place})

    def cursor(self, top: int) -> FeedCursor:
        """The cursor with which the next page goes on."""
        return FeedCursor(*self.place, top, tuple((author, *place) for author, place in self.behind.items()))


class Share:
    """What each author may still show on a page of `limit` things."""

    def __init__(self, limit: int) -> None:
        self._share = max(1, limit // AUTHORS_OF_A_PAGE)
        self._shown: Counter[int] = Counter()

    def is_full(self, author: int) -> bool:
        """Whether the author has their share."""
        return self._shown[author] >= self._share

    def take(self, author: int) -> None:
        """The author shows one thing more."""
        self._shown[author] += 1
