"""Processes that are killed while they publish: nothing confirmed is lost, nothing is there twice."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from hedgerow_node.store.lock import FolderLock
from hedgerow_protocol.message import MessageId
from node.store import publisher
from node.store.opened import ids_of, opened, sums_hold, traces
from simulator.author import Author

TESTS = Path(__file__).parents[2]
LONGEST = 0.6
"""Seconds that a publisher lives after its first word: it retracts and erases several times."""


def killed(folder: Path, seed: int) -> list[tuple[str, str]]:
    """What a publisher was told before it was killed at a moment that the seed decides."""
    process = subprocess.Popen(
        [sys.executable, publisher.__file__, str(folder), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=TESTS,
        env={"PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, LONGEST))
    process.kill()
    rest, _ = process.communicate()
    # The last line may be cut; what it would say may then be there or not.
    whole = (first + rest).rpartition("\n")[0]
    return [(what, value) for what, _, value in (line.partition(" ") for line in whole.splitlines())]


async def check_after_kill(folder: Path, seed: int) -> None:
    told = killed(folder, seed)
    confirmed = {MessageId(bytes.fromhex(value)) for what, value in told if what in ("put", "other")}
    gone = [value for what, value in told if what == "gone"]
    author, other = Author(seed), Author(seed + 1_000_000)
    assert confirmed, seed
    lock = FolderLock(folder)
    lock.acquire()
    assert not lock.was_clean, seed
    async with opened(folder) as store:
        assert await store.messages.known(confirmed) == confirmed, seed
        assert await store.check() == [], seed
        assert await sums_hold(store, [author, other]), seed
        own = Counter(ids_of(store.journal.read()))
        assert set(own.values()) == {1}, seed
        counts = await store.messages.counts()
        assert counts.own == len(own), seed
        place = await store.messages.place(author.key, author.device)
        assert place.seq == counts.own + 1, seed
    lock.release()
    assert traces(folder, gone) == [], seed


@pytest.mark.parametrize("seed", range(10))
async def test_a_killed_publisher_loses_nothing_that_was_confirmed(tmp_path: Path, seed: int) -> None:
    await check_after_kill(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 300))
async def test_many_killed_publishers_lose_nothing_that_was_confirmed(tmp_path: Path, seed: int) -> None:
    await check_after_kill(tmp_path, seed)


async def test_a_store_that_is_killed_again_and_again_keeps_everything(tmp_path: Path) -> None:
    confirmed: set[MessageId] = set()
    for seed in (11, 12, 13):
        told = killed(tmp_path, seed)
        confirmed |= {MessageId(bytes.fromhex(value)) for what, value in told if what == "put"}
    async with opened(tmp_path) as store:
        assert await store.messages.known(confirmed) == confirmed
        assert await store.check() == []
