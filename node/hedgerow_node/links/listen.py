"""The peers' door: a listener of its own, with `/peer` for nodes and one static page for invites."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from hedgerow_node.config import MAX_LINKS_IN
from hedgerow_node.listener import Listener
from hedgerow_protocol import limits
from hedgerow_protocol.handshake import SUBPROTOCOL

JOIN_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>You are invited to Hedgerow</title>
<style>
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 2rem auto; padding: 0 1rem; }
code { background: #8882; padding: .1em .3em; overflow-wrap: anywhere; }
</style>
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

OnSocket = Callable[[web.WebSocketResponse], Awaitable[None]]


class PeerListener:
    """Takes connections of other nodes and hands each to `on_socket`, which runs it to its end."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.address = listener.address

    @classmethod
    async def open(cls, host: str, port: int, on_socket: OnSocket) -> "PeerListener":
        """Listen; raises `OSError` where the address cannot be had."""
        return cls(await Listener.open(_application(on_socket), host, port))

    async def close(self) -> None:
        """Stop listening and end every connection."""
        await self._listener.close()


def _application(on_socket: OnSocket) -> web.Application:
    open_sockets: set[web.WebSocketResponse] = set()

    async def peer(request: web.Request) -> web.StreamResponse:
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        if SUBPROTOCOL not in [name.strip() for name in offered.split(",")]:
            return web.Response(status=426, text=f"This is a Hedgerow node; it speaks {SUBPROTOCOL}.\n")
        if len(open_sockets) >= MAX_LINKS_IN:
            return web.Response(status=503, text="Too many links; try again later.\n")
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), compress=False, max_msg_size=limits.MAX_NOISE_MESSAGE + 1
        )
        await socket.prepare(request)
        open_sockets.add(socket)
        try:
            await on_socket(socket)
        finally:
            open_sockets.discard(socket)
        return socket

    async def join(request: web.Request) -> web.Response:
        return web.Response(text=JOIN_PAGE, content_type="text/html", headers=JOIN_HEADERS)

    async def without_server_name(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.pop("Server", None)

    app = web.Application(client_max_size=limits.KIB)
    app.router.add_get("/peer", peer)
    app.router.add_get("/join", join)
    app.on_response_prepare.append(without_server_name)
    return app
