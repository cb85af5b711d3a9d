"""What is kept of whom, and letting go of what is not, slice by slice.

First it is written down from when on an author is kept, which holds from then on for every set that others are told of;
only then go his older messages, a few in each transaction, with their sums. So a crash at any moment leaves sums that
are right and a letting go that is taken up again. Own messages stay, and what is pinned: what the owner saved or
answered, what describes it, and whom people follow, introduce and vouch for, without which nobody would know who is
near. What is pinned and older than the time of its author is here, and in no set that is compared.
"""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hedgerow_node.store import index, intake, weeks
from hedgerow_node.store.database import Database, full_text_tables
from hedgerow_node.store.departure import item_of, take_from_sums
from hedgerow_node.store.lineage import messages_named
from hedgerow_node.store.rows import COLUMNS, as_list, author_rows, messages_of, select_in
from hedgerow_node.store.weeks import WEEK
from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message, MessageId

Found: TypeAlias = tuple[int, bool, bool, bytes, bytes, bytes, int, bytes | None]
"""A row, whether it is of the control set, whether its body was erased or let go, and the columns of a message."""

PINNED = ",".join(str(int(kind)) for kind in (Kind.PROFILE, Kind.FOLLOW, Kind.INTRODUCE, Kind.VOUCH))
"""Kinds that say who somebody is and whom he trusts."""
DESCRIBING = ",".join(str(int(kind)) for kind in (Kind.RESOURCE, Kind.TRAIL))
"""Kinds that say what something is."""

AMOUNTS = """SELECT a.key, sum(w.count), sum(w.bytes), min(w.week) FROM weeks AS w JOIN authors AS a ON a.row = w.author
    LEFT JOIN since AS s ON s.author = a.key WHERE w.week >= coalesce(s.since, 0) / 604800 GROUP BY a.row"""
WEEKS_OF = "SELECT week, count, bytes FROM weeks WHERE author = ? ORDER BY week DESC"
IN_WEEK = """SELECT m.ts, m.erased OR m.dropped, {columns} FROM messages AS m INDEXED BY messages_of_author
    WHERE m.author = ? AND m.control = 0 AND m.ts >= ? AND m.ts < ? ORDER BY m.ts DESC, m.id DESC"""
WEEKS_OF_ALL = """SELECT w.week, sum(w.bytes) FROM weeks AS w
    WHERE w.author IN (SELECT value FROM json_each(?)) GROUP BY w.week ORDER BY w.week"""
BEFORE = "SELECT coalesce(sum(bytes), 0) FROM weeks WHERE author = ? AND week < ?"
NEWEST = """SELECT ts FROM messages INDEXED BY messages_of_author WHERE author = ? AND control = 0
    ORDER BY ts DESC LIMIT 1 OFFSET ?"""
SINCE = "SELECT author, since, count, bytes FROM since"
RAISE = """INSERT INTO since (author, since, count, bytes) VALUES (?, ?, 0, 0)
    ON CONFLICT (author) DO UPDATE SET since = excluded.since"""
WHOLE_AGAIN = "DELETE FROM since WHERE author = ?"
COUNT_GONE = "UPDATE since SET count = count + ?, bytes = bytes + ? WHERE author = ?"
OLDER = f"""SELECT m.row, m.control, m.erased OR m.dropped, {COLUMNS}
    FROM messages AS m INDEXED BY messages_of_author
    WHERE m.author = :author AND m.control = 0 AND m.ts < :since AND m.own = 0
    AND m.kind NOT IN ({PINNED})
    AND NOT EXISTS (SELECT 1 FROM statements AS s JOIN things AS t ON t.row = s.thing
        WHERE s.row = m.row AND m.kind IN ({DESCRIBING}) AND (
            EXISTS (SELECT 1 FROM library AS l WHERE l.thing = t.thing)
            OR EXISTS (SELECT 1 FROM statements AS mine WHERE mine.thing = s.thing AND mine.author = :me)))
    AND NOT EXISTS (SELECT 1 FROM refs AS r JOIN statements AS mine ON mine.row = r.row
        WHERE r.target = m.id AND mine.author = :me)
    AND m.row NOT IN (SELECT value FROM json_each(:named))
    ORDER BY m.ts, m.id LIMIT :limit"""  # noqa: S608
ALL_OF = f"""SELECT m.row, m.control, m.erased OR m.dropped, {COLUMNS} FROM messages AS m
    INDEXED BY messages_of_author WHERE m.author = :author ORDER BY m.control DESC, m.ts LIMIT :limit"""  # noqa: S608
SUPERSEDED = f"""SELECT m.row, length(m.body) FROM messages AS m INDEXED BY messages_of_author
    WHERE m.author = :author AND m.control = 0 AND m.own = 0 AND m.body IS NOT NULL AND EXISTS (
        SELECT 1 FROM supersessions AS x WHERE x.target = m.id AND x.author = m.author AND x.kind = m.kind)
    AND m.kind NOT IN ({PINNED}) LIMIT :limit"""  # noqa: S608
KEEP_LINK = """INSERT OR IGNORE INTO passed (device, seq, id, author, prev)
    SELECT device, seq, id, author, ? FROM messages WHERE row = ?"""
DROP = "UPDATE messages SET body = NULL, dropped = 1 WHERE row IN (SELECT value FROM json_each(?))"
DELETE = "DELETE FROM messages WHERE row IN (SELECT value FROM json_each(?))"
DELETE_WAITING = "DELETE FROM unindexed WHERE row IN (SELECT value FROM json_each(?))"
NO_LONGER_NAMED = """DELETE FROM supersessions WHERE by = ? AND NOT EXISTS (
    SELECT 1 FROM messages AS m WHERE m.id = supersessions.target)"""
NO_RETRACTION = "DELETE FROM retractions WHERE target = ? AND author = ? AND by = ?"
OF_OUTSIDER = ("aside", "passed", "sums", "weeks", "settled", "ends")
NAMED = """SELECT thing FROM library WHERE thing LIKE 'hedgerow:%'
    UNION SELECT t.thing FROM statements AS s JOIN things AS t ON t.row = s.thing
    WHERE s.author = ? AND t.thing LIKE 'hedgerow:%'"""
ROWS = "SELECT row FROM messages WHERE id IN ({})"
NEEDED = """SELECT author FROM peers WHERE author IS NOT NULL UNION SELECT key FROM authors WHERE row IN (
    SELECT author FROM messages INDEXED BY messages_own WHERE own = 1)"""
NEVER = limits.MAX_TIMESTAMP
"""From when on somebody is kept who is being forgotten."""
FORGOTTEN = "SELECT count(*), coalesce(sum(count), 0) FROM forgotten"
DROPPED = "SELECT count(*) FROM messages INDEXED BY messages_dropped WHERE dropped = 1"
MERGE_PAGES = 200
"""Pages of a full-text index that one transaction merges."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is kept of an author's content."""

    count: int
    bytes: int
    first: int
    """The start of the earliest week of it, in Unix seconds."""


@dataclass(frozen=True, slots=True)
class Since:
    """From when on an author is kept, in Unix seconds, and how much of what is older was let go."""

    since: int
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Slice:
    """What one transaction let go."""

    count: int
    bytes: int


class Keeping:
    """What is kept, in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self) -> dict[AuthorKey, Since]:
        """Of whom only a part is kept."""
        return await self._database.read(
            lambda db: {AuthorKey(key): Since(*values) for key, *values in db.execute(SINCE)}
        )

    async def amounts(self) -> dict[AuthorKey, Amount]:
        """How much is kept of everybody's content; what is pinned and older than that is not counted."""
        return await self._database.read(
            lambda db: {
                AuthorKey(key): Amount(count, size, week * WEEK)
                for key, count, size, week in db.execute(AMOUNTS)
            }
        )

    async def used(self) -> int:
        """Bytes of the database's file that hold something."""
        return await self._database.read(lambda db: _pages(db)[0])

    async def reusable(self) -> int:
        """Bytes of it that are free for what comes."""
        return await self._database.read(lambda db: _pages(db)[1])

    async def least_since(self, author: AuthorKey, count: int, size: int) -> int:
        """The second from which on an author's content is no more than so many messages and bytes."""
        return await self._of(author, 0, lambda db, row: _least_since(db, row, count, size))

    async def time_of_last(self, author: AuthorKey, count: int) -> int:
        """The time from which on an author's last so many messages stand; 0 if there are no more."""
        return await self._of(author, 0, lambda db, row: _time_of_last(db, row, count))

    async def oldest(self, authors: Collection[AuthorKey], size: int) -> int:
        """The start of a week before which these authors' content is at least so many bytes, if all of it is."""

        def read(db: sqlite3.Connection) -> int:
            rows = as_list(author_rows(db, authors).values())
            found, week = 0, -1
            for week, more in db.execute(WEEKS_OF_ALL, [rows]):  # noqa: B007 - the last one is the answer
                found += more
                if found >= size:
                    break
            return (week + 1) * WEEK

        return await self._database.read(read)

    async def bytes_before(self, author: AuthorKey, since: int) -> int:
        """Bytes of an author's content in the weeks before that of a time."""
        return await self._of(
            author, 0, lambda db, row: int(db.execute(BEFORE, [row, since // WEEK]).fetchone()[0])
        )

    async def keep_since(self, since: Mapping[AuthorKey, int]) -> None:
        """From now on content of these authors is kept from these seconds on; 0: all of it."""

        def write(db: sqlite3.Connection) -> None:
            db.executemany(RAISE, [(author, time) for author, time in since.items() if time])
            db.executemany(WHOLE_AGAIN, [(author,) for author, time in since.items() if not time])

        await self._database.write(write)

    async def let_go(self, author: AuthorKey, me: AuthorKey, limit: int) -> Slice:
        """Let go of up to so many of an author's messages that are older than his time and not pinned."""
        return await self._write_of(author, lambda db, row: _let_go(db, author, row, me, limit))

    async def drop_superseded(self, author: AuthorKey, limit: int) -> Slice:
        """Let go of the bodies of up to so many versions that newer ones replaced; their headers stay."""
        return await self._write_of(author, lambda db, row: _drop_superseded(db, row, limit))

    async def begin_to_forget(self, authors: Collection[AuthorKey]) -> None:
        """Keep nothing of these outsiders any more; nobody is to be asked about them from now on."""
        await self.keep_since(dict.fromkeys(authors, NEVER))

    async def needed(self) -> set[AuthorKey]:
        """Who is not forgotten, wherever he stands: who owns a node that is dialled, and who signed something here."""
        return await self._database.read(lambda db: {AuthorKey(key) for (key,) in db.execute(NEEDED)})

    async def forget(self, author: AuthorKey, at: float, limit: int) -> Slice:
        """Let go of up to so many of an outsider's messages; with the last of them, of what else is known of him."""
        return await self._write_of(author, lambda db, row: _forget(db, author, row, at, limit))

    async def forgotten(self) -> tuple[int, int]:
        """How many outsiders were let go as a whole, and how many messages of theirs."""
        return await self._database.read(lambda db: tuple(db.execute(FORGOTTEN).fetchone()))

    async def dropped(self) -> int:
        """How many replaced versions are here without their bodies."""
        return await self._database.read(lambda db: int(db.execute(DROPPED).fetchone()[0]))

    async def merge(self) -> bool:
        """Take a step in clearing the full-text indexes of what was let go; whether more is to be done."""
        return await self._database.write(lambda db: _merge_pages(db, MERGE_PAGES))

    async def begin_merge(self) -> bool:
        """Let `merge` clear the full-text indexes as a whole; whether anything is to be done."""
        return await self._database.write(lambda db: _merge_pages(db, -MERGE_PAGES))

    async def _of(
        self, author: AuthorKey, default: int, work: Callable[[sqlite3.Connection, int], int]
    ) -> int:
        def read(db: sqlite3.Connection) -> int:
            row = author_rows(db, [author]).get(author)
            return default if row is None else work(db, row)

        return await self._database.read(read)

    async def _write_of(self, author: AuthorKey, work: Callable[[sqlite3.Connection, int], Slice]) -> Slice:
        def write(db: sqlite3.Connection) -> Slice:
            row = author_rows(db, [author]).get(author)
            return Slice(0, 0) if row is None else work(db, row)

        return await self._database.write(write)


def _pages(db: sqlite3.Connection) -> tuple[int, int]:
    size, pages, free = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_size", "page_count", "freelist_count")
    )
    return (pages - free) * size, free * size


def _least_since(db: sqlite3.Connection, author: int, count: int, size: int) -> int:
    for week, more, more_bytes in db.execute(WEEKS_OF, [author]):
        if more > count or more_bytes > size:
            return _within_week(db, author, week * WEEK, count, size)
        count, size = count - more, size - more_bytes
    return 0


def _within_week(db: sqlite3.Connection, author: int, start: int, count: int, size: int) -> int:
    sql = IN_WEEK.format(columns=COLUMNS)
    for ts, is_bare, *columns in db.execute(sql, [author, start, start + WEEK]):
        item = item_of(author, tuple(columns), is_bare=bool(is_bare))
        count, size = count - 1, size - (item.size if item is not None else 0)
        if count < 0 or size < 0:
            return int(ts) + 1  # what was said in one second is not parted
    return start


def _time_of_last(db: sqlite3.Connection, author: int, count: int) -> int:
    found = db.execute(NEWEST, [author, count - 1]).fetchone()
    return 0 if found is None else int(found[0])


def _let_go(db: sqlite3.Connection, key: AuthorKey, author: int, me: AuthorKey, limit: int) -> Slice:
    (time,) = db.execute("SELECT since FROM since WHERE author = ?", [key]).fetchone() or (0,)
    own = author_rows(db, [me]).get(me)
    named = messages_named(thing for (thing,) in db.execute(NAMED, [own]))
    values = {
        "author": author,
        "since": time,
        "me": own,
        "named": as_list(row for (row,) in select_in(db, ROWS, named)),
        "limit": limit,
    }
    found = db.execute(OLDER, values).fetchall()
    if not found:
        return Slice(0, 0)
    _keep_links(db, found)
    gone = _remove(db, author, found)
    db.execute(COUNT_GONE, (gone.count, gone.bytes, key))
    return gone


def _keep_links(db: sqlite3.Connection, found: Sequence[Found]) -> None:
    """A cut may name a later message of the same device; what it reaches is below these."""
    messages, _ = messages_of([row[3:] for row in found])
    prev = {one.id: one.header.prev for one in messages}
    db.executemany(KEEP_LINK, [(prev[MessageId(row[3])], row[0]) for row in found if row[3] in prev])


def _remove(db: sqlite3.Connection, author: int, found: Sequence[Found]) -> Slice:
    """Take these rows of one author away, with their sums; what they replaced stays replaced."""
    rows = [row for row, *_ in found]
    index.forget(db, rows)
    for sql in (DELETE_WAITING, DELETE):
        db.execute(sql, [as_list(rows)])
    items = [item for row in found if (item := item_of(author, row[3:], is_bare=bool(row[2])))]
    content = {row[3] for row in found if not row[1]}
    take_from_sums(db, author, [(bool(row[1]), row[3]) for row in found])
    weeks.remove(db, [item for item in items if item.id in content])
    db.executemany(NO_LONGER_NAMED, [(row[3],) for row in found])
    return Slice(len(found), sum([item.size for item in items]))


def _drop_superseded(db: sqlite3.Connection, author: int, limit: int) -> Slice:
    found = db.execute(SUPERSEDED, {"author": author, "limit": limit}).fetchall()
    rows = [row for row, _ in found]
    index.forget(db, rows)
    weeks.lose_bodies(db, rows)
    for sql in (DELETE_WAITING, DROP):
        db.execute(sql, [as_list(rows)])
    return Slice(len(found), sum([size for _, size in found]))


def _forget(db: sqlite3.Connection, key: AuthorKey, author: int, at: float, limit: int) -> Slice:
    found: list[Found] = db.execute(ALL_OF, {"author": author, "limit": limit}).fetchall()
    messages, _ = messages_of([row[3:] for row in found if row[1]])
    withdrawn = [(target, author, one.id) for one in messages for target in _targets_of(one)]
    db.executemany(NO_RETRACTION, withdrawn)
    gone = _remove(db, author, found)
    db.execute(COUNT_GONE, (gone.count, gone.bytes, key))
    if gone.count < limit:
        _forget_key(db, key, author, at)
    return gone


def _targets_of(message: Message) -> tuple[MessageId, ...]:
    return intake.targets_of(message.body) if message.header.kind == Kind.RETRACT else ()


def _forget_key(db: sqlite3.Connection, key: AuthorKey, author: int, at: float) -> None:
    db.execute("INSERT INTO forgotten (at, count) SELECT ?, count FROM since WHERE author = ?", (at, key))
    db.execute(WHOLE_AGAIN, [key])
    for table in OF_OUTSIDER:
        db.execute(f"DELETE FROM {table} WHERE author = ?", [author])  # noqa: S608
    db.execute("DELETE FROM authors WHERE row = ?", [author])


def _merge_pages(db: sqlite3.Connection, pages: int) -> bool:
    """Whether there was anything to merge."""
    before = db.total_changes
    for name in full_text_tables(db):
        db.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('merge', ?)", [pages])  # noqa: S608
    return db.total_changes - before >= 2 * len(full_text_tables(db))
