"""Joining: every refusal in words with its code and a next step, and nothing left behind by it."""

import asyncio
import time
from dataclasses import replace

import pytest
from aiohttp import web

from hedgerow_node.invitations import Terms, read_invite
from hedgerow_node.network import Network
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.invites import Issued
from hedgerow_protocol import codec, keys
from hedgerow_protocol.frame import Accept, Accepted
from hedgerow_protocol.invite import (
    ACCEPTANCE_TAG,
    Invite,
    InviteExtra,
    Meeting,
    SignedInvite,
    Verdict,
    sign_acceptance,
    sign_invite,
)
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import MAIN_NET
from node.calling import call
from node.network.stranger import stranger
from node.network.world import Person, World, eventually, have_each_others
from simulator.author import Author

HOUR = 3_600


async def refusal_of(person: Person, invite: SignedInvite | str) -> Problem:
    """The problem with which joining is refused; checks that it left nothing behind."""
    network, store = person.network, person.node.store
    before = await person.count(person.author), await store.peers.all(), len(network.links())
    with pytest.raises(Problem) as caught:
        await person.accept(invite)
    problem = caught.value
    await eventually(lambda: len(network.links()) == before[2], "no link is left over")
    assert (await person.count(person.author), await store.peers.all()) == before[:2]
    assert not await store.views.follows(person.author)
    everything = await store.messages.log()
    assert sum((await store.messages.authors()).values()) == len(everything)
    assert problem.next_step
    assert problem.title
    return problem


def signed_by(author: Author, **changes) -> SignedInvite:
    """An invite of somebody without a node."""
    invite = Invite(
        net=MAIN_NET,
        inviter=author.key,
        name="",
        meet=(Meeting("ws://127.0.0.1:9/peer", author.device),),
        token=bytes(16),
        expiry=int(time.time()) + HOUR,
        uses=1,
    )
    return sign_invite(replace(invite, **changes), author.device_seed)


@pytest.mark.parametrize(
    "text", ["", "hello", "hedgerow-invite:", "hedgerow-invite:!!!", "https://x.org/join#AAAA"]
)
async def test_what_is_no_invite_is_told(world: World, text: str) -> None:
    ben = await world.person("ben")
    assert (await refusal_of(ben, text)).kind is Code.INVITE_WRONG


async def test_an_invite_with_one_letter_changed_is_told(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    text = (await seed.invite()).to_text()
    for place in range(20, len(text), 37):
        other = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert (await refusal_of(ben, other)).kind in (Code.INVITE_WRONG, Code.INVITE_OTHER_NET)
    await ben.accept(text)


async def test_an_invite_that_lost_its_end_is_told(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    assert (await refusal_of(ben, (await seed.invite()).to_text()[:-5])).kind is Code.INVITE_WRONG


async def test_an_invite_of_another_network_is_told(world: World) -> None:
    ben = await world.person("ben")
    assert (await refusal_of(ben, signed_by(Author(1), net=7))).kind is Code.INVITE_OTHER_NET


async def test_ones_own_invite_is_told(world: World) -> None:
    seed = await world.seed()
    assert (await refusal_of(seed, await seed.invite())).kind is Code.INVITE_YOURS


async def test_an_expired_invite_is_told(world: World) -> None:
    ben = await world.person("ben")
    expired = signed_by(Author(1), expiry=int(time.time()) - 1)
    assert (await refusal_of(ben, expired)).kind is Code.INVITE_EXPIRED


async def test_the_inviter_decides_by_his_own_clock_whether_an_invite_has_expired(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    signed = await seed.invite(life=-1)
    ben.clock.now = lambda: time.time() - 100  # type: ignore[method-assign]
    assert (await refusal_of(ben, signed)).kind is Code.INVITE_EXPIRED


async def test_an_invite_that_is_used_up_is_told_and_the_first_one_may_come_again(world: World) -> None:
    seed, ben, cyn = await world.seed(), await world.person("ben"), await world.person("cyn")
    signed = await seed.invite(uses=1)
    await ben.accept(signed)
    assert (await refusal_of(cyn, signed)).kind is Code.INVITE_USED
    await ben.accept(signed)
    issued = await seed.node.store.invites.find(signed.id)
    assert issued is not None
    assert issued.used == 1


async def test_an_invite_for_three_lets_three_in(world: World) -> None:
    seed = await world.seed()
    signed = await seed.invite(uses=3, makes_member=True)
    people = [await world.person(name) for name in ("ana", "ben", "cyn", "dan")]
    outcomes = await asyncio.gather(*[one.accept(signed) for one in people], return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, Problem)]
    assert [one.kind for one in refused] == [Code.INVITE_USED]
    assert len(await seed.node.store.peers.members()) == 3


async def test_nobody_at_the_address_is_told(world: World) -> None:
    ben = await world.person("ben")
    problem = await refusal_of(ben, signed_by(Author(1)))
    assert problem.kind is Code.PEER_UNREACHABLE
    assert "127.0.0.1:9" in problem.detail


async def test_a_server_that_is_no_node_is_told(world: World) -> None:
    ben = await world.person("ben")
    runner = web.AppRunner(web.Application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    meet = (Meeting(f"ws://127.0.0.1:{port}/peer", Author(1).device),)
    problem = await refusal_of(ben, signed_by(Author(1), meet=meet))
    await runner.cleanup()
    assert problem.kind is Code.PEER_UNREACHABLE
    assert "404" in problem.detail


@pytest.mark.parametrize(
    "address", ["ws://[::bad/peer", "wss://127.0.0.1:1/peer", "ws://no-such-host.invalid/peer"]
)
async def test_an_address_that_leads_nowhere_is_told(world: World, address: str) -> None:
    ben = await world.person("ben")
    signed = signed_by(Author(1), meet=(Meeting(address, Author(1).device),))
    assert (await refusal_of(ben, signed)).kind is Code.PEER_UNREACHABLE


async def test_another_device_at_the_address_is_told_before_it_learns_who_called(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    address = (await seed.invite()).invite.meet[0].address
    signed = signed_by(Author(1), meet=(Meeting(address, Author(1).device),))
    assert (await refusal_of(ben, signed)).kind is Code.WRONG_PEER
    assert seed.network.links() == []


async def test_the_next_place_is_tried_when_one_leads_nowhere(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    good = (await seed.invite()).invite
    dead = Meeting("ws://127.0.0.1:9/peer", Author(1).device)
    wrong = Meeting(good.meet[0].address, Author(1).device)
    signed = sign_invite(replace(good, meet=(dead, wrong, *good.meet)), seed.node.keys.device_seed)
    await seed.node.store.invites.issue(Issued(signed.id, good.token, good.expiry, 1, 0, False, 0.0))
    await ben.accept(signed)
    assert [peer.device for peer in await ben.node.store.peers.all()] == [seed.node.device]


async def test_a_seed_that_does_not_carry_the_inviter_is_told(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    meet = (await seed.invite()).invite.meet
    assert (await refusal_of(ben, signed_by(Author(1), meet=meet))).kind is Code.INVITER_NOT_CARRIED


async def test_an_invite_that_a_stranger_signed_in_anothers_name_is_told(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    forged = replace((await seed.invite()).invite, token=bytes(16))
    problem = await refusal_of(ben, sign_invite(forged, Author(1).device_seed))
    assert problem.kind is Code.INVITE_WRONG
    assert "device" in problem.detail


async def test_an_invite_that_the_inviter_never_made_is_told(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    unknown = replace((await seed.invite()).invite, token=bytes(16))
    signed = sign_invite(unknown, seed.node.keys.device_seed)
    assert (await refusal_of(ben, signed)).kind is Code.INVITE_UNKNOWN


async def test_a_copy_that_may_not_publish_does_not_join(world: World, monkeypatch) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    signed = await seed.invite()
    monkeypatch.setattr(type(ben.node.keys), "is_copy", property(lambda self: True))
    assert (await refusal_of(ben, signed)).kind is Code.RESTORED_COPY
    issued = await seed.node.store.invites.find(signed.id)
    assert issued is not None
    assert issued.used == 0


async def test_who_has_nowhere_to_meet_cannot_invite(world: World) -> None:
    ben = await world.person("ben")
    with pytest.raises(Problem) as caught:
        await ben.invite()
    assert caught.value.kind is Code.NOWHERE_TO_MEET


async def test_who_listens_on_every_address_says_which_one_others_can_dial(world: World) -> None:
    ben = await world.person("ben")
    await ben.network.close()
    network = await Network.open(ben.node, listen="0.0.0.0:0")
    with pytest.raises(Problem) as caught:
        await network.inviting.issue(Terms())
    await network.close()
    assert caught.value.kind is Code.NOWHERE_TO_MEET
    assert "--address" in caught.value.next_step
    network = await Network.open(ben.node, listen="0.0.0.0:0", public_address="wss://ben.example")
    signed = await network.inviting.issue(Terms())
    await network.close()
    assert [one.address for one in signed.invite.meet] == ["wss://ben.example/peer"]


@pytest.mark.parametrize("address", ["https://ben.example", "ben.example", "", "ws://", "ws://bén.example"])
async def test_an_address_that_nobody_could_dial_is_told_at_the_start(world: World, address: str) -> None:
    ben = await world.person("ben")
    await ben.network.close()
    with pytest.raises(Problem) as caught:
        await Network.open(ben.node, listen="127.0.0.1:0", public_address=address)
    assert caught.value.kind is Code.ADDRESS_WRONG


async def test_an_address_that_is_taken_is_told_and_nothing_stays_open(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    await ben.network.close()
    for listen in (seed.network.address, "127.0.0.1:99999", "nonsense", "127.0.0.1:"):
        with pytest.raises(Problem) as caught:
            await Network.open(ben.node, listen=listen)
        assert caught.value.kind is Code.ADDRESS_TAKEN
    assert ben.node.network is None


# --- What an accepted invite does --------------------------------------------------------------------------


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


# --- Acceptances of a hostile peer ---------------------------------------------------------------------------


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
