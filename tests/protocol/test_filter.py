"""Filters: which messages pass, what is narrowed, and which bytes are a filter."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.filter import NOBODY, Filter, decode_filter, has_bit, pack_bits
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.message import CONTROL_KINDS, Header
from protocol.frame_strategies import filters
from protocol.strategies import near, refuses

AUTHORS = [AuthorKey(bytes([number]) * 32) for number in range(6)]
some_filters = filters(st.sampled_from(AUTHORS))
headers = st.builds(
    lambda author, kind, ts: Header(
        1, kind, author, DeviceKey(bytes(32)), 1, None, ts, 0, bytes(32), replaces=()
    ),
    st.sampled_from(AUTHORS),
    st.sampled_from([0, 1, 3, 8, 80, 99, 65_535]),
    st.sampled_from([0, 1, 1_780_000_000, 2**32 - 1]) | st.integers(0, 2**32 - 1),
)


def reason_of(value: object) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_filter(codec.encode(value))
    return caught.value.reason


@settings(max_examples=300, deadline=None)
@given(some_filters, headers)
def test_a_message_passes_by_author_and_unless_it_is_of_a_control_kind_by_kind_and_time(
    asked: Filter, header: Header
) -> None:
    is_named = asked.authors is None or header.author in set(asked.authors)
    is_kind = asked.kinds is None or header.kind in asked.kinds
    is_time = (asked.since is None or header.ts >= asked.since) and (
        asked.until is None or header.ts < asked.until
    )
    is_control = header.kind in CONTROL_KINDS
    assert asked.matches(header) == (is_named and (is_control or (is_kind and is_time)))


@settings(max_examples=200, deadline=None)
@given(some_filters, headers, st.integers(0, 3), st.integers(0, 3))
def test_a_window_only_ever_narrows(asked: Filter, header: Header, first: int, last: int) -> None:
    since, until = [[0, 1, 1_780_000_000, 2**32 - 1][place] for place in (first, last)]
    in_window = header.is_control or (header.ts >= since and (until == 0 or header.ts < until))
    assert asked.within(since, until).matches(header) == (asked.matches(header) and in_window)


def test_a_window_that_is_open_changes_nothing() -> None:
    asked = Filter(authors=(AUTHORS[1],), since=5, until=9)
    assert asked.within(0, 0) == asked
    assert asked.within(6, 8) == replace(asked, since=6, until=8)
    assert asked.within(4, 10) == asked
    assert Filter().within(0, 0) == Filter()


@given(st.sets(st.sampled_from(AUTHORS)), st.binary(max_size=3))
def test_narrowing_keeps_the_authors_whose_bit_is_set_whatever_the_bits(
    authors: set[AuthorKey], bits: bytes
) -> None:
    whole = Filter.of_authors(authors)
    kept = whole.narrowed(bits).authors
    assert kept == tuple(author for place, author in enumerate(sorted(authors)) if has_bit(bits, place))


def test_a_filter_for_everybody_narrows_to_nobody() -> None:
    assert Filter().narrowed(b"\xff") == NOBODY


@given(st.lists(st.booleans(), max_size=40))
def test_bits_are_found_where_they_were_put_and_are_0_beyond(bits: list[bool]) -> None:
    packed = pack_bits(bits)
    assert len(packed) == (len(bits) + 7) // 8
    assert [has_bit(packed, place) for place in range(len(bits) + 20)] == bits + [False] * 20


def test_the_first_bit_is_the_lowest_of_the_first_byte() -> None:
    assert pack_bits([True] + [False] * 8 + [True]) == b"\x01\x02"


@settings(max_examples=200, deadline=None)
@given(some_filters)
def test_a_filter_comes_back_as_it_was_sent(asked: Filter) -> None:
    assert decode_filter(asked.encode()) == asked


def values_of(asked: Filter) -> list[object]:
    authors = None if asked.authors is None else b"".join(asked.authors)
    return [authors, asked.kinds, asked.since, asked.until]


@settings(max_examples=300, deadline=None)
@given(near(some_filters.map(values_of)))
def test_any_bytes_are_a_filter_in_its_one_form_or_refused(data: bytes) -> None:
    if not refuses(lambda: decode_filter(data)):
        assert decode_filter(data).encode() == data


def keys(count: int) -> bytes:
    source = random.Random(count)
    return b"".join(sorted({source.randbytes(32) for _ in range(count)}))


@pytest.mark.limit("MAX_FILTER_AUTHORS")
def test_the_most_authors_and_kinds_are_taken_and_one_over_refused() -> None:
    most_kinds = list(range(2**16 - limits.MAX_FILTER_KINDS, 2**16))
    value = [keys(limits.MAX_FILTER_AUTHORS), most_kinds, 2**32 - 1, 2**32 - 1]
    largest = decode_filter(codec.encode(value))
    assert largest.authors is not None
    assert len(largest.authors) == limits.MAX_FILTER_AUTHORS
    assert reason_of([keys(limits.MAX_FILTER_AUTHORS + 1), None, None, None]) is Reason.OUT_OF_RANGE
    assert reason_of([None, [0, *most_kinds], None, None]) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([None, None, None], Reason.WRONG_SHAPE),
        ("filter", Reason.WRONG_SHAPE),
        ([bytes(31), None, None, None], Reason.WRONG_SHAPE),
        ([[bytes(32)], None, None, None], Reason.WRONG_SHAPE),
        ([bytes(64), None, None, None], Reason.OUT_OF_RANGE),
        ([b"\2" * 32 + b"\1" * 32, None, None, None], Reason.OUT_OF_RANGE),
        ([None, [2, 1], None, None], Reason.OUT_OF_RANGE),
        ([None, [1, 1], None, None], Reason.OUT_OF_RANGE),
        ([None, [2**16], None, None], Reason.OUT_OF_RANGE),
        ([None, None, 2**32, None], Reason.OUT_OF_RANGE),
        ([None, None, None, 2**32], Reason.OUT_OF_RANGE),
        ([None, None, False, None], Reason.WRONG_SHAPE),
    ],
)
def test_what_is_no_filter_is_refused(value: object, reason: Reason) -> None:
    assert reason_of(value) is reason
    with pytest.raises(RemoteProtocolError):
        decode_filter(bytes(limits.MAX_FILTER + 1))


sinces = st.dictionaries(st.sampled_from(AUTHORS), st.sampled_from([0, 5, 9, 1_780_000_000]))


@settings(max_examples=200, deadline=None)
@given(some_filters, headers, sinces, sinces)
def test_content_passes_from_the_later_of_two_times_on(
    asked: Filter, header: Header, ours: dict[AuthorKey, int], theirs: dict[AuthorKey, int]
) -> None:
    later = max(since.get(header.author, 0) for since in (ours, theirs)) if asked.authors is not None else 0
    is_kept = header.kind in CONTROL_KINDS or header.ts >= later
    assert asked.kept_since(ours).kept_since(theirs).matches(header) == (asked.matches(header) and is_kept)


@settings(max_examples=200, deadline=None)
@given(some_filters, sinces, sinces)
def test_what_is_told_in_steps_is_understood(
    asked: Filter, ours: dict[AuthorKey, int], theirs: dict[AuthorKey, int]
) -> None:
    kept = asked.kept_since(ours)
    assert asked.kept_in(kept.steps()) == kept
    assert asked.kept_since(theirs).kept_in(kept.steps()) == asked.kept_since(ours).kept_since(theirs)
    assert kept.encode() == asked.encode()


@settings(max_examples=100, deadline=None)
@given(sinces, st.binary(max_size=2))
def test_who_is_left_keeps_his_time(since: dict[AuthorKey, int], carried: bytes) -> None:
    kept = Filter(tuple(AUTHORS)).kept_since(since).narrowed(carried)
    assert kept == Filter(tuple(AUTHORS)).narrowed(carried).kept_since(since)


def test_more_times_than_are_told_are_refused_here() -> None:
    many = {author: 1 + place for place, author in enumerate(AUTHORS)}
    authors = [AuthorKey(bytes([number]) * 32) for number in range(limits.MAX_SINCE_STEPS + 1)]
    assert len(Filter(tuple(AUTHORS)).kept_since(many).steps()) == len(AUTHORS)
    with pytest.raises(LocalProtocolError):
        Filter(tuple(authors)).kept_since({one: 1 + place for place, one in enumerate(authors)}).steps()
