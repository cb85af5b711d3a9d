"""The answering side against somebody who keeps to no rule: what ends the link, what is bounded, what stays hidden."""

from dataclasses import replace

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    Absence,
    Accept,
    Accepted,
    Changed,
    Err,
    Frame,
    Get,
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
    Scope,
    SessionFault,
    Sub,
    Tier,
    Unsub,
    Want,
    pack_ids,
)
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import FIRST, Message, sign_message
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Initiator
from simulator.author import EPOCH, Author
from simulator.scene import Scene

ID = b"\x11" * 32
NOTHING = SetSum().fingerprint()
WORDS = Comment("https://example.org/", Role.COMMENT, "words")


def opening(number: int, sub: int = 1, version: int = 1, tier: Tier = Tier.CONTENT, **window: int) -> NegOpen:
    """A session over an empty set of ours."""
    return NegOpen(number, sub, version, tier, window.get("since", 0), window.get("until", 0), 0, NOTHING)


def subscribed(scene: Scene | None = None) -> Scene:
    """A scene in which the stranger subscribed to Ana, under 1."""
    scene = scene or Scene()
    scene.subscribe(1, Filter.of_authors({scene.ana.key}))
    return scene


def first_round() -> bytes:
    """The first message of a reconciliation by somebody who has nothing."""
    return Initiator(SortedIndex.of([])).start()


def pushed(*messages: Message) -> Messages:
    return Messages(0, tuple((0, message.encode()) for message in messages), more=False)


# --- Numbers --------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize(
    "frame", [Pong(77), Unsub(77), Unsub(2), NegClose(77), NegClose(2), Changed(77)], ids=name
)
def test_what_may_have_crossed_something_else_on_the_way_is_passed_over(frame: Frame) -> None:
    scene = subscribed()
    scene.send(frame)
    assert scene.send(Ping(99)) == [Pong(99)]


def test_a_peer_that_ends_the_link_is_not_argued_with() -> None:
    scene = subscribed()
    assert scene.send(Err(0, 3, "going away", 5), Ping(3)) == []
    assert scene.stranger.closed == "ended by the peer"
    assert [note.detail for note in scene.node.notes if note.event == "the peer ends the link"] == [
        "going away"
    ]


def test_an_unknown_odd_frame_is_passed_over_and_an_unknown_even_one_ends_the_link() -> None:
    scene = subscribed()
    scene.stranger.send_bytes(b"\x92\x01\x05")
    assert scene.send(Ping(3)) == [Pong(3)]
    scene.stranger.send_bytes(b"\x92\x2c\x05")
    scene.wait()
    assert scene.reason == "unknown_frame"


# --- Subscriptions --------------------------------------------------------------------------------------


def test_a_scope_says_whom_the_node_carries() -> None:
    scene = Scene()
    authors = sorted([scene.ana.key, scene.ben.key, scene.cyd.key])
    expected = bytes([sum(1 << place for place, one in enumerate(authors) if one != scene.cyd.key)])
    assert scene.subscribe(1, Filter(tuple(authors))) == Scope(1, 1, expected)
    assert scene.subscribe(3, Filter()) == Scope(3, 1, b"")


def test_a_changed_subscription_and_a_changed_scope_count_the_version_up() -> None:
    scene = subscribed()
    assert scene.subscribe(1, Filter.of_authors({scene.cyd.key})) == Scope(1, 2, b"\0")
    scene.node.carry(replace(scene.node.carried, authors=scene.node.carried.authors | {scene.cyd.key}))
    assert scene.wait() == [Scope(1, 3, b"\1")]
    scene.node.carry(replace(scene.node.carried, authors=scene.node.carried.authors | {Author(9).key}))
    assert scene.wait() == [], "what changes nothing is not told"


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
    assert [type(frame) for frame in scene.wait()] == ([] if expected is None else [expected])


# --- Sessions -------------------------------------------------------------------------------------------


def test_equal_sets_end_a_session_and_others_go_on() -> None:
    scene = subscribed()
    assert scene.send(opening(3)) == [NegSame(3)]
    assert scene.send(opening(5, tier=Tier.CONTROL)) == [NegDiffers(5, 1)]
    assert isinstance(scene.only(NegMsg, scene.send(NegMsg(5, first_round()))).data, bytes)


@pytest.mark.parametrize("frame", [opening(3, version=2), opening(3, version=0), opening(3, sub=7)], ids=str)
def test_a_session_over_another_scope_is_stale(frame: NegOpen) -> None:
    scene = subscribed()
    assert scene.send(frame) == [NegErr(3, SessionFault.STALE, 0)]


def test_a_window_is_within_the_subscription() -> None:
    scene = Scene()
    old, new = scene.ana.resources(2, start=EPOCH)
    scene.node.hold([old, new])
    scene.subscribe(1, Filter((scene.ana.key,), since=new.header.ts))
    assert scene.send(opening(3)) == [NegDiffers(3, 1)]
    assert scene.send(opening(5, until=new.header.ts)) == [NegSame(5)]


def test_so_many_sessions_may_be_open_and_one_more_is_told_that_the_node_is_busy() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    numbers = range(3, 3 + 2 * limits.MAX_SESSIONS, 2)
    assert all(scene.send(opening(number)) == [NegDiffers(number, 1)] for number in numbers)
    assert scene.send(opening(99)) == [NegErr(99, SessionFault.BUSY, 0)]
    assert scene.send(NegClose(3), opening(101)) == [NegDiffers(101, 1)]


def test_a_session_that_is_closed_while_its_set_is_loaded_still_counts() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.network.storage = (5.0, 5.0)
    for number in (3, 5):
        scene.send(opening(number), NegClose(number))
    assert scene.send(opening(7)) == [NegErr(7, SessionFault.BUSY, 0)]
    assert scene.wait(6) == [], "nobody waits for the sums of closed sessions"
    assert scene.send(opening(9), seconds=6) == [NegDiffers(9, 1)]


def test_a_round_waits_for_the_answer_to_what_came_before() -> None:
    for frames in ([opening(3), NegMsg(3, b"\x61")], [NegMsg(3, b"\x61"), NegMsg(3, b"\x61")]):
        scene = subscribed()
        scene.node.hold(scene.ana.resources(1))
        if not isinstance(frames[0], NegOpen):
            scene.send(opening(3))
        scene.network.storage = (5.0, 5.0)
        scene.send(*frames)
        assert scene.reason == "unexpected_frame"


def test_a_round_for_a_session_that_the_node_has_ended_is_passed_over() -> None:
    scene = subscribed()
    scene.send(opening(3))
    assert scene.send(NegMsg(3, b"\x61")) == []
    assert scene.is_open
    scene.send(NegMsg(5, b"\x61"))
    assert scene.reason == "unexpected_frame"


def test_a_session_has_so_many_rounds_and_no_more() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.send(opening(3))
    for _ in range(limits.MAX_ROUNDS):
        assert len(scene.send(NegMsg(3, first_round()), seconds=0.06)) == 1
    scene.send(NegMsg(3, first_round()))
    assert scene.reason == "unexpected_frame"


@pytest.mark.parametrize("is_first", [True, False])
def test_bytes_that_are_no_reconciliation_end_the_link(is_first: bool) -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.send(opening(3))
    if not is_first:
        scene.send(NegMsg(3, first_round()))
    scene.send(NegMsg(3, b"\x61\xff"))
    assert scene.reason == "bad_reconciliation"
    assert scene.node.peer.links() == []


def test_a_session_over_a_scope_that_changes_ends() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.send(opening(3))
    scene.node.carry(Carried(frozenset({scene.ben.key}), private=frozenset({scene.ana.key})))
    assert scene.wait() == [Scope(1, 2, b"\0"), NegErr(3, SessionFault.STALE, 0)]
    assert scene.send(NegMsg(3, first_round())) == [], "the ids of whom it now follows privately stay here"
    assert scene.is_open


def test_a_scope_that_changes_while_a_set_is_loaded_ends_the_session_too() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.network.storage = (1.0, 1.0)
    scene.send(opening(3))
    scene.node.carry(Carried(frozenset({scene.ben.key}), private=frozenset({scene.ana.key})))
    assert scene.wait(3) == [Scope(1, 2, b"\0"), NegErr(3, SessionFault.STALE, 0)]


def test_a_session_in_which_nothing_happens_is_ended_and_its_place_is_free() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.send(opening(3))
    scene.send(NegMsg(3, first_round()))
    number, ended = 5, []
    for _ in range(4):
        ended += [frame for frame in scene.send(Ping(number), seconds=25) if isinstance(frame, NegErr)]
        number += 2
    assert ended == [NegErr(3, SessionFault.STALE, 0)]
    assert scene.is_open
    assert all(scene.send(opening(number)) == [NegDiffers(number, 1)] for number in (101, 103))


def test_a_set_that_is_too_big_is_refused_with_the_time_from_which_on_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = subscribed()
    messages = scene.ana.resources(5)
    scene.node.hold(messages)
    monkeypatch.setattr(limits, "MAX_SESSION_ITEMS", 5)
    assert scene.send(opening(3)) == [NegDiffers(3, 5)]
    assert isinstance(scene.send(NegMsg(3, first_round()))[0], NegMsg)
    monkeypatch.setattr(limits, "MAX_SESSION_ITEMS", 4)
    scene.send(NegClose(3), opening(5))
    assert scene.send(NegMsg(5, first_round())) == [NegErr(5, SessionFault.TOO_BIG, messages[1].header.ts)]
    scene.send(opening(7, since=messages[1].header.ts))
    assert isinstance(scene.send(NegMsg(7, first_round()))[0], NegMsg)


def test_a_second_is_not_parted_when_a_set_is_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = subscribed()
    scene.node.hold([scene.ana.say(WORDS, EPOCH + second) for second in (1, 1, 1, 2, 3)])
    monkeypatch.setattr(limits, "MAX_SESSION_ITEMS", 3)
    scene.send(opening(3))
    assert scene.send(NegMsg(3, first_round())) == [NegErr(3, SessionFault.TOO_BIG, EPOCH + 2)]
    monkeypatch.setattr(limits, "MAX_SESSION_ITEMS", 2)
    scene.send(opening(5, until=EPOCH + 2))
    assert scene.send(NegMsg(5, first_round())) == [NegErr(5, SessionFault.TOO_BIG, EPOCH + 2)]


def test_the_sessions_of_all_links_share_the_memory_for_their_indexes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_COMPARED_ITEMS", 7)
    scene = subscribed()
    scene.node.hold(scene.ana.resources(5))
    scene.send(opening(3), opening(5))
    assert isinstance(scene.send(NegMsg(3, first_round()))[0], NegMsg)
    assert scene.send(NegMsg(5, first_round())) == [NegErr(5, SessionFault.BUSY, 0)]
    scene.send(NegClose(3), opening(7))
    assert isinstance(scene.send(NegMsg(7, first_round()))[0], NegMsg), "what is closed gives back"
    other = subscribed(_another_link(scene))
    other.send(opening(3))
    assert other.send(NegMsg(3, first_round())) == [NegErr(3, SessionFault.BUSY, 0)]
    scene.network.close(scene.stranger.their_end, "broken")
    other.send(opening(5))
    assert isinstance(other.send(NegMsg(5, first_round()))[0], NegMsg), "a link that breaks gives back"


def _another_link(scene: Scene) -> Scene:
    other = Scene.__new__(Scene)
    other.__dict__.update(scene.__dict__)
    other.stranger = type(scene.stranger)(scene.network, scene.node, scene.cyd)
    other._seen = 0
    scene.network.run(0.2)
    return other


# --- Questions ------------------------------------------------------------------------------------------


def test_an_id_asked_for_twice_is_answered_once() -> None:
    scene = Scene()
    [message] = scene.ana.resources(1)
    scene.node.hold([message])
    answer = scene.send(Get(1, pack_ids([message.id, ID, message.id, ID])))
    assert answer == [
        Missing(1, ((ID, Absence.UNKNOWN),)),
        Messages(1, ((0, message.encode()),), more=False),
    ]


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


def test_frames_unasked_are_bounded_and_one_over_ends_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FRAME_BURST", 12.0)
    monkeypatch.setattr(limits, "FRAME_RATE", 0.0)
    frames: list[Frame] = [
        Ping(1),
        Sub(3, Filter().encode(), 1),
        Unsub(3),
        opening(5),
        Changed(1),
        Accept(7, b"", b""),
    ]
    scene = Scene()
    scene.send(*frames, *(replace(one, req=one.req + 100) for one in frames))
    assert scene.is_open
    scene.send(Ping(999))
    assert scene.reason == "unexpected_frame"


# --- Pushes ---------------------------------------------------------------------------------------------


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


def test_a_push_of_nothing_ends_the_link() -> None:
    scene = Scene()
    scene.send(Messages(0, (), more=True))
    assert scene.reason == "unexpected_frame"


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


def test_more_than_can_be_announced_is_left_to_a_reconciliation() -> None:
    scene = subscribed()
    scene.node.publish(scene.ana.resources(limits.MAX_LIVE))
    assert {type(frame) for frame in scene.wait()} == {IHave}
    scene.node.publish(scene.ana.resources(limits.MAX_LIVE + 1, start=EPOCH + 5_000))
    assert scene.wait() == [Changed(1)]


# --- What stays hidden ----------------------------------------------------------------------------------


def privately() -> tuple[Scene, list[Message]]:
    """Ana follows Cyd privately and holds what he said; the stranger asks about him."""
    ana, ben, cyd = Author(1), Author(2), Author(3)
    scene = Scene(carried=Carried(frozenset({ana.key, ben.key}), private=frozenset({cyd.key})))
    messages = [cyd.inception, *cyd.resources(1), cyd.retract(ana.inception, ts=EPOCH)]
    scene.node.hold(messages)
    return scene, messages


def test_a_private_follow_is_in_no_scope_no_set_and_no_stream() -> None:
    scene, _ = privately()
    for number, kinds in ((1, None), (51, ())):
        assert scene.subscribe(number, Filter((scene.cyd.key,), kinds)) == Scope(number, 1, b"\0")
        for tier in Tier:
            assert scene.send(opening(number + 10 + 4 * tier, number, tier=tier)) == [
                NegSame(number + 10 + 4 * tier)
            ]
            frame = Range(number + 12 + 4 * tier, number, 1, tier, 0, bytes(32), 9)
            assert scene.send(frame) == [Messages(frame.req, (), more=False)]


def test_what_is_held_of_a_private_follow_is_as_unknown_as_what_is_not_held() -> None:
    scene, messages = privately()
    ids = [*(message.id for message in messages), ID]
    assert scene.send(Get(1, pack_ids(ids))) == [
        Missing(1, tuple((one, Absence.UNKNOWN) for one in ids)),
        Messages(1, (), more=False),
    ]


def test_an_announcement_does_not_tell_whether_something_of_a_private_follow_is_held() -> None:
    scene, messages = privately()
    own = scene.ana.inception.id
    ids = [ID, messages[0].id, own, messages[1].id]
    for number in (1, 3):
        expected = [one for one in ids if one != own]
        assert scene.send(IHave(number, pack_ids(ids), bytes(4))) == [Want(number, pack_ids(expected))]
        assert scene.send(Messages(number, (), more=False)) == []


def test_what_was_refused_is_wanted_again_like_what_is_hidden() -> None:
    scene = Scene()
    [message] = scene.cyd.resources(1)
    announced = [IHave(number, message.id, b"\0") for number in (1, 3)]
    assert scene.send(announced[0]) == [Want(1, message.id)]
    scene.send(Messages(1, ((0, message.encode()),), more=False))
    assert message.id not in scene.node.store.messages
    assert scene.send(announced[1]) == [Want(3, message.id)]


def test_new_messages_of_a_private_follow_are_not_passed_on() -> None:
    scene, _ = privately()
    scene.subscribe(1, Filter.of_authors({scene.cyd.key, scene.ana.key}))
    other = _another_link(scene)
    [message] = scene.cyd.resources(1, start=EPOCH + 50)
    other.send(pushed(message))
    assert message in scene.node.delivered
    assert scene.wait() == []


def test_whom_a_node_ceases_to_carry_while_an_answer_is_loaded_is_not_served() -> None:
    scene = subscribed()
    [message] = scene.ana.resources(1)
    scene.node.hold([message])
    scene.network.storage = (1.0, 1.0)
    scene.send(Get(3, message.id), Range(5, 1, 1, Tier.CONTENT, 0, bytes(32), 9))
    scene.node.carry(Carried(frozenset({scene.ben.key}), private=frozenset({scene.ana.key})))
    answers = [frame for frame in scene.wait(3) if isinstance(frame, Messages)]
    assert sorted(answers, key=lambda frame: frame.req) == [
        Messages(3, (), more=False),
        Messages(5, (), more=False),
    ]


def test_whom_a_node_ceases_to_carry_is_not_announced_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = subscribed()
    monkeypatch.setattr(limits, "REQUEST_WINDOW", 1)
    scene.node.publish(scene.ana.resources(limits.MAX_FRAME_MESSAGES + 1))
    ihave = scene.only(IHave, scene.wait())
    scene.node.carry(Carried(frozenset({scene.ben.key}), private=frozenset({scene.ana.key})))
    assert scene.send(Want(ihave.req, b"")) == [Scope(1, 2, b"\0"), Changed(1)]


def test_a_message_by_an_unknown_device_of_a_private_follow_moves_nothing() -> None:
    scene, _ = privately()
    forged = sign_message(
        seed=scene.ben.device_seed,
        author=scene.cyd.key,
        place=FIRST,
        kind=Comment.kind,
        ts=EPOCH,
        body=scene.ben.say(WORDS, EPOCH).body or b"",
    )
    assert scene.send(pushed(forged)) == []
    assert scene.is_open
