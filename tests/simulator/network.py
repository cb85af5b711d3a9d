"""A seeded driver for several peers in one process: virtual time, links with delay, the contract of the real one.

Every choice comes from the seed, so the same seed gives the same run, event for event.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import (
    Close,
    Delivered,
    Effect,
    LinkId,
    LoadBodiless,
    LoadItems,
    LoadMessages,
    LoadRange,
    LoadSum,
    LoadUnknown,
    Note,
    Put,
    Send,
    Verify,
    WakeAt,
)
from hedgerow_protocol.handshake import Hello, OwnEnd, Role, certify
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import MAIN_NET, Message
from hedgerow_protocol.noise import static_public
from hedgerow_protocol.peer import Connection, Peer
from simulator.author import Author
from simulator.memory_store import MemoryStore

START = 1_790_000_000.0


@dataclass
class End:
    """One end of a link: who holds it, under which number, and what crossed it."""

    node: "SimulatedNode"
    link: LinkId
    other: "End | None" = None
    sent: list[bytes] = field(default_factory=list)
    closed: str | None = None


class SimulatedNode:
    """A peer with a store in memory."""

    def __init__(self, network: "Network", name: str, author: Author, follows: Iterable[AuthorKey] = ()) -> None:
        self.network = network
        self.name = name
        self.author = author
        self.store = MemoryStore()
        self.identities = Identities()
        self.carried = Carried(authors=frozenset({author.key, *follows}))
        self.peer = Peer(network.random, self.identities, self.carried)
        self.ends: dict[LinkId, End] = {}
        self.delivered: list[Message] = []
        self.notes: list[Note] = []
        self.wake_at = float("inf")
        self.hold([author.inception])

    def hold(self, messages: Iterable[Message]) -> None:
        """Store messages as if they had come long ago."""
        messages = list(messages)
        self.store.put(messages)
        for message in messages:
            if message.header.kind == Kind.IDENTITY:
                self.identities.learn(message)

    def publish(self, messages: list[Message]) -> None:
        """Store messages of our own and tell the links."""
        self.hold(messages)
        self.perform(self.peer.on_published(self.network.now, messages))

    def carry(self, carried: Carried) -> None:
        """Carry others from now on."""
        self.carried = carried
        self.perform(self.peer.on_carried(self.network.now, carried))

    def perform(self, effects: list[Effect]) -> None:
        """Do what the peer asks."""
        for effect in effects:
            self._perform_one(effect)

    def _perform_one(self, effect: Effect) -> None:
        network, peer = self.network, self.peer
        match effect:
            case Send(link, data):
                network.carry(self.ends[link], data)
            case Close(link, why):
                network.close(self.ends[link], why)
            case WakeAt(at):
                self.wake_at = at
                network.at(at, lambda: self._wake(at))
            case Verify(token, data):
                network.soon(lambda: self.perform(peer.on_verified(network.now, token, self.store.verify(data))))
            case Put(token, messages):
                network.soon(lambda: self.perform(peer.on_stored(network.now, token, self.store.put(messages))))
            case LoadSum() | LoadItems() | LoadUnknown() | LoadMessages() | LoadRange() | LoadBodiless():
                answer = self.store.load(effect)
                network.soon(lambda: self.perform(peer.on_loaded(network.now, effect.token, answer)))
            case Delivered(_, messages):
                self.delivered.extend(messages)
            case Note():
                self.notes.append(effect)

    def _wake(self, at: float) -> None:
        if self.wake_at == at:
            self.wake_at = float("inf")
            self.perform(self.peer.on_wake(self.network.now))


class Network:
    """Virtual time and the links between nodes."""

    def __init__(self, seed: int, *, delay: float = 0.02) -> None:
        self.random = Random(seed)
        self.now = START
        self.delay = delay
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._last_arrival: dict[int, float] = {}

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Act at a time, in the order of asking where times are equal."""
        self._count += 1
        heapq.heappush(self._queue, (max(when, self.now), self._count, act))

    def soon(self, act: Callable[[], None]) -> None:
        """Act after the moment that a disk or a thread takes."""
        self.at(self.now + self.random.uniform(0.0001, 0.002), act)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._queue and self._queue[0][0] <= end:
            self.now, _, act = heapq.heappop(self._queue)
            act()
        self.now = end

    def connect(
        self, dialler: SimulatedNode, listener: SimulatedNode, *, expected: DeviceKey | None = None
    ) -> tuple[End, End]:
        """Open a connection; the dialler expects the listener's device unless told another."""
        ours = End(dialler, LinkId(len(dialler.ends) + 1))
        theirs = End(listener, LinkId(len(listener.ends) + 1), ours)
        ours.other = theirs
        dialler.ends[ours.link], listener.ends[theirs.link] = ours, theirs
        listener.perform(listener.peer.on_connected(self.now, theirs.link, self._connection(listener, None, False)))
        wanted = expected or listener.author.device
        dialler.perform(dialler.peer.on_connected(self.now, ours.link, self._connection(dialler, wanted, True)))
        return ours, theirs

    def _connection(self, node: SimulatedNode, expected: DeviceKey | None, is_initiator: bool) -> Connection:
        static = self.random.randbytes(32)
        not_after = int(self.now) + 86_400
        author = node.author
        hello = Hello(
            device=author.device,
            author=author.key,
            certificate=certify(author.device_seed, MAIN_NET, author.key, static_public(static), not_after),
            not_after=not_after,
            role=Role.EDGE,
            agent="simulated",
        )
        own = OwnEnd(net=MAIN_NET, static=static, hello=hello)
        return Connection(own, is_initiator, self.random.randbytes(32), expected)

    def carry(self, end: End, data: bytes) -> None:
        """Bring data to the other end, in order, after the delay."""
        end.sent.append(data)
        other = end.other
        assert other is not None
        arrival = self.now + self.delay * self.random.uniform(0.8, 1.2)
        arrival = max(arrival, self._last_arrival.get(id(end), 0.0))
        self._last_arrival[id(end)] = arrival
        self.at(arrival, lambda: self._arrive(other, data))

    def _arrive(self, end: End, data: bytes) -> None:
        if end.closed is None:
            end.node.perform(end.node.peer.on_data(self.now, end.link, data))

    def close(self, end: End, why: str) -> None:
        """End the connection; what is under way still arrives at the other side before it hears of it."""
        other = end.other
        if end.closed is not None or other is None:
            return
        end.closed = why
        end.node.perform(end.node.peer.on_closed(self.now, end.link))
        self.at(max(self.now + self.delay, self._last_arrival.get(id(end), 0.0)), lambda: self.close(other, "by the peer"))

