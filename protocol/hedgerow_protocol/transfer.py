"""Transfer: how messages cross a link once it is known which. Asked for with GET, offered with IHAVE and WANT.

Whoever receives decides the pace: at most `REQUEST_WINDOW` questions are open, and none is opened while more than
the credit waits to be stored. An answer ends with a `Messages` frame whose `more` is false; it brings no more than
was asked for and fits, so that the credit bounds what a peer can make us hold.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self

from hedgerow_protocol import limits
from hedgerow_protocol.conduct import Behaviour
from hedgerow_protocol.frame import (
    Absence,
    Get,
    GetHeaders,
    IHave,
    Messages,
    Missing,
    Range,
    Want,
    pack_ids,
    split_ids,
)
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.wire import Wire, unexpected


@dataclass(slots=True)
class _Question:
    """An answer under way: what it may still bring."""

    count: int
    """Messages, or ids that are named as missing."""
    ids: dict[MessageId, None] | None
    """Those that may be named as missing; None where messages were not asked for by id."""
    on_part: Callable[[float, Messages], None] | None = None
    size: int = limits.MAX_ANSWER
    """Bytes of messages."""
    later: list[MessageId] = field(default_factory=list)
    has_brought: bool = False
    unkept: int = 0
    """Ids that do not come."""


class Fetching:
    """What we still want from the other side, and the questions that are open."""

    def __init__(self, wire: Wire, waiting: Callable[[], int], has_room: Callable[[], bool]) -> None:
        """`waiting`: bytes from this link not yet stored; `has_room`: whether more may be asked for."""
        self._wire = wire
        self._waiting = waiting
        self._has_room = has_room
        self._queue: dict[MessageId, None] = {}
        self._announced: list[tuple[int, list[MessageId]]] = []
        self._announcements = 0
        self._open: dict[int, _Question] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nothing is wanted, asked or waiting to be stored."""
        return not self._queue and not self._open and not self._announcements and self._waiting() == 0

    @property
    def has_room(self) -> bool:
        """Whether window and credit allow one more question."""
        return len(self._open) < limits.REQUEST_WINDOW and self._has_room()

    def want(self, now: float, ids: Iterable[MessageId]) -> None:
        """Fetch these too; beyond the bound they are left for the next reconciliation."""
        for message in ids:
            if len(self._queue) < limits.MAX_OFFERED:
                self._queue[message] = None
        self.pump(now)

    @property
    def announcements(self) -> int:
        """Announcements of the other side that are being answered."""
        return self._announcements

    def begin_announcement(self) -> None:
        """An announcement of the other side is being answered from now on."""
        self._announcements += 1

    def on_announced(self, now: float, request: int, wanted: list[MessageId]) -> None:
        """The other side announced, and of that we want these: said as soon as there is credit."""
        if wanted:
            self._announced.append((request, wanted))
        else:
            self._announcements -= 1
            self._wire.send(Want(request, b""))
        self.pump(now)

    def ask_range(self, now: float, frame: Range, on_part: Callable[[float, Messages], None]) -> None:
        """Ask for the next messages of a set; each frame of the answer goes to `on_part`."""
        self._wire.send(frame)
        self._begin(now, frame.req, _Question(frame.limit, None, on_part))

    def ask_links(self, now: float, frame: GetHeaders, on_part: Callable[[float, Messages], None]) -> None:
        """Ask for links of a chain; each frame of the answer goes to `on_part`."""
        self._wire.send(frame)
        self._begin(now, frame.req, _Question(frame.limit, None, on_part))

    def check(self, frame: Messages) -> None:
        """Count a frame of an answer; raises `RemoteProtocolError` for one that answers nothing, or too much."""
        question = self._open.get(frame.req)
        if question is None:
            raise unexpected("MESSAGES answers no question")
        _count(question, frame)

    def on_messages(self, now: float, frame: Messages) -> None:
        """A frame of an answer was checked and its messages taken in."""
        question = self._open[frame.req]
        self._wire.patience.progress(now)
        if not frame.more:
            self._end(now, frame.req, question)
        if question.on_part is not None:
            question.on_part(now, frame)
        self.pump(now)

    def on_missing(self, frame: Missing) -> None:
        """Some of what was asked for does not come; what only did not fit is asked for again."""
        question = self._open.get(frame.req)
        if question is None or question.ids is None:
            raise unexpected("MISSING answers no question")
        for absent, why in frame.absent:
            message = MessageId(absent)
            if message not in question.ids:
                raise unexpected("MISSING names what was not asked for")
            del question.ids[message]
            question.count -= 1
            if why == Absence.LATER:
                question.later.append(message)
            else:
                question.unkept += 1

    def pump(self, now: float) -> None:
        """Open as many questions as window and credit allow."""
        while self.has_room:
            if self._announced:
                request, ids = self._announced.pop(0)
                self._announcements -= 1
                self._wire.send(Want(request, pack_ids(ids)))
            elif self._queue:
                ids = _take_batch(self._queue)
                request = self._wire.next_request()
                self._wire.send(Get(request, pack_ids(ids)))
            else:
                return
            self._begin(now, request, _Question(len(ids), dict.fromkeys(ids)))

    def _begin(self, now: float, request: int, question: _Question) -> None:
        self._open[request] = question
        self._wire.patience.begin(now, request)

    def _end(self, now: float, request: int, question: _Question) -> None:
        if question.later and not question.has_brought:
            raise unexpected("an answer that leaves everything for later")
        del self._open[request]
        self._wire.patience.end(now, request)
        unkept = question.unkept + max(question.count, 0)
        if unkept and not self._wire.is_ours(request):
            self._wire.blame(now, Behaviour.UNKEPT, unkept)
        self._queue.update(dict.fromkeys(question.later))


def _count(question: _Question, frame: Messages) -> None:
    question.count -= len(frame.messages)
    question.size -= sum([len(message) for _, message in frame.messages])
    if question.count < 0 or question.size < 0:
        raise unexpected("an answer of more than was asked for")
    if frame.more and not frame.messages:
        raise unexpected("a part of an answer with nothing in it")
    question.has_brought = question.has_brought or bool(frame.messages)


class Offering:
    """What the other side may want from us: announced in batches, each answered before many more follow."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._queue: dict[MessageId, None] = {}
        self._open: dict[int, list[MessageId]] = {}
        self.offered = 0
        """How many ids were ever given to `offer` and taken."""
        self.settled = 0
        """How many of them were answered, or taken back."""

    def __len__(self) -> int:
        return len(self._queue)

    def offer(self, now: float, ids: Iterable[MessageId]) -> bool:
        """Announce these after what is waiting; whether there was room for all of them."""
        fits = True
        for message in ids:
            if message in self._queue:
                continue
            fits = len(self._queue) < limits.MAX_OFFERED
            if not fits:
                break
            self._queue[message] = None
            self.offered += 1
        self._pump(now)
        return fits

    def clear(self) -> None:
        """Announce nothing of what is waiting: a reconciliation will find it."""
        self.settled += len(self._queue)
        self._queue.clear()

    def on_want(self, now: float, frame: Want) -> list[MessageId]:
        """What the other side wants of an announcement of ours, to be loaded and sent under its number."""
        announced = self._open.pop(frame.req, None)
        if announced is None:
            raise unexpected("WANT answers no announcement")
        wanted = split_ids(frame.ids)
        if not set(wanted) <= set(announced):
            raise unexpected("WANT names what was not announced")
        self.settled += len(announced)
        self._wire.patience.end(now, frame.req)
        self._pump(now)
        return wanted

    def _pump(self, now: float) -> None:
        while self._queue and len(self._open) < limits.REQUEST_WINDOW:
            ids = _take_batch(self._queue)
            request = self._wire.next_request()
            self._open[request] = ids
            self._wire.patience.begin(now, request)
            self._wire.send(IHave(request, pack_ids(ids), bytes(len(ids))))


def _take_batch(queue: dict[MessageId, None]) -> list[MessageId]:
    ids = [message for message, _ in zip(queue, range(limits.MAX_FRAME_MESSAGES), strict=False)]
    for message in ids:
        del queue[message]
    return ids


def answer(
    wire: Wire, request: int, messages: list[Message], absent: dict[MessageId, Absence] | None = None
) -> None:
    """Send `messages` as the answer to `request`.

    What does not fit into one answer is named as such along with what is `absent`; with None neither is said.
    """
    frames, left_out = _gather(messages)
    for carried in frames[:-1]:
        wire.send(Messages(request, tuple(carried), more=True))
    if absent is not None:
        absent = absent | dict.fromkeys(left_out, Absence.LATER)
        if absent:
            wire.send(Missing(request, tuple([(message, int(why)) for message, why in absent.items()])))
    wire.send(Messages(request, tuple(frames[-1]), more=False))


@dataclass(frozen=True, slots=True)
class Push:
    """Messages that are sent unasked, the same to every link."""

    frames: tuple[Messages, ...]
    sizes: list[int]
    """Bytes of each message."""
    left_out: list[MessageId]
    """What is too much for that and had better be announced."""

    @classmethod
    def of(cls, messages: list[Message]) -> Self:
        """Put these into frames."""
        frames, left_out = _gather(messages)
        told = tuple([Messages(0, tuple(carried), more=False) for carried in frames])
        return cls(told, [message.size for message in messages], left_out)


def _gather(messages: list[Message]) -> tuple[list[list[tuple[int, bytes]]], list[MessageId]]:
    """Messages in frames, at least one frame, and the ids of those beyond the size of an answer."""
    frames: list[list[tuple[int, bytes]]] = [[]]
    room, sent = limits.ANSWER_FRAME, 0
    for place, message in enumerate(messages):
        data = message.encode()
        if sent + len(data) > limits.MAX_ANSWER:
            return frames, [later.id for later in messages[place:]]
        if frames[-1] and (len(data) > room or len(frames[-1]) == limits.MAX_FRAME_MESSAGES):
            frames.append([])
            room = limits.ANSWER_FRAME
        frames[-1].append((0, data))
        room -= len(data)
        sent += len(data)
    return frames, []
