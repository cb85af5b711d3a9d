"""Every job by its name, with its sizes."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.jobs import fanout, full, growth, idle, ingest, sync
from bench.outcome import Outcome
from bench.plan import Plan


@dataclass(frozen=True)
class Job:
    """How a job is run, and at which sizes unless it is told others."""

    run: Callable[[Plan], Outcome]
    messages: int = 0
    authors: int = 100
    rows: int = 0
    different: int = 0


JOBS = {
    "INGEST": Job(ingest.run, messages=20_000),
    "INGEST-500k": Job(ingest.run, messages=20_000, rows=500_000),
    # An invite names at most 64 people whom the joiner will follow.
    "FULL": Job(full.run, messages=100_000, authors=50),
    "SYNC": Job(sync.run, messages=50_000, different=1_000),
    "FANOUT": Job(fanout.run, messages=1_000),
    "IDLE": Job(idle.run),
    "GROWTH": Job(growth.run, messages=5_000, rows=1_000_000, different=100),
}
