"""What an accepted invite does: to both, through a seed, while the inviter is away, and against a forger."""

import asyncio
import time
from dataclasses import replace

import pytest

from hedgerow_node.invitations import read_invite
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.invites import Kept
from hedgerow_protocol import codec, keys
from hedgerow_protocol.frame import Accept, Accepted
from hedgerow_protocol.invite import (
    ACCEPTANCE_TAG,
    InviteExtra,
    SignedInvite,
    Verdict,
    sign_acceptance,
    sign_invite,
)
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind
from node.calling import call
from node.network.invites import refusal_of, signed_by
from node.network.stranger import stranger
from node.network.world import Person, World, eventually, have_each_others
from simulator.author import Author


async def test_friends_follow_each_other(world: World) -> None:
    ana, ben = await world.seed("ana"), await world.person("ben")
    await ben.join(ana)
    assert await ben.node.store.views.follows(ben.author) == {ana.author}
    assert await ana.node.store.views.follows(ana.author) == {ben.author}


async def test_a_member_follows_the_seed_and_is_carried_without_being_followed(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    await ben.join(seed, makes_member=True)
    assert await ben.node.store.views.follows(ben.author) == {seed.author}
    assert await seed.node.store.views.follows(seed.author) == set()
    assert await seed.node.store.peers.members() == {ben.author}
    await have_each_others(seed, ben)


async def test_the_joiner_follows_whom_the_invite_recommends(world: World) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await ana.share(3)
    await eventually(lambda: seed.has_all_of(ana))
    ben = await world.person("ben")
    await ben.join(seed, makes_member=True, follows=(ana.author,))
    assert await ben.node.store.views.follows(ben.author) == {seed.author, ana.author}
    await eventually(lambda: ben.has_all_of(ana))


async def test_an_inviter_who_is_away_gets_the_acceptance_when_he_comes_back(world: World) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await ana.share(5)
    await eventually(lambda: seed.has_all_of(ana))
    signed = await ana.invite(uses=2)
    await ana.stop()
    ben, cyn, dan = [await world.person(name) for name in ("ben", "cyn", "dan")]
    await ben.accept(signed)
    await cyn.accept(signed)
    assert (await refusal_of(dan, signed)).kind is Code.INVITE_USED
    await eventually(lambda: counts(ben, ana, 7), "the joiner has everything before the inviter is back")
    assert await seed.node.store.invites.kept_count(signed.id) == 2
    await ana.start()
    await have_each_others(ana, ben)
    await have_each_others(ana, cyn)
    assert await ana.node.store.views.follows(ana.author) == {seed.author, ben.author, cyn.author}
    await eventually(lambda: mailbox(seed, signed, 0), "what was handed over is kept no more")


async def counts(person: Person, other: Person, count: int) -> bool:
    held = await person.node.store.messages.authors()
    return max([n for author, n in held.items() if author != person.author], default=0) >= count


async def mailbox(seed: Person, signed: SignedInvite, count: int) -> bool:
    return await seed.node.store.invites.kept_count(signed.id) == count


async def test_however_often_an_acceptance_comes_one_hand_over_waits_for_a_slow_inviter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    welcoming, goes_on = seed.network._welcoming, asyncio.Event()
    looks: list[AuthorKey] = []
    (link,) = seed.network._company.links_of(ana.author)

    async def slow(inviter: AuthorKey) -> list[Kept]:
        looks.append(inviter)
        await goes_on.wait()
        return []

    monkeypatch.setattr(seed.node.store.invites, "kept_for", slow)
    handing = [asyncio.create_task(welcoming.hand_over(link, ana.author)) for _ in range(50)]
    await eventually(lambda: sum(one.done() for one in handing) == 48)
    goes_on.set()
    await asyncio.gather(*handing)
    assert len(looks) == 2


async def test_an_inviter_who_could_not_store_an_acceptance_gets_it_again(world: World, monkeypatch) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await eventually(lambda: seed.has_all_of(ana))
    signed = await ana.invite()
    with monkeypatch.context() as patch:
        patch.setattr(type(ana.node.store.invites), "accept", no_room_for(ana, ana.node.store.invites))
        ben = await world.person("ben")
        await ben.accept(signed)
        await asyncio.sleep(0.2)
        assert await mailbox(seed, signed, 1)
    await ana.stop()
    await ana.start()
    await have_each_others(ana, ben)
    await eventually(lambda: mailbox(seed, signed, 0))


def no_room_for(person: Person, invites):
    """`Invites.accept` that fails in this one store."""
    original = type(invites).accept

    async def accept(self, *arguments: object, **keywords: object) -> bool:
        if self is invites:
            raise Problem(Code.STORE_FULL)
        return await original(self, *arguments, **keywords)

    return accept


async def test_through_names_the_one_seed_to_meet_at(world: World) -> None:
    one, two, ana = await world.seed("one"), await world.seed("two"), await world.person("ana")
    await ana.join(one, makes_member=True)
    await ana.join(two, makes_member=True)
    assert len((await ana.invite()).invite.meet) == 2
    did = keys.did_of(two.author)
    await eventually(lambda: any(link["did"] == did for link in ana.network.links()), "proven whose it is")
    peers = await ana.node.store.peers.all()
    names = [peers[1].address, keys.did_of(two.node.device)]
    for through in names:
        assert [place.device for place in (await ana.invite(through=through)).invite.meet] == [
            two.node.device
        ]
    with pytest.raises(Problem) as caught:
        await ana.invite(through="nobody")
    assert caught.value.kind is Code.NOWHERE_TO_MEET


async def test_a_peer_that_does_not_carry_the_inviter_is_no_place_to_meet(world: World) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await seed.node.store.peers.remove_member(ana.author)
    seed.node.circle_changed()
    did = keys.did_of(ana.author)
    await eventually(lambda: any(did in link["refused"] for link in ana.network.links()), "told so")
    with pytest.raises(Problem) as caught:
        await ana.invite()
    assert caught.value.kind is Code.NOWHERE_TO_MEET


async def test_blocking_somebody_ends_carrying_and_unblocking_begins_it_again(world: World) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await eventually(lambda: seed.has_all_of(ana))
    did = keys.did_of(ana.author)
    await call(seed.node, "block", did=did)
    await eventually(lambda: any(did in link["refused"] for link in ana.network.links()), "refused")
    await ana.share(3)
    await asyncio.sleep(0.3)
    assert not await seed.has_all_of(ana)
    await call(seed.node, "unblock", did=did)
    await eventually(lambda: seed.has_all_of(ana), "carried again")


async def test_whom_one_follows_in_silence_is_asked_for_only_on_links_that_may_know(world: World) -> None:
    seed, ana, ben = await world.seed(), await world.person("ana"), await world.person("ben")
    await ana.join(seed, makes_member=True)
    await ana.share(3)
    await eventually(lambda: seed.has_all_of(ana))
    await ben.join(seed, makes_member=True)
    await call(ben.node, "follow", did=keys.did_of(ana.author), private=True)
    await ben.network.sync(5)
    assert await ben.count(ana.author) == 0
    peer = (await ben.node.store.peers.all())[0]
    await ben.node.store.peers.add(replace(peer, asks_private=True))
    await ben.stop()
    await ben.start()
    await eventually(lambda: ben.has_all_of(ana), "asked for on the link that may know")


async def test_acceptances_that_do_not_hold_let_nobody_in(world: World) -> None:
    seed = await world.seed()
    signed = await seed.invite(uses=5)
    author, thief = Author(1), Author(2)
    good = sign_acceptance(signed, author.inception, "", int(time.time()), author.device_seed)
    other = signed_by(thief)
    cases = {
        "forged": good[:-400] + bytes(400),
        "signed by a device that the inception does not name": acceptance_by(thief, signed, author),
        "of another invite": sign_acceptance(other, author.inception, "", 0, author.device_seed),
        "by the inviter": sign_acceptance(
            signed, seed.node.keys.inception, "", 0, seed.node.keys.device_seed
        ),
        "nothing": b"",
    }
    async with stranger(seed.address) as peer:
        await peer.link()
        for number, (name, acceptance) in enumerate(cases.items()):
            await peer.put(Accept(2 * number + 1, signed.to_bytes(), acceptance))
            assert (await peer.take(Accepted)).verdict == Verdict.INVALID, name
        await peer.put(Accept(101, other.to_bytes(), good))
        assert (await peer.take(Accepted)).verdict == Verdict.INVALID
        elsewhere = sign_acceptance(other, author.inception, "", 0, author.device_seed)
        await peer.put(Accept(103, other.to_bytes(), elsewhere))
        assert (await peer.take(Accepted)).verdict == Verdict.NOT_CARRIED
        assert await seed.node.store.peers.members() == set()
        await peer.put(Accept(105, signed.to_bytes(), good))
        assert (await peer.take(Accepted)).verdict == Verdict.DONE
    assert await seed.node.store.peers.members() == {author.key}


async def test_a_seed_keeps_nothing_for_an_invite_that_a_stranger_signed_in_a_members_name(
    world: World,
) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    signed = await ana.invite()
    await ana.stop()
    forged = sign_invite(replace(signed.invite, uses=1_000), Author(9).device_seed)
    joiner = Author(1)
    async with stranger(seed.address) as peer:
        await peer.link()
        acceptance = sign_acceptance(forged, joiner.inception, "", 0, joiner.device_seed)
        await peer.put(Accept(1, forged.to_bytes(), acceptance))
        assert (await peer.take(Accepted)).verdict == Verdict.INVALID
    assert await seed.node.store.invites.kept_count(forged.id) == 0


def acceptance_by(signer: Author, signed: SignedInvite, author: Author) -> bytes:
    """An acceptance in the name of one author, signed by the device of another."""
    encoded = codec.encode([signed.id, author.key, signer.device, "", 0])
    signature = keys.sign(signer.device_seed, ACCEPTANCE_TAG + encoded)
    return codec.encode([encoded, signature, author.inception.encode()])


async def test_a_copied_invite_cannot_raise_its_uses(world: World) -> None:
    seed = await world.seed()
    signed = await seed.invite(uses=1)
    raised = sign_invite(replace(signed.invite, uses=9), Author(9).device_seed)
    async with stranger(seed.address) as peer:
        await peer.link()
        for number, expected in ((1, Verdict.DONE), (2, Verdict.USED_UP)):
            author = Author(number)
            acceptance = sign_acceptance(signed, author.inception, "", 0, author.device_seed)
            await peer.put(Accept(2 * number + 1, signed.to_bytes(), acceptance))
            assert (await peer.take(Accepted)).verdict == expected
        author = Author(3)
        acceptance = sign_acceptance(raised, author.inception, "", 0, author.device_seed)
        await peer.put(Accept(9, raised.to_bytes(), acceptance))
        assert (await peer.take(Accepted)).verdict == Verdict.INVALID


async def test_an_invite_that_was_read_twice_is_the_same(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    signed = await seed.invite(makes_member=True)
    assert dict(signed.invite.extra)[InviteExtra.MEMBERSHIP] == 1
    pasted = "  ".join(signed.to_text()[at : at + 40] for at in range(0, len(signed.to_text()), 40))
    assert read_invite(pasted + "\n", ben.node).id == signed.id
    await ben.accept(pasted)
    kinds = [one.header.kind for one in await ben.node.store.messages.log()]
    assert set(kinds) == {Kind.IDENTITY}
