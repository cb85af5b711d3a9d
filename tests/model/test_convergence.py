"""Nodes that give each other what is in their sets, and nothing else, end with the same sets, bodies and statements."""

from random import Random

import pytest

from model import exchange
from model.clauses import Spec
from model.held import held
from model.node import Node
from model.schedule import Schedule, lowered
from model.sets import World

FEW, PART = 120, 500
EVERYTHING = Spec()


def settled(seed: int) -> Schedule:
    """A day on which nodes exchange sets, in part or whole, and its end when all have met all."""
    random = Random(seed)

    def give(_: Schedule, giver: Node, taker: Node) -> None:
        exchange.give(giver, taker, random, random.choice([1.0, 1.0, 0.5]))
        assert exchange.keeps_nothing_withdrawn(taker), f"seed {seed}"

    schedule = Schedule(seed, give)
    for _ in schedule.steps():
        pass
    with lowered(schedule.limits):
        exchange.settle(schedule.nodes, random)
    return schedule


def check_convergence(seed: int) -> None:
    """All nodes hold the same in their sets, and the model says the same of what each of them holds."""
    schedule = settled(seed)
    with lowered(schedule.limits):
        sets = [exchange.members(node) for node in schedule.nodes]
        assert all(one == sets[0] for one in sets), f"seed {seed}"
        worlds = [World(map(held, node.messages.values()), EVERYTHING) for node in schedule.nodes]
        assert all(one.control | one.content == sets[0].keys() for one in worlds), f"seed {seed}"
        statements = [one.statements() for one in worlds]
        assert all(one == statements[0] for one in statements), f"seed {seed}"


def test_nodes_converge_on_some_schedules() -> None:
    for seed in range(FEW):
        check_convergence(seed)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(20))
def test_nodes_converge_on_many_schedules(part: int) -> None:
    seeds = range(part * PART, (part + 1) * PART)
    print(f"seeds {seeds.start} to {seeds.stop - 1}")
    for seed in seeds:
        check_convergence(seed)
