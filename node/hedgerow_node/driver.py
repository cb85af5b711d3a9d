"""The driver: performs what the pure `Peer` asks, with sockets, threads and the store, and tells it what came of it.

Everything runs on one event loop, so the peer is never entered twice. Effects are performed in order; what takes
time (checking signatures, reading, writing) runs beside and is answered by an event. Every answer comes exactly
once: a store that fails answers "nothing new", and the next reconciliation brings the messages again.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import assert_never

from hedgerow_node.clock import Clock
from hedgerow_node.config import VERIFY_THREADS
from hedgerow_node.links.link import Link, Socket
from hedgerow_node.logs import Log
from hedgerow_node.store.store import Store
from hedgerow_protocol.admission import Carried, decode_batch, verify_batch
from hedgerow_protocol.effects import (
    AcceptanceAnswered,
    Accepting,
    Close,
    Delivered,
    Effect,
    Items,
    LinkId,
    Load,
    LoadBodiless,
    LoadItems,
    LoadMessages,
    LoadRange,
    LoadSum,
    LoadUnknown,
    Note,
    Page,
    Put,
    Send,
    Verified,
    Verify,
    WakeAt,
)
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import Tier
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.peer import Connection, LinkState, Peer

log = Log("links")
OnEvent = Callable[[Delivered | Note | Accepting | AcceptanceAnswered], None]


class Driver:
    """Runs one `Peer`. What is not for sockets or store goes to `on_event`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        identities: Identities,
        carried: Carried,
        net: int,
        on_event: OnEvent,
    ) -> None:
        self._store = store
        self._clock = clock
        self._net = net
        self._on_event = on_event
        # A step of the computer's clock must neither fire nor delay every timer, so time goes on from one reading.
        self._offset = clock.now() - clock.monotonic()
        self._peer = Peer(clock.random(), identities, carried)
        self._links: dict[LinkId, Link] = {}
        self._numbers = count(1)
        self._threads = ThreadPoolExecutor(VERIFY_THREADS, "verify")
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def now(self) -> float:
        """Unix seconds that never step."""
        return self._clock.monotonic() + self._offset

    # --- Events ------------------------------------------------------------------------------------------

    async def run_link(
        self, socket: Socket, connection: Connection, on_number: Callable[[LinkId], None] | None = None
    ) -> str:
        """Carry one connection to its end; returns why it ended."""
        link = Link(LinkId(next(self._numbers)), socket)
        self._links[link.number] = link
        if on_number is not None:
            on_number(link.number)
        try:
            self._perform(self._peer.on_connected(self.now, link.number, connection))
            await link.run(lambda data: self._perform(self._peer.on_data(self.now, link.number, data)))
        finally:
            del self._links[link.number]
            self._perform(self._peer.on_closed(self.now, link.number))
        log.info("link closed", link=link.number, why=link.why_closed)
        return link.why_closed

    def published(self, messages: list[Message]) -> None:
        """We published these; they are stored."""
        self._perform(self._peer.on_published(self.now, messages))

    def carry(self, carried: Carried) -> None:
        """Carry others from now on."""
        self._perform(self._peer.on_carried(self.now, carried))

    def resync(self) -> None:
        """Compare every set on every link that we dialled, now."""
        self._perform(self._peer.resync(self.now))

    def accept(self, link: LinkId, invite: bytes, acceptance: bytes) -> int | None:
        """Bring an acceptance to a peer; an `AcceptanceAnswered` with this number follows. None: it is gone."""
        request, effects = self._peer.accept(self.now, link, invite, acceptance)
        self._perform(effects)
        return request

    def accepted(self, link: LinkId, request: int, verdict: int) -> None:
        """Answer an `Accepting`."""
        self._perform(self._peer.accepted(self.now, link, request, verdict))

    def links(self) -> list[LinkState]:
        """Every link, in the order in which it was opened."""
        return self._peer.links()

    async def close(self) -> None:
        """End every link and what runs beside."""
        for link in self._links.values():
            link.close("this node stops")
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown)

    # --- Effects -----------------------------------------------------------------------------------------

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(number, data):
                    if number in self._links:
                        self._links[number].send(data)
                case Close(number, why):
                    if number in self._links:
                        self._links[number].close(why)
                case WakeAt(at):
                    self._wake_at(at)
                case Verify():
                    self._beside(self._verify(effect))
                case Put():
                    self._beside(self._put(effect))
                case LoadSum() | LoadItems() | LoadUnknown() | LoadMessages() | LoadRange() | LoadBodiless():
                    self._beside(self._load(effect))
                case Delivered() | Note() | Accepting() | AcceptanceAnswered():
                    self._on_event(effect)
                case _:
                    assert_never(effect)

    def _wake_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, at - self.now), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._perform(self._peer.on_wake(self.now))

    def _beside(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.failure("an answer to the peer failed", error)

    async def _verify(self, effect: Verify) -> None:
        loop = asyncio.get_running_loop()
        decoded, undecodable = await loop.run_in_executor(self._threads, decode_batch, effect.messages)
        known = await self._store.messages.known([message.id for message in decoded])
        wanted = [message for message in decoded if message.id not in known]
        held, bad = await loop.run_in_executor(self._threads, verify_batch, wanted, self._net)
        verified = Verified(tuple(held), len(decoded) - len(wanted), (*undecodable, *bad))
        self._perform(self._peer.on_verified(self.now, effect.token, verified))

    async def _put(self, effect: Put) -> None:
        new: list[MessageId] = []
        try:
            new = await self._store.messages.put(effect.messages, received=self._clock.now())
        except Exception as error:
            log.failure("storing what a link brought failed", error)
        self._perform(self._peer.on_stored(self.now, effect.token, new))

    async def _load(self, effect: Load) -> None:
        answer = await self._answer(effect)
        self._perform(self._peer.on_loaded(self.now, effect.token, answer))

    async def _answer(self, effect: Load) -> object:
        messages = self._store.messages
        match effect:
            case LoadSum(_, wanted, tier):
                return await self._sum(effect)
            case LoadItems(_, wanted, tier):
                timestamps, ids = await messages.items(wanted, tier == Tier.CONTROL)
                return Items(timestamps, ids)
            case LoadUnknown(_, ids):
                known = await messages.known(ids)
                return [one for one in ids if one not in known]
            case LoadMessages(_, ids):
                return await messages.get(ids)
            case LoadRange(_, wanted, tier, after, limit, max_bytes):
                page, more = await messages.range(wanted, tier == Tier.CONTROL, after, limit, max_bytes)
                return Page(tuple(page), more)
            case LoadBodiless(_, wanted, limit):
                return await messages.bodiless(wanted.authors or (), limit)
            case _:
                assert_never(effect)

    async def _sum(self, effect: LoadSum) -> SetSum:
        wanted, is_control = effect.filter, effect.tier == Tier.CONTROL
        if is_control or (wanted.kinds is None and wanted.since is None and wanted.until is None):
            sums = await self._store.messages.sums(wanted.authors or (), is_control)
            return SetSum().union(*sums.values())
        _, ids = await self._store.messages.items(wanted, control=False)
        return SetSum.of(ids[at : at + 32] for at in range(0, len(ids), 32))
