"""The composition: what opens is closed again, whatever goes wrong, and nobody holds a connection for nothing."""

import asyncio
from collections.abc import AsyncIterator
from types import ModuleType

import pytest

from hedgerow_node import app as composition
from hedgerow_node.api import reading
from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.lock import FolderLock

ANY = PageAddress("127.0.0.1", 0)
MOMENT = 0.05


@pytest.fixture
async def served(home: Home) -> AsyncIterator[App]:
    app = await App.open(home, Clock(), Composition(ANY))
    yield app
    await app.close()


@pytest.fixture
def no_patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes one deadline pass at once: (module, name)."""
    monkeypatch.setattr(*request.param, MOMENT)


def soon(module: ModuleType, name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("no_patience", [(module, name)], indirect=True, ids=[name])


async def sent(app: App, data: bytes) -> bytes:
    """What comes back until the other side closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(app.page.rpartition(":")[2]))
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return answer


def request(app: App, rest: str) -> bytes:
    host = app.page.removeprefix("http://")
    token = app.node.home.api_token.read_text().strip()
    return f"POST /api/v1/items HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{rest}".encode()


@soon(composition, "HEADER_DEADLINE")
@pytest.mark.parametrize("beginning", [b"", b"G", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
async def test_a_header_that_does_not_come_to_its_end_ends_the_connection(
    no_patience: None, served: App, beginning: bytes
) -> None:
    assert await sent(served, beginning) == b""


@soon(composition, "IDLE_DEADLINE")
@pytest.mark.parametrize("next_request", ["", "GET /api/v1/st"])
async def test_a_connection_that_asks_for_nothing_more_is_closed(
    no_patience: None, served: App, next_request: str
) -> None:
    answer = await sent(served, request(served, "\r\n") + next_request.encode())
    assert answer.startswith(b"HTTP/1.1 422")
    assert answer.count(b"HTTP/1.1 ") == 1


@soon(reading, "BODY_DEADLINE")
async def test_a_body_that_does_not_come_to_its_end_is_refused(no_patience: None, served: App) -> None:
    head = "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served.page.rpartition(":")[2]))
    writer.write(request(served, head))
    answer = await asyncio.wait_for(reader.readuntil(b"}"), 10)
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"HG-A9" in answer


async def test_what_was_opened_is_closed_when_the_page_cannot_be_served(home: Home) -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as holder:
        port = holder.sockets[0].getsockname()[1]
        wish = Composition(PageAddress("127.0.0.1", port, is_exact=True), listen="127.0.0.1:0")
        with pytest.raises(Problem) as refusal:
            await App.open(home, Clock(), wish)
    assert refusal.value.kind is Code.PORT_TAKEN
    lock = FolderLock(home.path)
    lock.acquire()
    lock.release()
    assert not home.running.exists()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_what_was_opened_is_closed_when_nobody_can_be_let_in(home: Home) -> None:
    with pytest.raises(Problem):
        await App.open(home, Clock(), Composition(ANY, listen="256.0.0.1:0"))
    app = await App.open(home, Clock(), Composition(ANY))
    await app.close()
    assert not home.running.exists()


async def test_the_next_port_is_taken_where_none_was_named(home: Home) -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as holder:
        port = holder.sockets[0].getsockname()[1]
        app = await App.open(home, Clock(), Composition(PageAddress("127.0.0.1", port)))
        found = int(app.page.rpartition(":")[2])
        await app.close()
    assert port < found < port + 20


async def test_without_pages_the_link_is_the_address(served: App) -> None:
    assert served.page_link() == served.page + "/"
    assert served.peer is None


@pytest.mark.parametrize("host", ["0.0.0.0", "", "example.org", "192.168.1.2", "::"])
def test_the_page_is_for_this_computer_alone(host: str) -> None:
    with pytest.raises(Problem) as refusal:
        PageAddress(host, 0)
    assert refusal.value.kind is Code.PORT_TAKEN


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", PageAddress("127.0.0.1", 0, is_exact=True)),
        ("localhost:80", PageAddress("localhost", 80, is_exact=True)),
        ("[::1]:65535", PageAddress("::1", 65_535, is_exact=True)),
    ],
)
def test_an_address_is_read_as_it_is_written(text: str, address: PageAddress) -> None:
    assert PageAddress.parse(text) == address


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:٣", "127.0.0.1:-1", "localhost:65536"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        PageAddress.parse(text)
