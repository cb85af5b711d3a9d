"""Invites: one text with which somebody joins somebody else, and the answer to it (specs/07-frames.md).

An invite is a canonical array signed by the inviter's device. Whoever accepts signs an acceptance that names it and
brings their own inception, so that the inviter can check it without having their log.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from hedgerow_protocol import codec, keys, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind, decode_extra
from hedgerow_protocol.message import Message, decode_message, verify
from hedgerow_protocol.shape import (
    as_array,
    as_bytes,
    as_key,
    as_list,
    as_uint,
    ascends,
    line,
    out_of_range,
)

VERSION = 1
SCHEME = "hedgerow-invite:"
INVITE_TAG = b"hedgerow/1/invite\0"
ACCEPTANCE_TAG = b"hedgerow/1/acceptance\0"
UINT32 = 2**32 - 1
MAX_DIGITS = -(-4 * limits.MAX_INVITE // 3)
"""Digits of base64url in the text of the longest invite."""
PLACE = re.compile("wss?://[\x21-\x7e]+")
_as_name = line(limits.MAX_NAME)
_as_address = line(limits.MAX_ADDRESS)


class InviteExtra(IntEnum):
    """Keys of the open end of an invite."""

    MESSAGES = 1
    """How many messages the joiner will get, as counted when the invite was made."""
    MEMBERSHIP = 2
    """1: the inviter is a seed and makes members; the two do not follow each other."""


class Verdict(IntEnum):
    """What becomes of an acceptance."""

    DONE = 0
    FORWARDED = 1
    """The inviter is not here; he gets it as soon as he comes."""
    EXPIRED = 2
    USED_UP = 3
    NOT_CARRIED = 4
    """This node does not carry the inviter."""
    INVALID = 5
    """Not an invite of this inviter, or not an acceptance of it."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where the inviter can be met: an address (ws: or wss:) and the device that must answer there."""

    address: str
    device: DeviceKey


@dataclass(frozen=True, slots=True)
class Invite:
    """What an invite says."""

    net: int
    inviter: AuthorKey
    name: str
    meet: tuple[Meeting, ...]
    token: bytes
    """16 secret bytes: whoever has them may join."""
    expiry: int
    """Unix seconds after which it is void."""
    uses: int
    """How many people may accept it."""
    follows: tuple[AuthorKey, ...] = ()
    """Whom the joiner will follow besides the inviter, ascending."""
    extra: tuple[tuple[int, object], ...] = ()

    @property
    def makes_member(self) -> bool:
        """Whether a seed invites: the joiner becomes its member."""
        return self._number(InviteExtra.MEMBERSHIP) == 1

    @property
    def messages(self) -> int | None:
        """How many messages the joiner will get, if the invite says so."""
        return self._number(InviteExtra.MESSAGES)

    def _number(self, key: InviteExtra) -> int | None:
        # For Python true is 1, but not for everyone who reads the same bytes.
        value = dict(self.extra).get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class SignedInvite:
    """An invite with the bytes that were signed. The signature holds; that the device is the inviter's is a claim
    until his log is checked."""

    invite: Invite
    encoded: bytes
    device: DeviceKey
    signature: bytes

    @property
    def id(self) -> bytes:
        """32 bytes that name this invite."""
        return keys.hash_for("invite", self.encoded)

    def to_bytes(self) -> bytes:
        """The form on a link."""
        return codec.encode([self.encoded, self.device, self.signature])

    def to_text(self) -> str:
        """The form to paste: `hedgerow-invite:` and base64url without padding."""
        return SCHEME + encode_text(self.to_bytes())


def sign_invite(invite: Invite, device_seed: bytes) -> SignedInvite:
    """Sign an invite; raises `LocalProtocolError` if a rule forbids it."""
    meet = [[one.address, one.device] for one in invite.meet]
    encoded = codec.encode(
        [
            VERSION,
            invite.net,
            invite.inviter,
            invite.name,
            meet,
            invite.token,
            invite.expiry,
            invite.uses,
            invite.follows,
            invite.extra,
        ]
    )
    signature = keys.sign(device_seed, INVITE_TAG + encoded)
    try:
        return decode_signed_invite(codec.encode([encoded, keys.public_key(device_seed), signature]))
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None


def decode_signed_invite(data: bytes) -> SignedInvite:
    """The invite in `data`, its signature checked; raises `RemoteProtocolError`."""
    encoded, device, signature = as_array(codec.decode(data, limits.MAX_INVITE), "signed invite", 3)
    signed = SignedInvite(
        _decode_invite(as_bytes(encoded, "invite")),
        as_bytes(encoded, "invite"),
        DeviceKey(as_key(device, "device")),
        as_bytes(signature, "signature", length=64),
    )
    keys.verify(signed.device, signed.signature, INVITE_TAG + signed.encoded)
    return signed


def parse_invite(text: str) -> SignedInvite:
    """The invite in a text or link that was pasted, white space left out; raises `RemoteProtocolError`."""
    text = "".join(text.split())
    _, found, rest = text.rpartition(SCHEME)
    packed = rest if found else text.rpartition("#")[2]
    if len(packed) > MAX_DIGITS:
        raise RemoteProtocolError(Reason.TOO_BIG, "longer than any invite")
    return decode_signed_invite(decode_text(packed))


def decode_text(packed: str) -> bytes:
    """The bytes behind base64url without padding, in its one form; raises `RemoteProtocolError`."""
    try:
        data = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    except (Base64Error, ValueError):
        raise RemoteProtocolError(Reason.NOT_CANONICAL, "not base64url") from None
    # The library passes over letters that do not belong there, and over bits that belong to no byte.
    if encode_text(data) != packed:
        raise RemoteProtocolError(Reason.NOT_CANONICAL, "not the one form in base64url")
    return data


def encode_text(data: bytes) -> str:
    """`data` in base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decode_invite(data: bytes) -> Invite:
    values = as_array(codec.decode(data, limits.MAX_INVITE), "invite")
    if not values or as_uint(values[0], "version", limits.MAX_UINT) != VERSION:
        raise RemoteProtocolError(Reason.UNSUPPORTED_VERSION, "only version 1 is known here")
    _, net, inviter, name, meet, token, expiry, uses, follows, extra = as_array(values, "invite", 10)
    invite = Invite(
        net=as_uint(net, "net", 2**16 - 1),
        inviter=AuthorKey(as_key(inviter, "inviter")),
        name=_as_name(name, "name"),
        meet=as_list(meet, "meet", limits.MAX_INVITE_ADDRESSES, as_meeting),
        token=as_bytes(token, "token", length=limits.INVITE_TOKEN),
        expiry=as_uint(expiry, "expiry", UINT32),
        uses=as_uint(uses, "uses", 2**16 - 1),
        follows=tuple(map(AuthorKey, as_list(follows, "follows", limits.MAX_INVITE_FOLLOWS, as_key))),
        extra=decode_extra(extra),
    )
    if not invite.meet or not ascends(invite.follows):
        raise out_of_range("no place to meet, or follows do not ascend")
    return invite


def as_meeting(value: object, what: str) -> Meeting:
    """A place to meet as it stands in an invite; raises `RemoteProtocolError`."""
    address, device = as_array(value, what, 2)
    text = _as_address(address, what)
    if not PLACE.fullmatch(text):
        raise out_of_range("an address to meet is ws:// or wss:// and more in printable ASCII")
    return Meeting(text, DeviceKey(as_key(device, what)))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Somebody accepts an invite; made for one invite, by a device that is live by the log it brings."""

    invite: bytes
    """The id of the invite."""
    author: AuthorKey
    device: DeviceKey
    name: str
    ts: int
    log: tuple[Message, ...]
    """The author's inception, and where it does not name the device the entries by which it is live."""


def sign_acceptance(
    signed: SignedInvite,
    inception: Message,
    name: str,
    ts: int,
    device_seed: bytes,
    later: Sequence[Message] = (),
) -> bytes:
    """The bytes of an acceptance by the author of this inception; raises `LocalProtocolError` if a rule forbids it.

    `later` are the other entries of the log, where the inception does not name the device.
    """
    device = keys.public_key(device_seed)
    encoded = codec.encode([signed.id, inception.header.author, device, name, ts])
    signature = keys.sign(device_seed, ACCEPTANCE_TAG + encoded)
    log: object = [one.encode() for one in (inception, *later)] if later else inception.encode()
    acceptance = codec.encode([encoded, signature, log])
    try:
        decode_acceptance(acceptance)
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None
    return acceptance


def decode_acceptance(data: bytes) -> Acceptance:
    """The acceptance in `data`; signatures and the device's authority are checked. Raises `RemoteProtocolError`."""
    values = as_array(codec.decode(data, limits.MAX_INVITE), "signed acceptance", 3)
    encoded, signature = as_bytes(values[0], "acceptance"), as_bytes(values[1], "signature", length=64)
    log = tuple(map(decode_message, _as_log(values[2])))
    invite, author, device, name, ts = as_array(codec.decode(encoded, limits.MAX_INVITE), "acceptance", 5)
    acceptance = Acceptance(
        invite=as_key(invite, "invite"),
        author=AuthorKey(as_key(author, "author")),
        device=DeviceKey(as_key(device, "device")),
        name=_as_name(name, "name"),
        ts=as_uint(ts, "ts", UINT32),
        log=log,
    )
    _check_acceptance(acceptance)
    keys.verify(acceptance.device, signature, ACCEPTANCE_TAG + encoded)
    return acceptance


def _as_log(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, tuple):
        return (as_bytes(value, "inception"),)
    if len(value) < 2:
        raise out_of_range("a log of one entry stands alone")
    return as_list(value, "log", limits.MAX_LOG_ENTRIES, as_bytes)


def _check_acceptance(acceptance: Acceptance) -> None:
    identities = Identities()
    for entry in acceptance.log:
        verify(entry)
    for entry in acceptance.log:
        if entry.header.kind != Kind.IDENTITY or entry.header.author != acceptance.author:
            raise out_of_range("an entry is of another author's log")
    for entry in acceptance.log:
        identities.learn(entry)
    if acceptance.device not in identities.devices_of(acceptance.author):
        raise RemoteProtocolError(Reason.BAD_KEY, "the log that was brought does not name the device")
