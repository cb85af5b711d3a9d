"""Being accepted: an acceptance that a peer brings is ours to answer, or is carried on for somebody whom we carry.

A seed carries it on without being trusted: the inviter checks everything by himself. While he is away it keeps the
acceptance, and hands over what waits when he comes, one after the other, until he has answered each.
"""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from hedgerow_node.circle import Circle
from hedgerow_node.config import ACCEPT_PATIENCE
from hedgerow_node.driver import Driver
from hedgerow_node.joining import follow
from hedgerow_node.logs import Log, short
from hedgerow_node.node import Node
from hedgerow_node.offers import Offers
from hedgerow_node.problems import Problem
from hedgerow_node.store.invites import Kept
from hedgerow_protocol.device_link import decode_offer, decode_request, is_offer
from hedgerow_protocol.effects import Accepting, LinkId
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.invite import (
    Acceptance,
    SignedInvite,
    Verdict,
    decode_acceptance,
    decode_signed_invite,
)
from hedgerow_protocol.keys import AuthorKey, DeviceKey, did_of
from hedgerow_protocol.kinds import Introduce

log = Log("invites")
ACCEPTED = "Accepted my invite."
"""The reason of an introduction that an invite led to."""


class Welcoming:
    """Answers acceptances for one running node."""

    def __init__(
        self,
        node: Node,
        driver: Driver,
        circle: Circle,
        identities: Identities,
        links_of: Callable[[AuthorKey], list[LinkId]],
        offers: Offers,
    ) -> None:
        """`links_of` names the links to devices that are this author's."""
        self._node = node
        self._driver = driver
        self._circle = circle
        self._identities = identities
        self._links_of = links_of
        self._offers = offers
        self._handing_over: WeakValueDictionary[AuthorKey, asyncio.Lock] = WeakValueDictionary()
        self._waiting: set[LinkId] = set()
        """Links on which handing over waits for its turn, and will see whatever has come until then."""

    async def on_accepting(self, event: Accepting) -> None:
        """A peer brings an acceptance."""
        try:
            verdict = await self._judge(event)
        except RemoteProtocolError as error:
            self._driver.noting.note("an acceptance does not hold", error.reason.value)
            verdict = Verdict.INVALID
        except Problem as problem:
            # Ours to mend: whoever carries it keeps it as long as there is no verdict, and brings it again.
            self._driver.noting.note("an acceptance could not be honoured", problem.code)
            return
        self._driver.accepted(event.link, event.req, verdict)
        if verdict == Verdict.FORWARDED:
            inviter, _ = _issuer(event.invite)
            for link in self._links_of(inviter):
                await self.hand_over(link, inviter)

    async def _judge(self, event: Accepting) -> Verdict:
        if is_offer(event.invite):
            return await self._judge_request(event)
        signed, acceptance = decode_signed_invite(event.invite), decode_acceptance(event.acceptance)
        self._check_belongs(signed, acceptance)
        if signed.invite.expiry < self._node.clock.now():
            return Verdict.EXPIRED
        if (signed.invite.inviter, signed.device) == (self._node.author, self._node.door):
            return await self._welcome(signed, acceptance)
        if self._circle.carried.shows(signed.invite.inviter):
            return await self._carry_on(event, signed, acceptance)
        return Verdict.NOT_CARRIED

    def _check_belongs(self, signed: SignedInvite, acceptance: Acceptance) -> None:
        net = self._node.keys.inception.header.net
        if signed.invite.net != net or any(one.header.net != net for one in acceptance.log):
            raise RemoteProtocolError(Reason.WRONG_NET, "of another network")
        if acceptance.invite != signed.id or acceptance.author == signed.invite.inviter:
            raise RemoteProtocolError(Reason.OUT_OF_RANGE, "an acceptance of something else")

    async def _welcome(self, signed: SignedInvite, acceptance: Acceptance) -> Verdict:
        node, now = self._node, self._node.clock.now()
        issued = await node.store.invites.find(signed.id)
        if issued is None:
            return Verdict.INVALID
        if issued.expiry < now:
            return Verdict.EXPIRED
        node.check_may_publish()
        if not await node.store.invites.accept(signed.id, acceptance.author, now):
            return Verdict.USED_UP
        if self._circle.has_members:
            await node.store.peers.add_member(acceptance.author, now)
        if not issued.makes_member:
            await follow(node, [acceptance.author])
            await self._introduce(acceptance.author)
        self._circle.changed()
        log.info("somebody joined", author=short(acceptance.author))
        return Verdict.DONE

    async def _introduce(self, newcomer: AuthorKey) -> None:
        """Let whoever follows the inviter know of the newcomer: nobody else could yet.

        Who becomes a member of a seed is not told: that is between the two.
        """
        node = self._node
        if not await node.store.ties.has_introduced(node.author, newcomer):
            await node.publish(Introduce(did_of(newcomer), node.keys.did, ACCEPTED))

    async def _carry_on(self, event: Accepting, signed: SignedInvite, acceptance: Acceptance) -> Verdict:
        invites, inviter = self._node.store.invites, signed.invite.inviter
        if signed.device not in self._identities.devices_of(inviter):
            return Verdict.INVALID
        now = self._node.clock.now()
        if not await invites.accept(signed.id, acceptance.author, now, signed.invite.uses):
            return Verdict.USED_UP
        kept = Kept(signed.id, acceptance.author, event.invite, event.acceptance)
        return await self._keep(kept, inviter, signed.invite.expiry)

    async def _judge_request(self, event: Accepting) -> Verdict:
        signed, request = decode_offer(event.invite), decode_request(event.acceptance)
        offer = signed.offer
        if offer.net != self._node.keys.inception.header.net:
            raise RemoteProtocolError(Reason.WRONG_NET, "of another network")
        if (request.link, request.author) != (offer.link, offer.author):
            raise RemoteProtocolError(Reason.OUT_OF_RANGE, "a request for something else")
        if offer.expiry < self._node.clock.now():
            return Verdict.EXPIRED
        if (offer.author, signed.device) == (self._node.author, self._node.door):
            return self._offers.judge(signed, request)
        if not self._circle.carried.shows(offer.author):
            return Verdict.NOT_CARRIED
        if signed.device not in self._identities.devices_of(offer.author):
            return Verdict.INVALID
        # What is kept is named by who asks, and that is a key without an author yet.
        kept = Kept(offer.link, AuthorKey(request.device), event.invite, event.acceptance)
        return await self._keep(kept, offer.author, offer.expiry)

    async def _keep(self, kept: Kept, inviter: AuthorKey, expiry: int) -> Verdict:
        await self._node.store.invites.drop_expired(self._node.clock.now())
        is_kept = await self._node.store.invites.keep(inviter, kept, expiry)
        return Verdict.FORWARDED if is_kept else Verdict.NOT_CARRIED

    async def hand_over(self, link: LinkId, inviter: AuthorKey) -> None:
        """Bring the inviter at the other end of this link what waits for him; his device was checked."""
        if link in self._waiting:
            return
        self._waiting.add(link)
        # One after the other, each looking at what still waits, so that nothing is brought twice.
        turn = self._handing_over.setdefault(inviter, asyncio.Lock())
        try:
            await turn.acquire()
        finally:
            self._waiting.discard(link)
        try:
            await self._hand_over(link, inviter)
        finally:
            turn.release()

    async def _hand_over(self, link: LinkId, inviter: AuthorKey) -> None:
        state = self._driver.link(link)
        if state is None or state.peer is None:
            return
        for kept in await self._node.store.invites.kept_for(inviter):
            if _issuer(kept.invite)[1] != state.peer.device:
                continue  # another device of the same person has the record of this one
            verdict = await self._bring(link, kept)
            if verdict is None:
                return
            await self._node.store.invites.drop_kept(kept.invite_id, kept.author)

    async def _bring(self, link: LinkId, kept: Kept) -> int | None:
        try:
            async with asyncio.timeout(ACCEPT_PATIENCE):
                return await self._driver.bring(link, kept.invite, kept.acceptance)
        except TimeoutError:
            return None


def _issuer(invite: bytes) -> tuple[AuthorKey, DeviceKey]:
    """Who made an invite or an offer that was checked before, and which device signed it."""
    if is_offer(invite):
        offered = decode_offer(invite)
        return offered.offer.author, offered.device
    signed = decode_signed_invite(invite)
    return signed.invite.inviter, signed.device
