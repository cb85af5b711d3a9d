"""Outsiders at real doors: they wait apart, are let in when somebody decides, and newcomers are introduced."""

import pytest

from hedgerow_node import joining, waiting
from hedgerow_protocol.frame import Messages
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.kinds import Follow, Vouch
from hedgerow_protocol.message import Message
from node.calling import call
from node.network.stranger import stranger
from node.network.world import Person, World, eventually
from simulator.author import EPOCH, Author


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "QUARANTINE_PAUSE", 0.05)
    monkeypatch.setattr(waiting, "RELEASE_BATCH", 2)


def frame(*messages: Message) -> Messages:
    return Messages(0, tuple((0, one.encode()) for one in messages), more=False)


async def waits(person: Person, other: Author) -> bool:
    found = (await call(person.node, "waiting"))["waiting"]
    return did_of(other.key) in [one["did"] for one in found]


async def listed(person: Person) -> dict[str, object]:
    found = (await call(person.node, "waiting"))["waiting"]
    return {one["did"]: [by["did"] for by in one["introduced_by"]] for one in found}


async def test_an_outsider_waits_is_in_no_feed_and_comes_in_when_followed(world: World) -> None:
    seed = await world.seed()
    author = Author(77)
    said = author.resources(5)
    async with stranger(seed.address, Author(78)) as peer:
        await peer.link()
        await peer.put(frame(author.inception, *said))
        await eventually(lambda: waits(seed, author), "the outsider waits")
        assert await seed.count(author.key) == 0
        assert not (await call(seed.node, "feed"))["results"]
        await call(seed.node, "follow", did=did_of(author.key))
        await eventually(lambda: has(seed, author, 6), "what waited is stored")
        await eventually(lambda: is_empty(seed), "and has left the quarantine")
    assert not await waits(seed, author)


async def test_one_who_is_blocked_leaves_nothing(world: World) -> None:
    seed = await world.seed()
    author = Author(77)
    await call(seed.node, "block", did=did_of(author.key))
    async with stranger(seed.address, Author(78)) as peer:
        await peer.link()
        other = Author(79)
        await peer.put(frame(author.inception, *author.resources(5), other.inception))
        await eventually(lambda: waits(seed, other))
    assert not await waits(seed, author)
    assert (await call(seed.node, "waiting"))["messages"] == 1


async def test_what_waits_of_somebody_goes_when_they_are_taken_down(world: World) -> None:
    seed = await world.seed()
    author = Author(77)
    async with stranger(seed.address, Author(78)) as peer:
        await peer.link()
        await peer.put(frame(author.inception, *author.resources(5)))
        await eventually(lambda: waits(seed, author))
    await seed.node.store.library.block(did_of(author.key), 0.0)
    seed.node.circle_changed()
    await eventually(lambda: is_empty(seed), "nothing of theirs waits")


async def test_what_comes_too_fast_to_be_written_is_dropped_and_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "QUARANTINE_BUFFER", 3)
    seed = await world.seed()
    author = Author(77)
    async with stranger(seed.address, Author(78)) as peer:
        await peer.link()
        await peer.put(frame(author.inception, *author.resources(5)))
        await eventually(lambda: waits(seed, author))
    noted = {one["why"]: one["times"] for one in (await call(seed.node, "status"))["noted"]}
    assert noted[waiting.TOO_FAST] == 3


async def test_the_inviters_circle_sees_a_newcomer_and_others_do_not(world: World) -> None:
    seed = await world.seed()
    ana, cyd, dan = [await world.person(name) for name in ("ana", "cyd", "dan")]
    for person in (ana, cyd, dan):
        await person.join(seed, makes_member=True)
    await joining.follow(cyd.node, [ana.author])
    await eventually(lambda: cyd.has_all_of(ana), "cyd carries ana")
    assert not await listed(cyd)
    ben = await world.person("ben")
    invite = await ana.invite()
    assert not await listed(cyd)
    await ben.accept(invite)
    await eventually(lambda: introduces(cyd, ben, ana), "cyd sees ben, introduced by ana")
    assert did_of(ben.author) not in await listed(dan)
    assert not await listed(ana)
    assert await ana.node.store.ties.has_introduced(ana.author, ben.author)
    assert not await seed.node.store.ties.has_introduced(seed.author, ana.author)  # members are not told of
    await call(cyd.node, "follow", did=did_of(ben.author))
    await ben.share(1)
    await eventually(lambda: cyd.has_all_of(ben), "and can follow him")
    assert not await listed(cyd)


async def introduces(person: Person, newcomer: Person, inviter: Person) -> bool:
    return (await listed(person)).get(did_of(newcomer.author)) == [did_of(inviter.author)]


async def test_reach_lets_in_for_whom_a_followed_person_stands_and_lets_go_again(world: World) -> None:
    seed = await world.seed()
    ana, ben = Author(5), Author(6)
    vouch = ana.say(Vouch(did_of(ben.key)), EPOCH + 1)
    await joining.follow(seed.node, [ana.key])
    await seed.node.store.messages.put([ana.inception, vouch], received=EPOCH)
    assert ben.key not in seed.network.carried.authors
    await call(seed.node, "reach set", people=5)
    await eventually(lambda: ben.key in seed.network.carried.authors, "ben is carried")
    await call(seed.node, "unfollow", did=did_of(ana.key))
    await eventually(lambda: ben.key not in seed.network.carried.authors, "and is not without ana")


async def test_whom_only_a_private_follow_leads_to_is_carried_in_private(world: World) -> None:
    seed = await world.seed()
    ana, ben = Author(5), Author(6)
    vouch = ana.say(Vouch(did_of(ben.key)), EPOCH + 1)
    await call(seed.node, "follow", did=did_of(ana.key), private=True)
    await seed.node.store.messages.put([ana.inception, vouch], received=EPOCH)
    await call(seed.node, "reach set", people=5)
    await eventually(lambda: ben.key in seed.network.carried.private, "ben is carried in private")
    assert not seed.network.carried.authors & {ana.key, ben.key}


async def test_by_mass_the_nearest_are_carried_first(world: World) -> None:
    seed = await world.seed()
    friends = [Author(100 + number) for number in range(20)]
    near, far = Author(50), Author(51)
    await joining.follow(seed.node, [one.key for one in friends])
    for number, friend in enumerate(friends):
        others = [near, *([far] if number == 0 else [])]
        said = [friend.say(Follow(did_of(other.key)), EPOCH + 1) for other in others]
        await seed.node.store.messages.put([friend.inception, *said], received=EPOCH)
    await call(seed.node, "reach set", people=1)
    await eventually(lambda: near.key in seed.network.carried.authors)
    assert far.key not in seed.network.carried.authors
    assert (await call(seed.node, "reach"))["left_out"] == 1


async def has(person: Person, author: Author, count: int) -> bool:
    return await person.count(author.key) == count


async def is_empty(person: Person) -> bool:
    return (await person.node.store.quarantine.size()).messages == 0
