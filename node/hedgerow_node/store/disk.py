"""Files that are appended to, as narrow as a test needs them in order to let them fail."""

import os
from pathlib import Path
from typing import Protocol

from hedgerow_node.config import PRIVATE_FILE


class File(Protocol):
    """A file that grows at its end."""

    def size(self) -> int:
        """Bytes in the file."""

    def append(self, data: bytes) -> None:
        """Write all of `data` at the end; after an `OSError` any part of it may be there."""

    def truncate(self, size: int) -> None:
        """Drop what lies behind the first `size` bytes."""

    def sync(self) -> None:
        """Return when everything is on the disk."""

    def close(self) -> None:
        """Give the file back to the system."""


class DiskFile:
    """A file on the disk, for its owner alone; made when it is not there."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE_FILE)

    def size(self) -> int:
        """Bytes in the file."""
        return os.fstat(self._handle).st_size

    def append(self, data: bytes) -> None:
        """Write all of `data` at the end."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._handle, rest) :]

    def truncate(self, size: int) -> None:
        """Drop what lies behind the first `size` bytes."""
        os.ftruncate(self._handle, size)

    def sync(self) -> None:
        """Return when everything is on the disk."""
        os.fsync(self._handle)

    def close(self) -> None:
        """Give the file back to the system."""
        os.close(self._handle)


def sync_file(path: Path) -> None:
    """Return when everything in the file is on the disk."""
    file = DiskFile(path)
    try:
        file.sync()
    finally:
        file.close()
