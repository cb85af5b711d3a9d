"""The peers' door of a running node: many connections, from many places."""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from hedgerow_node import config
from hedgerow_node.links.gate import DoorLimits, Refusal
from hedgerow_node.links.listen import PUSHED_OUT
from hedgerow_node.network import Network
from hedgerow_protocol.frame import Ping, Pong
from node.network.lines import Lines
from node.network.stranger import Closed, Stranger, stranger
from node.network.world import World, eventually
from simulator.author import Author

PUBLIC = DoorLimits(counts_loopback=True)


async def is_let_in(peer: Stranger) -> bool:
    """Whether this peer gets through its handshake."""
    try:
        await peer.link()
        await peer.put(Ping(1))
        await peer.take(Pong)
    except (Closed, ConnectionError, asyncio.IncompleteReadError):
        return False
    return True


async def test_one_address_gets_eight_places_and_another_one_is_still_let_in(
    world: World, lines: Lines
) -> None:
    seed = await world.seed(door=PUBLIC)
    async with AsyncExitStack() as stack:
        for number in range(config.MAX_OF_IPV4):
            peer = await stack.enter_async_context(stranger(seed.address, Author(number), local="127.1.1.1"))
            assert await is_let_in(peer)
        peer = await stack.enter_async_context(stranger(seed.address, Author(99), local="127.1.1.1"))
        assert not await is_let_in(peer)
        peer = await stack.enter_async_context(stranger(seed.address, Author(100), local="127.1.2.1"))
        assert await is_let_in(peer)
    assert len(lines.of("a connection was refused", Refusal.TOO_MANY)) == 1


async def test_one_network_gets_sixteen_places(world: World) -> None:
    seed = await world.seed(door=PUBLIC)
    async with AsyncExitStack() as stack:
        for number in range(config.MAX_OF_IPV4_24 + 1):
            local = f"127.1.1.{1 + number}"
            peer = await stack.enter_async_context(stranger(seed.address, Author(number), local=local))
            assert await is_let_in(peer) == (number < config.MAX_OF_IPV4_24)


async def test_members_are_let_in_however_many_strangers_share_their_address(world: World) -> None:
    seed = await world.seed(door=replace(PUBLIC, of_ipv4=2))
    people = [await world.person(name) for name in ("ana", "ben", "cyn", "dan")]
    for person in people:
        await person.join(seed, makes_member=True)
        await eventually(lambda p=person: seed.has_all_of(p))
    await eventually(lambda: len(seed.network.links()) == len(people), "all of them, one after the other")


async def test_connections_a_minute_have_a_limit_and_the_log_too(world: World, lines: Lines) -> None:
    seed = await world.seed(door=PUBLIC)
    refused = 0
    for _ in range(config.CONNECTS_A_MINUTE + 40):
        with contextlib.suppress(ConnectionError):
            async with stranger(seed.address, local="127.1.1.1") as peer:
                await peer.write(b"GET /join HTTP/1.1\r\nHost: x\r\n\r\n")
                refused += await peer.answer() == b""
    assert 35 <= refused <= 40
    assert len(lines.of("a connection was refused")) == config.LOG_BURST
    assert seed.network.noted() == [
        {"event": "a connection was refused", "why": Refusal.TOO_OFTEN.value, "times": refused}
    ]


async def test_strangers_who_say_nothing_cannot_keep_an_honest_one_out(world: World) -> None:
    seed = await world.seed(
        door=replace(PUBLIC, of_ipv4=1_000, of_ipv4_24=1_000, of_ipv4_16=1_000, strangers=8)
    )
    async with AsyncExitStack() as stack:
        silent = [
            await stack.enter_async_context(stranger(seed.address, local="127.1.1.1")) for _ in range(40)
        ]
        honest = await stack.enter_async_context(stranger(seed.address, Author(1), local="127.2.1.1"))
        assert await is_let_in(honest)
        cut = [asyncio.create_task(peer.is_cut()) for peer in silent[:32]]
        assert all(await asyncio.gather(*cut))
        assert {"event": "a connection was cut", "why": PUSHED_OUT, "times": 33} in seed.network.noted()


@pytest.mark.limit("MAX_LINKS_OF_AUTHOR")
async def test_one_person_has_so_many_links_and_the_oldest_goes(
    world: World, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.company.MAX_LINKS_OF_AUTHOR", 2)
    seed = await world.seed()
    author = Author(5)
    await seed.node.store.messages.put([author.inception], received=0.0)
    await seed.node.store.peers.add_member(author.key, 0.0)
    seed.node.circle_changed()
    await eventually(lambda: author.key in seed.network.carried.authors)
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(stranger(seed.address, author)) for _ in range(3)]
        for peer in peers:
            assert await is_let_in(peer)
        assert await peers[0].is_cut()
        await eventually(lambda: len(seed.network.links()) == 2)
    assert len(lines.of("a link was cut", "too many links of one person")) == 1


async def test_only_a_proxy_of_ours_is_believed_where_a_connection_comes_from(world: World) -> None:
    person = await world.seed()
    await person.network.close()
    door = replace(PUBLIC, of_ipv4=1)
    network = await Network.open(person.node, listen="127.0.0.1:0", door=door, proxies=["127.0.0.1"])
    assert network.address is not None
    address = ("127.0.0.1", int(network.address.rpartition(":")[2]))
    async with AsyncExitStack() as stack:

        async def upgraded(local: str, *forwarded: str) -> int:
            peer = await stack.enter_async_context(stranger(address, local=local))
            lines = [f"X-Forwarded-For: {line}\r\n" for line in forwarded]
            return await peer.upgrade(headers="".join(lines))

        assert await upgraded("127.0.0.1", "1.1.1.1, 192.0.2.1") == 101
        assert await upgraded("127.0.0.1", "2.2.2.2, 192.0.2.1") == 503
        assert await upgraded("127.0.0.1", "192.0.2.2") == 101
        for nonsense in ("nonsense", "nonsense:80", "192.0.2.300:80", "[nonsense]:80", ":80"):
            assert await upgraded("127.0.0.1", nonsense) == 503
        # Some proxies add a line of their own behind those that their client wrote.
        assert await upgraded("127.0.0.1", "3.3.3.3", "192.0.2.1") == 503
        # And some write the port as well.
        assert await upgraded("127.0.0.1", "192.0.2.1:49152") == 503
        assert await upgraded("127.0.0.1", "192.0.2.4:49152") == 101
        assert await upgraded("127.0.0.1", "[2001:db8::1]:49152") == 101
        assert await upgraded("127.0.0.1") == 101
        assert await upgraded("127.3.3.3", "192.0.2.1") == 101
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await upgraded("127.3.3.3", "192.0.2.77")
    await network.close()


async def test_the_page_for_invites_runs_nothing_and_loads_nothing(world: World) -> None:
    seed = await world.seed()
    async with stranger(seed.address) as peer:
        await peer.write(b"GET /join HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = (await peer.answer()).partition(b"\r\n\r\n")
    assert b"default-src 'none'" in head
    assert b"no-referrer" in head
    for word in (b"<script", b"src=", b"http://", b"https://"):
        assert word not in body


async def test_nothing_of_the_owner_is_served_at_the_peers_door(world: World) -> None:
    seed = await world.seed()
    for path in ("/", "/api/v1/status", "/start", "/static/hedgerow.css", "/peer/../api"):
        async with stranger(seed.address) as peer:
            # Long enough to be worth an answer.
            await peer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nX: {'y' * 50}\r\n\r\n".encode())
            assert (await peer.answer()).split(b" ", 2)[1] == b"404"
