"""Heads: the versions that stand, by author, kind and slot; what a new version replaces and a retraction names."""

import sqlite3
from collections.abc import Sequence

from hedgerow_node.store.feed import SPOKEN_LIST
from hedgerow_node.store.folding import sound
from hedgerow_node.store.index import slot_name
from hedgerow_node.store.records import Head, Statement
from hedgerow_node.store.rows import COLUMNS, author_rows, message_of
from hedgerow_node.store.statements import statements_in
from hedgerow_node.store.viewpoint import Viewpoint
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Message, MessageId

CURRENT = f"""
SELECT {COLUMNS} FROM standing AS h JOIN messages AS m ON m.row = h.row
WHERE h.author = (SELECT row FROM authors WHERE key = ?) AND h.kind = ? AND h.slot = ?
"""  # noqa: S608
HEADS = "SELECT id, ts, row FROM heads WHERE author = ? AND kind = ? AND slot = ? ORDER BY ts DESC, id DESC"
ON_THING = """
SELECT row FROM heads
WHERE author = (SELECT row FROM authors WHERE key = ?) AND thing = (SELECT row FROM things WHERE thing = ?)
ORDER BY at DESC, row DESC
"""
SAID_BY = f"""
SELECT s.row FROM statements AS s
WHERE s.author = (SELECT row FROM authors WHERE key = ?) AND s.kind IN ({SPOKEN_LIST})
AND EXISTS (SELECT 1 FROM standing AS h WHERE h.row = s.row)
ORDER BY s.at DESC, s.row DESC LIMIT ?
"""  # noqa: S608


def current_message(db: sqlite3.Connection, author: AuthorKey, kind: int, slot: str) -> Message | None:
    """The message that is current in a slot."""
    found = db.execute(CURRENT, [author, kind, slot_name(slot)]).fetchone()
    return None if found is None else message_of(found)


def heads_of(
    db: sqlite3.Connection, author: AuthorKey, kind: int, slots: Sequence[str]
) -> dict[str, list[Head]]:
    """The heads in each of these slots, newest first; slots without any are left out."""
    row = author_rows(db, [author]).get(author)
    found = {}
    for slot in slots:
        heads = db.execute(HEADS, [row, kind, slot_name(sound(slot))]).fetchall()
        if heads:
            found[slot] = [Head(MessageId(identifier), ts, number) for identifier, ts, number in heads]
    return found


def own_statements(
    db: sqlite3.Connection, view: Viewpoint, author: AuthorKey, thing: str
) -> tuple[Statement, ...]:
    """The heads of an author about a thing, newest first."""
    rows = [row for (row,) in db.execute(ON_THING, [author, thing])]
    return tuple(statements_in(db, view, rows))


def said_by(db: sqlite3.Connection, view: Viewpoint, author: AuthorKey, limit: int) -> tuple[Statement, ...]:
    """What an author says of things and stands by, newest first."""
    rows = [row for (row,) in db.execute(SAID_BY, [author, limit])]
    return tuple(statements_in(db, view, rows))
