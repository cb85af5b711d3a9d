"""Light edges: real links and the product's own machines, with a store in memory and many of them in one process.

They check no signatures, since the seed in front of them does, and keep each message once for all of them.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from random import SystemRandom

from bench.corpus import Author
from bench.ends import own_end
from bench.websocket import WebSocket
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import (
    Close,
    Effect,
    LinkId,
    LoadBodiless,
    LoadChains,
    LoadEnds,
    LoadItems,
    LoadLinks,
    LoadMessages,
    LoadRange,
    LoadSum,
    LoadUnknown,
    Put,
    Send,
    Verified,
    Verify,
    WakeAt,
)
from hedgerow_protocol.handshake import SUBPROTOCOL
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Content
from hedgerow_protocol.message import Message, MessageId, checked_message, claimed_id
from hedgerow_protocol.peer import Connection, Peer
from simulator.memory_store import MemoryStore

LINK = LinkId(1)
OnNew = Callable[[Message], None]


class Shared:
    """The messages that came to any edge of this process."""

    def __init__(self) -> None:
        self._decoded: dict[MessageId, Message] = {}

    def decoded(self, data: bytes) -> Message:
        """The message in these bytes, which a seed has checked."""
        message = claimed_id(data)
        assert message is not None
        known = self._decoded.get(message)
        if known is None or known.body is None:
            known = self._decoded[message] = checked_message(data)
        return known


class LightEdge:
    """One person at the edge, with one link to a seed."""

    def __init__(self, author: Author, follows: Iterable[AuthorKey], shared: Shared, on_new: OnNew) -> None:
        """`on_new` hears of every message of others that is new here."""
        self.author = author
        self.followed = frozenset(follows)
        self.store = MemoryStore()
        self._shared = shared
        self._on_new = on_new
        self._socket: WebSocket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._begin([author.inception])

    def _begin(self, held: Iterable[Message]) -> None:
        identities = Identities()
        for message in held:
            if message.header.is_control:
                identities.learn(message)
        self.store.identities = identities
        self.store.put(held)
        self._peer = Peer(SystemRandom(), identities, Carried(frozenset({self.author.key, *self.followed})))

    @property
    def is_settled(self) -> bool:
        """Whether it and the seed found every set equal."""
        return any(state.is_settled for state in self._peer.links())

    def ids(self) -> set[MessageId]:
        """The content that it holds."""
        return {one.id for one in self.store.messages.values() if not one.header.is_control}

    async def dial(self, url: str) -> None:
        """Open the link."""
        self._socket = socket = await WebSocket.dial(url, SUBPROTOCOL)
        peer = self._peer
        socket.on_message = lambda data: self._perform(peer.on_data(time.time(), LINK, data))
        connection = Connection(own_end(self.author), True, os.urandom(32))
        self._perform(peer.on_connected(time.time(), LINK, connection))

    def kill(self) -> None:
        """Be gone without a word; what was stored stays."""
        assert self._socket is not None
        self._socket.abort()
        self._socket.on_message = lambda data: None
        self._socket = None
        if self._timer is not None:
            self._timer.cancel()
        self._begin(list(self.store.messages.values()))

    def publish(self, content: Content) -> Message:
        """Say something."""
        message = self.author.say(content, (), int(time.time()))
        self.store.put([message])
        self._perform(self._peer.on_published(time.time(), [message]))
        return message

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform_one(effect)

    def _perform_one(self, effect: Effect) -> None:
        peer = self._peer
        match effect:
            case Send(_, data):
                if self._socket is not None:
                    self._socket.send(data)
            case Close(_, why):
                raise AssertionError(f"an edge ends its link: {why}")
            case WakeAt(at):
                self._wake_at(at)
            case Verify(token, messages):
                verified = self._verified(messages)
                self._soon(lambda now: peer.on_verified(now, token, verified))
            case Put(token, messages):
                new = self.store.put(messages)
                for message in new:
                    self._on_new(message)
                self._soon(lambda now: peer.on_stored(now, token, new))
            case (
                LoadSum()
                | LoadItems()
                | LoadUnknown()
                | LoadMessages()
                | LoadRange()
                | LoadBodiless()
                | LoadChains()
                | LoadEnds()
                | LoadLinks()
            ):
                answer = self.store.load(effect)
                self._soon(lambda now: peer.on_loaded(now, effect.token, answer))

    def _verified(self, messages: Iterable[bytes]) -> Verified:
        decoded = [self._shared.decoded(data) for data in messages]
        unknown = tuple(one for one in decoded if one.id not in self.store.messages)
        return Verified(unknown, len(decoded) - len(unknown), ())

    def _soon(self, act: Callable[[float], list[Effect]]) -> None:
        peer = self._peer

        def do() -> None:
            if self._peer is peer:
                self._perform(act(time.time()))

        asyncio.get_running_loop().call_soon(do)

    def _wake_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, at - time.time()), self._wake)

    def _wake(self) -> None:
        self._perform(self._peer.on_wake(time.time()))
