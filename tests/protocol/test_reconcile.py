"""Set reconciliation: the reference's bytes, the exact difference, refusals, and what a session costs."""

import hashlib
import json
import random
from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.ranges import INFINITY, Bound, Index, Item, SortedIndex, sum_of, window
from hedgerow_protocol.reconcile import Initiator, Responder

VECTORS = Path(__file__).parents[2] / "specs" / "vectors" / "08-reconciliation" / "negentropy.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
ANY_SIZE = 2**30
NO_LIMIT = 0
Case = dict[str, object]


# --- Sessions -------------------------------------------------------------------------------------------


@dataclass
class Session:
    """What two machines said, and what the initiator learned."""

    messages: list[bytes] = field(default_factory=list)
    have: list[bytes] = field(default_factory=list)
    need: list[bytes] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        return len(self.messages) // 2

    @property
    def size(self) -> int:
        return sum(map(len, self.messages))


def reconcile(ours: Index, theirs: Index, our_limit: int = NO_LIMIT, their_limit: int = NO_LIMIT) -> Session:
    initiator = Initiator(ours, our_limit, max_message=ANY_SIZE)
    responder = Responder(theirs, their_limit, max_message=ANY_SIZE)
    session = Session()
    message: bytes | None = initiator.start()
    while message is not None:
        session.messages += [message, responder.on_message(message)]
        step = initiator.on_message(session.messages[-1])
        session.have += step.have
        session.need += step.need
        message = step.reply
    return session


def random_items(source: random.Random, count: int, span: int, shared_prefix: int = 0) -> list[Item]:
    prefix = bytes(shared_prefix)
    ids = {prefix + source.randbytes(32 - shared_prefix) for _ in range(count)}
    return [(source.randrange(span), identifier) for identifier in sorted(ids)]


@st.composite
def two_sets(draw: st.DrawFn) -> tuple[list[Item], list[Item]]:
    source = random.Random(draw(st.integers(0, 2**32)))
    count = draw(st.sampled_from([0, 1, 20, 31, 32, 33, 200, 600, 1500]))
    span = draw(st.sampled_from([1, 3, count + 1, 2**31, 2**32]))
    items = sorted(random_items(source, count, span, draw(st.sampled_from([0, 0, 0, 28]))))
    losses = [draw(st.sampled_from([0.0, 0.002, 0.05, 0.5])) for _ in range(2)]
    sides = [[item for item in items if source.random() >= loss] for loss in losses]
    # A stretch that one side lacks: a day offline, an author it never followed.
    first, last = sorted(source.randrange(count + 1) for _ in range(2))
    gap = set(items[first:last]) if draw(st.booleans()) else set()
    return sides[0], [item for item in sides[1] if item not in gap]


LIMITS = st.sampled_from([NO_LIMIT, 4096, 5000, 20_000])


def ids_of(items: list[Item]) -> set[bytes]:
    return {identifier for _, identifier in items}


@settings(max_examples=150, deadline=None)
@given(two_sets(), LIMITS, LIMITS)
def test_the_initiator_learns_exactly_the_difference(sides, our_limit: int, their_limit: int) -> None:
    ours, theirs = sides
    session = reconcile(SortedIndex.of(ours), SortedIndex.of(theirs), our_limit, their_limit)
    assert set(session.have) == ids_of(ours) - ids_of(theirs)
    assert set(session.need) == ids_of(theirs) - ids_of(ours)
    for place, message in enumerate(session.messages):
        limit = their_limit if place % 2 else our_limit
        assert len(message) <= limit or limit == NO_LIMIT


@settings(max_examples=60, deadline=None)
@given(two_sets())
def test_without_a_frame_limit_no_id_is_reported_twice_and_rounds_are_few(sides) -> None:
    ours, theirs = sides
    session = reconcile(SortedIndex.of(ours), SortedIndex.of(theirs))
    assert len(session.have) == len(set(session.have))
    assert len(session.need) == len(set(session.need))
    assert session.rounds <= 4


def test_have_is_in_the_order_of_the_items() -> None:
    items = random_items(random.Random(7), 500, 50)
    session = reconcile(SortedIndex.of(items), SortedIndex.of([]))
    assert session.have == [identifier for _, identifier in sorted(items)]


def test_answers_do_not_depend_on_what_was_said_before() -> None:
    source = random.Random(8)
    ours, theirs = (SortedIndex.of(random_items(source, 500, 500)) for _ in range(2))
    session = reconcile(ours, theirs)
    responder = Responder(theirs, NO_LIMIT)
    for place in reversed(range(0, len(session.messages), 2)):
        assert responder.on_message(session.messages[place]) == session.messages[place + 1]


# --- The reference's transcripts ------------------------------------------------------------------------


def case_items(case: Case, role: str) -> dict[bytes, tuple[int, int]]:
    """Item number and ts by id, made by the formula that stands in the file."""
    chosen, (first, gap, share), prefix = case[role], case["time"], bytes.fromhex(case["id_prefix"])
    without = {number for bounds in chosen["without"] for number in range(*bounds)}
    numbers = {number for bounds in chosen["with"] for number in range(*bounds)} - without
    return {
        prefix + hashlib.sha256(b"item%d" % number).digest()[len(prefix) :]: (
            number,
            first + number * gap // share,
        )
        for number in numbers
    }


def case_index(case: Case, role: str) -> SortedIndex:
    return SortedIndex.of((timestamp, one) for one, (_, timestamp) in case_items(case, role).items())


def message_of(case: Case) -> bytes:
    parts = [part.partition("*") for part in case["message"].split()]
    return b"".join(bytes.fromhex(digits) * int(times or 1) for digits, _, times in parts)


def named(cases: list[Case]) -> list[object]:
    return [pytest.param(case, id=str(case["name"]).replace(" ", "-")) for case in cases]


SESSIONS = named([case for case in CASES if "messages" in case])
REPLIES = named([case for case in CASES if "reply" in case])
REFUSALS = named([case for case in CASES if case["expect"] != "ok"])


@pytest.mark.parametrize("case", SESSIONS)
def test_the_initiator_sends_and_learns_what_the_reference_does(case: Case) -> None:
    initiator = Initiator(case_index(case, "initiator"), case["frame_limit"][0])
    number_of = case_items(case, "initiator") | case_items(case, "responder")
    messages = [bytes.fromhex(message) for message in case["messages"]]
    assert initiator.start() == messages[0]
    have, need = [], []
    for place in range(1, len(messages), 2):
        step = initiator.on_message(messages[place])
        assert step.reply == (messages[place + 1] if place + 1 < len(messages) else None)
        have += step.have
        need += step.need
    assert sorted(number_of[identifier][0] for identifier in have) == case["have"]
    assert sorted(number_of[identifier][0] for identifier in need) == case["need"]


@pytest.mark.parametrize("case", SESSIONS)
def test_the_responder_sends_what_the_reference_does(case: Case) -> None:
    responder = Responder(case_index(case, "responder"), case["frame_limit"][1])
    messages = [bytes.fromhex(message) for message in case["messages"]]
    for place in range(0, len(messages), 2):
        assert responder.on_message(messages[place]) == messages[place + 1]


@pytest.mark.parametrize("case", SESSIONS)
def test_a_recorded_session_finds_the_whole_difference(case: Case) -> None:
    ours, theirs = (
        {number for number, _ in case_items(case, role).values()} for role in ("initiator", "responder")
    )
    assert set(case["have"]) == ours - theirs
    assert set(case["need"]) == theirs - ours


def test_the_vectors_cover_both_roles_all_reasons_and_sessions() -> None:
    assert {case["expect"] for case in CASES} == {
        "ok",
        "bad_reconciliation",
        "too_big",
        "unsupported_version",
    }
    assert len(SESSIONS) >= 25
    assert len(REFUSALS) >= 25
    assert len({case["name"] for case in CASES}) == len(CASES)


ROLES: dict[str, Callable[[Index], Callable[[bytes], object]]] = {
    "initiator": lambda index: Initiator(index).on_message,
    "responder": lambda index: Responder(index).on_message,
}


@pytest.mark.parametrize("case", REPLIES)
def test_a_message_with_nothing_to_say_is_answered_by_the_version_byte(case: Case) -> None:
    for role in case["roles"]:
        answer = ROLES[role](SortedIndex.of([]))(message_of(case))
        reply = bytes.fromhex(case["reply"])
        assert answer == reply if role == "responder" else answer.reply is None


@pytest.mark.parametrize("case", REFUSALS)
@pytest.mark.parametrize("count", [0, 100])
def test_a_wrong_message_is_refused_with_its_reason(case: Case, count: int) -> None:
    index = SortedIndex.of(random_items(random.Random(1), count, 100))
    for role in case["roles"]:
        with pytest.raises(RemoteProtocolError) as caught:
            ROLES[role](index)(message_of(case))
        assert caught.value.reason == case["expect"]


# --- Hostile bytes --------------------------------------------------------------------------------------

FUZZED = SortedIndex.of(random_items(random.Random(3), 400, 300))
PEER = SortedIndex.of(random_items(random.Random(4), 400, 300))
HONEST = reconcile(FUZZED, PEER).messages + reconcile(FUZZED, PEER, 4096, 4096).messages


def bent(message: bytes, place: int, junk: bytes) -> bytes:
    place %= len(message)
    return message[:place] + junk + message[place + len(junk) :]


HOSTILE = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=200).map(lambda tail: b"\x61" + tail),
    st.builds(bent, st.sampled_from(HONEST), st.integers(0, 2**20), st.binary(max_size=4)),
    st.lists(st.sampled_from(["000000", "00000200", "010000", "020000", "0201ff00", "02000200"])).map(
        lambda parts: bytes.fromhex("61" + "".join(parts))
    ),
)


@settings(max_examples=400, deadline=None)
@given(HOSTILE)
def test_any_bytes_get_an_answer_or_a_remote_protocol_error(data: bytes) -> None:
    for role in (Initiator(FUZZED, 4096), Responder(FUZZED, 4096)):
        try:
            answer = role.on_message(data)
        except RemoteProtocolError:
            continue
        reply = answer if isinstance(answer, bytes) else answer.reply or b""
        assert len(reply) <= 4096


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_both_roles_refuse_the_same_ranges(data: bytes) -> None:
    def reason(take: Callable[[bytes], object]) -> str | None:
        try:
            take(data)
        except RemoteProtocolError as error:
            return error.reason
        return None

    if data[:1] == b"\x61":
        assert reason(Responder(FUZZED).on_message) == reason(Initiator(FUZZED).on_message)


class CountingIndex(SortedIndex):
    """Counts the items that are read, and the bounds looked for."""

    read = 0
    sought = 0

    def ids(self, start: int, stop: int) -> bytes:
        self.read += max(0, stop - start)
        return super().ids(start, stop)

    def lower_bound(self, bound: Bound, start: int = 0) -> int:
        self.sought += 1
        return super().lower_bound(bound, start)


@pytest.mark.parametrize("role", ROLES.values())
@pytest.mark.parametrize("payload", [b"\x01" + bytes(16), b"\x02\x00"])
def test_the_work_for_one_message_is_linear_in_ranges_and_items(role, payload: bytes) -> None:
    count, ranges = 3000, 2000
    index = CountingIndex.of(
        [(timestamp, hashlib.sha256(b"%d" % timestamp).digest()) for timestamp in range(count)]
    )
    index.read = index.sought = 0
    role(index)(b"\x61" + (b"\x02\x00" + payload) * ranges + b"\x00\x00" + payload)
    assert index.sought == ranges + 1
    assert index.read <= 8 * count


def test_a_hostile_list_of_the_same_id_is_one_need() -> None:
    step = Initiator(SortedIndex.of([])).on_message(b"\x61\x00\x00\x02\x03" + b"x" * 96)
    assert step.need == [b"x" * 32]


def test_a_message_longer_than_asked_for_is_too_big() -> None:
    for role in (Initiator, Responder):
        with pytest.raises(RemoteProtocolError, match="too_big"):
            role(FUZZED, NO_LIMIT, max_message=2).on_message(b"\x61\x00\x00")


@pytest.mark.parametrize("limit", [-1, 1, 4095])
def test_a_frame_limit_that_holds_no_whole_step_is_ours_to_avoid(limit: int) -> None:
    for role in (Initiator, Responder):
        with pytest.raises(LocalProtocolError):
            role(FUZZED, limit)


# --- What a session costs -------------------------------------------------------------------------------

SPAN = 4 * 10**7
HUNDRED_THOUSAND = random_items(random.Random(5), 100_000, SPAN)


def newest(source: random.Random, count: int) -> list[Item]:
    return [(SPAN + second, source.randbytes(32)) for second in range(count)]


def with_more(items: list[Item]) -> SortedIndex:
    return SortedIndex.of(HUNDRED_THOUSAND + items)


def test_in_sync_100_000_items_cost_one_round_and_400_bytes() -> None:
    session = reconcile(with_more([]), with_more([]))
    assert session.rounds == 1
    assert session.size <= 400


def test_the_newest_200_of_100_000_cost_6_kb() -> None:
    source = random.Random(6)
    apart = reconcile(with_more(newest(source, 100)), with_more(newest(source, 100)))
    assert (len(apart.have), len(apart.need)) == (100, 100)
    assert apart.size <= 6_000
    ours = reconcile(with_more(newest(source, 200)), with_more([]))
    assert len(ours.have) == 200
    assert ours.size <= 6_000


def test_the_newest_200_at_the_responder_cost_little_more_than_their_ids() -> None:
    session = reconcile(with_more([]), with_more(newest(random.Random(6), 200)))
    assert len(session.need) == 200
    assert session.size <= 200 * 32 + 3_000


def test_200_scattered_among_100_000_cost_220_kb() -> None:
    source = random.Random(6)
    ours, theirs = (with_more(random_items(source, 100, SPAN)) for _ in range(2))
    for limit in (NO_LIMIT, limits.MAX_RECONCILIATION_MESSAGE):
        session = reconcile(ours, theirs, limit, limit)
        assert (len(session.have), len(session.need)) == (100, 100)
        assert session.size <= 220_000
        assert session.rounds == 2


# --- The index ------------------------------------------------------------------------------------------


class ListIndex:
    """The index as plainly as it can be put."""

    def __init__(self, items: list[Item]) -> None:
        self.items = sorted(items)

    def lower_bound(self, bound: Bound, start: int) -> int:
        return max(start, bisect_left(self.items, tuple(bound)))

    def ids(self, start: int, stop: int) -> list[bytes]:
        return [identifier for _, identifier in self.items[start:stop]]


ITEMS = st.builds(
    lambda seed, count, span, prefix: random_items(random.Random(seed), count, span, prefix),
    st.integers(0, 2**32),
    st.integers(0, 300),
    st.sampled_from([1, 4, 2**32]),
    st.sampled_from([0, 30]),
)


def packed(items: list[Item]) -> tuple[bytes, "array[int]"]:
    ordered = sorted(items)
    return b"".join(identifier for _, identifier in ordered), array(
        "I", [timestamp for timestamp, _ in ordered]
    )


def layered(items: list[Item]) -> Index:
    index: Index = SortedIndex.of(items[::3])
    index = index.with_items(items[1::3])
    return index.with_items(items[2::3])


def part(items: list[Item]) -> Index:
    """These in the middle of an index with others."""
    times = [timestamp for timestamp, _ in items]
    since, until = min(times, default=1), max(times, default=0) + 1
    others = [(max(since - 1, 0), b"below".ljust(32)), (min(until, 2**32 - 1), b"above".ljust(32))]
    others = [(timestamp, one) for timestamp, one in others if not since <= timestamp < until]
    return window(layered([*others, *items]), since, until)


@pytest.mark.parametrize(
    "build",
    [SortedIndex.of, layered, lambda items: SortedIndex(*packed(items)), part],
    ids=["of", "layered", "packed", "part"],
)
@settings(max_examples=60, deadline=None)
@given(items=ITEMS, data=st.data())
def test_every_index_answers_like_a_sorted_list(build, items: list[Item], data: st.DataObject) -> None:
    index, plain = build(items), ListIndex(items)
    assert len(index) == len(items)
    start = data.draw(st.integers(0, len(items)))
    stop = data.draw(st.integers(start, len(items)))
    assert index.ids(start, stop) == b"".join(plain.ids(start, stop))
    total = SetSum(stop - start, index.total(start, stop) % limits.ID_MODULUS)
    assert total == SetSum.of(plain.ids(start, stop))
    for rank in range(start, min(stop, start + 5)):
        assert index.item(rank) == plain.items[rank]
        timestamp, identifier = plain.items[rank]
        bound = Bound(timestamp, identifier[: data.draw(st.integers(0, 32))])
        for low in (0, start):
            assert index.lower_bound(bound, low) == plain.lower_bound(bound, low)
    assert index.lower_bound(INFINITY, start) == len(items)


@settings(max_examples=20, deadline=None)
@given(two_sets())
def test_late_items_change_no_byte_of_a_session(sides) -> None:
    ours, theirs = sides
    plain = reconcile(SortedIndex.of(ours), SortedIndex.of(theirs), 4096, 4096)
    late = reconcile(layered(ours), layered(theirs), 4096, 4096)
    assert plain == late


def test_a_window_is_what_lies_in_its_time() -> None:
    items = [(ts, bytes([ts, n]) * 16) for ts in range(10) for n in range(3)]
    whole = layered(items)
    for since, until in [(None, None), (3, None), (None, 7), (3, 7), (4, 4), (8, 2), (11, None)]:
        expected = [one for one in items if (since or 0) <= one[0] < (until if until is not None else 99)]
        found = window(whole, since, until)
        assert [found.item(rank) for rank in range(len(found))] == expected
        assert sum_of(found) == SetSum.of(one for _, one in expected)


def test_late_items_beyond_the_limit_are_packed_with_the_others() -> None:
    items = random_items(random.Random(2), 2 * limits.MAX_LATE_ITEMS, 2**32)
    base, late = items[: limits.MAX_LATE_ITEMS], items[limits.MAX_LATE_ITEMS :]
    index = SortedIndex.of(base).with_items(late[:-1])
    assert not isinstance(index.with_items(late[-1:]), SortedIndex)
    index = index.with_items(late[-1:]).with_items([(1, bytes(32))])
    assert isinstance(index, SortedIndex)
    assert index.ids(0, len(index)) == SortedIndex.of([*items, (1, bytes(32))]).ids(0, len(index))


def test_an_index_in_use_does_not_change_when_items_are_added() -> None:
    index = SortedIndex.of([(5, b"a" * 32)])
    grown = index.with_items([(4, b"b" * 32)])
    grown.with_items([(3, b"c" * 32)])
    assert (len(index), len(grown)) == (1, 2)
    assert grown.ids(0, 2) == b"b" * 32 + b"a" * 32


@pytest.mark.parametrize(
    "items",
    [
        [(1, b"a" * 32), (1, b"a" * 32)],
        [(1, b"a" * 31)],
        [(1, b"a" * 31), (2, b"b" * 33)],
        [(2**32, b"a" * 32)],
        [(-1, b"a" * 32)],
    ],
    ids=["twice", "short", "short-and-long", "late", "early"],
)
def test_what_is_no_set_of_items_makes_no_index(items: list[Item]) -> None:
    with pytest.raises(LocalProtocolError):
        SortedIndex.of(items)


def test_an_item_cannot_be_added_twice() -> None:
    index = SortedIndex.of([(1, b"a" * 32), (2, b"b" * 32)])
    with pytest.raises(LocalProtocolError):
        index.with_items([(2, b"b" * 32)])
    with pytest.raises(LocalProtocolError):
        index.with_items([(3, b"c" * 32)]).with_items([(3, b"c" * 32)])


@pytest.mark.parametrize(
    ("ids", "timestamps"),
    [(b"b" * 32 + b"a" * 32, [1, 1]), (b"a" * 32 + b"b" * 32, [2, 1]), (b"a" * 64, [1, 1]), (b"a" * 33, [1])],
    ids=["ids-descend", "timestamps-descend", "twice", "lengths-differ"],
)
def test_columns_that_do_not_ascend_make_no_index(ids: bytes, timestamps: list[int]) -> None:
    with pytest.raises(LocalProtocolError):
        SortedIndex(ids, array("I", timestamps))
