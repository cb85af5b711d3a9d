"""What a hostile stranger can do at the door of a running node before there is a link: lose the connection."""

import asyncio
import contextlib
import os

import pytest

from hedgerow_node import config
from hedgerow_node.links import link as links
from hedgerow_node.listener import ENDLESS, LATE
from hedgerow_protocol import limits
from hedgerow_protocol.errors import Reason
from hedgerow_protocol.frame import (
    Ping,
    Pong,
)
from node.network.scene import Scene
from node.network.stranger import BINARY, COMPRESSED, PING, TEXT, stranger
from node.network.world import eventually


@pytest.mark.parametrize(
    "garbage", [b"\0" * 100, b"\xff\xfe\xfd\r\n\r\n", b"\x16\x03\x01" + b"x" * 50 + b"\r\n\r\n"]
)
async def test_garbage_instead_of_a_request_is_answered_with_no_version_or_cut(
    scene: Scene, garbage: bytes
) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.write(garbage)
        answer = await peer.answer()
        assert b"aiohttp" not in answer
        assert b"Python" not in answer
        assert len(answer) < 300


@pytest.mark.limit("HEADER_DEADLINE")
async def test_a_connection_on_which_nothing_is_sent_is_cut_at_the_deadline(scene: Scene) -> None:
    assert config.HEADER_DEADLINE == 15.0
    async with stranger(scene.seed.address) as peer:
        assert await peer.is_cut()
    scene.expect("a connection was cut", LATE)


async def test_a_half_sent_header_is_cut_at_the_deadline(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.write(b"GET /peer HTTP/1.1\r\nHost: x\r\n")
        assert await peer.is_cut()
    scene.expect("a connection was cut", LATE)


@pytest.mark.parametrize("blank", [b"\r\n\r\n", b"\r\n" * 7, b"\n\r\n\r\n"])
async def test_empty_lines_in_front_of_a_half_sent_header_buy_no_time(scene: Scene, blank: bytes) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.write(blank + b"GET /peer HTTP/1.1\r\nHost: x\r\n")
        assert await peer.is_cut()
    scene.expect("a connection was cut", LATE)


async def test_a_header_that_drips_is_cut_at_the_deadline(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        with contextlib.suppress(ConnectionError):
            await peer.write(b"GET /peer HTTP/1.1\r\n")
            for _ in range(20):
                await peer.write(b"X: y\r\n")
                await asyncio.sleep(0.05)
        assert await peer.is_cut()
    scene.expect("a connection was cut", LATE)


@pytest.mark.limit("MAX_REQUEST_HEADER")
async def test_a_header_beyond_its_limit_is_cut_though_the_library_would_take_it(scene: Scene) -> None:
    fields = [b"X-%d: " % number + b"y" * 1_000 + b"\r\n" for number in range(40)]
    async with stranger(scene.seed.address) as peer:
        with contextlib.suppress(ConnectionError):
            await peer.write(b"GET /join HTTP/1.1\r\nHost: x\r\n" + b"".join(fields) + b"\r\n")
            assert await peer.answer() == b""
    scene.expect("a connection was cut", ENDLESS)
    async with stranger(scene.seed.address) as peer:
        await peer.write(b"GET /join HTTP/1.1\r\nHost: x\r\n" + b"".join(fields[:31]) + b"\r\n")
        assert b"200 OK" in await peer.answer()


async def test_after_one_answer_the_connection_ends(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.write(b"GET /join HTTP/1.1\r\nHost: x\r\n\r\nGET /join HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await peer.answer()
        assert answer.count(b"HTTP/1.1 200") == 1
        assert b"\r\nServer:" not in answer


async def test_only_reading_is_answered(scene: Scene) -> None:
    for path in ("/peer", "/join"):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"):
            async with stranger(scene.seed.address) as peer:
                await peer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
                assert (await peer.answer()).split(b" ", 2)[1] in (b"400", b"404", b"405")


async def test_another_subprotocol_is_no_link(scene: Scene) -> None:
    for offered in ("hedgerow.2", "", "xhedgerow.1"):
        async with stranger(scene.seed.address) as peer:
            assert await peer.upgrade(offered) == 426


async def test_who_offers_extensions_is_linked_without_any_and_told_no_version(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.link(headers="Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
        for field in (b"extensions", b"server:"):
            assert field not in peer.head.lower()
        await peer.put(Ping(1))
        assert (await peer.take(Pong)).req == 1
        await peer.send(BINARY | COMPRESSED, b"x")
        assert await peer.is_cut()
    scene.expect("a link was cut", links.BROKEN)


async def test_one_that_offers_others_as_well_is_linked_over_what_it_offered(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.link(("hedgerow.9", "hedgerow.1"))
        await peer.put(Ping(1))
        assert (await peer.take(Pong)).req == 1


async def test_an_offer_that_no_honest_peer_makes_ends_before_the_handshake(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        assert await peer.upgrade(", ".join(["hedgerow.1"] * 17)) == 101
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.BAD_HANDSHAKE)


async def test_a_stranger_who_says_nothing_is_cut_when_the_hello_takes_too_long(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HELLO_TIMEOUT", 0.3)
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        assert await peer.is_cut()
    scene.expect("a link was cut", "handshake took too long")


async def test_a_stranger_who_stops_half_way_is_cut_when_the_handshake_takes_too_long(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT", 0.3)
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        await peer.send(BINARY, os.urandom(32))
        assert await peer.is_cut()
    scene.expect("a link was cut", "handshake took too long")


async def test_what_is_not_binary_ends_the_connection(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        await peer.send(TEXT, b"hello")
        assert await peer.is_cut()
    scene.expect("a link was cut", links.NOT_BINARY)


async def test_a_message_larger_than_any_of_noise_ends_the_connection(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        with contextlib.suppress(ConnectionError):
            await peer.send(BINARY, bytes(limits.MAX_NOISE_MESSAGE + 1))
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.TOO_BIG)


@pytest.mark.parametrize("size", [limits.MAX_FRAME_BEFORE_AUTHENTICATION + 1, 5 * limits.KIB])
async def test_more_than_4_kib_before_authentication_end_the_connection(scene: Scene, size: int) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        await peer.send(BINARY, bytes(size))
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.TOO_BIG)


@pytest.mark.limit("MAX_FRAME_BEFORE_AUTHENTICATION")
async def test_4_kib_of_nonsense_are_a_broken_handshake(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        await peer.send(BINARY, bytes(limits.MAX_FRAME_BEFORE_AUTHENTICATION))
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.BAD_HANDSHAKE)


async def test_a_reserved_bit_ends_the_connection(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        await peer.send(BINARY | 0x40, b"x")
        assert await peer.is_cut()
    scene.expect("a link was cut", links.BROKEN)


async def test_endless_empty_fragments_end_when_the_handshake_takes_too_long(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HELLO_TIMEOUT", 0.5)
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        with contextlib.suppress(ConnectionError):
            await peer.send(BINARY, b"", is_last=False)
            for _ in range(100_000):
                await peer.send(0, b"", is_last=False)
        assert await peer.is_cut()
    await eventually(lambda: bool(scene.lines.of("a link was cut")))
    # Either the library counts the fragments, or our own patience ends.
    why = links.BROKEN if scene.lines.of("a link was cut", links.BROKEN) else "handshake took too long"
    scene.expect("a link was cut", why)


async def test_endless_pings_end_the_connection(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                await peer.send(PING, b"x" * 100)
        assert await peer.is_cut()
    scene.expect("a link was cut", links.TOO_MANY_PINGS)


async def test_a_handshake_that_was_recorded_fits_no_other_connection(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        recorded = peer.said
    async with stranger(scene.seed.address) as peer:
        await peer.upgrade()
        await peer.send(BINARY, recorded[0])
        await peer.binary()
        await peer.send(BINARY, recorded[1])
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.BAD_HANDSHAKE)
