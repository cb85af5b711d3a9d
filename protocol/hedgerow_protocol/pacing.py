"""What of an author comes faster than it is let in: remembered by id, and asked for when the rate allows.

Who brought it is asked, for whoever brings what somebody else says too fast has done nothing wrong. What is
forgotten, because there is too much of it or its link is gone, is found by a reconciliation.
"""

from typing import NamedTuple

from hedgerow_protocol import limits
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Header, MessageId
from hedgerow_protocol.quota import Pace


class Rated(NamedTuple):
    """What has a rate of its own: what an author says, and apart from it what he withdraws."""

    author: AuthorKey
    is_control: bool
    is_near: bool

    @classmethod
    def of(cls, header: Header, *, is_near: bool) -> "Rated":
        """Whose rate counts for a message with this header."""
        return cls(header.author, header.is_control, is_near)


class Pacing:
    """The rates of authors and what is late because of them; pure."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._late: dict[Rated, dict[MessageId, LinkId]] = {}
        self._due: dict[Rated, float] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def deadline(self) -> float:
        """When something that is late may be asked for; infinity while nothing is."""
        return min(self._due.values(), default=float("inf"))

    def lets_in(self, now: float, whose: Rated) -> bool:
        """Whether one more message that came live is let in; if so it is counted."""
        return self._pace.take(now, whose, is_near=whose.is_near)

    def delay(self, now: float, whose: Rated, message: MessageId, link: LinkId) -> None:
        """This message is late; where there are too many, the author with the most loses the last of them."""
        late = self._late.setdefault(whose, {})
        self._count += message not in late
        late[message] = link
        if whose not in self._due:
            self._due[whose] = now + self._pace.wait(now, whose, is_near=whose.is_near)
        if self._count > limits.MAX_DELAYED:
            crowd = max(self._late, key=lambda one: len(self._late[one]))
            self._drop(crowd, next(reversed(self._late[crowd])))

    def forget(self, link: LinkId) -> None:
        """This link is gone."""
        for whose, late in list(self._late.items()):
            for message in [one for one, by in late.items() if by == link]:
                self._drop(whose, message)

    def forget_all(self) -> None:
        """Others are carried from now on: everything is compared anew."""
        self._late.clear()
        self._due.clear()
        self._count = 0

    def came(self, header: Header, message: MessageId) -> None:
        """This message is here now, on whatever way."""
        for whose in (Rated.of(header, is_near=True), Rated.of(header, is_near=False)):
            if message in self._late.get(whose, ()):
                self._drop(whose, message)

    def take_due(self, now: float) -> list[tuple[LinkId, MessageId]]:
        """What may be asked for now, and where."""
        taken: list[tuple[LinkId, MessageId]] = []
        for whose in [one for one, due in self._due.items() if now >= due]:
            late = self._late[whose]
            while late and self.lets_in(now, whose):
                message, link = next(iter(late.items()))
                self._drop(whose, message)
                taken.append((link, message))
            if late:
                self._due[whose] = now + self._pace.wait(now, whose, is_near=whose.is_near)
        return taken

    def _drop(self, whose: Rated, message: MessageId) -> None:
        del self._late[whose][message]
        self._count -= 1
        if not self._late[whose]:
            del self._late[whose], self._due[whose]
