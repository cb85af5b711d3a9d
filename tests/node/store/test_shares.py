"""Who has to go when a bounded place is full."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from hedgerow_node.store.shares import Piece, surplus

names = st.sampled_from([b"a", b"b", b"c", b"d"])
pieces = st.lists(st.tuples(names, names, st.integers(1, 50)), max_size=60).map(
    lambda found: [Piece(row, *one) for row, one in enumerate(found)]
)


@given(pieces, st.integers(0, 40), st.integers(0, 800), st.sets(names))
def test_what_stays_is_within_the_bounds_and_no_more_goes_than_must(
    held: list[Piece], number: int, size: int, favoured: set[bytes]
) -> None:
    gone = surplus(held, number, size, favoured)
    stays = [one for one in held if one.row not in gone]
    assert len(gone) == len(set(gone))
    assert len(stays) <= number
    assert sum(one.size for one in stays) <= size
    if gone:
        last = held[gone[-1]]
        assert len(stays) + 1 > number or sum(one.size for one in stays) + last.size > size


@given(pieces, st.integers(0, 40), st.sets(names))
def test_a_favoured_author_goes_only_when_nobody_else_is_left(
    held: list[Piece], number: int, favoured: set[bytes]
) -> None:
    gone = set(surplus(held, number, 10**9, favoured))
    if any(held[row].author in favoured for row in gone):
        assert not [one for one in held if one.author not in favoured and one.row not in gone]


def test_a_flood_pushes_out_itself() -> None:
    quiet = [Piece(row, b"quiet", b"newcomer", 10) for row in range(5)]
    flood = [Piece(5 + row, b"flood", bytes([row % 200]), 10) for row in range(1_000)]
    assert not {one.row for one in quiet} & set(surplus(quiet + flood, 50, 10**9, ()))


def test_of_one_link_the_author_who_takes_most_goes_first_and_his_oldest() -> None:
    held = [Piece(row, b"link", b"loud" if row % 4 else b"still", 10) for row in range(40)]
    gone = surplus(held, 20, 10**9, ())
    assert Counter(held[row].author for row in gone) == {b"loud": 20}
    assert gone == sorted(gone)
