"""One node and a stranger on one link: what is sent to the node, and what it answers."""

from typing import TypeVar

from hedgerow_protocol.admission import Carried
from hedgerow_protocol.filter import Filter, pack_bits
from hedgerow_protocol.frame import Err, Frame, Mode, Scope, Sub
from simulator.author import Author
from simulator.network import Network, SimulatedNode
from simulator.stranger import Stranger

F = TypeVar("F", bound=Frame)
MOMENT = 0.2
"""Seconds in which a frame crosses the link, is answered, and the answer is back."""


class Scene:
    """Ana's node, which carries Ana and Ben, and Ben as a stranger at the other end of its link."""

    def __init__(self, *, dials: bool = True, carried: Carried | None = None, seed: int = 1) -> None:
        """With `dials` the stranger dials and the node answers, else the other way round."""
        self.network = Network(seed)
        self.ana, self.ben, self.cyd = Author(1), Author(2), Author(3)
        self.node = SimulatedNode(self.network, "ana", self.ana, [self.ben.key])
        if carried is not None:
            self.node.carry(carried)
        self.stranger = Stranger(self.network, self.node, self.ben, dials=dials)
        self.network.run(MOMENT)
        self._seen = 0

    def send(self, *frames: Frame, seconds: float = MOMENT) -> list[Frame]:
        """Send frames; what came since the last look, up to so many seconds later."""
        self.stranger.send(*frames)
        return self.wait(seconds)

    def wait(self, seconds: float = MOMENT) -> list[Frame]:
        """Let time pass; what came since the last look."""
        self.network.run(seconds)
        came = self.stranger.frames[self._seen :]
        self._seen = len(self.stranger.frames)
        return came

    def only(self, kind: type[F], frames: list[Frame]) -> F:
        """The one frame of this type among these."""
        [found] = [frame for frame in frames if isinstance(frame, kind)]
        return found

    @property
    def is_open(self) -> bool:
        """Whether the node keeps the link."""
        return self.stranger.closed is None

    @property
    def reason(self) -> str | None:
        """Why the node ended the link, as it told the stranger."""
        errors = [frame for frame in self.stranger.frames if isinstance(frame, Err)]
        assert len(errors) <= 1
        return errors[0].text if errors and not self.is_open else None

    def subscribe(self, number: int, asked: Filter, mode: Mode = Mode.EAGER) -> Scope:
        """Subscribe to something as the stranger; the node's scope."""
        return self.only(Scope, self.send(Sub(number, asked.encode(), mode)))

    def carry_all(self, sub: Sub, version: int = 1) -> Scope:
        """A scope that carries every author whom the node asks for."""
        return Scope(sub.req, version, pack_bits([True] * (len(sub.filter) // 32)))
