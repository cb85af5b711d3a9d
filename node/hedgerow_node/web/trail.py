"""The page of a trail: its steps, what one has done of it, and the forms to change it or to make it one's own."""

from aiohttp import web

from hedgerow_node.exchange.steps import write_steps
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import MessageView, TrailView
from hedgerow_node.web.filling import filled, of_statement
from hedgerow_node.web.visit import Refused, Visit
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.things import message_id_of


async def trail_page(
    visit: Visit, message: MessageView, refused: Refused | None = None
) -> web.StreamResponse:
    """The page of the trail in this message; with `refused` its form comes back."""
    view = await _view(visit, message)
    written = {
        **of_statement(view.statement),
        "title": view.statement.title,
        "summary": view.statement.summary,
        "steps": write_steps(view.statement.steps),
    }
    before = dict.fromkeys(("trail edit", "trail fork"), written)
    values = {
        "view": view,
        "message": message,
        "titles": await visit.titles(view.said),
        "filled": lambda act: filled(act, before.get(act, {}), refused),
    }
    return visit.page("trail.html", values, refused)


async def _view(visit: Visit, message: MessageView) -> TrailView:
    identifier = message_id_of(message.id)
    assert identifier is not None
    view = await visit.node.store.views.trail(MessageId(identifier))
    if view is None:
        raise Problem(Code.NO_TRAIL, message.id)
    return view
