"""The waiting room: what outsiders sent goes into quarantine, and out of it when they are carried.

Outsiders must cost those who are in scope nothing. So what they sent is gathered and written at most once in
`config.QUARANTINE_PAUSE`, and what comes faster than it can be written is dropped and counted.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from hedgerow_node.config import QUARANTINE_BUFFER, QUARANTINE_PAUSE, RELEASE_BATCH
from hedgerow_node.driver import Driver
from hedgerow_node.node import Node
from hedgerow_node.problems import Problem
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import Quarantine
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.message import Message

OUTSIDERS = "what outsiders sent"
TOO_FAST = "was dropped: more came at once than waits"
NO_ROOM = "left the quarantine: it is full"
FAILED = "could not be put into quarantine"


class Waiting:
    """Puts messages of outsiders into the quarantine of one node's store, and takes them out again."""

    def __init__(
        self, node: Node, driver: Driver, beside: Callable[[Coroutine[object, object, None]], None]
    ) -> None:
        """`beside` runs work that nobody waits for."""
        self._node = node
        self._driver = driver
        self._beside = beside
        self._buffer: list[tuple[DeviceKey, Message]] = []
        self._is_writing = False
        self._releasing = asyncio.Lock()

    def take(self, effect: Quarantine) -> None:
        """These came; they are written soon."""
        room = QUARANTINE_BUFFER - len(self._buffer)
        self._buffer += [(effect.device, message) for message in effect.messages[:room]]
        for _ in effect.messages[room:]:
            self._driver.noting.note(OUTSIDERS, TOO_FAST)
        if self._buffer and not self._is_writing:
            self._is_writing = True
            self._beside(self._write())

    async def _write(self) -> None:
        try:
            while self._buffer:
                await asyncio.sleep(QUARANTINE_PAUSE)
                brought, self._buffer = self._buffer, []
                await self._put(brought)
        finally:
            self._is_writing = False

    async def _put(self, brought: Sequence[tuple[DeviceKey, Message]]) -> None:
        try:
            gone = await self._node.store.quarantine.put(brought, self._node.clock.now())
        except Problem as problem:
            self._driver.noting.failure(f"{OUTSIDERS} {FAILED}", problem)
            return
        for _ in range(gone):
            self._driver.noting.note(OUTSIDERS, NO_ROOM)

    def on_carried(self, carried: Carried) -> None:
        """Others are carried now: what waits of them goes the way of what comes in; of those denied, nothing waits."""
        self._beside(self._release(carried))

    async def _release(self, carried: Carried) -> None:
        async with self._releasing:
            quarantine = self._node.store.quarantine
            waiting = await quarantine.authors()
            if denied := waiting & carried.denied:
                await quarantine.drop(denied)
            due = waiting & (carried.authors | carried.private)
            if not due:
                return
            for author in sorted(due):
                batch, last = await quarantine.next_of(author, 0, RELEASE_BATCH)
                while last:
                    self._driver.release(batch)
                    batch, last = await quarantine.next_of(author, last, RELEASE_BATCH)
            # What is stored by then can go; the rest is tried again when next somebody else is carried.
            await asyncio.sleep(QUARANTINE_PAUSE)
            await quarantine.drop_admitted(due)
