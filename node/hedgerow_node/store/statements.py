"""Statements read back: rows of the index turned into what their messages say, as seen from a viewpoint."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from hedgerow_node.store.reading import read_message
from hedgerow_node.store.records import State, Statement, Step
from hedgerow_node.store.rows import COLUMNS, MessageRow, as_list, select_in
from hedgerow_node.store.viewpoint import YOU, Viewpoint, did_of
from hedgerow_protocol.kinds import (
    Attest,
    Body,
    Claim,
    Comment,
    Connect,
    Content,
    Endorse,
    Follow,
    Introduce,
    Kind,
    Label,
    Profile,
    Receipt,
    Reference,
    Relation,
    Resource,
    Role,
    Stance,
    Trail,
    Vouch,
)
from hedgerow_protocol.things import message_thing

READ = f"""
SELECT m.author, m.received, s.at,
    EXISTS (SELECT 1 FROM heads AS h WHERE h.row = s.row),
    EXISTS (SELECT 1 FROM standing AS h WHERE h.row = s.row),
    {COLUMNS}
FROM json_each(?) AS j
JOIN statements AS s ON s.row = j.value
JOIN messages AS m ON m.row = s.row
ORDER BY j.key
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a statement stands: its author's row, its times, and its place among its versions."""

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
    """What the messages in these rows say, in the order of `rows`.

    Left out are rows that are not indexed, and those that are no longer what was signed.
    """
    found = db.execute(READ, [as_list(rows)]).fetchall()
    view.meet(db, [row[0] for row in found])
    statements = [_statement(Placed(*row[:5]), row[5:], view) for row in found]
    return [statement for statement in statements if statement is not None]


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


def _statement(placed: Placed, row: MessageRow, view: Viewpoint) -> Statement | None:
    read = read_message(row)
    if read is None:
        return None
    message, body = read
    author = view.author(placed.author)
    bare = Statement(
        id=message_thing(message.id),
        kind=kind_word(message.header.kind),
        author=author,
        ts=message.header.ts,
        received=placed.received,
        at=placed.at,
        own=author.relation == YOU,
        state=placed.state,
        thing="",
        topics=body.topics,
        replaces=tuple(map(message_thing, message.header.replaces)),
        reply_to=next(iter(_named(body, Reference.REPLY_TO)), None),
        rests_on=tuple(_named(body, Reference.RESTS_ON)),
        newer=bool(body.extra),
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
        case content:
            return _with_more(bare, content)


def _with_more(bare: Statement, content: Content) -> Statement:
    match content:
        case Trail() as trail:
            return _with_trail(bare, trail)
        case Attest(thing, claim, value, checked_at):
            word = word_for(Claim, claim, "claim")
            return replace(bare, thing=thing, claim=word, value=value, checked_at=checked_at)
        case Label(thing, label, reason):
            return replace(bare, thing=thing, label=label, reason=reason)
        case Introduce(one, other, reason):
            return replace(bare, thing=one, to=other, reason=reason)
        case Vouch(target, reason):
            return replace(bare, thing=target, reason=reason)
        case Receipt(device, seq, held, since):
            return replace(bare, thing=message_thing(held), to=did_of(device), value=seq, checked_at=since)
        case _:
            return bare


def _with_trail(bare: Statement, trail: Trail) -> Statement:
    steps = [
        Step(
            thing=step.thing,
            role=step.role,
            note=step.note,
            requires=tuple([place + 1 for place in step.requires]),
            minutes=step.minutes,
            optional=step.optional,
        )
        for step in trail.steps
    ]
    return replace(
        bare,
        thing=bare.id,
        title=trail.title,
        summary=trail.summary,
        steps=tuple(steps),
        lineage=tuple(map(message_thing, trail.lineage)),
    )


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
