"""Reports: what peers told whoever runs this node. They wait, with room for everybody, until they are settled."""

import sqlite3
from dataclasses import dataclass

from hedgerow_node.config import (
    KEPT_REPORTS,
    MAX_REPORTS,
    MAX_REPORTS_OF_ONE,
    MAX_REPORTS_OF_STRANGERS,
    REPORTS_WINDOW,
)
from hedgerow_node.store.connection import change
from hedgerow_node.store.database import Database
from hedgerow_node.store.folding import sound
from hedgerow_protocol.keys import AuthorKey, DeviceKey

COLUMNS = "row, device, author, thing, label, reason, at, settled"
WAITING = f"""SELECT {COLUMNS} FROM reports INDEXED BY reports_waiting
    WHERE settled IS NULL AND row > ? ORDER BY row LIMIT ?"""  # noqa: S608
SETTLED = f"""SELECT {COLUMNS} FROM reports WHERE settled IS NOT NULL AND row > ? ORDER BY row LIMIT ?"""  # noqa: S608
ROOM = """SELECT count(*), coalesce(sum(author IS NULL), 0) FROM reports INDEXED BY reports_waiting
    WHERE settled IS NULL"""
OF_ONE = "SELECT count(*) FROM reports WHERE device = ? AND at > ?"
AGAIN = """UPDATE reports SET reason = ?, at = ?
    WHERE device = ? AND thing = ? AND label = ? AND settled IS NULL"""
ADD = "INSERT INTO reports (device, author, thing, label, reason, at) VALUES (?, ?, ?, ?, ?, ?)"
SETTLE = "UPDATE reports SET settled = ? WHERE row = ? AND settled IS NULL"
DROP = """DELETE FROM reports WHERE row IN (
    SELECT row FROM reports WHERE settled IS NOT NULL ORDER BY settled DESC LIMIT -1 OFFSET ?)"""


@dataclass(frozen=True, slots=True)
class Told:
    """What a peer tells."""

    device: DeviceKey
    author: AuthorKey | None
    """Whose device it is, if they are carried here."""
    thing: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What waits, or was settled."""

    row: int
    """Its number."""
    told: Told
    at: float
    settled: float | None


class Reports:
    """The reports of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, told: Told, at: float) -> bool:
        """Keep a report until it is settled; False when there is no room for it.

        One of the same device on the same thing with the same word takes the place of the one before.
        """
        return await self._database.write(lambda db: _take(db, told, at))

    async def waiting(self, limit: int, after: int = 0) -> tuple[Report, ...]:
        """Those that wait, in the order in which they came, behind the number `after`."""
        return await self._read(WAITING, after, limit)

    async def settled(self, limit: int, after: int = 0) -> tuple[Report, ...]:
        """Those that were settled, in the order in which they came."""
        return await self._read(SETTLED, after, limit)

    async def count(self) -> int:
        """How many wait."""
        return await self._database.read(lambda db: int(db.execute(ROOM).fetchone()[0]))

    async def settle(self, row: int, at: float) -> bool:
        """It was dealt with; whether it waited."""
        return await self._database.write(lambda db: _settle(db, row, at))

    async def _read(self, sql: str, after: int, limit: int) -> tuple[Report, ...]:
        return await self._database.read(
            lambda db: tuple([_report(*row) for row in db.execute(sql, [after, limit])])
        )


def _report(
    row: int,
    device: bytes,
    author: bytes | None,
    thing: str,
    label: str,
    reason: str,
    at: float,
    settled: float | None,
) -> Report:
    key = None if author is None else AuthorKey(author)
    return Report(row, Told(DeviceKey(device), key, thing, label, reason), at, settled)


def _take(db: sqlite3.Connection, told: Told, at: float) -> bool:
    if change(db, AGAIN, [sound(told.reason), at, told.device, sound(told.thing), sound(told.label)]):
        return True
    waiting, of_strangers = db.execute(ROOM).fetchone()
    (of_one,) = db.execute(OF_ONE, [told.device, at - REPORTS_WINDOW]).fetchone()
    is_crowded = told.author is None and of_strangers >= MAX_REPORTS_OF_STRANGERS
    if waiting >= MAX_REPORTS or of_one >= MAX_REPORTS_OF_ONE or is_crowded:
        return False
    texts = map(sound, (told.thing, told.label, told.reason))
    db.execute(ADD, [told.device, told.author, *texts, at])
    return True


def _settle(db: sqlite3.Connection, row: int, at: float) -> bool:
    if not change(db, SETTLE, [at, row]):
        return False
    db.execute(DROP, [KEPT_REPORTS])
    return True
