"""Who is at the near end of a connection on this computer: so that a proxy knows whose line it is (Linux)."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

SOCKETS = Path("/proc/net/tcp")
LOCAL, INODE = 1, 9
"""Columns."""


def process_at(port: int, processes: Iterable[int]) -> int | None:
    """Which of these processes has the IPv4 socket that is bound to this port; None for none of them."""
    name = f"socket:[{_inode(port)}]"
    return next((process for process in processes if name in _open_files(process)), None)


def _inode(port: int) -> str:
    ending = f":{port:04X}"
    for line in SOCKETS.read_text().splitlines()[1:]:
        columns = line.split()
        if columns[LOCAL].endswith(ending):
            return columns[INODE]
    return ""


def _open_files(process: int) -> set[str]:
    found = set()
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{process}/fd"):
            with suppress(OSError):
                found.add(os.readlink(entry.path))
    return found
