"""Files that survive a crash, or are gone for good: written, synced, destroyed.

A name in a folder is safe only after the folder was synced as well as the file.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from hedgerow_node.config import PRIVATE_FILE, PRIVATE_FOLDER
from hedgerow_node.problems import Code, Problem

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of the system that mean: no more bytes here."""


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Inside, what the system refuses about `path` is raised as a `Problem`."""
    try:
        yield
    except OSError as error:
        code = Code.STORE_FULL if error.errno in FULL else Code.FOLDER_UNUSABLE
        raise Problem(code, f"{path}: {error.strerror}") from error


def write_new(path: Path, data: bytes) -> None:
    """Write `data` to a file that did not exist, for its owner alone, and sync it (not its folder)."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    try:
        _write(handle, data)
    finally:
        os.close(handle)


def write_over(path: Path, data: bytes) -> None:
    """Put `data` in place of the file, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    write_new(fresh, data)
    os.rename(fresh, path)
    sync_folder(path.parent)


@contextmanager
def fresh_file(file: Path) -> Iterator[BinaryIO]:
    """A file for its owner alone that takes its name only when it is whole; raises `Problem`."""
    unfinished: Path | None = None
    try:
        handle, name = mkstemp(prefix=f".{file.name}.", dir=file.parent)
        unfinished = Path(name)
        with os.fdopen(handle, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(handle)
        unfinished.rename(file)
    except OSError as error:
        raise Problem(Code.FILE_UNWRITABLE, f"{file}: {error.strerror}") from None
    finally:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone; it must not exist."""
    os.mkdir(path, PRIVATE_FOLDER)


def sync_folder(path: Path) -> None:
    """Make the names in this folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def destroy(path: Path) -> None:
    """Overwrite the file with zeros, sync, remove its name, sync.

    File systems that copy on write, and the spare blocks of flash, may keep what was there.
    """
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        _write(handle, bytes(os.fstat(handle).st_size))
    finally:
        os.close(handle)
    os.unlink(path)
    sync_folder(path.parent)


def destroy_folder(path: Path) -> None:
    """Destroy every file in the folder (it has no folders in it), then the folder; none there is fine."""
    if not path.exists():
        return
    for file in sorted(path.iterdir()):
        destroy(file)
    os.rmdir(path)
    sync_folder(path.parent)


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.fsync(handle)
