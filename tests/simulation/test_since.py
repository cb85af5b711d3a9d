"""Nodes that keep other parts of the same authors agree on what both keep, and fetch nothing that was let go."""

from random import Random

import pytest

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.frame import Tier
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Message, MessageId
from simulator.author import EPOCH, Author
from simulator.network import Network, SimulatedNode

SPAN = 4_000
"""Seconds over which messages are spread."""
PEOPLE = 5


class World:
    """Nodes in a line, each dialling the next, who carry the same people and keep other parts of them."""

    def __init__(self, seed: int, nodes: int = 2, *, by_lists: bool = False) -> None:
        """`by_lists`: nobody is asked for by name."""
        self.by_lists = by_lists
        self.random = Random(seed)
        self.network = Network(seed)
        self.people = [Author(10 + number) for number in range(PEOPLE)]
        self.everybody = frozenset(one.key for one in self.people)
        self.nodes = [SimulatedNode(self.network, str(place), Author(1 + place)) for place in range(nodes)]
        for node in self.nodes:
            node.carry(Carried(self.everybody | {node.author.key}, everyone=by_lists))
            node.hold([one.inception for one in self.people])

    def connect(self) -> None:
        for dialler, listener in zip(self.nodes, self.nodes[1:], strict=False):
            self.network.connect(dialler, listener, asks_everyone=self.by_lists)

    def say(self, count: int) -> list[Message]:
        """Somebody says so much at random times."""
        start = EPOCH + self.random.randrange(SPAN)
        return self.random.choice(self.people).resources(count, start=start)

    def some_since(self, steps: int = limits.MAX_SINCE_STEPS) -> dict[AuthorKey, int]:
        """A budget's outcome: some authors only from one of a few times on."""
        times = [EPOCH + self.random.randrange(SPAN) for _ in range(steps)]
        chosen = [one for one in sorted(self.everybody) if self.random.random() < 0.7]
        return {one: self.random.choice(times) for one in chosen}

    def let_go(self, node: SimulatedNode) -> None:
        """Its budget gets smaller, for some."""
        times = set(node.carried.since.values())
        raised = {
            author: max(since, node.carried.since.get(author, 0))
            for author, since in self.some_since(max(1, limits.MAX_SINCE_STEPS - len(times))).items()
        }
        node.let_go(raised)

    def kept(self, node: SimulatedNode, *others: SimulatedNode) -> dict[Tier, list[MessageId]]:
        """What it holds of the part that all of these keep."""
        since = {
            author: max(one.carried.since.get(author, 0) for one in [node, *others])
            for author in self.everybody
        }
        return {
            tier: sorted(
                one.id
                for one in node.store.messages.values()
                if one.header.author in self.everybody
                and one.header.is_control == (tier is Tier.CONTROL)
                and (one.header.is_control or one.header.ts >= since[one.header.author])
            )
            for tier in Tier
        }


SEEDS = range(16)


def is_settled(node: SimulatedNode) -> bool:
    return all(state.is_settled for state in node.peer.links() if state.is_initiator)


@pytest.mark.parametrize("by_lists", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_two_nodes_with_other_budgets_agree_on_what_both_keep(seed: int, by_lists: bool) -> None:
    world = World(seed, by_lists=by_lists)
    one, other = world.nodes
    for _ in range(12):
        messages = world.say(world.random.choice([1, 5, 60]))
        for node in world.random.choice([[one], [other], [one, other]]):
            node.hold(messages)
    before = {**one.store.messages, **other.store.messages}
    for node in world.nodes:
        node.let_go(world.some_since())
    held = {**one.store.messages, **other.store.messages}
    world.connect()
    world.network.run(30)
    assert is_settled(one)
    assert world.kept(one, other) == world.kept(other, one)
    for node in world.nodes:
        assert node.store.messages.keys() <= before.keys()
        assert not node.gone & node.store.messages.keys()
        assert not node.gone & set(node.brought)
    both = world.kept(one, other)
    since = {a: max(node.carried.since.get(a, 0) for node in world.nodes) for a in world.everybody}
    expected = {
        message.id
        for message in held.values()
        if message.header.author in since
        and (message.header.is_control or message.header.ts >= since[message.header.author])
    }
    assert {identifier for ids in both.values() for identifier in ids} == expected


@pytest.mark.parametrize("by_lists", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_budgets_that_shrink_while_links_are_open_leave_equal_sets(seed: int, by_lists: bool) -> None:
    world = World(seed, nodes=3, by_lists=by_lists)
    world.connect()
    for _ in range(15):
        world.random.choice(world.nodes).publish(world.say(world.random.choice([1, 3, 80])))
        world.network.run(world.random.choice([0.0, 0.05, 1.0]))
        if world.random.random() < 0.3:
            world.let_go(world.random.choice(world.nodes))
    world.network.run(60)
    first, middle, last = world.nodes
    assert is_settled(first)
    assert is_settled(middle)
    assert world.kept(first, middle) == world.kept(middle, first)
    assert world.kept(middle, last) == world.kept(last, middle)


@pytest.mark.parametrize("dials", [True, False])
def test_what_was_let_go_on_a_settled_link_is_not_brought_again(dials: bool) -> None:
    world = World(1)
    one, other = world.nodes
    author = world.people[0]
    world.network.connect(one, other) if dials else world.network.connect(other, one)
    other.publish(author.resources(400))
    world.network.run(20)
    one.let_go({author.key: EPOCH + 300})
    world.network.run(1)
    one.brought.clear()
    assert len(one.gone) == 299
    other.publish(author.resources(50, start=EPOCH + 100))
    world.network.run(3 * limits.SYNC_INTERVAL)
    assert one.brought == []
    other.publish(author.resources(5, start=EPOCH + 1_000))
    world.network.run(5)
    assert len(one.brought) == 5
    assert world.kept(one, other) == world.kept(other, one)


def test_a_budget_that_grows_brings_back_what_was_let_go() -> None:
    world = World(1)
    one, other = world.nodes
    author = world.people[0]
    other.hold(author.resources(400))
    one.let_go({author.key: EPOCH + 300})
    world.connect()
    world.network.run(20)
    assert len(one.store.messages) < 150
    one.let_go({author.key: 0})
    world.network.run(20)
    assert world.kept(one)[Tier.CONTENT] == world.kept(other)[Tier.CONTENT]
    assert len(world.kept(one)[Tier.CONTENT]) == 400


def test_control_messages_are_kept_however_old() -> None:
    world = World(1)
    one, other = world.nodes
    author = world.people[0]
    [message] = author.resources(1)
    other.hold([message, author.retract(message, ts=EPOCH + 2)])
    one.let_go({author.key: EPOCH + 1_000})
    world.connect()
    world.network.run(20)
    assert world.kept(one)[Tier.CONTROL] == world.kept(other)[Tier.CONTROL]
    assert message.id not in one.store.messages


def test_a_cut_is_followed_through_what_was_let_go() -> None:
    world = World(1)
    one, other = world.nodes
    author = world.people[0]
    phone = author.another_device()
    first, second = phone.resources(2)
    withdrawal = phone.retract(first, ts=EPOCH + 3)
    later = phone.resources(200, start=EPOCH + 10)
    for node in world.nodes:
        node.hold([author.update(added=[phone])] if node is one else [])
    log = [message for message in one.store.messages.values() if message.header.is_control]
    for node in world.nodes:
        node.hold([*log, first, second, withdrawal, *later])
    one.let_go({author.key: EPOCH + 150})
    world.connect()
    world.network.run(20)
    cut = ((later[-1].header.seq, later[-1].id),)
    other.publish([author.update(removed={phone.device: cut})])
    world.network.run(30)
    assert is_settled(one)
    assert world.kept(one, other) == world.kept(other, one)
    assert withdrawal.id in one.store.messages
    assert other.store.messages[first.id].body is None
