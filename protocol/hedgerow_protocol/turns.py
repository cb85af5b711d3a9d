"""Whose turn it is: of several links to nodes that carry the same people, which one brings new messages whole.

The others announce them by id. What is announced and does not come in time from a link that brings messages whole is
a *miss*: it is fetched from who announced it, whose turn it is from then on. A link that brings what others brought
before is *late*, and only announces from then on, as long as the other links whose turn it is carry whom it carries.
So one link is enough where all carry the same, and who alone carries somebody brings messages whole for good.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hedgerow_protocol import limits
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.frame import Mode
from hedgerow_protocol.keys import AuthorKey


@dataclass(slots=True)
class _Standing:
    mode: Mode
    authors: frozenset[AuthorKey] | None = None
    """Whom the other side carries of those whom we want; None before it said so."""
    late: int = 0
    """Pushes in a row that others had brought before."""


class Turns:
    """The links of one node that take turns; pure."""

    def __init__(self, set_mode: Callable[[float, LinkId, Mode], None]) -> None:
        """`set_mode` tells the other side of a link how it is to bring new messages."""
        self._set_mode = set_mode
        self._links: dict[LinkId, _Standing] = {}

    def __len__(self) -> int:
        return len(self._links)

    def __contains__(self, link: LinkId) -> bool:
        return link in self._links

    def authors(self, link: LinkId) -> frozenset[AuthorKey] | None:
        """Whom the other side of a link carries of those whom we want; None before it said so."""
        return self._links[link].authors

    def begin(self, link: LinkId) -> Mode:
        """A link is there; how its other side is to bring new messages."""
        mode = Mode.EAGER if not self._eager() else Mode.LAZY
        self._links[link] = _Standing(mode)
        return mode

    def end(self, now: float, link: LinkId) -> None:
        """A link is gone: if it was its turn, others take over."""
        if self._links.pop(link, None) is not None:
            self._cover(now)

    def mode(self, link: LinkId) -> Mode:
        """How the other side of a link brings new messages; whole where it takes no turns."""
        standing = self._links.get(link)
        return standing.mode if standing is not None else Mode.EAGER

    def scoped(self, now: float, link: LinkId, authors: frozenset[AuthorKey]) -> None:
        """Whom the other side of a link carries now."""
        if link in self._links:
            self._links[link].authors = authors
            self._cover(now)

    def missed(self, now: float, link: LinkId) -> None:
        """What this link announced came from nobody in time."""
        if link in self._links:
            self._turn(now, link, Mode.EAGER)

    def timely(self, link: LinkId) -> None:
        """This link brought something first."""
        if link in self._links:
            self._links[link].late = 0

    def late(self, now: float, link: LinkId) -> None:
        """This link pushed what another had brought before."""
        standing = self._links.get(link)
        if standing is None or standing.mode is not Mode.EAGER:
            return
        standing.late += 1
        if standing.late >= limits.LATE_PUSHES and self._is_spare(link, standing):
            self._turn(now, link, Mode.LAZY)

    def _is_spare(self, link: LinkId, standing: _Standing) -> bool:
        others = [one for number, one in self._eager() if number != link]
        covered = frozenset[AuthorKey]().union(*[one.authors or () for one in others])
        return bool(others) and (standing.authors or frozenset()) <= covered

    def _eager(self) -> list[tuple[LinkId, _Standing]]:
        return [(link, one) for link, one in self._links.items() if one.mode is Mode.EAGER]

    def _cover(self, now: float) -> None:
        """Let everybody whom some link carries be brought whole by one."""
        eager = self._eager()
        if any(one.authors is None for _, one in eager):
            return  # it may carry them all
        covered = set[AuthorKey]().union(*[one.authors or () for _, one in eager])
        has_eager = bool(eager)
        for link, one in list(self._links.items()):
            if one.mode is Mode.LAZY and (not has_eager or (one.authors or frozenset()) - covered):
                self._turn(now, link, Mode.EAGER)
                covered |= one.authors or frozenset()
                has_eager = True

    def _turn(self, now: float, link: LinkId, mode: Mode) -> None:
        standing = self._links[link]
        standing.late = 0
        if standing.mode is not mode:
            standing.mode = mode
            self._set_mode(now, link, mode)


@dataclass(frozen=True, slots=True)
class Turn:
    """The turns as one link sees them."""

    turns: Turns
    link: LinkId

    def begin(self) -> Mode:
        """The link is there; how its other side is to bring new messages."""
        return self.turns.begin(self.link)

    @property
    def is_lazy(self) -> bool:
        """Whether the other side only announces, because another link brings messages whole."""
        return self.turns.mode(self.link) is Mode.LAZY

    def scoped(self, now: float, authors: frozenset[AuthorKey]) -> None:
        """Whom the other side carries now."""
        self.turns.scoped(now, self.link, authors)

    def missed(self, now: float) -> None:
        """What the other side announced came from nobody in time."""
        self.turns.missed(now, self.link)

    def late(self, now: float) -> None:
        """The other side pushed what another had brought before."""
        self.turns.late(now, self.link)
