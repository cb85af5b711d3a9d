"""Trails: the list of them, the form for a new one, and the acts on one."""

from aiohttp import web

from hedgerow_node.addresses import thing_of
from hedgerow_node.commands.operation import Json
from hedgerow_node.config import USUAL_PAGE
from hedgerow_node.exchange.steps import read_steps
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import MessageView
from hedgerow_node.web import wording
from hedgerow_node.web.filling import filled
from hedgerow_node.web.paths import TRAIL, thing_in, trail_path
from hedgerow_node.web.thing import message_in
from hedgerow_node.web.trail import trail_page
from hedgerow_node.web.visit import DONE, Refused, Visit
from hedgerow_protocol.keys import AuthorKey

EVERYONE, FOLLOWED, MINE = wording.TRAILS


async def show_trails(visit: Visit) -> web.StreamResponse:
    """Trails: everybody's, those of people I follow, or mine."""
    of = visit.request.query.get("of", EVERYONE)
    found = await visit.node.store.views.trails(await _authors(visit, of), visit.cursor, USUAL_PAGE)
    values = {"trails": found.results, "next": found.next, "hidden": found.hidden}
    return visit.page("trails.html", {**values, "of": of if of in wording.TRAILS else EVERYONE})


async def show_new(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """The form for a new trail, with a first step where the address names one."""
    before = {"steps": visit.request.query.get("thing", "")}
    return visit.page("trail_new.html", {"given": filled("trail new", before, refused)}, refused)


async def show_trail(visit: Visit) -> web.StreamResponse:
    """The page of the trail in the path."""
    return await trail_page(visit, await _message(visit, thing_of(thing_in(visit.request, TRAIL))))


async def make(visit: Visit) -> web.StreamResponse:
    """Publish a new trail."""
    try:
        answer = await visit.do("trail new", _written(visit))
    except Problem as problem:
        return await show_new(visit, Refused("trail new", problem, visit.form))
    return _onwards(visit, answer)


async def fork(visit: Visit) -> web.StreamResponse:
    """Make a trail of one's own out of this one."""
    return await _with_trail(visit, "trail fork")


async def edit(visit: Visit) -> web.StreamResponse:
    """Change a trail of one's own."""
    return await _with_trail(visit, "trail edit")


async def done(visit: Visit) -> web.StreamResponse:
    """Tick off a step, or take that back; nobody else learns of it."""
    form = visit.form
    trail, step = form.text("trail"), form.text("step")
    try:
        values = {"trail": trail, "steps": (_number(step),), "undo": form.has("undo")}
        await visit.do("trail done", values)
    except Problem as problem:
        return await trail_page(visit, await _message(visit, trail), Refused("trail done", problem, form))
    return visit.go(trail_path(trail, **{DONE: "ticked"}) + f"#step-{_number(step)}")


async def _with_trail(visit: Visit, act: str) -> web.StreamResponse:
    trail = visit.form.text("trail")
    try:
        answer = await visit.do(act, {"trail": trail, **_written(visit)})
    except Problem as problem:
        return await trail_page(visit, await _message(visit, trail), Refused(act, problem, visit.form))
    return _onwards(visit, answer)


async def _message(visit: Visit, trail: str) -> MessageView:
    message = await message_in(visit, trail)
    if message is None:
        raise Problem(Code.NO_TRAIL, trail)
    return message


async def _authors(visit: Visit, of: str) -> set[AuthorKey] | None:
    node = visit.node
    if of == MINE:
        return {node.author}
    if of != FOLLOWED:
        return None
    return await node.followed()


def _written(visit: Visit) -> Json:
    form = visit.form
    values = {"title": form.text("title"), "summary": form.text("summary"), "topics": form.parts("topics")}
    return {**values, "steps": read_steps(form.text("steps"))}


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > len("200"):
        raise Problem(Code.REQUEST_WRONG, "a step is named by its number")
    return int(text)


def _onwards(visit: Visit, answer: Json) -> web.StreamResponse:
    ids = answer["ids"]
    assert isinstance(ids, list)
    return visit.go(trail_path(str(ids[0]), **{DONE: "trail"}))
