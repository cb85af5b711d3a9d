"""The answering side of synchronisation: subscriptions, sessions and questions of the other side of one link.

States of a session: our sum is being loaded → told that it differs → our items are being loaded → comparing →
closed by the initiator. Equal sums end it at once, and so do a set that is too big, a scope that changed and a
long silence. The initiator speaks first, learns everything, and transfers by itself; the responder holds no more
than one index a session, and of all sessions together as many items as a pool allows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from hedgerow_protocol import limits
from hedgerow_protocol.completing import authors_at, digest_of, in_frames, since_of_chains
from hedgerow_protocol.conduct import Behaviour
from hedgerow_protocol.effects import (
    Chains,
    Items,
    Load,
    LoadChains,
    LoadItems,
    LoadLinks,
    LoadMessages,
    LoadRange,
    LoadSum,
    Page,
    Token,
)
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    Absence,
    Get,
    GetHeaders,
    GetHeads,
    Heads,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    Range,
    SessionFault,
    Tier,
    split_ids,
)
from hedgerow_protocol.link_parts import LinkParts
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.quota import Pool
from hedgerow_protocol.ranges import cut_before_newest
from hedgerow_protocol.reconcile import Responder
from hedgerow_protocol.subscribed import Subscribed
from hedgerow_protocol.transfer import answer
from hedgerow_protocol.wire import unexpected

T = TypeVar("T")


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
        self.subscribed = Subscribed(parts, self._end_sessions_over)
        """What the other side asked for."""
        self._sessions: dict[int, _Session] = {}
        self._last_session = 0
        self._awaits_offers = False
        """Whether the last comparison that found a difference may still have something to offer."""
        self._loads = 0
        self._questions = 0

    def takes_history(self, announced: int) -> bool:
        """Whether an announcement of so many ids belongs to a comparison: during one that found a difference, and
        after it up to the first announcement that is not full."""
        is_comparing = any(one.state is not _State.SUMMING for one in self._sessions.values())
        is_history = is_comparing or self._awaits_offers
        if not is_comparing and announced < limits.MAX_FRAME_MESSAGES:
            self._awaits_offers = False
        return is_history

    def end(self) -> None:
        """The link is gone."""
        for number in list(self._sessions):
            self._close(number)

    # --- Sessions -----------------------------------------------------------------------------------------

    def _end_sessions_over(self, number: int) -> None:
        # Going on would tell of authors who are carried no more.
        for request in [request for request, session in self._sessions.items() if session.sub == number]:
            self._refuse(request, SessionFault.STALE)

    @property
    def deadline(self) -> float:
        """When `on_wake` has something to do."""
        touched = min((session.touched for session in self._sessions.values()), default=float("inf"))
        return touched + limits.SESSION_IDLE

    def on_wake(self, now: float) -> None:
        """End the sessions in which nothing has happened for long."""
        for request, session in list(self._sessions.items()):
            if now >= session.touched + limits.SESSION_IDLE:
                self._outbox.hit(self._wire.link, "SESSION_IDLE")
                self._refuse(request, SessionFault.STALE)

    def on_open(self, now: float, frame: NegOpen) -> None:
        """A session: answered by NEG_SAME, NEG_DIFFERS or NEG_ERR."""
        self._last_session = frame.req
        compared = self.subscribed.part(frame.sub, frame.version)
        if compared is None:
            self._refuse(frame.req, SessionFault.STALE)
            return
        self.subscribed.compared(frame.sub)
        # A session that was closed while its set is being loaded still costs that.
        if max(len(self._sessions), self._loads) >= limits.MAX_SESSIONS:
            self._outbox.hit(self._wire.link, "MAX_SESSIONS")
            self._refuse(frame.req, SessionFault.BUSY)
            return
        window = compared.within(frame.since, frame.until)
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
            self._parts.bodies.fetch(self.subscribed.parts())

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
            raise unexpected("too many rounds in one session", "MAX_ROUNDS")
        if session.responder is not None:
            self._reply(frame, session.responder)
        elif session.state is _State.DIFFERENT:
            self._load_set(frame, session)
        else:
            raise unexpected("NEG_MSG before the answer to what came before")

    def _load_set(self, frame: NegMsg, session: _Session) -> None:
        pooled = min(session.count, limits.MAX_SESSION_ITEMS)
        if not self._pool.take(pooled):
            self._outbox.hit(self._wire.link, "MAX_COMPARED_ITEMS")
            self._refuse(frame.req, SessionFault.BUSY)
            return
        session.state, session.pooled = _State.LOADING, pooled

        def then(_: float, items: Items) -> None:
            if len(items.index) > limits.MAX_SESSION_ITEMS:
                self._outbox.hit(self._wire.link, "MAX_SESSION_ITEMS")
                cut = cut_before_newest(items.index, limits.MAX_SESSION_ITEMS)
                self._refuse(frame.req, SessionFault.TOO_BIG, cut)
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
        session = self._sessions.get(frame.req)
        if session is not None and session.state is not _State.SUMMING:
            self._awaits_offers = True
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
        self.serve(frame.req, split_ids(frame.ids), is_asked=True)

    def serve(self, request: int, ids: list[MessageId], *, is_asked: bool = False) -> None:
        """Load and send these messages as the answer to a question; `is_asked` where we had not announced them."""
        self._begin_question()
        asked = tuple(dict.fromkeys(ids))

        def then(now: float, messages: list[Message]) -> None:
            self._questions -= 1
            served = self._served(messages)
            given = {message.id for message in served}
            # Held but not given away is unknown too: the difference would tell whom we follow privately.
            absent = {message: Absence.UNKNOWN for message in asked if message not in given}
            answer(self._wire, request, served, absent)
            if absent and is_asked:
                self._wire.blame(now, Behaviour.MISS, len(absent))

        self._outbox.ask(lambda token: LoadMessages(token, asked), list, then, self._wire.link)

    def on_heads(self, frame: GetHeads) -> None:
        """Where chains end; nothing where they end in the same places, or the scope has changed."""
        scope = self.subscribed.part(frame.sub, frame.version)
        if scope is None or scope.kinds == ():
            self._wire.send(Heads(frame.req, (), more=False))
            return
        self._begin_question()
        devices = self._parts.admission.chains_of(authors_at(scope, frame.first))
        since = since_of_chains(scope, devices)

        def then(_: float, chains: Chains) -> None:
            self._questions -= 1
            differ = digest_of(chains.heads) != frame.digest
            for part in in_frames(frame.req, list(chains.heads) if differ else []):
                self._wire.send(part)

        self._outbox.ask(lambda token: LoadChains(token, devices, 0, since), Chains, then, self._wire.link)

    def on_headers(self, frame: GetHeaders) -> None:
        """Links of a chain without their bodies, as far as they are given away."""
        self._begin_question()
        tip, limit = MessageId(frame.tip), min(frame.limit, limits.MAX_HEADERS)

        def then(_: float, links: list[Message]) -> None:
            self._questions -= 1
            answer(self._wire, frame.req, [one.without_body() for one in self._served(links)])

        self._outbox.ask(lambda token: LoadLinks(token, tip, frame.down, limit), list, then, self._wire.link)

    def on_range(self, frame: Range) -> None:
        """The next messages of a subscription; none if its scope has changed."""
        wanted, after = self.subscribed.part(frame.sub, frame.version), (frame.after_ts, frame.after_id)
        if wanted is None:
            answer(self._wire, frame.req, [])
            return
        self._begin_question()
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
            raise unexpected("too many questions at once", "MAX_QUESTIONS")
