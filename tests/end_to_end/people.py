"""People with real nodes: a home each, the command line as a subprocess, a running node as a process."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

OK = 200


class Refused(Exception):
    """A command ended with a code other than 0; `problem` is what it said."""

    def __init__(self, code: int, problem: dict[str, Any]) -> None:
        super().__init__(f"exit {code}: {problem}")
        self.code = code
        self.problem = problem


class Person:
    """Somebody with a home folder of their own."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.home = home
        self.process: subprocess.Popen[str] | None = None
        self.page = self.peer = self.did = ""

    def hedgerow(self, *arguments: str, timeout: float = 300) -> dict[str, Any]:
        """Run one command with --json and return its value."""
        command = [sys.executable, "-m", "hedgerow_node", "--home", str(self.home), *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=_environment())
        if done.returncode != 0:
            try:
                problem = json.loads(done.stdout)
            except ValueError:
                problem = {"stdout": done.stdout, "stderr": done.stderr}
            raise Refused(done.returncode, problem)
        return json.loads(done.stdout)

    def ask(self, method: str, path: str, body: Any = None, timeout: float = 60) -> dict[str, Any]:
        """Call the API of the running node, as a program of its owner would; raises `OSError` where it is gone."""
        token = (self.home / "api-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(urlsplit(self.page).netloc, timeout=timeout)
        try:
            connection.request(
                method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers
            )
            answer = connection.getresponse()
            value = json.loads(answer.read())
        except http.client.HTTPException as error:
            raise ConnectionError(f"{self.name}'s node broke off") from error
        finally:
            connection.close()
        if answer.status != OK:
            raise Refused(answer.status, value)
        return value

    def start(self, *, listen: str | None = None, address: str | None = None) -> None:
        """Start the node and wait until it serves."""
        command = [
            sys.executable,
            "-m",
            "hedgerow_node",
            "--home",
            str(self.home),
            "run",
            "--no-open",
            "--json",
        ]
        command += ["--page", "127.0.0.1:0"] + (["--listen", listen] if listen else [])
        command += ["--address", address] if address else []
        errors = (self.home.parent / f"{self.home.name}.stderr").open("a")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=_environment()
        )
        errors.close()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name}'s node did not start: {Path(errors.name).read_text()[-2_000:]}")
        first = json.loads(line)
        self.page, self.peer, self.did = first["page"], first["peer"], first["did"]

    def stop(self) -> None:
        """Stop the node as a person would."""
        self._end("terminate")

    def kill(self) -> None:
        """End the node without a chance to clean up."""
        self._end("kill")

    def _end(self, how: str) -> None:
        if self.process is None:
            return
        getattr(self.process, how)()
        self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


def _environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("HEDGEROW_", "COVERAGE_"))
    }
    return {**kept, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


def wait_until(is_so: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for something; returns how long it took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.2)
    return time.monotonic() - began


def files_with(folder: Path, needles: list[str]) -> dict[str, list[str]]:
    """Which files below a folder hold which of these texts, as UTF-8 in any case."""
    found: dict[str, list[str]] = {}
    wanted = {needle: {needle.encode(), needle.lower().encode()} for needle in needles}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            hits = [needle for needle, forms in wanted.items() if any(form in data for form in forms)]
            if hits:
                found[str(path.relative_to(folder))] = hits
    return found
