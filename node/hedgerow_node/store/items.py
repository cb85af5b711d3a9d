"""Items of the private library, read."""

import json
import sqlite3
from collections.abc import Sequence

from hedgerow_node.store import cursors
from hedgerow_node.store.cursors import Cursor, Number
from hedgerow_node.store.records import Item, Page
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.things import fold_topic

PRIVATE_ROWS = 2**40
"""Texts of items have rows above this, texts of messages below: a search can go through each by itself."""

COLUMNS = f"""
l.thing, l.title, l.summary, l.topics, l.note, l.saved,
EXISTS (
    SELECT 1 FROM things AS t JOIN heads AS h ON h.thing = t.row JOIN messages AS m ON m.row = h.row
    WHERE t.thing = l.thing AND h.kind = {Kind.RESOURCE:d} AND m.own = 1
),
i.name
"""
ITEM = f"SELECT {COLUMNS} FROM library AS l LEFT JOIN imports AS i ON i.row = l.import WHERE l.thing = ?"
NOTED = f"""
SELECT {COLUMNS} FROM library AS l LEFT JOIN imports AS i ON i.row = l.import
WHERE l.note <> '' ORDER BY l.saved DESC, l.row DESC
"""
NEWEST = f"""
SELECT {COLUMNS}, l.row FROM library AS l LEFT JOIN imports AS i ON i.row = l.import
WHERE l.saved <= :saved AND (l.saved < :saved OR l.row < :row)
AND (:topic IS NULL OR {PRIVATE_ROWS} + l.row IN (
    SELECT g.text FROM tagged AS g JOIN topics AS t ON t.row = g.topic WHERE t.words = :topic
))
ORDER BY l.saved DESC, l.row DESC LIMIT :limit
"""
TOPICS = f"""
SELECT t.words, count(*) FROM tagged AS g JOIN topics AS t ON t.row = g.topic
WHERE g.text > {PRIVATE_ROWS} GROUP BY t.row ORDER BY t.words
"""
LATEST = 1e18
"""Later than any time."""


class ItemCursor(Cursor, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After the item in this row, saved at this time."""

    saved: float
    row: Number


def item_of(db: sqlite3.Connection, thing: str) -> Item | None:
    """The item of this thing, or None."""
    found = db.execute(ITEM, [thing]).fetchone()
    return None if found is None else _item(found)


def items_page(
    db: sqlite3.Connection, cursor: ItemCursor | None, limit: int, topic: str | None
) -> Page[Item]:
    """Items, the latest saved first; with `topic` only those that have it."""
    place = cursor or ItemCursor(LATEST, 0)
    values = {"saved": place.saved, "row": place.row, "limit": limit + 1}
    found = db.execute(NEWEST, values | {"topic": None if topic is None else fold_topic(topic)}).fetchall()
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = cursors.write(ItemCursor(last[5], last[-1]))
    return Page(tuple([_item(row[:-1]) for row in found[:limit]]), following)


def noted_items(db: sqlite3.Connection) -> tuple[Item, ...]:
    """Every item with a note, the latest saved first."""
    return tuple([_item(row) for row in db.execute(NOTED)])


def private_topics(db: sqlite3.Connection) -> tuple[tuple[str, int], ...]:
    """The topics of items, folded, with the number of their items."""
    return tuple(db.execute(TOPICS).fetchall())


def _item(row: Sequence[object]) -> Item:
    thing, title, summary, topics, note, saved, shared, import_name = row
    assert isinstance(saved, float)
    assert import_name is None or isinstance(import_name, str)
    return Item(
        thing=str(thing),
        title=str(title),
        summary=str(summary),
        topics=tuple(json.loads(str(topics))),
        note=str(note),
        saved=saved,
        shared=bool(shared),
        import_name=import_name,
    )
