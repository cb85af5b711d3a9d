"""Files that fail, and computers that lose their power."""

import errno
import os
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hedgerow_node.store.disk import DiskFile


class Faults:
    """Counts what is asked of files and refuses from one operation on, for some operations."""

    def __init__(self, begin: int | None = None, count: int = 1, error: int = errno.ENOSPC) -> None:
        self.operations = 0
        self._refused = range(0) if begin is None else range(begin, begin + count)
        self._error = error

    def refuses(self) -> bool:
        """Whether this operation, which counts, is one of the refused."""
        self.operations += 1
        return self.operations - 1 in self._refused

    def error(self) -> OSError:
        """What the system says."""
        return OSError(self._error, "the disk refuses")

    def open(self, path: Path) -> "FaultyFile":
        """A file under these faults."""
        return FaultyFile(path, self)


class FaultyFile(DiskFile):
    """A file whose operations may be refused; a refused append leaves half of what it should write."""

    def __init__(self, path: Path, faults: Faults) -> None:
        super().__init__(path)
        self._faults = faults

    def append(self, data: bytes) -> None:
        """Write all of `data`, or half of it and fail."""
        if self._faults.refuses():
            super().append(data[: len(data) // 2])
            raise self._faults.error()
        super().append(data)

    def truncate(self, size: int) -> None:
        """Cut, or fail."""
        if self._faults.refuses():
            raise self._faults.error()
        super().truncate(size)

    def sync(self) -> None:
        """Sync, or fail."""
        if self._faults.refuses():
            raise self._faults.error()
        super().sync()


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Inside, the system refuses this process to let any file grow beyond `size`, as a full disk would."""
    usual, hardest = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hardest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (usual, hardest))


class PowerLost(Exception):
    """The computer is off."""


class Power:
    """A computer whose disk keeps what was synced, and of the rest whatever it had come to."""

    def __init__(self, operations: int, chance: random.Random) -> None:
        self._left = operations
        self._chance = chance
        self._files: list[FragileFile] = []

    def open(self, path: Path) -> "FragileFile":
        """A file on this computer."""
        file = FragileFile(path, self)
        self._files.append(file)
        return file

    def use(self) -> None:
        """One operation, or the end."""
        if self._left == 0:
            for file in self._files:
                file.lose(self._chance)
            raise PowerLost
        self._left -= 1

    def forget(self, file: "FragileFile") -> None:
        """This file is closed."""
        self._files.remove(file)


class FragileFile(DiskFile):
    """A file of which only what was synced is safe."""

    def __init__(self, path: Path, power: Power) -> None:
        super().__init__(path)
        self._power = power
        self._safe = self.size()

    def append(self, data: bytes) -> None:
        """Write to what the system remembers."""
        self._power.use()
        super().append(data)

    def sync(self) -> None:
        """Make it safe."""
        self._power.use()
        super().sync()
        self._safe = self.size()

    def close(self) -> None:
        """What was not safe is still not."""
        self._power.forget(self)
        super().close()

    def lose(self, chance: random.Random) -> None:
        """Of what is not safe a part may be there, be zeros, or be missing."""
        rest = os.pread(self._handle, self.size() - self._safe, self._safe)
        survived = rest[: chance.randint(0, len(rest))]
        if chance.random() < 0.5:
            survived = survived[: len(survived) // 2].ljust(len(survived), b"\0")
        super().truncate(self._safe)
        super().append(survived)
