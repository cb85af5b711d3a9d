"""Vectors of the Noise handshake alone, made by the library `noiseprotocol`."""

import warnings
from collections.abc import Iterator

from noise.connection import Keypair, NoiseConnection

from specs.handshake_vectors.material import Json, flip, secret


def noise_end(
    initiator: bool, static: bytes, ephemeral: bytes, prologue: bytes, shown_static: bytes | None = None
) -> NoiseConnection:
    """One end of a handshake; with `shown_static` it sends that as its static public key instead of its own."""
    end = NoiseConnection.from_name(b"Noise_XX_25519_ChaChaPoly_SHA256")
    (end.set_as_initiator if initiator else end.set_as_responder)()
    end.set_prologue(prologue)
    end.set_keypair_from_private_bytes(Keypair.STATIC, static)
    end.set_keypair_from_private_bytes(Keypair.EPHEMERAL, ephemeral)
    if shown_static is not None:
        end.noise_protocol.keypairs["s"].public_bytes = shown_static
    with warnings.catch_warnings():
        # A chosen ephemeral key is what a vector is made of.
        warnings.simplefilter("ignore")
        end.start_handshake()
    return end


def shake_hands(ends: tuple[NoiseConnection, NoiseConnection], payloads: list[bytes]) -> list[bytes]:
    """The three messages; `ends` are the initiator and the responder."""
    messages = []
    for number, payload in enumerate(payloads):
        messages.append(bytes(ends[number % 2].write_message(payload)))
        ends[1 - number % 2].read_message(messages[-1])
    return messages


NOISE_KEYS = {
    name: secret(f"noise {name}")
    for name in ("init_static", "init_ephemeral", "resp_static", "resp_ephemeral")
}
NOISE_PROLOGUE = b"a prologue of the vectors"
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
"""u-coordinates of small order on Curve25519 or its twist, canonical or not."""


def noise_ends(shown: dict[str, bytes] | None = None) -> tuple[NoiseConnection, NoiseConnection]:
    shown = shown or {}
    keys = NOISE_KEYS
    return (
        noise_end(True, keys["init_static"], keys["init_ephemeral"], NOISE_PROLOGUE, shown.get("initiator")),
        noise_end(False, keys["resp_static"], keys["resp_ephemeral"], NOISE_PROLOGUE, shown.get("responder")),
    )


def noise_inputs() -> Json:
    return {"prologue": NOISE_PROLOGUE.hex(), **{name: key.hex() for name, key in NOISE_KEYS.items()}}


def noise_ok(name: str, payloads: list[bytes], transport: list[bytes]) -> Json:
    """A whole conversation; both directions rekey before the last two messages."""
    ends = noise_ends()
    ciphertexts = shake_hands(ends, payloads)
    for number, payload in enumerate(transport, start=len(payloads)):
        if number == len(payloads) + len(transport) - 2:
            for end in ends:
                end.rekey_inbound_cipher()
                end.rekey_outbound_cipher()
        sender, receiver = ends[number % 2], ends[1 - number % 2]
        ciphertexts.append(sender.encrypt(payload))
        assert receiver.decrypt(ciphertexts[-1]) == payload
    return {
        "name": name,
        "rule": "HS-3",
        "expect": "ok",
        **noise_inputs(),
        "rekey_before": len(ciphertexts) - 2,
        "handshake_hash": ends[0].get_handshake_hash().hex(),
        "payloads": [payload.hex() for payload in payloads + transport],
        "messages": [ciphertext.hex() for ciphertext in ciphertexts],
    }


def noise_refusal(name: str, incoming: list[bytes]) -> Json:
    """The last of `incoming` is refused; the payloads that our end sends meanwhile are empty."""
    return {
        "name": name,
        "rule": "HS-7",
        "expect": "bad_handshake",
        **noise_inputs(),
        "side": "responder" if len(incoming) == 2 or name.startswith("message 1") else "initiator",
        "incoming": [message.hex() for message in incoming],
    }


def noise_refusals() -> Iterator[Json]:
    first, second, third = shake_hands(noise_ends(), [b"", b"", b""])
    yield noise_refusal("message 1 cut short", [first[:-1]])
    for number, key in enumerate(SMALL_ORDER):
        yield noise_refusal(f"message 1 with an ephemeral key of small order {number}", [bytes.fromhex(key)])
    for part, at in {"ephemeral key": 0, "static key": 40, "tag of the static key": 79, "tag": 95}.items():
        yield noise_refusal(f"message 2 changed in its {part}", [flip(second, at)])
    for length in (0, 31, 32, 79, 80, 95):
        yield noise_refusal(f"message 2 of {length} bytes", [second[:length]])
    yield noise_refusal("message 2 with one byte more", [second + b"\0"])
    yield noise_refusal("message 2 with an ephemeral key of small order", [bytes(32) + second[32:]])
    yield noise_refusal("message 2 with a static key of small order", [small_order_static("responder")])
    for part, at in {"static key": 0, "tag of the static key": 47, "tag": 63}.items():
        yield noise_refusal(f"message 3 changed in its {part}", [first, flip(third, at)])
    for length in (0, 47, 48, 63):
        yield noise_refusal(f"message 3 of {length} bytes", [first, third[:length]])
    yield noise_refusal(
        "message 3 with a static key of small order", [first, small_order_static("initiator")]
    )


def small_order_static(side: str) -> bytes:
    """The message in which `side` sends a static key of small order, otherwise well made."""
    ends = noise_ends({side: bytes(32)})
    first = ends[0].write_message(b"")
    ends[1].read_message(first)
    second = ends[1].write_message(b"")
    if side == "responder":
        return bytes(second)
    ends[0].read_message(second)
    return bytes(ends[0].write_message(b""))


def noise_cases() -> Iterator[Json]:
    yield noise_ok("empty payloads", [b"", b"", b""], [b"", b"", b"", b""])
    yield noise_ok(
        "payloads in all messages",
        [b"one", b"two" * 40, b"three"],
        [b"four", b"5" * 300, b"six", b"seven", b"8"],
    )
    yield from noise_refusals()
