"""Threads: comments and the replies to them, as a tree.

A reply names the comment it answers in its refs, or is about that message; both hang it under it, also when that
comment was said anew since. What answers a comment that is not here, or not shown, stands at the top by itself.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from hedgerow_node.store.lineage import earlier_versions, messages_named
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
WHERE t.thing IN (SELECT value FROM json_each(?)) AND h.kind = {Kind.COMMENT:d}
"""  # noqa: S608


def comments_on(db: sqlite3.Connection, view: Viewpoint, thing: str) -> tuple[Thread, ...]:
    """The comments on a thing with all replies, the newest comment first."""
    found = db.execute(ON_THING, [thing, Kind.COMMENT, MAX_COMMENTS]).fetchall()
    return _grow(*_with_replies(db, view, _visible(view, found)), None)


def replies_to(db: sqlite3.Connection, view: Viewpoint, versions: Sequence[MessageId]) -> tuple[Thread, ...]:
    """What was said to a message, in whichever of these versions, the oldest first."""
    rows = _visible(view, _answers(db, versions))
    return _grow(*_with_replies(db, view, rows), message_thing(versions[0]))


def parent_of(statement: Statement) -> str | None:
    """The message that a comment answers, or None."""
    if statement.reply_to is not None:
        return statement.reply_to
    return statement.thing if message_id_of(statement.thing) is not None else None


def _with_replies(
    db: sqlite3.Connection, view: Viewpoint, rows: Sequence[int]
) -> tuple[list[Statement], dict[str, str]]:
    """The comments in these rows with all replies; and the earlier versions of them, with what these became."""
    found = dict.fromkeys(rows)
    became: dict[str, str] = {}
    latest = statements_in(db, view, rows)
    statements = list(latest)
    while latest and len(found) < MAX_COMMENTS:
        earlier = earlier_versions(db, messages_named(one.id for one in latest if one.replaces))
        became |= {message_thing(version): message_thing(head) for version, head in earlier.items()}
        answered = [*messages_named(one.id for one in latest), *earlier]
        new = [row for row in _visible(view, _answers(db, answered)) if row not in found]
        found |= dict.fromkeys(new)
        latest = statements_in(db, view, new)
        statements += latest
    return statements[:MAX_COMMENTS], became


def _answers(db: sqlite3.Connection, ids: Sequence[MessageId]) -> list[tuple[int, int]]:
    by_reference = list(select_in(db, REPLIES, ids))
    by_thing = db.execute(ON_MESSAGES, [json.dumps(list(map(message_thing, ids)))]).fetchall()
    return sorted({*by_reference, *by_thing})[:MAX_COMMENTS]


def _visible(view: Viewpoint, found: Iterable[tuple[int, int]]) -> list[int]:
    return [row for row, author in found if author not in view.hidden_rows]


def _grow(statements: Sequence[Statement], became: Mapping[str, str], root: str | None) -> tuple[Thread, ...]:
    parents = _parents(statements, became)
    replies: defaultdict[str | None, list[Statement]] = defaultdict(list)
    for statement in statements:
        replies[parents.get(statement.id, root)].append(statement)
    tops = sorted(replies[root], key=_age, reverse=root is None)
    return tuple([_branch(statement, replies, 1) for statement in tops])


def _parents(statements: Sequence[Statement], became: Mapping[str, str]) -> dict[str, str]:
    """Under which of the other comments each stands; those at the top are left out."""
    known = {statement.id for statement in statements}
    parents = {}
    for statement in statements:
        named = parent_of(statement)
        parent = named if named in known or named is None else became.get(named)
        if parent in known:
            parents[statement.id] = parent
    # A comment that was said anew may answer what answers it: each of such a ring would hang under another.
    return {child: parent for child, parent in parents.items() if not _is_in_ring(child, parents)}


def _is_in_ring(child: str, parents: Mapping[str, str]) -> bool:
    passed: set[str] = set()
    at = parents.get(child)
    while at is not None and at != child and at not in passed:
        passed.add(at)
        at = parents.get(at)
    return at == child


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
