"""Who is at the other end of a link, and the encrypted channel to it (specs/06-handshake.md).

Three Noise messages pass. The first is a bare ephemeral key; the second and the third carry a hello, in which
each side names its device and shows that this device stands behind the static key of the Noise handshake:

    initiator                          responder
    AWAITS_SECOND   -- message 1 -->   AWAITS_FIRST
                    <-- message 2 --   AWAITS_THIRD    the responder's hello
    OVER            -- message 3 -->   OVER            the initiator's hello

The initiator speaks first, and judges the responder before it names itself: nobody but the peer it wants learns
who called. A side is established when it has judged the other's hello; the initiator is so before the responder
is, and hears of a refusal only by the end of the link. Any failure ends the machine, and the driver then closes
the link without an answer. How long each step may take is the driver's business too.

After that a `SecureChannel` carries frames, cut into Noise messages, each direction under its own key.
"""

from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum, auto

from hedgerow_protocol import codec, keys, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.noise import CipherState, HandshakeState
from hedgerow_protocol.shape import as_array, as_bytes, as_key, as_text, as_uint, out_of_range, wrong_shape

SUBPROTOCOL = "hedgerow.1"
"""The WebSocket subprotocol of this specification."""
PROLOGUE_TAG = "hedgerow/1"
CERTIFICATE_TAG = b"hedgerow/1/noise-static\0"


class Role(IntEnum):
    """What a node offers to be: leaf, or part of the mesh that carries gossip."""

    EDGE = 0
    CORE = 1


@dataclass(frozen=True, slots=True)
class Subprotocols:
    """What the WebSocket upgrade settled in the clear: bound into the handshake, so that nobody can lower it."""

    offered: tuple[str, ...] = (SUBPROTOCOL,)
    """By the dialling side, in the order of the header as received."""
    chosen: str = SUBPROTOCOL
    """By the listening side."""

    def prologue(self, net: int) -> bytes:
        """The handshake's prologue.

        Raises `RemoteProtocolError` (bad_handshake) for a choice that was not offered and for an offer that is
        too long or not of printable ASCII.
        """
        if len(self.offered) > limits.MAX_SUBPROTOCOLS or not all(map(_is_subprotocol, self.offered)):
            raise _bad_handshake("an offer of subprotocols that no honest peer makes")
        if self.chosen not in self.offered:
            raise _bad_handshake("the chosen subprotocol was not offered")
        return codec.encode([PROLOGUE_TAG, net, self.offered, self.chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What one side says of itself. Keys of 32 bytes, times in Unix seconds."""

    device: DeviceKey
    author: AuthorKey
    """Whom the device claims to belong to: a claim, until the author's identity log was seen to name the device."""
    certificate: bytes
    """64 bytes: see `certify`."""
    not_after: int
    """When the certificate ends."""
    min_v: int = limits.LINK_VERSION
    max_v: int = limits.LINK_VERSION
    """The versions of frames it speaks, both ends included."""
    features: bytes = bytes(limits.FEATURES)
    """8 bytes; feature i is the bit 1 << (i % 8) of byte i // 8. Unknown bits say nothing."""
    role: Role
    agent: str
    """Name and version of the program, at most 64 bytes: for people only, no behaviour may hang on it."""
    clock: int = 0
    """Its clock when it sent this; the machine sets our own."""


def encode_hello(hello: Hello) -> bytes:
    """The canonical bytes of `hello`; raises `LocalProtocolError` if a rule forbids it."""
    encoded = codec.encode(
        [
            hello.device,
            hello.author,
            hello.certificate,
            hello.not_after,
            hello.min_v,
            hello.max_v,
            hello.features,
            int(hello.role),
            hello.agent,
            hello.clock,
        ]
    )
    try:
        decode_hello(encoded)
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None
    return encoded


def decode_hello(data: bytes) -> Hello:
    """The hello in `data`; raises `RemoteProtocolError`. The certificate is not checked: see `check_certificate`."""
    values = as_array(codec.decode(data, limits.MAX_FRAME_BEFORE_AUTHENTICATION), "hello", 10)
    device, author, certificate, not_after, min_v, max_v, features, role, agent, clock = values
    hello = Hello(
        device=DeviceKey(as_key(device, "device")),
        author=AuthorKey(as_key(author, "author")),
        certificate=as_bytes(certificate, "certificate", length=64),
        not_after=as_uint(not_after, "not_after", 2**32 - 1),
        min_v=as_uint(min_v, "min_v", 2**8 - 1),
        max_v=as_uint(max_v, "max_v", 2**8 - 1),
        features=as_bytes(features, "features", length=limits.FEATURES),
        role=Role(as_uint(role, "role", max(Role))),
        agent=as_text(agent, "agent", limits.MAX_AGENT),
        clock=as_uint(clock, "clock", 2**32 - 1),
    )
    if hello.min_v > hello.max_v:
        raise out_of_range("min_v is above max_v")
    return hello


def certify(device_seed: bytes, net: int, author: AuthorKey, static: bytes, not_after: int) -> bytes:
    """The certificate by which a device vouches for a Noise key on one network: 64 bytes.

    `device_seed` is the device's private Ed25519 seed, `static` the *public* X25519 key, 32 bytes each;
    `not_after` Unix seconds, at most 30 days after the handshake. Raises `LocalProtocolError`.
    """
    if len(author) != 32 or len(static) != 32 or not 0 <= net < 2**16 or not 0 <= not_after < 2**32:
        raise LocalProtocolError("a certificate over something of the wrong size")
    return keys.sign(device_seed, _certified(net, author, static, not_after))


def check_certificate(hello: Hello, net: int, static: bytes, now: float) -> None:
    """Raises `RemoteProtocolError` (bad_certificate) unless the device vouches for the public key `static` now.

    `now` is Unix seconds. Not checked: that the device belongs to the author.
    """
    last = now + limits.CERTIFICATE_DAYS * limits.SECONDS_PER_DAY + limits.CERTIFICATE_CLOCK_SKEW
    if hello.not_after < now - limits.CERTIFICATE_CLOCK_SKEW:
        raise _bad_certificate("it has ended")
    if hello.not_after > last:
        raise _bad_certificate(f"it lasts longer than {limits.CERTIFICATE_DAYS} days")
    try:
        keys.verify(hello.device, hello.certificate, _certified(net, hello.author, static, hello.not_after))
    except RemoteProtocolError as error:
        raise _bad_certificate(str(error)) from None


def _certified(net: int, author: AuthorKey, static: bytes, not_after: int) -> bytes:
    return CERTIFICATE_TAG + net.to_bytes(2) + author + static + not_after.to_bytes(4)


@dataclass(frozen=True, slots=True)
class OwnEnd:
    """What our side brings to every handshake; raises `LocalProtocolError` when made of what no peer accepts.

    Not checked: that the certificate in `hello` holds for `static`.
    """

    net: int
    static: bytes = field(repr=False)
    """The private X25519 key that the certificate speaks of, 32 bytes."""
    hello: Hello
    """What we say of ourselves, its `clock` apart."""

    def __post_init__(self) -> None:
        if not 0 <= self.net < 2**16:
            raise LocalProtocolError(f"the network {self.net}")
        encode_hello(self.hello)

    def encode_hello(self, now: float) -> bytes:
        """The bytes to send at `now`, in Unix seconds."""
        return encode_hello(replace(self.hello, clock=int(now)))


@dataclass(frozen=True, slots=True)
class Established:
    """An authenticated link: the other side holds the device key it names and can read what we seal."""

    channel: "SecureChannel"
    peer: Hello
    version: int
    """The highest version of frames that both speak."""
    features: bytes
    """8 bytes: the feature bits that both set."""
    is_initiator: bool
    handshake_hash: bytes
    """32 bytes that name this link, the same on both sides."""


@dataclass(frozen=True, slots=True)
class HandshakeStep:
    """What follows from one message: bytes to send first, if any, then the link, if it is there."""

    reply: bytes | None
    established: Established | None


class _State(Enum):
    AWAITS_FIRST = auto()
    AWAITS_SECOND = auto()
    AWAITS_THIRD = auto()
    OVER = auto()


class Handshake:
    """One side's handshake on one link; made by `initiate` or `respond`.

    `ephemeral` is 32 bytes, fresh from a secure source and never used again.
    """

    def __init__(self, own: OwnEnd, noise: HandshakeState, state: _State, expected: DeviceKey | None) -> None:
        self._own = own
        self._noise = noise
        self._state = state
        self._expected = expected

    @classmethod
    def initiate(
        cls, own: OwnEnd, subprotocols: Subprotocols, ephemeral: bytes, expected_device: DeviceKey | None
    ) -> tuple["Handshake", bytes]:
        """The dialling side, and the first message to send.

        `expected_device` is the key that an invite or a list named; None accepts any peer.
        """
        noise = _noise(own, subprotocols, ephemeral, is_initiator=True)
        return cls(own, noise, _State.AWAITS_SECOND, expected_device), noise.write_message(b"")

    @classmethod
    def respond(cls, own: OwnEnd, subprotocols: Subprotocols, ephemeral: bytes) -> "Handshake":
        """The listening side, which accepts any peer."""
        noise = _noise(own, subprotocols, ephemeral, is_initiator=False)
        return cls(own, noise, _State.AWAITS_FIRST, None)

    def on_message(self, data: bytes, now: float) -> HandshakeStep:
        """Take the other side's next message; `now` is Unix seconds.

        Raises `RemoteProtocolError` for whatever is wrong with it, and for everything after such an error or
        after the link is established.
        """
        # Over unless the end is reached, so no path out of an error leaves a machine that goes on.
        state, self._state = self._state, _State.OVER
        if len(data) > limits.MAX_FRAME_BEFORE_AUTHENTICATION:
            raise RemoteProtocolError(
                Reason.TOO_BIG,
                f"a handshake message of {len(data)} bytes",
                "MAX_FRAME_BEFORE_AUTHENTICATION",
            )
        match state:
            case _State.AWAITS_FIRST:
                return self._on_first(data, now)
            case _State.AWAITS_SECOND:
                return self._on_second(data, now)
            case _State.AWAITS_THIRD:
                return self._on_third(data, now)
            case _State.OVER:
                raise _bad_handshake("the handshake is over")

    def _on_first(self, data: bytes, now: float) -> HandshakeStep:
        if self._noise.read_message(data):
            raise _bad_handshake("the first message carries a payload")
        reply = self._noise.write_message(self._own.encode_hello(now))
        self._state = _State.AWAITS_THIRD
        return HandshakeStep(reply, None)

    def _on_second(self, data: bytes, now: float) -> HandshakeStep:
        peer = decode_hello(self._noise.read_message(data))
        version = self._judge(peer, now)
        reply = self._noise.write_message(self._own.encode_hello(now))
        return HandshakeStep(reply, self._establish(peer, version, is_initiator=True))

    def _on_third(self, data: bytes, now: float) -> HandshakeStep:
        peer = decode_hello(self._noise.read_message(data))
        version = self._judge(peer, now)
        return HandshakeStep(None, self._establish(peer, version, is_initiator=False))

    def _judge(self, peer: Hello, now: float) -> int:
        """The version to speak with `peer`; raises `RemoteProtocolError` for one not to speak with."""
        if self._expected not in (None, peer.device):
            raise RemoteProtocolError(Reason.WRONG_PEER, "another device answers at this address")
        if peer.device == self._own.hello.device:
            raise RemoteProtocolError(Reason.WRONG_PEER, "the device at the other end is this one")
        check_certificate(peer, self._own.net, self._noise.remote_static, now)
        version = min(self._own.hello.max_v, peer.max_v)
        if version < max(self._own.hello.min_v, peer.min_v):
            raise RemoteProtocolError(Reason.UNSUPPORTED_VERSION, f"it speaks {peer.min_v} to {peer.max_v}")
        return version

    def _establish(self, peer: Hello, version: int, *, is_initiator: bool) -> Established:
        split = self._noise.split()
        common = bytes(a & b for a, b in zip(self._own.hello.features, peer.features, strict=True))
        channel = SecureChannel(split.sending, split.receiving)
        return Established(channel, peer, version, common, is_initiator, split.handshake_hash)


class SecureChannel:
    """Frames over the two ciphers of a finished handshake; one error from outside ends both directions.

    A frame travels as one or more Noise messages. The first byte of each one's plaintext says whether more
    follow; a frame has exactly one division, because all chunks but the last are full and none is empty.
    """

    MORE = b"\x01"
    LAST = b"\x00"

    def __init__(self, sending: CipherState, receiving: CipherState) -> None:
        self._sending = sending
        self._receiving = receiving
        self._chunks: list[bytes] = []
        self.is_dead = False
        """Whether an error from outside has ended it."""

    def seal(self, frame: bytes) -> list[bytes]:
        """The Noise messages that carry `frame` (1 byte to 256 KiB), to be sent in this order, none left out.

        Raises `LocalProtocolError` for a frame of another size, and after an error in `open`.
        """
        if self.is_dead:
            raise LocalProtocolError("the channel has failed")
        if not 0 < len(frame) <= limits.MAX_FRAME:
            raise LocalProtocolError(f"a frame of {len(frame)} bytes")
        if len(frame) <= limits.MAX_CHUNK:
            return [self._seal_one(self.LAST + frame)]
        chunks = [frame[at : at + limits.MAX_CHUNK] for at in range(0, len(frame), limits.MAX_CHUNK)]
        marks = [self.MORE] * (len(chunks) - 1) + [self.LAST]
        return [self._seal_one(mark + chunk) for mark, chunk in zip(marks, chunks, strict=True)]

    def open(self, data: bytes) -> bytes | None:
        """Take one Noise message; the whole frame when this was its last, else None.

        Raises `RemoteProtocolError` (too_big, bad_handshake, wrong_shape), and from then on for everything.
        """
        if self.is_dead:
            raise _bad_handshake("the channel has failed")
        try:
            return self._take(self._open_one(data))
        except RemoteProtocolError:
            self.is_dead = True
            raise

    def _seal_one(self, plaintext: bytes) -> bytes:
        message = self._sending.encrypt(plaintext)
        _rekey_when_due(self._sending)
        return message

    def _open_one(self, data: bytes) -> bytes:
        plaintext = self._receiving.decrypt(data)
        _rekey_when_due(self._receiving)
        return plaintext

    def _take(self, plaintext: bytes) -> bytes | None:
        first, chunk = plaintext[:1], plaintext[1:]
        _check_chunk(first, chunk)
        self._chunks.append(chunk)
        if sum(map(len, self._chunks)) > limits.MAX_FRAME:
            raise RemoteProtocolError(
                Reason.TOO_BIG, f"a frame of more than {limits.MAX_FRAME} bytes", "MAX_FRAME"
            )
        if first == self.MORE:
            return None
        frame = b"".join(self._chunks)
        self._chunks.clear()
        return frame


def _check_chunk(first: bytes, chunk: bytes) -> None:
    if first not in (SecureChannel.MORE, SecureChannel.LAST):
        raise wrong_shape("a chunk says neither more nor last")
    if not chunk:
        raise wrong_shape("an empty chunk")
    if first == SecureChannel.MORE and len(chunk) < limits.MAX_CHUNK:
        raise wrong_shape("a chunk that is not full and not the last")


def _rekey_when_due(cipher: CipherState) -> None:
    # The nonce runs on over a new key, so it counts this direction's messages.
    if cipher.nonce % limits.REKEY_AFTER == 0:
        cipher.rekey()


def _noise(
    own: OwnEnd, subprotocols: Subprotocols, ephemeral: bytes, *, is_initiator: bool
) -> HandshakeState:
    prologue = subprotocols.prologue(own.net)
    return HandshakeState(
        is_initiator=is_initiator, prologue=prologue, static=own.static, ephemeral=ephemeral
    )


def _is_subprotocol(name: str) -> bool:
    return 0 < len(name) <= limits.MAX_SUBPROTOCOL and name.isascii() and name.isprintable()


def _bad_handshake(detail: str) -> RemoteProtocolError:
    return RemoteProtocolError(Reason.BAD_HANDSHAKE, detail)


def _bad_certificate(detail: str) -> RemoteProtocolError:
    return RemoteProtocolError(Reason.BAD_CERTIFICATE, detail)
