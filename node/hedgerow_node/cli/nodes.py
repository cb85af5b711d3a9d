"""invite, join, sync, and the list of peers: other nodes."""

import sys
from pathlib import Path

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.drawing import draw_code
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.wording import Record, count, day, link_words, records, text, texts, whole
from hedgerow_node.durable import fresh_file
from hedgerow_node.problems import Code, Problem

ALONE = "Next: hedgerow join INVITE, or hedgerow invite."


@click.command("invite", cls=Command)
@click.option("--through", metavar="PEER", help="Meet at this peer: its address, name or did.")
@click.option("--uses", type=int, help="How many people may use it [1].")
@click.option("--days", type=int, help="For how many days it is good.")
@click.option(
    "--follow", "follows", multiple=True, metavar="DID", help="Somebody whom they will follow as well."
)
@click.option(
    "--member/--friend", default=None, help="Make members of this seed, or friends who follow each other."
)
@click.option("--near", is_flag=True, help="For somebody in this room: one person, a quarter of an hour.")
@click.option("--qr", is_flag=True, help="Show it as a picture to be scanned.")
@click.option(
    "--poster",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a page (HTML) with it, to be printed and hung up.",
)
@pass_asked
def invite_command(
    asked: Asked,
    through: str | None,
    uses: int | None,
    days: int | None,
    follows: tuple[str, ...],
    member: bool | None,
    near: bool,
    qr: bool,
    poster: Path | None,
) -> None:
    """Make an invite: one text with which somebody joins you."""
    if poster is not None and poster.exists():
        raise Problem(Code.FILE_THERE, str(poster), "Choose another name.")
    values: Json = {"through": through, "uses": uses, "days": days, "follows": follows, "member": member}
    values |= {"near": True} if near else {}
    with asked.session() as session:
        answer = session.call("invite", values)
    asked.screen.value(answer)
    asked.screen.line("Send this to whom you invite:")
    asked.screen.line(text(answer["invite"]), "title")
    if poster is not None:
        _write_poster(text(answer["invite"]), poster)
        asked.screen.line(f"The poster is in {poster}: open it in a browser and print it.")
    if qr and not asked.as_json:
        draw_code(text(answer["link"]) or text(answer["invite"]))
    if answer["link"]:
        asked.screen.line("Or this link, which explains how to use it:")
        asked.screen.line(text(answer["link"]), "title")
    good = "for a quarter of an hour" if near else f"until {day(answer['expires'])}"
    asked.screen.line(f"{text(answer['who'])} Good {good}.")
    if not answer["name"]:
        asked.screen.line(
            "They see a key instead of a name. To be known: hedgerow profile --name NAME", "next"
        )
    asked.screen.line("They run: hedgerow join INVITE, or paste it on their page under Join.", "next")


def _write_poster(invite: str, file: Path) -> None:
    from hedgerow_node.commands.poster import poster
    from hedgerow_protocol.invite import parse_invite

    page = poster(parse_invite(invite))
    with fresh_file(file) as opened:
        opened.write(page.encode())


@click.command("join", cls=Command)
@click.argument("invite")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_asked
def join_command(asked: Asked, invite: str, dry_run: bool, yes: bool) -> None:
    """Accept an invite, after seeing who invites you and what it does."""
    with asked.session() as session, asked.screen.progress("Fetching messages") as progress:
        if dry_run or not asked.as_json:
            answer = session.call("join", {"invite": invite, "accept": False})
            _show_invite(asked.screen, answer)
        if asked.screen.is_terminal and sys.stdin.isatty() and not dry_run and not yes:
            click.confirm("Join?", abort=True, err=True)
        if not dry_run:
            answer = session.call("join", {"invite": invite}, progress.step)
            asked.screen.line(f"Joined. From them so far: {count(whole(answer['things']), 'message')}.")
            asked.screen.line(text(answer["who"]))
            asked.screen.line("Next: hedgerow feed", "next")
        asked.screen.value(answer)


@click.command("list", cls=Command)
@pass_asked
def list_command(asked: Asked) -> None:
    """The nodes that yours is connected to, or tries to reach."""
    with asked.session() as session:
        answer = session.call("peers")
    asked.screen.value(answer)
    for peer in records(answer["peers"]):
        _show_peer(asked.screen, peer)
    if not answer["peers"]:
        asked.screen.line(f"You are not connected to anyone. {ALONE}", "next")


@click.command("sync", cls=Command)
@pass_asked
def sync_command(asked: Asked) -> None:
    """Compare with every peer now, and fetch what is missing on either side."""
    with asked.session() as session, asked.screen.progress("Comparing") as progress:
        answer = session.call("sync", {}, progress.step)
    asked.screen.value(answer)
    reached = len(records(answer["links"]))
    if not answer["settled"]:
        who = f"Only {count(reached, 'node')} answered in full" if reached else "Nobody could be reached"
        asked.screen.line(f"{who}. Next: hedgerow peers", "bad")
        asked.status = 1
    elif reached:
        new = count(whole(answer["new"]), "new message")
        asked.screen.line(f"Everything is equal on both sides: {count(reached, 'node')}, {new}.")
    else:
        asked.screen.line(f"There is nobody to compare with. {ALONE}", "next")


def _show_invite(screen: Screen, invite: Record) -> None:
    screen.line(f"{text(invite['name']) or 'Somebody without a name'} invites you.", "title")
    screen.line(f"Person     {text(invite['did'])}", indent=2)
    screen.line(f"Device     {text(invite['key'])}", indent=2)
    for place in records(invite["meet"]):
        screen.line(f"Meet at    {text(place['address'])}", indent=2)
    if invite["things"] is not None:
        screen.line(f"To fetch   {count(whole(invite['things']), 'message')}", indent=2)
    for did in texts(invite["follows"]):
        screen.line(f"Follow too {did}", indent=2)
    screen.line(f"Good until {day(invite['expires'])}", indent=2)
    screen.line(text(invite["who"]))


def _show_peer(screen: Screen, peer: Record) -> None:
    name, did = text(peer.get("name")), text(peer.get("did")) or text(peer.get("device"))
    screen.line(f"{name}   {did}" if name else did, "title")
    where = [link_words(peer), text(peer.get("address"))]
    seen = f"last connected {day(peer['last_linked'])}" if peer.get("last_linked") else ""
    screen.line(" · ".join([word for word in [*where, seen] if word]), "quiet", indent=2)
    problem = peer.get("problem")
    if isinstance(problem, dict):
        detail = f": {text(problem['detail'])}" if problem["detail"] else ""
        screen.line(f"{text(problem['title'])}{detail}.", "bad", indent=2)
        screen.line(f"Next: {text(problem['next'])}", "next", indent=2)
