"""First runs that a power cut ends: one process after another dies at its n-th change of a file.

Run as a program with a folder; it leaves the homes 1, 2, … in it, the last one of a run that came to its end.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

from hedgerow_node.config import Home
from hedgerow_node.node import Node
from node.clocks import FakeClock
from node.crashes import CHANGES


def main(folder: Path) -> None:
    step = 0
    is_whole = False
    while not is_whole:
        step += 1
        child = os.fork()
        if child == 0:
            _run(Home(folder / str(step)), step)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        is_whole = os.waitstatus_to_exitcode(status) == 0


def _run(home: Home, step: int) -> None:
    calls = 0

    def dying(function: Callable) -> Callable:
        def counted(*arguments, **keywords):
            nonlocal calls
            calls += 1
            if calls == step:
                os._exit(9)
            return function(*arguments, **keywords)

        return counted

    for name in CHANGES:
        setattr(os, name, dying(getattr(os, name)))
    asyncio.run(_open(home, step))


async def _open(home: Home, step: int) -> None:
    await (await Node.open(home, FakeClock(seed=step))).close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
