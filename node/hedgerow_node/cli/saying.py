"""profile, share, endorse, connect, comment, edit, retract: what one says to others."""

from collections.abc import Callable
from typing import get_args

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.wording import count, text, texts, whole
from hedgerow_node.commands.vocabulary import RelationName, RoleName, StanceName, WithdrawalName

STANCES, ROLES, RELATIONS, WITHDRAWALS = (
    click.Choice(get_args(names)) for names in (StanceName, RoleName, RelationName, WithdrawalName)
)
PERSON = "did:"
DESCRIPTION: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...] = (
    click.option("--title", help="What it is called."),
    click.option("--summary", help="What it is about."),
    click.option("--language", help="Its language, such as en or zh-Hant."),
    click.option("--type", help="What it is: video, course, article …"),
    click.option("--level", help="For whom it is not too hard: beginner …"),
    click.option("--audience", help="For whom it is."),
    click.option("--teaches", multiple=True, help="What one learns from it; may be given several times."),
    click.option("--licence", help="Under which licence it is."),
    click.option("--minutes", type=int, help="How long it takes."),
    click.option("--author", "authors", multiple=True, help="Who made it; may be given several times."),
)


def described(command: Callable[..., None]) -> Callable[..., None]:
    """The options that describe a resource."""
    for option in reversed(DESCRIPTION):
        command = option(command)
    return command


@click.command("profile", cls=Command)
@click.option("--name", help="How you want to be called.")
@click.option("--about", help="What you say of yourself.")
@click.option(
    "--machine/--person", "machine", default=None, help="Whether a program writes here, or a person."
)
@pass_asked
def profile_command(asked: Asked, name: str | None, about: str | None, machine: bool | None) -> None:
    """How others know you; with options: change that."""
    values = {"name": name, "about": about, "machine": machine}
    changes = any(value is not None for value in values.values())
    with asked.session() as session:
        answer = session.call("profile set", values) if changes else session.call("profile")
    asked.screen.value(answer)
    asked.screen.line(f"{text(answer['name']) or '(no name yet)'}   {text(answer['did'])}", "title")
    if answer["about"]:
        asked.screen.line(str(answer["about"]), indent=2)
    if changes:
        asked.screen.line(text(answer["who"]))
    elif not answer["name"]:
        asked.screen.line("Next: hedgerow profile --name YOUR-NAME", "next")


@click.command("share", cls=Command)
@click.argument("thing", required=False)
@click.option("--all", "everything", is_flag=True, help="Share everything in your library.")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    help="With THING: its topics. Without: share what you keep under this topic.",
)
@described
@pass_asked
def share_command(
    asked: Asked, /, thing: str | None, everything: bool, topics: tuple[str, ...], **description: object
) -> None:
    """Share a thing, all under a topic, or all that you keep."""
    values: Json = {"all": True} if everything else {}
    if thing is not None:
        values |= {"thing": thing, **_given(description), **({"topics": topics} if topics else {})}
    elif topics and not everything:
        if len(topics) > 1:
            raise click.UsageError("Share one topic at a time.")
        values |= {"topic": topics[0]}
    elif not everything:
        raise click.UsageError("Give a THING, --topic TOPIC or --all.")
    with asked.session() as session, asked.screen.progress("Sharing") as progress:
        answer = session.call("share", values, progress.step)
    asked.screen.value(answer)
    asked.screen.line(f"Shared {count(whole(answer['shared']), 'link')}. {text(answer['who'])}")
    asked.screen.line(f"Take back: hedgerow retract {thing or 'THING'}", "next")


@click.command("endorse", cls=Command)
@click.argument("thing")
@click.option("--reason", required=True, help="Why: what it did for you.")
@click.option("--stance", type=STANCES, default="for", help="Whether you are for it [for].")
@click.option("--level", default="", help="For whom it is not too hard.")
@click.option("--audience", default="", help="For whom it is.")
@click.option("--topic", "topics", multiple=True, help="A topic; of a person, what you endorse them for.")
@pass_asked
def endorse_command(
    asked: Asked, thing: str, reason: str, stance: str, level: str, audience: str, topics: tuple[str, ...]
) -> None:
    """Say that a thing, or a person for a topic, helped you, and why."""
    values: Json = {"thing": thing, "reason": reason, "stance": stance, "level": level, "audience": audience}
    if thing.strip().startswith(PERSON):
        if len(topics) != 1:
            raise click.UsageError("A person is endorsed for one topic: --topic TOPIC.")
        values["topic"] = topics[0]
    else:
        values["topics"] = topics
    say(asked, "endorse", values, "Endorsed.")


@click.command("connect", cls=Command, epilog=f"RELATION is one of: {', '.join(RELATIONS.choices)}.")
@click.argument("origin", metavar="FROM")
@click.argument("relation", type=RELATIONS, metavar="RELATION")
@click.argument("to")
@click.option("--reason", required=True, help="Why you connect them.")
@click.option("--topic", "topics", multiple=True, help="A topic; may be given several times.")
@pass_asked
def connect_command(
    asked: Asked, origin: str, relation: str, to: str, reason: str, topics: tuple[str, ...]
) -> None:
    """Say how one thing leads to another: FROM RELATION TO."""
    values: Json = {"from": origin, "relation": relation, "to": to, "reason": reason, "topics": topics}
    say(asked, "connect", values, "Connected.")


@click.command("comment", cls=Command)
@click.argument("thing")
@click.argument("text")
@click.option("--role", type=ROLES, default="comment", help="What it is [comment].")
@click.option("--topic", "topics", multiple=True, help="A topic; may be given several times.")
@pass_asked
def comment_command(asked: Asked, thing: str, text: str, role: str, topics: tuple[str, ...]) -> None:
    """Say something on a thing, or answer a comment."""
    say(asked, "comment", {"thing": thing, "text": text, "role": role, "topics": topics}, "Said.")


@click.command("edit", cls=Command)
@click.argument("message")
@described
@click.option("--reason", help="A new reason.")
@click.option("--stance", type=STANCES, help="A new stance.")
@click.option("--text", help="A new text of a comment.")
@click.option("--role", type=ROLES, help="What a comment is.")
@click.option("--value", help="What you found, of an attestation.")
@click.option("--topic", "topics", multiple=True, help="The new topics; may be given several times.")
@pass_asked
def edit_command(asked: Asked, /, message: str, topics: tuple[str, ...], **changes: object) -> None:
    """Say something of yours in better words. Name it by its id, or by the thing."""
    values = {"message": message, **_given(changes), **({"topics": topics} if topics else {})}
    if len(values) == 1:
        raise click.UsageError("Say what to change, for example --title.")
    say(asked, "edit", values, "Changed; the earlier version stays in its history.")


@click.command("retract", cls=Command)
@click.argument("messages", nargs=-1, required=True, metavar="MESSAGE…")
@click.option("--only-this", is_flag=True, help="Leave earlier versions of it.")
@click.option("--reason", type=WITHDRAWALS, default="unsaid", help="Why, as others are told [unsaid].")
@pass_asked
def retract_command(asked: Asked, messages: tuple[str, ...], only_this: bool, reason: str) -> None:
    """Withdraw what you said. Name it by its id, or by the thing."""
    values: Json = {"messages": messages, "only_this": only_this, "reason": reason}
    with asked.session() as session:
        answer = session.call("retract", values)
    asked.screen.value(answer)
    withdrawn = count(len(texts(answer["withdrawn"])), "message")
    asked.screen.line(f"Withdrawn: {withdrawn}, each version counted. {text(answer['who'])}")
    for newer in texts(answer["still_said"]):
        asked.screen.line(f"A newer version still stands. Withdraw it too: hedgerow retract {newer}", "next")


def say(asked: Asked, name: str, values: Json, done: str) -> None:
    """Publish something; say who receives it and how it is taken back."""
    with asked.session() as session:
        answer = session.call(name, values)
    asked.screen.value(answer)
    asked.screen.line(f"{done} {text(answer['who'])}")
    asked.screen.line(f"Take back: hedgerow retract {' '.join(texts(answer['ids']))}", "next")


def _given(options: Json) -> Json:
    """The options that were given: click says None, or an empty tuple, of others."""
    return {name: value for name, value in options.items() if value is not None and value != ()}
