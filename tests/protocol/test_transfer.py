"""Transfer: the window and the credit, what an answer may bring, what is offered, and patience."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.frame import (
    Absence,
    Frame,
    Get,
    IHave,
    Messages,
    Missing,
    Range,
    Want,
    encode_frame,
    pack_ids,
)
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.transfer import Fetching, Offering, Push, answer
from hedgerow_protocol.wire import Patience, Wire
from simulator.author import EPOCH, Author

ANA = Author(1)
NOW = 1_000.0
BATCH = limits.MAX_FRAME_MESSAGES


def some_ids(count: int, start: int = 0) -> list[MessageId]:
    return [MessageId(number.to_bytes(32)) for number in range(start, start + count)]


def large_messages(count: int, size: int = 16_000) -> list[Message]:
    return [
        ANA.say(Comment("https://example.org/", Role.COMMENT, "x" * size), EPOCH + number)
        for number in range(count)
    ]


class Bench:
    """The sending end of one link, with what was sent."""

    def __init__(self) -> None:
        self.sent: list[Frame] = []
        self.wire = Wire(LinkId(1), self.sent.append, last_request=-1)
        self.waiting = 0
        self.has_room = True
        self.fetching = Fetching(self.wire, lambda: self.waiting, lambda: self.has_room)
        self.offering = Offering(self.wire)

    def take(self) -> list[Frame]:
        """What was sent since the last time."""
        sent, self.sent[:] = list(self.sent), []
        return sent

    def answered(self, request: int, *sizes: int, more: bool = False) -> None:
        """A frame of an answer came, with messages of these sizes."""
        frame = Messages(request, tuple((0, bytes(size)) for size in sizes), more)
        self.fetching.check(frame)
        self.fetching.on_messages(NOW, frame)


def unexpected(call: Callable[[], object]) -> bool:
    """Whether the other side broke a rule of order."""
    with pytest.raises(RemoteProtocolError) as caught:
        call()
    return caught.value.reason is Reason.UNEXPECTED_FRAME


# --- Fetching: the window -------------------------------------------------------------------------------


def test_ids_are_asked_for_in_order_a_window_at_a_time() -> None:
    bench, ids = Bench(), some_ids(5 * BATCH + 1)
    bench.fetching.want(NOW, ids)
    gets = bench.take()
    assert [type(frame) for frame in gets] == [Get] * limits.REQUEST_WINDOW
    assert [frame.req for frame in gets] == [1, 3, 5, 7]
    assert pack_ids(ids[: 4 * BATCH]) == b"".join(frame.ids for frame in gets)
    bench.answered(3)
    assert bench.take() == [Get(9, pack_ids(ids[4 * BATCH : 5 * BATCH]))]
    assert not bench.fetching.is_idle
    for request in (1, 5, 7, 9):
        bench.answered(request)
    assert bench.take() == [Get(11, pack_ids(ids[5 * BATCH :]))]
    bench.answered(11)
    assert bench.fetching.is_idle


def test_nothing_is_asked_without_room_and_asked_again_with_it() -> None:
    bench = Bench()
    bench.has_room = False
    bench.fetching.want(NOW, some_ids(3))
    assert bench.take() == []
    bench.has_room = True
    bench.fetching.pump(NOW)
    assert bench.take() == [Get(1, pack_ids(some_ids(3)))]


def test_what_is_not_stored_is_not_yet_fetched() -> None:
    bench = Bench()
    bench.waiting = 1
    assert not bench.fetching.is_idle
    bench.waiting = 0
    assert bench.fetching.is_idle


def test_only_so_many_ids_are_kept_to_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OFFERED", 10)
    bench = Bench()
    bench.has_room = False
    bench.fetching.want(NOW, some_ids(11))
    bench.has_room = True
    bench.fetching.pump(NOW)
    assert bench.take() == [Get(1, pack_ids(some_ids(10)))]


# --- Fetching: what an answer may bring -----------------------------------------------------------------


def asked(count: int) -> Bench:
    bench = Bench()
    bench.fetching.want(NOW, some_ids(count))
    bench.take()
    return bench


def test_an_answer_brings_no_more_messages_than_were_asked_for() -> None:
    bench = asked(3)
    bench.answered(1, 5, 5, more=True)
    bench.answered(1, 5, more=True)
    assert unexpected(lambda: bench.answered(1, 5))


def test_what_is_named_as_missing_counts_as_brought() -> None:
    bench = asked(2)
    bench.fetching.on_missing(Missing(1, ((some_ids(1)[0], Absence.UNKNOWN),)))
    bench.answered(1, 5, more=True)
    assert unexpected(lambda: bench.answered(1, 5))


def test_an_answer_has_no_more_bytes_than_its_limit() -> None:
    bench = asked(40)
    size = limits.MAX_ANSWER // 16
    bench.answered(1, *[size] * 15, more=True)
    bench.answered(1, size, more=True)
    assert unexpected(lambda: bench.answered(1, 1))


def test_a_part_with_nothing_in_it_is_no_progress() -> None:
    bench = asked(1)
    assert unexpected(lambda: bench.answered(1, more=True))


def test_messages_that_answer_nothing_are_refused_also_a_second_time() -> None:
    bench = asked(2)
    assert unexpected(lambda: bench.answered(3))
    bench.answered(1, 5, 5)
    assert unexpected(lambda: bench.answered(1))


@pytest.mark.parametrize(
    "missing",
    [
        Missing(3, ()),
        Missing(1, ((some_ids(1, start=9)[0], 0),)),
        Missing(1, ((some_ids(1)[0], 0), (some_ids(1)[0], 0))),
    ],
    ids=["another question", "another id", "an id twice"],
)
def test_what_is_missing_must_have_been_asked_for(missing: Missing) -> None:
    bench = asked(2)
    assert unexpected(lambda: bench.fetching.on_missing(missing))


def test_what_was_left_for_later_is_asked_for_again_when_the_answer_is_complete() -> None:
    bench, ids = asked(3), some_ids(3)
    bench.fetching.on_missing(Missing(1, ((ids[1], Absence.LATER), (ids[2], Absence.UNKNOWN))))
    assert bench.take() == []
    bench.answered(1, 5)
    assert bench.take() == [Get(3, pack_ids([ids[1]]))]


def test_an_answer_that_leaves_everything_for_later_would_never_end() -> None:
    bench, ids = asked(2), some_ids(2)
    bench.fetching.on_missing(Missing(1, tuple((one, Absence.LATER) for one in ids)))
    assert unexpected(lambda: bench.answered(1))


def test_nothing_is_missing_from_a_range() -> None:
    bench = Bench()
    bench.fetching.ask_range(NOW, Range(1, 1, 1, 1, 0, bytes(32), 10), lambda now, frame: None)
    assert unexpected(lambda: bench.fetching.on_missing(Missing(1, ((bytes(32), 0),))))


def test_the_parts_of_a_range_go_to_whoever_asked_and_count_in_the_window() -> None:
    bench = Bench()
    parts: list[Messages] = []
    bench.fetching.ask_range(NOW, Range(1, 1, 1, 1, 0, bytes(32), 3), lambda now, frame: parts.append(frame))
    bench.wire.next_request()
    bench.fetching.want(NOW, some_ids(4 * BATCH))
    assert [type(frame) for frame in bench.take()] == [Range, Get, Get, Get]
    assert not bench.fetching.has_room
    bench.answered(1, 5, 5, more=True)
    bench.answered(1, 5)
    assert [len(part.messages) for part in parts] == [2, 1]
    assert unexpected(lambda: bench.answered(1))


def test_a_range_brings_no_more_than_its_limit() -> None:
    bench = Bench()
    bench.fetching.ask_range(NOW, Range(1, 1, 1, 1, 0, bytes(32), 3), lambda now, frame: None)
    assert unexpected(lambda: bench.answered(1, 5, 5, 5, 5))


# --- Announcements --------------------------------------------------------------------------------------


def test_an_announcement_is_answered_when_there_is_room_and_at_once_when_nothing_is_wanted() -> None:
    bench = Bench()
    bench.has_room = False
    for request in (2, 4):
        bench.fetching.begin_announcement()
        bench.fetching.on_announced(NOW, request, some_ids(1) if request == 2 else [])
    assert bench.take() == [Want(4, b"")]
    bench.has_room = True
    bench.fetching.pump(NOW)
    assert bench.take() == [Want(2, pack_ids(some_ids(1)))]
    bench.answered(2, 5)
    assert bench.fetching.is_idle


# --- Offering -------------------------------------------------------------------------------------------


def test_ids_are_announced_in_order_a_window_at_a_time() -> None:
    bench, ids = Bench(), some_ids(5 * BATCH)
    assert bench.offering.offer(NOW, ids)
    frames = bench.take()
    assert [type(frame) for frame in frames] == [IHave] * limits.REQUEST_WINDOW
    assert b"".join(frame.ids for frame in frames) == pack_ids(ids[: 4 * BATCH])
    assert all(len(frame.hops) == BATCH for frame in frames)
    assert (bench.offering.offered, bench.offering.settled, len(bench.offering)) == (5 * BATCH, 0, BATCH)
    assert bench.offering.on_want(NOW, Want(3, pack_ids(ids[BATCH : BATCH + 2]))) == ids[BATCH : BATCH + 2]
    assert bench.take() == [IHave(9, pack_ids(ids[4 * BATCH :]), bytes(BATCH))]
    assert (bench.offering.settled, len(bench.offering)) == (BATCH, 0)


def test_what_waits_is_not_announced_twice_and_can_be_taken_back() -> None:
    bench, ids = Bench(), some_ids(5 * BATCH)
    bench.offering.offer(NOW, ids)
    bench.offering.offer(NOW, ids[4 * BATCH :])
    assert (bench.offering.offered, len(bench.offering)) == (5 * BATCH, BATCH)
    bench.offering.clear()
    assert (bench.offering.settled, len(bench.offering)) == (BATCH, 0)


@pytest.mark.limit("MAX_OFFERED")
def test_only_so_many_ids_are_kept_to_announce(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OFFERED", 10)
    monkeypatch.setattr(limits, "REQUEST_WINDOW", 0)
    bench = Bench()
    assert bench.offering.offer(NOW, some_ids(10))
    assert not bench.offering.offer(NOW, some_ids(1, start=10))
    assert len(bench.offering) == bench.offering.offered == 10


def test_a_want_names_what_was_announced_and_comes_once() -> None:
    bench = Bench()
    bench.offering.offer(NOW, some_ids(2))
    assert unexpected(lambda: bench.offering.on_want(NOW, Want(3, b"")))
    assert unexpected(lambda: bench.offering.on_want(NOW, Want(1, bytes([9]) * 32)))
    bench.offering.offer(NOW, some_ids(2, start=2))
    assert bench.offering.on_want(NOW, Want(3, b"")) == []
    assert unexpected(lambda: bench.offering.on_want(NOW, Want(3, b"")))


# --- Answers --------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([1, 100, 15_000]), min_size=1, max_size=45))
def test_an_answer_is_what_the_asker_allows_and_what_it_leaves_is_asked_for_again(sizes: list[int]) -> None:
    messages = [message for size in sizes for message in large_messages(1, size)]
    ids = [message.id for message in messages]
    bench, sent, brought = Bench(), list[Frame](), 0
    bench.fetching.want(NOW, ids)
    bench.take()
    answer(Wire(LinkId(2), sent.append, 0), 1, messages, {})
    for frame in sent:
        assert len(encode_frame(frame)) <= limits.MAX_FRAME
        if isinstance(frame, Messages):
            bench.fetching.check(frame)
            bench.fetching.on_messages(NOW, frame)
            brought += len(frame.messages)
        else:
            bench.fetching.on_missing(frame)
    left = ids[brought:]
    assert bench.take() == ([Get(3, pack_ids(left))] if left else [])


def test_an_answer_stays_within_its_size_and_names_what_is_left() -> None:
    sent: list[Frame] = []
    messages = large_messages(40)
    answer(Wire(LinkId(1), sent.append, 0), 5, messages, {})
    *parts, missing, last = sent
    assert isinstance(missing, Missing)
    assert isinstance(last, Messages)
    assert not last.more
    assert all(isinstance(part, Messages) and part.more and part.messages for part in parts)
    carried = [data for frame in (*parts, last) for _, data in frame.messages]
    assert carried == [message.encode() for message in messages[: len(carried)]]
    assert sum(map(len, carried)) <= limits.MAX_ANSWER < sum(map(len, carried)) + len(messages[0].encode())
    assert [one for one, _ in missing.absent] == [message.id for message in messages[len(carried) :]]
    assert {why for _, why in missing.absent} == {Absence.LATER}


def test_an_answer_with_nothing_is_one_frame() -> None:
    sent: list[Frame] = []
    answer(Wire(LinkId(1), sent.append, 0), 5, [])
    assert sent == [Messages(5, (), more=False)]


def test_a_push_carries_what_fits_and_names_the_rest() -> None:
    messages = large_messages(40)
    push = Push.of(messages)
    carried = [data for frame in push.frames for _, data in frame.messages]
    assert all(frame.req == 0 and not frame.more for frame in push.frames)
    assert len(carried) + len(push.left_out) == 40
    assert push.left_out == [message.id for message in messages[len(carried) :]]


# --- Patience -------------------------------------------------------------------------------------------


@pytest.mark.limit("PROGRESS_TIMEOUT")
def test_patience_runs_out_when_nothing_comes_of_what_is_awaited() -> None:
    patience = Patience()
    assert patience.deadline == float("inf")
    patience.begin(100.0, 1)
    patience.begin(110.0, 3)
    assert patience.deadline == 100.0 + limits.PROGRESS_TIMEOUT
    patience.progress(120.0)
    assert patience.deadline == 120.0 + limits.PROGRESS_TIMEOUT
    patience.end(125.0, 1)
    patience.end(125.0, 1)
    assert patience.deadline == 125.0 + limits.PROGRESS_TIMEOUT
    patience.end(126.0, 3)
    assert patience.deadline == float("inf")
    patience.begin(500.0, 5)
    assert patience.deadline == 500.0 + limits.PROGRESS_TIMEOUT


def test_questions_announcements_and_answers_begin_and_end_patience() -> None:
    bench = Bench()
    bench.fetching.want(NOW, some_ids(1))
    bench.offering.offer(NOW + 5, some_ids(1))
    bench.answered(1, 5)
    assert bench.wire.patience.deadline == NOW + 5 + limits.PROGRESS_TIMEOUT
    bench.offering.on_want(NOW + 6, Want(3, b""))
    assert bench.wire.patience.deadline == float("inf")
