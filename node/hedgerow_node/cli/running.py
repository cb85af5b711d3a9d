"""run and open: the node itself, and the way to its page."""

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.session import running_node
from hedgerow_node.problems import Code, Problem


@click.command("run", cls=Command)
@click.option(
    "--page", metavar="HOST:PORT", help="Where your page is: 127.0.0.1:8470, or the next free port."
)
@click.option(
    "--listen", metavar="HOST:PORT", help="Let other nodes in here. Without it only you call others."
)
@click.option("--address", metavar="URL", help="Where others reach --listen from outside: wss://….")
@click.option(
    "--proxy",
    "proxies",
    metavar="IP",
    multiple=True,
    help="Believe this proxy of yours in front of --listen when it says who calls (X-Forwarded-For).",
)
@click.option("--no-open", is_flag=True, help="Do not open the page in a browser.")
@pass_asked
def run_command(
    asked: Asked,
    page: str | None,
    listen: str | None,
    address: str | None,
    proxies: tuple[str, ...],
    no_open: bool,
) -> None:
    """Start your node and open its page."""
    import asyncio

    from hedgerow_node.app import PageAddress
    from hedgerow_node.cli.serving import Wanted, serve

    where = PageAddress() if page is None else PageAddress.parse(page)
    opens = not no_open and asked.screen.is_terminal
    asyncio.run(serve(asked, Wanted(where, listen, address, proxies, opens)))


@click.command("open", cls=Command)
@click.option("--no-open", is_flag=True, help="Only print the link.")
@pass_asked
def open_command(asked: Asked, no_open: bool) -> None:
    """Open the page of the node that is running, with a fresh link."""
    from hedgerow_node.cli.browser import open_browser
    from hedgerow_node.cli.remote import Remote

    running = running_node(asked.home)
    if running is None:
        raise Problem(Code.NOT_RUNNING, str(asked.home.path))
    link = Remote(asked.home, running).page_link()
    asked.screen.value({"url": link})
    asked.screen.line(f"Your page: {link}")
    if not no_open and asked.screen.is_terminal:
        open_browser(link)
