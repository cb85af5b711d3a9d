"""A message: the signed thing people publish. Header, signature and body as bytes (specs/03-messages.md).

The header names author, device, time and the hash of the body, so that a retraction can erase the body and leave
a header that still verifies. Bytes are hashed, signed, stored and forwarded as they were received.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NewType, cast

from hedgerow_protocol import codec, keys, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.shape import (
    as_array,
    as_bytes,
    as_key,
    as_list,
    as_uint,
    ascends,
    out_of_range,
    wrong_shape,
)
from hedgerow_protocol.vocabulary import Kind

MessageId = NewType("MessageId", bytes)
"""32 bytes: H("message", header)."""

VERSION = 1
MAIN_NET = 1
"""The network of everyone; other numbers are for tests."""
SIGNATURE_TAG = b"hedgerow/1/sig\0"
CONTROL_KINDS = frozenset({0, 1, *range(80, 100)})
"""Kinds that every node keeps for good: the identity log, retractions, control."""
MAX_BYTES = dict.fromkeys(CONTROL_KINDS, limits.MAX_CONTROL_BODY) | {int(Kind.RECEIPT): limits.MAX_RECEIPT}
"""Bytes of a body, where it is less than `MAX_BODY`."""


class Header(NamedTuple):
    """What is signed. Times in Unix seconds; keys and ids of 32 bytes.

    A tuple, like the message: of every one that comes both are made twice, and frozen classes take five times as long.
    """

    net: int
    kind: int
    author: AuthorKey
    device: DeviceKey
    seq: int
    """1 for the first message of this author and device, then counted up."""
    prev: MessageId | None
    """The message of this author and device with `seq` - 1; None exactly at 1."""
    ts: int
    body_len: int
    body_hash: bytes
    replaces: tuple[MessageId, ...]
    """Earlier versions, by the same author and of the same kind, ascending."""

    @property
    def is_control(self) -> bool:
        """Whether this belongs to the control set, which is reconciled first and kept for good."""
        return self.kind in CONTROL_KINDS


class Message(NamedTuple):
    """A message as it travels; `body` is None when it was erased or only the header came."""

    id: MessageId
    header: Header
    header_bytes: bytes
    signature: bytes
    body: bytes | None

    @property
    def size(self) -> int:
        """Bytes of header, signature and body: `encode` adds about ten."""
        return len(self.header_bytes) + len(self.signature) + len(self.body or b"")

    def encode(self) -> bytes:
        """The bytes on a link and in a journal."""
        return codec.encode([self.header_bytes, self.signature, self.body])

    def without_body(self) -> "Message":
        """The same message after its body was erased."""
        return self._replace(body=None)


def encode_header(header: Header) -> bytes:
    """The canonical bytes of `header`; raises `LocalProtocolError` if a rule forbids it."""
    encoded = codec.encode(
        [
            VERSION,
            header.net,
            header.kind,
            header.author,
            header.device,
            header.seq,
            header.prev,
            header.ts,
            header.body_len,
            header.body_hash,
            header.replaces,
        ]
    )
    try:
        decode_header(encoded)
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None
    return encoded


def decode_header(data: bytes) -> Header:
    """The header in `data`; raises `RemoteProtocolError`. Keys are not checked: that is `verify`'s part."""
    values = as_array(codec.decode(data, limits.MAX_HEADER), "header")
    # Another version may have another layout, so it is told apart before anything else is read.
    if not values or as_uint(values[0], "version", limits.MAX_UINT) != VERSION:
        raise RemoteProtocolError(Reason.UNSUPPORTED_VERSION, "only version 1 is known here")
    _, net, kind, author, device, seq, prev, ts, body_len, body_hash, replaces = as_array(
        values, "header", 11
    )
    header = Header(
        net=as_uint(net, "net", 2**16 - 1),
        kind=as_uint(kind, "kind", 2**16 - 1),
        author=AuthorKey(as_key(author, "author")),
        device=DeviceKey(as_key(device, "device")),
        seq=as_uint(seq, "seq", 2**32 - 1),
        prev=None if prev is None else MessageId(as_key(prev, "prev")),
        ts=as_uint(ts, "ts", 2**32 - 1),
        body_len=as_uint(body_len, "body_len", limits.MAX_BODY),
        body_hash=as_key(body_hash, "body_hash"),
        replaces=tuple(map(MessageId, as_list(replaces, "replaces", limits.MAX_REPLACES, as_key))),
    )
    _check_rules(header)
    return header


def _check_rules(header: Header) -> None:
    if header.seq == 0:
        raise out_of_range("seq counts from 1")
    if (header.prev is None) != (header.seq == 1):
        raise wrong_shape("prev is nil exactly when seq is 1")
    if header.replaces and not ascends(header.replaces):
        raise out_of_range("replaces is not ascending")
    if header.replaces and header.is_control:
        raise out_of_range("a control kind replaces nothing")
    if header.body_len > MAX_BYTES.get(header.kind, limits.MAX_BODY):
        raise out_of_range("the body is too long for its kind")


def decode_message(data: bytes) -> Message:
    """The message in `data`, its body's length and hash checked; raises `RemoteProtocolError`.

    Not checked: the signature (`verify`), the body's schema (`kinds.decode_body`), the author's permission.
    """
    header_bytes, signature, body = as_array(codec.decode(data, limits.MAX_MESSAGE), "message", 3)
    header_bytes = as_bytes(header_bytes, "header")
    message = Message(
        id=message_id(header_bytes),
        header=decode_header(header_bytes),
        header_bytes=header_bytes,
        signature=as_bytes(signature, "signature", length=64),
        body=None if body is None else as_bytes(body, "body", most=limits.MAX_BODY),
    )
    check_body(message)
    return message


def claimed_id(data: bytes) -> MessageId | None:
    """The id of the message that these bytes claim to be, nothing checked; None where they have no header.

    What is held under this id need not be decoded.
    """
    try:
        value = codec.read(data, limits.MAX_MESSAGE)
    except RemoteProtocolError:
        return None
    if isinstance(value, tuple) and value and isinstance(value[0], bytes):
        return message_id(value[0])
    return None


def checked_message(data: bytes) -> Message:
    """The message in bytes that `decode_message` took before, not checked again."""
    read = cast(tuple[bytes, bytes, bytes | None], codec.read(data, limits.MAX_MESSAGE))
    return Message(message_id(read[0]), checked_header(read[0]), *read)


def checked_header(data: bytes) -> Header:
    """The header in bytes that `decode_header` took before, not checked again."""
    return Header(*cast(tuple[Any, ...], codec.read(data, limits.MAX_HEADER))[1:])


def check_body(message: Message) -> None:
    """Raises `RemoteProtocolError` (body_mismatch) unless the body is missing or the one that was signed."""
    header, body = message.header, message.body
    if body is not None and (len(body) != header.body_len or body_hash(body) != header.body_hash):
        raise RemoteProtocolError(Reason.BODY_MISMATCH, "the body is not the one that was signed")


def verify(message: Message) -> None:
    """Raises `RemoteProtocolError` (bad_key, bad_signature) unless the device signed this header."""
    keys.verify(message.header.device, message.signature, SIGNATURE_TAG + message.header_bytes)


def message_id(header_bytes: bytes) -> MessageId:
    """The id of the message with this header."""
    return MessageId(keys.hash_for("message", header_bytes))


def body_hash(body: bytes) -> bytes:
    """What a header says of its body: 32 bytes."""
    return keys.hash_for("body", body)


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """Where the next message of a device goes: `seq` and the id before it."""

    seq: int
    prev: MessageId | None


FIRST = ChainPlace(1, None)


def sign_message(
    *,
    seed: bytes,
    author: AuthorKey,
    place: ChainPlace,
    kind: int,
    ts: int,
    body: bytes,
    replaces: Sequence[MessageId] = (),
    net: int = MAIN_NET,
) -> Message:
    """A message signed by the device whose private seed this is; raises `LocalProtocolError`."""
    header = Header(
        net=net,
        kind=kind,
        author=author,
        device=DeviceKey(keys.public_key(seed)),
        seq=place.seq,
        prev=place.prev,
        ts=ts,
        body_len=len(body),
        body_hash=body_hash(body),
        replaces=tuple(sorted(replaces)),
    )
    header_bytes = encode_header(header)
    signature = keys.sign(seed, SIGNATURE_TAG + header_bytes)
    return Message(message_id(header_bytes), header, header_bytes, signature, body)
