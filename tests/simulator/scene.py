"""One node and a stranger on one link: what is sent to the node, and what it answers."""

from typing import TypeVar

from hedgerow_protocol.admission import Carried
from hedgerow_protocol.filter import Filter, pack_bits
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import (
    Err,
    Frame,
    GetHeads,
    Heads,
    Messages,
    Mode,
    NegDiffers,
    NegMsg,
    NegOpen,
    NegSame,
    Scope,
    Sub,
    Tier,
)
from hedgerow_protocol.message import Message
from hedgerow_protocol.quota import USUAL, Allowances
from hedgerow_protocol.ranges import SortedIndex
from hedgerow_protocol.reconcile import Initiator, Responder
from simulator.author import Author
from simulator.network import Network, SimulatedNode
from simulator.stranger import Stranger

F = TypeVar("F", bound=Frame)
MOMENT = 0.2
"""Seconds in which a frame crosses the link, is answered, and the answer is back."""


class Scene:
    """Ana's node, which carries Ana and Ben, and Ben as a stranger at the other end of its link."""

    def __init__(
        self,
        *,
        dials: bool = True,
        carried: Carried | None = None,
        seed: int = 1,
        asks_everyone: bool = False,
        allowed: Allowances = USUAL,
    ) -> None:
        """With `dials` the stranger dials and the node answers, else the other way round."""
        self.network = Network(seed, allowed=allowed)
        self.ana, self.ben, self.cyd = Author(1), Author(2), Author(3)
        self.node = SimulatedNode(self.network, "ana", self.ana, [self.ben.key])
        if carried is not None:
            self.node.carry(carried)
        self.stranger = Stranger(self.network, self.node, self.ben, dials=dials, asks_everyone=asks_everyone)
        self.network.run(MOMENT)
        self._seen = 0

    def another(self) -> "Scene":
        """The same node with one more stranger, Cyd, who dials."""
        other = Scene.__new__(Scene)
        other.__dict__.update(self.__dict__)
        other.stranger, other._seen = Stranger(self.network, self.node, self.cyd), 0
        self.network.run(MOMENT)
        return other

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


class Asked(Scene):
    """A scene in which the node dialled and asks; the stranger's answers are made by the test."""

    def __init__(
        self,
        *,
        carried: Carried | None = None,
        held: tuple[Message, ...] = (),
        asks_everyone: bool = False,
        allowed: Allowances = USUAL,
    ) -> None:
        """`held`: what the node holds besides its own inception."""
        super().__init__(dials=False, carried=carried, asks_everyone=asks_everyone, allowed=allowed)
        self.node.hold(held)
        self.sub = self.only(Sub, self.wait(0))

    def scoped(self) -> NegOpen:
        """Everything is carried; the session that follows."""
        return self.only(NegOpen, self.send(self.carry_all(self.sub)))

    def content(self) -> NegOpen:
        """The control sets are equal; the session over the content."""
        return self.only(NegOpen, self.send(NegSame(self.scoped().req)))

    def settle(self) -> None:
        """Every set is equal."""
        self.found_equal(self.content())
        assert self.is_settled

    def found_equal(self, session: NegOpen) -> None:
        """The last session finds its sets equal, and chains end in the same places too."""
        for asked in self.send(NegSame(session.req)):
            if isinstance(asked, GetHeads):
                self.send(Heads(asked.req, (), more=False))

    @property
    def is_settled(self) -> bool:
        """Whether the node takes every set for equal."""
        return self.node.peer.links()[0].is_settled

    def rounds(self, session: NegOpen, held: list[Message]) -> list[Frame]:
        """Reconcile to the end as an honest responder with these messages; what came besides."""
        responder = Responder(SortedIndex.of([(message.header.ts, message.id) for message in held]))
        besides: list[Frame] = []
        frames = self.send(NegDiffers(session.req, len(held)))
        while any(isinstance(frame, NegMsg) for frame in frames):
            besides += [frame for frame in frames if not isinstance(frame, NegMsg)]
            data = responder.on_message(self.only(NegMsg, frames).data)
            frames = self.send(NegMsg(session.req, data))
        return besides + frames


def subscribed(allowed: Allowances = USUAL) -> Scene:
    """A scene in which the stranger subscribed to Ana, under 1."""
    scene = Scene(allowed=allowed)
    scene.subscribe(1, Filter.of_authors({scene.ana.key}))
    return scene


def opening(
    number: int, sub: int = 1, version: int = 1, tier: Tier = Tier.CONTENT, *, since: int = 0, until: int = 0
) -> NegOpen:
    """A session over a set of which the stranger holds nothing."""
    return NegOpen(number, sub, version, tier, since, until, 0, SetSum().fingerprint())


def first_round() -> bytes:
    """The first message of a reconciliation by somebody who has nothing."""
    return Initiator(SortedIndex.of([])).start()


def answered(request: int, *messages: Message, more: bool = False) -> Messages:
    """A frame of an answer; with 0 a push."""
    return Messages(request, tuple((0, message.encode()) for message in messages), more)


def pushed(*messages: Message) -> Messages:
    """Messages that nobody asked for."""
    return answered(0, *messages)
