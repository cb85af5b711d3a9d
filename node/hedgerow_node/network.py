"""The network side of a running node: links kept up and taken in, whom it carries, invites accepted.

`Network` puts the driver, the listener and the dialling together and belongs to one open `Node`.
"""

import asyncio
from collections.abc import Coroutine, Sequence

from aiohttp import ClientWebSocketResponse, web

from hedgerow_node.carrying import carried_by
from hedgerow_node.config import CERTIFICATE_LIFE, FIRST_RETRY, LAST_RETRY, MAX_LINKS_OUT
from hedgerow_node.driver import Driver
from hedgerow_node.invitations import Invitations
from hedgerow_node.links.dial import Dialler
from hedgerow_node.links.listen import PeerListener
from hedgerow_node.logs import Log, short
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import keys
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import AcceptanceAnswered, Accepting, Delivered, LinkId, Note
from hedgerow_protocol.handshake import Hello, OwnEnd, Role, certify
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message
from hedgerow_protocol.noise import static_public
from hedgerow_protocol.peer import Connection, LinkState

log = Log("network")
AGENT = "hedgerow/0.1"
CIRCLE_KINDS = frozenset({Kind.RETRACT, Kind.FOLLOW})


class Network:
    """The links of one node. Make one with `Network.open`, end it with `close`."""

    def __init__(
        self, node: Node, identities: Identities, public_address: str | None, *, is_kept: bool
    ) -> None:
        self._node = node
        self.is_kept = is_kept
        """Whether the links stay up after the command that needed them."""
        self.identities = identities
        self._static = node.clock.entropy(32)
        self._driver = Driver(
            node.store, node.clock, identities, Carried(), node.keys.inception.header.net, self._on_event
        )
        self._dialler = Dialler()
        self._listener: PeerListener | None = None
        self._public_address = public_address
        self.carried = Carried()
        self._trial: frozenset[AuthorKey] = frozenset()
        self._keepers: dict[DeviceKey, asyncio.Task[None]] = {}
        self._states: dict[DeviceKey, str] = {}
        self._dialled: dict[LinkId, KnownPeer] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._recarrying = asyncio.Lock()
        self._changed = asyncio.Event()
        self.invitations = Invitations(node, self)

    # --- Beginning and end -------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls,
        node: Node,
        *,
        listen: str | None = None,
        public_address: str | None = None,
        is_kept: bool = False,
    ) -> "Network":
        """Bring a node's links up: listen on HOST:PORT if asked, dial every known peer. Raises `Problem`."""
        identities = Identities()
        for message in await node.store.messages.log():
            identities.learn(message)
        network = cls(node, identities, public_address, is_kept=is_kept)
        try:
            if listen is not None:
                await network._listen(listen)
            await network._recarry()
            for peer in await node.store.peers.all():
                network.keep_linked(peer)
        except BaseException:
            await network.close()
            raise
        node.network = network
        node.on_published.append(network._published)
        node.on_circle_changed.append(network.circle_changed)
        return network

    async def _listen(self, listen: str) -> None:
        host, _, port = listen.rpartition(":")
        try:
            self._listener = await PeerListener.open(host.strip("[]"), int(port), self._take)
        except (OSError, ValueError, OverflowError) as error:
            raise Problem(Code.ADDRESS_TAKEN, f"{listen}: {error}") from None

    async def close(self) -> None:
        """End every link and listen no more."""
        if self._node.network is self:
            self._node.network = None
            self._node.on_published.remove(self._published)
            self._node.on_circle_changed.remove(self.circle_changed)
        for task in [*self._keepers.values(), *self._beside]:
            task.cancel()
        await asyncio.gather(*self._keepers.values(), *self._beside, return_exceptions=True)
        await self._driver.close()
        if self._listener is not None:
            await self._listener.close()
        await self._dialler.close()

    # --- What others see ---------------------------------------------------------------------------------

    @property
    def address(self) -> str | None:
        """HOST:PORT of the peers' door, if there is one."""
        return self._listener.address if self._listener is not None else None

    @property
    def own_address(self) -> str | None:
        """Where others can dial this node, if anywhere: ws://… or wss://…."""
        if self._public_address is not None:
            return self._public_address
        return f"ws://{self.address}/peer" if self.address is not None else None

    @property
    def is_listening(self) -> bool:
        """Whether this node takes links in, and so has members."""
        return self._listener is not None

    def links(self) -> list[dict[str, object]]:
        """The links that are open, and the peers that are being dialled: {did, role, direction, state, …}."""
        open_links = [self._link_json(state) for state in self._driver.links() if state.peer is not None]
        linked = {state.peer.device for state in self._driver.links() if state.peer is not None}
        waiting: list[dict[str, object]] = [
            {
                "did": None,
                "device": keys.did_of(device),
                "role": "unknown",
                "direction": "out",
                "state": state,
            }
            for device, state in self._states.items()
            if device not in linked
        ]
        return open_links + waiting

    def _link_json(self, state: LinkState) -> dict[str, object]:
        assert state.peer is not None
        dialled = self._dialled.get(state.link)
        busy = "syncing" if state.is_initiator else "open"
        return {
            "did": keys.did_of(state.peer.author),
            "device": keys.did_of(state.peer.device),
            "role": state.peer.role.name.lower(),
            "direction": "out" if state.is_initiator else "in",
            "state": "settled" if state.is_settled else busy,
            "address": dialled.address if dialled is not None else None,
            "refused": [keys.did_of(author) for author in state.refused],
        }

    def states(self) -> list[LinkState]:
        """The links as the peer knows them."""
        return self._driver.links()

    @property
    def is_settled(self) -> bool:
        """Whether every link that we dialled found every set equal; true without such links."""
        return all(state.is_settled for state in self._driver.links() if state.is_initiator)

    async def sync(self, patience: float) -> bool:
        """Compare with every peer now; whether all agree within `patience` seconds."""
        self._driver.resync()
        try:
            async with asyncio.timeout(patience):
                while not self.is_settled or not any(state.is_initiator for state in self._driver.links()):
                    await self.wait_for_change()
        except TimeoutError:
            return False
        return True

    async def wait_for_change(self, patience: float = LAST_RETRY) -> None:
        """Until something happens on a link, at most this many seconds."""
        self._changed.clear()
        try:
            async with asyncio.timeout(patience):
                await self._changed.wait()
        except TimeoutError:
            return

    # --- Links out ---------------------------------------------------------------------------------------

    def keep_linked(self, peer: KnownPeer, first: "asyncio.Task[str] | None" = None) -> None:
        """Keep a link to this peer, however often it breaks; `first` is one that is open already."""
        if peer.device in self._keepers or len(self._keepers) >= MAX_LINKS_OUT:
            return
        self._keepers[peer.device] = asyncio.create_task(self._keep(peer, first))

    async def _keep(self, peer: KnownPeer, first: "asyncio.Task[str] | None") -> None:
        pause = FIRST_RETRY
        if first is not None:
            await asyncio.gather(first, return_exceptions=True)
        while True:
            self._states[peer.device] = "connecting"
            began = self._node.clock.monotonic()
            try:
                await self.link_once(peer)
            except Problem as problem:
                log.info("a peer cannot be reached", device=short(peer.device), code=problem.code)
            lasted = self._node.clock.monotonic() - began
            pause = FIRST_RETRY if lasted > LAST_RETRY else min(2 * pause, LAST_RETRY)
            self._states[peer.device] = "waiting"
            await asyncio.sleep(pause * self._node.clock.random().uniform(0.5, 1.0))

    async def link_once(self, peer: KnownPeer) -> str:
        """Dial a peer and carry the link to its end; returns why it ended. Raises `Problem`."""
        socket = await self._dialler.dial(peer.address)
        return await self._run(socket, peer)

    async def _run(self, socket: ClientWebSocketResponse, peer: KnownPeer) -> str:
        number: LinkId | None = None

        def remember(link: LinkId) -> None:
            nonlocal number
            number = link
            self._dialled[link] = peer

        connection = self._connection(peer.device, is_initiator=True, asks_private=peer.asks_private)
        try:
            return await self._driver.run_link(socket, connection, remember)
        finally:
            if number is not None:
                self._dialled.pop(number, None)
            self._changed.set()

    async def _take(self, socket: web.WebSocketResponse) -> None:
        await self._driver.run_link(socket, self._connection(None, is_initiator=False, asks_private=False))

    def _connection(
        self, expected: DeviceKey | None, *, is_initiator: bool, asks_private: bool
    ) -> Connection:
        node, not_after = self._node, int(self._driver.now) + CERTIFICATE_LIFE
        net = node.keys.inception.header.net
        hello = Hello(
            device=node.device,
            author=node.author,
            certificate=certify(
                node.keys.device_seed, net, node.author, static_public(self._static), not_after
            ),
            not_after=not_after,
            role=Role.CORE if self.is_listening else Role.EDGE,
            agent=AGENT,
        )
        own = OwnEnd(net=net, static=self._static, hello=hello)
        return Connection(own, is_initiator, node.clock.entropy(32), expected, asks_private)

    # --- Whom we carry -----------------------------------------------------------------------------------

    def circle_changed(self) -> None:
        """Work out anew whom this node carries, soon."""
        self.beside(self._recarry())

    async def try_out(self, authors: frozenset[AuthorKey]) -> None:
        """Carry these as well while their invite is being accepted; an empty set ends it."""
        self._trial = authors
        await self._recarry()

    async def _recarry(self) -> None:
        async with self._recarrying:
            carried = await carried_by(
                self._node.store, self._node.author, is_listening=self.is_listening, trial=self._trial
            )
            self.carried = carried
            self._driver.carry(carried)

    # --- Events ------------------------------------------------------------------------------------------

    @property
    def driver(self) -> Driver:
        """What performs the effects."""
        return self._driver

    def beside(self, work: Coroutine[object, object, None]) -> None:
        """Do something beside what is under way."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.failure("something beside the links failed", error)

    def _published(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if message.header.kind == Kind.IDENTITY:
                self.identities.learn(message)
        self._driver.published(list(messages))
        self._look_at_circle(messages)

    def _on_event(self, event: Delivered | Note | Accepting | AcceptanceAnswered) -> None:
        match event:
            case Delivered(_, messages):
                self._look_at_circle(messages)
                self._node.delivered(messages)
            case Note(link, name, detail):
                self._on_note(link, name, detail)
            case Accepting():
                self.beside(self.invitations.on_accepting(event))
            case AcceptanceAnswered():
                self.invitations.on_answered(event)
        self._changed.set()

    def _on_note(self, link: LinkId, event: str, detail: str) -> None:
        log.debug(event, link=link, detail=detail)
        if event == "established":
            state = next(state for state in self._driver.links() if state.link == link)
            self.beside(self._on_established(state))

    async def _on_established(self, state: LinkState) -> None:
        assert state.peer is not None
        if state.is_initiator:
            self._states.pop(state.peer.device, None)
            await self._node.store.peers.linked(state.peer.device, state.peer.author, self._node.clock.now())
        await self.invitations.deliver_kept(state)

    def _look_at_circle(self, messages: Sequence[Message]) -> None:
        if any(message.header.kind in CIRCLE_KINDS for message in messages):
            self.circle_changed()
