"""A set streamed from the other side with RANGE, one part after another, in order of (ts, id)."""

from collections.abc import Callable

from hedgerow_protocol import limits
from hedgerow_protocol.comparing import Task
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.frame import Messages, Range
from hedgerow_protocol.message import decode_message
from hedgerow_protocol.transfer import Fetching
from hedgerow_protocol.wire import Wire, unexpected

LAST_ID = b"\xff" * limits.ID_SIZE


class Stream:
    """One stream; pure. It ends when a part brings nothing further, and is given up by calling `proceed` no more."""

    def __init__(
        self,
        wire: Wire,
        fetching: Fetching,
        task: Task,
        on_over: Callable[[float, "Stream"], None],
    ) -> None:
        self._wire = wire
        self._fetching = fetching
        self.task = task
        self._on_over = on_over
        start = (task.since - 1, LAST_ID) if task.since else (0, bytes(limits.ID_SIZE))
        self._after = task.after or start
        self._is_waiting = True
        self._has_moved = False

    def proceed(self, now: float) -> None:
        """Ask for the next part if none is under way and there is room."""
        if self._is_waiting and self._fetching.has_room:
            self._is_waiting = self._has_moved = False
            task, request = self.task, self._wire.next_request()
            frame = Range(request, task.sub, task.version, task.tier, *self._after, limits.RANGE_MESSAGES)
            self._fetching.ask_range(now, frame, self._on_part)

    def _on_part(self, now: float, frame: Messages) -> None:
        self._move([message for _, message in frame.messages])
        if frame.more:
            return
        is_over = self._has_passed_window or not self._has_moved
        self._is_waiting = not is_over
        if is_over:
            self._on_over(now, self)

    @property
    def _has_passed_window(self) -> bool:
        return bool(self.task.until) and self._after[0] >= self.task.until

    def _move(self, messages: list[bytes]) -> None:
        # What does not decode may be from a newer version; admission judges it, here it only has no place.
        for data in reversed(messages):
            try:
                last = decode_message(data)
            except RemoteProtocolError:
                continue
            place = (last.header.ts, last.id)
            if place <= self._after:
                raise unexpected("a stream goes backwards")
            self._after, self._has_moved = place, True
            return
