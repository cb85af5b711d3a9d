"""The times from which on authors are kept: few, within what each may have, and no later than they must be."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_node.since_steps import Span, settle
from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey

AUTHORS = [AuthorKey(bytes([number]) * 32) for number in range(40)]
times = st.integers(0, 30).map(lambda number: number * 1_000)
spans = st.builds(lambda least, more, cost: Span(least, least + more, cost), times, times, st.integers(1, 9))
free = st.builds(lambda least, cost: Span(least, cost=cost), times, st.integers(1, 9))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(AUTHORS), free, max_size=40), st.integers(1, 8))
def test_everybody_gets_a_time_that_is_late_enough_and_there_are_few(
    wanted: dict[AuthorKey, Span], most: int
) -> None:
    found = settle(wanted, most)
    assert found.keys() == wanted.keys()
    assert len(set(found.values()) - {0}) <= most
    assert all(found[author] >= span.least for author, span in wanted.items())
    assert all(found[author] == 0 for author, span in wanted.items() if span.least == 0)
    assert set(found.values()) <= {span.least for span in wanted.values()}


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(AUTHORS), spans, max_size=40), st.integers(1, 8))
def test_nobody_gets_a_later_time_than_he_may_have(wanted: dict[AuthorKey, Span], most: int) -> None:
    found = settle(wanted, most)
    assert len(set(found.values()) - {0}) <= most
    assert all(found[author] <= span.most for author, span in wanted.items())


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(AUTHORS[:8]), spans))
def test_few_enough_times_are_what_was_asked_for(wanted: dict[AuthorKey, Span]) -> None:
    assert settle(wanted) == {author: span.least for author, span in wanted.items()}


def test_the_cheapest_two_are_put_together() -> None:
    wanted = {author: Span(1_000 * place) for place, author in enumerate(AUTHORS[:9], 1)}
    wanted |= {AUTHORS[3]: Span(4_000, cost=50), AUTHORS[4]: Span(4_100)}
    found = settle(wanted, 8)
    assert found[AUTHORS[3]] == 4_000
    assert len(set(found.values())) == limits.MAX_SINCE_STEPS
