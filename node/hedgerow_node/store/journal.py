"""The journal: own messages in a file of their own, from which a damaged database is made anew.

Each message is appended and synced before the database commits it, so none is acknowledged that stands in one place
only. A record is four marking bytes, the length of the message, the CRC-32 of length and message (both four bytes,
lowest first), and the message as it travels. What follows the last sound record is what a crash left and is cut off;
a record that was damaged later is passed over, and the next one is found by its mark. A message may stand here twice
when its body came later.

An erased message loses its body here as well: then the file is written anew beside the old one and takes its name.

Used by one thread at a time: that of the database's writer.
"""

import struct
import zlib
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from hedgerow_node import durable
from hedgerow_node.store.disk import DiskFile, File
from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.message import Message, MessageId, decode_message, message_id
from hedgerow_protocol.shape import as_array, as_bytes

FILE = "journal"
MARK = b"\x89HJ1"
LENGTHS = struct.Struct("<II")
"""Length, CRC-32."""
HEAD = len(MARK) + LENGTHS.size
REWRITE_BYTES = limits.MIB
"""How much is gathered before it is written when the file is written anew."""
SEARCHED = 64 * limits.KIB
"""Bytes that are searched for the next record at a time."""


class Journal:
    """An open journal. Make it with `Journal.open`, end it with `close`."""

    def __init__(self, path: Path, open_file: Callable[[Path], File], file: File, size: int) -> None:
        self._path = path
        self._open_file = open_file
        self._file = file
        self._size = size
        self._is_torn = False
        """Whether bytes may lie behind `size`, because the disk refused to cut them."""
        self.is_damaged = False
        """Whether something between the records was found to be none."""

    @classmethod
    def open(cls, path: Path, open_file: Callable[[Path], File] = DiskFile) -> "Journal":
        """The journal at `path`, made when it is not there; a torn end is cut. Raises `OSError`."""
        _unfinished(path).unlink(missing_ok=True)
        is_new = not path.exists()
        file = open_file(path)
        try:
            if is_new:
                durable.sync_folder(path.parent)
            size, gaps = _measure(path, file.size())
            if size < file.size():
                file.truncate(size)
                file.sync()
        except BaseException:
            file.close()
            raise
        journal = cls(path, open_file, file, size)
        journal.is_damaged = gaps > 0
        return journal

    @property
    def size(self) -> int:
        """Bytes of the file that hold whole records."""
        return self._size

    def append(self, messages: Sequence[Message]) -> None:
        """Add messages; they are on the disk when this returns. Raises `OSError`, and then added none."""
        if not messages:
            return
        if self._is_torn:
            self._cut(self._size)
        records = b"".join([_record(message.encode()) for message in messages])
        try:
            self._file.append(records)
            self._file.sync()
        except OSError:
            self.cut(self._size)
            raise
        self._size += len(records)

    def cut(self, size: int) -> None:
        """Take back whatever was added since the journal had this `size`.

        When the disk refuses, nothing can be added until it no longer does: a place in the chain of messages that
        stands here must not be given to another message.
        """
        self._size = min(size, self._size)
        self._is_torn = True
        with suppress(OSError):
            self._cut(self._size)

    def read(self) -> Iterator[Message]:
        """Every message, in the order they were added; signatures are not checked."""
        for _, record in _sound_records(self._path, self._size):
            with suppress(RemoteProtocolError):
                yield decode_message(record)

    def entries(self) -> Iterator[tuple[MessageId, bool, bytes]]:
        """Of every message id, whether its body is here, and its bytes: cheaper than `read`."""
        for _, record in _sound_records(self._path, self._size):
            with suppress(RemoteProtocolError):
                header, _, body = as_array(codec.decode(record, limits.MAX_MESSAGE), "message", 3)
                yield message_id(as_bytes(header, "header")), body is not None, record

    def rewrite(self, erased: Container[MessageId] = (), dropped: Container[MessageId] = ()) -> None:
        """Write the journal anew without the bodies of `erased`, without `dropped`, and without what is damaged.

        Raises `OSError`, and then the journal is as it was.
        """
        unfinished = _unfinished(self._path)
        unfinished.unlink(missing_ok=True)
        file = self._open_file(unfinished)
        try:
            self._copy(file, erased, dropped)
            file.sync()
            size = file.size()
            unfinished.rename(self._path)
        except BaseException:
            file.close()
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
        self._file.close()
        self._file, self._size, self._is_torn, self.is_damaged = file, size, False, False
        durable.sync_folder(self._path.parent)

    def close(self) -> None:
        """Give the file back to the system."""
        if self._is_torn:
            self.cut(self._size)
        self._file.close()

    def _cut(self, size: int) -> None:
        self._file.truncate(size)
        self._file.sync()
        self._is_torn = False

    def _copy(self, file: File, erased: Container[MessageId], dropped: Container[MessageId]) -> None:
        gathered = bytearray()
        for identifier, has_body, encoded in self.entries():
            if identifier in dropped:
                continue
            if has_body and identifier in erased:
                encoded = decode_message(encoded).without_body().encode()
            gathered += _record(encoded)
            if len(gathered) > REWRITE_BYTES:
                file.append(bytes(gathered))
                gathered.clear()
        file.append(bytes(gathered))


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _record(encoded: bytes) -> bytes:
    return MARK + LENGTHS.pack(len(encoded), _crc(encoded)) + encoded


def _measure(path: Path, size: int) -> tuple[int, int]:
    """Where the last sound record ends, and the bytes before that are in none."""
    end = gaps = 0
    for start, record in _sound_records(path, size):
        gaps += start - end
        end = start + HEAD + len(record)
    return end, gaps


def _sound_records(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        at = 0
        while at < size:
            record = _record_at(file, at, size)
            if record is None:
                at = _next_mark(file, at + 1, size)
            else:
                yield at, record
                at += HEAD + len(record)


def _record_at(file: BinaryIO, at: int, size: int) -> bytes | None:
    file.seek(at)
    head = file.read(HEAD)
    if len(head) < HEAD or not head.startswith(MARK):
        return None
    length, crc = LENGTHS.unpack_from(head, len(MARK))
    if length > limits.MAX_MESSAGE or at + HEAD + length > size:
        return None
    record = file.read(length)
    return record if len(record) == length and _crc(record) == crc else None


def _next_mark(file: BinaryIO, at: int, size: int) -> int:
    """Where the next mark begins, from `at` on; `size` when there is none."""
    while at < size:
        file.seek(at)
        block = file.read(SEARCHED)
        found = block.find(MARK)
        if found != -1:
            return at + found
        # A mark may lie across two blocks.
        at += max(len(block) - len(MARK) + 1, 1)
    return size


def _crc(encoded: bytes) -> int:
    return zlib.crc32(encoded, zlib.crc32(len(encoded).to_bytes(4, "little")))
