"""Outsiders: what they send unasked waits apart, within bounds, and harms nobody who is in scope."""

from collections.abc import Iterator

import pytest

from hedgerow_protocol.admission import Carried
from hedgerow_protocol.frame import Messages
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import Message
from simulator.author import Author
from simulator.memory_quarantine import MemoryQuarantine
from simulator.network import START, Network, SimulatedNode
from simulator.scene import pushed
from simulator.stranger import Stranger

HOUR = 3_600
OF_A_DOOR, OF_AN_AUTHOR = 2_000, 50
"""Messages that come by one link and of one outsider: as many as the quotas let in, so that none of them helps."""


def words(author: Author, number: int, at: float) -> Message:
    return author.say(Comment("https://example.org/", Role.COMMENT, f"words {number}"), int(at))


class Flooded:
    """Ana, who carries Ben, and outsiders who push as much as a link lets them."""

    def __init__(self, most: int, messages: int = 10_000) -> None:
        self.network = Network(7)
        self.ben = SimulatedNode(self.network, "ben", Author(2))
        self.ana = SimulatedNode(self.network, "ana", Author(1), [self.ben.author.key])
        self.ben.carry(Carried(authors=frozenset({self.ben.author.key, self.ana.author.key})))
        self.ana.quarantine = MemoryQuarantine(most)
        self.network.connect(self.ana, self.ben)
        doors, outsiders = messages // OF_A_DOOR, messages // OF_AN_AUTHOR
        self.doors = [Stranger(self.network, self.ana, Author(100 + number)) for number in range(doors)]
        self.network.run(5)
        self.outsiders = [Author(1_000 + number) for number in range(outsiders)]
        self.delays: list[float] = []

    def run(self, messages: int) -> None:
        """An hour in which so many messages of outsiders come, and Ben speaks once a minute."""
        coming = self._coming(messages // HOUR + 1)
        for second in range(HOUR):
            due = messages * (second + 1) // HOUR - messages * second // HOUR
            for _ in range(due):
                door, message = next(coming)
                door.send(pushed(message))
            if second % 60 == 0:
                self._speak(second)
            self.network.run(1)
        self.network.run(60)

    def _coming(self, burst: int) -> Iterator[tuple[Stranger, Message]]:
        number = 0
        while True:
            author = self.outsiders[number // burst % len(self.outsiders)]
            yield self.doors[number % len(self.doors)], words(author, number, self.network.now)
            number += 1

    def _speak(self, number: int) -> None:
        message, began = words(self.ben.author, number, self.network.now), self.network.now
        self.ben.publish([message])
        while message.id not in self.ana.store.messages and self.network.now < began + 2:
            self.network.run(0.02)
        self.delays.append(self.network.now - began)


def check_flood(messages: int, most: int) -> None:
    scene = Flooded(most, messages)
    scene.run(messages)
    held = {one.header.author for one in scene.ana.store.messages.values()}
    assert held == {
        scene.ana.author.key,
        scene.ben.author.key,
    }  # none of theirs is in a set, so none in a feed
    assert scene.ana.quarantine.fullest <= most * 1.01
    assert len(scene.ana.quarantine.messages) + scene.ana.quarantine.dropped == messages
    assert len(scene.delays) == HOUR / 60
    assert max(scene.delays) < 0.5
    assert all(door.closed is None for door in scene.doors)
    answered = [frame for door in scene.doors for frame in door.frames if isinstance(frame, Messages)]
    assert not answered


def test_a_flood_of_outsiders_stays_apart_and_delays_nobody() -> None:
    check_flood(10_000, 2_000)


@pytest.mark.soak
def test_a_hundred_thousand_in_an_hour_do_no_more() -> None:
    check_flood(100_000, 20_000)


def test_without_a_bound_the_flood_would_fill_the_disk() -> None:
    scene = Flooded(most=100)
    scene.ana.quarantine.most = 10**9
    scene.run(1_000)
    assert len(scene.ana.quarantine.messages) == 1_000


def test_what_waits_of_somebody_comes_in_when_they_are_carried_and_is_passed_on() -> None:
    scene = Flooded(most=1_000)
    newcomer = Author(50)
    said = [newcomer.inception, *(words(newcomer, number, START) for number in range(5))]
    scene.doors[0].send(pushed(*said))
    scene.network.run(5)
    assert newcomer.key not in {one.header.author for one in scene.ana.store.messages.values()}
    keys = scene.ana.carried.authors | {newcomer.key}
    scene.ben.carry(Carried(authors=scene.ben.carried.authors | {newcomer.key}))
    scene.ana.carry(Carried(authors=keys))
    scene.network.run(5)
    for node in (scene.ana, scene.ben):
        assert {one.id for one in said} <= node.store.messages.keys()
    assert not scene.ana.quarantine.messages
