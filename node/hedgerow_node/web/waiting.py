"""Who waits to be heard, and how far this node reaches."""

from aiohttp import web

from hedgerow_node.problems import Problem
from hedgerow_node.web.filling import filled
from hedgerow_node.web.paths import path_with
from hedgerow_node.web.visit import DONE, Refused, Visit

WAITING = "/waiting"


async def show_waiting(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Those who wait, and who in scope is not carried."""
    found, reach = await visit.do("waiting", {}), await visit.do("reach", {})
    given = filled("reach", {"people": str(reach["people"])}, refused)
    return visit.page("waiting.html", {**found, "reach": reach, "given": given}, refused)


async def not_now(visit: Visit) -> web.StreamResponse:
    """Put somebody off."""
    try:
        await visit.do("waiting not-now", {"did": visit.form.text("did")})
    except Problem as problem:
        return await show_waiting(visit, Refused("not-now", problem, visit.form))
    return visit.go(path_with(WAITING, **{DONE: "not-now"}))


async def set_reach(visit: Visit) -> web.StreamResponse:
    """Say how many people beyond those one follows are carried."""
    people = visit.form.text("people").strip()
    try:
        await visit.do("reach set", {"people": int(people) if people.isdecimal() else people})
    except Problem as problem:
        return await show_waiting(visit, Refused("reach", problem, visit.form))
    return visit.go(path_with(WAITING, **{DONE: "reached"}))
