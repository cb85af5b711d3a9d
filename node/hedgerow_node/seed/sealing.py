"""A stream under a passphrase: cut into chunks, each sealed, so that nothing can be changed, moved or cut off unseen.

The way of age (STREAM over ChaCha20-Poly1305): the nonce is the number of the chunk and whether it is the last.
"""

import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from hedgerow_node.config import BACKUP_CHUNK
from hedgerow_node.key_files import Seal
from hedgerow_node.problems import Code, Problem

MAGIC = b"hedgerow-sealed-backup 1\n"
SALT = 16
TAG = 16
COUNTER = 11
"""Bytes of a nonce that count; the one behind them says whether the chunk is the last."""


def sealed(plain: Iterable[bytes], passphrase: str, salt: bytes) -> Iterator[bytes]:
    """What `plain` yields under the passphrase, with `SALT` fresh bytes; it takes about half a second to begin."""
    cipher = _cipher(passphrase, salt)
    yield MAGIC + salt
    held, number = b"", 0
    for part in plain:
        held += part
        while len(held) > BACKUP_CHUNK:
            yield cipher.encrypt(_nonce(number), held[:BACKUP_CHUNK], None)
            held, number = held[BACKUP_CHUNK:], number + 1
    yield cipher.encrypt(_nonce(number, is_last=True), held, None)


def is_sealed(file: BinaryIO) -> bool:
    """Whether a file that is open at its beginning is one of these; leaves it there."""
    found = file.read(len(MAGIC))
    file.seek(0)
    return found == MAGIC


class Opened(io.RawIOBase):
    """Reads what was sealed; raises `Problem` where it was changed or cut off."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        """`file` is open at its beginning. Takes about half a second."""
        super().__init__()
        file.seek(len(MAGIC))
        self._file = file
        self._cipher = _cipher(passphrase, file.read(SALT))
        self._next = file.read(BACKUP_CHUNK + TAG)
        self._number = 0
        self._held = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        while (size < 0 or len(self._held) < size) and self._next:
            self._held += self._chunk()
        end = len(self._held) if size < 0 else size
        data, self._held = self._held[:end], self._held[end:]
        return data

    def _chunk(self) -> bytes:
        chunk, self._next = self._next, self._file.read(BACKUP_CHUNK + TAG)
        nonce = _nonce(self._number, is_last=not self._next)
        try:
            plain = self._cipher.decrypt(nonce, chunk, None)
        except InvalidTag:
            if self._number == 0:
                raise Problem(Code.PASSPHRASE_WRONG, "or the beginning of the file was changed") from None
            raise Problem(Code.BACKUP_DAMAGED, f"in part {self._number + 1}") from None
        self._number += 1
        return plain


def _cipher(passphrase: str, salt: bytes) -> ChaCha20Poly1305:
    password = Seal.of(passphrase, salt).password
    assert password is not None
    return ChaCha20Poly1305(bytes.fromhex(password.decode()))


def _nonce(number: int, *, is_last: bool = False) -> bytes:
    return number.to_bytes(COUNTER) + bytes([is_last])
