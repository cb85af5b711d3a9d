"""base58btc: bytes and texts stand for each other one to one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import base58
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from protocol.strategies import refuses


def reason_of(text: str) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        base58.decode(text)
    return caught.value.reason


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=90), st.integers(0, 3))
def test_bytes_come_back_from_their_text(data: bytes, zeros: int) -> None:
    data = bytes(zeros) + data
    assert base58.decode(base58.encode(data)) == data


@settings(max_examples=200, deadline=None)
@given(st.text(base58.ALPHABET, max_size=128))
def test_no_two_texts_stand_for_the_same_bytes(text: str) -> None:
    assert base58.encode(base58.decode(text)) == text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=140))
def test_a_text_is_refused_exactly_for_a_foreign_letter_or_its_length(text: str) -> None:
    assert refuses(lambda: base58.decode(text)) == (len(text) > 128 or not set(text) <= set(base58.ALPHABET))


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "a b", "é", "1" * 129])
def test_a_refusal_is_out_of_range(text: str) -> None:
    assert reason_of(text) == Reason.OUT_OF_RANGE


def test_128_letters_are_allowed() -> None:
    assert base58.decode("1" * 128) == bytes(128)


def test_the_alphabet_leaves_out_what_is_easily_misread() -> None:
    assert len(set(base58.ALPHABET)) == 58
    assert not set("0OIl") & set(base58.ALPHABET)
