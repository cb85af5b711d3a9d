"""Devices come and go, words take identities back, cuts fall: all nodes that carry an author end with equal sets."""

from random import Random

import pytest

from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_entry import Cut
from hedgerow_protocol.message import Message, MessageId
from simulator.author import EPOCH, Author
from simulator.network import Network, SimulatedNode
from simulator.standing import expected

SOON = 30.0
"""Seconds in which two linked nodes agree."""
LONG = 3_600.0
"""Seconds in which several do, with some comparisons at their usual times."""


def cut(*messages: Message) -> Cut:
    return tuple((one.header.seq, one.id) for one in messages)


def sets(node: SimulatedNode) -> dict[MessageId, bool]:
    """What is in the sets of a node, and whether its body is there."""
    return {key: one.body is not None for key, one in node.store.messages.items()}


def pair(seed: int = 1) -> tuple[Network, Author, SimulatedNode, SimulatedNode]:
    """Ana with her node, and Ben, who follows her; not linked yet."""
    network = Network(seed)
    ana, ben = Author(1), Author(2)
    first = SimulatedNode(network, "ana", ana, [ben.key])
    second = SimulatedNode(network, "ben", ben, [ana.key])
    return network, ana, first, second


def test_a_cut_that_is_published_takes_effect_at_the_other_end_at_once() -> None:
    network, ana, first, second = pair()
    lost = ana.another_device()
    added, said = ana.update(added=[lost]), lost.resources(5)
    first.hold([added, *said])
    network.connect(first, second)
    network.run(SOON)
    assert sets(second) == sets(first)
    first.publish([ana.update(removed={lost.device: cut(said[2])})])
    network.run(SOON)
    assert sets(second) == sets(first)
    assert said[2].id in second.store.messages
    assert said[3].id not in second.store.messages


def test_a_node_that_was_away_learns_of_a_restore_and_of_nothing_that_the_thief_did() -> None:
    network, ana, first, second = pair()
    begin, said = ana.branch, ana.resources(4)
    second.hold([ana.inception, *said])
    thief, new = ana.another_device(), ana.another_device()
    theft = ana.update(added=[thief], removed={ana.device: ()})
    second.hold([theft, *thief.resources(3)])
    back = ana.restore([new], {ana.device: cut(said[3])}, after=begin)
    first.hold([*said, back, *new.resources(2)])
    network.connect(first, second)
    network.run(SOON)
    assert sets(second) == sets(first)
    assert theft.id not in second.store.messages
    assert {one.id for one in said} <= set(second.store.messages)


def test_what_a_thief_goes_on_to_sign_is_stored_by_nobody() -> None:
    network, ana, first, second = pair()
    said = ana.resources(3)
    first.hold(said)
    network.connect(first, second)
    network.run(SOON)
    first.publish([ana.restore([ana.another_device()], {ana.device: cut(said[2])})])
    network.run(SOON)
    thieves = ana.resources(3)
    second.store.messages.update({one.id: one for one in thieves})  # a node that does not keep to the rules
    second.perform(second.peer.on_published(network.now, thieves))
    network.run(LONG)
    assert not {one.id for one in thieves} & set(first.store.messages)


def test_an_update_that_came_before_its_predecessor_has_effect_in_the_end() -> None:
    network, ana, first, second = pair()
    phone, tablet = ana.another_device(), ana.another_device()
    one, two = ana.update(added=[phone]), ana.update(added=[tablet])
    second.hold([ana.inception, two])
    first.hold([one, *phone.resources(2)])
    second.hold(tablet.resources(2))
    network.connect(first, second)
    network.run(SOON)
    assert sets(second) == sets(first)
    assert {one.id, two.id} <= set(first.store.messages)


def test_closing_empties_the_sets_everywhere() -> None:
    network, ana, first, second = pair()
    first.hold(ana.resources(5))
    network.connect(first, second)
    network.run(SOON)
    end = ana.close()
    first.publish([end])
    network.run(SOON)
    assert sets(second) == sets(first)
    assert {one.header.kind for one in second.store.messages.values() if one.header.author == ana.key} == {
        Kind.IDENTITY
    }


class World:
    """Five nodes that carry Ana; what she and a thief sign comes to some of them, in any order."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.network = Network(seed)
        self.ana = Author(seed)
        self.nodes = [
            SimulatedNode(self.network, f"node {number}", Author(1_000 + number), [self.ana.key])
            for number in range(5)
        ]
        self.devices, self.removed = [self.ana], list[Author]()
        self.made = [self.ana.inception]
        for node in self.nodes:
            node.hold(self.made)

    def sign(self) -> list[Message]:
        """What somebody with a key of Ana's signs next."""
        random, ana = self.random, self.ana
        speaker = random.choice(self.devices + self.removed)
        match random.choices(list(DEEDS), list(DEEDS.values()))[0]:
            case "retract":
                return [speaker.retract(*random.sample(self.made, min(2, len(self.made))), ts=EPOCH)]
            case "add" if len(self.devices) < 4:
                self.devices.append(ana.another_device())
                return [ana.update(added=self.devices[-1:])]
            case "remove" if len(self.devices) > 1:
                out = self.devices.pop(random.randrange(len(self.devices)))
                self.removed.append(out)
                return [ana.update(removed={out.device: self._cut(out)})]
            case "restore":
                out = self.devices.pop(0)
                self.removed.append(out)
                self.devices.append(ana.another_device())
                return [ana.restore(self.devices, {out.device: self._cut(out)})]
            case "fork":
                places = [one for one in self.made if one.header.device == speaker.device]
                if places:
                    back = random.choice(places)
                    speaker.place = type(speaker.place)(back.header.seq, back.header.prev)
        return speaker.resources(random.randrange(1, 4), start=EPOCH + len(self.made))

    def _cut(self, device: Author) -> Cut:
        by_seq = {one.header.seq: one for one in self.made if one.header.device == device.device}
        chosen = self.random.sample(sorted(by_seq), min(len(by_seq), self.random.randrange(3)))
        return cut(*(by_seq[seq] for seq in sorted(chosen, reverse=True)))

    def run(self, steps: int) -> None:
        """Sign and hand out, with links that come and go."""
        for _ in range(steps):
            fresh = self.sign()
            self.made += fresh
            for node in self.random.sample(self.nodes, self.random.randrange(1, 3)):
                node.publish(self.random.sample(fresh, len(fresh)))
            if self.random.random() < 0.5:
                self.network.connect(*self.random.sample(self.nodes, 2))
                self.network.run(self.random.choice([0.3, 2.0, SOON]))
            if self.random.random() < 0.2:
                self.random.choice(self.nodes).restart()


DEEDS = {"say": 8, "retract": 2, "add": 2, "remove": 3, "restore": 1, "fork": 2}
"""What happens, and how often."""


@pytest.mark.parametrize("seed", range(12))
def test_any_schedule_ends_with_equal_sets_at_all_nodes(seed: int) -> None:
    world = World(seed)
    world.run(20)
    for node in world.nodes:
        node.restart()
    first, *others = world.nodes
    for other in others:
        world.network.connect(other, first)
    world.network.run(LONG)
    inside, withdrawn = expected(world.made)
    lacking: list[set[MessageId]] = []
    for node in world.nodes:
        held = {key: one for key, one in node.store.messages.items() if one.header.author == world.ana.key}
        assert held.keys() == inside, f"seed {seed}"
        lacking.append({key for key, one in held.items() if one.body is None})
    # Beside what is withdrawn now, a body may be gone that everyone erased before its retraction was cut off.
    assert withdrawn <= lacking[0], f"seed {seed}"
    assert all(one == lacking[0] for one in lacking), f"seed {seed}"
