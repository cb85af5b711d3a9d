"""identity: one's key, the 24 words, the passphrase, a restored copy; with the commands on devices and recovery."""

from pathlib import Path

import click

from hedgerow_node.cli.asked import Asked, Command, common_options, pass_asked
from hedgerow_node.cli.devices import (
    add_device_command,
    devices_command,
    join_device_command,
    remove_device_command,
)
from hedgerow_node.cli.recovery import close_command, restore_command, show_words, with_words, words_from
from hedgerow_node.cli.typed import typed
from hedgerow_node.cli.wording import day, text

UNSEEN = "Run this command in a terminal, where it can be typed unseen."
PER_LINE = 6
"""Words of a line, so that four lines make the 24."""


@click.group("identity", invoke_without_command=True, params=common_options())
@click.pass_context
def identity_command(context: click.Context) -> None:
    """Your key, and the 24 words that bring it back."""
    if context.invoked_subcommand is None:
        context.invoke(show_command)


@identity_command.command("show", cls=Command)
@pass_asked
def show_command(asked: Asked) -> None:
    """Who you are here."""
    with asked.session() as session:
        answer = session.call("identity")
    asked.screen.value(answer)
    asked.screen.line(f"You          {text(answer['did'])}", "title")
    asked.screen.line(f"This device  {text(answer['device'])}")
    asked.screen.line(f"Since        {day(answer['since'])}")
    asked.screen.line(
        "Passphrase   " + ("set" if answer["passphrase"] else "none: hedgerow identity passphrase")
    )
    if answer["restored_copy"]:
        asked.screen.line("This is a copy. Next: hedgerow identity adopt --original-is-gone", "bad")
    if not answer["words_confirmed"]:
        asked.screen.line("Next: hedgerow identity words", "next")


@identity_command.command("words", cls=Command)
@click.option("--confirm", is_flag=True, help="You wrote them down: they leave this computer for good.")
@click.option("--new", is_flag=True, help="Make other words; those until now are typed once more.")
@with_words
@pass_asked
def words_command(asked: Asked, confirm: bool, new: bool, words_file: Path | None) -> None:
    """The 24 words; keep them on paper."""
    if confirm and new:
        raise click.UsageError("Give --new, and --confirm when you have written them down.")
    with asked.session() as session:
        if confirm:
            answer = session.call("identity confirm", {"confirm": True})
        elif new:
            is_here = not session.call("identity")["words_confirmed"] and words_file is None
            before = "" if is_here else words_from(words_file)
            answer = session.call("identity new-words", {"words": before})
        else:
            answer = session.call("identity words")
    asked.screen.value(answer)
    if confirm:
        asked.screen.line("The words have left this computer. Only your paper has them now.")
        return
    if new:
        asked.screen.line("The words until now are worth nothing any more. These are yours:")
    show_words(asked, answer, PER_LINE)


@identity_command.command("passphrase", cls=Command)
@click.option("--remove", is_flag=True, help="Use no passphrase any more.")
@pass_asked
def passphrase_command(asked: Asked, remove: bool) -> None:
    """Lock your keys on this computer with a passphrase."""
    with asked.session() as session:
        is_locked = bool(session.call("identity")["passphrase"])
        old = typed("The passphrase until now", next_step=UNSEEN) if is_locked else ""
        new = "" if remove else typed("The new passphrase", twice=True, next_step=UNSEEN)
        answer = session.call("identity passphrase", {"old": old, "new": new})
    asked.screen.value(answer)
    asked.screen.line("Your keys are locked." if answer["passphrase"] else "Your keys have no passphrase.")


@identity_command.command("adopt", cls=Command)
@click.option("--original-is-gone", is_flag=True, help="The computer this copy came from will not run again.")
@pass_asked
def adopt_command(asked: Asked, original_is_gone: bool) -> None:
    """Let a restored copy take the place of its original."""
    with asked.session() as session:
        answer = session.call("identity adopt", {"original_is_gone": original_is_gone})
    asked.screen.value(answer)
    asked.screen.line(f"This computer now publishes as {text(answer['did'])}, with a key of its own.")
    if answer["former_device"]:
        asked.screen.line(
            f"Once everything of the original is here: hedgerow identity remove-device {text(answer['former_device'])}",
            "next",
        )


for one in (
    devices_command,
    add_device_command,
    join_device_command,
    remove_device_command,
    restore_command,
    close_command,
):
    identity_command.add_command(one)
