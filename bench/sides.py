"""Two sides that hold nearly the same: a set of which each lacks a slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from bench.corpus import Entry, SetOfMessages, entries

T = TypeVar("T")
NOTHING = ":0:"
"""The slice that leaves nothing out."""


@dataclass(frozen=True)
class Sides:
    """Slices are texts of the form START:STOP:STEP, over the set in order."""

    whole: SetOfMessages
    ours_lacks: str
    theirs_lacks: str

    @property
    def ours(self) -> list[Entry]:
        """The initiator's."""
        return without(entries(self.whole), self.ours_lacks)

    @property
    def theirs(self) -> list[Entry]:
        """The responder's."""
        return without(entries(self.whole), self.theirs_lacks)


def without(everything: Sequence[T], lacked: str) -> list[T]:
    """What is left of a set without this slice."""
    left = list(everything)
    del left[slice(*[int(part) if part else None for part in lacked.split(":")])]
    return left


def spread_evenly(count: int, different: int, authors: int) -> Sides:
    """Each holds `count`; what differs lies all over the time."""
    step = (count + different) // different
    every = f"{step * different}:{step}"
    return Sides(SetOfMessages(count + different, authors), f"0:{every}", f"{step // 2}:{every}")


def newest(count: int, different: int, authors: int) -> Sides:
    """Each holds `count`; what differs is the newest."""
    whole = SetOfMessages(count + different, authors)
    return Sides(whole, f"-{2 * different}::2", f"-{2 * different - 1}::2")
