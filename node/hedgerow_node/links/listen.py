"""The peers' door: a listener of its own, with `/peer` for nodes and one static page for invites."""

from asyncio import Transport
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import hdrs, web

from hedgerow_node.config import GOODBYE_TIMEOUT, STOP_DEADLINE
from hedgerow_node.links.gate import DoorLimits, Gate, Origin, Refusal, Ticket
from hedgerow_node.links.noting import Noting
from hedgerow_node.listener import Listener
from hedgerow_protocol import limits
from hedgerow_protocol.handshake import SUBPROTOCOL, Subprotocols

STYLE = """
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 2rem auto; padding: 0 1rem; }
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
        ticket = self._gate.enter(self._now(), origin, lambda: self._push_out(transport))
        if isinstance(ticket, Refusal):
            self._noting.note("a connection was refused", ticket.value)
            return False
        self._tickets[transport] = ticket
        return True

    def _push_out(self, transport: Transport) -> None:
        self.on_cut(PUSHED_OUT)
        transport.abort()

    def on_cut(self, why: str) -> None:
        """A connection is cut before it is a link."""
        self._noting.note("a connection was cut", why)

    def on_lost(self, transport: Transport) -> None:
        """A connection is gone."""
        ticket = self._tickets.pop(transport, None)
        if ticket is not None:
            ticket.leave()

    # --- Requests ----------------------------------------------------------------------------------------

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=limits.KIB)
        app.router.add_get("/peer", self._peer)
        app.router.add_get("/join", _join)
        self._install(app)
        app.on_response_prepare.append(_prepare)
        return app

    async def _peer(self, request: web.Request) -> web.StreamResponse:
        offered = _offered(request)
        ticket = self._tickets.get(request.transport)
        if ticket is None or request.method != hdrs.METH_GET or SUBPROTOCOL not in offered:
            return web.Response(status=426, text=f"This is a Hedgerow node; it speaks {SUBPROTOCOL}.\n")
        if not self._may_stay(request, ticket):
            return web.Response(status=503, text="Too many connections; try again later.\n")
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
        forwarded = request.headers.getall(FORWARDED_FOR, [])
        if not forwarded or request.remote not in self._proxies:
            return True
        try:
            # The last of the last line is what the proxy saw itself; the rest is whatever its client wrote.
            origin = Origin.of(forwarded[-1].rpartition(",")[2].strip())
        except ValueError:
            return False
        refusal = ticket.move(self._now(), origin)
        if refusal is not None:
            self._noting.note("a connection was refused", refusal.value)
        return refusal is None


def _offered(request: web.Request) -> tuple[str, ...]:
    """The subprotocols that the dialler offers, several header lines read as one list (HS-2)."""
    lines = request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, [])
    return tuple([name.strip() for line in lines for name in line.split(",")])


async def _join(request: web.Request) -> web.Response:
    return web.Response(text=JOIN_PAGE, content_type="text/html", headers=JOIN_HEADERS)


async def _prepare(request: web.Request, response: web.StreamResponse) -> None:
    # Which programs in which versions serve is nobody's business; and a connection is for one request.
    response.headers.popall(hdrs.SERVER, None)
    if not isinstance(response, web.WebSocketResponse):
        response.force_close()
        response.headers[hdrs.CONNECTION] = "close"
