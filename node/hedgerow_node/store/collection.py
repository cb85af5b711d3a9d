"""The collection: what the owner saved or shared, as one list, and the topics in use."""

import sqlite3
from collections.abc import Iterator
from heapq import merge
from itertools import islice

from hedgerow_node.store import cursors
from hedgerow_node.store.cursors import Cursor, Number
from hedgerow_node.store.feed import is_saved, is_standing
from hedgerow_node.store.index import slot_name
from hedgerow_node.store.items import LATEST, item_of
from hedgerow_node.store.records import CollectionEntry, Page, Statement
from hedgerow_node.store.statements import statements_in
from hedgerow_node.store.titles import title_of
from hedgerow_node.store.viewpoint import Viewpoint
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.things import fold_topic

SAVED, SHARED = 1, 0
"""Where an entry comes from; of one time, what was saved comes first."""
SAVED_ITEMS = f"""
SELECT saved, {SAVED}, row, thing FROM library
WHERE saved <= :at AND (saved < :at OR {SAVED} < :source OR ({SAVED} = :source AND row < :row))
ORDER BY saved DESC, row DESC
"""  # noqa: S608
SHARED_THINGS = f"""
SELECT CAST(s.at AS REAL), {SHARED}, s.row, t.thing FROM statements AS s JOIN things AS t ON t.row = s.thing
WHERE s.author = :me AND s.kind = {Kind.RESOURCE:d}
AND s.at <= :at AND (s.at < :at OR {SHARED} < :source OR ({SHARED} = :source AND s.row < :row))
ORDER BY s.at DESC, s.row DESC
"""  # noqa: S608
OWN = "SELECT row FROM standing WHERE author = ? AND kind = ? AND slot = ?"
TOPICS = """
SELECT t.words, count(*) FROM topics AS t JOIN tagged AS g ON g.topic = t.row
WHERE t.words >= :prefix AND t.words < :prefix || char(1114111) GROUP BY t.row ORDER BY 2 DESC, 1 LIMIT :limit
"""

DESCRIBED = "SELECT count(DISTINCT thing) FROM statements WHERE kind = ?"
ONLY_KEPT = """
SELECT count(*) FROM library AS l WHERE NOT EXISTS (
    SELECT 1 FROM things AS t JOIN statements AS s ON s.thing = t.row WHERE t.thing = l.thing AND s.kind = ?
)
"""
Place = tuple[float, int, int, str]
"""Time, source, row and thing of an entry."""


class EntryCursor(Cursor, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After the entry of this time, source and row."""

    at: float
    source: Number
    row: Number


def collection_page(
    db: sqlite3.Connection, view: Viewpoint, cursor: EntryCursor | None, limit: int
) -> Page[CollectionEntry]:
    """What the owner saved or shared, the latest first; each thing once."""
    places = list(islice(_places(db, view, cursor or EntryCursor(LATEST, SAVED, 0)), limit + 1))
    following = None
    if len(places) > limit:
        at, source, row, _ = places[limit - 1]
        following = cursors.write(EntryCursor(at, source, row))
    return Page(tuple([_entry(db, view, thing, at) for at, _, _, thing in places[:limit]]), following)


def count_resources(db: sqlite3.Connection) -> int:
    """How many things somebody here describes, or the owner keeps."""
    (described,) = db.execute(DESCRIBED, [Kind.RESOURCE]).fetchone()
    (only_kept,) = db.execute(ONLY_KEPT, [Kind.RESOURCE]).fetchone()
    return int(described) + int(only_kept)


def topics_in_use(db: sqlite3.Connection, prefix: str, limit: int) -> tuple[tuple[str, int], ...]:
    """Topics that begin so, folded, those of most statements and items first, with how many these are."""
    return tuple(db.execute(TOPICS, {"prefix": fold_topic(prefix), "limit": limit}).fetchall())


def _places(db: sqlite3.Connection, view: Viewpoint, after: EntryCursor) -> Iterator[Place]:
    values = {"at": after.at, "source": after.source, "row": after.row}
    saved = db.execute(SAVED_ITEMS, values)
    shared = db.execute(SHARED_THINGS, values | {"me": view.my_row})
    for at, source, row, thing in merge(saved, shared, reverse=True):
        if source == SAVED or (is_standing(db, row) and not is_saved(db, thing)):
            yield at, source, row, thing


def _entry(db: sqlite3.Connection, view: Viewpoint, thing: str, at: float) -> CollectionEntry:
    item = item_of(db, thing)
    own = _own(db, view, thing)
    return CollectionEntry(
        thing=thing,
        title=title_of(db, view, thing),
        summary=(own.summary if own else "") or (item.summary if item else ""),
        topics=(own.topics if own else ()) or (item.topics if item else ()),
        note=item.note if item else "",
        at=at,
        private=item is not None,
        shared=own is not None,
    )


def _own(db: sqlite3.Connection, view: Viewpoint, thing: str) -> Statement | None:
    rows = [row for (row,) in db.execute(OWN, [view.my_row, Kind.RESOURCE, slot_name(thing)])]
    found = statements_in(db, view, rows)
    return found[0] if found else None
