"""Who may speak at the page listener and at the API (specs/13-local-api.md, Who may call).

Loopback is not private: any web page in the owner's browser can send requests to it. Two doors stand before
everything: the name by which the request calls us (an attacker's domain that resolves to 127.0.0.1 shows itself in
`Host`), and for the API a token that no page can know, beside refusing whatever a page would send along.
"""

import hmac
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from hedgerow_node import durable
from hedgerow_node.clock import Clock
from hedgerow_node.config import OTHERS, TOKEN_SIZE, Home
from hedgerow_node.problems import Code, Problem

HTTP_PORT = 80
"""The port that browsers leave out of `Host`."""
SCHEME = "bearer"
OWN_SITES = frozenset({"same-origin", "none"})
"""What a browser says of a request that no other site made."""


class Hosts:
    """The names of the page listener; none is allowed until the listener has its address."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()
        self.page = ""
        """The address of the page without a path, http://HOST:PORT; empty before there is one."""

    def allow(self, address: str) -> None:
        """Answer to this bound address (HOST:PORT) and, as all of them are loopback, to localhost."""
        self.page = f"http://{address}"
        bound = urlsplit(self.page)
        host = f"[{bound.hostname}]" if ":" in (bound.hostname or "") else bound.hostname
        names = {f"{name}:{bound.port}" for name in (host, "localhost")}
        if bound.port == HTTP_PORT:
            names |= {name.removesuffix(f":{HTTP_PORT}") for name in names}
        self._names = frozenset(names)

    @property
    def origins(self) -> frozenset[str]:
        """The origins of our own pages, as browsers write them."""
        return frozenset(f"http://{name}" for name in self._names)

    def check(self, request: web.BaseRequest) -> None:
        """Raises `Problem` unless the request names this listener, once and exactly."""
        named = request.headers.getall(hdrs.HOST, [])
        if len(named) != 1 or named[0] not in self._names:
            raise Problem(Code.HOST_WRONG)


def check_origin(request: web.BaseRequest, hosts: Hosts) -> None:
    """Raises `Problem` when a browser says that a page of another origin sent this."""
    origins = request.headers.getall(hdrs.ORIGIN, [])
    if any(origin not in hosts.origins for origin in origins):
        raise Problem(Code.ORIGIN_WRONG)
    if any(site not in OWN_SITES for site in request.headers.getall("Sec-Fetch-Site", [])):
        raise Problem(Code.ORIGIN_WRONG)


def check_token(request: web.BaseRequest, token: str) -> None:
    """Raises `Problem` unless the request carries the token, and carries it once."""
    given = request.headers.getall(hdrs.AUTHORIZATION, [])
    scheme, _, credential = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    # Compared as bytes: the comparison of texts raises on letters beyond ASCII.
    matches = hmac.compare_digest(credential.encode("utf-8", "surrogateescape"), token.encode())
    if scheme.lower() != SCHEME or not matches:
        raise Problem(Code.TOKEN_WRONG)


def guard_api(hosts: Hosts, token: str) -> Middleware:
    """The middleware of the API: own origin, token; a body is judged where it is read (`reading`)."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        check_origin(request, hosts)
        check_token(request, token)
        return await handler(request)

    return guard


def own_token(home: Home, clock: Clock) -> str:
    """The token of this home; made when there is none, and anew when others could have read it."""
    if home.api_token.exists() and not home.api_token.stat().st_mode & OTHERS:
        token = home.api_token.read_text(encoding="ascii").strip()
        if len(token) == 2 * TOKEN_SIZE:
            return token
    token = clock.entropy(TOKEN_SIZE).hex()
    durable.write_over(home.api_token, f"{token}\n".encode())
    return token
