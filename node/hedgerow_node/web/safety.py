"""Keeping it decent: what is hidden and why, reports, takedowns, label lists, and the forms by which that changes."""

from aiohttp import web

from hedgerow_node.addresses import thing_of
from hedgerow_node.problems import Problem
from hedgerow_node.web.filling import filled
from hedgerow_node.web.paths import path_with, thing_path
from hedgerow_node.web.people import person_page
from hedgerow_node.web.thing import thing_page
from hedgerow_node.web.visit import DONE, Refused, Visit
from hedgerow_protocol.keys import key_of
from hedgerow_protocol.things import is_person

HIDDEN = "/hidden"
REPORTS = "/reports"


async def show_hidden(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Everything that is hidden here, by which rule, and a form that takes each back."""
    found = await visit.node.store.views.hidden()
    by_rule = {
        rule: [one for one in found.decisions if one.rule == rule]
        for rule in ("muted", "blocked", "policy", "labelled", "taken down")
    }
    values = {
        "by_rule": by_rule,
        "listed": found.listed,
        "given": filled("labels", {}, refused),
    }
    return visit.page("hidden.html", values, refused)


async def show_reports(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """What one was told by others, and what was taken down."""
    waiting = await visit.do("reports", {"cursor": visit.cursor or ""})
    down = await visit.do("takedowns", {"cursor": visit.request.query.get("before", "")})
    values = {
        "reports": waiting["results"],
        "next": waiting["next"],
        "takedowns": down["results"],
        "before": down["next"],
        "given": filled("takedown", {"target": visit.request.query.get("target", "")}, refused),
    }
    return visit.page("reports.html", values, refused)


async def hide(visit: Visit) -> web.StreamResponse:
    """Leave a thing out of feeds and searches."""
    return await _with_thing(visit, "mute thing", "hidden")


async def unhide(visit: Visit) -> web.StreamResponse:
    """Show it again."""
    return await _with_thing(visit, "unmute thing", "shown")


async def _with_thing(visit: Visit, act: str, outcome: str) -> web.StreamResponse:
    try:
        answer = await visit.do(act, {"thing": visit.form.text("thing")})
    except Problem as problem:
        return await show_hidden(visit, Refused(act, problem, visit.form))
    return visit.go(_back(visit, thing_path(str(answer["thing"])), outcome))


async def report(visit: Visit) -> web.StreamResponse:
    """Tell whoever runs one's seeds of a thing."""
    form = visit.form
    values = {name: form.text(name) for name in ("thing", "label", "reason")}
    try:
        answer = await visit.do("report", values)
    except Problem as problem:
        return await _again(visit, Refused("report", problem, form))
    told = answer["told"]
    assert isinstance(told, list)
    outcome = "reported" if any(one["taken"] for one in told) else "not-reported"
    return visit.go(thing_path(str(answer["thing"]), **{DONE: outcome}))


async def take_down(visit: Visit) -> web.StreamResponse:
    """Take something off this node."""
    form = visit.form
    try:
        answer = await visit.do("takedown", {"target": form.text("target"), "reason": form.text("reason")})
    except Problem as problem:
        return await show_reports(visit, Refused("takedown", problem, form))
    own = answer["own"]
    return visit.go(path_with(REPORTS, **{DONE: "taken-down-but-own" if own else "taken-down"}))


async def put_up(visit: Visit) -> web.StreamResponse:
    """Take a takedown back."""
    try:
        await visit.do("takedown undo", {"target": visit.form.text("target")})
    except Problem as problem:
        return await show_reports(visit, Refused("undo", problem, visit.form))
    return visit.go(_back(visit, REPORTS, "put-up"))


async def settle(visit: Visit) -> web.StreamResponse:
    """Take a report off the list."""
    number = visit.form.text("number")
    try:
        await visit.do("reports settle", {"number": int(number) if number.isdecimal() else 0})
    except Problem as problem:
        return await show_reports(visit, Refused("settle", problem, visit.form))
    return visit.go(path_with(REPORTS, **{DONE: "settled"}))


async def use_labels(visit: Visit) -> web.StreamResponse:
    """Let somebody's labels with a word hide things, or put a warning on them."""
    form = visit.form
    values = {"did": form.text("did"), "label": form.text("label"), "effect": form.text("effect") or "warn"}
    try:
        await visit.do("labels use", values)
    except Problem as problem:
        return await show_hidden(visit, Refused("labels", problem, form))
    return visit.go(path_with(HIDDEN, **{DONE: "labels-used"}))


async def drop_labels(visit: Visit) -> web.StreamResponse:
    """Use a label list no longer."""
    form = visit.form
    try:
        await visit.do("labels drop", {"did": form.text("did"), "label": form.text("label")})
    except Problem as problem:
        return await show_hidden(visit, Refused("drop", problem, form))
    return visit.go(path_with(HIDDEN, **{DONE: "labels-dropped"}))


def _back(visit: Visit, otherwise: str, outcome: str) -> str:
    """The page that the form stood on, where it says so."""
    back = HIDDEN if visit.form.given("back") == "hidden" else otherwise
    return path_with(back, **{DONE: outcome})


async def _again(visit: Visit, refused: Refused) -> web.StreamResponse:
    """The page of the form's thing or person, with the form on it."""
    try:
        thing = thing_of(refused.form.text("thing"))
    except Problem:
        return await show_hidden(visit, refused)
    if is_person(thing):
        return await person_page(visit, key_of(thing), refused)
    return await thing_page(visit, thing, refused)
