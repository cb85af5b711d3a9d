"""Behind the real Caddy and the real nginx, with the files that we give for them, limits hold for each caller."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from deploy.stage import NAME, Ports, Stage
from hedgerow_node import config
from hedgerow_node.links.gate import DoorLimits
from hedgerow_node.network import Network
from hedgerow_protocol.frame import Ping, Pong
from node.network.stranger import Stranger, stranger
from node.network.world import World
from simulator.author import Author

CROWD, HONEST = "127.0.0.2", "127.0.0.3"
MADE_UP = (
    "X-Forwarded-For: 192.0.2.{number}\r\nForwarded: for=192.0.2.{number}\r\nX-Real-IP: 192.0.2.{number}\r\n"
)


@pytest.fixture
def ports() -> Ports:
    return Ports()


@pytest.fixture
async def door(tmp_path: Path, ports: Ports) -> AsyncIterator[Network]:
    """A seed's door that knows of its proxy, and treats the addresses of this computer as anybody's."""
    world = World(tmp_path / "people")
    seed = await world.seed()
    await seed.network.close()
    network = await Network.open(
        seed.node,
        listen=f"127.0.0.1:{ports.peers}",
        door=DoorLimits(counts_loopback=True),
        proxies=("127.0.0.1",),
    )
    yield network
    await network.close()
    await world.close()


@pytest.fixture(params=["caddy", "nginx"])
def proxy(request: pytest.FixtureRequest, tmp_path: Path, ports: Ports, door: Network) -> Iterator[Stage]:
    """One of the proxies in front of it."""
    stage = Stage(tmp_path / "machine", ports)
    try:
        stage.installs(request.param)
        yield stage
    finally:
        stage.close()


class Callers:
    """Those who call at the proxy; each stays until the end."""

    def __init__(self, stack: AsyncExitStack, proxy: Stage) -> None:
        self._stack = stack
        self._proxy = proxy

    async def from_(self, local: str, author: int = 666) -> Stranger:
        """Somebody who has this address of this computer."""
        at = ("127.0.0.1", self._proxy.ports.https)
        caller = stranger(at, Author(author), local=local, host=NAME, tls=self._proxy.tls())
        return await self._stack.enter_async_context(caller)

    async def statuses(self, local: str, times: int, headers: str = "") -> list[int]:
        """What somebody gets who asks for so many WebSockets; `headers` has a place for the number of the try."""
        callers = [await self.from_(local) for _ in range(times)]
        return [await one.upgrade(headers=headers.format(number=n)) for n, one in enumerate(callers, 1)]


@pytest.mark.parametrize("headers", ["", MADE_UP], ids=["plainly", "with made-up addresses"])
async def test_who_comes_too_often_is_refused_and_others_are_not(
    door: Network, proxy: Stage, headers: str
) -> None:
    async with AsyncExitStack() as stack:
        callers = Callers(stack, proxy)
        crowd = await callers.statuses(CROWD, config.MAX_OF_IPV4 + 1, headers)
        assert crowd == [101] * config.MAX_OF_IPV4 + [503]
        assert door.hits() == {"MAX_OF_IPV4": 1}
        assert door.unnamed_proxy is None
        assert await is_let_in(await callers.from_(HONEST, author=1))


async def is_let_in(caller: Stranger) -> bool:
    """Whether somebody has a link."""
    await caller.link()
    await caller.put(Ping(1))
    return (await caller.take(Pong)).req == 1


async def test_a_proxy_that_passes_on_what_a_caller_wrote_lets_one_caller_be_many(
    door: Network, proxy: Stage
) -> None:
    """So the test above sees what it is there to see."""
    spoilt = {
        "etc/caddy/Caddyfile": ("header_up -Forwarded", "header_up X-Forwarded-For {header.X-Forwarded-For}"),
        "etc/nginx/sites-enabled/hedgerow": ("$remote_addr", "$http_x_forwarded_for"),
    }
    for file, (kept, instead) in spoilt.items():
        if (proxy.root / file).exists():
            await asyncio.to_thread(proxy.changes, file, kept, instead)
    async with AsyncExitStack() as stack:
        crowd = await Callers(stack, proxy).statuses(CROWD, config.MAX_OF_IPV4 + 1, MADE_UP)
    assert crowd == [101] * (config.MAX_OF_IPV4 + 1)
