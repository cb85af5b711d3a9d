"""Times and sizes in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_node.commands.vocabulary import RelationName, RoleName, StanceName, WithdrawalName
from hedgerow_node.store.records import Author, Connection, State
from hedgerow_node.web import wording

NOW = 1_800_000_000.0
HOUR = 3_600
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (0, "just now"),
        (-300, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (2 * HOUR - 1, "1 hour ago"),
        (23 * HOUR, "23 hours ago"),
        (DAY, "1 day ago"),
        (13 * DAY, "13 days ago"),
        (14 * DAY, "1 January 2027"),
        (-2 * DAY, "17 January 2027"),
    ],
)
def test_a_time_is_a_distance_while_that_is_short(passed: int, words: str) -> None:
    assert wording.when(NOW - passed, NOW) == words


def test_large_numbers_have_signs_between_their_thousands() -> None:
    assert [wording.number_words(number) for number in (0, 999, 1_384)] == ["0", "999", "1,384"]


@given(st.floats(allow_nan=False), st.floats(min_value=0, max_value=1e12))
def test_no_time_that_a_message_may_state_breaks_a_page(at: float, now: float) -> None:
    if abs(at) < 1e300:
        assert wording.when(at, now)
    assert wording.moment(at).isoformat()


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (1_023, "1023 bytes"), (1_536, "1.5 KiB"), (34_603_008, "33 MiB")]
)
def test_a_size_is_told_in_a_unit_that_people_use(count: int, words: str) -> None:
    assert wording.size_words(count) == words


@pytest.mark.parametrize(
    ("names", "table"),
    [
        (RelationName, wording.RELATIONS),
        (RelationName, wording.CHOICES),
        (StanceName, wording.STANCES),
        (RoleName, wording.ROLES),
        (WithdrawalName, wording.WITHDRAWALS),
    ],
)
def test_every_word_of_the_commands_has_words_on_the_pages(names: object, table: dict[str, object]) -> None:
    assert set(names.__args__) == set(table)  # type: ignore[attr-defined]


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_relation_that_is_not_known_here_goes_beside(direction: str) -> None:
    author = Author("did:key:z", "", "z")
    connection = Connection("", "relation 77", direction, "", "", "", author, 0, State.CURRENT, False, False)
    assert wording.way_of(connection) == wording.BESIDE
    assert wording.role_of(connection) == "relation 77"
