"""Which of the nodes that it knows this one holds links to, and how it keeps in touch with the others.

A learner's node holds a few links, to nodes of different operators where it knows so many, and besides to whoever
alone carries somebody whom its owner follows. All others whom its owner ever chose are *visited*: dialled in turn,
compared with and let go, so that none of them is out of reach, and soon after the owner said something.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from hedgerow_node.clock import Clock
from hedgerow_node.config import (
    MAX_LINKS_OUT,
    VISIT_AGAIN,
    VISIT_INTERVAL,
    VISIT_JITTER,
    VISIT_PATIENCE,
    VISIT_SOON,
)
from hedgerow_node.dialling import Dialling
from hedgerow_node.links.bell import Bell
from hedgerow_node.links.noting import Noting
from hedgerow_node.problems import Problem
from hedgerow_node.store.peers import KnownPeer, Peers
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.peer import LinkState

GROUPS = {4: 16, 6: 32}
"""Bits of an IP address that one operator's addresses have in common, for all we know."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that links can be held to."""

    peer: KnownPeer
    carries: frozenset[AuthorKey] = frozenset()
    """Of those whom we want, as far as it said so."""
    is_kept: bool = False
    """Whether a link to it is held already."""
    is_failing: bool = False
    """Whether it could not be reached when it was tried last."""


def operator_of(peer: KnownPeer) -> bytes | str:
    """Who runs a node: its proven owner; before that whoever has addresses like its."""
    return peer.author or _group(urlsplit(peer.address).hostname or peer.address)


def _group(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((address, GROUPS[address.version]), strict=False))


def chosen(candidates: Iterable[Candidate], held: int, most: int = MAX_LINKS_OUT) -> list[Candidate]:
    """To which of these links are held: `held` of them, of different operators first, and up to `most` with those who
    alone carry somebody. Who is linked stays, and who was linked last goes before others; who fails comes last."""
    ranked = sorted(
        candidates, key=lambda one: (one.is_failing, not one.is_kept, -(one.peer.last_linked or 0.0))
    )
    firsts = {operator_of(one.peer): one for one in reversed(ranked)}
    diverse = [one for one in ranked if firsts[operator_of(one.peer)] is one]
    found = [*diverse, *(one for one in ranked if one not in diverse)][:held]
    left = [one for one in ranked if one not in found]
    while len(found) < most:
        covered = frozenset[AuthorKey]().union(*[one.carries for one in found])
        best = max(left, key=lambda one: len(one.carries - covered), default=None)
        if best is None or best.carries <= covered:
            break
        found.append(best)
        left.remove(best)
    return found


class Choosing:
    """Holds links to some peers and visits the others; `run` it beside."""

    def __init__(
        self,
        peers: Peers,
        dialling: Dialling,
        link_of: Callable[[LinkId], LinkState | None],
        wanted: Callable[[], frozenset[AuthorKey]],
        clock: Clock,
        bell: Bell,
        noting: Noting,
        held: int,
    ) -> None:
        """`wanted`: whom links are asked about; `held`: links that are held anyway."""
        self._peers = peers
        self._dialling = dialling
        self._link_of = link_of
        self._wanted = wanted
        self._clock = clock
        self._bell = bell
        self._noting = noting
        self._held = held
        self._carries: dict[DeviceKey, frozenset[AuthorKey]] = {}
        self._others: list[KnownPeer] = []
        self._visit_at: dict[DeviceKey, float] = {}
        self._visited: dict[DeviceKey, float] = {}
        self._failed: dict[DeviceKey, float] = {}
        """Who could not be reached, and until when others go before."""
        self._due = asyncio.Event()
        self.pinned: set[DeviceKey] = set()
        """Nodes to which somebody else keeps links: they are no choice."""

    @property
    def others(self) -> list[DeviceKey]:
        """The peers that are only visited."""
        return [peer.device for peer in self._others]

    async def choose(self) -> None:
        """Hold links to those that are best now. Raises `StoreError`."""
        known = [peer for peer in await self._peers.all() if peer.device not in self.pinned]
        best = chosen(map(self._candidate, known), self._held)
        kept = {one.peer.device for one in best}
        for one in best:
            self._dialling.keep(one.peer)
        self._others = [peer for peer in known if peer.device not in kept]
        for peer in self._others:
            self._dialling.let_go(peer.device)
            self._visit_at.setdefault(peer.device, self._clock.monotonic() + VISIT_SOON)

    def _candidate(self, peer: KnownPeer) -> Candidate:
        return Candidate(
            peer,
            self._carries.get(peer.device, frozenset()),
            is_kept=self._dialling.is_kept(peer.device),
            is_failing=self._failed.get(peer.device, 0.0) > self._clock.monotonic(),
        )

    def scoped(self, link: LinkId, device: DeviceKey) -> None:
        """The other side of a link said whom it carries."""
        state = self._link_of(link)
        if state is not None and state.is_scoped:
            self._carries[device] = self._wanted() - frozenset(state.refused)
            self._failed.pop(device, None)
            self._due.set()

    def missed(self, device: DeviceKey) -> None:
        """A peer could not be reached: another may take its place."""
        self._failed[device] = self._clock.monotonic() + VISIT_INTERVAL
        self._due.set()

    def changed(self) -> None:
        """A peer was added."""
        self._due.set()

    def said(self) -> None:
        """The owner said something, which those who are only visited shall hear of soon."""
        now = self._clock.monotonic()
        for peer in self._others:
            soon = max(now + VISIT_SOON, self._visited.get(peer.device, 0.0) + VISIT_AGAIN)
            self._visit_at[peer.device] = min(soon, self._visit_at.get(peer.device, soon))
        self._due.set()

    async def run(self) -> None:
        """Choose when something changed and visit who is due, until cancelled."""
        while True:
            try:
                await self._wait()
                await self.choose()
                await self.visit([peer for peer in self._others if self._is_due(peer)])
            except Exception as error:
                self._noting.failure("peers could not be chosen", error)
                await asyncio.sleep(VISIT_SOON)

    async def _wait(self) -> None:
        due = min((self._visit_at[peer.device] for peer in self._others), default=float("inf"))
        seconds = max(0.0, due - self._clock.monotonic()) if self._others else None
        try:
            async with asyncio.timeout(seconds):
                await self._due.wait()
        except TimeoutError:
            return
        self._due.clear()

    def _is_due(self, peer: KnownPeer) -> bool:
        return self._visit_at[peer.device] <= self._clock.monotonic()

    async def visit(self, peers: Sequence[KnownPeer] | None = None) -> None:
        """Dial these one after the other, or all that are not linked, compare everything, and let them go."""
        for peer in self._others[:] if peers is None else peers:
            try:
                async with self._dialling.borrowed(peer) as (link, _):
                    await self._bell.until(lambda link=link: self._is_done(link), VISIT_PATIENCE)  # type: ignore[misc]
            except Problem as problem:
                self._noting.note("a peer cannot be visited", problem.code)
            now, jitter = self._clock.monotonic(), self._clock.random().uniform(-VISIT_JITTER, VISIT_JITTER)
            self._visited[peer.device] = now
            self._visit_at[peer.device] = now + VISIT_INTERVAL * (1 + jitter)

    def _is_done(self, link: LinkId) -> bool:
        state = self._link_of(link)
        return state is None or state.is_settled
