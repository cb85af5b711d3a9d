"""Messages as the model sees them, read from their bytes without the decoders that are judged."""

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

import msgpack

from hedgerow_protocol.message import Message

IDENTITY, RETRACT = 0, 1
CONTROL = frozenset({0, 1, *range(80, 100)})
SLOT_KINDS = frozenset({2, 3, 4, 5, 6, 7, 10, 12})
INCEPTION, UPDATE, ROTATE = 0, 1, 2
LOWEST_OPEN_OP = 16
"""An op from which on the layout is unknown."""
PUBLISH = 1

Cut: TypeAlias = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True)
class Entry:
    """What the body of kind 0 says."""

    id: bytes
    signer: bytes
    op: int
    idx: int = 0
    log_prev: bytes | None = None
    root: bytes = b""
    next: bytes | None = None
    devices: tuple[tuple[bytes, int], ...] = ()
    removals: tuple[tuple[bytes, Cut], ...] = ()


@dataclass(frozen=True)
class Held:
    """A message that a node holds; `body` is its decoded array, None where it is missing."""

    id: bytes
    kind: int
    author: bytes
    device: bytes
    seq: int
    prev: bytes | None
    ts: int
    replaces: tuple[bytes, ...]
    body: list[object] | None

    def entry(self) -> Entry:
        """The log entry in this message of kind 0."""
        assert self.body is not None
        op = self.body[3]
        if op >= LOWEST_OPEN_OP:
            return Entry(self.id, self.device, op)
        idx, log_prev, root, next_, devices, removals = self.body[4:]
        cuts = tuple((device, tuple(map(tuple, cut))) for device, cut in removals)
        devices = tuple(map(tuple, devices))
        return Entry(self.id, self.device, op, idx, log_prev, root, next_, devices, cuts)

    @property
    def slot(self) -> str | None:
        """The slot of a slot kind, None without a body."""
        return None if self.body is None else self.body[3]

    @property
    def targets(self) -> tuple[bytes, ...]:
        """What a retraction names."""
        return () if self.body is None else tuple(self.body[3])


def held(message: Message) -> Held:
    """What a message says, by 03-messages and 05-kinds."""
    _, _, kind, author, device, seq, prev, ts, _, _, replaces = msgpack.unpackb(message.header_bytes)
    body = None if message.body is None else msgpack.unpackb(message.body)
    return Held(message.id, kind, author, device, seq, prev, ts, tuple(replaces), body)


def commitment(key: bytes) -> bytes:
    """H("next", key) of EN-9."""
    return hashlib.sha256(b"hedgerow/1/next\0" + key).digest()
