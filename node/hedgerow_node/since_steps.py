"""From when on each author is kept, on as few times as a node can tell others (specs/08-sync.md, SY-26)."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey


@dataclass(frozen=True, slots=True)
class Span:
    """Within what somebody's time may lie, in Unix seconds."""

    least: int = 0
    """What is older has to go."""
    most: int = limits.MAX_TIMESTAMP
    """What is not older must stay."""
    cost: int = 1
    """What a later time would cost: his messages, say."""


def settle(wanted: Mapping[AuthorKey, Span], most: int = limits.MAX_SINCE_STEPS) -> dict[AuthorKey, int]:
    """A time for each author, at most so many in all; 0, which is none of them, for whom nothing has to go.

    Each is the least that he may have or, where there are too many, a later one, chosen so that the fewest messages go
    besides. Nobody gets a later one than he may have; where that leaves too many, the earliest keep all.
    """
    groups: dict[int, list[AuthorKey]] = {}
    for author, span in sorted(wanted.items()):
        groups.setdefault(min(span.least, span.most), []).append(author)
    groups.setdefault(0, [])
    while len(groups) - 1 > most:
        _join(groups, wanted)
    return {author: time for time, authors in groups.items() for author in authors}


def _join(groups: dict[int, list[AuthorKey]], wanted: Mapping[AuthorKey, Span]) -> None:
    """Put two groups that lie beside each other together: the cheapest two, at the later time."""
    times = sorted(groups)[1:]
    pairs = [
        (sum([wanted[one].cost for one in groups[earlier]]) * (later - earlier), earlier, later)
        for earlier, later in pairwise(times)
        if all(wanted[one].most >= later for one in groups[earlier])
    ]
    if pairs:
        _, earlier, later = min(pairs)
    else:
        earlier, later = times[0], 0
    groups[later] += groups.pop(earlier)
