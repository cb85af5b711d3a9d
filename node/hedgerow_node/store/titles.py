"""Titles: what a thing is called where it is shown, from the one word of the owner down to its bare address.

The owner's own title comes first, then that of the private library, then the latest title that somebody followed gave
it, then the latest of anyone not hidden. A person is called by the name in their profile, a message by what it is.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from hedgerow_node.store.folding import sound
from hedgerow_node.store.index import slot_name
from hedgerow_node.store.reading import read_message
from hedgerow_node.store.rows import COLUMNS
from hedgerow_node.store.statements import rows_of_messages, statements_in
from hedgerow_node.store.viewpoint import Viewpoint, key_of, label_of
from hedgerow_protocol.kinds import Kind, Resource
from hedgerow_protocol.things import message_id_of, topic_words

TITLES_READ = 200
"""The newest descriptions of a thing among which a title is chosen: more would let a crowd slow a page down."""
OWN = f"""
SELECT {COLUMNS} FROM standing AS h JOIN messages AS m ON m.row = h.row
WHERE h.author = ? AND h.kind = ? AND h.slot = ?
"""  # noqa: S608
LATEST = f"""
SELECT h.author, {COLUMNS} FROM standing AS h JOIN messages AS m ON m.row = h.row
WHERE h.thing = (SELECT row FROM things WHERE thing = ?) AND h.kind = ?
ORDER BY h.at DESC, h.row DESC LIMIT ?
"""  # noqa: S608
DEEDS = {
    "profile": "{author}'s profile",
    "follow": "{author} follows {thing}",
    "resource": "{author}'s description of {thing}",
    "endorse": "{author}'s endorsement of {thing}",
    "connect": "{author}'s connection from {thing}",
    "comment": "{author}'s {role} on {thing}",
    "attest": "{author}'s check of {thing}",
    "label": "{author}'s label on {thing}",
    "introduce": "{author}'s introduction of {thing}",
    "vouch": "{author} vouches for {thing}",
    "receipt": "{author}'s receipt for {thing}",
}
"""What a message is called, by its kind."""


def titles_of(db: sqlite3.Connection, view: Viewpoint, things: Iterable[str]) -> dict[str, str]:
    """A title for each of these things."""
    return {thing: title_of(db, view, sound(thing)) for thing in set(things)}


def title_of(db: sqlite3.Connection, view: Viewpoint, thing: str) -> str:
    """The title of a thing; at least its address."""
    if message_id_of(thing) is not None:
        return _of_message(db, view, thing)
    return _of_other(db, view, thing)


def _of_other(db: sqlite3.Connection, view: Viewpoint, thing: str) -> str:
    if key_of(thing) is not None:
        return label_of(db, view, thing)
    title = _own(db, view, thing) or _private(db, thing) or _latest(db, view, thing)
    if title:
        return title
    return topic_words(thing) if thing.startswith("topic:") else thing


def _own(db: sqlite3.Connection, view: Viewpoint, thing: str) -> str:
    found = db.execute(OWN, [view.my_row, Kind.RESOURCE, slot_name(thing)]).fetchone()
    return _title_in(found) if found else ""


def _private(db: sqlite3.Connection, thing: str) -> str:
    found = db.execute("SELECT title FROM library WHERE thing = ?", [thing]).fetchone()
    return found[0] if found else ""


def _latest(db: sqlite3.Connection, view: Viewpoint, thing: str) -> str:
    strangers = ""
    for author, *row in db.execute(LATEST, [thing, Kind.RESOURCE, TITLES_READ]):
        if author in view.hidden_rows:
            continue
        if author in view.followed_rows and (title := _title_in(row)):
            return title
        strangers = strangers or _title_in(row)
    return strangers


def _title_in(row: Sequence[Any]) -> str:
    identifier, header, signature, crc, body = row
    read = read_message((identifier, header, signature, crc, body))
    content = None if read is None else read[1].content
    return content.title.strip() if isinstance(content, Resource) else ""


def _of_message(db: sqlite3.Connection, view: Viewpoint, thing: str) -> str:
    identifier = message_id_of(thing)
    assert identifier is not None
    rows = rows_of_messages(db, [identifier])
    if not rows:
        return "a message that is not here"
    said = statements_in(db, view, list(rows.values()))
    if not said:
        return "a message without its text"
    statement = said[0]
    if statement.kind == "trail":
        return statement.title
    # One step only: comments on comments on comments would make a title without end.
    about = (
        "a message" if message_id_of(statement.thing) is not None else _of_other(db, view, statement.thing)
    )
    return DEEDS[statement.kind].format(author=statement.author.label, role=statement.role, thing=about)
