"""Quotas: what a peer may do unasked over time, and what all peers may hold at once.

A quota delays and never decides what is valid.
"""

from hedgerow_protocol import limits


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


class Pushes:
    """What crosses a link unasked in one direction, by number and by bytes."""

    def __init__(self, share: float = 1.0) -> None:
        """`share` of what a peer may push."""
        self._messages = Bucket(share * limits.PUSH_RATE, share * limits.PUSH_BURST)
        self._bytes = Bucket(share * limits.PUSH_BYTES_RATE, share * limits.PUSH_BYTES_BURST)

    def take(self, now: float, sizes: list[int]) -> bool:
        """Whether messages of these bytes are within the quota; if so it is spent."""
        return self._messages.take(now, len(sizes)) and self._bytes.take(now, sum(sizes))


class Pool:
    """An amount of something that several sides share: taken, used, and given back."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, amount: int) -> bool:
        """Whether so much is left; if so it is taken until it is given back."""
        if amount > self._left:
            return False
        self._left -= amount
        return True

    def give_back(self, amount: int) -> None:
        """What was taken is used no more."""
        self._left += amount
