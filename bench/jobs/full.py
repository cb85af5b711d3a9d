"""FULL: how many messages a second an empty node takes over from another node that holds them all.

The one command is `join`, with an invite that has the joiner follow everybody whose messages there are. The clock runs
from the command until the node names, from its store, as many messages as there are.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from bench.corpus import SetOfMessages
from bench.jobs.ingest import Taken, take_in
from bench.measuring import spread
from bench.nodes import Broken, Node, noted, wait_until
from bench.outcome import Outcome
from bench.places import say
from bench.plan import Plan
from bench.raw import RawLimit
from hedgerow_protocol.frame import Tier
from hedgerow_protocol.keys import did_of


def run(plan: Plan) -> Outcome:
    """Copy `plan.messages` into a fresh home, `plan.runs` times."""
    raw, taken, holder_cpu = RawLimit(plan.messages), list[Taken](), list[float]()
    wanted = SetOfMessages(plan.messages, plan.authors)
    with TemporaryDirectory(prefix="hedgerow-bench-") as name:
        folder = Path(name)
        frames = folder / "frames"
        with Node(folder / "holder").running(listen="127.0.0.1:0", watched=frames) as holder:
            holder.follow(wanted)
            take_in(holder, wanted, folder)
            for number in range(plan.runs):
                raw.measure()
                before = holder.process.cpu()
                taken.append(_copy(holder, wanted, frames, folder / f"run-{number}"))
                holder_cpu.append(holder.process.cpu() - before)
                say(f"  run {number + 1}: {taken[-1].rate:,.0f}/s beside {raw.rates[-1]:,.0f}/s raw")
            holder_peak = holder.process.peak_mb()
    also = {
        "messages": plan.messages,
        "cpu_seconds": spread([one.cpu for one in taken]),
        "cpu_seconds_of_the_holder": spread(holder_cpu),
        "peak_rss_mb": spread([one.peak_mb for one in taken]),
        "peak_rss_mb_of_the_holder": holder_peak,
    }
    return Outcome(plan.job, "messages/s", [one.rate for one in taken], raw.rates, also=also)


def _copy(holder: Node, wanted: SetOfMessages, frames: Path, home: Path) -> Taken:
    follows = [did_of(author.key) for author in wanted.people()]
    invite = holder.invite(follows=follows)
    with Node(home).running() as node:
        cpu, began = node.process.cpu(), monotonic()
        node.join(invite)
        wait_until(lambda: _named(frames, began, wanted.count), "everything is copied")
        done = _named(frames, began, wanted.count)[0]
        taken = Taken(wanted.count, done - began, node.process.cpu() - cpu, 0.0, node.process.peak_mb())
        if node.messages() < wanted.count + wanted.authors:
            raise Broken(f"the copy has {node.messages()} messages")
    shutil.rmtree(home)
    return taken


def _named(frames: Path, since: float, count: int) -> list[float]:
    """When a node named a content set of so many as its own."""
    return [
        one["at"]
        for one in noted(frames)
        if one["at"] > since
        and one.get("frame") == "NegOpen"
        and one["tier"] == Tier.CONTENT
        and one["count"] >= count
    ]
