"""The running node: everything composed - the identity's node, its links, the page listener, the API, the pages.

It opens in this order and closes in the opposite one. The page listener is the owner's alone (loopback, exact
hosts); the peers' listener belongs to `network` and shares nothing with it.
"""

import asyncio
import errno
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from hedgerow_node import durable
from hedgerow_node.api.errors import answer_with_pages, refusal
from hedgerow_node.api.events import Events
from hedgerow_node.api.guard import Hosts, own_token
from hedgerow_node.api.routes import make_api
from hedgerow_node.budgets import LEARNER
from hedgerow_node.clock import Clock
from hedgerow_node.commands.table import OPERATIONS
from hedgerow_node.config import (
    HEADER_DEADLINE,
    IDLE_DEADLINE,
    OWN_HOSTS,
    PAGE_HOST,
    PAGE_PORT,
    PAGE_PORT_TRIES,
    STOP_DEADLINE,
    Home,
)
from hedgerow_node.links.listen import nothing_more
from hedgerow_node.listener import Listener
from hedgerow_node.nearby import Nearness
from hedgerow_node.network import Network
from hedgerow_node.node import Node
from hedgerow_node.policy import USUAL
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed.copies import forget_unfinished
from hedgerow_node.seed.doors import door_limits, public_pages
from hedgerow_node.seed.health import Health
from hedgerow_node.seed.readings import Readings
from hedgerow_node.seed.receipts import Receipts
from hedgerow_node.seed.settings import Settings
from hedgerow_node.seed.sources import Sources

MAX_PORT = 2**16 - 1
UNUSABLE = frozenset({errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL})
"""What the system says of an address that somebody else has, or that we may not take."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
"""What every answer carries unless it says something else itself."""


@dataclass(frozen=True, slots=True)
class Door:
    """What a surface on the page listener is given."""

    node: Node
    hosts: Hosts
    """By which names and origins the listener is known."""
    events: Events


class Surface(Protocol):
    """Pages beside the API on the page listener."""

    def install(self, app: web.Application) -> None:
        """Add routes and what guards them. The host was checked before any of them is called."""

    def start_path(self) -> str:
        """A path that lets the owner's browser in, such as /start?k=7Q2M-VX4K; a fresh one on each call."""


MakeSurface: TypeAlias = Callable[[Door], Surface]


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where the page is to be served."""

    host: str = PAGE_HOST
    port: int = PAGE_PORT
    """0 for any that is free."""
    is_exact: bool = False
    """Whether another port will not do, because somebody named this one."""

    def __post_init__(self) -> None:
        if self.host not in OWN_HOSTS:
            raise Problem(
                Code.PORT_TAKEN, f"{self.host} is not on this computer: one of {', '.join(OWN_HOSTS)}"
            )

    @classmethod
    def parse(cls, text: str) -> "PageAddress":
        """The address that somebody wrote as HOST:PORT; raises `Problem`."""
        host, _, port = text.rpartition(":")
        if not port.isascii() or not port.isdigit() or int(port) > MAX_PORT:
            raise Problem(Code.PORT_TAKEN, f"“{text}” is not HOST:PORT")
        return cls(host.strip("[]"), int(port), is_exact=True)

    @property
    def ports(self) -> range:
        """The ports to try, in order."""
        tries = 1 if self.is_exact or self.port == 0 else PAGE_PORT_TRIES
        return range(self.port, self.port + tries)


@dataclass(frozen=True, slots=True)
class Composition:
    """What a node is put together of."""

    page: PageAddress
    listen: str | None = None
    """HOST:PORT for other nodes; None to let nobody in."""
    address: str | None = None
    """Where others reach `listen` from outside, if not there."""
    proxies: tuple[str, ...] = ()
    """IP addresses of one's own proxies in front of `listen`."""
    surface: MakeSurface | None = None
    passphrase: str | None = None
    near: Nearness | None = None
    """How to look for nodes on the local network; None not to."""
    allows_private: bool = False
    """Whether addresses that others tell of may be those of a private network."""
    is_listed: bool = True
    """Whether other nodes are told where this one is, where everybody can dial it."""
    seed: Settings | None = None
    """What the operator of a seed decided; its addresses stand above, where others may have been asked for."""


class RunningLinks:
    """The links of a node that runs: ended and brought up anew when its keys change, at the same addresses."""

    def __init__(self, node: Node, wish: Composition) -> None:
        self._node = node
        self._wish = wish
        self.network: Network | None = None
        """None while they are down."""
        self.on_resumed: Callable[[], None] = lambda: None

    async def resume(self) -> None:
        """Bring them up. Raises `Problem`."""
        wish, seed = self._wish, self._wish.seed
        self.network = await Network.open(
            self._node,
            listen=wish.listen,
            public_address=wish.address,
            is_kept=True,
            proxies=wish.proxies,
            allows_private=wish.allows_private,
            near=wish.near,
            is_listed=wish.is_listed,
            door=None if seed is None else door_limits(seed.quotas),
            policy=USUAL if seed is None else seed.decided(),
            budgets=LEARNER if seed is None else seed.budgets(),
            pages=nothing_more if seed is None else public_pages(self._node, seed),
        )
        # A port that the system chose is kept: others know this node there.
        self._wish = replace(wish, listen=self.network.address)
        self.on_resumed()

    async def pause(self) -> None:
        """End them."""
        network, self.network = self.network, None
        if network is not None:
            await network.close()


class App:
    """A node that runs. Make one with `App.open`, end it with `close`."""

    def __init__(
        self, door: Door, links: RunningLinks, surface: Surface | None, opened: AsyncExitStack
    ) -> None:
        self.node = door.node
        self.events = door.events
        self._links = links
        self.page = door.hosts.page
        """The address of the page, without a path."""
        self._door = door
        self._surface = surface
        self._opened = opened

    @classmethod
    async def open(cls, home: Home, clock: Clock, wish: Composition) -> "App":
        """Open the home, its links and the page. Raises `Problem`, and then nothing is left open."""
        async with AsyncExitStack() as opened:
            node = await Node.open(home, clock, wish.passphrase)
            opened.push_async_callback(node.close)
            forget_unfinished(home)
            node.links = links = RunningLinks(node, wish)
            await links.resume()
            opened.push_async_callback(links.pause)
            for work in _works(node, links, wish.seed):
                opened.push_async_callback(_ended, asyncio.create_task(work))
            health = await _watched(node, links, wish.seed)
            if health is not None:
                opened.push_async_callback(health.close)
            door = Door(node, Hosts(), Events())
            surface = None if wish.surface is None else wish.surface(door)
            listener = await _listen(wish.page, lambda: _application(door, surface))
            opened.push_async_callback(listener.close)
            # Whoever follows events would keep the listener waiting: they are let go before it closes.
            opened.callback(door.events.close)
            door.hosts.allow(listener.address)
            node.on_published.append(door.events.tell_published)
            node.on_delivered.append(door.events.tell_delivered)
            app = cls(door, links, surface, opened.pop_all())
        links.on_resumed = app._tell_address
        app._tell_address()
        return app

    @property
    def peer(self) -> str | None:
        """HOST:PORT where other nodes are let in, if they are."""
        return self.network.address

    @property
    def network(self) -> Network:
        """The links; raises `Problem` in the moment in which they are down."""
        if self._links.network is None:
            raise Problem(Code.NOT_RUNNING, "its keys are being changed")
        return self._links.network

    def page_link(self) -> str:
        """An address that lets the owner's browser in: for one use where the pages ask for that."""
        return _page_link(self._door, self._surface)

    async def close(self) -> None:
        """Take no more requests, end the links, close the home."""
        self.node.home.running.unlink(missing_ok=True)
        await self._opened.aclose()

    def _tell_address(self) -> None:
        running = {"url": self.page, "pid": os.getpid(), "did": self.node.keys.did, "peer": self.peer}
        durable.write_over(self.node.home.running, msgspec.json.encode(running))


def _page_link(door: Door, surface: Surface | None) -> str:
    return door.hosts.page + ("/" if surface is None else surface.start_path())


def _application(door: Door, surface: Surface | None) -> web.Application:
    app = web.Application(middlewares=[_at_the_door(door.hosts), answer_with_pages])
    app.on_response_prepare.append(_add_headers)
    api = make_api(
        door.node,
        OPERATIONS,
        hosts=door.hosts,
        token=own_token(door.node.home, door.node.clock),
        events=door.events,
        page_link=lambda: _page_link(door, surface),
    )
    app.add_subapp("/api", api)
    if surface is not None:
        surface.install(app)
    return app


def _at_the_door(hosts: Hosts) -> Middleware:
    @web.middleware
    async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            hosts.check(request)
        except Problem as problem:
            return refusal(request, problem)
        return await handler(request)

    return check_host


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall(hdrs.SERVER, None)  # which programs in which versions serve is nobody's business
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _works(
    node: Node, links: RunningLinks, seed: Settings | None
) -> Iterator[Coroutine[object, object, None]]:
    """What a seed does besides, while it runs."""
    if seed is not None and seed.policy.gives_receipts:
        yield Receipts(node).run()
    if seed is not None and seed.policy.sources:
        yield Sources(node, lambda: links.network, seed.policy.sources).run()


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _watched(node: Node, links: RunningLinks, seed: Settings | None) -> Health | None:
    if seed is None or not seed.listen.health:
        return None
    return await Health.open(seed.listen.health, Readings(node, lambda: links.network))


async def _listen(page: PageAddress, make: Callable[[], web.Application]) -> Listener:
    """The first of the page's ports that can be had; an application serves one listener, so each try has its own."""
    for port in page.ports:
        try:
            return await Listener.open(
                make(),
                page.host,
                port,
                header_deadline=HEADER_DEADLINE,
                keepalive_timeout=IDLE_DEADLINE,
                shutdown_timeout=STOP_DEADLINE,
                auto_decompress=False,
            )
        except OSError as error:
            if error.errno not in UNUSABLE:
                raise
    tried = f"{page.host}:{page.ports[0]}" + (f" to {page.ports[-1]}" if len(page.ports) > 1 else "")
    raise Problem(Code.PORT_TAKEN, tried)
