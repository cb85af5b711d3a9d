"""Whatever three nodes go through, they end with equal sets, and what was withdrawn stays withdrawn."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import schedule
from simulator.schedule import SHAPES, World

SEEDS = range(24)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_schedule_all_are_equal_and_settled(seed: int, shape: str) -> None:
    world = World(seed, shape)
    world.live()
    first, *others = world.sets(world.everybody)
    replay = f"replay with: python tests/simulator/schedule.py {seed} {shape}"
    assert all(other == first for other in others), replay
    assert all(heads == world.heads()[0] for heads in world.heads()), replay
    links = [state for node in world.nodes for state in node.peer.links() if state.is_initiator]
    assert len(links) == len(SHAPES[shape])
    assert all(state.is_settled for state in links), replay


def test_a_schedule_withdraws_corrects_and_loses_enough_to_mean_something() -> None:
    world = World(1, "triangle")
    world.live()
    bodies = dict(world.sets(world.everybody)[0])
    withdrawn = [one for one in world.withdrawn if one in bodies]
    assert len(withdrawn) >= 3
    assert all(bodies[one] is None for one in withdrawn)
    assert len(bodies) > 100
    assert sum(end.closed is not None for node in world.nodes for end in node.ends.values()) >= 5


@pytest.mark.soak
@pytest.mark.parametrize("shape", SHAPES)
def test_after_many_schedules_all_are_equal(shape: str) -> None:
    for seed in range(1_000):
        world = World(seed, shape)
        world.live()
        first, *others = world.sets(world.everybody)
        assert all(other == first for other in others), (seed, shape)


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    """A set of bytes is walked in another order in each process; nothing that is sent may hang on it."""
    traces = set()
    for hash_seed in ("0", "1", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        run = subprocess.run(
            [sys.executable, Path(schedule.__file__), "3", "triangle"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        traces.add(run.stdout)
    assert len(traces) == 1
    assert len(traces.pop().split()[0]) == 64
