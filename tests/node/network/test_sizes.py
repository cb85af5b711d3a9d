"""What a comparison costs on a link between two real nodes, counted in bytes of the messages that cross it."""

import time
from collections.abc import Sequence

import pytest

from hedgerow_node import driver, joining
from hedgerow_node.links.link import Link
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.message import Message, MessageId
from node.network.world import Person, World, eventually
from simulator.author import EPOCH, Author

REDUCED = 5_000
FULL = 100_000
BOTH = pytest.mark.parametrize("count", [REDUCED, pytest.param(FULL, marks=pytest.mark.soak)])
BATCH = 5_000
HANDSHAKE = {True: 2, False: 1}
"""Messages of the handshake that each side sends, by whether it dialled."""


class Crossing:
    """What both sides of the one link send after the handshake."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sizes: list[list[int]] = []

        class Counted(Link):
            def __init__(self, *arguments) -> None:
                super().__init__(*arguments)
                self.sizes: list[int] = []
                sizes.append(self.sizes)

            def send(self, data: bytes) -> None:
                self.sizes.append(len(data))
                super().send(data)

        self._sizes = sizes
        monkeypatch.setattr(driver, "Link", Counted)

    def bytes(self) -> tuple[int, int]:
        """Of the side that dialled, and of the other. The first speaks first."""
        ours, theirs = self._sizes
        if ours[0] != 32:  # the bare key with which the side that dialled begins
            ours, theirs = theirs, ours
        return sum(ours[HANDSHAKE[True] :]), sum(theirs[HANDSHAKE[False] :])


async def hold(person: Person, messages: Sequence[Message]) -> None:
    for start in range(0, len(messages), BATCH):
        await person.node.store.messages.put(messages[start : start + BATCH], received=EPOCH)


async def pair(world: World, author: Author) -> tuple[Person, Person]:
    """A seed and somebody who knows it; both follow the author and have each other's messages, but no links yet."""
    seed, ben = await world.seed(), await world.person("ben")
    for person in (seed, ben):
        await hold(person, [author.inception])
        await joining.follow(person.node, [author.key])
    await joining.follow(ben.node, [seed.author])
    await joining.follow(seed.node, [ben.author])
    for one, other in ((seed, ben), (ben, seed)):
        for message_id in await ids_of(one):
            (message,) = await one.node.store.messages.get([message_id])
            await hold(other, [message])
    address = f"ws://{seed.network.address}/peer"
    await ben.node.store.peers.add(KnownPeer(DeviceKey(seed.node.device), address))
    await ben.network.close()
    await seed.network.close()
    return seed, ben


async def ids_of(person: Person) -> list[MessageId]:
    first, last = bytes(32), b"\xff" * 32
    return await person.node.store.messages.ids_between(first, last, 1_000)


async def meet(seed: Person, ben: Person) -> float:
    """Start both and wait until ben's side found every set equal; returns the seconds that took."""
    await seed.start()
    began = time.monotonic()
    await ben.start()
    await eventually(lambda: bool(ben.network.links()), "linked")
    await eventually(lambda: ben.network.links()[0]["state"] == "settled", "settled", patience=300)
    return time.monotonic() - began


@BOTH
async def test_equal_sets_are_settled_in_400_bytes_each_way(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    author = Author(1)
    seed, ben = await pair(world, author)
    messages = author.resources(count)
    for person in (seed, ben):
        await hold(person, messages)
    crossing = Crossing(monkeypatch)
    took = await meet(seed, ben)
    ours, theirs = crossing.bytes()
    print(f"{count} equal messages: {ours} and {theirs} bytes, {took:.2f} s")
    assert max(ours, theirs) <= 400


@BOTH
async def test_the_newest_200_that_differ_cost_little_beside_themselves(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    author = Author(1)
    seed, ben = await pair(world, author)
    messages = author.resources(count)
    await hold(seed, messages)
    await hold(ben, messages[:-200])
    crossing = Crossing(monkeypatch)
    took = await meet(seed, ben)
    ours, theirs = crossing.bytes()
    themselves = sum(len(message.encode()) + len(message.id) for message in messages[-200:])
    print(f"200 of {count}: {ours + theirs - themselves} bytes beside {themselves}, {took:.2f} s")
    assert await ben.sums(author.key) == await seed.sums(author.key)
    assert ours + theirs - themselves <= 2 * 6_000


@BOTH
async def test_after_a_gain_exactly_what_is_new_is_fetched_and_stored(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    author = Author(1)
    seed, ben = await pair(world, author)
    messages = author.resources(count)
    for person in (seed, ben):
        await hold(person, messages)
    gained = author.resources(1_000, start=EPOCH + 100)
    await hold(seed, gained)
    put = ben.node.store.messages.put
    stored: list[MessageId] = []

    async def counted(messages: Sequence[Message], **how: object) -> list[MessageId]:
        stored.extend(message.id for message in messages)
        return await put(messages, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(ben.node.store.messages, "put", counted)
    took = await meet(seed, ben)
    print(f"1,000 gained on {count}: {took:.2f} s")
    assert sorted(stored) == sorted(message.id for message in gained)
    assert await ben.sums(author.key) == await seed.sums(author.key)
