"""Transfer: how messages cross a link once it is known which. Asked for with GET, offered with IHAVE and WANT.

Whoever receives decides the pace: at most `REQUEST_WINDOW` questions are open, and none is opened while more than
the credit waits to be stored. An answer ends with a `Messages` frame whose `more` is false.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hedgerow_protocol import limits
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.frame import Absence, Frame, Get, IHave, Messages, Missing, Want, pack_ids, split_ids
from hedgerow_protocol.message import Message, MessageId

CREDIT = limits.REQUEST_WINDOW * limits.MAX_ANSWER


@dataclass(slots=True)
class Wire:
    """What the machines of one link share: its number, how to send, and the next request number."""

    link: LinkId
    send: Callable[[Frame], None]
    last_request: int
    """-1 on the side that dialled, 0 on the other; counted up by twos."""

    def next_request(self) -> int:
        """A number that names one thing on this link."""
        self.last_request += 2
        return self.last_request


def unexpected(what: str) -> RemoteProtocolError:
    """The error for a frame that answers nothing we asked."""
    return RemoteProtocolError(Reason.UNEXPECTED_FRAME, what)


@dataclass(slots=True)
class _Question:
    ids: list[MessageId]
    deadline: float


class Fetching:
    """What we still want from the other side, and the questions that are open."""

    def __init__(self, wire: Wire, waiting: Callable[[], int]) -> None:
        self._wire = wire
        self._waiting = waiting
        self._queue: dict[MessageId, None] = {}
        self._announced: list[tuple[int, list[MessageId]]] = []
        self._announcements = 0
        self._open: dict[int, _Question] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nothing is wanted, asked or waiting to be stored."""
        return not self._queue and not self._open and not self._announcements and self._waiting() == 0

    @property
    def deadline(self) -> float | None:
        """When the oldest question runs out of patience."""
        return min((question.deadline for question in self._open.values()), default=None)

    def want(self, now: float, ids: Iterable[MessageId]) -> None:
        """Fetch these too; beyond the bound they are left for the next reconciliation."""
        for message in ids:
            if len(self._queue) < limits.MAX_OFFERED:
                self._queue[message] = None
        self.pump(now)

    def begin_announcement(self) -> None:
        """The other side announced; raises `RemoteProtocolError` if it did not wait for enough of our answers."""
        self._announcements += 1
        if self._announcements > limits.MAX_QUESTIONS:
            raise unexpected("too many announcements at once")

    def on_announced(self, now: float, request: int, wanted: list[MessageId]) -> None:
        """The other side announced, and of that we want these: said as soon as there is credit."""
        self._announced.append((request, wanted))
        self.pump(now)

    def expects(self, request: int) -> bool:
        """Whether messages with this number answer a question of ours."""
        return request in self._open

    def on_progress(self, now: float, request: int) -> None:
        """A frame of an answer came."""
        self._open[request].deadline = now + limits.PROGRESS_TIMEOUT

    def on_missing(self, frame: Missing) -> None:
        """Some of what was asked for does not come; what only did not fit is asked for again."""
        if frame.req not in self._open:
            raise unexpected("MISSING answers no question")
        for absent, why in frame.absent:
            if why == Absence.LATER:
                self._queue[MessageId(absent)] = None

    def on_end(self, now: float, request: int) -> None:
        """The last frame of an answer came."""
        del self._open[request]
        self.pump(now)

    def pump(self, now: float) -> None:
        """Open as many questions as window and credit allow."""
        while len(self._open) < limits.REQUEST_WINDOW and self._waiting() < CREDIT:
            if self._announced:
                request, ids = self._announced.pop(0)
                self._announcements -= 1
                self._wire.send(Want(request, pack_ids(ids)))
            elif self._queue:
                ids = self._next_ids()
                request = self._wire.next_request()
                self._wire.send(Get(request, pack_ids(ids)))
            else:
                return
            if ids:
                self._open[request] = _Question(ids, now + limits.PROGRESS_TIMEOUT)

    def _next_ids(self) -> list[MessageId]:
        ids = list(self._queue)[: limits.MAX_FRAME_MESSAGES]
        for message in ids:
            del self._queue[message]
        return ids


class Offering:
    """What the other side may want from us: announced in batches, each answered before many more follow."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._queue: dict[MessageId, None] = {}
        self._open: dict[int, list[MessageId]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether everything was announced and answered."""
        return not self._queue and not self._open

    def __len__(self) -> int:
        return len(self._queue)

    def offer(self, ids: Iterable[MessageId]) -> None:
        """Announce these after what is waiting."""
        for message in ids:
            if len(self._queue) < limits.MAX_OFFERED:
                self._queue[message] = None
        self._pump()

    def clear(self) -> None:
        """Announce nothing of what is waiting: a reconciliation will find it."""
        self._queue.clear()

    def on_want(self, frame: Want) -> list[MessageId]:
        """What the other side wants of an announcement of ours, to be loaded and sent under its number."""
        announced = self._open.pop(frame.req, None)
        if announced is None:
            raise unexpected("WANT answers no announcement")
        wanted = split_ids(frame.ids)
        if not set(wanted) <= set(announced):
            raise unexpected("WANT names what was not announced")
        self._pump()
        return wanted

    def _pump(self) -> None:
        while self._queue and len(self._open) < limits.REQUEST_WINDOW:
            ids = list(self._queue)[: limits.MAX_FRAME_MESSAGES]
            for message in ids:
                del self._queue[message]
            request = self._wire.next_request()
            self._open[request] = ids
            self._wire.send(IHave(request, pack_ids(ids), bytes(len(ids))))


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


def push(wire: Wire, messages: list[Message]) -> list[MessageId]:
    """Send `messages` unasked; returns the ids that are too much for that and had better be announced."""
    frames, left_out = _gather(messages)
    for carried in frames:
        wire.send(Messages(0, tuple(carried), more=False))
    return left_out


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
