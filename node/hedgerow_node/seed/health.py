"""How a seed is, for programs that watch it: `/healthz`, `/readyz`, `/metrics` on a listener of their own."""

from aiohttp import web

from hedgerow_node.config import STOP_DEADLINE
from hedgerow_node.listener import Listener
from hedgerow_node.problems import Code, Problem, fault_words
from hedgerow_node.seed.readings import Readings
from hedgerow_node.seed.settings import host_and_port

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
UNAVAILABLE = 503


class Health:
    """The listener. Make it with `Health.open`, end it with `close`."""

    def __init__(self, readings: Readings, listener: Listener) -> None:
        self._readings = readings
        self._listener = listener

    @classmethod
    async def open(cls, address: str, readings: Readings) -> "Health":
        """Listen on HOST:PORT; raises `Problem` where that cannot be had."""
        host, port = host_and_port(address, "listen.health")
        try:
            listener = await Listener.open(_application(readings), host, port, shutdown_timeout=STOP_DEADLINE)
        except OSError as error:
            raise Problem(Code.ADDRESS_TAKEN, f"{address}: {fault_words(error)}") from None
        return cls(readings, listener)

    @property
    def address(self) -> str:
        """HOST:PORT as bound."""
        return self._listener.address

    async def close(self) -> None:
        """Stop listening."""
        self._readings.stop()
        await self._listener.close()


def _application(readings: Readings) -> web.Application:
    async def is_alive(request: web.Request) -> web.Response:
        return _told("alive")

    async def is_ready(request: web.Request) -> web.Response:
        why = await readings.why_not_ready()
        return _told("ready") if why is None else _told(f"not ready: {why}", UNAVAILABLE)

    async def measured(request: web.Request) -> web.Response:
        # Only a seed that is watched needs the library, and every start would pay for it.
        from hedgerow_node.seed.metrics import CONTENT_TYPE, exposed

        text = exposed(await readings.read())
        return web.Response(body=text, headers={**HEADERS, "Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.router.add_get("/healthz", is_alive)
    app.router.add_get("/readyz", is_ready)
    app.router.add_get("/metrics", measured)
    app.on_response_prepare.append(_without_server)
    return app


def _told(words: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=words + "\n", headers=HEADERS)


async def _without_server(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)  # which programs in which versions serve is nobody's business
