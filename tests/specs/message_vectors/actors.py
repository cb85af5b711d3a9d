"""Fixed keys of the vectors, and messages that they sign."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from specs.message_vectors.writer import pack

NET = 2
TIME = 1_700_000_000
TAG = b"hedgerow/1/sig\0"


def seed_of(name: str) -> bytes:
    """The private seed of the actor with this name."""
    return hashlib.sha256(f"hedgerow vectors: {name}".encode()).digest()


def key_of(seed: bytes) -> bytes:
    """The public key of a private seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def signature_of(seed: bytes, message: bytes) -> bytes:
    """The Ed25519 signature of `message`."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def digest(purpose: str, data: bytes) -> bytes:
    """H(purpose, data)."""
    return hashlib.sha256(b"hedgerow/1/" + purpose.encode() + b"\0" + data).digest()


GENESIS, ROOT, LAPTOP, PHONE, STRANGER = map(seed_of, ("genesis", "root", "laptop", "phone", "stranger"))
AUTHOR, LAPTOP_KEY, PHONE_KEY, STRANGER_KEY = map(key_of, (GENESIS, LAPTOP, PHONE, STRANGER))
ROOT_KEY = key_of(ROOT)
NONCE = bytes(range(16))


def ids(count: int) -> list[bytes]:
    """`count` message ids, ascending."""
    return sorted(hashlib.sha256(bytes([number])).digest() for number in range(count))


def header(body: bytes = b"", **changes: object) -> list[object]:
    """The positions of a header that the laptop signs for the author, with some of them changed."""
    positions: dict[str, object] = {
        "v": 1,
        "net": NET,
        "kind": 8,
        "author": AUTHOR,
        "device": LAPTOP_KEY,
        "seq": 1,
        "prev": None,
        "ts": TIME,
        "body_len": len(body),
        "body_hash": digest("body", body),
        "replaces": [],
    }
    assert changes.keys() <= positions.keys()
    return list((positions | changes).values())


def message(header_bytes: bytes, body: object, seed: bytes = LAPTOP, tag: bytes = TAG) -> list[object]:
    """The positions of a message whose header this seed signed."""
    return [header_bytes, signature_of(seed, tag + header_bytes), body]


def signed(body: bytes, seed: bytes = LAPTOP, **changes: object) -> bytes:
    """The bytes of a message with this body, its header changed in places before it was signed."""
    header_bytes = pack(header(body, device=key_of(seed)) if not changes else header(body, **changes))
    return pack(message(header_bytes, body, seed))
