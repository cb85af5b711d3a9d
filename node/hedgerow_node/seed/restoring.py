"""A backup back into an empty folder. What comes out is a copy: it says nothing before its owner says what became of
the original.

Everything is unpacked into a folder of the home and checked there to its end. Then the parts take their places, the
keys last: a home without them is no home, so a crash before that leaves one into which the backup is restored again.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from hedgerow_node import durable, key_files
from hedgerow_node.config import Home
from hedgerow_node.key_files import COPY_MARK, INCEPTION
from hedgerow_node.keystore import check_inception
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed import settings
from hedgerow_node.seed.backup import ABOUT, FORMAT, VERSION, About
from hedgerow_node.seed.packing import KEYS, unpacked
from hedgerow_node.seed.sealing import Opened, is_sealed
from hedgerow_node.store import database as databases
from hedgerow_node.store import journal as journals
from hedgerow_node.store.lock import FolderLock
from hedgerow_node.store.snapshot import faults_of, newest_schema
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.message import decode_message

FOLDER = "restoring"
LARGE = frozenset({databases.FILE, journals.FILE})
OnBytes = Callable[[int, int], None]


def restore(home: Home, file: Path, passphrase: str, on_progress: OnBytes) -> About:
    """Make the home what the backup holds; blocks. Raises `Problem`, and then nothing of it is in use."""
    home.create()
    lock = FolderLock(home.path)
    lock.acquire()
    try:
        _check_empty(home)
        return _restored(home, file, passphrase, on_progress)
    finally:
        lock.release()


def needs_passphrase(file: Path) -> bool:
    """Whether the file is a backup that is sealed; raises `Problem` where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return is_sealed(opened)
    except OSError as error:
        raise Problem(Code.FILE_UNREADABLE, f"{file}: {error.strerror}") from None


def _restored(home: Home, file: Path, passphrase: str, on_progress: OnBytes) -> About:
    folder = home.path / FOLDER
    with durable.in_words(folder):
        _removed(folder)
        durable.make_folder(folder)
        try:
            names = _unpacked(file, passphrase, folder, home.seed.name, on_progress)
            about = _checked(folder, names, home.seed.name)
            _settle(home, folder)
        finally:
            _removed(folder)
    return about


def _check_empty(home: Home) -> None:
    held = [home.database, home.journal, home.seed]
    was_begun = (home.path / FOLDER).exists()
    if key_files.exists(home) or (not was_begun and any(path.exists() for path in held)):
        raise Problem(Code.FOLDER_FULL, str(home.path))


def _unpacked(file: Path, passphrase: str, folder: Path, seed: str, on_progress: OnBytes) -> set[str]:
    is_locked = needs_passphrase(file)
    if is_locked and not passphrase:
        raise Problem(Code.BACKUP_SEALED)
    with file.open("rb") as opened:
        source = cast(BinaryIO, _Counted(opened, file.stat().st_size, on_progress))
        if is_locked:
            source = cast(BinaryIO, Opened(source, passphrase))
        return unpacked(source, folder, LARGE, frozenset({ABOUT, seed}))


def _checked(folder: Path, names: set[str], seed: str) -> About:
    if ABOUT not in names:
        raise Problem(Code.NOT_A_BACKUP, "it does not say what it is")
    about = _about((folder / ABOUT).read_bytes())
    missing = {databases.FILE, journals.FILE, KEYS + INCEPTION} - names
    if missing or (about.seed and seed not in names):
        raise Problem(Code.BACKUP_DAMAGED, "a part of it is missing")
    if seed in names:
        settings.read(folder / seed)
    _check_identity(folder / KEYS / INCEPTION, about.did)
    if faults := faults_of(folder / databases.FILE):
        raise Problem(Code.BACKUP_DAMAGED, f"the database: {faults[0]}")
    return about


def _about(data: bytes) -> About:
    try:
        about = msgspec.json.decode(data, type=About)
    except msgspec.MsgspecError:
        raise Problem(Code.NOT_A_BACKUP, "it does not say what it is") from None
    if about.format != FORMAT:
        raise Problem(Code.NOT_A_BACKUP, "it says that it is something else")
    if about.version != VERSION or about.schema > newest_schema():
        raise Problem(Code.BACKUP_NEWER, f"version {about.version}, schema {about.schema}")
    return about


def _check_identity(inception: Path, did: str) -> None:
    try:
        message = decode_message(inception.read_bytes())
        check_inception(message)
    except RemoteProtocolError as error:
        raise Problem(Code.BACKUP_DAMAGED, f"the inception: {error}") from None
    if did_of(message.header.author) != did:
        raise Problem(Code.BACKUP_DAMAGED, "its keys are those of somebody else")


def _settle(home: Home, folder: Path) -> None:
    keys = {path.name: path.read_bytes() for path in sorted((folder / KEYS).iterdir())}
    for name in (databases.FILE, journals.FILE, home.seed.name):
        if (folder / name).exists():
            os.rename(folder / name, home.path / name)
    durable.sync_folder(home.path)
    key_files.put_folder(home, {**keys, COPY_MARK: b""})


def _removed(folder: Path) -> None:
    durable.destroy_folder(folder / KEYS)
    shutil.rmtree(folder, ignore_errors=True)


class _Counted:
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, total: int, on_progress: OnBytes) -> None:
        self._file = file
        self._total = total
        self._on_progress = on_progress

    def read(self, size: int = -1) -> bytes:
        """See `BinaryIO.read`."""
        data = self._file.read(size)
        self._on_progress(self._file.tell(), self._total)
        return data

    def seek(self, place: int) -> int:
        """See `BinaryIO.seek`."""
        return self._file.seek(place)
