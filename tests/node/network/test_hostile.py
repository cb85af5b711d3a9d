"""What a hostile peer can do to a running node: lose its own connection, and leave one line in the log.

After each attack an honest member still gets through, and the log has the one constant event that names it.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import pytest

from hedgerow_node import config, driver, joining
from hedgerow_node.links import link as links
from hedgerow_node.links.gate import DoorLimits
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
    Pong,
    Scope,
    SessionFault,
    Sub,
    Unsub,
    Want,
    encode_frame,
)
from hedgerow_protocol.handshake import SecureChannel
from hedgerow_protocol.kinds import Comment
from node.network.conftest import Lines
from node.network.stranger import BINARY, CLOSE, PING, TEXT, Closed, Stranger, stranger
from node.network.world import Person, World, eventually
from simulator.author import EPOCH, Author

MAX_LINE = 200
"""Letters of a line in the log that a stranger causes."""


class Scene:
    """A seed with a member who is linked to it, and the log."""

    def __init__(self, seed: Person, ana: Person, lines: Lines) -> None:
        self.seed = seed
        self.ana = ana
        self.lines = lines
        self.expected: list[tuple[str, str]] = []

    def expect(self, event: str, why: str = "") -> None:
        """This line, once and no other, is what the log shall have."""
        self.expected.append((event, why))

    async def check(self) -> None:
        """The member still gets through, and the log has what was expected."""
        before = await self.ana.count(self.ana.author)
        await self.ana.share(1, start=before)
        await eventually(lambda: self.seed.has_all_of(self.ana), "the honest member gets through")
        for event, why in self.expected:
            await eventually(lambda e=event, w=why: len(self.lines.of(e, w)) == 1, f"logged: {event}, {why}")
        assert len(self.lines.all()) == len(self.expected), self.lines.all()
        assert all(len(line) <= MAX_LINE for line in self.lines.all())


@pytest.fixture
async def scene(world: World, lines: Lines) -> AsyncIterator[Scene]:
    seed = await world.seed(door=DoorLimits(header_deadline=0.3))
    ana = await world.person("ana")
    await ana.join(seed, makes_member=True)
    await eventually(lambda: seed.has_all_of(ana), "the seed has all of ana")
    await eventually(lambda: bool(lines.of("somebody joined")))
    lines.forget()
    scene = Scene(seed, ana, lines)
    yield scene
    await scene.check()


# --- Before there is a link --------------------------------------------------------------------------------


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


async def test_a_connection_on_which_nothing_is_sent_is_cut_at_the_deadline(scene: Scene) -> None:
    assert config.HEADER_DEADLINE == 15.0
    async with stranger(scene.seed.address) as peer:
        assert await peer.is_cut()


async def test_a_half_sent_header_is_cut_at_the_deadline(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.write(b"GET /peer HTTP/1.1\r\nHost: x\r\n")
        assert await peer.is_cut()


async def test_a_header_that_drips_is_cut_at_the_deadline(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        with contextlib.suppress(ConnectionError):
            await peer.write(b"GET /peer HTTP/1.1\r\n")
            for _ in range(20):
                await peer.write(b"X: y\r\n")
                await asyncio.sleep(0.05)
        assert await peer.is_cut()


async def test_a_header_beyond_its_limit_is_cut_though_the_library_would_take_it(scene: Scene) -> None:
    fields = [b"X-%d: " % number + b"y" * 1_000 + b"\r\n" for number in range(40)]
    async with stranger(scene.seed.address) as peer:
        with contextlib.suppress(ConnectionError):
            await peer.write(b"GET /join HTTP/1.1\r\nHost: x\r\n" + b"".join(fields) + b"\r\n")
            assert await peer.answer() == b""
    async with stranger(scene.seed.address) as peer:
        await peer.write(b"GET /join HTTP/1.1\r\nHost: x\r\n" + b"".join(fields[:31]) + b"\r\n")
        assert b"200 OK" in await peer.answer()


async def test_after_one_answer_the_connection_ends(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.write(b"GET /join HTTP/1.1\r\nHost: x\r\n\r\nGET /join HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await peer.answer()
        assert answer.count(b"HTTP/1.1 200") == 1
        assert b"\r\nServer:" not in answer


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"])
@pytest.mark.parametrize("path", ["/peer", "/join"])
async def test_only_reading_is_answered(scene: Scene, method: str, path: str) -> None:
    async with stranger(scene.seed.address) as peer:
        await peer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        assert (await peer.answer()).split(b" ", 2)[1] in (b"400", b"404", b"405")


async def test_another_subprotocol_is_no_link(scene: Scene) -> None:
    for offered in ("hedgerow.2", "", "xhedgerow.1"):
        async with stranger(scene.seed.address) as peer:
            assert await peer.upgrade(offered) == 426


async def test_no_extension_is_accepted_and_no_version_is_told(scene: Scene) -> None:
    async with stranger(scene.seed.address) as peer:
        offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
        assert await peer.upgrade(headers=offer) == 101
        for field in (b"extensions", b"server:"):
            assert field not in peer.head.lower()


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


# --- On a link -----------------------------------------------------------------------------------------------


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


# --- Messages --------------------------------------------------------------------------------------------------


async def follow(person: Person, *authors) -> None:
    await joining.follow(person.node, [author.key for author in authors])


async def test_twenty_bad_messages_end_the_link_and_the_device_stays_away(scene: Scene) -> None:
    author = Author(666)
    await follow(scene.seed, author)
    async with stranger(scene.seed.address, author) as peer:
        await peer.link()
        await is_carried(peer)
        good = author.resources(limits.MAX_INVALID)
        bad = [message.encode()[:-80] + bytes(80) for message in good]
        for one in bad:
            await peer.put(Messages(0, ((0, one),), more=False))
        assert (await peer.take(Err)).text == "too many bad messages"
        assert await peer.is_cut()
    assert await scene.seed.count(author.key) == 0
    async with stranger(scene.seed.address, author) as again:
        await again.link()
        with pytest.raises(Closed):
            await again.take(Err)
    scene.expect("a link was cut", "too many bad messages")
    scene.expect("a link was cut", "banned")


async def test_nineteen_bad_messages_do_not(scene: Scene) -> None:
    author = Author(666)
    await follow(scene.seed, author)
    async with stranger(scene.seed.address, author) as peer:
        await peer.link()
        await is_carried(peer)
        for message in author.resources(limits.MAX_INVALID - 1):
            await peer.put(Messages(0, ((0, message.encode()[:-80] + bytes(80)),), more=False))
        await peer.put(Messages(0, ((0, author.inception.encode()),), more=False))
        await eventually(lambda: is_held(scene.seed, author.inception))


async def is_carried(peer: Stranger) -> None:
    """Wait until the other side carries this peer's author, who subscribes to himself."""
    await peer.put(Sub(1, Filter.of_authors({peer.author.key}).encode(), Mode.OFF))
    while (await peer.take(Scope)).carried != b"\x01":
        pass


async def is_held(person: Person, message) -> bool:
    return bool(await person.node.store.messages.known([message.id]))


async def test_a_flood_of_pushes_is_dropped_beyond_its_quota_and_nothing_is_lost(
    scene: Scene, world: World
) -> None:
    count = int(limits.PUSH_BURST) + 500
    author = Author(666)
    messages = [author.inception, *author.resources(count)]
    await follow(scene.seed, author)
    async with stranger(scene.seed.address, author) as peer:
        await peer.link()
        await is_carried(peer)
        for start in range(0, len(messages), 100):
            batch = tuple([(0, message.encode()) for message in messages[start : start + 100]])
            await peer.put(Messages(0, batch, more=False))
        await peer.take(Changed)
        taken = await scene.seed.count(author.key)
        assert taken < len(messages)
    ben = await world.person("ben")
    await ben.node.store.messages.put(messages, received=EPOCH)
    await follow(ben, author)
    await ben.join(scene.seed, makes_member=True)
    await eventually(lambda: counts(scene.seed, author.key, len(messages)), "the seed has everything")
    scene.lines.forget("somebody joined")


async def counts(person: Person, author, count: int) -> bool:
    return await person.count(author) == count
