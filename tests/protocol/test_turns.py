"""Whose turn it is: which of several links brings new messages whole."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.frame import Mode
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.turns import Turns

ONE, TWO, THREE = LinkId(1), LinkId(2), LinkId(3)
ANA, BEN, CYD = (AuthorKey(bytes([number]) * 32) for number in (1, 2, 3))
BOTH = frozenset({ANA, BEN})


class Told:
    """Turns, and what the other sides were told."""

    def __init__(self) -> None:
        self.told: list[tuple[LinkId, Mode]] = []
        self.turns = Turns(lambda now, link, mode: self.told.append((link, mode)))

    def open(self, *links: LinkId, authors: frozenset[AuthorKey] = BOTH) -> None:
        for link in links:
            self.turns.begin(link)
        for link in links:
            self.turns.scoped(0.0, link, authors)

    def eager(self) -> list[LinkId]:
        return [
            link for link in (ONE, TWO, THREE) if link in self.turns and self.turns.mode(link) is Mode.EAGER
        ]


def test_the_first_link_brings_messages_whole_and_the_others_announce() -> None:
    told = Told()
    assert [told.turns.begin(link) for link in (ONE, TWO, THREE)] == [Mode.EAGER, Mode.LAZY, Mode.LAZY]
    told.open(ONE, TWO, THREE)
    assert told.told == []


def test_a_link_that_takes_no_turns_brings_messages_whole() -> None:
    assert Told().turns.mode(ONE) is Mode.EAGER


def test_who_announced_what_was_missed_brings_messages_whole_from_then_on() -> None:
    told = Told()
    told.open(ONE, TWO, THREE)
    told.turns.missed(0.0, THREE)
    told.turns.missed(0.0, THREE)
    assert told.told == [(THREE, Mode.EAGER)]


def test_who_is_late_again_and_again_only_announces_and_once_in_between_is_enough_to_stay() -> None:
    told = Told()
    told.open(ONE, TWO)
    told.turns.missed(0.0, TWO)
    for _ in range(limits.LATE_PUSHES - 1):
        told.turns.late(0.0, ONE)
    told.turns.timely(ONE)
    for _ in range(limits.LATE_PUSHES - 1):
        told.turns.late(0.0, ONE)
    assert told.eager() == [ONE, TWO]
    told.turns.late(0.0, ONE)
    assert told.eager() == [TWO]


def test_the_only_link_whose_turn_it_is_stays_however_late_it_is() -> None:
    told = Told()
    told.open(ONE, TWO)
    for _ in range(9):
        told.turns.late(0.0, ONE)
    assert told.eager() == [ONE]


def test_who_alone_carries_somebody_brings_messages_whole_for_good() -> None:
    told = Told()
    told.open(ONE, TWO)
    told.turns.scoped(0.0, TWO, frozenset({ANA, CYD}))
    assert told.eager() == [ONE, TWO]
    for _ in range(9):
        told.turns.late(0.0, TWO)
        told.turns.late(0.0, ONE)
    assert told.eager() == [ONE, TWO]


def test_nobody_is_hurried_while_the_first_has_not_said_whom_it_carries() -> None:
    told = Told()
    told.turns.begin(ONE)
    told.turns.begin(TWO)
    told.turns.scoped(0.0, TWO, BOTH)
    assert told.told == []
    told.turns.scoped(0.0, ONE, frozenset({ANA}))
    assert told.told == [(TWO, Mode.EAGER)]


def test_when_the_one_whose_turn_it_is_goes_another_takes_over() -> None:
    told = Told()
    told.open(ONE, TWO, THREE)
    told.turns.end(0.0, ONE)
    assert told.eager() == [TWO]
    told.turns.end(0.0, TWO)
    told.turns.end(0.0, THREE)
    assert told.turns.begin(ONE) is Mode.EAGER


links = st.sampled_from([ONE, TWO, THREE])
authors = st.frozensets(st.sampled_from([ANA, BEN, CYD]))
acts: st.SearchStrategy[Callable[[Turns], object]] = st.one_of(
    st.builds(lambda link: lambda turns: turns.end(0.0, link), links),
    st.builds(lambda link: lambda turns: None if link in turns else turns.begin(link), links),
    st.builds(lambda link, some: lambda turns: turns.scoped(0.0, link, some), links, authors),
    st.builds(lambda link: lambda turns: turns.missed(0.0, link), links),
    st.builds(lambda link: lambda turns: turns.late(0.0, link), links),
    st.builds(lambda link: lambda turns: turns.timely(link), links),
)


@given(st.lists(acts, max_size=40))
def test_whatever_happens_everybody_whom_some_link_carries_is_brought_whole(
    steps: list[Callable[[Turns], object]],
) -> None:
    told = Told()
    for step in steps:
        step(told.turns)
    carried = {link: told.turns.authors(link) for link in (ONE, TWO, THREE) if link in told.turns}
    eager = told.eager()
    assert bool(eager) == bool(carried)
    if all(carried[link] is not None for link in eager):
        covered = frozenset[AuthorKey]().union(*[carried[link] or () for link in eager])
        assert all((some or frozenset()) <= covered for some in carried.values())
