"""Receipts: who says to hold which chain up to where, and which chains are held here (specs/05-kinds.md, KI-28)."""

import sqlite3
from dataclasses import dataclass

from hedgerow_node.store.database import Database
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.message import MessageId

CHAINS = """
SELECT d.key, max(m.seq), m.id, m.received, count(DISTINCT m.seq), sum(m.body IS NULL AND m.erased = 0)
FROM messages AS m JOIN devices AS d ON d.row = m.device
WHERE m.author = (SELECT row FROM authors WHERE key = ?) AND m.kind <> 0 GROUP BY m.device
"""
"""Of each device the last message; SQLite takes the bare columns from the row with the greatest number."""
GIVEN_SINCE = """
SELECT r.device FROM receipts AS r JOIN messages AS m ON m.row = r.row
WHERE r.author = (SELECT row FROM authors WHERE key = ?) AND m.ts > ?
"""
GIVEN = """
SELECT 1 FROM receipts WHERE device = ? AND seq = ? AND author = (SELECT row FROM authors WHERE key = ?)
"""
HOLDERS = """
SELECT DISTINCT a.key FROM receipts AS r JOIN authors AS a ON a.row = r.author
JOIN messages AS m ON m.id = r.held AND m.seq = r.seq
WHERE r.device = ? AND r.seq >= ? AND m.device = (SELECT row FROM devices WHERE key = ?)
"""


@dataclass(frozen=True, slots=True)
class Chain:
    """What is held of a device without a gap, up to its last message."""

    device: DeviceKey
    seq: int
    id: MessageId
    since: float
    """When the last message was received, in Unix seconds."""


class Receipts:
    """Receipts in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def chains(self, author: AuthorKey) -> list[Chain]:
        """The chains of an author's devices that are here whole, the latest last."""
        rows = await self._database.read(lambda db: db.execute(CHAINS, (author,)).fetchall())
        whole = [
            Chain(DeviceKey(device), seq, MessageId(identifier), received)
            for device, seq, identifier, received, held, lacking in rows
            if held == seq and not lacking
        ]
        return sorted(whole, key=lambda one: one.since)

    async def given_since(self, giver: AuthorKey, since: float) -> set[DeviceKey]:
        """The devices of which `giver` said since then, by its own time, that their chain is held."""
        sql = (giver, since)
        return await self._database.read(
            lambda db: {DeviceKey(device) for (device,) in db.execute(GIVEN_SINCE, sql)}
        )

    async def has_given(self, giver: AuthorKey, chain: Chain) -> bool:
        """Whether `giver` has said so of exactly this end of the chain."""
        sql = (chain.device, chain.seq, giver)
        return await self._database.read(lambda db: db.execute(GIVEN, sql).fetchone() is not None)

    async def holders(self, device: DeviceKey, seq: int) -> set[AuthorKey]:
        """Who says to hold this message of a device, or a later one of the same chain, as the chain is here."""
        return await self._database.read(lambda db: _holders(db, device, seq))


def _holders(db: sqlite3.Connection, device: bytes, seq: int) -> set[AuthorKey]:
    return {AuthorKey(author) for (author,) in db.execute(HOLDERS, (device, seq, device))}
