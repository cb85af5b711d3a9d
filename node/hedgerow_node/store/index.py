"""The index: what statements say, written so that it can be found by thing, slot, topic, time and word.

`add` and `forget` run inside a writing transaction: that of the messages themselves, or a later one when many came at
once (`backlog`). In whatever order messages are added, the same is found in the end. Each statement gets a row in
`statements`; each that nothing superseded also a row in `texts`, which both full-text tables index. A superseded
version stays readable through its message and is no longer found.

The full-text tables have no content of their own (migrations/0002.sql): a deletion is told the very words that
went in. Until the erasing pass runs `optimize`, those words remain in the pieces of the index as deleted.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from hedgerow_node.store.folding import fold, fold_address, foreign_words
from hedgerow_node.store.rows import as_list, author_rows, chunks, insert, select_in
from hedgerow_node.store.said import Said, said_by
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import STATEMENTS, Body, Receipt, Retract, Unknown, decode_body
from hedgerow_protocol.message import Message
from hedgerow_protocol.things import fold_topic

SLOT_NAME = 16
"""Bytes of a slot's hash that stand for it: only its own author could make two slots collide."""
SUPERSEDED = """
SELECT m.row FROM messages AS m WHERE m.id IN ({}) AND EXISTS (
    SELECT 1 FROM supersessions AS x WHERE x.author = m.author AND x.kind = m.kind AND x.target = m.id
)
"""
NAMED = """
SELECT thing FROM statements WHERE row IN (SELECT value FROM json_each(:rows))
UNION SELECT other FROM statements WHERE row IN (SELECT value FROM json_each(:rows))
UNION SELECT thing FROM trail_things WHERE row IN (SELECT value FROM json_each(:rows))
"""
FORGET = """
DELETE FROM things WHERE row IN (SELECT value FROM json_each(?))
AND NOT EXISTS (SELECT 1 FROM statements AS s WHERE s.thing = things.row)
AND NOT EXISTS (SELECT 1 FROM statements AS s WHERE s.other = things.row)
AND NOT EXISTS (SELECT 1 FROM trail_things AS s WHERE s.thing = things.row)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored message; `row` is that of the messages table, `received` in Unix seconds."""

    row: int
    message: Message
    received: float

    @property
    def at(self) -> int:
        """When it was signed or received, whichever is earlier, in whole Unix seconds."""
        return min(self.message.header.ts, int(self.received))


@dataclass(frozen=True, slots=True)
class Statement:
    """An entry that says something, with its decoded body."""

    entry: Entry
    body: Body
    said: Said


@dataclass(frozen=True, slots=True)
class Text:
    """What is found by words, under a row of `texts`; `at` in whole Unix seconds."""

    row: int
    at: int
    said: Said
    topics: tuple[str, ...]


def add(db: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Index messages that are in the database, each once; of what replaces others, those are no longer found.

    What people do not read, or what lacks a readable body, is not found itself.
    """
    for chunk in chunks(entries):
        statements = [statement for entry in chunk if (statement := _statement(entry)) is not None]
        superseded = _superseded(db, chunk)
        drop_texts(db, superseded)
        _add(db, statements)
        add_texts(
            db,
            [
                Text(one.entry.row, one.entry.at, one.said, one.body.topics)
                for one in statements
                if one.entry.row not in superseded
            ],
        )


def forget(db: sqlite3.Connection, rows: Sequence[int]) -> None:
    """Remove every trace of the statements in these message rows, and things and topics that only they named.

    Rows that are not indexed are passed over.
    """
    named = as_list(rows)
    drop_texts(db, rows)
    things = db.execute(NAMED, {"rows": named}).fetchall()
    for table in ("refs", "trail_things", "receipts", "statements"):
        db.execute(f"DELETE FROM {table} WHERE row IN (SELECT value FROM json_each(?))", [named])  # noqa: S608
    db.execute(FORGET, [as_list(thing for (thing,) in things if thing is not None)])


def slot_name(slot: str | None) -> bytes | None:
    """What stands for a slot in the database, 16 bytes; None for a kind without slots."""
    return None if slot is None else sha256(slot.encode()).digest()[:SLOT_NAME]


def add_texts(db: sqlite3.Connection, texts: Sequence[Text]) -> None:
    """Make texts findable by their words and topics; their rows are new."""
    if not texts:
        return
    _tag(db, texts)
    insert(db, "INSERT INTO texts", [_folded(text) for text in texts])
    rows = as_list(text.row for text in texts)
    db.execute(
        "INSERT INTO words (rowid, title, keywords, summary, reason, address)"
        " SELECT row, title, keywords, summary, reason, address FROM texts"
        " WHERE row IN (SELECT value FROM json_each(?)) ORDER BY row",
        [rows],
    )
    db.execute(
        "INSERT INTO grams (rowid, title, keywords, foreign_words)"
        " SELECT row, title, keywords, foreign_words FROM texts"
        " WHERE row IN (SELECT value FROM json_each(?)) ORDER BY row",
        [rows],
    )


def drop_texts(db: sqlite3.Connection, rows: Collection[int]) -> None:
    """Take texts out of everything by which they were findable; rows without a text are passed over."""
    if not rows:
        return
    named = as_list(rows)
    db.execute(
        "INSERT INTO words (words, rowid, title, keywords, summary, reason, address)"
        " SELECT 'delete', row, title, keywords, summary, reason, address FROM texts"
        " WHERE row IN (SELECT value FROM json_each(?))",
        [named],
    )
    db.execute(
        "INSERT INTO grams (grams, rowid, title, keywords, foreign_words)"
        " SELECT 'delete', row, title, keywords, foreign_words FROM texts"
        " WHERE row IN (SELECT value FROM json_each(?))",
        [named],
    )
    db.execute("DELETE FROM texts WHERE row IN (SELECT value FROM json_each(?))", [named])
    _untag(db, named)


def _statement(entry: Entry) -> Statement | None:
    message = entry.message
    if message.body is None or message.header.kind not in STATEMENTS:
        return None
    try:
        body = decode_body(message.header.kind, message.body)
    except RemoteProtocolError:
        return None
    said = said_by(message, body)
    return None if said is None else Statement(entry, body, said)


def _add(db: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    things = _rows_of_things(db, statements)
    authors = author_rows(db, {one.entry.message.header.author for one in statements})
    insert(
        db,
        "INSERT INTO statements (row, kind, author, thing, other, slot, at)",
        [
            (
                one.entry.row,
                one.entry.message.header.kind,
                authors[one.entry.message.header.author],
                things[one.said.thing],
                None if one.said.other is None else things[one.said.other],
                _slot_of(one.body),
                one.entry.at,
            )
            for one in statements
        ],
    )
    insert(db, "INSERT OR IGNORE INTO refs (target, relation, row)", list(_refs(statements)))
    named = [(things[thing], is_origin, row) for thing, is_origin, row in _things_of_trails(statements)]
    insert(db, "INSERT OR IGNORE INTO trail_things (thing, is_origin, row)", named)
    insert(db, "INSERT INTO receipts (row, author, device, seq, held)", list(_receipts(statements, authors)))


def _rows_of_things(db: sqlite3.Connection, statements: Sequence[Statement]) -> dict[str, int]:
    named = [(one.said.thing, one.said.other, one.said.origin, *one.said.steps) for one in statements]
    things = {thing for several in named for thing in several if thing is not None}
    insert(db, "INSERT OR IGNORE INTO things (thing)", [(thing,) for thing in sorted(things)])
    return dict(select_in(db, "SELECT thing, row FROM things WHERE thing IN ({})", things))


def _slot_of(body: Body) -> bytes | None:
    content = body.content
    return None if isinstance(content, Retract | Unknown) else slot_name(content.slot)


def _refs(statements: Sequence[Statement]) -> Iterator[tuple[bytes, int, int]]:
    for one in statements:
        for relation, target in one.body.refs:
            yield target, relation, one.entry.row


def _things_of_trails(statements: Sequence[Statement]) -> Iterator[tuple[str, bool, int]]:
    for one in statements:
        for thing in one.said.steps:
            yield thing, False, one.entry.row
        if one.said.origin is not None:
            yield one.said.origin, True, one.entry.row


def _receipts(
    statements: Sequence[Statement], authors: Mapping[AuthorKey, int]
) -> Iterator[tuple[int, int, bytes, int, bytes]]:
    for one in statements:
        match one.body.content:
            case Receipt(device, seq, held):
                yield one.entry.row, authors[one.entry.message.header.author], device, seq, held


def _superseded(db: sqlite3.Connection, entries: Sequence[Entry]) -> set[int]:
    # Both orders happen: a version may come after the one that replaces it.
    ids = {entry.message.id for entry in entries}
    ids.update(target for entry in entries for target in entry.message.header.replaces)
    return {row for (row,) in select_in(db, SUPERSEDED, ids)}


def _folded(text: Text) -> tuple[int, str, str, str, str, str, str]:
    said = text.said
    summary, reason = fold(said.summary), fold(said.reason)
    return (
        text.row,
        fold(said.title),
        fold(", ".join(said.keywords)),
        summary,
        reason,
        fold_address(said.thing) if said.has_address else "",
        " ".join([*foreign_words(summary), *foreign_words(reason)]),
    )


def _tag(db: sqlite3.Connection, texts: Sequence[Text]) -> None:
    tags = {
        (words, text.at, text.row) for text in texts for topic in text.topics if (words := fold_topic(topic))
    }
    named = sorted({words for words, _, _ in tags})
    insert(db, "INSERT OR IGNORE INTO topics (words)", [(words,) for words in named])
    topics = dict(select_in(db, "SELECT words, row FROM topics WHERE words IN ({})", named))
    insert(
        db,
        "INSERT OR IGNORE INTO tagged (topic, at, text)",
        [(topics[words], at, row) for words, at, row in sorted(tags)],
    )


def _untag(db: sqlite3.Connection, named: str) -> None:
    topics = db.execute(
        "SELECT DISTINCT topic FROM tagged WHERE text IN (SELECT value FROM json_each(?))", [named]
    ).fetchall()
    if not topics:
        return
    db.execute("DELETE FROM tagged WHERE text IN (SELECT value FROM json_each(?))", [named])
    db.execute(
        "DELETE FROM topics WHERE row IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM tagged WHERE tagged.topic = topics.row)",
        [as_list(topic for (topic,) in topics)],
    )
