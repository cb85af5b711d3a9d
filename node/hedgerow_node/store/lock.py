"""The lock of a folder: one process at a time uses it, and whoever comes second is told who.

The system frees the lock when its holder ends, however it ends; only the number of the process stays in the file,
and is then how the next one knows that the last did not come to its end.
"""

import fcntl
import os
from pathlib import Path

from hedgerow_node import durable
from hedgerow_node.config import PRIVATE_FILE
from hedgerow_node.problems import Code, Problem

FILE = "lock"
MAX_NUMBER = 32
"""Bytes that are read of the file: the digits of a process number."""


class FolderBusy(Problem):
    """Another process holds the folder; `pid` is its number, or None in the moment before it wrote it."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(Code.FOLDER_BUSY, f"{folder} is used by {holder}")
        self.pid = pid


class FolderLock:
    """The lock on one folder, which must exist. Not held until `acquire`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None
        self.was_clean = True
        """Whether whoever held it last released it."""

    def acquire(self) -> None:
        """Take the lock or raise `FolderBusy` at once; also another lock in this process is refused.

        Raises `Problem` as well where the folder takes no lock, or no number.
        """
        with durable.in_words(self._folder / FILE):
            self._handle = self._acquired()

    def _acquired(self) -> int:
        handle = os.open(self._folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.was_clean = os.fstat(handle).st_size == 0
            os.truncate(handle, 0)
            os.pwrite(handle, b"%d\n" % os.getpid(), 0)
        except BlockingIOError:
            holder = _number(handle)
            os.close(handle)
            raise FolderBusy(self._folder, holder) from None
        except OSError:
            os.close(handle)
            raise
        return handle

    def release(self) -> None:
        """Give the lock back; without effect when it is not held."""
        if self._handle is not None:
            os.truncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None


def _number(handle: int) -> int | None:
    digits = os.pread(handle, MAX_NUMBER, 0).strip()
    return int(digits) if digits.isdigit() else None
