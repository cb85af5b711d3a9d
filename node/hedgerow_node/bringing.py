"""What joining and linking share: a log to wait for, something to bring, a peer to keep."""

import asyncio
from dataclasses import replace

from hedgerow_node.config import ACCEPT_PATIENCE, WELCOME_PATIENCE
from hedgerow_node.driver import Driver
from hedgerow_node.links.bell import Bell
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey

BROKE = "the link broke"


class Bringing:
    """For one running node, on a link that is borrowed."""

    def __init__(self, node: Node, driver: Driver, identities: Identities, bell: Bell) -> None:
        self._node = node
        self._driver = driver
        self._identities = identities
        self._bell = bell

    async def await_log(self, author: AuthorKey, link: LinkId) -> None:
        """Wait for the log of an author who is on trial; raises `Problem` when this link does not bring it."""
        await self._bell.until(lambda: self._is_decided(author, link), ACCEPT_PATIENCE)
        if not self._identities.is_known(author):
            if self._refused(link) is None:
                raise Problem(Code.PEER_UNREACHABLE, BROKE)
            raise Problem(Code.INVITER_NOT_CARRIED)

    def _is_decided(self, author: AuthorKey, link: LinkId) -> bool:
        refused = self._refused(link)
        return self._identities.is_known(author) or refused is None or author in refused

    async def await_carried(self, link: LinkId) -> None:
        """Wait a little for this link to say that it carries us, as whoever was welcomed there may expect."""
        await self._bell.until(lambda: self._is_carried(link), WELCOME_PATIENCE)

    def _is_carried(self, link: LinkId) -> bool:
        state = self._driver.link(link)
        return state is None or (state.is_scoped and self._node.author not in state.refused)

    def _refused(self, link: LinkId) -> tuple[AuthorKey, ...] | None:
        """Whom this link does not carry for us; None when it has ended."""
        state = self._driver.link(link)
        return state.refused if state is not None else None

    async def bring(self, link: LinkId, invite: bytes, acceptance: bytes) -> int:
        """Bring an acceptance, or what travels as one; returns the verdict. Raises `Problem`."""
        try:
            async with asyncio.timeout(ACCEPT_PATIENCE):
                verdict = await self._driver.bring(link, invite, acceptance)
        except TimeoutError:
            raise Problem(Code.PEER_UNREACHABLE, "no answer to the acceptance") from None
        if verdict is None:
            raise Problem(Code.PEER_UNREACHABLE, BROKE)
        return verdict

    def met(self, peer: KnownPeer, author: AuthorKey) -> KnownPeer:
        """A peer as it is kept after it was met through this author."""
        is_his = peer.device in self._identities.devices_of(author)
        return replace(peer, author=author if is_his else peer.author, last_linked=self._node.clock.now())
