"""One set compared with the other side's, as the initiator of a session (specs/08-sync.md).

States: our sum is being loaded → NEG_OPEN is sent → our items are being loaded → rounds → over. Equal sums end it
at once. A set of ours that lacks much is not compared at first but streamed by whoever asked: its end from near our
last message, since a first copy may have broken off there, and then, if ours is next to nothing, all. One session at a
time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TypeVar

from hedgerow_protocol import limits
from hedgerow_protocol.effects import Items, Load, LoadItems, LoadSum, Token
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    SessionFault,
    Tier,
)
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.ranges import cut_before_newest
from hedgerow_protocol.reconcile import Initiator
from hedgerow_protocol.wire import Wire, unexpected

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """One set to compare: a tier of a subscription, in a window of time (0: open)."""

    sub: int
    version: int
    """Of the scope that it is over."""
    tier: Tier
    since: int = 0
    until: int = 0
    after: tuple[int, bytes] | None = None
    """The (ts, id) behind which a stream of it begins; None for its start."""
    was_resumed: bool = False
    """Whether the end of it was streamed."""
    was_streamed: bool = False
    """Whether all of it was."""

    def streamed(self) -> "Task":
        """This task after the stream that it asked for."""
        is_whole = self.after is None
        return replace(self, after=None, was_resumed=True, was_streamed=self.was_streamed or is_whole)


class Outcome(Enum):
    """How a session ended."""

    EQUAL = auto()
    COMPARED = auto()
    """What differs was told as it was found."""
    TO_STREAM = auto()
    """Much is missing here: stream the task, from where it says."""
    TO_SPLIT = auto()
    """Our own set is too big: compare what is newer than a time, and what is older."""
    TOO_BIG = auto()
    """The same of the responder's set, as it says."""
    NOT_NOW = auto()
    """The responder is busy, or the session not over the current scope."""


class _State(Enum):
    LOADING = auto()
    OPENED = auto()
    COMPARING = auto()


@dataclass(slots=True)
class _Session:
    task: Task
    filter: Filter
    state: _State = _State.LOADING
    request: int = 0
    count: int = 0
    rounds: int = 0
    parts: bytearray = field(default_factory=bytearray)
    """What came of the responder's message."""
    initiator: Initiator | None = None


OnDifference = Callable[[float, list[MessageId], list[MessageId]], None]
OnOver = Callable[[float, Task, Outcome, int], None]


class Comparing:
    """The session that is under way, if any; pure."""

    def __init__(
        self,
        wire: Wire,
        outbox: Outbox,
        on_difference: OnDifference,
        on_over: OnOver,
        on_free: Callable[[float], None],
    ) -> None:
        """`on_difference` gets what we have and what we need; `on_over` task, outcome and, for a set to be split,
        a time; `on_free` is called when a session that was given up no longer stands in the way."""
        self._wire = wire
        self._outbox = outbox
        self._on_difference = on_difference
        self._on_over = on_over
        self._on_free = on_free
        self._session: _Session | None = None
        self._is_loading = False

    @property
    def is_idle(self) -> bool:
        """Whether a session can begin."""
        return self._session is None and not self._is_loading

    def begin(self, task: Task, window: Filter) -> None:
        """Open a session over this set."""
        session = _Session(task, window)
        self._session = session
        self._load(session, lambda token: LoadSum(token, window, task.tier), SetSum, self._on_sum)

    def abandon(self, now: float) -> None:
        """Give the session up; what is under way of it is passed over when it comes."""
        session, self._session = self._session, None
        if session is not None and session.request:
            self._wire.patience.end(now, session.request)
            self._wire.send(NegClose(session.request))

    def _load(
        self,
        session: _Session,
        make: Callable[[Token], Load],
        expected: type[T],
        then: Callable[[float, _Session, T], None],
    ) -> None:
        self._is_loading = True

        def proceed(now: float, answer: T) -> None:
            self._is_loading = False
            if self._session is session:
                then(now, session, answer)
            else:
                self._on_free(now)

        self._outbox.ask(make, expected, proceed, self._wire.link)

    def _on_sum(self, now: float, session: _Session, own: SetSum) -> None:
        task = session.task
        session.state, session.count = _State.OPENED, own.count
        session.request = self._wire.next_request()
        self._wire.patience.begin(now, session.request)
        self._wire.send(
            NegOpen(
                session.request,
                task.sub,
                task.version,
                task.tier,
                task.since,
                task.until,
                own.count,
                own.fingerprint(),
            )
        )

    def on_same(self, now: float, frame: NegSame) -> None:
        """The sets are equal."""
        session = self._current(frame.req, _State.OPENED)
        if session is not None:
            self._end(now, session, Outcome.EQUAL)

    def on_differs(self, now: float, frame: NegDiffers) -> None:
        """The sets differ."""
        session = self._current(frame.req, _State.OPENED)
        if session is None:
            return
        task, missing = session.task, frame.count - session.count
        is_resuming = (
            session.count > limits.RESUME_BACK and missing >= limits.RESUME_GAP and not task.was_resumed
        )
        is_far_smaller = session.count * limits.BULK_SHARE < frame.count and not task.was_streamed
        if is_far_smaller and not is_resuming:
            self._leave_to_stream(now, session, None)
            return
        self._wire.patience.end(now, session.request)
        session.state = _State.LOADING
        self._load(
            session,
            lambda token: LoadItems(token, session.filter, session.task.tier),
            Items,
            self._resume if is_resuming else self._on_items,
        )

    def _leave_to_stream(self, now: float, session: _Session, after: tuple[int, bytes] | None) -> None:
        session.task = replace(session.task, after=after)
        self._wire.send(NegClose(session.request))
        self._end(now, session, Outcome.TO_STREAM)

    def _resume(self, now: float, session: _Session, items: Items) -> None:
        rank = len(items.index) - limits.RESUME_BACK - 1
        after = items.index.item(rank) if rank >= 0 else None
        self._leave_to_stream(now, session, after)

    def _on_items(self, now: float, session: _Session, items: Items) -> None:
        is_content = session.task.tier is Tier.CONTENT
        if is_content and len(items.index) > limits.MAX_SESSION_ITEMS:
            self._wire.send(NegClose(session.request))
            cut = cut_before_newest(items.index, limits.SPLIT_ITEMS)
            self._end(now, session, Outcome.TO_SPLIT, cut)
            return
        session.state = _State.COMPARING
        session.initiator = Initiator(items.index)
        self._send_round(now, session, session.initiator.start())

    def _send_round(self, now: float, session: _Session, data: bytes) -> None:
        session.rounds += 1
        self._wire.patience.begin(now, session.request)
        self._wire.send(NegMsg(session.request, data))

    def on_reconcile(self, now: float, frame: NegMsg) -> None:
        """The responder's side of a round, or a part of it."""
        session = self._current(frame.req, _State.COMPARING)
        if session is None or session.initiator is None:
            return
        session.parts += frame.data
        if frame.more:
            self._wait_for_more(now, session, frame)
            return
        step = session.initiator.on_message(bytes(session.parts))
        session.parts.clear()
        self._wire.patience.end(now, session.request)
        self._on_difference(now, list(map(MessageId, step.have)), list(map(MessageId, step.need)))
        if step.reply is not None and session.rounds < limits.MAX_ROUNDS:
            self._send_round(now, session, step.reply)
        else:
            self._wire.send(NegClose(session.request))
            self._end(now, session, Outcome.COMPARED)

    def _wait_for_more(self, now: float, session: _Session, part: NegMsg) -> None:
        if len(part.data) < limits.MAX_RECONCILIATION_MESSAGE:
            raise unexpected("a part of a round that is neither full nor the last")
        if len(session.parts) >= limits.MAX_RECONCILIATION_ANSWER:
            raise RemoteProtocolError(Reason.TOO_BIG, "a round that does not end")
        self._wire.patience.progress(now)

    def on_error(self, now: float, frame: NegErr) -> None:
        """The responder ended the session."""
        session = self._named(frame.req)
        if session is not None:
            is_too_big = frame.fault == SessionFault.TOO_BIG
            self._end(now, session, Outcome.TOO_BIG if is_too_big else Outcome.NOT_NOW, frame.since)

    def _current(self, request: int, state: _State) -> _Session | None:
        """The session that an answer belongs to; None for one that was given up."""
        session = self._named(request)
        if session is not None and session.state is not state:
            raise unexpected("an answer at the wrong time of a session")
        return session

    def _named(self, request: int) -> _Session | None:
        if not self._wire.was_sent(request):
            raise unexpected("an answer to what was never asked")
        session = self._session
        return session if session is not None and session.request == request else None

    def _end(self, now: float, session: _Session, outcome: Outcome, since: int = 0) -> None:
        self._wire.patience.end(now, session.request)
        self._session = None
        self._on_over(now, session.task, outcome, since)
