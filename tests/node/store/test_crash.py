"""Processes that are killed while they publish: nothing confirmed is lost, nothing is there twice."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from hedgerow_node.store.lock import FolderLock
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.message import MessageId
from node.store import letting_go, publisher
from node.store.opened import ids_of, opened, sums_hold, traces
from simulator.author import Author

TESTS = Path(__file__).parents[2]
LONGEST = 0.6
"""Seconds that a publisher lives after its first word: it retracts and erases several times."""


def killed(folder: Path, seed: int, program: ModuleType = publisher) -> list[tuple[str, str]]:
    """What a publisher was told before it was killed at a moment that the seed decides."""
    process = subprocess.Popen(
        [sys.executable, str(program.__file__), str(folder), str(seed)],
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


@pytest.mark.parametrize("seed", range(8))
async def test_letting_go_that_is_killed_leaves_right_sums_and_is_taken_up_again(
    tmp_path: Path, seed: int
) -> None:
    told = killed(tmp_path, seed, letting_go)
    confirmed = max(int(value) for what, value in told if what == "since")
    gone = [value for what, value in told if what == "gone"]
    author, me = Author(seed), Author(seed + 1_000_000)
    async with opened(tmp_path) as store:
        assert await store.check() == []
        assert await sums_hold(store, [author, me])
        since = (await store.keeping.since())[author.key].since
        assert since >= confirmed
        while (await store.keeping.let_go(author.key, me.key, 16)).count:
            pass
        times, _ = await store.messages.items(Filter.of_authors({author.key}), control=False)
        assert all(time >= since for time in times)
        assert await store.check() == []
        assert await store.erase_when_due()
    assert traces(tmp_path, gone) == []
