"""Synchronisation of one authenticated link: frames in, frames and effects out (specs/08-sync.md).

The side that dialled asks (`asking`), the other answers (`answering`); both push what is new to a side that wants
it, announce what is too much to push, and say CHANGED when even that is too much. What a peer sends unasked is
under a quota: what exceeds it is dropped and found by the next reconciliation, so that nothing is lost by it.
"""

from collections.abc import Callable
from random import Random
from typing import assert_never

from hedgerow_protocol import limits
from hedgerow_protocol.admission import Admission
from hedgerow_protocol.answering import Answering
from hedgerow_protocol.asking import Asking
from hedgerow_protocol.effects import AcceptanceAnswered, Accepting, LinkId, LoadUnknown, Note
from hedgerow_protocol.frame import (
    Accept,
    Accepted,
    Changed,
    Err,
    Frame,
    Get,
    IHave,
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
    Scope,
    Sub,
    Unsub,
    Want,
    split_ids,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.quota import Bucket
from hedgerow_protocol.transfer import Fetching, Offering, Wire, push, unexpected


class LinkSync:
    """What one link knows of the other side's wishes and of our own; pure."""

    def __init__(
        self,
        link: LinkId,
        send: Callable[[Frame], None],
        outbox: Outbox,
        admission: Admission,
        random: Random,
        *,
        is_initiator: bool,
        asks_private: bool = False,
    ) -> None:
        wire = Wire(link, send, last_request=-1 if is_initiator else 0)
        self._wire = wire
        self._outbox = outbox
        self._admission = admission
        self._fetching = Fetching(wire, lambda: admission.waiting(link))
        self._offering = Offering(wire)
        self._answering = Answering(wire, outbox, admission)
        self._asking = (
            Asking(wire, outbox, admission, self._fetching, self._offering, random, asks_private=asks_private)
            if is_initiator
            else None
        )
        self._frames = Bucket(limits.FRAME_RATE, limits.FRAME_BURST)
        self._pushed = Bucket(limits.PUSH_RATE, limits.PUSH_BURST)
        self._pushed_bytes = Bucket(limits.PUSH_BYTES_RATE, limits.PUSH_BYTES_BURST)
        self._asked_logs: set[AuthorKey] = set()
        self._acceptances: set[int] = set()
        self._heard = 0.0
        self._pinged = False

    # --- Events ------------------------------------------------------------------------------------------

    def start(self, now: float, mode: Mode = Mode.EAGER) -> None:
        """The link is authenticated."""
        self._heard = now
        if self._asking is not None:
            self._asking.subscribe(mode)

    def on_carried(self, mode: Mode = Mode.EAGER) -> None:
        """Others are carried from now on."""
        self._answering.on_carried()
        if self._asking is not None:
            self._asking.subscribe(mode)

    def on_stored(self, now: float) -> None:
        """Something that this link brought was stored: there is room for more."""
        self._fetching.pump(now)
        if self._asking is not None:
            self._asking.proceed(now)

    def on_unauthorised(self, now: float, author: AuthorKey) -> None:
        """A message of an author whose log does not know its device: his log is asked for, once a link."""
        if self._asking is not None and author not in self._asked_logs:
            self._asked_logs.add(author)
            self._asking.resync(now)

    def resync(self, now: float) -> None:
        """Compare every set again now (the side that dialled)."""
        if self._asking is not None:
            self._asking.resync(now)

    def on_new(self, messages: list[Message]) -> None:
        """These are new here: push, announce or mark as changed what the other side wants of them."""
        whole, announced = [], []
        for message in messages:
            mode = self._mode_for(message)
            if mode == Mode.EAGER:
                whole.append(message)
            elif mode == Mode.LAZY:
                announced.append(message.id)
        if len(whole) > limits.MAX_PUSHED or not self._offering.is_idle:
            announced.extend([message.id for message in whole])
        elif whole:
            announced.extend(push(self._wire, whole))
        self._announce(announced)

    def _mode_for(self, message: Message) -> Mode:
        if not self._admission.carried.serves(message):
            return Mode.OFF
        if self._asking is not None and self._asking.carries(message.header):
            return Mode.EAGER
        return self._answering.wants(message.header)

    def _announce(self, ids: list[MessageId]) -> None:
        if self._asking is None and len(self._offering) + len(ids) > limits.MAX_LIVE:
            self._offering.clear()
            self._answering.tell_changed()
        elif ids:
            self._offering.offer(ids)

    # --- Time --------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """When `on_wake` has something to do."""
        silence = self._heard + (limits.DEAD_AFTER if self._pinged else limits.PING_AFTER)
        asking = self._asking.deadline if self._asking is not None else float("inf")
        return min(silence, asking, self._fetching.deadline or float("inf"))

    def on_wake(self, now: float) -> str | None:
        """Do what is due; the reason to close the link, if there is one."""
        if now >= self._heard + limits.DEAD_AFTER:
            return "silent for too long"
        if now >= self._heard + limits.PING_AFTER and not self._pinged:
            self._pinged = True
            self._wire.send(Ping(self._wire.next_request()))
        fetching = self._fetching.deadline
        is_stuck = fetching is not None and now >= fetching
        if is_stuck or (self._asking is not None and not self._asking.on_wake(now)):
            return "no progress"
        return None

    # --- What the owner may see --------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether the last comparison found every set equal; always false on the answering side."""
        return self._asking is not None and self._asking.is_settled

    def refused(self) -> list[AuthorKey]:
        """Authors that we want and the other side does not carry."""
        return self._asking.refused() if self._asking is not None else []

    # --- Frames ------------------------------------------------------------------------------------------

    def on_frame(self, now: float, frame: Frame) -> None:
        """Take a frame; raises `RemoteProtocolError` when it breaks the protocol, and the link must end."""
        self._heard, self._pinged = now, False
        match frame:
            case Messages():
                self._on_messages(now, frame)
            case Get() | Range() | NegMsg() | NegClose() | IHave() | Want() | Missing():
                self._on_bounded(now, frame)
            case Pong() | Scope() | NegSame() | NegDiffers() | NegErr() | Err() | Accepted():
                self._on_answer(now, frame)
            case Ping() | Sub() | Unsub() | NegOpen() | Changed() | Accept():
                if not self._frames.take(now):
                    raise unexpected("too many frames unasked")
                self._on_unasked(now, frame)
            case _:
                assert_never(frame)

    def _on_bounded(
        self, now: float, frame: Get | Range | NegMsg | NegClose | IHave | Want | Missing
    ) -> None:
        match frame:
            case Get():
                self._answering.on_get(frame)
            case Range():
                self._answering.on_range(frame)
            case NegMsg():
                if frame.req % 2 == self._wire.last_request % 2 and self._asking is not None:
                    self._asking.on_reconcile(now, frame)
                else:
                    self._answering.on_reconcile(frame)
            case NegClose():
                self._answering.on_close(frame)
            case IHave():
                self._on_announced(frame)
            case Want():
                self._serve_wanted(frame)
            case Missing():
                self._fetching.on_missing(frame)
            case _:
                assert_never(frame)

    def _serve_wanted(self, frame: Want) -> None:
        wanted = self._offering.on_want(frame)
        if wanted:
            self._answering.serve(frame.req, wanted)

    def _on_answer(
        self, now: float, frame: Pong | Scope | NegSame | NegDiffers | NegErr | Err | Accepted
    ) -> None:
        if isinstance(frame, Err):
            self._outbox.add(Note(self._wire.link, "the peer ends the link", frame.text))
        elif isinstance(frame, Accepted):
            self._on_accepted(frame)
        elif isinstance(frame, Pong):
            return
        elif self._asking is None:
            raise unexpected("an answer to a side that asked nothing")
        elif isinstance(frame, Scope):
            self._asking.on_scope(now, frame)
            self._outbox.add(Note(self._wire.link, "scope"))
        elif isinstance(frame, NegSame):
            self._asking.on_same(now, frame.req)
        elif isinstance(frame, NegDiffers):
            self._asking.on_differs(now, frame)
        else:
            self._asking.on_error(now, frame)

    def accept(self, invite: bytes, acceptance: bytes) -> int:
        """Bring an acceptance of an invite to the other side; its answer will name this number."""
        request = self._wire.next_request()
        self._acceptances.add(request)
        self._wire.send(Accept(request, invite, acceptance))
        return request

    def accepted(self, request: int, verdict: int) -> None:
        """Tell the other side what becomes of the acceptance that it brought."""
        self._wire.send(Accepted(request, verdict))

    def _on_accepted(self, frame: Accepted) -> None:
        if frame.req not in self._acceptances:
            raise unexpected("ACCEPTED answers no acceptance")
        self._acceptances.discard(frame.req)
        self._outbox.add(AcceptanceAnswered(self._wire.link, frame.req, frame.verdict))

    def _on_unasked(self, now: float, frame: Ping | Sub | Unsub | NegOpen | Changed | Accept) -> None:
        match frame:
            case Ping():
                self._wire.send(Pong(frame.req))
            case Sub():
                self._answering.on_sub(frame)
            case Unsub():
                self._answering.on_unsub(frame.req)
            case NegOpen():
                self._answering.on_open(frame)
            case Changed():
                self.resync(now)
            case Accept():
                self._outbox.add(Accepting(self._wire.link, frame.req, frame.invite, frame.acceptance))
            case _:
                assert_never(frame)

    def _on_announced(self, frame: IHave) -> None:
        ids = split_ids(frame.ids)
        if len(frame.hops) != len(ids):
            raise unexpected("IHAVE has not one hop count an id")
        self._fetching.begin_announcement()

        def then(now: float, unknown: list[MessageId]) -> None:
            wanted = [one for one in unknown if not self._admission.is_refused(one, now)]
            self._fetching.on_announced(now, frame.req, wanted)

        self._outbox.ask(lambda token: LoadUnknown(token, tuple(ids)), list, then, self._wire.link)

    def _on_messages(self, now: float, frame: Messages) -> None:
        if frame.req == 0:
            self._on_pushed(now, frame)
            return
        messages = tuple([message for _, message in frame.messages])
        if self._asking is not None and self._asking.expects(frame.req):
            self._admission.take(self._wire.link, messages)
            self._asking.on_messages(now, frame)
        elif self._fetching.expects(frame.req):
            self._admission.take(self._wire.link, messages)
            self._on_fetched(now, frame)
        else:
            raise unexpected("MESSAGES answers no question")

    def _on_fetched(self, now: float, frame: Messages) -> None:
        self._fetching.on_progress(now, frame.req)
        if not frame.more:
            self._fetching.on_end(now, frame.req)
            if self._asking is not None:
                self._asking.proceed(now)

    def _on_pushed(self, now: float, frame: Messages) -> None:
        messages = tuple([message for _, message in frame.messages])
        size = sum(map(len, messages))
        if self._pushed.take(now, len(messages)) and self._pushed_bytes.take(now, size):
            self._admission.take(self._wire.link, messages)
        elif self._asking is not None:
            self._asking.resync(now)
        else:
            self._answering.tell_changed()
