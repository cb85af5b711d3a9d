"""The quarantine: messages of outsiders that came unasked, apart from everything else.

They are proven as every message is, but belong to no set, stand in no feed or search, and are served to nobody. The
place is bounded in bytes, number and time; when it is full, `shares` says who goes. Whoever is carried later finds what
is here of theirs admitted as if it came now.
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from hedgerow_node.config import (
    NOT_NOW_SECONDS,
    QUARANTINE_BYTES,
    QUARANTINE_MESSAGES,
    QUARANTINE_SECONDS,
    QUARANTINE_SPARE,
)
from hedgerow_node.store import erasure, intake, ties, withholding
from hedgerow_node.store.connection import change
from hedgerow_node.store.database import Database
from hedgerow_node.store.rows import as_list, select_in
from hedgerow_node.store.shares import Piece, surplus
from hedgerow_node.store.viewpoint import did_of, key_of
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message, decode_message, verify

PUT = """INSERT OR IGNORE INTO quarantine (id, author, entry, size, received, message) VALUES (?, ?, ?, ?, ?, ?)"""
TOTAL = "SELECT count(*), coalesce(sum(size), 0), count(DISTINCT author) FROM quarantine"
PIECES = "SELECT row, entry, author, size FROM quarantine ORDER BY received, row"
DROP = "DELETE FROM quarantine WHERE row IN (SELECT value FROM json_each(?))"
OUTDATED = "DELETE FROM quarantine WHERE received < ?"
OF_AUTHOR = "SELECT message FROM quarantine WHERE author IN ({}) ORDER BY received, row"
NEXT_OF = "SELECT row, message FROM quarantine WHERE author = ? AND row > ? ORDER BY row LIMIT ?"
LATEST_OF = "SELECT message FROM quarantine WHERE author = ? ORDER BY received DESC, row DESC LIMIT ?"
AUTHORS = "SELECT DISTINCT author FROM quarantine"
WAITING = """SELECT author, count(*), min(received), max(received) FROM quarantine WHERE received >= ? GROUP BY author
    ORDER BY max(received) DESC, author"""
ADMITTED = """DELETE FROM quarantine WHERE author = ? AND (
    EXISTS (SELECT 1 FROM messages AS m WHERE m.id = quarantine.id)
    OR EXISTS (SELECT 1 FROM aside AS a WHERE a.id = quarantine.id))"""
WITHDRAWN = "DELETE FROM quarantine WHERE id = ? AND author = ?"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is in quarantine."""

    messages: int
    bytes: int
    authors: int


@dataclass(frozen=True, slots=True)
class Lot:
    """What is in quarantine of one author."""

    author: AuthorKey
    messages: int
    first: float
    """When the oldest came, in Unix seconds."""
    last: float


class Quarantine:
    """The quarantine of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, brought: Sequence[tuple[DeviceKey, Message]], now: float) -> int:
        """Keep messages and by whom each was brought; how many others had to go. `now` in Unix seconds.

        Of people who are blocked or taken down, and of what was taken down, nothing is kept; what an author withdraws
        is dropped. Raises `StoreError`.
        """
        return await self._database.write(lambda db: _put(db, brought, now))

    async def of(self, authors: Collection[AuthorKey]) -> list[Message]:
        """What is here of these people, the oldest first; what the disk altered is left out."""
        return await self._database.read(lambda db: _sound(select_in(db, OF_AUTHOR, authors)))

    async def next_of(self, author: AuthorKey, after: int, limit: int) -> tuple[list[Message], int]:
        """The next messages of somebody behind this row, from 0, and the last row looked at; 0 when none is left."""

        def read(db: sqlite3.Connection) -> tuple[list[Message], int]:
            rows = db.execute(NEXT_OF, (author, after, limit)).fetchall()
            return _sound((data,) for _, data in rows), rows[-1][0] if rows else 0

        return await self._database.read(read)

    async def latest_of(self, author: AuthorKey, limit: int) -> list[Message]:
        """The latest messages of somebody, the newest first."""
        return await self._database.read(lambda db: _sound(db.execute(LATEST_OF, (author, limit))))

    async def authors(self) -> set[AuthorKey]:
        """Of whom something is here."""
        return await self._database.read(lambda db: {AuthorKey(key) for (key,) in db.execute(AUTHORS)})

    async def lots(self, now: float) -> list[Lot]:
        """What is here and has not waited for too long, by author; who was heard of last comes first."""
        since = now - QUARANTINE_SECONDS
        return await self._database.read(
            lambda db: [Lot(AuthorKey(key), *counts) for key, *counts in db.execute(WAITING, [since])]
        )

    async def size(self) -> Size:
        """How much is here."""
        return await self._database.read(lambda db: Size(*db.execute(TOTAL).fetchone()))

    async def drop(self, authors: Iterable[AuthorKey]) -> None:
        """Let go of what is here of these people."""
        keys = [(key,) for key in authors]
        await self._database.write(
            lambda db: db.executemany("DELETE FROM quarantine WHERE author = ?", keys) and None
        )

    async def drop_admitted(self, authors: Iterable[AuthorKey]) -> None:
        """Let go of what is stored in the meantime of these people."""
        keys = [(key,) for key in authors]
        await self._database.write(lambda db: db.executemany(ADMITTED, keys) and None)

    async def expire(self, now: float) -> None:
        """Let go of what has waited for long enough."""
        await self._database.write(lambda db: change(db, OUTDATED, [now - QUARANTINE_SECONDS]))

    async def shrink(self, size: int) -> int:
        """Let go of so many bytes, or all: what is shared least fairly first. How many bytes that were."""
        return await self._database.write(lambda db: _shrink(db, size))

    async def not_now(self, author: AuthorKey, now: float) -> None:
        """Drop what is here of somebody, and do not ask about them for a while."""
        await self.drop([author])
        await self._database.write(
            lambda db: change(
                db, "INSERT OR REPLACE INTO not_now (target, at) VALUES (?, ?)", (did_of(author), now)
            )
        )

    async def put_off(self, now: float) -> set[AuthorKey]:
        """About whom the owner does not want to be asked yet."""
        find = "SELECT target FROM not_now WHERE at > ?"
        return await self._database.read(
            lambda db: {
                key
                for (did,) in db.execute(find, [now - NOT_NOW_SECONDS])
                if (key := key_of(did)) is not None
            }
        )


def _put(db: sqlite3.Connection, brought: Sequence[tuple[DeviceKey, Message]], now: float) -> int:
    denied = withholding.denied_among(db, {one.header.author for _, one in brought})
    away = withholding.kept_away(db, [one for _, one in brought], remembers=False)
    wanted = [
        (entry, one) for entry, one in brought if one.header.author not in denied and one.id not in away
    ]
    db.executemany(
        PUT, [(one.id, one.header.author, entry, one.size, now, one.encode()) for entry, one in wanted]
    )
    _withdraw(db, [one for _, one in wanted])
    db.execute(OUTDATED, [now - QUARANTINE_SECONDS])
    return _make_room(db)


def _withdraw(db: sqlite3.Connection, messages: Iterable[Message]) -> None:
    withdrawn = [
        (target, one.header.author)
        for one in messages
        if one.header.kind == Kind.RETRACT
        for target in intake.targets_of(one.body)
    ]
    if withdrawn and db.executemany(WITHDRAWN, withdrawn).rowcount > 0:
        erasure.due(db)


def _make_room(db: sqlite3.Connection) -> int:
    messages, size, _ = db.execute(TOTAL).fetchone()
    if messages <= QUARANTINE_MESSAGES and size <= QUARANTINE_BYTES:
        return 0
    # A little more than must be, so that not every message that comes now costs a look at all of them.
    number, most = int(QUARANTINE_MESSAGES * QUARANTINE_SPARE), int(QUARANTINE_BYTES * QUARANTINE_SPARE)
    pieces = [Piece(*row) for row in db.execute(PIECES)]
    gone = surplus(pieces, number, most, ties.sponsored(db))
    db.execute(DROP, [as_list(gone)])
    return len(gone)


def _shrink(db: sqlite3.Connection, size: int) -> int:
    _, before, _ = db.execute(TOTAL).fetchone()
    pieces = [Piece(*row) for row in db.execute(PIECES)]
    gone = surplus(pieces, QUARANTINE_MESSAGES, max(0, before - size), ties.sponsored(db))
    db.execute(DROP, [as_list(gone)])
    _, after, _ = db.execute(TOTAL).fetchone()
    return int(before - after)


def _sound(rows: Iterable[tuple[bytes]]) -> list[Message]:
    found = []
    for (data,) in rows:
        try:
            message = decode_message(data)
            verify(message)
        except RemoteProtocolError:
            continue
        found.append(message)
    return found
