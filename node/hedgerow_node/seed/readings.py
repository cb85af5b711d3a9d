"""What can be measured of a running node: numbers and constant words, nothing that names a person or an address."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hedgerow_node.links.room import free_bytes
from hedgerow_node.network import Network
from hedgerow_node.node import Node
from hedgerow_node.problems import Problem
from hedgerow_node.store.messages import Counts
from hedgerow_protocol.message import Message

Running = Callable[[], Network | None]
"""The links as they are now; None while they are down."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a node is at one moment. Ages in seconds, None where there is nothing to be that old."""

    counts: Counts
    members: int
    links: Counter[tuple[str, str, str]]
    """Open links by role, direction and state."""
    turned_away: list[tuple[str, str, int]]
    """What others did and was refused: event, why, times since the start."""
    limits_met: dict[str, int]
    """How often each limit was met since the start, by the name of its constant."""
    bytes_in: int
    bytes_out: int
    delivered: int
    published: int
    store_bytes: int
    free_bytes: int
    waiting_acceptances: int
    since_delivery: float | None
    oldest_contact: float | None
    """Of the peers that this node dials, how long ago that one was reached which was not reached for longest."""


class Readings:
    """Reads a node from its start to its end."""

    def __init__(self, node: Node, running: Running) -> None:
        self._node = node
        self._running = running
        self._delivered = 0
        self._published = 0
        self._last_delivery: float | None = None
        node.on_delivered.append(self._on_delivered)
        node.on_published.append(self._on_published)

    async def why_not_ready(self) -> str | None:
        """A constant word for what keeps the node from serving others; None when nothing does."""
        network = self._running()
        if network is None:
            return "links"
        try:
            await self._node.store.settings.get("")
        except Problem:
            return "store"
        return "disk" if network.is_full else None

    async def read(self) -> Reading:
        """How the node is now. Raises `Problem`."""
        node, network = self._node, self._running()
        traffic = (0, 0) if network is None else network.traffic
        return Reading(
            counts=await node.store.messages.counts(),
            members=len(await node.store.peers.members()),
            links=_links([] if network is None else network.links()),
            turned_away=_turned_away([] if network is None else network.noted()),
            limits_met={} if network is None else network.hits(),
            bytes_in=traffic[0],
            bytes_out=traffic[1],
            delivered=self._delivered,
            published=self._published,
            store_bytes=node.store.size(),
            free_bytes=free_bytes(node.home.path),
            waiting_acceptances=await node.store.invites.kept_in_all(),
            since_delivery=self._age(self._last_delivery),
            oldest_contact=self._age(await self._oldest_contact()),
        )

    def stop(self) -> None:
        """Listen to the node no more."""
        self._node.on_delivered.remove(self._on_delivered)
        self._node.on_published.remove(self._on_published)

    def _on_delivered(self, messages: Sequence[Message]) -> None:
        self._delivered += len(messages)
        self._last_delivery = self._node.clock.now()

    def _on_published(self, messages: Sequence[Message]) -> None:
        self._published += len(messages)

    async def _oldest_contact(self) -> float | None:
        reached = [peer.last_linked for peer in await self._node.store.peers.all()]
        return min([at for at in reached if at is not None], default=None)

    def _age(self, at: float | None) -> float | None:
        return None if at is None else max(0.0, self._node.clock.now() - at)


def _links(links: Sequence[dict[str, object]]) -> Counter[tuple[str, str, str]]:
    return Counter((str(one["role"]), str(one["direction"]), str(one["state"])) for one in links)


def _turned_away(noted: Sequence[dict[str, object]]) -> list[tuple[str, str, int]]:
    return [(str(one["event"]), str(one["why"]), int(str(one["times"]))) for one in noted]
