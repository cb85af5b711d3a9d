"""What the machines of one link share: its number, how to send, the next request number, and patience."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hedgerow_protocol import limits
from hedgerow_protocol.conduct import Behaviour
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.frame import Frame


def unexpected(what: str, limit: str = "") -> RemoteProtocolError:
    """The error for a frame that answers nothing we asked, or comes where its rules, or a limit, do not allow it."""
    return RemoteProtocolError(Reason.UNEXPECTED_FRAME, what, limit)


class Patience:
    """What the other side owes us, and until when something of it must come.

    Answers stand behind one another on a slow link, so any of them counts for all that are awaited.
    """

    def __init__(self) -> None:
        self._awaited: dict[int, float] = {}
        self._progress = 0.0

    def begin(self, now: float, request: int) -> None:
        """An answer with this number is awaited from now on."""
        self._awaited[request] = now

    def progress(self, now: float) -> None:
        """A part of some answer came."""
        self._progress = now

    def end(self, now: float, request: int) -> None:
        """The answer is complete, or no longer awaited."""
        if self._awaited.pop(request, None) is not None:
            self._progress = now

    @property
    def deadline(self) -> float:
        """When it runs out; infinity while nothing is awaited."""
        oldest = next(iter(self._awaited.values()), None)
        if oldest is None:
            return float("inf")
        return max(oldest, self._progress) + limits.PROGRESS_TIMEOUT


def ignore_blame(now: float, behaviour: Behaviour, times: int) -> None:
    """For links whose other end is not judged."""


@dataclass(slots=True)
class Wire:
    """One link, as its machines see it."""

    link: LinkId
    send: Callable[[Frame], None]
    last_request: int
    """-1 on the side that dialled, 0 on the other; counted up by twos."""
    blame: Callable[[float, Behaviour, int], None] = ignore_blame
    """What the other end did that no honest one does, and how often."""
    patience: Patience = field(default_factory=Patience)

    def next_request(self) -> int:
        """A number that names one thing on this link; to be sent before the next is taken."""
        self.last_request += 2
        return self.last_request

    def was_sent(self, request: int) -> bool:
        """Whether our side has given this number to something."""
        return self.is_ours(request) and 0 < request <= self.last_request

    def is_ours(self, request: int) -> bool:
        """Whether a number is one of those that our side counts."""
        return request % 2 == self.last_request % 2
