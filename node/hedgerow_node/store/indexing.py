"""Indexing: brings what is on the backlog into the index, beside everything else.

What came in bulk waits until no more comes, so that storing has the machine to itself. While more comes, a little is
indexed after three seconds and then each second, for whoever looks what comes; after a minute both take turns.
"""

import asyncio
from contextlib import suppress

from hedgerow_node.logs import Log
from hedgerow_node.store import backlog
from hedgerow_node.store.database import Database

log = Log("indexing")

PAUSE = 0.1
"""Seconds without a put after which no more seems to come."""
PATIENCE = 30
"""Pauses that the backlog waits while more comes: three seconds."""
RARELY = 10
"""After that, every how many pauses it has a turn, as long as this lasts no more than `LONG` of them: a minute."""
LONG = 600
RETRY = 30.0
"""Seconds after which indexing is tried again when the store failed: a full disk, most of the time."""


class Indexing:
    """Works on the backlog of one database. `start` it, `hear` when there may be more, `stop` it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due = asyncio.Event()
        self._puts = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with what an earlier run of the program left."""
        self._due.set()
        self._task = asyncio.create_task(self._run())

    def hear(self) -> None:
        """Messages were put."""
        self._puts += 1
        self._due.set()

    async def finish(self) -> None:
        """Index all that waits, now. Raises `StoreError`."""
        while await self._database.write(backlog.index_next):
            pass

    async def stop(self) -> None:
        """End; what waits is kept for the next start."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._take_turns()
            except Exception as error:
                # Whatever it is: without this task nothing that comes would ever be found.
                log.failure("what came cannot be made searchable", error)
                await asyncio.sleep(RETRY)
                self._due.set()

    async def _take_turns(self) -> None:
        heard, pauses, more = 0, 0, True
        while more:
            if self._puts != heard:
                heard, pauses = self._puts, pauses + 1
                await asyncio.sleep(PAUSE)
                if self._puts != heard and not has_turn(pauses):
                    continue
            more = await self._database.write(backlog.index_next)


def has_turn(pauses: int) -> bool:
    """Whether a batch is indexed though more comes, after so many pauses."""
    return pauses > LONG or (pauses >= PATIENCE and pauses % RARELY == 0)
