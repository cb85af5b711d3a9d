"""A listening socket for aiohttp with a deadline for the request's header, which aiohttp does not have.

A connection that has not sent a whole header in time is cut; a half-sent one would otherwise stay open for ever.
Whoever wants to can also watch connections come and go, and turn them away before a byte of them is read.
"""

import asyncio
import logging
import socket
from http import HTTPStatus
from typing import Protocol

from aiohttp import hdrs, web

from hedgerow_node.config import HEADER_DEADLINE, LINGERING, MAX_REQUEST_HEADER

END_OF_HEADER = b"\r\n\r\n"
NEWLINES = b"\r\n"
LATE = "the header of a request was late"
ENDLESS = "the header of a request was endless"
NOWHERE = logging.Logger("nowhere", logging.CRITICAL + 1)
"""For what the library would say of each wrong request: strangers could fill a log with it, and addresses stand in
it."""


class Watch(Protocol):
    """Somebody who minds the connections of a listener."""

    def on_open(self, transport: asyncio.Transport) -> bool:
        """A connection came in; whether it may stay."""

    def on_cut(self, why: str) -> None:
        """A connection is cut for what its header was: LATE or ENDLESS."""

    def on_lost(self, transport: asyncio.Transport) -> None:
        """A connection is gone, also one that might not stay."""


class Listener:
    """An application served on one address. Make one with `Listener.open`."""

    def __init__(self, runner: web.AppRunner, server: asyncio.Server, address: str) -> None:
        self._runner = runner
        self._server = server
        self.address = address
        """HOST:PORT as bound, with the port that was given where 0 was asked for."""

    @classmethod
    async def open(
        cls,
        app: web.Application,
        host: str,
        port: int,
        *,
        header_deadline: float = HEADER_DEADLINE,
        watch: Watch | None = None,
        shutdown_timeout: float,
        keepalive_timeout: float = HEADER_DEADLINE,
        auto_decompress: bool = False,
        is_curt: bool = False,
    ) -> "Listener":
        """Serve `app`; raises `OSError` where the address cannot be had.

        A connection that was used and is kept open for another request is closed after `keepalive_timeout`, a
        half-sent second header or not. With `is_curt` nothing is said to what is no request, and the
        rest of what was answered is not read.
        """
        runner = web.AppRunner(app, shutdown_timeout=shutdown_timeout)
        await runner.setup()
        inner = runner.server
        assert inner is not None
        loop = asyncio.get_running_loop()

        def make() -> asyncio.Protocol:
            handler = (_Curt if is_curt else _Handler)(
                inner,
                loop=loop,
                keepalive_timeout=keepalive_timeout,
                auto_decompress=auto_decompress,
                lingering_time=0.0 if is_curt else LINGERING,
                max_line_size=MAX_REQUEST_HEADER,
                access_log=None,  # type: ignore[arg-type] # what the library's own runner passes
                logger=NOWHERE,
            )
            return _Guarded(handler, header_deadline, watch)

        try:
            server = await loop.create_server(make, host, port, reuse_address=True)
        except BaseException:
            await runner.cleanup()
            raise
        return cls(runner, server, format_address(server.sockets[0]))

    def stop(self) -> None:
        """Take no more connections."""
        self._server.close()

    async def close(self) -> None:
        """Stop listening and end what is open."""
        self._server.close()
        await self._runner.cleanup()
        await self._server.wait_closed()


def format_address(bound: socket.socket) -> str:
    """HOST:PORT of a bound socket, IPv6 in brackets."""
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Handler(web.RequestHandler):
    """Answers what is no request in a few constant words: the library would tell its version and what it parsed."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        response = web.Response(status=status, text=f"{HTTPStatus(status).phrase}.\n")
        response.headers[hdrs.SERVER] = "hedgerow"
        response.force_close()
        return response


class _Curt(_Handler):
    """Ends the connection on what is no request: a few bytes must not be worth an answer."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        raise ConnectionError("nothing is said to what is no request")


class _Guarded(asyncio.Protocol):
    """Hands everything to the protocol within, and cuts the connection if the header is late or endless."""

    def __init__(self, inner: asyncio.Protocol, header_deadline: float, watch: Watch | None) -> None:
        self._inner = inner
        self._header_deadline = header_deadline
        self._watch = watch
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._is_let_in = False
        self._header = bytearray()
        """What came so far, until it holds a whole header."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._watch is not None and not self._watch.on_open(transport):
            transport.abort()
            return
        self._is_let_in = True
        self._timer = asyncio.get_running_loop().call_later(self._header_deadline, self._cut, LATE)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._is_let_in:
            return
        if self._timer is not None and self._is_endless(self._timer, data):
            self._cut(ENDLESS)
        else:
            self._inner.data_received(data)

    def _cut(self, why: str) -> None:
        assert self._transport is not None
        if self._watch is not None:
            self._watch.on_cut(why)
        self._transport.abort()

    def _is_endless(self, timer: asyncio.TimerHandle, data: bytes) -> bool:
        self._header += data
        # The parser passes over empty lines in front of a request, so they end no header.
        request = self._header.lstrip(NEWLINES)
        end = request.find(END_OF_HEADER)
        if end < 0:
            return len(self._header) > MAX_REQUEST_HEADER
        timer.cancel()
        self._timer = None
        self._header.clear()
        return end + len(END_OF_HEADER) > MAX_REQUEST_HEADER

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._is_let_in else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._watch is not None and self._transport is not None:
            self._watch.on_lost(self._transport)
        if self._is_let_in:
            self._inner.connection_lost(error)
