"""Any order of what five nodes do and give each other ends in one state; what was erased does not come back.

Hypothesis chooses who does what when, and makes what fails as short as it can. A step is one of a schedule's, with its
chance from the number that was chosen.
"""

from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from model import exchange
from model.answers import by_author, of_code, of_model
from model.clauses import Spec
from model.node import Node
from model.people import EPOCH
from model.schedule import NODES, Schedule

NODE = st.integers(0, NODES - 1)
CHANCE = st.integers(0, 2**16 - 1)
EVERYTHING = Spec()
FEW, MANY = 2_000, 10_000
STEPS = 25


def give(schedule: Schedule, giver: Node, taker: Node) -> None:
    """What is in the sets of one node, or a part of it."""
    exchange.give(giver, taker, schedule.random, schedule.random.choice([1.0, 0.5]))


class FiveNodes(RuleBasedStateMachine):
    """What people do at five nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule(0, give)
        self.random = Random(0)
        self.touched = self.schedule.nodes[0]

    @initialize()
    def begin(self) -> None:
        """Two people, known at the first node."""
        for person in self.schedule.people:
            self.schedule.nodes[0].hold([person.inception(EPOCH)])

    def do(self, act: Callable[[Schedule, Node], None], node: int, chance: int) -> None:
        self.schedule.random.seed(chance)
        self.touched = self.schedule.nodes[node]
        with suppress(LocalProtocolError, RemoteProtocolError):
            act(self.schedule, self.touched)

    @rule(node=NODE, chance=CHANCE)
    def create_or_edit(self, node: int, chance: int) -> None:
        self.do(Schedule.say, node, chance)

    @rule(node=NODE, chance=CHANCE)
    def retract(self, node: int, chance: int) -> None:
        self.do(Schedule.retract, node, chance)

    @rule(node=NODE, chance=CHANCE)
    def add_device(self, node: int, chance: int) -> None:
        self.do(Schedule.add_device, node, chance)

    @rule(node=NODE, chance=CHANCE)
    def cut(self, node: int, chance: int) -> None:
        self.do(Schedule.remove_device, node, chance)

    @rule(node=NODE, chance=CHANCE)
    def rotate(self, node: int, chance: int) -> None:
        self.do(Schedule.restore, node, chance)

    @rule(node=NODE, chance=CHANCE)
    def close(self, node: int, chance: int) -> None:
        self.do(Schedule.close, node, chance)

    @rule(node=NODE, chance=CHANCE)
    def forge(self, node: int, chance: int) -> None:
        self.do(Schedule.forge, node, chance)

    @rule(node=NODE, chance=CHANCE)
    def sync(self, node: int, chance: int) -> None:
        self.do(Schedule.meet, node, chance)

    @rule(giver=NODE, taker=NODE, chance=CHANCE)
    def carry_over(self, giver: int, taker: int, chance: int) -> None:
        """Anything that a node holds, in any order, with a header or two in place of a message."""
        self.schedule.random.seed(chance)
        self.touched = self.schedule.nodes[taker]
        self.schedule.hand_over(self.schedule.nodes[giver], self.touched)
        exchange.erase(self.touched)

    @invariant()
    def model_and_code_agree(self) -> None:
        for author, messages in by_author(self.touched.messages.values()).items():
            found = of_code(author, messages, self.touched.identities)
            assert found == of_model(author, messages, EVERYTHING)

    def teardown(self) -> None:
        nodes = self.schedule.nodes
        exchange.settle(nodes, self.random)
        sets = [exchange.members(node) for node in nodes]
        assert all(one == sets[0] for one in sets)
        assert all(exchange.keeps_nothing_withdrawn(node) for node in nodes)


def run(examples: int) -> None:
    run_state_machine_as_test(
        FiveNodes,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )


def test_five_nodes_end_in_one_state() -> None:
    run(FEW)


@pytest.mark.soak
def test_five_nodes_end_in_one_state_very_often() -> None:
    run(MANY)
    print(f"{MANY:,} runs of {STEPS} steps at most")
