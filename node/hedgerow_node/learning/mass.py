"""Mass: how much of what starts at the owner comes to each person along follows.

It is the mass of a personalised PageRank (Page et al. 1998; Jeh & Widom 2003), pushed forward from the owner
(Andersen, Chung & Lang 2006), in rounds. A plain walk can be trapped: a farm of false people that follows only itself
keeps what it gets, and gets more each time the walk comes round. Three rules bound that:

* *share*: what a person passes on is split evenly among all whom they follow, and in `FEWEST_SHARES` parts at least;
* *budget*: nobody passes on more than the owner gave one of those whom he follows, however many point to them;
* *outward*: mass that comes back to somebody reached before stays there and is not passed on again.

What a person cannot pass on goes back to the introducer through whom it came: one of those whom the owner follows. So
nothing is lost, and whatever its shape a farm holds at most what was passed on to it: (1 - RESTART) / (FEWEST_SHARES *
the number of people whom the owner follows) for each honest follow that it won.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from hedgerow_node.config import FEWEST_SHARES, RESTART, SMALLEST_SHARE
from hedgerow_node.learning.graph import FollowGraph

DIGITS = 12
"""Decimals of a mass that count: those behind them depend on the order of adding."""


@dataclass(frozen=True, slots=True)
class Masses:
    """What came to everybody who was reached, by number; the owner is not among them."""

    mass: Mapping[int, float] = field(default_factory=dict)
    """Parts of the whole: together they are 1, or there is nobody."""
    through: Mapping[int, int] = field(default_factory=dict)
    """The introducer through whom most of it came; of those whom the owner follows they themselves."""

    def ranked(self, graph: FollowGraph) -> list[int]:
        """Everybody, the most mass first, equals in the order of their keys: the same on every node."""
        return sorted(self.mass, key=lambda one: (-round(self.mass[one], DIGITS), graph.key(one)))


def masses(
    graph: FollowGraph, owner: int, followed: Collection[int], without: Collection[int] = ()
) -> Masses:
    """The masses seen from an owner who follows these; who is `without` neither gets nor passes on anything."""
    push = _Push(graph, frozenset({owner, *without}), sorted(set(followed) - {owner, *without}))
    while push.wave:
        push.go_on()
    whole = sum(push.kept.values())
    return Masses({person: mass / whole for person, mass in push.kept.items()}, push.through)


class _Push:
    """Mass on its way: `wave` is what has come to whom in this round and is not divided yet."""

    def __init__(self, graph: FollowGraph, closed: frozenset[int], direct: list[int]) -> None:
        self._graph = graph
        self._closed = closed
        self._budget = (1 - RESTART) / max(len(direct), 1)
        self.wave = dict.fromkeys(direct, self._budget)
        self.through = {person: person for person in direct}
        self.kept: defaultdict[int, float] = defaultdict(float)
        self._reached = set(direct)
        self._most: dict[int, float] = {}

    def go_on(self) -> None:
        """One round further out."""
        coming: defaultdict[int, float] = defaultdict(float)
        for person in sorted(self.wave, key=self._graph.key):
            came = self.wave[person]
            self.kept[person] += RESTART * came
            given = self._pass_on(person, came, coming)
            self.kept[self.through[person]] += (1 - RESTART) * came - given
        self._reached |= coming.keys()
        self.wave = dict(coming)

    def _pass_on(self, person: int, came: float, coming: defaultdict[int, float]) -> float:
        followed = self._graph.followed_by(person)
        share = _share((1 - RESTART) * _within(came, self._budget), len(followed))
        if share < SMALLEST_SHARE:
            return 0.0
        others = followed - self._closed
        for other in others:
            if _is_outward(other, self._reached):
                coming[other] += share
                self._note_introducer(other, person, share)
            else:
                self.kept[other] += share
        return share * len(others)

    def _note_introducer(self, other: int, person: int, share: float) -> None:
        if share > self._most.get(other, 0.0) and other not in self._reached:
            self._most[other] = share
            self.through[other] = self.through[person]


def _share(amount: float, followed: int) -> float:
    return amount / max(followed, FEWEST_SHARES)


def _within(came: float, budget: float) -> float:
    return min(came, budget)


def _is_outward(other: int, reached: Collection[int]) -> bool:
    return other not in reached
