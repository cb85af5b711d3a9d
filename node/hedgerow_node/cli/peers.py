"""peers: the nodes that one is connected to, and those that one has heard of."""

from pathlib import Path

import click

from hedgerow_node.cli.asked import Asked, Command, common_options, pass_asked
from hedgerow_node.cli.files import content_of
from hedgerow_node.cli.nodes import list_command
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.wording import Record, ago, count, number, records, text, texts, whole
from hedgerow_node.clock import Clock
from hedgerow_node.problems import Code, Problem


@click.group("peers", invoke_without_command=True, params=common_options())
@click.pass_context
def peers_command(context: click.Context) -> None:
    """The nodes that yours is connected to, or has heard of."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


peers_command.add_command(list_command)


@peers_command.command("book", cls=Command)
@click.option("--limit", type=int, help="How many at once.")
@pass_asked
def book_command(asked: Asked, limit: int | None) -> None:
    """The nodes that yours was told of or met, and why it knows them."""
    with asked.session() as session:
        answer = session.call("peers book", {"limit": limit})
    asked.screen.value(answer)
    now = Clock().now()
    for node in records(answer["nodes"]):
        _show_known(asked.screen, node, now)
    total, met = whole(answer["total"]), whole(answer["met"])
    if total:
        asked.screen.line(f"{count(total, 'node')} in all, {met} of them met.", "quiet")
    else:
        asked.screen.line("Nobody has told you of other nodes yet. Next: hedgerow peers add FILE", "next")


@peers_command.command("near", cls=Command)
@pass_asked
def near_command(asked: Asked) -> None:
    """The nodes on your local network, by their own word."""
    with asked.session() as session:
        answer = session.call("peers near")
    asked.screen.value(answer)
    for node in records(answer["nodes"]):
        asked.screen.line(f"{text(node['name']) or 'without a name'}   {text(node['device'])}", "title")
        joined = ["joined already"] if node["joined"] else []
        asked.screen.line(" · ".join([*joined, *texts(node["addresses"])]), "quiet", indent=2)
    if not answer["looks"]:
        asked.screen.line(
            "Your node does not look around on the local network. Next: hedgerow run --lan", "next"
        )
    elif answer["nodes"]:
        asked.screen.line("Being near proves nothing: compare the key with the one on the other screen.")
        asked.screen.line("There: hedgerow invite --near --qr   Here: hedgerow join INVITE", "next")
    else:
        asked.screen.line("Nobody is there yet.")


@peers_command.command("add", cls=Command)
@click.argument("source", metavar="FILE|INVITE")
@click.option("--dry-run", is_flag=True, help="Only say what is in it.")
@pass_asked
def add_command(asked: Asked, source: str, dry_run: bool) -> None:
    """Take in a list of nodes, or call the places to meet of an invite without accepting it."""
    path = Path(source)
    given = source if _is_text(source) else content_of(path).decode(errors="replace")
    with asked.session() as session:
        answer = session.call("peers add", {"text": given, "accept": not dry_run})
    asked.screen.value(answer)
    whose = text(answer["name"]) or "somebody without a name"
    is_list = answer["kind"] == "list"
    asked.screen.line(f"{'A list' if is_list else 'An invite'} of {whose}, {text(answer['did'])}", "title")
    for node in records(answer["nodes"]):
        label = text(node["label"]) or text(node["device"])
        asked.screen.line(f"{label} · {text(node['address'])}", indent=2)
    if not dry_run:
        added = count(whole(answer["added"]), "node")
        asked.screen.line(f"{added} added to your address book." if is_list else f"{added} will be called.")
        asked.screen.line("Next: hedgerow peers book" if is_list else "Next: hedgerow peers", "next")


@peers_command.command("forget", cls=Command)
@click.argument("device", metavar="DEVICE")
@pass_asked
def forget_command(asked: Asked, device: str) -> None:
    """Forget a node, and call it no more."""
    with asked.session() as session:
        answer = session.call("peers forget", {"device": device})
    asked.screen.value(answer)
    asked.screen.line("Forgotten. Others may tell of it again.")


@peers_command.command("save", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@pass_asked
def save_command(asked: Asked, file: Path, overwrite: bool) -> None:
    """Write a signed list of the nodes that yours met, with which others can begin."""
    if file.exists() and not overwrite:
        raise Problem(Code.FILE_THERE, str(file))
    with asked.session() as session:
        answer = session.call("peers save")
    try:
        file.write_text(text(answer["list"]) + "\n", encoding="utf-8")
    except OSError as error:
        raise Problem(Code.FILE_UNREADABLE, f"{file}: {error.strerror}") from None
    asked.screen.value(answer)
    asked.screen.line(f"{count(whole(answer['nodes']), 'node')} written to {file}.")
    asked.screen.line("Who has the file runs: hedgerow peers add FILE", "next")


def _is_text(source: str) -> bool:
    """Whether this is an invite or a list itself, and not the name of a file."""
    from hedgerow_protocol import invite, node_list

    return "#" in source or any(scheme in source for scheme in (invite.SCHEME, node_list.SCHEME))


def _show_known(screen: Screen, node: Record, now: float) -> None:
    screen.line(f"{text(node['label']) or 'without a name'}   {text(node['device'])}", "title")
    screen.line(" · ".join([text(node["address"]), *_why(node, now)]), "quiet", indent=2)


def _why(node: Record, now: float) -> list[str]:
    """Why it is known, and what is known of it."""
    words = [f"told by {text(node['told_by'])} {ago(now - number(node['told']))}"]
    if node["met"]:
        words.append(f"met {ago(now - number(node['met']))}")
    if node["vain"]:
        times = count(whole(node["vain"]), "time")
        words.append(f"called in vain {times}, last {ago(now - number(node['dialled']))}")
    if not node["met"] and not node["vain"]:
        words.append("not called yet")
    return [*words, "called first after a restart"] if node["anchor"] else words
