"""FANOUT: how many deliveries a second a seed makes of what one publishes and many listen to, and how long each takes.

Everything is checked and durable at the seed before it is passed on. `also` has the delays at a rate that any server
here can carry: from publishing until a listener has it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.corpus import SetOfMessages
from bench.measuring import cpu_seconds, resident_mb, spread
from bench.nodes import Broken, Node, Process, wait_until
from bench.outcome import Outcome
from bench.places import say
from bench.plan import Plan

LISTENERS = 50
RATE = 200.0
"""Messages a second at which the delays are measured."""


@dataclass(frozen=True)
class Fanned:
    """What one run was like."""

    delivered: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu: float
    """Processor seconds of the server."""
    load_cpu: float
    """Processor seconds of those who publish and listen."""
    peak_mb: float

    @property
    def rate(self) -> float:
        """Deliveries a second."""
        return self.delivered / self.seconds


Server = Callable[[Path], AbstractContextManager[tuple[int, str]]]
"""Runs a server with its files in a folder: its process and its address."""


def fan_out(
    protocol: str, server: tuple[int, str], plan: Plan, rate: float, folder: Path, ready: Callable[[], object]
) -> Fanned:
    """Publish the messages of a plan to one server; raises `Broken` when one of them does not come everywhere.

    `ready` says whether the server has what must be known before.
    """
    process, url = server
    arguments = [protocol, url, str(LISTENERS), str(plan.messages), str(plan.authors), str(rate)]
    load = Process(["-m", "bench.fanout_load", *arguments], folder / "fanout-load.errors")
    try:
        wait_until(ready, "the server knows who publishes")
        used = cpu_seconds(process)
        load.tell("go")
        told = load.line()
        used = cpu_seconds(process) - used
    finally:
        load.stop()
    if told["delivered"] != told["expected"] or told["doubled"]:
        raise Broken(f"{told['delivered']} of {told['expected']} came, {told['doubled']} twice")
    return Fanned(
        told["delivered"],
        told["seconds"],
        told["p50_ms"],
        told["p99_ms"],
        used,
        told["cpu"],
        resident_mb(process, "VmHWM"),
    )


@contextmanager
def seed(folder: Path, plan: Plan) -> Iterator[Node]:
    """A seed that follows everybody who is quoted."""
    with Node(folder / "seed").running(listen="127.0.0.1:0") as node:
        node.follow(SetOfMessages(plan.messages, plan.authors))
        yield node


def _once(plan: Plan, rate: float) -> Fanned:
    with TemporaryDirectory(prefix="hedgerow-bench-") as name:
        folder = Path(name)
        with seed(folder, plan) as node:
            before = node.messages()
            server = node.process.pid, f"ws://{node.peer}/peer"
            fanned = fan_out(
                "hedgerow", server, plan, rate, folder, lambda: node.messages() >= before + plan.authors
            )
            if node.messages() < before + plan.authors + plan.messages:
                raise Broken(f"the seed holds {node.messages()} messages")
            return fanned


def run(plan: Plan) -> Outcome:
    """Fan `plan.messages` out, as fast as possible and at a rate, each time with a fresh seed."""
    fast, paced = list[Fanned](), list[Fanned]()
    for number in range(plan.runs):
        fast.append(_once(plan, 0))
        paced.append(_once(plan, RATE))
        say(f"  run {number + 1}: {fast[-1].rate:,.0f}/s, {paced[-1].p50_ms:.1f} / {paced[-1].p99_ms:.1f} ms")
    return Outcome(plan.job, "deliveries/s", [one.rate for one in fast], also=told(plan, fast, paced))


def told(plan: Plan, fast: Sequence[Fanned], paced: Sequence[Fanned]) -> dict[str, object]:
    """What is worth knowing beside the deliveries a second."""
    return {
        "messages": plan.messages,
        "listeners": LISTENERS,
        "p50_ms": spread([one.p50_ms for one in paced]),
        "p99_ms": spread([one.p99_ms for one in paced]),
        "cpu_us_a_delivery": spread([1e6 * one.cpu / one.delivered for one in fast]),
        "cpu_us_a_delivery_at_the_rate": spread([1e6 * one.cpu / one.delivered for one in paced]),
        "cpu_seconds_of_the_load": spread([one.load_cpu for one in fast]),
        "peak_rss_mb": spread([one.peak_mb for one in fast]),
    }
