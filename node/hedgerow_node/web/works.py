"""Acts that take longer than a page should: they go on by themselves, and a page shows how far they are."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hedgerow_node.clock import Clock
from hedgerow_node.commands.operation import Json
from hedgerow_node.config import LINK_BYTES, MAX_WORKS, MAX_WORKS_KEPT, SHORT_WAIT
from hedgerow_node.logs import Log
from hedgerow_node.node import OnProgress
from hedgerow_node.problems import Code, Problem

log = Log("pages")


@dataclass(slots=True)
class Work:
    """One long act."""

    kind: str
    """Which page shows its outcome."""
    done: int = 0
    total: int = 0
    """0 while it is not known."""
    result: Json | None = None
    problem: Problem | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is an outcome."""
        return self.result is not None or self.problem is not None

    def on_progress(self, done: int, total: int) -> None:
        """Note how far it is."""
        self.done, self.total = done, total


class Works:
    """The long acts of one node. They end with it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._works: OrderedDict[str, Work] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, kind: str, act: Callable[[OnProgress], Awaitable[Json]]) -> str:
        """Begin an act and give it a moment to end; the name by which `find` knows it. Raises `Problem`."""
        if len(self._tasks) >= MAX_WORKS:
            raise Problem(Code.TOO_MUCH_AT_ONCE)
        name, work = self._clock.entropy(LINK_BYTES).hex(), Work(kind)
        self._works[name] = work
        while len(self._works) > MAX_WORKS_KEPT:
            self._works.popitem(last=False)
        task = asyncio.create_task(_run(work, act))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait({task}, timeout=SHORT_WAIT)
        return name

    def find(self, name: str) -> Work | None:
        """The act of this name, under way or over."""
        return self._works.get(name)

    async def close(self) -> None:
        """Stop what is under way; what it has stored so far stays."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _run(work: Work, act: Callable[[OnProgress], Awaitable[Json]]) -> None:
    try:
        work.result = await act(work.on_progress)
    except Problem as problem:
        work.problem = problem
    except Exception as error:  # nobody waits for it: it is told on the page of the act
        log.failure("a long act failed", error)
        work.problem = Problem(Code.UNEXPECTED)
