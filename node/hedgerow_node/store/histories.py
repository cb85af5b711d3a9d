"""Histories: the versions of what somebody said, and what became of one message.

Versions hang together by `replaces` in both directions and by their slot, in which two devices may have written at
the same time. A version that was withdrawn, or is not here, keeps its place without its text.
"""

import sqlite3

from hedgerow_node.store import withholding
from hedgerow_node.store.lineage import Held, held_among, messages_named
from hedgerow_node.store.records import MessageView, Rule, State, Statement, Version
from hedgerow_node.store.rows import select_in
from hedgerow_node.store.statements import kind_word, rows_of_messages, statements_in
from hedgerow_node.store.takedowns import standing_on
from hedgerow_node.store.threads import replies_to
from hedgerow_node.store.viewpoint import YOU, Viewpoint, did_of, label_of
from hedgerow_protocol.kinds import STATEMENTS, Kind
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.things import message_thing

MAX_VERSIONS = 200
"""Versions of one statement that are listed."""
LATER = "SELECT by, author, kind FROM supersessions WHERE target IN ({})"
IN_SLOT = """
SELECT m.id FROM statements AS s
JOIN statements AS o ON o.author = s.author AND o.kind = s.kind AND o.slot = s.slot
JOIN messages AS m ON m.row = o.row
WHERE s.row = ? ORDER BY m.ts DESC LIMIT ?
"""
WITHDRAWN = """SELECT m.id FROM messages AS m JOIN retractions AS r ON r.target = m.id AND r.author = m.author
    WHERE m.id IN ({})"""
RETRACTION = "SELECT min(by) FROM retractions WHERE target = ? AND author = ?"


def versions_of(db: sqlite3.Connection, view: Viewpoint, identifier: MessageId) -> tuple[Version, ...]:
    """All versions of what a message says, itself among them, newest first; those not here come last."""
    held = held_among(db, {identifier}).get(identifier)
    if held is None:
        return ()
    known = _related(db, held)
    statements = _statements(db, view, known)
    withdrawn = _withdrawn(db, known)
    versions = [
        _version(one, statements.get(message_thing(one.id)), one.id in withdrawn) for one in known.values()
    ]
    versions += [Version(message_thing(key), State.MISSING, None, None) for key in _missing(db, known)]
    versions.sort(key=lambda version: (-1 if version.ts is None else version.ts, version.id), reverse=True)
    return tuple(versions[:MAX_VERSIONS])


def view_message(db: sqlite3.Connection, view: Viewpoint, identifier: MessageId) -> MessageView | None:
    """A message of which at least the header is held."""
    held = held_among(db, {identifier}).get(identifier)
    if held is None:
        return None
    view.meet(db, [held.author])
    author = view.author(held.author)
    statement = _statements(db, view, {identifier: held}).get(message_thing(identifier))
    versions = versions_of(db, view, identifier)
    (withdrawn_by,) = db.execute(RETRACTION, [identifier, held.author]).fetchone()
    state = _state(held, statement, withdrawn_by is not None)
    return MessageView(
        id=message_thing(identifier),
        kind=kind_word(held.header.kind),
        author=author,
        device=did_of(held.header.device),
        seq=held.header.seq,
        ts=held.header.ts,
        received=held.received,
        own=author.relation == YOU,
        state=state,
        statement=statement,
        newer=held.header.kind not in set(Kind) or (statement is not None and statement.newer),
        withdrawn_by=message_thing(withdrawn_by) if held.is_erased and withdrawn_by else None,
        withheld=_why_withheld(db, view, author.did, identifier) if state is State.WITHHELD else (),
        versions=versions,
        replies=replies_to(db, view, [identifier, *messages_named(one.id for one in versions)]),
    )


def _related(db: sqlite3.Connection, start: Held) -> dict[MessageId, Held]:
    known: dict[MessageId, Held] = {}
    latest = {start.id: start} | held_among(
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
        found = held_among(db, (earlier | later) - known.keys())
        latest = {key: held for key, held in found.items() if held.is_version_of(start)}
    return known


def _missing(db: sqlite3.Connection, known: dict[MessageId, Held]) -> set[MessageId]:
    named = {target for held in known.values() for target in held.header.replaces}
    return named - rows_of_messages(db, named).keys()


def _statements(
    db: sqlite3.Connection, view: Viewpoint, known: dict[MessageId, Held]
) -> dict[str, Statement]:
    found = statements_in(db, view, [held.row for held in known.values()])
    return {statement.id: statement for statement in found}


def _withdrawn(db: sqlite3.Connection, known: dict[MessageId, Held]) -> set[MessageId]:
    return {MessageId(key) for (key,) in select_in(db, WITHDRAWN, known)}


def _version(held: Held, statement: Statement | None, is_withdrawn: bool) -> Version:
    return Version(message_thing(held.id), _state(held, statement, is_withdrawn), held.header.ts, statement)


def _state(held: Held, statement: Statement | None, is_withdrawn: bool) -> State:
    if held.is_erased:
        return State.WITHDRAWN if is_withdrawn else State.WITHHELD
    if statement is not None:
        return statement.state
    is_awaited = held.header.kind in STATEMENTS and not held.has_body
    return State.MISSING if is_awaited else State.CARRIED


def _why_withheld(
    db: sqlite3.Connection, view: Viewpoint, did: str, identifier: MessageId
) -> tuple[str, ...]:
    words = [f"you blocked {label_of(db, view, did)}"] if view.rules.get(did) is Rule.BLOCKED else []
    for target in (did, message_thing(identifier), *withholding.addresses_of(db, identifier)):
        decided = standing_on(db, target)
        if decided is not None:
            words.append(f"it was taken down here: {decided.reason}")
    return tuple(words)
