"""The address book as its owner sees it: who is known and why, taking in lists and places to meet, making a list."""

from dataclasses import replace

from hedgerow_node.commands.links import network_of
from hedgerow_node.commands.operation import Json, Limit, Request
from hedgerow_node.config import USUAL_PAGE
from hedgerow_node.invitations import read_invite
from hedgerow_node.network import Network
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem, not_allowed
from hedgerow_node.store.book import Known
from hedgerow_node.store.peers import KnownPeer
from hedgerow_node.store.viewpoint import short_key
from hedgerow_protocol import limits
from hedgerow_protocol.address_record import decode_record
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from hedgerow_protocol.invite import SignedInvite
from hedgerow_protocol.keys import DeviceKey, did_of, key_of
from hedgerow_protocol.node_list import SCHEME, NodeList, parse_list, sign_list

OWNER = "you"
BRING_UP_TO_DATE = "Bring Hedgerow up to date, then try again."


class ListBook(Request):
    """The nodes that this one was told of or met."""

    limit: Limit = USUAL_PAGE


class AddNodes(Request):
    """A list of nodes that somebody made, or an invite whose places to meet are to be called."""

    text: str
    accept: bool = True
    """False: only say what it holds."""


class ForgetNode(Request):
    """A node to be forgotten."""

    device: str


class SaveNodes(Request):
    """A list of the nodes that were met, to be given to others."""


async def book(node: Node, request: ListBook) -> Json:
    """List the nodes that this one was told of or met, and why it knows them."""
    known = await node.store.book.all()
    labels = {one.device: _label(one) for one in known}
    return {
        "nodes": [_shown(one, labels) for one in known[: request.limit]],
        "total": len(known),
        "met": sum(one.is_tried for one in known),
    }


class ListNear(Request):
    """The nodes on the local network."""


async def near(node: Node, request: ListNear) -> Json:
    """List the nodes on the local network, by their own word; none unless the node was started with --lan."""
    nearby = node.network.nearby if isinstance(node.network, Network) else None
    found = [] if nearby is None else nearby.found()
    peers = {peer.device for peer in await node.store.peers.all()}
    return {
        "looks": nearby is not None and nearby.is_on,
        "nodes": [
            {
                "device": did_of(one.device),
                "name": one.name,
                "addresses": list(one.addresses),
                "joined": one.device in peers,
            }
            for one in found
        ],
    }


async def add(node: Node, request: AddNodes) -> Json:
    """Take in a list of nodes, or call the places to meet of an invite without accepting it."""
    if SCHEME in "".join(request.text.split()):
        return await _add_list(node, _read(request.text, node), accept=request.accept)
    return await _add_places(node, read_invite(request.text, node), accept=request.accept)


async def forget(node: Node, request: ForgetNode) -> Json:
    """Forget a node, and call it no more."""
    try:
        device = DeviceKey(key_of(request.device))
    except RemoteProtocolError:
        raise Problem(Code.NO_SUCH_NODE, request.device) from None
    was_known = await node.store.book.remove(device)
    was_called = await node.store.peers.remove(device)
    if isinstance(node.network, Network):
        node.network.let_go(device)
    if not was_known and not was_called:
        raise Problem(Code.NO_SUCH_NODE, request.device)
    return {"device": request.device}


async def save(node: Node, request: SaveNodes) -> Json:
    """Make a signed list of the nodes that were met, with which others can begin."""
    now = node.clock.now()
    met = [decode_record(one.record) for one in await node.store.book.all() if one.is_tried]
    due = [one for one in met if one.record.is_due(now)][: limits.MAX_LISTED_NODES]
    if not due:
        raise Problem(Code.NO_NODES_MET)
    names = await node.store.views.names([node.author])
    try:
        made = sign_list(
            node.keys.inception.header.net,
            node.author,
            names.get(node.author, ""),
            int(now),
            due,
            node.keys.device_seed,
        )
    except LocalProtocolError as error:
        raise not_allowed(error) from None
    return {"list": made.to_text(), "nodes": len(due)}


def _read(text: str, node: Node) -> NodeList:
    try:
        found = parse_list(text)
    except RemoteProtocolError as error:
        if error.reason is Reason.UNSUPPORTED_VERSION:
            raise Problem(Code.LIST_WRONG, "it was made by a newer Hedgerow", BRING_UP_TO_DATE) from None
        raise Problem(Code.LIST_WRONG, "a part of it is missing, or was changed") from None
    if found.net != node.keys.inception.header.net:
        raise Problem(Code.LIST_WRONG, "it is of another network")
    return found


async def _add_list(node: Node, listed: NodeList, *, accept: bool) -> Json:
    news: list[bytes] = []
    if accept:
        async with network_of(node) as network:
            via = did_of(listed.device)
            news = await network.discovering.learn(listed.nodes, listed.device, via, is_due=False)
    shown = [
        {"device": did_of(one.record.device), "address": one.record.addresses[0], "label": one.record.label}
        for one in listed.nodes
    ]
    return {
        "kind": "list",
        "name": listed.name,
        "did": did_of(listed.author),
        "nodes": shown,
        "added": len(news),
    }


async def _add_places(node: Node, signed: SignedInvite, *, accept: bool) -> Json:
    meet = [one for one in signed.invite.meet if one.device != node.device]
    if accept:
        kept = {one.device: one for one in await node.store.peers.all()}
        for one in meet:
            known = kept.get(one.device, KnownPeer(one.device, one.address))
            await node.store.peers.add(replace(known, address=one.address))
        if isinstance(node.network, Network):
            node.network.call([KnownPeer(one.device, one.address) for one in meet])
    return {
        "kind": "invite",
        "name": signed.invite.name,
        "did": did_of(signed.invite.inviter),
        "nodes": [{"device": did_of(one.device), "address": one.address, "label": ""} for one in meet],
        "added": len(meet) if accept else 0,
    }


def _label(known: Known) -> str:
    return decode_record(known.record).record.label


def _shown(known: Known, labels: dict[DeviceKey, str]) -> Json:
    source = known.source
    told_by = OWNER if source is None else labels.get(source) or short_key(did_of(source))
    return {
        "device": did_of(known.device),
        "did": did_of(known.author),
        "label": labels[known.device],
        "address": known.address,
        "met": known.met if known.is_tried else None,
        "told": known.told,
        "told_by": told_by,
        "dialled": known.dialled,
        "vain": known.vain,
        "expires": known.expiry,
        "anchor": known.is_anchor,
    }
