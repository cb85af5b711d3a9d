"""Who is in scope of a node: the same however it was learnt, the owner's private follows apart, blocks out."""

from random import Random

import pytest

from hedgerow_node.config import FEW_FOLLOWS
from hedgerow_node.learning.trust import Further, Trust
from hedgerow_node.node import Node
from hedgerow_protocol.kinds import Follow, Retract, Vouch
from node.calling import call
from node.others import Other

PEOPLE = [Other(1_000 + number) for number in range(40)]


async def follow_many(node: Node, *, private: int = 0) -> None:
    for number, one in enumerate(PEOPLE[:FEW_FOLLOWS]):
        await call(node, "follow", did=one.did, private=number < private)


async def told(node: Node, other: Other, *contents) -> list:
    messages = await other.tell(node, *contents)
    node.delivered(messages)
    return messages


async def fresh(node: Node) -> Further:
    return await Trust(node.store).further(node.author, private=False)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_learnt_bit_by_bit_is_what_a_new_reading_finds(node: Node, seed: int) -> None:
    await follow_many(node)
    chance = Random(seed)
    said: list[tuple[Other, object]] = []
    for _ in range(30):
        other = chance.choice(PEOPLE)
        if said and chance.random() < 0.2:
            speaker, message = said.pop(chance.randrange(len(said)))
            await told(node, speaker, Retract((message.id,)))
        else:
            [message] = await told(node, other, Follow(chance.choice(PEOPLE).did))
            said.append((other, message))
        if chance.random() < 0.4:
            assert await node.trust.further(node.author, private=False) == await fresh(node)
    assert await node.trust.further(node.author, private=False) == await fresh(node)


async def test_below_twenty_follows_it_ends_with_those_for_whom_they_stand(node: Node) -> None:
    ana, ben, cyd, dan = PEOPLE[:4]
    await call(node, "follow", did=ana.did)
    await call(node, "follow", did=ben.did)
    await told(node, ana, Vouch(dan.did, "x"), Vouch(cyd.did, "x"), Follow(PEOPLE[9].did))
    await told(node, ben, Vouch(dan.did, "x"))
    await told(node, dan, Vouch(PEOPLE[8].did, "x"))
    found = await node.trust.further(node.author, private=False)
    assert found.people == (dan.author, cyd.author)
    assert not found.by_mass
    await call(node, "block", did=dan.did)
    assert (await node.trust.further(node.author, private=False)).people == (cyd.author,)
    await call(node, "block", did=ana.did)
    assert (await node.trust.further(node.author, private=False)).people == ()


async def test_a_private_follow_leads_to_nobody_where_others_can_see_it(node: Node) -> None:
    ana, ben = PEOPLE[0], PEOPLE[-1]
    await call(node, "follow", did=ana.did, private=True)
    await told(node, ana, Vouch(ben.did, "x"))
    assert (await node.trust.further(node.author, private=False)).people == ()
    assert (await node.trust.further(node.author, private=True)).people == (ben.author,)


async def test_by_mass_too(node: Node) -> None:
    await follow_many(node, private=1)
    await call(node, "follow", did=PEOPLE[FEW_FOLLOWS].did)
    far, near = PEOPLE[-1], PEOPLE[-2]
    await told(node, PEOPLE[0], Follow(far.did))
    await told(node, PEOPLE[1], Follow(near.did))
    assert (await node.trust.further(node.author, private=False)).people == (near.author,)
    assert set((await node.trust.further(node.author, private=True)).people) == {near.author, far.author}
