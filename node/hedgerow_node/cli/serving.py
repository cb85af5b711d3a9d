"""The running node from its start to its end, and what it says of itself."""

import asyncio
import signal
from dataclasses import dataclass

from hedgerow_node.api.unexpected import unexpected
from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.cli.asked import Asked
from hedgerow_node.cli.browser import open_browser
from hedgerow_node.cli.logfile import start_log
from hedgerow_node.cli.opening import RETRY
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json, Running, running_node
from hedgerow_node.cli.typed import ask_passphrase
from hedgerow_node.cli.wording import ago, count, number, records, whole
from hedgerow_node.clock import Clock
from hedgerow_node.commands.table import BY_NAME
from hedgerow_node.config import LOCK_PATIENCE, passphrase
from hedgerow_node.keystore import Keystore
from hedgerow_node.logs import Log
from hedgerow_node.problems import Code, Problem
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
        await _tell_started(asked.screen, app, wanted, is_first=is_first)
        await stopped.wait()
    finally:
        await app.close()
    asked.screen.line("Stopped.")


async def _open(asked: Asked, wanted: Wanted) -> App | Running:
    """The node; or the one that runs on this folder. A command that has the folder is waited for."""
    clock, words = Clock(), passphrase()
    deadline = clock.monotonic() + LOCK_PATIENCE
    while (running := running_node(asked.home)) is None:
        asked.home.create()
        start_log(asked.home)
        wish = Composition(
            wanted.page, wanted.listen, wanted.address, wanted.proxies, surface=Pages, passphrase=words
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
    if wanted.page.is_exact or wanted.listen or wanted.address:
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
