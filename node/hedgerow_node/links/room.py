"""Room on the disk: while there is little, what others send waits, so that the owner can still write.

What waits is not acknowledged, so a peer whose answers wait is soon asked for no more (its credit is used up). What
comes unasked has no credit; beyond `config.MAX_HELD` it is dropped, and the next comparison finds it.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from hedgerow_node.config import LOG_RESERVE, MAX_HELD, MIN_FREE_DISK
from hedgerow_node.links.noting import Noting
from hedgerow_node.logs import Log

log = Log("room")


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written in the file system of this folder."""
    return shutil.disk_usage(folder).free


class Room:
    """Says who may write now; whoever calls `look` from time to time lets those in who wait."""

    def __init__(self, folder: Path, free: Callable[[Path], int] = free_bytes) -> None:
        self._folder = folder
        self._free = free
        self._held = 0
        self.reusable = 0
        """Bytes of the database that are free for what comes, as last looked at."""
        self._open = asyncio.Event()
        self._open.set()
        self._noting = Noting(log, asyncio.get_running_loop().time)
        self.on_full: Callable[[], None] = lambda: None

    @property
    def is_full(self) -> bool:
        """Whether nothing is taken in from others now."""
        return not self._open.is_set()

    def look(self) -> bool:
        """See whether there is room again; whether there is, after there was none."""
        if not self.is_full or self.is_short:
            return False
        self._open.set()
        self._noting.note("there is room on the disk again")
        return True

    def fill(self) -> None:
        """A write found no room, whatever is said to be free: nobody enters before the next look."""
        if not self.is_full:
            self.on_full()
            self._open.clear()
            self._noting.warn("the disk is nearly full: nothing is taken in from others")

    async def enter(self, size: int) -> bool:
        """Wait for room for `size` bytes; False when too many wait already."""
        if self.is_short:
            self.fill()
        if not self.is_full:
            return True
        if self._held + size > MAX_HELD:
            return False
        self._held += size
        try:
            await self._open.wait()
        finally:
            self._held -= size
        return True

    @property
    def lacking(self) -> int:
        """Bytes that would have to become free in the database; 0 where that would not help."""
        free = self._free(self._folder)
        return max(0, MIN_FREE_DISK - free - self.reusable) if free >= LOG_RESERVE else 0

    @property
    def is_short(self) -> bool:
        """Whether there is too little room now: on the disk, and within the database as far as it can be written."""
        free = self._free(self._folder)
        return free + (self.reusable if free >= LOG_RESERVE else 0) < MIN_FREE_DISK
