"""Accepting an invite: in an order by which a refusal leaves nothing behind but the inviter's identity log.

Dial the place to meet (the device must be the one that the invite names) → have the inviter's log and check that his
device signed the invite → bring the acceptance → follow. The inviter follows back, or makes the joiner a member, when
the acceptance reaches him.
"""

from hedgerow_node.bringing import Bringing
from hedgerow_node.circle import Circle
from hedgerow_node.dialling import Dialling
from hedgerow_node.node import Draft, Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import keys
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.invite import Meeting, SignedInvite, Verdict, sign_acceptance
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Follow
from hedgerow_protocol.log_entry import decode_inception
from hedgerow_protocol.message import Message

REFUSALS: dict[int, Code] = {
    Verdict.EXPIRED: Code.INVITE_EXPIRED,
    Verdict.USED_UP: Code.INVITE_USED,
    Verdict.NOT_CARRIED: Code.INVITER_NOT_CARRIED,
}


class Joining:
    """Accepts invites for one running node."""

    def __init__(
        self,
        node: Node,
        bringing: Bringing,
        dialling: Dialling,
        circle: Circle,
        identities: Identities,
    ) -> None:
        self._node = node
        self._bringing = bringing
        self._dialling = dialling
        self._circle = circle
        self._identities = identities

    async def accept(self, signed: SignedInvite) -> None:
        """Join who invites; raises `Problem`, and then nothing was published and no peer is kept."""
        self._node.check_may_publish()
        meetings = [one for one in signed.invite.meet if one.device != self._node.door]
        if signed.invite.inviter in self._circle.carried.denied:
            raise Problem(Code.YOU_BLOCKED, keys.did_of(signed.invite.inviter))
        problem = Problem(Code.PEER_UNREACHABLE)
        if not meetings:
            raise Problem(Code.INVITE_MEETS_HERE, keys.did_of(signed.invite.inviter))
        for meeting in meetings:
            try:
                await self._accept_at(meeting, signed)
                return
            except Problem as failed:
                problem = failed
                if failed.kind not in (Code.PEER_UNREACHABLE, Code.WRONG_PEER, Code.INVITER_NOT_CARRIED):
                    break
        raise problem

    async def _accept_at(self, meeting: Meeting, signed: SignedInvite) -> None:
        inviter = signed.invite.inviter
        async with (
            self._dialling.borrowed(KnownPeer(meeting.device, meeting.address)) as (link, peer),
            self._circle.trial(inviter),
        ):
            await self._check_inviter(signed, link)
            verdict = await self._bring(signed, link)
            peer = self._bringing.met(peer, inviter)
            await self._node.store.peers.add(peer)
            self._dialling.keep(peer)
            await follow(self._node, [inviter, *signed.invite.follows])
            if verdict == Verdict.DONE:
                await self._bringing.await_carried(link)

    async def _check_inviter(self, signed: SignedInvite, link: LinkId) -> None:
        inviter = signed.invite.inviter
        await self._bringing.await_log(inviter, link)
        if signed.device not in self._identities.devices_of(inviter):
            raise Problem(Code.INVITE_WRONG, "it was signed by a device that is not the inviter's")

    async def _bring(self, signed: SignedInvite, link: LinkId) -> int:
        node = self._node
        names = await node.store.views.names([node.author])
        acceptance = sign_acceptance(
            signed,
            node.keys.inception,
            names.get(node.author, ""),
            int(node.clock.now()),
            node.keys.device_seed,
            await self._later_entries(),
        )
        verdict = await self._bringing.bring(link, signed.to_bytes(), acceptance)
        if verdict not in (Verdict.DONE, Verdict.FORWARDED):
            raise Problem(REFUSALS.get(verdict, Code.INVITE_UNKNOWN))
        return verdict

    async def _later_entries(self) -> list[Message]:
        """What of our log shows that this device is ours, where the inception alone does not."""
        node = self._node
        if any(grant.device == node.device for grant in decode_inception(node.keys.inception).devices):
            return []
        log = self._identities.log(node.author)
        entries = [one for one in await node.store.messages.log() if one.id in log.counted]
        return [
            one for one in entries if one.header.author == node.author and one.id != node.keys.inception.id
        ]


async def follow(node: Node, authors: list[AuthorKey]) -> None:
    """Follow these for everyone to see, unless they are followed already."""
    followed = await node.store.views.follows(node.author) | {node.author}
    new = [author for author in dict.fromkeys(authors) if author not in followed]
    if new:
        await node.publish_many([Draft(Follow(keys.did_of(author))) for author in new])
