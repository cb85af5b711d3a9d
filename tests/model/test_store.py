"""The store of a node holds, erases and shows what the model says, whatever comes in whatever order."""

import asyncio

import pytest

from model.clauses import CLAUSES, Spec
from model.schedule import Schedule, lowered
from model.stored import difference

EVERYTHING = Spec()
FEW, PART = 60, 200
SHOWN = {
    "KI-14 one slot": 1,
    "KI-14 joined by replaces": 70,
    "KI-14 kinds without statements": 1,
    "KI-15 of an authorised message": 10,
    "KI-15 the same author": 230,
    "KI-15 the same kind": 46,
    "KI-15 retracted or not": 116,
    "KI-16 not superseded": 22,
    "KI-16 not retracted": 49,
    "KI-16 authorised heads": 10,
    "KI-16 the highest ts": 4,
    "KI-16 the highest id": 90,
    "KI-16 none without a body": 6,
    "KI-18 when it is authorised": 3,
    "KI-18 the same author": 6,
    "KI-18 neither kind 0 nor 1": 5,
    "SY-2 the control kinds": 1,
}
"""By clause, the first seed that shows it."""
ENOUGH = 400
"""Seeds that are tried when the one that is written down shows it no longer."""


def disagreement(seed: int, spec: Spec) -> str | None:
    """What a store and the model see differently in what one of the nodes of a schedule holds, in words."""
    schedule = Schedule(seed)
    for _ in schedule.steps():
        pass
    node = schedule.nodes[seed % len(schedule.nodes)]
    with lowered(schedule.limits):
        found = asyncio.run(difference(list(node.messages.values()), spec, seed))
    return found and f"seed {seed}: {found}"


def test_store_and_model_agree_on_some_schedules() -> None:
    assert [found for seed in range(FEW) if (found := disagreement(seed, EVERYTHING))] == []


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_store_and_model_agree_on_many_schedules(part: int) -> None:
    seeds = range(part * PART, (part + 1) * PART)
    print(f"seeds {seeds.start} to {seeds.stop - 1}")
    assert [found for seed in seeds if (found := disagreement(seed, EVERYTHING))] == []


@pytest.mark.parametrize("clause", SHOWN)
def test_a_clause_that_is_left_out_is_missed(clause: str) -> None:
    without = Spec(frozenset({clause}))
    shown = next((seed for seed in [SHOWN[clause], *range(ENOUGH)] if disagreement(seed, without)), None)
    assert shown is not None
    assert disagreement(shown, EVERYTHING) is None
    print(f'    "{clause}": {shown},')


def test_every_clause_is_shown_here_or_is_of_the_logs() -> None:
    assert {one for one in CLAUSES if not one.startswith("ID")} == SHOWN.keys()
