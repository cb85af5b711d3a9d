"""The private library: what its owner keeps, notes, hides and follows without telling anyone.

Nothing in it leaves the node. What is shared moves out of it into a message, so that withdrawing the message leaves
no copy behind; a note stays. Items are found by the same index as messages, in rows of their own.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from hedgerow_node.config import MAX_LABEL_LISTS
from hedgerow_node.store import cursors, erasure, index, withholding
from hedgerow_node.store.connection import change
from hedgerow_node.store.database import Database
from hedgerow_node.store.folding import sound
from hedgerow_node.store.index import Text
from hedgerow_node.store.items import (
    PRIVATE_ROWS,
    ItemCursor,
    item_of,
    items_page,
    known_among,
    noted_items,
    private_topics,
)
from hedgerow_node.store.labelling import Effect, LabelList, lists_used
from hedgerow_node.store.records import Import, Item, NewItem, Page
from hedgerow_node.store.rows import as_list, chunks
from hedgerow_node.store.said import Said
from hedgerow_node.store.viewpoint import key_of, name_of
from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey, did_of

TABLES = ("imports", "library", "mutes", "blocks", "private_follows", "concealed", "done", "label_lists")
"""What recovery copies row by row; `reindex` then makes the rest anew."""

ADD = "INSERT INTO library (thing, title, summary, topics, note, saved, kept, import) VALUES (?, ?, ?, ?, '', ?, 1, ?)"
CHANGE = "UPDATE library SET title = ?, summary = ?, topics = ?, kept = 1, import = NULL WHERE row = ?"
NOTE = """
INSERT INTO library (thing, title, summary, topics, note, saved, kept) VALUES (?1, '', '', '[]', ?2, ?3, 0)
ON CONFLICT (thing) DO UPDATE SET note = ?2, import = NULL
"""
UNNOTE = "UPDATE library SET note = '', import = NULL WHERE thing = ? AND note <> ''"
EMPTY = "UPDATE library SET title = '', summary = '', topics = '[]', kept = 0, import = NULL WHERE row = ?"
KEPT_BY_NOTHING = (
    "SELECT row FROM library WHERE row IN (SELECT value FROM json_each(?)) AND kept = 0 AND note = ''"
)
TEXTS = """
SELECT row, thing, title, summary, topics, note, saved FROM library
WHERE row IN (SELECT value FROM json_each(?))
"""
USE_LABELS = """INSERT INTO label_lists (target, label, effect, at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (target, label) DO UPDATE SET effect = ?3"""
IMPORTS = """
SELECT i.row, i.name, i.at, count(l.row) FROM imports AS i LEFT JOIN library AS l ON l.import = i.row
GROUP BY i.row ORDER BY i.row DESC
"""


class Library:
    """The owner's private things. All methods are durable when they return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(
        self,
        thing: str,
        title: str = "",
        summary: str = "",
        topics: Sequence[str] = (),
        *,
        saved: float,
        import_id: int | None = None,
    ) -> bool:
        """Keep a thing, or describe a kept one anew; whether it was not kept before.

        `saved` is in Unix seconds and stays that of the first time. An import leaves alone what is there, or was
        shared from here.
        """
        added, _ = await self.save_many([NewItem(thing, title, summary, tuple(topics), saved)], import_id)
        return added == 1

    async def save_many(self, items: Sequence[NewItem], import_id: int | None = None) -> tuple[int, int]:
        """Keep many things in one commit; how many were added, and how many were there already."""
        added = await self._database.write(lambda db: _save(db, items, import_id))
        return added, len(items) - added

    async def note(self, thing: str, text: str, *, saved: float) -> None:
        """Write a note on a thing in place of the last one; an empty text takes it away.

        A note alone keeps a thing in the library; `saved` is then the time of the item.
        """
        await self._database.write(lambda db: _note(db, thing, text, saved))

    async def item(self, thing: str) -> Item | None:
        """The item of this thing, or None."""
        return await self._database.read(lambda db: item_of(db, sound(thing)))

    async def items(self, cursor: str | None = None, limit: int = 50, topic: str | None = None) -> Page[Item]:
        """Items, the latest saved first; with `topic` only those that have it. Raises `Problem` for a wrong cursor."""
        place = cursors.read(cursor, ItemCursor)
        wanted = None if topic is None else sound(topic)
        return await self._database.read(lambda db: items_page(db, place, limit, wanted))

    async def notes(self) -> tuple[Item, ...]:
        """Every item with a note."""
        return await self._database.read(noted_items)

    async def known(self, things: Sequence[str]) -> set[str]:
        """Those of these things that an import would pass over: kept here, or shared from here."""
        return await self._database.read(lambda db: known_among(db, map(sound, things)))

    async def topics(self) -> tuple[tuple[str, int], ...]:
        """The topics of items, folded and in their order, with how many items have them."""
        return await self._database.read(private_topics)

    async def remove(self, thing: str) -> bool:
        """Take a thing and the note on it out of the library; whether it was there."""
        return await self._database.write(lambda db: _remove(db, thing))

    async def mark_shared(self, things: Sequence[str]) -> int:
        """Messages carry these things now: their private texts go, notes stay. How many were in the library."""
        return await self._database.write(lambda db: _mark_shared(db, things))

    async def begin_import(self, name: str, at: float) -> int:
        """The id of a new import, by which what it brings can be taken back."""
        return await self._database.write(lambda db: _begin_import(db, name, at))

    async def undo_import(self, import_id: int | None = None) -> int:
        """Take back an import, or the latest; how many items went. Those changed or noted since stay."""
        return await self._database.write(lambda db: _undo_import(db, import_id))

    async def imports(self) -> tuple[Import, ...]:
        """The imports that can be taken back, the latest first."""
        return await self._database.read(lambda db: tuple([Import(*row) for row in db.execute(IMPORTS)]))

    async def mute(self, target: str, at: float) -> bool:
        """Hide what a person says, or a thing; whether that is new."""
        return await self._mark("mutes", target, at)

    async def unmute(self, target: str) -> bool:
        """Show it again; whether it was muted."""
        return await self._unmark("mutes", target)

    async def muted(self) -> dict[str, float]:
        """Muted people and things, and since when."""
        return await self._marks("mutes")

    async def block(self, target: str, at: float) -> bool:
        """Hide a person or thing and stop carrying it; whether that is new. A person's texts leave this computer."""
        return await self._database.write(lambda db: _block(db, sound(target), at))

    async def finish_blocks(self) -> None:
        """Let the texts of those leave who were blocked when an older program only hid them."""
        find = "SELECT 1 FROM blocks WHERE NOT swept LIMIT 1"
        if await self._database.read(lambda db: db.execute(find).fetchone()) is not None:
            await self._database.write(_finish_blocks)

    async def block_by_policy(self, dids: Collection[str]) -> None:
        """The policy blocks these people and nobody else: what that changes is withheld, or let return."""
        if await self.blocked_by_policy() != set(dids):
            await self._database.write(lambda db: _block_by_policy(db, dids))

    async def blocked_by_policy(self) -> set[str]:
        """Whom the policy blocks, by did."""
        sql = "SELECT target FROM policy_blocks"
        return await self._database.read(lambda db: {did for (did,) in db.execute(sql)})

    async def unblock(self, target: str) -> bool:
        """Show and carry it again; whether it was blocked. A person's texts may come in again."""
        return await self._database.write(lambda db: _unblock(db, sound(target)))

    async def blocked(self) -> dict[str, float]:
        """Blocked people and things, and since when."""
        return await self._marks("blocks")

    async def use_labels(self, labeller: str, label: str, effect: Effect, at: float) -> bool:
        """Let everything be hidden, or shown with a warning, on which somebody puts this word; False if there are
        `MAX_LABEL_LISTS` such lists already."""
        return await self._database.write(lambda db: _use_labels(db, labeller, sound(label), effect, at))

    async def drop_labels(self, labeller: str, label: str) -> bool:
        """Use that list no longer; whether it was used."""
        sql = "DELETE FROM label_lists WHERE target = ? AND label = ?"
        return await self._database.write(lambda db: change(db, sql, [labeller, sound(label)]))

    async def label_lists(self) -> list[LabelList]:
        """The lists that are used."""
        return await self._database.read(lists_used)

    async def do(self, thing: str, at: float) -> bool:
        """Note that the owner has done a thing that a trail leads through; whether that is new."""
        return await self._mark("done", thing, at)

    async def undo(self, thing: str) -> bool:
        """Note that it is still to be done; whether it was done."""

        def undo(db: sqlite3.Connection) -> bool:
            was_done = change(db, "DELETE FROM done WHERE target = ?", [sound(thing)])
            if was_done:
                erasure.due(db)
            return was_done

        return await self._database.write(undo)

    async def done(self) -> dict[str, float]:
        """What the owner has done, and when."""
        return await self._marks("done")

    async def follow_privately(self, did: str, at: float) -> bool:
        """Follow a person without saying so; whether that is new. Who was not known here before is concealed."""

        def follow(db: sqlite3.Connection) -> bool:
            if db.execute("SELECT 1 FROM authors WHERE key = ?", [key_of(did)]).fetchone() is None:
                db.execute("INSERT OR IGNORE INTO concealed (target) VALUES (?)", [did])
            return change(db, "INSERT OR IGNORE INTO private_follows (target, at) VALUES (?, ?)", [did, at])

        return await self._database.write(follow)

    async def unfollow_privately(self, did: str) -> bool:
        """No longer follow them so; whether that was the case."""
        return await self._unmark("private_follows", did)

    async def private_follows(self) -> set[AuthorKey]:
        """Who is followed privately."""
        found = await self._marks("private_follows")
        return {key for did in found if (key := key_of(did)) is not None}

    async def concealed(self) -> set[AuthorKey]:
        """Of whom something is held only because they are followed privately, or were."""
        found = await self._database.read(lambda db: db.execute("SELECT target FROM concealed").fetchall())
        return {key for (did,) in found if (key := key_of(did)) is not None}

    async def reveal(self, authors: Iterable[AuthorKey]) -> None:
        """These are carried for everyone to see, so nothing is concealed any more."""
        dids = [(did_of(author),) for author in authors]
        await self._database.write(lambda db: db.executemany("DELETE FROM concealed WHERE target = ?", dids))

    async def _mark(self, table: str, target: str, at: float) -> bool:
        sql = f"INSERT OR IGNORE INTO {table} (target, at) VALUES (?, ?)"  # noqa: S608 - a name from above
        return await self._database.write(lambda db: change(db, sql, [sound(target), at]))

    async def _unmark(self, table: str, target: str) -> bool:
        sql = f"DELETE FROM {table} WHERE target = ?"  # noqa: S608 - a name from above
        return await self._database.write(lambda db: change(db, sql, [sound(target)]))

    async def _marks(self, table: str) -> dict[str, float]:
        sql = f"SELECT target, at FROM {table} ORDER BY at DESC, target"  # noqa: S608 - a name from above
        return await self._database.read(lambda db: dict(db.execute(sql).fetchall()))


def reindex(db: sqlite3.Connection) -> None:
    """Make everything findable again that stands in `TABLES`."""
    _retext(db, [row for (row,) in db.execute("SELECT row FROM library").fetchall()])


@dataclass(frozen=True, slots=True)
class Described:
    """An item as it is written."""

    thing: str
    title: str
    summary: str
    topics: str
    saved: float

    @classmethod
    def of(cls, item: NewItem) -> "Described":
        """What the database can hold of it."""
        topics = json.dumps([sound(topic) for topic in item.topics], ensure_ascii=False)
        return cls(sound(item.thing), sound(item.title), sound(item.summary), topics, item.saved)


def _save(db: sqlite3.Connection, items: Sequence[NewItem], import_id: int | None) -> int:
    rows = []
    added = 0
    described = list(map(Described.of, items))
    known = set() if import_id is None else known_among(db, [item.thing for item in described])
    for item in described:
        if item.thing in known:
            continue
        row = _row_of(db, item.thing)
        if row is None:
            values = [item.thing, item.title, item.summary, item.topics, item.saved, import_id]
            rows.append(db.execute(ADD, values).lastrowid)
            added += 1
        elif import_id is None:
            db.execute(CHANGE, [item.title, item.summary, item.topics, row])
            rows.append(row)
    _retext(db, [row for row in rows if row is not None])
    return added


def _note(db: sqlite3.Connection, thing: str, text: str, saved: float) -> None:
    if text:
        db.execute(NOTE, [sound(thing), sound(text), saved])
    elif change(db, UNNOTE, [sound(thing)]):
        erasure.due(db)
    row = _row_of(db, sound(thing))
    if row is not None:
        _retext(db, [row])
        _sweep(db, [row])


def _remove(db: sqlite3.Connection, thing: str) -> bool:
    row = _row_of(db, sound(thing))
    if row is None:
        return False
    _delete(db, [row])
    erasure.due(db)
    return True


def _mark_shared(db: sqlite3.Connection, things: Sequence[str]) -> int:
    rows = [row for thing in things if (row := _row_of(db, sound(thing))) is not None]
    db.executemany(EMPTY, [(row,) for row in rows])
    _sweep(db, rows)
    _retext(db, rows)
    return len(rows)


def _begin_import(db: sqlite3.Connection, name: str, at: float) -> int:
    row = db.execute("INSERT INTO imports (name, at) VALUES (?, ?)", [sound(name), at]).lastrowid
    assert row is not None
    return row


def _undo_import(db: sqlite3.Connection, import_id: int | None) -> int:
    if import_id is None:
        (import_id,) = db.execute("SELECT max(row) FROM imports").fetchone()
    rows = [row for (row,) in db.execute("SELECT row FROM library WHERE import = ?", [import_id]).fetchall()]
    _delete(db, rows)
    db.execute("DELETE FROM imports WHERE row = ?", [import_id])
    if rows:
        erasure.due(db)
    return len(rows)


def _use_labels(db: sqlite3.Connection, labeller: str, label: str, effect: Effect, at: float) -> bool:
    lists = {(one.labeller, one.label) for one in lists_used(db)}
    if (labeller, label) not in lists and len(lists) >= MAX_LABEL_LISTS:
        return False
    return change(db, USE_LABELS, [labeller, label, effect.value, at])


def _block(db: sqlite3.Connection, target: str, at: float) -> bool:
    values = [target, at, name_of(db, target)]
    is_new = change(db, "INSERT OR IGNORE INTO blocks (target, at, swept, name) VALUES (?, ?, 1, ?)", values)
    if (author := key_of(target)) is not None:
        withholding.withhold(db, withholding.rows_of(db, target, author))
    return is_new


def _block_by_policy(db: sqlite3.Connection, dids: Collection[str]) -> None:
    before = {did for (did,) in db.execute("SELECT target FROM policy_blocks")}
    db.executemany("INSERT OR IGNORE INTO policy_blocks (target) VALUES (?)", [(did,) for did in dids])
    db.executemany("DELETE FROM policy_blocks WHERE target = ?", [(did,) for did in before - set(dids)])
    for did in set(dids) - before:
        withholding.withhold(db, withholding.rows_of(db, did, key_of(did)))
    for did in before - set(dids):
        withholding.let_return(db, withholding.rows_of(db, did, key_of(did)))


def _finish_blocks(db: sqlite3.Connection) -> None:
    for (target,) in db.execute("SELECT target FROM blocks WHERE NOT swept").fetchall():
        values = [name_of(db, target), target]
        db.execute("UPDATE blocks SET swept = 1, name = ? WHERE target = ?", values)
        _block(db, target, 0.0)


def _unblock(db: sqlite3.Connection, target: str) -> bool:
    was_blocked = change(db, "DELETE FROM blocks WHERE target = ?", [target])
    if was_blocked and (author := key_of(target)) is not None:
        withholding.let_return(db, withholding.rows_of(db, target, author))
    return was_blocked


def _row_of(db: sqlite3.Connection, thing: str) -> int | None:
    found = db.execute("SELECT row FROM library WHERE thing = ?", [thing]).fetchone()
    return None if found is None else int(found[0])


def _sweep(db: sqlite3.Connection, rows: Sequence[int]) -> None:
    _delete(db, [row for (row,) in db.execute(KEPT_BY_NOTHING, [as_list(rows)]).fetchall()])


def _delete(db: sqlite3.Connection, rows: Sequence[int]) -> None:
    index.drop_texts(db, [PRIVATE_ROWS + row for row in rows])
    db.execute("DELETE FROM library WHERE row IN (SELECT value FROM json_each(?))", [as_list(rows)])


def _retext(db: sqlite3.Connection, rows: Sequence[int]) -> None:
    for chunk in chunks(sorted(set(rows))):
        index.drop_texts(db, [PRIVATE_ROWS + row for row in chunk])
        index.add_texts(db, [_text(*found) for found in db.execute(TEXTS, [as_list(chunk)])])


def _text(row: int, thing: str, title: str, summary: str, topics: str, note: str, saved: float) -> Text:
    named = tuple(json.loads(topics))
    said = Said(thing, title=title, keywords=named, summary=summary, reason=note, has_address=True)
    at = int(min(max(saved, 0), limits.MAX_TIMESTAMP))
    return Text(PRIVATE_ROWS + row, at, said, named)
