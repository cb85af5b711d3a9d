"""The asking side of synchronisation: the subscriptions of the side that dialled, and its sessions one by one.

Subscribe (so that nothing new is missed) → learn which authors the other side carries → compare the control set,
then the content set. Equal: done. Far smaller than theirs: stream theirs with RANGE, then compare again. Otherwise
reconcile, fetch what is needed, offer what they lack. A tier is finished when everything fetched is stored, so an
author's log stands before what it authorises. What moved is confirmed by one more comparison; then the link is
settled until the interval ends, the other side says CHANGED, or others are carried.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Admission
from hedgerow_protocol.effects import Items, LoadBodiless, LoadItems, LoadSum, Note
from hedgerow_protocol.filter import NOBODY, Filter, has_bit
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    Messages,
    Mode,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    Range,
    Scope,
    SessionFault,
    Sub,
    Tier,
    Unsub,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Header, MessageId, decode_message
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Initiator
from hedgerow_protocol.transfer import CREDIT, Fetching, Offering, Wire, unexpected

START = (0, bytes(limits.ID_SIZE))
"""The place before every message but one that nobody can make."""


@dataclass(slots=True)
class _Subscription:
    whole: Filter
    version: int = 0
    carried: bytes = b""
    narrow: Filter = NOBODY

    def refused(self) -> Iterator[AuthorKey]:
        authors = self.whole.authors or ()
        return (author for place, author in enumerate(authors) if not has_bit(self.carried, place))


@dataclass(frozen=True, slots=True)
class _Task:
    """One set to compare: a tier of a subscription, in a window of time (0: open)."""

    sub: int
    tier: Tier
    since: int = 0
    until: int = 0
    was_streamed: bool = False


@dataclass(slots=True)
class _Session:
    request: int
    task: _Task
    filter: Filter
    count: int
    deadline: float
    rounds: int = 0
    initiator: Initiator | None = None


@dataclass(slots=True)
class _Stream:
    request: int
    task: _Task
    after: tuple[int, bytes]
    deadline: float
    is_waiting: bool = False
    """For credit, before the next question."""
    got: int = 0


class Asking:
    """What we ask of the other side of a link that we dialled; pure."""

    def __init__(
        self,
        wire: Wire,
        outbox: Outbox,
        admission: Admission,
        fetching: Fetching,
        offering: Offering,
        random: Random,
        *,
        asks_private: bool,
    ) -> None:
        self._wire = wire
        self._outbox = outbox
        self._admission = admission
        self._fetching = fetching
        self._offering = offering
        self._random = random
        self._asks_private = asks_private
        self._subscriptions: dict[int, _Subscription] = {}
        self._plan: deque[_Task] = deque()
        self._is_loading = False
        self._session: _Session | None = None
        self._stream: _Stream | None = None
        self._dropped: set[int] = set()
        """Questions of streams that were given up while their answers were under way."""
        self._is_running = False
        self._has_moved = False
        self._has_offered = False
        self._has_asked_bodies = False
        self._confirmations = 0
        self._next_sync = float("inf")
        self.is_settled = False
        """Whether the last comparison of every set found it equal."""

    # --- Subscriptions -----------------------------------------------------------------------------------

    def subscribe(self, mode: Mode) -> None:
        """Ask for what we carry; called at the start and whenever that changes."""
        for number in self._subscriptions:
            self._wire.send(Unsub(number))
        self._subscriptions.clear()
        self._abandon()
        for whole in self._filters():
            number = self._wire.next_request()
            self._subscriptions[number] = _Subscription(whole)
            self._wire.send(Sub(number, whole.encode(), mode))

    def _filters(self) -> Iterator[Filter]:
        carried = self._admission.carried
        wanted = carried.authors | (carried.private if self._asks_private else frozenset())
        yield Filter.of_authors(wanted)
        if carried.held:
            yield replace(Filter.of_authors(carried.held), kinds=())

    def refused(self) -> list[AuthorKey]:
        """Authors that we want and the other side does not carry."""
        return [author for one in self._subscriptions.values() if one.version for author in one.refused()]

    def carries(self, header: Header) -> bool:
        """Whether the other side said that it carries the author of this message, and may be told of it."""
        if header.author not in self._admission.carried.authors and not header.is_control:
            return False
        return any(one.narrow.matches(header) for one in self._subscriptions.values())

    def on_scope(self, now: float, frame: Scope) -> None:
        """Which authors of a subscription the other side carries: everything of it is compared anew."""
        subscription = self._subscriptions.get(frame.req)
        if subscription is None:
            return
        if frame.version <= subscription.version:
            raise unexpected("a scope's version does not go up")
        subscription.version, subscription.carried = frame.version, frame.carried
        subscription.narrow = subscription.whole.narrowed(frame.carried)
        self.resync(now)

    # --- The plan ----------------------------------------------------------------------------------------

    def resync(self, now: float) -> None:
        """Compare every set again, from the start."""
        self._abandon()
        self._confirmations = 0
        self._make_plan(now)

    def _abandon(self) -> None:
        # Answers under way to a session or stream that is gone are told by their number and dropped.
        if self._session is not None and self._session.initiator is not None:
            self._wire.send(NegClose(self._session.request))
        if self._stream is not None and not self._stream.is_waiting:
            self._dropped.add(self._stream.request)
        self._session = None
        self._stream = None
        self._plan.clear()
        self._is_running = False
        self.is_settled = False

    def _make_plan(self, now: float) -> None:
        jitter = 1 + limits.SYNC_JITTER * self._random.uniform(-1, 1)
        self._next_sync = now + limits.SYNC_INTERVAL * jitter
        self._has_moved = self._has_offered = False
        self._is_running = True
        for number, subscription in self._subscriptions.items():
            if subscription.narrow.authors:
                tiers = [Tier.CONTROL] if subscription.whole.kinds == () else [Tier.CONTROL, Tier.CONTENT]
                self._plan.extend([_Task(number, tier) for tier in tiers])
        self.proceed(now)

    def proceed(self, now: float) -> None:
        """Take the next step if nothing is under way; called whenever something was stored or ended."""
        if (
            self._stream is not None
            and self._stream.is_waiting
            and self._admission.waiting(self._wire.link) < CREDIT
        ):
            self._ask_range(now, self._stream.task, self._stream.after)
        if self._session or self._stream or self._is_loading or not self._fetching.is_idle:
            return
        if self._plan:
            self._open(now, self._plan.popleft())
        elif self._is_running:
            self._finish(now)

    def _finish(self, now: float) -> None:
        self._is_running = False
        if not self._has_moved:
            self._settle()
        elif self._confirmations < limits.MAX_CONFIRMATIONS:
            self._confirmations += 1
            self._next_sync = now + (limits.CONFIRM_AFTER if self._has_offered else 0.0)

    def _settle(self) -> None:
        self.is_settled = True
        self._outbox.add(Note(self._wire.link, "settled"))
        if not self._has_asked_bodies:
            self._has_asked_bodies = True
            self._fetch_bodies()

    @property
    def deadline(self) -> float:
        """When `on_wake` has something to do."""
        waiting = self._session or self._stream
        patience = waiting.deadline if waiting and not self._is_paused else float("inf")
        return min(patience, float("inf") if self._is_running else self._next_sync)

    @property
    def _is_paused(self) -> bool:
        return self._is_loading or (self._stream is not None and self._stream.is_waiting)

    def on_wake(self, now: float) -> bool:
        """Begin what is due; whether the other side still makes progress."""
        waiting = self._session or self._stream
        if waiting is not None and not self._is_paused and now >= waiting.deadline:
            return False
        if now >= self._next_sync and not self._is_running:
            self._make_plan(now)
        return True

    # --- One session -------------------------------------------------------------------------------------

    def _open(self, now: float, task: _Task) -> None:
        subscription = self._subscriptions[task.sub]
        window = replace(subscription.narrow, since=task.since or None, until=task.until or None)
        version = subscription.version
        self._is_loading = True

        def then(now: float, own: SetSum) -> None:
            self._is_loading = False
            current = self._subscriptions.get(task.sub)
            if current is None or current.version != version:
                self.proceed(now)
                return
            request = self._wire.next_request()
            deadline = now + limits.PROGRESS_TIMEOUT
            self._session = _Session(request, task, window, own.count, deadline)
            self._wire.send(
                NegOpen(
                    request,
                    task.sub,
                    version,
                    task.tier,
                    task.since,
                    task.until,
                    own.count,
                    own.fingerprint(),
                )
            )

        self._outbox.ask(lambda token: LoadSum(token, window, task.tier), SetSum, then, self._wire.link)

    def on_same(self, now: float, request: int) -> None:
        """The sets are equal."""
        if self._is_current(request):
            self._session = None
            self.proceed(now)

    def on_differs(self, now: float, frame: NegDiffers) -> None:
        """The sets differ: stream theirs if ours is next to nothing, else reconcile."""
        session = self._session
        if session is None or session.request != frame.req:
            return
        if session.initiator is not None or session.rounds:
            raise unexpected("NEG_DIFFERS within a reconciliation")
        self._has_moved = True
        task = session.task
        if session.count * limits.BULK_SHARE < frame.count and not task.was_streamed:
            self._wire.send(NegClose(session.request))
            self._session = None
            self._ask_range(now, task, START)
        else:
            self._begin(session)

    def _begin(self, session: _Session) -> None:
        self._is_loading = True

        def then(now: float, items: Items) -> None:
            self._is_loading = False
            if self._session is not session:
                self.proceed(now)
                return
            index = SortedIndex(items.ids, items.timestamps)
            session.initiator = Initiator(index)
            self._send_round(now, session, session.initiator.start())

        self._outbox.ask(
            lambda token: LoadItems(token, session.filter, session.task.tier), Items, then, self._wire.link
        )

    def _send_round(self, now: float, session: _Session, data: bytes) -> None:
        session.rounds += 1
        session.deadline = now + limits.PROGRESS_TIMEOUT
        self._wire.send(NegMsg(session.request, data))

    def on_reconcile(self, now: float, frame: NegMsg) -> None:
        """The responder's part of a round."""
        session = self._session
        if session is None or session.request != frame.req:
            return
        if session.initiator is None:
            raise unexpected("NEG_MSG before ours")
        step = session.initiator.on_message(frame.data)
        self._take_difference(now, step.have, step.need)
        if step.reply is not None and session.rounds < limits.MAX_ROUNDS:
            self._send_round(now, session, step.reply)
            return
        self._wire.send(NegClose(session.request))
        self._session = None
        self.proceed(now)

    def _take_difference(self, now: float, have: list[bytes], need: list[bytes]) -> None:
        self._has_offered = self._has_offered or bool(have)
        self._offering.offer(map(MessageId, have))
        needed = map(MessageId, need)
        self._fetching.want(now, [one for one in needed if not self._admission.is_refused(one, now)])

    def on_error(self, now: float, frame: NegErr) -> None:
        """The responder ended the session: wait for the new scope, try later, or walk the set in windows."""
        session = self._session
        if session is None or session.request != frame.req:
            return
        self._session = None
        if frame.fault == SessionFault.TOO_BIG:
            self._split(session.task, frame.since)
        elif frame.fault == SessionFault.BUSY:
            self._plan.clear()
            self._is_running = False
            self._next_sync = now + limits.BUSY_RETRY
            return
        self.proceed(now)

    def _split(self, task: _Task, since: int) -> None:
        # The newest part first; a boundary that does not narrow the window would never end.
        if task.since < since and (task.until == 0 or since < task.until):
            newer, older = replace(task, since=since), replace(task, until=since)
            self._plan.extendleft([older, newer])
        else:
            self._outbox.add(Note(self._wire.link, "a set is too big to compare"))

    def _is_current(self, request: int) -> bool:
        return self._session is not None and self._session.request == request

    # --- A stream ----------------------------------------------------------------------------------------

    def _ask_range(self, now: float, task: _Task, after: tuple[int, bytes]) -> None:
        subscription = self._subscriptions[task.sub]
        request = self._wire.next_request()
        self._stream = _Stream(request, task, after, now + limits.PROGRESS_TIMEOUT)
        self._wire.send(
            Range(request, task.sub, subscription.version, task.tier, *after, limits.RANGE_MESSAGES)
        )

    def expects(self, request: int) -> bool:
        """Whether messages with this number belong to our stream."""
        return request in self._dropped or (self._stream is not None and self._stream.request == request)

    def on_messages(self, now: float, frame: Messages) -> None:
        """A part of our stream; the next part is asked for as soon as there is credit."""
        if frame.req in self._dropped:
            if not frame.more:
                self._dropped.discard(frame.req)
            return
        stream = self._stream
        assert stream is not None
        stream.deadline = now + limits.PROGRESS_TIMEOUT
        stream.got += len(frame.messages)
        if frame.messages:
            last = decode_message(frame.messages[-1][1])
            place = (last.header.ts, last.id)
            if place <= stream.after:
                raise unexpected("a stream goes backwards")
            stream.after = place
        if not frame.more:
            self._end_part(now, stream)

    def _end_part(self, now: float, stream: _Stream) -> None:
        if stream.got:
            stream.is_waiting = True
        else:
            self._stream = None
            self._plan.appendleft(replace(stream.task, was_streamed=True))
        self.proceed(now)

    # --- Bodies ------------------------------------------------------------------------------------------

    def _fetch_bodies(self) -> None:
        # Whoever gave us a header without its body had lost the body, or kept it back: others may have it.
        for subscription in self._subscriptions.values():
            if subscription.narrow.authors and subscription.whole.kinds != ():
                self._ask_bodiless(subscription.narrow)

    def _ask_bodiless(self, wanted: Filter) -> None:
        self._outbox.ask(
            lambda token: LoadBodiless(token, wanted, limits.MAX_FRAME_MESSAGES),
            list,
            self._fetching.want,
            self._wire.link,
        )
