"""Withholding: what a block or a takedown keeps away from this node, inside a transaction.

A message that is withheld keeps its header and loses its body, like one that its author withdrew: its author's sets
stay what everybody else has, its text is given to nobody, and it is not fetched again (specs/08-sync.md, SY-26). Which
messages these are follows from standing decisions: of a person that is blocked or taken down all but the control
kinds, of a message by its id, of an address every message that names it. What a message without a body named is
remembered (`withheld`). A decision that is undone lets those return that no other one keeps away; their bodies then
come from whoever has them. One's own messages are never withheld: those one withdraws.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hedgerow_node.store import erasure, index, weeks
from hedgerow_node.store.rows import as_list, chunks, insert, select_in
from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, did_of
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_id_of, message_thing

HAS_DECISIONS = """SELECT EXISTS (SELECT 1 FROM blocks) OR EXISTS (SELECT 1 FROM policy_blocks)
    OR EXISTS (SELECT 1 FROM takedowns WHERE undone IS NULL) OR EXISTS (SELECT 1 FROM withheld)"""
TAKEN_DOWN = "SELECT target FROM takedowns WHERE undone IS NULL AND target IN ({})"
BLOCKED = "SELECT target FROM blocks WHERE target IN ({})"
BY_POLICY = "SELECT target FROM policy_blocks WHERE target IN ({})"
REMEMBERED = "SELECT message FROM withheld WHERE message IN ({})"
REMEMBER = "INSERT OR IGNORE INTO withheld (message, target)"
FORGET = "DELETE FROM withheld WHERE target = ?"
NAMED = "row IN (SELECT value FROM json_each(?))"
HELD = f"SELECT row, id, body IS NOT NULL FROM messages WHERE {NAMED} AND NOT erased AND NOT own"  # noqa: S608
ERASE = f"UPDATE messages SET body = NULL, erased = 1, dropped = 0 WHERE {NAMED}"  # noqa: S608
ERASE_ASIDE = f"UPDATE aside SET body = NULL, erased = 1 WHERE {NAMED} AND NOT own"  # noqa: S608
OF_AUTHOR = """SELECT row FROM messages INDEXED BY messages_of_author
    WHERE author = (SELECT row FROM authors WHERE key = ?) AND control = 0"""
OF_AUTHOR_ASIDE = """SELECT row FROM aside
    WHERE author = (SELECT row FROM authors WHERE key = ?) AND kind NOT IN (0, 1) AND kind NOT BETWEEN 80 AND 99"""
BY_ID = "SELECT row FROM {table} WHERE id = ?"
BODIES = """SELECT row, id, body FROM {table} WHERE row > ? AND row <= ? AND body IS NOT NULL AND NOT own
    AND instr(body, CAST(? AS BLOB))"""
RETURNING = """SELECT m.row, m.id, a.key FROM {table} AS m JOIN authors AS a ON a.row = m.author
    WHERE m.{named} AND m.erased AND NOT EXISTS (
        SELECT 1 FROM retractions AS r WHERE r.target = m.id AND r.author = m.author)"""
RETURN = "UPDATE {table} SET erased = 0 WHERE row IN (SELECT value FROM json_each(?))"
TABLES = ("messages", "aside")


@dataclass(frozen=True, slots=True)
class Named:
    """A message as far as decisions look at it."""

    id: MessageId
    author: AuthorKey
    body: bytes | None = None


Rows = Mapping[str, Collection[int]]
"""Rows by table."""


def kept_away(
    db: sqlite3.Connection, messages: Iterable[Message], *, remembers: bool = True
) -> set[MessageId]:
    """Those of these, all of them signed elsewhere, whose bodies are not taken in.

    That one of them names an address is remembered where its header is kept.
    """
    if not has_decisions(db):
        return set()
    named = [Named(one.id, one.header.author, one.body) for one in messages if not one.header.is_control]
    by_address = dict(_naming(db, named))
    if remembers:
        insert(db, REMEMBER, [(key, target) for key, targets in by_address.items() for target in targets])
    return _decided(db, named) | by_address.keys()


def has_decisions(db: sqlite3.Connection) -> bool:
    """Whether there is any block or takedown here: most nodes have none, and every message is asked about."""
    return bool(db.execute(HAS_DECISIONS).fetchone()[0])


def _decided(db: sqlite3.Connection, named: Collection[Named]) -> set[MessageId]:
    """Those that a decision on their id or author keeps away, or one on an address that they were seen to name."""
    names = {message_thing(one.id): one.id for one in named}
    denied = denied_among(db, {one.author for one in named})
    found = {names[target] for (target,) in select_in(db, TAKEN_DOWN, names)}
    found |= {MessageId(key) for (key,) in select_in(db, REMEMBERED, [one.id for one in named])}
    return found | {one.id for one in named if one.author in denied}


def denied_among(db: sqlite3.Connection, authors: Iterable[AuthorKey]) -> set[AuthorKey]:
    """Those of these people who are blocked, or were taken down here."""
    dids = {did_of(author): author for author in authors}
    rules = (TAKEN_DOWN, BLOCKED, BY_POLICY)
    return {dids[target] for sql in rules for (target,) in select_in(db, sql, dids)}


def _naming(db: sqlite3.Connection, named: Iterable[Named]) -> Iterator[tuple[MessageId, set[str]]]:
    """What each of these names that was taken down as an address."""
    texts = {one.id: set(texts_in(one.body)) for one in named if one.body is not None}
    everything = {text for each in texts.values() for text in each}
    targets = {target for (target,) in select_in(db, TAKEN_DOWN, everything)}
    for key, each in texts.items():
        if found := each & targets:
            yield key, found


def texts_in(body: bytes) -> Iterator[str]:
    """Every text of a body that could be a thing, whatever its kind."""
    try:
        values = [codec.read(body, limits.MAX_BODY)]
    except RemoteProtocolError:
        return
    while values:
        value = values.pop()
        if isinstance(value, tuple):
            values.extend(value)
        elif isinstance(value, str) and ":" in value:
            yield value


def rows_of(db: sqlite3.Connection, target: str, author: AuthorKey | None) -> Rows:
    """What is held of a person, or the message of this name."""
    if author is not None:
        found = [db.execute(sql, [author]).fetchall() for sql in (OF_AUTHOR, OF_AUTHOR_ASIDE)]
    else:
        identifier = message_id_of(target)
        found = [db.execute(BY_ID.format(table=table), [identifier]).fetchall() for table in TABLES]
    return {table: [row for (row,) in rows] for table, rows in zip(TABLES, found, strict=True)}


def rows_naming(db: sqlite3.Connection, target: str, table: str, after: int, until: int) -> list[int]:
    """Of the rows after `after` up to `until` those whose bodies name this address; they are remembered by it."""
    found = db.execute(BODIES.format(table=table), [after, until, target]).fetchall()
    return [row for row, _, body in found if target in texts_in(body)]


def still_naming(db: sqlite3.Connection, target: str, table: str, rows: Collection[int]) -> list[int]:
    """Those of these rows whose bodies name this address."""
    sql = f"SELECT row, body FROM {table} WHERE {NAMED} AND body IS NOT NULL"  # noqa: S608 - one of two names
    found = db.execute(sql, [as_list(rows)]).fetchall()
    return [row for row, body in found if target in texts_in(body)]


def remember(db: sqlite3.Connection, target: str, table: str, rows: Collection[int]) -> None:
    """Note that the messages in these rows name an address, before their bodies go."""
    named = as_list(rows)
    sql = f"SELECT id FROM {table} WHERE {NAMED} AND NOT own"  # noqa: S608 - one of two names
    insert(db, REMEMBER, [(key, target) for (key,) in db.execute(sql, [named]).fetchall()])


def withhold(db: sqlite3.Connection, rows: Rows) -> int:
    """Take the bodies of these rows away, one's own apart; of how many messages."""
    gone = 0
    for chunk in chunks(sorted(rows.get("messages", ()))):
        found = db.execute(HELD, [as_list(chunk)]).fetchall()
        gone += len(found)
        weeks.lose_bodies(db, [row for row, *_ in found])
        db.execute(ERASE, [as_list(row for row, *_ in found)])
        index.forget(db, [row for row, *_ in found])
    aside = db.execute(ERASE_ASIDE, [as_list(rows.get("aside", ()))]).rowcount
    if gone or aside:
        erasure.due(db)
    return gone


def let_return(db: sqlite3.Connection, rows: Rows) -> int:
    """Let the bodies of these rows come in again where no decision and no withdrawal stands against it; of how many."""
    returned = 0
    for table in TABLES:
        for chunk in chunks(sorted(rows.get(table, ()))):
            returned += _let_return(db, table, chunk)
    return returned


def _let_return(db: sqlite3.Connection, table: str, rows: Collection[int]) -> int:
    found = db.execute(RETURNING.format(table=table, named=NAMED), [as_list(rows)]).fetchall()
    named = {MessageId(key): Named(MessageId(key), AuthorKey(author)) for _, key, author in found}
    away = _decided(db, named.values())
    free = [row for row, key, _ in found if key not in away]
    if table == "messages":
        weeks.want_bodies(db, free)
    db.execute(RETURN.format(table=table), [as_list(free)])
    return len(free)


def rows_remembered(db: sqlite3.Connection, target: str) -> Rows:
    """The rows of the messages that were seen to name this address; they are remembered no more."""
    keys = [key for (key,) in db.execute("SELECT message FROM withheld WHERE target = ?", [target])]
    rows = {table: _rows(db, table, keys) for table in TABLES}
    db.execute(FORGET, [target])
    return rows


def addresses_of(db: sqlite3.Connection, message: MessageId) -> list[str]:
    """The addresses for whose sake a message was kept away."""
    sql = "SELECT target FROM withheld WHERE message = ? ORDER BY target"
    return [target for (target,) in db.execute(sql, [message])]


def rows_among(db: sqlite3.Connection, author: int, ids: Collection[MessageId]) -> Rows:
    """The rows of those of these messages that the author in this row wrote."""
    return {table: _rows(db, table, ids, author) for table in TABLES}


def _rows(db: sqlite3.Connection, table: str, keys: Iterable[bytes], author: int | None = None) -> list[int]:
    sql = f"SELECT row, author FROM {table} WHERE id IN ({{}})"  # noqa: S608 - one of two names
    return [row for row, owner in select_in(db, sql, keys) if author is None or owner == author]
