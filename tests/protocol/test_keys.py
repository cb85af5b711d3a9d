"""Strict Ed25519, hashes with a purpose, keys as text."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import base58, keys
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from protocol.strategies import keys as any_key
from protocol.strategies import refuses
from specs import edwards

SEED = bytes(range(32))
KEY = keys.public_key(SEED)
SCALAR = edwards.secret_scalar(SEED)
TORSION = edwards.torsion()
FORMS = [(place, form) for place, point in enumerate(TORSION) for form in edwards.encodings(point)]
"""The 14 encodings of points of small order, each with the place of its point in `TORSION`."""


def reason_of(key: bytes, signature: bytes, message: bytes) -> Reason | None:
    try:
        keys.verify(key, signature, message)
    except RemoteProtocolError as error:
        return error.reason
    return None


def library_accepts(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def forged(
    key: bytes, r: bytes, r_scalar: int, scalar: int, remainder: int, start: int = 0
) -> tuple[bytes, bytes]:
    """A message whose challenge leaves `remainder` when divided by 8, with its signature."""
    for number in range(start, start + 1_000):
        message = b"%d" % number
        if edwards.challenge(r, key, message) % 8 == remainder:
            return edwards.sign_with(scalar, key, r, r_scalar, message), message
    raise AssertionError("one message in eight fits")


@settings(max_examples=50, deadline=None)
@given(any_key, st.binary(max_size=100))
def test_what_is_signed_verifies(seed: bytes, message: bytes) -> None:
    keys.verify(keys.public_key(seed), keys.sign(seed, message), message)


def test_no_signature_holds_after_one_bit_of_key_signature_or_message_changed() -> None:
    message = b"one message"
    signature = keys.sign(SEED, message)
    whole = KEY + signature + message
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        data = bytes(changed)
        assert reason_of(data[:32], data[32:96], data[96:]) is not None


@settings(max_examples=300, deadline=None)
@given(
    any_key | st.binary(max_size=40) | st.sampled_from([form for _, form in FORMS]),
    st.binary(min_size=64, max_size=64) | st.binary(max_size=70),
    st.binary(max_size=10),
)
def test_any_bytes_verify_or_are_refused(key: bytes, signature: bytes, message: bytes) -> None:
    assert reason_of(key, signature, message) in (None, Reason.BAD_KEY, Reason.BAD_SIGNATURE)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_has_32_bytes(size: int) -> None:
    assert reason_of((KEY * 2)[:size], keys.sign(SEED, b""), b"") == Reason.BAD_KEY


@pytest.mark.parametrize("size", [0, 32, 63, 65, 128])
def test_a_signature_has_64_bytes(size: int) -> None:
    assert reason_of(KEY, (keys.sign(SEED, b"") * 2)[:size], b"") == Reason.BAD_SIGNATURE


def test_the_table_holds_all_encodings_of_the_points_of_small_order() -> None:
    assert len(FORMS) == 14
    assert {form for _, form in FORMS} == keys.SMALL_ORDER


@pytest.mark.parametrize("form", [form for _, form in FORMS], ids=bytes.hex)
def test_a_key_of_small_order_is_refused_where_the_library_alone_takes_a_forgery(form: bytes) -> None:
    r = edwards.encode(edwards.multiply(7, edwards.BASE))
    signature, message = forged(form, r, 7, 0, remainder=0)
    assert library_accepts(form, signature, message)
    assert reason_of(form, signature, message) == Reason.BAD_KEY
    with pytest.raises(RemoteProtocolError):
        keys.check_key(form)


def test_under_the_neutral_key_the_library_alone_takes_one_signature_for_every_message() -> None:
    key = edwards.encode(edwards.NEUTRAL)
    signature = edwards.encode(edwards.multiply(7, edwards.BASE)) + (7).to_bytes(32, "little")
    for message in (b"", b"one", b"another"):
        assert library_accepts(key, signature, message)
        assert reason_of(key, signature, message) == Reason.BAD_KEY


@pytest.mark.parametrize(("place", "form"), FORMS, ids=[form.hex() for _, form in FORMS])
def test_an_r_of_small_order_is_refused_though_its_equation_holds(place: int, form: bytes) -> None:
    key = edwards.encode(edwards.add(edwards.multiply(SCALAR, edwards.BASE), TORSION[1]))
    signature, message = forged(key, form, 0, SCALAR, remainder=-place % 8)
    is_canonical = form == edwards.encode(TORSION[place])
    assert library_accepts(key, signature, message) == is_canonical
    assert reason_of(key, signature, message) == Reason.BAD_SIGNATURE


def test_a_key_that_is_not_reduced_is_refused() -> None:
    for y in range(2, 19):
        for sign in (0, 1 << 255):
            form = (edwards.P + y | sign).to_bytes(32, "little")
            assert not keys.is_strict_point(form)
            assert reason_of(form, keys.sign(SEED, b""), b"") == Reason.BAD_KEY


def test_the_largest_reduced_encoding_that_is_not_of_small_order_is_strict() -> None:
    assert keys.is_strict_point((edwards.P - 2).to_bytes(32, "little"))
    assert not keys.is_strict_point((edwards.P - 1).to_bytes(32, "little"))
    assert not keys.is_strict_point(edwards.P.to_bytes(32, "little"))


def test_s_is_below_the_order_of_the_group() -> None:
    signature = keys.sign(SEED, b"")
    s = int.from_bytes(signature[32:], "little") + edwards.L
    assert reason_of(KEY, signature[:32] + s.to_bytes(32, "little"), b"") == Reason.BAD_SIGNATURE


def test_what_is_refused_for_its_form_never_reaches_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    class Trusting:
        """A library that takes every key and every signature."""

        @staticmethod
        def from_public_bytes(data: bytes) -> "Trusting":
            return Trusting()

        def verify(self, signature: bytes, data: bytes) -> None:
            pass

    monkeypatch.setattr(keys, "loaded", Trusting.from_public_bytes)
    r = KEY
    highest = (edwards.L - 1).to_bytes(32, "little")
    keys.verify(KEY, r + highest, b"")
    for s in (edwards.L, edwards.L + 1, 2**255, 2**256 - 1):
        assert reason_of(KEY, r + s.to_bytes(32, "little"), b"") == Reason.BAD_SIGNATURE
    for size in (0, 32, 63, 65):
        assert reason_of(KEY, (r + bytes(64))[:size], b"") == Reason.BAD_SIGNATURE
    for form in [*keys.SMALL_ORDER, (edwards.P + 3).to_bytes(32, "little")]:
        assert reason_of(KEY, form + highest, b"") == Reason.BAD_SIGNATURE
        assert reason_of(form, r + highest, b"") == Reason.BAD_KEY


def test_a_key_with_a_small_component_is_not_refused_for_it() -> None:
    key = edwards.encode(edwards.add(edwards.multiply(SCALAR, edwards.BASE), TORSION[1]))
    r = edwards.encode(edwards.multiply(7, edwards.BASE))
    signature, message = forged(key, r, 7, SCALAR, remainder=0)
    assert reason_of(key, signature, message) is None
    only_times_8 = forged(key, r, 7, SCALAR, remainder=1)
    assert reason_of(key, *only_times_8) == Reason.BAD_SIGNATURE


def test_every_case_of_wycheproof_is_decided_as_published(test_data: Path) -> None:
    published = json.loads((test_data / "ed25519" / "wycheproof_ed25519_test.json").read_text())
    cases = [(group["publicKey"]["pk"], test) for group in published["testGroups"] for test in group["tests"]]
    assert len(cases) == 151
    different = []
    for key, test in cases:
        found = reason_of(*map(bytes.fromhex, (key, test["sig"], test["msg"])))
        assert found in (None, Reason.BAD_SIGNATURE)  # strictness refuses none of their keys
        if (found is None) != (test["result"] == "valid"):
            different.append(test["tcId"])
    assert different == []


def test_the_row_of_speccheck_is_that_of_strict_cofactorless_verification(test_data: Path) -> None:
    cases = json.loads((test_data / "ed25519" / "speccheck_cases.json").read_text())
    found = [
        reason_of(*(bytes.fromhex(case[name]) for name in ("pub_key", "signature", "message")))
        for case in cases
    ]
    assert " ".join("V" if reason is None else "X" for reason in found) == "X X X V X X X X X X X X"


def test_strictness_refuses_cases_of_speccheck_that_the_library_alone_takes(test_data: Path) -> None:
    cases = json.loads((test_data / "ed25519" / "speccheck_cases.json").read_text())
    taken = [
        number
        for number, case in enumerate(cases)
        if library_accepts(*(bytes.fromhex(case[name]) for name in ("pub_key", "signature", "message")))
    ]
    assert set(taken) >= {0, 1, 2, 3}


def test_a_hash_depends_on_its_purpose_and_is_plain_sha_256() -> None:
    assert keys.hash_for("body", b"x") == hashlib.sha256(b"hedgerow/1/body\x00x").digest()
    assert keys.hash_for("body", b"x") != keys.hash_for("message", b"x")


@settings(max_examples=100, deadline=None)
@given(any_key)
def test_a_key_comes_back_from_its_text(key: bytes) -> None:
    assert keys.did_of(key).startswith("did:key:z6Mk")
    assert keys.key_of(keys.did_of(key)) == key


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=70)
    | st.text(max_size=60).map("did:key:z6Mk".__add__)
    | st.text().map("did:key:z".__add__)
)
def test_a_text_is_the_one_text_of_its_key_or_refused(text: str) -> None:
    assert refuses(lambda: keys.key_of(text)) or keys.did_of(keys.key_of(text)) == text


@pytest.mark.parametrize(
    "data", [b"", b"\xed\x01", b"\xec\x01" + KEY, b"\xed\x01" + KEY + b"\0", b"\xed\x01" + KEY[1:]]
)
def test_the_text_of_something_else_is_no_key(data: bytes) -> None:

    with pytest.raises(RemoteProtocolError) as caught:
        keys.key_of("did:key:z" + base58.encode(data))
    assert caught.value.reason == Reason.OUT_OF_RANGE


def test_recovery_keys_differ_by_number_and_by_entropy() -> None:
    seeds = {keys.recovery_seed(entropy, number) for entropy in (bytes(32), KEY) for number in (1, 2)}
    assert len(seeds) == 4
    assert {len(seed) for seed in seeds} == {32}


def test_a_commitment_is_the_hash_of_the_recovery_key() -> None:
    assert keys.commitment(KEY) == keys.hash_for("next", KEY)
