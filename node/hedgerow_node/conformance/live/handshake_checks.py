"""Before there is a link: the WebSocket, the three messages, the hello and its certificate (specs/06-handshake.md)."""

from contextlib import suppress
from dataclasses import replace

from hedgerow_node.conformance.live.calling import Calling, Target
from hedgerow_node.conformance.live.check import Broken, Checks, Ended
from hedgerow_node.conformance.live.linked import Line
from hedgerow_protocol import codec, limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.handshake import SUBPROTOCOL, Hello, certify, encode_hello
from hedgerow_protocol.noise import static_public

rule: Checks[Target] = Checks()
FULL_WINDOW = 15
"""Bits of the window of a compression that is offered, to see that it is not taken."""
A_DAY = limits.SECONDS_PER_DAY
LOW_ORDER = bytes(32)
"""A public key of X25519 with which every result is zero."""
STANDARD_ENDS = frozenset({None, 1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009})
"""Close codes that libraries send by themselves; any other says something."""


@rule("HS-3", "a link comes about, and frames pass over it both ways")
async def opens(target: Target) -> None:
    async with target.link() as link:
        await link.lives()


@rule("HS-1", "no extension is accepted, compression above all")
async def takes_no_extension(target: Target) -> None:
    async with target.line(compress=FULL_WINDOW) as line:
        if line.socket.compress:
            raise Broken("permessage-deflate is accepted")


@rule("HS-1", "a text message ends the connection")
async def ends_at_text(target: Target) -> None:
    async with target.line() as line:
        await line.socket.send_str("hello")
        await _ends_silently(line)


@rule("HS-1", "a ping of the WebSocket means nothing")
async def passes_over_pings(target: Target) -> None:
    async with target.link() as link:
        await link.line.socket.ping(b"x")
        await link.lives()


@rule("HS-2", "other subprotocols may be offered as well, and are in the prologue")
async def binds_the_offer(target: Target) -> None:
    async with target.link("hedgerow.99", SUBPROTOCOL) as link:
        await link.lives()


@rule("HS-2", "a prologue with another offer makes no link")
async def refuses_another_offer(target: Target) -> None:
    async with target.line("hedgerow.99", SUBPROTOCOL) as line:
        call = target.call(SUBPROTOCOL)
        await line.send(call.first())
        with suppress(Ended, RemoteProtocolError):
            call.state.read_message(await line.receive())
            raise Broken("message 2 opens though the sides saw different offers")


@rule("HS-5", "a first message with a payload is not answered")
async def wants_a_bare_first(target: Target) -> None:
    async with target.line() as line:
        await line.send(target.call().first() + b"x")
        await _ends_silently(line)


@rule("HS-6", "a handshake message above its limit ends the connection")
async def bounds_the_first(target: Target) -> None:
    async with target.line() as line:
        await line.send(target.call().first() + bytes(limits.MAX_FRAME_BEFORE_AUTHENTICATION))
        await _ends_silently(line)


@rule("HS-7", "a first message that is cut short is not answered")
async def wants_a_whole_first(target: Target) -> None:
    async with target.line() as line:
        await line.send(target.call().first()[:-1])
        await _ends_silently(line)


@rule("HS-7", "a key with which every shared secret is zero is not answered")
async def refuses_low_order(target: Target) -> None:
    async with target.line() as line:
        await line.send(LOW_ORDER)
        await _ends_silently(line)


@rule("HS-7", "a third message that was changed makes no link")
async def refuses_a_changed_third(target: Target) -> None:
    async with target.asked() as (line, call):
        third = call.third()
        await line.send(third[:-1] + bytes([third[-1] ^ 1]))
        await _ends_silently(line)


@rule("HS-10", "unknown features are passed over")
async def passes_over_features(target: Target) -> None:
    async with target.link(features=b"\xff" * limits.FEATURES) as link:
        await link.lives()


@rule("HS-11", "no name of a program and no clock is a ground for refusal")
async def believes_any_clock(target: Target) -> None:
    async with target.link(agent="", clock=0) as link:
        await link.lives()


def _values(hello: Hello) -> list[object]:
    decoded = codec.decode(encode_hello(hello), limits.MAX_FRAME_BEFORE_AUTHENTICATION)
    assert isinstance(decoded, tuple)
    return list(decoded)


async def _refuses_hello(target: Target, place: int, value: object) -> None:
    async with target.asked() as (line, call):
        values = _values(call.hello())
        values[place : place + 1] = [] if value is None else [value]
        await line.send(call.third(codec.encode(values)))
        await _ends_silently(line)


@rule("HS-8", "a hello of nine positions is refused")
async def wants_ten_positions(target: Target) -> None:
    await _refuses_hello(target, 9, None)


@rule("HS-8", "an unknown role is refused")
async def knows_two_roles(target: Target) -> None:
    await _refuses_hello(target, 7, 2)


@rule("HS-8", "a hello in a longer form is refused")
async def wants_a_canonical_hello(target: Target) -> None:
    async with target.asked() as (line, call):
        packed = encode_hello(replace(call.hello(), agent="a"))
        await line.send(call.third(packed.replace(b"\xa1a", b"\xd9\x01a")))
        await _ends_silently(line)


async def _refuses(target: Target, call: Calling, line: Line, hello: Hello) -> None:
    await line.send(call.third(encode_hello(hello)))
    await _ends_silently(line)


@rule("HS-13", "a certificate that has ended makes no link")
async def sees_an_ended_certificate(target: Target) -> None:
    async with target.asked() as (line, call):
        ended = int(target.clock.now()) - 2 * limits.CERTIFICATE_CLOCK_SKEW
        await _refuses(target, call, line, call.hello(not_after=ended))


@rule("HS-13", "a certificate that lasts too long makes no link")
async def sees_an_endless_certificate(target: Target) -> None:
    async with target.asked() as (line, call):
        late = int(target.clock.now()) + (limits.CERTIFICATE_DAYS + 1) * A_DAY
        await _refuses(target, call, line, call.hello(not_after=late))


@rule("HS-14", "a certificate for another key of the channel makes no link")
async def binds_the_static_key(target: Target) -> None:
    async with target.asked() as (line, call):
        hello = call.hello()
        other = static_public(target.clock.entropy(32))
        moved = certify(call.device_seed, target.net, hello.author, other, hello.not_after)
        await _refuses(target, call, line, replace(hello, certificate=moved))


@rule("HS-14", "a certificate for another network makes no link")
async def binds_the_network(target: Target) -> None:
    async with target.asked() as (line, call):
        hello, own = call.hello(), static_public(call.static)
        moved = certify(call.device_seed, target.net + 1, hello.author, own, hello.not_after)
        await _refuses(target, call, line, replace(hello, certificate=moved))


@rule("HS-12", "a certificate covers the author that it is shown for")
async def binds_the_author(target: Target) -> None:
    async with target.asked() as (line, call):
        hello = call.hello()
        await _refuses(target, call, line, replace(hello, author=call.hello().author))


@rule("HS-16", "a caller that names the node's own device makes no link")
async def knows_itself(target: Target) -> None:
    async with target.asked() as (line, call):
        assert line.hello is not None
        await _refuses(target, call, line, replace(call.hello(), device=line.hello.device))


@rule("HS-17", "without a common version there is no link")
async def wants_a_common_version(target: Target) -> None:
    async with target.asked() as (line, call):
        await _refuses(target, call, line, call.hello(min_v=limits.LINK_VERSION + 1, max_v=99))


@rule("HS-19", "the responder says nothing between messages 2 and 3")
async def waits_for_the_third(target: Target) -> None:
    async with target.asked() as (line, _):
        if not await line.is_silent():
            raise Broken("something comes before message 3")


@rule("HS-20", "a refusal is told by the end of the connection alone")
async def tells_no_reason(target: Target) -> None:
    async with target.asked() as (line, call):
        await line.send(bytes(len(call.third())))
        try:
            await line.receive()
        except Ended as end:
            if end.words or end.code not in STANDARD_ENDS:
                raise Broken(f"it ends with {end.code} {end.words!r}") from None
            return
        raise Broken("something is sent after a failure")


async def _ends_silently(line: Line) -> None:
    if await line.ends():
        raise Broken("something is sent instead of the end of the connection")
