"""Something that must not take too long, done many times a second: one timer for all of them."""

import asyncio
from collections.abc import Callable


class Late:
    """Calls `act` once what was begun has not ended after `seconds`. A timeout of its own for each would cost more
    than most of what is begun."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self._seconds = seconds
        self._act = act
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """It begins."""
        loop = asyncio.get_running_loop()
        self._since = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def end(self) -> None:
        """It has ended."""
        self._since = None

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        if self._since is None:
            return
        loop = asyncio.get_running_loop()
        due = self._since + self._seconds
        if due <= loop.time():
            self._act()
        else:
            self._timer = loop.call_at(due, self._look)
