"""Linking a device: the code by which a new device asks to be added (specs/07-frames.md, FR-18 to FR-21).

A device of the identity makes an *offer*, which says nothing secret and can pass through anybody, and puts it with a
secret and places to meet into a *code*, which goes from one computer to the other by hand. The new device answers the
offer with a *request* that proves, by the secret, that it saw the code. Who carries request and offer between the two
can withhold them and cannot put another device in the place of this one.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from hedgerow_protocol import codec, keys, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.invite import MAX_DIGITS, Meeting, as_meeting, decode_text, encode_text
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.shape import as_array, as_bytes, as_key, as_list, as_uint, line, out_of_range

VERSION = 1
SIGN = "device"
"""What an offer begins with, so that it is no invite."""
SCHEME = "hedgerow-device:"
OFFER_TAG = b"hedgerow/1/device-offer\0"
REQUEST_TAG = b"hedgerow/1/device-request\0"
UINT32 = 2**32 - 1
_as_name = line(limits.MAX_NAME)


@dataclass(frozen=True, slots=True)
class Offer:
    """A device of `author` would hear who asks to be added, until `expiry` (Unix seconds)."""

    net: int
    author: AuthorKey
    link: bytes
    """32 bytes that follow from the secret of the code: `link_of`."""
    expiry: int


@dataclass(frozen=True, slots=True)
class SignedOffer:
    """An offer as its device signed it. The signature holds; that the device is the author's is a claim."""

    offer: Offer
    device: DeviceKey
    encoded: bytes
    """The form on a link, whole."""


@dataclass(frozen=True, slots=True)
class LinkCode:
    """What one computer shows and the other is given."""

    signed: SignedOffer
    meet: tuple[Meeting, ...]
    secret: bytes
    """`limits.LINK_SECRET` bytes. Whoever has them can ask, and asking is all."""

    def to_text(self) -> str:
        """The form to type or scan: `hedgerow-device:` and base64url without padding."""
        meet = [[one.address, one.device] for one in self.meet]
        return SCHEME + encode_text(codec.encode([self.signed.encoded, meet, self.secret]))


@dataclass(frozen=True, slots=True)
class Request:
    """A new device asks to be added. Its signature holds; what it knows of the secret is `proves`'s to say."""

    link: bytes
    author: AuthorKey
    """Whose device it wants to be."""
    device: DeviceKey
    """The key that is to be added; its private half is on the new device alone."""
    name: str
    """What its owner calls it."""
    ts: int
    encoded: bytes
    """What was signed, and what the proof covers."""
    proof: bytes

    def proves(self, secret: bytes) -> bool:
        """Whether whoever made this has the secret of the code."""
        return hmac.compare_digest(self.proof, _proof(secret, self.encoded))


def link_of(secret: bytes) -> bytes:
    """What stands for a secret where others see it."""
    return keys.hash_for("device-link", secret)


def sign_offer(offer: Offer, device_seed: bytes) -> SignedOffer:
    """Sign an offer; raises `LocalProtocolError` if a rule forbids it."""
    encoded = codec.encode([SIGN, VERSION, offer.net, offer.author, offer.link, offer.expiry])
    signature = keys.sign(device_seed, OFFER_TAG + encoded)
    try:
        return decode_offer(codec.encode([encoded, keys.public_key(device_seed), signature]))
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None


def is_offer(data: bytes) -> bool:
    """Whether these bytes, which came where an invite may stand, are an offer; a whole one or not."""
    try:
        encoded, *_ = as_array(codec.decode(data, limits.MAX_INVITE), "offer", 3)
        values = as_array(codec.decode(as_bytes(encoded, "offer"), limits.MAX_INVITE), "offer")
    except RemoteProtocolError:
        return False
    return values[:1] == (SIGN,)


def decode_offer(data: bytes) -> SignedOffer:
    """The offer in `data`, its signature checked; raises `RemoteProtocolError`."""
    encoded, device, signature = as_array(codec.decode(data, limits.MAX_INVITE), "signed offer", 3)
    inner = as_bytes(encoded, "offer")
    values = as_array(codec.decode(inner, limits.MAX_INVITE), "offer")
    if values[:1] != (SIGN,):
        raise out_of_range("an offer begins with its sign")
    # Another version may have another layout.
    if not values[1:] or as_uint(values[1], "version", limits.MAX_UINT) != VERSION:
        raise RemoteProtocolError(Reason.UNSUPPORTED_VERSION, "only version 1 is known here")
    values = as_array(values, "offer", 6)
    offer = Offer(
        net=as_uint(values[2], "net", 2**16 - 1),
        author=AuthorKey(as_key(values[3], "author")),
        link=as_key(values[4], "link"),
        expiry=as_uint(values[5], "expiry", UINT32),
    )
    signed = SignedOffer(offer, DeviceKey(as_key(device, "device")), data)
    keys.verify(signed.device, as_bytes(signature, "signature", length=64), OFFER_TAG + inner)
    return signed


def make_code(signed: SignedOffer, meet: Sequence[Meeting], secret: bytes) -> LinkCode:
    """The code of an offer; raises `LocalProtocolError` if a rule forbids it."""
    code = LinkCode(signed, tuple(meet), secret)
    try:
        return parse_code(code.to_text())
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None


def parse_code(text: str) -> LinkCode:
    """The code in a text that was typed, pasted or scanned; raises `RemoteProtocolError`."""
    packed = "".join(text.split()).rpartition(SCHEME)[2]
    if len(packed) > MAX_DIGITS:
        raise RemoteProtocolError(Reason.TOO_BIG, "longer than any code")
    values = as_array(codec.decode(decode_text(packed), limits.MAX_INVITE), "code", 3)
    code = LinkCode(
        signed=decode_offer(as_bytes(values[0], "offer")),
        meet=as_list(values[1], "meet", limits.MAX_INVITE_ADDRESSES, as_meeting),
        secret=as_bytes(values[2], "secret", length=limits.LINK_SECRET),
    )
    if not code.meet or link_of(code.secret) != code.signed.offer.link:
        raise out_of_range("no place to meet, or the secret of another offer")
    return code


def sign_request(code: LinkCode, name: str, ts: int, device_seed: bytes) -> bytes:
    """The bytes by which the device of this seed asks to be added; raises `LocalProtocolError` if a rule forbids it."""
    offer = code.signed.offer
    encoded = codec.encode([offer.link, offer.author, keys.public_key(device_seed), name, ts])
    signature = keys.sign(device_seed, REQUEST_TAG + encoded)
    request = codec.encode([encoded, signature, _proof(code.secret, encoded)])
    try:
        decode_request(request)
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None
    return request


def decode_request(data: bytes) -> Request:
    """The request in `data`, its signature checked and its proof not; raises `RemoteProtocolError`."""
    values = as_array(codec.decode(data, limits.MAX_INVITE), "signed request", 3)
    encoded, signature = as_bytes(values[0], "request"), as_bytes(values[1], "signature", length=64)
    link, author, device, name, ts = as_array(codec.decode(encoded, limits.MAX_INVITE), "request", 5)
    request = Request(
        link=as_key(link, "link"),
        author=AuthorKey(as_key(author, "author")),
        device=DeviceKey(as_key(device, "device")),
        name=_as_name(name, "name"),
        ts=as_uint(ts, "ts", UINT32),
        encoded=encoded,
        proof=as_key(values[2], "proof"),
    )
    keys.verify(request.device, signature, REQUEST_TAG + encoded)
    return request


def _proof(secret: bytes, encoded: bytes) -> bytes:
    return hmac.digest(secret, REQUEST_TAG + encoded, "sha256")
