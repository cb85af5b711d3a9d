"""Links to nodes of the address book while the owner's own are lost (DI-9).

A learner's node dials nobody whom its owner did not choose, with one exception: when a link that it held is gone for a
while, a node of the book stands in for it. It stays while it carries somebody whom the owner follows, and is let go
when the lost one is back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from hedgerow_node.clock import Clock
from hedgerow_node.config import RESERVE_AGAIN, RESERVE_LOOK, RESERVE_PATIENCE
from hedgerow_node.dialling import Dialling
from hedgerow_node.links.noting import Noting
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol.keys import AuthorKey, DeviceKey


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the reserve asks of its node."""

    chosen: Callable[[], Awaitable[list[KnownPeer]]]
    """The nodes that the owner chose."""
    draw: Callable[[int, Collection[AuthorKey], Collection[DeviceKey]], Awaitable[list[KnownPeer]]]
    """So many nodes of the book, none of these operators and devices."""
    is_linked: Callable[[DeviceKey], bool]
    is_useless: Callable[[DeviceKey], bool]
    """Whether a linked node said that it carries nobody whom the owner follows."""


class Reserve:
    """Stands in for lost links; `run` it beside."""

    def __init__(
        self, dialling: Dialling, around: Surroundings, clock: Clock, noting: Noting, held: int
    ) -> None:
        """`held`: how many links the node wants."""
        self._dialling = dialling
        self._around = around
        self._clock = clock
        self._noting = noting
        self._held = held
        self._lost: dict[DeviceKey, float] = {}
        """Nodes that the owner chose and that are not there, and since when."""
        self._drawn: dict[DeviceKey, KnownPeer] = {}
        self._passed_over: dict[DeviceKey, float] = {}
        """Nodes of the book that were not there or of no use, and until when others are drawn."""

    @property
    def drawn(self) -> list[DeviceKey]:
        """The nodes of the book that stand in now."""
        return list(self._drawn)

    async def run(self) -> None:
        """See to it as long as the node runs."""
        while True:
            await asyncio.sleep(RESERVE_LOOK)
            try:
                await self.look()
            except Exception as error:
                self._noting.failure("no stand-in for a lost link was looked for", error)

    async def look(self) -> None:
        """Draw as many nodes as links are lost, let go those that are of no use, and all when none is lost."""
        chosen = await self._around.chosen()
        missing = min(self._missing(chosen), max(0, self._held - self._reached(chosen)))
        for device in [device for device in self._drawn if self._is_of_no_use(device)]:
            self._passed_over[device] = self._clock.monotonic() + RESERVE_AGAIN
            self._let_go(device)
        for device in self.drawn[missing:]:
            self._let_go(device)
        if len(self._drawn) < missing:
            await self._draw(missing - len(self._drawn), chosen)

    def _missing(self, chosen: list[KnownPeer]) -> int:
        """How many of the chosen were there, or tried, and have not been for a while."""
        now = self._clock.monotonic()
        gone = [one.device for one in chosen if not self._around.is_linked(one.device)]
        tried = [device for device in gone if self._dialling.why_not(device) is not None]
        self._lost = {device: self._lost.get(device, now) for device in tried}
        return sum(now >= since + RESERVE_PATIENCE for since in self._lost.values())

    def _reached(self, chosen: list[KnownPeer]) -> int:
        return sum(self._around.is_linked(one.device) for one in chosen)

    def _is_of_no_use(self, device: DeviceKey) -> bool:
        if self._around.is_linked(device):
            return self._around.is_useless(device)
        return self._dialling.why_not(device) is not None

    async def _draw(self, count: int, chosen: list[KnownPeer]) -> None:
        now = self._clock.monotonic()
        self._passed_over = {device: until for device, until in self._passed_over.items() if now < until}
        operators = {one.author for one in chosen if one.author and self._around.is_linked(one.device)}
        without = {*(one.device for one in chosen), *self._drawn, *self._passed_over}
        for peer in await self._around.draw(count, operators, without):
            self._drawn[peer.device] = peer
            self._dialling.keep(peer)

    def _let_go(self, device: DeviceKey) -> None:
        del self._drawn[device]
        self._dialling.let_go(device)
