"""Announcements that wait a little, on their way out and in.

Out: for others, so that many ids are announced at once; and on a link that takes turns, for its other side, which may
announce the same by then. In: for the link that brings the message whole, so that nothing comes twice.
"""

from collections import deque
from collections.abc import Callable, Sequence

from hedgerow_protocol import limits
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.turns import Turn


class Announcing:
    """What waits on one link; pure."""

    def __init__(
        self,
        turn: Turn | None,
        announce: Callable[[float, list[MessageId]], None],
        look_for: Callable[[int, tuple[MessageId, ...]], None],
    ) -> None:
        """`announce` sends ids, `look_for` wants what is missing of an announcement with this number."""
        self._turn = turn
        self._announce = announce
        self._look_for = look_for
        self._patience = limits.ANNOUNCE_AFTER if turn is None else limits.RELAY_AFTER
        self._out: dict[MessageId, None] = {}
        self._out_at = float("inf")
        self._in: deque[tuple[float, int, tuple[MessageId, ...]]] = deque()

    def __len__(self) -> int:
        return len(self._out)

    @property
    def held(self) -> int:
        """Announcements of the other side that wait for their messages: no comparison has to wait for them."""
        return len(self._in)

    def soon(self, now: float, ids: Sequence[MessageId]) -> None:
        """Announce these when they have waited."""
        if not self._out:
            self._out_at = now + self._patience
        self._out.update(dict.fromkeys(ids))
        if len(self._out) >= limits.ANNOUNCE_BATCH and self._turn is None:
            self._announce_all(now)

    def clear(self) -> None:
        """Announce nothing of what waits."""
        self._out.clear()
        self._out_at = float("inf")

    def on_announced(self, now: float, request: int, ids: tuple[MessageId, ...]) -> None:
        """The other side has these: we need not announce them, and want them if no other link brings them."""
        for one in ids if self._out else ():
            self._out.pop(one, None)
        if self._turn is not None and self._turn.is_lazy:
            self._in.append((now + limits.MISS_AFTER, request, ids))
        else:
            self._look_for(request, ids)

    @property
    def deadline(self) -> float:
        """When `on_wake` has something to do."""
        return min(self._out_at, self._in[0][0]) if self._in else self._out_at

    def on_wake(self, now: float) -> None:
        """Announce what has waited, and see what of others' announcements has come."""
        if now >= self._out_at:
            self._announce_all(now)
        while self._in and now >= self._in[0][0]:
            _, request, ids = self._in.popleft()
            self._look_for(request, ids)

    def _announce_all(self, now: float) -> None:
        ids = list(self._out)
        self.clear()
        if ids:
            self._announce(now, ids)
