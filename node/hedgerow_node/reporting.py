"""Reports between nodes: told to whoever runs a seed, over the link to it and to nobody else (specs/15-safety.md).

A report is not signed: the handshake says whose device speaks, which is enough for the seed, and nobody can show it to
others as a proof of who reported what.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hedgerow_node.circle import Circle
from hedgerow_node.config import REPORT_PATIENCE
from hedgerow_node.driver import Driver
from hedgerow_node.node import Node
from hedgerow_node.problems import Problem
from hedgerow_node.store.reports import Told
from hedgerow_protocol.effects import LinkId, Reporting
from hedgerow_protocol.frame import Hearing
from hedgerow_protocol.handshake import Hello
from hedgerow_protocol.keys import AuthorKey

TURNED_AWAY = "a report was turned away"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a seed said to a report."""

    peer: Hello
    owner: AuthorKey | None
    """Whose node it is, where that is known."""
    hearing: Hearing


class Reports:
    """Sends and takes reports for one running node."""

    def __init__(
        self, node: Node, driver: Driver, circle: Circle, owner_of: Callable[[Hello], AuthorKey | None]
    ) -> None:
        """`owner_of` says whose device is at the other end, once that is proven."""
        self._node = node
        self._driver = driver
        self._circle = circle
        self._owner_of = owner_of

    async def on_reporting(self, event: Reporting) -> None:
        """A peer tells of a thing."""
        self._driver.reported(event.link, event.req, await self._judge(event))

    async def _judge(self, event: Reporting) -> Hearing:
        state = self._driver.link(event.link)
        if state is None or state.peer is None or not self._circle.has_members:
            return Hearing.NOT_HERE
        told = Told(state.peer.device, self._known(state.peer), event.thing, event.label, event.reason)
        try:
            if await self._node.store.reports.take(told, self._node.clock.now()):
                return Hearing.TAKEN
            self._driver.noting.note(TURNED_AWAY, "too many wait")
        except Problem as problem:
            self._driver.noting.note(TURNED_AWAY, problem.code)
        return Hearing.FULL

    def _known(self, peer: Hello) -> AuthorKey | None:
        owner = self._owner_of(peer)
        return owner if owner in self._circle.carried.authors else None

    async def send(self, links: Sequence[LinkId], thing: str, label: str, reason: str) -> list[Heard]:
        """Tell whoever is at the other ends of these links; what each of them said, those that are gone left out."""
        heard = await asyncio.gather(*[self._send(link, thing, label, reason) for link in links])
        return [one for one in heard if one is not None]

    async def _send(self, link: LinkId, thing: str, label: str, reason: str) -> Heard | None:
        state = self._driver.link(link)
        if state is None or state.peer is None:
            return None
        try:
            async with asyncio.timeout(REPORT_PATIENCE):
                verdict = await self._driver.report(link, thing, label, reason)
        except TimeoutError:
            verdict = Hearing.NOT_HERE  # a node that does not know reports passes them over
        if verdict is None:
            return None
        known = Hearing(verdict) if verdict in set(Hearing) else Hearing.NOT_HERE
        return Heard(state.peer, self._owner_of(state.peer), known)
