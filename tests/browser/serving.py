"""A node as a process of its own, with something in it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hedgerow_node.clock import Clock

Fill = Callable[[Path, Clock], Coroutine[None, None, None]]
STOP = 30
"""Seconds that the process has to end."""


@dataclass(frozen=True)
class Running:
    """A node that serves its pages."""

    base: str
    """http://127.0.0.1:PORT"""
    start: str
    """A one-time link."""
    peer: str | None = None
    """HOST:PORT where others are let in."""

    @classmethod
    @contextmanager
    def open(cls, home: Path, fill: Fill) -> Iterator["Running"]:
        """Fill the home, run the node, stop it."""
        # In a thread of its own: in this one the browser's event loop runs.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(fill(home, Clock()))).result()
        command = [sys.executable, "-m", "hedgerow_node", "--home", str(home), "run", "--no-open", "--json"]
        command += ["--page", "127.0.0.1:0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment()) as process:
            assert process.stdout is not None
            first = json.loads(process.stdout.readline())
            yield cls(first["page"], first["start"], first["peer"])
            process.terminate()
            process.wait(STOP)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEDGEROW_")}
    return {**kept, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
