"""The story on node level: a seed, people who meet at it, and what passes between them."""

import asyncio
import random

import pytest

from hedgerow_node.node import Draft
from hedgerow_protocol.kinds import Attest, Claim, Introduce, Label, Resource, Step, Trail, Vouch
from node.network.world import Person, World, eventually, files_with, have_each_others

SECRET = "zyxomancy quibblewort"
CORRECTED = "heronry beside windlass"


async def friends_through_a_seed(world: World, count: int = 30) -> tuple[Person, Person, Person]:
    """A seed, somebody who joined it and shared, and somebody who joined that one through the seed."""
    seed = await world.seed()
    ana = await world.person("ana")
    await ana.share(count)
    await ana.join(seed, makes_member=True)
    await eventually(lambda: seed.has_all_of(ana), "the seed has all of ana")
    ben = await world.person("ben")
    await ben.join(ana)
    return seed, ana, ben


async def test_two_who_do_not_listen_meet_through_a_seed_and_end_with_equal_sets(world: World) -> None:
    seed, ana, ben = await friends_through_a_seed(world)
    await have_each_others(ana, ben)
    for author in (ana, ben):
        assert await seed.has_all_of(author)


async def test_what_is_said_after_that_reaches_the_other_both_ways(world: World) -> None:
    _, ana, ben = await friends_through_a_seed(world)
    await have_each_others(ana, ben)
    said = await ana.share(3, start=100) + await ben.share(3, start=100)
    for person in (ana, ben):
        await eventually(lambda p=person: knows(p, said), f"{person.name} knows what was said")


async def knows(person: Person, messages) -> bool:
    return len(await person.node.store.messages.known([message.id for message in messages])) == len(messages)


async def test_a_correction_supersedes_with_everyone(world: World) -> None:
    _, ana, ben = await friends_through_a_seed(world, 1)
    thing = "https://example.org/heron"
    first = await ana.node.publish(Resource(thing, "Title with a misteak"))
    second = await ana.node.publish(Resource(thing, "Title"), replaces=(first.id,))
    await eventually(lambda: knows(ben, [first, second]))
    view = await ben.node.store.views.thing(thing)
    assert view is not None
    states = {one.title: one.state for one in view.statements}
    assert states == {"Title": "current", "Title with a misteak": "superseded"}


async def test_what_is_withdrawn_is_erased_in_every_home_and_never_reaches_who_follows_later(
    world: World,
) -> None:
    seed, ana, ben = await friends_through_a_seed(world, 1)
    thing = "https://example.org/heron"
    first = await ana.node.publish(Resource(thing, SECRET))
    second = await ana.node.publish(Resource(thing, CORRECTED), replaces=(first.id,))
    for person in (seed, ben):
        await eventually(lambda p=person: knows(p, [first, second]))
    retraction = (await ana.node.retract([first.id, second.id]))[0]
    for person in (seed, ben):
        await eventually(lambda p=person: knows(p, [retraction]))
    cyn = await world.person("cyn")
    await cyn.join(ana)
    await have_each_others(ana, cyn)
    for person in (seed, ana, ben, cyn):
        held = await person.node.store.messages.get([first.id, second.id])
        assert [one.body for one in held] == [None, None]
    for person in world.people:
        await person.stop()
        assert files_with(person.home.path, [*SECRET.split(), *CORRECTED.split()]) == []


async def test_every_kind_of_statement_reaches_a_friend_and_is_shown_there(world: World) -> None:
    _, ana, ben = await friends_through_a_seed(world, 1)
    thing, did = "https://example.org/heron", ana.node.keys.did
    said = [
        await ana.node.publish(content)
        for content in (
            Trail("1" * 16, "Along the river", steps=(Step(thing), Step(None, "practice", requires=(0,)))),
            Attest(thing, Claim.OPENS, True, 1_790_000_000),
            Label(thing, "clear", "To the end"),
            Vouch(ben.node.keys.did, "My teacher"),
            Introduce(did, ben.node.keys.did, "Both walk"),
        )
    ]
    await eventually(lambda: knows(ben, said))
    await ben.node.store.indexing.finish()
    view = await ben.node.store.views.thing(thing)
    assert view is not None
    assert [one.title for one in view.trails] == ["Along the river"]
    assert [one.claim for one in view.checks] == ["opens"]
    assert [one.label for one in view.labels] == ["clear"]
    person = await ben.node.store.views.person(ben.author)
    assert person is not None
    assert [len(person.vouched_by), len(person.introductions)] == [1, 2]  # one of them because he accepted


async def test_who_was_away_gets_what_was_said_meanwhile_and_brings_what_they_said(world: World) -> None:
    _, ana, ben = await friends_through_a_seed(world)
    await have_each_others(ana, ben)
    await ben.stop()
    await ana.share(50, start=100)
    await ben.open()
    await ben.share(20, start=100)
    await ben.start()
    await have_each_others(ana, ben)


async def test_a_node_that_comes_back_dials_its_peers_by_itself(world: World) -> None:
    seed, ana, ben = await friends_through_a_seed(world)
    for person in (ana, ben, seed):
        await person.stop()
    for person in (ben, seed, ana):
        await person.start()
    await ana.share(5, start=200)
    await have_each_others(ana, ben)


async def test_links_that_break_at_any_moment_lose_and_double_nothing(world: World) -> None:
    seed, ana, ben = await friends_through_a_seed(world, 1)
    chance = random.Random(5)
    for turn in range(8):
        drafts = [Draft(Resource(f"https://example.org/{turn}/{n}", "x" * 500)) for n in range(300)]
        await ana.node.publish_many(drafts)
        links = seed.network.links()
        assert len(links) <= 2
        await break_links(seed, chance)
    await have_each_others(ana, ben)
    assert (
        await ben.count(ana.author) == 3 + 1 + 1 + 8 * 300
    )  # inception, two follows, the introduction, page, the rest
    assert await seed.has_all_of(ana)


async def break_links(person: Person, chance: random.Random) -> None:
    """Stop and start this person's links without a goodbye to anybody."""
    await asyncio.sleep(chance.uniform(0, 0.3))
    await person.network.close()
    await person.start()


@pytest.mark.parametrize("count", [0, 1, 300])
async def test_friends_who_meet_directly_need_no_seed(world: World, count: int) -> None:
    ana = await world.seed("ana")
    ben = await world.person("ben")
    await ana.share(count)
    await ben.share(count)
    await ben.join(ana)
    await have_each_others(ana, ben)
