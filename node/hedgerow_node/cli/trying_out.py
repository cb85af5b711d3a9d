"""A throw-away node for developers: sample data, a second peer that is linked to it, and nothing left at the end."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path

from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.cli.logfile import start_log
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.serving import STOPPING
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.wording import text
from hedgerow_node.clock import Clock
from hedgerow_node.commands.table import BY_NAME
from hedgerow_node.config import Home
from hedgerow_node.exchange import bundled
from hedgerow_node.web import Pages

COLUMN = 16
ANYWHERE = PageAddress(port=0)


async def try_out(screen: Screen, page: PageAddress, listen: str) -> None:
    """Run both nodes in a folder of their own until told to stop; then the folder is gone. Raises `Problem`."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in STOPPING:
        loop.add_signal_handler(one, stopped.set)
    with tempfile.TemporaryDirectory(prefix="hedgerow-dev-") as folder:
        async with _world(Path(folder), page, listen) as app:
            _tell(screen, app)
            await stopped.wait()
    screen.line("Stopped. Nothing is left of it.")


@asynccontextmanager
async def _world(folder: Path, page: PageAddress, listen: str) -> AsyncIterator[App]:
    """The developer's node, with a friend linked to it."""
    clock, homes = Clock(), [Home(folder / name) for name in ("node", "friend")]
    for home in homes:
        home.create()
    start_log(homes[0])
    async with AsyncExitStack() as opened:
        app = await App.open(homes[0], clock, Composition(page, listen, surface=Pages))
        opened.push_async_callback(app.close)
        friend = await App.open(homes[1], clock, Composition(ANYWHERE, surface=Pages))
        opened.push_async_callback(friend.close)
        await _say_something(app, friend)
        yield app


async def _say_something(app: App, friend: App) -> None:
    """The bundled library, a few statements of each, and an invite that was accepted."""
    first, second, third = islice(bundled.links(), 3)
    await _do(app, "import", name=bundled.NAME, data=bundled.content())
    await _do(app, "profile set", name="Dev", about="Made by hedgerow dev, and gone when it stops.")
    for thing in (first, second):
        await _do(app, "share", thing=thing)
    await _do(app, "endorse", thing=first, reason="Clear from the first lecture.", level="beginner")
    await _do(
        app, "connect", **{"from": first, "relation": "leads-to", "to": second, "reason": "Sets come up."}
    )
    await _do(friend, "profile set", name="Friend", about="The second peer of hedgerow dev.")
    invite = await _do(app, "invite", member=False)
    await _do(friend, "join", invite=invite["invite"])
    await _do(friend, "endorse", thing=second, reason="One sees it move.", topics=("algebra",))
    await _do(friend, "comment", thing=third, text="Where should I begin?", role="question")


async def _do(app: App, operation_name: str, /, **values: object) -> Json:
    operation = BY_NAME[operation_name]
    answer = await operation(app.node, operation.request_of(values))
    assert isinstance(answer, dict)
    return answer


def _tell(screen: Screen, app: App) -> None:
    home = app.node.home
    token = home.api_token.read_text(encoding="ascii").strip()
    told: Json = {
        "page": app.page,
        "peer": app.peer,
        "token": token,
        "did": app.node.keys.did,
        "start": app.page_link(),
        "home": str(home.path),
    }
    screen.value(told)
    names = {"start": "Page", "peer": "Other nodes", "token": "API token", "did": "Person", "home": "Folder"}
    for field, name in names.items():
        screen.line(f"{name:{COLUMN}}{text(told[field])}")
    screen.line(f"Commands:       hedgerow --home {home.path} …")
    screen.line("All of it is gone when you stop it with Ctrl-C.", "next")
