"""The sets that nodes compare: the ids of a filter in order, their sums, and the messages behind them by the page.

An item is (ts, id), the order everywhere. Each author's items of a set lie together in one index, all items of a set
in order of time in another; both hold all that a filter asks, so that no message is read to make a set.
"""

import json
import sqlite3
from array import array
from collections.abc import Collection, Iterator
from heapq import merge
from itertools import groupby, islice
from typing import TypeAlias

from hedgerow_node.store import weeks
from hedgerow_node.store.rows import COLUMNS, MessageRow, as_list, author_rows
from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.keys import AuthorKey

Place: TypeAlias = tuple[int, bytes]
"""A ts in Unix seconds and an id, or b"" for the place before every id of that ts."""
Values: TypeAlias = dict[str, int | bytes | str | None]
PlacedRow: TypeAlias = tuple[int, bytes, bytes, bytes, int, bytes | None]
"""A ts and the columns of a message."""

START: Place = (0, b"")
FEW_AUTHORS = 64
"""Up to so many authors a page is put together author by author; of more, the index in time is walked."""
FETCHED = 4_096
"""Items that are taken from the database at a time."""

UNTIL = """m.control = :control AND m.ts < :until
    AND (:kinds IS NULL OR m.kind IN (SELECT value FROM json_each(:kinds)))"""
MATCHING = f"{UNTIL} AND (m.ts, m.id) > (:ts, :id)"
OF_AUTHORS = "m.author IN (SELECT value FROM json_each(:authors))"
ORDER = "ORDER BY m.ts, m.id"
IN_TIME = "FROM messages AS m INDEXED BY messages_in_time"
BY_AUTHOR = "FROM messages AS m INDEXED BY messages_of_author"

NEWEST = (
    f"SELECT m.ts, m.id, m.author {IN_TIME} WHERE {MATCHING} AND {OF_AUTHORS} ORDER BY m.ts DESC, m.id DESC"
)
ITEMS_OF_ALL = f"SELECT m.ts, m.id {IN_TIME} WHERE {MATCHING} {ORDER}"
ITEMS_OF_AUTHORS = f"SELECT m.ts, m.id {BY_AUTHOR} WHERE {OF_AUTHORS} AND {MATCHING} {ORDER}"
ITEMS_OF_MOST = f"SELECT m.ts, m.id {IN_TIME} WHERE {MATCHING} AND {OF_AUTHORS} {ORDER}"
ITEMS_SINCE = f"""SELECT m.ts, m.id FROM json_each(:since) AS k
    CROSS JOIN messages AS m INDEXED BY messages_of_author
    ON m.author = CAST(k.key AS INTEGER) AND (m.ts, m.id) > (k.value, x'')
    WHERE {UNTIL} {ORDER}"""  # noqa: S608
PAGE_OF_ALL = f"SELECT m.ts, {COLUMNS} {IN_TIME} WHERE {MATCHING} {ORDER}"
PAGE_OF_MANY = f"SELECT m.ts, {COLUMNS}, m.author {IN_TIME} WHERE {MATCHING} AND {OF_AUTHORS} {ORDER}"
PAGE_OF_AUTHOR = f"SELECT m.ts, {COLUMNS} {BY_AUTHOR} WHERE m.author = :author AND {MATCHING} {ORDER}"
SUMS = """SELECT a.key, s.count, s.total FROM sums AS s JOIN authors AS a ON a.row = s.author
    WHERE s.control = ? AND s.author IN (SELECT value FROM json_each(?))"""
SUMS_OF_ROWS = """SELECT count, total FROM sums
    WHERE control = ? AND author IN (SELECT value FROM json_each(?))"""

ALL_SUMS = "SELECT author, control, count, total FROM sums"
ALL_ITEMS = f"SELECT m.author, m.control, m.id {BY_AUTHOR} ORDER BY m.author, m.control"


def items(
    db: sqlite3.Connection, asked: Filter, control: bool, *, is_most: bool = False
) -> tuple["array[int]", bytes]:
    """The timestamps and the ids, 32 bytes each, of the set that the filter names, in order of (ts, id).

    The control set is that of the filter's authors; its kinds and times are not looked at. `is_most`: a good part of
    all messages is of these authors, and so all are walked in time; else theirs are found and sorted, in memory.
    """
    values = _values(db, asked, control, START)
    since = _since(db, asked, control)
    if since:
        cursor = db.execute(ITEMS_SINCE, values | {"since": json.dumps(since)})
    elif asked.authors is None:
        cursor = db.execute(ITEMS_OF_ALL, values)
    else:
        cursor = db.execute(ITEMS_OF_MOST if is_most else ITEMS_OF_AUTHORS, values)
    timestamps = array("I")
    ids = bytearray()
    while rows := cursor.fetchmany(FETCHED):
        timestamps.extend([ts for ts, _ in rows])
        ids += b"".join([key for _, key in rows])
    return timestamps, bytes(ids)


def newest(db: sqlite3.Connection, asked: Filter, count: int) -> tuple["array[int]", bytes]:
    """The same of the newest items only, of content of named authors; what is older is not read."""
    since = _since(db, asked, control=False)
    walk = db.execute(NEWEST, _values(db, asked, False, START))
    found = [
        (ts, key) for ts, key, _ in islice((row for row in walk if row[0] >= since.get(row[2], 0)), count)
    ]
    found.reverse()
    return array("I", [ts for ts, _ in found]), b"".join([key for _, key in found])


def page(
    db: sqlite3.Connection, asked: Filter, control: bool, after: Place, limit: int, max_bytes: int
) -> tuple[list[MessageRow], bool]:
    """Rows of the set in order behind `after`: at most `limit` and `max_bytes`, but one at least; whether more follow.

    Bytes are those of headers, signatures and bodies.
    """
    found: list[MessageRow] = []
    size = 0
    for _, key, header, signature, crc, body in islice(_walk(db, asked, control, after), limit + 1):
        size += len(header) + len(signature) + len(body or b"")
        if len(found) == limit or (found and size > max_bytes):
            return found, True
        found.append((key, header, signature, crc, body))
    return found, False


def sums(db: sqlite3.Connection, authors: Collection[AuthorKey], control: bool) -> dict[AuthorKey, SetSum]:
    """Count and sum of the set of each of these authors of whom something is held in it."""
    found = db.execute(SUMS, [control, as_list(author_rows(db, authors).values())])
    return {AuthorKey(key): SetSum.from_bytes(count, total) for key, count, total in found}


def sum_of_authors(db: sqlite3.Connection, authors: Collection[AuthorKey], control: bool) -> SetSum:
    """Count and sum of the sets of all of these authors together."""
    rows = as_list(author_rows(db, authors).values())
    return SetSum().union(*[SetSum.from_bytes(*found) for found in db.execute(SUMS_OF_ROWS, [control, rows])])


def sum_of_set(db: sqlite3.Connection, asked: Filter, control: bool) -> SetSum:
    """Count and sum of the set that a filter names; no message is read for one of all kinds of named authors."""
    if asked.authors is None or (asked.kinds is not None and not control):
        _, ids = items(db, asked, control)
        return SetSum.of([ids[at : at + limits.ID_SIZE] for at in range(0, len(ids), limits.ID_SIZE)])
    if control or not (asked.since or asked.until is not None or asked.sinces):
        return sum_of_authors(db, asked.authors, control)
    until = limits.INFINITE_TIMESTAMP if asked.until is None else asked.until
    since = dict.fromkeys(asked.authors, asked.since or 0)
    for author, time in zip(asked.authors, asked.sinces, strict=False):
        since[author] = max(since[author], time)
    whole = [author for author in asked.authors if not since[author] and asked.until is None]
    parts = author_rows(db, since.keys() - set(whole))
    return SetSum().union(
        *sums(db, whole, control).values(),
        *[weeks.sum_between(db, row, since[author], until) for author, row in parts.items()],
    )


def _since(db: sqlite3.Connection, asked: Filter, control: bool) -> dict[int, int]:
    """From when on each author of a filter is asked for, by his row; empty where that is one time for all."""
    if control or not asked.sinces:
        return {}
    times = dict(zip(asked.authors or (), asked.sinces, strict=True))
    return {row: max(times[author], asked.since or 0) for author, row in author_rows(db, times).items()}


def wrong_sums(db: sqlite3.Connection) -> int:
    """How many of the sums that are kept are not those of the ids that are held."""
    kept = {
        (author, control): SetSum.from_bytes(count, total)
        for author, control, count, total in db.execute(ALL_SUMS)
    }
    counted = {
        place: SetSum.of(key for _, _, key in group)
        for place, group in groupby(db.execute(ALL_ITEMS), key=lambda item: (item[0], item[1]))
    }
    return sum(1 for place in kept.keys() | counted if kept.get(place) != counted.get(place))


def _walk(db: sqlite3.Connection, asked: Filter, control: bool, after: Place) -> Iterator[PlacedRow]:
    values = _values(db, asked, control, after)
    if asked.authors is None:
        return db.execute(PAGE_OF_ALL, values)
    since = _since(db, asked, control)
    if len(asked.authors) > FEW_AUTHORS:
        found = db.execute(PAGE_OF_MANY, values)
        return ((ts, *columns) for ts, *columns, author in found if ts >= since.get(author, 0))
    rows = sorted(author_rows(db, asked.authors).values())
    places = [(row, max((values["ts"], values["id"]), (since.get(row, 0), b""))) for row in rows]
    each = [
        db.execute(PAGE_OF_AUTHOR, {**values, "author": row, "ts": ts, "id": key})
        for row, (ts, key) in places
    ]
    return merge(*each, key=_place)


def _place(row: PlacedRow) -> Place:
    return row[0], row[1]


def _values(db: sqlite3.Connection, asked: Filter, control: bool, after: Place) -> Values:
    since, until, kinds = (0, None, None) if control else (asked.since or 0, asked.until, asked.kinds)
    # One lower bound for both: of two, SQLite would start at the wrong one.
    ts, key = max(after, (since, b""))
    return {
        "control": control,
        "ts": ts,
        "id": key,
        "until": limits.INFINITE_TIMESTAMP if until is None else until,
        "kinds": None if kinds is None else json.dumps(kinds),
        "authors": None if asked.authors is None else as_list(author_rows(db, asked.authors).values()),
    }
