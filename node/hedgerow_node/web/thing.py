"""The page of a thing: where it stands among others, what people say, and the forms to say something oneself."""

from collections.abc import Sequence

from aiohttp import web

from hedgerow_node.addresses import thing_of
from hedgerow_node.commands.discover import holders_of
from hedgerow_node.config import HOME_ENTRIES, MAX_PAGE
from hedgerow_node.exchange import bundled
from hedgerow_node.exchange.items import ImportedLink
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import Connection, MessageView, State, Statement, ThingView
from hedgerow_node.store.thing_views import address_of
from hedgerow_node.web import wording
from hedgerow_node.web.filling import filled, of_item, of_statement
from hedgerow_node.web.paths import thing_in, trail_path
from hedgerow_node.web.trail import trail_page
from hedgerow_node.web.visit import DONE, Refused, Visit
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.things import is_person, message_id_of, topic_words

SHOWN_KINDS = frozenset({"resource", "endorse", "follow", "profile", "receipt"})
"""Connections, comments, checks and labels have their own places on the page."""
TOPIC = "topic:"
TRAIL_KIND = "trail"


async def show_thing(visit: Visit) -> web.StreamResponse:
    """The page of the thing in the path."""
    thing = thing_of(thing_in(visit.request))
    return await thing_page(visit, thing)


async def thing_page(visit: Visit, thing: str, refused: Refused | None = None) -> web.StreamResponse:
    """The page of this thing; with `refused` its form comes back."""
    if is_person(thing):
        return visit.go(f"/people/{thing}")
    message = await message_in(visit, thing)
    if message is not None and message.kind == TRAIL_KIND and message.statement is not None:
        return await _trail(visit, message, refused)
    found = bundled.links().get(thing)
    view = await visit.node.store.views.thing(thing, MAX_PAGE) or _unknown(thing, found)
    if visit.cursor:
        return await _more(visit, view)
    topic = topic_words(thing) if thing.startswith(TOPIC) else ""
    on_topic = await visit.node.store.views.topic(topic, None, HOME_ENTRIES) if topic else None
    mine = [one for one in view.statements if one.own and one.state == State.CURRENT]
    shared = next((one for one in mine if one.kind == "resource"), None)
    values = _values(view, message, mine, shared)
    if message is not None and message.statement is not None:
        values["holders"] = await holders_of(visit.node, message)
        values["about_title"] = await visit.node.store.views.title(message.statement.thing)
    spoken = [one for item in (on_topic.results if on_topic else ()) for one in item.statements]
    named = [*view.statements, *view.checks, *spoken, *_statement_of(message)]
    values["titles"] = await visit.titles(named)
    before = _before(view, message, shared, found)
    values |= {
        "bundled": found,
        "bundled_language": bundled.language_of(found) if found else "",
        "about_topic": on_topic.results if on_topic else (),
        "topic_words": topic,
        "is_muted": thing in await visit.node.store.library.muted(),
        "down": await visit.node.store.takedowns.standing(thing),
        "filled": lambda act: filled(act, before.get(act, {}), refused),
    }
    return visit.page("thing.html", values, refused)


def _values(
    view: ThingView, message: MessageView | None, mine: Sequence[Statement], shared: Statement | None
) -> dict[str, object]:
    said = [one for one in view.statements if one.kind in SHOWN_KINDS]
    return {
        "view": view,
        "message": message,
        "said": [one for one in said if one.state != State.SUPERSEDED],
        "earlier": [one for one in said if one.state == State.SUPERSEDED],
        "ways": _ways(view.connections),
        "own": mine,
        "is_shared": shared is not None,
    }


def _before(
    view: ThingView, message: MessageView | None, shared: Statement | None, found: ImportedLink | None
) -> dict[str, dict[str, str]]:
    """What stands in each form at first."""
    return {
        "share": of_statement(shared) or of_item(view.item or found),
        "save": of_item(view.item or found),
        "note": {"text": view.item.note if view.item else ""},
        "edit": of_statement(message.statement if message else None),
    }


async def _trail(visit: Visit, message: MessageView, refused: Refused | None) -> web.StreamResponse:
    """A trail has a page of its own."""
    if refused is not None:
        return await trail_page(visit, message, refused)
    return visit.go(trail_path(message.id, **{DONE: visit.request.query.get(DONE, "")}))


async def message_in(visit: Visit, thing: str) -> MessageView | None:
    """The message that a thing is; None for a thing that is none. Raises `Problem` for one that is not here."""
    identifier = message_id_of(thing)
    if identifier is None:
        return None
    found = await visit.node.store.views.message(MessageId(identifier))
    if found is None:
        raise Problem(Code.NO_SUCH_MESSAGE, thing)
    return found


async def _more(visit: Visit, view: ThingView) -> web.StreamResponse:
    found = await visit.node.store.views.statements(view.thing, visit.cursor, MAX_PAGE)
    values = {"statements": found.results, "titles": await visit.titles(found.results)}
    return visit.page("statements.html", {"view": view, "next": found.next, **values})


def _statement_of(message: MessageView | None) -> list[Statement]:
    return [message.statement] if message is not None and message.statement is not None else []


def _ways(connections: Sequence[Connection]) -> list[tuple[str, list[Connection]]]:
    """The four ways with what lies on each; those with nothing on them are left out."""
    found = [
        (words, [one for one in connections if wording.way_of(one) == way])
        for way, words in wording.WAYS.items()
    ]
    return [(words, rows) for words, rows in found if rows]


def _unknown(thing: str, found: ImportedLink | None) -> ThingView:
    """The view of a thing that nobody here names, unless it is `found` in the library that comes with Hedgerow."""
    title = topic_words(thing) if thing.startswith(TOPIC) else found.title if found else thing
    return ThingView(
        thing=thing,
        title=title,
        scheme=thing.partition(":")[0],
        address=address_of(thing),
        topics=(),
        authors=(),
        statements=(),
        next=None,
        connections=(),
        checks=(),
        labels=(),
        trails=(),
        comments=(),
        item=None,
        hidden=(),
        withdrawn=0,
        missing=0,
    )
