"""Any frames in any order, over a real channel: no other error, no link half open, no memory that a peer can fill."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import (
    Accept,
    Accepted,
    Addr,
    Changed,
    Err,
    Frame,
    Get,
    Getaddr,
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
    Since,
    Sub,
    Unsub,
    Want,
    pack_ids,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Initiator, Responder
from protocol.frame_strategies import frames
from simulator.author import EPOCH, Author
from simulator.scene import Scene
from simulator.weight import weight

ANA, BEN, CYD = Author(1), Author(2), Author(3)
WORDS = Comment("https://example.org/", Role.COMMENT, "words")
HELD = [*ANA.resources(40), BEN.inception, *BEN.resources(3), CYD.inception, *CYD.resources(2)]
NEW = [*BEN.resources(3, start=EPOCH + 500), BEN.retract(HELD[41], ts=EPOCH + 600), CYD.say(WORDS, 2**31)]
FORGED = NEW[0]._replace(signature=bytes(64)).encode()
POOL = [
    *(message.encode() for message in (*HELD[38:], *NEW)),
    NEW[1].without_body().encode(),
    FORGED,
    b"\x90",
]
IDS = [MessageId(message.id) for message in (*HELD[:3], *HELD[40:], *NEW)] + [MessageId(bytes([9]) * 32)]
ITEMS = [(message.header.ts, message.id) for message in HELD]
INITIATOR = Initiator(SortedIndex.of(ITEMS[:20]))
ROUNDS = [
    INITIATOR.start(),
    Initiator(SortedIndex.of(ITEMS)).start(),
    Responder(SortedIndex.of(ITEMS[5:])).on_message(INITIATOR.start()),
    b"\x61",
    b"\x61\xff",
    b"\x62",
]
QUESTIONS = (Ping, Sub, NegOpen, Get, Range, IHave, Accept, Report, Getaddr)
CARRIED = Carried(
    frozenset({ANA.key, BEN.key}), private=frozenset({CYD.key}), held=frozenset({Author(4).key})
)

any_frames = frames(
    numbers=st.integers(0, 30),
    ids=st.sampled_from(IDS),
    authors=st.sampled_from([ANA.key, BEN.key, CYD.key]),
    messages=st.sampled_from(POOL),
    reconciliations=st.sampled_from(ROUNDS),
    are_consistent=True,
)
steps = st.tuples(any_frames, st.integers(0, 24), st.sampled_from([0.0, 0.0, 0.005, 0.1, 0.1, 3.0]))


class Conversation:
    """A node, and a stranger whose frames name what was named before more often than chance would."""

    def __init__(self, *, dials: bool) -> None:
        self.scene = Scene(dials=dials, carried=CARRIED)
        self.scene.node.hold(HELD)
        self.last = -1 if dials else 0
        self.versions = 0
        self.answered: set[tuple[type[Frame], int]] = set()

    def say(self, frame: Frame, aim: int, pause: float) -> None:
        """Send a frame with a number that fits; for aim 0 as it is, which mostly ends the link."""
        fitted = self._fitted(frame) if aim else frame
        if fitted is not None:
            self.scene.send(fitted, seconds=pause)

    def _fitted(self, frame: Frame) -> Frame | None:
        if isinstance(frame, QUESTIONS):
            self.last += 2
            return replace(frame, req=self.last, **_within_the_first(frame))
        if isinstance(frame, Addr):
            return replace(frame, req=0)
        if not isinstance(frame, tuple(ANSWERS)):
            return None if isinstance(frame, Err) else frame
        if isinstance(frame, Messages) and frame.req % 2:
            return replace(frame, req=0)
        if isinstance(frame, Scope):
            self.versions += 1
            frame = replace(frame, version=self.versions)
        return self._answer(frame)

    def _answer(self, frame: Frame) -> Frame | None:
        """The frame as an answer to something that was not answered so before; None if there is nothing."""
        asked = [one.req for one in self.scene.stranger.frames if isinstance(one, ANSWERS[type(frame)])]
        fitting = [one for one in asked if (type(frame), one) not in self.answered]
        if not fitting:
            return None
        number = fitting[-1 - frame.req % min(3, len(fitting))]
        if isinstance(frame, ONCE) and not getattr(frame, "more", False):
            self.answered |= {(kind, number) for kind in ONCE}
        return replace(frame, req=number)


def _within_the_first(frame: Frame) -> dict[str, int]:
    """A subscription that may exist, and a version that its scope may have."""
    is_over_a_subscription = isinstance(frame, NegOpen | Range)
    return {"sub": 1 + frame.sub % 4, "version": 1 + frame.version % 2} if is_over_a_subscription else {}


ANSWERS: dict[type[Frame], tuple[type[Frame], ...]] = {
    Scope: (Sub,),
    Changed: (Sub,),
    Since: (Sub, Scope),
    Unsub: (Scope,),
    NegSame: (NegOpen,),
    NegDiffers: (NegOpen,),
    NegErr: (NegOpen,),
    NegMsg: (NegMsg, NegDiffers),
    NegClose: (NegDiffers, NegMsg),
    Messages: (Get, Range, Want),
    Missing: (Get, Want),
    Want: (IHave,),
    Accepted: (Accept,),
    Reported: (Report,),
}
ONCE = (NegSame, NegDiffers, Messages, Want, Accepted, Reported)
"""What ends what it answers, or must not be said of it twice."""


@settings(max_examples=150, deadline=None)
@given(st.booleans(), st.lists(steps, min_size=15, max_size=60))
def test_whatever_a_peer_says_the_link_is_closed_for_a_reason_or_goes_on(
    dials: bool, said: list[tuple[Frame, int, float]]
) -> None:
    conversation = Conversation(dials=dials)
    scene = conversation.scene
    for frame, aim, pause in said:
        conversation.say(frame, aim, pause)
    scene.wait(1.0)
    if not scene.is_open:
        assert scene.stranger.closed
        assert scene.node.peer.links() == []
        return
    [state] = scene.node.peer.links()
    assert state.peer is not None
    number = 1_001 if dials else 1_002
    assert Pong(number) in scene.send(Ping(number))
    # From here on the stranger says nothing, whatever the node waits for.
    scene.wait(limits.DEAD_AFTER + 1)
    assert scene.stranger.closed in ("silent for too long", "no progress")
    assert scene.node.peer.links() == []


@settings(max_examples=60, deadline=None)
@given(st.booleans(), st.lists(steps, max_size=15), st.binary(max_size=200), st.booleans())
def test_whatever_bytes_come_at_whatever_time_the_link_ends_without_another_error(
    dials: bool, said: list[tuple[Frame, int, float]], garbage: bytes, is_sealed: bool
) -> None:
    conversation = Conversation(dials=dials)
    scene = conversation.scene
    for frame, aim, _ in said:
        conversation.say(frame, aim, 0.0)
    if is_sealed:
        scene.stranger.send_bytes(b"\xc1" + garbage)
    else:
        scene.stranger.send_noise(garbage)
    scene.wait(5.0)
    assert not scene.is_open
    assert scene.node.peer.links() == []


def held_by(scene: Scene) -> int:
    """What the node's peer holds in memory, its shared knowledge of authors aside."""
    node = scene.node
    return weight(node.peer, without=(node.network.random, node.carried, node.identities))


def flood(kind: str, number: int, scene: Scene) -> Frame:
    """The frame with this number of a flood."""
    new_id = number.to_bytes(32)
    question = 2 * number + (
        1 if scene.stranger.established and scene.stranger.established.is_initiator else 2
    )
    match kind:
        case "GET":
            return Get(question, new_id * 200)
        case "IHAVE":
            return IHave(
                question, pack_ids((number * 256 + one).to_bytes(32) for one in range(256)), bytes(256)
            )
        case "NEG_OPEN":
            return NegOpen(question, 1, 1, 1, 0, 0, number, bytes(16))
        case "NEG_OPEN and NEG_CLOSE":
            return (
                NegOpen(question, 1, 1, 1, number, 0, 0, bytes(16)) if number % 2 else NegClose(question - 2)
            )
        case "NEG_MSG":
            return NegMsg(1, ROUNDS[0])
        case "SUB":
            return Sub(question, _some_filter(number), 1)
        case "SUB and UNSUB":
            return Sub(question, _some_filter(number), 1) if number % 2 else Unsub(question - 2)
        case "PUSH":
            return Messages(0, tuple((0, _unique(number + one)) for one in range(20)), more=False)
        case "ACCEPT":
            return Accept(question, bytes(100), bytes(100))
        case "SCOPE":
            return Scope(1, number + 1, b"\xff")
        case "SINCE":
            return Since(1 + number % 2, number % 3, ((1 + number, b"\xff"),))
        case "CHANGED":
            return Changed(1)
        case "ADDR":
            return Addr(0, tuple((number * 100 + one).to_bytes(64) for one in range(100)))
        case "GETADDR":
            return Getaddr(question)
        case "PONG":
            return Pong(number)
        case "MISSING":
            return Missing(1, ((new_id, 2),) * 200)
    raise AssertionError(kind)


def _some_filter(number: int) -> bytes:
    source = Random(number)
    return Filter.of_authors({AuthorKey(source.randbytes(32)) for _ in range(100)}).encode()


def _unique(number: int) -> bytes:
    message = NEW[0]
    return message._replace(signature=number.to_bytes(64)).encode()


FLOODS = [
    "GET",
    "IHAVE",
    "NEG_OPEN",
    "NEG_OPEN and NEG_CLOSE",
    "NEG_MSG",
    "SUB",
    "SUB and UNSUB",
    "PUSH",
    "ACCEPT",
    "SCOPE",
    "SINCE",
    "CHANGED",
    "ADDR",
    "GETADDR",
    "PONG",
    "MISSING",
]


@pytest.mark.parametrize("dials", [True, False])
@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_fills_no_memory(kind: str, dials: bool) -> None:
    """Nothing is answered by disk or threads meanwhile, which is when a queue would grow."""
    scene = Scene(dials=dials, carried=CARRIED)
    scene.node.hold(HELD)
    if dials:
        scene.subscribe(1, Filter.of_authors({ANA.key}))
    before = held_by(scene)
    scene.network.storage = (1_000.0, 1_000.0)
    for number in range(1, 400):
        if not scene.is_open:
            break
        scene.send(flood(kind, number, scene), seconds=0.03)
    assert held_by(scene) - before < 2_000


@pytest.mark.parametrize("dials", [True, False])
def test_a_link_that_is_gone_leaves_nothing_behind(dials: bool) -> None:
    with_one_link = held_by(Scene(dials=dials, carried=CARRIED))
    conversation = Conversation(dials=dials)
    frame: Frame
    for frame in (
        Sub(1, Filter.of_authors({ANA.key}).encode(), 1),
        Get(3, IDS[0] * 100),
        IHave(5, IDS[0], b"\0"),
    ):
        conversation.say(frame, 0, 0.0)
    conversation.scene.network.close(conversation.scene.stranger.their_end, "broken")
    conversation.scene.wait(5.0)
    assert held_by(conversation.scene) < with_one_link


def test_an_answer_without_end_is_cut_off() -> None:
    """Each part is within the size of a frame; together they would fill any memory."""
    scene = Scene(dials=False, carried=CARRIED)
    scene.node.hold(HELD)
    first, second = [frame for frame in scene.wait(0) if isinstance(frame, Sub)]
    session = scene.only(NegOpen, scene.send(scene.carry_all(first), scene.carry_all(second)))
    frames_after = scene.send(NegDiffers(session.req, 2**40))
    asked = scene.only(Range, frames_after)
    scene.network.storage = (1_000.0, 1_000.0)
    before = held_by(scene)
    for place in range(300):
        if not scene.is_open:
            break
        part = tuple((0, _later(place * 8 + one)) for one in range(8))
        scene.send(Messages(asked.req, part, more=True))
    assert scene.reason == "unexpected_frame"
    assert held_by(scene) - before < 2 * limits.MAX_ANSWER


_LONG = Comment("https://example.org/", Role.COMMENT, "x" * 16_000)


def _later(number: int) -> bytes:
    return BEN.say(_LONG, EPOCH + 10_000 + number).encode()


def test_what_leaves_is_what_was_asked_for_and_no_more() -> None:
    """A small question does not make a node send much more than an answer may hold."""
    scene = Scene(carried=CARRIED)
    long: list[Message] = [ANA.say(_LONG, EPOCH + number) for number in range(64)]
    scene.node.hold(long)
    sent = len(scene.stranger.their_end.sent)
    scene.send(Get(1, pack_ids(message.id for message in long)), seconds=2)
    answer = sum(map(len, scene.stranger.their_end.sent[sent:]))
    assert answer < limits.MAX_ANSWER + limits.ANSWER_FRAME
    assert scene.is_open
