"""When a seed is not ready, and what it counts."""

from pathlib import Path

from hedgerow_node.seed.readings import Readings
from node.network.world import World, eventually


async def test_a_seed_is_ready_when_links_are_up_and_the_disk_has_room(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        seed, ana = await world.seed(), await world.person("ana")
        is_up = True
        readings = Readings(seed.node, lambda: seed.network if is_up else None)
        assert await readings.why_not_ready() is None
        seed.free = 0
        await ana.join(seed, makes_member=True)
        await ana.share(1)

        async def is_full() -> bool:
            return await readings.why_not_ready() == "disk"

        await eventually(is_full, "the disk is full")
        is_up = False
        assert await readings.why_not_ready() == "links"
    finally:
        await world.close()


async def test_it_counts_what_came_and_what_was_said_since_it_listens(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        seed, ana = await world.seed(), await world.person("ana")
        readings = Readings(seed.node, lambda: seed.network)
        assert (await readings.read()).since_delivery is None
        await ana.join(seed, makes_member=True)
        await ana.share(3)
        await eventually(lambda: seed.has_all_of(ana), "the seed has everything")
        await seed.share(2)
        reading = await readings.read()
        assert (reading.members, reading.published) == (1, 2)
        assert reading.delivered >= 3
        assert sum(reading.links.values()) == 1
        assert reading.since_delivery is not None
        readings.stop()
        await seed.share(1)
        assert (await readings.read()).published == 2
    finally:
        await world.close()
