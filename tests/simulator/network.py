"""A seeded driver for several peers in one process: virtual time, links with delay, the contract of the real one.

Every choice comes from the seed, so the same seed gives the same run, event for event.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol

from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import (
    AcceptanceAnswered,
    Accepting,
    AddressesAsked,
    AddressesTold,
    Close,
    Delivered,
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
    Note,
    Put,
    Quarantine,
    ReportAnswered,
    Reporting,
    Send,
    Verify,
    WakeAt,
)
from hedgerow_protocol.handshake import Hello, OwnEnd, Role, certify
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import MAIN_NET, Message, MessageId, claimed_id
from hedgerow_protocol.noise import static_public
from hedgerow_protocol.peer import Connection, Peer
from hedgerow_protocol.quota import USUAL, Allowance, Allowances
from simulator.author import Author
from simulator.memory_quarantine import MemoryQuarantine
from simulator.memory_store import MemoryStore

START = 1_790_000_000.0
UNPACED = Allowances(Allowance(1e9, 1e9), Allowance(1e9, 1e9))
"""For what has nothing to do with how fast somebody speaks."""


class Holder(Protocol):
    """Who holds an end of a link."""

    def receive(self, link: LinkId, data: bytes) -> None:
        """One binary message came."""

    def lose(self, link: LinkId) -> None:
        """The connection is gone."""


@dataclass
class End:
    """One end of a link: who holds it, under which number, and what crossed it."""

    node: Holder
    link: LinkId
    other: "End | None" = None
    sent: list[bytes] = field(default_factory=list)
    closed: str | None = None
    last_arrival: float = 0.0
    """When the last of what was sent arrives."""


class SimulatedNode:
    """A peer with a store in memory."""

    def __init__(
        self, network: "Network", name: str, author: Author, follows: Iterable[AuthorKey] = ()
    ) -> None:
        self.network = network
        self.name = name
        self.author = author
        self.store = MemoryStore()
        self.carried = Carried(authors=frozenset({author.key, *follows}))
        self.ends: dict[LinkId, End] = {}
        self.delivered: list[Message] = []
        self.quarantine = MemoryQuarantine()
        self.notes: list[Note] = []
        self.gone: set[MessageId] = set()
        """What was let go."""
        self.brought: list[MessageId] = []
        """What links brought, in their order, held or not."""
        self.events: list[Effect] = []
        self._start()
        self.hold([author.inception])

    def _start(self) -> None:
        self.identities = Identities()
        for message in [*self.store.messages.values(), *self.store.aside.values()]:
            self._learn(message)
        self.store.identities = self.identities
        self.peer = Peer(self.network.random, self.identities, self.carried, self.network.allowed)
        self.wake_at = float("inf")

    def restart(self) -> None:
        """Stop at once, links and whatever was under way lost, and begin anew with what was stored."""
        for end in list(self.ends.values()):
            self.network.sever(end)
        self._start()

    def hold(self, messages: Iterable[Message]) -> None:
        """Store messages as if they had come long ago."""
        messages = list(messages)
        for message in messages:
            self._learn(message)
        self.store.put(messages)

    def _learn(self, message: Message) -> None:
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
        if released := self.quarantine.take(carried):
            self.perform(self.peer.on_released(self.network.now, released))

    def let_go(self, since: Mapping[AuthorKey, int]) -> None:
        """Keep these authors only from a time on, which goes up: first others are told, then what is older goes."""
        self.carry(replace(self.carried, since={**self.carried.since, **since}))
        self.gone |= self.store.let_go(self.carried.since)

    def carry_all(self, authors: Iterable[AuthorKey]) -> None:
        """Carry these from now on."""
        self.carry(Carried(frozenset(authors)))

    def carry_everyone(self) -> None:
        """Carry everyone of whom anything is held, and whoever comes."""
        held = frozenset(one.header.author for one in self.store.messages.values())
        self.carry(Carried(held, everyone=True))

    def receive(self, link: LinkId, data: bytes) -> None:
        self.perform(self.peer.on_data(self.network.now, link, data))

    def lose(self, link: LinkId) -> None:
        self.perform(self.peer.on_closed(self.network.now, link))

    def connected(self, end: End, connection: Connection) -> None:
        """Hold this end from now on."""
        self.ends[end.link] = end
        self.perform(self.peer.on_connected(self.network.now, end.link, connection))

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
                self.brought += [one for one in map(claimed_id, data) if one is not None]
                self._soon(lambda: peer.on_verified(network.now, token, self.store.verify(data)))
            case Put(token, messages):
                self._soon(lambda: peer.on_stored(network.now, token, self.store.put(messages)))
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
                self._soon(lambda: peer.on_loaded(network.now, effect.token, answer))
            case Delivered(_, messages):
                self.delivered.extend(messages)
            case Quarantine(_, device, messages):
                self.quarantine.put(device, messages)
            case Note():
                self.notes.append(effect)
            case (
                Accepting()
                | AcceptanceAnswered()
                | Reporting()
                | ReportAnswered()
                | AddressesTold()
                | AddressesAsked()
            ):
                self.events.append(effect)

    def _soon(self, work: Callable[[], list[Effect]]) -> None:
        peer = self.peer

        def act() -> None:
            if self.peer is peer:
                self.perform(work())

        self.network.soon(act)

    def _wake(self, at: float) -> None:
        if self.wake_at == at:
            self.wake_at = float("inf")
            self.perform(self.peer.on_wake(self.network.now))


class Network:
    """Virtual time and the links between nodes."""

    def __init__(self, seed: int, *, delay: float = 0.02, allowed: Allowances = USUAL) -> None:
        """`allowed`: what nodes let authors say live."""
        self.allowed = allowed
        self.random = Random(seed)
        self.now = START
        self.delay = delay
        self.storage = (0.0001, 0.002)
        """Seconds that a disk or a thread takes, from and to."""
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Act at a time, in the order of asking where times are equal."""
        self._count += 1
        heapq.heappush(self._queue, (max(when, self.now), self._count, act))

    def soon(self, act: Callable[[], None]) -> None:
        """Act after the moment that a disk or a thread takes."""
        self.at(self.now + self.random.uniform(*self.storage), act)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._queue and self._queue[0][0] <= end:
            self.now, _, act = heapq.heappop(self._queue)
            act()
        self.now = end

    def connect(
        self,
        dialler: SimulatedNode,
        listener: SimulatedNode,
        *,
        expected: DeviceKey | None = None,
        asks_private: bool = False,
        asks_everyone: bool = False,
        takes_turns: bool = False,
    ) -> tuple[End, End]:
        """Open a connection; the dialler expects the listener's device unless told another."""
        ours, theirs = self.ends(
            dialler, LinkId(len(dialler.ends) + 1), listener, LinkId(len(listener.ends) + 1)
        )
        listener.connected(theirs, self.connection(listener.author, is_initiator=False))
        wanted = expected or listener.author.device
        ours_connection = self.connection(
            dialler.author,
            is_initiator=True,
            expected=wanted,
            asks_private=asks_private,
            asks_everyone=asks_everyone,
            takes_turns=takes_turns,
        )
        dialler.connected(ours, ours_connection)
        return ours, theirs

    def ends(self, one: Holder, one_link: LinkId, other: Holder, other_link: LinkId) -> tuple[End, End]:
        """Both ends of a new connection."""
        ours = End(one, one_link)
        theirs = End(other, other_link, ours)
        ours.other = theirs
        return ours, theirs

    def connection(
        self,
        author: Author,
        *,
        is_initiator: bool,
        expected: DeviceKey | None = None,
        asks_private: bool = False,
        asks_everyone: bool = False,
        takes_turns: bool = False,
    ) -> Connection:
        """What the node of this author brings to a handshake."""
        static = self.random.randbytes(32)
        not_after = int(self.now) + 86_400
        hello = Hello(
            device=author.device,
            author=author.key,
            certificate=certify(author.device_seed, MAIN_NET, author.key, static_public(static), not_after),
            not_after=not_after,
            role=Role.EDGE,
            agent="simulated",
        )
        own = OwnEnd(net=MAIN_NET, static=static, hello=hello)
        return Connection(
            own, is_initiator, self.random.randbytes(32), expected, asks_private, asks_everyone, takes_turns
        )

    def carry(self, end: End, data: bytes) -> None:
        """Bring data to the other end, in order, after the delay."""
        end.sent.append(data)
        other = end.other
        assert other is not None
        arrival = self.now + self.delay * self.random.uniform(0.8, 1.2)
        arrival = max(arrival, end.last_arrival)
        end.last_arrival = arrival
        self.at(arrival, lambda: self._arrive(other, data))

    def _arrive(self, end: End, data: bytes) -> None:
        if end.closed is None:
            end.node.receive(end.link, data)

    def close(self, end: End, why: str) -> None:
        """End the connection; what is under way still arrives at the other side before it hears of it."""
        if end.closed is None:
            self.cut(end, why)
            end.node.lose(end.link)

    def sever(self, end: End) -> None:
        """End the connection for both sides; what is under way is lost."""
        other = end.other
        if end.closed is None and other is not None:
            end.closed = other.closed = "severed"
            end.node.lose(end.link)
            other.node.lose(other.link)

    def cut(self, end: End, why: str = "cut") -> None:
        """The same without telling this side."""
        other = end.other
        if end.closed is not None or other is None:
            return
        end.closed = why
        self.at(
            max(self.now + self.delay, end.last_arrival),
            lambda: self.close(other, "by the peer"),
        )
