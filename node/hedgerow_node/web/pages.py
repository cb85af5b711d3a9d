"""The pages of a node: the table of paths, and how they are put beside the API on the page listener."""

from typing import Protocol

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.web import (
    admin,
    bringing,
    devices,
    home,
    joining,
    nodes,
    people,
    safety,
    statements,
    thing,
    trails,
    waiting,
    you,
)
from hedgerow_node.web.drawing import STATIC_FILES, Drawing
from hedgerow_node.web.forms import Form, kept_texts
from hedgerow_node.web.guard import FORM, OWN_SITES, SESSION, START, STATIC, Hosts, guard_pages
from hedgerow_node.web.sessions import Sessions
from hedgerow_node.web.visit import Handle, Visit
from hedgerow_node.web.works import Works

STATIC_AGE = "private, max-age=31536000, immutable"
"""The address of a static file has its version, so what it holds never changes."""

SHOWN: dict[str, Handle] = {
    "/": home.show_home,
    START: home.show_start,
    "/search": home.show_search,
    "/collection": home.show_collection,
    "/look": home.show_look,
    "/look/library": home.show_library,
    "/topic": home.show_topic,
    "/thing/{thing:.+}": thing.show_thing,
    "/trails": trails.show_trails,
    "/trail/new": trails.show_new,
    "/trail/{trail:.+}": trails.show_trail,
    "/import": bringing.show_import,
    "/import/{upload}": bringing.show_preview,
    "/work/{work}": bringing.show_work,
    "/join": joining.show_join,
    "/invite": joining.show_invite,
    "/people": people.show_people,
    "/people/{did}": people.show_person,
    "/waiting": waiting.show_waiting,
    "/hidden": safety.show_hidden,
    "/reports": safety.show_reports,
    admin.ADMIN: admin.show_admin,
    "/you": you.show_you,
    "/you/words": you.show_words,
    "/you/export": you.export,
    "/you/limits": you.show_limits,
    "/you/devices": devices.show_devices,
    "/you/nodes": nodes.show_nodes,
    "/you/restore": devices.show_restore,
    "/you/close": devices.show_close,
}
"""What is opened: looking changes nothing."""
DONE: dict[str, Handle] = {
    "/save": statements.save,
    "/remove": statements.remove,
    "/note": statements.note,
    "/share": statements.share,
    "/endorse": statements.endorse,
    "/connect": statements.connect,
    "/comment": statements.comment,
    "/attest": statements.attest,
    "/label": statements.label,
    "/trail/new": trails.make,
    "/trail/fork": trails.fork,
    "/trail/edit": trails.edit,
    "/trail/done": trails.done,
    "/edit": statements.edit,
    "/retract": statements.retract,
    "/import": bringing.take_file,
    "/import/undo": bringing.undo,
    "/look/library": bringing.bring_library,
    "/import/{upload}": bringing.bring_in,
    "/follow": people.follow,
    "/unfollow": people.unfollow,
    "/vouch": people.vouch,
    "/introduce": people.introduce,
    **{f"/{act}": people.hiding(act) for act in people.HIDING},
    "/waiting/not-now": waiting.not_now,
    "/reach": waiting.set_reach,
    "/hide": safety.hide,
    "/unhide": safety.unhide,
    "/labels/use": safety.use_labels,
    "/labels/drop": safety.drop_labels,
    "/report": safety.report,
    "/reports/settle": safety.settle,
    "/takedown": safety.take_down,
    "/takedown/undo": safety.put_up,
    "/join": joining.join,
    "/invite": joining.invite,
    "/invite/poster": joining.show_poster,
    "/you/profile": you.set_profile,
    "/you/words": you.confirm_words,
    "/you/words/new": devices.new_words,
    "/you/devices/code": devices.make_code,
    "/you/devices/add": devices.add,
    "/you/devices/remove": devices.remove,
    "/you/devices/join": devices.join,
    "/you/restore": devices.restore,
    "/you/close": devices.close,
    "/you/sync": you.sync,
    "/you/nodes/add": nodes.add_nodes,
    "/you/nodes/forget": nodes.forget_node,
    "/admin/members/remove": admin.remove_member,
    "/admin/invites/end": admin.end_invite,
    "/admin/backup": admin.back_up,
    "/leave": you.leave,
}
"""Forms: each goes on to a page that is opened."""


class Door(Protocol):
    """What the pages need of the running node."""

    @property
    def node(self) -> Node:
        """Whose pages these are."""

    @property
    def hosts(self) -> Hosts:
        """By which names the page listener is known."""


class Pages:
    """The owner's pages."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._drawing = Drawing(door.node.clock, door.node.home.templates)
        self._sessions = Sessions(door.node.clock)
        self._works = Works(door.node.clock)

    def start_path(self) -> str:
        """A path that lets the owner's browser in, once, for ten minutes."""
        return f"{START}?k={self._sessions.new_link()}"

    def install(self, app: web.Application) -> None:
        """Add the paths and what guards them; the host is checked before."""
        app.middlewares.append(guard_pages(self._sessions, self._door.hosts, self._show_problem))
        app.on_shutdown.append(self._close)
        app.router.add_get(STATIC + "{name}", self._static)
        for path, handle in SHOWN.items():
            app.router.add_get(path, self._handler(handle))
        for path, handle in DONE.items():
            app.router.add_post(path, self._handler(handle))

    def _handler(self, handle: Handle) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await handle(self._visit(request))

        return answer

    def _visit(self, request: web.Request) -> Visit:
        return Visit(
            request=request,
            node=self._door.node,
            session=request[SESSION],
            form=request.get(FORM, Form()),
            drawing=self._drawing,
            works=self._works,
            sessions=self._sessions,
        )

    async def _static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in STATIC_FILES:
            raise Problem(Code.NO_SUCH_PAGE)
        return web.Response(
            body=self._drawing.files[name],
            content_type=STATIC_FILES[name],
            charset="utf-8",
            headers={hdrs.CACHE_CONTROL: STATIC_AGE},
        )

    async def _show_problem(self, request: web.Request, problem: Problem) -> web.StreamResponse:
        """A problem that no form can show, or the gate before all pages."""
        session = request.get(SESSION)
        if session is not None and problem.kind not in (Code.FORM_STRANGE, Code.ORIGIN_WRONG):
            response = self._visit(request).page("problem.html", {"shown": problem})
            response.set_status(problem.status)
            return response
        values = {
            "path": request.path,
            "proof": "",
            "outcome": None,
            "problem": None,
            "closed": problem,
            "shows_way": problem.kind in (Code.PAGE_CLOSED, Code.LINK_SPENT),
            "onward": _onward(request),
            "kept": list(kept_texts(request[FORM])) if FORM in request else [],
        }
        text = self._drawing.draw("gate.html", values)
        return web.Response(text=text, status=problem.status, content_type="text/html")

    async def _close(self, app: web.Application) -> None:
        await self._works.close()


def _onward(request: web.Request) -> str:
    """The same page once more for somebody who followed a link from another site.

    The browser holds the cookie back there, and sends it when one of our own pages leads on.
    """
    is_foreign = request.headers.get("Sec-Fetch-Site", "none") not in OWN_SITES
    return request.rel_url.raw_path_qs if is_foreign and request.method == hdrs.METH_GET else ""
