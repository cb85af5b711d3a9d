"""Fixtures of the network's tests: a world that leaves no task behind, quick pauses, the log."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hedgerow_node import circle, dialling, logs
from hedgerow_node.links import link, listen
from hedgerow_node.links.gate import DoorLimits
from hedgerow_node.store import places
from hedgerow_protocol import limits
from node.network.lines import Lines
from node.network.scene import Scene
from node.network.world import World, eventually


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """People whose nodes are stopped at the end, and then nothing of them may be under way."""
    world = World(tmp_path)
    yield world
    await world.close()
    await asyncio.sleep(0)
    left = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
    assert not left, f"tasks left over: {left}"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that people do not notice, and tests would."""
    monkeypatch.setattr(dialling, "FIRST_RETRY", 0.1)
    monkeypatch.setattr(dialling, "LAST_RETRY", 0.4)
    monkeypatch.setattr(circle, "RECARRY_PAUSE", 0.05)
    monkeypatch.setattr(link, "GOODBYE_TIMEOUT", 0.1)
    monkeypatch.setattr(listen, "GOODBYE_TIMEOUT", 0.1)
    monkeypatch.setattr(limits, "CONFIRM_AFTER", 0.1)


@pytest.fixture(autouse=True)
def roomy_book(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes of one network, as all of one computer are, would else have to share a few places of the address book."""
    monkeypatch.setattr(places, "BOOK_NEW_PLACES", 2**32)
    monkeypatch.setattr(places, "BOOK_TRIED_PLACES", 2**32)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The log, as an operator sees it."""
    logger = logging.getLogger(logs.ROOT)
    before = logger.handlers[:], logger.level, logger.propagate
    stream = io.StringIO()
    logs.configure(stream)
    yield Lines(stream)
    logger.handlers[:], logger.level, logger.propagate = before


@pytest.fixture
async def scene(world: World, lines: Lines) -> AsyncIterator[Scene]:
    seed = await world.seed(door=DoorLimits(header_deadline=0.3))
    ana = await world.person("ana")
    await ana.join(seed, makes_member=True)
    await eventually(lambda: seed.has_all_of(ana), "the seed has all of ana")
    await eventually(lambda: bool(lines.of("somebody joined")))
    lines.forget()
    scene = Scene(seed, ana, lines)
    yield scene
    await scene.check()
