"""Asking to become a device of somebody's identity, with a code that his other device shows.

Dial a place to meet (the device must be the one that the code names) → have the log and check that the offer's device
is in it → bring the request → wait until the log names the new device, which its owner decides on the other one.
"""

from hedgerow_node.bringing import Bringing
from hedgerow_node.circle import Circle
from hedgerow_node.dialling import Dialling
from hedgerow_node.links.bell import Bell
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem, not_allowed
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import keys
from hedgerow_protocol.device_link import LinkCode, sign_request
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.invite import Meeting, Verdict
from hedgerow_protocol.keys import AuthorKey, DeviceKey

REFUSALS: dict[int, Code] = {
    Verdict.EXPIRED: Code.CODE_EXPIRED,
    Verdict.USED_UP: Code.CODE_EXPIRED,
    Verdict.NOT_CARRIED: Code.INVITER_NOT_CARRIED,
}


class Linking:
    """Asks for one running node."""

    def __init__(
        self,
        node: Node,
        bringing: Bringing,
        dialling: Dialling,
        circle: Circle,
        identities: Identities,
        bell: Bell,
    ) -> None:
        self._node = node
        self._bringing = bringing
        self._dialling = dialling
        self._circle = circle
        self._identities = identities
        self._bell = bell

    async def ask(self, code: LinkCode, name: str, device_seed: bytes) -> KnownPeer:
        """Ask that the device of this seed be added, and wait until it is; returns whom that was asked through.

        Raises `Problem`, and then nothing was changed here.
        """
        problem = Problem(Code.PEER_UNREACHABLE)
        for meeting in code.meet:
            try:
                return await self._ask_at(meeting, code, name, device_seed)
            except Problem as failed:
                problem = failed
                if failed.kind not in (Code.PEER_UNREACHABLE, Code.WRONG_PEER, Code.INVITER_NOT_CARRIED):
                    break
        raise problem

    async def _ask_at(self, meeting: Meeting, code: LinkCode, name: str, device_seed: bytes) -> KnownPeer:
        author, device = code.signed.offer.author, DeviceKey(keys.public_key(device_seed))
        async with (
            self._dialling.borrowed(KnownPeer(meeting.device, meeting.address)) as (link, peer),
            self._circle.trial(author),
        ):
            await self._bringing.await_log(author, link)
            if code.signed.device not in self._identities.devices_of(author):
                raise Problem(Code.CODE_WRONG, "it was made by a device that is not of this identity")
            request = self._request(code, name, device_seed)
            verdict = await self._bringing.bring(link, code.signed.encoded, request)
            if verdict not in (Verdict.DONE, Verdict.FORWARDED):
                raise Problem(REFUSALS.get(verdict, Code.CODE_WRONG))
            patience = code.signed.offer.expiry - self._node.clock.now()
            if not await self._bell.until(lambda: self._is_added(code, device), patience):
                raise Problem(Code.NOT_ADDED)
            return self._bringing.met(peer, author)

    async def fetch_log(self, meeting: Meeting, author: AuthorKey) -> KnownPeer:
        """Have an author's log from whoever is met there; raises `Problem` when it is not carried there."""
        peer = KnownPeer(meeting.device, meeting.address)
        async with self._dialling.borrowed(peer) as (link, met), self._circle.trial(author):
            await self._bringing.await_log(author, link)
            return self._bringing.met(met, author)

    def _is_added(self, code: LinkCode, device: DeviceKey) -> bool:
        return device in self._identities.devices_of(code.signed.offer.author)

    def _request(self, code: LinkCode, name: str, device_seed: bytes) -> bytes:
        try:
            return sign_request(code, name, int(self._node.clock.now()), device_seed)
        except LocalProtocolError as error:
            raise not_allowed(error) from None
