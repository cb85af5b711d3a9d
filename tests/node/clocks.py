"""A clock that tests set, with entropy that a seed decides."""

import random

from hedgerow_node.clock import Clock

START = 1_800_000_000.0


class FakeClock(Clock):
    """Time stands still until `advance`; entropy is different on every call and the same on every run."""

    def __init__(self, start: float = START, seed: int = 1) -> None:
        self.time = start
        self._chance = random.Random(seed)

    def advance(self, seconds: float) -> None:
        """Let time pass (or, with a negative number, somebody sets the clock back)."""
        self.time += seconds

    def now(self) -> float:
        """The time that was set."""
        return self.time

    def monotonic(self) -> float:
        """The same time."""
        return self.time

    def entropy(self, length: int) -> bytes:
        """The next bytes of the seed's sequence."""
        return self._chance.randbytes(length)

    def random(self) -> random.Random:
        """The seed's chance."""
        return self._chance
