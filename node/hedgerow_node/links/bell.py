"""Waiting until something is so, woken whenever something happened on the links."""

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Bell:
    """Rung after every change; nobody who began to wait before a ring misses it."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Something happened: whoever waits looks again."""
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def until(self, is_so: Callable[[], bool], patience: float) -> bool:
        """Wait until `is_so`, at most this many seconds; whether it is."""
        try:
            async with asyncio.timeout(patience):
                while not is_so():
                    await self._next()
        except TimeoutError:
            return is_so()
        return True

    async def rung(self, patience: float) -> None:
        """Wait until something happens, at most this many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._next()

    async def _next(self) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await waiting
        finally:
            self._waiting.discard(waiting)
