"""Quotas: at the limit and one over, over time, and whatever the clock does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.quota import Bucket, Pool, Pushes


def test_a_burst_passes_and_one_more_does_not() -> None:
    bucket = Bucket(rate=2, burst=5)
    assert [bucket.take(100.0) for _ in range(6)] == [True] * 5 + [False]


def test_what_was_spent_comes_back_at_the_rate_and_never_above_the_burst() -> None:
    bucket = Bucket(rate=2, burst=5)
    assert bucket.take(100.0, 5)
    assert not bucket.take(100.4)
    assert bucket.take(100.5)
    assert not bucket.take(10_000.0, 6)
    assert bucket.take(10_000.0, 5)


def test_a_refusal_spends_nothing() -> None:
    bucket = Bucket(rate=0, burst=5)
    assert not bucket.take(0.0, 6)
    assert bucket.take(0.0, 5)


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    bucket = Bucket(rate=1, burst=2)
    assert bucket.take(1_000.0, 2)
    assert not bucket.take(0.0)
    assert not bucket.take(0.5)
    assert bucket.take(1.0)


@given(
    st.floats(0.1, 100),
    st.floats(1, 1_000),
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 50)), max_size=30),
)
def test_no_more_than_burst_and_rate_ever_passes(
    rate: float, burst: float, attempts: list[tuple[float, float]]
) -> None:
    bucket, now, passed = Bucket(rate, burst), 0.0, 0.0
    for pause, amount in attempts:
        now += pause
        passed += amount if bucket.take(now, amount) else 0.0
        assert passed <= burst + rate * now + 1e-6


def test_a_pool_gives_what_it_has_and_takes_it_back() -> None:
    pool = Pool(10)
    assert pool.take(4)
    assert not pool.take(7)
    assert pool.take(6)
    assert not pool.take(1)
    assert pool.take(0)
    pool.give_back(6)
    assert pool.take(6)


@pytest.mark.parametrize("share", [1.0, limits.PUSH_SHARE])
def test_pushes_are_bounded_by_number_and_by_bytes(share: float) -> None:
    by_number = Pushes(share)
    most = int(share * limits.PUSH_BURST)
    assert by_number.take(0.0, [1] * most)
    assert not by_number.take(0.0, [1])
    assert by_number.take(1.0, [1] * int(share * limits.PUSH_RATE))
    by_bytes = Pushes(share)
    assert by_bytes.take(0.0, [int(share * limits.PUSH_BYTES_BURST)])
    assert not by_bytes.take(0.0, [1])
    assert by_bytes.take(1.0, [int(share * limits.PUSH_BYTES_RATE)])
