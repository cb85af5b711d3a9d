"""The network side of a running node: links out and in, whom it carries, invites.

`Network` puts its parts together and belongs to one open `Node`. `Driver` performs the protocol on every link;
`Dialling` opens links and `PeerListener` takes them in; `Circle` knows whom this node carries and `Company` who is at
the other ends. `Inviting` makes invites, `Joining` accepts those of others, `Welcoming` answers who accepts; `Offers`
and `Linking` are the same for a new device of one's own. It ends them in the opposite order, links first, so that
nothing begins after its store is gone.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from functools import partial
from ipaddress import ip_address
from typing import TypeVar

from aiohttp import ClientWebSocketResponse, web

from hedgerow_node import public_list
from hedgerow_node.addresses import shorten
from hedgerow_node.announcing import Announcing
from hedgerow_node.bringing import Bringing
from hedgerow_node.budgets import LEARNER, Budgets
from hedgerow_node.choosing import Choosing
from hedgerow_node.circle import Circle
from hedgerow_node.company import Company
from hedgerow_node.config import LAST_RETRY, LINKS_HELD, MAX_LINKS_OUT
from hedgerow_node.dialling import Dialling, Stage
from hedgerow_node.discovering import Discovering
from hedgerow_node.driver import CLOCK_SET, OUR_FAULT, QUIET_ENDS, STORE_FAILS, Driver, Event
from hedgerow_node.invitations import Inviting, peer_address, reachable_address
from hedgerow_node.joining import Joining
from hedgerow_node.keeper import Keeper, budgets_with
from hedgerow_node.linking import Linking
from hedgerow_node.links.bell import Bell
from hedgerow_node.links.certificate import OwnEnds
from hedgerow_node.links.dial import Dialler
from hedgerow_node.links.gate import DoorLimits
from hedgerow_node.links.link import NOT_READ, Socket
from hedgerow_node.links.listen import Install, PeerListener, Visitor, nothing_more
from hedgerow_node.links.outward import Outward
from hedgerow_node.links.room import Room
from hedgerow_node.logs import Log
from hedgerow_node.nearby import Nearness, Neighbourhood
from hedgerow_node.node import Node
from hedgerow_node.offers import Offers
from hedgerow_node.policy import USUAL, Policy
from hedgerow_node.problems import Code, Problem, fault_words
from hedgerow_node.reporting import Reports
from hedgerow_node.reserve import Reserve, Surroundings
from hedgerow_node.store.peers import KnownPeer
from hedgerow_node.waiting import Waiting
from hedgerow_node.welcoming import Welcoming
from hedgerow_protocol import quota
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import (
    Accepting,
    AddressesAsked,
    AddressesTold,
    Delivered,
    LinkId,
    Note,
    Quarantine,
    Reporting,
)
from hedgerow_protocol.handshake import Hello, Role
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import DeviceKey, did_of
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message
from hedgerow_protocol.peer import HANDSHAKE_LATE, Connection, LinkState
from hedgerow_protocol.quota import Allowances

log = Log("network")
T = TypeVar("T")
BLAMELESS_ENDS = QUIET_ENDS | {HANDSHAKE_LATE, NOT_READ, OUR_FAULT, STORE_FAILS, CLOCK_SET}
"""Ends before the handshake is over that break no rule: somebody was slow, or it was our doing."""


class Network:
    """The links of one node. Make one with `Network.open`, end it with `close`."""

    def __init__(
        self,
        node: Node,
        identities: Identities,
        *,
        listens: bool,
        public_address: str | None,
        is_kept: bool,
        room: Room,
        policy: Policy,
        allows_private: bool,
        budgets: Budgets,
        near: Nearness | None,
        allowed: Allowances,
        is_listed: bool,
    ) -> None:
        self._node = node
        self.is_kept = is_kept
        """Whether the links stay up after the command that needed them."""
        self._identities = identities
        self._public_address = public_address
        self._policy = policy
        self._own_ends = OwnEnds(node.keys, node.clock, Role.CORE if listens else Role.EDGE)
        self._bell = Bell()
        self._room = room
        self._listener: PeerListener | None = None
        self._beside: set[asyncio.Task[None]] = set()
        net = node.keys.inception.header.net
        self._driver = Driver(
            node.store, node.clock, identities, room, net, self._on_event, self._on_clock_set, allowed
        )
        self._circle = Circle(node, self._on_carried, has_members=listens, policy=policy)
        self._waiting = Waiting(node, self._driver, self.beside)
        self.budgets = budgets
        """How much is kept unless the owner said otherwise."""
        node.store.messages.index_at_most(budgets.indexed)
        self.keeper = Keeper(
            node.store,
            node.clock,
            lambda: node.author,
            partial(budgets_with, node.store, budgets),
            self._circle.standings,
            self._circle.refresh,
            room,
        )
        self._company = Company(self._driver, identities, lambda: self._circle.carried)
        outward = Outward(node.clock.monotonic, node.clock.random(), allows_private=allows_private)
        self._dialler = dialler = Dialler(outward)
        self._sockets: dict[DeviceKey, ClientWebSocketResponse] = {}
        """Of the links that this node opened."""
        self._dialling = Dialling(
            node.clock, self._run_dialled, self._company.link_to, self._bell, self._driver.noting, dialler
        )
        announcing = Announcing(node, outward, lambda: self.own_address, is_listed=listens and is_listed)
        self.discovering = Discovering(
            node,
            self._driver,
            self._company,
            announcing,
            dialler,
            outward,
            lambda: self._own_ends.at(self._driver.now),
            is_core=listens,
        )
        self.nearby = Neighbourhood(node, near, self._driver.noting, self._bell.ring)
        self._choosing = Choosing(
            node.store.peers,
            self._dialling,
            self._driver.link,
            lambda: self._circle.carried.authors,
            node.clock,
            self._bell,
            self._driver.noting,
            MAX_LINKS_OUT if listens else LINKS_HELD,
        )
        around = Surroundings(
            node.store.peers.all,
            self.discovering.candidates,
            lambda device: self._company.link_to(device) is not None,
            self._carries_nobody,
        )
        self.reserve = Reserve(self._dialling, around, node.clock, self._driver.noting, LINKS_HELD)
        self._is_core = listens
        self._dialling.on_missed = self._missed
        self.inviting = Inviting(node, lambda: self.own_address, self._driver.links, listens=listens)
        self.offers = Offers(node, self.inviting)
        self._welcoming = Welcoming(
            node, self._driver, self._circle, identities, self._company.links_of, self.offers
        )
        self.reports = Reports(node, self._driver, self._circle, self._company.owner_of)
        bringing = Bringing(node, self._driver, identities, self._bell)
        self.joining = Joining(node, bringing, self._dialling, self._circle, identities)
        self.linking = Linking(node, bringing, self._dialling, self._circle, identities, self._bell)

    # --- Beginning and end -------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls,
        node: Node,
        *,
        listen: str | None = None,
        public_address: str | None = None,
        is_kept: bool = False,
        proxies: Sequence[str] = (),
        door: DoorLimits | None = None,
        room: Room | None = None,
        policy: Policy = USUAL,
        pages: Install = nothing_more,
        allows_private: bool = False,
        budgets: Budgets = LEARNER,
        near: Nearness | None = None,
        allowed: Allowances = quota.USUAL,
        is_listed: bool = True,
    ) -> "Network":
        """Bring a node's links up: listen on HOST:PORT if asked, dial the peers that it knows. Raises `Problem`.

        `public_address` is where others dial the listener, if not there; `proxies` are IP addresses of one's own
        proxies in front of it, which are believed when they say from where a connection comes. `pages` adds to the
        listener what anybody may read. `allows_private`: addresses that others tell of may be those of a private
        network. `near`: how to look for nodes on the local network; None not to. `is_listed`: a listener that
        everybody can dial is told to other nodes. `allowed`: what authors may say live.
        """
        public_address = peer_address(public_address) if public_address is not None else None
        proxies = [_ip_address(proxy) for proxy in proxies]
        network = cls(
            node,
            node.store.messages.identities,
            listens=listen is not None,
            public_address=public_address,
            is_kept=is_kept,
            room=room or Room(node.home.path),
            policy=policy,
            allows_private=allows_private,
            budgets=budgets,
            near=near,
            allowed=allowed,
            is_listed=is_listed,
        )
        try:
            await network._begin(listen, proxies, door or DoorLimits(), pages)
        except BaseException:
            await network.close()
            raise
        return network

    async def _begin(
        self, listen: str | None, proxies: Sequence[str], door: DoorLimits, pages: Install
    ) -> None:
        if self.is_kept:  # links for the moment know of no policy, and leave what the last one blocked
            await self._node.store.library.block_by_policy(set(map(did_of, self._policy.blocked)))
        await self._circle.refresh()
        await self._node.store.invites.drop_expired(self._node.clock.now())
        await self._node.store.quarantine.expire(self._node.clock.now())
        if listen is not None:
            await self._listen(listen, proxies, door, pages)
        await self.nearby.open(self.address)
        await self._node.store.book.open(self._node.clock.entropy)
        await self._choosing.choose()
        self.beside(self._circle.run())
        self.beside(self._choosing.run())
        self.beside(self.discovering.run())
        if not self._is_core:
            self.beside(self.reserve.run())
        self.beside(self.keeper.run())
        self._node.network = self
        self._node.on_published.append(self._published)
        self._node.on_circle_changed.append(self._circle.changed)

    async def _listen(self, listen: str, proxies: Sequence[str], door: DoorLimits, pages: Install) -> None:
        host, _, port = listen.rpartition(":")
        if not host:  # the system would take none for every address that it has
            raise Problem(Code.ADDRESS_TAKEN, f"{listen}: it names no host")
        try:
            self._listener = await PeerListener.open(
                host.strip("[]"),
                int(port),
                self._run_visitor,
                now=self._node.clock.monotonic,
                noting=self._driver.noting,
                door=door,
                proxies=proxies,
                install=partial(self._install, pages),
            )
        except OSError as error:
            raise Problem(Code.ADDRESS_TAKEN, f"{listen}: {fault_words(error)}") from None
        except (ValueError, OverflowError):
            raise Problem(Code.ADDRESS_TAKEN, f"“{shorten(listen)}” is not HOST:PORT") from None

    def _install(self, pages: Install, app: web.Application) -> None:
        app.router.add_routes(public_list.routes(self._node.store, self._node.keys.did))
        pages(app)

    async def close(self) -> None:
        """End every link after what it has to send, and listen no more."""
        if self._node.network is self:
            self._node.network = None
            self._node.on_published.remove(self._published)
            self._node.on_circle_changed.remove(self._circle.changed)
            await self.discovering.remember()
        await self.nearby.close()
        self._dialling.stop()
        if self._listener is not None:
            self._listener.stop()
        await self._driver.close()
        await self._dialling.close()
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        if self._listener is not None:
            await self._listener.close()

    # --- What others see ---------------------------------------------------------------------------------

    @property
    def address(self) -> str | None:
        """HOST:PORT of the peers' door, if there is one."""
        return self._listener.address if self._listener is not None else None

    @property
    def own_address(self) -> str | None:
        """Where others can dial this node, if anywhere: ws://… or wss://…."""
        if self._public_address is not None or self._listener is None:
            return self._public_address
        return reachable_address(self._listener.address) or self.nearby.own_address

    @property
    def carried(self) -> Carried:
        """Whom this node carries now."""
        return self._circle.carried

    @property
    def is_full(self) -> bool:
        """Whether nothing is taken in from others because the disk is nearly full."""
        return self._room.is_full

    def noted(self) -> list[dict[str, object]]:
        """What others did and this node turned away, and how often since it started: {event, why, times}."""
        counts = self._driver.noting.counts()
        return [{"event": event, "why": why, "times": times} for event, why, times in counts]

    @property
    def traffic(self) -> tuple[int, int]:
        """Bytes that came over links, and that were put on them, since these are up."""
        return self._driver.bytes_in, self._driver.bytes_out

    def keep(self, peer: KnownPeer) -> None:
        """Keep a link to this peer, as to those that were dialled before."""
        self._dialling.keep(peer)
        self._choosing.changed()

    @property
    def unnamed_proxy(self) -> str | None:
        """Where a proxy of the owner's seems to stand in front of the door that was not named."""
        return self._listener.unnamed_proxy if self._listener is not None else None

    def hits(self) -> dict[str, int]:
        """How often each limit was met since the node started, by the name of its constant."""
        return dict(self._driver.noting.hits)

    def links(self) -> list[dict[str, object]]:
        """The links that are open: {did, device, role, direction, state, address, refused}.

        `did` is None until it is known that the device belongs to the person it names.
        """
        return self._company.as_json()

    def dialled(self) -> dict[DeviceKey, str]:
        """The peers that are being dialled or wait for it, and which of the two."""
        stages = dict.fromkeys(self._choosing.others, Stage.WAITING) | self._dialling.stages()
        return {
            device: stage.value for device, stage in stages.items() if self._company.link_to(device) is None
        }

    def why_not(self, device: DeviceKey) -> Problem | None:
        """Why the last try to have a link to this peer ended, if one did."""
        return self._dialling.why_not(device)

    @property
    def is_settled(self) -> bool:
        """Whether every link that we dialled found every set equal; true without such links."""
        return all(state.is_settled for state in self._driver.links() if state.is_initiator)

    async def sync(self, patience: float) -> bool:
        """Compare with every peer that answers; whether there is one, and all agree, within `patience` seconds."""
        self._dialling.hurry()
        self._driver.resync()
        try:
            async with asyncio.timeout(patience):
                await self._bell.until(lambda: self._agrees() or self._is_alone(), patience)
                await self._choosing.visit()
        except TimeoutError:
            return False
        return self._agrees()

    def _agrees(self) -> bool:
        is_dialling = Stage.CONNECTING in self.dialled().values()
        return not is_dialling and self.is_settled and self._has_dialled()

    def _is_alone(self) -> bool:
        return self._dialling.is_hopeless and not self._has_dialled()

    def _has_dialled(self) -> bool:
        return any(state.is_initiator for state in self._driver.links())

    async def carry_anew(self) -> None:
        """Work out now whom this node carries, so that no link goes on with others. Raises `StoreError`."""
        await self._circle.refresh()

    async def seeds(self, patience: float) -> list[LinkId]:
        """The links to nodes that let others in, which this one dialled; waits for one at most so many seconds."""
        await self._bell.until(lambda: bool(self._to_seeds()) or self._is_alone(), patience)
        return self._to_seeds()

    def names_of(self, link: LinkId) -> set[str]:
        """By which dids the other end of a link is known: that of its device, and of whose it is."""
        state = self._driver.link(link)
        if state is None or state.peer is None:
            return set()
        owner = self._company.owner_of(state.peer)
        return {did_of(one) for one in (state.peer.device, owner) if one is not None}

    def _to_seeds(self) -> list[LinkId]:
        return [link for link in self._company.dialled if self._is_to_seed(link)]

    def _is_to_seed(self, link: LinkId) -> bool:
        state = self._driver.link(link)
        return state is not None and state.peer is not None and state.peer.role is Role.CORE

    def call(self, peers: Sequence[KnownPeer]) -> None:
        """Keep links to these from now on."""
        for peer in peers:
            self._choosing.pinned.add(peer.device)
            self._dialling.keep(peer)

    def let_go(self, device: DeviceKey) -> None:
        """Keep no link to this node any more, and end the one that there is."""
        self._choosing.pinned.discard(device)
        self._dialling.let_go(device)

    async def wait_for_change(self, patience: float = LAST_RETRY) -> None:
        """Until something happens on a link, at most this many seconds."""
        await self._bell.rung(patience)

    # --- Links -------------------------------------------------------------------------------------------

    async def _run_dialled(self, socket: ClientWebSocketResponse, peer: KnownPeer) -> str:
        connection = Connection(
            self._own_ends.at(self._driver.now),
            is_initiator=True,
            ephemeral=self._node.clock.entropy(32),
            expected=peer.device,
            asks_private=peer.asks_private,
            asks_everyone=self._circle.carried.everyone,
            takes_turns=self._listener is None,
        )
        self._sockets[peer.device] = socket
        try:
            return await self._run(socket, connection, self._company.dialled, peer)
        finally:
            del self._sockets[peer.device]

    async def _run_visitor(self, visitor: Visitor) -> None:
        connection = Connection(
            self._own_ends.at(self._driver.now),
            is_initiator=False,
            ephemeral=self._node.clock.entropy(32),
            subprotocols=visitor.subprotocols,
        )
        why = await self._run(visitor.socket, connection, self._company.tickets, visitor.ticket)
        if visitor.ticket.is_stranger and why not in BLAMELESS_ENDS:
            visitor.ticket.fault(self._node.clock.monotonic())

    async def _run(self, socket: Socket, connection: Connection, kept: dict[LinkId, T], value: T) -> str:
        """Carry a link to its end, under its number among those kept while it lasts."""
        numbers: list[LinkId] = []

        def keep(link: LinkId) -> None:
            numbers.append(link)
            kept[link] = value

        try:
            return await self._driver.run_link(socket, connection, keep)
        finally:
            for link in numbers:
                del kept[link]
                self._company.forget(link)
            self._bell.ring()

    # --- Events ------------------------------------------------------------------------------------------

    def beside(self, work: Coroutine[object, object, None]) -> None:
        """Do something beside what is under way."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._driver.noting.failure("something beside the links failed", error)

    def _published(self, messages: Sequence[Message]) -> None:
        self._driver.published(list(messages))
        self._choosing.said()
        if any(message.header.kind == Kind.IDENTITY for message in messages):
            self._company.judge()
        self._circle.hear(messages)

    def _on_carried(self, carried: Carried) -> None:
        self._driver.carry(carried)
        self._company.judge()
        self._waiting.on_carried(carried)
        self._bell.ring()

    def _on_event(self, event: Event) -> None:
        match event:
            case Delivered(_, messages):
                self._circle.hear(messages)
                if any(message.header.kind == Kind.IDENTITY for message in messages):
                    self._company.judge()
                self._node.delivered(messages)
            case Quarantine():
                self._waiting.take(event)
            case Note(link, "established"):
                self._on_established(link)
            case Note(link, "scope") if link in self._company.dialled:
                self._dialling.taken_in(self._company.dialled[link].device)
                self._choosing.scoped(link, self._company.dialled[link].device)
            case Note(link, name):
                # What a peer says in words is not kept: only what it did.
                log.debug(name, link=link)
            case Accepting():
                self.beside(self._welcoming.on_accepting(event))
            case Reporting():
                self.beside(self.reports.on_reporting(event))
            case AddressesTold():
                self.beside(self.discovering.on_told(event))
            case AddressesAsked():
                self.beside(self.discovering.on_asked(event))
        self._bell.ring()

    def _carries_nobody(self, device: DeviceKey) -> bool:
        """Whether a peer said that it carries nobody whom we want."""
        link = self._company.link_to(device)
        state = self._driver.link(link) if link is not None else None
        return state is not None and state.is_scoped and self._circle.carried.authors <= {*state.refused}

    def _missed(self, peer: KnownPeer) -> None:
        self.beside(self.discovering.missed(peer.device))
        self._choosing.missed(peer.device)

    def _on_clock_set(self) -> None:
        # A computer that woke is somewhere else perhaps: whoever could not be reached before may be now.
        self._dialling.hurry()
        self.beside(self.nearby.again())

    def _on_established(self, link: LinkId) -> None:
        state = self._driver.link(link)
        if state is not None and state.peer is not None:
            if state.is_initiator:
                self._dialler.answered(self._sockets[state.peer.device])
            self._company.welcome(link, state.peer)
            self.beside(self._after_established(state, state.peer))

    async def _after_established(self, state: LinkState, peer: Hello) -> None:
        owner = self._company.owner_of(peer)
        if state.is_initiator:
            await self._node.store.peers.linked(peer.device, owner, self._node.clock.now())
        if owner is not None:
            await self._welcoming.hand_over(state.link, owner)
        await self.discovering.on_established(state, peer)


def _ip_address(text: str) -> str:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        raise Problem(Code.REQUEST_WRONG, f"the proxy “{text}” is no IP address") from None
