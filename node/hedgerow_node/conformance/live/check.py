"""What a check is, and how it says that a rule was broken."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")


class Broken(Exception):
    """The node broke a rule: that of the check, unless another is named."""

    def __init__(self, detail: str, rule: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.rule = rule


class Ended(Exception):
    """The node ended the connection."""

    def __init__(self, code: int | None, words: str) -> None:
        super().__init__(f"close code {code}")
        self.code = code
        self.words = words


@dataclass(frozen=True, slots=True)
class Check(Generic[S]):
    """One rule, what it asks for, and how to see it."""

    rule: str
    claim: str
    run: Callable[[S], Awaitable[None]]
    """Raises `Broken`."""


class Checks(Generic[S]):
    """A table of checks on one kind of subject, filled by its decorator."""

    def __init__(self) -> None:
        self.all: list[Check[S]] = []

    def __call__(
        self, rule: str, claim: str
    ) -> Callable[[Callable[[S], Awaitable[None]]], Callable[[S], Awaitable[None]]]:
        """Put a function into the table."""

        def add(run: Callable[[S], Awaitable[None]]) -> Callable[[S], Awaitable[None]]:
            self.all.append(Check(rule, claim, run))
            return run

        return add
