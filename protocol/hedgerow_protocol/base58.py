"""base58btc, the alphabet of did:key and of message things; no check digits."""

from hedgerow_protocol.errors import Reason, RemoteProtocolError

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
MAX_LETTERS = 128
"""Decoding costs the square of the length; nothing of ours is longer."""


def encode(data: bytes) -> str:
    """`data` in base58btc; each leading zero byte is a leading `1`."""
    number = int.from_bytes(data)
    letters = []
    while number:
        number, digit = divmod(number, 58)
        letters.append(ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return ALPHABET[0] * zeros + "".join(reversed(letters))


def decode(text: str) -> bytes:
    """The bytes behind `text`, of at most 128 letters.

    Raises `RemoteProtocolError` (out_of_range) for any other letter or a longer text.
    """
    if len(text) > MAX_LETTERS:
        raise RemoteProtocolError(Reason.OUT_OF_RANGE, f"base58 text of {len(text)} letters")
    number = 0
    for letter in text:
        if letter not in VALUES:
            raise RemoteProtocolError(Reason.OUT_OF_RANGE, "a letter that base58btc does not have")
        number = number * 58 + VALUES[letter]
    zeros = len(text) - len(text.lstrip(ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
