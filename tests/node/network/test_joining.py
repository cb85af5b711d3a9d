"""Joining: every refusal in words with its code and a next step, and nothing left behind by it."""

import asyncio
import errno
import os
import time
from dataclasses import replace

import pytest
from aiohttp import web

from hedgerow_node.invitations import Terms
from hedgerow_node.network import Network
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.invites import Issued
from hedgerow_protocol.invite import (
    Meeting,
    sign_invite,
)
from node.network.invites import refusal_of, signed_by
from node.network.world import World
from simulator.author import Author


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


async def test_an_invite_of_somebody_who_meets_at_ones_own_node_is_told(world: World) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    with pytest.raises(Problem) as caught:
        await seed.accept(await ana.invite())
    assert caught.value.kind is Code.INVITE_MEETS_HERE
    assert caught.value.detail == ana.node.keys.did


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
    assert problem.detail == f"ws://127.0.0.1:9/peer: {os.strerror(errno.ECONNREFUSED)}"


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
    problem = await refusal_of(ben, signed)
    assert problem.kind is Code.PEER_UNREACHABLE
    assert problem.detail.startswith(f"{address}: ")
    assert len(problem.detail) > len(address) + 2


async def test_a_server_that_sends_us_elsewhere_is_told_and_not_obeyed(world: World) -> None:
    ben = await world.person("ben")
    visits: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        visits.append(request.path)
        raise web.HTTPFound("/elsewhere")

    app = web.Application()
    app.router.add_get("/{path}", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    meet = (Meeting(f"ws://127.0.0.1:{runner.addresses[0][1]}/peer", Author(1).device),)
    problem = await refusal_of(ben, signed_by(Author(1), meet=meet))
    await runner.cleanup()
    assert problem.kind is Code.PEER_UNREACHABLE
    assert "302" in problem.detail
    assert visits == ["/peer"]


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
    for listen in (seed.network.address, "127.0.0.1:99999", "nonsense", "127.0.0.1:", "0", ":0"):
        with pytest.raises(Problem) as caught:
            await Network.open(ben.node, listen=listen)
        assert caught.value.kind is Code.ADDRESS_TAKEN
    assert ben.node.network is None
