"""Until the handshake is over a node sends at most three bytes for each that it received, whatever came."""

import asyncio
import base64
import os
from collections.abc import Callable
from contextlib import suppress

import pytest

from hedgerow_node.links.gate import DoorLimits
from hedgerow_node.links.listen import GAIN
from hedgerow_protocol import limits
from hedgerow_protocol.handshake import SUBPROTOCOL, Handshake, Subprotocols
from node.network.stranger import BINARY, PING, TEXT, Closed, Stranger, stranger
from node.network.world import Person, World

REQUESTS = {
    "one byte": b"x",
    "an empty line": b"\r\n\r\n",
    "garbage that ends like a request": b"x\r\n\r\n",
    "binary garbage": b"\x16\x03\x01" + bytes(100) + b"\r\n\r\n",
    "the shortest request": b"GET / HTTP/1.1\r\n\r\n",
    "the shortest request of long ago": b"GET / HTTP/1.0\r\n\r\n",
    "a request with a host": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method that is not allowed": b"POST /peer HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "a method that nobody knows": b"X /peer HTTP/1.1\r\nHost: x\r\n\r\n",
    "no WebSocket": b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n",
    "no WebSocket, from a browser": b"GET /peer HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nUser-Agent: "
    + b"m" * 100
    + b"\r\n\r\n",
    "an upgrade without a key": b"GET /peer HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: hedgerow.1\r\n\r\n",
    "an upgrade of another version": b"GET /peer HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Version: 9\r\nSec-WebSocket-Key: eDEyMzQ1Njc4OTAxMjM0NQ==\r\n"
    b"Sec-WebSocket-Protocol: hedgerow.1\r\n\r\n",
    "a header without end": b"GET /peer HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 40_000,
    "many headers": b"GET /peer HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 2_000 + b"\r\n",
    "several requests": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
    "a long wait for more": b"GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
}


class Scales:
    """What one connection brought to the node, and what it got of it."""

    def __init__(self, peer: Stranger) -> None:
        self.given = self.got = 0
        write, read = peer.write, peer._reader.feed_data

        async def weighed(data: bytes) -> None:
            self.given += len(data)
            await write(data)

        def came(data: bytes) -> None:
            self.got += len(data)
            read(data)

        peer.write = weighed  # type: ignore[method-assign]
        peer._reader.feed_data = came  # type: ignore[method-assign]


@pytest.fixture
async def seed(world: World) -> Person:
    return await world.seed(door=DoorLimits(header_deadline=0.3))


async def weigh(seed: Person, act: Callable[[Stranger], object]) -> Scales:
    """Do something at the door until the node ends the connection."""
    async with stranger(seed.address) as peer:
        scales = Scales(peer)
        with suppress(Closed, ConnectionError, asyncio.IncompleteReadError):
            await act(peer)  # type: ignore[misc]
        assert await peer.is_cut()
    assert scales.given
    return scales


@pytest.mark.parametrize("name", REQUESTS)
async def test_whatever_comes_first_is_worth_three_times_as_much_at_most(seed: Person, name: str) -> None:
    scales = await weigh(seed, lambda peer: peer.write(REQUESTS[name]))
    assert scales.got <= GAIN * scales.given


async def shortest_upgrade(peer: Stranger) -> None:
    """Ask for a WebSocket with no byte too many."""
    key = base64.b64encode(os.urandom(16)).decode()
    await peer.write(
        f"GET /peer HTTP/1.1\r\nHost:x\r\nUpgrade:websocket\r\nConnection:upgrade\r\nSec-WebSocket-Version:13\r\n"
        f"Sec-WebSocket-Key:{key}\r\nSec-WebSocket-Protocol:{SUBPROTOCOL}\r\n\r\n".encode()
    )
    peer.head = await peer._reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in peer.head


async def first_message(peer: Stranger) -> None:
    """Begin a handshake, and take the answer."""
    await shortest_upgrade(peer)
    _, first = Handshake.initiate(
        peer.own_end(), Subprotocols((SUBPROTOCOL,), SUBPROTOCOL), os.urandom(32), None
    )
    await peer.send(BINARY, first)
    await peer.binary()


async def wrong_third_message(peer: Stranger) -> None:
    await first_message(peer)
    await peer.send(BINARY, bytes(200))


async def wrong_first_message(peer: Stranger) -> None:
    await shortest_upgrade(peer)
    await peer.send(BINARY, b"\xff")


async def many_pings(peer: Stranger) -> None:
    await shortest_upgrade(peer)
    for _ in range(100):
        await peer.send(PING, b"")


async def words(peer: Stranger) -> None:
    await shortest_upgrade(peer)
    await peer.send(TEXT, b"")


ACTS = [shortest_upgrade, first_message, wrong_third_message, wrong_first_message, many_pings, words]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_no_step_of_a_handshake_is_worth_more(
    seed: Person, act: Callable[[Stranger], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HELLO_TIMEOUT", 0.3)
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT", 0.5)
    scales = await weigh(seed, act)
    print(f"{act.__name__}: {scales.got} for {scales.given}")
    assert scales.got <= GAIN * scales.given
