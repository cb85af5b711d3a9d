"""The keys of one identity on this computer (specs/01-identity.md).

The folder `keys` holds secrets of 32 bytes, each as the seed of a PKCS#8 key in a PEM file: `device` signs what is
published, `root` is the online root that may add devices, `words` is the entropy that the 24 words spell, until
their owner confirms having them. Beside them lies the inception, which is public. The genesis key never touches
the disk.

Two folders with one device key would fork its chain for everyone to see. So the folder knows the place where it was
written; found elsewhere, it is a copy, which does not publish until its owner says that the original is gone. An
image of a whole disk is not told from its original.

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
from threading import RLock

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from mnemonic import Mnemonic

from hedgerow_node import durable
from hedgerow_node.clock import Clock
from hedgerow_node.config import MIN_PASSPHRASE, Home
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import keys, limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.log_changes import make_inception
from hedgerow_protocol.log_entry import decode_inception
from hedgerow_protocol.message import MAIN_NET, Message, decode_message, verify

SECRET = 32
"""Bytes of every secret."""
INCEPTION = "inception"
SALT = "salt"
COPY_MARK = "restored-copy"
PLACE = "place"
"""Which file on this disk the inception was written to: in a folder that was copied, it is another one."""
ROUNDING = 2
"""Seconds to which a file system may round the time of a file."""
GONE = "words.gone"
"""The secret of the words while it is being destroyed."""
STRETCH = 2**17
"""The cost of trying one passphrase: scrypt's n, with r = 8 about 0.4 s and 128 MiB."""
STRETCH_BLOCK = 8
ENGLISH = "english"


class Secret(StrEnum):
    """The secrets, by the names of their files."""

    DEVICE = "device"
    ROOT = "root"
    WORDS = "words"


NEEDED = (Secret.DEVICE, Secret.ROOT)
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


class Keystore:
    """The open keys of one identity: what its node signs with."""

    def __init__(self, home: Home, inception: Message, secrets: Secrets, seal: Seal) -> None:
        self._home = home
        self._seal = seal
        # Requests come at once, some of them in threads: of two that change the folder one would lose keys.
        self._folder_use = RLock()
        self.inception = inception
        """The first message of this identity, which its store must hold."""
        self.author = AuthorKey(inception.header.author)
        self.device_seed = secrets[Secret.DEVICE]
        self.device = DeviceKey(keys.public_key(self.device_seed))

    @classmethod
    def exists(cls, home: Home) -> bool:
        """Whether the home has an identity. Only looks, for another process may be at work on it."""
        return home.keys.exists() or _old(home).exists()

    @classmethod
    def create(
        cls, home: Home, clock: Clock, passphrase: str | None = None, net: int = MAIN_NET
    ) -> "Keystore":
        """A new identity in a home that has none and whose lock is held; its inception is still to be stored."""
        check_passphrase(passphrase)
        seal = Seal.of(passphrase, clock.entropy(limits.NONCE))
        inception, secrets = _draw(clock, net)
        _put_folder(home, _files(inception, secrets, seal))
        return cls(home, inception, secrets, seal)

    @classmethod
    def open(cls, home: Home, passphrase: str | None = None) -> "Keystore":
        """The keys of this home, whose lock is held; raises `Problem` when one is missing, damaged or locked."""
        _settle(home)
        if not home.keys.exists():
            raise Problem(Code.KEYS_MISSING, f"there is no folder {home.keys}")
        seal = _seal_of(home.keys, passphrase)
        inception = _load_inception(home.keys / INCEPTION)
        secrets = {name: _load(home.keys / f"{name}.pem", seal) for name in NEEDED}
        keystore = cls(home, inception, secrets, seal)
        _check_belongs(secrets, inception)
        _see_whether_copied(home.keys)
        return keystore

    @property
    def did(self) -> str:
        """The identity as did:key:z6Mk…."""
        return keys.did_of(self.author)

    @property
    def is_copy(self) -> bool:
        """Whether these keys came out of an export or a copied folder, and may still be in use elsewhere."""
        return (self._home.keys / COPY_MARK).exists()

    def adopt(self) -> None:
        """Take the owner's word that the original of this copy is gone."""
        with self._folder_use, durable.in_words(self._home.keys):
            if self.is_copy:
                os.unlink(self._home.keys / COPY_MARK)
                durable.sync_folder(self._home.keys)

    @property
    def has_words(self) -> bool:
        """Whether the secret of the 24 words is still on this computer, because nobody confirmed having them."""
        return (self._home.keys / f"{Secret.WORDS}.pem").exists()

    @property
    def has_passphrase(self) -> bool:
        """Whether the files are locked."""
        return self._seal.password is not None

    def words(self) -> tuple[str, ...] | None:
        """The 24 words that bring this identity back, or None once they were confirmed."""
        with self._folder_use:
            if not self.has_words:
                return None
            entropy = _load(self._home.keys / f"{Secret.WORDS}.pem", self._seal)
        return tuple(Mnemonic(ENGLISH).to_mnemonic(entropy).split())

    def confirm_words(self) -> None:
        """Their owner has the words: the secret leaves this computer. Once begun, a crash does not undo it."""
        with self._folder_use, durable.in_words(self._home.keys):
            if self.has_words:
                os.rename(self._home.keys / f"{Secret.WORDS}.pem", self._home.keys / GONE)
                durable.sync_folder(self._home.keys)
                durable.destroy(self._home.keys / GONE)

    def secrets(self) -> dict[Secret, bytes]:
        """Every secret that is on this computer, the words' among them while it is: for an export with keys."""
        with self._folder_use:
            names = [*NEEDED, Secret.WORDS] if self.has_words else NEEDED
            return {name: _load(self._home.keys / f"{name}.pem", self._seal) for name in names}

    def change_passphrase(self, old: str | None, new: str | None, clock: Clock) -> None:
        """Lock the files with another passphrase, or with none; takes about a second.

        Raises `Problem` when `old` is not the passphrase, or `new` is quickly guessed.
        """
        check_passphrase(new)
        seal = Seal.of(new, clock.entropy(limits.NONCE))
        with self._folder_use:
            if not self._seal.opens_with(old):
                raise Problem(Code.PASSPHRASE_WRONG, "the old passphrase is another")
            files = _files(self.inception, self.secrets(), seal)
            if self.is_copy:
                files[COPY_MARK] = b""
            _put_folder(self._home, files)
            self._seal = seal

    def replaced_by(self, inception: Message, secrets: Secrets) -> "Keystore":
        """Put a copy of another identity's keys in the place of these, under the same passphrase.

        A copy does not publish before `adopt`: its original may still be alive, and would sign with the same key.
        Raises `Problem` when the keys are not those of this inception, and then nothing was changed.
        """
        _check_belongs(secrets, inception)
        with self._folder_use:
            files = _files(inception, secrets, self._seal)
            files[COPY_MARK] = b""
            _put_folder(self._home, files)
        return Keystore(self._home, inception, secrets, self._seal)


def check_passphrase(passphrase: str | None) -> None:
    """Raises `Problem` for a passphrase that is quickly guessed."""
    if passphrase is not None and len(passphrase) < MIN_PASSPHRASE:
        raise Problem(Code.PASSPHRASE_SHORT, f"it has {len(passphrase)} letters, at least {MIN_PASSPHRASE}")


def encode_secrets(secrets: Secrets, passphrase: str, clock: Clock) -> dict[str, bytes]:
    """PEM files by name, and the salt, as an export carries them."""
    check_passphrase(passphrase)
    seal = Seal.of(passphrase, clock.entropy(limits.NONCE))
    return {SALT: seal.salt, **{name.value: _encode(secret, seal) for name, secret in secrets.items()}}


def decode_secrets(files: Mapping[str, bytes], passphrase: str) -> dict[Secret, bytes]:
    """What `encode_secrets` wrote; raises `Problem` when the passphrase does not fit or a key is missing."""
    seal = Seal.of(passphrase, files.get(SALT, b""))
    names = [name for name in Secret if name.value in files]
    if missing := set(NEEDED) - set(names):
        raise Problem(Code.KEYS_DAMAGED, f"without {', '.join(sorted(missing))}")
    return {name: _decode(name, files[name.value], seal) for name in names}


def check_inception(inception: Message) -> None:
    """Raises `Problem` unless this is a signed inception."""
    try:
        decode_inception(inception)
        verify(inception)
    except RemoteProtocolError as error:
        raise Problem(Code.KEYS_DAMAGED, f"the inception: {error}") from None


def _check_belongs(secrets: Secrets, inception: Message) -> None:
    device = keys.public_key(secrets[Secret.DEVICE])
    if device not in [grant.device for grant in decode_inception(inception).devices]:
        raise Problem(Code.KEYS_DAMAGED, "the device key is not one that this identity names")


def _draw(clock: Clock, net: int) -> tuple[Message, dict[Secret, bytes]]:
    secrets = {name: clock.entropy(SECRET) for name in Secret}
    recovery = keys.recovery_seed(secrets[Secret.WORDS], 1)
    # The genesis seed lives in this call alone: Python cannot overwrite bytes, but nothing refers to it afterwards.
    inception = make_inception(
        genesis_seed=clock.entropy(SECRET),
        root=keys.public_key(secrets[Secret.ROOT]),
        device=DeviceKey(keys.public_key(secrets[Secret.DEVICE])),
        recovery=keys.public_key(recovery),
        nonce=clock.entropy(limits.NONCE),
        ts=int(clock.now()),
        net=net,
    )
    return inception, secrets


def _files(inception: Message, secrets: Secrets, seal: Seal) -> dict[str, bytes]:
    files = {f"{name}.pem": _encode(secret, seal) for name, secret in secrets.items()}
    files[INCEPTION] = inception.encode()
    if seal.password is not None:
        files[SALT] = seal.salt
    return files


def _put_folder(home: Home, files: Mapping[str, bytes]) -> None:
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


def _see_whether_copied(folder: Path) -> None:
    place, here = folder / PLACE, _place_of(folder / INCEPTION)
    if place.exists() and _is_same(_read(place), here):
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


def _settle(home: Home) -> None:
    fresh, old = _fresh(home), _old(home)
    with durable.in_words(home.keys):
        if not home.keys.exists() and old.exists():
            os.rename(fresh if fresh.exists() else old, home.keys)
            durable.sync_folder(home.path)
        durable.destroy_folder(old)
        durable.destroy_folder(fresh)
        if (home.keys / GONE).exists():
            durable.destroy(home.keys / GONE)


def _fresh(home: Home) -> Path:
    return home.keys.with_name(home.keys.name + ".new")


def _old(home: Home) -> Path:
    return home.keys.with_name(home.keys.name + ".old")


def _seal_of(folder: Path, passphrase: str | None) -> Seal:
    salt = folder / SALT
    if not salt.exists():
        return Seal()
    if passphrase is None:
        raise Problem(Code.PASSPHRASE_NEEDED)
    return Seal.of(passphrase, _read(salt))


def _encode(secret: bytes, seal: Seal) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if seal.password is not None:
        lock = serialization.BestAvailableEncryption(seal.password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def _load(path: Path, seal: Seal) -> bytes:
    return _decode(Secret(path.stem), _read(path), seal)


def _decode(name: Secret, pem: bytes, seal: Seal) -> bytes:
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


def _load_inception(path: Path) -> Message:
    try:
        inception = decode_message(_read(path))
    except RemoteProtocolError as error:
        raise Problem(Code.KEYS_DAMAGED, f"the inception: {error}") from None
    check_inception(inception)
    return inception


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Problem(Code.KEYS_DAMAGED, f"{path.name}: {error.strerror}") from None
