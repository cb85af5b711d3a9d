"""Histories: the versions of what somebody said, and what became of one message.

Versions hang together by `replaces` in both directions and by their slot, in which two devices may have written at
the same time. A version that was withdrawn, or is not here, keeps its place without its text.
"""

import sqlite3
from dataclasses import dataclass

from hedgerow_node.store.records import MessageView, State, Statement, Version
from hedgerow_node.store.rows import select_in
from hedgerow_node.store.statements import kind_word, rows_of_messages, statements_in
from hedgerow_node.store.threads import replies_to
from hedgerow_node.store.viewpoint import YOU, Viewpoint, did_of
from hedgerow_protocol.kinds import STATEMENTS
from hedgerow_protocol.message import Header, MessageId, decode_header
from hedgerow_protocol.things import message_thing

MAX_VERSIONS = 200
"""Versions of one statement that are listed."""
HEADERS = "SELECT row, id, header, author, erased, body IS NOT NULL, received FROM messages WHERE id IN ({})"
LATER = "SELECT by, author, kind FROM supersessions WHERE target IN ({})"
IN_SLOT = """
SELECT m.id FROM statements AS s
JOIN statements AS o ON o.author = s.author AND o.kind = s.kind AND o.slot = s.slot
JOIN messages AS m ON m.row = o.row
WHERE s.row = ? ORDER BY m.ts DESC LIMIT ?
"""
RETRACTION = "SELECT min(by) FROM retractions WHERE target = ? AND author = ?"


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of a message."""

    row: int
    id: MessageId
    header: Header
    author: int
    is_erased: bool
    has_body: bool
    received: float


def versions_of(db: sqlite3.Connection, view: Viewpoint, identifier: MessageId) -> tuple[Version, ...]:
    """All versions of what a message says, itself among them, newest first; those not here come last."""
    held = _held(db, {identifier}).get(identifier)
    if held is None:
        return ()
    known = _related(db, held)
    statements = _statements(db, view, known)
    versions = [_version(one, statements.get(message_thing(one.id))) for one in known.values()]
    versions += [Version(message_thing(key), State.MISSING, None, None) for key in _missing(db, known)]
    versions.sort(key=lambda version: (-1 if version.ts is None else version.ts, version.id), reverse=True)
    return tuple(versions[:MAX_VERSIONS])


def view_message(db: sqlite3.Connection, view: Viewpoint, identifier: MessageId) -> MessageView | None:
    """A message of which at least the header is held."""
    held = _held(db, {identifier}).get(identifier)
    if held is None:
        return None
    view.meet(db, [held.author])
    author = view.author(held.author)
    statement = _statements(db, view, {identifier: held}).get(message_thing(identifier))
    (withdrawn_by,) = db.execute(RETRACTION, [identifier, held.author]).fetchone()
    return MessageView(
        id=message_thing(identifier),
        kind=kind_word(held.header.kind),
        author=author,
        device=did_of(held.header.device),
        seq=held.header.seq,
        ts=held.header.ts,
        received=held.received,
        own=author.relation == YOU,
        state=_state(held, statement),
        statement=statement,
        withdrawn_by=message_thing(withdrawn_by) if held.is_erased and withdrawn_by else None,
        versions=versions_of(db, view, identifier),
        replies=replies_to(db, view, identifier),
    )


def _held(db: sqlite3.Connection, ids: set[MessageId]) -> dict[MessageId, Held]:
    return {
        MessageId(key): Held(
            row, MessageId(key), decode_header(header), author, bool(erased), bool(body), received
        )
        for row, key, header, author, erased, body, received in select_in(db, HEADERS, ids)
    }


def _related(db: sqlite3.Connection, start: Held) -> dict[MessageId, Held]:
    known: dict[MessageId, Held] = {}
    latest = {start.id: start} | _held(
        db, {MessageId(key) for (key,) in db.execute(IN_SLOT, [start.row, MAX_VERSIONS])}
    )
    while latest and len(known) < MAX_VERSIONS:
        known |= latest
        earlier = {target for held in latest.values() for target in held.header.replaces}
        later = {
            MessageId(by)
            for by, author, kind in select_in(db, LATER, latest)
            if (author, kind) == (start.author, start.header.kind)
        }
        found = _held(db, (earlier | later) - known.keys())
        latest = {key: held for key, held in found.items() if _is_version(held, start)}
    return known


def _is_version(held: Held, start: Held) -> bool:
    return held.author == start.author and held.header.kind == start.header.kind


def _missing(db: sqlite3.Connection, known: dict[MessageId, Held]) -> set[MessageId]:
    named = {target for held in known.values() for target in held.header.replaces}
    return named - rows_of_messages(db, named).keys()


def _statements(
    db: sqlite3.Connection, view: Viewpoint, known: dict[MessageId, Held]
) -> dict[str, Statement]:
    found = statements_in(db, view, [held.row for held in known.values()])
    return {statement.id: statement for statement in found}


def _version(held: Held, statement: Statement | None) -> Version:
    return Version(message_thing(held.id), _state(held, statement), held.header.ts, statement)


def _state(held: Held, statement: Statement | None) -> State:
    if held.is_erased:
        return State.WITHDRAWN
    if statement is not None:
        return statement.state
    is_awaited = held.header.kind in STATEMENTS and not held.has_body
    return State.MISSING if is_awaited else State.CARRIED
