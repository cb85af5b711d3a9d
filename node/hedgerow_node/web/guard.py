"""Who may see the pages, and which forms are believed.

The owner's browser carries a cookie that it got for a one-time link; every other page on the web can make that same
browser send requests here. So a form counts only when three things agree: the cookie, a field that only these pages
know, and the browser's own word (`Origin`, and `Sec-Fetch-Site` where it is sent) that one of them sent it. Looking
at a page changes nothing; the one exception is a one-time link, which is spent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from hedgerow_node.config import BODY_DEADLINE
from hedgerow_node.problems import Code, Problem
from hedgerow_node.web.forms import PROOF, URLENCODED, Form, read_form
from hedgerow_node.web.sessions import Session, Sessions

SESSION: Final = web.RequestKey("session", Session)
FORM: Final = web.RequestKey("form", Form)
STATIC = "/static/"
START = "/start"
ENTERED = "in"
"""Behind START: somebody just came in."""
API = "/api"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    hdrs.CACHE_CONTROL: "no-store",
    # Other sites learn nothing. With "no-referrer" browsers would not tell us either: `Origin: null` on our own forms.
    "Referrer-Policy": "same-origin",
}
OWN_SITES = frozenset({"same-origin", "none"})
"""What a browser says of a request that no other site caused."""


class Hosts(Protocol):
    """The names of the page listener."""

    @property
    def origins(self) -> frozenset[str]:
        """The origins of these pages, as browsers write them."""


ShowProblem = Callable[[web.Request, Problem], Awaitable[web.StreamResponse]]


def cookie_name(request: web.BaseRequest) -> str:
    """Cookies know no ports, so the name has it: two nodes on one computer do not disturb each other."""
    return f"hedgerow-{request.url.port}"


def guard_pages(sessions: Sessions, hosts: Hosts, show_problem: ShowProblem) -> Middleware:
    """The middleware of everything but the API; `show_problem` draws the page for a problem."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == API or request.path.startswith(f"{API}/"):
            return await handler(request)
        try:
            response = await _admit(request, handler, sessions, hosts)
        except Problem as problem:
            response = await show_problem(request, problem)
        except web.HTTPException as error:
            response = await show_problem(request, _problem_of(error))
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    return guard


async def _admit(
    request: web.Request, handler: Handler, sessions: Sessions, hosts: Hosts
) -> web.StreamResponse:
    _check_sender(request, hosts)
    if request.path.startswith(STATIC):
        return await handler(request)
    session = sessions.find(request.cookies.get(cookie_name(request), ""))
    if session is not None:
        request[SESSION] = session
    if request.path == START and request.method == hdrs.METH_GET and "k" in request.query:
        return _let_in(request, sessions, session)
    if request.method == hdrs.METH_POST and (session is not None or request.content_type == URLENCODED):
        # Read without a session too, so that what somebody typed before a restart can be shown to them.
        request[FORM] = await _form(request)
    if session is None:
        raise Problem(Code.PAGE_CLOSED)
    if request.method == hdrs.METH_POST and not session.proves(request[FORM].text(PROOF)):
        raise Problem(Code.FORM_STRANGE, "its proof is missing, or of another visit")
    return await handler(request)


def _check_sender(request: web.Request, hosts: Hosts) -> None:
    """Raises `Problem` for what another site caused: every form, and everything but following a link."""
    site = request.headers.get("Sec-Fetch-Site")
    if request.method in (hdrs.METH_GET, hdrs.METH_HEAD):
        is_link = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if site is not None and site not in OWN_SITES and not is_link:
            raise Problem(Code.ORIGIN_WRONG)
        return
    # Both names of this computer have the same pages, so an origin must be that of the very page: not only ours.
    origin = f"{request.scheme}://{request.host}"
    if request.headers.getall(hdrs.ORIGIN, []) != [origin] or origin not in hosts.origins:
        raise Problem(Code.FORM_STRANGE, "your browser says that it comes from elsewhere")
    if site is not None and site != "same-origin":
        raise Problem(Code.FORM_STRANGE, "your browser says that another site sent it")


def _let_in(request: web.Request, sessions: Sessions, session: Session | None) -> web.StreamResponse:
    """Spend the link and go on without it in the address: there it would stay in the browser's history."""
    cookie = sessions.redeem(request.query["k"])
    if cookie is None and session is None:
        raise Problem(Code.LINK_SPENT)
    response = web.Response(status=303, headers={hdrs.LOCATION: f"{START}?{ENTERED}"})
    if cookie is not None:
        response.set_cookie(cookie_name(request), cookie, httponly=True, samesite="Strict", path="/")
    return response


async def _form(request: web.Request) -> Form:
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            return await read_form(request)
    except TimeoutError:
        raise Problem(Code.REQUEST_SLOW) from None


def _problem_of(error: web.HTTPException) -> Problem:
    match error.status:
        case 404:
            return Problem(Code.NO_SUCH_PAGE)
        case 405:
            return Problem(Code.NO_SUCH_PAGE, "it is not opened in this way")
        case _:
            return Problem(Code.HTTP_WRONG)
