"""One link with a socket that a test holds: what is queued, and how it ends."""

import asyncio
from types import SimpleNamespace

import pytest
from aiohttp import WSMsgType

from hedgerow_node.links import link as links
from hedgerow_node.links.link import Link
from hedgerow_protocol.effects import LinkId

KIB = 1_024


class Socket:
    """A WebSocket whose other side reads when the test says so."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.incoming: asyncio.Queue[SimpleNamespace] = asyncio.Queue()
        self.is_closed = False
        self.was_cut = False

    async def send_bytes(self, data: bytes) -> None:
        await self.reads.wait()
        self.sent.append(data)

    async def pong(self, data: bytes) -> None:
        await self.send_bytes(b"pong " + data)

    async def receive(self) -> SimpleNamespace:
        return await self.incoming.get()

    async def close(self) -> bool:
        await self.reads.wait()
        self.is_closed = True
        return True

    def get_extra_info(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(shutdown=self._shutdown)

    def _shutdown(self, how: int) -> None:
        self.was_cut = True

    def bring(self, kind: WSMsgType, data: object = b"") -> None:
        self.incoming.put_nowait(SimpleNamespace(type=kind, data=data))


def make() -> tuple[Link, Socket]:
    socket = Socket()
    return Link(LinkId(1), socket), socket  # type: ignore[arg-type]


def ignore(data: bytes) -> None:
    pass


async def test_what_is_queued_is_sent_in_order_before_the_end() -> None:
    link, socket = make()
    for number in range(100):
        link.send(b"%d" % number)
    link.close("done")
    link.send(b"too late")
    await link.run(ignore)
    assert socket.sent == [b"%d" % number for number in range(100)]
    assert socket.is_closed
    assert not socket.was_cut
    assert link.why_closed == "done"


@pytest.mark.limit("LINK_QUEUE")
async def test_a_queue_at_its_limit_is_kept_and_one_byte_more_ends_the_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "LINK_QUEUE", 10)
    for size, why in ((10, links.BY_THE_PEER), (11, links.NOT_READ)):
        link, _ = make()
        link.send(bytes(size))
        assert link.why_closed == why


@pytest.mark.limit("WRITE_TIMEOUT")
async def test_a_peer_that_does_not_read_is_cut_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "WRITE_TIMEOUT", 0.05)
    monkeypatch.setattr(links, "GOODBYE_TIMEOUT", 0.05)
    link, socket = make()
    socket.reads.clear()
    link.send(b"x")
    await link.run(ignore)
    assert link.why_closed == links.NOT_READ
    assert socket.was_cut


async def test_a_peer_that_reads_is_not_cut_however_long_the_link_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "WRITE_TIMEOUT", 0.02)
    link, socket = make()
    running = asyncio.create_task(link.run(ignore))
    for number in range(5):
        link.send(b"%d" % number)
        await asyncio.sleep(0.03)
    link.close("done")
    await running
    assert link.why_closed == "done"
    assert len(socket.sent) == 5


async def test_an_end_waits_for_the_queue_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "FLUSH_TIMEOUT", 0.05)
    monkeypatch.setattr(links, "GOODBYE_TIMEOUT", 0.05)
    link, socket = make()
    socket.reads.clear()
    link.send(b"x")
    link.close("done")
    await link.run(ignore)
    assert socket.sent == []
    assert socket.was_cut


async def test_room_is_waited_for_and_an_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "LINK_ROOM", 10)
    link, socket = make()
    assert await link.has_room()
    link.send(bytes(11))
    waiting = asyncio.create_task(link.has_room())
    running = asyncio.create_task(link.run(ignore))
    assert await waiting
    socket.reads.clear()
    link.send(bytes(11))
    waiting = asyncio.create_task(link.has_room())
    await asyncio.sleep(0)
    link.close("done")
    assert not await waiting
    socket.reads.set()
    await running


async def test_an_end_by_the_peer_ends_it_and_drops_what_is_queued() -> None:
    for kind in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
        link, socket = make()
        socket.bring(kind, 1_000)
        await link.run(ignore)
        assert link.why_closed == links.BY_THE_PEER


async def test_a_fault_of_ours_in_taking_a_message_is_raised_after_the_goodbye() -> None:
    link, socket = make()

    def fail(data: bytes) -> None:
        raise ZeroDivisionError

    socket.bring(WSMsgType.BINARY, b"x")
    with pytest.raises(ZeroDivisionError):
        await link.run(fail)
    assert socket.is_closed


@pytest.mark.limit("PING_BURST")
async def test_pings_are_answered_up_to_their_number() -> None:
    link, socket = make()
    for _ in range(int(links.PING_BURST)):
        socket.bring(WSMsgType.PING, b"x")
    running = asyncio.create_task(link.run(ignore))
    while len(socket.sent) < links.PING_BURST:
        await asyncio.sleep(0)
    socket.bring(WSMsgType.PONG)
    await running
    assert link.why_closed == links.TOO_MANY_PINGS
    assert socket.sent == [b"pong x"] * int(links.PING_BURST)


async def test_a_link_that_is_cancelled_says_goodbye_and_leaves_no_task() -> None:
    link, socket = make()
    running = asyncio.create_task(link.run(ignore))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert socket.is_closed
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_long_queue_is_told_once_when_it_begins_and_once_when_half_of_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "PUSH_ROOM", 10)
    told: list[bool] = []
    socket = Socket()
    link = Link(LinkId(1), socket, told.append)  # type: ignore[arg-type]
    link.send(bytes(10))
    assert told == []
    link.send(bytes(1))
    link.send(bytes(1))
    assert told == [True]
    link.close("done")
    await link.run(ignore)
    assert told == [True, False]
