"""Random days of three nodes: what people do, links that break, a restart; then everything heals.

A failing seed is run again with: python tests/simulator/schedule.py SEED SHAPE
"""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a program, this file does not see its own package

from hedgerow_protocol.admission import Carried
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import Tier
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind, Resource
from hedgerow_protocol.message import Message, MessageId
from simulator.author import EPOCH, Author
from simulator.network import End, Network, SimulatedNode

SHAPES = {"line": [(0, 1), (2, 1)], "triangle": [(0, 1), (2, 1), (0, 2)]}
"""Who dials whom: Ana (0), the seed (1) and Ben (2)."""
STEPS = 40
HEALING = 60.0
"""Seconds after the last fault in which all must be equal."""


@dataclass
class World:
    """Three nodes, their links, and what their people did."""

    seed: int
    shape: str
    random: Random = field(init=False)
    network: Network = field(init=False)
    nodes: list[SimulatedNode] = field(init=False)
    links: dict[tuple[int, int], End] = field(default_factory=dict)
    said: list[list[Message]] = field(default_factory=lambda: [[], [], []])
    withdrawn: set[MessageId] = field(default_factory=set)
    cyd: Author = field(default_factory=lambda: Author(3))

    def __post_init__(self) -> None:
        self.random = Random(f"{self.seed} {self.shape}")
        self.network = Network(self.seed)
        authors = [Author(1), Author(4), Author(2)]
        self.nodes = [
            SimulatedNode(self.network, name, author)
            for name, author in zip(("ana", "seed", "ben"), authors, strict=True)
        ]
        self.everybody = frozenset({*(author.key for author in authors), self.cyd.key})
        for node in self.nodes:
            node.carry(Carried(self.everybody))
        self.nodes[1].hold([self.cyd.inception, *self.cyd.resources(20)])

    # --- What happens ------------------------------------------------------------------------------------

    def live(self) -> None:
        """Some random steps, then every link and every follow is mended."""
        for pair in SHAPES[self.shape]:
            self._connect(pair)
        for _ in range(STEPS):
            act = self.random.choice(self.acts)
            act(self)
            self.network.run(self.random.choice([0.0, 0.01, 0.05, 0.3, 2.0]))
            self.check()
        self.heal()

    def heal(self) -> None:
        """Nothing is broken from here on."""
        self.network.storage = (0.0001, 0.002)
        for node in self.nodes:
            if node.carried.authors != self.everybody:
                node.carry(Carried(self.everybody))
        for pair in SHAPES[self.shape]:
            self._connect(pair)
        self.network.run(HEALING)
        self.check()

    def _connect(self, pair: tuple[int, int]) -> None:
        end = self.links.get(pair)
        if end is None or end.closed is not None:
            self.links[pair], _ = self.network.connect(*(self.nodes[place] for place in pair))

    def _somebody(self) -> int:
        return self.random.choice([0, 0, 1, 2, 2])

    def publish(self, count: int = 1, *, replaces: tuple[MessageId, ...] = ()) -> None:
        """Somebody says something."""
        who = self._somebody()
        author, ts = self.nodes[who].author, EPOCH + self.random.randrange(100_000)
        number = self.random.randrange(1_000)
        messages = [
            author.say(
                Resource(f"https://example.org/{number}/{place}", f"{place}"), ts + place, replaces=replaces
            )
            for place in range(count)
        ]
        self.said[who] += messages
        self.nodes[who].publish(messages)

    def publish_much(self) -> None:
        """Somebody imports a folder."""
        self.publish(self.random.choice([30, 70, 150]))

    def correct(self) -> None:
        """Somebody says a newer version."""
        said = self.said[0]
        if said:
            author = self.nodes[0].author
            old = self.random.choice(said)
            new = author.say(Resource("https://example.org/new", "New"), old.header.ts, replaces=(old.id,))
            said.append(new)
            self.nodes[0].publish([new])

    def retract(self) -> None:
        """Somebody withdraws something, which others may have, may have in part, or may yet have to get."""
        who = self._somebody()
        left = [one for one in self.said[who] if one.id not in self.withdrawn]
        if left:
            targets = self.random.sample(left, min(len(left), self.random.choice([1, 2, 20])))
            self.withdrawn |= {target.id for target in targets}
            node = self.nodes[who]
            node.publish([node.author.retract(*targets, ts=EPOCH + self.random.randrange(100_000))])

    def retract_before_it_arrives(self) -> None:
        """Somebody who is off says something and withdraws it; the others get the retraction first."""
        for pair, end in self.links.items():
            if 0 in pair:
                self.network.sever(end)
        author = self.nodes[0].author
        message = author.say(Resource("https://example.org/rash", "Rash"), EPOCH + 7)
        self.withdrawn.add(message.id)
        self.nodes[0].publish([message])
        self.nodes[0].publish([author.retract(message, ts=EPOCH + 8)])

    def follow(self) -> None:
        """Somebody follows others than before, perhaps one of them privately."""
        node = self.random.choice(self.nodes)
        others = sorted(self.everybody - {node.author.key})
        kept = frozenset(one for one in others if self.random.random() < 0.6)
        private = frozenset(one for one in others if one not in kept and self.random.random() < 0.3)
        held = frozenset(one for one in others if one not in kept | private)
        node.carry(Carried(kept | {node.author.key}, private, held))

    def part(self) -> None:
        """A link breaks; what was under way is lost, or arrives before it is noticed."""
        pair = self.random.choice(list(self.links))
        if self.random.random() < 0.5:
            self.network.sever(self.links[pair])
        else:
            self.network.close(self.links[pair], "broken")

    def meet(self) -> None:
        """A link is dialled again."""
        self._connect(self.random.choice(SHAPES[self.shape]))

    def restart(self) -> None:
        """A node stops and begins anew with what it has stored."""
        self.random.choice(self.nodes).restart()

    def slow_disk(self) -> None:
        """Disks become slow, or fast again."""
        self.network.storage = self.random.choice([(0.0001, 0.002), (0.0, 0.5), (0.5, 3.0)])

    acts: ClassVar[tuple[Callable[["World"], None], ...]] = (
        publish,
        publish,
        publish,
        publish_much,
        correct,
        retract,
        retract,
        retract_before_it_arrives,
        follow,
        part,
        part,
        meet,
        meet,
        meet,
        restart,
        slow_disk,
    )

    # --- What must hold ----------------------------------------------------------------------------------

    def check(self) -> None:
        """At any time: what its author withdrew has no body wherever the retraction is."""
        for node in self.nodes:
            for message in node.store.messages.values():
                assert message.body is None or not node.store.is_erased(message), (node.name, self.seed)

    def sets(self, authors: frozenset[AuthorKey]) -> list[list[tuple[MessageId, bytes | None]]]:
        """What each node holds of these authors: ids in their order, with bodies."""
        asked = Filter.of_authors(authors)
        return [
            [(one.id, one.body) for tier in Tier for one in node.store.select(asked, tier)]
            for node in self.nodes
        ]

    def heads(self) -> list[dict[AuthorKey, tuple[int, MessageId]]]:
        """The last message of each author, at each node."""
        found = []
        for node in self.nodes:
            last: dict[AuthorKey, tuple[int, MessageId]] = {}
            for message in node.store.messages.values():
                header = message.header
                if header.kind != Kind.IDENTITY:
                    last[header.author] = max(
                        last.get(header.author, (0, message.id)), (header.seq, message.id)
                    )
            found.append(last)
        return found

    def trace(self) -> str:
        """A hash over every byte that ever crossed a link."""
        sent = hashlib.sha256()
        for node in self.nodes:
            for end in node.ends.values():
                for data in end.sent:
                    sent.update(data)
        return sent.hexdigest()


def main() -> None:
    """Run one seed and print its trace."""
    world = World(int(sys.argv[1]), sys.argv[2])
    world.live()
    print(world.trace(), len(world.nodes[0].store.messages))


if __name__ == "__main__":
    main()
