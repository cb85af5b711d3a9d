"""Which links a node holds, and how it reaches the others: nobody whom its owner chose is out of reach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_node import choosing
from hedgerow_node.choosing import Candidate, chosen, operator_of
from hedgerow_node.config import LINKS_HELD, MAX_LINKS_OUT
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import keys
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Follow
from node.network.world import World, eventually

AUTHORS = [AuthorKey(bytes([number]) * 32) for number in range(6)]


def peer(number: int, operator: int | None = None, at: float = 0.0, address: str = "") -> KnownPeer:
    return KnownPeer(
        DeviceKey(bytes([number]) * 32),
        address or f"wss://{number}.example/peer",
        author=None if operator is None else AUTHORS[operator],
        last_linked=at,
    )


def numbers(found: list[Candidate]) -> list[int]:
    return [one.peer.device[0] for one in found]


# --- The choice ----------------------------------------------------------------------------------------
@pytest.mark.limit("LINKS_HELD")
def test_three_links_to_those_that_were_linked_last() -> None:
    known = [Candidate(peer(number, at=float(number))) for number in range(6)]
    assert numbers(chosen(known, LINKS_HELD)) == [5, 4, 3]
    assert numbers(chosen(known[:LINKS_HELD], LINKS_HELD)) == [2, 1, 0]


def test_different_operators_come_before_the_same_one_again() -> None:
    known = [Candidate(peer(number, operator=number // 4, at=float(number))) for number in range(6)]
    assert numbers(chosen(known, LINKS_HELD)) == [5, 3, 4]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("wss://seed.example/peer", "wss://seed.example:9/peer", True),
        ("wss://a.example/peer", "wss://b.example/peer", False),
        ("ws://10.1.2.3/peer", "ws://10.1.200.1:8/peer", True),
        ("ws://10.1.2.3/peer", "ws://10.2.2.3/peer", False),
        ("ws://[2001:db8:1::1]/peer", "ws://[2001:db8:2::1]/peer", True),
        ("ws://[2001:db8:1::1]/peer", "ws://[2001:db9:1::1]/peer", False),
    ],
)
def test_before_it_is_proven_the_address_says_who_runs_a_node(one: str, other: str, is_same: bool) -> None:
    assert (operator_of(peer(1, address=one)) == operator_of(peer(2, address=other))) is is_same


def test_who_is_linked_stays_and_who_fails_comes_last() -> None:
    known = [Candidate(peer(number, at=float(number)), is_kept=number < 3) for number in range(6)]
    assert numbers(chosen(known, LINKS_HELD)) == [2, 1, 0]
    known[1] = Candidate(peer(1, at=1.0), is_kept=True, is_failing=True)
    assert numbers(chosen(known, LINKS_HELD)) == [2, 0, 5]


@pytest.mark.limit("MAX_LINKS_OUT")
def test_who_alone_carries_somebody_has_a_link_besides_up_to_so_many_and_one_over_is_visited() -> None:
    everybody = frozenset(AUTHORS[:2])
    known = [Candidate(peer(number, at=9.0 - number), everybody) for number in range(4)]
    known.append(Candidate(peer(4), frozenset({AUTHORS[1], AUTHORS[2]})))
    assert numbers(chosen(known, LINKS_HELD)) == [0, 1, 2, 4]
    many = [
        Candidate(peer(number, at=9.0 - number), frozenset({AuthorKey(bytes([number]) * 32)}))
        for number in range(10)
    ]
    assert len(chosen(many, LINKS_HELD)) == MAX_LINKS_OUT
    assert len(chosen(many[:MAX_LINKS_OUT], LINKS_HELD)) == MAX_LINKS_OUT


candidates = st.lists(
    st.builds(
        Candidate,
        st.builds(peer, st.integers(0, 20), st.none() | st.integers(0, 5), st.floats(0, 100)),
        st.frozensets(st.sampled_from(AUTHORS)),
        is_kept=st.booleans(),
        is_failing=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.peer.device,
)


@given(candidates, st.integers(1, 4))
def test_whoever_is_known_the_links_are_of_as_many_operators_as_there_are_and_cover_everybody(
    known: list[Candidate], held: int
) -> None:
    found = chosen(known, held, most=20)
    assert len(found) >= min(held, len(known))
    operators = {operator_of(one.peer) for one in known}
    assert len({operator_of(one.peer) for one in found}) >= min(held, len(operators))
    carried = frozenset[AuthorKey]().union(*[one.carries for one in known])
    assert carried == frozenset[AuthorKey]().union(*[one.carries for one in found])
    assert len(chosen(known, held, most=held)) == min(held, len(known))


# --- Real nodes ----------------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "VISIT_SOON", 0.1)
    monkeypatch.setattr(choosing, "VISIT_AGAIN", 0.2)


async def test_five_seeds_have_three_links_and_hear_everything_all_the_same(world: World) -> None:
    seeds = [await world.seed(f"seed{number}") for number in range(5)]
    ana = await world.person("ana")
    for seed in seeds:
        await ana.join(seed, makes_member=True)
    await eventually(lambda: len(ana.network._choosing.others) == 2, "two are only visited")
    await ana.share(3)
    for seed in seeds:
        await eventually(lambda seed=seed: seed.has_all_of(ana), "a visit brings it")
    await eventually(lambda: len(ana.network.links()) == LINKS_HELD)
    told = ana.network.dialled()
    assert [told[device] for device in ana.network._choosing.others] == ["waiting", "waiting"]
    assert await ana.network.sync(10)


async def test_a_seed_that_alone_carries_somebody_keeps_its_link_and_is_found_after_a_restart(
    world: World,
) -> None:
    seeds = [await world.seed(f"seed{number}") for number in range(4)]
    ana, ben = await world.person("ana"), await world.person("ben")
    await ben.join(seeds[0], makes_member=True)
    for seed in seeds:
        await ana.join(seed, makes_member=True)
    await ana.node.publish(Follow(keys.did_of(ben.author)))
    await ben.share(2)
    await eventually(lambda: ana.has_all_of(ben))
    await ana.stop()
    await ana.start()
    await ben.share(2, start=5)
    await eventually(lambda: ana.has_all_of(ben))
    await eventually(lambda: len(ana.network.links()) >= LINKS_HELD)


async def test_who_cannot_be_reached_makes_room_for_who_can(world: World) -> None:
    seeds = [await world.seed(f"seed{number}") for number in range(5)]
    ana = await world.person("ana")
    for seed in seeds:
        await ana.join(seed, makes_member=True)
    await eventually(lambda: len(ana.network._choosing.others) == 2)
    visited = ana.network._choosing.others
    for seed in seeds:
        if seed.node.keys.device not in visited:
            await seed.stop()
    await ana.share(1)
    for seed in seeds:
        if seed._node is not None:
            await eventually(lambda seed=seed: seed.has_all_of(ana))
    await eventually(
        lambda: {one["device"] for one in ana.network.links()} == {keys.did_of(one) for one in visited}
    )
