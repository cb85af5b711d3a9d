"""INGEST: how many messages a second a node takes in over one link, as the answer to a RANGE.

The node follows the authors before it has anything of theirs, and joins a load peer that holds everything. The clock
runs from the first RANGE for content until the node names the sum of the whole set as that of its own store, which it
does when all of it is verified and committed.
"""

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.corpus import SetOfMessages
from bench.measuring import spread
from bench.nodes import Broken, Node, load_peer, wait_until
from bench.outcome import Outcome
from bench.places import say
from bench.plan import Plan
from bench.raw import RawLimit
from bench.sides import NOTHING

HELD_GROUP = 1
"""Of the first authors whose messages fill a store before anything is measured; those that are taken in are of 0."""
PORTION = 500_000
"""Messages of one load peer while a store is filled."""


@dataclass(frozen=True)
class Taken:
    """What taking in a set was like."""

    count: int
    seconds: float
    cpu: float
    """Processor seconds of the node."""
    load_cpu: float
    """Processor seconds of the load peer."""
    peak_mb: float
    searchable: float = 0.0
    """Seconds until all of it was searchable too."""

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.count / self.seconds


def take_in(node: Node, wanted: SetOfMessages, folder: Path, left_out: str = NOTHING) -> Taken:
    """Let a running node that follows its authors take in a set but for a slice of it.

    Raises `Broken` when something is missing afterwards.
    """
    before = node.messages()
    load = load_peer(wanted, folder, left_out)
    try:
        node.join(load.first["invite"])
        load.line()
        cpu = node.process.cpu()
        load.tell("carry")
        begun, done = load.line(), load.line()
        taken = Taken(
            load.first["count"],
            done["at"] - begun["at"],
            node.process.cpu() - cpu,
            done["cpu"] - begun["cpu"],
            node.process.peak_mb(),
        )
        wait_until(node.is_searchable, "everything is searchable")
    finally:
        load.stop()
    taken = replace(taken, searchable=time.monotonic() - begun["at"])
    gained = node.messages() - before
    if gained < taken.count + wanted.authors:  # each author's log comes before what it authorises
        raise Broken(f"the node gained {gained} messages of {taken.count}")
    return taken


def filled(home: Path, plan: Plan, folder: Path) -> None:
    """Make a home whose node holds `plan.rows` messages, taken in as any others."""
    with Node(home).running() as node:
        for number, start in enumerate(range(0, plan.rows, PORTION)):
            portion = SetOfMessages(min(PORTION, plan.rows - start), plan.authors, HELD_GROUP + number)
            node.follow(portion)
            taken = take_in(node, portion, folder)
            say(f"  filled {start + portion.count:,} messages at {taken.rate:,.0f}/s")


def run(plan: Plan) -> Outcome:
    """Take in `plan.messages`, each time with a fresh copy of a store that holds `plan.rows`."""
    raw, taken, empty = RawLimit(plan.messages), list[Taken](), list[Taken]()
    with TemporaryDirectory(prefix="hedgerow-bench-") as name:
        folder = Path(name)
        if plan.rows:
            filled(folder / "filled", plan, folder)
        for number in range(plan.runs):
            raw.measure()
            taken.append(_once(folder, plan))
            if plan.rows:
                empty.append(_once(folder, replace(plan, rows=0)))
            say(f"  run {number + 1}: {taken[-1].rate:,.0f}/s beside {raw.rates[-1]:,.0f}/s raw")
    also = _also(plan, taken, raw) | _beside(taken, empty)
    return Outcome(plan.job, "messages/s", [one.rate for one in taken], raw.rates, also=also)


def _once(folder: Path, plan: Plan) -> Taken:
    home = folder / "taking"
    if plan.rows:
        shutil.copytree(folder / "filled", home)
    with Node(home).running() as node:
        wanted = SetOfMessages(plan.messages, plan.authors)
        if plan.rows:
            node.ask("POST", "/identity/adopt", {"original_is_gone": True})
        node.follow(wanted)
        taken = take_in(node, wanted, folder)
    shutil.rmtree(home)
    return taken


def _also(plan: Plan, taken: list[Taken], raw: RawLimit) -> dict[str, object]:
    return {
        "messages": plan.messages,
        "rows_before": plan.rows,
        "cpu_seconds": spread([one.cpu for one in taken]),
        "cpu_ratio": spread([one.count * cpu / one.cpu for one, cpu in zip(taken, raw.cpu, strict=True)]),
        "seconds_until_searchable": spread([one.searchable for one in taken]),
        "cpu_seconds_of_the_load": spread([one.load_cpu for one in taken]),
        "peak_rss_mb": spread([one.peak_mb for one in taken]),
    }


def _beside(taken: list[Taken], empty: list[Taken]) -> dict[str, object]:
    """What a full store costs beside an empty one, each taking in the same."""
    if not empty:
        return {}
    shares = [full.rate / bare.rate for full, bare in zip(taken, empty, strict=True)]
    return {"empty_rate": spread([one.rate for one in empty]), "share_of_empty_rate": spread(shares)}
