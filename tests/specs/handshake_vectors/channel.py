"""Vectors of the channel, made by `cryptography`'s ChaCha20-Poly1305."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from specs.handshake_vectors.material import Json, secret

FULL = 65_518


CHANNEL_KEY = secret("channel")
MORE, LAST = 1, 0


@dataclass
class Cipher:
    """The sending half of a channel, which takes a new key after 65,536 messages."""

    key: bytes
    count: int = 0

    def seal(self, plaintext: bytes) -> bytes:
        message = self.encrypt(self.count, plaintext)
        self.count += 1
        if self.count % 65_536 == 0:
            self.key = self.encrypt(2**64 - 1, bytes(32))[:32]
        return message

    def encrypt(self, nonce: int, plaintext: bytes) -> bytes:
        return ChaCha20Poly1305(self.key).encrypt(bytes(4) + nonce.to_bytes(8, "little"), plaintext, None)


def channel_case(name: str, rule: str, expect: str, plaintexts: list[list[int]], skip: int = 0) -> Json:
    """`plaintexts` as [first byte, byte that fills the chunk, length of the chunk]; first byte -1: there is none.

    `skip` frames of one zero byte have gone over the channel before.
    """
    cipher = Cipher(CHANNEL_KEY)
    for _ in range(skip):
        cipher.seal(bytes([LAST, 0]))
    messages = [
        cipher.seal((bytes([first]) if first >= 0 else b"") + bytes([fill]) * length)
        for first, fill, length in plaintexts
    ]
    return {
        "name": name,
        "rule": rule,
        "expect": expect,
        "key": CHANNEL_KEY.hex(),
        "skip": skip,
        "plaintexts": plaintexts,
        "messages": [message.hex() if len(message) <= 64 else digest(message) for message in messages],
        "frames": [list(frame) for frame in frames_of(plaintexts)] if expect == "ok" else [],
    }


def digest(message: bytes) -> str:
    return "sha256:" + hashlib.sha256(message).hexdigest()


def frames_of(plaintexts: list[list[int]]) -> Iterator[tuple[int, int]]:
    """The byte that fills each frame, and its length."""
    total = 0
    for first, fill, length in plaintexts:
        total += length
        if first == LAST:
            yield fill, total
            total = 0


def channel_cases() -> Iterator[Json]:
    a, b = 0x61, 0x62
    biggest = 256 * 1024 - 4 * FULL
    yield channel_case("a frame of one byte", "HS-23", "ok", [[LAST, a, 1]])
    yield channel_case("one byte less than a full chunk", "HS-23", "ok", [[LAST, a, FULL - 1]])
    yield channel_case("exactly a full chunk", "HS-23", "ok", [[LAST, a, FULL]])
    yield channel_case("one byte more than a full chunk", "HS-23", "ok", [[MORE, a, FULL], [LAST, a, 1]])
    yield channel_case(
        "exactly two full chunks, then another frame",
        "HS-23",
        "ok",
        [[MORE, a, FULL], [LAST, a, FULL], [LAST, b, 5]],
    )
    yield channel_case("the largest frame", "HS-23", "ok", [[MORE, a, FULL]] * 4 + [[LAST, a, biggest]])
    yield channel_case(
        "the largest frame and one byte", "HS-24", "too_big", [[MORE, a, FULL]] * 4 + [[LAST, a, biggest + 1]]
    )
    yield channel_case("five full chunks and more", "HS-24", "too_big", [[MORE, a, FULL]] * 5)
    yield channel_case(
        "a chunk that is not full and not the last", "HS-24", "wrong_shape", [[MORE, a, FULL - 1]]
    )
    yield channel_case("an empty frame", "HS-24", "wrong_shape", [[LAST, a, 0]])
    yield channel_case("an empty last chunk", "HS-24", "wrong_shape", [[MORE, a, FULL], [LAST, a, 0]])
    yield channel_case("an empty chunk with more to come", "HS-24", "wrong_shape", [[MORE, a, 0]])
    yield channel_case("no first byte", "HS-24", "wrong_shape", [[-1, a, 0]])
    yield channel_case("an unknown first byte", "HS-24", "wrong_shape", [[2, a, 1]])
    yield channel_case(
        "the last message before a new key, and two under it", "HS-25", "ok", [[LAST, a, 1]] * 3, skip=65_535
    )
