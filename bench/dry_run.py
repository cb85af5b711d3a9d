"""Comparing a set with a node's over a link, and nothing else: what differs is learned and not transferred.

The initiator holds its set in memory and speaks by the product's own machines; the responder is a real node with a
real store. Sets that either side finds too big are compared in windows of time, as the product does it.
"""

import os
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp

from bench.corpus import Author
from bench.ends import OWN_GROUP, own_end
from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    Frame,
    Mode,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    Scope,
    Sub,
    Tier,
    decode_frame,
    encode_frame,
)
from hedgerow_protocol.handshake import SUBPROTOCOL, Handshake, SecureChannel, Subprotocols
from hedgerow_protocol.ranges import SortedIndex, cut_before_newest, sum_of, window
from hedgerow_protocol.reconcile import Initiator

F = TypeVar("F", bound=Frame)
SUBSCRIPTION = 1


@dataclass
class Compared:
    """What a comparison came to."""

    seconds: float = 0.0
    own_cpu: float = 0.0
    """Processor seconds of the initiator."""
    their_cpu: float = 0.0
    """Processor seconds of the node, and the most memory that it had; for whoever knows its process."""
    their_peak_mb: float = 0.0
    sent: int = 0
    """Bytes of WebSocket messages, sealed as they are."""
    received: int = 0
    trips: int = 0
    """Questions that were answered, the one that opens a session among them."""
    have: list[bytes] = field(default_factory=list)
    need: list[bytes] = field(default_factory=list)


class DryRun:
    """A link to a node, with one subscription."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, channel: SecureChannel) -> None:
        self._socket = socket
        self._channel = channel
        self._request = SUBSCRIPTION
        self._version = 0
        self.compared = Compared()

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, peer: str, people: list[Author]) -> "DryRun":
        """Dial HOST:PORT, shake hands, and subscribe to these people."""
        socket = await session.ws_connect(
            f"http://{peer}/peer",
            protocols=(SUBPROTOCOL,),
            compress=0,
            max_msg_size=limits.MAX_NOISE_MESSAGE + 1,
        )
        end, offered = own_end(Author(OWN_GROUP, OWN_GROUP)), Subprotocols((SUBPROTOCOL,), SUBPROTOCOL)
        handshake, first = Handshake.initiate(end, offered, os.urandom(32), None)
        await socket.send_bytes(first)
        step = handshake.on_message(await socket.receive_bytes(), time.time())
        assert step.reply is not None
        assert step.established is not None
        await socket.send_bytes(step.reply)
        link = cls(socket, step.established.channel)
        await link._subscribe(people)
        return link

    async def _subscribe(self, people: list[Author]) -> None:
        wanted = Filter.of_authors({author.key for author in people})
        scope = await self._ask(Sub(SUBSCRIPTION, wanted.encode(), Mode.OFF), Scope)
        assert isinstance(scope, Scope)
        self._version = scope.version

    async def _ask(self, frame: Frame, *expected: type[Frame]) -> Frame:
        await self._send(frame)
        answer = await self._receive(*expected)
        self.compared.trips += 1
        return answer

    async def _receive(self, *expected: type[Frame]) -> Frame:
        while True:
            data = await self._socket.receive_bytes()
            self.compared.received += len(data)
            packed = self._channel.open(data)
            answer = decode_frame(packed) if packed is not None else None
            if isinstance(answer, expected):
                return answer

    async def _send(self, frame: Frame) -> None:
        for chunk in self._channel.seal(encode_frame(frame)):
            self.compared.sent += len(chunk)
            await self._socket.send_bytes(chunk)

    async def compare(self, held: Sequence[tuple[int, bytes]]) -> Compared:
        """Learn how this set, as (ts, id) in order, differs from what the node has."""
        columns = array("I", [entry[0] for entry in held]), b"".join([entry[1] for entry in held])
        self.compared = Compared()
        began, used = time.monotonic(), time.process_time()
        await self._compare(SortedIndex(columns[1], columns[0]), 0, 0)
        self.compared.seconds = time.monotonic() - began
        self.compared.own_cpu = time.process_time() - used
        return self.compared

    async def _compare(self, whole: SortedIndex, since: int, until: int) -> None:
        own = window(whole, since or None, until or None)
        self._request += 2
        answer = await self._open(sum_of(own), since, until)
        if isinstance(answer, NegDiffers) and len(own) > limits.MAX_SESSION_ITEMS:
            await self._send(NegClose(self._request))
            await self._halve(whole, since, until, cut_before_newest(own, limits.SPLIT_ITEMS))
            return
        if isinstance(answer, NegDiffers):
            answer = await self._reconcile(Initiator(own))
        if isinstance(answer, NegErr):
            await self._halve(whole, since, until, answer.since)

    async def _halve(self, whole: SortedIndex, since: int, until: int, cut: int) -> None:
        assert since < cut < (until or cut + 1), "a set that cannot be cut in two"
        await self._compare(whole, cut, until)
        await self._compare(whole, since, cut)

    async def _open(self, own: SetSum, since: int, until: int) -> Frame:
        ours = (own.count, own.fingerprint())
        frame = NegOpen(self._request, SUBSCRIPTION, self._version, Tier.CONTENT, since, until, *ours)
        return await self._ask(frame, NegSame, NegDiffers, NegErr)

    async def _reconcile(self, initiator: Initiator) -> Frame | None:
        message: bytes | None = initiator.start()
        while message is not None:
            answer = await self._ask(NegMsg(self._request, message), NegMsg, NegErr)
            if isinstance(answer, NegErr):
                return answer
            assert isinstance(answer, NegMsg)
            data = answer.data
            while answer.more:
                answer = await self._receive(NegMsg)
                data += answer.data
            step = initiator.on_message(data)
            self.compared.have += step.have
            self.compared.need += step.need
            message = step.reply
        await self._send(NegClose(self._request))
        return None
