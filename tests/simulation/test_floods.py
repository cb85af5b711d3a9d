"""An author who says a hundred things a second, and a peer with bad signatures: who notices, and who is blamed."""

from random import Random

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.frame import IHave, Messages, Want
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import Message
from hedgerow_protocol.quota import HOUR
from simulator.author import EPOCH, Author
from simulator.network import Network, SimulatedNode
from simulator.scene import pushed
from simulator.stranger import Stranger

PER_SECOND = 100
SECONDS = 20
WORDS = Comment("https://example.org/", Role.COMMENT, "words")


class Flood:
    """Ana and Ben, whose nodes relay and carry everybody, one behind the other; Mallory is linked to Ana's."""

    def __init__(self, seed: int) -> None:
        self.network = Network(seed, delay=Random(seed).uniform(0.005, 0.2))
        self.ana, self.ben, self.mallory = Author(1), Author(2), Author(666)
        everybody = [self.ana.key, self.ben.key, self.mallory.key]
        self.first = SimulatedNode(self.network, "ana", self.ana, everybody)
        self.second = SimulatedNode(self.network, "ben", self.ben, everybody)
        self.ends = self.network.connect(self.second, self.first)
        self.stranger = Stranger(self.network, self.first, self.mallory)
        self.network.run(2)
        self.stranger.send(pushed(self.mallory.inception))
        self.network.run(2)

    def held(self, node: SimulatedNode) -> int:
        """How many of Mallory's messages this node has, beside the log."""
        return sum(one.header.author == self.mallory.key for one in node.store.messages.values()) - 1

    def honest_still_get_through(self) -> bool:
        """Whether Ana and Ben are linked still, and what each says comes to the other."""
        self.first.publish(self.ana.resources(1, start=EPOCH + 5))
        self.second.publish(self.ben.resources(1, start=EPOCH + 5))
        self.network.run(5)
        both = self.first.store.messages.keys() & self.second.store.messages.keys()
        said = {message.header.author for message in map(self.first.store.messages.get, both) if message}
        return {self.ana.key, self.ben.key} <= said and all(end.closed is None for end in self.ends)


@pytest.mark.parametrize("seed", range(3))
def test_a_flood_that_is_pushed_holds_at_the_first_hop_and_who_relays_is_not_blamed(seed: int) -> None:
    flood = Flood(seed)
    for _ in range(SECONDS):
        for message in flood.mallory.resources(PER_SECOND):
            flood.stranger.send(pushed(message))
        flood.network.run(1)
    most = limits.AUTHOR_HOUR * (1 + SECONDS / HOUR) + 1
    assert limits.AUTHOR_HOUR <= flood.held(flood.first) <= most
    assert flood.held(flood.second) <= most
    assert flood.stranger.closed is None, "a quota delays and blames nobody"
    assert flood.honest_still_get_through()


def test_a_flood_that_is_announced_holds_at_the_first_hop() -> None:
    flood = Flood(1)
    said: dict[bytes, Message] = {}
    answered = 0
    for number in range(SECONDS):
        for message in flood.mallory.resources(PER_SECOND):
            said[message.id] = message
        new = list(said)[number * PER_SECOND :]
        flood.stranger.send(IHave(2 * number + 1, b"".join(new), bytes(len(new))))
        flood.network.run(1)
        for frame in flood.stranger.frames[answered:]:
            if isinstance(frame, Want) and frame.ids:
                wanted = [frame.ids[at : at + 32] for at in range(0, len(frame.ids), 32)]
                each = tuple((0, said[one].encode()) for one in wanted)
                flood.stranger.send(Messages(frame.req, each, more=False))
        answered = len(flood.stranger.frames)
        flood.network.run(0.5)
    assert limits.AUTHOR_HOUR <= flood.held(flood.first) <= limits.AUTHOR_HOUR + 2
    assert flood.honest_still_get_through()


def test_what_was_late_is_fetched_from_whoever_brought_it_at_the_rate() -> None:
    flood = Flood(2)
    node = SimulatedNode(flood.network, "mallory", flood.mallory)
    flood.stranger.network.close(flood.stranger.end, "gone")
    messages = flood.mallory.resources(int(limits.AUTHOR_HOUR) + 20)
    node.hold([flood.mallory.inception])
    flood.network.connect(node, flood.first)
    flood.network.run(5)
    # A node that does not keep to the rates: it pushes all of it.
    node.hold(messages)
    for sync in [sync for _, sync in node.peer._open_links()]:
        for start in range(0, len(messages), 50):
            sync.on_new(flood.network.now, messages[start : start + 50])
    node.perform(node.peer.on_wake(flood.network.now))
    flood.network.run(5)
    assert flood.held(flood.first) == limits.AUTHOR_HOUR
    flood.network.run(HOUR / limits.AUTHOR_HOUR * 5)
    assert limits.AUTHOR_HOUR + 4 <= flood.held(flood.first) <= limits.AUTHOR_HOUR + 6
    flood.network.run(limits.SYNC_INTERVAL * 1.5)
    assert flood.held(flood.first) == len(messages), "the next comparison brings the rest"


def test_an_honest_node_whose_author_says_much_passes_it_on_soon_and_nothing_is_lost() -> None:
    network = Network(4)
    ana, ben, cyd = Author(1), Author(2), Author(3)
    nodes = [
        SimulatedNode(network, "ana", ana),
        SimulatedNode(network, "seed", ben, [ana.key]),
        SimulatedNode(network, "cyd", cyd, [ana.key]),
    ]
    network.connect(nodes[0], nodes[1])
    network.connect(nodes[2], nodes[1])
    network.run(5)
    for start in range(0, 1_000, 250):
        nodes[0].publish(ana.resources(250, start=EPOCH + start))
    network.run(60)
    assert [sum(one.header.author == ana.key for one in node.store.messages.values()) for node in nodes] == [
        1_001
    ] * 3


@pytest.mark.parametrize("seed", range(3))
def test_who_sends_bad_signatures_is_cut_at_twenty_and_whoever_relays_stays(seed: int) -> None:
    flood = Flood(seed)
    sent = 0
    while flood.stranger.closed is None and sent < 200:
        forged = flood.mallory.say(WORDS, EPOCH + sent)._replace(signature=bytes(64))
        flood.stranger.send(pushed(forged))
        sent += 1
        flood.network.run(1)
    assert sent <= limits.MAX_INVALID
    assert flood.held(flood.first) == flood.held(flood.second) == 0
    assert flood.honest_still_get_through()
