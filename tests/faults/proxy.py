"""A TCP proxy that does to connections what their line says, in a thread of its own."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

from faults.line import Line

T = TypeVar("T")
WAITING = 64
"""Portions that are under way on a line with a delay; who sends more waits."""
PATIENCE = 30.0
WITHOUT_A_WORD = struct.pack("ii", 1, 0)
"""Of SO_LINGER: a socket that is closed is reset."""


class Proxy:
    """Forwards connections on `address` to the port `target` of this computer, which may change."""

    def __init__(self, line_of: Callable[[int], Line | None]) -> None:
        """`line_of` says on which line a connection from this port of this computer is, None where nobody is there
        any more; called in the thread."""
        self._line_of = line_of
        self.target = 0
        self.address = ""
        """HOST:PORT."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def open(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._take, "127.0.0.1", 0))
        host, port = self._server.sockets[0].getsockname()
        self.address = f"{host}:{port}"

    def close(self) -> None:
        """End everything."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _do(self, work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=PATIENCE)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = self._line_of(writer.get_extra_info("peername")[1])
        if line is None or line.is_parted:
            _reset(writer)
            return
        try:
            onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            return
        await self._carry(line, (reader, writer), onward)

    async def _carry(self, line: Line, near: "Ends", far: "Ends") -> None:
        pumps = [
            asyncio.create_task(_pump(line, near[0], far[1])),
            asyncio.create_task(_pump(line, far[0], near[1])),
        ]

        def cut() -> None:
            self._loop.call_soon_threadsafe(_reset_all, near[1], far[1])

        line.begin(cut)
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            # The end of the test: asyncio would report a cancelled connection as an error.
            return
        finally:
            line.end(cut)
            for pump in pumps:
                pump.cancel()
            for writer in (near[1], far[1]):
                writer.close()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Underway = asyncio.Queue[tuple[float, bytes]]


async def _pump(line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction until its end has come through."""
    underway: Underway = asyncio.Queue(WAITING)
    sending = asyncio.create_task(_send(line, underway, writer))
    try:
        with suppress(OSError):
            await _receive(line, reader, underway)
            await sending
    finally:
        sending.cancel()


async def _receive(line: Line, reader: asyncio.StreamReader, underway: Underway) -> None:
    now = asyncio.get_running_loop().time
    while data := await reader.read(line.portion):
        await underway.put((now() + line.delay, data))
        await line.pause(len(data))
    await underway.put((now() + line.delay, b""))


async def _send(line: Line, underway: Underway, writer: asyncio.StreamWriter) -> None:
    now = asyncio.get_running_loop().time
    while True:
        due, data = await underway.get()
        await asyncio.sleep(max(0.0, due - now()))
        await line.open()
        if not data:
            return
        writer.write(data)
        await writer.drain()


def _reset_all(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, WITHOUT_A_WORD)
    writer.transport.abort()
