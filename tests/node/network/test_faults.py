"""Faults of one's own computer: a full disk, a store that fails, a clock that is set, a fault in a listener."""

import asyncio
import sqlite3
import time

import pytest

from hedgerow_node import config, dialling, driver
from hedgerow_node.clock import Clock
from hedgerow_node.config import MIN_FREE_DISK
from hedgerow_node.links import room as rooms
from hedgerow_node.links.room import Room
from hedgerow_node.links.steady import SteadyTime
from hedgerow_node.problems import Code
from hedgerow_node.store.faults import StoreError
from hedgerow_protocol.frame import Get
from node.calling import call
from node.network.lines import Lines
from node.network.stranger import stranger
from node.network.world import Person, World, eventually, have_each_others

YEAR = 366 * 86_400.0


@pytest.fixture(autouse=True)
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "WATCH_INTERVAL", 0.05)


async def member_and_seed(world: World) -> tuple[Person, Person]:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    return seed, ana


# --- The disk ------------------------------------------------------------------------------------------------


@pytest.mark.limit("MIN_FREE_DISK")
async def test_a_nearly_full_disk_takes_nothing_in_says_so_and_goes_on_by_itself(
    world: World, lines: Lines
) -> None:
    seed, ana = await member_and_seed(world)
    seed.free = MIN_FREE_DISK - 1
    before = await seed.count(ana.author)
    await ana.share(300)
    await eventually(lambda: seed.network.is_full)
    await asyncio.sleep(0.2)
    assert await seed.count(ana.author) == before
    assert len(lines.of("the disk is nearly full")) == 1
    assert any("nearly full" in notice for notice in await notices(seed))
    mine = await seed.share(5)
    await eventually(lambda: ana.has_all_of(seed), "what the owner says still goes out")
    assert len(mine) == 5
    seed.free = MIN_FREE_DISK
    await eventually(lambda: seed.has_all_of(ana), "it goes on by itself")
    assert len(lines.of("there is room on the disk again")) == 1
    assert not any("nearly full" in notice for notice in await notices(seed))


async def notices(person: Person) -> list[str]:
    """What `status` says that the owner should know."""
    return [notice["title"] for notice in (await call(person.node, "status"))["notices"]]


async def test_a_newcomer_with_a_full_disk_is_not_sent_everything_again_and_again(world: World) -> None:
    seed = await world.seed()
    await seed.share(2_000)
    ben = await world.person("ben")
    await ben.join(seed)
    await have_each_others(seed, ben)
    await ben.network.close()
    await seed.share(6_000, start=10_000)
    ben.free = 0
    await ben.start()
    await eventually(lambda: ben.network.is_full)
    await asyncio.sleep(0.5)
    assert not ben.network.is_settled
    ben.free = 10**12
    await have_each_others(seed, ben)


async def test_a_disk_that_cannot_be_looked_at_for_a_moment_is_looked_at_again(
    world: World, lines: Lines
) -> None:
    seed = await world.seed()
    seed.free = 0
    ana = await world.person("ana")
    await ana.join(seed, makes_member=True)
    await eventually(lambda: seed.network.is_full)
    seed.has_disk = False
    await eventually(lambda: bool(lines.of("looking at the disk and the clock failed")))
    seed.has_disk, seed.free = True, 10**12
    await eventually(lambda: not seed.network.is_full)
    await have_each_others(seed, ana)


@pytest.mark.limit("MAX_HELD")
async def test_what_waits_for_room_has_a_limit(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MAX_HELD", 10)
    free = 0
    room = Room(tmp_path, lambda folder: free)
    first, second = asyncio.create_task(room.enter(4)), asyncio.create_task(room.enter(6))
    await asyncio.sleep(0)
    assert not await room.enter(1)
    assert not room.look()
    free = MIN_FREE_DISK
    assert room.look()
    assert not room.look()
    assert await first
    assert await second
    assert await room.enter(100)


async def test_who_gives_up_waiting_for_room_gives_his_place_back(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(rooms, "MAX_HELD", 10)
    room = Room(tmp_path, lambda folder: 0)
    for _ in range(3):
        waiting = asyncio.create_task(room.enter(10))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


# --- The store -----------------------------------------------------------------------------------------------


class Failing:
    """A store's method that fails while it is told to."""

    def __init__(self, person: Person, name: str, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        self.fails = True
        self.calls = 0
        original = getattr(person.node.store.messages, name)

        async def call(*arguments: object, **keywords: object) -> object:
            if self.fails:
                self.calls += 1
                raise error
            return await original(*arguments, **keywords)

        monkeypatch.setattr(person.node.store.messages, name, call)


async def test_a_store_that_finds_no_room_goes_on_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    seed, ana = await member_and_seed(world)
    store = Failing(seed, "put", monkeypatch, StoreError(Code.STORE_FULL))
    await ana.share(100)
    await eventually(lambda: store.calls > 2)
    store.fails = False
    await eventually(lambda: seed.has_all_of(ana))
    assert len(lines.of("the disk is nearly full")) <= config.LOG_BURST


async def test_what_a_store_cannot_write_is_brought_again(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    seed, ana = await member_and_seed(world)
    store = Failing(seed, "put", monkeypatch, sqlite3.OperationalError("disk I/O error"))
    await ana.share(100)
    await eventually(lambda: store.calls > 0)
    store.fails = False
    await ana.network.sync(5)
    await eventually(lambda: seed.has_all_of(ana))
    assert lines.of("storing what a link brought failed")


@pytest.mark.parametrize("name", ["known", "sum", "items", "get", "range"])
async def test_a_store_that_cannot_read_ends_the_link_that_asked_and_it_begins_anew(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: Lines, name: str
) -> None:
    seed, ana = await member_and_seed(world)
    await ana.network.close()
    await seed.share(300)
    store = Failing(seed, name, monkeypatch, sqlite3.OperationalError("disk I/O error"))
    await ana.start()
    await ana.share(70, start=1_000)
    if name in ("known", "sum"):
        await eventually(lambda: store.calls > 0)
    await asyncio.sleep(0.3)
    store.fails = False
    await have_each_others(seed, ana)
    if store.calls:
        assert lines.of("a link was cut", driver.STORE_FAILS)
        assert len(lines.of("what a link asked for failed")) <= config.LOG_BURST


async def test_a_store_that_cannot_read_for_one_costs_nobody_else_a_link(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    seed, ana = await member_and_seed(world)
    store = Failing(seed, "get", monkeypatch, sqlite3.OperationalError("disk I/O error"))
    async with stranger(seed.address) as peer:
        await peer.link()
        await peer.put(Get(1, bytes(32)))
        assert await peer.is_cut()
    store.fails = False
    await ana.share(3)
    await eventually(lambda: seed.has_all_of(ana))
    assert len(lines.of("a link was cut")) == 1


async def test_a_fault_in_a_listener_of_the_owner_costs_no_link(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    seed, ana = await member_and_seed(world)

    def fail(messages: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(seed.node, "delivered", fail)
    await ana.share(100)
    await eventually(lambda: seed.has_all_of(ana))
    await seed.share(3)
    await eventually(lambda: ana.has_all_of(seed), "the ciphers still count alike")
    assert lines.of("a link was cut") == []
    assert lines.of("an event of a link was not taken")


# --- The clock -----------------------------------------------------------------------------------------------


class SetClock(Clock):
    """The computer's clock, which somebody sets, and which may have slept."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


@pytest.mark.parametrize("step", [YEAR, -YEAR])
async def test_a_clock_that_is_set_sticks_no_timer_and_sets_are_equal_again(
    world: World, lines: Lines, step: float
) -> None:
    seed, ana = await member_and_seed(world)
    clock = seed.clock = seed.node.clock = SetClock()  # type: ignore[assignment]
    await seed.stop()
    await seed.start()
    await have_each_others(seed, ana)
    clock.ahead = step
    await eventually(lambda: bool(lines.of("the clock was set")))
    clock.ahead = 0.0
    await eventually(lambda: len(lines.of("the clock was set")) == 2)
    await ana.share(10)
    await have_each_others(seed, ana)


@pytest.mark.parametrize("days", [60, -60])
async def test_whose_clock_is_wrong_is_told_so_and_linked_once_it_is_right(world: World, days: int) -> None:
    seed, ana = await member_and_seed(world)
    clock = ana.clock = SetClock()  # type: ignore[assignment]
    await ana.stop()
    clock.ahead = days * 86_400.0
    await ana.start()
    await eventually(lambda: ana.network.why_not(seed.node.device) is not None)
    (peer,) = (await call(ana.node, "peers"))["peers"]
    assert "date and time" in peer["problem"]["next"]
    clock.ahead = 0.0
    await have_each_others(seed, ana)
    await eventually(lambda: len(ana.network.links()) == 1)
    (peer,) = (await call(ana.node, "peers"))["peers"]
    assert peer["state"] in ("syncing", "settled")
    assert "problem" not in peer


async def test_a_computer_that_woke_dials_at_once_whoever_waited_to_be_dialled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, ana = await member_and_seed(world)
    clock = ana.clock = SetClock()  # type: ignore[assignment]
    await ana.stop()
    await seed.stop()
    monkeypatch.setattr(dialling, "FIRST_RETRY", 1_000.0)
    monkeypatch.setattr(dialling, "LAST_RETRY", 1_000.0)
    await ana.start()
    await eventually(lambda: "waiting" in ana.network.dialled().values())
    await seed.start()
    clock.ahead = 8 * 3_600.0
    await have_each_others(seed, ana)


async def test_a_computer_that_slept_takes_what_was_said_meanwhile(world: World) -> None:
    """A steady clock may stand still during sleep: then what is new seems to come from the future."""
    seed, ana = await world.seed(), await world.person("ana")
    slept = 5 * 3_600.0
    clock = seed.clock = SetClock()  # type: ignore[assignment]
    await seed.stop()
    clock.ahead = -slept
    await seed.start()
    clock.ahead = 0.0
    await asyncio.sleep(0.2)
    await ana.share(10)
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)


def test_steady_time_follows_a_clock_that_was_set_and_no_other() -> None:
    clock = SetClock()
    steady = SteadyTime(clock)
    clock.ahead = config.CLOCK_STEP - 1
    assert not steady.follow()
    assert abs(steady.now - time.time()) < 1
    clock.ahead = -config.CLOCK_STEP - 1
    assert steady.follow()
    assert abs(steady.now - clock.now()) < 1
    assert not steady.follow()
