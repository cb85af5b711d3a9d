"""Noting what others do: constant words, and few lines however often they do it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from hedgerow_node.config import LOG_BURST, LOG_RATE
from hedgerow_node.logs import Log
from hedgerow_protocol.quota import Bucket


@dataclass(slots=True)
class _Kind:
    bucket: Bucket
    times: int = 0
    left_out: int = 0


class Noting:
    """A log for events that strangers can cause. Events and reasons are constants, so there are few kinds."""

    def __init__(self, log: Log, now: Callable[[], float]) -> None:
        self._log = log
        self._now = now
        self._kinds: dict[tuple[str, str], _Kind] = {}
        self.hits: Counter[str] = Counter()
        """How often each limit was met, by the name of its constant."""

    def counts(self) -> list[tuple[str, str, int]]:
        """Each event and reason that was noted, and how often, whether it was logged or left out."""
        return [(event, why, kind.times) for (event, why), kind in self._kinds.items()]

    def hit(self, limit: str) -> None:
        """Somebody met this limit, or nobody where it is empty. Nothing is logged."""
        if limit:
            self.hits[limit] += 1

    def note(self, event: str, why: str = "", **fields: object) -> None:
        """One line, unless there were many of the same event and reason; the next one says how many."""
        if self._is_allowed(event, why, fields):
            self._log.info(event, **({"why": why} if why else {}), **fields)

    def warn(self, event: str) -> None:
        """The same for something that is not as it should be."""
        fields: dict[str, object] = {}
        if self._is_allowed(event, "", fields):
            self._log.warning(event, **fields)

    def failure(self, event: str, error: BaseException) -> None:
        """The same for something of ours that failed; only the kind of `error` is logged."""
        fields: dict[str, object] = {}
        if self._is_allowed(event, type(error).__name__, fields):
            self._log.failure(event, error, **fields)

    def _is_allowed(self, event: str, why: str, fields: dict[str, object]) -> bool:
        kind = self._kinds.setdefault((event, why), _Kind(Bucket(LOG_RATE, LOG_BURST)))
        kind.times += 1
        if not kind.bucket.take(self._now()):
            kind.left_out += 1
            return False
        if kind.left_out:
            fields["left_out"] = kind.left_out
            kind.left_out = 0
        return True
