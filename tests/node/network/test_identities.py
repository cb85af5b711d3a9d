"""Devices come and go, between real nodes: what a removed device signed leaves every store, and stays out."""

import pytest

from hedgerow_node.keystore import Secret
from hedgerow_protocol import keys
from hedgerow_protocol.log_changes import make_rotate
from hedgerow_protocol.log_entry import DeviceGrant
from hedgerow_protocol.message import Message
from node.network.world import Person, World, eventually
from node.phones import PHONE_KEY, branch_of, by_phone, publish, update


async def has(person: Person, *messages: Message) -> bool:
    return len(await person.node.store.messages.get([one.id for one in messages])) == len(messages)


async def test_a_lost_phone_is_removed_and_what_is_signed_with_it_stays_out(world: World) -> None:
    ana, ben = await world.seed(), await world.person("ben")
    await ben.join(ana, makes_member=True)
    said = by_phone(ana.node, 6)
    await publish(ana.node, [update(ana.node, added=[DeviceGrant(PHONE_KEY)])])
    await publish(ana.node, said[:5])
    await eventually(lambda: has(ben, *said[:5]), "ben has what the phone said")
    await publish(ana.node, [update(ana.node, removed={PHONE_KEY: ((3, said[2].id),)})])

    async def is_cut() -> bool:
        return await has(ben, *said[:3]) and not await has(ben, said[3])

    await eventually(is_cut, "ben's node keeps what the cut reaches, and no more")
    assert await ana.sums(ana.author) == await ben.sums(ana.author)
    assert [await one.node.store.messages.put([said[5]], received=0.0) for one in (ana, ben)] == [[], []]
    await ben.stop()
    await ben.start()
    assert await is_cut()


@pytest.mark.parametrize("is_late", [False, True], ids=["who-had-it", "who-was-away"])
async def test_the_words_take_an_identity_back_at_every_node(world: World, is_late: bool) -> None:
    ana, ben = await world.seed(), await world.person("ben")
    await ben.join(ana, makes_member=True)
    if is_late:
        await ben.stop()
    own = await ana.share(3)
    if not is_late:
        await eventually(lambda: has(ben, *own), "ben has what ana said")
    begin, words = branch_of(ana.node), ana.node.keys.secrets()[Secret.WORDS]
    theft = update(ana.node, added=[DeviceGrant(PHONE_KEY)], removed={ana.node.device: ()})
    loot = by_phone(ana.node, 2)
    await publish(ana.node, [theft])
    await publish(ana.node, loot)
    if is_late:
        await ben.start()
    await eventually(lambda: has(ben, *loot), "ben believes the thief")
    await eventually(lambda: ben.network.is_settled, "ben looks for nothing more")
    back = make_rotate(
        begin,
        recovery_seed=keys.recovery_seed(words, 1),
        root=keys.public_key(ana.clock.entropy(32)),
        recovery=keys.public_key(keys.recovery_seed(words, 2)),
        devices=[DeviceGrant(ana.node.device)],
        nonce=ana.clock.entropy(16),
        ts=int(ana.clock.now()),
        net=ana.node.keys.inception.header.net,
    )
    await publish(ana.node, [back])

    async def is_back() -> bool:
        return await has(ben, back, *own) and not await has(ben, theft) and not await has(ben, loot[0])

    await eventually(is_back, "ben has what ana said, and nothing of the thief")
    assert await ana.sums(ana.author) == await ben.sums(ana.author)
    more = await ana.share(1, start=50)
    await eventually(lambda: has(ben, *more), "ana goes on")
