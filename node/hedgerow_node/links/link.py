"""One connection: a reader that hands on binary messages, a writer behind a bounded queue."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from aiohttp import ClientWebSocketResponse, WebSocketError, WSCloseCode, WSMsgType, web

from hedgerow_node.config import (
    FLUSH_TIMEOUT,
    GOODBYE_TIMEOUT,
    LINK_QUEUE,
    LINK_ROOM,
    PING_BURST,
    PING_RATE,
    PUSH_ROOM,
    WRITE_TIMEOUT,
)
from hedgerow_node.links.late import Late
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.errors import Reason
from hedgerow_protocol.quota import Bucket

Socket: TypeAlias = ClientWebSocketResponse | web.WebSocketResponse

BY_THE_PEER = "closed by the peer"
NOT_READ = "the peer does not read"
NOT_BINARY = "a message that is not binary"
BROKEN = "a fault of the WebSocket"
TOO_MANY_PINGS = "too many pings"
OnBacklog: TypeAlias = Callable[[bool], None]
"""Hears when much begins to wait to be sent, and when it does no more; must not send."""
CONTROL = frozenset({WSMsgType.PING, WSMsgType.PONG})
ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED})


class Link:
    """A WebSocket with a number. Overflow rule of the queue: a peer that does not read is cut off."""

    def __init__(
        self, number: LinkId, websocket: Socket, on_backlog: OnBacklog = lambda is_long: None
    ) -> None:
        self.number = number
        self._on_backlog = on_backlog
        self._has_backlog = False
        self.answering = asyncio.Lock()
        """Held by whoever puts an answer into the queue, so that one answer waits for room at a time."""
        self._socket = websocket
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._ending: str | None = None
        self.limit = ""
        """The name of the limit for which the connection was ended, if it was one."""
        self._pings = Bucket(PING_RATE, PING_BURST)
        self._late = Late(WRITE_TIMEOUT, self._cut_off)
        self._writer: asyncio.Task[None] | None = None

    @property
    def why_closed(self) -> str:
        """Why the connection ended: one of the constants of the program."""
        return self._ending or BY_THE_PEER

    def send(self, data: bytes) -> None:
        """Queue one binary message."""
        if self._ending is not None:
            return
        self._queue.append(data)
        self._queued += len(data)
        if self._queued > LINK_QUEUE:
            self._queue.clear()
            self.close(NOT_READ, "LINK_QUEUE")
        self._watch_backlog()
        self._changed.set()

    def _watch_backlog(self) -> None:
        # The half below is for what would otherwise begin and end with each message.
        is_long = self._queued > (PUSH_ROOM // 2 if self._has_backlog else PUSH_ROOM)
        if is_long != self._has_backlog:
            self._has_backlog = is_long
            self._on_backlog(is_long)

    def close(self, why: str, limit: str = "") -> None:
        """End the connection after what is queued was sent; `why` is a constant, `limit` the name of one."""
        if self._ending is None:
            self._ending, self.limit = why, limit
            self._changed.set()
            self._closing.set()

    async def has_room(self) -> bool:
        """Wait until little is queued; False when the connection has ended instead."""
        while self._queued > LINK_ROOM and self._ending is None:
            self._changed.clear()
            await self._changed.wait()
        return self._ending is None

    async def run(self, on_data: Callable[[bytes], None]) -> None:
        """Carry messages both ways until either side ends it. Raises what `on_data` raises."""
        reader = asyncio.create_task(self._read(on_data))
        writer = self._writer = asyncio.create_task(self._write())
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({reader, writer, closing}, return_when=asyncio.FIRST_COMPLETED)
            if self._closing.is_set():
                await asyncio.wait({writer}, timeout=FLUSH_TIMEOUT)
        finally:
            self._ending = self.why_closed
            self._changed.set()
            self._late.stop()
            for task in (reader, writer, closing):
                task.cancel()
            await asyncio.gather(reader, writer, closing, return_exceptions=True)
            await self._say_goodbye()
        if not reader.cancelled():
            reader.result()

    async def _read(self, on_data: Callable[[bytes], None]) -> None:
        while self._ending is None:
            message = await self._socket.receive()
            if message.type == WSMsgType.BINARY:
                on_data(message.data)
            elif message.type in CONTROL:
                await self._on_control(message.type, message.data)
            else:
                self._end(message.type, message.data)
                return

    async def _on_control(self, kind: WSMsgType, data: bytes) -> None:
        if not self._pings.take(asyncio.get_running_loop().time()):
            self.close(TOO_MANY_PINGS, "PING_BURST")
        elif kind == WSMsgType.PING:
            await self._pong(data)

    def _end(self, kind: WSMsgType, data: object) -> None:
        # A text, an end, or a fault of the WebSocket: nothing of it belongs to the protocol.
        if kind in ENDS:
            self.close(BY_THE_PEER)
        elif isinstance(data, WebSocketError) and data.code == WSCloseCode.MESSAGE_TOO_BIG:
            self.close(Reason.TOO_BIG.value)
        else:
            self.close(NOT_BINARY if kind == WSMsgType.TEXT else BROKEN)
        self._queue.clear()

    async def _write(self) -> None:
        while self._queue or self._ending is None:
            if not self._queue:
                self._changed.clear()
                await self._changed.wait()
                continue
            data = self._queue.popleft()
            if not await self._put(data):
                return
            self._queued -= len(data)
            self._watch_backlog()
            self._changed.set()

    async def _put(self, data: bytes) -> bool:
        self._late.begin()
        try:
            await self._socket.send_bytes(data)
        except (ConnectionError, RuntimeError):
            self.close(BY_THE_PEER)
            return False
        finally:
            self._late.end()
        return True

    def _cut_off(self) -> None:
        """A message did not leave in time."""
        self.close(NOT_READ, "WRITE_TIMEOUT")
        if self._writer is not None:
            self._writer.cancel()

    async def _pong(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await self._socket.pong(data)
        except TimeoutError:
            self.close(NOT_READ, "WRITE_TIMEOUT")
        except (ConnectionError, RuntimeError):
            self.close(BY_THE_PEER)

    async def _say_goodbye(self) -> None:
        # In a task of its own: the library lets whoever waits to send share one future, which dies with the first
        # of them that gives up, and then tells the next one that it was cancelled.
        goodbye = asyncio.create_task(self._socket.close())
        done, _ = await asyncio.wait({goodbye}, timeout=GOODBYE_TIMEOUT)
        goodbye.cancel()
        await asyncio.gather(goodbye, return_exceptions=True)
        if not done or self._ending == NOT_READ:
            self._cut()

    def _cut(self) -> None:
        """End the connection below the WebSocket: what waits to be sent would hold it open for ever."""
        raw = self._socket.get_extra_info("socket")
        if raw is not None:
            with suppress(OSError):
                raw.shutdown(socket.SHUT_RDWR)
