"""Real nodes with budgets: who keeps less settles with who keeps more, and what is let go does not come again."""

from dataclasses import replace

import pytest

from hedgerow_node import config
from hedgerow_node.budgets import LEARNER, Allowance, Budgets, Standing, standings_of
from hedgerow_node.keeper import STORE_BUDGET
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind
from node.network.world import Person, World, eventually

DAY = 86_400
COUNT = 120


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "KEEPING_PAUSE", 0.0)
    monkeypatch.setattr(config, "KEEPING_SLICE", 16)
    monkeypatch.setattr(config, "LAST_OF_DIRECT", 20)


def small(messages: int) -> Budgets:
    return replace(LEARNER, near=Allowance(messages, 10**9), far=Allowance(messages, 10**9))


async def content(person: Person, author: AuthorKey) -> int:
    """How many of somebody's descriptions are here."""
    asked = Filter((author,), kinds=(Kind.RESOURCE,))
    times, _ = await person.node.store.messages.items(asked, control=False)
    return len(times)


async def writer_and_seed(world: World, count: int = COUNT, apart: int = DAY) -> tuple[Person, Person]:
    """Ana, who wrote for long, and a seed that has all of it."""
    seed = await world.seed()
    ana = await world.person("ana")
    await ana.network.close()
    await ana.share_since(count, apart)
    await ana.start()
    await ana.join(seed, makes_member=True)
    await eventually(lambda: seed.has_all_of(ana), "the seed has all of ana")
    return ana, seed


async def is_settled(person: Person) -> bool:
    return await person.network.sync(10)


async def test_who_keeps_less_settles_with_who_keeps_more_and_gets_what_is_new(world: World) -> None:
    ana, seed = await writer_and_seed(world)
    ben = await world.person("ben")
    await ben.join(ana)
    await eventually(lambda: ben.has_all_of(ana))
    await ben.stop()
    ben.budgets = small(50)
    await ben.start()
    await eventually(lambda: _fits(ben, ana, 50), "ben lets go")
    kept = await content(ben, ana.author)
    assert 40 <= kept <= 50
    assert await is_settled(ben)
    assert await content(ben, ana.author) == kept
    said = await ana.share(3, start=500)
    await eventually(lambda: _knows(ben, [one.id for one in said]))
    assert await is_settled(ben)
    assert await content(ben, ana.author) == kept + 3
    assert await seed.has_all_of(ana)
    assert await ben.node.store.check() == []


async def _fits(person: Person, other: Person, most: int) -> bool:
    return await content(person, other.author) <= most


async def _knows(person: Person, ids) -> bool:
    return await person.node.store.messages.known(ids) == set(ids)


async def test_a_budget_that_grows_brings_back_what_was_let_go(world: World) -> None:
    ana, _ = await writer_and_seed(world)
    ben = await world.person("ben")
    await ben.join(ana)
    await eventually(lambda: ben.has_all_of(ana))
    for budgets in (small(50), LEARNER):
        await ben.stop()
        ben.budgets = budgets
        await ben.start()
        if budgets is not LEARNER:
            await eventually(lambda: _fits(ben, ana, 50))
    await eventually(lambda: ben.has_all_of(ana), "all of it is back")
    assert await ben.node.store.keeping.since() == {}


async def test_a_seed_that_keeps_days_lets_go_of_what_is_older_and_its_learner_keeps_it(world: World) -> None:
    ana, seed = await writer_and_seed(world)
    await seed.stop()
    seed.budgets = replace(LEARNER, retention=30)
    await seed.start()
    await eventually(lambda: _fits(seed, ana, 32), "the seed keeps thirty days")
    assert await content(ana, ana.author) == COUNT
    await eventually(lambda: is_settled(ana), "ana and the seed agree on what both keep")
    assert await content(seed, ana.author) >= 30
    assert await content(ana, ana.author) == COUNT


async def test_whom_the_owner_follows_keeps_his_last_messages_whatever_the_budget_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "LAST_OF_DIRECT", 60)
    ana, _ = await writer_and_seed(world)
    ben = await world.person("ben")
    await ben.join(ana)
    await eventually(lambda: ben.has_all_of(ana))
    await ben.node.store.settings.put(STORE_BUDGET, "1")
    await ben.network.keeper.look()
    kept = await content(ben, ana.author)
    assert 50 < kept < COUNT
    assert (await ben.node.store.keeping.amounts())[ana.author].count == 60
    assert await is_settled(ben)
    assert await content(ben, ana.author) == kept


async def test_outsiders_go_first_and_nothing_of_them_is_asked_for_again(world: World) -> None:
    ana, _ = await writer_and_seed(world)
    ben = await world.person("ben")
    await ben.join(ana)
    await eventually(lambda: ben.has_all_of(ana))
    await ben.node.store.library.block(ana.node.keys.did, ben.clock.now())
    ben.node.circle_changed()
    await eventually(lambda: ana.author not in ben.network.carried.authors)
    await ben.node.store.settings.put(STORE_BUDGET, "1")
    await ben.network.keeper.look()
    assert await ben.count(ana.author) == 0
    assert ana.author not in ben.network.carried.held
    assert await is_settled(ben)
    assert await ben.count(ana.author) == 0
    assert (await ben.node.store.keeping.forgotten())[0] == 1
    assert await ben.node.store.check() == []


def test_where_people_stand() -> None:
    keys = [AuthorKey(bytes([number]) * 32) for number in range(5)]
    standing = standings_of(keys[0], keys[:2], keys[1:3], keys[:4].__contains__)
    assert [standing(one) for one in keys] == [
        Standing.OWN,
        Standing.DIRECT,
        Standing.NEAR,
        Standing.FAR,
        Standing.OUTSIDE,
    ]
