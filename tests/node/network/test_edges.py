"""Edges and their core nodes over real sockets: who brings what is new, and what nobody can hide."""

import pytest

from hedgerow_node.dialling import STOPPED
from hedgerow_protocol import keys, limits
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.frame import Mode
from hedgerow_protocol.kinds import Follow
from node.network.lines import Lines
from node.network.world import Person, World, eventually, have_each_others


def modes(person: Person) -> list[Mode]:
    turns = person.network._driver._peer.turns
    return sorted(turns.mode(link) for link in person.network._company.dialled)


async def test_of_three_seeds_one_brings_what_is_new_and_another_takes_over_when_it_stops(
    world: World,
) -> None:
    seeds = [await world.seed(f"seed{number}") for number in range(3)]
    ana, ben = await world.person("ana"), await world.person("ben")
    for person in (ana, ben):
        for seed in seeds:
            await person.join(seed, makes_member=True)
    await ana.node.publish(Follow(keys.did_of(ben.author)))
    await eventually(lambda: ana.network.is_settled and len(modes(ana)) == 3)
    await ben.share(3)
    await eventually(lambda: ana.has_all_of(ben))
    assert Mode.EAGER in modes(ana)
    turns = ana.network._driver._peer.turns
    [eager] = [link for link in ana.network._company.dialled if turns.mode(link) is Mode.EAGER][:1]
    device = ana.network._company.dialled[eager].device
    [turn] = [seed for seed in seeds if seed.node.keys.device == device]
    await turn.stop()
    await ben.share(3, start=10)
    await eventually(lambda: ana.has_all_of(ben))


async def test_whoever_is_followed_comes_with_all_that_he_said_before(world: World) -> None:
    seed, ana, ben = await world.seed(), await world.person("ana"), await world.person("ben")
    await ben.join(seed, makes_member=True)
    await ben.share(400)
    await eventually(lambda: seed.has_all_of(ben))
    await ana.join(seed, makes_member=True)
    assert await ana.count(ben.author) == 0
    await ana.node.publish(Follow(keys.did_of(ben.author)))
    await eventually(lambda: ana.has_all_of(ben))


async def test_a_node_that_stops_says_so_and_is_dialled_again_without_blame(
    world: World, lines: Lines
) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    device = seed.node.keys.device
    await eventually(lambda: ana.network.is_settled)
    lines.forget()
    await seed.stop()
    await eventually(lambda: ana.network.why_not(device) is not None)
    problem = ana.network.why_not(device)
    assert problem is not None
    assert problem.detail == STOPPED
    assert not lines.of("a link was cut")
    await seed.start()
    await ana.share(1)
    await eventually(lambda: seed.has_all_of(ana))


async def test_what_fingerprints_hide_the_ends_of_chains_show(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SetSum, "fingerprint", lambda summed: bytes(limits.FINGERPRINT_SIZE))
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    await ana.stop()
    await ana.open()
    await ana.share(1)
    await seed.share(1)
    await ana.start()
    await have_each_others(seed, ana)
