"""What a hostile peer can do on a link to a running node: lose the link, and leave one line in the log."""

import asyncio
import contextlib

import pytest

from hedgerow_node import config, driver
from hedgerow_node.links import link as links
from hedgerow_node.node import Draft
from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import Reason
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.frame import (
    Accept,
    Changed,
    Err,
    Get,
    IHave,
    Messages,
    Mode,
    NegErr,
    NegMsg,
    NegOpen,
    Ping,
    Scope,
    SessionFault,
    Sub,
    Unsub,
    Want,
    encode_frame,
)
from hedgerow_protocol.handshake import SecureChannel
from hedgerow_protocol.kinds import Comment
from node.network.scene import Scene
from node.network.stranger import BINARY, CLOSE, Stranger, stranger
from node.network.world import eventually


async def test_frames_of_the_websocket_after_its_end_are_not_read(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        await peer.send(CLOSE, b"\x03\xe8")
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                await peer.send(BINARY, bytes(1_000))
        assert await peer.is_cut()


async def test_one_who_falls_silent_is_asked_and_then_cut(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PING_AFTER", 0.2)
    monkeypatch.setattr(limits, "DEAD_AFTER", 0.6)
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        await peer.take(Ping)
        assert await peer.is_cut()
    scene.expect("a link was cut", "silent for too long")


def nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


MALFORMED = {
    "no array": (b"\x05", Reason.WRONG_SHAPE),
    "an empty array": (b"\x90", Reason.WRONG_SHAPE),
    "not canonical": (b"\x92\xcc\x02\x01", Reason.NOT_CANONICAL),
    "a map": (b"\x81\x01\x02", Reason.NOT_CANONICAL),
    "cut off": (b"\x92\x02", Reason.NOT_CANONICAL),
    "more behind it": (b"\x92\x02\x01\x00", Reason.NOT_CANONICAL),
    "nested deep": (nested(2_000), Reason.NOT_CANONICAL),
    "an array that claims 4 GiB": (b"\xdd\xff\xff\xff\xff", Reason.NOT_CANONICAL),
    "bytes that claim 4 GiB": (b"\xc6\xff\xff\xff\xff", Reason.NOT_CANONICAL),
    "an unknown even type": (codec.encode([200, 1]), Reason.UNKNOWN_FRAME),
    "too few values": (codec.encode([2]), Reason.WRONG_SHAPE),
    "too many values": (codec.encode([2, 1, 1]), Reason.WRONG_SHAPE),
    "a value of another type": (codec.encode([2, b"1"]), Reason.WRONG_SHAPE),
    "a number that is too large": (codec.encode([2, 2**32]), Reason.OUT_OF_RANGE),
    "messages nobody asked for": (encode_frame(Messages(5, (), more=False)), Reason.UNEXPECTED_FRAME),
    "a scope nobody asked for": (encode_frame(Scope(2, 1, b"")), Reason.UNEXPECTED_FRAME),
    "a WANT without announcement": (encode_frame(Want(2, bytes(32))), Reason.UNEXPECTED_FRAME),
    "a round outside a session": (encode_frame(NegMsg(1, b"a")), Reason.UNEXPECTED_FRAME),
    "ids that are not whole": (codec.encode([26, 1, bytes(31)]), Reason.WRONG_SHAPE),
    "ids without hops": (encode_frame(IHave(1, bytes(32), b"")), Reason.WRONG_SHAPE),
    "a filter that is none": (encode_frame(Sub(1, b"\xff", 1)), None),
    "an unknown mode": (encode_frame(Sub(1, Filter().encode(), 9)), Reason.OUT_OF_RANGE),
    "an acceptance nobody brought": (codec.encode([42, 1, 0]), Reason.UNEXPECTED_FRAME),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_frame_ends_the_link_and_is_named(scene: Scene, name: str) -> None:
    packed, reason = MALFORMED[name]
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        await peer.put_bytes(packed)
        end = await peer.take(Err)
        assert reason is None or end.text == reason
        assert await peer.is_cut()
    scene.expect("a link was cut", end.text)


def seal_raw(peer: Stranger, plaintext: bytes) -> bytes:
    """A Noise message with any plaintext, also one that no channel makes."""
    assert peer.channel is not None
    return peer.channel._sending.encrypt(plaintext)


@pytest.mark.parametrize("plaintext", [b"", SecureChannel.LAST, b"\x02abc", SecureChannel.MORE + b"abc"])
async def test_a_chunk_that_no_channel_makes_ends_the_link(scene: Scene, plaintext: bytes) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        await peer.send(BINARY, seal_raw(peer, plaintext))
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.WRONG_SHAPE)


async def test_noise_that_does_not_decrypt_ends_the_link(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        await peer.send(BINARY, bytes(100))
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.BAD_HANDSHAKE)


async def test_a_frame_of_endless_chunks_ends_at_its_limit(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        with contextlib.suppress(ConnectionError):
            for _ in range(8):
                await peer.send(BINARY, seal_raw(peer, SecureChannel.MORE + bytes(limits.MAX_CHUNK)))
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.TOO_BIG)


@pytest.mark.parametrize(
    "frame", [Ping(1), Unsub(1), Changed(1), Accept(1, b"", b"")], ids=lambda one: type(one).__name__
)
async def test_frames_unasked_have_a_limit(scene: Scene, frame) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        with contextlib.suppress(ConnectionError):
            for _ in range(int(limits.FRAME_BURST) + 200):
                await peer.put(frame)
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.UNEXPECTED_FRAME)
    if isinstance(frame, Accept):
        assert 1 <= len(scene.lines.of("an acceptance does not hold")) <= config.LOG_BURST
        scene.lines.forget("an acceptance does not hold")


async def test_questions_at_once_have_a_limit(scene: Scene) -> None:
    await scene.seed.share(100)
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        with contextlib.suppress(ConnectionError):
            for request in range(1, 2_000, 2):
                await peer.put(Get(request, bytes(32)))
        assert await peer.is_cut()
    scene.expect("a link was cut", Reason.UNEXPECTED_FRAME)


async def test_sessions_at_once_have_a_limit_that_is_told(scene: Scene) -> None:
    await scene.seed.share(10)
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        await peer.put(Sub(1, Filter.of_authors({scene.seed.author}).encode(), Mode.OFF))
        scope = await peer.take(Scope)
        for request in range(3, 3 + 2 * limits.MAX_SESSIONS + 2, 2):
            await peer.put(NegOpen(request, 1, scope.version, 1, 0, 0, 5, bytes(16)))
        assert (await peer.take(NegErr)).fault == SessionFault.BUSY


async def test_a_peer_that_asks_and_does_not_read_costs_little_and_is_cut_in_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []

    class Measured(links.Link):
        def send(self, data: bytes) -> None:
            super().send(data)
            waiting.append(self._queued)

    monkeypatch.setattr(driver, "Link", Measured)
    monkeypatch.setattr(links, "WRITE_TIMEOUT", 0.5)
    drafts = [Draft(Comment("https://example.org/", 1, "x" * 16_000)) for _ in range(32)]
    messages = await scene.seed.node.publish_many(drafts)
    ids = b"".join([message.id for message in messages])
    async with stranger(scene.seed.address) as peer:
        await peer.link()
        with contextlib.suppress(ConnectionError):
            request, left = 1, 5
            while left:
                await peer.put(Get(request, ids))
                await asyncio.sleep(0.05)
                request += 2
                # The system takes some megabytes by itself; once it does not, five more are asked for.
                left -= max(waiting, default=0) > config.LINK_ROOM
        await eventually(lambda: bool(scene.lines.of("a link was cut")), "cut")
    assert max(waiting) <= config.LINK_ROOM + limits.MAX_ANSWER + limits.MAX_FRAME
    scene.expect("a link was cut", links.NOT_READ)
