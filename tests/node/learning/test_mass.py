"""Mass: what comes to people along follows, and how little of it a farm of false people gets."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_node.config import FEWEST_SHARES, RESTART
from hedgerow_node.learning import mass
from node.learning.farms import SHAPES, Farm, Follows, Place, read, seen, villages

ALLOWED = {1: 0.005, 5: 0.01, 20: 0.03}
"""By the follows that a farm has won, the part of the mass that it may hold."""
OWNERS = 3
"""Places in each graph from which is looked."""


@pytest.fixture(scope="module", params=["villages", "kept"])
def honest(request: pytest.FixtureRequest, own_data: Path) -> Follows:
    """People who follow each other: made up, and real ones where there is data."""
    if request.param == "villages":
        return villages()
    if "HEDGEROW_TEST_DATA" in os.environ:
        return read(request.getfixturevalue("test_data") / "advogato-konect" / "out.advogato")
    return read(own_data / "follows.txt")


def most(won: int, followed: int) -> float:
    """The most that a farm can hold with so many follows, seen from somebody who follows so many."""
    return won * (1 - RESTART) / (FEWEST_SHARES * followed)


def owners(honest: Follows) -> list[int]:
    """People who follow enough others for mass to say something."""
    many = sorted(one for one, others in honest.items() if len(others) >= 20)
    return many[:: max(1, len(many) // OWNERS)][:OWNERS]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_farm_that_won_honest_people_holds_next_to_nothing(honest: Follows, shape: str) -> None:
    farm = Farm(honest, shape, 1)
    place = Place(honest, farm.follows)
    for owner in owners(honest):
        for won, allowed in ALLOWED.items():
            found = place.seen(owner, farm.won(honest.keys() - {owner}, won))
            assert farm.share(found) <= allowed
            assert won > 1 or farm.among(list(found.mass)[:50]) == 0
            found = place.seen(owner, farm.won(honest[owner], won))  # of those whom the owner follows
            assert farm.share(found) <= min(allowed, most(won, len(honest[owner])) + 1e-9)
            assert won > 1 or farm.among(list(found.mass)[:50]) == 0


numbers = st.integers(0, 29)
graphs = st.dictionaries(numbers, st.sets(numbers, max_size=12), min_size=1)
farms = st.dictionaries(st.integers(30, 59), st.sets(st.integers(0, 59), max_size=12))


@settings(deadline=None, max_examples=60)
@given(graphs, farms, st.lists(st.tuples(st.integers(1, 29), st.integers(30, 59)), max_size=6, unique=True))
def test_no_farm_of_any_shape_holds_more_than_was_passed_on_to_it(
    honest: Follows, farm: Follows, won: list[tuple[int, int]]
) -> None:
    found = seen(0, honest, farm, won=won)
    held = sum(part for one, part in found.mass.items() if one >= 30)
    followed = len(honest.get(0, set()) - {0})
    assert held <= (most(len(won), followed) if followed else 0) + 1e-9


@settings(deadline=None, max_examples=60)
@given(graphs)
def test_the_masses_are_parts_of_a_whole_and_come_through_whom_the_owner_follows(honest: Follows) -> None:
    found = seen(0, honest)
    direct = honest.get(0, set()) - {0}
    assert not found.mass or abs(sum(found.mass.values()) - 1) < 1e-9
    assert found.mass.keys() >= direct
    assert 0 not in found.mass
    assert all(found.through[one] in direct for one in found.mass)
    assert all(found.through[one] == one for one in direct)


def test_who_is_left_out_neither_gets_nor_passes_on_anything() -> None:
    graph = mass.FollowGraph()
    me, ana, ben, cyd = (graph.number(bytes([one]) * 32) for one in range(4))
    graph.set_follows(graph.key(ana), [graph.key(ben)])
    graph.set_follows(graph.key(ben), [graph.key(cyd)])
    assert set(mass.masses(graph, me, [ana]).mass) == {ana, ben, cyd}
    assert set(mass.masses(graph, me, [ana], without=[ben]).mass) == {ana}
    assert not mass.masses(graph, me, [ana], without=[ana]).mass


def star_entered_by_a_friend() -> tuple[Farm, float, int]:
    honest = villages(people=400)
    owner = owners(honest)[0]
    farm = Farm(honest, "star", 1)
    return farm, farm.share(seen(owner, honest, farm.follows, won=farm.won(honest[owner], 1))), 1


def tight_circle() -> tuple[Farm, float, int]:
    """31 people who follow each other and are all whom the owner follows; mass goes round among them."""
    honest: Follows = {one: set(range(1, 32)) - {one} for one in range(32)}
    farm = Farm(honest, "random", 1)
    return farm, farm.share(seen(0, honest, farm.follows, won=farm.won([7], 1))), 1


def fooled_favourite() -> tuple[Farm, float, int]:
    """Everybody follows one person, who follows the farm and nobody else."""
    honest: Follows = {0: set(range(1, 201)), **{one: {300} for one in range(1, 201)}, 300: set()}
    farm = Farm(honest, "random", 1)
    return farm, farm.share(seen(0, honest, farm.follows, won=farm.won([300], 1))), 1


DEFENCES = {
    "_share": (lambda amount, followed: amount, star_entered_by_a_friend),
    "_is_outward": (lambda other, reached: True, tight_circle),
    "_within": (lambda came, budget: came, fooled_favourite),
}


@pytest.mark.parametrize("name", DEFENCES)
def test_each_defence_is_what_holds_a_farm_down(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without, attack = DEFENCES[name]
    farm, held, won = attack()
    bound = most(won, min(len(farm.honest[0]), 200))
    assert held <= bound + 1e-9
    monkeypatch.setattr(mass, name, without)
    _, held, _ = attack()
    assert held > 1.5 * bound
