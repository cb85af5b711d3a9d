"""The keys of one identity on this computer (specs/01-identity.md).

The folder `keys` holds secrets of 32 bytes, each as the seed of a PKCS#8 key in a PEM file: `device` signs what is
published, `root` is the online root that may add devices, `words` is the entropy that the 24 words spell, until
their owner confirms having them. Beside them lies the inception, which is public. The genesis key never touches
the disk. A device that another one added has no root and no words; a file `holds` names the secrets that it must have.
A seed that was moved has `door` as well: the key by which others know it. It signs for links and invites, and for no
message.

A change that needs an entry of the log is made in three steps: the secrets that it brings are staged, as `device-next`,
`root-next` and `words-next`; the entry is stored; the staged ones take their places. After a crash the log tells which
of the steps was done (`settle`), so no key is named in a log that is not on this disk, and none is lost.

How they lie on the disk is the business of `key_files`.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from hedgerow_node import durable, key_files
from hedgerow_node.clock import Clock
from hedgerow_node.config import MIN_PASSPHRASE, Home
from hedgerow_node.key_files import (
    COPY_MARK,
    GONE,
    HOLDS,
    INCEPTION,
    NEEDED,
    PLACE,
    SALT,
    SECRET,
    STAGED,
    Seal,
    Secret,
    Secrets,
    decode,
    encode,
    files_of,
    holding,
    load,
    needed,
    put_folder,
    read,
    seal_of,
    see_whether_copied,
)
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import keys, limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.log_changes import make_inception
from hedgerow_protocol.log_entry import decode_inception
from hedgerow_protocol.message import MAIN_NET, Message, decode_message, verify

if TYPE_CHECKING:
    from mnemonic import Mnemonic

ENGLISH = "english"
WORDS = 24
LOOK_AGAIN = "Look at your copy again, then type all 24 words in their order."


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
        self.door_seed = secrets.get(Secret.DOOR, self.device_seed)
        self.door = DeviceKey(keys.public_key(self.door_seed))
        """What links and invites show: the device, unless this seed was moved and got another one since."""

    @classmethod
    def exists(cls, home: Home) -> bool:
        """Whether the home has an identity. Only looks, for another process may be at work on it."""
        return key_files.exists(home)

    @classmethod
    def create(
        cls, home: Home, clock: Clock, passphrase: str | None = None, net: int = MAIN_NET
    ) -> "Keystore":
        """A new identity in a home that has none and whose lock is held; its inception is still to be stored."""
        check_passphrase(passphrase)
        seal = Seal.of(passphrase, clock.entropy(limits.NONCE))
        inception, secrets = _draw(clock, net)
        put_folder(home, files_of(inception, secrets, seal))
        return cls(home, inception, secrets, seal)

    @classmethod
    def open(cls, home: Home, passphrase: str | None = None) -> "Keystore":
        """The keys of this home, whose lock is held; raises `Problem` when one is missing, damaged or locked."""
        key_files.settle(home)
        if not home.keys.exists():
            raise Problem(Code.KEYS_MISSING, f"there is no folder {home.keys}")
        seal = seal_of(home.keys, passphrase)
        inception = _load_inception(home.keys / INCEPTION)
        door = [Secret.DOOR] if (home.keys / f"{Secret.DOOR}.pem").exists() else []
        secrets = {name: load(home.keys / f"{name}.pem", seal) for name in (*needed(home.keys), *door)}
        keystore = cls(home, inception, secrets, seal)
        if not keystore.is_named_later:
            _check_belongs(secrets, inception)
        see_whether_copied(home.keys)
        return keystore

    @property
    def did(self) -> str:
        """The identity as did:key:z6Mk…."""
        return keys.did_of(self.author)

    @property
    def is_copy(self) -> bool:
        """Whether these keys came out of an export or a copied folder, and may still be in use elsewhere."""
        return (self._home.keys / COPY_MARK).exists()

    @property
    def is_named_later(self) -> bool:
        """Whether the log names this device, if at all, in another entry than the inception."""
        return (self._home.keys / HOLDS).exists()

    def mark_copy(self) -> None:
        """These keys are in use elsewhere, or were set back: nothing is signed with them any more."""
        with self._folder_use, durable.in_words(self._home.keys):
            if not self.is_copy:
                durable.write_new(self._home.keys / COPY_MARK, b"")
                durable.sync_folder(self._home.keys)

    @property
    def has_root(self) -> bool:
        """Whether this device may add and remove devices, as far as its keys go."""
        return (self._home.keys / f"{Secret.ROOT}.pem").exists()

    def root_seed(self) -> bytes:
        """The online root, 32 bytes, to sign one update with; raises `Problem` where there is none."""
        with self._folder_use:
            if not self.has_root:
                raise Problem(Code.NO_ROOT)
            return load(self._home.keys / f"{Secret.ROOT}.pem", self._seal)

    def stage(self, secrets: Secrets) -> None:
        """Keep secrets of `STAGED` beside those in use, until `settle`; what was staged before is dropped."""
        with self._folder_use:
            held = {name: value for name, value in self._held().items() if name not in STAGED}
            self._put({**held, **secrets}, self._marks())

    def settle(self, live: Collection[bytes], roots: Collection[bytes]) -> bool:
        """Put staged secrets in use if the log names them, by the live devices and open roots in it, or drop them.

        Returns whether the device is another one now; then this object must be opened anew.
        """
        with self._folder_use:
            held = self._held()
            staged = {name: held.pop(name) for name in STAGED if name in held}
            if not staged:
                return False
            named = {Secret.NEXT_DEVICE: live, Secret.NEXT_ROOT: roots, Secret.NEXT_WORDS: roots}
            proof = {**staged, Secret.NEXT_WORDS: staged.get(Secret.NEXT_ROOT, b"")}
            marks = self._marks()
            for name, secret in staged.items():
                if proof[name] and keys.public_key(proof[name]) in named[name]:
                    held[STAGED[name]] = secret
            is_other = held[Secret.DEVICE] != self.device_seed
            if is_other:
                marks.pop(COPY_MARK, None)
            if is_other or HOLDS in marks:
                marks[HOLDS] = holding(held)
            self._put(held, marks)
            return is_other

    def reopened(self) -> "Keystore":
        """The same folder, as it is now."""
        with self._folder_use:
            return Keystore(self._home, self.inception, self._held(), self._seal)

    def _held(self) -> dict[Secret, bytes]:
        """Every secret in the folder, staged ones too."""
        paths = {name: self._home.keys / f"{name}.pem" for name in Secret}
        return {name: load(path, self._seal) for name, path in paths.items() if path.exists()}

    def _marks(self) -> dict[str, bytes]:
        paths = {name: self._home.keys / name for name in (COPY_MARK, HOLDS)}
        return {name: read(path) for name, path in paths.items() if path.exists()}

    def _put(self, secrets: Secrets, marks: Mapping[str, bytes]) -> None:
        put_folder(self._home, {**files_of(self.inception, secrets, self._seal), **marks})

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
            entropy = load(self._home.keys / f"{Secret.WORDS}.pem", self._seal)
        return tuple(_language().to_mnemonic(entropy).split())

    def confirm_words(self) -> None:
        """Their owner has the words: the secret leaves this computer. Once begun, a crash does not undo it."""
        with self._folder_use, durable.in_words(self._home.keys):
            if self.has_words:
                os.rename(self._home.keys / f"{Secret.WORDS}.pem", self._home.keys / GONE)
                durable.sync_folder(self._home.keys)
                durable.destroy(self._home.keys / GONE)

    def files(self) -> dict[str, bytes]:
        """The folder as a backup of the whole node has it: locked as it is here."""
        with self._folder_use:
            found = {path.name: read(path) for path in sorted(self._home.keys.iterdir())}
            return {name: data for name, data in found.items() if name not in (PLACE, GONE)}

    def secrets(self) -> dict[Secret, bytes]:
        """Every secret in use on this computer, the words' among them while it is: for an export with keys."""
        with self._folder_use:
            for name in needed(self._home.keys):
                load(self._home.keys / f"{name}.pem", self._seal)
            return {name: one for name, one in self._held().items() if name not in STAGED}

    def change_passphrase(self, old: str | None, new: str | None, clock: Clock) -> None:
        """Lock the files with another passphrase, or with none; takes about a second.

        Raises `Problem` when `old` is not the passphrase, or `new` is quickly guessed.
        """
        check_passphrase(new)
        seal = Seal.of(new, clock.entropy(limits.NONCE))
        with self._folder_use:
            if not self._seal.opens_with(old):
                raise Problem(Code.PASSPHRASE_WRONG, "the old passphrase is another")
            staged = {name: one for name, one in self._held().items() if name in STAGED}
            files = files_of(self.inception, {**self.secrets(), **staged}, seal)
            put_folder(self._home, {**files, **self._marks()})
            self._seal = seal

    def replaced_by(
        self, inception: Message, secrets: Secrets, devices: Collection[DeviceKey] = ()
    ) -> "Keystore":
        """Put a copy of another identity's keys in the place of these, under the same passphrase.

        A copy does not publish before it has a device key of its own: its original may still be alive, and would sign
        with the same one. `devices` are those that later entries of the log name. Raises `Problem` when the keys are
        not those of this identity, and then nothing was changed.
        """
        if keys.public_key(secrets[Secret.DEVICE]) in devices:
            return self._become(inception, secrets, {COPY_MARK: b"", HOLDS: holding(secrets)})
        _check_belongs(secrets, inception)
        return self._become(inception, secrets, {COPY_MARK: b""})

    def joined(self, inception: Message, secrets: Secrets) -> "Keystore":
        """Become a device of another identity, which a later entry of its log names or will name."""
        return self._become(inception, secrets, {HOLDS: holding(secrets)})

    def _become(self, inception: Message, secrets: Secrets, marks: Mapping[str, bytes]) -> "Keystore":
        with self._folder_use:
            put_folder(self._home, {**files_of(inception, secrets, self._seal), **marks})
        return Keystore(self._home, inception, secrets, self._seal)


def _language() -> "Mnemonic":
    from mnemonic import Mnemonic

    return Mnemonic(ENGLISH)


def entropy_of(words: str) -> bytes:
    """The 32 bytes that 24 words spell, however they are spaced and written; raises `Problem`."""
    given, language = words.lower().split(), _language()
    unknown = [word for word in given if word not in language.wordlist]
    if len(given) != WORDS or unknown:
        detail = f"no such word: {', '.join(unknown)}" if unknown else f"{len(given)} words, not {WORDS}"
        raise Problem(Code.WORDS_WRONG, detail, LOOK_AGAIN)
    if not language.check(" ".join(given)):
        raise Problem(Code.WORDS_WRONG, "a word is another one, or stands elsewhere", LOOK_AGAIN)
    return bytes(language.to_entropy(given))


def check_passphrase(passphrase: str | None) -> None:
    """Raises `Problem` for a passphrase that is quickly guessed."""
    if passphrase is not None and len(passphrase) < MIN_PASSPHRASE:
        raise Problem(Code.PASSPHRASE_SHORT, f"it has {len(passphrase)} letters, at least {MIN_PASSPHRASE}")


def encode_secrets(secrets: Secrets, passphrase: str, clock: Clock) -> dict[str, bytes]:
    """PEM files by name, and the salt, as an export carries them."""
    check_passphrase(passphrase)
    seal = Seal.of(passphrase, clock.entropy(limits.NONCE))
    return {SALT: seal.salt, **{name.value: encode(secret, seal) for name, secret in secrets.items()}}


def decode_secrets(files: Mapping[str, bytes], passphrase: str) -> dict[Secret, bytes]:
    """What `encode_secrets` wrote; raises `Problem` when the passphrase does not fit or a key is missing."""
    seal = Seal.of(passphrase, files.get(SALT, b""))
    names = [name for name in Secret if name.value in files]
    if missing := set(NEEDED) - set(names):
        raise Problem(Code.KEYS_DAMAGED, f"without {', '.join(sorted(missing))}")
    return {name: decode(name, files[name.value], seal) for name in names}


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
    secrets = {name: clock.entropy(SECRET) for name in (*NEEDED, Secret.WORDS)}
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


def _load_inception(path: Path) -> Message:
    try:
        inception = decode_message(read(path))
    except RemoteProtocolError as error:
        raise Problem(Code.KEYS_DAMAGED, f"the inception: {error}") from None
    check_inception(inception)
    return inception
