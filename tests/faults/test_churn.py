"""Twelve real nodes under churn, bad lines, a partition and a killed seed end with what they should have, once each.

`make test` runs six of them for some seconds, `make soak` twelve for ten minutes. HEDGEROW_FAULTS_SEED chooses another
plan of faults; the test says which it had.
"""

import heapq
import os
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from bench.measuring import resident_mb
from end_to_end.people import Person
from end_to_end.test_kills import check_whole, query
from faults.crowd import SEEDS, Crowd
from faults.plan import Fault, Kind, plan
from faults.saying import Saying
from hedgerow_protocol.kinds import Kind as MessageKind
from hedgerow_protocol.things import message_id_of

EQUAL_AFTER = 60.0
"""Seconds after everything is healed."""
MOST_MEMORY = 128.0
"""MB of a process after it: what it needs from the start, and the pages of its database."""


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    edges: int
    seconds: float
    every: float
    """Seconds between two faults."""
    longest: float
    """Seconds of the longest."""
    parted: float
    """Seconds for which half is apart."""
    pause: float
    """Seconds between two messages."""


SMALL = Size(edges=4, seconds=9, every=1.0, longest=3, parted=3, pause=0.1)
FULL = Size(edges=10, seconds=600, every=4.0, longest=25, parted=60, pause=0.2)
SIZES = [pytest.param(SMALL, id="small"), pytest.param(FULL, id="full", marks=pytest.mark.soak)]


@pytest.fixture
def crowd(tmp_path, size):
    """Everybody, running and acquainted."""
    crowd = Crowd(tmp_path, size.edges)
    try:
        crowd.start(SEEDS)
        crowd.start(edge.name for edge in crowd.edges)
        crowd.acquaint()
        crowd.wait_until_equal(EQUAL_AFTER)
        yield crowd
    finally:
        crowd.close()


def faults_of(crowd: Crowd, size: Size, seed: int) -> list[Fault]:
    """The plan: small faults all the time, in the middle the end of a seed, and at the end a partition."""
    small = plan(seed, [edge.name for edge in crowd.edges], size.seconds, size.every, size.longest)
    killed = Fault(size.seconds / 2, size.longest, Kind.KILL, (SEEDS[1],))
    parted = Fault(size.seconds - size.parted, size.parted, Kind.PART, tuple(crowd.half()))
    return [*small, killed, parted]


def play(crowd: Crowd, faults: list[Fault], saying: Saying, pause: float) -> None:
    """Let everything happen at its time, while people go on saying things."""
    order = count()
    due = [(fault.at, next(order), crowd.begin, fault) for fault in faults]
    due += [(fault.until, next(order), crowd.end_of, fault) for fault in faults]
    heapq.heapify(due)
    began = time.monotonic()
    while due:
        while due and due[0][0] <= time.monotonic() - began:
            _, _, act, fault = heapq.heappop(due)
            act(fault)
        saying.say()
        time.sleep(pause)
    crowd.settle_starts()


@pytest.mark.parametrize("size", SIZES)
def test_after_every_fault_everybody_has_what_is_for_them_once(crowd, size):
    seed = int(os.environ.get("HEDGEROW_FAULTS_SEED") or 1)
    saying = Saying(crowd, seed)
    faults = faults_of(crowd, size, seed)
    play(crowd, faults, saying, size.pause)
    took = crowd.wait_until_equal(EQUAL_AFTER)
    memory = {name: resident_mb(person.process.pid) for name, person in crowd.people.items()}
    for person in crowd.people.values():
        person.stop()
    for person in crowd.people.values():
        check_whole(person)
    for holder, author in [*crowd.in_scope(), *((edge, edge) for edge in crowd.edges)]:
        check_held(holder, author, saying)
    print(
        f"\n{len(crowd.people)} nodes, seed {seed}: {len(faults)} faults in {size.seconds:.0f} s, "
        f"{saying.count} messages acknowledged, all sets equal {took:.1f} s after the partition was healed, "
        f"at most {max(memory.values()):.0f} MB a process"
    )
    assert max(memory.values()) <= MOST_MEMORY, memory


def check_held(holder: Person, author: Person, saying: Saying) -> None:
    """Everything that was acknowledged is there, once and in a chain without a hole, and nothing that was not said."""
    rows = query(
        holder.home,
        "SELECT m.id, m.seq, m.kind FROM messages AS m JOIN authors AS a ON a.row = m.author "
        f"WHERE a.key = x'{author_key(author.home)}' AND m.kind <> {MessageKind.IDENTITY:d} ORDER BY m.seq",
    )
    assert [seq for _, seq, _ in rows] == list(range(rows[0][1], rows[0][1] + len(rows)))
    shared = {identifier for identifier, _, kind in rows if kind == MessageKind.RESOURCE}
    acknowledged = {message_id_of(one) for one in saying.acknowledged[author.name]}
    assert acknowledged <= shared, f"{holder.name} lacks {len(acknowledged - shared)} of {author.name}"
    assert len(shared - acknowledged) <= saying.broken_off[author.name]


def author_key(home: Path) -> str:
    """The key of a home's owner in hexadecimal: whoever signed the messages that are its own."""
    ((key,),) = query(
        home, "SELECT DISTINCT a.key FROM messages AS m JOIN authors AS a ON a.row = m.author WHERE m.own = 1"
    )
    return key.hex()
