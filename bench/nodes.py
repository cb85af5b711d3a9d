"""Real nodes of the product as processes, with default limits, and load peers beside them."""

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from urllib.parse import quote, urlsplit

from bench.corpus import SetOfMessages
from bench.measuring import cpu_seconds, resident_mb
from bench.places import environment
from bench.sides import NOTHING
from hedgerow_node.config import Home
from hedgerow_protocol.keys import did_of

PATIENCE = 1_800.0
"""Seconds after which a job that does not end is given up."""
STEP = 0.02
LAST_LETTERS = 2_000


class Broken(Exception):
    """A job could not be carried through; the text says what was missing."""


def wait_until(is_so: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait for something; raises `Broken` when it does not come."""
    until = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > until:
            raise Broken(f"not within {patience:.0f} s: {what}")
        time.sleep(STEP)


class Process:
    """A process that writes lines of JSON; the first one says that it is ready."""

    def __init__(self, command: list[str], errors: Path) -> None:
        with errors.open("a") as file:
            self._process = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                env=environment(),
            )
        self._errors = errors
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self.first = self.line()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def line(self) -> dict:
        """The next line; raises `Broken` when the process ends, or says nothing for long."""
        try:
            line = self._lines.get(timeout=PATIENCE)
        except Empty:
            raise Broken(f"a process says nothing for {PATIENCE:.0f} s") from None
        if not line:
            raise Broken(f"a process ended: {self._errors.read_text()[-LAST_LETTERS:]}")
        return json.loads(line)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def tell(self, line: str) -> None:
        """Write a line to the process."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def cpu(self) -> float:
        """Processor seconds used so far."""
        return cpu_seconds(self.pid)

    def peak_mb(self) -> float:
        """The most memory that it had, MB."""
        return resident_mb(self.pid, "VmHWM")

    def stop(self) -> None:
        """End it as a person would."""
        self._process.terminate()
        self._process.wait(timeout=PATIENCE)
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


def free_port() -> int:
    """A port of this computer that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def noted(file: Path) -> list[dict]:
    """What a watched node has noted so far."""
    return [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")]


def load_peer(wanted: SetOfMessages, folder: Path, left_out: str = NOTHING) -> Process:
    """A load peer that holds a set but for a slice of it; `first` has its `invite` and `count`."""
    numbers = [str(one) for one in (wanted.count, wanted.authors, wanted.group)]
    return Process(["-m", "bench.load_peer", *numbers, left_out], folder / "load-peer.errors")


class Node:
    """A home, and the node that runs on it while it does."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The running node."""
        assert self._process is not None, "the node does not run"
        return self._process

    def make_seed(self) -> None:
        """Make the home a seed, which keeps more than a learner's computer can spare; before it is run."""
        command = [sys.executable, "-m", "hedgerow_node", "--home", str(self.home), "seed", "init", "--json"]
        command += ["--name", "Bench", "--url", "http://127.0.0.1"]
        made = subprocess.run(command, check=False, env=environment(), capture_output=True, text=True)
        if made.returncode:
            raise Broken(f"no seed could be made: {made.stdout}{made.stderr}")

    def start(self, *, listen: str | None = None, watched: Path | None = None) -> None:
        """Run the node; `watched` is the file that its frames are noted in, if they shall be."""
        program = ["-m", "hedgerow_node"] if watched is None else ["-m", "bench.watching", str(watched)]
        arguments = ["--home", str(self.home), "run", "--no-open", "--json", "--page", "127.0.0.1:0"]
        arguments += ["--listen", listen] if listen else []
        self._process = Process([*program, *arguments], self.home.with_suffix(".errors"))

    def stop(self) -> None:
        """Stop the node, if it runs."""
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    @contextmanager
    def running(self, **how: object) -> "Iterator[Node]":
        """The node, running as `start` says, for as long as this is open."""
        self.start(**how)
        try:
            yield self
        finally:
            self.stop()

    @property
    def author(self) -> str:
        """The did of its owner."""
        return str(self.process.first["did"])

    @property
    def peer(self) -> str:
        """HOST:PORT where other nodes reach it."""
        return str(self.process.first["peer"])

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """Call the node's API; raises `Broken` with the problem that it tells."""
        token = Home(self.home).api_token.read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(urlsplit(str(self.process.first["page"])).netloc)
        try:
            connection.request(
                method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers
            )
            answer = connection.getresponse()
            value = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise Broken(f"{method} {path}: {value}")
        return value

    def follow(self, wanted: SetOfMessages) -> None:
        """Follow everybody who speaks in a set."""
        for author in wanted.people():
            self.ask("PUT", f"/follows/{quote(did_of(author.key))}", {})

    def join(self, invite: str) -> None:
        """Accept an invite."""
        self.ask("POST", "/join", {"invite": invite})

    def invite(self, **terms: object) -> str:
        """An invite to this node, which listens."""
        return str(self.ask("POST", "/invites", dict(terms))["invite"])

    def messages(self) -> int:
        """How many messages it holds."""
        return int(self.ask("GET", "/status")["messages"])

    def is_searchable(self) -> bool:
        """Whether all that it holds is indexed: what comes in bulk is stored first."""
        return not self.ask("GET", "/status")["not_yet_searchable"]
