"""Whose messages a node carries for others: what its operator decided, beside whom its owner follows."""

from dataclasses import dataclass
from enum import StrEnum

from hedgerow_protocol.keys import AuthorKey


class Carries(StrEnum):
    """How far a node reaches beyond its owner, whom he follows, and who was allowed."""

    MEMBERS = "members"
    """Also its members."""
    FOLLOWED = "followed"
    """Also its members and whom they follow."""
    ALL = "all"
    """Whoever any link brings or names."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator decided. Without a word of his, what a learner's node does when it lets others in."""

    carries: Carries = Carries.FOLLOWED
    allowed: frozenset[AuthorKey] = frozenset()
    """Carried whoever follows them."""
    blocked: frozenset[AuthorKey] = frozenset()
    """Never carried, members or not; the owner cannot be one of them."""

    @property
    def reaches_follows(self) -> bool:
        """Whether whom members follow is carried as well."""
        return self.carries is not Carries.MEMBERS


USUAL = Policy()
"""That of a node for which nobody decided otherwise."""
