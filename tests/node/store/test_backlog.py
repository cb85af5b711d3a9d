"""What comes in bulk is stored at once and indexed soon: in the end the same is found, whatever came between."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from hedgerow_node.store import backlog, indexing
from hedgerow_node.store.store import Store
from hedgerow_protocol.kinds import Follow
from hedgerow_protocol.message import Message
from node.store.voices import BEGINNING, Voice, bytes_in, opened

ANA, BEN = Voice("Ana"), Voice("Ben")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is indexed by itself."""
    monkeypatch.setattr(indexing, "PAUSE", 3600.0)


def pages(voice: Voice, count: int = backlog.AT_ONCE + 1, title: str = "Page") -> list[Message]:
    return [
        voice.shares(f"https://example.org/{number}", f"{title} {number}", topics=[f"topic {number % 3}"])
        for number in range(count)
    ]


async def bring(store: Store, messages: Sequence[Message]) -> None:
    await store.messages.put(messages, received=BEGINNING + 1e6)


async def waiting(store: Store) -> int:
    return await store.database.read(backlog.length)


async def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """The index without the numbers that depend on the order in which it grew."""

    def read(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
        found = {
            "said": "SELECT m.id, t.thing, s.at FROM statements AS s JOIN messages AS m USING (row)"
            " JOIN things AS t ON t.row = s.thing ORDER BY m.id",
            "texts": "SELECT m.id, x.title FROM texts AS x JOIN messages AS m USING (row) ORDER BY m.id",
            "tagged": "SELECT m.id, t.words FROM tagged AS g JOIN messages AS m ON m.row = g.text"
            " JOIN topics AS t ON t.row = g.topic ORDER BY m.id, t.words",
            "words": "SELECT count(*) FROM words WHERE words MATCH 'page'",
        }
        return {name: db.execute(sql).fetchall() for name, sql in found.items()}

    return await store.database.read(read)


async def test_a_few_are_indexed_as_they_come_and_many_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await bring(store, pages(ANA, backlog.AT_ONCE))
        assert await waiting(store) == 0
        await bring(store, pages(BEN, backlog.AT_ONCE + 1))
        assert await waiting(store) == backlog.AT_ONCE + 1
        assert (await store.messages.counts()).unindexed == backlog.AT_ONCE + 1
        await store.indexing.finish()
        assert await waiting(store) == 0


async def test_later_gives_the_same_index_as_at_once(tmp_path: Path) -> None:
    first = pages(ANA, 150)
    second = [
        ANA.shares(f"https://example.org/{number}", f"Page new {number}", replaces=[first[number]])
        for number in range(70)
    ]
    gone = ANA.retracts(*first[80:90], *second[:5])
    found = []
    for name, batches in {
        "one by one": [[one] for one in [*first, *second, gone]],
        "in bulk": [first, second, [gone]],
        "the other way round": [[gone], second, first],
        "all at once": [[*first, *second, gone]],
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        async with opened(folder) as store:
            for batch in batches:
                await bring(store, batch)
            await store.indexing.finish()
            found.append(await everything(store))
    assert found[0]["words"] != [(0,)]
    assert all(one == found[0] for one in found)


async def test_own_messages_are_never_put_off(tmp_path: Path) -> None:
    async with opened(tmp_path, ANA) as store:
        await store.messages.put(pages(ANA), received=BEGINNING + 1e6, own=True)
        assert await waiting(store) == 0


async def test_whom_people_follow_is_never_put_off(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await bring(store, [*pages(BEN), BEN.say(Follow(ANA.did))])
        assert await store.views.follows(BEN.author) == {ANA.author}


async def test_what_is_retracted_while_it_waits_never_enters_the_index(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        secret = pages(ANA, title="Xylophagous")
        await bring(store, secret)
        for start in range(0, len(secret), 32):
            await bring(store, [ANA.retracts(*secret[start : start + 32])])
        await store.indexing.finish()
        assert await store.erase_when_due()
        assert (await everything(store))["said"] == []
        assert b"ylophagous" not in bytes_in(tmp_path)


async def test_a_header_that_waits_takes_its_body_and_is_indexed_once(tmp_path: Path) -> None:
    said = pages(ANA)
    async with opened(tmp_path) as store:
        await bring(store, [one.without_body() for one in said])
        await bring(store, said)
        assert await waiting(store) == len(said)
        await store.indexing.finish()
        await bring(store, said)
        await store.indexing.finish()
        assert len((await everything(store))["texts"]) == len(said)


async def test_a_header_that_waits_and_whose_body_comes_with_few_is_indexed_once(tmp_path: Path) -> None:
    said = pages(ANA)
    async with opened(tmp_path) as store:
        await bring(store, [one.without_body() for one in said])
        await bring(store, said[:40])
        await store.indexing.finish()
        await bring(store, said[40:])
        await store.indexing.finish()
        assert len((await everything(store))["texts"]) == len(said)


async def test_what_waits_outlives_the_program(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await bring(store, pages(ANA))
    async with opened(tmp_path) as store:
        await until_indexed(store)
        assert len((await everything(store))["texts"]) == backlog.AT_ONCE + 1


async def test_what_waits_is_indexed_by_itself_when_no_more_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "PAUSE", 0.001)
    async with opened(tmp_path) as store:
        await bring(store, pages(ANA, backlog.AT_A_TIME + 2))
        await until_indexed(store)


async def test_a_fault_of_ours_does_not_end_indexing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "PAUSE", 0.001)
    monkeypatch.setattr(indexing, "RETRY", 0.001)
    honest, faults = backlog.index_next, [KeyError("a fault"), ValueError("another")]

    def faulty(db: sqlite3.Connection) -> bool:
        if faults:
            raise faults.pop()
        return honest(db)

    monkeypatch.setattr(backlog, "index_next", faulty)
    async with opened(tmp_path) as store:
        await bring(store, pages(ANA))
        await until_indexed(store)
    assert faults == []


async def test_what_waits_does_not_wait_for_ever_while_more_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "PAUSE", 0.001)
    monkeypatch.setattr(indexing, "PATIENCE", 3)
    async with opened(tmp_path) as store:
        await bring(store, pages(ANA))

        async def keep_coming() -> None:
            while True:
                store.indexing.hear()
                await asyncio.sleep(0)

        coming = asyncio.create_task(keep_coming())
        await until_indexed(store)
        coming.cancel()


def test_the_backlog_has_few_turns_while_much_comes_and_every_one_when_it_lasts() -> None:
    turns = [pauses for pauses in range(1, 700) if indexing.has_turn(pauses)]
    assert turns[:3] == [30, 40, 50]
    assert turns[-99:] == list(range(601, 700))
    assert len(turns) == 99 + 58


async def until_indexed(store: Store) -> None:
    async with asyncio.timeout(20):
        while await waiting(store):
            await asyncio.sleep(0.005)
