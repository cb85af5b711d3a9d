"""What others tell of further nodes: taken in, judged, kept in the address book, passed on (specs/11-discovery.md).

A core node tells of itself, passes on what was news, answers who asks, and looks from time to time whether somebody in
the book is there. A learner's node asks once a link and keeps what it hears as a reserve; it dials nobody of the book
before somebody here wants a link (`candidates`).
"""

import asyncio
from collections.abc import Callable, Collection, Sequence

from hedgerow_node.announcing import Announcing
from hedgerow_node.company import Company
from hedgerow_node.config import BOOK_ANSWER, BOOK_ENOUGH, FEELER_JITTER
from hedgerow_node.driver import Driver
from hedgerow_node.links.dial import Dialler
from hedgerow_node.links.knock import knock
from hedgerow_node.links.outward import Outward
from hedgerow_node.node import Node
from hedgerow_node.problems import Problem
from hedgerow_node.store.book import Known, Told
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import limits
from hedgerow_protocol.address_record import SignedAddress, decode_record
from hedgerow_protocol.effects import AddressesAsked, AddressesTold, LinkId
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.handshake import Hello, OwnEnd, Role
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.peer import LinkState

BY_AN_EDGE = "told by a node that is no core node"
NOT_TAKEN = "addresses were not taken"


class Discovering:
    """The address book of one running node, and its links."""

    def __init__(
        self,
        node: Node,
        driver: Driver,
        company: Company,
        announcing: Announcing,
        dialler: Dialler,
        outward: Outward,
        own_end: Callable[[], OwnEnd],
        *,
        is_core: bool,
    ) -> None:
        self._node = node
        self._book = node.store.book
        self._driver = driver
        self._company = company
        self._announcing = announcing
        self._dialler = dialler
        self._outward = outward
        self._own_end = own_end
        self._is_core = is_core
        self._told_of_us: dict[LinkId, int] = {}
        """Links that were told of this node, and by a record of which time."""

    async def candidates(
        self, count: int, avoiding: Collection[AuthorKey] = (), without: Collection[DeviceKey] = ()
    ) -> list[KnownPeer]:
        """Nodes to link to, at most `count`, each of another operator: none of the operators `avoiding` names, none of
        the devices `without`. Those that were linked longest before come first, then who was met, then who was told of.
        """
        now, random = self._node.clock.now(), self._node.clock.random()
        without = {*without, self._node.device}
        found = await self._book.candidates(random, count, avoiding, without, now)
        allowed = [known for known in found if self._outward.may_lead(known.address)]
        return [KnownPeer(known.device, known.address, is_told=True) for known in allowed]

    # --- Links -------------------------------------------------------------------------------------------

    async def on_established(self, state: LinkState, peer: Hello) -> None:
        """A link is authenticated."""
        if peer.role != Role.CORE:
            return
        await self._tell_of_us(state.link)
        if not state.is_initiator:
            return
        await self.met(peer.device, self._company.dialled.get(state.link))
        if await self._book.count() < BOOK_ENOUGH:
            self._driver.ask_addresses(state.link)

    async def met(self, device: DeviceKey, peer: KnownPeer | None) -> None:
        """A node answered where it was dialled, and showed its device."""
        if peer is not None and await self._book.find(device) is not None:
            await self._book.meet(device, peer.address, self._node.clock.now())

    async def missed(self, device: DeviceKey) -> None:
        """A node of the book was dialled and did not answer, or somebody else did."""
        known = await self._book.find(device)
        if known is not None:
            addresses = self._dialable(decode_record(known.record))
            await self._book.miss(device, addresses, self._node.clock.now())

    async def _tell_of_us(self, link: LinkId) -> None:
        own = await self._announcing.record()
        if own is not None and self._told_of_us.get(link) != own.record.ts:
            self._told_of_us[link] = own.record.ts
            self._driver.give_addresses(link, [own.encoded])

    # --- What is told and asked --------------------------------------------------------------------------

    async def on_told(self, event: AddressesTold) -> None:
        """A link brought records."""
        state = self._driver.link(event.link)
        if state is None or state.peer is None:
            return
        if state.peer.role != Role.CORE:
            self._driver.noting.note(NOT_TAKEN, BY_AN_EDGE)
            return
        signed, bad = await asyncio.to_thread(_judged, event.records)
        via = self._company.group_of(event.link)
        news = await self.learn(signed, state.peer.device, via)
        self._driver.spread_addresses(event.link, news if self._is_core else [], bad)

    async def learn(
        self, signed: Sequence[SignedAddress], source: DeviceKey | None, via: str, *, is_due: bool = True
    ) -> list[bytes]:
        """Keep what was told; what of it was news. `is_due`: only what holds at this time."""
        net, now = self._node.keys.inception.header.net, self._node.clock.now()
        told = [
            Told(one, addresses, source, via)
            for one in signed
            if one.record.net == net
            and one.record.device != self._node.device
            and (one.record.is_due(now) or not is_due)
            and (addresses := self._dialable(one))
        ]
        return await self._book.learn(told, now) if told else []

    def _dialable(self, signed: SignedAddress) -> tuple[str, ...]:
        return tuple([one for one in signed.record.addresses if self._outward.may_lead(one)])

    async def on_asked(self, event: AddressesAsked) -> None:
        """A peer would know some nodes."""
        records: list[bytes] = []
        if self._is_core:
            random, now = self._node.clock.random(), self._node.clock.now()
            records = await self._book.sample(random, BOOK_ANSWER, now)
            own = await self._announcing.record()
            records = records if own is None else [own.encoded, *records[: BOOK_ANSWER - 1]]
        self._driver.give_addresses(event.link, records, event.req)

    # --- From time to time -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the book as long as the node runs."""
        while True:
            jitter = self._node.clock.random().uniform(1 - FEELER_JITTER, 1 + FEELER_JITTER)
            await asyncio.sleep(limits.FEELER_INTERVAL * jitter)
            try:
                await self.look_around()
            except Exception as error:
                self._driver.noting.failure("looking after the address book failed", error)

    async def look_around(self) -> None:
        """What is due: forget who is gone, remember whom to dial first, tell of us anew, look after somebody."""
        await self._book.tidy(self._longest_linked(), self._node.clock.now())
        if not self._is_core:
            return
        links = [state.link for state in self._driver.links() if state.peer and state.peer.role == Role.CORE]
        self._told_of_us = {link: ts for link, ts in self._told_of_us.items() if link in links}
        for link in links:
            await self._tell_of_us(link)
        await self.feel()

    async def remember(self) -> None:
        """The node stops: remember whom to dial first when it starts again."""
        try:
            await self._book.tidy(self._longest_linked(), self._node.clock.now())
        except Problem as problem:
            self._driver.noting.failure("the address book was not tidied", problem)

    def _longest_linked(self) -> list[DeviceKey]:
        """The core nodes that this one dialled, in the order of their links."""
        states = [state for state in self._driver.links() if state.is_initiator]
        return [state.peer.device for state in states if state.peer and state.peer.role == Role.CORE]

    async def feel(self) -> None:
        """Look whether somebody who was told of is there."""
        known = await self._book.feeler(self._node.clock.random(), self._node.clock.now())
        if known is None or not await self._is_there(known):
            return
        now = self._node.clock.now()
        holder = await self._book.meet(known.device, known.address, now)
        if holder is not None and not await self._is_there(holder):
            await self._book.give_way(holder.device, known.device, now)

    async def _is_there(self, known: Known) -> bool:
        if self._company.link_to(known.device) is not None:
            return True
        try:
            await knock(self._dialler, known.address, known.device, self._own_end(), self._node.clock)
        except Problem as problem:
            self._driver.noting.note("a node that was told of is not there", problem.code)
            await self.missed(known.device)
            return False
        return True


def _judged(records: Sequence[bytes]) -> tuple[list[SignedAddress], int]:
    """Those that hold, and how many break a rule that whoever sent them knows."""
    signed: list[SignedAddress] = []
    bad = 0
    for data in records:
        try:
            signed.append(decode_record(data))
        except RemoteProtocolError as error:
            bad += error.reason is not Reason.UNSUPPORTED_VERSION
    return signed, bad
