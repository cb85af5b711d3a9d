"""Values, hashes, base58 and strict signatures, written from spec 02 alone, with `cryptography` and `msgpack`."""

import re
from hashlib import sha256

import msgpack
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    """Bytes that break a rule; `args[0]` is the reason."""


def check(holds, reason):
    """Refuse for this reason unless something holds."""
    if not holds:
        raise Refused(reason)


MAX_UINT, MAX_ARRAY, MAX_DEPTH = 2**53 - 1, 1_024, 8
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def encode(value):
    """The one encoding of a value: arrays as lists or tuples (EN-1)."""
    return msgpack.packb(value, use_bin_type=True)


def decode(data, max_size):
    """The value in `data`, arrays as tuples (EN-7)."""
    check(len(data) <= max_size, "too_big")
    try:
        value = msgpack.unpackb(
            data, use_list=False, raw=False, max_array_len=MAX_ARRAY, max_map_len=0, max_ext_len=0
        )
        check(is_allowed(value, MAX_DEPTH), "not_canonical")
        check(encode(value) == data, "not_canonical")
    except (ValueError, OverflowError, RecursionError, msgpack.UnpackException):
        raise Refused("not_canonical") from None
    return value


def is_allowed(value, depth):
    """Whether a decoded value has an allowed type, range, text and depth (EN-1 to EN-5)."""
    if type(value) is tuple:  # an extension is a tuple of a type of its own
        return depth > 0 and all(is_allowed(one, depth - 1) for one in value)
    if isinstance(value, str):
        return not CONTROLS.search(value)
    if isinstance(value, int):  # true and false too
        return 0 <= value <= MAX_UINT
    return value is None or isinstance(value, bytes)


def hash_for(purpose, data):
    """H(purpose, data) (EN-9)."""
    return sha256(b"hedgerow/1/" + purpose.encode() + b"\0" + data).digest()


LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def from_base58(text):
    """The bytes of a base58btc text (EN-10)."""
    check(len(text) <= 128 and set(text) <= set(LETTERS), "out_of_range")
    number = 0
    for letter in text:
        number = number * 58 + LETTERS.index(letter)
    digits = number.to_bytes((number.bit_length() + 7) // 8)
    return bytes(len(text) - len(text.lstrip("1"))) + digits


PRIME, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
OTHER_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
SMALL_ORDER = {0, 1, PRIME - 1, *(int.from_bytes(bytes.fromhex(one), "little") for one in (ORDER_8, OTHER_8))}
"""The y of the eight points of small order; encodings at and above `PRIME` are refused before."""


def is_strict_point(encoding):
    """Tests 2 and 3 of EN-11."""
    y = int.from_bytes(encoding, "little") & ((1 << 255) - 1)
    return y < PRIME and y not in SMALL_ORDER


def check_key(key):
    """EN-11."""
    check(len(key) == 32 and is_strict_point(key), "bad_key")


def verify(key, signature, message):
    """EN-11 to EN-13."""
    check_key(key)
    check(len(signature) == 64 and is_strict_point(signature[:32]), "bad_signature")
    check(int.from_bytes(signature[32:], "little") < ORDER, "bad_signature")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise Refused("bad_signature") from None
