"""The log file in the home: what the node noted, bounded, for its owner's eyes."""

import logging
import os
import sys
from pathlib import Path

from hedgerow_node import logs
from hedgerow_node.config import MAX_LOG, PRIVATE_FILE, Home, LogFormat


class LogFile:
    """A file to be written to, that becomes `log.old` when it is too long. Errors of the disk are swallowed.

    A node that cannot write its log goes on: what it is for matters more.
    """

    def __init__(self, path: Path, most: int = MAX_LOG) -> None:
        self._path = path
        self._most = most
        self._handle: int | None = None

    def write(self, text: str) -> int:
        """Append `text`."""
        try:
            self._append(text.encode("utf-8", "backslashreplace"))
        except OSError:
            self._handle = None
        return len(text)

    def flush(self) -> None:
        """Nothing waits: every line is written at once."""

    def _append(self, data: bytes) -> None:
        if self._handle is None:
            self._handle = os.open(
                self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE_FILE
            )
        if os.fstat(self._handle).st_size + len(data) > self._most:
            os.close(self._handle)
            self._handle = None
            self._path.rename(self._path.with_name(self._path.name + ".old"))
            self._append(data)
            return
        os.write(self._handle, data)


def start_log(home: Home, level: int = logging.INFO, beside: LogFormat = LogFormat.FILE) -> None:
    """Send the log of this process to the file in the home, and where `beside` says so to the error stream."""
    logs.configure(LogFile(home.log), level=level, as_json=True)  # type: ignore[arg-type]
    if beside is not LogFormat.FILE:
        logs.also(sys.stderr, as_json=beside is LogFormat.JSON)
