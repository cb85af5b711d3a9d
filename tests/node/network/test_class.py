"""A class behind one address joins a seed and gets everything, while strangers press at its door from everywhere."""

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hedgerow_node.links.gate import DoorLimits
from hedgerow_node.problems import Problem
from hedgerow_protocol.frame import Ping, Pong
from node.network.pressing import LOST
from node.network.stranger import stranger
from node.network.world import Person, World, eventually
from simulator.author import Author

log = logging.getLogger(__name__)
Address = tuple[str, int]


SETTLING = 1.0
"""Seconds in which the ends of connections that are gone are noticed."""


@dataclass(frozen=True)
class Size:
    """How many there are of each."""

    pupils: int
    silent: int
    flooding: int
    patience: float


SMALL = Size(pupils=10, silent=150, flooding=3, patience=60.0)
FULL = Size(pupils=30, silent=1_000, flooding=8, patience=300.0)


async def time_of_a_handshake(door: Address, number: int) -> float | None:
    """Seconds until somebody honest from elsewhere is linked; None where the door took nobody."""
    began = time.monotonic()
    with contextlib.suppress(*LOST):
        async with stranger(door, Author(9_000 + number), local=f"127.200.{1 + number % 250}.1") as peer:
            await peer.link()
            await peer.put(Ping(1))
            await peer.take(Pong)
            return time.monotonic() - began
    return None


@asynccontextmanager
async def pressed(door: Address, size: Size) -> AsyncIterator[list[float | None]]:
    """Strangers press at this door; what comes is how long honest handshakes take meanwhile."""
    times: list[float | None] = []

    async def measure() -> None:
        while True:
            times.append(await time_of_a_handshake(door, len(times)))
            await asyncio.sleep(0.1)

    script = Path(__file__).parent / "pressing.py"
    pressing = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), door[0], str(door[1]), str(size.silent), str(size.flooding)),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    measuring = asyncio.create_task(measure())
    try:
        yield times
    finally:
        pressing.kill()
        await pressing.wait()
        measuring.cancel()
        await asyncio.gather(measuring, return_exceptions=True)
        await asyncio.sleep(SETTLING)


async def join_until_it_works(pupil: Person, seed: Person, patience: float) -> None:
    """What a person does who is told that there is no room now."""
    invite = await seed.invite(makes_member=True)
    deadline = time.monotonic() + patience
    while True:
        try:
            await pupil.accept(invite)
            return
        except Problem:
            assert time.monotonic() < deadline, f"{pupil.name} did not get in"
            await asyncio.sleep(0.5)


async def goes_to_school(world: World, size: Size) -> str:
    """The whole story; what it measured, in words."""
    seed = await world.seed(door=DoorLimits(counts_loopback=True))
    await seed.share(20)
    pupils = [await world.person(f"pupil-{number}") for number in range(size.pupils)]
    async with pressed(seed.address, size) as times:
        await eventually(
            lambda: len(times) > 3 and seed.network.hits().get("MAX_UNPROVEN", 0) > 0,
            "pressed",
            size.patience,
        )
        began = time.monotonic()
        await asyncio.gather(*(join_until_it_works(one, seed, size.patience) for one in pupils))
        joined = time.monotonic() - began
        for pupil in pupils:
            await pupil.share(3)
        for pupil in pupils:
            await eventually(
                lambda p=pupil: p.has_all_of(seed), f"{pupil.name} has the seed's", size.patience
            )
            await eventually(
                lambda p=pupil: seed.has_all_of(p), f"the seed has {pupil.name}'s", size.patience
            )
        lasted = time.monotonic() - began
    hits = seed.network.hits()
    assert hits["MAX_UNPROVEN"] > 0
    assert any(
        hits.get(name) for name in ("MAX_REPEATS", "MAX_QUESTIONS", "PUSH_RATE", "MAX_MISSES", "LINK_QUEUE")
    )
    linked = {link["did"] for link in seed.network.links()}
    assert {pupil.node.keys.did for pupil in pupils} <= linked, "all of them at once, from one address"
    return told(times, joined, lasted, size)


def told(times: list[float | None], joined: float, lasted: float, size: Size) -> str:
    through = sorted(one for one in times if one is not None)
    assert len(through) >= 0.9 * len(times), f"{len(times) - len(through)} of {len(times)} were not let in"
    p50, p99 = (through[int(share * (len(through) - 1))] for share in (0.5, 0.99))
    return (
        f"{size.pupils} pupils joined in {joined:.1f} s and had everything in {lasted:.1f} s; of {len(times)} honest "
        f"handshakes {len(through)} came through, p50 {p50 * 1_000:.0f} ms, p99 {p99 * 1_000:.0f} ms"
    )


async def test_whoever_finds_a_door_that_is_full_for_a_moment_gets_in_when_it_is_not(world: World) -> None:
    seed = await world.seed(door=DoorLimits(counts_loopback=True, of_ipv4=1))
    late = await world.person("late")
    async with stranger(seed.address, local="127.0.0.1") as first:
        assert await first.upgrade() == 101
        joining = asyncio.create_task(late.join(seed, makes_member=True))
        await eventually(lambda: seed.network.hits().get("MAX_OF_IPV4", 0) > 0, "turned away")
        assert not joining.done()
    await joining


async def test_a_class_behind_one_address_joins_while_strangers_press(world: World) -> None:
    log.info(await goes_to_school(world, SMALL))


@pytest.mark.soak
async def test_a_class_of_thirty_joins_while_a_thousand_stand_at_the_door_and_eight_flood_it(
    world: World,
) -> None:
    words = await goes_to_school(world, FULL)
    print(words)
    log.info(words)
