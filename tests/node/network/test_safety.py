"""Blocks and takedowns between real nodes: nothing comes back, nothing is given away, and every comparison ends."""

import asyncio

from hedgerow_node.policy import Policy
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.kinds import Resource
from hedgerow_protocol.message import Message
from hedgerow_protocol.things import message_thing
from node.calling import call
from node.network.world import Person, World, eventually, have_each_others

SECRET = "zyxomancy quibblewort"
PEERS = 10
PATIENCE = 20.0


async def texts(person: Person, *messages: Message) -> int:
    """Of how many of these the bodies are here."""
    held = await person.node.store.messages.get([one.id for one in messages])
    return sum(one.body is not None for one in held)


async def circle(world: World, count: int) -> tuple[Person, Person, list[Person]]:
    """A seed, somebody who shares there, and members who follow them."""
    seed = await world.seed()
    ana = await world.person("ana")
    await ana.join(seed, makes_member=True)
    people = [await world.person(f"p{number}") for number in range(count)]
    for one in people:
        await one.join(ana)
    return seed, ana, people


async def test_a_blocked_author_is_neither_fetched_again_nor_served_and_comes_back_when_unblocked(
    world: World,
) -> None:
    seed, ana, (ben,) = await circle(world, 1)
    said = await ana.share(5)
    await have_each_others(ana, ben)
    await call(ben.node, "block", did=did_of(ana.author))
    assert await texts(ben, *said) == 0
    held = await ben.count(ana.author)
    later = [*await ana.share(3, start=100), *await ana.node.retract([said[0].id])]
    await eventually(lambda: seed.has_all_of(ana))
    assert await ben.network.sync(PATIENCE)
    assert await ben.count(ana.author) == held
    assert ana.author not in ben.network.carried.named(asks_private=False)
    assert ana.author not in ben.network.carried.formerly(asks_private=True)
    await call(ben.node, "unblock", did=did_of(ana.author))
    await eventually(lambda: ben.has_all_of(ana), "ben has all of ana again")
    await eventually(lambda: _has(ben, 7, *said, *later[:3]), "ben has the texts again")
    assert await texts(ben, said[0]) == 0


async def _has(person: Person, count: int, *messages: Message) -> bool:
    return await texts(person, *messages) == count


async def test_who_carries_for_others_serves_nothing_of_somebody_blocked(world: World) -> None:
    seed, ana, (ben,) = await circle(world, 1)
    said = await ana.share(5)
    await have_each_others(ana, ben)
    await call(seed.node, "block", did=did_of(ana.author))
    await eventually(lambda: ana.author not in seed.network.carried.authors)
    cyn = await world.person("cyn")
    await cyn.join(seed, makes_member=True)
    await call(cyn.node, "follow", did=did_of(ana.author))
    assert await cyn.network.sync(PATIENCE)
    assert await cyn.count(ana.author) == 0
    assert await ben.network.sync(PATIENCE)
    assert (await texts(seed, *said), await texts(ben, *said)) == (0, 5)


async def test_a_takedown_survives_resync_with_ten_peers_who_all_hold_it_and_every_link_settles(
    world: World,
) -> None:
    seed, ana, people = await circle(world, PEERS)
    page = "https://secret.example/page"
    bad, by_address, kept = await asyncio.gather(
        ana.node.publish(Resource("https://example.org/1", SECRET)),
        ana.node.publish(Resource(page, SECRET)),
        ana.node.publish(Resource("https://example.org/2", "Kept")),
    )
    for one in [seed, *people]:
        await eventually(lambda p=one: p.has_all_of(ana), f"{one.name} has all of ana")
        await eventually(lambda p=one: _has(p, 3, bad, by_address, kept))
    await call(seed.node, "takedown", target=message_thing(bad.id), reason="a court said so")
    await call(seed.node, "takedown", target=page, reason="a court said so")
    for _ in range(2):
        for one in people:
            assert await one.network.sync(PATIENCE), f"{one.name} does not settle"
            assert await texts(one, bad, by_address, kept) == 3
        assert await texts(seed, bad, by_address, kept) == 1
        assert await seed.has_all_of(ana)
        await seed.stop()
        await seed.start()
        for one in people:
            await eventually(lambda p=one: p.network.sync(PATIENCE), f"{one.name} settles again")
    cyn = await world.person("cyn")
    await cyn.join(seed, makes_member=True)
    await call(cyn.node, "follow", did=did_of(ana.author))
    await eventually(lambda: cyn.has_all_of(ana), "who joins has the headers")
    assert await texts(cyn, bad, by_address, kept) == 1


async def test_a_person_who_was_taken_down_does_not_come_back_by_ten_peers(world: World) -> None:
    seed, ana, people = await circle(world, PEERS)
    said = await ana.share(3)
    for one in [seed, *people]:
        await eventually(lambda p=one: _has(p, 3, *said), f"{one.name} has the texts")
    await call(seed.node, "takedown", target=did_of(ana.author), reason="spam")
    later = await ana.share(2, start=50)
    for one in people:
        assert await one.network.sync(PATIENCE), f"{one.name} does not settle"
    assert await texts(seed, *said, *later) == 0
    await call(seed.node, "takedown undo", target=did_of(ana.author))
    await eventually(lambda: _has(seed, 5, *said, *later), "the seed has the texts again")


async def test_whom_the_policy_blocks_loses_the_texts_when_the_seed_starts_and_gets_them_back_later(
    world: World,
) -> None:
    seed, ana, (ben,) = await circle(world, 1)
    said = await ana.share(3)
    await eventually(lambda: _has(seed, 3, *said))
    await seed.stop()
    for blocked, count in ((frozenset({ana.author}), 0), (frozenset(), 3)):
        await seed.open()
        seed.policy = Policy(blocked=blocked)
        await seed.start()
        assert (ana.author in seed.network.carried.denied) == bool(blocked)
        await eventually(lambda: ben.network.sync(PATIENCE), "ben settles")
        await eventually(lambda c=count: _has(seed, c, *said), "as the policy says")
        await seed.stop()
