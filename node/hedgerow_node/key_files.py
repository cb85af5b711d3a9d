"""The folder of the keys on the disk: secrets as PEM files, what locks them, and what a crash leaves behind.

Two folders with one device key would fork its chain for everyone to see. So the folder knows the place where it was
written; found elsewhere, it is a copy, which does not publish until it has a device key of its own. An image of a whole
disk is not told from its original.

The folder appears whole or not at all: it is written as `keys.new`, synced, then renamed. What a crash may leave
behind is settled when the keystore is next opened, by whoever holds the folder's lock:

    keys  keys.old  keys.new
     -       -         x       a first run that did not come to its end: destroyed, and begun afresh
     -       x         x       a change whose last rename is missing: it is made
     -       x         -       a change that lost its new folder: the old one comes back
     x       x         any     a change that is done: the old folder is destroyed
     x       -         x       a change that was never made: the new folder is destroyed
"""

import hmac
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hedgerow_node import durable
from hedgerow_node.config import Home
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.message import Message

SECRET = 32
"""Bytes of every secret."""
INCEPTION = "inception"
SALT = "salt"
COPY_MARK = "restored-copy"
HOLDS = "holds"
"""Which secrets must be there, where the device is named by a later entry than the inception."""
PLACE = "place"
"""Which file on this disk the inception was written to: in a folder that was copied, it is another one."""
ROUNDING = 2
"""Seconds to which a file system may round the time of a file."""
GONE = "words.gone"
"""The secret of the words while it is being destroyed."""
STRETCH = 2**17
"""The cost of trying one passphrase: scrypt's n, with r = 8 about 0.4 s and 128 MiB."""
STRETCH_BLOCK = 8


class Secret(StrEnum):
    """The secrets, by the names of their files."""

    DEVICE = "device"
    ROOT = "root"
    WORDS = "words"
    DOOR = "door"
    NEXT_DEVICE = "device-next"
    NEXT_ROOT = "root-next"
    NEXT_WORDS = "words-next"


NEEDED = (Secret.DEVICE, Secret.ROOT)
"""What a device has that may add others; one that was added has the first alone."""
STAGED = {
    Secret.NEXT_DEVICE: Secret.DEVICE,
    Secret.NEXT_ROOT: Secret.ROOT,
    Secret.NEXT_WORDS: Secret.WORDS,
}
"""Where each takes its place once the entry that names it is stored."""
Secrets = Mapping[Secret, bytes]


@dataclass(frozen=True, slots=True)
class Seal:
    """What protects the PEM files: nothing, or a password that was stretched from a passphrase."""

    salt: bytes = b""
    password: bytes | None = None

    @classmethod
    def of(cls, passphrase: str | None, salt: bytes) -> "Seal":
        """The seal of `passphrase` with 16 bytes of salt; it takes about half a second."""
        if passphrase is None:
            return cls()
        stretched = Scrypt(salt=salt, length=SECRET, n=STRETCH, r=STRETCH_BLOCK, p=1).derive(
            passphrase.encode()
        )
        return cls(salt, stretched.hex().encode())

    def opens_with(self, passphrase: str | None) -> bool:
        """Whether this passphrase is the one; what is open needs none. Takes about half a second."""
        if self.password is None:
            return True
        tried = Seal.of(passphrase, self.salt).password
        return tried is not None and hmac.compare_digest(tried, self.password)


def holding(secrets: Secrets) -> bytes:
    """What `HOLDS` says of these secrets."""
    return " ".join(name for name in NEEDED if name in secrets).encode()


def needed(folder: Path) -> list[Secret]:
    """The secrets without which the folder is damaged."""
    path = folder / HOLDS
    names = read(path).decode(errors="replace").split() if path.exists() else NEEDED
    return [name for name in NEEDED if name == Secret.DEVICE or name in names]


def files_of(inception: Message, secrets: Secrets, seal: Seal) -> dict[str, bytes]:
    """The files of a keystore by name: PEM files, the inception, and the salt where they are locked."""
    files = {f"{name}.pem": encode(secret, seal) for name, secret in secrets.items()}
    files[INCEPTION] = inception.encode()
    if seal.password is not None:
        files[SALT] = seal.salt
    return files


def put_folder(home: Home, files: Mapping[str, bytes]) -> None:
    """Put a folder with these files in the place of the one that is there; raises `Problem`."""
    fresh, old = _fresh(home), _old(home)
    with durable.in_words(home.keys):
        _write_folder(fresh, files)
        durable.sync_folder(home.path)
        if home.keys.exists():
            os.rename(home.keys, old)
        os.rename(fresh, home.keys)
        durable.sync_folder(home.path)
        durable.destroy_folder(old)


def _write_folder(fresh: Path, files: Mapping[str, bytes]) -> None:
    durable.destroy_folder(fresh)
    durable.make_folder(fresh)
    try:
        for name, data in files.items():
            durable.write_new(fresh / name, data)
        durable.write_new(fresh / PLACE, _place_of(fresh / INCEPTION))
        durable.sync_folder(fresh)
    except OSError:
        # Not left to the next start: these may be open files of keys that are locked.
        with suppress(OSError):
            durable.destroy_folder(fresh)
        raise


def see_whether_copied(folder: Path) -> None:
    """Mark a folder that is not where it was written as a copy, and note where it is now."""
    place, here = folder / PLACE, _place_of(folder / INCEPTION)
    if place.exists() and _is_same(read(place), here):
        return
    if place.exists() and not (folder / COPY_MARK).exists():
        durable.write_new(folder / COPY_MARK, b"")
        durable.sync_folder(folder)
    # The mark stands first: from here on this is a place of its own.
    durable.write_over(place, here)


def _place_of(path: Path) -> bytes:
    found = path.stat()
    return b"%d %d" % (found.st_ino, found.st_ctime)


def _is_same(one: bytes, other: bytes) -> bool:
    """Whether two places are one: some file systems number their files anew, and permissions change the time."""
    try:
        (file, time), (other_file, other_time) = [map(int, place.split()) for place in (one, other)]
    except ValueError:
        return False
    return file == other_file or abs(time - other_time) <= ROUNDING


def settle(home: Home) -> None:
    """Bring to its end, or undo, what a crash left half done; raises `Problem`."""
    fresh, old = _fresh(home), _old(home)
    with durable.in_words(home.keys):
        if not home.keys.exists() and old.exists():
            os.rename(fresh if fresh.exists() else old, home.keys)
            durable.sync_folder(home.path)
        durable.destroy_folder(old)
        durable.destroy_folder(fresh)
        if (home.keys / GONE).exists():
            durable.destroy(home.keys / GONE)


def exists(home: Home) -> bool:
    """Whether the home has an identity. Only looks, for another process may be at work on it."""
    return home.keys.exists() or _old(home).exists()


def _fresh(home: Home) -> Path:
    return home.keys.with_name(home.keys.name + ".new")


def _old(home: Home) -> Path:
    return home.keys.with_name(home.keys.name + ".old")


def seal_of(folder: Path, passphrase: str | None) -> Seal:
    """The seal of this folder; raises `Problem` when it needs a passphrase and there is none."""
    salt = folder / SALT
    if not salt.exists():
        return Seal()
    if passphrase is None:
        raise Problem(Code.PASSPHRASE_NEEDED)
    return Seal.of(passphrase, read(salt))


def encode(secret: bytes, seal: Seal) -> bytes:
    """A secret of 32 bytes as a PEM file."""
    key = Ed25519PrivateKey.from_private_bytes(secret)
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if seal.password is not None:
        lock = serialization.BestAvailableEncryption(seal.password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def load(path: Path, seal: Seal) -> bytes:
    """The secret in a PEM file; raises `Problem` when it is missing, damaged or locked otherwise."""
    return decode(Secret(path.stem), read(path), seal)


def decode(name: Secret, pem: bytes, seal: Seal) -> bytes:
    """The secret in the bytes of a PEM file; raises `Problem`."""
    try:
        key = serialization.load_pem_private_key(pem, seal.password)
    except TypeError:
        raise Problem(Code.KEYS_DAMAGED, f"{name}: locked although the others are not, or open") from None
    except (ValueError, UnsupportedAlgorithm):
        kind = Code.KEYS_DAMAGED if seal.password is None else Code.PASSPHRASE_WRONG
        raise Problem(kind, f"the key {name} does not open") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Problem(Code.KEYS_DAMAGED, f"{name} is a key of another kind")
    return key.private_bytes_raw()


def read(path: Path) -> bytes:
    """What a file of the folder holds; raises `Problem`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Problem(Code.KEYS_DAMAGED, f"{path.name}: {error.strerror}") from None
