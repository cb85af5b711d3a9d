"""Invites: those that were issued here and who accepted them, and acceptances kept for inviters who are away.

A node that carries an inviter takes acceptances for him while he is not connected. Signatures are the caller's to
check; what keeps a stranger's invites from filling the disk is the room that each inviter has.
"""

import sqlite3
from dataclasses import dataclass

from hedgerow_node.store.connection import change
from hedgerow_node.store.database import Database
from hedgerow_protocol.keys import AuthorKey

MAX_KEPT = 1_024
"""Acceptances kept in all; a new one then takes the place of the one whose invite expires first."""
MAX_KEPT_OF_INVITER = 128
"""Acceptances kept for one inviter: a class that joins in one lesson, and nobody takes the room of all others."""

ISSUED = "id, token, expiry, uses, makes_member, created"
USED = "(SELECT count(*) FROM acceptances AS a WHERE a.invite = i.id)"
FIND = f"SELECT id, token, expiry, uses, {USED}, makes_member, created FROM invites AS i"  # noqa: S608
ISSUE = f"INSERT INTO invites ({ISSUED}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
HAS_ACCEPTED = "SELECT 1 FROM acceptances WHERE invite = ? AND author = ?"
ACCEPTORS = "SELECT count(*) FROM acceptances WHERE invite = ?"
ACCEPT = "INSERT INTO acceptances (invite, author, at) VALUES (?, ?, ?)"
KEPT = "invite_id, author, invite, acceptance"
KEEP = f"INSERT INTO kept_acceptances ({KEPT}, inviter, expiry) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
KEPT_FOR = f"SELECT {KEPT} FROM kept_acceptances WHERE inviter = ? ORDER BY row"  # noqa: S608
ROOM = "SELECT count(*), coalesce(sum(inviter = ?), 0) FROM kept_acceptances"
FIRST_TO_EXPIRE = "SELECT row, expiry FROM kept_acceptances ORDER BY expiry, row LIMIT 1"
DROP = "DELETE FROM kept_acceptances WHERE invite_id = ? AND author = ?"


@dataclass(frozen=True, slots=True)
class Issued:
    """An invite that was issued here."""

    id: bytes
    """32 bytes."""
    token: bytes
    """`limits.INVITE_TOKEN` bytes."""
    expiry: int
    """Unix seconds: when it ends, which may be before what it says itself."""
    uses: int
    """How many may accept it."""
    used: int
    """How many did."""
    makes_member: bool
    created: float


@dataclass(frozen=True, slots=True)
class Kept:
    """An acceptance that waits for its inviter; both parts as they came."""

    invite_id: bytes
    author: AuthorKey
    """Who accepted."""
    invite: bytes
    acceptance: bytes


class Invites:
    """Invites and acceptances in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, issued: Issued) -> None:
        """Keep an invite that was made here; its id is new."""
        values = (
            issued.id,
            issued.token,
            issued.expiry,
            issued.uses,
            issued.makes_member,
            issued.created,
        )
        await self._database.write(lambda db: change(db, ISSUE, values))

    async def find(self, invite: bytes) -> Issued | None:
        """The invite with this id, if it was issued here."""
        row = await self._database.read(lambda db: db.execute(f"{FIND} WHERE id = ?", (invite,)).fetchone())
        return None if row is None else _issued(row)

    async def all(self) -> list[Issued]:
        """Every invite that was issued here, in the order of issuing."""
        return await self._database.read(
            lambda db: [_issued(row) for row in db.execute(f"{FIND} ORDER BY row")]
        )

    async def end(self, invite: bytes, at: float) -> bool:
        """Let nobody in any more by the invite with this id, from `at` (Unix seconds) on; whether it was open."""
        sql = "UPDATE invites SET expiry = ? WHERE id = ? AND expiry > ?"
        expiry = int(at) - 1
        return await self._database.write(lambda db: change(db, sql, (expiry, invite, expiry)))

    async def accept(self, invite: bytes, author: AuthorKey, at: float, uses: int | None = None) -> bool:
        """Let `author` in by the invite with this id; False when it is used up or was never issued.

        `uses` says how many an invite of somebody else lets in. Whoever accepted before is let in again and counts
        once.
        """
        return await self._database.write(lambda db: _accept(db, invite, author, at, uses))

    async def keep(self, inviter: AuthorKey, kept: Kept, expiry: int) -> bool:
        """Keep an acceptance for its inviter until `expiry` (Unix seconds); False when there is no room for it.

        It takes the place of an earlier one by the same author of the same invite.
        """
        return await self._database.write(lambda db: _keep(db, inviter, kept, expiry))

    async def kept_for(self, inviter: AuthorKey) -> list[Kept]:
        """What waits for this inviter, in the order of coming."""
        return await self._database.read(lambda db: [Kept(*row) for row in db.execute(KEPT_FOR, (inviter,))])

    async def kept_count(self, invite: bytes) -> int:
        """How many acceptances of the invite with this id are kept."""
        sql = "SELECT count(*) FROM kept_acceptances WHERE invite_id = ?"
        return await self._database.read(lambda db: int(db.execute(sql, (invite,)).fetchone()[0]))

    async def kept_in_all(self) -> int:
        """How many acceptances are kept for inviters who are away."""
        sql = "SELECT count(*) FROM kept_acceptances"
        return await self._database.read(lambda db: int(db.execute(sql).fetchone()[0]))

    async def drop_kept(self, invite: bytes, author: AuthorKey) -> None:
        """The inviter has this acceptance."""
        await self._database.write(lambda db: change(db, DROP, (invite, author)))

    async def drop_expired(self, now: float) -> int:
        """Drop what is kept of invites that expired before `now`; how many that were."""
        sql = "DELETE FROM kept_acceptances WHERE expiry < ?"
        return await self._database.write(lambda db: db.execute(sql, (now,)).rowcount)


def _issued(row: tuple[bytes, bytes, int, int, int, int, float]) -> Issued:
    invite, token, expiry, uses, used, makes_member, created = row
    return Issued(invite, token, expiry, uses, used, bool(makes_member), created)


def _accept(db: sqlite3.Connection, invite: bytes, author: AuthorKey, at: float, uses: int | None) -> bool:
    if db.execute(HAS_ACCEPTED, (invite, author)).fetchone():
        return True
    if uses is None:
        issued = db.execute("SELECT uses FROM invites WHERE id = ?", (invite,)).fetchone()
        uses = 0 if issued is None else int(issued[0])
    (used,) = db.execute(ACCEPTORS, (invite,)).fetchone()
    if used >= uses:
        return False
    db.execute(ACCEPT, (invite, author, at))
    return True


def _keep(db: sqlite3.Connection, inviter: AuthorKey, kept: Kept, expiry: int) -> bool:
    db.execute(DROP, (kept.invite_id, kept.author))
    count, of_inviter = db.execute(ROOM, (inviter,)).fetchone()
    if of_inviter >= MAX_KEPT_OF_INVITER:
        return False
    if count >= MAX_KEPT:
        row, first_expiry = db.execute(FIRST_TO_EXPIRE).fetchone()
        if expiry <= first_expiry:
            return False
        db.execute("DELETE FROM kept_acceptances WHERE row = ?", (row,))
    db.execute(KEEP, (kept.invite_id, kept.author, kept.invite, kept.acceptance, inviter, expiry))
    return True
