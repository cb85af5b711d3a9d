"""takedown: what this node neither keeps nor gives to anyone."""

import click

from hedgerow_node.cli.asked import Asked, Command, common_options, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.wording import Record, count, day, records, text, texts, whole


@click.group("takedown", invoke_without_command=True, params=common_options())
@click.pass_context
def takedown_command(context: click.Context) -> None:
    """Take something off this node, say why in public, and see what was taken down."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@takedown_command.command("add", cls=Command)
@click.argument("target", metavar="TARGET")
@click.option("--reason", required=True, help="Why: it stands in the public list.")
@pass_asked
def add_command(asked: Asked, target: str, reason: str) -> None:
    """Take a message, a person or all that names an address down."""
    with asked.session() as session:
        answer = session.call("takedown", {"target": target, "reason": reason})
    asked.screen.value(answer)
    gone = count(whole(answer["messages"]), "message")
    asked.screen.line(f"Taken down: {text(answer['target'])}. The text of {gone} is erased here.")
    for own in texts(answer["own"]):
        asked.screen.line(
            f"You said something about it yourself. Withdraw it: hedgerow retract {own}", "next"
        )
    asked.screen.line(f"Take back: hedgerow takedown undo {text(answer['target'])}", "quiet")


@takedown_command.command("undo", cls=Command)
@click.argument("target", metavar="TARGET")
@pass_asked
def undo_command(asked: Asked, target: str) -> None:
    """Take a takedown back."""
    with asked.session() as session:
        answer = session.call("takedown undo", {"target": target})
    asked.screen.value(answer)
    back = count(whole(answer["messages"]), "message")
    asked.screen.line(
        f"No longer down: {text(answer['target'])}. {back} may come in again from those who still have the text."
    )


@takedown_command.command("list", cls=Command)
@click.option("--limit", type=int, help="How many at once.")
@click.option("--cursor", help="Go on from here.")
@pass_asked
def list_command(asked: Asked, limit: int | None = None, cursor: str | None = None) -> None:
    """What was taken down here, the latest first."""
    with asked.session() as session:
        answer = session.call("takedowns", {"limit": limit, "cursor": cursor})
    asked.screen.value(answer)
    for one in records(answer["results"]):
        _show(asked.screen, one)
    if answer.get("next"):
        asked.screen.line(f"More: hedgerow takedown list --cursor {text(answer['next'])}", "next")
    if not answer["results"] and cursor is None:
        asked.screen.line("Nothing was taken down here.")


def _show(screen: Screen, one: Record) -> None:
    name = text(one["name"]) if one["what"] == "person" else ""
    state = f"undone on {day(one['undone'])}" if one.get("undone") else "down"
    screen.line(f"{text(one['target'])}  {name}".rstrip(), "title")
    screen.line(f"{text(one['what'])} · {day(one['at'])} · {state}", "quiet", indent=2)
    screen.line(text(one["reason"]), indent=2)
