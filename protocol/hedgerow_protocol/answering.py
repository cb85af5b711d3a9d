"""The answering side of synchronisation: subscriptions, sessions and questions of the other side of one link.

States of a session: our sum is being loaded → told that it differs → our items are being loaded → comparing →
closed by the initiator. Equal sums end it at once, and so do a set that is too big, a scope that changed and a
long silence. The initiator speaks first, learns everything, and transfers by itself; the responder keeps no more
than one index a session, and of all sessions together no more than a pool allows.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeVar

from hedgerow_protocol import limits
from hedgerow_protocol.effects import Items, Load, LoadItems, LoadMessages, LoadRange, LoadSum, Page, Token
from hedgerow_protocol.filter import NOBODY, Filter, Steps, decode_filter, has_bit, pack_bits
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    Absence,
    Changed,
    Get,
    Mode,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    Range,
    Scope,
    SessionFault,
    Since,
    Sub,
    Tier,
    split_ids,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.link_parts import LinkParts
from hedgerow_protocol.message import Header, Message, MessageId
from hedgerow_protocol.quota import Pool
from hedgerow_protocol.ranges import Index
from hedgerow_protocol.reconcile import Responder
from hedgerow_protocol.shape import out_of_range
from hedgerow_protocol.transfer import answer
from hedgerow_protocol.wire import unexpected

T = TypeVar("T")


@dataclass(slots=True)
class _Subscription:
    whole: Filter
    mode: Mode
    version: int
    carried: bytes = b""
    narrow: Filter = NOBODY
    kept: Steps = ()
    """From when on we keep whom of it, as we said last."""
    is_told_changed: bool = False
    """Whether CHANGED was said since the other side last compared: once is enough."""

    def wants(self, header: Header) -> bool:
        return self.mode != Mode.OFF and self.narrow.matches(header)


class _State(Enum):
    SUMMING = auto()
    DIFFERENT = auto()
    LOADING = auto()
    COMPARING = auto()


@dataclass(slots=True)
class _Session:
    sub: int
    filter: Filter
    tier: Tier
    touched: float
    state: _State = _State.SUMMING
    count: int = 0
    pooled: int = 0
    """Items taken from the pool."""
    rounds: int = 0
    responder: Responder | None = None


class Answering:
    """What the other side of a link asked for; pure."""

    def __init__(self, parts: LinkParts, pool: Pool) -> None:
        """`pool`: items that may be indexed for all sessions of a peer."""
        self._parts = parts
        self._wire = parts.wire
        self._outbox = parts.outbox
        self._pool = pool
        self._subscriptions: dict[int, _Subscription] = {}
        self._sessions: dict[int, _Session] = {}
        self._last_session = 0
        self._loads = 0
        self._questions = 0

    def end(self) -> None:
        """The link is gone."""
        for number in list(self._sessions):
            self._close(number)

    # --- Subscriptions -----------------------------------------------------------------------------------

    def wants(self, header: Header) -> Mode:
        """How the other side wants to hear of a new message; OFF if not at all."""
        modes = [one.mode for one in self._subscriptions.values() if one.wants(header)]
        return min(modes, default=Mode.OFF)

    def has_subscription(self, number: int) -> bool:
        """Whether this names a subscription of the other side."""
        return number in self._subscriptions

    def on_sub(self, frame: Sub) -> None:
        """The other side subscribes, or changes a subscription; it is told what is carried."""
        before = self._subscriptions.get(frame.req)
        if before is None and len(self._subscriptions) >= limits.MAX_SUBSCRIPTIONS:
            raise out_of_range("too many subscriptions")
        whole = decode_filter(frame.filter)
        version = before.version if before is not None else 0
        self._subscriptions[frame.req] = _Subscription(whole, Mode(frame.mode), version)
        self._tell_scope(frame.req)

    def on_since(self, frame: Since) -> None:
        """From when on the other side keeps the authors of its subscription; one that is over is passed over."""
        if (subscription := self._subscriptions.get(frame.req)) is None:
            return
        subscription.whole = replace(subscription.whole, sinces=()).kept_in(frame.steps)
        subscription.narrow = subscription.whole.kept_in(subscription.kept).narrowed(subscription.carried)
        self._end_sessions_over(frame.req)

    def on_unsub(self, number: int) -> None:
        """The other side no longer wants what this subscription names."""
        self._subscriptions.pop(number, None)
        self._end_sessions_over(number)

    def on_carried(self) -> None:
        """Others are carried from now on: each subscription for which that changes anything is told."""
        for number, subscription in self._subscriptions.items():
            carried = self._carried_of(subscription.whole)
            if (carried, self._kept_of(subscription.whole, carried)) != (
                subscription.carried,
                subscription.kept,
            ):
                self._tell_scope(number)

    def tell_changed(self) -> None:
        """Let the other side reconcile rather than name what is new."""
        for number, subscription in self._subscriptions.items():
            if not subscription.is_told_changed:
                subscription.is_told_changed = True
                self._wire.send(Changed(number))

    def _tell_scope(self, number: int) -> None:
        subscription = self._subscriptions[number]
        subscription.carried = self._carried_of(subscription.whole)
        subscription.kept = self._kept_of(subscription.whole, subscription.carried)
        subscription.narrow = subscription.whole.kept_in(subscription.kept).narrowed(subscription.carried)
        subscription.version += 1
        if subscription.kept:
            self._wire.send(Since(number, subscription.kept))
        self._wire.send(Scope(number, subscription.version, subscription.carried))
        self._end_sessions_over(number)

    def _end_sessions_over(self, number: int) -> None:
        # Going on would tell of authors who are carried no more.
        for request in [request for request, session in self._sessions.items() if session.sub == number]:
            self._refuse(request, SessionFault.STALE)

    def _carried_of(self, whole: Filter) -> bytes:
        carried = self._parts.admission.carried
        public: frozenset[AuthorKey] = carried.authors
        # A filter for no kind asks for the control set alone, which is kept for whoever's bodies are held.
        if whole.kinds == ():
            public |= carried.formerly(asks_private=self._parts.asks_private)
        return pack_bits([author in public for author in whole.authors or ()])

    def _kept_of(self, whole: Filter, carried: bytes) -> Steps:
        """From when on we keep those whom the other side is told of, and of nobody else."""
        if whole.kinds == ():
            return ()
        kept = replace(whole, sinces=()).kept_since(self._parts.admission.carried.since)
        sinces = [since if has_bit(carried, place) else 0 for place, since in enumerate(kept.sinces)]
        return replace(kept, sinces=tuple(sinces)).steps()

    # --- Sessions ----------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """When `on_wake` has something to do."""
        touched = min((session.touched for session in self._sessions.values()), default=float("inf"))
        return touched + limits.SESSION_IDLE

    def on_wake(self, now: float) -> None:
        """End the sessions in which nothing has happened for long."""
        for request, session in list(self._sessions.items()):
            if now >= session.touched + limits.SESSION_IDLE:
                self._refuse(request, SessionFault.STALE)

    def on_open(self, now: float, frame: NegOpen) -> None:
        """A session: answered by NEG_SAME, NEG_DIFFERS or NEG_ERR."""
        self._last_session = frame.req
        subscription = self._subscriptions.get(frame.sub)
        if subscription is None or subscription.version != frame.version:
            self._refuse(frame.req, SessionFault.STALE)
            return
        subscription.is_told_changed = False
        # A session that was closed while its set is being loaded still costs that.
        if max(len(self._sessions), self._loads) >= limits.MAX_SESSIONS:
            self._refuse(frame.req, SessionFault.BUSY)
            return
        window = subscription.narrow.within(frame.since, frame.until)
        session = _Session(frame.sub, window, Tier(frame.tier), now)
        self._sessions[frame.req] = session

        def then(_: float, own: SetSum) -> None:
            if (own.count, own.fingerprint()) == (frame.count, frame.fingerprint):
                self._end_equal(frame.req, session)
            else:
                session.state, session.count = _State.DIFFERENT, own.count
                self._wire.send(NegDiffers(frame.req, own.count))

        self._load(frame.req, session, lambda token: LoadSum(token, window, session.tier), SetSum, then)

    def _end_equal(self, request: int, session: _Session) -> None:
        self._close(request)
        self._wire.send(NegSame(request))
        if session.tier is Tier.CONTENT:
            self._parts.bodies.fetch(one.narrow for one in self._subscriptions.values())

    def _load(
        self,
        request: int,
        session: _Session,
        make: Callable[[Token], Load],
        expected: type[T],
        then: Callable[[float, T], None],
    ) -> None:
        self._loads += 1

        def proceed(now: float, answer: T) -> None:
            self._loads -= 1
            if self._sessions.get(request) is session:
                session.touched = now
                then(now, answer)

        self._outbox.ask(make, expected, proceed, self._wire.link)

    def on_reconcile(self, now: float, frame: NegMsg) -> None:
        """A message of the reconciliation."""
        session = self._sessions.get(frame.req)
        if session is None:
            self._check_was_opened(frame)
            return
        if frame.more:
            raise unexpected("an initiator's message in parts")
        session.touched = now
        session.rounds += 1
        if session.rounds > limits.MAX_ROUNDS:
            raise unexpected("too many rounds in one session")
        if session.responder is not None:
            self._reply(frame, session.responder)
        elif session.state is _State.DIFFERENT:
            self._load_set(frame, session)
        else:
            raise unexpected("NEG_MSG before the answer to what came before")

    def _load_set(self, frame: NegMsg, session: _Session) -> None:
        pooled = min(session.count, limits.MAX_SESSION_ITEMS)
        if not self._pool.take(pooled):
            self._refuse(frame.req, SessionFault.BUSY)
            return
        session.state, session.pooled = _State.LOADING, pooled

        def then(_: float, items: Items) -> None:
            if len(items.index) > limits.MAX_SESSION_ITEMS:
                self._refuse(frame.req, SessionFault.TOO_BIG, _boundary(items.index))
                return
            session.state = _State.COMPARING
            session.responder = Responder(items.index)
            self._reply(frame, session.responder)

        self._load(
            frame.req,
            session,
            lambda token: LoadItems(token, session.filter, session.tier),
            Items,
            then,
        )

    def _reply(self, frame: NegMsg, responder: Responder) -> None:
        data, size = responder.on_message(frame.data), limits.MAX_RECONCILIATION_MESSAGE
        while len(data) > size:
            self._wire.send(NegMsg(frame.req, data[:size], more=True))
            data = data[size:]
        self._wire.send(NegMsg(frame.req, data))

    def on_close(self, frame: NegClose) -> None:
        """The initiator has learned what it wanted."""
        self._check_was_opened(frame)
        self._close(frame.req)

    def _check_was_opened(self, frame: NegMsg | NegClose) -> None:
        # What was under way when we ended a session is passed over.
        if self._wire.is_ours(frame.req) or not 0 < frame.req <= self._last_session:
            raise unexpected("a part of a session that never was")

    def _close(self, request: int) -> None:
        session = self._sessions.pop(request, None)
        if session is not None:
            self._pool.give_back(session.pooled)

    def _refuse(self, request: int, fault: SessionFault, since: int = 0) -> None:
        self._close(request)
        self._wire.send(NegErr(request, fault, since))

    # --- Questions ---------------------------------------------------------------------------------------

    def on_get(self, frame: Get) -> None:
        """Messages by id; what is not served is named."""
        self.serve(frame.req, split_ids(frame.ids))

    def serve(self, request: int, ids: list[MessageId]) -> None:
        """Load and send these messages as the answer to a question."""
        self._begin_question()
        asked = tuple(dict.fromkeys(ids))

        def then(_: float, messages: list[Message]) -> None:
            self._questions -= 1
            served = self._served(messages)
            given = {message.id for message in served}
            # Held but not given away is unknown too: the difference would tell whom we follow privately.
            absent = {message: Absence.UNKNOWN for message in asked if message not in given}
            answer(self._wire, request, served, absent)

        self._outbox.ask(lambda token: LoadMessages(token, asked), list, then, self._wire.link)

    def on_range(self, frame: Range) -> None:
        """The next messages of a subscription; none if its scope has changed."""
        subscription = self._subscriptions.get(frame.sub)
        if subscription is None or subscription.version != frame.version:
            answer(self._wire, frame.req, [])
            return
        self._begin_question()
        wanted, after = subscription.narrow, (frame.after_ts, frame.after_id)
        limit = min(frame.limit, limits.RANGE_MESSAGES)

        def then(_: float, page: Page) -> None:
            self._questions -= 1
            answer(self._wire, frame.req, self._served(page.messages))

        self._outbox.ask(
            lambda token: LoadRange(token, wanted, Tier(frame.tier), after, limit, limits.MAX_ANSWER),
            Page,
            then,
            self._wire.link,
        )

    def _served(self, messages: "list[Message] | tuple[Message, ...]") -> list[Message]:
        # Whom we carry may have changed while the messages were loaded.
        return [message for message in messages if self._parts.serves(message)]

    def _begin_question(self) -> None:
        self._questions += 1
        if self._questions > limits.MAX_QUESTIONS:
            raise unexpected("too many questions at once")


def _boundary(index: Index) -> int:
    """The time from which on a set that is too big holds no more than a session takes."""
    first = len(index) - limits.MAX_SESSION_ITEMS
    since, _ = index.item(first)
    before, _ = index.item(first - 1)
    # Items of one second are not parted, so a second that begins before stays outside.
    return min(since + 1, limits.MAX_TIMESTAMP) if before == since else since
