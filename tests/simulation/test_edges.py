"""Edges on several core nodes: one brings what is new, the others stand by; nothing is lost whoever fails."""

from itertools import combinations
from random import Random

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.frame import Mode
from hedgerow_protocol.message import Message
from simulator.author import EPOCH, Author
from simulator.network import End, Network, SimulatedNode

SEEDS = range(6)
SOON = limits.ANNOUNCE_AFTER + limits.MISS_AFTER + 0.5
"""Seconds in which what one core node keeps to itself has come from another."""


class Hedge:
    """Core nodes, linked to one another or not, and edges with a link to each."""

    def __init__(self, seed: int, *, cores: int = 3, edges: int = 3, are_linked: bool = True) -> None:
        self.network = Network(seed)
        self.random = Random(seed)
        self.cores = [self._node(f"core {number}", 100 + number) for number in range(cores)]
        self.edges = [self._node(f"edge {number}", 200 + number) for number in range(edges)]
        everybody = [one.author for one in self.cores + self.edges]
        for node in self.cores + self.edges:
            node.hold([author.inception for author in everybody])
            node.carry_all(author.key for author in everybody)
        self.links: dict[tuple[int, int], End] = {}
        if are_linked:
            for one, other in combinations(self.cores, 2):
                self.network.connect(one, other)
        for number in range(edges):
            for core in self.random.sample(range(cores), cores):
                self.connect(number, core)
                self.network.run(0.3)
        self.network.run(5)

    def _node(self, name: str, seed: int) -> SimulatedNode:
        return SimulatedNode(self.network, name, Author(seed))

    def connect(self, edge: int, core: int) -> None:
        """An edge dials a core node."""
        self.links[edge, core], _ = self.network.connect(self.edges[edge], self.cores[core], takes_turns=True)

    def say(self, edge: int, count: int = 1) -> list[Message]:
        """Somebody at an edge says something."""
        node = self.edges[edge]
        said = node.author.resources(count, start=EPOCH + self.random.randrange(10**6))
        node.publish(said)
        return said

    def eager(self, edge: int) -> list[int]:
        """The core nodes that bring this edge messages whole."""
        ends = {core: end for (number, core), end in self.links.items() if number == edge and not end.closed}
        turns = self.edges[edge].peer.turns
        return [core for core, end in ends.items() if turns.mode(end.link) is Mode.EAGER]

    def have(self, said: list[Message]) -> bool:
        """Whether every node holds these."""
        return all(one.id in node.store.messages for node in self.cores + self.edges for one in said)


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_reaches_every_edge_at_once_and_mostly_over_one_link(seed: int) -> None:
    hedge = Hedge(seed)
    assert all(len(hedge.eager(edge)) == 1 for edge in range(3))
    sent = {place: len(end.sent) for place, end in hedge.links.items()}
    for _ in range(20):
        said = hedge.say(0)
        hedge.network.run(0.5)
        assert hedge.have(said)
    hedge.network.run(10)
    assert len(hedge.eager(1)) == 1
    # An announcement is answered by one frame, however many it names; what was pushed by none.
    answered = [len(end.sent) - sent[place] for place, end in hedge.links.items() if place[0] == 1]
    assert sum(answered) <= 2 * 20
    assert all(node.delivered.count(one) == 1 for node in hedge.edges[1:] for one in node.delivered)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_core_node_that_hears_of_nothing_any_more_loses_its_turn(seed: int) -> None:
    hedge = Hedge(seed)
    [turn] = hedge.eager(1)
    deaf = hedge.cores[turn]
    for link, end in list(deaf.ends.items()):
        if end is not hedge.links[1, turn].other:
            hedge.network.sever(deaf.ends[link])
    said = hedge.say(0)
    hedge.network.run(SOON)
    assert said[0].id in hedge.edges[1].store.messages
    assert turn not in hedge.eager(1) or len(hedge.eager(1)) > 1
    again = hedge.say(0)
    hedge.network.run(0.5)
    assert again[0].id in hedge.edges[1].store.messages, "from now on it comes at once"


@pytest.mark.parametrize("seed", SEEDS)
def test_when_the_core_node_whose_turn_it_is_dies_the_next_message_comes_from_another(seed: int) -> None:
    hedge = Hedge(seed)
    [turn] = hedge.eager(1)
    for end in list(hedge.cores[turn].ends.values()):
        hedge.network.sever(end)
    hedge.network.run(0.1)
    said = hedge.say(0)
    hedge.network.run(0.5)
    assert said[0].id in hedge.edges[1].store.messages
    assert turn not in hedge.eager(1)


@pytest.mark.parametrize("seed", SEEDS)
def test_core_nodes_that_do_not_know_each_other_hear_through_the_edges(seed: int) -> None:
    hedge = Hedge(seed, cores=2, edges=3, are_linked=False)
    hedge.network.sever(hedge.links[0, 1])
    hedge.network.sever(hedge.links[2, 0])
    said = hedge.say(0, 3)
    hedge.network.run(limits.RELAY_AFTER + SOON)
    assert hedge.have(said), "edge 1 has a link to both"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_links_that_come_and_go_loses_and_doubles_nothing(seed: int) -> None:
    hedge = Hedge(seed)
    said: list[Message] = []
    for _ in range(60):
        place = hedge.random.choice(list(hedge.links))
        if hedge.links[place].closed:
            hedge.connect(*place)
        else:
            hedge.random.choice([hedge.network.sever, lambda end: hedge.network.close(end, "broken")])(
                hedge.links[place]
            )
        said += hedge.say(hedge.random.randrange(3), hedge.random.choice([1, 1, 1, 80]))
        hedge.network.run(hedge.random.choice([0.0, 0.1, 1.0, 3.0]))
    for place, end in hedge.links.items():
        if end.closed:
            hedge.connect(*place)
    hedge.network.run(60)
    assert hedge.have(said)
    assert all(hedge.eager(edge) for edge in range(3))
    for node in hedge.cores + hedge.edges:
        assert len({one.id for one in node.delivered}) == len(node.delivered)


def test_where_much_waits_to_be_sent_what_is_new_is_announced_and_not_pushed() -> None:
    hedge = Hedge(1, cores=1, edges=2)
    core, end = hedge.cores[0], hedge.links[1, 0].other
    assert end is not None
    core.peer.set_backlog(end.link, True)
    before = sum(map(len, end.sent))
    said = hedge.say(0)
    hedge.network.run(0.045)
    assert sum(map(len, end.sent)) - before < said[0].size / 2
    hedge.network.run(1)
    assert said[0].id in hedge.edges[1].store.messages, "it is asked for"
