"""What hostile messages can do to a running node: be dropped, and cost whoever brings them the link."""

import pytest

from hedgerow_node import joining
from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import (
    Changed,
    Err,
    Messages,
    Mode,
    Scope,
    Sub,
)
from node.network.scene import Scene
from node.network.stranger import Closed, Stranger, stranger
from node.network.world import Person, World, eventually
from simulator.author import EPOCH, Author


async def follow(person: Person, *authors) -> None:
    await joining.follow(person.node, [author.key for author in authors])


async def test_twenty_bad_messages_end_the_link_and_the_device_stays_away(scene: Scene) -> None:
    author = Author(666)
    await follow(scene.seed, author)
    async with stranger(scene.seed.address, author) as peer:
        await peer.link()
        await is_carried(peer)
        good = author.resources(limits.MAX_INVALID)
        bad = [message.encode()[:-80] + bytes(80) for message in good]
        for one in bad:
            await peer.put(Messages(0, ((0, one),), more=False))
        assert (await peer.take(Err)).text == "too many bad messages"
        assert await peer.is_cut()
    assert await scene.seed.count(author.key) == 0
    async with stranger(scene.seed.address, author) as again:
        await again.link()
        with pytest.raises(Closed):
            await again.take(Err)
    scene.expect("a link was cut", "too many bad messages")
    scene.expect("a link was cut", "banned")


async def test_nineteen_bad_messages_do_not(scene: Scene) -> None:
    author = Author(666)
    await follow(scene.seed, author)
    async with stranger(scene.seed.address, author) as peer:
        await peer.link()
        await is_carried(peer)
        for message in author.resources(limits.MAX_INVALID - 1):
            await peer.put(Messages(0, ((0, message.encode()[:-80] + bytes(80)),), more=False))
        await peer.put(Messages(0, ((0, author.inception.encode()),), more=False))
        await eventually(lambda: is_held(scene.seed, author.inception))


async def is_carried(peer: Stranger) -> None:
    """Wait until the other side carries this peer's author, who subscribes to himself."""
    await peer.put(Sub(1, Filter.of_authors({peer.author.key}).encode(), Mode.OFF))
    while (await peer.take(Scope)).carried != b"\x01":
        pass


async def is_held(person: Person, message) -> bool:
    return bool(await person.node.store.messages.known([message.id]))


async def test_a_flood_of_pushes_is_dropped_beyond_its_quota_and_nothing_is_lost(
    scene: Scene, world: World
) -> None:
    count = int(limits.PUSH_BURST) + 500
    author = Author(666)
    messages = [author.inception, *author.resources(count)]
    await follow(scene.seed, author)
    async with stranger(scene.seed.address, author) as peer:
        await peer.link()
        await is_carried(peer)
        for start in range(0, len(messages), 100):
            batch = tuple([(0, message.encode()) for message in messages[start : start + 100]])
            await peer.put(Messages(0, batch, more=False))
        await peer.take(Changed)
        taken = await scene.seed.count(author.key)
        assert taken < len(messages)
    ben = await world.person("ben")
    await ben.node.store.messages.put(messages, received=EPOCH)
    await follow(ben, author)
    await ben.join(scene.seed, makes_member=True)
    await eventually(lambda: counts(scene.seed, author.key, len(messages)), "the seed has everything")
    scene.lines.forget("somebody joined")


async def counts(person: Person, author, count: int) -> bool:
    return await person.count(author) == count
