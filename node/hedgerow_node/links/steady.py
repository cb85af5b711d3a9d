"""The time by which links are judged: Unix seconds that do not jump while a link is under way.

The computer's clock may be set at any moment, and a computer that slept finds its steady clock behind. So time goes
on steadily from one reading, and is taken anew when the two have parted; whoever asked for that then ends all links,
since their deadlines were of the old time.
"""

from hedgerow_node.clock import Clock
from hedgerow_node.config import CLOCK_STEP


class SteadyTime:
    """Time that goes on from one reading of the computer's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = self._reading()

    @property
    def now(self) -> float:
        """Unix seconds."""
        return self._clock.monotonic() + self._offset

    def follow(self) -> bool:
        """Take the computer's time if ours is far from it; whether it was."""
        reading = self._reading()
        if abs(reading - self._offset) <= CLOCK_STEP:
            return False
        self._offset = reading
        return True

    def _reading(self) -> float:
        return self._clock.now() - self._clock.monotonic()
