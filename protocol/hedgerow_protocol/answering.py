"""The answering side of synchronisation: subscriptions, sessions and questions of the other side of one link.

States of a session: opened (our sum is being loaded) → differs (told so; the first message of the reconciliation
loads our set) → comparing → closed by the initiator. Equal sums end it at once. The initiator speaks first, learns
everything, and transfers by itself; the responder keeps no more than one index a session.
"""

from dataclasses import dataclass, replace

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Admission
from hedgerow_protocol.effects import (
    Items,
    LoadItems,
    LoadMessages,
    LoadRange,
    LoadSum,
    Page,
)
from hedgerow_protocol.filter import NOBODY, Filter, decode_filter, pack_bits
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
    Sub,
    Tier,
    split_ids,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Header, Message, MessageId
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Responder
from hedgerow_protocol.shape import out_of_range
from hedgerow_protocol.transfer import Wire, answer, unexpected


@dataclass(slots=True)
class _Subscription:
    whole: Filter
    mode: Mode
    version: int
    carried: bytes
    narrow: Filter

    def wants(self, header: Header) -> bool:
        return self.mode != Mode.OFF and self.narrow.matches(header)


@dataclass(slots=True)
class _Session:
    filter: Filter
    tier: Tier
    rounds: int = 0
    responder: Responder | None = None


class Answering:
    """What the other side of a link asked for; pure."""

    def __init__(self, wire: Wire, outbox: Outbox, admission: Admission) -> None:
        self._wire = wire
        self._outbox = outbox
        self._admission = admission
        self._subscriptions: dict[int, _Subscription] = {}
        self._sessions: dict[int, _Session] = {}
        self._questions = 0

    def wants(self, header: Header) -> Mode:
        """How the other side wants to hear of a new message; OFF if not at all."""
        modes = [one.mode for one in self._subscriptions.values() if one.wants(header)]
        return min(modes, default=Mode.OFF)

    def on_sub(self, frame: Sub) -> None:
        """The other side subscribes, or changes a subscription; it is told what is carried."""
        if frame.req not in self._subscriptions and len(self._subscriptions) >= limits.MAX_SUBSCRIPTIONS:
            raise out_of_range("too many subscriptions")
        if frame.mode not in Mode.__members__.values():
            raise out_of_range(f"mode {frame.mode}")
        whole = decode_filter(frame.filter)
        self._subscriptions[frame.req] = _Subscription(whole, Mode(frame.mode), 0, b"", NOBODY)
        self._tell_scope(frame.req)

    def on_unsub(self, number: int) -> None:
        """The other side no longer wants what this subscription names."""
        self._subscriptions.pop(number, None)

    def on_carried(self) -> None:
        """Others are carried from now on: each subscription for which that changes anything is told."""
        for number, subscription in self._subscriptions.items():
            if self._carried_of(subscription.whole) != subscription.carried:
                self._tell_scope(number)

    def tell_changed(self) -> None:
        """Let the other side reconcile rather than name what is new."""
        for number in self._subscriptions:
            self._wire.send(Changed(number))

    def _tell_scope(self, number: int) -> None:
        subscription = self._subscriptions[number]
        subscription.carried = self._carried_of(subscription.whole)
        subscription.narrow = subscription.whole.narrowed(subscription.carried)
        subscription.version += 1
        self._wire.send(Scope(number, subscription.version, subscription.carried))

    def _carried_of(self, whole: Filter) -> bytes:
        carried = self._admission.carried
        public: frozenset[AuthorKey] = carried.authors
        # A filter for no kind asks for the control set alone, which is kept for whoever's bodies are held.
        if whole.kinds == ():
            public |= carried.held
        return pack_bits([author in public for author in whole.authors or ()])

    def on_open(self, frame: NegOpen) -> None:
        """A session: answered by NEG_SAME, NEG_DIFFERS or NEG_ERR."""
        subscription = self._subscriptions.get(frame.sub)
        if subscription is None or subscription.version != frame.version:
            self._wire.send(NegErr(frame.req, SessionFault.STALE, 0))
            return
        if len(self._sessions) >= limits.MAX_SESSIONS:
            self._wire.send(NegErr(frame.req, SessionFault.BUSY, 0))
            return
        if frame.tier not in Tier.__members__.values():
            raise out_of_range(f"tier {frame.tier}")
        window = replace(subscription.narrow, since=frame.since or None, until=frame.until or None)
        session = _Session(window, Tier(frame.tier))
        self._sessions[frame.req] = session

        def then(_: float, own: SetSum) -> None:
            if (own.count, own.fingerprint()) == (frame.count, frame.fingerprint):
                self._sessions.pop(frame.req, None)
                self._wire.send(NegSame(frame.req))
            else:
                self._wire.send(NegDiffers(frame.req, own.count))

        self._outbox.ask(lambda token: LoadSum(token, window, session.tier), SetSum, then, self._wire.link)

    def on_reconcile(self, frame: NegMsg) -> None:
        """A message of the reconciliation."""
        session = self._sessions.get(frame.req)
        if session is None:
            raise unexpected("NEG_MSG outside a session")
        session.rounds += 1
        if session.rounds > limits.MAX_ROUNDS:
            raise unexpected("too many rounds in one session")
        if session.responder is not None:
            self._wire.send(NegMsg(frame.req, session.responder.on_message(frame.data)))
        else:
            self._load_set(frame, session)

    def _load_set(self, frame: NegMsg, session: _Session) -> None:
        def then(_: float, items: Items) -> None:
            if len(items.timestamps) > limits.MAX_SESSION_ITEMS:
                self._sessions.pop(frame.req, None)
                since = items.timestamps[-limits.MAX_SESSION_ITEMS]
                self._wire.send(NegErr(frame.req, SessionFault.TOO_BIG, since))
                return
            index = SortedIndex(items.ids, items.timestamps)
            session.responder = Responder(index, limits.MAX_RECONCILIATION_MESSAGE)
            self._wire.send(NegMsg(frame.req, session.responder.on_message(frame.data)))

        self._outbox.ask(
            lambda token: LoadItems(token, session.filter, session.tier), Items, then, self._wire.link
        )

    def on_close(self, frame: NegClose) -> None:
        """The initiator has learned what it wanted."""
        self._sessions.pop(frame.req, None)

    def on_get(self, frame: Get) -> None:
        """Messages by id; what is not served is named."""
        self.serve(frame.req, split_ids(frame.ids))

    def serve(self, request: int, ids: list[MessageId]) -> None:
        """Load and send these messages as the answer to a question."""
        self._begin_question()

        def then(_: float, messages: list[Message]) -> None:
            self._questions -= 1
            served = [message for message in messages if self._admission.carried.serves(message)]
            absent = dict.fromkeys(ids, Absence.UNKNOWN)
            absent |= {message.id: Absence.REFUSED for message in messages}
            for message in served:
                del absent[message.id]
            answer(self._wire, request, served, absent)

        self._outbox.ask(lambda token: LoadMessages(token, tuple(ids)), list, then, self._wire.link)

    def on_range(self, frame: Range) -> None:
        """The next messages of a subscription; none if its scope has changed."""
        subscription = self._subscriptions.get(frame.sub)
        if subscription is None or subscription.version != frame.version:
            answer(self._wire, frame.req, [])
            return
        if frame.tier not in Tier.__members__.values():
            raise out_of_range(f"tier {frame.tier}")
        self._begin_question()
        after, limit = (frame.after_ts, frame.after_id), min(frame.limit, limits.RANGE_MESSAGES)

        def then(_: float, page: Page) -> None:
            self._questions -= 1
            answer(self._wire, frame.req, list(page.messages))

        self._outbox.ask(
            lambda token: LoadRange(
                token, subscription.narrow, Tier(frame.tier), after, limit, limits.MAX_ANSWER
            ),
            Page,
            then,
            self._wire.link,
        )

    def _begin_question(self) -> None:
        self._questions += 1
        if self._questions > limits.MAX_QUESTIONS:
            raise unexpected("too many questions at once")
