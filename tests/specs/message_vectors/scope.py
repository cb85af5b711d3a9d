"""Cases of specs/10-scope.md: who has how much mass on small graphs, in exact fractions.

People are numbers, each standing for the key of 32 bytes that is this number, highest byte first; 0 is the owner.
"""

from fractions import Fraction

from specs.message_vectors.writer import Json, ok

Follows = dict[int, list[int]]
KEPT, REST, PARTS, LEAST = Fraction(3, 20), Fraction(17, 20), 30, Fraction(1, 10**7)
TWENTY = list(range(1, 21))


class Push:
    """SC-3, round by round."""

    def __init__(self, follows: Follows, blocked: list[int]) -> None:
        self.follows = follows
        self.closed = {0, *blocked}
        direct = sorted(set(follows[0]) - self.closed)
        self.given = REST / len(direct)
        self.came = dict.fromkeys(direct, self.given)
        self.through = {one: one for one in direct}
        self.held: dict[int, Fraction] = {}
        self.reached = set(direct)

    def run(self) -> list[list[int]]:
        """[person, millionths of the mass, introducer] of everybody, the most first."""
        while self.came:
            self.came = self.round()
        whole = sum(self.held.values())
        ranked = sorted(self.held, key=lambda one: (-self.held[one], one))
        return [
            [one, int(self.held[one] / whole * 10**6 + Fraction(1, 2)), self.through[one]] for one in ranked
        ]

    def keep(self, person: int, amount: Fraction) -> None:
        self.held[person] = self.held.get(person, Fraction()) + amount

    def round(self) -> dict[int, Fraction]:
        fresh: dict[int, dict[int, Fraction]] = {}
        for person in sorted(self.came):
            came = self.came[person]
            self.keep(person, KEPT * came)
            self.keep(self.through[person], REST * came - self.give(person, came, fresh))
        for other, parts in fresh.items():
            most = max(parts.values())
            self.through[other] = self.through[min(one for one in parts if parts[one] == most)]
        self.reached |= fresh.keys()
        return {other: sum(parts.values(), Fraction()) for other, parts in fresh.items()}

    def give(self, person: int, came: Fraction, fresh: dict[int, dict[int, Fraction]]) -> Fraction:
        followed = set(self.follows.get(person, [])) - {person}
        part = REST * min(came, self.given) / max(PARTS, len(followed))
        if part < LEAST:
            return Fraction()
        others = followed - self.closed
        for other in others:
            if other in self.reached:
                self.keep(other, part)
            else:
                fresh.setdefault(other, {})[person] = part
        return part * len(others)


def _case(name: str, follows: Follows, blocked: list[int], rule: str = "SC-3") -> Json:
    return ok(
        rule,
        name,
        follows=[[one, others] for one, others in sorted(follows.items())],
        blocked=blocked,
        ranked=Push(follows, blocked).run(),
    )


def mass_cases() -> list[Json]:
    """What each clause of SC-3 does, and what a farm gets."""
    return [
        _case("the example", {0: TWENTY, 1: [21, 22], 2: [21], 21: [23], 23: [21, 1]}, []),
        _case("friends who follow each other", {0: TWENTY, **dict.fromkeys(TWENTY, TWENTY)}, []),
        _case("one who follows more than thirty", {0: TWENTY, 1: list(range(21, 61))}, []),
        _case("a favourite of all passes on no more than a friend", _favourite(), []),
        _case("what comes back goes no further", {0: TWENTY, 1: [21], 21: [22], 22: [21, 23]}, []),
        _case("of two who give as much the lower key leads there", {0: TWENTY, 5: [21], 3: [21]}, []),
        _case(
            "parts that are too small are none",
            {0: TWENTY, 1: [21], 21: [22], 22: [23], 23: [24], 24: [25]},
            [],
        ),
        _case("a farm that follows itself", {0: TWENTY, 1: [21], **_clique(21, 29)}, [], "SC-4"),
        _case(
            "who is blocked gets and passes on nothing", {0: TWENTY, 1: [21, 22], 21: [23]}, [2, 21], "SC-5"
        ),
    ]


def _favourite() -> Follows:
    everybody = list(range(1, 41))
    return {0: everybody, **{one: [41] for one in everybody}, 41: [42]}


def _clique(first: int, end: int) -> Follows:
    return {one: [other for other in range(first, end) if other != one] for one in range(first, end)}
