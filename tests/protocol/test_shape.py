"""Checks of decoded values: what each lets through, and the reason for what it does not."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import shape
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from protocol.strategies import anything, refuses, unicode_texts


def reason_of(check: Callable[[], object]) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        check()
    return caught.value.reason


CHECKS: list[Callable[[object], object]] = [
    lambda value: shape.as_array(value, "it"),
    lambda value: shape.as_array(value, "it", 2),
    lambda value: shape.as_list(value, "it", 2, shape.as_key),
    lambda value: shape.as_uint(value, "it", 10),
    lambda value: shape.as_bool(value, "it"),
    lambda value: shape.as_bytes(value, "it"),
    lambda value: shape.as_bytes(value, "it", 16),
    lambda value: shape.as_bytes(value, "it", most=16),
    lambda value: shape.as_text(value, "it", 10, 1),
    lambda value: shape.as_key(value, "it"),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CHECKS), anything)
def test_a_check_returns_its_value_or_refuses(check: Callable[[object], object], value: object) -> None:
    assert refuses(lambda: check(value)) or check(value) == value


@pytest.mark.parametrize("check", CHECKS)
def test_nil_has_no_shape(check: Callable[[object], object]) -> None:
    assert reason_of(lambda: check(None)) == Reason.WRONG_SHAPE


def test_a_boolean_is_no_integer_and_an_integer_no_boolean() -> None:
    assert reason_of(lambda: shape.as_uint(True, "it", 1)) == Reason.WRONG_SHAPE
    assert reason_of(lambda: shape.as_bool(1, "it")) == Reason.WRONG_SHAPE
    assert shape.as_bool(False, "it") is False


def test_integers_stay_within_0_and_their_limit() -> None:
    assert [shape.as_uint(number, "it", 10) for number in (0, 10)] == [0, 10]
    assert reason_of(lambda: shape.as_uint(11, "it", 10)) == Reason.OUT_OF_RANGE
    assert reason_of(lambda: shape.as_uint(-1, "it", 10)) == Reason.OUT_OF_RANGE


def test_bytes_of_a_fixed_length_have_it_and_others_stay_within_their_limit() -> None:
    assert reason_of(lambda: shape.as_bytes(bytes(15), "it", 16)) == Reason.WRONG_SHAPE
    assert reason_of(lambda: shape.as_bytes(bytes(17), "it", 16)) == Reason.WRONG_SHAPE
    assert shape.as_bytes(bytes(16), "it", most=16) == bytes(16)
    assert reason_of(lambda: shape.as_bytes(bytes(17), "it", most=16)) == Reason.OUT_OF_RANGE


def test_arrays_of_a_fixed_length_have_it_and_lists_stay_within_their_limit() -> None:
    assert shape.as_array((1, 2), "it", 2) == (1, 2)
    assert reason_of(lambda: shape.as_array((1,), "it", 2)) == Reason.WRONG_SHAPE
    assert reason_of(lambda: shape.as_array([1, 2], "it", 2)) == Reason.WRONG_SHAPE
    two = (bytes(32), bytes(32))
    assert shape.as_list(two, "it", 2, shape.as_key) == two
    assert reason_of(lambda: shape.as_list(two, "it", 1, shape.as_key)) == Reason.OUT_OF_RANGE


@settings(max_examples=100, deadline=None)
@given(unicode_texts, st.integers(0, 40))
def test_texts_are_measured_in_bytes_of_utf_8(text: str, most: int) -> None:
    assert refuses(lambda: shape.as_text(text, "it", most)) == (len(text.encode()) > most)


def test_texts_have_at_least_their_least_length() -> None:
    assert shape.as_text("a", "it", 1, 1) == "a"
    assert reason_of(lambda: shape.as_text("", "it", 1, 1)) == Reason.OUT_OF_RANGE


def test_text_with_half_of_a_surrogate_pair_is_refused() -> None:
    assert reason_of(lambda: shape.as_text("\ud800", "it", 10)) == Reason.WRONG_SHAPE


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=4))
def test_ascending_means_sorted_without_repetition(numbers: list[int]) -> None:
    assert shape.ascends(numbers) == (numbers == sorted(set(numbers)))
