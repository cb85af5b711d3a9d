"""Other nodes: invite somebody, join somebody, see the links, compare with everyone now.

They use the links of the running node. Where none runs, links are brought up for as long as the command takes.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from hedgerow_node.addresses import person_of
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.people import profile_of
from hedgerow_node.config import FIRST_CONTENT_PATIENCE, INVITE_LIFE, NEAR_INVITE_LIFE, SYNC_PATIENCE
from hedgerow_node.invitations import Terms, read_invite
from hedgerow_node.network import Network
from hedgerow_node.node import Node, OnProgress
from hedgerow_node.policy import USUAL
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed import settings
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import limits
from hedgerow_protocol.invite import SCHEME, SignedInvite
from hedgerow_protocol.keys import did_of, key_of

Uses = Annotated[int, msgspec.Meta(ge=1, le=2**16 - 1)]
Days = Annotated[int, msgspec.Meta(ge=1, le=366)]
DAY = 86_400


class MakeInvite(Request):
    """An invite for somebody to join you."""

    through: str | None = None
    """Meet at this peer only: its address, name or did."""
    uses: Uses = 1
    days: Days = INVITE_LIFE // DAY
    follows: tuple[str, ...] = ()
    """People whom the joiner will follow as well."""
    member: bool | None = None
    """Make members of this seed, instead of friends who follow each other; None: as the profile says."""
    near: bool = False
    """For somebody in the same room: for one person and a quarter of an hour, whatever is said above."""


class Join(Request):
    """An invite that somebody sent."""

    invite: str
    accept: bool = True
    """False: only say what it would do."""


class ListPeers(Request):
    """The nodes that this one is linked to or dials."""


class Sync(Request):
    """Compare with every peer now."""


@asynccontextmanager
async def network_of(node: Node) -> AsyncIterator[Network]:
    """The links of a running node, or links for the moment."""
    if isinstance(node.network, Network):
        yield node.network
        return
    # Others meet a seed at its own address, also when it does not run just now.
    seed = settings.read(node.home.seed) if node.home.seed.exists() else None
    network = await Network.open(
        node,
        public_address=None if seed is None else seed.address,
        policy=USUAL if seed is None else seed.decided(),
    )
    try:
        yield network
    finally:
        await network.close()


async def invite(node: Node, request: MakeInvite) -> Json:
    """Make an invite: one text with which somebody joins you."""
    if len(request.follows) > limits.MAX_INVITE_FOLLOWS:
        raise Problem(Code.REQUEST_WRONG, f"at most {limits.MAX_INVITE_FOLLOWS} people to follow")
    profile = await profile_of(node)
    makes_member = profile.machine if request.member is None else request.member
    terms = Terms(
        uses=1 if request.near else request.uses,
        life=NEAR_INVITE_LIFE if request.near else request.days * DAY,
        follows=tuple(sorted({person_of(did) for did in request.follows} - {node.author})),
        makes_member=makes_member,
        through=request.through,
    )
    async with network_of(node) as network:
        signed = await network.inviting.issue(terms)
    return {
        "invite": signed.to_text(),
        "link": link_of(signed),
        "expires": signed.invite.expiry,
        "uses": terms.uses,
        "name": profile.name,
        "meet": [one.address for one in signed.invite.meet],
        "member": makes_member,
        "who": _who(signed),
    }


async def join(node: Node, request: Join, on_progress: OnProgress) -> Json:
    """Accept an invite: see who invites and what that does, then do it."""
    signed = read_invite(request.invite, node)
    if not request.accept:
        return _preview(signed)
    async with network_of(node) as network:
        await network.joining.accept(signed)
        await _await_first(node, network, signed, on_progress)
        authors = await node.store.messages.authors()
    things = sum(authors.get(one, 0) for one in (signed.invite.inviter, *signed.invite.follows))
    return {**_preview(signed), "things": things, "joined": True, "who": _what_happened(signed)}


async def peers(node: Node, request: ListPeers) -> Json:
    """List the nodes that this one is linked to or dials."""
    known = await node.store.peers.all()
    links = node.network.links() if node.network is not None else []
    linked = {link["device"] for link in links}
    network = node.network if isinstance(node.network, Network) else None
    idle = [_idle(peer, network) for peer in known if did_of(peer.device) not in linked]
    last = {did_of(peer.device): peer.last_linked for peer in known}
    names = await _names(node, [str(one["did"]) for one in links + idle if one["did"]])
    return {
        "peers": [
            {
                **link,
                "name": names.get(str(link["did"]), ""),
                "last_linked": last.get(str(link["device"])),
            }
            for link in links + idle
        ]
    }


async def _names(node: Node, dids: list[str]) -> dict[str, str]:
    names = await node.store.views.names(map(key_of, dids))
    return {did_of(author): name for author, name in names.items()}


def _idle(peer: KnownPeer, network: Network | None) -> Json:
    state, problem = "not running", None
    if network is not None:
        state = network.dialled().get(peer.device, state)
        problem = network.why_not(peer.device)
    return {
        "did": did_of(peer.author) if peer.author is not None else None,
        "device": did_of(peer.device),
        "role": "unknown",
        "direction": "out",
        "state": state,
        "address": peer.address,
        "refused": [],
        "problem": None if problem is None else problem.as_json(),
    }


async def sync(node: Node, request: Sync, on_progress: OnProgress) -> Json:
    """Compare with every peer now, and fetch what is missing on either side."""
    if not await node.store.peers.all():
        return {"settled": True, "links": [], "new": 0}
    before = sum((await node.store.messages.authors()).values())
    async with network_of(node) as network:
        settled = await network.sync(SYNC_PATIENCE)
        links = network.links()
    after = sum((await node.store.messages.authors()).values())
    return {"settled": settled, "links": links, "new": after - before}


async def _await_first(node: Node, network: Network, signed: SignedInvite, on_progress: OnProgress) -> None:
    """Wait until everything is here; a node that goes on running needs only the first part of it."""
    goes_on = network.is_kept
    patience = FIRST_CONTENT_PATIENCE if goes_on else SYNC_PATIENCE
    total = signed.invite.messages or 0
    deadline = node.clock.monotonic() + patience
    while not network.is_settled and node.clock.monotonic() < deadline:
        authors = await node.store.messages.authors()
        have = authors.get(signed.invite.inviter, 0)
        on_progress(have, max(total, have))
        if goes_on and have > 1:
            return
        await network.wait_for_change(0.5)


def _preview(signed: SignedInvite) -> Json:
    invite = signed.invite
    return {
        "did": did_of(invite.inviter),
        "name": invite.name,
        "key": did_of(signed.device),
        "meet": [{"address": one.address, "device": did_of(one.device)} for one in invite.meet],
        "things": invite.messages,
        "follows": [did_of(one) for one in invite.follows],
        "member": invite.makes_member,
        "expires": invite.expiry,
        "joined": False,
        "who": _what_happens(signed),
    }


def _what_happens(signed: SignedInvite) -> str:
    others = f" and {len(signed.invite.follows)} more" if signed.invite.follows else ""
    if signed.invite.makes_member:
        return (
            f"You will follow them{others}, and their seed will keep what you share. "
            "It learns your address on the network and whom you ask for."
        )
    return f"You will follow them{others}, and they will follow you: both can see it, and so can others."


def _what_happened(signed: SignedInvite) -> str:
    others = f" and {len(signed.invite.follows)} more" if signed.invite.follows else ""
    if signed.invite.makes_member:
        return (
            f"You follow them{others} now, and their seed keeps what you share. "
            "It knows your address on the network and whom you ask for."
        )
    return f"You follow them{others} now, and they follow you: both can see it, and so can others."


def _who(signed: SignedInvite) -> str:
    people = "one person" if signed.invite.uses == 1 else f"up to {signed.invite.uses} people"
    then = (
        "becomes a member of this seed" if signed.invite.makes_member else "follows you, and you follow them"
    )
    return f"Whoever gets this text can use it ({people}, until it expires) and then {then}."


def link_of(signed: SignedInvite) -> str:
    """The address of the page that explains the invite, where somebody listens."""
    parts = urlsplit(signed.invite.meet[0].address)
    scheme = {"ws": "http", "wss": "https"}[parts.scheme]
    return f"{scheme}://{parts.netloc}/join#{signed.to_text().removeprefix(SCHEME)}"
