"""Honest people, and farms of false ones beside them: who follows whom, as sets of numbers."""

import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from hedgerow_node.learning.graph import FollowGraph
from hedgerow_node.learning.mass import Masses, masses
from hedgerow_protocol.keys import AuthorKey

Follows = dict[int, set[int]]
FALSE = 20_000
"""False people of a farm."""
SHAPES = ("random", "star", "chain", "clique", "mirror")
CLIQUE = 200
"""False people who all follow each other; a farm has many such cliques, each following the next."""


def person(number: int) -> AuthorKey:
    """A key that stands for a person."""
    return AuthorKey(number.to_bytes(32, "big"))


def villages(seed: int = 1, people: int = 2_000, of_one: int = 50) -> Follows:
    """People in villages who follow mostly their own, and some whom many follow."""
    chance = random.Random(seed)
    follows: Follows = {one: set() for one in range(people)}
    for one in range(people):
        for _ in range(chance.randint(5, 40)):
            near = one // of_one * of_one + chance.randrange(of_one)
            followed = near if chance.random() < 0.6 else int(people * chance.random() ** 2)
            follows[one] |= {followed} - {one}
    return follows


def read(file: Path) -> Follows:
    """A graph from lines of two numbers; who certifies themselves is refused."""
    follows: Follows = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("%"):
            one, other = line.split()[:2]
            follows.setdefault(int(one), set()).add(int(other))
    return {one: others - {one} for one, others in follows.items()}


class Farm:
    """20,000 false people in some shape, and the honest ones who were won."""

    def __init__(self, honest: Follows, shape: str, seed: int) -> None:
        self.honest = honest
        self.shape = shape
        self.chance = random.Random(f"{shape} {seed}")
        self.first = max(max(others | {one}, default=one) for one, others in honest.items()) + 1
        self.ids = range(self.first, self.first + FALSE)
        self.follows = dict(self._shaped())

    def _shaped(self) -> Iterator[tuple[int, Iterable[int]]]:
        ids = self.ids
        match self.shape:
            case "random":
                return ((one, self.chance.sample(ids, 20)) for one in ids)
            case "star":
                return ((one, ids[1:] if one == ids[0] else [ids[0]]) for one in ids)
            case "chain":
                return ((one, [one + 1]) for one in ids[:-1])
            case "clique":
                return ((one, self._clique(one)) for one in ids)
            case _:
                return self._mirrored()

    def _clique(self, one: int) -> range:
        start = (one - self.first) // CLIQUE * CLIQUE
        return self.ids[start : start + CLIQUE + 1]

    def _mirrored(self) -> Iterator[tuple[int, list[int]]]:
        honest = sorted(self.honest)
        place = {one: number for number, one in enumerate(honest)}
        for number in range(FALSE):
            copy, of = divmod(number, len(honest))
            base = self.first + copy * len(honest)
            images = [base + place[one] for one in self.honest[honest[of]] if one in place]
            yield self.first + number, [one for one in images if one < self.first + FALSE]

    def won(self, honest: Iterable[int], number: int) -> list[tuple[int, int]]:
        """So many follows of these honest people, chosen by chance; a farm that leads somewhere is entered there."""
        pool = sorted(honest)
        fooled = self.chance.sample(pool, min(number, len(pool)))
        entries = self.ids[:1] if self.shape in ("star", "chain") else self.ids
        return [(one, self.chance.choice(entries)) for one in fooled]

    def share(self, found: Masses) -> float:
        """The part of the mass that the farm holds."""
        return sum(mass for one, mass in found.mass.items() if one >= self.first)

    def among(self, ranked: Iterable[int]) -> int:
        """How many of these are false."""
        return sum(one >= self.first for one in ranked)


class Place:
    """Where one looks from: graphs of people with numbers of their own, put into one."""

    def __init__(self, *follows: Mapping[int, Iterable[int]]) -> None:
        self._follows = {one: set(others) for graph in follows for one, others in graph.items()}
        self._graph = FollowGraph()
        for one, others in self._follows.items():
            self._set(one, others)

    def _set(self, one: int, others: Iterable[int]) -> None:
        self._graph.set_follows(person(one), [person(other) for other in others])

    def seen(self, owner: int, won: Iterable[tuple[int, int]] = ()) -> Masses:
        """The masses from an owner's place, the most first, when these follows are won besides."""
        more: Follows = {}
        for one, other in won:
            more.setdefault(one, set()).add(other)
        for one, others in more.items():
            self._set(one, self._follows.get(one, set()) | others)
        number = self._graph.number(person(owner))
        found = self._named(masses(self._graph, number, self._graph.followed_by(number)))
        for one in more:
            self._set(one, self._follows.get(one, set()))
        return found

    def _named(self, found: Masses) -> Masses:
        def name(number: int) -> int:
            return int.from_bytes(self._graph.key(number), "big")

        return Masses(
            {name(one): found.mass[one] for one in found.ranked(self._graph)},
            {name(one): name(introducer) for one, introducer in found.through.items()},
        )


def seen(owner: int, *follows: Mapping[int, Iterable[int]], won: Iterable[tuple[int, int]] = ()) -> Masses:
    """The same, of what is looked at once."""
    return Place(*follows).seen(owner, won)
