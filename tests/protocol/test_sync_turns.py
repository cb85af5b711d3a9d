"""Links that take turns: one core node brings what is new whole, the others announce it."""

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried, judged
from hedgerow_protocol.checking import check_batch
from hedgerow_protocol.filter import pack_bits
from hedgerow_protocol.frame import (
    Frame,
    IHave,
    Messages,
    Mode,
    NegOpen,
    NegSame,
    Scope,
    SetMode,
    Sub,
    Want,
    pack_ids,
)
from hedgerow_protocol.message import MAIN_NET, Message
from simulator.author import Author
from simulator.network import Network, SimulatedNode
from simulator.scene import MOMENT, answered, pushed
from simulator.stranger import Stranger


class Core:
    """A core node that the edge dialled; what it says is up to the test."""

    def __init__(self, network: Network, edge: SimulatedNode, seed: int) -> None:
        self.network = network
        self.stranger = Stranger(network, edge, Author(seed), dials=False, takes_turns=True)
        network.run(MOMENT)
        [self.sub] = [one for one in self.stranger.frames if isinstance(one, Sub)]
        self._seen = len(self.stranger.frames)
        self._announcements = 0

    def settle(self) -> None:
        """It carries everyone who is asked for, and every set is equal."""
        self.send(Scope(self.sub.req, 1, pack_bits([True] * (len(self.sub.filter) // 32))))
        for opened in (one for one in self.stranger.frames if isinstance(one, NegOpen)):
            self.send(NegSame(opened.req))
        self.came()

    def send(self, *frames: Frame) -> None:
        self.stranger.send(*frames)
        self.network.run(MOMENT)

    def came(self) -> list[Frame]:
        """What came since the last look."""
        frames = self.stranger.frames[self._seen :]
        self._seen = len(self.stranger.frames)
        return frames

    def announce(self, *messages: Message) -> IHave:
        self._announcements += 2
        ids = pack_ids(one.id for one in messages)
        frame = IHave(self._announcements, ids, bytes(len(messages)))
        self.send(frame)
        return frame


class Edge:
    """An edge that follows Ben, and two core nodes that carry him; the first is the one whose turn it is."""

    def __init__(self) -> None:
        self.network = Network(3)
        self.ben = Author(2)
        self.node = SimulatedNode(self.network, "ana", Author(1), [self.ben.key])
        self.node.hold([self.ben.inception])
        self.first, self.second = (Core(self.network, self.node, seed) for seed in (11, 12))
        self.first.settle()
        self.second.settle()

    def wait(self, seconds: float) -> None:
        self.network.run(seconds)


def test_one_link_is_asked_for_messages_whole_and_the_next_for_their_ids() -> None:
    edge = Edge()
    assert (edge.first.sub.mode, edge.second.sub.mode) == (Mode.EAGER, Mode.LAZY)


def test_what_comes_whole_from_one_is_not_wanted_from_who_announces_it() -> None:
    edge = Edge()
    [said] = edge.ben.resources(1)
    edge.first.send(pushed(said))
    announced = edge.second.announce(said)
    assert edge.second.came() == [], "it waits whether the other brings it"
    edge.wait(limits.MISS_AFTER)
    assert edge.second.came() == [Want(announced.req, b"")]
    assert edge.first.came() == []


def test_what_is_announced_and_does_not_come_is_fetched_there_and_the_turn_passes() -> None:
    edge = Edge()
    [said] = edge.ben.resources(1)
    announced = edge.second.announce(said)
    edge.wait(limits.MISS_AFTER)
    assert edge.second.came() == [SetMode(edge.second.sub.req, Mode.EAGER), Want(announced.req, said.id)]
    edge.second.send(answered(announced.req, said))
    assert said in edge.node.delivered


def test_an_announcement_that_waits_keeps_no_comparison_from_its_end() -> None:
    edge = Edge()
    edge.second.announce(*edge.ben.resources(1))
    edge.node.perform(edge.node.peer.resync(edge.network.now))
    edge.wait(MOMENT)
    assert [type(one) for one in edge.second.came()] == [NegOpen]


@pytest.mark.parametrize("is_looked_up", [True, False])
def test_who_pushes_what_another_brought_before_only_announces_soon(
    monkeypatch: pytest.MonkeyPatch, is_looked_up: bool
) -> None:
    edge = Edge()
    if not is_looked_up:  # as with what comes alone, or while its twin is being stored
        monkeypatch.setattr(
            edge.node.store, "verify", lambda data: judged(data, check_batch(data, MAIN_NET), 0)
        )
    said = edge.ben.resources(2 + limits.LATE_PUSHES)
    edge.second.announce(said[0])
    edge.wait(limits.MISS_AFTER)
    edge.second.came()
    for message in said[1:]:
        edge.second.send(pushed(message))
        edge.first.send(pushed(message))
    modes = [one for one in edge.first.came() if isinstance(one, SetMode)]
    assert modes == [SetMode(edge.first.sub.req, Mode.LAZY)]
    assert not any(isinstance(one, SetMode) for one in edge.second.came())


def test_the_turn_passes_when_the_link_ends() -> None:
    edge = Edge()
    edge.network.sever(edge.first.stranger.end)
    edge.wait(MOMENT)
    assert edge.second.came() == [SetMode(edge.second.sub.req, Mode.EAGER)]


def test_own_messages_go_to_all_at_once() -> None:
    edge = Edge()
    edge.node.publish(edge.node.author.resources(1))
    edge.wait(MOMENT)
    for core in (edge.first, edge.second):
        assert [type(one) for one in core.came()] == [Messages]


def test_what_one_brought_is_announced_to_another_that_stays_silent_about_it() -> None:
    edge = Edge()
    heard, silent = edge.ben.resources(2)
    edge.first.send(pushed(heard, silent))
    edge.second.announce(heard)
    edge.wait(limits.RELAY_AFTER)
    [told] = [one for one in edge.second.came() if isinstance(one, IHave)]
    assert told.ids == silent.id
    assert edge.first.came() == []


def test_more_announcements_at_once_than_are_answered_end_the_link() -> None:
    edge = Edge()
    said = edge.ben.resources(limits.MAX_QUESTIONS + 1)
    for place, message in enumerate(said, 1):
        edge.second.stranger.send(IHave(2 * place, message.id, b"\0"))
    edge.wait(MOMENT)
    assert edge.second.stranger.closed == "unexpected_frame"


def test_whoever_is_carried_no_more_is_not_announced() -> None:
    edge = Edge()
    edge.first.send(pushed(*edge.ben.resources(1)))
    edge.node.carry(Carried(frozenset({edge.node.author.key})))
    edge.wait(2 * limits.RELAY_AFTER)
    assert not any(isinstance(one, IHave) for one in edge.second.came())
