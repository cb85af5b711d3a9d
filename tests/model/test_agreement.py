"""The code says of identity logs and cuts what a second reading of the specs says, whatever people and thieves do."""

import ast
from pathlib import Path

import pytest

from model.agreement import disagreement
from model.answers import by_author, of_code
from model.clauses import Spec
from model.schedule import Schedule, lowered

EVERYTHING = Spec()
FEW, PART = 300, 1_000
MODEL = ("clauses", "held", "belonging", "devices", "standing", "sets")
UNJUDGED = {"hedgerow_protocol", "hedgerow_protocol.message"}
"""The limits and the pieces of a message: its header is read anew."""


@pytest.mark.parametrize("name", MODEL)
def test_the_model_imports_nothing_of_what_it_judges(name: str) -> None:
    tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {one for one in imported if one.startswith("hedgerow")} <= UNJUDGED


def test_code_and_model_agree_on_some_schedules() -> None:
    assert [found for seed in range(FEW) if (found := disagreement(seed, EVERYTHING))] == []


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_code_and_model_agree_on_many_schedules(part: int) -> None:
    seeds = range(part * PART, (part + 1) * PART)
    print(f"seeds {seeds.start} to {seeds.stop - 1}")
    assert [found for seed in seeds if (found := disagreement(seed, EVERYTHING))] == []


@pytest.mark.parametrize("seed", range(40))
def test_the_code_says_the_same_in_whatever_order_entries_came(seed: int) -> None:
    schedule = Schedule(seed)
    for _ in schedule.steps():
        pass
    with lowered(schedule.limits):
        for author, messages in by_author(schedule.nodes[0].messages.values()).items():
            shuffled = schedule.random.sample(messages, len(messages))
            assert of_code(author, shuffled) == of_code(author, messages)


def test_schedules_contest_close_leave_remove_and_leave_undecided_often_enough_to_mean_something() -> None:
    contested = left = removed = undecided = 0
    for seed in range(100):
        schedule = Schedule(seed)
        for _ in schedule.steps():
            pass
        with lowered(schedule.limits):
            for node in schedule.nodes:
                answers = [of_code(*one) for one in by_author(node.messages.values()).items()]
                contested += any(one.is_contested for one in answers)
                left += any(one.has_left and one.belonging for one in answers)
                removed += any(end.cuts for one in answers for end in one.endings)
                undecided += any(state.name == "UNDECIDED" for one in answers for _, state in one.states)
    assert min(contested, left, removed, undecided) > 10, (contested, left, removed, undecided)
