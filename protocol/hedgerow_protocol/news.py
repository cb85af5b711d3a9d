"""News: what is new here waits in this, by the links that brought it, until it is told to the others.

What an author says at a pace that others let in is told live. What comes faster, or in bulk, is late: comparisons
bring it sooner than being let in after a while would.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from hedgerow_protocol import limits
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.pacing import Rated
from hedgerow_protocol.quota import Allowances, Pace


@dataclass(frozen=True, slots=True)
class Brought:
    """What one source brought."""

    source: LinkId | None
    """None for ourselves."""
    live: list[Message]
    late: list[Message]
    """Of each author and kind the newest: it is only asked who wants such."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told in one go."""

    brought: list[Brought]
    live: list[Message]
    """Of all of them, and so is `late`: the same lists for every link that brought nothing."""
    late: list[Message]

    @classmethod
    def of(cls, brought: list[Brought]) -> "Telling":
        """What these brought."""
        live = [message for one in brought for message in one.live]
        return cls(brought, live, [message for one in brought for message in one.late])

    def for_link(self, link: LinkId) -> tuple[list[Message], list[Message]]:
        """What a link is told live, and what late: all but what it brought."""
        if all(one.source != link for one in self.brought):
            return self.live, self.late
        others = [one for one in self.brought if one.source != link]
        live = [message for one in others for message in one.live]
        return live, [message for one in others for message in one.late]

    def relayed(self) -> frozenset[MessageId]:
        """What of the live some link brought, which others may have as well."""
        return frozenset(one.id for some in self.brought if some.source is not None for one in some.live)


class News:
    """What is new and not yet told."""

    def __init__(self, allowed: Allowances) -> None:
        """`allowed`: what authors may say live."""
        self._passed_on = Pace(allowed)
        self._waiting: list[tuple[LinkId | None, list[Message]]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, source: LinkId | None, new: list[Message]) -> None:
        """A link, or None for ourselves, brought these."""
        self._waiting.append((source, new))

    def take(self, now: float, listeners: list[LinkId]) -> Iterator[Telling]:
        """All that waits, in parts that may be pushed at once; nothing of what has none of the listeners to hear it."""
        waiting, self._waiting = self._waiting, []
        while waiting:
            count = _told_together([len(new) for _, new in waiting])
            part, waiting = waiting[:count], waiting[count:]
            sources = {source for source, _ in part}
            if len(sources) > 1 or any(link not in sources for link in listeners):
                yield Telling.of([Brought(source, *self._parted(now, new)) for source, new in part])

    def _parted(self, now: float, messages: list[Message]) -> tuple[list[Message], list[Message]]:
        """What is passed on live, and what others would let in later."""
        live = [message for message in messages if message.header.kind == Kind.IDENTITY]
        late: list[Message] = []
        rated = [message for message in messages if message.header.kind != Kind.IDENTITY]
        bulk = self._in_bulk(rated)
        for message in rated:
            whose = Rated.of(message.header, is_near=True)
            is_within = whose not in bulk and self._passed_on.take(now, whose, is_near=True)
            (live if is_within else late).append(message)
        return live, _newest(late)

    def _in_bulk(self, messages: list[Message]) -> set[Rated]:
        """Who says so much at once that his rate would be used up when he says something by hand after it."""
        if self._passed_on.leaves_room(len(messages)):
            return set()
        said = Counter(Rated.of(one.header, is_near=True) for one in messages)
        return {whose for whose, count in said.items() if not self._passed_on.leaves_room(count)}


def _newest(messages: list[Message]) -> list[Message]:
    found: dict[tuple[AuthorKey, int], Message] = {}
    for message in messages:
        header = message.header
        key = header.author, header.kind
        if key not in found or found[key].header.ts < header.ts:
            found[key] = message
    return list(found.values())


def _told_together(sizes: list[int]) -> int:
    """How many puts of so many messages each are told in one go: no more than may be pushed, and one at least."""
    total = list(accumulate(sizes))
    return max(1, bisect_right(total, limits.MAX_PUSHED))
