"""Sorted indexes of large sets, kept from one comparison to the next.

To read a million items takes seconds, while what two nodes differ by is often a handful. So an index is kept and
brought up to date from the rows that are newer. It holds if its count and sum are those of its authors, which are
written with every change; else, as when messages left the set, it is built anew.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

from hedgerow_node.config import FEW_ITEMS, MAX_KEPT_ITEMS
from hedgerow_node.store import sets
from hedgerow_node.store.rows import as_list, author_rows
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.ranges import Index, LayeredIndex, SortedIndex, sum_of, window

Key: TypeAlias = tuple[Collection[AuthorKey], bool]

LAST = "SELECT coalesce(max(row), 0) FROM messages"
NEWER = """SELECT ts, id FROM messages NOT INDEXED WHERE row > ? AND control = ?
    AND author IN (SELECT value FROM json_each(?)) LIMIT ?"""
GROWTH = 4
"""An index takes in at most one part in so many of what it has; of more, building it anew is quicker."""


@dataclass(frozen=True, slots=True)
class _Kept:
    index: SortedIndex | LayeredIndex
    row: int
    """No row above this one is in it."""


class Indexes:
    """The indexes of one database, used by its reading threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._lock = Lock()

    def of(self, db: sqlite3.Connection, asked: Filter, control: bool) -> Index:
        """The set that a filter names, inside a reading transaction."""
        authors = _whole_of(asked, control)
        if authors is None:
            return _read(db, asked, control)
        held = SetSum().union(*sets.sums(db, authors, control).values())
        if held.count <= FEW_ITEMS:
            return _read(db, asked, control)
        with self._lock:
            whole = self._whole(db, authors, control, held)
        return whole if control else window(whole, asked.since, asked.until)

    def sum(self, db: sqlite3.Connection, asked: Filter, control: bool) -> SetSum:
        """Count and sum of the set that a filter names: of a part in time by the index that is kept, if one is."""
        is_part = bool(asked.since) or asked.until is not None
        authors = _whole_of(asked, control)
        if is_part and authors is not None and (authors, control) in self._kept:
            return sum_of(self.of(db, asked, control))
        return sets.sum_of_set(db, asked, control)

    def _whole(
        self, db: sqlite3.Connection, authors: Collection[AuthorKey], control: bool, held: SetSum
    ) -> Index:
        kept = self._kept.pop((authors, control), None)
        (last,) = db.execute(LAST).fetchone()
        index = _grown(db, authors, control, kept) if kept is not None else None
        if index is None or sum_of(index) != held:
            index = _read(db, Filter(tuple(authors)), control)
        self._keep((authors, control), _Kept(index, last))
        return index

    def _keep(self, key: Key, kept: _Kept) -> None:
        self._kept[key] = kept
        while sum(len(one.index) for one in self._kept.values()) > MAX_KEPT_ITEMS:
            self._kept.popitem(last=False)


def _whole_of(asked: Filter, control: bool) -> tuple[AuthorKey, ...] | None:
    """The authors of whose everything a filter names a part in time; None where it names another set."""
    is_other = not control and (asked.kinds is not None or bool(asked.sinces))
    return None if is_other else asked.authors


def _read(db: sqlite3.Connection, asked: Filter, control: bool) -> SortedIndex:
    timestamps, ids = sets.items(db, asked, control)
    return SortedIndex(ids, timestamps)


def _grown(
    db: sqlite3.Connection, authors: Collection[AuthorKey], control: bool, kept: _Kept
) -> SortedIndex | LayeredIndex | None:
    """A kept index with what came since; None where that is much, or is in it already."""
    most = len(kept.index) // GROWTH
    rows = as_list(author_rows(db, authors).values())
    newer = db.execute(NEWER, [kept.row, control, rows, most + 1]).fetchall()
    if len(newer) > most:
        return None
    try:
        return kept.index.with_items(newer) if newer else kept.index
    except LocalProtocolError:
        return None
