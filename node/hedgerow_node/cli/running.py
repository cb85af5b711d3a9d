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
@click.option("--lan", is_flag=True, help="Look for nodes on your local network, and show them this one.")
@click.option("--unlisted", is_flag=True, help="Tell no other nodes of --address; those you invite know it.")
@click.option(
    "--closed-network",
    is_flag=True,
    help="Call private addresses that other nodes tell of, on a network of your own.",
)
@click.option(
    "--log",
    type=click.Choice(["file", "text", "json"]),
    help="Write the log to the error stream too, as text or as JSON [file: only into the folder].",
)
@click.option("--no-open", is_flag=True, help="Do not open the page in a browser.")
@pass_asked
def run_command(
    asked: Asked,
    page: str | None,
    listen: str | None,
    address: str | None,
    proxies: tuple[str, ...],
    lan: bool,
    unlisted: bool,
    closed_network: bool,
    log: str | None,
    no_open: bool,
) -> None:
    """Start your node and open its page. A folder with a seed.toml is run as that says."""
    import asyncio

    from hedgerow_node.cli.serving import Given, Wanted, serve
    from hedgerow_node.config import LogFormat
    from hedgerow_node.seed.settings import read

    given = Given(
        page, listen, address, proxies, None if log is None else LogFormat(log), lan, closed_network
    )
    if asked.home.seed.exists():
        wanted = Wanted.of_seed(read(asked.home.seed), given)
    else:
        wanted = Wanted.of_person(given, opens=not no_open and asked.screen.is_terminal)
    asyncio.run(serve(asked, wanted))


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
