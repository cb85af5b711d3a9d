"""One connection: a reader that hands on binary messages, a writer behind a bounded queue."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from aiohttp import ClientWebSocketResponse, WSMsgType, web

from hedgerow_node.config import LINK_QUEUE, WRITE_TIMEOUT
from hedgerow_protocol.effects import LinkId

Socket: TypeAlias = ClientWebSocketResponse | web.WebSocketResponse


class Link:
    """A WebSocket with a number. Overflow rule of the queue: a peer that does not read is cut off."""

    def __init__(self, number: LinkId, socket: Socket) -> None:
        self.number = number
        self._socket = socket
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._ending: str | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def why_closed(self) -> str:
        """Why the connection ended, in words for the log."""
        return self._ending or "closed by the peer"

    def send(self, data: bytes) -> None:
        """Queue one binary message."""
        if self._ending is not None:
            return
        self._queue.append(data)
        self._queued += len(data)
        if self._queued > LINK_QUEUE:
            self._queue.clear()
            self.close("the peer does not read")
        self._wake.set()

    def close(self, why: str) -> None:
        """End the connection after what is queued was sent."""
        if self._ending is None:
            self._ending = why
            self._wake.set()

    async def run(self, on_data: Callable[[bytes], None]) -> None:
        """Carry messages both ways until either side ends it."""
        self._reader = asyncio.create_task(self._read(on_data))
        writer = asyncio.create_task(self._write())
        try:
            await asyncio.wait({self._reader, writer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._reader.cancel()
            writer.cancel()
            await asyncio.gather(self._reader, writer, return_exceptions=True)
            await self._say_goodbye()

    async def _read(self, on_data: Callable[[bytes], None]) -> None:
        while self._ending is None:
            message = await self._socket.receive()
            if message.type != WSMsgType.BINARY:
                # Text, an end, or a fault of the WebSocket: nothing of it belongs to the protocol.
                return
            on_data(message.data)

    async def _write(self) -> None:
        while self._queue or self._ending is None:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            data = self._queue.popleft()
            self._queued -= len(data)
            try:
                async with asyncio.timeout(WRITE_TIMEOUT):
                    await self._socket.send_bytes(data)
            except TimeoutError:
                self._ending = "the peer does not read"
                return
            except (ConnectionError, RuntimeError):
                return

    async def _say_goodbye(self) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self._socket.close()
        except (TimeoutError, ConnectionError, RuntimeError):
            return
