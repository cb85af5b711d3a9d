"""An author made for the occasion, who writes what is right and what is not."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgpack

from hedgerow_node.clock import Clock
from hedgerow_protocol import keys, limits
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Body, Content, Kind, encode_body
from hedgerow_protocol.log_branches import Branch
from hedgerow_protocol.log_changes import NOBODY, make_inception, make_rotate, make_update
from hedgerow_protocol.log_entry import Cut, DeviceGrant
from hedgerow_protocol.message import (
    FIRST,
    SIGNATURE_TAG,
    VERSION,
    ChainPlace,
    Message,
    MessageId,
    body_hash,
    message_id,
    sign_message,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it travels, whether it holds or not."""

    id: MessageId
    data: bytes


def pack(value: object) -> bytes:
    """Any value in the shortest form, also one that the protocol forbids."""
    return msgpack.packb(value, use_bin_type=True)


@dataclass(slots=True)
class Voice:
    """A device and its chain."""

    seed: bytes
    place: ChainPlace = FIRST
    """Where the next message goes."""

    @property
    def device(self) -> DeviceKey:
        """The key that signs."""
        return DeviceKey(keys.public_key(self.seed))


class Speaker:
    """Somebody who keeps every key, so that each kind of log entry can be written, and speaks with one device."""

    def __init__(self, clock: Clock, net: int) -> None:
        self.clock = clock
        self.net = net
        self.genesis_seed, self.root_seed = clock.entropy(32), clock.entropy(32)
        self.recovery_seeds = clock.entropy(32), clock.entropy(32)
        self.key = AuthorKey(keys.public_key(self.genesis_seed))
        self.voice = Voice(clock.entropy(32))
        self.log = Identities()
        """What was said in the log that others may believe."""
        self.inception = self.incept(self.voice.device)
        self.log.learn(self.inception)

    @property
    def device(self) -> DeviceKey:
        """The key of the first device."""
        return self.voice.device

    @property
    def branch(self) -> Branch:
        """The log as it stands."""
        return self.log.log(self.key).branches[0]

    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock.now())

    def nonce(self) -> bytes:
        """A fresh one."""
        return self.clock.entropy(limits.NONCE)

    def incept(self, device: DeviceKey) -> Message:
        """An inception that names this device."""
        return make_inception(
            genesis_seed=self.genesis_seed,
            root=keys.public_key(self.root_seed),
            device=device,
            recovery=keys.public_key(self.recovery_seeds[0]),
            nonce=self.nonce(),
            ts=self.now(),
            net=self.net,
        )

    def update(
        self, *added: DeviceKey, removed: Mapping[DeviceKey, Cut] = NOBODY, root_seed: bytes | None = None
    ) -> Message:
        """The next update of the log."""
        entry = make_update(
            self.branch,
            root_seed=root_seed or self.root_seed,
            added=[DeviceGrant(device) for device in added],
            removed=removed,
            nonce=self.nonce(),
            ts=self.now(),
            net=self.net,
        )
        self.log.learn(entry)
        return entry

    def rotate(self, root_seed: bytes) -> Message:
        """A rotate to another root that keeps the devices."""
        branch = self.branch
        entry = make_rotate(
            branch,
            recovery_seed=self.recovery_seeds[0],
            root=keys.public_key(root_seed),
            recovery=keys.public_key(self.recovery_seeds[1]),
            devices=[DeviceGrant(device, granted) for device, granted in branch.devices.items()],
            nonce=self.nonce(),
            ts=self.now(),
            net=self.net,
        )
        self.log.learn(entry)
        return entry

    def say(self, content: Content, voice: Voice | None = None) -> Message:
        """The next message with this content."""
        return self.say_bytes(content.kind, encode_body(Body(self.nonce(), content)), voice)

    def say_bytes(self, kind: int, body: bytes, voice: Voice | None = None) -> Message:
        """The next message with these bytes as its body, right or not."""
        voice = voice or self.voice
        message = sign_message(
            seed=voice.seed,
            author=self.key,
            place=voice.place,
            kind=kind,
            ts=self.now(),
            body=body,
            net=self.net,
        )
        voice.place = ChainPlace(voice.place.seq + 1, message.id)
        return message

    def body(self, *values: object) -> bytes:
        """A body of these values behind a nonce, no topics and no refs."""
        return pack([self.nonce(), [], [], *values])

    def header(self, kind: int, body: bytes, **changes: object) -> list[object]:
        """The positions of a header; `changes` by the names of specs/03-messages.md."""
        values: dict[str, object] = {
            "v": VERSION,
            "net": self.net,
            "kind": kind,
            "author": self.key,
            "device": self.device,
            "seq": 1,
            "prev": None,
            "ts": self.now(),
            "body_len": len(body),
            "body_hash": body_hash(body),
            "replaces": [],
        }
        return list((values | changes).values())

    def write(self, kind: int, body: bytes, **changes: object) -> Written:
        """A message with a header of one's own; it stands in no chain."""
        return self.seal(pack(self.header(kind, body, **changes)), body)

    def seal(
        self, header: bytes, body: bytes | None, *more: object, signature: bytes | None = None
    ) -> Written:
        """The signed message of a header's bytes; `more` positions, or another signature, where wanted."""
        signed = keys.sign(self.voice.seed, SIGNATURE_TAG + header) if signature is None else signature
        return Written(message_id(header), pack([header, signed, body, *more]))

    def write_entry(self, *values: object, kind: int = Kind.IDENTITY) -> Written:
        """A log entry signed by the genesis key; `values` from position 1 on."""
        body = pack([self.nonce(), *values])
        header = pack(self.header(kind, body, device=DeviceKey(self.key)))
        return self.seal(header, body, signature=keys.sign(self.genesis_seed, SIGNATURE_TAG + header))


def written(message: Message) -> Written:
    """A message that holds, as it travels."""
    return Written(message.id, message.encode())
