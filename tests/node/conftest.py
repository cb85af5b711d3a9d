"""Fixtures of the node's tests: a clock that stands still, a home, an open node."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hedgerow_node.config import Home
from hedgerow_node.node import Node
from node.clocks import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
async def node(home: Home, clock: FakeClock) -> AsyncIterator[Node]:
    node = await Node.open(home, clock)
    yield node
    await node.close()
