"""Somebody with all keys that an author ever has, to sign with whichever a story needs: the owner's and any thief's."""

from dataclasses import dataclass, field
from random import Random

from hedgerow_protocol import codec, keys
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.log_changes import make_inception
from hedgerow_protocol.message import FIRST, ChainPlace, Message, sign_message

EPOCH = 1_780_000_000
SHEETS = 2
"""Sheets of words of an author: the first, and the new ones."""
NUMBERS = 4
"""Recovery keys of a sheet that are tried."""


@dataclass
class Person:
    """An author. Public keys lead to their private seeds."""

    random: Random
    seeds: dict[bytes, bytes] = field(default_factory=dict)
    devices: list[DeviceKey] = field(default_factory=list)
    roots: list[bytes] = field(default_factory=list)
    sheets: list[list[bytes]] = field(default_factory=list)
    """Of each sheet of words, its recovery keys."""
    genesis: bytes = b""

    def __post_init__(self) -> None:
        self.genesis = self.random.randbytes(32)
        for _ in range(SHEETS):
            entropy = self.random.randbytes(32)
            words = [self._keep(keys.recovery_seed(entropy, number)) for number in range(1, NUMBERS + 1)]
            self.sheets.append(words)
        self.new_device()

    def _keep(self, seed: bytes) -> bytes:
        key = keys.public_key(seed)
        self.seeds[key] = seed
        return key

    def new_device(self) -> DeviceKey:
        """A key for one more device."""
        device = DeviceKey(self._keep(self.random.randbytes(32)))
        self.devices.append(device)
        return device

    def new_root(self) -> bytes:
        """A fresh online root."""
        self.roots.append(self._keep(self.random.randbytes(32)))
        return self.roots[-1]

    @property
    def author(self) -> AuthorKey:
        """Who this is."""
        return AuthorKey(keys.public_key(self.genesis))

    @property
    def recovery_keys(self) -> list[bytes]:
        """Of all sheets."""
        return [key for sheet in self.sheets for key in sheet]

    def recovery_after(self, key: bytes) -> bytes:
        """The next key of the same words; behind the last one, the first of the other sheet."""
        all_keys = self.recovery_keys
        return all_keys[(all_keys.index(key) + 1) % len(all_keys)]

    def inception(self, ts: int) -> Message:
        """One more inception by the genesis key."""
        return make_inception(
            genesis_seed=self.genesis,
            root=self.new_root(),
            device=self.random.choice(self.devices),
            recovery=self.random.choice(self.sheets)[0],
            nonce=self.random.randbytes(16),
            ts=ts,
        )

    def entry(self, signer: bytes, place: ChainPlace, ts: int, content: list[object]) -> Message:
        """A log entry with these positions from op on, whatever they say."""
        body = codec.encode([self.random.randbytes(16), [], [], *content])
        return sign_message(
            seed=self.seeds[signer], author=self.author, place=place, kind=0, ts=ts, body=body
        )

    def say(
        self, device: bytes, place: ChainPlace, kind: int, ts: int, body: bytes, replaces: list[bytes]
    ) -> Message:
        """A message by one of the keys."""
        return sign_message(
            seed=self.seeds[device],
            author=self.author,
            place=place,
            kind=kind,
            ts=ts,
            body=body,
            replaces=replaces,  # type: ignore[arg-type]
        )


def after(message: Message | None) -> ChainPlace:
    """The place behind a message of a chain."""
    return FIRST if message is None else ChainPlace(message.header.seq + 1, message.id)
