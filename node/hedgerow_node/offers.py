"""Codes with which new devices ask to be added, and who asked: kept in memory, for some minutes.

The secret of a code is on no disk. Whoever asks with it waits here until the owner has seen key and name and says yes;
what he says goes into the log and nowhere else.
"""

from dataclasses import dataclass, field

from hedgerow_node.config import LINK_CODE_LIFE, MAX_LINK_CODES, MAX_WAITING_DEVICES
from hedgerow_node.invitations import Inviting
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem, not_allowed
from hedgerow_protocol import limits
from hedgerow_protocol.device_link import (
    LinkCode,
    Offer,
    Request,
    SignedOffer,
    link_of,
    make_code,
    sign_offer,
)
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.invite import Verdict
from hedgerow_protocol.keys import DeviceKey


@dataclass(slots=True)
class _Given:
    """A code that was shown, and who asked with it."""

    code: LinkCode
    waiting: dict[DeviceKey, Request] = field(default_factory=dict)


class Offers:
    """The codes of one running node."""

    def __init__(self, node: Node, inviting: Inviting) -> None:
        self._node = node
        self._inviting = inviting
        self._given: dict[bytes, _Given] = {}
        self._used: set[bytes] = set()

    async def make(self, through: str | None) -> LinkCode:
        """A code for one device, which meets us like somebody whom we invite; raises `Problem`."""
        node = self._node
        meet = (await self._inviting.meetings(through))[: limits.MAX_INVITE_ADDRESSES]
        secret = node.clock.entropy(limits.LINK_SECRET)
        expiry = int(node.clock.now()) + LINK_CODE_LIFE
        offer = Offer(node.keys.inception.header.net, node.author, link_of(secret), expiry)
        try:
            code = make_code(sign_offer(offer, node.keys.door_seed), meet, secret)
        except LocalProtocolError as error:
            raise not_allowed(error) from None
        self._given[offer.link] = _Given(code)
        while len(self._given) > MAX_LINK_CODES:
            del self._given[next(iter(self._given))]
        return code

    def judge(self, signed: SignedOffer, request: Request) -> Verdict:
        """What becomes of a request that came for us."""
        if request.device in self._node.identities.devices_of(self._node.author):
            return Verdict.DONE
        if request.link in self._used:
            return Verdict.USED_UP
        given = self._given.get(request.link)
        if given is None or given.code.signed != signed or not request.proves(given.code.secret):
            return Verdict.INVALID
        given.waiting[request.device] = request
        while len(given.waiting) > MAX_WAITING_DEVICES:
            del given.waiting[next(iter(given.waiting))]
        return Verdict.FORWARDED

    def waiting(self) -> list[Request]:
        """Who asks to be added, by codes that are still good, in the order of asking."""
        now = self._node.clock.now()
        good = [given for given in self._given.values() if given.code.signed.offer.expiry >= now]
        return [request for given in good for request in given.waiting.values()]

    def find(self, device: DeviceKey) -> Request:
        """The request of a device that waits; raises `Problem`."""
        for request in self.waiting():
            if request.device == device:
                return request
        raise Problem(Code.NO_SUCH_DEVICE, "it has not asked to be added, or its code has expired")

    def use_up(self, request: Request) -> None:
        """This device was added: the code lets nobody else ask."""
        self._given.pop(request.link, None)
        self._used.add(request.link)
