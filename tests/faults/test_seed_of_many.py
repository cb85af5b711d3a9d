"""A real seed with many edges: every edge gets what is for it, in time, and the seed does not grow.

The edges have real links and in-memory sets (`light`). `make test` has 40 of them for some seconds, `make soak` 300
for ten minutes.
"""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from bench.corpus import SetOfMessages
from bench.jobs.ingest import HELD_GROUP, take_in
from bench.measuring import cpu_seconds, resident_mb
from bench.nodes import Node
from faults.light import LightEdge, Shared
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Resource
from hedgerow_protocol.message import Message, MessageId

OTHERS = 100
"""People who said what the seed holds before."""
RATE = 50.0
"""Messages a second that are published, by all edges together."""
EQUAL_AFTER = 60.0
"""Seconds after which everybody has everything again when half of them were away."""
DIALLED_AT_ONCE = 20
"""Handshakes under way: each is work for both sides, which are on one computer."""
SAMPLE = 2.0
"""Seconds between two looks at the seed's memory."""
MOST_GROWTH = 1.1
"""What the seed's memory at the end may be of what it was when it was warm."""


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    edges: int
    followed: int
    """How many others each edge follows."""
    seconds: float
    away: float
    """Seconds for which half of the edges are away at the end."""
    held: int
    """Messages of others that the seed holds before, so that its memory is what it is for good: its database keeps
    pages up to a bound."""


SMALL = Size(edges=40, followed=10, seconds=10, away=3, held=0)
FULL = Size(edges=300, followed=25, seconds=600, away=30, held=50_000)
SIZES = [pytest.param(SMALL, id="small"), pytest.param(FULL, id="full", marks=pytest.mark.soak)]


class Gathering:
    """The edges of one seed, and what became of what they say."""

    def __init__(self, size: Size, url: str) -> None:
        people = SetOfMessages(0, size.edges).people()
        shared, keys = Shared(), [person.key for person in people]
        self._url = url
        self.edges = [
            LightEdge(person, _followed(keys, place, size.followed), shared, self._on_new)
            for place, person in enumerate(people)
        ]
        self._random = Random(size.edges)
        self._said_at: dict[MessageId, float] = {}
        self._number = 0
        self.said: defaultdict[AuthorKey, set[MessageId]] = defaultdict(set)
        self.delays: list[float] = []
        """Seconds from saying something to each edge that has it."""
        self.is_measured = True

    def _on_new(self, message: Message) -> None:
        at = self._said_at.get(message.id)
        if at is not None and self.is_measured:
            self.delays.append(time.monotonic() - at)

    async def dial(self, edges: list[LightEdge]) -> None:
        """Let these edges come."""
        free = asyncio.Semaphore(DIALLED_AT_ONCE)

        async def come(edge: LightEdge) -> None:
            async with free:
                await edge.dial(self._url)
                await until(lambda: edge.is_settled, EQUAL_AFTER, "an edge is settled")

        await asyncio.gather(*[come(edge) for edge in edges])

    async def talk(self, edges: list[LightEdge], seconds: float) -> None:
        """Let one of these edges say something, `RATE` times a second."""
        began = time.monotonic()
        for number in range(int(seconds * RATE)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
            self._number += 1
            content = Resource(f"https://example.org/{self._number}", f"Page {self._number}")
            edge, at = self._random.choice(edges), time.monotonic()
            message = edge.publish(content)
            self._said_at[message.id] = at
            self.said[message.header.author].add(message.id)

    def is_whole(self, edge: LightEdge) -> bool:
        """Whether an edge has what was said by whom it follows and by itself, and nothing else."""
        return edge.ids() == set().union(*[self.said[one] for one in (*edge.followed, edge.author.key)])

    async def until_whole(self, seconds: float) -> float:
        """Wait until every edge is; returns how long it took."""
        left = list(self.edges)

        def are_whole() -> bool:
            left[:] = [edge for edge in left if not self.is_whole(edge)]
            return not left

        return await until(are_whole, seconds, "every edge has what is for it")

    @property
    def count(self) -> int:
        """How many messages were said."""
        return sum(map(len, self.said.values()))


def _followed(keys: list[AuthorKey], place: int, count: int) -> list[AuthorKey]:
    return [keys[(place + step) % len(keys)] for step in range(1, count + 1)]


async def until(is_so: Callable[[], bool], seconds: float, what: str) -> float:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture
async def seed(tmp_path: Path, size: Size) -> AsyncIterator[Node]:
    """A seed that follows every edge."""
    node = Node(tmp_path / "seed")
    await asyncio.to_thread(node.start, listen="127.0.0.1:0")
    try:
        await asyncio.to_thread(node.follow, SetOfMessages(0, size.edges))
        if size.held:
            held = SetOfMessages(size.held, OTHERS, HELD_GROUP)
            await asyncio.to_thread(node.follow, held)
            await asyncio.to_thread(take_in, node, held, tmp_path)
        yield node
    finally:
        await asyncio.to_thread(node.stop)


async def watched(node: Node, memory: list[float]) -> None:
    """Look at the seed's memory from time to time."""
    while True:
        await asyncio.sleep(SAMPLE)
        memory.append(resident_mb(node.process.pid))


@pytest.mark.parametrize("size", SIZES)
async def test_every_edge_has_what_is_for_it_and_gets_what_it_missed(seed: Node, size: Size) -> None:
    gathering, memory = Gathering(size, f"ws://{seed.peer}/peer"), list[float]()
    before = seed.messages()
    await gathering.dial(gathering.edges)
    watching = asyncio.create_task(watched(seed, memory))
    used = cpu_seconds(seed.process.pid)
    await gathering.talk(gathering.edges, size.seconds)
    await gathering.until_whole(EQUAL_AFTER)
    used = (cpu_seconds(seed.process.pid) - used) / size.seconds
    gathering.is_measured = False
    half = gathering.edges[::2]
    for edge in half:
        edge.kill()
    await gathering.talk(gathering.edges[1::2], size.away)
    began = time.monotonic()
    await gathering.dial(half)
    await gathering.until_whole(EQUAL_AFTER)
    took = time.monotonic() - began
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    expected = before + size.edges + gathering.count
    await until(lambda: seed.messages() >= expected, EQUAL_AFTER, "the seed has everything")
    assert seed.messages() == expected, "each message, and each edge's log, once"
    delays, (warm, last) = sorted(gathering.delays), warm_and_last(memory)
    print(
        f"\n{size.edges} edges, {gathering.count} messages, {len(delays)} deliveries in {size.seconds:.0f} s: "
        f"p50 {1e3 * delays[len(delays) // 2]:.0f} ms, p99 {1e3 * delays[int(0.99 * len(delays))]:.0f} ms; "
        f"{len(half)} edges were away and had everything after {took:.1f} s; "
        f"the seed used {100 * used:.0f} % of a processor, {warm:.0f} MB when it was warm and {last:.0f} MB at the end"
    )
    assert not size.held or last <= MOST_GROWTH * warm


def warm_and_last(memory: list[float]) -> tuple[float, float]:
    """The seed's memory in the second quarter of the time and in the last, MB."""
    quarter = max(1, len(memory) // 4)
    return statistics.median(memory[quarter : 2 * quarter]), statistics.median(memory[-quarter:])
