"""A class behind one address joins a seed and gets everything, while strangers press at its door from everywhere."""

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hedgerow_node.links.gate import DoorLimits
from hedgerow_protocol.frame import Ping, Pong
from hedgerow_protocol.keys import key_of
from node.network.attending import OF_THE_SEED, PATIENCE
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

    benches: int
    """Processes with pupils."""
    on_a_bench: int
    silent: int
    flooding: int


SMALL = Size(benches=2, on_a_bench=4, silent=150, flooding=3)
FULL = Size(benches=3, on_a_bench=10, silent=1_000, flooding=8)


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


async def script(name: str, *arguments: str, **pipes: int) -> Process:
    """A script beside this file, as a process."""
    path, tests = Path(__file__).parent / name, str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": tests}
    return await asyncio.create_subprocess_exec(
        sys.executable, str(path), *arguments, env=environment, **pipes
    )  # type: ignore[arg-type]


@asynccontextmanager
async def pressed(door: Address, size: Size) -> AsyncIterator[list[float | None]]:
    """Strangers press at this door; what comes is how long honest handshakes take meanwhile."""
    times: list[float | None] = []

    async def measure() -> None:
        while True:
            times.append(await time_of_a_handshake(door, len(times)))
            await asyncio.sleep(0.1)

    pressing = await script("pressing.py", door[0], str(door[1]), str(size.silent), str(size.flooding))
    measuring = asyncio.create_task(measure())
    try:
        yield times
    finally:
        pressing.kill()
        await pressing.wait()
        measuring.cancel()
        await asyncio.gather(measuring, return_exceptions=True)
        await asyncio.sleep(SETTLING)


@asynccontextmanager
async def attending(folder: Path, invites: list[str]) -> AsyncIterator[Process]:
    """Some pupils in a process of their own; what it says is read by whoever asks."""
    process = await script("attending.py", str(folder), stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    try:
        process.stdin.write("".join(f"{invite}\n" for invite in [*invites, ""]).encode())
        yield process
        process.stdin.close()
        assert await process.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def said(process: Process) -> dict[str, Any]:
    """The next thing that a process says of its pupils."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, "it ended"
    found: dict[str, Any] = json.loads(line)
    return found


async def goes_to_school(world: World, size: Size) -> str:
    """The whole story; what it measured, in words."""
    seed = await world.seed(door=DoorLimits(counts_loopback=True))
    await seed.share(OF_THE_SEED)
    async with AsyncExitStack() as stack:
        times = await stack.enter_async_context(pressed(seed.address, size))
        await eventually(
            lambda: "MAX_UNPROVEN" in seed.network.hits() and len(times) > 3, "pressed", PATIENCE
        )
        began = time.monotonic()
        benches = []
        for number in range(size.benches):
            invites = [(await seed.invite(makes_member=True)).to_text() for _ in range(size.on_a_bench)]
            folder = world.folder / f"bench-{number}"
            benches.append(await stack.enter_async_context(attending(folder, invites)))
        joined = max([(await said(bench))["joined"] for bench in benches])
        pupils = {}
        for bench in benches:
            for _ in range(size.on_a_bench):
                pupil = await said(bench)
                pupils[pupil["did"]] = pupil["own"]
        for did, own in pupils.items():
            await eventually(lambda d=did, o=own: holds(seed, d, o), f"the seed has all of {did}", PATIENCE)
        lasted = time.monotonic() - began
        linked = {link["did"] for link in seed.network.links()}
        assert len(pupils) == size.benches * size.on_a_bench
        assert pupils.keys() <= linked, "all of them at once, from one address"
    hits = seed.network.hits()
    assert hits["MAX_UNPROVEN"] > 0
    assert any(
        hits.get(name) for name in ("MAX_REPEATS", "MAX_QUESTIONS", "PUSH_RATE", "MAX_MISSES", "LINK_QUEUE")
    )
    return told(times, joined, lasted, len(pupils))


async def holds(seed: Person, did: str, count: int) -> bool:
    return await seed.count(key_of(did)) == count


def told(times: list[float | None], joined: float, lasted: float, pupils: int) -> str:
    through = sorted(one for one in times if one is not None)
    assert len(through) >= 0.9 * len(times), f"{len(times) - len(through)} of {len(times)} were not let in"
    p50, p99 = (through[int(share * (len(through) - 1))] for share in (0.5, 0.99))
    return (
        f"{pupils} pupils joined in {joined:.1f} s and had everything in {lasted:.1f} s; of {len(times)} honest "
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
