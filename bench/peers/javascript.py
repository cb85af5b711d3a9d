"""Peers on Node: ssb-db2 with ssb-ebt, and hypercore. Each run is a process of its own with a fresh folder."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.corpus import SetOfMessages, content_of
from bench.peers import installing
from bench.peers.installing import Absent
from bench.peers.servers import told_by

SCRIPTS = Path(__file__).parent


def texts(wanted: SetOfMessages, folder: Path) -> Path:
    """A file with the texts of a set as ssb.js reads them."""
    file = folder / f"texts-{wanted.count}.jsonl"
    with file.open("w") as lines:
        for place in range(wanted.count):
            content, topics = content_of(wanted, place)
            said = {name: value for name in content.__slots__ if (value := getattr(content, name))}
            kind = type(content).__name__.lower()
            told = {"author": place % wanted.authors, "content": {"type": kind, "topics": topics, **said}}
            lines.write(json.dumps(told) + "\n")
    return file


def run_ssb(job: str, wanted: SetOfMessages, folder: Path, rows: int = 0) -> dict:
    """What ssb.js says of a job over a set, whose first `rows` messages are there before; raises `Absent`."""
    file = texts(wanted, folder)
    return _run(folder, "ssb.js", job, str(folder / "ssb"), str(file), str(wanted.count - rows), str(rows))


def run_hypercore(job: str, count: int, folder: Path, rows: int = 0) -> dict:
    """What hypercore.js says of a job over so many blocks; raises `Absent`."""
    return _run(folder, "hypercore.js", job, str(folder / "hypercore"), str(count), str(rows))


def _run(folder: Path, script: str, job: str, data: str, *numbers: str) -> dict:
    modules = installing.node_modules()
    command = [_node(), str(SCRIPTS / script), job, data, *numbers]
    try:
        return told_by(command, folder, BENCH_MODULES=str(modules))[-1]
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def idle(script: str, folder: Path) -> Iterator[tuple[subprocess.Popen, float]]:
    """A node of this kind that has nothing to do, and the seconds until it was ready; raises `Absent`."""
    modules, data = installing.node_modules(), folder / "idle"
    command = [_node(), str(SCRIPTS / script), "idle", str(data), "0", "0", "0"]
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=folder, env={"BENCH_MODULES": str(modules)}
    )
    try:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("{"):
            if not line:
                raise Absent("it did not start")
        yield process, time.monotonic() - began
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(data, ignore_errors=True)


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        raise Absent("Node is not installed")
    return found
