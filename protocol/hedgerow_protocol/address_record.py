"""Address records: a node that others may dial says where, signed by its device (specs/11-discovery.md).

A record passes from node to node and is judged by itself. It says nothing of who made the addresses: whoever has a
device key can write any. Only a handshake at one of them shows that the device is there.
"""

import re
from dataclasses import dataclass

from hedgerow_protocol import codec, keys, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.handshake import Role
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.shape import as_array, as_bytes, as_key, as_list, as_text, as_uint, line, out_of_range

VERSION = 1
RECORD_TAG = b"hedgerow/1/address\0"
UINT32 = 2**32 - 1
PLACE = re.compile(r"wss?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?/[\x21-\x7e]*")
"""One way to write an address: lower case, a path, nobody's name in it."""
_as_label = line(limits.MAX_ADDRESS_LABEL)


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """Where a core node can be dialled."""

    net: int
    device: DeviceKey
    """The one that answers there, and that signs this."""
    author: AuthorKey
    """Whose node it claims to be."""
    addresses: tuple[str, ...]
    """ws://… or wss://…, distinct, those that the node likes better first."""
    ts: int
    """When it was made, in Unix seconds: of two by one device the later counts."""
    ttl: int
    """Seconds from then for which it holds."""
    label: str = ""
    """What people may read: a name that nobody checked."""

    @property
    def expiry(self) -> int:
        """Unix seconds after which it says nothing any more."""
        return self.ts + self.ttl

    def is_due(self, now: float) -> bool:
        """Whether it holds at `now`, in Unix seconds: neither expired nor from a clock that is ahead."""
        return self.ts <= now + limits.FUTURE_SECONDS and now <= self.expiry


@dataclass(frozen=True, slots=True)
class SignedAddress:
    """A record with the bytes of its form on a link. The signature holds."""

    record: AddressRecord
    encoded: bytes


def is_place(address: str) -> bool:
    """Whether a record may name this address."""
    return PLACE.fullmatch(address) is not None


def sign_record(record: AddressRecord, device_seed: bytes) -> SignedAddress:
    """Sign a record; raises `LocalProtocolError` if a rule forbids it."""
    encoded = codec.encode(
        [
            VERSION,
            record.net,
            record.device,
            record.author,
            record.addresses,
            Role.CORE,
            record.ts,
            record.ttl,
            record.label,
        ]
    )
    signature = keys.sign(device_seed, RECORD_TAG + encoded)
    try:
        return decode_record(codec.encode([encoded, signature]))
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None


def decode_record(data: bytes) -> SignedAddress:
    """The record in `data`, its signature checked; raises `RemoteProtocolError`."""
    encoded, signature = as_array(codec.decode(data, limits.MAX_ADDRESS_RECORD), "signed record", 2)
    inner = as_bytes(encoded, "record")
    record = _decode(inner)
    keys.verify(record.device, as_bytes(signature, "signature", length=64), RECORD_TAG + inner)
    return SignedAddress(record, data)


def _decode(data: bytes) -> AddressRecord:
    values = as_array(codec.decode(data, limits.MAX_ADDRESS_RECORD), "record")
    if not values or as_uint(values[0], "version", limits.MAX_UINT) != VERSION:
        raise RemoteProtocolError(Reason.UNSUPPORTED_VERSION, "only version 1 is known here")
    _, net, device, author, addresses, role, ts, ttl, label = as_array(values, "record", 9)
    record = AddressRecord(
        net=as_uint(net, "net", 2**16 - 1),
        device=DeviceKey(as_key(device, "device")),
        author=AuthorKey(as_key(author, "author")),
        addresses=as_list(addresses, "addresses", limits.MAX_RECORD_ADDRESSES, _as_place),
        ts=as_uint(ts, "ts", UINT32),
        ttl=as_uint(ttl, "ttl", limits.MAX_ADDRESS_LIFE),
        label=_as_label(label, "label"),
    )
    if as_uint(role, "role", max(Role)) != Role.CORE:
        raise out_of_range("only a core node has an address")
    if not record.addresses or len(set(record.addresses)) < len(record.addresses):
        raise out_of_range("no address, or one of them twice")
    return record


def _as_place(value: object, what: str) -> str:
    address = as_text(value, what, limits.MAX_ADDRESS_RECORD)
    if not is_place(address):
        raise out_of_range("not the one form of an address: ws:// or wss://, a host in lower case, a path")
    return address
