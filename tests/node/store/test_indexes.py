"""Indexes that are kept between comparisons say what the store holds, whatever came and left in between."""

import asyncio
import threading
from pathlib import Path

import pytest

from hedgerow_node.store import indexes, sets, weeks
from hedgerow_node.store.database import READERS
from hedgerow_node.store.store import Store
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.message import Message
from hedgerow_protocol.ranges import Index, SortedIndex, sum_of
from node.store.opened import NOW, opened
from simulator.author import EPOCH, Author


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Filter]:
    """What was read from the disk whole, while sets of any size are kept."""
    monkeypatch.setattr(indexes, "FEW_ITEMS", 0)
    found: list[Filter] = []
    reading = indexes._read

    def noted(db, asked: Filter, control: bool, **how: bool) -> SortedIndex:
        found.append(asked)
        return reading(db, asked, control, **how)

    monkeypatch.setattr(indexes, "_read", noted)
    return found


def items_of(index: Index) -> list[tuple[int, bytes]]:
    return [index.item(rank) for rank in range(len(index))]


async def indexed(store: Store, asked: Filter, control: bool = False) -> list[tuple[int, bytes]]:
    """What is compared, which must be what is held."""
    found = items_of(await store.messages.index(asked, control))
    timestamps, ids = await store.messages.items(asked, control)
    assert found == [(ts, ids[at * 32 : at * 32 + 32]) for at, ts in enumerate(timestamps)]
    return found


async def put(store: Store, *messages: Message) -> None:
    await store.messages.put(messages, received=NOW)


async def test_a_kept_index_takes_in_what_came_and_is_read_once(tmp_path: Path, read: list[Filter]) -> None:
    ana, ben = Author(1), Author(2)
    said = ana.resources(40)
    both = Filter.of_authors({ana.key, ben.key})
    async with opened(tmp_path) as store:
        await put(store, ana.inception, ben.inception, *said[:20])
        assert len(await indexed(store, both)) == 20
        for one in said[20:]:
            await put(store, one)
            await indexed(store, both)
        await put(store, *ben.resources(3))
        assert len(await indexed(store, both)) == 43
        await indexed(store, both, control=True)
    assert read == [both, both]


async def test_a_window_of_a_kept_index_is_what_lies_in_its_time(tmp_path: Path, read: list[Filter]) -> None:
    ana = Author(1)
    asked = Filter.of_authors({ana.key})
    async with opened(tmp_path) as store:
        await put(store, ana.inception, *ana.resources(30))
        for since, until in [(EPOCH + 5, 0), (0, EPOCH + 9), (EPOCH + 5, EPOCH + 9), (EPOCH + 90, 0)]:
            part = asked.within(since, until)
            assert await store.messages.sum(part, False) == sum_of(await store.messages.index(part, False))
            await indexed(store, part)
        await put(store, *ana.resources(5, start=EPOCH + 60))
        part = asked.within(EPOCH + 50, 0)
        assert (await store.messages.sum(part, False)).count == len(await indexed(store, part)) == 5
    assert len(read) == 1


async def test_a_part_in_time_is_summed_by_the_kept_index(
    tmp_path: Path, read: list[Filter], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = Author(1)
    asked = Filter.of_authors({ana.key})
    async with opened(tmp_path) as store:
        await put(store, ana.inception, *ana.resources(9))
        await store.messages.index(asked, False)
        monkeypatch.setattr(weeks, "sum_between", None)
        assert (await store.messages.sum(asked.within(EPOCH + 5, 0), False)).count == 5


async def test_a_kept_index_is_held_to_its_sums_only_after_something_was_written(
    tmp_path: Path, read: list[Filter], monkeypatch: pytest.MonkeyPatch
) -> None:
    summed, honest = list[object](), sets.sum_of_authors

    def noted(db, authors, control: bool) -> SetSum:
        summed.append(authors)
        return honest(db, authors, control)

    ana, ben = Author(1), Author(2)
    asked = Filter.of_authors({ana.key})
    said = ana.resources(9)
    async with opened(tmp_path) as store:
        await put(store, ana.inception, ben.inception, *said[:8])
        await store.messages.index(asked, False)
        monkeypatch.setattr(sets, "sum_of_authors", noted)
        for _ in range(3):
            assert len(await store.messages.index(asked, False)) == 8
            assert (await store.messages.sum(asked, False)).count == 8
        assert summed == []
        for one, count in ((ben.resources(1)[0], 8), (said[8], 9)):
            summed.clear()
            await put(store, one)
            assert len(await store.messages.index(asked, False)) == count
            assert len(summed) == 1


async def test_a_set_is_read_once_for_all_who_ask_and_nobody_else_waits_for_it(
    tmp_path: Path, read: list[Filter], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = Author(1), Author(2)
    large, small = Filter.of_authors({ana.key}), Filter.of_authors({ben.key})
    monkeypatch.setattr(indexes, "FEW_ITEMS", 5)
    may_go_on, reading = threading.Event(), indexes._read

    def slowly(db, asked: Filter, control: bool, **how: bool) -> SortedIndex:
        assert asked == small or may_go_on.wait(20)
        return reading(db, asked, control, **how)

    monkeypatch.setattr(indexes, "_read", slowly)
    async with opened(tmp_path) as store:
        await put(store, ana.inception, ben.inception, *ana.resources(9), *ben.resources(3))
        asking = [asyncio.create_task(store.messages.index(large, False)) for _ in range(2 * READERS)]
        async with asyncio.timeout(10):
            assert len(await store.messages.index(small, False)) == 3
            assert (await store.messages.sum(large, False)).count == 9
            assert await store.messages.get([ana.inception.id]) == [ana.inception]
        assert not any(one.done() for one in asking)
        may_go_on.set()
        assert [len(one) for one in await asyncio.gather(*asking)] == [9] * len(asking)
    assert read == [small, large]


async def test_what_left_the_set_is_in_no_kept_index(tmp_path: Path, read: list[Filter]) -> None:
    ana = Author(1)
    asked = Filter.of_authors({ana.key})
    async with opened(tmp_path) as store:
        said = ana.resources(12)
        await put(store, ana.inception, *said)
        await indexed(store, asked)
        await put(store, ana.update(removed={ana.device: ((said[3].header.seq, said[3].id),)}))
        assert len(await indexed(store, asked)) == 4
        await put(store, ana.update(removed={ana.device: ((said[5].header.seq, said[5].id),)}))
        assert len(await indexed(store, asked)) == 6


async def test_much_that_came_is_read_anew_and_no_more_is_kept_than_allowed(
    tmp_path: Path, read: list[Filter]
) -> None:
    ana, ben = Author(1), Author(2)
    of_ana, of_ben = Filter.of_authors({ana.key}), Filter.of_authors({ben.key})
    async with opened(tmp_path) as store:
        store.messages.index_at_most(50)
        said = ana.resources(40)
        await put(store, ana.inception, ben.inception, *said[:8], *ben.resources(12))
        await indexed(store, of_ana)
        await put(store, *said[8:])
        await indexed(store, of_ana)
        assert read == [of_ana, of_ana]
        await indexed(store, of_ben)
        await indexed(store, of_ana)
        assert read == [of_ana, of_ana, of_ben, of_ana]
        assert store.messages._indexes._kept.keys() == {(of_ana.authors, False)}


@pytest.mark.parametrize("has_steps", [False, True])
async def test_of_a_set_that_is_not_kept_no_more_is_read_than_has_to_be_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_steps: bool
) -> None:
    monkeypatch.setattr(indexes, "FEW_ITEMS", 0)
    monkeypatch.setattr(indexes, "MAX_SESSION_ITEMS", 10)
    ana, ben, eve = Author(1), Author(2), Author(3)
    asked = Filter.of_authors({ana.key, ben.key})
    if has_steps:
        asked = asked.kept_since({ana.key: EPOCH + 12, ben.key: EPOCH + 3})
    async with opened(tmp_path) as store:
        store.messages.index_at_most(12)
        await put(store, *[one.inception for one in (ana, ben, eve)], *eve.resources(30))
        await put(store, *ana.resources(20), *ben.resources(20))
        for since, until in [(0, 0), (EPOCH + 4, 0), (0, EPOCH + 15), (EPOCH + 6, EPOCH + 16)]:
            part = asked.within(since, until)
            timestamps, ids = await store.messages.items(part, False)
            whole = [(ts, ids[at * 32 : at * 32 + 32]) for at, ts in enumerate(timestamps)]
            assert items_of(await store.messages.index(part, False)) == whole[-11:]
        assert len(await indexed(store, asked.within(EPOCH + 16, 0))) == 10
        await indexed(store, asked, control=True)


async def test_a_narrower_filter_is_read_from_the_disk(tmp_path: Path, read: list[Filter]) -> None:
    ana = Author(1)
    async with opened(tmp_path) as store:
        await put(store, ana.inception, *ana.resources(5))
        for asked in (Filter(kinds=(4,)), Filter((ana.key,), kinds=(5,)), Filter((ana.key,), kinds=(4,))):
            await indexed(store, asked)
    assert len(read) == 3
