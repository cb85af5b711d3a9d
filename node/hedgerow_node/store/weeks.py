"""How much of each author stands where in time: count, bytes and sum of his content by weeks.

Kept in the transaction that changes the messages, so that the sum of what is kept from a time on costs a row a week and
at most a part of one. Bytes are those of header, signature and body; a body that may still come counts as if it were
here, or a header without one would be a way around a budget.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import groupby
from typing import NamedTuple, TypeAlias

from hedgerow_node.store.rows import as_list, insert
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.message import Header, checked_header

SIGNATURE = 64
"""Bytes of one."""
WEEK = 604_800
"""Seconds. The migration that made the table has it in its words."""

FIND = """SELECT w.author, w.week, w.count, w.bytes, w.total FROM json_each(?) AS wanted CROSS JOIN weeks AS w
    WHERE w.author = json_extract(wanted.value, '$[0]') AND w.week = json_extract(wanted.value, '$[1]')"""
KEEP = "INSERT OR REPLACE INTO weeks (author, week, count, bytes, total)"
REMOVE = "DELETE FROM weeks WHERE author = ? AND week = ?"
RESIZE = "UPDATE weeks SET bytes = max(bytes + ?, 0) WHERE author = ? AND week = ?"
# The sign before a column keeps SQLite from looking through all content for a few rows.
WITH_BODIES = """SELECT author, ts, header FROM messages
    WHERE row IN (SELECT value FROM json_each(?)) AND +control = 0 AND NOT erased AND NOT dropped"""
WITHOUT_BODIES = """SELECT author, ts, header FROM messages
    WHERE row IN (SELECT value FROM json_each(?)) AND +control = 0 AND (erased OR dropped)"""
WHOLE = "SELECT count, total FROM weeks WHERE author = ? AND week >= ? AND week < ?"
PART = """SELECT id FROM messages INDEXED BY messages_of_author
    WHERE author = ? AND control = 0 AND ts >= ? AND ts < ?"""
ALL = "SELECT author, week, count, bytes, total FROM weeks"
ITEMS = """SELECT author, ts / 604800, id, length(header) + length(signature) + CASE WHEN body IS NOT NULL
    THEN length(body) WHEN erased OR dropped THEN 0 ELSE NULL END, header
    FROM messages WHERE control = 0 ORDER BY 1, 2"""


Week: TypeAlias = tuple[int, int]
"""The row of an author, and the number of a week."""
EMPTY = 0, SetSum()
"""Bytes and sum of a week without anything."""


class Item(NamedTuple):
    """A message of content as far as it counts here."""

    author: int
    """His row."""
    ts: int
    id: bytes
    size: int
    """Bytes that it counts."""

    @property
    def week(self) -> Week:
        """The key of the row that it counts in."""
        return self.author, self.ts // WEEK


def size_of(header: Header, header_bytes: int, *, has_body: bool) -> int:
    """Bytes that a message counts; `has_body` unless its body was erased or let go."""
    return header_bytes + SIGNATURE + (header.body_len if has_body else 0)


def body_length(header: bytes) -> int:
    """What a header says of its body; 0 where the disk altered it."""
    try:
        return checked_header(header).body_len
    except RemoteProtocolError:
        return 0


def add(db: sqlite3.Connection, items: Iterable[Item]) -> None:
    """These came into the sets."""
    groups = _by_week(items)
    found = _found(db, groups)
    kept = []
    for week, group in groups.items():
        size, before = found.get(week, EMPTY)
        after = before.with_ids([one.id for one in group])
        kept.append((*week, after.count, size + sum([one.size for one in group]), after.to_bytes()))
    insert(db, KEEP, sorted(kept))


def remove(db: sqlite3.Connection, items: Iterable[Item]) -> None:
    """These left the sets."""
    groups = _by_week(items)
    found = _found(db, groups)
    kept = []
    for week, group in groups.items():
        size, left = found.get(week, EMPTY)
        if left.count <= len(group):
            db.execute(REMOVE, week)  # a wrong sum is for the doctor
            continue
        for one in group:
            left = left.remove(one.id)
        size -= sum([one.size for one in group])
        kept.append((*week, left.count, max(size, 0), left.to_bytes()))
    insert(db, KEEP, sorted(kept))


def lose_bodies(db: sqlite3.Connection, rows: Collection[int]) -> None:
    """The bodies of these rows are about to be erased or let go."""
    _resize(db, WITH_BODIES, rows, -1)


def want_bodies(db: sqlite3.Connection, rows: Collection[int]) -> None:
    """The bodies of these rows, which were erased or let go, are about to be wanted again."""
    _resize(db, WITHOUT_BODIES, rows, 1)


def _resize(db: sqlite3.Connection, counted: str, rows: Collection[int], sign: int) -> None:
    if not rows:
        return
    found = db.execute(counted, [as_list(rows)]).fetchall()
    changes = [(sign * body_length(header), author, ts // WEEK) for author, ts, header in found]
    db.executemany(RESIZE, changes)


def sum_between(db: sqlite3.Connection, author: int, since: int, until: int) -> SetSum:
    """The sum of one author's content from `since` to before `until`, in Unix seconds."""
    first, last = -(-since // WEEK), until // WEEK
    if first >= last:
        return SetSum.of([key for (key,) in db.execute(PART, (author, since, until))])
    whole = [SetSum.from_bytes(count, total) for count, total in db.execute(WHOLE, (author, first, last))]
    edges = [(since, first * WEEK), (last * WEEK, until)]
    parts = [key for edge in edges if edge[0] < edge[1] for (key,) in db.execute(PART, (author, *edge))]
    return SetSum.of(parts).union(*whole)


def wrong_weeks(db: sqlite3.Connection) -> int:
    """How many rows are not those of the messages that are held."""
    kept = {(author, week): values for author, week, *values in db.execute(ALL)}
    counted = {
        key: _counted(list(group)) for key, group in groupby(db.execute(ITEMS), key=lambda row: row[:2])
    }
    return sum(1 for key in kept.keys() | counted if kept.get(key) != counted.get(key))


def _counted(rows: list[tuple[int, int, bytes, int | None, bytes]]) -> list[object]:
    total = SetSum.of([key for _, _, key, _, _ in rows])
    return [total.count, sum([_size(size, header) for *_, size, header in rows]), total.to_bytes()]


def _size(size: int | None, header: bytes) -> int:
    return size if size is not None else len(header) + SIGNATURE + body_length(header)


def _by_week(items: Iterable[Item]) -> dict[Week, list[Item]]:
    weeks: defaultdict[Week, list[Item]] = defaultdict(list)
    for item in items:
        weeks[item.week].append(item)
    return weeks


def _found(db: sqlite3.Connection, wanted: Iterable[Week]) -> dict[Week, tuple[int, SetSum]]:
    """The bytes and the sum of each of these that is there."""
    rows = db.execute(FIND, [as_list(wanted)]).fetchall()
    return {
        (author, week): (size, SetSum.from_bytes(count, total)) for author, week, count, size, total in rows
    }
