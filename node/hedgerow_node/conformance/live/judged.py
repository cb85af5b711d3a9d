"""One message that shows whether a rule is kept: by being refused, or by being taken."""

from collections.abc import Callable
from dataclasses import dataclass

from hedgerow_node.conformance.live.speaker import Speaker, Written

Make = Callable[[Speaker], Written]


@dataclass(frozen=True, slots=True)
class Judged:
    """A message, the rule at stake, and what the message is."""

    rule: str
    claim: str
    make: Make
    is_taken: bool
    """Whether the rule asks to take it; else it must be refused, or ignored."""


class Messages:
    """A table of such messages, filled by its decorator."""

    def __init__(self, *, are_taken: bool) -> None:
        self.all: list[Judged] = []
        self._are_taken = are_taken

    def __call__(self, rule: str, claim: str) -> Callable[[Make], Make]:
        """Put a function that writes a message into the table."""

        def add(make: Make) -> Make:
            self.all.append(Judged(rule, claim, make, self._are_taken))
            return make

        return add
