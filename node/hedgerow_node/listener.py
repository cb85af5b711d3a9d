"""A listening socket for aiohttp with a deadline for the request's header, which aiohttp does not have.

A connection that has not sent a whole header in time is cut; a half-sent one would otherwise stay open for ever.
"""

import asyncio
import socket

from aiohttp import web

from hedgerow_node.config import HEADER_DEADLINE, MAX_HEADER

END_OF_HEADER = b"\r\n\r\n"


class Listener:
    """An application served on one address. Make one with `Listener.open`."""

    def __init__(self, runner: web.AppRunner, server: asyncio.Server, address: str) -> None:
        self._runner = runner
        self._server = server
        self.address = address
        """HOST:PORT as bound, with the port that was given where 0 was asked for."""

    @classmethod
    async def open(cls, app: web.Application, host: str, port: int, **options: object) -> "Listener":
        """Serve `app`; raises `OSError` where the address cannot be had. `options` go to aiohttp's runner."""
        runner = web.AppRunner(app, access_log=None, **options)  # type: ignore[arg-type]
        await runner.setup()
        inner = runner.server
        assert inner is not None
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: _WithDeadline(inner()), host, port, reuse_address=True
            )
        except BaseException:
            await runner.cleanup()
            raise
        return cls(runner, server, format_address(server.sockets[0]))

    async def close(self) -> None:
        """Stop listening and end what is open."""
        self._server.close()
        await self._runner.cleanup()
        await self._server.wait_closed()


def format_address(bound: socket.socket) -> str:
    """HOST:PORT of a bound socket, IPv6 in brackets."""
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _WithDeadline(asyncio.Protocol):
    """Hands everything to the protocol within, and cuts the connection if the header is late or endless."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""
        self._seen = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._timer = asyncio.get_running_loop().call_later(HEADER_DEADLINE, transport.abort)
        self._transport = transport
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._timer is not None:
            self._watch_header(data)
        self._inner.data_received(data)

    def _watch_header(self, data: bytes) -> None:
        assert self._timer is not None
        window = self._tail + data
        self._seen += len(data)
        if END_OF_HEADER in window:
            self._timer.cancel()
            self._timer = None
        elif self._seen > MAX_HEADER:
            self._transport.abort()
        self._tail = window[-len(END_OF_HEADER) + 1 :]

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._inner.connection_lost(error)
