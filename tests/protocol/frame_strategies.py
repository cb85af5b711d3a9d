"""What hypothesis draws for the tests of links: every frame, valid by the rules of its form, sensible or not."""

from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import (
    Accept,
    Accepted,
    Addr,
    Authors,
    Changed,
    Err,
    Frame,
    Get,
    Getaddr,
    GetHeaders,
    GetHeads,
    Heads,
    IHave,
    Messages,
    Missing,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    Ping,
    Pong,
    Range,
    Report,
    Reported,
    Scope,
    SetMode,
    Since,
    Sub,
    Unsub,
    Want,
    pack_ids,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import MessageId
from protocol.strategies import texts

u8, u16, u32, u53 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 53))
binaries = st.binary(max_size=60)
any_ids = st.binary(min_size=32, max_size=32).map(MessageId)
any_authors = st.binary(min_size=32, max_size=32).map(AuthorKey)


def filters(authors: st.SearchStrategy[AuthorKey]) -> st.SearchStrategy[Filter]:
    """Filters over these authors, which keep to the rules."""
    kinds = st.sets(st.sampled_from([0, 1, 3, 8, 80, 65_535]), max_size=4)
    times = st.none() | st.sampled_from([0, 1, 1_780_000_000, 2**32 - 1]) | u32
    return st.builds(
        Filter,
        st.none() | st.sets(authors, max_size=4).map(lambda some: tuple(sorted(some))),
        st.none() | kinds.map(lambda some: tuple(sorted(some))),
        times,
        times,
    )


def frames(
    numbers: st.SearchStrategy[int] = u32,
    ids: st.SearchStrategy[MessageId] = any_ids,
    authors: st.SearchStrategy[AuthorKey] = any_authors,
    messages: st.SearchStrategy[bytes] = binaries,
    reconciliations: st.SearchStrategy[bytes] = binaries,
    *,
    are_consistent: bool = False,
) -> st.SearchStrategy[Frame]:
    """Frames made of these numbers, ids, authors, messages and messages of a reconciliation.

    Unless they `are_consistent`, a filter may be no filter and hops may be more or fewer than ids.
    """
    runs = st.lists(ids, max_size=5).map(pack_ids)
    lists = st.sets(authors, max_size=5).map(lambda some: pack_ids(sorted(some)))
    versions = st.sampled_from([0, 1, 2, 3]) | u32
    tiers = st.sampled_from([0, 1])
    times = st.sampled_from([0, 1_780_000_000, 2**32 - 1]) | u32
    fingerprints = st.binary(min_size=16, max_size=16)
    carried = st.lists(st.tuples(u8, messages), max_size=3).map(tuple)
    counts = st.sampled_from([0, 1, 5, 1_000_000]) | u53
    inconsistent = [st.builds(Sub, numbers, binaries, st.just(1)), st.builds(IHave, numbers, runs, binaries)]
    return st.one_of(
        *([] if are_consistent else inconsistent),
        st.builds(Ping, numbers),
        st.builds(Pong, numbers),
        st.builds(Err, numbers, u8, texts, u32),
        st.builds(Sub, numbers, filters(authors).map(Filter.encode), st.sampled_from([0, 1, 2])),
        st.builds(Unsub, numbers),
        st.builds(Scope, numbers, versions, binaries),
        st.builds(NegOpen, numbers, numbers, versions, tiers, times, times, counts, fingerprints),
        st.builds(NegSame, numbers),
        st.builds(NegDiffers, numbers, counts),
        st.builds(NegMsg, numbers, reconciliations),
        st.builds(NegClose, numbers),
        st.builds(NegErr, numbers, st.sampled_from([0, 1, 2, 3, 255]), times),
        st.builds(Get, numbers, runs),
        st.builds(Messages, numbers, carried, st.booleans()),
        st.builds(
            Missing, numbers, st.lists(st.tuples(ids, st.sampled_from([0, 1, 2, 9])), max_size=4).map(tuple)
        ),
        st.builds(Range, numbers, numbers, versions, tiers, times, ids, u16),
        st.builds(
            lambda req, some: IHave(req, pack_ids(some), bytes(len(some))), numbers, st.lists(ids, max_size=5)
        ),
        st.builds(Want, numbers, runs),
        st.builds(Changed, numbers),
        st.builds(Accept, numbers, st.binary(max_size=80), st.binary(max_size=limits.MAX_ERROR_TEXT)),
        st.builds(Accepted, numbers, u8),
        st.builds(Since, numbers, versions, st.dictionaries(times, binaries, max_size=8).map(_as_steps)),
        st.builds(
            Report, numbers, st.sampled_from(["https://example.org/", "topic:x"]), st.just("spam"), texts
        ),
        st.builds(Reported, numbers, u8),
        st.builds(Addr, numbers, st.lists(binaries, max_size=3).map(tuple)),
        st.builds(Getaddr, numbers),
        st.builds(GetHeads, numbers, numbers, versions, st.sampled_from([0, 1, 256]) | u16, fingerprints),
        st.builds(GetHeaders, numbers, ids, st.sampled_from([0, 1, 5]) | u32, u16),
        st.builds(Heads, numbers, st.lists(st.tuples(ids, u32, ids), max_size=3).map(tuple), st.booleans()),
        st.builds(SetMode, numbers, st.sampled_from([0, 1, 2])),
        st.builds(Authors, numbers, versions, lists, st.booleans(), st.booleans(), st.booleans()),
    )


def _as_steps(times: dict[int, bytes]) -> tuple[tuple[int, bytes], ...]:
    return tuple((time, times[time][:625]) for time in sorted(times))
