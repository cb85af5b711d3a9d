"""A hand-made peer: a socket, a WebSocket and a handshake of its own, each only as far as a test wants it to go."""

import asyncio
import base64
import os
import ssl
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from hedgerow_protocol.frame import Frame, decode_frame, encode_frame
from hedgerow_protocol.handshake import (
    SUBPROTOCOL,
    Handshake,
    Hello,
    OwnEnd,
    Role,
    SecureChannel,
    Subprotocols,
    certify,
)
from hedgerow_protocol.message import MAIN_NET
from hedgerow_protocol.noise import static_public
from simulator.author import Author

F = TypeVar("F", bound=Frame)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
COMPRESSED = 0x40
"""The bit beside an opcode that an extension for compression sets."""
PATIENCE = 10.0


class Closed(Exception):
    """The other side ended the connection."""


class Stranger:
    """One connection to a peers' door, driven by hand."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, author: Author, host: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host
        self.author = author
        self.channel: SecureChannel | None = None
        self.said: list[bytes] = []
        """The handshake messages that this side sent."""
        self.head = b""
        """The header of the answer to the upgrade."""
        self.hello: Hello | None = None
        """What the other side said of itself."""

    # --- The socket ----------------------------------------------------------------------------------------

    async def write(self, data: bytes) -> None:
        """Bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    async def is_cut(self) -> bool:
        """Whether the other side ends the connection, whatever it says before; waits for it."""
        try:
            async with asyncio.timeout(PATIENCE):
                while await self._reader.read(65_536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True

    async def answer(self) -> bytes:
        """Everything that the other side says until it ends the connection."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read(-1)

    # --- The WebSocket -------------------------------------------------------------------------------------

    async def upgrade(self, subprotocol: str = SUBPROTOCOL, headers: str = "") -> int:
        """Ask for a WebSocket; returns the HTTP status."""
        key = base64.b64encode(os.urandom(16)).decode()
        await self.write(
            f"GET /peer HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: {subprotocol}\r\n{headers}\r\n".encode()
        )
        async with asyncio.timeout(PATIENCE):
            self.head = await self._reader.readuntil(b"\r\n\r\n")
        return int(self.head.split(b" ", 2)[1])

    async def send(self, opcode: int, payload: bytes, *, is_last: bool = True) -> None:
        """One masked frame of the WebSocket."""
        length = len(payload)
        if length < 126:
            size = bytes([0x80 | length])
        elif length < 2**16:
            size = bytes([0x80 | 126]) + struct.pack("!H", length)
        else:
            size = bytes([0x80 | 127]) + struct.pack("!Q", length)
        # A mask of zeros leaves the payload as it is.
        await self.write(bytes([opcode | 0x80 * is_last]) + size + bytes(4) + payload)

    async def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; raises `Closed`."""
        try:
            async with asyncio.timeout(PATIENCE):
                first, second = await self._reader.readexactly(2)
                length = second & 0x7F
                if length == 126:
                    (length,) = struct.unpack("!H", await self._reader.readexactly(2))
                elif length == 127:
                    (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
                payload = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Closed from None
        if first & 0x0F == CLOSE:
            raise Closed
        return first & 0x0F, payload

    async def binary(self) -> bytes:
        """The next binary message; raises `Closed`."""
        while True:
            opcode, payload = await self.receive()
            if opcode == BINARY:
                return payload

    # --- The link ------------------------------------------------------------------------------------------

    def own_end(self) -> OwnEnd:
        """What this one shows of itself."""
        static, not_after = os.urandom(32), int(time.time()) + 86_400
        author = self.author
        hello = Hello(
            device=author.device,
            author=author.key,
            certificate=certify(author.device_seed, MAIN_NET, author.key, static_public(static), not_after),
            not_after=not_after,
            role=Role.EDGE,
            agent="stranger",
        )
        return OwnEnd(net=MAIN_NET, static=static, hello=hello)

    async def link(self, offered: tuple[str, ...] = (SUBPROTOCOL,), headers: str = "") -> None:
        """Upgrade and shake hands as an honest peer does."""
        assert await self.upgrade(", ".join(offered), headers) == 101
        subprotocols = Subprotocols(offered, SUBPROTOCOL)
        handshake, first = Handshake.initiate(self.own_end(), subprotocols, os.urandom(32), None)
        await self._say(first)
        step = handshake.on_message(await self.binary(), time.time())
        assert step.reply is not None
        assert step.established is not None
        await self._say(step.reply)
        self.channel, self.hello = step.established.channel, step.established.peer

    async def _say(self, data: bytes) -> None:
        self.said.append(data)
        await self.send(BINARY, data)

    async def put(self, frame: Frame) -> None:
        """Send a frame of the protocol."""
        await self.put_bytes(encode_frame(frame))

    async def put_bytes(self, packed: bytes) -> None:
        """Send bytes as if they were a frame."""
        assert self.channel is not None
        for chunk in self.channel.seal(packed):
            await self.send(BINARY, chunk)

    async def take(self, kind: type[F]) -> F:
        """The next frame of this kind; others are passed over. Raises `Closed`."""
        assert self.channel is not None
        while True:
            packed = self.channel.open(await self.binary())
            frame = decode_frame(packed) if packed is not None else None
            if isinstance(frame, kind):
                return frame


@asynccontextmanager
async def stranger(
    address: tuple[str, int],
    author: Author | None = None,
    *,
    local: str | None = None,
    host: str = "x",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Stranger]:
    """Somebody who is nobody's member, connected from an address of this computer, with TLS if `tls` is given."""
    reader, writer = await asyncio.open_connection(
        *address,
        local_addr=(local, 0) if local is not None else None,
        ssl=tls,
        server_hostname=host if tls is not None else None,
    )
    try:
        yield Stranger(reader, writer, author or Author(666), host)
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()
