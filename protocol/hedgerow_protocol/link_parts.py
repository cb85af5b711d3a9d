"""What the machines of one link share: its wire, what comes in and is judged, what is wanted and what is offered."""

from dataclasses import dataclass
from typing import Self

from hedgerow_protocol.admission import Admission
from hedgerow_protocol.bodies import Bodies
from hedgerow_protocol.message import Message
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.transfer import Fetching, Offering
from hedgerow_protocol.wire import Wire


@dataclass(frozen=True, slots=True)
class LinkParts:
    """The parts of one link that every machine on it uses."""

    wire: Wire
    outbox: Outbox
    admission: Admission
    fetching: Fetching
    offering: Offering
    bodies: Bodies
    asks_private: bool
    """Whether the owner lets this peer know whom it follows privately."""
    asks_everyone: bool
    """Whether the peer is asked for everything that it shows to everyone."""

    @classmethod
    def of(
        cls, wire: Wire, outbox: Outbox, admission: Admission, *, asks_private: bool, asks_everyone: bool
    ) -> Self:
        """The parts of a new link."""
        link = wire.link
        fetching = Fetching(wire, lambda: admission.waiting(link), lambda: admission.has_room(link))
        bodies = Bodies(wire, outbox, fetching)
        return cls(wire, outbox, admission, fetching, Offering(wire), bodies, asks_private, asks_everyone)

    def serves(self, message: Message) -> bool:
        """Whether this message is given to the other side."""
        return self.admission.carried.serves(message, asks_private=self.asks_private)
