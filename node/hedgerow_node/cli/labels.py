"""labels: letting the labels of somebody hide things here, or put a warning on them."""

import click

from hedgerow_node.cli.asked import Asked, Command, common_options, pass_asked
from hedgerow_node.cli.wording import count, records, text, whole

EFFECTS = {"hide": "hidden", "warn": "shown with a warning"}


@click.group("labels", invoke_without_command=True, params=common_options())
@click.pass_context
def labels_command(context: click.Context) -> None:
    """Let the labels of people you trust hide things here, or put a warning on them."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@labels_command.command("list", cls=Command)
@pass_asked
def list_command(asked: Asked) -> None:
    """The label lists that you use."""
    with asked.session() as session:
        answer = session.call("labels")
    asked.screen.value(answer)
    for one in records(answer["lists"]):
        asked.screen.line(
            f"“{text(one['label'])}” by {text(one['name'])}: {EFFECTS[text(one['effect'])]}", "title"
        )
        asked.screen.line(
            text(one["did"]) + ("" if one["followed"] else " · not followed"), "quiet", indent=2
        )
    if not answer["lists"]:
        asked.screen.line("You use no label lists. Next: hedgerow labels of DID", "next")


@labels_command.command("of", cls=Command)
@click.argument("did")
@pass_asked
def of_command(asked: Asked, did: str) -> None:
    """The words that somebody puts on things."""
    with asked.session() as session:
        answer = session.call("labels of", {"did": did})
    asked.screen.value(answer)
    for one in records(answer["words"]):
        used = f" · {EFFECTS[text(one['effect'])]} here" if one["effect"] else ""
        asked.screen.line(f"“{text(one['label'])}”: {count(whole(one['things']), 'thing')}{used}")
    if answer["words"]:
        asked.screen.line(f"Next: hedgerow labels use {text(answer['did'])} LABEL --warn", "next")
    else:
        asked.screen.line("No label of theirs is here.")


@labels_command.command("use", cls=Command)
@click.argument("did")
@click.argument("label")
@click.option("--hide", "effect", flag_value="hide", help="Hide what has this label.")
@click.option("--warn", "effect", flag_value="warn", default=True, help="Show it with a warning [this].")
@pass_asked
def use_command(asked: Asked, did: str, label: str, effect: str) -> None:
    """Use somebody's labels with this word. Nobody is told."""
    with asked.session() as session:
        answer = session.call("labels use", {"did": did, "label": label, "effect": effect})
    asked.screen.value(answer)
    asked.screen.line(f"What they label “{text(answer['label'])}” is {EFFECTS[text(answer['effect'])]} here.")
    if answer["next"]:
        asked.screen.line(text(answer["next"]), "next")
    asked.screen.line(
        f"Take back: hedgerow labels drop {text(answer['did'])} {text(answer['label'])}", "quiet"
    )


@labels_command.command("drop", cls=Command)
@click.argument("did")
@click.argument("label")
@pass_asked
def drop_command(asked: Asked, did: str, label: str) -> None:
    """Use a label list no longer."""
    with asked.session() as session:
        answer = session.call("labels drop", {"did": did, "label": label})
    asked.screen.value(answer)
    asked.screen.line(f"No longer used: “{text(answer['label'])}” by {text(answer['did'])}")
