"""How much a node keeps: of everybody together, of each author by where he stands, and for how long."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from hedgerow_node import config
from hedgerow_protocol.keys import AuthorKey


class Standing(IntEnum):
    """How near somebody is to whoever owns this node: the higher, the sooner is let go what is old."""

    OWN = 0
    DIRECT = 1
    """The owner follows him, for everyone to see or privately: his last messages stay whatever the budget says."""
    NEAR = 2
    """A member, or somebody whom the operator allowed."""
    FAR = 3
    """Carried because somebody else follows him."""
    OUTSIDE = 4
    """Carried no more; only held."""


Standings: TypeAlias = Callable[[AuthorKey], Standing]
"""Where somebody stands. Whoever ranks people by more than who follows whom gives another one."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is kept of one author."""

    messages: int
    bytes: int
    """Of headers, signatures and bodies."""

    def shared(self, share: float) -> "Allowance":
        """A part of it."""
        return Allowance(int(self.messages * share), int(self.bytes * share))

    def holds(self, other: "Allowance") -> bool:
        """Whether so much fits into it."""
        return other.messages <= self.messages and other.bytes <= self.bytes

    def plus(self, other: "Allowance") -> "Allowance":
        """Both together."""
        return Allowance(self.messages + other.messages, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class Budgets:
    """What a node's owner or operator decided; without a word, what a learner's computer can spare."""

    store: int = config.LEARNER_STORE
    """Bytes that the database may take."""
    near: Allowance = Allowance(config.NEAR_MESSAGES, config.NEAR_BYTES)
    far: Allowance = Allowance(config.FAR_MESSAGES, config.FAR_BYTES)
    indexed: int = config.LEARNER_INDEXED
    """Items of sets whose indexes are kept in memory between comparisons."""
    retention: int | None = None
    """Days after which content is let go; None keeps it as long as there is room."""

    def of(self, standing: Standing) -> Allowance | None:
        """What is kept of somebody who stands there; None where nothing bounds it."""
        if standing in (Standing.OWN, Standing.OUTSIDE):
            return None  # one's own is kept; who is outside goes as a whole, when it is tight
        return self.far if standing is Standing.FAR else self.near


LEARNER = Budgets()


def standings_of(
    owner: AuthorKey,
    direct: Collection[AuthorKey],
    near: Collection[AuthorKey],
    is_carried: Callable[[AuthorKey], bool],
) -> Standings:
    """Where people stand by who follows them: the first of these groups that somebody belongs to counts."""

    def standing(author: AuthorKey) -> Standing:
        if author == owner:
            return Standing.OWN
        if not is_carried(author):
            return Standing.OUTSIDE  # be it that he is followed and blocked
        if author in direct:
            return Standing.DIRECT
        if author in near:
            return Standing.NEAR
        return Standing.FAR

    return standing
