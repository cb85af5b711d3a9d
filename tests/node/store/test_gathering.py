"""Puts that are gathered: stored as one, answered each for itself."""

import asyncio
from collections.abc import Sequence

import pytest

from hedgerow_node.problems import Code
from hedgerow_node.store import gathering
from hedgerow_node.store.faults import StoreError
from hedgerow_node.store.gathering import Gathering
from hedgerow_protocol.message import Message, MessageId
from node.store.voices import Voice

ANA = Voice("Ana")
SAID = [ANA.shares(f"https://example.org/{number}", "A page") for number in range(8)]


class Shelf:
    """A store that waits to be let on, and keeps what it was given."""

    def __init__(self) -> None:
        self.puts: list[list[Message]] = []
        self.open = asyncio.Event()
        self.held: set[MessageId] = set()
        self.most = 100

    async def put(self, messages: Sequence[Message], received: float) -> list[Message]:
        self.puts.append(list(messages))
        await self.open.wait()
        if len(messages) > self.most:
            raise StoreError(Code.STORE_FULL, "full")
        new = {one.id: one for one in messages if one.id not in self.held}
        self.held.update(new)
        return list(new.values())


async def together(shelf: Shelf, *puts: Sequence[Message]) -> list[list[Message] | BaseException]:
    """Puts that come while a first one is under way; what each was answered."""
    gathered = Gathering(shelf.put)
    first = asyncio.create_task(gathered.put([], 1.0))
    while not shelf.puts:
        await asyncio.sleep(0)
    tasks = [asyncio.create_task(gathered.put(messages, 1.0)) for messages in puts]
    await asyncio.sleep(0)
    shelf.open.set()
    await first
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_comes_while_a_put_is_under_way_becomes_one_put() -> None:
    shelf = Shelf()
    answers = await together(shelf, SAID[:3], SAID[3:5], SAID[5:])
    assert shelf.puts[1:] == [SAID]
    assert answers == [SAID[:3], SAID[3:5], SAID[5:]]


async def test_what_two_bring_is_new_to_the_first_alone() -> None:
    assert await together(Shelf(), SAID[:3], SAID[1:4]) == [SAID[:3], SAID[3:4]]


async def test_no_put_grows_beyond_its_bound_but_one_that_was_brought_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "MAX_TOGETHER", 4)
    shelf = Shelf()
    answers = await together(shelf, SAID[:2], SAID[2:4], SAID[4:5], SAID)
    assert shelf.puts[1:] == [SAID[:4], SAID[4:5], SAID]
    assert answers == [SAID[:2], SAID[2:4], SAID[4:5], SAID[5:]]


async def test_what_fails_together_is_tried_apart_and_each_hears_its_own() -> None:
    shelf = Shelf()
    shelf.most = 2
    first, second = await together(shelf, SAID[:2], SAID[2:6])
    assert first == SAID[:2]
    assert isinstance(second, StoreError)


async def test_a_put_whose_caller_is_gone_is_not_begun() -> None:
    shelf = Shelf()
    gathered = Gathering(shelf.put)
    first = asyncio.create_task(gathered.put(SAID[:1], 1.0))
    await asyncio.sleep(0)
    second = asyncio.create_task(gathered.put(SAID[1:2], 1.0))
    await asyncio.sleep(0)
    second.cancel()
    shelf.open.set()
    assert await first == SAID[:1]
    assert await gathered.put(SAID[2:3], 1.0) == SAID[2:3]
    assert SAID[1].id not in shelf.held


async def test_while_much_comes_a_small_put_waits_a_moment_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "BULK", 2)
    monkeypatch.setattr(gathering, "ENOUGH", 4)
    monkeypatch.setattr(gathering, "MOMENT", 0.05)
    shelf = Shelf()
    shelf.open.set()
    gathered = Gathering(shelf.put)
    much = asyncio.create_task(gathered.put(SAID[:3], 1.0))
    while not shelf.puts:
        await asyncio.sleep(0)
    little = asyncio.create_task(gathered.put(SAID[3:4], 1.0))
    await much
    more = asyncio.create_task(gathered.put(SAID[4:6], 1.0))
    await asyncio.gather(little, more)
    assert shelf.puts == [SAID[:3], SAID[3:6]]
