"""On a link: the channel and the form of frames (specs/06-handshake.md, specs/07-frames.md)."""

from hedgerow_node.conformance.live.calling import Target
from hedgerow_node.conformance.live.check import Broken, Checks
from hedgerow_protocol import codec, limits
from hedgerow_protocol.frame import (
    Err,
    Frame,
    Get,
    Messages,
    Missing,
    Mode,
    Ping,
    Pong,
    Scope,
    Sub,
    Unsub,
    Want,
    encode_frame,
)

rule: Checks[Target] = Checks()
UNKNOWN_ODD, UNKNOWN_EVEN = 201, 200
"""Types of frames that nobody uses."""
MORE, LAST = b"\x01", b"\x00"
NO_SUCH = 9_999
"""A number that names nothing on a new link."""


async def _ends_after(target: Target, *plaintexts: bytes) -> None:
    """The link ends after messages of the channel with this in them."""
    async with target.link() as link:
        for plaintext in plaintexts:
            await link.line.send(link.seal(plaintext))
        await link.ends()


async def _ends_at(target: Target, *frames: Frame) -> None:
    async with target.link() as link:
        await link.put(*frames)
        await link.ends()


async def _ends_at_bytes(target: Target, packed: bytes) -> None:
    async with target.link() as link:
        await link.put_bytes(packed)
        await link.ends()


@rule("HS-22", "a message that was changed ends the link")
async def sees_a_change(target: Target) -> None:
    async with target.link() as link:
        sealed = link.seal(LAST + encode_frame(Ping(link.next())))
        await link.line.send(sealed[:-1] + bytes([sealed[-1] ^ 1]))
        if await link.line.ends():
            raise Broken("something comes after it", "HS-26")


@rule("HS-26", "a failure in the channel ends both directions for good")
async def is_over_after_a_failure(target: Target) -> None:
    async with target.link() as link:
        await link.line.send(bytes(32))
        await link.put(Ping(link.next()))
        if await link.line.ends():
            raise Broken("something comes after it")


@rule("HS-22", "a message that is repeated ends the link")
async def sees_a_repetition(target: Target) -> None:
    async with target.link() as link:
        sealed = link.seal(LAST + encode_frame(Pong(1)))
        await link.line.send(sealed)
        await link.line.send(sealed)
        await link.ends()


@rule("HS-22", "a message above its limit ends the link")
async def bounds_a_message(target: Target) -> None:
    async with target.link() as link:
        await link.line.send(bytes(limits.MAX_NOISE_MESSAGE + 1))
        await link.ends()


@rule("HS-23", "a frame in several chunks is taken")
async def joins_chunks(target: Target) -> None:
    many = b"".join(number.to_bytes(32) for number in range(1, limits.MAX_FILTER_AUTHORS + 1))
    async with target.link() as link:
        await link.put(Sub(link.next(), codec.encode([many, None, None, None]), Mode.OFF))
        await link.take(Scope)


@rule("HS-24", "a chunk that says neither more nor last ends the link")
async def knows_two_marks(target: Target) -> None:
    await _ends_after(target, b"\x02" + encode_frame(Pong(1)))


@rule("HS-24", "an empty chunk ends the link")
async def wants_no_empty_chunk(target: Target) -> None:
    await _ends_after(target, LAST)


@rule("HS-24", "a chunk that is not full and not the last ends the link")
async def wants_full_chunks(target: Target) -> None:
    await _ends_after(target, MORE + b"x")


@rule("HS-24", "chunks above the limit of a frame end the link")
async def bounds_a_frame(target: Target) -> None:
    count = limits.MAX_FRAME // limits.MAX_CHUNK + 1
    await _ends_after(target, *[MORE + bytes(limits.MAX_CHUNK)] * count)


@rule("FR-1", "a frame in a longer form ends the link")
async def wants_canonical_frames(target: Target) -> None:
    await _ends_at_bytes(target, bytes.fromhex("9204cc01"))


@rule("FR-1", "a frame with a position too many ends the link")
async def wants_the_positions(target: Target) -> None:
    await _ends_at_bytes(target, codec.encode([Pong.type, 1, 1]))


@rule("FR-2", "an unknown odd type is passed over")
async def passes_over_odd(target: Target) -> None:
    async with target.link() as link:
        await link.put_bytes(codec.encode([UNKNOWN_ODD, 7, "x"]))
        if await link.lives():
            raise Broken("it is answered")


@rule("FR-2", "an unknown even type ends the link")
async def ends_at_even(target: Target) -> None:
    await _ends_at_bytes(target, codec.encode([UNKNOWN_EVEN, 7]))


@rule("FR-3", "a question with a number used before ends the link")
async def counts_up(target: Target) -> None:
    await _ends_at(target, Ping(5), Ping(5))


@rule("FR-3", "a question with a number of the other side ends the link")
async def counts_by_side(target: Target) -> None:
    await _ends_at(target, Ping(2))


@rule("FR-4", "a run that is not whole ids ends the link")
async def wants_whole_ids(target: Target) -> None:
    await _ends_at(target, Get(1, bytes(33)))


@rule("FR-4", "an id that stands in a run twice counts once")
async def counts_an_id_once(target: Target) -> None:
    async with target.link() as link:
        await link.put(Get(link.next(), b"\x07" * 64))
        missing = await link.take(Missing)
        if len(missing.absent) != 1:
            raise Broken(f"MISSING names {len(missing.absent)}")


@rule("FR-8", "what is not held is told as unknown, in front of the last part of the answer")
async def tells_the_unknown(target: Target) -> None:
    async with target.link() as link:
        number = link.next()
        await link.put(Get(number, b"\x07" * 32))
        missing, last = await link.take(Missing), await link.take(Messages)
        if missing.absent != ((b"\x07" * 32, 0),) or last.messages or last.more:
            raise Broken(f"{missing}, {last}")
        if (missing.req, last.req) != (number, number):
            raise Broken("another number than that of the question", "FR-3")


@rule("FR-5", "an answer to nothing ends the link")
async def wants_questions(target: Target) -> None:
    for frame in (Messages(1, (), more=False), Want(2, b""), Scope(2, 1, b"")):
        await _ends_at(target, frame)


@rule("FR-5", "what may have crossed something is passed over")
async def passes_over_crossings(target: Target) -> None:
    async with target.link() as link:
        await link.put(Pong(NO_SUCH), Unsub(NO_SUCH))
        if await link.lives():
            raise Broken("it is answered")


@rule("FR-6", "after ERR the receiver closes and does not answer")
async def closes_after_err(target: Target) -> None:
    async with target.link() as link:
        await link.put(Err(0, 3, "going", 0))
        if await link.ends():
            raise Broken("something comes after ERR")


@rule("FR-7", "an unknown mode ends the link")
async def knows_three_modes(target: Target) -> None:
    await _ends_at(target, Sub(1, codec.encode([b"", None, None, None]), len(Mode)))


@rule("FR-10", "a filter whose authors do not ascend ends the link")
async def wants_ascending_authors(target: Target) -> None:
    await _ends_at(target, Sub(1, codec.encode([b"\x02" * 32 + b"\x01" * 32, None, None, None]), Mode.OFF))
