"""A quota over time: what a peer may do unasked. A quota delays and never decides what is valid."""


class Bucket:
    """A token bucket: `burst` at once, `rate` a second after that."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at: float | None = None

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Whether `amount` is within the quota at `now`; if so it is spent."""
        if self._at is not None:
            # A clock that is set back gives nothing and takes nothing.
            self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._left < amount:
            return False
        self._left -= amount
        return True
