"""What a command's operations run in, and whether a node is running that would be it."""

import os
from collections.abc import Callable, Mapping
from typing import BinaryIO, Protocol

import msgspec

from hedgerow_node.config import Home

Json = dict[str, object]
OnProgress = Callable[[int, int], None]
NOTHING: Mapping[str, object] = {}


def ignore(done: int, total: int) -> None:
    """For operations that are done at once."""


class Running(msgspec.Struct, frozen=True):
    """What a running node tells of itself in `running.json`."""

    url: str
    pid: int
    did: str = ""
    peer: str | None = None


class Session(Protocol):
    """Runs operations. All raise `Problem`."""

    running: Running | None
    """The node that runs them; None where this process does."""

    def call(
        self, name: str, values: Mapping[str, object] = NOTHING, on_progress: OnProgress = ignore
    ) -> Json:
        """Run the operation of this name on these fields."""

    def download(
        self, name: str, values: Mapping[str, object], to: BinaryIO, on_progress: OnProgress
    ) -> None:
        """Run an operation that answers with a file, and write that; the total of its progress is not known."""


def running_node(home: Home) -> Running | None:
    """The node that runs on this home, by its own word.

    It is believed only while the process it names is the one that holds the folder: after a crash somebody else
    may listen on its port, and must not be sent our token.
    """
    try:
        running = msgspec.json.decode(home.running.read_bytes(), type=Running)
        holder = int(home.lock.read_bytes() or 0)
        os.kill(running.pid, 0)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    return running if holder == running.pid else None
