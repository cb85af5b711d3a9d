"""Cuts that are made: what is held counts, holes and forks included, and nothing else does."""

from hypothesis import given
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.cuts import Reach, Standing
from hedgerow_protocol.cutting import cut_of
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Header, MessageId


def identifier(seq: int, side: int = 0) -> MessageId:
    return MessageId(bytes([side]) + seq.to_bytes(31))


def header(seq: int, side: int = 0) -> Header:
    prev = None if seq == 1 else identifier(seq - 1)
    return Header(1, Kind.PROFILE, AuthorKey(bytes(32)), DeviceKey(bytes(32)), seq, prev, 0, 0, bytes(32), ())


def held(seqs: set[int]) -> dict[MessageId, Header]:
    return {identifier(seq): header(seq) for seq in seqs}


def authorised(links: dict[MessageId, Header], cut: tuple[tuple[int, MessageId], ...]) -> set[MessageId]:
    if not cut:
        return set()
    reach = Reach(cut)
    for message, one in links.items():
        reach.add(message, one)
    return {
        message for message, one in links.items() if reach.standing(message, one.seq) is Standing.AUTHORISED
    }


def runs(seqs: set[int]) -> int:
    return sum(seq + 1 not in seqs for seq in seqs)


@given(st.sets(st.integers(1, 40)))
def test_everything_that_is_held_counts_and_what_more_comes_only_where_it_is_linked(seqs: set[int]) -> None:
    links = held(seqs)
    cut = cut_of(links.items())
    assert len(cut) <= limits.MAX_CUT_TIPS
    assert [seq for seq, _ in cut] == sorted({seq for seq, _ in cut}, reverse=True)
    if runs(seqs) <= limits.MAX_CUT_TIPS:
        assert authorised(links, cut) == set(links)
        later = identifier(max(seqs, default=0) + 1)
        whole = held({*range(1, max(seqs, default=0) + 2)})
        assert later not in authorised(whole, cut)


@given(st.sets(st.integers(1, 40), min_size=1), st.data())
def test_what_comes_after_the_last_that_is_believed_does_not_count(
    seqs: set[int], data: st.DataObject
) -> None:
    last = data.draw(st.sampled_from(sorted(seqs)))
    links = held(seqs)
    counted = authorised(links, cut_of(links.items(), identifier(last)))
    assert all(links[message].seq <= last for message in counted)
    assert identifier(last) in counted


def test_more_holes_than_a_cut_can_say_keep_the_highest() -> None:
    links = held(set(range(1, 40, 2)))
    counted = authorised(links, cut_of(links.items()))
    assert sorted(links[one].seq for one in counted) == list(range(25, 40, 2))


def test_of_a_fork_the_side_counts_that_a_later_message_names() -> None:
    links = {**held({1, 2, 3}), identifier(2, side=1): header(2, side=1)}
    assert authorised(links, cut_of(links.items())) == set(held({1, 2, 3}))
    above = {**held({1}), **{identifier(2, side): header(2, side) for side in (0, 1)}}
    assert authorised(above, cut_of(above.items())) == {identifier(1), identifier(2)}


def test_nothing_held_is_the_empty_cut() -> None:
    assert cut_of([]) == ()
