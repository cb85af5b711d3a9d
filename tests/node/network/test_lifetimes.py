"""Beginnings and ends: whatever is under way when a node stops, nothing of it is left over.

The fixture `world` fails when a task is left.
"""

import asyncio
from importlib.metadata import version

import pytest
from aiohttp import ClientWebSocketResponse

from hedgerow_node import dialling
from hedgerow_node.clock import Clock
from hedgerow_node.config import CERTIFICATE_LIFE, CERTIFICATE_USE
from hedgerow_node.links.certificate import OwnEnds
from hedgerow_node.links.dial import Dialler
from hedgerow_node.links.noting import Noting
from hedgerow_node.logs import Log
from hedgerow_node.network import Network
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol import keys, limits
from hedgerow_protocol.effects import LinkId
from hedgerow_protocol.frame import Accept
from hedgerow_protocol.handshake import Role, check_certificate
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.noise import static_public
from node.calling import call
from node.network.lines import Lines
from node.network.stranger import stranger
from node.network.world import World, eventually, have_each_others
from simulator.author import Author

NOWHERE = "ws://127.0.0.1:9/peer"


async def silent_server(asked: asyncio.Event) -> asyncio.Server:
    """A server that lets anybody connect and says nothing."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read(-1)
        writer.close()

    return await asyncio.start_server(take, "127.0.0.1", 0)


async def test_a_node_may_stop_while_it_dials(world: World) -> None:
    asked = asyncio.Event()
    server = await silent_server(asked)
    port = server.sockets[0].getsockname()[1]
    ben = await world.person("ben")
    await ben.node.store.peers.add(KnownPeer(DeviceKey(bytes(32)), f"ws://127.0.0.1:{port}/peer"))
    await ben.stop()
    await ben.start()
    await asked.wait()
    assert ben.network.dialled() == {bytes(32): "connecting"}
    await ben.stop()
    server.close()


async def test_a_node_may_stop_while_it_waits_to_dial_again(world: World) -> None:
    ben = await world.person("ben")
    await ben.node.store.peers.add(KnownPeer(DeviceKey(bytes(32)), NOWHERE))
    await ben.stop()
    await ben.start()
    await eventually(lambda: ben.network.dialled() == {bytes(32): "waiting"})
    await ben.stop()


async def test_a_node_may_stop_while_it_joins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    signed = await seed.invite()
    hangs = asyncio.Event()

    async def never(event: Accept) -> None:
        hangs.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(seed.network._welcoming, "on_accepting", never)
    joining = asyncio.create_task(ben.accept(signed))
    await hangs.wait()
    await ben.network.close()
    with pytest.raises(Problem):
        await joining


async def test_a_node_may_stop_while_it_dials_to_join(world: World) -> None:
    asked = asyncio.Event()
    server = await silent_server(asked)
    port = server.sockets[0].getsockname()[1]
    ben = await world.person("ben")

    async def join() -> None:
        peer = KnownPeer(DeviceKey(bytes(32)), f"ws://127.0.0.1:{port}/peer")
        async with ben.network._dialling.borrowed(peer):
            pass

    joining = asyncio.create_task(join())
    await asked.wait()
    await ben.network.close()
    with pytest.raises(Problem):
        await joining
    server.close()


async def test_a_join_that_is_cancelled_leaves_no_link_and_no_trial(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    signed = await seed.invite()
    hangs = asyncio.Event()

    async def never(event: Accept) -> None:
        hangs.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(seed.network._welcoming, "on_accepting", never)
    joining = asyncio.create_task(ben.accept(signed))
    await hangs.wait()
    joining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await joining
    await eventually(lambda: ben.network.links() == [] == seed.network.links())
    assert ben.network.dialled() == {}
    await eventually(lambda: ben.network.carried.authors == {ben.author})


async def test_a_node_may_stop_with_links_open_and_what_it_said_last_arrives(world: World) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    said = await ana.share(50, start=100)
    await ana.stop()
    ids = [message.id for message in said]

    async def arrived() -> bool:
        return len(await seed.node.store.messages.known(ids)) == len(ids)

    await eventually(arrived)


async def test_a_seed_may_stop_while_strangers_are_at_every_step(world: World) -> None:
    seed = await world.seed()
    async with (
        stranger(seed.address) as silent,
        stranger(seed.address) as half,
        stranger(seed.address) as linked,
    ):
        await half.write(b"GET /peer HTTP/1.1\r\n")
        await linked.link()
        async with stranger(seed.address, Author(5)) as upgraded:
            await upgraded.upgrade()
            await eventually(lambda: len(seed.network.links()) == 1)
            await seed.stop()
            for peer in (silent, half, linked, upgraded):
                assert await peer.is_cut()


async def test_nobody_is_let_in_after_the_end_began(world: World) -> None:
    seed = await world.seed()
    address = seed.address
    await seed.network.close()
    with pytest.raises(ConnectionError):
        async with stranger(address):
            pass


async def test_a_network_that_cannot_begin_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = await world.person("ben")
    await ben.network.close()

    async def fail(*arguments: object) -> None:
        raise Problem(Code.STORE_FAILED)

    monkeypatch.setattr(ben.node.store.peers, "all", fail)
    with pytest.raises(Problem):
        await Network.open(ben.node, listen="127.0.0.1:0")
    assert ben.node.network is None
    assert ben.node.on_published == []


async def test_an_old_link_is_closed_and_dialled_again_without_a_word(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    await ana.stop()
    ended: list[LinkId] = []
    monkeypatch.setattr(limits, "MAX_LINK_AGE", 0.3)
    await ana.start()
    run = ana.network._driver.run_link

    async def noted(*arguments):
        why = await run(*arguments)
        ended.append(why)
        return why

    monkeypatch.setattr(ana.network._driver, "run_link", noted)
    await eventually(lambda: len(ended) >= 2)
    monkeypatch.setattr(limits, "MAX_LINK_AGE", 86_400.0)
    await ana.share(3, start=100)
    await eventually(lambda: seed.has_all_of(ana))
    assert lines.of("a link was cut") == []


async def test_who_cannot_reach_anybody_is_told_at_once_that_nothing_was_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = await world.person("ben")
    await ben.node.store.peers.add(KnownPeer(DeviceKey(bytes(32)), NOWHERE))
    await ben.stop()
    monkeypatch.setattr(dialling, "FIRST_RETRY", 1_000.0)
    monkeypatch.setattr(dialling, "LAST_RETRY", 1_000.0)
    await ben.start()
    for _ in range(2):
        answer = await asyncio.wait_for(call(ben.node, "sync"), 5)
        assert answer["settled"] is False


async def test_asking_to_compare_dials_those_whose_turn_has_not_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    monkeypatch.setattr(dialling, "FIRST_RETRY", 1_000.0)
    monkeypatch.setattr(dialling, "LAST_RETRY", 1_000.0)
    await seed.stop()
    await eventually(lambda: "waiting" in ana.network.dialled().values())
    await ana.share(3, start=100)
    await seed.start()
    assert (await call(ana.node, "sync"))["settled"] is True
    assert await seed.has_all_of(ana)


async def test_who_answers_what_is_asked_takes_us_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    taken_in: list[DeviceKey] = []
    monkeypatch.setattr(ana.network._dialling, "taken_in", taken_in.append)
    monkeypatch.setattr(seed.network._dialling, "taken_in", taken_in.append)
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    assert set(taken_in) == {seed.node.device}


async def test_asking_to_compare_waits_for_the_seed_that_answers_late(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = await world.seed("near"), await world.seed("far")
    ana = await world.person("ana")
    for seed in (near, far):
        await ana.join(seed, makes_member=True)
    await have_each_others(near, ana, far)
    await ana.network.close()
    await ana.share(3, start=100)
    at_once = Dialler.dial

    async def dial(dialler: Dialler, address: str) -> ClientWebSocketResponse:
        if str(far.network.address) in address:
            await eventually(lambda: near.has_all_of(ana))
        return await at_once(dialler, address)

    monkeypatch.setattr(Dialler, "dial", dial)
    assert (await call(ana.node, "sync"))["settled"] is True
    assert await far.has_all_of(ana)


async def test_a_command_without_a_running_node_brings_links_up_and_down(world: World) -> None:
    seed, ben = await world.seed(), await world.person("ben")
    await seed.share(20)
    await ben.network.close()
    signed = await seed.invite()
    preview = await call(ben.node, "join", invite=signed.to_text(), accept=False)
    assert preview["did"] == keys.did_of(seed.author)
    assert await ben.node.store.peers.all() == []
    joined = await call(ben.node, "join", invite=signed.to_text())
    assert joined["joined"] is True
    assert ben.node.network is None
    await seed.share(5, start=100)
    assert (await call(ben.node, "sync"))["settled"] is True
    assert await ben.has_all_of(seed)
    (peer,) = (await call(ben.node, "peers"))["peers"]
    assert (peer["state"], peer["did"]) == ("not running", keys.did_of(seed.author))


async def test_the_state_of_a_peer_is_shown_while_it_is_dialled(world: World) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    (peer,) = (await call(ana.node, "peers"))["peers"]
    assert peer["direction"] == "out"
    assert peer["last_linked"] is not None
    await seed.stop()
    await eventually(lambda: ana.network.links() == [])
    await eventually(lambda: "waiting" in ana.network.dialled().values())
    (peer,) = (await call(ana.node, "peers"))["peers"]
    assert peer["state"] in ("connecting", "waiting")
    assert peer["problem"]["code"] == Code.PEER_UNREACHABLE.code
    assert peer["problem"]["next"]


# --- What a node says of itself, and believes of others ------------------------------------------------------


async def test_a_claim_of_another_author_is_shown_as_nobodys(world: World) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    thief = Author(9)
    thief.key = ana.author
    async with stranger(seed.address, thief) as peer:
        await peer.link()
        await eventually(lambda: len(seed.network.links()) == 2)
        shown = {link["device"]: link["did"] for link in seed.network.links()}
    assert shown[keys.did_of(thief.device)] is None
    assert shown[keys.did_of(ana.node.device)] == keys.did_of(ana.author)


async def test_acceptances_that_wait_for_somebody_are_not_given_to_who_claims_to_be_him(world: World) -> None:
    seed, ana = await world.seed(), await world.person("ana")
    await ana.join(seed, makes_member=True)
    await have_each_others(seed, ana)
    signed = await ana.invite()
    await ana.stop()
    ben = await world.person("ben")
    await ben.accept(signed)
    thief = Author(9)
    thief.key = signed.invite.inviter
    async with stranger(seed.address, thief) as peer:
        await peer.link()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await peer.take(Accept)
    assert await seed.node.store.invites.kept_count(signed.id) == 1


async def test_the_name_of_the_program_has_the_version_of_its_package(world: World) -> None:
    seed = await world.seed()
    async with stranger(seed.address) as peer:
        await peer.link()
        assert peer.hello is not None
        assert peer.hello.agent == f"hedgerow/{version('hedgerow')}"
        assert peer.hello.role == Role.CORE


async def test_a_certificate_and_its_key_are_shown_for_a_day(node: Node) -> None:
    ends = OwnEnds(node.keys, Clock(), Role.EDGE)
    now = 1_800_000_000.0
    first = ends.at(now)
    assert ends.at(now + CERTIFICATE_USE - 1) is first
    check_certificate(first.hello, first.net, static_public(first.static), now + CERTIFICATE_LIFE)
    for later in (now + CERTIFICATE_USE, now - 1):
        other = ends.at(later)
        assert other.static != first.static
        check_certificate(other.hello, other.net, static_public(other.static), later)


def test_what_others_do_fills_no_log_and_what_was_left_out_is_counted(lines: Lines) -> None:
    now = 0.0
    noting = Noting(Log("test"), lambda: now)
    for number in range(1_000):
        noting.note("an event", "a reason", link=number)
    noting.note("an event", "another reason")
    noting.warn("a warning")
    noting.failure("a fault", ZeroDivisionError())
    assert len(lines.of("an event", "a reason")) == 10
    assert len(lines.all()) == 13
    now = 60.0
    noting.note("an event", "a reason")
    assert lines.all()[-1].endswith("left_out=990")
