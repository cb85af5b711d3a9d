"""Finding: search, what people said lately, everything on a thing, one message explained."""

from typing import Literal

from hedgerow_node.addresses import person_of
from hedgerow_node.commands import words
from hedgerow_node.commands.explaining import explain
from hedgerow_node.commands.naming import message_named, thing_named
from hedgerow_node.commands.nearness import further, near
from hedgerow_node.commands.operation import Json, Limit, Request
from hedgerow_node.commands.showing import page, plain
from hedgerow_node.config import USUAL_PAGE
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import MessageView
from hedgerow_protocol.keys import DeviceKey, key_of
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_id_of, message_thing

MOST_STATEMENTS = 100
"""Statements that a thing's page shows at once."""


class Search(Request):
    """Words in any script; the last may be a beginning."""

    q: str
    cursor: str = ""
    limit: Limit = USUAL_PAGE


class Feed(Request):
    """A page of things of which people spoke; of one person where `did` is given."""

    of: Literal["near", "further", "everyone"] = "near"
    """Those whom you follow, or your node lets in; those to whom they lead; or all of whom something is here."""
    did: str = ""
    topic: str = ""
    cursor: str = ""
    limit: Limit = USUAL_PAGE


class ShowThing(Request):
    """A thing, or a message by its name or the first letters of it."""

    thing: str
    explain: bool = False
    """Whether to show a message's fields, bytes and proof too."""
    limit: Limit = MOST_STATEMENTS


class ListStatements(Request):
    """What is said about a thing, from a cursor on."""

    thing: str
    cursor: str = ""
    limit: Limit = MOST_STATEMENTS


class ShowMessage(Request):
    """A message, by its name or the first letters of it."""

    message: str
    explain: bool = False


class ListTopics(Request):
    """Topics that begin like this."""

    prefix: str = ""
    limit: Limit = USUAL_PAGE


async def search(node: Node, request: Search) -> Json:
    """Search what is here: the private library and what people said."""
    return page(await node.store.search.find(request.q, request.cursor or None, request.limit))


async def feed(node: Node, request: Feed) -> Json:
    """Show the things of which people spoke lately."""
    cursor = request.cursor or None
    if request.did and request.topic:
        raise Problem(Code.REQUEST_WRONG, "name a person or a topic, not both")
    if request.topic:
        return page(await node.store.views.topic(words.line(request.topic), cursor, request.limit))
    views = node.store.views
    if request.did:
        return page(await views.feed([person_of(request.did)], cursor, request.limit))
    match request.of:
        case "near":
            return page(await views.feed(await near(node), cursor, request.limit))
        case "further":
            return page(await views.further(await further(node), cursor, request.limit))
        case _:
            return page(await views.feed(None, cursor, request.limit))


async def topics(node: Node, request: ListTopics) -> Json:
    """List topics, those with most things first."""
    found = await node.store.views.topics(words.line(request.prefix), request.limit)
    return {"topics": [{"topic": topic, "things": things} for topic, things in found]}


async def show(node: Node, request: ShowThing) -> Json:
    """Show everything that is said about a thing, or a message and what is said about it."""
    thing = await thing_named(node, request.thing)
    view = await node.store.views.thing(thing, request.limit)
    shown: Json = {"thing": thing, "title": thing, "statements": []} if view is None else plain(view)
    message_id = message_id_of(thing)
    if message_id is None:
        return shown
    held = await node.store.messages.get([MessageId(message_id)])
    if not held:
        raise Problem(Code.NO_SUCH_MESSAGE, thing)
    return await _with_message(node, shown, held[0], explained=request.explain)


async def show_message(node: Node, request: ShowMessage) -> Json:
    """Show a message, its versions and the answers to it."""
    message = await message_named(node, request.message)
    return await show(node, ShowThing(thing=message_thing(message.id), explain=request.explain))


async def statements(node: Node, request: ListStatements) -> Json:
    """List what is said about a thing, page by page."""
    thing = await thing_named(node, request.thing)
    return page(await node.store.views.statements(thing, request.cursor or None, request.limit))


async def holders_of(node: Node, view: MessageView) -> int | None:
    """How many places are known to hold a message of one's own, this one among them; None for others' messages."""
    if view.author.did != node.keys.did:
        return None
    holders = await node.store.receipts.holders(DeviceKey(key_of(view.device)), view.seq)
    return 1 + len(holders & await node.store.views.follows(node.author))


async def _with_message(node: Node, shown: Json, message: Message, *, explained: bool) -> Json:
    """A message stands first among what is said about it."""
    view = await node.store.views.message(message.id)
    assert view is not None
    told = plain(view)
    said = told["statement"]
    about = shown["statements"]
    assert isinstance(about, list)
    return {
        **shown,
        "message": {**told, "holders": await holders_of(node, view)},
        "statements": [*([said] if said is not None else []), *about],
        **({"explain": await explain(node, message)} if explained else {}),
    }
