"""A session in the running node, through its API (specs/13-local-api.md).

What there is it asks the node itself, so that nothing of the node has to be loaded here; for the same reason this is
`http.client` and not aiohttp.
"""

import http.client
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from hedgerow_node.cli.session import NOTHING, Json, OnProgress, Running, ignore
from hedgerow_node.config import API_PATIENCE, Home
from hedgerow_node.problems import Code, Problem

EVENT_STREAM = "text/event-stream"
JSON_TYPE = "application/json"
CHUNK = 65_536
"""Bytes of a file that are written at once."""
OK = 200


class Refused(Problem):
    """A problem in the words of the node that runs."""

    def __init__(self, told: Mapping[str, object]) -> None:
        code = str(told.get("code"))
        kind = next((one for one in Code if one.code == code), Code.UNEXPECTED)
        super().__init__(kind, str(told.get("detail", "")), str(told.get("next", "")))


class _Route(msgspec.Struct, frozen=True):
    name: str
    method: str
    path: str
    is_long: bool


class _Listed(msgspec.Struct, frozen=True):
    operations: list[_Route]


class Remote:
    """See `Session`. Every call has a connection of its own."""

    def __init__(self, home: Home, running: Running) -> None:
        self.running: Running | None = running
        self._address = urlsplit(running.url)
        self._token = home.api_token.read_text(encoding="ascii").strip()
        with self._exchange() as exchange:
            listed = exchange.ask("GET", "/api/v1/operations", None, JSON_TYPE).read()
        self._routes = {route.name: route for route in msgspec.json.decode(listed, type=_Listed).operations}

    def call(
        self, name: str, values: Mapping[str, object] = NOTHING, on_progress: OnProgress = ignore
    ) -> Json:
        """Run the operation of this name on these fields."""
        route = self._routes[name]
        accept = EVENT_STREAM if route.is_long else JSON_TYPE
        with self._exchange() as exchange:
            answer = exchange.ask(route.method, *_request(route, values), accept)
            if route.is_long:
                return _followed(answer, on_progress)
            return _object(answer.read())

    def download(
        self, name: str, values: Mapping[str, object], to: BinaryIO, on_progress: OnProgress
    ) -> None:
        """Run an operation that answers with a file, and write that."""
        route = self._routes[name]
        done = 0
        with self._exchange() as exchange:
            answer = exchange.ask(route.method, *_request(route, values), "*/*")
            while chunk := answer.read1(CHUNK):
                to.write(chunk)
                done += len(chunk)
                on_progress(done, 0)

    def page_link(self) -> str:
        """A fresh address that lets the owner's browser in."""
        with self._exchange() as exchange:
            return str(_object(exchange.ask("POST", "/api/v1/page-link", None, JSON_TYPE).read())["url"])

    def events(self) -> Iterator[tuple[str, Json]]:
        """Name and data of what happens in the node from now on, until it stops."""
        with self._exchange() as exchange:
            yield from _events(exchange.ask("GET", "/api/v1/events", None, EVENT_STREAM))

    def _exchange(self) -> "_Exchange":
        return _Exchange(self._address.netloc, self._token)


class _Exchange:
    """One request and its answer; what goes wrong between is a `Problem`."""

    def __init__(self, netloc: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(netloc, timeout=API_PATIENCE)
        self._token = token

    def __enter__(self) -> "_Exchange":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._connection.close()
        if isinstance(error, (OSError, http.client.HTTPException)):
            raise Problem(Code.CONNECTION_LOST, type(error).__name__) from None

    def ask(self, method: str, path: str, body: bytes | None, accept: str) -> http.client.HTTPResponse:
        """Send; the answer is open to be read. A refusal is raised."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": accept}
        if body is not None:
            headers["Content-Type"] = JSON_TYPE
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        if answer.status != OK:
            raise Refused(_object(answer.read()))
        return answer


def _request(route: _Route, values: Mapping[str, object]) -> tuple[str, bytes | None]:
    given = {name: value for name, value in values.items() if value is not None}
    path = "/api/v1" + route.path
    for name in list(given):
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(str(given.pop(name)), safe=""))
    if route.method in ("GET", "DELETE"):
        query = urlencode([pair for name, value in given.items() for pair in _pairs(name, value)])
        return (f"{path}?{query}" if query else path), None
    return path, msgspec.json.encode(given)


def _pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case bool():
            yield name, str(value).lower()
        case tuple() | list():
            yield from ((name, str(one)) for one in value)
        case _:
            yield name, str(value)


def _followed(answer: http.client.HTTPResponse, on_progress: OnProgress) -> Json:
    for name, data in _events(answer):
        match name:
            case "progress":
                on_progress(int(str(data["done"])), int(str(data["total"])))
            case "result":
                return data
            case "problem":
                raise Refused(data)
    raise Problem(Code.CONNECTION_LOST)


def _events(answer: http.client.HTTPResponse) -> Iterator[tuple[str, Json]]:
    """The events of a stream until it ends; comments are passed over."""
    name = ""
    for line in iter(answer.readline, b""):
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, _object(value.encode())


def _object(data: bytes) -> Json:
    try:
        value = msgspec.json.decode(data)
    except msgspec.MsgspecError:
        value = None
    if not isinstance(value, dict):
        raise Problem(Code.CONNECTION_LOST, "the answer is not JSON")
    return value
