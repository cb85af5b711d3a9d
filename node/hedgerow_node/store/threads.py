"""Threads: comments and the replies to them, as a tree.

A reply names the comment it answers in its refs, or is about that message; both hang it under it. What answers a
comment that is not here, or not shown, stands at the top by itself.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence

from hedgerow_node.store.records import Statement, Thread
from hedgerow_node.store.rows import select_in
from hedgerow_node.store.statements import statements_in
from hedgerow_node.store.viewpoint import Viewpoint
from hedgerow_protocol.kinds import Kind, Reference
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.things import message_id_of, message_thing

MAX_COMMENTS = 500
"""Comments of one tree."""
MAX_DEPTH = 24
"""Levels of replies that are drawn; deeper ones stand beside the last, as no page is wide enough."""
ON_THING = """
SELECT row, author FROM heads WHERE thing = (SELECT row FROM things WHERE thing = ?) AND kind = ?
ORDER BY at DESC, row DESC LIMIT ?
"""
REPLIES = f"""
SELECT h.row, h.author FROM refs AS r JOIN heads AS h ON h.row = r.row
WHERE r.target IN ({{}}) AND r.relation = {Reference.REPLY_TO:d} AND h.kind = {Kind.COMMENT:d}
"""  # noqa: S608
ON_MESSAGES = f"""
SELECT h.row, h.author FROM things AS t JOIN heads AS h ON h.thing = t.row
WHERE t.thing IN ({{}}) AND h.kind = {Kind.COMMENT:d}
"""  # noqa: S608


def comments_on(db: sqlite3.Connection, view: Viewpoint, thing: str) -> tuple[Thread, ...]:
    """The comments on a thing with all replies, the newest comment first."""
    found = db.execute(ON_THING, [thing, Kind.COMMENT, MAX_COMMENTS]).fetchall()
    rows = _visible(view, found)
    return _grow(_with_replies(db, view, rows), None)


def replies_to(db: sqlite3.Connection, view: Viewpoint, identifier: MessageId) -> tuple[Thread, ...]:
    """What was said to a message, the oldest first."""
    rows = _visible(view, _answers(db, [identifier]))
    return _grow(_with_replies(db, view, rows), message_thing(identifier))


def parent_of(statement: Statement) -> str | None:
    """The message that a comment answers, or None."""
    if statement.reply_to is not None:
        return statement.reply_to
    return statement.thing if message_id_of(statement.thing) is not None else None


def _with_replies(db: sqlite3.Connection, view: Viewpoint, rows: Sequence[int]) -> list[Statement]:
    found = dict.fromkeys(rows)
    latest = statements_in(db, view, rows)
    statements = list(latest)
    while latest and len(found) < MAX_COMMENTS:
        ids = [identifier for statement in latest if (identifier := message_id_of(statement.id))]
        new = [row for row in _visible(view, _answers(db, ids)) if row not in found]
        found |= dict.fromkeys(new)
        latest = statements_in(db, view, new)
        statements += latest
    return statements[:MAX_COMMENTS]


def _answers(db: sqlite3.Connection, ids: Sequence[bytes]) -> list[tuple[int, int]]:
    by_reference = list(select_in(db, REPLIES, ids))
    places = ",".join("?" * len(ids))
    by_thing = db.execute(ON_MESSAGES.format(places), list(map(message_thing, ids))).fetchall()
    return sorted({*by_reference, *by_thing})[:MAX_COMMENTS]


def _visible(view: Viewpoint, found: Iterable[tuple[int, int]]) -> list[int]:
    return [row for row, author in found if author not in view.hidden_rows]


def _grow(statements: Sequence[Statement], root: str | None) -> tuple[Thread, ...]:
    known = {statement.id for statement in statements}
    replies: defaultdict[str | None, list[Statement]] = defaultdict(list)
    for statement in statements:
        parent = parent_of(statement)
        replies[parent if parent in known else root].append(statement)
    tops = sorted(replies[root], key=_age, reverse=root is None)
    return tuple([_branch(statement, replies, 1) for statement in tops])


def _branch(statement: Statement, replies: dict[str | None, list[Statement]], depth: int) -> Thread:
    below = sorted(replies.get(statement.id, []), key=_age)
    if depth < MAX_DEPTH:
        return Thread(statement, tuple([_branch(reply, replies, depth + 1) for reply in below]))
    return Thread(statement, tuple([Thread(reply) for reply in _flat(below, replies)]))


def _flat(below: Sequence[Statement], replies: dict[str | None, list[Statement]]) -> list[Statement]:
    found = list(below)
    for statement in found:
        found += replies.get(statement.id, [])
    return sorted(found, key=_age)


def _age(statement: Statement) -> tuple[int, str]:
    return statement.at, statement.id
