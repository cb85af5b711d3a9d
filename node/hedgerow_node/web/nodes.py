"""Nodes that one's own has heard of: why it knows them, taking in a list, forgetting one."""

from aiohttp import web

from hedgerow_node.config import MAX_PAGE
from hedgerow_node.problems import Problem
from hedgerow_node.web.filling import filled
from hedgerow_node.web.visit import DONE, Refused, Visit

NODES = "/you/nodes"


async def show_nodes(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Everybody in the address book, and why."""
    found = await visit.do("peers book", {"limit": MAX_PAGE})
    values = {"book": found, "near": await visit.do("peers near", {}), "given": filled("nodes", {}, refused)}
    return visit.page("nodes.html", values, refused)


async def add_nodes(visit: Visit) -> web.StreamResponse:
    """Take in a list, or call the places to meet of an invite."""
    try:
        await visit.do("peers add", {"text": visit.form.text("text")})
    except Problem as problem:
        return await show_nodes(visit, Refused("nodes", problem, visit.form))
    return visit.go(f"{NODES}?{DONE}=nodes")


async def forget_node(visit: Visit) -> web.StreamResponse:
    """Forget one."""
    try:
        await visit.do("peers forget", {"device": visit.form.text("device")})
    except Problem as problem:
        return await show_nodes(visit, Refused("forget", problem, visit.form))
    return visit.go(f"{NODES}?{DONE}=forgotten")
