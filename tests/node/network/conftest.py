"""Fixtures of the network's tests: a world that leaves no task behind, quick pauses, the log."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hedgerow_node import circle, dialling, logs
from hedgerow_node.links import link, listen
from hedgerow_protocol import limits
from node.network.world import World


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


class Lines:
    """What the node logged, at info and above."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream
        self._forgotten: list[str] = []
        self._begin = 0

    def of(self, event: str, why: str = "") -> list[str]:
        """The lines of one event and reason."""
        words = f'why="{why}"' if why else ""
        return [line for line in self.all() if f" {event}" in line and words in line]

    def all(self) -> list[str]:
        """Every line, but for those that were forgotten."""
        lines = self._stream.getvalue()[self._begin :].splitlines()
        return [line for line in lines if not any(event in line for event in self._forgotten)]

    def forget(self, event: str = "") -> None:
        """Look no more at what was logged so far, or at any line of this event."""
        if event:
            self._forgotten.append(event)
        else:
            self._begin = len(self._stream.getvalue())


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The log, as an operator sees it."""
    logger = logging.getLogger(logs.ROOT)
    before = logger.handlers[:], logger.level, logger.propagate
    stream = io.StringIO()
    logs.configure(stream)
    yield Lines(stream)
    logger.handlers[:], logger.level, logger.propagate = before
