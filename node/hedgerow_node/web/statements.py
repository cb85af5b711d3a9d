"""The forms by which somebody keeps, shares, endorses, connects, comments, changes and withdraws.

Each does its act and goes on to the page of the thing; what is refused brings that page back with the form as it was
filled in and the reason above it.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from hedgerow_node.addresses import thing_of
from hedgerow_node.commands.operation import Json
from hedgerow_node.problems import Code, Problem
from hedgerow_node.web.forms import Form
from hedgerow_node.web.home import show_home
from hedgerow_node.web.paths import thing_path
from hedgerow_node.web.thing import thing_page
from hedgerow_node.web.visit import DONE, Refused, Visit

DESCRIBES = ("title", "summary", "language", "type", "level", "audience", "licence")
LISTS = ("teaches", "authors", "topics")
EDITABLE = {
    "resource": (*DESCRIBES, *LISTS, "minutes"),
    "endorse": ("stance", "reason", "level", "audience", "topics"),
    "connect": ("reason", "topics"),
    "comment": ("role", "text", "topics"),
    "follow": ("reason", "topics"),
    "attest": ("value",),
    "label": ("reason", "topics"),
    "introduce": ("reason", "topics"),
    "vouch": ("reason", "topics"),
}
"""What can be changed in a message of each kind."""


async def save(visit: Visit) -> web.StreamResponse:
    """Keep a thing in the private library."""
    form = visit.form
    values = {"thing": form.text("thing"), "title": form.text("title"), "summary": form.text("summary")}
    try:
        answer = await visit.do("add", {**values, "topics": form.parts("topics")})
    except Problem as problem:
        return await _again(visit, Refused("save", problem, form), show_home)
    return _onwards(visit, str(answer["thing"]), "saved" if answer["added"] else "kept")


async def remove(visit: Visit) -> web.StreamResponse:
    """Take a thing out of the private library."""
    return await _act(visit, "remove", "removed", lambda: visit.do("remove", _named(visit.form)))


async def note(visit: Visit) -> web.StreamResponse:
    """Keep a note that nobody else sees."""
    text = visit.form.text("text")
    outcome = "noted" if text.strip() else "unnoted"
    return await _act(visit, "note", outcome, lambda: visit.do("note", {**_named(visit.form), "text": text}))


async def share(visit: Visit) -> web.StreamResponse:
    """Share a thing, or everything private on a topic."""
    if visit.form.given("topic") is not None:
        topic = visit.form.text("topic")
        name = await visit.works.start(
            "share", lambda on_progress: visit.do("share", {"topic": topic}, on_progress)
        )
        return visit.go(f"/work/{name}")
    fields = () if visit.form.has("as-saved") else EDITABLE["resource"]
    return await _act(
        visit,
        "share",
        "shared",
        lambda: visit.do("share", {**_named(visit.form), **_described(visit.form, fields)}),
    )


async def endorse(visit: Visit) -> web.StreamResponse:
    """Say that a thing helped, or did not, and why."""
    form = visit.form
    values = {name: form.text(name) for name in ("stance", "reason", "level", "audience", "topic")}
    values["stance"] = values["stance"] or "for"
    return await _act(
        visit,
        "endorse",
        "endorsed",
        lambda: visit.do("endorse", {**_named(form), **values, "topics": form.parts("topics")}),
    )


async def connect(visit: Visit) -> web.StreamResponse:
    """Say how this thing leads to another, and why."""
    form = visit.form
    values = {name: form.text(name) for name in ("relation", "to", "reason")}
    return await _act(
        visit,
        "connect",
        "connected",
        lambda: visit.do("connect", {"from": form.text("thing"), **values}),
    )


async def comment(visit: Visit) -> web.StreamResponse:
    """Say something on a thing, or answer what somebody said."""
    form = visit.form
    values = {"role": form.text("role", "comment"), "text": form.text("text")}
    return await _act(visit, "comment", "commented", lambda: visit.do("comment", {**_named(form), **values}))


async def attest(visit: Visit) -> web.StreamResponse:
    """Say what one found when one looked."""
    form = visit.form
    values = {"claim": form.text("claim"), "value": form.given("value") or "yes"}
    return await _act(visit, "attest", "attested", lambda: visit.do("attest", {**_named(form), **values}))


async def label(visit: Visit) -> web.StreamResponse:
    """Put a word on a thing, and say why."""
    form = visit.form
    values = {"label": form.text("label"), "reason": form.text("reason")}
    return await _act(visit, "label", "labelled", lambda: visit.do("label", {**_named(form), **values}))


async def edit(visit: Visit) -> web.StreamResponse:
    """Say something of one's own in other words."""
    message = visit.form.text("message")
    fields = EDITABLE.get(visit.form.text("kind"), ())
    try:
        answer = await visit.do("edit", {"message": message, **_described(visit.form, fields)})
    except Problem as problem:
        return await thing_page(visit, thing_of(message), Refused("edit", problem, visit.form))
    ids = answer["ids"]
    assert isinstance(ids, list)
    return _onwards(visit, str(ids[0]), "changed")


async def retract(visit: Visit) -> web.StreamResponse:
    """Withdraw something of one's own."""
    message = visit.form.text("message")
    reason = visit.form.text("reason") or "unsaid"
    try:
        await visit.do("retract", {"messages": (message,), "reason": reason})
    except Problem as problem:
        return await thing_page(visit, thing_of(message), Refused("retract", problem, visit.form))
    return _onwards(visit, visit.form.given("back") or message, "withdrawn")


def _named(form: Form) -> Json:
    return {"thing": form.text("thing")}


def _described(form: Form, fields: tuple[str, ...]) -> Json:
    """What the form says in these fields; one that was not in the form leaves what was there."""
    values: Json = {}
    for name in fields:
        if not form.has(name):
            continue
        if name in LISTS:
            values[name] = form.parts(name)
        elif name == "minutes":
            values |= _minutes(form)
        else:
            values[name] = form.text(name)
    return values


def _minutes(form: Form) -> Json:
    given = form.given("minutes")
    if given is None:
        return {}
    if not given.isdecimal():
        raise Problem(Code.REQUEST_WRONG, "minutes are a whole number")
    return {"minutes": int(given)}


async def _act(
    visit: Visit, act: str, outcome: str, run: Callable[[], Awaitable[Json]]
) -> web.StreamResponse:
    """Do something about the form's thing, and go on at its page."""
    try:
        await run()
    except Problem as problem:
        return await _again(visit, Refused(act, problem, visit.form), show_home)
    return _onwards(visit, visit.form.text("thing"), outcome)


async def _again(
    visit: Visit, refused: Refused, otherwise: Callable[[Visit, Refused], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """The page of the form's thing with the form on it; `otherwise` where the thing itself is at fault."""
    try:
        thing = thing_of(refused.form.text("thing"))
    except Problem:
        return await otherwise(visit, refused)
    return await thing_page(visit, thing, refused)


def _onwards(visit: Visit, thing: str, outcome: str) -> web.StreamResponse:
    try:
        path = thing_path(thing_of(thing), **{DONE: outcome})
    except Problem:
        path = "/"
    return visit.go(path)
