"""The peers' door: a listener of its own, with `/peer` for nodes and one static page for invites.

Where a proxy of one's own stands in front, it says who calls, and every limit holds for that address. A proxy that was
not named is not believed: whoever comes through it counts as one network, and the owner is told.
"""

from asyncio import Transport
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address, ip_network

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from hedgerow_node.config import GOODBYE_TIMEOUT, STOP_DEADLINE
from hedgerow_node.links.gate import DoorLimits, Gate, Origin, Refused, Ticket
from hedgerow_node.links.noting import Noting
from hedgerow_node.listener import ENDLESS, LATE, Listener
from hedgerow_protocol import limits
from hedgerow_protocol.handshake import SUBPROTOCOL, Subprotocols

STYLE = """
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: anywhere; }
code { background: #8882; padding: .1em .3em; overflow-wrap: anywhere; }
input { font: inherit; max-width: 100%; box-sizing: border-box; padding: .3em; }
button { font: inherit; min-height: 2.75rem; padding: .3em 1em; }
"""
JOIN_PAGE = f"""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>You are invited to Hedgerow</title>
<style>{STYLE}</style>
<h1>You are invited to Hedgerow</h1>
<p>Hedgerow is a learning network without a centre: each person runs a small program of their own and exchanges
links, reasons and paths with the people they choose.</p>
<h2>If you have Hedgerow</h2>
<p>Copy the whole address of this page, with everything behind the <code>#</code>, and paste it on the page
<b>Join</b> of your Hedgerow, or in a terminal:</p>
<p><code>hedgerow join '</code>the whole address<code>'</code></p>
<p>You will see who invites you before anything happens.</p>
<h2>If you do not have it yet</h2>
<p>It needs Python 3.11 or newer: <code>pip install hedgerow</code>, then <code>hedgerow</code>. Keep the address
of this page until then.</p>
<h2>What this page knows</h2>
<p>The part of the address behind the <code>#</code> is the invite. Your browser does not send it, so this server
has not seen it.</p>
</html>
"""
JOIN_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
PUSHED_OUT = "another connection needed its place"
FORWARDED_FOR = "X-Forwarded-For"
SIGNS_OF_A_PROXY = (FORWARDED_FOR, "Forwarded", "X-Real-IP")
"""Headers that proxies add to say who calls."""
PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""Where one's own proxies stand, if not on this computer."""
UNNAMED_PROXY = "a proxy that was not named says who calls"
SILENT_PROXY = "a proxy does not say who calls"
CUT_FOR = {LATE: "HEADER_DEADLINE", ENDLESS: "MAX_REQUEST_HEADER"}
"""The limit for which a connection is cut before it is a request."""
HEAD_OF_REFUSAL = 96
"""Bytes of the longest header of a refusal."""
GAIN = 3
"""Bytes of a refusal for each byte of the request, at most: nobody can be made to answer much with little."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A connection that came in and speaks our subprotocol."""

    socket: web.WebSocketResponse
    subprotocols: Subprotocols
    ticket: Ticket


OnVisitor = Callable[[Visitor], Awaitable[object]]
Install = Callable[[web.Application], None]


def nothing_more(app: web.Application) -> None:
    """For a door that has no pages of its own."""


class PeerListener:
    """Takes connections of other nodes and hands each to `on_visitor`, which runs it to its end."""

    def __init__(
        self,
        on_visitor: OnVisitor,
        now: Callable[[], float],
        noting: Noting,
        door: DoorLimits,
        proxies: Sequence[str],
        install: Install,
    ) -> None:
        self._on_visitor = on_visitor
        self._now = now
        self._noting = noting
        self._proxies = frozenset(proxies)
        self._install = install
        self._gate = Gate(door)
        self._tickets: dict[object, Ticket] = {}
        self.unnamed_proxy: str | None = None
        """Where one of one's own seems to stand that was not named: an address that only this computer's net has."""
        self._listener: Listener | None = None

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        on_visitor: OnVisitor,
        *,
        now: Callable[[], float],
        noting: Noting,
        door: DoorLimits,
        proxies: Sequence[str] = (),
        install: Install = nothing_more,
    ) -> "PeerListener":
        """Listen; raises `OSError` where the address cannot be had.

        `now` reads seconds that do not jump. From `proxies`, addresses of proxies of one's own, the address that
        they forward is believed, and from nobody else. `install` adds what else anybody may read here.
        """
        listener = cls(on_visitor, now, noting, door, proxies, install)
        listener._listener = await Listener.open(
            listener._application(),
            host,
            port,
            header_deadline=door.header_deadline,
            watch=listener,
            shutdown_timeout=STOP_DEADLINE,
            is_curt=True,
        )
        return listener

    @property
    def address(self) -> str:
        """HOST:PORT as bound."""
        assert self._listener is not None
        return self._listener.address

    def stop(self) -> None:
        """Take no more connections."""
        assert self._listener is not None
        self._listener.stop()

    async def close(self) -> None:
        """Stop listening and end every connection."""
        assert self._listener is not None
        await self._listener.close()

    # --- Connections -------------------------------------------------------------------------------------

    def on_open(self, transport: Transport) -> bool:
        """A connection came in; whether it may stay."""
        peer = transport.get_extra_info("peername")
        if not peer:  # gone already
            return False
        origin = Origin.of(peer[0], is_proxy=peer[0] in self._proxies)
        ticket = self._gate.enter(self._now(), origin, lambda limit: self._push_out(transport, limit))
        if isinstance(ticket, Refused):
            self._note_refused(ticket)
            return False
        self._tickets[transport] = ticket
        return True

    def _note_refused(self, refused: Refused) -> None:
        self._noting.hit(refused.limit)
        self._noting.note("a connection was refused", refused.why.value)

    def _push_out(self, transport: Transport, limit: str) -> None:
        self._noting.hit(limit)
        self.on_cut(PUSHED_OUT)
        transport.abort()

    def on_cut(self, why: str) -> None:
        """A connection is cut before it is a link."""
        self._noting.hit(CUT_FOR.get(why, ""))
        self._noting.note("a connection was cut", why)

    def on_lost(self, transport: Transport) -> None:
        """A connection is gone."""
        ticket = self._tickets.pop(transport, None)
        if ticket is not None:
            ticket.leave()

    # --- Requests ----------------------------------------------------------------------------------------

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=limits.KIB, middlewares=[_answer_briefly, self._at_the_door()])
        app.router.add_get("/peer", self._peer)
        app.router.add_get("/join", _join)
        self._install(app)
        app.on_response_prepare.append(_prepare)
        return app

    def _at_the_door(self) -> Middleware:
        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            ticket = self._tickets.get(request.transport)
            if ticket is not None:
                ticket.speak()
            if ticket is None or not self._may_stay(request, ticket):
                return web.Response(status=503, text="Too many connections; try again later.\n")
            return await handler(request)

        return check

    async def _peer(self, request: web.Request) -> web.StreamResponse:
        offered = _offered(request)
        ticket = self._tickets.get(request.transport)
        if ticket is None or request.method != hdrs.METH_GET or SUBPROTOCOL not in offered:
            return web.Response(status=426, text=f"This is a Hedgerow node; it speaks {SUBPROTOCOL}.\n")
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            compress=False,
            # One more than the largest: the library refuses what reaches its limit.
            max_msg_size=limits.MAX_NOISE_MESSAGE + 1,
            autoping=False,
            timeout=GOODBYE_TIMEOUT,
        )
        await socket.prepare(request)
        await self._on_visitor(Visitor(socket, Subprotocols(offered, SUBPROTOCOL), ticket))
        return socket

    def _may_stay(self, request: web.Request, ticket: Ticket) -> bool:
        if not ticket.origin.is_proxy:
            self.look_for_proxy(request.remote, request.headers)
            return True
        try:
            origin = self._forwarded(request)
        except ValueError:
            return False
        refused = ticket.move(self._now(), origin)
        if refused is not None:
            self._note_refused(refused)
        return refused is None

    def _forwarded(self, request: web.Request) -> Origin:
        """Who stands behind a proxy of ours, or the proxy itself where it does not say."""
        forwarded = request.headers.getall(FORWARDED_FOR, [])
        if not forwarded:
            self._noting.note(SILENT_PROXY)
            return Origin.of(request.remote or "")
        # The last of the last line is what the proxy saw itself; the rest is whatever its client wrote.
        return Origin.of(_without_port(forwarded[-1].rpartition(",")[2].strip()))

    def look_for_proxy(self, remote: str | None, headers: Mapping[str, str]) -> None:
        """Somebody at this address asked with these headers: it may be a proxy that was not named."""
        if remote is None or not any(name in headers for name in SIGNS_OF_A_PROXY):
            return
        # Whoever is elsewhere can write what he likes, and must not make the owner trust him.
        address = ip_address(remote.partition("%")[0])
        if address.is_loopback or any(address in network for network in PRIVATE):
            self.unnamed_proxy = remote
            self._noting.note(UNNAMED_PROXY)


def _without_port(address: str) -> str:
    """An IP address that a proxy may have written with a port, and then one of version 6 in brackets."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def _offered(request: web.Request) -> tuple[str, ...]:
    """The subprotocols that the dialler offers, several header lines read as one list (HS-2)."""
    lines = request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, [])
    return tuple([name.strip() for line in lines for name in line.split(",")])


async def _join(request: web.Request) -> web.Response:
    return web.Response(text=JOIN_PAGE, content_type="text/html", headers=JOIN_HEADERS)


@web.middleware
async def _answer_briefly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say of a refusal only as much as the request was worth, or nothing."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        response = web.Response(status=error.status)
    if response.status < HTTPStatus.BAD_REQUEST or not isinstance(response, web.Response):
        return response
    worth = GAIN * _size_of_header(request) - HEAD_OF_REFUSAL
    if worth < 0 and request.transport is not None:
        request.transport.abort()
    words = response.text or ""
    return web.Response(status=response.status, text=words if len(words) <= worth else None)


def _size_of_header(request: web.Request) -> int:
    """Bytes of the request's header, line ends included."""
    first = len(f"{request.method} {request.raw_path} HTTP/1.1")
    return first + sum([len(name) + len(value) + 4 for name, value in request.raw_headers]) + 4


async def _prepare(request: web.Request, response: web.StreamResponse) -> None:
    # Which programs in which versions serve, and our clock, is nobody's business; a connection is for one request.
    for name in (hdrs.SERVER, hdrs.DATE):
        response.headers.popall(name, None)
    if response.status >= HTTPStatus.BAD_REQUEST:
        response.headers.popall(hdrs.CONTENT_TYPE, None)
    if not isinstance(response, web.WebSocketResponse):
        response.force_close()
        response.headers[hdrs.CONNECTION] = "close"
