"""Sharing: a thing, all that is private under a topic, or all that is private, in one act."""

from dataclasses import replace

from hedgerow_node.commands import words
from hedgerow_node.commands.library import is_kept, kept_items
from hedgerow_node.commands.naming import thing_named
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.reach import who_receives
from hedgerow_node.commands.saying import Saying, say_all, saying_of
from hedgerow_node.node import Node, OnProgress
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import Item
from hedgerow_protocol.kinds import Kind, Resource
from hedgerow_protocol.things import message_thing

DESCRIBES = (
    "title",
    "summary",
    "language",
    "type",
    "level",
    "audience",
    "teaches",
    "licence",
    "minutes",
    "authors",
)


class Share(Request):
    """Exactly one of `thing`, `topic` and `all`; what describes it goes with `thing` alone.

    None leaves a description as it is in the library, or as it was said before.
    """

    thing: str = ""
    topic: str = ""
    all: bool = False
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
    topics: tuple[str, ...] | None = None


async def share(node: Node, request: Share, on_progress: OnProgress) -> Json:
    """Share a thing, or everything private under a topic, or everything private."""
    if bool(request.thing) + bool(request.topic) + request.all != 1:
        raise Problem(Code.REQUEST_WRONG, "name one of: a thing, a topic, all")
    node.check_may_publish()
    if request.thing:
        sayings = [await _described(node, request)]
    elif any(getattr(request, name) is not None for name in (*DESCRIBES, "topics")):
        raise Problem(Code.REQUEST_WRONG, "a description goes with one thing, not with many")
    else:
        sayings = [
            _as_saved(item)
            async for item in kept_items(node, words.line(request.topic) or None)
            if not item.shared and is_kept(item)
        ]
    if not sayings:
        raise Problem(Code.NOTHING_TO_SHARE, request.topic)
    return await share_all(node, sayings, on_progress)


async def share_all(node: Node, sayings: list[Saying], on_progress: OnProgress) -> Json:
    """Publish these descriptions; what the messages now carry leaves the private library."""
    ids = await say_all(node, sayings, on_progress)
    await node.store.library.mark_shared([_thing_of(saying) for saying in sayings])
    node.erase_soon()
    return {"ids": [message_thing(one) for one in ids], "shared": len(ids), "who": who_receives(node)}


def _as_saved(item: Item) -> Saying:
    return Saying(Resource(item.thing, item.title, item.summary), item.topics)


async def _described(node: Node, request: Share) -> Saying:
    """What is known of the thing, with what the request says of it."""
    thing = await thing_named(node, request.thing)
    before = await node.store.views.current(node.author, Kind.RESOURCE, thing)
    said = saying_of(before) if before is not None else None
    content = said.content if said is not None and isinstance(said.content, Resource) else Resource(thing, "")
    topics = said.topics if said is not None else ()
    extra = said.extra if said is not None else ()
    item = await node.store.library.item(thing)
    if item is not None:
        content = replace(content, title=item.title or content.title, summary=item.summary or content.summary)
        topics = item.topics or topics
    given = {name: _worded(value) for name in DESCRIBES if (value := getattr(request, name)) is not None}
    if request.summary is not None:
        given["summary"] = words.text(request.summary)
    if request.topics is not None:
        topics = words.lines(request.topics)
    return Saying(replace(content, **given), topics, extra=extra)  # type: ignore[arg-type]


def _worded(value: object) -> object:
    match value:
        case str():
            return words.line(value)
        case tuple():
            return words.lines(value)
        case _:
            return value


def _thing_of(saying: Saying) -> str:
    assert isinstance(saying.content, Resource)
    return saying.content.thing
