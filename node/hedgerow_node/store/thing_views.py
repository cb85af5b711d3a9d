"""A thing with everything known here about it: statements, connections both ways, comments, the private item."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from hedgerow_node.store import cursors
from hedgerow_node.store.cursors import TimeCursor
from hedgerow_node.store.feed import distinct
from hedgerow_node.store.items import item_of
from hedgerow_node.store.records import (
    Author,
    Connection,
    Hidden,
    Item,
    Page,
    Rule,
    State,
    Statement,
    ThingView,
)
from hedgerow_node.store.rows import as_list, select_in
from hedgerow_node.store.statements import rows_of_messages, statements_in
from hedgerow_node.store.threads import comments_on
from hedgerow_node.store.titles import title_of
from hedgerow_node.store.trails import trails_through
from hedgerow_node.store.viewpoint import Viewpoint
from hedgerow_protocol import limits
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.things import fold_topic, is_web_address, message_id_of

MAX_CONNECTIONS = 300
MAX_AUTHORS = 100
MAX_TOPICS = 50
MAX_MARKS = 300
"""How much of each a page of a thing lists."""
RESOLVERS = {"doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/"}
"""Where a browser finds what an identifier names, for schemes whose owners run such a place."""

THING = "SELECT row FROM things WHERE thing = ?"
# Two walks in one order, merged: what is about the thing, and the connections that end at it.
NEWEST = """
SELECT row, at FROM statements
WHERE thing = :thing AND at <= :at AND (at < :at OR row < :row) AND row <= :top
AND author NOT IN (SELECT value FROM json_each(:hidden))
UNION
SELECT row, at FROM statements
WHERE other = :thing AND at <= :at AND (at < :at OR row < :row) AND row <= :top
AND author NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY 2 DESC, 1 DESC LIMIT :limit
"""
AUTHORS = """
SELECT author, max(at) FROM (
    SELECT author, at FROM statements WHERE thing = :thing
    UNION ALL SELECT author, at FROM statements WHERE other = :thing AND thing <> :thing
) GROUP BY author ORDER BY 2 DESC
"""
HIDDEN = """
SELECT author, count(*) FROM (
    SELECT author FROM statements WHERE thing = :thing
    UNION ALL SELECT author FROM statements WHERE other = :thing AND thing <> :thing
) WHERE author IN (SELECT value FROM json_each(:hidden)) GROUP BY author
"""
CONNECTIONS = """
SELECT row FROM (
    SELECT row, author, at FROM heads WHERE thing = :thing AND kind = :kind
    UNION SELECT row, author, at FROM heads WHERE other = :thing AND kind = :kind
) WHERE author NOT IN (SELECT value FROM json_each(:hidden)) ORDER BY at DESC, row DESC LIMIT :limit
"""
MARKS = """
SELECT row FROM heads WHERE thing = :thing AND kind = :kind
AND author NOT IN (SELECT value FROM json_each(:hidden)) ORDER BY at DESC, row DESC LIMIT :limit
"""
TOP = "SELECT coalesce(max(row), 0) FROM statements"
FATES = """SELECT m.id, m.erased, m.body IS NOT NULL, EXISTS (
    SELECT 1 FROM retractions AS r WHERE r.target = m.id AND r.author = m.author
) FROM messages AS m WHERE m.id IN ({})"""


def view_thing(db: sqlite3.Connection, view: Viewpoint, thing: str, limit: int) -> ThingView | None:
    """What is known here about a thing; None when nobody here names it."""
    row = _row_of(db, thing)
    item = item_of(db, thing)
    if row is None and item is None and not _is_held(db, thing):
        return None
    page = statements_on(db, view, thing, None, limit)
    comments = comments_on(db, view, thing)
    withdrawn, missing = _fates(db, page.results)
    return ThingView(
        thing=thing,
        title=title_of(db, view, thing),
        scheme=thing.partition(":")[0],
        address=address_of(thing),
        topics=_topics(page.results, item),
        authors=authors_on(db, view, thing),
        statements=page.results,
        next=page.next,
        connections=_connections(db, view, thing, row),
        checks=_last_checks(_marks(db, view, row, Kind.ATTEST)),
        labels=_marks(db, view, row, Kind.LABEL),
        trails=trails_through(db, view, row),
        comments=comments,
        item=item,
        hidden=page.hidden,
        withdrawn=withdrawn,
        missing=missing,
        listing=view.listing_of(db, thing),
    )


def statements_on(
    db: sqlite3.Connection, view: Viewpoint, thing: str, cursor: TimeCursor | None, limit: int
) -> Page[Statement]:
    """What was said about a thing, connections that lead to it among it, newest first and in every state."""
    row = _row_of(db, thing)
    if row is None:
        return Page(())
    (newest,) = db.execute(TOP).fetchone()
    place = cursor or TimeCursor(limits.MAX_UINT, limits.MAX_UINT, newest)
    values = {"thing": row, "hidden": as_list(view.hidden_rows), "limit": limit + 1}
    values |= {"at": place.at, "row": place.row, "top": place.top}
    found = db.execute(NEWEST, values).fetchall()
    following = None
    if len(found) > limit:
        last, at = found[limit - 1]
        following = cursors.write(TimeCursor(at, last, place.top))
    statements = statements_in(db, view, [statement for statement, _ in found[:limit]])
    # A trail is a thing that its own message speaks of.
    others = tuple([one for one in statements if one.id != thing])
    return Page(others, following, _hidden(db, view, row))


def authors_on(
    db: sqlite3.Connection, view: Viewpoint, thing: str, most: int = MAX_AUTHORS
) -> tuple[Author, ...]:
    """Who said something about a thing: you, then those you follow, then others, each group latest first."""
    row = _row_of(db, thing)
    if row is None:
        return ()
    found = [author for author, _ in db.execute(AUTHORS, {"thing": row}) if author not in view.hidden_rows]
    found.sort(key=lambda author: (author != view.my_row, author not in view.followed_rows))
    view.meet(db, found[:most])
    return distinct(view, [view.author(author) for author in found[:most]])


def address_of(thing: str) -> str | None:
    """What a browser opens to see the thing, or None."""
    if is_web_address(thing):
        return thing
    scheme, _, rest = thing.partition(":")
    resolver = RESOLVERS.get(scheme)
    return resolver + quote(rest) if resolver else None


def _row_of(db: sqlite3.Connection, thing: str) -> int | None:
    found = db.execute(THING, [thing]).fetchone()
    return None if found is None else int(found[0])


def _is_held(db: sqlite3.Connection, thing: str) -> bool:
    identifier = message_id_of(thing)
    return identifier is not None and bool(rows_of_messages(db, [identifier]))


def _topics(statements: Iterable[Statement], item: Item | None) -> tuple[str, ...]:
    shown = [statement for statement in statements if statement.state != State.SUPERSEDED]
    topics = [*(item.topics if item else ()), *(topic for statement in shown for topic in statement.topics)]
    spellings = {fold_topic(topic): topic for topic in reversed(topics)}
    return tuple(reversed(spellings.values()))[:MAX_TOPICS]


def _connections(
    db: sqlite3.Connection, view: Viewpoint, thing: str, row: int | None
) -> tuple[Connection, ...]:
    values = {
        "thing": row,
        "kind": Kind.CONNECT,
        "hidden": as_list(view.hidden_rows),
        "limit": MAX_CONNECTIONS,
    }
    rows = [found for (found,) in db.execute(CONNECTIONS, values)]
    return tuple([_connection(db, view, thing, one) for one in statements_in(db, view, rows)])


def _connection(db: sqlite3.Connection, view: Viewpoint, thing: str, statement: Statement) -> Connection:
    is_out = statement.thing == thing
    other = (statement.to or "") if is_out else statement.thing
    return Connection(
        id=statement.id,
        relation=statement.relation or "",
        direction="out" if is_out else "in",
        other=other,
        other_title=title_of(db, view, other),
        reason=statement.reason,
        author=statement.author,
        at=statement.at,
        state=statement.state,
        own=statement.own,
        newer=statement.newer,
    )


def _marks(db: sqlite3.Connection, view: Viewpoint, row: int | None, kind: Kind) -> tuple[Statement, ...]:
    values = {"thing": row, "kind": kind, "hidden": as_list(view.hidden_rows), "limit": MAX_MARKS}
    return tuple(statements_in(db, view, [found for (found,) in db.execute(MARKS, values)]))


def _last_checks(checks: Sequence[Statement]) -> tuple[Statement, ...]:
    """Of each author and claim the one that was checked last, the latest first."""
    ordered = sorted(checks, key=lambda one: (one.checked_at or 0, one.ts, one.id), reverse=True)
    last: dict[tuple[str, str | None], Statement] = {}
    for one in ordered:
        last.setdefault((one.author.did, one.claim), one)
    return tuple(last.values())


def _hidden(db: sqlite3.Connection, view: Viewpoint, row: int) -> tuple[Hidden, ...]:
    counts: Counter[tuple[str, Rule]] = Counter()
    if view.hidden_rows:
        found = db.execute(HIDDEN, {"thing": row, "hidden": as_list(view.hidden_rows)}).fetchall()
        view.meet(db, [author for author, _ in found])
        for author, count in found:
            counts[view.author(author).did, view.hidden_rows[author]] += count
    return view.hidden(db, counts)


def _fates(db: sqlite3.Connection, statements: Sequence[Statement]) -> tuple[int, int]:
    named: set[str] = set()
    for statement in statements:
        named.update(statement.replaces, statement.rests_on)
        named.update([statement.reply_to] if statement.reply_to else [])
    ids = {identifier for name in named if (identifier := message_id_of(name)) is not None}
    fates = {key: fate for key, *fate in select_in(db, FATES, ids)}
    withdrawn = sum(1 for erased, _, is_retracted in fates.values() if erased and is_retracted)
    absent = sum(1 for erased, has_body, _ in fates.values() if not erased and not has_body)
    return withdrawn, absent + len(ids) - len(fates)
