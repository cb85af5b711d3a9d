"""Cuts: which messages of a removed device still count (specs/01-identity.md, ID-26 to ID-28).

A removal names tips of the device's chain. What they reach by `prev` counts, each step one lower in `seq`, down to
above the next tip; nothing else does, so that whoever has the key cannot sign at old places. While a link between is
missing, what lies below it is undecided.
"""

from enum import Enum

from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_entry import Cut
from hedgerow_protocol.message import Header, MessageId


class Standing(Enum):
    """What the logs held say of a message."""

    AUTHORISED = "authorised"
    OFF_LOG = "off"
    UNDECIDED = "undecided"
    """A link of the chain is missing that would decide."""


class Reach:
    """How far one cut reaches, by the headers of the device that were added, in any order."""

    def __init__(self, cut: Cut) -> None:
        bounds = [*(seq for seq, _ in cut), 0][1:]
        self._open = [(seq, tip, bound) for (seq, tip), bound in zip(cut, bounds, strict=True)]
        """Where the walk from each tip stands: the message it waits for, and the seq above which it ends."""
        self._reached: dict[int, MessageId] = {}
        self._links: dict[MessageId, tuple[int, MessageId | None]] = {}

    def add(self, message: MessageId, header: Header) -> None:
        """A header of the removed device is held.

        One of kind 0 is none of a device's (ID-1) and is not given on, so a walk through it would end elsewhere for
        others.
        """
        if header.kind == Kind.IDENTITY:
            return
        self.link(message, header.seq, header.prev)

    def link(self, message: MessageId, seq: int, prev: MessageId | None) -> None:
        """A message of the device has this place in its chain, whether it is held or was let go."""
        self._links[message] = (seq, prev)
        self._open = [self._walk(*walk) for walk in self._open]

    def _walk(self, seq: int, wanted: MessageId, bound: int) -> tuple[int, MessageId, int]:
        while seq > bound and (link := self._links.get(wanted)) is not None and link[0] == seq:
            self._reached[seq] = wanted
            if link[1] is None:
                return bound, wanted, bound
            seq, wanted = seq - 1, link[1]
        return seq, wanted, bound

    @property
    def ends(self) -> list[tuple[int, MessageId, int]]:
        """Where walks wait: the seq and id of the message that is missing, and the seq above which the walk ends."""
        return [end for end in self._open if end[0] > end[2]]

    def standing(self, message: MessageId, seq: int) -> Standing:
        """What this cut says of a message of the device, whether it was added or not."""
        for at, wanted, bound in self._open:
            if bound < seq < at:
                return Standing.UNDECIDED
            if seq == at > bound:
                return Standing.AUTHORISED if message == wanted else Standing.OFF_LOG
        return Standing.AUTHORISED if self._reached.get(seq) == message else Standing.OFF_LOG
