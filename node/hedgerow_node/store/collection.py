"""The collection: what the owner saved or shared, as one list, and the topics in use."""

import sqlite3

from hedgerow_node.store import cursors
from hedgerow_node.store.cursors import Cursor, Number
from hedgerow_node.store.items import LATEST, item_of
from hedgerow_node.store.records import CollectionEntry, Page, Statement
from hedgerow_node.store.statements import statements_in
from hedgerow_node.store.titles import title_of
from hedgerow_node.store.viewpoint import Viewpoint
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.things import fold_topic

SAVED, SHARED = 1, 0
"""Where an entry comes from; of one time, what was saved comes first."""
ENTRIES = f"""
SELECT saved, {SAVED}, row, thing FROM library
WHERE saved <= :at AND (saved < :at OR {SAVED} < :source OR ({SAVED} = :source AND row < :row))
UNION ALL
SELECT CAST(h.at AS REAL), {SHARED}, h.row, t.thing FROM standing AS h JOIN things AS t ON t.row = h.thing
WHERE h.author = :me AND h.kind = :kind AND h.slot IS NOT NULL
AND h.at <= :at AND (h.at < :at OR {SHARED} < :source OR ({SHARED} = :source AND h.row < :row))
AND NOT EXISTS (SELECT 1 FROM library AS l WHERE l.thing = t.thing)
ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT :limit
"""
OWN = """
SELECT row FROM standing WHERE author = ? AND kind = ? AND thing = (SELECT row FROM things WHERE thing = ?)
AND slot IS NOT NULL ORDER BY ts DESC LIMIT 1
"""
TOPICS = """
SELECT t.words, count(*) FROM topics AS t JOIN tagged AS g ON g.topic = t.row
WHERE t.words >= :prefix AND t.words < :prefix || char(1114111) GROUP BY t.row ORDER BY 2 DESC, 1 LIMIT :limit
"""

DESCRIBED = """
SELECT count(*) FROM (
    SELECT t.thing FROM statements AS s JOIN things AS t ON t.row = s.thing WHERE s.kind = ?
    UNION SELECT thing FROM library
)
"""


class EntryCursor(Cursor, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After the entry of this time, source and row."""

    at: float
    source: Number
    row: Number


def collection_page(
    db: sqlite3.Connection, view: Viewpoint, cursor: EntryCursor | None, limit: int
) -> Page[CollectionEntry]:
    """What the owner saved or shared, the latest first; each thing once."""
    place = cursor or EntryCursor(LATEST, SAVED, 0)
    values = {"at": place.at, "source": place.source, "row": place.row, "limit": limit + 1}
    found = db.execute(ENTRIES, values | {"me": view.my_row, "kind": Kind.RESOURCE}).fetchall()
    following = None
    if len(found) > limit:
        following = cursors.write(EntryCursor(*found[limit - 1][:3]))
    entries = [_entry(db, view, thing, at) for at, _, _, thing in found[:limit]]
    return Page(tuple(entries), following)


def count_resources(db: sqlite3.Connection) -> int:
    """How many things somebody here describes, or the owner keeps."""
    (count,) = db.execute(DESCRIBED, [Kind.RESOURCE]).fetchone()
    return int(count)


def topics_in_use(db: sqlite3.Connection, prefix: str, limit: int) -> tuple[tuple[str, int], ...]:
    """Topics that begin so, folded, those of most statements and items first, with how many these are."""
    return tuple(db.execute(TOPICS, {"prefix": fold_topic(prefix), "limit": limit}).fetchall())


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
    rows = [row for (row,) in db.execute(OWN, [view.my_row, Kind.RESOURCE, thing])]
    found = statements_in(db, view, rows)
    return found[0] if found else None
