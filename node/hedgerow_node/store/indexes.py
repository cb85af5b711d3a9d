"""Sorted indexes of large sets, kept from one comparison to the next.

To read a million items takes seconds, while what two nodes differ by is often a handful. So an index is kept and
brought up to date from the rows that are newer. It holds if its count and sum are those of its authors, which are
written with every change; else, as when messages left the set, it is read anew. Nothing is looked at when nothing was
written.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

from hedgerow_node.config import FEW_ITEMS, LEARNER_INDEXED
from hedgerow_node.store import sets
from hedgerow_node.store.rows import as_list, author_rows
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.limits import MAX_SESSION_ITEMS
from hedgerow_protocol.ranges import Index, LayeredIndex, SortedIndex, sum_of, window

Key: TypeAlias = tuple[Collection[AuthorKey], bool]

LAST = "SELECT coalesce(max(row), 0) FROM messages"
NEWER = """SELECT ts, id FROM messages NOT INDEXED WHERE row > ? AND control = ?
    AND author IN (SELECT value FROM json_each(?)) LIMIT ?"""
GROWTH = 4
"""An index takes in at most one part in so many of what it has; of more, building it anew is quicker."""
GOOD_PART = 4
"""A set of one part in so many of all messages, or more, is read by walking through all of them in time."""
MOST_GROWTH = 100_000
"""Items that it takes in at most, a few tenths of a second's work."""


@dataclass(frozen=True, slots=True)
class _Kept:
    index: SortedIndex | LayeredIndex
    row: int
    """No row above this one is in it."""
    versions: dict[int, int] = field(default_factory=dict)
    """Of the database when the index was held to its sums, by the connection that saw it: SQLite's numbers mean nothing
    beyond their connection."""


class Indexes:
    """The indexes of one database, used by its reading threads, inside reading transactions."""

    def __init__(self) -> None:
        self.most = LEARNER_INDEXED
        """Items of all of them together. Of a larger set only what is compared is read, and not kept."""
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._lock = Lock()
        """For a moment each: whoever waits for it holds one of the few connections that read."""

    def at_hand(self, db: sqlite3.Connection, asked: Filter, control: bool) -> Index | None:
        """The set that a filter names, as far as `LoadItems` asks for it; None if all of it has to be read first."""
        authors = _authors_of_whole(asked, control)
        if authors is None:
            return _read_part(db, asked, control)
        whole = self._fresh(db, (authors, control))
        if whole is not None:
            return _part(whole, asked, control)
        held = sets.sum_of_authors(db, authors, control)
        if held.count <= FEW_ITEMS:
            return _read(db, asked, control)
        return _read_part(db, asked, control) if held.count > self.most else None

    def read(self, db: sqlite3.Connection, asked: Filter, control: bool) -> Index:
        """The same, after all of it was read; one at a time, since it takes seconds and much memory."""
        found = self.at_hand(db, asked, control)
        if found is not None:
            return found  # somebody else has read it
        authors = tuple(asked.authors or ())
        with self._lock:
            self._kept.pop((authors, control), None)
        (last,) = db.execute(LAST).fetchone()
        is_most = sets.sum_of_authors(db, authors, control).count * GOOD_PART > last
        whole = _read(db, Filter(authors), control, is_most=is_most)
        self._keep((authors, control), _Kept(whole, last, {id(db): _version(db)}))
        return _part(whole, asked, control)

    def sum(self, db: sqlite3.Connection, asked: Filter, control: bool) -> SetSum:
        """Count and sum of the set that a filter names: by the index that is kept, if it is up to date."""
        authors = _authors_of_whole(asked, control)
        whole = self._fresh(db, (authors, control)) if authors is not None else None
        if whole is not None:
            return sum_of(_part(whole, asked, control))
        return sets.sum_of_set(db, asked, control)

    def _fresh(self, db: sqlite3.Connection, key: Key) -> Index | None:
        """The index that is kept, with what came since; None where there is none, or more than that has changed."""
        authors, control = key
        kept = self._kept.get(key)
        if kept is None:
            return None
        version = _version(db)
        if kept.versions.get(id(db)) == version:
            return kept.index
        (last,) = db.execute(LAST).fetchone()
        held = sets.sum_of_authors(db, authors, control)
        index = kept.index if sum_of(kept.index) == held else _grown(db, authors, control, kept)
        if index is None or sum_of(index) != held:
            self._forget(key, kept, last)
            return None
        versions = kept.versions if index is kept.index else {}
        self._keep(key, _Kept(index, max(last, kept.row), versions | {id(db): version}))
        return index

    def _forget(self, key: Key, kept: _Kept, last: int) -> None:
        """Keep an index no longer that cannot be brought up to date, unless only our snapshot is older than it."""
        with self._lock:
            if kept.row <= last and self._kept.get(key) is kept:
                del self._kept[key]

    def _keep(self, key: Key, kept: _Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while sum(len(one.index) for one in self._kept.values()) > self.most:
                self._kept.popitem(last=False)


def _part(whole: Index, asked: Filter, control: bool) -> Index:
    return whole if control else window(whole, asked.since, asked.until)


def _version(db: sqlite3.Connection) -> int:
    """A number that changes when another connection has written."""
    return int(db.execute("PRAGMA data_version").fetchone()[0])


def _authors_of_whole(asked: Filter, control: bool) -> tuple[AuthorKey, ...] | None:
    """The authors of whose everything a filter names a part in time; None where it names another set."""
    is_other = not control and (asked.kinds is not None or bool(asked.sinces))
    return None if is_other else asked.authors


def _read(db: sqlite3.Connection, asked: Filter, control: bool, *, is_most: bool = False) -> SortedIndex:
    timestamps, ids = sets.items(db, asked, control, is_most=is_most)
    return SortedIndex(ids, timestamps)


def _read_part(db: sqlite3.Connection, asked: Filter, control: bool) -> SortedIndex:
    """The set, or where that is too much for one session no more than has to be known of it."""
    has_sum = asked.authors is not None and asked.kinds is None and not control
    if not has_sum or sets.sum_of_set(db, asked, control).count <= MAX_SESSION_ITEMS:
        return _read(db, asked, control)
    timestamps, ids = sets.newest(db, asked, MAX_SESSION_ITEMS + 1)
    return SortedIndex(ids, timestamps)


def _grown(
    db: sqlite3.Connection, authors: Collection[AuthorKey], control: bool, kept: _Kept
) -> SortedIndex | LayeredIndex | None:
    """A kept index with what came since; None where that is much, or is in it already."""
    most = min(len(kept.index) // GROWTH, MOST_GROWTH)
    rows = as_list(author_rows(db, authors).values())
    newer = db.execute(NEWER, [kept.row, control, rows, most + 1]).fetchall()
    if len(newer) > most:
        return None
    try:
        return kept.index.with_items(newer) if newer else kept.index
    except LocalProtocolError:
        return None
