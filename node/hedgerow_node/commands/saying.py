"""Publishing statements: what is said again on the same slot replaces what was said there before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hedgerow_node.node import Draft, Node, OnProgress, ignore_progress
from hedgerow_node.store.records import Head
from hedgerow_protocol import limits
from hedgerow_protocol.kinds import Statement, decode_body
from hedgerow_protocol.message import Message, MessageId


@dataclass(frozen=True, slots=True)
class Saying:
    """A statement to be published, with its topics and what it refers to."""

    content: Statement
    topics: tuple[str, ...] = ()
    refs: tuple[tuple[int, MessageId], ...] = ()
    extra: tuple[tuple[int, object], ...] = ()
    """Parts that a newer Hedgerow added: they are carried over, never interpreted."""


async def say(node: Node, saying: Saying) -> MessageId:
    """Publish one statement; the id is that of what stands, should it say the same already."""
    return (await say_all(node, [saying]))[0]


async def say_all(
    node: Node, sayings: Sequence[Saying], on_progress: OnProgress = ignore_progress
) -> list[MessageId]:
    """Publish these statements, each in place of my heads on its slot; the ids in the same order.

    One that stands already, word for word, is not said twice. No two may have the same slot.
    """
    node.check_may_publish()
    heads = await _heads_of(node, sayings)
    standing = await _standing(node, sayings, heads)
    drafts = [
        replacing(saying, before)
        for saying, before, stands in zip(sayings, heads, standing, strict=True)
        if stands is None
    ]
    published = iter(await node.publish_many(drafts, on_progress) if drafts else [])
    return [next(published).id if stands is None else stands for stands in standing]


def replacing(saying: Saying, before: Sequence[Head]) -> Draft:
    """The draft that says this in place of `before`, the newest of them where there are too many."""
    newest = sorted(before, key=lambda head: (head.ts, head.id), reverse=True)
    return Draft(
        content=saying.content,
        topics=saying.topics,
        refs=saying.refs,
        extra=saying.extra,
        replaces=tuple([head.id for head in newest[: limits.MAX_REPLACES]]),
        after=newest[0].ts if newest else 0,
    )


def saying_of(message: Message) -> Saying | None:
    """What a message says; None when its body is gone or missing, or its kind is not known here."""
    body = None if message.body is None else decode_body(message.header.kind, message.body)
    if body is None or not isinstance(body.content, Statement):
        return None
    return Saying(body.content, body.topics, body.refs, body.extra)


async def _heads_of(node: Node, sayings: Sequence[Saying]) -> list[Sequence[Head]]:
    """For each saying my heads on its slot; none where its kind has no slots."""
    slots: dict[int, list[str]] = {}
    for saying in sayings:
        if saying.content.slot is not None:
            slots.setdefault(saying.content.kind, []).append(saying.content.slot)
    found: dict[tuple[int, str | None], Sequence[Head]] = {}
    for kind, names in slots.items():
        for slot, heads in (await node.store.views.heads(node.author, kind, names)).items():
            found[kind, slot] = heads
    return [found.get((saying.content.kind, saying.content.slot), ()) for saying in sayings]


async def _standing(
    node: Node, sayings: Sequence[Saying], heads: Sequence[Sequence[Head]]
) -> list[MessageId | None]:
    """For each saying the id of the message that says just this already."""
    only = [before[0].id for before in heads if len(before) == 1]
    said = {message.id: saying_of(message) for message in await node.store.messages.get(only)}
    return [
        before[0].id if len(before) == 1 and _says(said.get(before[0].id), saying) else None
        for saying, before in zip(sayings, heads, strict=True)
    ]


def _says(said: Saying | None, saying: Saying) -> bool:
    """Whether that is said already; what a newer Hedgerow added to it does not make it something else."""
    return said is not None and replace(said, extra=()) == replace(saying, extra=())
