"""Ed25519 keys, strict signatures, hashes with a purpose, and `did:key` (specs/01-identity.md, 02-encoding.md).

The library accepts keys of small order, under which one fixed signature verifies any message, so every encoding
that could make two implementations disagree is refused before the library is asked. What is left is the
cofactorless equation, byte for byte.
"""

from functools import lru_cache
from hashlib import sha256
from typing import NewType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hedgerow_protocol import base58
from hedgerow_protocol.errors import Reason, RemoteProtocolError

AuthorKey = NewType("AuthorKey", bytes)
"""32 bytes: the genesis key of a person's identity."""
DeviceKey = NewType("DeviceKey", bytes)
"""32 bytes: a key that signs for an author."""

FIELD_PRIME = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
SIGN_BIT = 1 << 255

SMALL_ORDER = frozenset(
    bytes.fromhex(encoding)
    for encoding in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)
"""Every encoding, canonical or not, of the eight points whose order divides 8."""

DID_PREFIX = "did:key:z"
ED25519_MULTICODEC = b"\xed\x01"


def hash_for(purpose: str, data: bytes) -> bytes:
    """H(purpose, data) of the specs: SHA-256 that no other purpose can reproduce; 32 bytes."""
    return sha256(b"hedgerow/1/%b\0%b" % (purpose.encode(), data)).digest()


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key of the 32-byte private `seed`."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64-byte signature of `message`; the caller puts the purpose in front of it."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def is_strict_point(encoding: bytes) -> bool:
    """Whether 32 bytes are in canonical form and not of small order; not whether they lie on the curve."""
    is_canonical = int.from_bytes(encoding, "little") & (SIGN_BIT - 1) < FIELD_PRIME
    return is_canonical and encoding not in SMALL_ORDER


def check_key(key: bytes) -> None:
    """Raises `RemoteProtocolError` (bad_key) unless `key` is 32 bytes that a signature may be checked with."""
    if len(key) != 32 or not is_strict_point(key):
        raise RemoteProtocolError(Reason.BAD_KEY, "not canonical, or of small order")


def verify(key: bytes, signature: bytes, message: bytes) -> None:
    """Raises `RemoteProtocolError` (bad_key, bad_signature) unless `signature` of `message` by `key` holds."""
    check_key(key)
    if len(signature) != 64 or not is_strict_point(signature[:32]):
        raise RemoteProtocolError(Reason.BAD_SIGNATURE, "R is not canonical, or of small order")
    if int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        raise RemoteProtocolError(Reason.BAD_SIGNATURE, "S is not below the order of the group")
    try:
        loaded(key).verify(signature, message)
    except InvalidSignature:
        raise RemoteProtocolError(Reason.BAD_SIGNATURE, "the equation does not hold") from None


@lru_cache(maxsize=1_024)
def loaded(key: bytes) -> Ed25519PublicKey:
    """The library's form of a key, which is a point on the curve: a twentieth of a verification, so it is kept."""
    return Ed25519PublicKey.from_public_bytes(key)


def did_of(key: bytes) -> str:
    """`did:key:z6Mk…` of a 32-byte Ed25519 key."""
    return DID_PREFIX + base58.encode(ED25519_MULTICODEC + key)


def key_of(did: str) -> AuthorKey:
    """The 32-byte key in `did:key:z6Mk…`; raises `RemoteProtocolError` (out_of_range) for anything else."""
    if not did.startswith(DID_PREFIX):
        raise RemoteProtocolError(Reason.OUT_OF_RANGE, "does not begin with did:key:z")
    data = base58.decode(did.removeprefix(DID_PREFIX))
    if len(data) != 34 or not data.startswith(ED25519_MULTICODEC):
        raise RemoteProtocolError(Reason.OUT_OF_RANGE, "not an Ed25519 key")
    return AuthorKey(data[2:])


def recovery_seed(entropy: bytes, number: int) -> bytes:
    """The private seed of recovery key `number` (from 1) under the 32 bytes that the 24 words spell."""
    info = number.to_bytes(4)
    return HKDF(algorithm=SHA256(), length=32, salt=b"hedgerow/1/root", info=info).derive(entropy)


def commitment(recovery_public_key: bytes) -> bytes:
    """What an identity log publishes of its next recovery key: 32 bytes that do not reveal it."""
    return hash_for("next", recovery_public_key)
