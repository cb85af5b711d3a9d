"""Files in one archive: a tar that any program opens, which ends with the sums of what stands before."""

import hashlib
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from hedgerow_node.config import BACKUP_CHUNK, MAX_BACKUP_SMALL, PRIVATE_FILE
from hedgerow_node.durable import make_folder
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.disk import DiskFile

SUMS = "sums.json"
KEYS = "keys/"
BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the archive, and where its bytes are: in memory or on the disk."""

    name: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """What it holds."""
        if isinstance(self.content, bytes):
            yield self.content
            return
        with self.content.open("rb") as file:
            while chunk := file.read(BACKUP_CHUNK):
                yield chunk


def packed(parts: Iterable[Part], made: int) -> Iterator[bytes]:
    """The archive of these; blocks while it reads, raises `OSError`. `made` in Unix seconds."""
    sums: dict[str, str] = {}
    for part in parts:
        digest = hashlib.sha256()
        yield _header(part, made)
        for chunk in part.chunks():
            digest.update(chunk)
            yield chunk
        yield _padding(part)
        sums[part.name] = digest.hexdigest()
    listed = msgspec.json.encode(sums)
    last = Part(SUMS, listed)
    yield _header(last, made) + listed + _padding(last) + END


def unpacked(archive: IO[bytes], folder: Path, large: frozenset[str], small: frozenset[str]) -> set[str]:
    """Write what is known of the archive into the folder, which is new; the names of that.

    Known are the names in `large` and `small`, and files in `KEYS`; others are passed over, after they were checked.
    Raises `Problem` unless all is as it was packed, and `OSError`.
    """
    found: dict[str, str] = {}
    sums: dict[str, str] | None = None
    make_folder(folder / KEYS)
    known = re.compile("|".join([*map(re.escape, sorted(large | small)), KEYS + "[a-z][a-z-]*(?:[.]pem)?"]))
    try:
        with tarfile.open(fileobj=archive, mode="r|") as tar:
            for entry in tar:
                content = _content(tar, entry, has_limit=entry.name not in large)
                if entry.name == SUMS:
                    sums = _sums(content.read())
                else:
                    to = folder / entry.name if known.fullmatch(entry.name) else None
                    found[entry.name] = _taken(content, to)
    except (tarfile.TarError, EOFError):
        raise Problem(Code.BACKUP_DAMAGED, "it breaks off, or is no archive") from None
    if sums is None or found != sums:
        raise Problem(Code.BACKUP_DAMAGED, "what it holds is not what its end says")
    return {name for name in found if known.fullmatch(name)}


def _header(part: Part, made: int) -> bytes:
    entry = tarfile.TarInfo(part.name)
    entry.size, entry.mode, entry.mtime = part.size, PRIVATE_FILE, made
    return entry.tobuf(tarfile.PAX_FORMAT)


def _padding(part: Part) -> bytes:
    return bytes(-part.size % BLOCK)


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo, *, has_limit: bool) -> IO[bytes]:
    content = tar.extractfile(entry) if entry.isreg() else None
    if content is None:
        raise Problem(Code.BACKUP_DAMAGED, "something in it is no file")
    if has_limit and entry.size > MAX_BACKUP_SMALL:
        raise Problem(Code.BACKUP_DAMAGED, f"a part of it is too big: {entry.size:,} bytes")
    return content


def _sums(data: bytes) -> dict[str, str]:
    try:
        return msgspec.json.decode(data, type=dict[str, str])
    except msgspec.MsgspecError:
        raise Problem(Code.BACKUP_DAMAGED, "its sums cannot be read") from None


def _taken(content: IO[bytes], to: Path | None) -> str:
    """Write it to a new file for its owner alone, or nowhere; its sum."""
    digest = hashlib.sha256()
    file = None if to is None else DiskFile(to)
    try:
        while chunk := content.read(BACKUP_CHUNK):
            digest.update(chunk)
            if file is not None:
                file.append(chunk)
        if file is not None:
            file.sync()
    finally:
        if file is not None:
            file.close()
    return digest.hexdigest()
