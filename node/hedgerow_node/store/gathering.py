"""Gathering: puts that wait while one is under way are stored as one, at the cost of one.

Messages from many links, or from one fast link, come in small batches. What a put costs beyond its messages, a dozen
statements and a commit, is then shared. While much comes, a small put waits a moment for more; a message that comes
alone is stored at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hedgerow_node.store.faults import StoreError
from hedgerow_protocol.message import Message

MAX_TOGETHER = 2_000
"""Messages of one put, but for a larger one that was brought whole: more would let whoever waits wait for long."""

BULK = 64
"""Messages of one put above which much comes, and the next put waits for more."""
ENOUGH = 1_000
"""Messages for which it waits, at most a moment."""
MOMENT = 0.02
"""Seconds."""

Storing = Callable[[Sequence[Message], float], Awaitable[list[Message]]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A put that waits for its turn."""

    messages: Sequence[Message]
    received: float
    new: asyncio.Future[list[Message]]


class Gathering:
    """Puts by way of `store`, which takes messages and when they came and returns those that were new."""

    def __init__(self, store: Storing) -> None:
        self._store = store
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, messages: Sequence[Message], received: float) -> list[Message]:
        """Those of these that were new, after they are on the disk; a message that two bring is new to the first.

        Raises what storing them raises.
        """
        waiting = Waiting(messages, received, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._store_all())
        return await waiting.new

    async def finish(self) -> None:
        """Store what waits."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def _store_all(self) -> None:
        try:
            while self._waiting:
                taken = self._next()
                await self._store_together(taken)
                if _count(taken) > BULK and _count(self._waiting) < ENOUGH:
                    await asyncio.sleep(MOMENT)
        finally:
            self._task = None

    def _next(self) -> list[Waiting]:
        taken: list[Waiting] = []
        size = 0
        while self._waiting and (not taken or size + len(self._waiting[0].messages) <= MAX_TOGETHER):
            size += len(self._waiting[0].messages)
            taken.append(self._waiting.pop(0))
        return [one for one in taken if not one.new.done()]

    async def _store_together(self, puts: list[Waiting]) -> None:
        if not puts:
            return
        messages = [message for one in puts for message in one.messages]
        try:
            new = {message.id: message for message in await self._store(messages, puts[0].received)}
        except Exception as error:
            if len(puts) > 1 and isinstance(error, StoreError):
                await self._store_apart(puts)  # what is too much together may have room alone
            else:
                _fail(puts, error)
            return
        for one in puts:
            _answer(one, [new.pop(message.id) for message in one.messages if message.id in new])

    async def _store_apart(self, puts: list[Waiting]) -> None:
        for one in puts:
            await self._store_together([one])


def _count(puts: Sequence[Waiting]) -> int:
    return sum([len(one.messages) for one in puts])


def _answer(put: Waiting, new: list[Message]) -> None:
    if not put.new.done():
        put.new.set_result(new)


def _fail(puts: list[Waiting], error: Exception) -> None:
    for one in puts:
        if not one.new.done():
            one.new.set_exception(error)
