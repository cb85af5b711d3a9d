"""Invites: made by somebody who can be met, accepted by somebody who dials, carried on by seeds in between.

Accepting runs in this order, so that a refusal leaves nothing behind: dial the place to meet (the device must be
the one that the invite names) → have the inviter's log and check that his device signed the invite → bring the
acceptance → follow. The inviter follows back, or makes the joiner a member, when the acceptance reaches him.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from hedgerow_node.config import ACCEPT_PATIENCE
from hedgerow_node.logs import Log, short
from hedgerow_node.node import Draft, Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.invites import Issued, Kept
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import keys, limits
from hedgerow_protocol.effects import AcceptanceAnswered, Accepting, LinkId
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.invite import (
    Acceptance,
    Invite,
    InviteExtra,
    Meeting,
    SignedInvite,
    Verdict,
    decode_acceptance,
    decode_signed_invite,
    parse_invite,
    sign_acceptance,
    sign_invite,
)
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Follow
from hedgerow_protocol.peer import LinkState

if TYPE_CHECKING:
    from hedgerow_node.network import Network

log = Log("invites")
REFUSALS: dict[int, Code] = {
    Verdict.EXPIRED: Code.INVITE_EXPIRED,
    Verdict.USED_UP: Code.INVITE_USED,
    Verdict.NOT_CARRIED: Code.INVITER_NOT_CARRIED,
    Verdict.INVALID: Code.INVITE_WRONG,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What an invite shall say."""

    uses: int = 1
    life: int = 7 * 86_400
    """Seconds until it expires."""
    follows: tuple[AuthorKey, ...] = ()
    makes_member: bool = False
    through: str | None = None
    """The address or did of the one peer to meet at; None for every one that carries us."""


def read_invite(text: str, node: Node) -> SignedInvite:
    """The invite in what somebody pasted; raises `Problem` if it is none, or none that this node can accept."""
    try:
        signed = parse_invite(text)
    except RemoteProtocolError as error:
        raise Problem(Code.INVITE_WRONG, error.detail) from None
    if signed.invite.net != node.keys.inception.header.net:
        raise Problem(Code.INVITE_OTHER_NET)
    if signed.invite.inviter == node.author:
        raise Problem(Code.INVITE_YOURS)
    if signed.invite.expiry < node.clock.now():
        raise Problem(Code.INVITE_EXPIRED)
    return signed


class Invitations:
    """Everything about invites that one running node does."""

    def __init__(self, node: Node, network: "Network") -> None:
        self._node = node
        self._network = network
        self._answers: dict[tuple[LinkId, int], asyncio.Future[int] | Kept] = {}

    # --- Inviting ----------------------------------------------------------------------------------------

    async def issue(self, terms: Terms) -> SignedInvite:
        """Make an invite; raises `Problem` when there is nowhere to meet."""
        node, now = self._node, self._node.clock.now()
        names = await node.store.views.names([node.author])
        authors = await node.store.messages.authors()
        count = sum(authors.get(author, 0) for author in (node.author, *terms.follows))
        extra: list[tuple[int, object]] = [(InviteExtra.MESSAGES, count)]
        if terms.makes_member:
            extra.append((InviteExtra.MEMBERSHIP, 1))
        invite = Invite(
            net=node.keys.inception.header.net,
            inviter=node.author,
            name=names.get(node.author, ""),
            meet=tuple((await self._meetings(terms.through))[: limits.MAX_INVITE_ADDRESSES]),
            token=node.clock.entropy(limits.INVITE_TOKEN),
            expiry=int(now) + terms.life,
            uses=terms.uses,
            follows=tuple(sorted(terms.follows)),
            extra=tuple(extra),
        )
        signed = sign_invite(invite, node.keys.device_seed)
        await node.store.invites.issue(
            Issued(signed.id, invite.token, invite.expiry, invite.uses, 0, terms.makes_member, now)
        )
        return signed

    async def _meetings(self, through: str | None) -> list[Meeting]:
        own = self._network.own_address
        meetings = [Meeting(own, self._node.device)] if own is not None and through is None else []
        peers = await self._node.store.peers.all()
        meetings += [Meeting(peer.address, peer.device) for peer in peers if self._may_meet_at(peer, through)]
        if not meetings:
            raise Problem(Code.NOWHERE_TO_MEET)
        return meetings

    def _may_meet_at(self, peer: KnownPeer, through: str | None) -> bool:
        if through is not None:
            names = [peer.address, peer.name, keys.did_of(peer.device)]
            return through in (names if peer.author is None else [*names, keys.did_of(peer.author)])
        states = [
            state for state in self._network.states() if state.peer and state.peer.device == peer.device
        ]
        # A peer that said it does not carry us could not bring us the acceptance.
        return not states or all(self._node.author not in state.refused for state in states)

    # --- Accepting ---------------------------------------------------------------------------------------

    async def accept(self, signed: SignedInvite) -> None:
        """Join who invites; raises `Problem`, and then nothing was published or kept."""
        link, peer, first = await self._meet(signed.invite.meet)
        inviter = signed.invite.inviter
        await self._network.try_out(frozenset({inviter}))
        try:
            await self._check_inviter(signed, link)
            await self._bring(signed, link)
            await self._node.store.peers.add(peer)
            self._network.keep_linked(peer, first)
            first = None
            await self._follow([inviter, *signed.invite.follows])
        finally:
            await self._network.try_out(frozenset())
            if first is not None:
                first.cancel()

    async def _meet(
        self, meetings: Sequence[Meeting]
    ) -> tuple[LinkId, KnownPeer, "asyncio.Task[str] | None"]:
        problem = Problem(Code.PEER_UNREACHABLE)
        for meeting in meetings:
            peer = KnownPeer(meeting.device, meeting.address)
            link = self._link_to(meeting.device)
            if link is not None:
                return link, peer, None
            task = asyncio.create_task(self._network.link_once(peer))
            try:
                return await self._await_link(meeting.device, task), peer, task
            except Problem as failed:
                problem = failed
        raise problem

    async def _await_link(self, device: DeviceKey, task: "asyncio.Task[str]") -> LinkId:
        try:
            async with asyncio.timeout(ACCEPT_PATIENCE):
                while (link := self._link_to(device)) is None:
                    changed = asyncio.create_task(self._network.wait_for_change())
                    await asyncio.wait({task, changed}, return_when=asyncio.FIRST_COMPLETED)
                    changed.cancel()
                    if task.done():
                        raise _link_problem(task.result())
                return link
        except BaseException as error:
            task.cancel()
            if isinstance(error, TimeoutError):
                raise Problem(Code.PEER_UNREACHABLE, "no answer in time") from None
            raise

    def _link_to(self, device: DeviceKey) -> LinkId | None:
        for state in self._network.states():
            if state.is_initiator and state.peer is not None and state.peer.device == device:
                return state.link
        return None

    async def _check_inviter(self, signed: SignedInvite, link: LinkId) -> None:
        inviter, identities = signed.invite.inviter, self._network.identities
        try:
            async with asyncio.timeout(ACCEPT_PATIENCE):
                while not identities.is_known(inviter):
                    if any(
                        inviter in state.refused for state in self._network.states() if state.link == link
                    ):
                        raise Problem(Code.INVITER_NOT_CARRIED)
                    await self._network.wait_for_change()
        except TimeoutError:
            raise Problem(Code.INVITER_NOT_CARRIED) from None
        if signed.device not in identities.devices_of(inviter):
            raise Problem(Code.INVITE_WRONG, "it was signed by a device that is not the inviter's")

    async def _bring(self, signed: SignedInvite, link: LinkId) -> None:
        node = self._node
        names = await node.store.views.names([node.author])
        acceptance = sign_acceptance(
            signed,
            node.keys.inception,
            names.get(node.author, ""),
            int(node.clock.now()),
            node.keys.device_seed,
        )
        request = self._network.driver.accept(link, signed.to_bytes(), acceptance)
        if request is None:
            raise Problem(Code.PEER_UNREACHABLE, "the link broke")
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._answers[link, request] = answer
        try:
            async with asyncio.timeout(ACCEPT_PATIENCE):
                verdict = await answer
        except TimeoutError:
            raise Problem(Code.PEER_UNREACHABLE, "no answer to the acceptance") from None
        finally:
            self._answers.pop((link, request), None)
        if verdict not in (Verdict.DONE, Verdict.FORWARDED):
            raise Problem(REFUSALS.get(verdict, Code.INVITE_WRONG))

    async def _follow(self, authors: Sequence[AuthorKey]) -> None:
        followed = await self._node.store.views.follows(self._node.author) | {self._node.author}
        drafts = [Draft(Follow(keys.did_of(author))) for author in authors if author not in followed]
        if drafts:
            await self._node.publish_many(drafts)

    # --- Being accepted ----------------------------------------------------------------------------------

    async def on_accepting(self, event: Accepting) -> None:
        """A peer brings an acceptance: ours to answer, or to be carried on."""
        try:
            verdict = await self._judge(event)
        except RemoteProtocolError as error:
            log.info("an acceptance does not hold", reason=error.reason.value)
            verdict = Verdict.INVALID
        except Problem as problem:
            log.info("an acceptance could not be honoured", code=problem.code)
            verdict = Verdict.INVALID
        self._network.driver.accepted(event.link, event.req, verdict)

    async def _judge(self, event: Accepting) -> Verdict:
        signed, acceptance = decode_signed_invite(event.invite), decode_acceptance(event.acceptance)
        if acceptance.invite != signed.id or acceptance.author == signed.invite.inviter:
            raise RemoteProtocolError(Reason.OUT_OF_RANGE, "an acceptance of something else")
        if signed.invite.expiry < self._node.clock.now():
            return Verdict.EXPIRED
        if signed.invite.inviter == self._node.author:
            return await self._welcome(signed, acceptance)
        if signed.invite.inviter in self._network.carried.authors:
            return await self._carry_on(event, signed, acceptance)
        return Verdict.NOT_CARRIED

    async def _welcome(self, signed: SignedInvite, acceptance: Acceptance) -> Verdict:
        node, now = self._node, self._node.clock.now()
        issued = await node.store.invites.find(signed.id)
        if issued is None:
            return Verdict.INVALID
        if not await node.store.invites.accept(signed.id, acceptance.author, now):
            return Verdict.USED_UP
        if self._network.is_listening:
            await node.store.peers.add_member(acceptance.author, now)
        if not issued.makes_member:
            await self._follow([acceptance.author])
        self._network.circle_changed()
        log.info("somebody joined", author=short(acceptance.author))
        return Verdict.DONE

    async def _carry_on(self, event: Accepting, signed: SignedInvite, acceptance: Acceptance) -> Verdict:
        invites, inviter = self._node.store.invites, signed.invite.inviter
        if signed.device not in self._network.identities.devices_of(inviter):
            return Verdict.INVALID
        if not await invites.accept(signed.id, acceptance.author, self._node.clock.now(), signed.invite.uses):
            return Verdict.USED_UP
        kept = Kept(signed.id, acceptance.author, event.invite, event.acceptance)
        if not await invites.keep(inviter, kept, signed.invite.expiry):
            return Verdict.NOT_CARRIED
        for state in self._network.states():
            if state.peer is not None and state.peer.author == inviter:
                self._deliver(state, kept)
        return Verdict.FORWARDED

    async def deliver_kept(self, state: LinkState) -> None:
        """Somebody came for whom acceptances may be waiting."""
        assert state.peer is not None
        for kept in await self._node.store.invites.kept_for(state.peer.author):
            self._deliver(state, kept)

    def _deliver(self, state: LinkState, kept: Kept) -> None:
        peer = state.peer
        if peer is None or peer.device not in self._network.identities.devices_of(peer.author):
            return
        request = self._network.driver.accept(state.link, kept.invite, kept.acceptance)
        if request is not None:
            self._answers[state.link, request] = kept

    def on_answered(self, event: AcceptanceAnswered) -> None:
        """What became of an acceptance that we brought."""
        waiting = self._answers.pop((event.link, event.req), None)
        match waiting:
            case None:
                return
            case Kept():
                self._network.beside(self._node.store.invites.drop_kept(waiting.invite_id, waiting.author))
            case asyncio.Future():
                if not waiting.done():
                    waiting.set_result(event.verdict)
            case _:
                assert_never(waiting)


def _link_problem(why: str) -> Problem:
    if why == Reason.WRONG_PEER.value:
        return Problem(Code.WRONG_PEER)
    return Problem(Code.PEER_UNREACHABLE, f"the link ended: {why}")
