"""The running node from its start to its end, and what it says of itself."""

import asyncio
import signal
from dataclasses import dataclass

from hedgerow_node.api.unexpected import unexpected
from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.cli import service
from hedgerow_node.cli.asked import Asked
from hedgerow_node.cli.browser import open_browser
from hedgerow_node.cli.logfile import start_log
from hedgerow_node.cli.opening import RETRY
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json, Running, running_node
from hedgerow_node.cli.typed import ask_passphrase
from hedgerow_node.cli.wording import ago, count, number, records, whole
from hedgerow_node.clock import Clock
from hedgerow_node.commands.seeding import introduce
from hedgerow_node.commands.table import BY_NAME
from hedgerow_node.config import LOCK_PATIENCE, LogFormat, passphrase
from hedgerow_node.keystore import Keystore
from hedgerow_node.logs import Log
from hedgerow_node.nearby import Nearness
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed.settings import Settings
from hedgerow_node.web import Pages

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COLUMN = 31
"""Columns before the value in the lines that a start prints."""
log = Log("run")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the node is to run."""

    page: PageAddress
    listen: str | None
    address: str | None
    proxies: tuple[str, ...]
    opens: bool
    """Whether to open the page in a browser."""
    log: LogFormat
    names_addresses: bool
    """Whether somebody named one of them just now."""
    lan: bool = False
    """Whether to look for nodes on the local network."""
    is_listed: bool = True
    """Whether other nodes are told where this one is."""
    closed_network: bool = False
    """Whether addresses that others tell of may be private ones."""
    seed: Settings | None = None
    """What the operator of a seed decided; what is said above goes before it."""

    @classmethod
    def of_seed(cls, settings: Settings, given: "Given") -> "Wanted":
        """How a seed is to run: as its file says, and as the command line says otherwise."""
        listen = settings.listen
        return cls(
            PageAddress.parse(given.page or listen.page),
            given.listen or listen.peers or None,
            given.address or settings.address,
            given.proxies or listen.proxies,
            opens=False,
            log=given.log or settings.log.format,
            names_addresses=given.names_addresses,
            lan=given.lan,
            is_listed=listen.listed and not given.unlisted,
            closed_network=listen.closed_network or given.closed_network,
            seed=settings,
        )

    @classmethod
    def of_person(cls, given: "Given", *, opens: bool) -> "Wanted":
        """How a learner's node is to run."""
        page = PageAddress() if given.page is None else PageAddress.parse(given.page)
        return cls(
            page,
            given.listen,
            given.address,
            given.proxies,
            opens,
            log=given.log or LogFormat.FILE,
            names_addresses=given.names_addresses,
            lan=given.lan,
            is_listed=not given.unlisted,
            closed_network=given.closed_network,
        )


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody said on the command line; None where he said nothing."""

    page: str | None = None
    listen: str | None = None
    address: str | None = None
    proxies: tuple[str, ...] = ()
    log: LogFormat | None = None
    lan: bool = False
    unlisted: bool = False
    closed_network: bool = False

    @property
    def names_addresses(self) -> bool:
        """Whether an address is among it."""
        return bool(self.page or self.listen or self.address)


async def serve(asked: Asked, wanted: Wanted) -> None:
    """Run the node until it is told to stop; where one runs already, only say so. Raises `Problem`."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in STOPPING:
        loop.add_signal_handler(one, stopped.set)
    loop.set_exception_handler(_note)
    is_first = not Keystore.exists(asked.home)
    app = await _open(asked, wanted)
    if isinstance(app, Running):
        await asyncio.to_thread(_tell_running, asked, app, wanted)
        return
    try:
        await _run(asked.screen, app, wanted, stopped, is_first=is_first)
    finally:
        service.tell(service.STOPPING)
        await app.close()
    asked.screen.line("Stopped.")


async def _run(screen: Screen, app: App, wanted: Wanted, stopped: asyncio.Event, *, is_first: bool) -> None:
    if wanted.seed is not None:
        await introduce(app.node, wanted.seed)
    log.info("the node runs", is_seed=wanted.seed is not None)
    await _tell_started(screen, app, wanted, is_first=is_first)
    service.tell(service.READY)
    awake = asyncio.create_task(service.stay_awake())
    try:
        await stopped.wait()
    finally:
        awake.cancel()
    log.info("the node stops")


async def _open(asked: Asked, wanted: Wanted) -> App | Running:
    """The node; or the one that runs on this folder. A command that has the folder is waited for."""
    clock, words = Clock(), passphrase()
    deadline = clock.monotonic() + LOCK_PATIENCE
    while (running := running_node(asked.home)) is None:
        asked.home.create()
        start_log(asked.home, beside=wanted.log)
        wish = Composition(
            wanted.page,
            wanted.listen,
            wanted.address,
            wanted.proxies,
            surface=Pages,
            passphrase=words,
            near=Nearness() if wanted.lan else None,
            allows_private=wanted.closed_network,
            is_listed=wanted.is_listed,
            seed=wanted.seed,
        )
        try:
            return await App.open(asked.home, clock, wish)
        except Problem as problem:
            if problem.kind is Code.PASSPHRASE_NEEDED and words is None:
                words = ask_passphrase(problem)
            elif problem.kind is not Code.FOLDER_BUSY or clock.monotonic() > deadline:
                raise
        await asyncio.sleep(RETRY)
    return running


async def _tell_started(screen: Screen, app: App, wanted: Wanted, *, is_first: bool) -> None:
    link = app.page_link()
    screen.value({"page": app.page, "peer": app.peer, "did": app.node.keys.did, "start": link})
    if wanted.seed is not None:
        _tell_seed(screen, app, wanted, wanted.seed)
        return
    if is_first:
        screen.line(f"{'Made your identity':{COLUMN}}(only on this computer)")
        screen.line(f"{'Opened your library':{COLUMN}}{app.node.home.path}")
    if wanted.page.port and not app.page.endswith(f":{wanted.page.port}"):
        screen.line(f"Port {wanted.page.port} is taken, so your page is on another one.")
    screen.line(f"{'Your page is ready:':{COLUMN}}{link}")
    if app.peer is not None:
        screen.line(f"{'Other nodes reach you at:':{COLUMN}}{app.peer}")
    if is_first:
        screen.line("Nothing is shared. You are not connected to anyone yet.")
        screen.line("Stop with Ctrl-C.   Something wrong: hedgerow doctor")
    elif not screen.as_json:
        screen.line(await _summary(app))
    if wanted.opens:
        await asyncio.to_thread(open_browser, link)


def _tell_seed(screen: Screen, app: App, wanted: Wanted, settings: Settings) -> None:
    """No link to the page: what a service prints stands in a log that others may read."""
    screen.line(f"{'Seed:':{COLUMN}}{settings.name}, {settings.url}")
    if app.peer is not None:
        screen.line(f"{'Other nodes reach it at:':{COLUMN}}{wanted.address} (listening on {app.peer})")
    screen.line(f"{'Your page:':{COLUMN}}{app.page} (a link that lets you in: hedgerow open)")


async def _summary(app: App) -> str:
    """`3 people, 1,204 links, last sync 2 min ago`."""
    status, peers = await _ask(app, "status"), await _ask(app, "peers")
    parts = [count(whole(status["people"]), "person", "people"), count(whole(status["resources"]), "link")]
    last = max([number(peer.get("last_linked")) for peer in records(peers["peers"])], default=0.0)
    if last:
        parts.append(f"last sync {ago(app.node.clock.now() - last)}")
    return ", ".join(parts)


async def _ask(app: App, name: str) -> Json:
    operation = BY_NAME[name]
    answer = await operation(app.node, operation.request_of({}))
    assert isinstance(answer, dict)
    return answer


def _tell_running(asked: Asked, running: Running, wanted: Wanted) -> None:
    from hedgerow_node.cli.remote import Remote

    link = Remote(asked.home, running).page_link()
    asked.screen.value(
        {
            "page": running.url,
            "peer": running.peer,
            "did": running.did,
            "start": link,
            "already_running": True,
        }
    )
    asked.screen.line(f"Hedgerow is already running.   Your page: {link}")
    if wanted.names_addresses:
        asked.screen.line(
            "It keeps the addresses that it was started with. To change them, stop it first.", "bad"
        )
    if wanted.opens:
        open_browser(link)


def _note(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """What happens in a task that nobody waits for goes to the log, not to the terminal."""
    error = context.get("exception")
    if isinstance(error, Exception):
        unexpected(log, error)
    else:
        log.warning("the event loop complains")
