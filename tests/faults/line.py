"""A line between two nodes: what befalls the bytes of its connections. Conditions may change while these run."""

import asyncio
import math
from collections.abc import Callable

STEP = 0.02
"""Seconds between two looks at a line that lets nothing through, and between two portions on a slow one."""
PORTION = 64 * 1024
"""Bytes taken at once on a line that is fast enough."""


class Line:
    """Calm when it is made: nothing is held back. What is set here may be set from any thread."""

    def __init__(self, rate: float = math.inf) -> None:
        self.rate = rate
        """Bytes a second, each way and each connection."""
        self.delay = 0.0
        """Seconds that each byte takes, each way."""
        self.is_stalled = False
        """Nothing gets through, and nothing is lost: it comes when the line lets it."""
        self.is_parted = False
        """The same, and who dials finds nobody."""
        self._cuts: set[Callable[[], None]] = set()

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._cuts)

    def calm(self) -> None:
        """Let everything through."""
        self.rate, self.delay = math.inf, 0.0
        self.is_stalled = self.is_parted = False

    def reset(self) -> None:
        """End every connection without a word: what was under way is lost."""
        for cut in list(self._cuts):
            cut()

    def begin(self, cut: Callable[[], None]) -> None:
        """A connection is there; `cut` ends it and may be called from any thread."""
        self._cuts.add(cut)

    def end(self, cut: Callable[[], None]) -> None:
        """It is gone."""
        self._cuts.discard(cut)

    @property
    def portion(self) -> int:
        """Bytes to take at once."""
        return PORTION if math.isinf(self.rate) else max(1, min(PORTION, int(self.rate * STEP)))

    async def open(self) -> None:
        """Wait until the line lets something through."""
        while self.is_stalled or self.is_parted:
            await asyncio.sleep(STEP)

    async def pause(self, sent: int) -> None:
        """Wait as long as so many bytes take."""
        if not math.isinf(self.rate):
            await asyncio.sleep(sent / self.rate)
