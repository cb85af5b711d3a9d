"""GROWTH: what taking in, comparing, searching and a page cost as a store grows; each should rise no faster than log n.

One node grows. At each size it takes in some more, is compared with a set that lacks a little, once among its newest
and once all over it, is searched for a common and for a rare word, and shows the page of a thing. The headline is the
worst of them: how many times as much it costs in the largest store as in the smallest, divided by how many times as
large the logarithm is.
"""

import asyncio
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import quote

import aiohttp

from bench.corpus import SetOfMessages, content_of, entries
from bench.dry_run import DryRun
from bench.jobs.idle import visit
from bench.jobs.ingest import HELD_GROUP, PORTION, take_in
from bench.measuring import resident_mb
from bench.nodes import Node
from bench.outcome import Outcome
from bench.places import say
from bench.plan import Plan
from hedgerow_protocol.kinds import Resource
from hedgerow_protocol.ranges import Item

SMALLEST = 10_000
STEP = 10
OF_A_LEARNER = 1_500_000
"""Messages that fit into what a learner's node keeps, 2 GiB; one that is to grow beyond it is a seed, with 50 GiB."""
MEASURED_GROUP = 1_000
"""Of the first authors whose messages are taken in while it is measured."""
LEARNER, SEED = "learner", "seed"
REQUESTS = 30
"""Searches, or pages, of which the median is taken."""
COMMON = "matrix"


def run(plan: Plan) -> Outcome:
    """Grow a node to `plan.rows`."""
    at = dict[int, dict[str, float]]()
    with TemporaryDirectory(prefix="hedgerow-bench-") as name:
        folder = Path(name)
        home = Node(folder / "home")
        if _kind(plan) == SEED:
            home.make_seed()
        with home.running(listen="127.0.0.1:0") as node:
            growing = Growing(node, folder, plan)
            for size in _sizes(plan.rows):
                growing.grow(size)
                at[size] = growing.costs()
                say(f"  at {size:,}: {at[size]}")
    worst = {name: _growth(at, name) for name in next(iter(at.values())) if name.startswith("seconds")}
    return Outcome(
        plan.job, "× log n", [max(worst.values())], also={"node": _kind(plan), "at": at, "growth": worst}
    )


def _kind(plan: Plan) -> str:
    return SEED if plan.rows > OF_A_LEARNER else LEARNER


def _sizes(largest: int) -> list[int]:
    sizes = [min(SMALLEST, largest // STEP)]
    while sizes[-1] * STEP < largest:
        sizes.append(sizes[-1] * STEP)
    return [*(size for size in sizes if size < largest), largest]


def _growth(at: dict[int, dict[str, float]], name: str) -> float:
    smallest, largest = min(at), max(at)
    times = at[largest][name] / at[smallest][name]
    return round(times / (math.log(largest) / math.log(smallest)), 3)


class Growing:
    """A running node that holds more and more."""

    def __init__(self, node: Node, folder: Path, plan: Plan) -> None:
        self._node = node
        self._folder = folder
        self._plan = plan
        self._held: list[SetOfMessages] = []

    @property
    def size(self) -> int:
        """Messages that it holds."""
        return sum(one.count for one in self._held)

    def grow(self, size: int) -> None:
        """Take in messages up to `size`."""
        while self.size < size:
            self._take_in(min(PORTION, size - self.size), HELD_GROUP + len(self._held))

    def _take_in(self, count: int, group: int) -> float:
        """Seconds a message."""
        wanted = SetOfMessages(count, self._plan.authors, group)
        self._node.follow(wanted)
        taken = take_in(self._node, wanted, self._folder)
        self._held.append(wanted)
        return taken.seconds / taken.count

    def costs(self) -> dict[str, float]:
        """What each operation costs now."""
        plan, random = self._plan, Random(self.size)
        browser = visit(str(self._node.ask("POST", "/page-link")["url"]))
        page = str(self._node.process.first["page"])
        known = self._held[0]
        first = MEASURED_GROUP + len(self._held)

        def search(word: str) -> None:
            self._node.ask("GET", f"/search?q={quote(word)}")

        def show() -> None:
            thing = _described(random, known)
            with browser.open(f"{page}/thing/{quote(thing, safe=':')}") as shown:
                shown.read()

        whole = self._items()
        spread, newest = list(whole), list(whole)
        del spread[:: max(1, len(whole) // plan.different)]
        del newest[-plan.different :]
        costs = {
            "seconds_to_compare_the_newest": self._compare(newest),
            "seconds_to_compare": self._compare(spread),
            "seconds_of_a_common_search": _median(lambda: search(COMMON)),
            "seconds_of_a_rare_search": _median(lambda: search(_rare(random, known))),
            "seconds_of_a_page": _median(show),
            "resident_mb": resident_mb(self._node.process.pid),
        }
        taken = [self._take_in(plan.messages, first + number) for number in range(plan.runs)]
        return {"seconds_to_take_in_one": statistics.median(taken), **costs}

    def _items(self) -> list[Item]:
        """What the node holds, in order."""
        return sorted((ts, name) for one in self._held for ts, name, _, _ in entries(one))

    def _compare(self, held: list[Item]) -> float:
        """Seconds that the node takes, and the way there: without the time in which the other side computes.

        Something is said on the node before each time: it would remember what it looked at when nothing was written.
        """
        return statistics.median([asyncio.run(self._compare_once(held)) for _ in range(self._plan.runs)])

    async def _compare_once(self, held: list[Item]) -> float:
        people = [author for one in self._held for author in one.people()]
        self._node.ask("POST", "/comment", {"thing": "https://example.org/", "text": "something new"})
        async with aiohttp.ClientSession() as session:
            link = await DryRun.open(session, self._node.peer, people)
            compared = await link.compare(held)
            return compared.seconds - compared.own_cpu


def _described(random: Random, held: SetOfMessages) -> str:
    """A thing that some message of a set describes."""
    while True:
        content, _ = content_of(held, random.randrange(held.count))
        if isinstance(content, Resource):
            return content.thing


def _rare(random: Random, held: SetOfMessages) -> str:
    """A word in the address of some thing, which hardly any other has."""
    return _described(random, held).split("/")[4]


def _median(act: Callable[[], None]) -> float:
    seconds = []
    for _ in range(REQUESTS):
        began = time.monotonic()
        act()
        seconds.append(time.monotonic() - began)
    return statistics.median(seconds)
