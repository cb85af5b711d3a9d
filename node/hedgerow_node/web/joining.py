"""Invites: paste one and see whose it is before anything happens; make one for somebody else."""

from aiohttp import web

from hedgerow_node.commands.poster import POLICY, poster
from hedgerow_node.problems import Code, Problem
from hedgerow_node.web.filling import filled
from hedgerow_node.web.visit import Refused, Visit
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.invite import parse_invite


async def show_join(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Paste an invite."""
    return visit.page("join.html", {"preview": None, "given": filled("join", {}, refused)}, refused)


async def join(visit: Visit) -> web.StreamResponse:
    """Show whose invite it is; and where that was accepted, join."""
    invite = "".join(visit.form.text("invite").split())
    try:
        preview = await visit.do("join", {"invite": invite, "accept": False})
    except Problem as problem:
        return await show_join(visit, Refused("join", problem, visit.form))
    if not visit.form.has("accept"):
        return visit.page(
            "join.html", {"preview": preview, "given": filled("join", {"invite": invite}, None)}
        )
    name = await visit.works.start(
        "join", lambda on_progress: visit.do("join", {"invite": invite}, on_progress)
    )
    return visit.go(f"/work/{name}")


async def show_invite(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Say for how many an invite is."""
    return visit.page("invite.html", {"made": None, "given": filled("invite", {}, refused)}, refused)


async def invite(visit: Visit) -> web.StreamResponse:
    """Make an invite."""
    form = visit.form
    try:
        values = {name: _number(form.text(name), name) for name in ("uses", "days")}
        made = await visit.do("invite", values)
    except Problem as problem:
        return await show_invite(visit, Refused("invite", problem, form))
    return visit.page("invite.html", {"made": made})


async def show_poster(visit: Visit) -> web.StreamResponse:
    """An invite of one's own as a page to be printed."""
    try:
        signed = parse_invite(visit.form.text("invite"))
    except RemoteProtocolError:
        raise Problem(Code.INVITE_WRONG, "a part of it is missing, or was changed") from None
    if signed.invite.inviter != visit.node.author:
        raise Problem(Code.INVITE_WRONG, "it is not yours")
    return web.Response(
        text=poster(signed), content_type="text/html", headers={"Content-Security-Policy": POLICY}
    )


def _number(text: str, name: str) -> int:
    if not text.strip().isdecimal():
        raise Problem(Code.REQUEST_WRONG, f"{name} is a whole number")
    return int(text)
