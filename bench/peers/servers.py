"""Processes of peers: started, waited for, and ended."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.nodes import STEP
from bench.peers.installing import LAST_LINES, Absent

START_PATIENCE = 60.0
"""Seconds in which a server of a peer must listen."""


@contextmanager
def served(command: Sequence[str], port: int, folder: Path) -> Iterator[subprocess.Popen]:
    """A server that listens on a port of this computer; raises `Absent` when it does not."""
    errors = folder / "server.errors"
    with errors.open("a") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=folder)
    try:
        _wait(process, port, errors)
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen, port: int, errors: Path) -> None:
    until = time.monotonic() + START_PATIENCE
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > until:
            raise Absent(f"it did not start: {errors.read_text()[-LAST_LINES:].strip()}")
        time.sleep(STEP / 10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def told_by(command: Sequence[str], folder: Path, **environment: str) -> list[dict]:
    """What a program says on stdout, a line of JSON each; raises `Absent` when it fails."""
    done = subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True, env=os.environ | environment
    )
    if done.returncode:
        raise Absent(f"it failed: {(done.stderr or done.stdout)[-LAST_LINES:].strip()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
