"""Connections to a node, and the initiator's side of the handshake taken apart, so that each part can be wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from hedgerow_node.clock import Clock
from hedgerow_node.conformance.live.check import Broken, Ended
from hedgerow_node.conformance.live.linked import Line, Linked
from hedgerow_node.links.dial import why_unreachable
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import codec
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.handshake import (
    SUBPROTOCOL,
    Hello,
    Role,
    Subprotocols,
    certify,
    check_certificate,
    decode_hello,
    encode_hello,
)
from hedgerow_protocol.keys import AuthorKey, DeviceKey, public_key
from hedgerow_protocol.message import MAIN_NET
from hedgerow_protocol.noise import HandshakeState, static_public

DIAL_PATIENCE = 10.0
"""Seconds to open a connection."""
CERTIFICATE_LIFE = 86_400
"""Seconds: the stranger is gone long before."""
OTHER_NETS = range(6)
"""Networks that a node with a wrong prologue is tried with, to say what is wrong with it."""
AGENT = "conformance"


def peer_address_of(given: str) -> str:
    """The WebSocket address of a node given as ws:, wss:, http: or https:; raises `Problem`."""
    parts = urlsplit(given if "//" in given else f"ws://{given}")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.hostname:
        raise Problem(Code.ADDRESS_WRONG, given)
    path = "/peer" if parts.path in ("", "/") else parts.path
    return f"{scheme}://{parts.netloc}{path}"


@dataclass(slots=True)
class Calling:
    """Keys of one call: a device that nobody has seen before, and a handshake to be taken step by step."""

    net: int
    clock: Clock
    prologue: bytes
    device_seed: bytes = field(init=False)
    static: bytes = field(init=False)
    state: HandshakeState = field(init=False)
    _ephemeral: bytes = field(init=False)
    _heard: bytes = b""

    def __post_init__(self) -> None:
        self.device_seed, self.static, self._ephemeral = (self.clock.entropy(32) for _ in range(3))
        self.state = self._begin(self.prologue)

    def _begin(self, prologue: bytes) -> HandshakeState:
        return HandshakeState(
            is_initiator=True, prologue=prologue, static=self.static, ephemeral=self._ephemeral
        )

    def first(self) -> bytes:
        """Message 1."""
        return self.state.write_message(b"")

    def judge_second(self, data: bytes) -> Hello:
        """The hello of message 2; raises `Broken` with the rule for whatever is wrong with it."""
        try:
            payload = self.state.read_message(data)
        except RemoteProtocolError as error:
            raise self._wrong_second(data, error) from None
        try:
            hello = decode_hello(payload)
        except RemoteProtocolError as error:
            raise Broken(f"the node's hello: {error}", "HS-8") from None
        try:
            check_certificate(hello, self.net, self.state.remote_static, self.clock.now())
        except RemoteProtocolError as error:
            rule = "HS-13" if error.detail.startswith("it ") else "HS-14"
            raise Broken(f"the node's certificate: {error.detail}", rule) from None
        return hello

    def hello(self, **changes: object) -> Hello:
        """What this stranger says of itself, or what it should not say."""
        not_after = changes.pop("not_after", int(self.clock.now()) + CERTIFICATE_LIFE)
        assert isinstance(not_after, int)
        author = AuthorKey(public_key(self.clock.entropy(32)))
        certified = certify(self.device_seed, self.net, author, static_public(self.static), not_after)
        said: dict[str, object] = {
            "device": DeviceKey(public_key(self.device_seed)),
            "author": author,
            "certificate": certified,
            "not_after": not_after,
            "role": Role.EDGE,
            "agent": AGENT,
            "clock": int(self.clock.now()),
        }
        return Hello(**(said | changes))  # type: ignore[arg-type]

    def third(self, payload: bytes | None = None) -> bytes:
        """Message 3."""
        return self.state.write_message(encode_hello(self.hello()) if payload is None else payload)

    def _wrong_second(self, data: bytes, error: RemoteProtocolError) -> Broken:
        """Another prologue than HS-2's explains it, or Noise itself is wrong."""
        prologues = [
            b"",
            *(codec.encode(["hedgerow/1", net, [SUBPROTOCOL], SUBPROTOCOL]) for net in OTHER_NETS),
        ]
        for prologue in [*prologues, SUBPROTOCOL.encode()]:
            state = self._begin(prologue)
            state.write_message(b"")
            try:
                state.read_message(data)
            except RemoteProtocolError:
                continue
            return Broken("message 2 is sealed over another prologue", "HS-2")
        return Broken(f"message 2: {error}", "HS-3")


class Target:
    """The node that is judged. Close it at the end."""

    def __init__(self, address: str, clock: Clock, net: int = MAIN_NET) -> None:
        """`address` as `peer_address_of` gives it."""
        self.address = address
        self.clock = clock
        self.net = net
        self._session = aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Give back what was open."""
        await self._session.close()

    @asynccontextmanager
    async def line(self, *offered: str, compress: int = 0) -> AsyncIterator[Line]:
        """A WebSocket without a handshake. Raises `Problem` where nobody answers."""
        names = offered or (SUBPROTOCOL,)
        try:
            async with asyncio.timeout(DIAL_PATIENCE):
                socket = await self._session.ws_connect(
                    self.address, protocols=names, compress=compress, max_msg_size=0
                )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Problem(Code.PEER_UNREACHABLE, f"{self.address}: {why_unreachable(error)}") from None
        line = Line(socket)
        try:
            yield line
        finally:
            await line.close()

    def call(self, *offered: str) -> Calling:
        """Fresh keys for one handshake."""
        return Calling(self.net, self.clock, Subprotocols(offered or (SUBPROTOCOL,)).prologue(self.net))

    @asynccontextmanager
    async def asked(self, *offered: str) -> AsyncIterator[tuple[Line, Calling]]:
        """A connection on which message 2 has come and is right; message 3 is due."""
        async with self.line(*offered) as line:
            call = self.call(*offered)
            await line.send(call.first())
            try:
                second = await line.receive()
            except Ended as end:
                raise Broken(f"no message 2: {end}", "HS-3") from None
            line.hello = call.judge_second(second)
            yield line, call

    @asynccontextmanager
    async def link(self, *offered: str, **changes: object) -> AsyncIterator[Linked]:
        """A link as an honest stranger opens it, `changes` in its hello apart."""
        async with self.asked(*offered) as (line, call):
            await line.send(call.third(encode_hello(call.hello(**changes))))
            yield Linked(line, call.state.split())
