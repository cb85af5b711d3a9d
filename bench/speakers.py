"""Those who publish and those who listen in FANOUT, for each protocol: both sides are as light as can be."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from typing import Protocol

from bench.corpus import Author, SetOfMessages, entries
from bench.ends import OWN_GROUP, own_end
from bench.peers import nostr
from bench.websocket import TEXT, WebSocket
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import (
    Frame,
    IHave,
    Messages,
    Mode,
    Ping,
    Pong,
    Scope,
    Sub,
    Want,
    decode_frame,
    encode_frame,
)
from hedgerow_protocol.handshake import SUBPROTOCOL, Handshake, SecureChannel, Subprotocols

OnReceived = Callable[[bytes], None]
"""Takes the key of a message that came."""


class Speakers(Protocol):
    """How a protocol publishes and listens."""

    keys: list[bytes]
    """By which what is received is told apart, for each message."""

    async def prepare(self) -> None:
        """Let one who publishes come, and all that must be known before."""

    async def listen(self, number: int, on_received: OnReceived) -> None:
        """Let one more listen; returns when everything that is said from now on will come."""

    def publish(self, number: int) -> None:
        """Say one message."""


class HedgerowSpeakers:
    """Edges of a seed that follows everybody who is quoted."""

    def __init__(self, url: str, wanted: SetOfMessages) -> None:
        self._url = url
        self._people = wanted.people()
        self.keys = [data for _, _, _, data in entries(wanted)]
        self._publisher: _Edge | None = None

    async def prepare(self) -> None:
        """The logs of the authors go first: they authorise everything else, once the seed carries their authors."""
        self._publisher = await _Edge.dial(self._url, Author(OWN_GROUP, 0))
        await self._publisher.subscribe(self._everybody(), Mode.OFF)
        for author in self._people:
            self._publisher.push(author.inception.encode())

    async def listen(self, number: int, on_received: OnReceived) -> None:
        edge = await _Edge.dial(self._url, Author(OWN_GROUP, 1 + number))
        edge.on_received = on_received
        await edge.subscribe(self._everybody(), Mode.EAGER)

    def _everybody(self) -> Filter:
        return Filter.of_authors({author.key for author in self._people})

    def publish(self, number: int) -> None:
        assert self._publisher is not None
        self._publisher.push(self.keys[number])


class _Edge:
    """A link to a node that only pushes, or only listens."""

    def __init__(self, socket: WebSocket, channel: SecureChannel) -> None:
        self._socket = socket
        self._channel = channel
        self._wanted = 0
        self._scoped = asyncio.Event()
        self.on_received: OnReceived = lambda data: None
        socket.on_message = self._take

    @classmethod
    async def dial(cls, url: str, author: Author) -> "_Edge":
        socket = await WebSocket.dial(url, SUBPROTOCOL)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        socket.on_message = answer.set_result
        offered = Subprotocols((SUBPROTOCOL,), SUBPROTOCOL)
        handshake, first = Handshake.initiate(own_end(author), offered, os.urandom(32), None)
        socket.send(first)
        step = handshake.on_message(await answer, time.time())
        assert step.reply is not None
        assert step.established is not None
        socket.send(step.reply)
        return cls(socket, step.established.channel)

    async def subscribe(self, wanted: Filter, mode: Mode) -> None:
        """Ask for what is new; returns when all of it is carried."""
        self._wanted = len(wanted.authors or ())
        self._send(Sub(1, wanted.encode(), mode))
        await self._scoped.wait()

    def push(self, message: bytes) -> None:
        """Push one message."""
        self._send(Messages(0, ((0, message),), more=False))

    def _send(self, frame: Frame) -> None:
        for chunk in self._channel.seal(encode_frame(frame)):
            self._socket.send(chunk)

    def _take(self, data: bytes) -> None:
        packed = self._channel.open(data)
        frame = decode_frame(packed) if packed is not None else None
        match frame:
            case Messages():
                for _, message in frame.messages:
                    self.on_received(message)
            case IHave():
                self._send(Want(frame.req, frame.ids))
            case Ping():
                self._send(Pong(frame.req))
            case Scope():
                if sum(byte.bit_count() for byte in frame.carried) == self._wanted:
                    self._scoped.set()


class NostrSpeakers:
    """Clients of a relay."""

    def __init__(self, url: str, wanted: SetOfMessages) -> None:
        self._url = url
        self._events = nostr.events(wanted)
        self.keys = [json.loads(line)["id"].encode() for line in self._events]
        self._publisher: WebSocket | None = None

    async def prepare(self) -> None:
        self._publisher = await WebSocket.dial(self._url)

    async def listen(self, number: int, on_received: OnReceived) -> None:
        socket = await WebSocket.dial(self._url)
        stored = asyncio.Event()

        def take(data: bytes) -> None:
            if data.startswith(b'["EVENT"'):
                start = data.index(b'"id":"') + 6 if b'"id":"' in data else data.index(b'"id": "') + 7
                on_received(data[start : start + 64])
            elif data.startswith(b'["EOSE"'):
                stored.set()

        socket.on_message = take
        socket.send(json.dumps(["REQ", "live", {"limit": 1, "kinds": [1]}]).encode(), TEXT)
        await stored.wait()

    def publish(self, number: int) -> None:
        assert self._publisher is not None
        self._publisher.send(f'["EVENT",{self._events[number]}]'.encode(), TEXT)


SPEAKERS: dict[str, Callable[[str, SetOfMessages], Speakers]] = {
    "hedgerow": HedgerowSpeakers,
    "nostr": NostrSpeakers,
}
