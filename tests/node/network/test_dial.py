"""Opening a connection: what is asked for, and which answers are no peer's."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hedgerow_node.links.dial import Dialler
from hedgerow_node.problems import Code, Problem

ACCEPTS = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What RFC 6455 adds to the key of a request."""


@asynccontextmanager
async def server(headers: str) -> AsyncIterator[tuple[str, list[str]]]:
    """An address at which every WebSocket is accepted with these headers, and the heads of the requests there."""
    heads: list[str] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        (key,) = [
            line[18:].strip() for line in heads[-1].splitlines() if line.startswith("Sec-WebSocket-Key")
        ]
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{headers}{_accepted(key)}\r\n".encode())
        await reader.read(-1)
        writer.close()

    listening = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield "ws://{}:{}/peer".format(*listening.sockets[0].getsockname()), heads
    finally:
        listening.close()


def _accepted(key: str) -> str:
    proof = base64.b64encode(hashlib.sha1((key + ACCEPTS).encode()).digest()).decode()
    return (
        f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {proof}\r\nSec-WebSocket-Protocol: hedgerow.1\r\n"
    )


@pytest.fixture
async def dialler() -> AsyncIterator[Dialler]:
    made = Dialler()
    yield made
    await made.close()


async def test_a_dialler_offers_no_extension(dialler: Dialler) -> None:
    async with server("") as (address, heads):
        socket = await dialler.dial(address)
        await socket.close()
    assert "sec-websocket-extensions" not in heads[0].lower()


async def test_a_listener_that_switches_to_an_extension_is_no_peer(dialler: Dialler) -> None:
    async with server("Sec-WebSocket-Extensions: permessage-deflate\r\n") as (address, _):
        with pytest.raises(Problem, match="not the one that was asked for") as found:
            await dialler.dial(address)
    assert found.value.kind == Code.PEER_UNREACHABLE
