"""Ties: who follows, introduces and vouches for whom, as far as messages here say so."""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass

from hedgerow_node.store.database import Database
from hedgerow_node.store.viewpoint import Viewpoint, key_of, load
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind

TIES = """SELECT a.key, t.thing FROM heads AS h
    JOIN authors AS a ON a.row = h.author JOIN things AS t ON t.row = h.thing
    WHERE h.kind = {} AND h.slot IS NOT NULL"""
FOLLOWS = TIES.format(f"{Kind.FOLLOW:d}")
VOUCHES = TIES.format(f"{Kind.VOUCH:d}")
INTRODUCED = f"""SELECT h.author, t.thing, o.thing FROM heads AS h
    JOIN things AS t ON t.row = h.thing JOIN things AS o ON o.row = h.other WHERE h.kind = {Kind.INTRODUCE:d}
"""  # noqa: S608
VOUCHED = f"""SELECT h.author, t.thing FROM heads AS h JOIN things AS t ON t.row = h.thing
    WHERE h.kind = {Kind.VOUCH:d} AND h.slot IS NOT NULL
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Sponsors:
    """Who of those whom the owner follows speaks for somebody."""

    introduced_by: tuple[AuthorKey, ...]
    vouched_by: tuple[AuthorKey, ...]


class Ties:
    """Questions about ties in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.me: AuthorKey | None = None
        """The owner; None: the author of the latest message signed here."""

    async def follows(self) -> dict[AuthorKey, set[AuthorKey]]:
        """Whom each author of whom something is held follows in public."""
        return await self._database.read(lambda db: _pairs(db, FOLLOWS))

    async def vouches(self) -> dict[AuthorKey, set[AuthorKey]]:
        """For whom each author of whom something is held stands."""
        return await self._database.read(lambda db: _pairs(db, VOUCHES))

    async def sponsors(self) -> dict[AuthorKey, Sponsors]:
        """Everybody whom people that the owner follows introduce or vouch for."""

        def work(db: sqlite3.Connection) -> dict[AuthorKey, Sponsors]:
            view = load(db, self.me)
            return {
                key: Sponsors(*[_keys(db, rows) for rows in found])
                for key, found in _sponsored(db, view).items()
            }

        return await self._database.read(work)

    async def has_introduced(self, author: AuthorKey, person: AuthorKey) -> bool:
        """Whether this author introduces this person to others."""
        return await self._database.read(lambda db: _has_introduced(db, author, person))


def sponsored(db: sqlite3.Connection) -> set[AuthorKey]:
    """Everybody whom people that the owner follows introduce or vouch for."""
    return set(_sponsored(db, load(db, None)))


def _sponsored(db: sqlite3.Connection, view: Viewpoint) -> dict[AuthorKey, tuple[set[int], set[int]]]:
    """By person the rows of who introduces and who vouches for them."""
    trusted = {*view.followed_rows, view.my_row} - view.hidden_rows.keys()
    found: defaultdict[AuthorKey, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for author, one, other in db.execute(INTRODUCED):
        for did in (one, other) if author in trusted else ():
            if (key := key_of(did)) is not None:
                found[key][0].add(author)
    for author, did in db.execute(VOUCHED):
        if author in trusted and (key := key_of(did)) is not None:
            found[key][1].add(author)
    return dict(found)


def _has_introduced(db: sqlite3.Connection, author: AuthorKey, person: AuthorKey) -> bool:
    (row,) = db.execute("SELECT row FROM authors WHERE key = ?", [author]).fetchone() or (None,)
    return any(
        said_by == row and person in (key_of(one), key_of(other))
        for said_by, one, other in db.execute(INTRODUCED)
    )


def _pairs(db: sqlite3.Connection, sql: str) -> dict[AuthorKey, set[AuthorKey]]:
    found: defaultdict[AuthorKey, set[AuthorKey]] = defaultdict(set)
    for author, did in db.execute(sql):
        if (key := key_of(did)) is not None:
            found[AuthorKey(author)].add(key)
    return dict(found)


def _keys(db: sqlite3.Connection, rows: set[int]) -> tuple[AuthorKey, ...]:
    find = "SELECT key FROM authors WHERE row = ?"
    return tuple([AuthorKey(db.execute(find, [row]).fetchone()[0]) for row in sorted(rows)])
