"""A WebSocket to a node, and a link over it on which every frame of the node is judged as it comes."""

import asyncio
from typing import TypeVar

from aiohttp import ClientWebSocketResponse, WSMsgType

from hedgerow_node.conformance.live.check import Broken, Ended
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.frame import Err, Frame, Ping, Pong, decode_frame, encode_frame
from hedgerow_protocol.handshake import Hello, SecureChannel
from hedgerow_protocol.noise import Split

F = TypeVar("F", bound=Frame)
PATIENCE = 5.0
"""Seconds after which something that a node has to do is given up."""
FAR_ON = 2**20
"""Added to a question's number where a check has used numbers of its own."""
AFTER_AN_ANSWER = 3.0
"""Seconds in which a node that still answers must have ended the link."""
A_MOMENT = 0.3
"""Seconds in which a node must say nothing."""


class Line:
    """A WebSocket; every wait is bounded."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.hello: Hello | None = None
        """What the node said of itself in message 2."""

    async def send(self, data: bytes) -> None:
        """One binary message; nothing where the node has ended the connection."""
        try:
            await self.socket.send_bytes(data)
        except (ConnectionError, RuntimeError):
            return

    async def receive(self, patience: float = PATIENCE) -> bytes:
        """The next binary message; raises `Ended`, or `Broken` after `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                message = await self.socket.receive()
        except TimeoutError:
            raise Broken(f"nothing comes for {patience:g} seconds") from None
        if message.type == WSMsgType.BINARY:
            return bytes(message.data)
        if message.type == WSMsgType.TEXT:
            raise Broken("the node sends text", "HS-1")
        raise Ended(self.socket.close_code, str(message.extra or ""))

    async def ends(self) -> list[bytes]:
        """Wait until the node ends the connection; what it sent before. Raises `Broken` if it does not."""
        said = []
        while True:
            try:
                said.append(await self.receive())
            except Ended:
                return said
            except Broken:
                raise Broken("the connection stays open") from None

    async def is_silent(self) -> bool:
        """Whether nothing comes for a moment."""
        try:
            await self.receive(A_MOMENT)
        except (Broken, Ended):
            return True
        return False

    async def close(self) -> None:
        """End it."""
        await self.socket.close()


class Linked:
    """An established link, seen from the side that dialled."""

    def __init__(self, line: Line, split: Split) -> None:
        self.line = line
        self._split = split
        self._channel = SecureChannel(split.sending, split.receiving)
        self._last = -1

    def next(self) -> int:
        """The number of the next question."""
        self._last += 2
        return self._last

    # --- Out -----------------------------------------------------------------------------------------------

    async def put(self, *frames: Frame) -> None:
        """Send frames."""
        for frame in frames:
            await self.put_bytes(encode_frame(frame))

    async def put_bytes(self, packed: bytes) -> None:
        """Send bytes as if they were a frame."""
        for data in self._channel.seal(packed):
            await self.line.send(data)

    def seal(self, plaintext: bytes) -> bytes:
        """One message of the channel with whatever is in it."""
        return self._split.sending.encrypt(plaintext)

    # --- In ------------------------------------------------------------------------------------------------

    async def next_frame(self) -> Frame:
        """The next frame; raises `Ended`, and `Broken` where the node's bytes break a rule."""
        while True:
            frame = self._judge(await self.line.receive())
            if frame is not None:
                return frame

    def _judge(self, data: bytes) -> Frame | None:
        try:
            packed = self._channel.open(data)
        except RemoteProtocolError as error:
            rule = "HS-22" if error.reason is Reason.BAD_HANDSHAKE else "HS-23"
            raise Broken(f"a message of the channel: {error}", rule) from None
        try:
            return decode_frame(packed) if packed is not None else None
        except RemoteProtocolError as error:
            raise Broken(f"a frame of the node: {error}", "FR-1") from None

    async def take(self, kind: type[F]) -> F:
        """The next frame of this kind, others passed over; raises `Broken`."""
        while True:
            if isinstance(frame := await self.frame(), kind):
                return frame

    async def before(self, kind: type[F]) -> tuple[list[Frame], F]:
        """The frames that come before one of this kind, and that one; raises `Broken`."""
        passed: list[Frame] = []
        while True:
            frame = await self.frame()
            if isinstance(frame, kind):
                return passed, frame
            passed.append(frame)

    async def frame(self) -> Frame:
        """The next frame of a link that must not end; raises `Broken`."""
        try:
            frame = await self.next_frame()
        except Ended as end:
            raise Broken(f"the node ends the link: {end}") from None
        if isinstance(frame, Err):
            raise Broken(f"the node ends the link: {frame.text}")
        return frame

    async def lives(self) -> list[Frame]:
        """See that the link still answers; the frames that came before its answer. Raises `Broken`."""
        number = self.next()
        await self.put(Ping(number))
        passed, pong = await self.before(Pong)
        if pong.req != number:
            raise Broken(f"PING {number} is answered with PONG {pong.req}", "FR-3")
        return passed

    async def ends(self) -> list[Frame]:
        """Wait until the node ends the link; what it sent before, ERR apart. Raises `Broken` if it does not."""
        said: list[Frame] = []
        number = self.next() + FAR_ON
        # Whoever goes on answers this; a fault that takes a look at the store to be seen is judged after it.
        await self.put(Ping(number))
        try:
            async with asyncio.timeout(PATIENCE) as patience:
                while True:
                    frame = await self.next_frame()
                    if frame == Pong(number):
                        patience.reschedule(asyncio.get_running_loop().time() + AFTER_AN_ANSWER)
                    elif not isinstance(frame, Err):
                        said.append(frame)
        except Ended:
            return said
        except TimeoutError:
            raise Broken("the link goes on") from None
