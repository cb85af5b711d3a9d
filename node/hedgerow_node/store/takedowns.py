"""Takedowns: what whoever runs this node decided neither to keep nor to give to anyone, and why.

The list is public and never shortened: a decision that was undone stays in it. What is decided holds from the moment
in which it is written; what was here before is then looked through in steps, so that nothing else has to wait, and
again at the next opening if that was broken off.
"""

import sqlite3
from dataclasses import dataclass
from functools import partial

from hedgerow_node.store import erasure, withholding
from hedgerow_node.store.connection import change
from hedgerow_node.store.database import Database
from hedgerow_node.store.folding import sound
from hedgerow_node.store.viewpoint import key_of, name_of
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.things import message_id_of

STEP = 20_000
"""Rows that are looked through at a time."""
COLUMNS = "row, target, name, reason, at, undone"
STANDING = f"SELECT {COLUMNS} FROM takedowns WHERE target = ? AND undone IS NULL"  # noqa: S608
LATEST = f"SELECT {COLUMNS} FROM takedowns WHERE row < ? ORDER BY row DESC LIMIT ?"  # noqa: S608
ADD = "INSERT OR IGNORE INTO takedowns (target, name, reason, at, swept) VALUES (?, ?, ?, ?, 0)"
UNDO = "UPDATE takedowns SET undone = ? WHERE target = ? AND undone IS NULL"
SWEPT = "UPDATE takedowns SET swept = 1 WHERE target = ?"
UNSWEPT = "SELECT target FROM takedowns WHERE undone IS NULL AND NOT swept"
PEOPLE = "SELECT target FROM takedowns WHERE undone IS NULL AND target LIKE 'did:key:%'"
LAST_ROW = "SELECT coalesce(max(row), 0) FROM {}"


@dataclass(frozen=True, slots=True)
class Takedown:
    """One decision."""

    row: int
    """Its number in the list."""
    target: str
    name: str
    """What a person was called; empty for all else."""
    reason: str
    at: float
    undone: float | None

    @property
    def what(self) -> str:
        """ "person", "message" or "address"."""
        if key_of(self.target) is not None:
            return "person"
        return "address" if message_id_of(self.target) is None else "message"


class Takedowns:
    """The takedowns of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_down(self, target: str, reason: str, at: float) -> int | None:
        """Take a person, a message or everything that names an address down; how many messages lost their bodies.

        None where it was down already. A crash part way is made good at the next opening.
        """
        name = sound(target)
        if not await self._database.write(lambda db: _decide(db, name, sound(reason), at)):
            return None
        return await self._sweep(name)

    async def undo(self, target: str, at: float) -> int | None:
        """Let it come again; of how many messages the bodies may return. None where it was not down."""
        name = sound(target)
        return await self._database.write(lambda db: _undo(db, name, at))

    async def finish(self) -> None:
        """Look through what was here before the decisions of which that was broken off."""
        found = await self._database.read(lambda db: db.execute(UNSWEPT).fetchall())
        for (target,) in found:
            await self._sweep(target)

    async def standing(self, target: str) -> Takedown | None:
        """The decision that keeps this target down, if one does."""
        name = sound(target)
        return await self._database.read(lambda db: standing_on(db, name))

    async def latest(self, limit: int, before: int | None = None) -> tuple[Takedown, ...]:
        """The latest decisions, undone ones too; with `before` those with a lower number."""
        values = [2**62 if before is None else before, limit]
        return await self._database.read(
            lambda db: tuple([Takedown(*row) for row in db.execute(LATEST, values)])
        )

    async def people(self) -> set[str]:
        """The people who are down, by did."""
        return await self._database.read(lambda db: {target for (target,) in db.execute(PEOPLE)})

    async def _sweep(self, target: str) -> int:
        author = key_of(target)
        if author is not None or message_id_of(target) is not None:
            return await self._database.write(lambda db: _sweep_whole(db, target, author))
        gone = 0
        for table in withholding.TABLES:
            gone += await self._sweep_table(target, table)
        await self._database.write(lambda db: change(db, SWEPT, [target]))
        return gone

    async def _sweep_table(self, target: str, table: str) -> int:
        last, gone = await self._database.read(lambda db: _last_row(db, table)), 0
        for after in range(0, last, STEP):
            found = partial(
                withholding.rows_naming, target=target, table=table, after=after, until=after + STEP
            )
            if rows := await self._database.read(found):
                gone += await self._database.write(partial(_withhold, target=target, table=table, rows=rows))
        return gone


def standing_on(db: sqlite3.Connection, target: str) -> Takedown | None:
    """The decision that keeps this target down, if one does."""
    found = db.execute(STANDING, [target]).fetchone()
    return None if found is None else Takedown(*found)


def _decide(db: sqlite3.Connection, target: str, reason: str, at: float) -> bool:
    if not change(db, ADD, [target, name_of(db, target), reason, at]):
        return False
    if _drop_waiting(db, target):
        erasure.due(db)
    return True


def _drop_waiting(db: sqlite3.Connection, target: str) -> bool:
    """Let go of what is in quarantine of a person, of a message, or with an address in it; whether there was any."""
    author, identifier = key_of(target), message_id_of(target)
    if author is not None:
        return change(db, "DELETE FROM quarantine WHERE author = ?", [author])
    if identifier is not None:
        return change(db, "DELETE FROM quarantine WHERE id = ?", [identifier])
    return change(db, "DELETE FROM quarantine WHERE instr(message, CAST(? AS BLOB))", [target])


def _last_row(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(LAST_ROW.format(table)).fetchone()[0])


def _sweep_whole(db: sqlite3.Connection, target: str, author: AuthorKey | None) -> int:
    gone = withholding.withhold(db, withholding.rows_of(db, target, author))
    db.execute(SWEPT, [target])
    return gone


def _withhold(db: sqlite3.Connection, target: str, table: str, rows: list[int]) -> int:
    rows = withholding.still_naming(db, target, table, rows)
    withholding.remember(db, target, table, rows)
    return withholding.withhold(db, {table: rows})


def _undo(db: sqlite3.Connection, target: str, at: float) -> int | None:
    if not change(db, UNDO, [at, target]):
        return None
    author = key_of(target)
    if author is not None or message_id_of(target) is not None:
        return withholding.let_return(db, withholding.rows_of(db, target, author))
    return withholding.let_return(db, withholding.rows_remembered(db, target))
