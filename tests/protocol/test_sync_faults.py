"""Somebody who keeps to no rule, against the answering side: what ends the link and what is bounded."""

from dataclasses import replace

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import (
    Absence,
    Accept,
    Accepted,
    Changed,
    Err,
    Frame,
    Get,
    IHave,
    LinkFault,
    Messages,
    Missing,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegSame,
    Ping,
    Pong,
    Range,
    Report,
    Scope,
    Sub,
    Tier,
    Unsub,
    Want,
    pack_ids,
)
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.sync import GOES_AWAY
from simulator.author import EPOCH, Author
from simulator.network import UNPACED
from simulator.scene import Scene, answered, opening, pushed, subscribed

ID = b"\x11" * 32
WORDS = Comment("https://example.org/", Role.COMMENT, "words")


# --- Numbers -------------------------------------------------------------------------------------------
QUESTIONS: list[Frame] = [
    Ping(5),
    Sub(5, Filter().encode(), 1),
    opening(5),
    Get(5, ID),
    Range(5, 1, 1, 1, 0, ID, 5),
    IHave(5, ID, b"\0"),
    Accept(5, b"", b""),
]


def name(frame: Frame) -> str:
    return type(frame).__name__


@pytest.mark.parametrize("question", QUESTIONS, ids=name)
def test_the_number_of_a_question_is_new_and_of_the_side_that_asks(question: Frame) -> None:
    scene = subscribed()
    scene.send(question)
    assert scene.is_open
    for number in (5, 3, 0, 6):
        scene = subscribed()
        scene.send(question, replace(question, req=number))
        if isinstance(question, Sub) and number == 5:
            assert scene.is_open, "the same number changes a subscription"
        else:
            assert scene.reason == "unexpected_frame"


@pytest.mark.parametrize(
    "answer",
    [
        Scope(2, 1, b""),
        NegSame(2),
        NegDiffers(2, 5),
        NegErr(2, 0, 0),
        NegMsg(2, b"\x61"),
        NegMsg(3, b"\x61"),
        NegClose(2),
        NegClose(3),
        Messages(2, (), more=False),
        Messages(3, ((0, b"x"),), more=False),
        Missing(2, ()),
        Want(2, b""),
        Accepted(2, 0),
    ],
    ids=name,
)
def test_an_answer_to_a_side_that_asked_nothing_ends_the_link(answer: Frame) -> None:
    scene = subscribed()
    scene.send(answer)
    assert scene.reason == "unexpected_frame"


@pytest.mark.parametrize("frame", [Pong(77), Unsub(77), Unsub(2), NegClose(3), Changed(77)], ids=name)
def test_what_may_have_crossed_something_else_on_the_way_is_passed_over(frame: Frame) -> None:
    scene = subscribed()
    assert scene.send(opening(3)) == [NegSame(3)]
    scene.send(frame)
    assert scene.send(Ping(99)) == [Pong(99)]


def test_a_peer_that_ends_the_link_is_not_argued_with() -> None:
    scene = subscribed()
    assert scene.send(Err(0, 2, "overloaded", 5), Ping(3)) == []
    assert scene.stranger.closed == "ended by the peer"
    assert [note.detail for note in scene.node.notes if note.event == "the peer ends the link"] == [
        "overloaded"
    ]


def test_a_side_that_only_answers_compares_nothing_when_its_owner_asks() -> None:
    scene = subscribed()
    scene.node.perform(scene.node.peer.resync(scene.network.now))
    assert scene.wait() == []
    assert not scene.node.peer.links()[0].is_settled


def test_an_unknown_odd_frame_is_passed_over_and_an_unknown_even_one_ends_the_link() -> None:
    scene = subscribed()
    scene.stranger.send_bytes(b"\x92\x01\x05")
    assert scene.send(Ping(3)) == [Pong(3)]
    scene.stranger.send_bytes(b"\x92\xcc\xfe\x05")
    scene.wait()
    assert scene.reason == "unknown_frame"


# --- Subscriptions -------------------------------------------------------------------------------------
def test_a_scope_says_whom_the_node_carries() -> None:
    scene = Scene()
    authors = sorted([scene.ana.key, scene.ben.key, scene.cyd.key])
    expected = bytes([sum(1 << place for place, one in enumerate(authors) if one != scene.cyd.key)])
    assert scene.subscribe(1, Filter(tuple(authors))) == Scope(1, 1, expected)


def test_a_changed_subscription_and_a_changed_scope_count_the_version_up() -> None:
    scene = subscribed()
    assert scene.subscribe(1, Filter.of_authors({scene.cyd.key})) == Scope(1, 2, b"\0")
    scene.node.carry(replace(scene.node.carried, authors=scene.node.carried.authors | {scene.cyd.key}))
    assert scene.wait() == [Scope(1, 3, b"\1")]
    scene.node.carry(replace(scene.node.carried, authors=scene.node.carried.authors | {Author(9).key}))
    assert scene.wait() == [], "what changes nothing is not told"


@pytest.mark.limit("MAX_SUBSCRIPTIONS")
def test_so_many_subscriptions_may_be_open_and_one_more_not() -> None:
    scene = Scene()
    numbers = range(1, 2 * limits.MAX_SUBSCRIPTIONS, 2)
    assert len(scene.send(*(Sub(number, Filter().encode(), 1) for number in numbers))) == len(numbers)
    scene.send(Unsub(1), Sub(99, Filter().encode(), 1), Sub(99, Filter().encode(), 2))
    assert scene.is_open
    scene.send(Sub(101, Filter().encode(), 1))
    assert scene.reason == "out_of_range"


def test_bytes_that_are_no_filter_end_the_link() -> None:
    scene = Scene()
    scene.send(Sub(1, b"\xc0", 1))
    assert scene.reason == "wrong_shape"


@pytest.mark.parametrize(("mode", "expected"), [(0, None), (1, Messages), (2, IHave)])
def test_a_subscriber_hears_of_new_messages_as_it_asked(mode: int, expected: type[Frame] | None) -> None:
    scene = Scene()
    scene.send(Sub(1, Filter.of_authors({scene.ana.key}).encode(), mode))
    scene.node.publish([scene.ana.say(WORDS, EPOCH)])
    came = scene.wait(limits.ANNOUNCE_AFTER + 0.2)
    assert [type(frame) for frame in came] == ([] if expected is None else [expected])


# --- Questions -----------------------------------------------------------------------------------------
def test_an_id_asked_for_twice_is_answered_once() -> None:
    scene = Scene()
    [message] = scene.ana.resources(1)
    scene.node.hold([message])
    answer = scene.send(Get(1, pack_ids([message.id, ID, message.id, ID])))
    assert answer == [
        Missing(1, ((ID, Absence.UNKNOWN),)),
        Messages(1, ((0, message.encode()),), more=False),
    ]


@pytest.mark.limit("MAX_QUESTIONS")
def test_so_many_questions_may_be_under_way_and_one_more_not() -> None:
    scene = subscribed()
    scene.network.storage = (5.0, 5.0)
    half = limits.MAX_QUESTIONS // 2
    scene.send(*(Get(3 + 2 * one, ID) for one in range(half)))
    scene.send(*(Range(101 + 2 * one, 1, 1, 1, 0, ID, 5) for one in range(half)))
    assert scene.is_open
    scene.send(Get(999, ID))
    assert scene.reason == "unexpected_frame"


def test_so_many_announcements_may_wait_for_an_answer_and_one_more_not() -> None:
    scene = Scene()
    scene.network.storage = (5.0, 5.0)
    scene.send(*(IHave(1 + 2 * one, ID, b"\0") for one in range(limits.MAX_QUESTIONS)))
    assert scene.is_open
    scene.send(IHave(999, ID, b"\0"))
    assert scene.reason == "unexpected_frame"


def test_an_announcement_has_one_hop_count_an_id() -> None:
    scene = Scene()
    assert scene.send(IHave(1, b"", b"")) == [Want(1, b"")]
    scene.send(IHave(3, ID, b""))
    assert scene.reason == "wrong_shape"


def test_a_range_goes_on_from_a_place_and_ends_with_nothing() -> None:
    scene = subscribed()
    messages = scene.ana.resources(3)
    scene.node.hold(messages)
    first = messages[0]
    asked = Range(3, 1, 1, Tier.CONTENT, first.header.ts, first.id, 1)
    assert scene.send(asked) == [Messages(3, ((0, messages[1].encode()),), more=False)]
    last = replace(asked, req=5, after_ts=messages[2].header.ts, after_id=messages[2].id)
    for frame in (
        last,
        replace(asked, req=7, version=2),
        replace(asked, req=9, limit=0),
        replace(asked, req=11, sub=9),
    ):
        assert scene.send(frame) == [Messages(frame.req, (), more=False)]


@pytest.mark.limit("FRAME_RATE")
def test_frames_unasked_are_bounded_and_one_over_ends_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FRAME_BURST", 14.0)
    monkeypatch.setattr(limits, "FRAME_RATE", 0.0)
    frames: list[Frame] = [
        Ping(1),
        Sub(3, Filter().encode(), 1),
        Unsub(3),
        opening(5),
        Changed(1),
        Accept(7, b"", b""),
        Report(9, "x:y", "spam", ""),
    ]
    scene = Scene()
    scene.send(*frames, *(replace(one, req=one.req + 100) for one in frames))
    assert scene.is_open
    scene.send(Ping(999))
    assert scene.reason == "unexpected_frame"


# --- Pushes --------------------------------------------------------------------------------------------
@pytest.mark.limit("PUSH_RATE")
def test_pushes_above_the_quota_are_dropped_and_the_pusher_told_once_until_it_compares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "PUSH_BURST", 3.0)
    monkeypatch.setattr(limits, "PUSH_RATE", 0.0)
    scene = subscribed()
    messages = [scene.ben.inception, *scene.ben.resources(5)]
    assert scene.send(*map(pushed, messages)) == [Changed(1)]
    assert scene.node.delivered == messages[:3]
    scene.send(opening(3))
    assert scene.send(pushed(messages[4])) == [Changed(1)]
    assert scene.is_open


def test_pushed_bytes_above_the_quota_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    first, second = scene.ben.inception, scene.ben.say(WORDS, EPOCH)
    monkeypatch.setattr(limits, "PUSH_BYTES_BURST", len(first.encode()) + len(second.encode()) - 1.0)
    monkeypatch.setattr(limits, "PUSH_BYTES_RATE", 0.0)
    scene = Scene()
    scene.send(pushed(first), pushed(second))
    assert scene.node.delivered == [first]


def test_pushes_are_dropped_while_as_much_as_the_credit_waits_to_be_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    messages = [scene.ben.inception, *scene.ben.resources(2)]
    monkeypatch.setattr(limits, "CREDIT", len(messages[0].encode()) + 1)
    scene.network.storage = (1.0, 1.0)
    scene.send(*map(pushed, messages))
    scene.wait(5)
    assert scene.node.delivered == messages[:2]


def test_what_is_announced_while_there_is_no_room_is_wanted_when_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    first, second = scene.ben.inception, *scene.ben.resources(1)
    monkeypatch.setattr(limits, "CREDIT", 1)
    scene.network.storage = (1.0, 1.0)
    assert scene.send(pushed(first), IHave(1, second.id, b"\0"), seconds=1.5) == []
    assert scene.wait(1.0) == [Want(1, second.id)]


def test_a_stream_has_as_many_messages_as_are_asked_for_and_no_more_than_one_question_may_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "RANGE_MESSAGES", 2)
    scene = subscribed()
    messages = scene.ana.resources(3)
    scene.node.hold(messages)
    for number, asked in ((3, 1), (5, 9)):
        frame = Range(number, 1, 1, Tier.CONTENT, 0, bytes(32), asked)
        expected = answered(number, *messages[: min(asked, 2)])
        assert scene.send(frame) == [expected]


def test_a_push_of_nothing_ends_the_link() -> None:
    scene = Scene()
    scene.send(Messages(0, (), more=True))
    assert scene.reason == "unexpected_frame"


def test_what_comes_after_its_retraction_is_passed_on_without_its_body() -> None:
    scene = Scene()
    scene.subscribe(1, Filter.of_authors({scene.ben.key}))
    early, late = scene.ben.resources(2)
    retractions = [scene.ben.retract(one, ts=EPOCH + 9) for one in (early, late)]
    scene.node.hold([scene.ben.inception, retractions[0]])
    scene.another().send(pushed(early, late, retractions[1]))
    assert scene.wait() == [pushed(early.without_body(), late.without_body(), retractions[1])]
    assert scene.node.delivered == [early.without_body(), late.without_body(), retractions[1]]


def test_what_a_node_pushes_stays_below_the_quota_and_the_rest_is_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "PUSH_BURST", 8.0)
    monkeypatch.setattr(limits, "PUSH_RATE", 0.0)
    scene = subscribed()
    for message in scene.ana.resources(6):
        scene.node.publish([message])
    frames = scene.wait()
    assert [type(frame) for frame in frames] == [Messages] * 4 + [IHave] * 2
    assert all(isinstance(frame, IHave) or frame.req == 0 for frame in frames)


def test_nothing_is_pushed_past_what_waits_to_be_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_WINDOW", 1)
    scene = subscribed(UNPACED)
    scene.node.publish(scene.ana.resources(limits.MAX_FRAME_MESSAGES + 1))
    scene.node.publish(scene.ana.resources(1, start=EPOCH + 5_000))
    assert [type(frame) for frame in scene.wait()] == [IHave]


@pytest.mark.limit("MAX_LIVE")
def test_more_than_can_be_announced_is_left_to_a_reconciliation() -> None:
    scene = subscribed(UNPACED)
    scene.node.publish(scene.ana.resources(limits.MAX_LIVE))
    assert {type(frame) for frame in scene.wait()} == {IHave}
    scene.node.publish(scene.ana.resources(limits.MAX_LIVE + 1, start=EPOCH + 5_000))
    assert scene.wait() == [Changed(1)]


# --- Goodbye -------------------------------------------------------------------------------------------
def test_a_node_that_stops_says_so_on_every_link() -> None:
    scene = subscribed()
    scene.node.perform(scene.node.peer.go_away(scene.network.now, "this node stops"))
    assert scene.wait() == [Err(0, LinkFault.GOING_AWAY, "this node stops", 0)]
    assert scene.stranger.closed == "this node stops"


def test_who_hears_that_the_other_goes_away_answers_nothing_and_ends_for_that() -> None:
    scene = subscribed()
    assert scene.send(Err(0, LinkFault.GOING_AWAY, "whatever it says", 0)) == []
    assert scene.stranger.closed == GOES_AWAY
