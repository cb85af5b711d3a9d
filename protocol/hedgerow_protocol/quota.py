"""Quotas: what a peer may do unasked and an author say over time, and what all peers may hold at once.

A quota delays and never decides what is valid.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from hedgerow_protocol import limits

HOUR = limits.SECONDS_PER_DAY / 24
DAY = float(limits.SECONDS_PER_DAY)


class Bucket:
    """A token bucket: `burst` at once, `rate` a second after that."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at: float | None = None

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Whether `amount` is within the quota at `now`; if so it is spent."""
        if self.left(now) < amount:
            return False
        self._left -= amount
        return True

    def left(self, now: float) -> float:
        """How much may be taken at `now`."""
        if self._at is not None:
            # A clock that is set back gives nothing and takes nothing.
            self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        return self._left

    def wait(self, now: float) -> float:
        """Seconds until one may be taken; there must be a rate."""
        return max(0.0, 1.0 - self.left(now)) / self._rate


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


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one author may say live: messages an hour, which may come at once, and a day."""

    hour: float
    day: float


@dataclass(frozen=True, slots=True)
class Allowances:
    """The same for authors in scope and for others."""

    near: Allowance = Allowance(limits.AUTHOR_HOUR, limits.AUTHOR_DAY)
    outside: Allowance = Allowance(limits.OUTSIDER_HOUR, limits.OUTSIDER_DAY)


USUAL = Allowances()


class Pace:
    """How much of each author is let in live. What exceeds it is late, and nobody is blamed for that."""

    def __init__(self, allowed: Allowances = USUAL) -> None:
        self._allowed = allowed
        self._buckets: OrderedDict[Hashable, tuple[Bucket, Bucket]] = OrderedDict()

    def take(self, now: float, who: Hashable, *, is_near: bool) -> bool:
        """Whether one more message of `who` is let in; if so it is spent."""
        hour, day = self._of(who, is_near=is_near)
        return min(hour.left(now), day.left(now)) >= 1 and hour.take(now) and day.take(now)

    def leaves_room(self, count: int) -> bool:
        """Whether so many messages at once of one author in scope leave enough of his hour for what he says next."""
        return count <= limits.LIVE_SHARE * self._allowed.near.hour

    def wait(self, now: float, who: Hashable, *, is_near: bool) -> float:
        """Seconds until one more is let in."""
        return max(bucket.wait(now) for bucket in self._of(who, is_near=is_near))

    def _of(self, who: Hashable, *, is_near: bool) -> tuple[Bucket, Bucket]:
        key = who, is_near
        found = self._buckets.get(key)
        if found is None:
            allowed = self._allowed.near if is_near else self._allowed.outside
            found = Bucket(allowed.hour / HOUR, allowed.hour), Bucket(allowed.day / DAY, allowed.day)
            self._buckets[key] = found
        self._buckets.move_to_end(key)
        if len(self._buckets) > limits.MAX_PACED:
            self._buckets.popitem(last=False)
        return found
