"""The keeper alone with a store: what it lets go at a budget and one beyond it, and in which order."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hedgerow_node import config
from hedgerow_node.budgets import LEARNER, Allowance, Budgets, Standing
from hedgerow_node.keeper import Keeper
from hedgerow_node.links.room import Room
from hedgerow_node.store.store import Store
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Resource
from hedgerow_protocol.message import Message
from node.clocks import FakeClock
from node.store.opened import NOW, opened
from simulator.author import Author

ME = Author(99)
DAY = 86_400
GENEROUS = Allowance(10**9, 10**12)


@dataclass
class Keeping:
    """A store, its keeper, and where people stand."""

    store: Store
    folder: Path
    budgets: Budgets = field(default_factory=lambda: replace(LEARNER, near=GENEROUS, far=GENEROUS))
    standings: dict[AuthorKey, Standing] = field(default_factory=dict)
    told: list[dict[AuthorKey, int]] = field(default_factory=list)
    free: int = 10**12

    def __post_init__(self) -> None:
        async def budgets() -> Budgets:
            return self.budgets

        async def standings():
            return lambda author: self.standings.get(author, Standing.OUTSIDE)

        async def on_since() -> None:
            self.told.append(
                {author: one.since for author, one in (await self.store.keeping.since()).items()}
            )

        self.room = Room(self.folder, lambda folder: self.free)
        self.clock = FakeClock(NOW)
        self.keeper = Keeper(self.store, self.clock, lambda: ME.key, budgets, standings, on_since, self.room)

    async def write(self, seed: int, standing: Standing, count: int = 60, size: int = 200) -> Author:
        """Somebody who wrote once a day, the last time now."""
        author = Author(seed)
        self.standings[author.key] = standing
        said: list[Message] = [
            author.say(
                Resource(f"https://example.org/{seed}/{n}", "Page", "x" * size), int(NOW) - (count - n) * DAY
            )
            for n in range(count)
        ]
        await self.store.messages.put([author.inception, *said], received=NOW)
        return author

    async def count(self, author: Author) -> int:
        """How many of his messages stand in the set."""
        found = (await self.store.keeping.amounts()).get(author.key)
        return 0 if found is None else found.count


@pytest.fixture
async def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Keeping]:
    monkeypatch.setattr(config, "KEEPING_PAUSE", 0.0)
    async with opened(tmp_path) as store:
        await store.messages.put([ME.inception], received=NOW, own=True)
        yield Keeping(store, tmp_path)


@pytest.mark.limit("NEAR_MESSAGES", "FAR_MESSAGES")
@pytest.mark.parametrize("standing", [Standing.NEAR, Standing.FAR])
async def test_of_one_author_so_many_messages_are_kept_and_of_one_more_the_newest(
    kept: Keeping, standing: Standing
) -> None:
    author = await kept.write(1, standing)
    for most, left in ((60, 60), (59, 53)):
        allowance = Allowance(most, 10**9)
        kept.budgets = replace(LEARNER, near=allowance, far=allowance)
        await kept.keeper.look()
        assert await kept.count(author) == left
    assert len(kept.told) == 1


@pytest.mark.limit("NEAR_BYTES", "FAR_BYTES")
@pytest.mark.parametrize("standing", [Standing.NEAR, Standing.FAR])
async def test_of_one_author_so_many_bytes_are_kept_and_of_one_more_the_newest(
    kept: Keeping, standing: Standing
) -> None:
    author = await kept.write(1, standing)
    size = (await kept.store.keeping.amounts())[author.key].bytes
    for most, is_whole in ((size, True), (size - 1, False)):
        allowance = Allowance(10**9, most)
        kept.budgets = replace(LEARNER, near=allowance, far=allowance)
        await kept.keeper.look()
        assert (await kept.count(author) == 60) == is_whole
    assert (await kept.store.keeping.amounts())[author.key].bytes <= size * 0.9


@pytest.mark.limit("LEARNER_STORE", "SEED_STORE")
async def test_a_database_of_just_its_budget_is_left_alone_and_one_beyond_lets_go(kept: Keeping) -> None:
    author = await kept.write(1, Standing.FAR, 300, 2_000)
    await kept.store.indexing.finish()
    used = await kept.store.keeping.used()
    for budget, is_whole in ((used, True), (used - 1, False)):
        kept.budgets = replace(kept.budgets, store=budget)
        await kept.keeper.look()
        assert (await kept.count(author) == 300) == is_whole
    assert await kept.store.keeping.used() <= used
    assert await kept.store.check() == []


@pytest.mark.limit("LAST_OF_DIRECT")
async def test_the_last_messages_of_whom_the_owner_follows_stay(
    kept: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "LAST_OF_DIRECT", 20)
    few, many = await kept.write(1, Standing.DIRECT, 20), await kept.write(2, Standing.DIRECT, 21)
    kept.budgets = replace(kept.budgets, store=1)
    await kept.keeper.look()
    assert await kept.count(few) == 20
    assert await kept.count(many) == 20


async def test_people_go_in_the_promised_order(kept: Keeping) -> None:
    near = await kept.write(1, Standing.NEAR, 100, 2_000)
    far = await kept.write(2, Standing.FAR, 100, 2_000)
    outside = await kept.write(3, Standing.OUTSIDE, 100, 2_000)
    await kept.store.indexing.finish()
    counts = []
    for _ in range(12):
        kept.budgets = replace(kept.budgets, store=int(await kept.store.keeping.used() * 0.9))
        await kept.keeper.look()
        counts.append([await kept.count(one) for one in (outside, far, near)])
    for gone, left, last in counts:
        assert left == 100 or gone == 0
        assert last == 100 or left == 0
    assert counts[0][0] == 0
    assert counts[-1][1] == 0
    assert await kept.store.check() == []


async def test_what_waits_in_quarantine_goes_before_anything_that_is_kept(kept: Keeping) -> None:
    far, stranger = await kept.write(1, Standing.FAR), Author(7)
    said = [
        stranger.say(Resource(f"https://example.org/{n}", "Spam", "x" * 2_000), int(NOW)) for n in range(50)
    ]
    await kept.store.quarantine.put([(stranger.device, one) for one in said], NOW)
    await kept.store.indexing.finish()
    before = (await kept.store.quarantine.size()).bytes
    kept.budgets = replace(kept.budgets, store=await kept.store.keeping.used() - 1)
    await kept.keeper.look()
    assert (await kept.store.quarantine.size()).bytes < before
    assert await kept.count(far) == 60


async def test_a_disk_that_is_nearly_full_lets_go_and_what_became_free_counts_as_room(
    kept: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "LEAST_STORE", 0)
    far = await kept.write(1, Standing.FAR, 300, 4_000)
    kept.free = config.MIN_FREE_DISK - 100_000
    assert kept.room.is_short
    for _ in range(5):  # what is indexed later takes some of the room again, so a node looks again
        await kept.keeper.look()
    assert await kept.count(far) < 300
    assert kept.room.reusable > 100_000
    assert not kept.room.is_short


async def test_a_disk_that_has_no_room_for_the_log_lets_nothing_go(kept: Keeping) -> None:
    far = await kept.write(1, Standing.FAR)
    kept.free = 0
    await kept.keeper.look()
    assert await kept.count(far) == 60


async def test_days_are_kept_and_what_is_older_goes(kept: Keeping) -> None:
    far, own = await kept.write(1, Standing.FAR), await kept.write(2, Standing.OWN)
    kept.budgets = replace(kept.budgets, retention=30)
    await kept.keeper.look()
    assert 29 <= await kept.count(far) <= 31
    assert await kept.count(own) == 60


async def test_what_is_told_keeps_to_the_times_that_can_be_told(kept: Keeping) -> None:
    for seed in range(1, 20):
        await kept.write(seed, Standing.FAR, 20 + 2 * seed)
    kept.budgets = replace(kept.budgets, far=Allowance(15, 10**9))
    await kept.keeper.look()
    assert len(set(kept.told[-1].values())) <= 8
    assert all(one.count <= 15 for one in (await kept.store.keeping.amounts()).values())


async def test_somebody_who_is_carried_again_while_he_is_forgotten_is_kept_whole_again(kept: Keeping) -> None:
    author = await kept.write(1, Standing.FAR)
    await kept.store.keeping.begin_to_forget([author.key])
    await kept.keeper.look()
    assert await kept.store.keeping.since() == {}


async def test_it_does_not_let_go_again_and_again(kept: Keeping) -> None:
    author = await kept.write(1, Standing.FAR)
    kept.budgets = replace(kept.budgets, far=Allowance(40, 10**9))
    for _ in range(4):
        await kept.keeper.look()
    assert len(kept.told) == 1
    assert await kept.count(author) == 36
