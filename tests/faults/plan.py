"""A plan of faults: what happens when, and to whom. The same seed makes the same plan."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from faults.line import Line


class Kind(StrEnum):
    """What happens."""

    SLOW = "slow"
    LATE = "late"
    STALL = "stall"
    RESET = "reset"
    PART = "part"
    """From here on half of everybody cannot reach the other half."""
    STOP = "stop"
    """A node is stopped, and comes back."""
    KILL = "kill"
    """A node is killed, and comes back."""


OF_LINES = (Kind.SLOW, Kind.LATE, Kind.STALL, Kind.RESET)
RATE, DELAY = 64 * 1024, 0.3
"""Of a slow and of a late line: bytes a second, seconds."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something that happens to some, for a time."""

    at: float
    """Seconds from the beginning."""
    seconds: float
    """How long."""
    kind: Kind
    who: tuple[str, ...]

    @property
    def until(self) -> float:
        """When it is over."""
        return self.at + self.seconds


def plan(seed: int, people: Sequence[str], seconds: float, every: float, longest: float) -> list[Fault]:
    """Faults of lines and of nodes, one `every` so many seconds, none longer than `longest`, all over at the end."""
    random, faults, at = Random(seed), list[Fault](), 0.0
    kinds = [*OF_LINES, Kind.STOP, Kind.KILL]
    while (at := at + random.uniform(0.5, 1.5) * every) < seconds - longest:
        who = tuple(random.sample(list(people), random.randint(1, 2)))
        faults.append(Fault(at, random.uniform(0.2, 1.0) * longest, random.choice(kinds), who))
    return sorted(_apart(faults))


def _apart(faults: list[Fault]) -> list[Fault]:
    """Without those whose node is away already: who is stopped cannot be stopped."""
    left, back = list[Fault](), dict[str, float]()
    for fault in faults:
        if fault.kind in (Kind.STOP, Kind.KILL):
            if any(back.get(one, 0.0) > fault.at for one in fault.who):
                continue
            back |= dict.fromkeys(fault.who, fault.until)
        left.append(fault)
    return left


def begin(kind: Kind, line: Line) -> None:
    """Let this happen to a line."""
    match kind:
        case Kind.SLOW:
            line.rate = RATE
        case Kind.LATE:
            line.delay = DELAY
        case Kind.STALL:
            line.is_stalled = True
        case Kind.RESET:
            line.reset()


def end(kind: Kind, line: Line) -> None:
    """It is over."""
    match kind:
        case Kind.SLOW:
            line.rate = math.inf
        case Kind.LATE:
            line.delay = 0.0
        case Kind.STALL:
            line.is_stalled = False
