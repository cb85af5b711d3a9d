"""The asking side against a responder that keeps to no rule: streams, what is fetched and offered, changes."""

from collections.abc import Iterator

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.frame import (
    Absence,
    Changed,
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
    Range,
    SessionFault,
    Tier,
    Want,
    split_ids,
)
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import Message
from simulator.author import EPOCH, Author
from simulator.network import UNPACED
from simulator.scene import Asked, answered

ID = b"\x11" * 32
WORDS = Comment("https://example.org/", Role.COMMENT, "words")


# --- Streams -------------------------------------------------------------------------------------------
def ben_said(count: int) -> list[Message]:
    return Author(2).resources(count)


def streaming(count: int = 100) -> tuple[Asked, Range]:
    """The node holds next to nothing of what the stranger has, and streams it."""
    scene = Asked(held=(Author(2).inception,))
    session = scene.content()
    frames = scene.send(NegDiffers(session.req, count))
    assert [type(frame) for frame in frames] == [NegClose, Range]
    return scene, scene.only(Range, frames)


def test_a_stream_goes_on_from_its_last_message_until_an_answer_is_empty() -> None:
    scene, asked = streaming()
    messages = ben_said(4)
    assert (asked.after_ts, asked.after_id, asked.limit) == (0, bytes(32), limits.RANGE_MESSAGES)
    scene.send(answered(asked.req, *messages[:2], more=True))
    asked = scene.only(Range, scene.send(answered(asked.req, messages[2])))
    assert (asked.after_ts, asked.after_id) == (messages[2].header.ts, messages[2].id)
    asked = scene.only(Range, scene.send(answered(asked.req, messages[3])))
    session = scene.only(NegOpen, scene.send(answered(asked.req)))
    assert (session.tier, session.count) == (Tier.CONTENT, 4)
    assert scene.node.delivered == messages


def test_a_responder_that_lies_about_its_count_is_compared_with_after_one_stream() -> None:
    scene, asked = streaming(2**53 - 1)
    session = scene.only(NegOpen, scene.send(answered(asked.req)))
    frames = scene.send(NegDiffers(session.req, 2**53 - 1))
    assert isinstance(scene.only(NegMsg, frames), NegMsg)


@pytest.mark.parametrize(("theirs", "then"), [(10, NegMsg), (11, NegClose)])
def test_a_set_is_streamed_when_ours_is_below_a_tenth_of_it(theirs: int, then: type[Frame]) -> None:
    scene = Asked(held=(Author(2).inception, *ben_said(1)))
    frames = scene.send(NegDiffers(scene.content().req, theirs))
    assert type(frames[0]) is then


@pytest.mark.parametrize(
    ("missing", "then"), [(limits.RESUME_GAP - 1, NegMsg), (limits.RESUME_GAP, NegClose)]
)
def test_a_copy_that_broke_off_goes_on_near_its_last_message(missing: int, then: type[Frame]) -> None:
    held = ben_said(limits.RESUME_BACK + 1)
    scene = Asked(held=(Author(2).inception, *held))
    frames = scene.send(NegDiffers(scene.content().req, len(held) + missing))
    assert type(frames[0]) is then
    if then is NegClose:
        asked = scene.only(Range, frames)
        assert (asked.after_ts, asked.after_id) == (held[0].header.ts, held[0].id)


def test_a_copy_that_has_hardly_begun_begins_anew() -> None:
    scene = Asked(held=(Author(2).inception, *ben_said(limits.RESUME_BACK)))
    asked = scene.only(Range, scene.send(NegDiffers(scene.content().req, 5_000)))
    assert (asked.after_ts, asked.after_id) == (0, bytes(32))


def test_what_the_end_of_a_set_does_not_explain_is_streamed_and_then_compared() -> None:
    scene = Asked(held=(Author(2).inception, *ben_said(limits.RESUME_BACK + 1)))
    session = scene.content()
    asked = scene.only(Range, scene.send(NegDiffers(session.req, 5_000)))
    assert asked.after_ts > 0
    session = scene.only(NegOpen, scene.send(answered(asked.req)))
    asked = scene.only(Range, scene.send(NegDiffers(session.req, 5_000)))
    assert (asked.after_ts, asked.after_id) == (0, bytes(32))
    session = scene.only(NegOpen, scene.send(answered(asked.req)))
    assert type(scene.send(NegDiffers(session.req, 5_000))[0]) is NegMsg


@pytest.mark.parametrize("order", [(1, 0), (0, 0)])
def test_a_stream_that_does_not_go_forward_ends_the_link(order: tuple[int, int]) -> None:
    scene, asked = streaming()
    messages = ben_said(2)
    scene.send(answered(asked.req, messages[order[0]], more=True))
    scene.send(answered(asked.req, messages[order[1]]))
    assert scene.reason == "unexpected_frame"


def test_what_does_not_decode_has_no_place_in_a_stream_and_does_not_make_it_endless() -> None:
    scene, asked = streaming()
    [message] = ben_said(1)
    newer = ((0, message.encode()), (0, b"\x90"))
    asked = scene.only(Range, scene.send(Messages(asked.req, newer, more=False)))
    assert asked.after_id == message.id
    frames = scene.send(Messages(asked.req, ((0, b"\x90"),), more=False))
    assert scene.only(NegOpen, frames).tier == Tier.CONTENT


def test_a_stream_of_a_window_begins_and_ends_with_it() -> None:
    scene = Asked(held=(Author(2).inception,))
    messages = ben_said(6)
    times = [message.header.ts for message in messages]
    session = scene.content()
    session = scene.only(NegOpen, scene.send(NegErr(session.req, SessionFault.TOO_BIG, times[4])))
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    session = scene.only(NegOpen, scene.send(NegErr(session.req, SessionFault.TOO_BIG, times[1])))
    assert (session.since, session.until) == (times[1], times[4])
    asked = scene.only(Range, scene.send(NegDiffers(session.req, 100)))
    assert (asked.after_ts, asked.after_id) == (times[1] - 1, b"\xff" * 32)
    session = scene.only(NegOpen, scene.send(answered(asked.req, *messages[1:5])))
    assert (session.since, session.until, session.count) == (times[1], times[4], 3)


def test_a_stream_waits_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, asked = streaming()
    messages = ben_said(2)
    monkeypatch.setattr(limits, "CREDIT", 1)
    scene.network.storage = (2.0, 2.0)
    assert scene.send(answered(asked.req, messages[0]), seconds=1) == []
    assert isinstance(scene.only(Range, scene.wait(5)), Range)


def test_a_stream_that_is_given_up_keeps_its_place_in_the_window_until_its_answer_is_complete() -> None:
    scene, asked = streaming()
    messages = ben_said(3)
    session = scene.send(scene.carry_all(scene.sub, 2))
    assert session == [], "the next comparison waits for the answer that is under way"
    scene.send(answered(asked.req, messages[0], more=True))
    session = scene.only(NegOpen, scene.send(answered(asked.req, messages[1])))
    assert session.tier == Tier.CONTROL
    assert scene.node.delivered == messages[:2]
    scene.send(answered(asked.req, messages[2]))
    assert scene.reason == "unexpected_frame"


def test_a_stream_that_is_given_up_and_has_nothing_more_begins_nothing_twice() -> None:
    scene, asked = streaming()
    scene.send(scene.carry_all(scene.sub, 2))
    session = scene.only(NegOpen, scene.send(answered(asked.req)))
    assert session.tier == Tier.CONTROL
    assert scene.only(NegOpen, scene.send(NegSame(session.req))).tier == Tier.CONTENT


def test_a_stream_without_an_answer_ends_the_link() -> None:
    scene, _ = streaming()
    for number in range(2, 2 + 8, 2):
        scene.send(Ping(number), seconds=8)
    assert scene.stranger.closed == "no progress"


# --- What is fetched and offered -----------------------------------------------------------------------
def test_what_is_needed_is_fetched_and_the_comparison_confirmed() -> None:
    ben = Author(2)
    ours = [ben.inception, *ben.resources(10)]
    theirs = [*ours[1:], ben.say(WORDS, EPOCH + 500)]
    scene = Asked(held=tuple(ours))
    frames = scene.rounds(scene.content(), theirs)
    get = scene.only(Get, frames)
    assert split_ids(get.ids) == [theirs[-1].id]
    again = scene.only(NegOpen, scene.send(answered(get.req, theirs[-1]), seconds=3))
    again = scene.only(NegOpen, scene.send(NegSame(again.req)))
    scene.send(NegSame(again.req))
    assert scene.is_settled
    assert scene.node.delivered == [theirs[-1]]


def test_what_the_other_side_lacks_is_offered_and_the_next_set_waits_for_its_answer() -> None:
    ben = Author(2)
    ours = [ben.inception, *ben.resources(2)]
    scene = Asked(held=tuple(ours))
    frames = scene.rounds(scene.scoped(), [scene.ana.inception])
    ihave = scene.only(IHave, frames)
    assert split_ids(ihave.ids) == [ben.inception.id]
    assert not any(isinstance(frame, NegOpen) for frame in frames)
    frames = scene.send(Want(ihave.req, ihave.ids))
    assert scene.only(Messages, frames) == answered(ihave.req, ben.inception)
    assert scene.only(NegOpen, frames).tier == Tier.CONTENT


@pytest.mark.parametrize("offers", [False, True])
def test_the_next_comparison_comes_at_once_unless_the_other_side_has_to_store_what_it_was_given(
    offers: bool,
) -> None:
    common, mine, theirs = Author(2).resources(3)
    held = [common, mine] if offers else [common]
    scene = Asked(held=(Author(2).inception, *held))
    frames = scene.rounds(scene.content(), [common, theirs])
    answers: list[Frame] = [answered(scene.only(Get, frames).req, theirs)]
    answers += [Want(frame.req, b"") for frame in frames if isinstance(frame, IHave)]
    opened = [frame for frame in scene.send(*answers) if isinstance(frame, NegOpen)]
    assert len(opened) == (0 if offers else 1)
    assert scene.is_open
    if offers:
        scene.only(NegOpen, scene.wait(limits.CONFIRM_AFTER))


def test_an_offer_without_an_answer_ends_the_link() -> None:
    ben = Author(2)
    scene = Asked(held=(ben.inception,))
    scene.rounds(scene.scoped(), [scene.ana.inception])
    for number in range(2, 2 + 8, 2):
        scene.send(Ping(number), seconds=8)
    assert scene.stranger.closed == "no progress"


def test_an_offer_is_answered_once_and_with_what_was_offered() -> None:
    for want in (Want(9, b""), Want(7, ID)):
        scene = Asked(held=(Author(2).inception,))
        ihave = scene.only(IHave, scene.rounds(scene.scoped(), [scene.ana.inception]))
        scene.send(Want(ihave.req, b"") if want.req == 9 else Want(ihave.req, ID))
        scene.send(Want(ihave.req, b""))
        assert scene.reason == "unexpected_frame"


def _liar(scene: Asked, session: NegOpen, held: list[Message]) -> Iterator[NegOpen]:
    """Claim messages and never give them; the sessions that follow."""
    while True:
        frames = scene.rounds(session, held)
        get = scene.only(Get, frames)
        absent = tuple((one, int(Absence.UNKNOWN)) for one in split_ids(get.ids))
        frames = scene.send(Missing(get.req, absent), answered(get.req), seconds=3)
        opened = [frame for frame in frames if isinstance(frame, NegOpen)]
        if not opened:
            return
        yield opened[0]
        session = scene.only(NegOpen, scene.send(NegSame(opened[0].req)))


def test_a_difference_that_stays_is_confirmed_so_often_and_then_left_to_the_interval() -> None:
    scene = Asked(held=(Author(2).inception, *Author(2).resources(5)))
    scene.network.storage = (0.001, 0.001)
    claimed = [*Author(2).resources(5), Author(2).say(WORDS, EPOCH + 999)]
    assert len(list(_liar(scene, scene.content(), claimed))) == limits.MAX_CONFIRMATIONS
    assert not scene.is_settled
    number, opened = 2, []
    while not opened:
        opened = [frame for frame in scene.send(Ping(number), seconds=20) if isinstance(frame, NegOpen)]
        number += 2
    low, high = (limits.SYNC_INTERVAL * (1 + sign * limits.SYNC_JITTER) for sign in (-1, 1))
    assert low - 60 < number / 2 * 20 < high + 60


def test_what_was_refused_before_is_not_fetched_and_not_confirmed_again() -> None:
    common, early = Author(2).resources(1)[0], Author(2).say(WORDS, 2_000_000_000)
    scene = Asked(held=(Author(2).inception, common))
    frames = scene.rounds(scene.content(), [common, early])
    get = scene.only(Get, frames)
    again = scene.only(NegOpen, scene.send(answered(get.req, early), seconds=3))
    again = scene.only(NegOpen, scene.send(NegSame(again.req)))
    assert scene.rounds(again, [common, early]) == [NegClose(again.req)]
    assert scene.wait(20) == []
    assert not scene.is_settled


def test_what_no_log_authorises_is_not_fetched_again_until_one_does() -> None:
    common = Author(1).resources(1)
    forged = Author(2).say(WORDS, EPOCH + 5)
    scene = Asked(held=tuple(common))
    frames = scene.rounds(scene.content(), [*common, forged])
    again = scene.send(answered(scene.only(Get, frames).req, forged), seconds=3)
    session = scene.only(NegOpen, scene.send(NegSame(scene.only(NegOpen, again).req)))
    assert scene.rounds(session, [*common, forged]) == [NegClose(session.req)]
    scene.send(answered(0, scene.ben.inception))
    session = scene.only(NegOpen, scene.send(Changed(scene.sub.req)))
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    frames = scene.rounds(session, [*common, forged])
    assert split_ids(scene.only(Get, frames).ids) == [forged.id]


def test_too_much_for_one_go_is_offered_over_several_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OFFERED", 4)
    ana = Author(1)
    held = ana.resources(4 * (limits.MAX_CONFIRMATIONS + 3))
    scene = Asked(held=tuple(held))
    theirs: list[Message] = []
    session = scene.content()
    while len(theirs) < len(held):
        frames = scene.rounds(session, theirs)
        ihave = scene.only(IHave, frames)
        theirs += [message for message in held if message.id in split_ids(ihave.ids)]
        frames = scene.send(Want(ihave.req, b""), seconds=3)
        session = scene.only(NegOpen, scene.send(NegSame(scene.only(NegOpen, frames).req)))
    scene.send(NegSame(session.req))
    assert scene.is_settled


# --- Changes -------------------------------------------------------------------------------------------
def test_a_change_begins_a_comparison() -> None:
    scene = Asked()
    scene.settle()
    assert scene.only(NegOpen, scene.send(Changed(scene.sub.req))).tier == Tier.CONTROL
    assert not scene.is_settled


def test_a_change_under_a_number_that_names_nothing_is_passed_over() -> None:
    scene = Asked()
    scene.settle()
    assert scene.send(Changed(99)) == []
    assert scene.is_settled


def test_changes_during_a_comparison_do_not_interrupt_it_and_lead_to_one_more() -> None:
    scene = Asked()
    session = scene.scoped()
    assert scene.send(*[Changed(scene.sub.req)] * 5) == []
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    assert scene.send(NegSame(session.req)) == []
    assert not scene.is_settled
    session = scene.only(NegOpen, scene.wait(limits.CONFIRM_AFTER))
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    scene.send(NegSame(session.req))
    assert scene.is_settled


def test_an_announcement_of_nothing_new_during_a_comparison_does_not_stop_it() -> None:
    """Nothing is stored and nothing is fetched because of it, and still the next step must be taken."""
    scene = Asked()
    session = scene.scoped()
    scene.network.storage = (1.0, 1.0)
    frames = scene.send(IHave(2, scene.ana.inception.id, b"\0"), NegSame(session.req), seconds=5)
    assert scene.only(Want, frames) == Want(2, b"")
    assert scene.only(NegOpen, frames).tier == Tier.CONTENT


def test_what_was_announced_during_a_comparison_is_stored_before_the_next_step_would_find_it_again() -> None:
    scene = Asked()
    session = scene.scoped()
    scene.network.storage = (1.0, 1.0)
    message = scene.ben.inception
    frames = scene.send(IHave(2, message.id, b"\0"), NegSame(session.req), seconds=2.5)
    assert frames == [Want(2, message.id)]
    session = scene.only(NegOpen, scene.send(answered(2, message), seconds=5))
    assert session.tier == Tier.CONTENT


def test_pushes_above_the_quota_lead_to_a_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PUSH_BURST", 1.0)
    monkeypatch.setattr(limits, "PUSH_RATE", 0.0)
    scene = Asked()
    scene.settle()
    messages = [scene.ben.inception, *scene.ben.resources(1)]
    frames = scene.send(*(answered(0, message) for message in messages))
    assert scene.only(NegOpen, frames).tier == Tier.CONTROL
    assert scene.node.delivered == messages[:1]


def test_an_unknown_device_leads_to_one_comparison_an_author() -> None:
    scene = Asked()
    scene.settle()
    first, second = scene.ben.resources(2)
    session = scene.only(NegOpen, scene.send(answered(0, first)))
    session = scene.only(NegOpen, scene.send(NegSame(session.req)))
    scene.send(NegSame(session.req))
    assert scene.send(answered(0, second)) == []


def test_the_sets_are_compared_again_when_the_owner_asks() -> None:
    scene = Asked()
    scene.node.perform(scene.node.peer.resync(scene.network.now))
    assert scene.wait() == [], "before there is a scope there is nothing to compare"
    scene.settle()
    scene.node.perform(scene.node.peer.resync(scene.network.now))
    assert not scene.is_settled
    assert scene.only(NegOpen, scene.wait()).tier == Tier.CONTROL


def test_what_is_new_goes_to_a_responder_that_carries_its_author() -> None:
    scene = Asked(allowed=UNPACED)
    scene.settle()
    mine, former = scene.ana.say(WORDS, EPOCH), scene.cyd.say(WORDS, EPOCH)
    scene.node.publish([mine, former])
    assert scene.wait() == [answered(0, mine)]
    scene.node.publish(scene.ana.resources(limits.MAX_PUSHED + 1))
    assert [type(frame) for frame in scene.wait()] == [IHave]


def test_what_is_too_much_to_offer_is_left_to_a_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OFFERED", limits.MAX_PUSHED)
    scene = Asked(allowed=UNPACED)
    scene.settle()
    scene.node.publish(scene.ana.resources(limits.MAX_PUSHED + 1))
    assert [type(frame) for frame in scene.wait()] == [IHave, NegOpen]
    assert not scene.is_settled


def test_what_is_said_by_hand_after_much_was_shared_goes_live() -> None:
    scene = Asked()
    scene.settle()
    some = scene.ana.resources(int(limits.AUTHOR_HOUR * limits.LIVE_SHARE))
    scene.node.publish(some)
    assert [len(frame.messages) for frame in scene.wait() if isinstance(frame, Messages)] == [len(some)]
    scene.node.publish(scene.ana.resources(len(some) + 1))
    assert [type(frame) for frame in scene.wait()] == [NegOpen]
    by_hand = scene.ana.resources(len(some))
    scene.node.publish(by_hand)
    assert [len(frame.messages) for frame in scene.wait() if isinstance(frame, Messages)] == [len(some)]


def test_a_log_goes_live_though_much_is_withdrawn_with_it() -> None:
    scene = Asked()
    scene.settle()
    said = scene.ana.resources(int(limits.AUTHOR_HOUR * limits.LIVE_SHARE) + 1)
    change = scene.ana.update(added=[scene.ana.another_device()])
    scene.node.publish([*[scene.ana.retract(one, ts=EPOCH + 900) for one in said], change])
    assert [frame for frame in scene.wait() if isinstance(frame, Messages)] == [answered(0, change)]


def test_a_body_that_is_missing_is_asked_for_once_all_is_equal() -> None:
    message = Author(2).say(WORDS, EPOCH)
    erased = Author(2).say(WORDS, EPOCH + 1)
    retraction = Author(2).retract(erased, ts=EPOCH + 2)
    scene = Asked(held=(Author(2).inception, message.without_body(), retraction, erased))
    session = scene.content()
    get = scene.only(Get, scene.send(NegSame(session.req)))
    assert split_ids(get.ids) == [message.id]
    scene.send(answered(get.req, message))
    assert scene.node.store.messages[message.id].body == message.body
    assert not any(isinstance(frame, Get) for frame in scene.send(Changed(scene.sub.req)))


# --- Room for all links --------------------------------------------------------------------------------
def test_a_link_goes_on_when_another_one_made_room(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, asked = streaming()
    message, later = ben_said(2)
    other = type(scene.stranger)(scene.network, scene.node, scene.cyd)
    scene.wait()
    monkeypatch.setattr(limits, "MAX_WAITING", 1)
    scene.network.storage = (0.5, 0.5)
    scene.send(answered(asked.req, message), seconds=0.7)
    scene.network.storage = (2.0, 2.0)
    other.send(answered(0, later))
    assert scene.wait(0.1) == []
    assert isinstance(scene.only(Range, scene.wait(6)), Range)
