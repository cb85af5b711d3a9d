"""A WebSocket client that costs little (RFC 6455): what measures shall leave the computer to what is measured.

It takes no compression and no parts of messages, which none of the servers here sends.
"""

import asyncio
import base64
import os
from collections.abc import Callable
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FINAL, MASKED = 0x80, 0x80
SHORT, IN_TWO_BYTES, IN_EIGHT_BYTES = 125, 126, 127
NO_MASK = bytes(4)
"""A mask of zeros leaves the bytes as they are."""
END_OF_HEADER = b"\r\n\r\n"
SWITCHING = b"101"
OnMessage = Callable[[bytes], None]


class WebSocket(asyncio.Protocol):
    """One connection. Make it with `dial`; what comes goes to `on_message`, whole."""

    def __init__(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._request = request
        self._left = b""
        self._opened: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        """Done when the connection is gone."""
        self.on_message: OnMessage = lambda data: None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def dial(cls, url: str, subprotocol: str = "") -> "WebSocket":
        """Open a connection to ws://…; raises `OSError`."""
        parts = urlsplit(url)
        request = _request(parts.netloc, parts.path or "/", subprotocol)
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: cls(request), parts.hostname, parts.port)
        await socket._opened
        return socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self._opened, self.lost):
            if not future.done():
                future.set_exception(error or ConnectionError("the connection was closed"))
                future.exception()  # seen, whoever waits for it

    def data_received(self, data: bytes) -> None:
        data = self._left + data if self._left else data
        if not self._opened.done():
            header, end, data = data.partition(END_OF_HEADER)
            if not end:
                self._left = header
                return
            self._open(header)
        self._left = self._take(data)

    def _open(self, header: bytes) -> None:
        status = header.split(b" ", 2)[1]
        if status == SWITCHING:
            self._opened.set_result(None)
        else:
            self._opened.set_exception(ConnectionError(f"it answers with status {status.decode()}"))

    def _take(self, data: bytes) -> bytes:
        """Hand on the frames that are whole; returns the rest."""
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size == IN_TWO_BYTES:
                start += 2
                size = int.from_bytes(data[at + 2 : start])
            elif size == IN_EIGHT_BYTES:
                start += 8
                size = int.from_bytes(data[at + 2 : start])
            if end - start < size:
                break
            self._on_frame(data[at] & 0x0F, data[start : start + size])
            at = start + size
        return data[at:]

    def _on_frame(self, kind: int, payload: bytes) -> None:
        if kind in (TEXT, BINARY):
            self.on_message(payload)
        elif kind == PING:
            self.send(payload, PONG)
        elif kind == CLOSE:
            self.close()

    def send(self, payload: bytes, kind: int = BINARY) -> None:
        """Send one message."""
        assert self._transport is not None
        size = len(payload)
        if size <= SHORT:
            head = bytes([FINAL | kind, MASKED | size])
        elif size < 1 << 16:
            head = bytes([FINAL | kind, MASKED | IN_TWO_BYTES]) + size.to_bytes(2)
        else:
            head = bytes([FINAL | kind, MASKED | IN_EIGHT_BYTES]) + size.to_bytes(8)
        self._transport.write(head + NO_MASK + payload)

    def abort(self) -> None:
        """End the connection at once, whatever is under way."""
        assert self._transport is not None
        self._transport.abort()

    def close(self) -> None:
        """End the connection."""
        assert self._transport is not None
        self._transport.close()


def _request(host: str, path: str, subprotocol: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
    ]
    lines += [f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []
    return "\r\n".join([*lines, "", ""]).encode()
