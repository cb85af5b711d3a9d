"""Items of the private library, read."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

from hedgerow_node.store import cursors
from hedgerow_node.store.cursors import Cursor, Number
from hedgerow_node.store.records import Item, Page
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.things import fold_topic

PRIVATE_ROWS = 2**40
"""Texts of items have rows above this, texts of messages below: a search can go through each by itself."""

IS_SHARED = f"""
EXISTS (
    SELECT 1 FROM things AS t JOIN heads AS h ON h.thing = t.row JOIN messages AS m ON m.row = h.row
    WHERE t.thing = l.thing AND h.kind = {Kind.RESOURCE:d} AND m.own = 1
)
"""  # noqa: S608
COLUMNS = f"l.thing, l.title, l.summary, l.topics, l.note, l.saved, {IS_SHARED}, i.name"
KNOWN = f"""
SELECT l.thing FROM (SELECT value AS thing FROM json_each(?)) AS l
WHERE EXISTS (SELECT 1 FROM library AS k WHERE k.thing = l.thing) OR {IS_SHARED}
"""  # noqa: S608
ITEM = f"SELECT {COLUMNS} FROM library AS l LEFT JOIN imports AS i ON i.row = l.import WHERE l.thing = ?"  # noqa: S608
NOTED = f"""
SELECT {COLUMNS} FROM library AS l LEFT JOIN imports AS i ON i.row = l.import
WHERE l.note <> '' ORDER BY l.saved DESC, l.row DESC
"""  # noqa: S608
NEWEST = f"""
SELECT {COLUMNS}, l.row FROM library AS l LEFT JOIN imports AS i ON i.row = l.import
WHERE l.saved <= :saved AND (l.saved < :saved OR l.row < :row)
AND (:topic IS NULL OR {PRIVATE_ROWS} + l.row IN (
    SELECT g.text FROM tagged AS g JOIN topics AS t ON t.row = g.topic WHERE t.words = :topic
))
ORDER BY l.saved DESC, l.row DESC LIMIT :limit
"""  # noqa: S608
TOPICS = f"""
SELECT t.words, count(*) FROM tagged AS g JOIN topics AS t ON t.row = g.topic
WHERE g.text > {PRIVATE_ROWS} GROUP BY t.row ORDER BY t.words
"""  # noqa: S608
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


def known_among(db: sqlite3.Connection, things: Iterable[str]) -> set[str]:
    """Those of these things that are kept in the library, or described by a message that was signed here."""
    return {thing for (thing,) in db.execute(KNOWN, [json.dumps(list(things))])}


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
