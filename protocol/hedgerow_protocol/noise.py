"""`Noise_XX_25519_ChaChaPoly_SHA256`: the Noise Protocol Framework, revision 34, for one pattern and one suite.

    -> e
    <- e, ee, s, es
    -> s, se

The initiator speaks first; the two sides then take turns. Each message carries a payload: in the clear in the
first, readable by anyone who answers in the second, by the owner of the responder's static key in the third.
`HandshakeState` holds the transcript, its running hash and the chaining key; after the third message `split`
gives one `CipherState` for each direction. Whatever fails leaves a state unusable: there is no second try on
the same keys. Names follow the Noise specification, sections 5 and 7.5.
"""

import hashlib
from dataclasses import dataclass
from enum import Enum, auto

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError

PROTOCOL_NAME = b"Noise_XX_25519_ChaChaPoly_SHA256"
"""As long as a hash, so it is the first hash as it stands."""
KEY_LENGTH = 32
TAG_LENGTH = 16
REKEY_NONCE = 2**64 - 1
"""Kept for rekeying; no message may use it."""


class Token(Enum):
    """A step inside a handshake message: a key sent, or a Diffie-Hellman result mixed in."""

    E = auto()
    S = auto()
    EE = auto()
    ES = auto()
    SE = auto()


XX = (
    (Token.E,),
    (Token.E, Token.EE, Token.S, Token.ES),
    (Token.S, Token.SE),
)


def static_public(private: bytes) -> bytes:
    """The 32-byte X25519 public key of 32 private bytes; raises `LocalProtocolError` for another length."""
    return _private_key(private).public_key().public_bytes_raw()


class CipherState:
    """One direction of encryption: a key and the number of messages so far, which is the next nonce.

    After a message that does not decrypt it takes and gives nothing more.
    """

    def __init__(self, key: bytes, nonce: int = 0) -> None:
        self._aead: ChaCha20Poly1305 | None = ChaCha20Poly1305(key)
        self._nonce = nonce

    @property
    def nonce(self) -> int:
        """The nonce of the next message; `rekey` does not set it back."""
        return self._nonce

    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        """The ciphertext, 16 bytes longer; raises `LocalProtocolError` when it or the nonce would be too large."""
        if len(plaintext) > limits.MAX_NOISE_PLAINTEXT:
            raise LocalProtocolError(f"{len(plaintext)} bytes do not fit into a Noise message")
        if self._aead is None or self._nonce >= REKEY_NONCE:
            raise LocalProtocolError("this cipher has failed or is used up")
        ciphertext = self._aead.encrypt(_nonce_bytes(self._nonce), plaintext, associated)
        self._nonce += 1
        return ciphertext

    def decrypt(self, ciphertext: bytes, associated: bytes = b"") -> bytes:
        """The plaintext; raises `RemoteProtocolError` (too_big, bad_handshake), for good."""
        # Dead unless the end is reached: an attacker gets one guess on a key.
        aead, self._aead = self._aead, None
        if len(ciphertext) > limits.MAX_NOISE_MESSAGE:
            raise RemoteProtocolError(Reason.TOO_BIG, f"a Noise message of {len(ciphertext)} bytes")
        if aead is None or self._nonce >= REKEY_NONCE:
            raise _bad_handshake("this cipher has failed or is used up")
        try:
            plaintext = aead.decrypt(_nonce_bytes(self._nonce), ciphertext, associated)
        except InvalidTag:
            raise _bad_handshake("a message does not decrypt") from None
        self._aead = aead
        self._nonce += 1
        return plaintext

    def rekey(self) -> None:
        """Replace the key by the one that follows from it; what used the old one cannot be read with the new."""
        if self._aead is None:
            raise LocalProtocolError("this cipher has failed")
        block = self._aead.encrypt(_nonce_bytes(REKEY_NONCE), bytes(KEY_LENGTH), b"")
        self._aead = ChaCha20Poly1305(block[:KEY_LENGTH])


class SymmetricState:
    """The chaining key and the hash over everything that was sent, prologue included."""

    def __init__(self, prologue: bytes) -> None:
        self._chaining_key = PROTOCOL_NAME
        self._cipher: CipherState | None = None
        self.hash = PROTOCOL_NAME
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        """Take `data` into the transcript."""
        self.hash = hashlib.sha256(self.hash + data).digest()

    def mix_key(self, secret: bytes) -> None:
        """Take a shared secret into the key; from the first one on, payloads and static keys are encrypted."""
        self._chaining_key, key = _hkdf(self._chaining_key, secret)
        self._cipher = CipherState(key)

    @property
    def overhead(self) -> int:
        """By how many bytes `encrypt_and_hash` lengthens its argument now."""
        return 0 if self._cipher is None else TAG_LENGTH

    def encrypt_and_hash(self, plaintext: bytes) -> bytes:
        """Encrypt, if there is a key yet, bound to the transcript."""
        ciphertext = plaintext if self._cipher is None else self._cipher.encrypt(plaintext, self.hash)
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt_and_hash(self, ciphertext: bytes) -> bytes:
        """Undo `encrypt_and_hash`; raises `RemoteProtocolError` (bad_handshake)."""
        plaintext = ciphertext if self._cipher is None else self._cipher.decrypt(ciphertext, self.hash)
        self.mix_hash(ciphertext)
        return plaintext

    def split(self) -> tuple[CipherState, CipherState]:
        """The ciphers from initiator to responder, and back."""
        forth, back = _hkdf(self._chaining_key, b"")
        return CipherState(forth), CipherState(back)


@dataclass(frozen=True, slots=True)
class Split:
    """What a finished handshake leaves, seen from one side."""

    sending: CipherState
    receiving: CipherState
    handshake_hash: bytes
    """32 bytes, the same on both sides and on no other link."""


class HandshakeState:
    """One side of one handshake.

    `static` and `ephemeral` are private keys, 32 bytes each; the ephemeral one must be fresh from a secure
    source and never used again. Both sides must name the same `prologue`, else the second message fails.
    """

    def __init__(self, *, is_initiator: bool, prologue: bytes, static: bytes, ephemeral: bytes) -> None:
        self._is_initiator = is_initiator
        self._static = _private_key(static)
        self._ephemeral = _private_key(ephemeral)
        self._remote_ephemeral = b""
        self._symmetric = SymmetricState(prologue)
        self._position = 0
        self._is_usable = True
        self.remote_static = b""
        """The other side's static public key, 32 bytes; empty until the message that brings it was read."""

    def write_message(self, payload: bytes) -> bytes:
        """The next message, when it is our turn.

        Raises `LocalProtocolError` out of turn, after a failure, or when the message would be too long, and
        `RemoteProtocolError` (bad_handshake) for a public key of small order received earlier.
        """
        if not self._is_usable or self._position == len(XX) or not self._is_our_turn():
            raise LocalProtocolError("no handshake message is ours to write")
        self._is_usable = False
        fields = [self._write(token) for token in XX[self._position]]
        message = b"".join([*fields, self._symmetric.encrypt_and_hash(payload)])
        if len(message) > limits.MAX_NOISE_MESSAGE:
            raise LocalProtocolError(f"a handshake message of {len(message)} bytes")
        self._advance()
        return message

    def read_message(self, message: bytes) -> bytes:
        """The payload of the next message, when it is the other side's turn.

        Raises `RemoteProtocolError` (too_big, bad_handshake), also for anything that comes after a failure,
        and `LocalProtocolError` out of turn.
        """
        if not self._is_usable:
            raise _bad_handshake("the handshake has failed before")
        if self._position == len(XX) or self._is_our_turn():
            raise LocalProtocolError("no handshake message is theirs to write")
        self._is_usable = False
        if len(message) > limits.MAX_NOISE_MESSAGE:
            raise RemoteProtocolError(Reason.TOO_BIG, f"a handshake message of {len(message)} bytes")
        for token in XX[self._position]:
            message = self._read(token, message)
        payload = self._symmetric.decrypt_and_hash(message)
        self._advance()
        return payload

    def split(self) -> Split:
        """The two ciphers, once, after the third message; raises `LocalProtocolError` at any other time."""
        if not self._is_usable or self._position != len(XX):
            raise LocalProtocolError("the handshake is not finished, has failed or was split before")
        self._is_usable = False
        forth, back = self._symmetric.split()
        sending, receiving = (forth, back) if self._is_initiator else (back, forth)
        return Split(sending, receiving, self._symmetric.hash)

    def _is_our_turn(self) -> bool:
        return self._is_initiator == (self._position % 2 == 0)

    def _advance(self) -> None:
        self._position += 1
        self._is_usable = True

    def _write(self, token: Token) -> bytes:
        match token:
            case Token.E:
                public = self._ephemeral.public_key().public_bytes_raw()
                self._symmetric.mix_hash(public)
                return public
            case Token.S:
                return self._symmetric.encrypt_and_hash(self._static.public_key().public_bytes_raw())
            case Token.EE | Token.ES | Token.SE:
                self._symmetric.mix_key(self._shared_secret(token))
                return b""

    def _read(self, token: Token, message: bytes) -> bytes:
        """Read what `token` stands for at the start of `message`; return the rest."""
        match token:
            case Token.E:
                self._remote_ephemeral, rest = _cut(message, KEY_LENGTH)
                self._symmetric.mix_hash(self._remote_ephemeral)
                return rest
            case Token.S:
                sealed, rest = _cut(message, KEY_LENGTH + self._symmetric.overhead)
                self.remote_static = self._symmetric.decrypt_and_hash(sealed)
                return rest
            case Token.EE | Token.ES | Token.SE:
                self._symmetric.mix_key(self._shared_secret(token))
                return message

    def _shared_secret(self, token: Token) -> bytes:
        if token is Token.EE:
            return _exchange(self._ephemeral, self._remote_ephemeral)
        # The letters name the initiator's key, then the responder's.
        if (token is Token.SE) == self._is_initiator:
            return _exchange(self._static, self._remote_ephemeral)
        return _exchange(self._ephemeral, self.remote_static)


def _bad_handshake(detail: str) -> RemoteProtocolError:
    return RemoteProtocolError(Reason.BAD_HANDSHAKE, detail)


def _private_key(private: bytes) -> X25519PrivateKey:
    if len(private) != KEY_LENGTH:
        raise LocalProtocolError(f"a private key of {len(private)} bytes")
    return X25519PrivateKey.from_private_bytes(private)


def _exchange(private: X25519PrivateKey, public: bytes) -> bytes:
    # The library refuses a result of zeros, which a public key of small order forces on any private key.
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise _bad_handshake("a public key of small order") from None


def _cut(message: bytes, length: int) -> tuple[bytes, bytes]:
    if len(message) < length:
        raise _bad_handshake("a handshake message is cut short")
    return message[:length], message[length:]


def _hkdf(chaining_key: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """Noise's HKDF with two outputs, which is RFC 5869's with the chaining key as salt and no info."""
    output = HKDF(algorithm=SHA256(), length=2 * KEY_LENGTH, salt=chaining_key, info=b"").derive(secret)
    return output[:KEY_LENGTH], output[KEY_LENGTH:]


def _nonce_bytes(nonce: int) -> bytes:
    return bytes(4) + nonce.to_bytes(8, "little")
