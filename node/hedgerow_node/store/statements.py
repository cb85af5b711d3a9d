"""Statements read back: rows of the index turned into what their messages say, as seen from a viewpoint."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import assert_never

from hedgerow_node.store.records import State, Statement
from hedgerow_node.store.rows import as_list, select_in
from hedgerow_node.store.viewpoint import YOU, Viewpoint
from hedgerow_protocol.kinds import (
    Body,
    Comment,
    Connect,
    Endorse,
    Follow,
    Kind,
    Profile,
    Reference,
    Relation,
    Resource,
    Retract,
    Role,
    Stance,
    Unknown,
    decode_body,
)
from hedgerow_protocol.message import MessageId, decode_header
from hedgerow_protocol.things import message_thing

READ = """
SELECT m.id, m.header, m.body, m.author, m.received, s.at,
    EXISTS (SELECT 1 FROM heads AS h WHERE h.row = s.row),
    EXISTS (SELECT 1 FROM standing AS h WHERE h.row = s.row)
FROM json_each(?) AS j
JOIN statements AS s ON s.row = j.value
JOIN messages AS m ON m.row = s.row
WHERE m.body IS NOT NULL
ORDER BY j.key
"""


@dataclass(frozen=True, slots=True)
class Read:
    """One row of `READ`."""

    id: MessageId
    header: bytes
    body: bytes
    author: int
    received: float
    at: int
    is_head: int
    is_standing: int

    @property
    def state(self) -> State:
        """Where it stands among its versions."""
        if not self.is_head:
            return State.SUPERSEDED
        return State.CURRENT if self.is_standing else State.CONCURRENT


def statements_in(db: sqlite3.Connection, view: Viewpoint, rows: Sequence[int]) -> list[Statement]:
    """What the messages in these rows say, in the order of `rows`; rows that are not indexed are left out."""
    found = [Read(*row) for row in db.execute(READ, [as_list(rows)])]
    view.meet(db, [read.author for read in found])
    return [_statement(read, view) for read in found]


def rows_of_messages(db: sqlite3.Connection, ids: Iterable[bytes]) -> dict[bytes, int]:
    """The rows of those of these messages that are held, be it only their headers."""
    return dict(select_in(db, "SELECT id, row FROM messages WHERE id IN ({})", ids))


def kind_word(kind: int) -> str:
    """What a kind is called; "kind 77" when it is not known here."""
    return word_for(Kind, kind, "kind")


def word_for(words: type[IntEnum], number: int, what: str) -> str:
    """The name of a number, in lower case with spaces."""
    try:
        return words(number).name.lower().replace("_", " ")
    except ValueError:
        return f"{what} {number}"


def _statement(read: Read, view: Viewpoint) -> Statement:
    header = decode_header(read.header)
    body = decode_body(header.kind, read.body)
    author = view.author(read.author)
    bare = Statement(
        id=message_thing(read.id),
        kind=kind_word(header.kind),
        author=author,
        ts=header.ts,
        received=read.received,
        at=read.at,
        own=author.relation == YOU,
        state=read.state,
        thing="",
        topics=body.topics,
        replaces=tuple(map(message_thing, header.replaces)),
        reply_to=next(iter(_named(body, Reference.REPLY_TO)), None),
        rests_on=tuple(_named(body, Reference.RESTS_ON)),
    )
    return _with_content(bare, body)


def _named(body: Body, relation: Reference) -> list[str]:
    return [message_thing(target) for known, target in body.refs if known == relation]


def _with_content(bare: Statement, body: Body) -> Statement:
    match body.content:
        case Profile(name, about, machine):
            return replace(bare, thing=bare.author.did, title=name, summary=about, machine=machine)
        case Follow(target, reason):
            return replace(bare, thing=target, reason=reason)
        case Resource() as resource:
            return _with_resource(bare, resource)
        case Endorse() as endorse:
            return replace(
                bare,
                thing=endorse.thing,
                stance=word_for(Stance, endorse.stance, "stance"),
                level=endorse.level,
                audience=endorse.audience,
                reason=endorse.reason,
                topic=endorse.topic,
            )
        case Connect(origin, relation, to, reason):
            word = word_for(Relation, relation, "relation")
            return replace(bare, thing=origin, relation=word, to=to, reason=reason)
        case Comment(thing, role, text):
            return replace(bare, thing=thing, role=word_for(Role, role, "role"), text=text)
        case Retract() | Unknown():
            return bare
        case _ as never:
            assert_never(never)


def _with_resource(bare: Statement, resource: Resource) -> Statement:
    return replace(
        bare,
        thing=resource.thing,
        title=resource.title,
        summary=resource.summary,
        language=resource.language,
        type=resource.type,
        level=resource.level,
        audience=resource.audience,
        teaches=resource.teaches,
        licence=resource.licence,
        minutes=resource.minutes,
        authors=resource.authors,
    )
