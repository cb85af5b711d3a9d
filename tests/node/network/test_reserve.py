"""A lost link is stood in for by a node of the address book, and nobody else of it is ever dialled by a learner."""

from collections.abc import Collection

import pytest

from hedgerow_node import reserve
from hedgerow_node.problems import Code, Problem
from hedgerow_node.reserve import Reserve, Surroundings
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from node.clocks import FakeClock
from node.network.test_discovering import hears_of, learner, seed
from node.network.world import World, eventually


def peer(number: int) -> KnownPeer:
    return KnownPeer(DeviceKey(bytes([number]) * 32), f"wss://{number}.example/peer")


class Field:
    """A node whose links are made by hand."""

    def __init__(self, chosen: int, held: int = 3) -> None:
        self.chosen = [peer(number) for number in range(chosen)]
        self.linked = {one.device for one in self.chosen}
        self.useless: set[DeviceKey] = set()
        self.kept: list[DeviceKey] = []
        self.failed: set[DeviceKey] = set()
        self.clock = FakeClock()
        self.book = [peer(number) for number in range(100, 120)]
        around = Surroundings(self._chosen, self._draw, self.linked.__contains__, self.useless.__contains__)
        self.reserve = Reserve(self, around, self.clock, None, held)  # type: ignore[arg-type]

    async def _chosen(self) -> list[KnownPeer]:
        return self.chosen

    async def _draw(
        self, count: int, avoiding: Collection[AuthorKey], without: Collection[DeviceKey]
    ) -> list[KnownPeer]:
        return [one for one in self.book if one.device not in without][:count]

    # What the reserve asks of dialling
    def keep(self, one: KnownPeer) -> None:
        self.kept.append(one.device)

    def let_go(self, device: DeviceKey) -> None:
        self.kept.remove(device)

    def why_not(self, device: DeviceKey) -> Problem | None:
        return Problem(Code.PEER_UNREACHABLE) if device in self.failed else None

    def lose(self, number: int) -> None:
        self.linked.discard(self.chosen[number].device)
        self.failed.add(self.chosen[number].device)

    async def look(self, seconds: float = 0.0) -> list[int]:
        self.clock.advance(seconds)
        await self.reserve.look()
        return [device[0] for device in self.kept]


async def test_nobody_is_drawn_while_every_chosen_node_is_there_however_few_they_are() -> None:
    for chosen in (0, 1, 3, 5):
        assert await Field(chosen).look(10_000) == []


async def test_nobody_is_drawn_before_a_link_is_gone_for_a_while_nor_before_it_was_tried() -> None:
    field = Field(2)
    field.linked.clear()
    assert await field.look(10_000) == []
    field.lose(0)
    assert await field.look() == []
    assert await field.look(reserve.RESERVE_PATIENCE - 1) == []
    assert await field.look(1) == [100]


async def test_as_many_stand_in_as_are_lost_and_go_when_they_are_back() -> None:
    field = Field(3)
    field.lose(0)
    field.lose(1)
    await field.look()
    assert await field.look(reserve.RESERVE_PATIENCE) == [100, 101]
    field.linked.add(field.chosen[0].device)
    assert await field.look() == [100]
    field.linked.add(field.chosen[1].device)
    assert await field.look() == []


async def test_where_more_are_chosen_than_held_the_others_of_them_stand_in() -> None:
    field = Field(5)
    field.lose(0)
    await field.look()
    assert await field.look(reserve.RESERVE_PATIENCE) == []


async def test_who_is_of_no_use_or_not_there_makes_room_for_another_and_is_not_drawn_again_soon() -> None:
    field = Field(1)
    field.lose(0)
    await field.look()
    await field.look(reserve.RESERVE_PATIENCE)
    field.linked.add(field.book[0].device)
    field.useless.add(field.book[0].device)
    assert await field.look() == [101]
    field.failed.add(field.book[1].device)
    assert await field.look() == [102]
    field.failed.add(field.book[2].device)
    assert await field.look(reserve.RESERVE_AGAIN + 1) == [100]


async def test_a_seed_that_is_gone_is_stood_in_for_by_one_that_was_only_heard_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve, "RESERVE_LOOK", 0.1)
    monkeypatch.setattr(reserve, "RESERVE_PATIENCE", 0.3)
    first, second = await seed(world, "first"), await seed(world, "second")
    await second.join(first)
    await hears_of(first, second)
    ana = await learner(world, "ana")
    await ana.join(first)
    await hears_of(ana, second)
    assert ana.network.reserve.drawn == []
    await first.stop()
    await eventually(lambda: ana.network.reserve.drawn == [second.node.device], "second stands in")
    there = {f"ws://{second.network.address}/peer"}
    await eventually(
        lambda: {link["address"] for link in ana.network.links()} == there, "ana is linked to it"
    )
    await first.start()
    await eventually(lambda: ana.network.reserve.drawn == [], "second is let go")
