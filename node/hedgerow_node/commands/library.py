"""The private library: nothing here leaves this computer until it is shared."""

from collections.abc import AsyncIterator

from hedgerow_node.addresses import thing_of
from hedgerow_node.commands import words
from hedgerow_node.commands.naming import thing_named
from hedgerow_node.commands.operation import Json, Limit, Request
from hedgerow_node.commands.showing import page
from hedgerow_node.config import MAX_PAGE, USUAL_PAGE
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem, not_allowed
from hedgerow_node.store.records import Item, NewItem
from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.kinds import Body, Resource, encode_body


class AddItem(Request):
    """A thing to keep; None leaves what is there."""

    thing: str
    title: str | None = None
    summary: str | None = None
    topics: tuple[str, ...] | None = None


class ListItems(Request):
    """A page of the private library, newest first."""

    topic: str = ""
    cursor: str = ""
    limit: Limit = USUAL_PAGE


class ListCollection(Request):
    """A page of what one saved or shared, newest first."""

    cursor: str = ""
    limit: Limit = USUAL_PAGE


class ListFolders(Request):
    """The topics of the private library."""


class OneItem(Request):
    """A thing in the private library."""

    thing: str


class NoteOn(Request):
    """A note on a thing; an empty one removes what was there."""

    thing: str
    text: str


async def add(node: Node, request: AddItem) -> Json:
    """Keep a thing in the private library."""
    thing = thing_of(request.thing)
    before = await node.store.library.item(thing) or NewItem(thing)
    item = NewItem(
        thing,
        before.title if request.title is None else words.line(request.title),
        before.summary if request.summary is None else words.text(request.summary),
        before.topics if request.topics is None else words.lines(request.topics),
    )
    check_describes(item)
    added = await node.store.library.save(
        thing, item.title, item.summary, item.topics, saved=node.clock.now()
    )
    return {"thing": thing, "title": item.title, "added": added}


async def items(node: Node, request: ListItems) -> Json:
    """List the private library."""
    topic = words.line(request.topic) or None
    return page(await node.store.library.items(request.cursor or None, request.limit, topic))


async def collection(node: Node, request: ListCollection) -> Json:
    """List what one saved or shared."""
    return page(await node.store.views.collection(request.cursor or None, request.limit))


async def folders(node: Node, request: ListFolders) -> Json:
    """List the topics of the private library."""
    found = await node.store.library.topics()
    return {"folders": [{"topic": topic, "things": things} for topic, things in found]}


async def remove(node: Node, request: OneItem) -> Json:
    """Take a thing, and the note on it, out of the private library."""
    thing = thing_of(request.thing)
    if not await node.store.library.remove(thing):
        raise Problem(Code.NO_SUCH_ITEM, thing)
    node.erase_soon()
    return {"thing": thing, "removed": True}


async def note(node: Node, request: NoteOn) -> Json:
    """Write a private note on a thing."""
    thing = await thing_named(node, request.thing)
    text = words.text(request.text)
    if len(text.encode()) > limits.MAX_TEXT:
        raise Problem(Code.NOT_ALLOWED, f"the note has more than {limits.MAX_TEXT} bytes")
    await node.store.library.note(thing, text, saved=node.clock.now())
    if not text:
        node.erase_soon()
    return {"thing": thing, "note": text}


def check_describes(item: NewItem) -> None:
    """Raises `Problem` unless this could be shared as it is: what is saved must not fail later."""
    try:
        encode_body(Body(bytes(limits.NONCE), Resource(item.thing, item.title, item.summary), item.topics))
    except LocalProtocolError as error:
        raise not_allowed(error) from None


async def kept_items(node: Node, topic: str | None = None) -> AsyncIterator[Item]:
    """Everything in the private library, the latest saved first."""
    cursor: str | None = None
    while True:
        found = await node.store.library.items(cursor, MAX_PAGE, topic)
        for item in found.results:
            yield item
        cursor = found.next
        if cursor is None:
            return


def is_kept(item: Item) -> bool:
    """Whether the thing itself is kept, and not only a note on it."""
    return bool(item.title or item.summary or item.topics) or not item.note
