"""Headers and messages, written from spec 03 alone: read, verified, made."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from encoding import MAX_UINT, check, decode, encode, hash_for, verify
from shapes import KEY, UINT16, UINT32, array, data, items, optional, uint

MAX_BODY, MAX_CONTROL_BODY, MAX_HEADER, MAX_MESSAGE = 32_768, 4_096, 512, 33_408
RECEIPT, MAX_RECEIPT = 13, 512
CONTROL_KINDS = {0, 1, *range(80, 100)}
HEADER = {
    **{"net": UINT16, "kind": UINT16, "author": KEY, "device": KEY, "seq": UINT32, "prev": optional(KEY)},
    **{"ts": UINT32, "body_len": uint(MAX_BODY), "body_hash": KEY, "replaces": items(4, KEY)},
}


def decode_header(packed):
    """The fields of a header by name (ME-2 to ME-5)."""
    values = array(decode(packed, MAX_HEADER))
    check(bool(values) and uint(MAX_UINT)(values[0]) == 1, "unsupported_version")
    array(values, 11)
    header = {name: checked(value) for (name, checked), value in zip(HEADER.items(), values[1:])}
    check(header["seq"] > 0, "out_of_range")
    check((header["prev"] is None) == (header["seq"] == 1), "wrong_shape")
    check(list(header["replaces"]) == sorted(set(header["replaces"])), "out_of_range")
    is_control = header["kind"] in CONTROL_KINDS
    check(not (is_control and header["replaces"]), "out_of_range")
    most = MAX_CONTROL_BODY if is_control else MAX_RECEIPT if header["kind"] == RECEIPT else MAX_BODY
    check(header["body_len"] <= most, "out_of_range")
    return header


def decode_message(packed):
    """{id, header, header_bytes, signature, body}: steps 1 to 5 of ME-10."""
    header_bytes, signature, body = array(decode(packed, MAX_MESSAGE), 3)
    header = decode_header(data()(header_bytes))
    data(64)(signature)
    if body is not None:
        data(most=MAX_BODY)(body)
        measured = header["body_len"] == len(body) and header["body_hash"] == hash_for("body", body)
        check(measured, "body_mismatch")
    names = ("id", "header", "header_bytes", "signature", "body")
    return dict(zip(names, (hash_for("message", header_bytes), header, header_bytes, signature, body)))


def verify_message(message):
    """ME-8."""
    verify(message["header"]["device"], message["signature"], b"hedgerow/1/sig\0" + message["header_bytes"])


def make_message(seed, author, kind, body, ts, net=1, seq=1, prev=None, replaces=()):
    """The bytes of a signed message; nothing is checked."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    device = key.public_key().public_bytes_raw()
    header = encode(
        [1, net, kind, author, device, seq, prev, ts, len(body), hash_for("body", body), list(replaces)]
    )
    return encode([header, key.sign(b"hedgerow/1/sig\0" + header), body])
