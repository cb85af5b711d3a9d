"""The asking side against a responder that keeps to no rule: subscriptions and sessions without a dead end."""

from dataclasses import replace

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import AcceptanceAnswered, LinkId, ReportAnswered, Reporting
from hedgerow_protocol.filter import Filter, decode_filter
from hedgerow_protocol.frame import (
    Accept,
    Accepted,
    Changed,
    Frame,
    Get,
    GetHeads,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    Ping,
    Pong,
    Report,
    Reported,
    Scope,
    SessionFault,
    Sub,
    Tier,
    Unsub,
    split_ids,
)
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.range_codec import RangeWriter
from hedgerow_protocol.ranges import INFINITY, SortedIndex
from hedgerow_protocol.reconcile import Responder
from simulator.author import EPOCH, Author
from simulator.scene import Asked, Scene

ID = b"\x11" * 32
WORDS = Comment("https://example.org/", Role.COMMENT, "words")


# --- Subscribing ---------------------------------------------------------------------------------------
def test_the_node_asks_for_whom_it_carries() -> None:
    scene = Asked()
    assert decode_filter(scene.sub.filter) == Filter.of_authors({scene.ana.key, scene.ben.key})
    assert scene.sub.req == 1


@pytest.mark.parametrize("asks_private", [False, True])
def test_private_follows_are_named_only_on_a_link_that_their_owner_chose(asks_private: bool) -> None:
    cyd, dan = Author(3), Author(4)
    carried = Carried(
        authors=frozenset({Author(1).key, Author(2).key}),
        private=frozenset({cyd.key}),
        held=frozenset({cyd.key, dan.key}),
        concealed=frozenset({cyd.key}),
    )
    scene = Scene(carried=carried)
    other = scene.network
    listener = type(scene.node)(other, "ben", scene.ben)
    other.connect(scene.node, listener, asks_private=asks_private)
    other.run(1)
    named = scene.node.peer.links()[1].refused
    assert (cyd.key in named) is asks_private
    assert dan.key in named, "of whom something is held the retractions are asked for"


def test_more_authors_than_a_filter_holds_are_asked_for_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FILTER_AUTHORS", 2)
    authors = frozenset(Author(number).key for number in range(1, 6))
    former = frozenset({Author(9).key})
    scene = Scene(dials=False, carried=Carried(authors, held=former))
    filters = [decode_filter(frame.filter) for frame in scene.wait(0) if isinstance(frame, Sub)]
    assert [len(one.authors or ()) for one in filters] == [2, 2, 1, 1]
    assert {author for one in filters[:3] for author in one.authors or ()} == authors
    assert filters[3] == Filter(tuple(former), kinds=())
    monkeypatch.setattr(limits, "MAX_SUBSCRIPTIONS", 2)
    assert sum(isinstance(frame, Sub) for frame in Scene(dials=False, carried=Carried(authors)).wait(0)) == 2


def test_a_node_that_carries_nobody_asks_for_nobody_and_is_settled_by_any_scope() -> None:
    scene = Scene(dials=False, carried=Carried())
    sub = scene.only(Sub, scene.wait(0))
    assert decode_filter(sub.filter) == Filter(authors=())
    assert scene.send(Scope(sub.req, 1, b"")) == []
    assert scene.node.peer.links()[0].is_settled


def test_a_subscription_without_an_answer_ends_the_link() -> None:
    scene = Asked()
    scene.wait(limits.PROGRESS_TIMEOUT - 1)
    assert scene.is_open
    scene.wait(1)
    assert scene.stranger.closed == "no progress"


def test_of_a_side_that_carries_nobody_nothing_is_asked_but_signs_of_life() -> None:
    scene = Asked()
    asked = scene.send(Scope(scene.sub.req, 1, b"")) + scene.send(Changed(scene.sub.req))
    for _ in range(30):
        waited = scene.wait(limits.PING_AFTER)
        asked += waited + scene.send(*(Pong(one.req) for one in waited))
    assert {type(one) for one in asked} == {Ping}
    assert scene.is_open
    assert scene.node.peer.links()[0].is_settled


@pytest.mark.parametrize(
    "bits", [b"", b"\xff", b"\xff" * 625, b"\x00\xff"], ids=["none", "one", "many", "beyond"]
)
def test_a_scope_of_any_length_is_read(bits: bytes) -> None:
    scene = Asked()
    scene.send(Scope(scene.sub.req, 1, bits))
    assert scene.is_open
    assert len(scene.node.peer.links()[0].refused) == (0 if bits[:1] == b"\xff" else 2)


def test_nothing_is_expected_of_a_subscription_that_was_given_up() -> None:
    scene = Asked()
    scene.node.carry(replace(scene.node.carried, authors=frozenset({scene.ana.key})))
    again = scene.only(Sub, scene.wait())
    session = scene.only(NegOpen, scene.send(scene.carry_all(again)))
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    scene.found_equal(session)
    for number in range(2, 10, 2):
        scene.send(Ping(number), seconds=15)
    assert scene.is_open


@pytest.mark.parametrize("version", [0, 1])
def test_a_scope_whose_version_does_not_go_up_ends_the_link(version: int) -> None:
    scene = Asked()
    scene.scoped()
    scene.send(scene.carry_all(scene.sub, version))
    assert scene.reason == "unexpected_frame"


def test_scopes_are_bounded_like_all_that_comes_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FRAME_BURST", 5.0)
    monkeypatch.setattr(limits, "FRAME_RATE", 0.0)
    scene = Asked()
    scene.send(*(scene.carry_all(scene.sub, version) for version in range(1, 6)))
    assert scene.is_open
    scene.send(scene.carry_all(scene.sub, 6))
    assert scene.reason == "unexpected_frame"


def test_what_was_subscribed_before_is_no_more_and_answers_to_it_are_passed_over() -> None:
    scene = Asked()
    session = scene.scoped()
    scene.node.carry(replace(scene.node.carried, authors=frozenset({scene.ana.key})))
    assert [type(frame) for frame in scene.wait()] == [NegClose, Unsub, Sub]
    old = [scene.carry_all(scene.sub, 9), Changed(scene.sub.req), NegSame(session.req)]
    assert (
        scene.send(*old, NegErr(session.req, 1, 0), NegDiffers(session.req, 5), NegMsg(session.req, b""))
        == []
    )
    assert scene.is_open
    assert not scene.is_settled


def test_who_carries_the_same_as_before_asks_for_nothing_anew() -> None:
    scene = Asked()
    scene.settle()
    scene.node.carry(scene.node.carried)
    assert scene.wait() == []
    assert scene.is_settled


def test_scopes_that_follow_one_another_fast_load_one_set_at_a_time() -> None:
    scene = Asked()
    scene.network.storage = (1.0, 1.0)
    assert scene.send(*(scene.carry_all(scene.sub, version) for version in (1, 2, 3)), seconds=1.5) == []
    assert scene.only(NegOpen, scene.wait(1.0)).version == 3


def test_a_scope_for_one_of_several_subscriptions_begins_nothing() -> None:
    scene = Scene(dials=False, carried=Carried(frozenset({Author(1).key}), held=frozenset({Author(9).key})))
    first, second = [frame for frame in scene.wait(0) if isinstance(frame, Sub)]
    assert scene.send(scene.carry_all(first)) == []
    session = scene.only(NegOpen, scene.send(scene.carry_all(second)))
    assert (session.sub, session.tier) == (first.req, Tier.CONTROL)
    tiers = []
    for _ in range(2):
        session = scene.only(NegOpen, scene.send(NegSame(session.req)))
        tiers.append((session.sub, session.tier))
    assert tiers == [(first.req, Tier.CONTENT), (second.req, Tier.CONTROL)]
    scene.send(NegSame(session.req))
    assert scene.node.peer.links()[0].is_settled


# --- Sessions ------------------------------------------------------------------------------------------
def test_control_comes_before_content_and_equal_sets_settle() -> None:
    scene = Asked()
    session = scene.scoped()
    assert (session.sub, session.version, session.tier) == (scene.sub.req, 1, Tier.CONTROL)
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    assert session.tier == Tier.CONTENT
    assert not scene.is_settled
    assert [type(frame) for frame in scene.send(NegSame(session.req))] == [GetHeads]
    assert scene.is_settled


@pytest.mark.parametrize(
    "frame",
    [NegSame(5), NegDiffers(5, 1), NegErr(5, 0, 0), NegMsg(5, b"\x61")],
    ids=str,
)
def test_an_answer_to_a_session_that_is_over_is_passed_over(frame: Frame) -> None:
    scene = Asked()
    scene.settle()
    scene.send(frame)
    assert scene.is_open
    assert scene.is_settled


def test_a_session_that_finds_no_end_is_closed_after_so_many_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ROUNDS", 3)
    scene = Asked(held=tuple(Author(2).resources(1)))
    session = scene.content()
    other = RangeWriter()
    other.fingerprint(INFINITY, bytes(16))
    frames = scene.send(NegDiffers(session.req, 1))
    for _ in range(limits.MAX_ROUNDS):
        assert [type(frame) for frame in frames] == [NegMsg]
        frames = scene.send(NegMsg(session.req, bytes(other.data)))
    assert frames == [NegClose(session.req)]


@pytest.mark.parametrize("number", [0, 2, 9])
def test_an_answer_to_what_was_never_asked_ends_the_link(number: int) -> None:
    for frame in (NegSame(number), NegDiffers(number, 1), NegErr(number, 0, 0), NegMsg(number, b"\x61")):
        scene = Asked()
        scene.settle()
        scene.send(frame)
        assert scene.reason == "unexpected_frame"


@pytest.mark.parametrize("late", ["same", "differs"])
def test_an_answer_at_the_wrong_time_of_a_session_ends_the_link(late: str) -> None:
    scene = Asked(held=(Author(1).say(WORDS, EPOCH),))
    session = scene.content()
    scene.send(NegDiffers(session.req, 1))
    scene.send(NegSame(session.req) if late == "same" else NegDiffers(session.req, 1))
    assert scene.reason == "unexpected_frame"


def test_a_round_before_ours_ends_the_link() -> None:
    scene = Asked()
    session = scene.scoped()
    scene.send(NegMsg(session.req, b"\x61"))
    assert scene.reason == "unexpected_frame"


def test_bytes_that_are_no_reconciliation_end_the_link() -> None:
    scene = Asked(held=(Author(1).say(WORDS, EPOCH),))
    session = scene.content()
    scene.send(NegDiffers(session.req, 1), seconds=1)
    scene.send(NegMsg(session.req, b"\xff"))
    assert scene.reason == "bad_reconciliation"


def test_a_session_without_an_answer_ends_the_link() -> None:
    for answers in (0, 1):
        scene = Asked(held=(Author(1).say(WORDS, EPOCH),))
        session = scene.content()
        if answers:
            scene.send(NegDiffers(session.req, 1))
        for number in range(2, 2 + 8, 2):
            scene.send(Ping(number), seconds=8)
        assert scene.stranger.closed == "no progress"


def test_a_session_that_is_given_up_is_closed_in_whatever_state_it_is() -> None:
    """Else its place at the responder would be taken for ever, and after two of them the node always busy."""
    scene = Asked(held=(Author(1).say(WORDS, EPOCH),))
    session = scene.scoped()
    frames = scene.send(scene.carry_all(scene.sub, 2))
    assert NegClose(session.req) in frames
    session = scene.only(NegOpen, frames)
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    scene.send(NegDiffers(session.req, 1))
    assert NegClose(session.req) in scene.send(scene.carry_all(scene.sub, 3))


def test_a_session_that_is_given_up_while_its_set_is_loaded_does_not_come_back() -> None:
    scene = Asked()
    scene.network.storage = (1.0, 1.0)
    scene.send(scene.carry_all(scene.sub))
    frames = scene.send(scene.carry_all(scene.sub, 2), seconds=4)
    assert [(type(frame), frame.version) for frame in frames if isinstance(frame, NegOpen)] == [(NegOpen, 2)]


def compared(theirs: int = 8) -> tuple[Asked, NegMsg]:
    """A node with three of Ben's messages has sent its first round to somebody who has more."""
    ben = Author(2)
    scene = Asked(held=(ben.inception, *ben.resources(3)))
    session = scene.content()
    return scene, scene.only(NegMsg, scene.send(NegDiffers(session.req, theirs)))


def test_the_parts_of_an_answer_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECONCILIATION_MESSAGE", 100)
    theirs = Author(2).resources(8)
    responder = Responder(SortedIndex.of([(one.header.ts, one.id) for one in theirs]))
    scene, first = compared()
    data = responder.on_message(first.data)
    assert scene.send(NegMsg(first.req, data[:100], more=True)) == []
    frames = scene.send(NegMsg(first.req, data[100:]))
    assert sorted(split_ids(scene.only(Get, frames).ids)) == sorted([one.id for one in theirs[3:]])


def test_a_part_that_is_not_full_and_not_the_last_ends_the_link() -> None:
    scene, first = compared()
    scene.send(NegMsg(first.req, bytes(limits.MAX_RECONCILIATION_MESSAGE - 1), more=True))
    assert scene.reason == "unexpected_frame"


def test_parts_without_end_end_the_link() -> None:
    scene, first = compared()
    part = NegMsg(first.req, bytes(limits.MAX_RECONCILIATION_MESSAGE), more=True)
    fitting = limits.MAX_RECONCILIATION_ANSWER // limits.MAX_RECONCILIATION_MESSAGE
    scene.send(*[part] * fitting)
    assert scene.is_open
    scene.send(part)
    assert scene.reason == "too_big"


def test_a_session_has_so_many_rounds_and_is_then_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ROUNDS", 1)
    ours = Author(2).unsigned(2_000)
    scene = Asked(held=tuple(ours))
    frames = scene.rounds(scene.content(), ours[5:])
    assert [type(frame) for frame in frames] == [NegClose]


def test_a_difference_that_is_gone_when_it_is_looked_for_is_compared_again() -> None:
    """What the responder had more than the node was pushed meanwhile."""
    ben = Author(2)
    ours = [ben.inception, *ben.resources(3)]
    scene = Asked(held=tuple(ours))
    frames = scene.rounds(scene.content(), ours[1:]) + scene.wait(limits.CONFIRM_AFTER + 1)
    session = scene.only(NegOpen, frames)
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    scene.send(NegSame(session.req))
    assert scene.is_settled


@pytest.mark.parametrize("fault", [SessionFault.BUSY, SessionFault.STALE, 3, 255])
def test_a_responder_that_cannot_now_is_asked_again_a_little_later(fault: int) -> None:
    scene = Asked()
    session = scene.scoped()
    assert scene.send(NegErr(session.req, fault, 0), seconds=limits.BUSY_RETRY * 0.7) == []
    assert not scene.is_settled
    again = scene.only(NegOpen, scene.wait(limits.BUSY_RETRY))
    assert again.tier == Tier.CONTROL
    scene.send(NegSame(again.req))
    assert scene.is_open


def test_a_set_that_is_too_big_is_walked_in_windows_the_newest_first() -> None:
    scene = Asked()
    session = scene.content()
    session = scene.only(NegOpen, scene.send(NegErr(session.req, SessionFault.TOO_BIG, 1_000)))
    assert (session.since, session.until) == (1_000, 0)
    session = scene.only(NegOpen, scene.send(NegErr(session.req, SessionFault.TOO_BIG, 2_000)))
    assert (session.since, session.until) == (2_000, 0)
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    assert (session.since, session.until) == (1_000, 2_000)
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    assert (session.since, session.until) == (0, 1_000)
    scene.send(NegSame(session.req))
    assert scene.is_open


def test_a_set_of_ours_that_is_too_big_is_walked_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SESSION_ITEMS", 9)
    monkeypatch.setattr(limits, "SPLIT_ITEMS", 8)
    ben = Author(2)
    scene = Asked(held=(ben.inception, *ben.resources(20)))
    whole = scene.content()
    frames = scene.send(NegDiffers(whole.req, 19))
    assert NegClose(whole.req) in frames
    newer = scene.only(NegOpen, frames)
    assert (newer.since, newer.until, newer.count) == (EPOCH + 13, 0, 8)
    older = scene.only(NegOpen, scene.send(NegSame(newer.req)))
    assert (older.since, older.until, older.count) == (0, EPOCH + 13, 12)
    middle = scene.only(NegOpen, scene.send(NegDiffers(older.req, 11)))
    assert (middle.since, middle.until, middle.count) == (EPOCH + 5, EPOCH + 13, 8)
    oldest = scene.only(NegOpen, scene.send(NegSame(middle.req)))
    assert (oldest.since, oldest.until, oldest.count) == (0, EPOCH + 5, 4)
    assert NegMsg in map(type, scene.send(NegDiffers(oldest.req, 3)))


def test_control_that_is_much_is_not_walked_for_it_has_no_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SESSION_ITEMS", 1)
    ana, ben = Author(1), Author(2)
    scene = Asked(held=(ana.inception, ben.inception))
    control = scene.scoped()
    assert control.tier == Tier.CONTROL
    assert NegMsg in map(type, scene.send(NegDiffers(control.req, 1)))


def test_what_is_crowded_into_one_second_is_parted_from_what_is_older() -> None:
    scene = Asked()
    session = scene.content()
    session = scene.only(NegOpen, scene.send(NegErr(session.req, SessionFault.TOO_BIG, 3_000)))
    assert (session.since, session.until) == (3_000, 0)
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    assert (session.since, session.until) == (0, 3_000)
    session = scene.only(NegOpen, scene.send(NegErr(session.req, SessionFault.TOO_BIG, 3_000)))
    assert (session.since, session.until) == (2_999, 3_000)
    session = scene.only(NegOpen, scene.send(NegErr(session.req, SessionFault.TOO_BIG, 3_000)))
    assert (session.since, session.until) == (0, 2_999)
    assert scene.send(NegSame(session.req), seconds=10) == []
    assert "a set is too big to compare" in [note.event for note in scene.node.notes]


@pytest.mark.parametrize("since", [1_000, 999, 3_001])
def test_a_time_that_does_not_narrow_the_window_ends_the_attempt(since: int) -> None:
    scene = Asked()
    session = scene.content()
    session = scene.only(NegOpen, scene.send(NegErr(session.req, SessionFault.TOO_BIG, 1_000)))
    if since == 3_001:
        session = scene.only(NegOpen, scene.send(NegErr(session.req, SessionFault.TOO_BIG, 3_000)))
        session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    frames = scene.send(NegErr(session.req, SessionFault.TOO_BIG, since))
    assert scene.only(NegOpen, frames).since == 0
    assert scene.send(NegSame(scene.only(NegOpen, frames).req), seconds=10) == []
    assert "a set is too big to compare" in [note.event for note in scene.node.notes]
    assert not scene.is_settled


def test_a_responder_that_always_says_too_big_is_asked_so_often_and_no_more() -> None:
    scene = Asked()
    session: NegOpen | None = scene.content()
    windows = 0
    while session is not None:
        windows += 1
        upper = session.until or 2**32
        frames = scene.send(
            NegErr(session.req, SessionFault.TOO_BIG, (session.since + upper) // 2), seconds=0.06
        )
        session = next((frame for frame in frames if isinstance(frame, NegOpen)), None)
    assert limits.MAX_WINDOWS < windows < 2 * limits.MAX_WINDOWS
    assert scene.is_open
    assert not scene.is_settled


# --- Acceptances ---------------------------------------------------------------------------------------
def test_an_acceptance_is_brought_and_its_answer_told_once() -> None:
    scene = Asked()
    scene.settle()
    link = scene.node.peer.links()[0].link
    request, effects = scene.node.peer.accept(scene.network.now, link, b"invite", b"acceptance")
    scene.node.perform(effects)
    assert request is not None
    assert scene.wait() == [Accept(request, b"invite", b"acceptance")]
    scene.send(Accepted(request, 3))
    assert scene.node.events == [AcceptanceAnswered(link, request, 3)]
    scene.send(Accepted(request, 3))
    assert scene.reason == "unexpected_frame"
    assert scene.node.peer.accept(scene.network.now, link, b"", b"") == (None, [])


def test_an_acceptance_without_an_answer_ends_the_link() -> None:
    scene = Asked()
    scene.settle()
    link = scene.node.peer.links()[0].link
    _, effects = scene.node.peer.accept(scene.network.now, link, b"", b"")
    scene.node.perform(effects)
    for number in range(2, 2 + 8, 2):
        scene.send(Ping(number), seconds=8)
    assert scene.stranger.closed == "no progress"


def test_an_acceptance_that_the_other_side_brings_is_handed_on_and_answered() -> None:
    scene = Scene()
    scene.send(Accept(1, b"invite", b"acceptance"))
    [event] = scene.node.events
    effects = scene.node.peer.accepted(scene.network.now, scene.stranger.their_end.link, 1, 4)
    scene.node.perform(effects)
    assert scene.wait() == [Accepted(1, 4)]
    assert (event.invite, event.acceptance) == (b"invite", b"acceptance")
    assert scene.send(Ping(3)) == [Pong(3)]
    assert scene.node.peer.accepted(scene.network.now, LinkId(99), 1, 4) == []


# --- Reports -------------------------------------------------------------------------------------------
def test_a_report_is_told_and_its_answer_told_once() -> None:
    scene = Asked()
    scene.settle()
    link = scene.node.peer.links()[0].link
    request, effects = scene.node.peer.report(scene.network.now, link, "x:y", "spam", "why")
    scene.node.perform(effects)
    assert request is not None
    assert scene.wait() == [Report(request, "x:y", "spam", "why")]
    scene.send(Reported(request, 1))
    assert scene.node.events == [ReportAnswered(link, request, 1)]
    scene.send(Reported(request, 1))
    assert scene.reason == "unexpected_frame"
    assert scene.node.peer.report(scene.network.now, link, "x:y", "spam", "") == (None, [])


def test_a_report_that_the_other_side_passes_over_does_not_end_the_link() -> None:
    scene = Asked()
    scene.settle()
    link = scene.node.peer.links()[0].link
    _, effects = scene.node.peer.report(scene.network.now, link, "x:y", "spam", "")
    scene.node.perform(effects)
    for number in range(2, 2 + 8, 2):
        scene.send(Ping(number), seconds=8)
    assert scene.is_open


def test_a_report_of_the_other_side_is_handed_on_and_answered() -> None:
    scene = Scene()
    scene.send(Report(1, "x:y", "spam", "why"))
    [event] = scene.node.events
    link = scene.stranger.their_end.link
    assert event == Reporting(link, 1, "x:y", "spam", "why")
    scene.node.perform(scene.node.peer.reported(scene.network.now, link, 1, 0))
    assert scene.wait() == [Reported(1, 0)]
    assert scene.send(Ping(3)) == [Pong(3)]
    assert scene.node.peer.reported(scene.network.now, LinkId(99), 1, 0) == []
