"""Who checks a batch: threads of this process for the few messages of every day, worker processes while much comes.

Workers are started when a thousand messages wait to be checked, and end when nothing large came for a while: a node
at rest has one process. What no thread has begun by then goes to them: what comes later waits for its verdicts. Where
they cannot be started, or one is lost, everything is checked by the threads.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

from hedgerow_node.checking.worker import Verdict
from hedgerow_node.checking.workers import WorkerLost, Workers
from hedgerow_node.config import CHECK_IDLE, CHECK_PROCESSES, CHECK_THREADS, MANY_TO_CHECK, SMALL_BATCH
from hedgerow_node.logs import Log
from hedgerow_protocol.checking import check_batch

log = Log("checking")


class Checker:
    """Checks batches of messages of one network."""

    def __init__(self, net: int) -> None:
        self._net = net
        self._threads = ThreadPoolExecutor(CHECK_THREADS, "check")
        self._turns = asyncio.Semaphore(CHECK_THREADS)
        self._workers = Workers()
        self._waiting = 0
        self._served = 0
        self._task: asyncio.Task[None] | None = None

    async def check(self, messages: Sequence[bytes]) -> list[Verdict]:
        """Why each of these is refused, or None where form, network, schema and signature hold."""
        self._waiting += len(messages)
        try:
            self._start_if_much_waits()
            if len(messages) <= SMALL_BATCH:
                return await self._by_threads(messages)
            if not self._workers.are_there:
                async with self._turns:
                    if not self._workers.are_there:
                        return await self._by_threads(messages)
            return await self._by_workers(messages)
        finally:
            self._waiting -= len(messages)

    async def _by_workers(self, messages: Sequence[bytes]) -> list[Verdict]:
        self._served += 1
        try:
            return await self._workers.check(messages, self._net)
        except WorkerLost:
            log.warning("a worker was lost: its messages are checked by threads")
            return await self._by_threads(messages)

    async def _by_threads(self, messages: Sequence[bytes]) -> list[Verdict]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, check_batch, messages, self._net)

    def _start_if_much_waits(self) -> None:
        if self._task is None and self._waiting >= MANY_TO_CHECK and CHECK_PROCESSES > 1:
            self._task = asyncio.create_task(self._keep_workers())

    async def _keep_workers(self) -> None:
        """Have workers for as long as they are of use."""
        try:
            await self._workers.start(CHECK_PROCESSES)
            served = -1
            while self._workers.are_there and served != self._served:
                served = self._served
                await asyncio.sleep(CHECK_IDLE)
        except WorkerLost as error:
            log.warning("no workers can be started", error=type(error.__cause__).__name__)
            await asyncio.sleep(CHECK_IDLE)
        finally:
            await self._workers.stop()
            self._task = None

    async def close(self) -> None:
        """End threads and workers, after what they have under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        async with AsyncExitStack() as turns:
            for _ in range(CHECK_THREADS):
                await turns.enter_async_context(self._turns)  # after all who wait for one
            await asyncio.to_thread(self._threads.shutdown)
