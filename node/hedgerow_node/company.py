"""Who is at the other ends of the links, and what the owner may see of them.

A hello only claims whose device it is; the claim counts once the author's log names the device (HS-9).
"""

from collections.abc import Callable

from hedgerow_node.config import MAX_LINKS_OF_AUTHOR
from hedgerow_node.driver import Driver
from hedgerow_node.links.gate import Ticket
from hedgerow_node.store.peers import KnownPeer
from hedgerow_node.store.places import group_of, group_of_ip
from hedgerow_protocol import keys
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.handshake import Hello
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.peer import LinkState

TOO_MANY_LINKS = "too many links of one person"


class Company:
    """The links of one node by who is at their other ends."""

    def __init__(self, driver: Driver, identities: Identities, carried: Callable[[], Carried]) -> None:
        self._driver = driver
        self._identities = identities
        self._carried = carried
        self.dialled: dict[LinkId, KnownPeer] = {}
        """The links that this node opened, and to whom."""
        self.tickets: dict[LinkId, Ticket] = {}
        """The links that came in, and their places at the door."""
        self._hellos: dict[LinkId, Hello] = {}
        """What each authenticated link showed of its other end: a seed has a thousand, and looks often."""

    def owner_of(self, peer: Hello) -> AuthorKey | None:
        """Whose device is at the other end; None while that is only its claim."""
        return peer.author if peer.device in self._identities.devices_of(peer.author) else None

    def link_to(self, device: DeviceKey) -> LinkId | None:
        """The link that this node opened to a device, if the handshake is over."""
        for link in self.dialled:
            state = self._driver.link(link)
            if state is not None and state.peer is not None and state.peer.device == device:
                return link
        return None

    def group_of(self, link: LinkId) -> str:
        """The group of the network at the other end of an authenticated link (`store.places`)."""
        if link in self.tickets:
            return group_of_ip(self.tickets[link].origin.networks[0].network_address)
        return group_of(self.dialled[link].address) if link in self.dialled else ""

    def links_of(self, author: AuthorKey) -> list[LinkId]:
        """The links to devices that are this author's, the oldest first."""
        return [link for link, peer in self._hellos.items() if self.owner_of(peer) == author]

    def judge(self) -> None:
        """See anew which links that came in belong to people whom this node carries."""
        for link in self._hellos.keys() & self.tickets.keys():
            self._judge(link)

    def _judge(self, link: LinkId) -> None:
        carried, owner = self._carried(), self.owner_of(self._hellos[link])
        self.tickets[link].prove(owner in carried.authors or owner in carried.private)

    def welcome(self, link: LinkId, peer: Hello) -> None:
        """A link is authenticated: it gets its place, and takes it from the oldest where one person has too many."""
        self._hellos[link] = peer
        if link not in self.tickets:
            return
        self.tickets[link].authenticate()
        self._judge(link)
        owner = self.owner_of(peer)
        if owner is not None:
            visits = [one for one in self.links_of(owner) if one in self.tickets]
            for surplus in visits[:-MAX_LINKS_OF_AUTHOR]:
                self._driver.noting.hit("MAX_LINKS_OF_AUTHOR")
                self._driver.cut(surplus, TOO_MANY_LINKS)

    def forget(self, link: LinkId) -> None:
        """A link is gone."""
        self._hellos.pop(link, None)

    def as_json(self) -> list[dict[str, object]]:
        """The links that are open: {did, device, role, direction, state, address, refused}."""
        return [self._one(state, state.peer) for state in self._driver.links() if state.peer is not None]

    def _one(self, state: LinkState, peer: Hello) -> dict[str, object]:
        owner, dialled = self.owner_of(peer), self.dialled.get(state.link)
        wanted = self._carried().authors
        busy = "syncing" if state.is_initiator else "open"
        return {
            "did": keys.did_of(owner) if owner is not None else None,
            "device": keys.did_of(peer.device),
            "role": peer.role.name.lower(),
            "direction": "out" if state.is_initiator else "in",
            "state": "settled" if state.is_settled else busy,
            "address": dialled.address if dialled is not None else None,
            "refused": [keys.did_of(author) for author in state.refused if author in wanted],
        }
