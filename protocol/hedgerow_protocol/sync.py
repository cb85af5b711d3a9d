"""Synchronisation of one authenticated link: frames in, frames and effects out (specs/08-sync.md).

The side that dialled asks (`asking`), the other answers (`answering`); both push what is new to a side that wants
it, announce what is too much to push, and say CHANGED when even that is too much. What a peer sends unasked is
under a quota: what exceeds it is dropped and found by the next reconciliation, so that nothing is lost by it.

A frame of the other side is one of three: a question, whose number must be new; an answer, which must be awaited
or was given up; or news, under the quotas.
"""

from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import TypeAlias, assert_never

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Admission
from hedgerow_protocol.answering import Answering
from hedgerow_protocol.asking import Asking
from hedgerow_protocol.conduct import Behaviour
from hedgerow_protocol.discovery import LinkAddresses
from hedgerow_protocol.effects import (
    AcceptanceAnswered,
    Accepting,
    LinkId,
    Note,
    ReportAnswered,
    Reporting,
)
from hedgerow_protocol.frame import (
    Accept,
    Accepted,
    Addr,
    Authors,
    Changed,
    Err,
    Frame,
    Get,
    Getaddr,
    GetHeaders,
    GetHeads,
    Heads,
    IHave,
    LinkFault,
    Messages,
    Missing,
    Mode,
    NegClose,
    NegDiffers,
    NegErr,
    NegMsg,
    NegOpen,
    NegSame,
    Ping,
    Pong,
    Range,
    Report,
    Reported,
    Scope,
    SetMode,
    Since,
    Sub,
    Unsub,
    Want,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.link_parts import LinkParts
from hedgerow_protocol.live import Live
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.quota import Bucket, Pool
from hedgerow_protocol.turns import Turn
from hedgerow_protocol.wire import Wire, ignore_blame, unexpected

GOES_AWAY = "the peer goes away"
"""Why a link ends whose other side stops: it may come back, and nothing is wrong with it."""
Question: TypeAlias = (
    Ping | Sub | NegOpen | Get | Range | IHave | GetHeads | GetHeaders | Accept | Report | Getaddr
)
Asked: TypeAlias = Scope | Authors | Heads | NegSame | NegDiffers | NegErr


class LinkSync:
    """What one link knows of the other side's wishes and of our own; pure."""

    def __init__(
        self,
        link: LinkId,
        send: Callable[[Frame], None],
        outbox: Outbox,
        admission: Admission,
        pool: Pool,
        random: Random,
        *,
        is_initiator: bool,
        asks_private: bool = False,
        asks_everyone: bool = False,
        turn: Turn | None = None,
        blame: Callable[[float, Behaviour, int], None] = ignore_blame,
    ) -> None:
        """`pool`: items that may be indexed for the sessions of all links; `turn`: if it takes turns with others.

        `blame` hears what no honest peer does.
        """
        wire = Wire(link, send, -1 if is_initiator else 0, blame)
        self._wire = wire
        self._outbox = outbox
        self._admission = admission
        self._asks_private = asks_private
        parts = LinkParts.of(wire, outbox, admission, asks_private=asks_private, asks_everyone=asks_everyone)
        self._fetching = parts.fetching
        self._offering = parts.offering
        self._answering = Answering(parts, pool)
        self._asking = Asking(parts, random) if is_initiator else None
        self._turn = turn
        self._live = Live(parts, self._answering, self._asking, turn)
        self.addresses = LinkAddresses(wire, outbox)
        self._unasked = Bucket(limits.FRAME_RATE, limits.FRAME_BURST)
        self._asked_logs: set[AuthorKey] = set()
        self._acceptances: set[int] = set()
        self._reports: set[int] = set()
        self._last_question = 0
        self._heard = 0.0
        self._is_pinged = False

    # --- Events ------------------------------------------------------------------------------------------

    def start(self, now: float) -> None:
        """The link is authenticated."""
        self._heard = now
        if self._asking is not None:
            if self._turn is not None:
                self._asking.subscriptions.mode = self._turn.begin()
            self._asking.subscribe(now)

    def set_mode(self, mode: Mode) -> None:
        """Let the other side bring new messages in this way (the side that dialled)."""
        if self._asking is not None:
            self._asking.subscriptions.set_mode(mode)

    def set_backlog(self, is_long: bool) -> None:
        """Whether much waits to be sent on this link: then nothing is pushed whole."""
        self._live.is_backlogged = is_long

    def end(self) -> None:
        """The link is gone."""
        self._answering.end()

    def on_carried(self, now: float) -> None:
        """Others are carried from now on."""
        self._answering.subscribed.on_carried()
        self._live.on_carried()
        if self._asking is not None:
            self._asking.subscribe(now)

    def on_stored(self, now: float, *, is_new: bool) -> None:
        """Something that this link brought was stored; whether any of it was new here."""
        self._fetching.pump(now)
        if self._asking is not None:
            self._asking.on_stored(now, is_new=is_new)

    def on_room(self, now: float) -> None:
        """There is room again for what links bring."""
        self._fetching.pump(now)
        self._proceed(now)

    def on_unauthorised(self, now: float, author: AuthorKey) -> None:
        """A message of an author whose log does not know its device: his log is asked for, once a link."""
        if self._asking is not None and self._asks_for(author) and author not in self._asked_logs:
            self._asked_logs.add(author)
            self._asking.resync(now)

    def _asks_for(self, author: AuthorKey) -> bool:
        assert self._asking is not None
        named = self._admission.carried.named(asks_private=self._asks_private)
        return author in named or self._asking.subscriptions.lists(author)

    def fetch(self, now: float, message: MessageId) -> None:
        """Ask the other side for a message that it brought before."""
        self._fetching.want(now, [message])

    def resync(self, now: float) -> None:
        """Compare every set again (the side that dialled)."""
        if self._asking is not None:
            self._asking.resync(now)

    def on_new(
        self,
        now: float,
        messages: list[Message],
        relayed: Collection[MessageId] = frozenset(),
        late: Sequence[Message] = (),
    ) -> bool:
        """These are new here: push, announce or mark as changed what the other side wants of them.

        `relayed`: those that another link brought. `late`: of those that come faster than they are let in live, and are
        left to comparisons, the newest of each author and kind. Returns whether anything is awaited for it, so that
        `deadline` may have changed.
        """
        is_compared = self._live.on_late(now, late)
        return self._live.on_new(now, messages, relayed) or is_compared

    def _proceed(self, now: float) -> None:
        if self._asking is not None:
            self._asking.proceed(now)

    # --- Time --------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """When `on_wake` has something to do."""
        silence = self._heard + (limits.DEAD_AFTER if self._is_pinged else limits.PING_AFTER)
        asking = self._asking.deadline if self._asking is not None else float("inf")
        return min(
            silence,
            asking,
            self._answering.deadline,
            self._live.deadline,
            self._wire.patience.deadline,
        )

    def on_wake(self, now: float) -> str | None:
        """Do what is due; the reason to close the link, if there is one."""
        if now >= self._heard + limits.DEAD_AFTER:
            self._outbox.hit(self._wire.link, "DEAD_AFTER")
            return "silent for too long"
        if now >= self._wire.patience.deadline:
            self._outbox.hit(self._wire.link, "PROGRESS_TIMEOUT")
            return "no progress"
        if now >= self._heard + limits.PING_AFTER and not self._is_pinged:
            self._is_pinged = True
            self._wire.send(Ping(self._wire.next_request()))
        self._answering.on_wake(now)
        self._live.on_wake(now)
        if self._asking is not None:
            self._asking.on_wake(now)
        return None

    # --- What the owner may see, and acceptances ---------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether the last comparison found every set equal; always false on the answering side."""
        return self._asking is not None and self._asking.is_settled

    @property
    def is_scoped(self) -> bool:
        """Whether the other side has said of all whom we want now whether it carries them."""
        return self._asking is not None and self._asking.subscriptions.are_known

    def refused(self) -> list[AuthorKey]:
        """Authors that we want and the other side does not carry."""
        return self._asking.subscriptions.refused() if self._asking is not None else []

    def accept(self, now: float, invite: bytes, acceptance: bytes) -> int:
        """Bring an acceptance of an invite to the other side; its answer will name this number."""
        request = self._wire.next_request()
        self._acceptances.add(request)
        self._wire.patience.begin(now, request)
        self._wire.send(Accept(request, invite, acceptance))
        return request

    def accepted(self, request: int, verdict: int) -> None:
        """Tell the other side what becomes of the acceptance that it brought."""
        self._wire.send(Accepted(request, verdict))

    def _on_accepted(self, now: float, frame: Accepted) -> None:
        if frame.req not in self._acceptances:
            raise unexpected("ACCEPTED answers no acceptance")
        self._acceptances.discard(frame.req)
        self._wire.patience.end(now, frame.req)
        self._outbox.add(AcceptanceAnswered(self._wire.link, frame.req, frame.verdict))

    def report(self, thing: str, label: str, reason: str) -> int:
        """Tell whoever runs the other side of a thing; its answer, if it knows such frames, will name this number."""
        request = self._wire.next_request()
        self._reports.add(request)
        self._wire.send(Report(request, thing, label, reason))
        return request

    def reported(self, request: int, verdict: int) -> None:
        """Tell the other side what becomes of its report."""
        self._wire.send(Reported(request, verdict))

    def _on_reported(self, frame: Reported) -> None:
        if frame.req not in self._reports:
            raise unexpected("REPORTED answers no report")
        self._reports.discard(frame.req)
        self._outbox.add(ReportAnswered(self._wire.link, frame.req, frame.verdict))

    # --- Frames ------------------------------------------------------------------------------------------

    def on_frame(self, now: float, frame: Frame) -> str | None:
        """Take a frame; the reason to close the link, if there is one.

        Raises `RemoteProtocolError` when the frame breaks the protocol, and the link must end.
        """
        self._heard, self._is_pinged = now, False
        match frame:
            case Err():
                self._outbox.add(Note(self._wire.link, "the peer ends the link", frame.text))
                return GOES_AWAY if frame.code == LinkFault.GOING_AWAY else "ended by the peer"
            case Pong():
                return None
            case (
                Ping()
                | Sub()
                | NegOpen()
                | Get()
                | Range()
                | IHave()
                | GetHeads()
                | GetHeaders()
                | Accept()
                | Report()
                | Getaddr()
            ):
                self._on_question(now, frame)
            case Unsub() | SetMode() | Changed() | Since() | Addr():
                self._on_news(now, frame)
            case NegMsg() | NegClose():
                self._on_session(now, frame)
            case Messages() | Missing() | Want() | Accepted() | Reported():
                self._on_transfer(now, frame)
            case Scope() | Authors() | Heads() | NegSame() | NegDiffers() | NegErr():
                self._on_answer(now, frame)
            case _:
                assert_never(frame)
        return None

    def _take_unasked(self, now: float) -> None:
        if not self._unasked.take(now):
            raise unexpected("too many frames unasked", "FRAME_RATE")

    def _check_number(self, frame: Question) -> None:
        # One number names one thing, so a question with an old number would be taken for another.
        if isinstance(frame, Sub) and frame.req in self._answering.subscribed:
            return
        if self._wire.is_ours(frame.req) or frame.req <= self._last_question:
            raise unexpected("a question whose number does not go up")
        self._last_question = frame.req

    def _on_question(self, now: float, frame: Question) -> None:
        self._check_number(frame)
        match frame:
            case Get():
                self._answering.on_get(frame)
            case Range():
                self._answering.on_range(frame)
            case GetHeads():
                self._answering.on_heads(frame)
            case GetHeaders():
                self._answering.on_headers(frame)
            case IHave():
                self._live.on_announced(now, frame)
            case Ping() | Sub() | NegOpen() | Accept() | Report() | Getaddr():
                self._take_unasked(now)
                self._on_unasked(now, frame)
            case _:
                assert_never(frame)

    def _on_unasked(self, now: float, frame: Ping | Sub | NegOpen | Accept | Report | Getaddr) -> None:
        match frame:
            case Ping():
                self._wire.send(Pong(frame.req))
            case Sub():
                self._answering.subscribed.on_sub(frame)
            case NegOpen():
                self._answering.on_open(now, frame)
            case Accept():
                self._outbox.add(Accepting(self._wire.link, frame.req, frame.invite, frame.acceptance))
            case Report(req, thing, label, reason):
                self._outbox.add(Reporting(self._wire.link, req, thing, label, reason))
            case Getaddr():
                self.addresses.on_asked(frame)
            case _:
                assert_never(frame)

    def _on_news(self, now: float, frame: Unsub | SetMode | Changed | Since | Addr) -> None:
        self._take_unasked(now)
        if isinstance(frame, Unsub):
            self._answering.subscribed.on_unsub(frame.req)
        elif isinstance(frame, SetMode):
            self._answering.subscribed.on_mode(frame)
        elif isinstance(frame, Since):
            self._on_since(frame)
        elif isinstance(frame, Addr):
            self.addresses.on_told(now, frame)
        elif self._asking is not None:
            self._asking.on_changed(now, frame.req)

    def _on_since(self, frame: Since) -> None:
        if not self._wire.is_ours(frame.req):
            self._answering.subscribed.on_since(frame)
        elif self._asking is not None:
            self._asking.on_since(frame)

    def _on_session(self, now: float, frame: NegMsg | NegClose) -> None:
        if isinstance(frame, NegClose):
            self._answering.on_close(frame)
        elif self._asking is not None and self._wire.is_ours(frame.req):
            self._asking.session.on_reconcile(now, frame)
        else:
            self._answering.on_reconcile(now, frame)

    def _on_answer(self, now: float, frame: Asked) -> None:
        if self._asking is None:
            raise unexpected("an answer to a side that asked nothing")
        match frame:
            case Scope() | Authors():
                self._take_unasked(now)
                self._asking.on_scope(now, frame)
                self._tell_turn(now)
                self._outbox.add(Note(self._wire.link, "scope"))
            case Heads():
                self._asking.completing.on_heads(now, frame)
            case NegSame():
                self._asking.session.on_same(now, frame)
            case NegDiffers():
                self._asking.session.on_differs(now, frame)
            case NegErr():
                self._asking.session.on_error(now, frame)
            case _:
                assert_never(frame)

    def _tell_turn(self, now: float) -> None:
        if self._turn is not None and self._asking is not None and self._asking.subscriptions.are_known:
            self._turn.scoped(now, self._asking.subscriptions.carried())

    def _on_transfer(self, now: float, frame: Messages | Missing | Want | Accepted | Reported) -> None:
        match frame:
            case Messages():
                self._on_messages(now, frame)
            case Missing():
                self._fetching.on_missing(frame)
            case Want():
                wanted = self._offering.on_want(now, frame)
                if wanted:
                    self._answering.serve(frame.req, wanted)
                self._proceed(now)
            case Accepted():
                self._on_accepted(now, frame)
            case Reported():
                self._on_reported(frame)
            case _:
                assert_never(frame)

    def _on_messages(self, now: float, frame: Messages) -> None:
        messages = tuple([message for _, message in frame.messages])
        if frame.req == 0:
            self._live.on_pushed(now, messages)
            return
        self._fetching.check(frame)
        self._admission.take(self._wire.link, messages, is_live=self._live.is_news(frame))
        self._fetching.on_messages(now, frame)
        self._proceed(now)
