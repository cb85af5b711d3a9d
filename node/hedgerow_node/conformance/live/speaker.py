"""An author made for the occasion, who writes what is right and what is not."""

from dataclasses import dataclass

import msgpack

from hedgerow_node.clock import Clock
from hedgerow_protocol import keys, limits
from hedgerow_protocol.identity import make_inception
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Body, Content, Kind, encode_body
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


class Speaker:
    """Somebody with a genesis key that is kept, so that a second inception can be written, and one device."""

    def __init__(self, clock: Clock, net: int) -> None:
        self.clock = clock
        self.net = net
        self.genesis_seed, self.device_seed = clock.entropy(32), clock.entropy(32)
        self.key = AuthorKey(keys.public_key(self.genesis_seed))
        self.device = DeviceKey(keys.public_key(self.device_seed))
        self.inception = self.incept(self.device)
        self.place: ChainPlace = FIRST
        """Where the next message goes."""

    def restart(self) -> None:
        """Begin the chain of another device."""
        self.place = FIRST

    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock.now())

    def incept(self, device: DeviceKey) -> Message:
        """An inception that names this device."""
        root, recovery = (keys.public_key(self.clock.entropy(32)) for _ in range(2))
        return make_inception(
            genesis_seed=self.genesis_seed,
            root=root,
            device=device,
            recovery=recovery,
            nonce=self.clock.entropy(limits.NONCE),
            ts=self.now(),
            net=self.net,
        )

    def say(self, content: Content, *, extra: tuple[tuple[int, object], ...] = ()) -> Message:
        """The next message with this content."""
        body = Body(self.clock.entropy(limits.NONCE), content, extra=extra)
        return self.say_bytes(content.kind, encode_body(body))

    def say_bytes(
        self, kind: int, body: bytes, ts: int | None = None, replaces: tuple[MessageId, ...] = ()
    ) -> Message:
        """The next message with these bytes as its body, right or not."""
        message = sign_message(
            seed=self.device_seed,
            author=self.key,
            place=self.place,
            kind=kind,
            ts=self.now() if ts is None else ts,
            body=body,
            replaces=replaces,
            net=self.net,
        )
        self.place = ChainPlace(self.place.seq + 1, message.id)
        return message

    def body(self, *values: object) -> bytes:
        """A body of these values behind a nonce, no topics and no refs."""
        return pack([self.clock.entropy(limits.NONCE), [], [], *values])

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
        signed = keys.sign(self.device_seed, SIGNATURE_TAG + header) if signature is None else signature
        return Written(message_id(header), pack([header, signed, body, *more]))

    def write_entry(self, *values: object, kind: int = Kind.IDENTITY) -> Written:
        """A log entry signed by the genesis key; `values` from position 1 on."""
        body = pack([self.clock.entropy(limits.NONCE), *values])
        header = pack(self.header(kind, body, device=DeviceKey(self.key)))
        return self.seal(header, body, signature=keys.sign(self.genesis_seed, SIGNATURE_TAG + header))


def written(message: Message) -> Written:
    """A message that holds, as it travels."""
    return Written(message.id, message.encode())
