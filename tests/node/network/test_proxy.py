"""A proxy on the same computer hides every peer behind this computer's address: limits hold all the same."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hedgerow_node import config
from hedgerow_node.links.gate import DoorLimits
from hedgerow_node.links.listen import SILENT_PROXY
from hedgerow_node.network import Network
from hedgerow_protocol.frame import Ping, Pong
from node.calling import call
from node.network.stranger import BINARY, Stranger, stranger
from node.network.world import Person, World, eventually
from simulator.author import Author

Address = tuple[str, int]


@asynccontextmanager
async def proxy(target: Address, names: str = "for") -> AsyncIterator[Address]:
    """A proxy in front of a door, as a process; `names` says whether it tells who calls."""
    script = Path(__file__).parent / "proxying.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), f"{target[0]}:{target[1]}", names, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        yield "127.0.0.1", port
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def door(person: Person, limits: DoorLimits, *proxies: str) -> AsyncIterator[tuple[Network, Address]]:
    """This person's door, with other limits and these proxies named."""
    await person.network.close()
    network = await Network.open(person.node, listen="127.0.0.1:0", door=limits, proxies=proxies)
    assert network.address is not None
    try:
        yield network, ("127.0.0.1", int(network.address.rpartition(":")[2]))
    finally:
        await network.close()


async def comes(stack: AsyncExitStack, through: Address, local: str) -> int:
    """The status that a client at this address gets for its upgrade; the connection stays open."""
    peer = await stack.enter_async_context(stranger(through, local=local))
    return await peer.upgrade()


async def breaks_the_handshake(through: Address, local: str) -> None:
    async with stranger(through, local=local) as peer:
        if await peer.upgrade() == 101:
            await peer.send(BINARY, b"nonsense")
            await peer.is_cut()


async def is_let_in(peer: Stranger) -> bool:
    await peer.link()
    await peer.put(Ping(1))
    return (await peer.take(Pong)).req == 1


async def test_behind_a_proxy_that_was_named_limits_hold_for_each_client(world: World) -> None:
    person = await world.seed()
    limits = DoorLimits(counts_loopback=True)
    async with (
        door(person, limits, "127.0.0.1") as (network, target),
        proxy(target) as front,
        AsyncExitStack() as stack,
    ):
        crowd = [await comes(stack, front, "127.1.1.1") for _ in range(config.MAX_OF_IPV4 + 1)]
        assert crowd == [101] * config.MAX_OF_IPV4 + [503]
        assert network.hits() == {"MAX_OF_IPV4": 1}
        honest = await stack.enter_async_context(stranger(front, Author(1), local="127.2.1.1"))
        assert await is_let_in(honest)
        # More than others may have by one address, and yet nobody else is shut out.
        for _ in range(config.MAX_FAULTS_OF_ADDRESS):
            await breaks_the_handshake(front, "127.3.1.1")
        await eventually(lambda: len(network.links()) == 1)
        assert await comes(stack, front, "127.3.1.1") == 503
        assert await comes(stack, front, "127.4.1.1") == 101
        assert network.hits()["MAX_FAULTS_OF_ADDRESS"] == 1
        assert network.unnamed_proxy is None


@pytest.mark.parametrize("names", ["for", "nothing"])
async def test_behind_a_proxy_that_was_not_named_everybody_counts_as_one(world: World, names: str) -> None:
    person = await world.seed()
    async with (
        door(person, replace(DoorLimits(), of_loopback=4)) as (network, target),
        proxy(target, names) as front,
        AsyncExitStack() as stack,
    ):
        each = [await comes(stack, front, f"127.{number}.1.1") for number in range(1, 7)]
        assert each == [101] * 4 + [502] * 2
        assert set(network.hits()) == {"MAX_OF_LOOPBACK"}
        status = await call(person.node, "status")
        told = [notice for notice in status["notices"] if "proxy" in notice["title"]]
        assert [("--proxy 127.0.0.1" in notice["next"]) for notice in told] == (
            [True] if names == "for" else []
        )


async def test_a_proxy_that_was_named_and_does_not_say_who_calls_lifts_no_limit(world: World) -> None:
    person = await world.seed()
    async with (
        door(person, replace(DoorLimits(), of_loopback=4), "127.0.0.1") as (network, target),
        proxy(target, "nothing") as front,
        AsyncExitStack() as stack,
    ):
        each = [await comes(stack, front, f"127.{number}.1.1") for number in range(1, 7)]
        assert each == [101] * 4 + [503] * 2
        assert {"event": SILENT_PROXY, "why": "", "times": 6} in network.noted()


async def test_who_writes_like_a_proxy_from_elsewhere_is_not_recommended_to_the_owner(world: World) -> None:
    person = await world.seed()
    async with door(person, DoorLimits()) as (network, _):
        assert network._listener is not None
        for remote, is_told in (("203.0.113.5", False), ("2001:db8::5", False), ("10.0.0.5", True)):
            network._listener.look_for_proxy(remote, {"X-Forwarded-For": "192.0.2.1"})
            assert network.unnamed_proxy == (remote if is_told else None)
