"""Lists of nodes: a file of address records that somebody puts their name to (specs/11-discovery.md, DI-10).

Who makes a list says: begin with these. The records are those of the nodes themselves, and each of them is judged as
if it had come over a link, but for its time: a list is read long after it was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hedgerow_protocol import codec, keys, limits
from hedgerow_protocol.address_record import SignedAddress, decode_record
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.invite import decode_text, encode_text
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.shape import as_array, as_bytes, as_key, as_list, as_uint, line, out_of_range

VERSION = 1
SCHEME = "hedgerow-nodes:"
LIST_TAG = b"hedgerow/1/node-list\0"
UINT32 = 2**32 - 1
MAX_DIGITS = -(-4 * limits.MAX_NODE_LIST // 3)
"""Digits of base64url in the text of the longest list."""
_as_name = line(limits.MAX_NAME)


@dataclass(frozen=True, slots=True)
class NodeList:
    """A list of nodes. The signature holds; that the device is the author's is a claim."""

    net: int
    device: DeviceKey
    """Who signed it."""
    author: AuthorKey
    """Whose list it claims to be."""
    name: str
    ts: int
    """When it was made, in Unix seconds."""
    nodes: tuple[SignedAddress, ...]
    encoded: bytes

    def to_text(self) -> str:
        """The text of the file: `hedgerow-nodes:` and base64url without padding."""
        return SCHEME + encode_text(self.encoded)


def sign_list(
    net: int, author: AuthorKey, name: str, ts: int, nodes: Sequence[SignedAddress], device_seed: bytes
) -> NodeList:
    """Sign a list; raises `LocalProtocolError` if a rule forbids it."""
    records = [node.encoded for node in nodes]
    encoded = codec.encode([VERSION, net, keys.public_key(device_seed), author, name, ts, records])
    signature = keys.sign(device_seed, LIST_TAG + encoded)
    try:
        return decode_list(codec.encode([encoded, signature]))
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None


def parse_list(text: str) -> NodeList:
    """The list in a text, white space left out; raises `RemoteProtocolError`."""
    packed = "".join(text.split()).rpartition(SCHEME)[2]
    if len(packed) > MAX_DIGITS:
        raise RemoteProtocolError(Reason.TOO_BIG, "longer than any list")
    return decode_list(decode_text(packed))


def decode_list(data: bytes) -> NodeList:
    """The list in `data`, its signature and those of its records checked; raises `RemoteProtocolError`."""
    encoded, signature = as_array(codec.decode(data, limits.MAX_NODE_LIST), "signed list", 2)
    inner = as_bytes(encoded, "list")
    found = _decode(inner, data)
    keys.verify(found.device, as_bytes(signature, "signature", length=64), LIST_TAG + inner)
    return found


def _decode(inner: bytes, whole: bytes) -> NodeList:
    values = as_array(codec.decode(inner, limits.MAX_NODE_LIST), "list")
    if not values or as_uint(values[0], "version", limits.MAX_UINT) != VERSION:
        raise RemoteProtocolError(Reason.UNSUPPORTED_VERSION, "only version 1 is known here")
    _, net, device, author, name, ts, nodes = as_array(values, "list", 7)
    found = NodeList(
        net=as_uint(net, "net", 2**16 - 1),
        device=DeviceKey(as_key(device, "device")),
        author=AuthorKey(as_key(author, "author")),
        name=_as_name(name, "name"),
        ts=as_uint(ts, "ts", UINT32),
        nodes=as_list(nodes, "nodes", limits.MAX_LISTED_NODES, _as_node),
        encoded=whole,
    )
    if not found.nodes or any(node.record.net != found.net for node in found.nodes):
        raise out_of_range("no node, or one of another network")
    return found


def _as_node(value: object, what: str) -> SignedAddress:
    return decode_record(as_bytes(value, what))
