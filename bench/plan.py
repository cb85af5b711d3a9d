"""What one call of the bench shall measure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """A job and its sizes."""

    job: str
    runs: int
    messages: int
    """Messages that are moved, or held on each side."""
    authors: int = 100
    """How many people say them."""
    rows: int = 0
    """Messages that a store holds before."""
    different: int = 0
    """Messages that only one of two sides has, on each."""
