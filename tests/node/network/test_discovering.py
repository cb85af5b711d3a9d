"""Nodes hear of each other: seeds tell of themselves and look who is there, learners keep what they hear in reserve."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from hedgerow_node.config import OWN_ADDRESS_USE
from hedgerow_node.links.certificate import OwnEnds
from hedgerow_node.links.dial import Dialler
from hedgerow_node.links.knock import knock
from hedgerow_node.links.outward import Outward
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.book import Known
from hedgerow_protocol import keys
from hedgerow_protocol.address_record import AddressRecord, SignedAddress, sign_record
from hedgerow_protocol.effects import AddressesTold
from hedgerow_protocol.handshake import Role
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from node.clocks import FakeClock
from node.network.world import Person, World, eventually


async def seed(world: World, name: str) -> Person:
    """Somebody who lets others in, on a network of addresses that are not public."""
    person = Person(name, world.folder)
    person.listen, person.allows_private = "127.0.0.1:0", True
    world.people.append(person)
    await person.start()
    return person


async def learner(world: World, name: str) -> Person:
    person = Person(name, world.folder)
    person.allows_private = True
    world.people.append(person)
    await person.start()
    return person


async def known_to(person: Person) -> dict[DeviceKey, Known]:
    return {known.device: known for known in await person.node.store.book.all()}


async def hears_of(person: Person, other: Person) -> None:
    async def is_so() -> bool:
        return other.node.device in await known_to(person)

    await eventually(is_so, f"{person.name} hears of {other.name}")


def record(person: Person, number: int, address: str, **changes: object) -> SignedAddress:
    """The record of some device, due at the time of this person."""
    own = bytes([number]) * 32
    device = DeviceKey(keys.public_key(own))
    net = person.node.keys.inception.header.net
    now = int(person.clock.now())
    made = AddressRecord(net, device, AuthorKey(bytes([number]) * 32), (address,), now, 86_400)
    return sign_record(replace(made, **changes), own)  # type: ignore[arg-type]


async def test_seeds_hear_of_each_other_through_a_third_and_look_who_is_there(world: World) -> None:
    first, second, third = [await seed(world, name) for name in ("first", "second", "third")]
    await second.join(first)
    await third.join(first)
    # `first` passes on what `third` says of itself; whoever asks gets what is known.
    await hears_of(first, second)
    await hears_of(first, third)
    await hears_of(second, third)
    known = (await known_to(second))[third.node.device]
    assert not known.is_tried
    assert known.source == first.node.device
    for _ in range(3):
        await second.network.discovering.feel()
    assert (await known_to(second))[third.node.device].is_tried


async def test_a_learner_hears_of_seeds_announces_nothing_and_dials_nobody(world: World) -> None:
    first, second = await seed(world, "first"), await seed(world, "second")
    await second.join(first)
    await hears_of(first, second)
    ana = await learner(world, "ana")
    await ana.join(first)
    await hears_of(ana, second)
    for _ in range(3):
        await ana.network.discovering.look_around()
    links = {link["device"] for link in ana.network.links()}
    assert links == {keys.did_of(first.node.device)}
    assert ana.node.device not in await known_to(first)
    [candidate] = await ana.network.discovering.candidates(3, avoiding=[first.author])
    assert (candidate.device, candidate.is_told) == (second.node.device, True)
    assert await ana.network.discovering.candidates(3, avoiding=[first.author, second.author]) == []
    assert await ana.network.discovering.candidates(3, without=[first.node.device, second.node.device]) == []


async def test_whom_a_learner_was_linked_to_is_remembered_over_a_restart(world: World) -> None:
    first, second = await seed(world, "first"), await seed(world, "second")
    await second.join(first)
    ana = await learner(world, "ana")
    await ana.join(first)
    await hears_of(ana, first)
    await hears_of(ana, second)
    await ana.stop()
    await ana.start()
    found = await ana.network.discovering.candidates(2)
    assert found[0].device == first.node.device
    known = await known_to(ana)
    assert [known[one.node.device].is_anchor for one in (first, second)] == [True, False]


async def test_a_node_without_a_public_address_tells_nobody_of_itself(world: World) -> None:
    first, second = await world.seed("first"), await world.seed("second")
    await second.join(first)
    await eventually(lambda: second.network.is_settled)
    await asyncio.sleep(0.1)
    assert await known_to(first) == {}
    assert await known_to(second) == {}


async def test_a_node_whose_owner_forbids_it_tells_nobody_of_itself(world: World) -> None:
    first, second = await seed(world, "first"), Person("second", world.folder)
    second.listen, second.allows_private, second.is_listed = "127.0.0.1:0", True, False
    world.people.append(second)
    await second.start()
    await second.join(first)
    await hears_of(second, first)
    assert await known_to(first) == {}


async def test_what_is_not_due_of_another_network_or_ones_own_is_not_kept(world: World) -> None:
    ana = await learner(world, "ana")
    now = int(ana.clock.now())
    place = "ws://127.0.0.1:4545/peer"
    wrong = [
        record(ana, 1, place, ts=now - 90_000),
        record(ana, 2, place, ts=now + 1_000),
        record(ana, 3, place, net=7),
        record(ana, 4, "ws://127.0.0.1:25/peer"),
    ]
    assert await ana.network.discovering.learn(wrong, None, "") == []
    right = record(ana, 5, place)
    assert await ana.network.discovering.learn([*wrong, right], None, "") == [right.encoded]


async def test_what_breaks_a_rule_is_counted_against_who_sent_it_until_he_is_cut_off(world: World) -> None:
    first, second = await seed(world, "first"), await seed(world, "second")
    await second.join(first)
    [state] = first.network._driver.links()
    good = record(first, 3, "ws://127.0.0.1:4545/peer").encoded
    bad = good[:-1] + bytes([good[-1] ^ 1])
    await first.network.discovering.on_told(AddressesTold(state.link, (bad,) * 19))
    assert first.network._driver.link(state.link) is not None
    await first.network.discovering.on_told(AddressesTold(state.link, (bad,)))
    assert first.network._driver.link(state.link) is None


async def test_what_a_learner_tells_is_not_taken(world: World) -> None:
    first, ana = await seed(world, "first"), await learner(world, "ana")
    await ana.join(first)
    [state] = first.network._driver.links()
    told = record(first, 3, "ws://127.0.0.1:4545/peer").encoded
    await first.network.discovering.on_told(AddressesTold(state.link, (told,)))
    assert await known_to(first) == {}
    assert "addresses were not taken" in {one["event"] for one in first.network.noted()}


async def test_a_record_of_oneself_is_made_anew_each_day(world: World) -> None:
    first = Person("first", world.folder)
    first.clock, first.listen, first.allows_private = FakeClock(), "127.0.0.1:0", True
    world.people.append(first)
    await first.start()
    announcing = first.network.discovering._announcing
    one = await announcing.record()
    assert one is not None
    assert await announcing.record() == one
    assert one.record.addresses == (f"ws://{first.network.address}/peer",)
    first.clock.advance(OWN_ADDRESS_USE + 1)
    another = await announcing.record()
    assert another is not None
    assert another.record.ts > one.record.ts
    assert another.record.expiry > one.record.expiry


# --- Looking who is there -------------------------------------------------------------------------------


@pytest.fixture
async def dialler() -> object:
    made = Dialler(Outward(lambda: 0.0, Random(1), allows_private=True))
    yield made
    await made.close()


async def test_a_knock_shows_who_is_there_and_not_who_knocks(world: World, dialler: Dialler) -> None:
    first = await seed(world, "first")
    ana = await learner(world, "ana")
    address = f"ws://{first.network.address}/peer"
    own = OwnEnds(ana.node.keys, ana.clock, Role.CORE).at(ana.clock.now())
    hello = await knock(dialler, address, first.node.device, own, ana.clock)
    assert (hello.device, hello.author) == (first.node.device, first.author)
    await eventually(lambda: first.network._driver.links() == [])
    assert first.network.links() == []
    with pytest.raises(Problem) as wrong:
        await knock(dialler, address, ana.node.device, own, ana.clock)
    assert wrong.value.kind is Code.WRONG_PEER


async def test_a_knock_where_nobody_is_or_nothing_is_said_is_a_problem(
    world: World, dialler: Dialler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.links.knock.KNOCK_TIMEOUT", 0.2)
    ana = await learner(world, "ana")
    own = OwnEnds(ana.node.keys, ana.clock, Role.CORE).at(ana.clock.now())
    with pytest.raises(Problem) as nobody:
        await knock(dialler, "ws://127.0.0.1:1025/peer", ana.node.device, own, ana.clock)
    assert nobody.value.kind is Code.PEER_UNREACHABLE


async def test_a_node_that_is_not_there_is_missed_and_forgotten_in_the_end(world: World) -> None:
    first = await seed(world, "first")
    gone = record(first, 3, "ws://127.0.0.1:1025/peer")
    await first.network.discovering.learn([gone], None, "")
    await first.network.discovering.feel()
    [known] = await first.node.store.book.all()
    assert (known.vain, known.is_tried) == (1, False)
