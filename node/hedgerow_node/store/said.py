"""What a message says, taken apart for the index: about which things, and the words by which it is found."""

from dataclasses import dataclass

from hedgerow_protocol.keys import did_of
from hedgerow_protocol.kinds import (
    Attest,
    Body,
    Comment,
    Connect,
    Content,
    Endorse,
    Follow,
    Introduce,
    Label,
    Profile,
    Receipt,
    Resource,
    Retract,
    Trail,
    Unknown,
    Vouch,
)
from hedgerow_protocol.message import Message
from hedgerow_protocol.things import message_thing


@dataclass(frozen=True, slots=True)
class Said:
    """The parts of a statement that are looked for; texts as they were written."""

    thing: str
    other: str | None = None
    """The far end of a connection, or the other of two people."""
    title: str = ""
    keywords: tuple[str, ...] = ()
    summary: str = ""
    reason: str = ""
    has_address: bool = False
    """Its address is worth finding: it describes or recommends the thing."""
    steps: tuple[str, ...] = ()
    """The things that a trail leads through, each once."""
    origin: str | None = None
    """The version that a trail was forked from."""


def said_by(message: Message, body: Body) -> Said | None:
    """What a message says and about which thing; None for what people do not read."""
    match body.content:
        case Resource() as resource:
            return _described(resource, body.topics)
        case Endorse() as endorse:
            keywords = (*body.topics, endorse.topic) if endorse.topic else body.topics
            return Said(endorse.thing, keywords=keywords, reason=endorse.reason, has_address=True)
        case Trail() as trail:
            return _led(message, trail, body.topics)
        case Profile() as profile:
            person = did_of(message.header.author)
            return Said(person, title=profile.name, keywords=body.topics, summary=profile.about)
        case content:
            return _reasoned(content, body.topics)


def _reasoned(content: Content, topics: tuple[str, ...]) -> Said | None:
    match content:
        case Connect(origin, _, to, reason):
            return Said(origin, to, keywords=topics, reason=reason)
        case Introduce(one, other, reason):
            return Said(one, other, keywords=topics, reason=reason)
        case Comment(thing, _, text):
            return Said(thing, keywords=topics, reason=text)
        case Label(thing, label, reason):
            return Said(thing, keywords=(label, *topics), reason=reason)
        case Follow(target, reason) | Vouch(target, reason):
            return Said(target, keywords=topics, reason=reason)
        case Attest(thing):
            return Said(thing, keywords=topics)
        case Receipt(id=held):
            return Said(message_thing(held))
        case Resource() | Endorse() | Trail() | Profile() | Retract() | Unknown():
            return None


def _described(resource: Resource, topics: tuple[str, ...]) -> Said:
    return Said(
        resource.thing,
        title=resource.title,
        keywords=(*topics, *resource.teaches, *resource.authors),
        summary=resource.summary,
        has_address=True,
    )


def _led(message: Message, trail: Trail, topics: tuple[str, ...]) -> Said:
    """A trail is a thing itself: its message."""
    return Said(
        message_thing(message.id),
        title=trail.title,
        keywords=(*topics, *dict.fromkeys(step.role for step in trail.steps if step.role)),
        summary=trail.summary,
        reason="\n".join([step.note for step in trail.steps if step.note]),
        steps=tuple(dict.fromkeys(step.thing for step in trail.steps if step.thing is not None)),
        origin=message_thing(trail.lineage[0]) if trail.lineage else None,
    )
