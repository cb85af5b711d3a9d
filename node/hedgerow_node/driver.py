"""The driver: performs what the pure `Peer` asks, with sockets, threads and the store, and tells it what came of it.

Everything runs on one event loop, so the peer is never entered twice. Effects are performed in order; what takes
time (checking signatures, reading, writing) runs beside and is answered by an event. Every answer comes exactly
once. A write that fails is answered "nothing new", and the next comparison brings the messages again; where a read
fails there is no answer that would be true, so the link that asked ends.

Answers to questions wait until the link has sent most of what came before, so a slow reader costs one answer of
memory, and one that does not read at all is cut off by its queue's limit and by time.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from itertools import count
from typing import TypeAlias, assert_never

from hedgerow_node.checking.verifying import Verifying
from hedgerow_node.clock import Clock
from hedgerow_node.config import FLUSH_TIMEOUT, GOODBYE_TIMEOUT, WATCH_INTERVAL
from hedgerow_node.links.bell import Bell
from hedgerow_node.links.link import BY_THE_PEER, Link, Socket
from hedgerow_node.links.noting import Noting
from hedgerow_node.links.room import Room
from hedgerow_node.links.steady import SteadyTime
from hedgerow_node.logs import Log
from hedgerow_node.problems import Code
from hedgerow_node.store.faults import StoreError
from hedgerow_node.store.store import Store
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.effects import (
    AcceptanceAnswered,
    Accepting,
    AddressesAsked,
    AddressesTold,
    Close,
    Delivered,
    Effect,
    Hit,
    Items,
    LinkId,
    Load,
    LoadBodiless,
    LoadChains,
    LoadEnds,
    LoadItems,
    LoadLinks,
    LoadMessages,
    LoadRange,
    LoadSum,
    LoadUnknown,
    Note,
    Page,
    Put,
    Quarantine,
    ReportAnswered,
    Reporting,
    Send,
    Token,
    Verify,
    WakeAt,
)
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.frame import Tier
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.message import Message
from hedgerow_protocol.peer import Connection, LinkState, Peer
from hedgerow_protocol.quota import USUAL, Allowances
from hedgerow_protocol.sync import GOES_AWAY

log = Log("links")
Event: TypeAlias = Delivered | Quarantine | Note | Accepting | Reporting | AddressesTold | AddressesAsked

STOPS = "this node stops"
CLOCK_SET = "the clock was set"
STORE_FAILS = "the store fails"
NOT_STORED = "storing what a link brought failed"
OUR_FAULT = "a fault of this node"
OLD = "old: dial again"
QUIET_ENDS = frozenset({BY_THE_PEER, GOES_AWAY, STOPS, OLD})
"""Ends that are of no interest to an operator."""


def ignore_number(link: LinkId) -> None:
    """For callers who do not need a link's number."""


class Driver:
    """Runs one `Peer`. What is not for sockets or store goes to `on_event`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        identities: Identities,
        room: Room,
        net: int,
        on_event: Callable[[Event], None],
        on_clock_set: Callable[[], None],
        allowed: Allowances = USUAL,
    ) -> None:
        """`allowed`: what authors may say live.

        `on_clock_set` hears that the clock was set, or the computer slept, and that all links end for it."""
        self._store = store
        self._clock = clock
        self._room = room
        self._on_event = on_event
        self._on_clock_set = on_clock_set
        self._time = SteadyTime(clock)
        self.noting = Noting(log, clock.monotonic)
        """For what others do at the door and on links."""
        room.on_full = lambda: self.noting.hit("MIN_FREE_DISK")
        self._peer = Peer(clock.random(), identities, Carried(), allowed)
        self._links: dict[LinkId, Link] = {}
        self._numbers = count(1)
        self.bytes_in = self.bytes_out = 0
        """Of binary messages on links since the start."""
        self._brought: dict[tuple[LinkId, int], asyncio.Future[int | None]] = {}
        self._stored: list[tuple[Token, list[Message], LinkId | None]] = []
        """What was stored with one commit and is told together."""
        self._ended = Bell()
        self._is_closing = False
        self._verifying = Verifying(net, store.messages.known)
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._watching = asyncio.create_task(self._watch())

    @property
    def now(self) -> float:
        """Unix seconds that do not step while links are open."""
        return self._time.now

    # --- Links -------------------------------------------------------------------------------------------

    async def run_link(
        self,
        socket: Socket,
        connection: Connection,
        on_number: Callable[[LinkId], None] = ignore_number,
    ) -> str:
        """Carry one connection to its end; returns why it ended, a constant. Never raises but when cancelled."""
        number = LinkId(next(self._numbers))
        link = Link(number, socket, lambda is_long: self._peer.set_backlog(number, is_long))
        self._links[link.number] = link
        on_number(link.number)
        try:
            self._connect(link, connection)
            await link.run(lambda data: self._take(link.number, data))
        except Exception as error:
            self.noting.failure("a link failed", error)
            link.close(OUR_FAULT)
        finally:
            self._forget(link)
        self.noting.hit(link.limit)
        if link.why_closed in QUIET_ENDS:
            log.debug("a link ended", link=link.number, why=link.why_closed)
        else:
            self.noting.note("a link was cut", link.why_closed, link=link.number)
        return link.why_closed

    def _connect(self, link: Link, connection: Connection) -> None:
        if self._is_closing:
            link.close(STOPS)
            return
        try:
            self._perform(self._peer.on_connected(self.now, link.number, connection), link.number)
        except RemoteProtocolError as error:
            link.close(error.reason.value)

    def _take(self, link: LinkId, data: bytes) -> None:
        self.bytes_in += len(data)
        self._perform(self._peer.on_data(self.now, link, data), link)

    def _forget(self, link: Link) -> None:
        del self._links[link.number]
        self._perform(self._peer.on_closed(self.now, link.number), None)
        for number, request in self._brought:
            if number == link.number:
                self._answer_brought(number, request, None)
        self._ended.ring()

    def cut(self, link: LinkId, why: str) -> None:
        """End a link; `why` is a constant."""
        if link in self._links:
            self._links[link].close(why)

    def _cut_all(self, why: str) -> None:
        for link in self._links.values():
            link.close(why)

    def links(self) -> list[LinkState]:
        """Every link, in the order in which it was opened."""
        return self._peer.links()

    def link(self, link: LinkId) -> LinkState | None:
        """One link, unless it is gone; costs little where there are many."""
        return self._peer.link(link)

    async def close(self) -> None:
        """End every link after what it has to send, and what runs beside."""
        self._is_closing = True
        self._perform(self._peer.go_away(self.now, STOPS), None)
        self._cut_all(STOPS)
        await self._ended.until(lambda: not self._links, FLUSH_TIMEOUT + 2 * GOODBYE_TIMEOUT)
        if self._timer is not None:
            self._timer.cancel()
        tasks = [self._watching, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._verifying.close()

    # --- Events ------------------------------------------------------------------------------------------

    def published(self, messages: list[Message]) -> None:
        """We published these; they are stored."""
        self._perform(self._peer.on_published(self.now, messages), None)

    def carry(self, carried: Carried) -> None:
        """Carry others from now on."""
        self._perform(self._peer.on_carried(self.now, carried), None)

    def release(self, messages: Sequence[Message]) -> None:
        """These leave the quarantine: their authors are carried now."""
        self._perform(self._peer.on_released(self.now, messages), None)

    def resync(self) -> None:
        """Compare every set on every link that we dialled, now."""
        self._perform(self._peer.resync(self.now), None)

    async def bring(self, link: LinkId, invite: bytes, acceptance: bytes) -> int | None:
        """Bring an acceptance to a peer and wait for its verdict; None when the link ends before."""
        request, effects = self._peer.accept(self.now, link, invite, acceptance)
        return await self._answer_to(link, request, effects)

    async def report(self, link: LinkId, thing: str, label: str, reason: str) -> int | None:
        """Tell a peer of a thing and wait for what becomes of it; None when the link ends before."""
        request, effects = self._peer.report(self.now, link, thing, label, reason)
        return await self._answer_to(link, request, effects)

    def reported(self, link: LinkId, request: int, verdict: int) -> None:
        """Answer a `Reporting`."""
        self._perform(self._peer.reported(self.now, link, request, verdict), link)

    async def _answer_to(self, link: LinkId, request: int | None, effects: list[Effect]) -> int | None:
        if request is None:
            return None
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._brought[link, request] = answer
        self._perform(effects, link)
        try:
            return await answer
        finally:
            self._brought.pop((link, request), None)

    def _answer_brought(self, link: LinkId, request: int, verdict: int | None) -> None:
        answer = self._brought.get((link, request))
        if answer is not None and not answer.done():
            answer.set_result(verdict)

    def accepted(self, link: LinkId, request: int, verdict: int) -> None:
        """Answer an `Accepting`."""
        self._perform(self._peer.accepted(self.now, link, request, verdict), link)

    def ask_addresses(self, link: LinkId) -> None:
        """Ask this peer for nodes."""
        self._perform(self._peer.ask_addresses(self.now, link), link)

    def give_addresses(self, link: LinkId, records: list[bytes], req: int = 0) -> None:
        """Give this peer address records, unasked or as the answer to `AddressesAsked`."""
        self._perform(self._peer.give_addresses(self.now, link, records, req), link)

    def spread_addresses(self, source: LinkId, records: list[bytes], bad: int) -> None:
        """Answer an `AddressesTold`: pass on what was new."""
        self._perform(self._peer.spread_addresses(self.now, source, records, bad), source)

    async def _watch(self) -> None:
        """See from time to time to what nobody tells us: room on the disk, and the clock."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            try:
                self._look_around()
            except Exception as error:
                # Without this watch a full disk would stay full for us, and a clock that was set would go unseen.
                self.noting.failure("looking at the disk and the clock failed", error)

    def _look_around(self) -> None:
        if self._time.follow():
            log.warning("the clock was set: all links begin anew")
            self._cut_all(CLOCK_SET)
            self._on_clock_set()
        if self._room.look():
            self.resync()

    # --- Effects -----------------------------------------------------------------------------------------

    def _perform(self, effects: list[Effect], origin: LinkId | None) -> None:
        """Do what the peer asks; `origin` is the link whose doing led to it, None for our own."""
        for effect in effects:
            match effect:
                case Send(number, data):
                    if number in self._links:
                        self.bytes_out += len(data)
                        self._links[number].send(data)
                case Close(number, why):
                    self.cut(number, why)
                case WakeAt(at):
                    self._wake_at(at)
                case Verify():
                    self._beside(self._verify(effect, origin), origin)
                case Put():
                    self._beside(self._put(effect, origin), origin)
                case (
                    LoadSum()
                    | LoadItems()
                    | LoadUnknown()
                    | LoadMessages()
                    | LoadRange()
                    | LoadBodiless()
                    | LoadChains()
                    | LoadEnds()
                    | LoadLinks()
                ):
                    self._beside(self._load(effect, origin), origin)
                case AcceptanceAnswered(number, request, verdict) | ReportAnswered(number, request, verdict):
                    self._answer_brought(number, request, verdict)
                case Hit(_, limit):
                    self.noting.hit(limit)
                case Delivered() | Quarantine() | Note() | Accepting() | Reporting():
                    self._tell(effect)
                case AddressesTold() | AddressesAsked():
                    self._tell(effect)
                case _:
                    assert_never(effect)

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception as error:
            # The effects behind this one must not be lost: the ciphers of a link count what they sealed.
            self.noting.failure("an event of a link was not taken", error)

    def _wake_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, at - self.now), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._perform(self._peer.on_wake(self.now), None)

    def _beside(self, work: Coroutine[object, object, None], origin: LinkId | None) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(done, origin))

    def _done(self, task: asyncio.Task[None], origin: LinkId | None) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error, origin)

    def _failed(self, error: BaseException, origin: LinkId | None) -> None:
        self.noting.failure("what a link asked for failed", error)
        if origin is None:
            self._cut_all(STORE_FAILS)
        else:
            self.cut(origin, STORE_FAILS)

    async def _verify(self, effect: Verify, origin: LinkId | None) -> None:
        verified = await self._verifying.verify(effect.messages)
        self._perform(self._peer.on_verified(self.now, effect.token, verified), origin)

    async def _put(self, effect: Put, origin: LinkId | None) -> None:
        new = await self._store_when_there_is_room(effect.messages)
        self._stored.append((effect.token, new, origin))
        if len(self._stored) == 1:
            asyncio.get_running_loop().call_soon(self._tell_stored)

    def _tell_stored(self) -> None:
        """Tell the peer of everything that was stored with one commit, so that each link hears of it in one frame."""
        while self._stored:
            token, new, origin = self._stored.pop(0)
            try:
                effects = self._peer.on_stored(self.now, token, new, more=bool(self._stored))
                self._perform(effects, origin)
            except Exception as error:
                self._failed(error, origin)

    async def _store_when_there_is_room(self, messages: tuple[Message, ...]) -> list[Message]:
        """What was new of these; nothing where the store fails for another reason, or too much waits."""
        size = sum([message.size for message in messages])
        while await self._room.enter(size):
            try:
                return await self._store.messages.put(messages, received=self._clock.now())
            except StoreError as error:
                if error.kind is Code.STORE_FULL:
                    self._room.fill()
                    continue
                self.noting.failure(NOT_STORED, error)
            except Exception as error:
                self.noting.failure(NOT_STORED, error)
            break
        else:
            self.noting.hit("MAX_HELD")
        return []

    async def _load(self, effect: Load, origin: LinkId | None) -> None:
        link = self._links.get(origin) if origin is not None else None
        if link is None or not isinstance(effect, LoadMessages | LoadRange):
            self._loaded(effect, await self._answer(effect), origin)
            return
        async with link.answering:
            if await link.has_room():
                self._loaded(effect, await self._answer(effect), origin)

    def _loaded(self, effect: Load, answer: object, origin: LinkId | None) -> None:
        self._perform(self._peer.on_loaded(self.now, effect.token, answer), origin)

    async def _answer(self, effect: Load) -> object:
        messages = self._store.messages
        match effect:
            case LoadSum(_, wanted, tier):
                return await messages.sum(wanted, tier == Tier.CONTROL)
            case LoadItems(_, wanted, tier):
                return Items(await messages.index(wanted, tier == Tier.CONTROL))
            case LoadUnknown(_, ids):
                known = await messages.known(ids)
                return [one for one in ids if one not in known]
            case LoadMessages(_, ids):
                return await messages.get(ids)
            case LoadRange(_, wanted, tier, after, limit, max_bytes):
                page, more = await messages.range(wanted, tier == Tier.CONTROL, after, limit, max_bytes)
                return Page(tuple(page), more)
            case LoadLinks(_, tip, down, limit):
                return await messages.links(tip, down, limit)
            case LoadEnds(_, authors, limit):
                return await messages.ends(authors, limit)
            case LoadChains(_, devices, limit, since):
                return await messages.chains(devices, limit, since)
            case LoadBodiless(_, wanted, limit):
                return await messages.bodiless(wanted.authors or (), limit)
            case _:
                assert_never(effect)
