"""The worker processes, seen from the node: each batch goes to the one that has least to do."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from hedgerow_node.checking.worker import LENGTH, Verdict, pack, unpack_verdicts
from hedgerow_node.config import CHECK_TIMEOUT

COMMAND = (sys.executable, "-P", "-m", "hedgerow_node.checking.worker")
"""Without the current folder in its path: what lies there is not ours."""


class WorkerLost(Exception):
    """A worker could not be started, ended, or answers nothing: its batches are to be checked elsewhere."""


class Worker:
    """One process; it is given batches before it has answered those it has, so that it never waits for us."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()
        self.load = 0
        """Messages that it has not yet answered."""

    @classmethod
    async def start(cls) -> "Worker":
        """Start a process; raises `WorkerLost`."""
        try:
            # In a session of its own an interruption at the terminal is for the node alone, which ends its workers.
            process = await asyncio.create_subprocess_exec(
                *COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
            )
        except (OSError, NotImplementedError) as error:
            raise WorkerLost from error
        return cls(process)

    async def check(self, messages: Sequence[bytes], net: int) -> list[Verdict]:
        """The verdicts on a batch; raises `WorkerLost`."""
        self.load += len(messages)
        try:
            return await self._ask(pack([net, messages]))
        except (EOFError, OSError, TimeoutError) as error:
            raise WorkerLost from error
        finally:
            self.load -= len(messages)

    async def _ask(self, batch: bytes) -> list[Verdict]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(batch)
        # Answers come in the order of the batches, and so do turns; what stands before in the queue does not count.
        async with self._turn, asyncio.timeout(CHECK_TIMEOUT):
            length = await self._process.stdout.readexactly(LENGTH)
            return unpack_verdicts(await self._process.stdout.readexactly(int.from_bytes(length)))

    async def stop(self) -> None:
        """End the process."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class Workers:
    """All worker processes of a node, or none."""

    def __init__(self) -> None:
        self._workers: list[Worker] = []

    @property
    def are_there(self) -> bool:
        """Whether batches can be given."""
        return bool(self._workers)

    async def start(self, count: int) -> None:
        """Start this many; raises `WorkerLost`, and then none is there."""
        started: list[Worker] = []
        try:
            for _ in range(count):
                started.append(await Worker.start())  # noqa: PERF401 - stopped on error
        except BaseException:
            await _stop(started)
            raise
        self._workers = started

    async def check(self, messages: Sequence[bytes], net: int) -> list[Verdict]:
        """The verdicts on a batch; raises `WorkerLost`, and then none is there any more."""
        try:
            return await min(self._workers, key=lambda one: one.load).check(messages, net)
        except BaseException:
            # Also where the wait was cancelled: an answer that nobody reads would be taken for the next one's.
            await self.stop()
            raise

    async def stop(self) -> None:
        """End all of them; what they have is answered with `WorkerLost`."""
        stopped, self._workers = self._workers, []
        await _stop(stopped)


async def _stop(workers: Sequence[Worker]) -> None:
    for one in workers:
        await one.stop()
