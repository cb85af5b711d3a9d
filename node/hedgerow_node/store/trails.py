"""Trails: lists of them, and one with what the owner has done of it, what was forked from it, what others say of it."""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from hedgerow_node.store import cursors
from hedgerow_node.store.cursors import TimeCursor
from hedgerow_node.store.histories import versions_of
from hedgerow_node.store.records import (
    Hidden,
    Page,
    Place,
    Rule,
    State,
    Statement,
    Step,
    TrailEntry,
    TrailView,
)
from hedgerow_node.store.rows import as_list
from hedgerow_node.store.statements import rows_of_messages, statements_in
from hedgerow_node.store.titles import titles_of
from hedgerow_node.store.viewpoint import Viewpoint
from hedgerow_protocol import limits
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.things import message_id_of

MAX_TRAILS = 30
"""Trails through one thing, and forks of one trail, that are listed: each is read whole."""
MAX_SAID = 300
"""Statements about a trail that are listed with it."""
LATEST = f"""
SELECT s.row, s.at FROM statements AS s
WHERE s.kind = {Kind.TRAIL:d} AND s.at <= :at AND (s.at < :at OR s.row < :row) AND s.row <= :top
AND (:authors IS NULL OR s.author IN (SELECT value FROM json_each(:authors)))
AND s.author NOT IN (SELECT value FROM json_each(:hidden))
AND EXISTS (SELECT 1 FROM standing AS h WHERE h.row = s.row)
ORDER BY s.at DESC, s.row DESC LIMIT :limit
"""  # noqa: S608
# The plus keeps SQLite from walking all that somebody ever said who is muted.
HIDDEN = f"""
SELECT s.author, count(*) FROM statements AS s
WHERE s.kind = {Kind.TRAIL:d} AND s.at <= :at AND s.at >= :oldest AND s.row <= :top
AND (:authors IS NULL OR s.author IN (SELECT value FROM json_each(:authors)))
AND +s.author IN (SELECT value FROM json_each(:hidden))
AND EXISTS (SELECT 1 FROM standing AS h WHERE h.row = s.row)
GROUP BY s.author
"""  # noqa: S608
TOP = "SELECT coalesce(max(row), 0) FROM statements"
THROUGH = """
SELECT h.row FROM trail_things AS p JOIN standing AS h ON h.row = p.row
WHERE p.thing = :thing AND p.is_origin = 0 AND h.author NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY h.at DESC, h.row DESC LIMIT :limit
"""
FORKS = """
SELECT h.row FROM things AS t JOIN trail_things AS p ON p.thing = t.row JOIN standing AS h ON h.row = p.row
WHERE t.thing IN (SELECT value FROM json_each(:things)) AND p.is_origin = 1
AND h.author NOT IN (SELECT value FROM json_each(:hidden)) ORDER BY h.at DESC, h.row DESC LIMIT :limit
"""
SAID = f"""
SELECT h.row FROM things AS t JOIN heads AS h ON h.thing = t.row
WHERE t.thing IN (SELECT value FROM json_each(:things)) AND h.kind NOT IN ({Kind.TRAIL:d}, {Kind.COMMENT:d})
AND h.author NOT IN (SELECT value FROM json_each(:hidden)) ORDER BY h.at DESC, h.row DESC LIMIT :limit
"""  # noqa: S608
DONE = "SELECT target FROM done WHERE target IN (SELECT value FROM json_each(?))"


def trails_page(
    db: sqlite3.Connection,
    view: Viewpoint,
    authors: Collection[int] | None,
    cursor: TimeCursor | None,
    limit: int,
) -> Page[TrailEntry]:
    """Trails of the authors in these rows (None: of everybody) as they stand, the latest first."""
    (newest,) = db.execute(TOP).fetchone()
    place = cursor or TimeCursor(limits.MAX_UINT, limits.MAX_UINT, newest)
    values = {
        "at": place.at,
        "row": place.row,
        "top": place.top,
        "limit": limit + 1,
        "hidden": as_list(view.hidden_rows),
        "authors": None if authors is None else as_list(authors),
    }
    found = db.execute(LATEST, values).fetchall()
    following = None
    if len(found) > limit:
        row, at = found[limit - 1]
        following = cursors.write(TimeCursor(at, row, place.top))
    oldest = found[limit - 1][1] if len(found) > limit else 0
    hidden = _hidden(db, view, values | {"oldest": oldest})
    return Page(_entries(db, view, [row for row, _ in found[:limit]]), following, hidden)


def trails_through(db: sqlite3.Connection, view: Viewpoint, thing: int | None) -> tuple[TrailEntry, ...]:
    """Trails that have the thing in this row as a step, the latest first."""
    values = {"thing": thing, "hidden": as_list(view.hidden_rows), "limit": MAX_TRAILS}
    return _entries(db, view, [row for (row,) in db.execute(THROUGH, values)])


def view_trail(db: sqlite3.Connection, view: Viewpoint, identifier: MessageId) -> TrailView | None:
    """The trail in this message; None when that is no trail, or its text is not here."""
    statement = _trail_in(db, view, identifier)
    if statement is None:
        return None
    history = versions_of(db, view, identifier)
    versions = [statement.id, *(version.id for version in history)]
    places = _places(db, view, statement.steps)
    return TrailView(
        id=statement.id,
        newest=next((version.id for version in history if version.state is State.CURRENT), None),
        statement=statement,
        places=places,
        minutes=_minutes(statement.steps),
        done=sum(place.done for place in places),
        open_roles=_open_roles(statement.steps),
        forked_from=_origin(db, view, statement),
        forks=_entries(db, view, _rows(db, view, FORKS, versions, MAX_TRAILS)),
        said=tuple(statements_in(db, view, _rows(db, view, SAID, versions, MAX_SAID))),
    )


def _hidden(db: sqlite3.Connection, view: Viewpoint, values: Mapping[str, object]) -> tuple[Hidden, ...]:
    """What mutes and blocks left out of a page, from its newest place to its `oldest`."""
    if not view.hidden_rows:
        return ()
    found = db.execute(HIDDEN, values).fetchall()
    view.meet(db, [author for author, _ in found])
    counts: Counter[tuple[str, Rule]] = Counter()
    for author, count in found:
        counts[view.author(author).did, view.hidden_rows[author]] += count
    return view.hidden(db, counts)


def _trail_in(db: sqlite3.Connection, view: Viewpoint, identifier: MessageId) -> Statement | None:
    rows = rows_of_messages(db, [identifier])
    found = [one for one in statements_in(db, view, list(rows.values())) if one.kind == "trail"]
    return found[0] if found else None


def _origin(db: sqlite3.Connection, view: Viewpoint, statement: Statement) -> TrailEntry | None:
    identifier = message_id_of(statement.lineage[0]) if statement.lineage else None
    if identifier is None:
        return None
    entries = _entries(db, view, list(rows_of_messages(db, [identifier]).values()))
    return entries[0] if entries else None


def _rows(db: sqlite3.Connection, view: Viewpoint, sql: str, things: Iterable[str], most: int) -> list[int]:
    values = {"things": json.dumps(list(things)), "hidden": as_list(view.hidden_rows), "limit": most}
    return [row for (row,) in db.execute(sql, values)]


def _entries(db: sqlite3.Connection, view: Viewpoint, rows: Sequence[int]) -> tuple[TrailEntry, ...]:
    trails = [one for one in statements_in(db, view, rows) if one.kind == "trail"]
    done = _done_among(db, [step for trail in trails for step in trail.steps])
    return tuple([_entry(trail, done) for trail in trails])


def _entry(trail: Statement, done: Collection[str]) -> TrailEntry:
    return TrailEntry(
        id=trail.id,
        title=trail.title,
        summary=trail.summary,
        author=trail.author,
        at=trail.at,
        own=trail.own,
        state=trail.state,
        steps=len(trail.steps),
        open_roles=_open_roles(trail.steps),
        minutes=_minutes(trail.steps),
        done=sum(step.thing in done for step in trail.steps),
    )


def _places(db: sqlite3.Connection, view: Viewpoint, steps: Sequence[Step]) -> tuple[Place, ...]:
    done = _done_among(db, steps)
    titles = titles_of(db, view, [step.thing for step in steps if step.thing is not None])
    is_done = [step.thing in done for step in steps]
    return tuple(
        [
            Place(
                number=number,
                step=step,
                title=titles.get(step.thing or "", ""),
                is_trail=_is_trail(db, view, step.thing),
                done=is_done[number - 1],
                # A role that nobody has filled keeps nobody from going on.
                ready=all(is_done[before - 1] or steps[before - 1].thing is None for before in step.requires),
            )
            for number, step in enumerate(steps, start=1)
        ]
    )


def _is_trail(db: sqlite3.Connection, view: Viewpoint, thing: str | None) -> bool:
    identifier = message_id_of(thing) if thing is not None else None
    return identifier is not None and _trail_in(db, view, MessageId(identifier)) is not None


def _done_among(db: sqlite3.Connection, steps: Iterable[Step]) -> set[str]:
    things = {step.thing for step in steps if step.thing is not None}
    return {thing for (thing,) in db.execute(DONE, [json.dumps(sorted(things))])}


def _minutes(steps: Iterable[Step]) -> int:
    return sum(step.minutes or 0 for step in steps)


def _open_roles(steps: Iterable[Step]) -> int:
    return sum(step.thing is None for step in steps)
