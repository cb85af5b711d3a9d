"""What one says in public: share, endorse, connect, comment, change it, take it back."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Annotated

import msgspec

from hedgerow_node.commands import words
from hedgerow_node.commands.checking import found
from hedgerow_node.commands.naming import own_message_named, thing_named
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.reach import who_forgets, who_receives
from hedgerow_node.commands.saying import Saying, replacing, say, saying_of
from hedgerow_node.commands.vocabulary import RelationName, RoleName, StanceName, WithdrawalName
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import Head, State
from hedgerow_protocol.kinds import (
    Attest,
    Comment,
    Connect,
    Endorse,
    Kind,
    Reference,
    Relation,
    Role,
    Stance,
    Statement,
    Withdrawal,
)
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import is_person, message_id_of, message_thing

SaidText = Annotated[str, msgspec.Meta(min_length=1)]
FIXED = frozenset(
    {"thing", "topic", "target", "origin", "relation", "to", "label", "slot", "one", "other", "claim"}
)
"""Fields that make the slot, or of which something is said: with another value it would be another statement."""


class EndorseThing(Request):
    """A thing helped, did not, or helps within limits; a person is endorsed for a topic."""

    thing: str
    reason: SaidText
    stance: StanceName = "for"
    level: str = ""
    audience: str = ""
    topic: str = ""
    topics: tuple[str, ...] = ()


class ConnectThings(Request):
    """From one thing to another."""

    origin: str = msgspec.field(name="from")
    relation: RelationName
    to: str
    reason: SaidText
    topics: tuple[str, ...] = ()


class CommentOn(Request):
    """Words on a thing, or in answer to a comment when `thing` names one."""

    thing: str
    text: SaidText
    role: RoleName = "comment"
    topics: tuple[str, ...] = ()


class Edit(Request):
    """New values for a message of one's own; None keeps what it says."""

    message: str
    title: str | None = None
    summary: str | None = None
    language: str | None = None
    type: str | None = None
    level: str | None = None
    audience: str | None = None
    teaches: tuple[str, ...] | None = None
    licence: str | None = None
    minutes: int | None = None
    authors: tuple[str, ...] | None = None
    reason: str | None = None
    stance: StanceName | None = None
    text: str | None = None
    role: RoleName | None = None
    value: str | None = None
    """What was found, of an attestation."""
    topics: tuple[str, ...] | None = None


class Withdraw(Request):
    """Messages of one's own; each goes with all its earlier versions unless `only_this`."""

    messages: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    only_this: bool = False
    reason: WithdrawalName = "unsaid"


async def endorse(node: Node, request: EndorseThing) -> Json:
    """Say that a thing helped (or did not, or within limits), for whom and why."""
    thing = await thing_named(node, request.thing)
    topic = words.line(request.topic)
    if is_person(thing) != bool(topic):
        raise Problem(Code.REQUEST_WRONG, "a person is endorsed for a topic, and only a person")
    if thing == node.keys.did:
        raise Problem(Code.THAT_IS_YOU)
    content = Endorse(
        thing=thing,
        stance=Stance[request.stance.upper()],
        level=words.line(request.level),
        audience=words.line(request.audience),
        reason=words.text(request.reason),
        topic=topic,
    )
    return await said(node, Saying(content, words.lines(request.topics)), thing)


async def connect(node: Node, request: ConnectThings) -> Json:
    """Say how one thing leads to another, and why."""
    origin, to = await thing_named(node, request.origin), await thing_named(node, request.to)
    if origin == to:
        raise Problem(Code.REQUEST_WRONG, "both ends are the same thing")
    relation = Relation[request.relation.replace("-", "_").upper()]
    content = Connect(origin, relation, to, words.text(request.reason))
    return await said(node, Saying(content, words.lines(request.topics)), origin)


async def comment(node: Node, request: CommentOn) -> Json:
    """Say something on a thing: a comment, a question, an answer, a reflection."""
    thing = await thing_named(node, request.thing)
    refs: tuple[tuple[int, MessageId], ...] = ()
    answered = await _comment_behind(node, thing)
    if answered is not None:
        # An answer stands beside what it answers: on the thing that the whole thread is about.
        refs = ((Reference.REPLY_TO, answered[0]),)
        thing = answered[1].thing
    content = Comment(thing, Role[request.role.upper()], words.text(request.text))
    return await said(node, Saying(content, words.lines(request.topics), refs), thing)


async def edit(node: Node, request: Edit) -> Json:
    """Say something again in better words; the earlier version stays in its history."""
    message = await own_message_named(node, request.message)
    heads = await heads_beside(node, message)
    if heads and message.id not in [head.id for head in heads]:
        message = (await node.store.messages.get([heads[0].id]))[0]
    saying = saying_of(message)
    if saying is None:
        raise _cannot_edit(message)
    changed = _changed(saying, request)
    if changed == saying and [head.id for head in heads] == [message.id]:
        return {"ids": [message_thing(message.id)], "replaced": [], "who": who_receives(node)}
    published = await node.publish_many([replacing(changed, heads)])
    return {
        "ids": [message_thing(published[0].id)],
        "replaced": [message_thing(head.id) for head in heads],
        "who": who_receives(node),
    }


async def retract(node: Node, request: Withdraw) -> Json:
    """Withdraw messages of one's own: their text is erased here at once, and on every node that obeys."""
    targets: dict[MessageId, None] = {}
    newer: dict[MessageId, None] = {}
    for name in request.messages:
        message = await own_message_named(node, name)
        if message.header.kind in (Kind.IDENTITY, Kind.RETRACT):
            raise Problem(
                Code.NOT_EDITABLE, "an identity and a withdrawal stay for good", "There is nothing to do."
            )
        heads = dict.fromkeys([head.id for head in await heads_beside(node, message)])
        # What stands goes whole, with every head beside it; an old version goes with what was before it.
        whole = list(heads) if message.id in heads else [message.id]
        targets |= dict.fromkeys([message.id] if request.only_this else await versions_of(node, whole))
        newer |= heads
    withdrawn = await node.store.messages.retraction_of(list(targets))
    due = [one for one in targets if one not in withdrawn]
    if not due:
        raise Problem(Code.WITHDRAWN, ", ".join(map(message_thing, targets)))
    messages = await node.retract(due, Withdrawal[request.reason.upper()])
    return {
        "ids": [message_thing(one.id) for one in messages],
        "withdrawn": [message_thing(one) for one in due],
        "still_said": [message_thing(one) for one in newer if one not in targets],
        "who": who_forgets(node),
    }


async def said(node: Node, saying: Saying, thing: str) -> Json:
    """Publish a statement about a thing, and tell who receives it."""
    published = await say(node, saying)
    return {"ids": [message_thing(published)], "thing": thing, "who": who_receives(node)}


async def _comment_behind(node: Node, thing: str) -> tuple[MessageId, Comment] | None:
    message_id = message_id_of(thing)
    held = await node.store.messages.get([MessageId(message_id)]) if message_id is not None else []
    saying = saying_of(held[0]) if held else None
    return (held[0].id, saying.content) if saying and isinstance(saying.content, Comment) else None


def _changed(saying: Saying, request: Edit) -> Saying:
    given = {
        name: value for name in request.__struct_fields__ if (value := getattr(request, name)) is not None
    }
    topics = saying.topics if request.topics is None else words.lines(request.topics)
    return Saying(_with(saying.content, given), topics, saying.refs, saying.extra)


def _with(content: Statement, given: Mapping[str, object]) -> Statement:
    """`content` with the values that were given; raises `Problem` for one that this kind does not have."""
    changes = {
        name: _value(content, name, value)
        for name, value in given.items()
        if name not in ("message", "topics")
    }
    unknown = changes.keys() - ({field.name for field in fields(content)} - FIXED)
    if unknown:
        kind = content.kind.name.lower()
        raise Problem(Code.REQUEST_WRONG, f"a message of the kind {kind} has no {', '.join(sorted(unknown))}")
    return replace(content, **changes)  # type: ignore[arg-type]


def _value(content: Statement, name: str, value: object) -> object:
    match name, value:
        case "value", str() if isinstance(content, Attest):
            return found(content.claim, value)
        case "stance", str():
            return Stance[value.upper()]
        case "role", str():
            return Role[value.upper()]
        case (("summary" | "reason" | "text"), str()):
            return words.text(value)
        case _, str():
            return words.line(value)
        case _, tuple():
            return words.lines(value)
        case _:
            return value


def _cannot_edit(message: Message) -> Problem:
    if message.body is None:
        return Problem(Code.WITHDRAWN, message_thing(message.id))
    return Problem(Code.NOT_EDITABLE)


async def heads_beside(node: Node, message: Message) -> list[Head]:
    """What stands of the statement that this message is a version of, the newest first."""
    saying = saying_of(message)
    if saying is not None and saying.content.slot is not None:
        kind, slot = saying.content.kind, saying.content.slot
        return (await node.store.views.heads(node.author, kind, [slot])).get(slot, [])
    versions = await node.store.views.history(message.id)
    return [
        Head(MessageId(message_id), one.ts or 0, 0)
        for one in versions
        if one.state in (State.CURRENT, State.CONCURRENT)
        and (message_id := message_id_of(one.id)) is not None
    ]


async def versions_of(node: Node, ids: list[MessageId]) -> list[MessageId]:
    """These messages and all that they replaced, held here or not."""
    found = dict.fromkeys(ids)
    frontier = ids
    while frontier:
        held = await node.store.messages.get(frontier)
        frontier = [one for message in held for one in message.header.replaces if one not in found]
        found |= dict.fromkeys(frontier)
    return list(found)
