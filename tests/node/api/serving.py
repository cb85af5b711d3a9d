"""A node as a process of its own, and plain HTTP to it."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit


def environment() -> dict[str, str]:
    """This environment without what would lead a node to somebody's real home."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("HEDGEROW_", "COVERAGE_"))
    }
    return {**kept, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


def hedgerow(home: Path, *arguments: str) -> list[str]:
    """The command line of a command."""
    return [sys.executable, "-m", "hedgerow_node", "--home", str(home), *arguments]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the problem."""
        return str(self.json["code"])


class Running:
    """A running node and the ways to speak to it."""

    def __init__(self, home: Path, first: dict[str, Any], process: "subprocess.Popen[str]") -> None:
        self.home = home
        self.page, self.did, self.start, self.peer = (
            first["page"],
            first["did"],
            first["start"],
            first["peer"],
        )
        self.process = process
        self.token = (home / "api-token").read_text().strip()
        self.port = urlsplit(self.page).port

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def send(
        self, method: str, path: str, headers: dict[str, str | None] | None = None, body: bytes | None = None
    ) -> Answer:
        """One request, with the right Host unless `headers` say otherwise; None leaves a header out."""
        connection = self.connect()
        given = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if body is not None:
                given.setdefault("Content-Length", str(len(body)))
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def api(self, method: str, path: str, fields: dict[str, object] | None = None, **headers: str) -> Answer:
        """One request to the API as a program of the owner makes it."""
        given: dict[str, str | None] = {"Authorization": f"Bearer {self.token}", **headers}
        fields = dict(fields or {})
        for name in [name for name in fields if f"{{{name}}}" in path]:
            path = path.replace(f"{{{name}}}", quote(str(fields.pop(name)), safe=""))
        if method in ("GET", "DELETE", "HEAD"):
            query = urlencode({name: _word(value) for name, value in fields.items()}, doseq=True)
            return self.send(method, f"/api/v1{path}" + (f"?{query}" if query else ""), given)
        body = json.dumps(fields).encode()
        return self.send(method, f"/api/v1{path}", {**given, "Content-Type": "application/json"}, body)


@contextmanager
def running(home: Path, *options: str) -> Iterator[Running]:
    """A node on this home, stopped at the end as a person stops it."""
    command = hedgerow(home, "run", "--no-open", "--json", "--page", "127.0.0.1:0", *options)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield Running(home, json.loads(line), process)
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=20)
        assert errors == ""


def _word(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
