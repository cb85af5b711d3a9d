"""Other seeds that an operator named by their address: who they are is read there, then they are dialled as peers.

What a seed says of itself is not signed, so the first word of the address is believed: TLS stands for it. From then on
the key on the link has to be the one that it named.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout

from hedgerow_node.addresses import shorten
from hedgerow_node.config import FIRST_SOURCE_CHECK, LAST_SOURCE_CHECK, MAX_SOURCE, SOURCE_TIMEOUT
from hedgerow_node.invitations import peer_address
from hedgerow_node.logs import Log
from hedgerow_node.network import Network
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed.doors import VERSION, WELL_KNOWN
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import DeviceKey, key_of

log = Log("sources")
SECURE, SECURE_LINK = "https:", "wss:"


class Told(msgspec.Struct):
    """Of what a seed says of itself, that by which it is dialled."""

    hedgerow: int
    address: str
    author: str
    device: str
    net: int
    name: str = ""


class Sources:
    """Finds the sources of a running seed and keeps links to them."""

    def __init__(self, node: Node, running: Callable[[], Network | None], urls: Sequence[str]) -> None:
        self._node = node
        self._running = running
        self._unknown = list(urls)

    async def run(self) -> None:
        """Ask those that have not answered yet, again and again, until all have."""
        pause = FIRST_SOURCE_CHECK
        async with ClientSession(timeout=ClientTimeout(total=SOURCE_TIMEOUT)) as session:
            while self._unknown:
                for url in list(self._unknown):
                    await self._try(session, url)
                if self._unknown:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LAST_SOURCE_CHECK)

    async def _try(self, session: ClientSession, url: str) -> None:
        network = self._running()
        if network is None:
            return
        try:
            peer = await self._asked(session, url)
        except Problem as problem:
            log.warning("a source does not say who it is", why=problem.code)
            return
        self._unknown.remove(url)
        if peer.device != self._node.door:
            await self._node.store.peers.add(peer)
            network.keep(peer)

    async def _asked(self, session: ClientSession, url: str) -> KnownPeer:
        try:
            async with session.get(url.rstrip("/") + WELL_KNOWN, allow_redirects=False) as answer:
                data = await answer.content.read(MAX_SOURCE + 1)
        except (ClientError, TimeoutError, OSError):
            raise Problem(Code.PEER_UNREACHABLE, shorten(url)) from None
        return _peer(data, url, self._node.keys.inception.header.net)


def _peer(data: bytes, url: str, net: int) -> KnownPeer:
    """The peer that an answer names; raises `Problem`."""
    if len(data) > MAX_SOURCE:
        raise Problem(Code.WRONG_PEER, "it says too much")
    try:
        told = msgspec.json.decode(data, type=Told)
        author, device = key_of(told.author), DeviceKey(key_of(told.device))
    except (msgspec.MsgspecError, RemoteProtocolError):
        raise Problem(Code.WRONG_PEER, "it does not say who it is") from None
    if told.hedgerow != VERSION or told.net != net:
        raise Problem(Code.WRONG_PEER, "it is of another version or network")
    address = peer_address(told.address)
    if url.startswith(SECURE) and not address.startswith(SECURE_LINK):
        raise Problem(Code.ADDRESS_WRONG, "the link would be less safe than the page")
    return KnownPeer(device, address, author, told.name[: limits.MAX_NAME])
