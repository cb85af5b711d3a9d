"""One running node for the tests of a module."""

from collections.abc import Iterator

import pytest

from node.api.serving import Running, running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("served") / "home") as node:
        yield node
