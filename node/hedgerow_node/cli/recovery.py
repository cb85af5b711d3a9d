"""identity restore, identity close, and typing the 24 words: what paper can do."""

import sys
from pathlib import Path

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.devices import named
from hedgerow_node.cli.files import content_of
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.typed import typed
from hedgerow_node.cli.wording import text, texts, whole

UNSEEN = "Run this command in a terminal, or put the words into a file: --words-file FILE."
INVITES = ("hedgerow-invite:", "http://", "https://")
"""How an invite begins, as a text or in a link; anything else names a file."""
with_words = click.option(
    "--words-file", type=click.Path(path_type=Path), help="Read the 24 words from this file."
)


def words_from(file: Path | None) -> str:
    """The 24 words, from a file or from whoever sits there; raises `Problem` where nobody does."""
    if file is not None:
        return content_of(file).decode(errors="replace")
    return typed("The 24 words", next_step=UNSEEN)


@click.command("restore", cls=Command)
@click.option(
    "--from",
    "source",
    default="",
    metavar="INVITE|FILE",
    help="An invite of a seed or friend who carries you, or an export [what is here].",
)
@click.option("--identity", "did", default="", metavar="DID", help="Who you are, where that is not clear.")
@click.option("--keep", multiple=True, metavar="DEVICE", help="A device that you still have.")
@click.option("--after", default="", metavar="ENTRY", help="The last entry of your log that you know.")
@with_words
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_asked
def restore_command(
    asked: Asked,
    source: str,
    did: str,
    keep: tuple[str, ...],
    after: str,
    words_file: Path | None,
    yes: bool,
) -> None:
    """Take your identity back with the 24 words. Every device but this one is removed, unless you --keep it."""
    values: Json = {"did": did, "keep": keep, "after": after}
    if source:
        is_invite = source.strip().startswith(INVITES)
        values |= {"invite": source} if is_invite else {"file": str(Path(source).absolute())}
    values["words"] = words_from(words_file)
    if asked.screen.is_terminal and sys.stdin.isatty() and not yes:
        kept = "and those that you keep " if keep else ""
        asked.screen.line(f"This computer {kept}will speak for you, and no other one any more.")
        asked.screen.line("What the others said, as far as it can be fetched now, stays.")
        click.confirm("Go on?", abort=True, err=True)
    with asked.session() as session, asked.screen.progress("Fetching messages") as progress:
        answer = session.call("identity restore", values, progress.step)
    asked.screen.value(answer)
    asked.screen.line(f"You are {text(answer['did'])} again.", "title")
    asked.screen.line(f"Removed: {named(answer['removed'])}.")
    if answer["kept"]:
        asked.screen.line(f"Kept: {named(answer['kept'])}.")
    if answer["contested"]:
        asked.screen.line("Another log still claims to be yours; these words do not lead to it.", "bad")
    asked.screen.line(text(answer["who"]))
    asked.screen.line(f"Next: {text(answer['next'])}", "next")


@click.command("close", cls=Command)
@with_words
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_asked
def close_command(asked: Asked, words_file: Path | None, yes: bool) -> None:
    """End this identity for good. The 24 words are needed."""
    words = words_from(words_file)
    if not yes:
        asked.screen.line(
            "Nothing can be published under this identity any more, by anybody, for ever.", "bad"
        )
        if typed("Type: close", next_step="Say it with --yes.") != "close":
            raise click.Abort
    with asked.session() as session:
        answer = session.call("identity close", {"words": words, "confirm": True})
    asked.screen.value(answer)
    if answer["closed"]:
        asked.screen.line("This identity is closed.", "title")
    else:
        left = whole(answer["open_branches"])
        asked.screen.line(f"{left} logs stay open: these words do not lead to them.", "bad")
    asked.screen.line(text(answer["who"]))


def show_words(asked: Asked, answer: Json, per_line: int) -> None:
    """Words with their numbers, and what to do with them."""
    words = texts(answer["words"])
    for start in range(0, len(words), per_line):
        places = range(start, min(start + per_line, len(words)))
        asked.screen.line(" ".join(f"{place + 1:2} {words[place]:9}" for place in places), "title")
    asked.screen.line(
        "Whoever has these words is you. Write them on paper, in this order; do not photograph them."
    )
    asked.screen.line("Next: hedgerow identity words --confirm", "next")
