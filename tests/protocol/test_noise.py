"""The Noise handshake against published vectors, vectors of our own, an independent library, and hostile bytes."""

import contextlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st
from noise.connection import Keypair, NoiseConnection

from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.noise import REKEY_NONCE, CipherState, HandshakeState, Split, static_public

KEY = st.binary(min_size=32, max_size=32)
PAYLOAD = st.binary(max_size=200)
OWN = Path(__file__).parents[2] / "specs" / "vectors" / "06-handshake" / "noise-xx.json"
CASES = json.loads(OWN.read_text(encoding="utf-8"))["cases"]


def ends_of(case: dict[str, str]) -> tuple[HandshakeState, HandshakeState]:
    """Initiator and responder with the keys of a vector; the published ones name the prologue once a side."""
    init_prologue, resp_prologue = (
        bytes.fromhex(case.get(name, case.get("prologue", ""))) for name in ("init_prologue", "resp_prologue")
    )
    keys = {
        name: bytes.fromhex(case[name])
        for name in ("init_static", "init_ephemeral", "resp_static", "resp_ephemeral")
    }
    return (
        HandshakeState(
            is_initiator=True,
            prologue=init_prologue,
            static=keys["init_static"],
            ephemeral=keys["init_ephemeral"],
        ),
        HandshakeState(
            is_initiator=False,
            prologue=resp_prologue,
            static=keys["resp_static"],
            ephemeral=keys["resp_ephemeral"],
        ),
    )


def fresh_ends(prologue: bytes = b"p") -> tuple[HandshakeState, HandshakeState]:
    keys = [bytes([number]) * 32 for number in range(1, 5)]
    return (
        HandshakeState(is_initiator=True, prologue=prologue, static=keys[0], ephemeral=keys[1]),
        HandshakeState(is_initiator=False, prologue=prologue, static=keys[2], ephemeral=keys[3]),
    )


def shake_hands(
    ends: tuple[HandshakeState, HandshakeState], payloads: list[bytes]
) -> tuple[list[bytes], tuple[Split, Split]]:
    messages = []
    for number, payload in enumerate(payloads):
        messages.append(ends[number % 2].write_message(payload))
        assert ends[1 - number % 2].read_message(messages[-1]) == payload
    return messages, (ends[0].split(), ends[1].split())


def replay(
    case: dict[str, str], payloads: list[bytes], messages: list[bytes], rekey_before: int | None
) -> bytes:
    """Check every message of a conversation; return the handshake hash."""
    ends = ends_of(case)
    ours, splits = shake_hands(ends, payloads[:3])
    assert ours == messages[:3]
    for number in range(3, len(payloads)):
        if number == rekey_before:
            for split in splits:
                split.sending.rekey()
                split.receiving.rekey()
        sender, receiver = splits[number % 2], splits[1 - number % 2]
        assert sender.sending.encrypt(payloads[number]) == messages[number]
        assert receiver.receiving.decrypt(messages[number]) == payloads[number]
    assert ends[0].remote_static == static_public(bytes.fromhex(case["resp_static"]))
    assert ends[1].remote_static == static_public(bytes.fromhex(case["init_static"]))
    assert splits[0].handshake_hash == splits[1].handshake_hash
    return splits[0].handshake_hash


def is_refused(call: Callable[[], object], reason: Reason = Reason.BAD_HANDSHAKE) -> bool:
    with pytest.raises(RemoteProtocolError) as caught:
        call()
    return caught.value.reason is reason


# --- Vectors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["cacophony", "snow"])
def test_every_published_vector_holds_to_its_last_transport_message(test_data: Path, source: str) -> None:
    path = test_data / "noise-vectors" / f"{source}-XX_25519_ChaChaPoly_SHA256.json"
    vectors = json.loads(path.read_text(encoding="utf-8"))["vectors"]
    assert vectors
    for vector in vectors:
        payloads = [bytes.fromhex(message["payload"]) for message in vector["messages"]]
        messages = [bytes.fromhex(message["ciphertext"]) for message in vector["messages"]]
        assert len(messages) > 3
        handshake_hash = replay(vector, payloads, messages, None)
        assert vector.get("handshake_hash", handshake_hash.hex()) == handshake_hash.hex()


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["expect"] == "ok"], ids=lambda case: case["name"]
)
def test_our_recorded_conversations_hold_rekeying_included(case: dict) -> None:
    payloads = [bytes.fromhex(payload) for payload in case["payloads"]]
    messages = [bytes.fromhex(message) for message in case["messages"]]
    assert replay(case, payloads, messages, case["rekey_before"]).hex() == case["handshake_hash"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["expect"] != "ok"], ids=lambda case: case["name"]
)
def test_our_recorded_refusals_are_refused(case: dict) -> None:
    end = ends_of(case)[case["side"] == "responder"]
    *before, last = [bytes.fromhex(message) for message in case["incoming"]]
    if case["side"] == "initiator":
        end.write_message(b"")
    for message in before:
        end.read_message(message)
        end.write_message(b"")

    def read_and_answer() -> None:
        end.read_message(last)
        end.write_message(b"")

    assert is_refused(read_and_answer, Reason(case["expect"]))


# --- An independent library -----------------------------------------------------------------------------


def foreign_end(is_initiator: bool, prologue: bytes, static: bytes, ephemeral: bytes) -> NoiseConnection:
    end = NoiseConnection.from_name(b"Noise_XX_25519_ChaChaPoly_SHA256")
    (end.set_as_initiator if is_initiator else end.set_as_responder)()
    end.set_prologue(prologue)
    end.set_keypair_from_private_bytes(Keypair.STATIC, static)
    end.set_keypair_from_private_bytes(Keypair.EPHEMERAL, ephemeral)
    with warnings.catch_warnings():
        # It warns of chosen ephemeral keys, which make this test repeatable.
        warnings.simplefilter("ignore", UserWarning)
        end.start_handshake()
    return end


@pytest.mark.parametrize("is_initiator", [True, False])
@given(
    prologue=PAYLOAD,
    keys=st.tuples(KEY, KEY, KEY, KEY),
    payloads=st.tuples(PAYLOAD, PAYLOAD, PAYLOAD),
    later=st.lists(st.tuples(st.booleans(), PAYLOAD), max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_an_independent_library_understands_us_and_we_it_in_both_roles(
    is_initiator: bool,
    prologue: bytes,
    keys: tuple[bytes, bytes, bytes, bytes],
    payloads: tuple[bytes, bytes, bytes],
    later: list[tuple[bool, bytes]],
) -> None:
    ours = HandshakeState(is_initiator=is_initiator, prologue=prologue, static=keys[0], ephemeral=keys[1])
    theirs = foreign_end(not is_initiator, prologue, keys[2], keys[3])
    for number, payload in enumerate(payloads):
        if (number % 2 == 0) == is_initiator:
            assert theirs.read_message(ours.write_message(payload)) == payload
        else:
            assert ours.read_message(bytes(theirs.write_message(payload))) == payload
    split = ours.split()
    assert split.handshake_hash == theirs.get_handshake_hash()
    for we_send, payload in later:
        if we_send:
            assert theirs.decrypt(split.sending.encrypt(payload)) == payload
            split.sending.rekey()
            theirs.rekey_inbound_cipher()
        else:
            assert split.receiving.decrypt(theirs.encrypt(payload)) == payload
            split.receiving.rekey()
            theirs.rekey_outbound_cipher()


# --- Hostile bytes --------------------------------------------------------------------------------------


def end_before(number: int) -> HandshakeState:
    """The side that reads handshake message `number` (from 0) next."""
    ends = fresh_ends()
    for turn in range(number):
        ends[1 - turn % 2].read_message(ends[turn % 2].write_message(b"payload"))
    return ends[1 - number % 2]


def message_at(number: int) -> bytes:
    ends = fresh_ends()
    for turn in range(number):
        ends[1 - turn % 2].read_message(ends[turn % 2].write_message(b"payload"))
    return ends[number % 2].write_message(b"payload")


@given(number=st.sampled_from([1, 2]), data=st.data(), change=st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_in_an_encrypted_handshake_message_is_refused_for_good(
    number: int, data: st.DataObject, change: int
) -> None:
    message = message_at(number)
    at = data.draw(st.integers(0, len(message) - 1))
    changed = message[:at] + bytes([message[at] ^ change]) + message[at + 1 :]
    end = end_before(number)
    assert is_refused(lambda: end.read_message(changed))
    assert is_refused(lambda: end.read_message(message))
    with pytest.raises(LocalProtocolError):
        end.write_message(b"")
    with pytest.raises(LocalProtocolError):
        end.split()


@given(at=st.integers(0, 38), change=st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_a_changed_byte_in_the_open_first_message_makes_the_second_fail(at: int, change: int) -> None:
    initiator, responder = fresh_ends()
    first = initiator.write_message(b"payload")
    responder.read_message(first[:at] + bytes([first[at] ^ change]) + first[at + 1 :])
    assert is_refused(lambda: initiator.read_message(responder.write_message(b"")))


@given(number=st.sampled_from([0, 1, 2]), garbage=st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_garbage_into_a_handshake_raises_nothing_but_a_remote_error(number: int, garbage: bytes) -> None:
    end = end_before(number)

    def read_and_answer() -> None:
        end.read_message(garbage)
        if number < 2:
            end.write_message(b"")

    if number == 0 and len(garbage) >= 32:
        # The first message has nothing to prove: any 32 bytes but those of small order are a key.
        with contextlib.suppress(RemoteProtocolError):
            read_and_answer()
    else:
        assert is_refused(lambda: end.read_message(garbage))


@given(plaintext=PAYLOAD, data=st.data(), change=st.integers(1, 255))
@settings(max_examples=100, deadline=None)
def test_a_changed_byte_in_a_transport_message_ends_the_cipher(
    plaintext: bytes, data: st.DataObject, change: int
) -> None:
    message = CipherState(bytes(32)).encrypt(plaintext)
    at = data.draw(st.integers(0, len(message) - 1))
    changed = message[:at] + bytes([message[at] ^ change]) + message[at + 1 :]
    receiving = CipherState(bytes(32))
    assert is_refused(lambda: receiving.decrypt(changed))
    assert is_refused(lambda: receiving.decrypt(message))
    for use in (lambda: receiving.encrypt(b""), receiving.rekey):
        with pytest.raises(LocalProtocolError):
            use()


def test_a_transport_message_that_is_replayed_left_out_or_reordered_is_refused() -> None:
    sending = CipherState(bytes(32))
    first, second = sending.encrypt(b"1"), sending.encrypt(b"2")
    for start in ([second], [first, first], [b""]):
        receiving = CipherState(bytes(32))
        for message in start[:-1]:
            receiving.decrypt(message)
        assert is_refused(lambda receiving=receiving, last=start[-1]: receiving.decrypt(last))


def test_another_prologue_makes_the_second_message_fail() -> None:
    initiator, _ = fresh_ends(b"one")
    _, responder = fresh_ends(b"two")
    responder.read_message(initiator.write_message(b""))
    assert is_refused(lambda: initiator.read_message(responder.write_message(b"")))


def test_messages_above_the_limit_of_noise_are_refused_before_they_are_read() -> None:
    size = limits.MAX_NOISE_MESSAGE
    responder = fresh_ends()[1]
    assert len(responder.read_message(bytes(size))) == size - 32
    responder = fresh_ends()[1]
    assert is_refused(lambda: responder.read_message(bytes(size + 1)), Reason.TOO_BIG)
    assert is_refused(lambda: responder.read_message(message_at(0)))
    receiving = CipherState(bytes(32))
    assert is_refused(lambda: receiving.decrypt(bytes(size + 1)), Reason.TOO_BIG)
    assert is_refused(lambda: receiving.decrypt(CipherState(bytes(32)).encrypt(b"")))


# --- Our own side ---------------------------------------------------------------------------------------


def test_a_payload_may_fill_a_message_to_the_limit_and_no_further() -> None:
    overhead = {0: 32, 1: 32 + 48 + 16, 2: 48 + 16}
    for number, extra in overhead.items():
        writer = fresh_ends()
        for turn in range(number):
            writer[1 - turn % 2].read_message(writer[turn % 2].write_message(b""))
        with pytest.raises(LocalProtocolError):
            writer[number % 2].write_message(bytes(limits.MAX_NOISE_MESSAGE - extra + 1))
        with pytest.raises(LocalProtocolError):
            writer[number % 2].write_message(b"")
    initiator, responder = fresh_ends()
    responder.read_message(initiator.write_message(bytes(limits.MAX_NOISE_MESSAGE - overhead[0])))
    full = responder.write_message(bytes(limits.MAX_NOISE_MESSAGE - overhead[1]))
    assert len(full) == limits.MAX_NOISE_MESSAGE


def test_a_transport_plaintext_may_fill_a_message_to_the_limit_and_no_further() -> None:
    cipher = CipherState(bytes(32))
    assert len(cipher.encrypt(bytes(limits.MAX_NOISE_PLAINTEXT))) == limits.MAX_NOISE_MESSAGE
    with pytest.raises(LocalProtocolError):
        cipher.encrypt(bytes(limits.MAX_NOISE_PLAINTEXT + 1))
    assert cipher.nonce == 1


def test_the_sides_take_turns() -> None:
    initiator, responder = fresh_ends()
    with pytest.raises(LocalProtocolError):
        responder.write_message(b"")
    with pytest.raises(LocalProtocolError):
        initiator.read_message(bytes(32))
    with pytest.raises(LocalProtocolError):
        initiator.split()
    messages, _ = shake_hands((initiator, responder), [b"", b"", b""])
    assert list(map(len, messages)) == [32, 96, 64]


def test_a_finished_handshake_is_split_once_and_takes_nothing_more() -> None:
    initiator, responder = fresh_ends()
    for number in range(3):
        ends = (initiator, responder) if number % 2 == 0 else (responder, initiator)
        ends[1].read_message(ends[0].write_message(b""))
    with pytest.raises(LocalProtocolError):
        responder.write_message(b"")
    with pytest.raises(LocalProtocolError):
        initiator.read_message(bytes(64))
    initiator.split()
    with pytest.raises(LocalProtocolError):
        initiator.split()


def test_the_last_nonce_is_never_used_for_a_message() -> None:
    sending, receiving = CipherState(bytes(32), REKEY_NONCE - 1), CipherState(bytes(32), REKEY_NONCE - 1)
    assert receiving.decrypt(sending.encrypt(b"the last")) == b"the last"
    with pytest.raises(LocalProtocolError):
        sending.encrypt(b"")
    beyond = ChaCha20Poly1305(bytes(32)).encrypt(bytes(4) + REKEY_NONCE.to_bytes(8, "little"), b"", b"")
    assert is_refused(lambda: receiving.decrypt(beyond))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_private_key_of_another_length_is_our_own_error(length: int) -> None:
    with pytest.raises(LocalProtocolError):
        static_public(bytes(length))
    with pytest.raises(LocalProtocolError):
        HandshakeState(is_initiator=True, prologue=b"", static=bytes(length), ephemeral=bytes(32))
