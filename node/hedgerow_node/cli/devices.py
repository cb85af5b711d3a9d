"""identity devices, add-device, join-device, remove-device: several computers of one person."""

import sys
from time import sleep

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.drawing import draw_code
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json, Session
from hedgerow_node.cli.wording import Record, count, day, records, text, texts, whole
from hedgerow_node.clock import Clock
from hedgerow_node.commands.vocabulary import NOTHING

LOOK = 1.0
"""Seconds between two looks at whether somebody asks."""
OPERATIONS = {"inception": "begun", "update": "changed", "rotate": "taken back", "close": "closed"}


@click.command("devices", cls=Command)
@pass_asked
def devices_command(asked: Asked) -> None:
    """Your computers: which may publish as you, and which were removed."""
    with asked.session() as session:
        answer = session.call("identity devices")
    asked.screen.value(answer)
    _show(asked.screen, answer)


@click.command("add-device", cls=Command)
@click.argument("device", required=False)
@click.option("--through", metavar="PEER", help="Meet at this peer: its address, name or did.")
@click.option("--qr", is_flag=True, help="Show the code as a picture to be scanned.")
@pass_asked
def add_device_command(asked: Asked, device: str | None, through: str | None, qr: bool) -> None:
    """Show a code for another computer of yours; or say yes to DEVICE, which asks."""
    with asked.session() as session:
        if device is not None:
            _add(asked.screen, session, device)
            return
        answer = session.call("identity code", {"through": through})
        asked.screen.value(answer)
        asked.screen.line("On the other computer run: hedgerow identity join-device CODE, with this code:")
        asked.screen.line(text(answer["code"]), "title")
        if qr and not asked.as_json:
            draw_code(text(answer["code"]))
        asked.screen.line("It is for one computer and for a quarter of an hour. Show it to nobody else.")
        if asked.screen.is_terminal and sys.stdin.isatty():
            _wait_and_ask(asked.screen, session, whole(answer["expires"]))
        else:
            asked.screen.line("Then: hedgerow identity devices shows who asks.", "next")


@click.command("join-device", cls=Command)
@click.argument("code")
@click.option("--name", default="", help="What to call this computer, for yourself alone.")
@click.option("--dry-run", is_flag=True, help="Only say whose device this would become.")
@pass_asked
def join_device_command(asked: Asked, code: str, name: str, dry_run: bool) -> None:
    """Become another computer of who shows CODE, when they say yes there."""
    values: Json = {"code": code, "name": name}
    with asked.session() as session, asked.screen.progress("Fetching messages") as progress:
        seen = session.call("identity join-device", {**values, "accept": False})
        asked.screen.line(f"This computer asks to become a device of {text(seen['did'])}.")
        if dry_run:
            asked.screen.value(seen)
            return
        asked.screen.line("Now say yes on the other one; its key and the name are shown there.", "next")
        answer = session.call("identity join-device", values, progress.step)
    asked.screen.value(answer)
    asked.screen.line(f"You are {text(answer['did'])} here too.", "title")
    asked.screen.line(f"This device  {text(answer['device'])}")
    asked.screen.line("Next: hedgerow run", "next")


@click.command("remove-device", cls=Command)
@click.argument("device")
@click.option("--last", default="", metavar="MESSAGE", help="The last message of it that you believe.")
@click.option("--nothing", is_flag=True, help="Nothing that it ever said is to count.")
@click.option(
    "--keep-retractions/--drop-retractions",
    default=True,
    help="Whether what it withdrew stays withdrawn [it stays].",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_asked
def remove_device_command(
    asked: Asked, device: str, last: str, nothing: bool, keep_retractions: bool, yes: bool
) -> None:
    """Let DEVICE speak for you no more. What is here of it stays, unless you say otherwise."""
    if last and nothing:
        raise click.UsageError("Give --last MESSAGE or --nothing.")
    values: Json = {
        "device": device,
        "last": NOTHING if nothing else last,
        "keep_retractions": keep_retractions,
    }
    if asked.screen.is_terminal and sys.stdin.isatty() and not yes:
        asked.screen.line("A removed device never comes back under the same key.")
        click.confirm("Remove it?", abort=True, err=True)
    with asked.session() as session:
        answer = session.call("identity remove-device", values)
    asked.screen.value(answer)
    asked.screen.line(f"Removed {text(answer['device'])}.")
    asked.screen.line(text(answer["who"]))
    asked.screen.line(text(answer["next"]))


def _show(screen: Screen, answer: Record) -> None:
    for one in records(answer["devices"]):
        words = [text(one["name"]) or "a computer", "this one" if one["this"] else "", text(one["state"])]
        screen.line(", ".join(word for word in words if word), "title" if one["state"] == "live" else "quiet")
        screen.line(text(one["device"]), indent=2)
        said = [count(whole(one["messages"]), "message")]
        said += [f"since {day(one['since'])}"] if one["since"] else []
        said += [f"latest {day(one['latest'])}"] if one["latest"] else []
        screen.line(" · ".join(said), "quiet", indent=2)
        if one["forks"]:
            screen.line(
                "Its key signed twice at one place: it was copied, or set back. Remove it.", "bad", indent=2
            )
    for one in records(answer["log"]):
        words = [
            day(one["ts"]),
            OPERATIONS.get(text(one["operation"]), text(one["operation"])),
            text(one["id"]),
        ]
        screen.line(" · ".join(words), "quiet")
    if answer["contested"]:
        screen.line("More than one log claims to be yours: somebody had your words, or their key.", "bad")
        screen.line("Next: hedgerow identity restore", "next")
    if answer["closed"]:
        screen.line("This identity is closed.", "bad")
    for one in records(answer["waiting"]):
        screen.line(f"{text(one['name']) or 'A computer'} asks to be added: {text(one['device'])}", "title")
        screen.line(f"Next: hedgerow identity add-device {text(one['device'])}", "next")
    if answer["may_add"] and not answer["waiting"]:
        screen.line("Another computer: hedgerow identity add-device", "next")


def _wait_and_ask(screen: Screen, session: Session, expires: int) -> None:
    seen: set[str] = set()
    clock = Clock()
    screen.line("Waiting for it to ask. Stop with Ctrl-C; the code stays good.", "quiet")
    while clock.now() < expires:
        for one in records(session.call("identity devices")["waiting"]):
            device = text(one["device"])
            if device in seen:
                continue
            seen.add(device)
            screen.line(f"{text(one['name']) or 'A computer without a name'} asks to become yours.", "title")
            screen.line(f"Its key: {device}")
            if click.confirm("Is that yours, and shall it publish as you?", err=True):
                _add(screen, session, device)
                return
        sleep(LOOK)


def _add(screen: Screen, session: Session, device: str) -> None:
    answer = session.call("identity add-device", {"device": device})
    screen.value(answer)
    screen.line(f"Added {text(answer['name']) or text(answer['device'])}: it publishes as you from now on.")
    screen.line(text(answer["who"]))


def named(devices: object) -> str:
    """Keys of devices on one line."""
    return ", ".join(texts(devices)) or "none"
