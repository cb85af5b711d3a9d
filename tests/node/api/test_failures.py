"""What goes wrong inside is told in words, noted in the log, and never quoted."""

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientPayloadError, ClientSession, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from multidict import CIMultiDict

from hedgerow_node import logs
from hedgerow_node.api.errors import answer_with_pages
from hedgerow_node.api.events import Events
from hedgerow_node.api.guard import Hosts, check_token, own_token
from hedgerow_node.api.routes import make_api
from hedgerow_node.commands.operation import Download, Json, Operation, Request, long_operation, operation
from hedgerow_node.config import Home
from hedgerow_node.node import Node, OnProgress
from hedgerow_node.problems import Code, Problem
from node.api.contract import check_problem
from node.clocks import FakeClock

SECRET = "what somebody wrote in private"
Client = TestClient[web.Request, web.Application]


class Nothing(Request):
    """No fields."""


async def fail(node: Node, request: Nothing) -> Json:
    """Fail as nobody expects."""
    raise RuntimeError(SECRET)


async def fail_late(node: Node, request: Nothing, on_progress: OnProgress) -> Json:
    """Fail after some progress."""
    on_progress(1, 2)
    raise RuntimeError(SECRET)


async def refuse(node: Node, request: Nothing) -> Json:
    """Refuse."""
    raise Problem(Code.NOT_YOURS, "hedgerow:abc")


async def break_off(node: Node, request: Nothing) -> Download:
    """Begin a file and fail."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"the beginning"
        raise RuntimeError(SECRET)

    return Download("x.jsonl", "application/jsonl", chunks())


OPERATIONS: tuple[Operation, ...] = (
    operation("fail", "GET", "/fail", Nothing, fail),
    long_operation("fail late", "POST", "/fail-late", Nothing, fail_late),
    operation("refuse", "GET", "/refuse", Nothing, refuse),
    operation("break off", "GET", "/break-off", Nothing, break_off),
)


@pytest.fixture
def log() -> io.StringIO:
    stream = io.StringIO()
    logs.configure(stream, as_json=True)
    return stream


@pytest.fixture
async def client(node: Node, log: io.StringIO) -> AsyncIterator[Client]:
    """A client of an API that has only operations that fail."""
    token, hosts = own_token(node.home, node.clock), Hosts()
    app = web.Application(middlewares=[answer_with_pages])
    app.add_subapp(
        "/api",
        make_api(node, OPERATIONS, hosts=hosts, token=token, events=Events(), page_link=lambda: "unused"),
    )
    app.router.add_get("/fail", _fail_outside)
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


async def _fail_outside(request: web.Request) -> web.Response:
    raise RuntimeError(SECRET)


def noted(log: io.StringIO) -> dict[str, Any]:
    (line,) = log.getvalue().splitlines()
    return json.loads(line)


async def test_an_error_that_nobody_expected_has_a_code_and_a_reference_to_the_log(
    client: Client, log: io.StringIO
) -> None:
    answer = await client.get("/api/v1/fail")
    problem = await answer.json(content_type="application/problem+json")
    check_problem(problem)
    assert (answer.status, problem["code"]) == (500, "HG-U1")
    assert noted(log)["reference"] in problem["detail"]
    assert noted(log)["error"] == "RuntimeError"
    assert "test_failures.py" in noted(log)["where"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda one: one.get("/api/v1/fail"),
        lambda one: one.get("/fail"),
        lambda one: one.post("/api/v1/fail-late", headers={"Accept": "text/event-stream"}),
    ],
)
async def test_what_an_error_quotes_reaches_neither_the_caller_nor_the_log(
    client: Client, log: io.StringIO, ask: Callable[[Client], Awaitable[Any]]
) -> None:
    text = await (await ask(client)).text()
    assert "HG-U1" in text
    assert SECRET not in text
    assert SECRET not in log.getvalue()
    assert log.getvalue()


async def test_a_problem_keeps_its_code_and_is_not_logged(client: Client, log: io.StringIO) -> None:
    answer = await client.get("/api/v1/refuse")
    problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["code"], problem["detail"]) == (403, "HG-M3", "hedgerow:abc")
    assert log.getvalue() == ""


async def test_a_file_that_breaks_off_is_never_taken_for_a_whole_one(
    client: Client, log: io.StringIO
) -> None:
    answer = await client.get("/api/v1/break-off")
    with pytest.raises(ClientPayloadError):
        await answer.read()
    assert noted(log)["event"] == "unexpected error"


async def test_outside_the_api_an_error_is_a_page(client: Client) -> None:
    answer = await client.get("/fail")
    assert (answer.status, answer.content_type) == (500, "text/html")
    assert "reference" in await answer.text()


def test_a_token_that_others_could_read_is_replaced(home: Home, clock: FakeClock) -> None:
    home.create()
    first = own_token(home, clock)
    assert own_token(home, clock) == first
    assert home.api_token.stat().st_mode & 0o777 == 0o600
    home.api_token.chmod(0o644)
    second = own_token(home, clock)
    assert second != first
    assert home.api_token.stat().st_mode & 0o777 == 0o600
    home.api_token.write_text("short\n")
    assert own_token(home, clock) not in (first, second, "short")


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("127.0.0.1:8470", {"127.0.0.1:8470", "localhost:8470"}),
        ("[::1]:8470", {"[::1]:8470", "localhost:8470"}),
        ("127.0.0.1:80", {"127.0.0.1:80", "localhost:80", "127.0.0.1", "localhost"}),
    ],
)
def test_the_own_origins_are_those_of_the_bound_address(address: str, names: set[str]) -> None:
    hosts = Hosts()
    assert hosts.origins == frozenset()
    hosts.allow(address)
    assert hosts.origins == {f"http://{name}" for name in names}
    assert hosts.page == f"http://{address}"


async def test_a_client_of_another_token_reads_nothing(client: Client) -> None:
    async with ClientSession() as stranger:
        answer = await stranger.get(client.make_url("/api/v1/refuse"))
        assert answer.status == 401


@pytest.mark.parametrize("others", [["127.0.0.1:8470"], ["evil.example"], []])
def test_a_host_counts_only_when_it_is_the_only_one(others: list[str]) -> None:
    hosts = Hosts()
    hosts.allow("127.0.0.1:8470")
    headers = CIMultiDict([("Host", name) for name in ["127.0.0.1:8470", *others]])
    request = make_mocked_request("GET", "/", headers)
    if others:
        with pytest.raises(Problem) as refusal:
            hosts.check(request)
        assert refusal.value.kind is Code.HOST_WRONG
    else:
        hosts.check(request)


@pytest.mark.parametrize("others", [["Bearer right"], ["Bearer wrong"], []])
def test_a_token_counts_only_when_it_is_the_only_one(others: list[str]) -> None:
    headers = CIMultiDict([("Authorization", one) for one in ["Bearer right", *others]])
    request = make_mocked_request("GET", "/", headers)
    if others:
        with pytest.raises(Problem) as refusal:
            check_token(request, "right")
        assert refusal.value.kind is Code.TOKEN_WRONG
    else:
        check_token(request, "right")
