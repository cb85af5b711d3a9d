"""Sessions on the answering side: their states, their limits, and what ends them."""

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import (
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    Ping,
    Scope,
    SessionFault,
    Tier,
    Unsub,
)
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Initiator
from simulator.author import EPOCH
from simulator.scene import Scene, first_round, opening, subscribed

ID = b"\x11" * 32
WORDS = Comment("https://example.org/", Role.COMMENT, "words")


# --- Sessions ------------------------------------------------------------------------------------------
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


@pytest.mark.limit("MAX_SESSIONS")
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


def test_a_long_answer_comes_in_full_parts_and_a_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECONCILIATION_MESSAGE", 4_096)
    scene = subscribed()
    held = scene.ana.resources(300)
    scene.node.hold(held)
    scene.send(opening(3))
    parts = [frame for frame in scene.send(NegMsg(3, first_round())) if isinstance(frame, NegMsg)]
    assert [(len(part.data), part.more) for part in parts[:-1]] == [(4_096, True)] * 2
    assert not parts[-1].more
    step = Initiator(SortedIndex.of([])).on_message(b"".join([part.data for part in parts]))
    assert step.need == [message.id for message in held]


def test_an_initiator_sends_whole_messages_only() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.send(opening(3))
    scene.send(NegMsg(3, bytes(limits.MAX_RECONCILIATION_MESSAGE), more=True))
    assert scene.reason == "unexpected_frame"


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


@pytest.mark.limit("MAX_ROUNDS")
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


def test_a_session_over_a_subscription_that_is_given_up_ends() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.send(opening(3))
    assert scene.send(Unsub(1)) == [NegErr(3, SessionFault.STALE, 0)]
    scene.node.carry(Carried(frozenset({scene.ben.key}), private=frozenset({scene.ana.key})))
    assert scene.send(NegMsg(3, first_round())) == [], "the ids of whom it now follows privately stay here"
    assert scene.is_open


def test_a_scope_that_changes_while_a_set_is_loaded_ends_the_session_too() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.network.storage = (1.0, 1.0)
    scene.send(opening(3))
    scene.node.carry(Carried(frozenset({scene.ben.key}), private=frozenset({scene.ana.key})))
    assert scene.wait(3) == [Scope(1, 2, b"\0"), NegErr(3, SessionFault.STALE, 0)]


@pytest.mark.limit("SESSION_IDLE")
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


def test_the_time_that_our_own_disk_takes_does_not_count_as_silence() -> None:
    scene = subscribed()
    scene.node.hold(scene.ana.resources(1))
    scene.network.storage = (60.0, 60.0)
    frames = scene.send(opening(3), seconds=50)
    frames += scene.send(Ping(5), seconds=60)
    assert [frame for frame in frames if isinstance(frame, NegDiffers | NegErr)] == [NegDiffers(3, 1)]


@pytest.mark.limit("MAX_SESSION_ITEMS")
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


@pytest.mark.limit("MAX_COMPARED_ITEMS")
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
    other = scene.another()
    other.subscribe(1, Filter.of_authors({scene.ana.key}))
    other.send(opening(3))
    assert other.send(NegMsg(3, first_round())) == [NegErr(3, SessionFault.BUSY, 0)]
    scene.network.close(scene.stranger.their_end, "broken")
    other.send(opening(5))
    assert isinstance(other.send(NegMsg(5, first_round()))[0], NegMsg), "a link that breaks gives back"
