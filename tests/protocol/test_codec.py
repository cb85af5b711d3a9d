"""The canonical encoding: every value has one form, and nothing else decodes."""

from contextlib import suppress
from enum import IntEnum, StrEnum

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import codec
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from protocol.strategies import near, packed, refuses, spoiled, values

SIZE = 2**20


def reason_of(data: bytes, max_size: int = SIZE) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        codec.decode(data, max_size)
    return caught.value.reason


def nested(depth: int, core: object) -> object:
    for _ in range(depth):
        core = [core]
    return core


@settings(max_examples=300, deadline=None)
@given(values(8))
def test_what_is_encoded_decodes_to_itself(value: object) -> None:
    assert codec.decode(codec.encode(value), SIZE) == value


@settings(max_examples=200, deadline=None)
@given(values(3), values(3))
def test_different_values_have_different_encodings(first: object, second: object) -> None:
    same = repr(first) == repr(second)  # repr, because True == 1
    assert (codec.encode(first) == codec.encode(second)) == same


@settings(max_examples=800, deadline=None)
@given(near(values(8)))
def test_bytes_are_the_encoding_of_their_value_or_refused(data: bytes) -> None:
    if not refuses(lambda: codec.decode(data, SIZE)):
        assert codec.encode(codec.decode(data, SIZE)) == data


def test_all_inputs_of_two_bytes_are_the_encoding_of_their_value_or_refused() -> None:
    decoded = 0
    for data in (number.to_bytes(2) for number in range(2**16)):
        with suppress(RemoteProtocolError):
            assert codec.encode(codec.decode(data, SIZE)) == data
            decoded += 1
    # Integers from 128, texts of one letter, arrays of one item, and empty bytes.
    assert decoded == 128 + 2 + 95 + (128 + 6)


@settings(max_examples=400, deadline=None)
@given(values(4).flatmap(spoiled))
def test_the_encoder_refuses_exactly_what_the_decoder_refuses(value: object) -> None:
    try:
        data = codec.encode(value)
    except LocalProtocolError:
        assert refuses(lambda: codec.decode(packed(value), SIZE))
    else:
        assert data == packed(value)
        assert codec.encode(codec.decode(data, SIZE)) == data


@pytest.mark.parametrize(
    "value",
    [
        -1,
        2**53,
        2**64,
        1.0,
        {},
        {1: 2},
        set(),
        bytearray(b"a"),
        memoryview(b"a"),
        "\ud800",
        "a\x00",
        "\x85",
        [["\x1b"]],
        nested(9, None),
        nested(8, []),
        [None] * 1_025,
        StrEnum("Word", "A").A,
        msgpack.ExtType(1, b""),
        object(),
    ],
    ids=lambda value: f"{type(value).__name__}-{len(str(value))}",
)
def test_the_encoder_refuses_what_the_encoding_forbids(value: object) -> None:
    with pytest.raises(LocalProtocolError):
        codec.encode(value)


def test_an_array_that_contains_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(LocalProtocolError):
        codec.encode(endless)


def test_enumerations_of_numbers_are_encoded_as_numbers() -> None:
    assert codec.encode([IntEnum("Number", "A").A]) == codec.encode([1])


@pytest.mark.parametrize(("depth", "core"), [(8, None), (7, ())])
def test_eight_levels_are_allowed(depth: int, core: object) -> None:
    data = packed(nested(depth, core))
    assert codec.encode(codec.decode(data, SIZE)) == data


@pytest.mark.parametrize(("depth", "core"), [(9, None), (8, ()), (1_000, None), (100_000, None)])
def test_nine_levels_and_more_are_refused(depth: int, core: object) -> None:
    assert reason_of(b"\x91" * depth + packed(core)) == Reason.NOT_CANONICAL


def test_arrays_have_at_most_1024_items() -> None:
    assert codec.decode(packed([None] * 1_024), SIZE) == (None,) * 1_024
    assert reason_of(packed([None] * 1_025)) == Reason.NOT_CANONICAL


def test_a_size_above_the_callers_limit_is_refused_before_anything_is_read() -> None:
    assert codec.decode(b"\xc4\x02ab", 4) == b"ab"
    assert reason_of(b"\xc4\x02ab", 3) == Reason.TOO_BIG
    assert reason_of(b"\xc1\xc1", 1) == Reason.TOO_BIG


@pytest.mark.parametrize("declared", ["c6ffffffff", "dbffffffff", "ddffffffff", "dfffffffff", "c9ffffffff00"])
def test_a_declared_length_allocates_nothing(declared: str) -> None:
    assert reason_of(bytes.fromhex(declared)) == Reason.NOT_CANONICAL


def test_a_byte_order_mark_stays() -> None:
    assert codec.decode(codec.encode("\ufeffa"), SIZE) == "\ufeffa"


@settings(max_examples=100, deadline=None)
@given(st.characters(codec="utf-8"))
def test_a_character_is_refused_exactly_when_it_is_a_control_other_than_tab_and_line_feed(
    letter: str,
) -> None:
    number = ord(letter)
    forbidden = number < 9 or 10 < number < 32 or 127 <= number < 160
    assert refuses(lambda: codec.decode(packed(letter), SIZE)) == forbidden


@pytest.mark.parametrize(
    "data", ["cc7f", "d905" + "61" * 5, "80", "ca00000000", "ff", "a11b", "cf0020000000000000"]
)
def test_the_library_alone_would_take_what_is_refused(data: str) -> None:
    msgpack.unpackb(bytes.fromhex(data))
    assert reason_of(bytes.fromhex(data)) == Reason.NOT_CANONICAL
