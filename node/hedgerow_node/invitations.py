"""Invites as people see them: what one says, reading one that somebody pasted, making one."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from hedgerow_node.config import INVITE_LIFE
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem, not_allowed
from hedgerow_node.store.invites import Issued
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import keys, limits
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.invite import (
    Invite,
    InviteExtra,
    Meeting,
    SignedInvite,
    parse_invite,
    sign_invite,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.peer import LinkState

PEER_PATH = "/peer"
NEWER = "Bring Hedgerow up to date, then join."


@dataclass(frozen=True, slots=True)
class Terms:
    """What an invite shall say."""

    uses: int = 1
    life: int = INVITE_LIFE
    """Seconds until it expires."""
    follows: tuple[AuthorKey, ...] = ()
    makes_member: bool = False
    through: str | None = None
    """The address, name or did of the one peer to meet at; None for every one that carries us."""


def read_invite(text: str, node: Node) -> SignedInvite:
    """The invite in what somebody pasted; raises `Problem` if it is none, or none that this node can accept."""
    try:
        signed = parse_invite(text)
    except RemoteProtocolError as error:
        if error.reason is Reason.UNSUPPORTED_VERSION:
            raise Problem(Code.INVITE_WRONG, "it was made by a newer Hedgerow", NEWER) from None
        raise Problem(Code.INVITE_WRONG, "a part of it is missing, or was changed") from None
    if signed.invite.net != node.keys.inception.header.net:
        raise Problem(Code.INVITE_OTHER_NET)
    if signed.invite.inviter == node.author:
        raise Problem(Code.INVITE_YOURS)
    if signed.invite.expiry < node.clock.now():
        raise Problem(Code.INVITE_EXPIRED)
    return signed


def peer_address(address: str) -> str:
    """An address as somebody gave it (ws: or wss:), with the path of the peers' door if it has none.

    Raises `Problem`.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("ws", "wss") or not parts.hostname or not address.isascii():
        raise Problem(Code.ADDRESS_WRONG, address)
    path = PEER_PATH if parts.path in ("", "/") else parts.path
    return f"{parts.scheme}://{parts.netloc}{path}"


def reachable_address(listening: str) -> str | None:
    """The address of a listener on HOST:PORT for others; None where it listens on every address of the computer."""
    host = listening.rpartition(":")[0].strip("[]")
    return None if ipaddress.ip_address(host).is_unspecified else f"ws://{listening}{PEER_PATH}"


class Inviting:
    """Makes the invites of one running node."""

    def __init__(
        self,
        node: Node,
        own_address: Callable[[], str | None],
        states: Callable[[], list[LinkState]],
        *,
        listens: bool,
    ) -> None:
        self._node = node
        self._own_address = own_address
        self._states = states
        self._listens = listens

    async def issue(self, terms: Terms) -> SignedInvite:
        """Make an invite; raises `Problem` when there is nowhere to meet."""
        node, now = self._node, self._node.clock.now()
        invite = await self._compose(terms, now)
        try:
            signed = sign_invite(invite, node.keys.door_seed)
        except LocalProtocolError as error:
            raise not_allowed(error) from None
        await node.store.invites.issue(
            Issued(signed.id, invite.token, invite.expiry, invite.uses, 0, terms.makes_member, now)
        )
        return signed

    async def _compose(self, terms: Terms, now: float) -> Invite:
        node = self._node
        names = await node.store.views.names([node.author])
        authors = await node.store.messages.authors()
        count = sum(authors.get(author, 0) for author in (node.author, *terms.follows))
        extra: list[tuple[int, object]] = [(InviteExtra.MESSAGES, count)]
        if terms.makes_member:
            extra.append((InviteExtra.MEMBERSHIP, 1))
        return Invite(
            net=node.keys.inception.header.net,
            inviter=node.author,
            name=names.get(node.author, ""),
            meet=tuple((await self.meetings(terms.through))[: limits.MAX_INVITE_ADDRESSES]),
            token=node.clock.entropy(limits.INVITE_TOKEN),
            expiry=int(now) + terms.life,
            uses=terms.uses,
            follows=tuple(sorted(terms.follows)),
            extra=tuple(extra),
        )

    async def meetings(self, through: str | None) -> list[Meeting]:
        """Where others can meet this node: at itself, or at peers that carry it; raises `Problem` if nowhere."""
        own = self._own_address()
        meetings = [Meeting(own, self._node.door)] if own is not None and through is None else []
        peers = await self._node.store.peers.all()
        meetings += [Meeting(peer.address, peer.device) for peer in peers if self._may_meet_at(peer, through)]
        if not meetings:
            raise self._nowhere(through)
        return meetings

    def _nowhere(self, through: str | None) -> Problem:
        if through is not None:
            return Problem(Code.NOWHERE_TO_MEET, f"no peer is “{through}”", "See who is: hedgerow peers.")
        if self._listens:
            return Problem(
                Code.NOWHERE_TO_MEET,
                "your node listens on every address of this computer",
                "Say which one others can dial: hedgerow run --listen HOST:PORT --address ws://HOST:PORT.",
            )
        return Problem(Code.NOWHERE_TO_MEET)

    def _may_meet_at(self, peer: KnownPeer, through: str | None) -> bool:
        if through is not None:
            names = [peer.address, peer.name, keys.did_of(peer.device)]
            return through in (names if peer.author is None else [*names, keys.did_of(peer.author)])
        states = [state for state in self._states() if state.peer and state.peer.device == peer.device]
        # A peer that said it does not carry us could not bring us the acceptance.
        return not states or all(self._node.author not in state.refused for state in states)
