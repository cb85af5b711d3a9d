"""Conduct: what is remembered of devices that do what no honest one does, and who is kept away for it.

Each behaviour is counted by itself, against a floor of its own: what a device does well somewhere pays for nothing
elsewhere. Floors lie where no honest device comes, whatever its links and the people whom it carries do.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from hedgerow_protocol import limits
from hedgerow_protocol.keys import DeviceKey


class Behaviour(StrEnum):
    """What is counted; the value is what a device hears that is kept away for it."""

    BAD_MESSAGE = "too many bad messages"
    BREACH = "too many breaches of the protocol"
    UNKEPT = "too many announcements of what does not come"
    MISS = "too many questions for what is not here"
    REPEAT = "too many messages pushed again"

    @property
    def limit(self) -> str:
        """The name of its floor."""
        return FLOORS[self]

    @property
    def floor(self) -> int:
        """So often within `INVALID_WINDOW`, and the device is kept away."""
        return int(getattr(limits, self.limit))


FLOORS = {
    Behaviour.BAD_MESSAGE: "MAX_INVALID",
    Behaviour.BREACH: "MAX_BREACHES",
    Behaviour.UNKEPT: "MAX_UNKEPT",
    Behaviour.MISS: "MAX_MISSES",
    Behaviour.REPEAT: "MAX_REPEATS",
}


class Tally:
    """How often something happened within the window; kept in slices of time, so that it stays small."""

    def __init__(self) -> None:
        self._slices: deque[tuple[float, int]] = deque()
        self._total = 0

    def add(self, now: float, count: int) -> int:
        """Count; how often it was within the window."""
        last = self._slices[-1] if self._slices else None
        if last is not None and now - last[0] < limits.TALLY_SLICE:
            self._slices[-1] = last[0], last[1] + count
        else:
            self._slices.append((now, count))
        self._total += count
        while self._slices[0][0] < now - limits.INVALID_WINDOW:
            self._total -= self._slices.popleft()[1]
        return self._total


@dataclass(slots=True)
class _Record:
    """What is remembered of one device."""

    tallies: dict[Behaviour, Tally] = field(default_factory=dict)
    banned_until: float = 0.0
    ban: float = limits.BAN_SECONDS


class Conduct:
    """The records of all devices; pure."""

    def __init__(self) -> None:
        self._records: dict[DeviceKey, _Record] = {}

    def is_banned(self, now: float, device: DeviceKey) -> bool:
        """Whether this device is kept away."""
        record = self._records.get(device)
        return record is not None and record.banned_until > now

    def count(self, now: float, device: DeviceKey, behaviour: Behaviour, times: int = 1) -> bool:
        """Count what a device did; whether it has come to the floor, and is kept away from now on."""
        record = self._record(device)
        if record.tallies.setdefault(behaviour, Tally()).add(now, times) < behaviour.floor:
            return False
        record.tallies.clear()
        record.banned_until = now + record.ban
        record.ban = min(2 * record.ban, limits.MAX_BAN_SECONDS)
        return True

    def _record(self, device: DeviceKey) -> _Record:
        record = self._records.pop(device, None) or _Record()
        if len(self._records) >= limits.MAX_RECORDS:
            # The one that was heard of least recently: device keys are made for free.
            del self._records[next(iter(self._records))]
        self._records[device] = record
        return record
