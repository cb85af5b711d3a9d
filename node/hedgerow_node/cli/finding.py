"""search, feed, topics: finding things, and seeing why they are shown."""

import shlex

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.wording import (
    Record,
    records,
    show_heading,
    show_listing,
    show_page,
    text,
    texts,
    whole,
)


@click.command("search", cls=Command)
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=int, help="How many at once.")
@click.option("--cursor", help="Go on from here.")
@pass_asked
def search_command(asked: Asked, words: tuple[str, ...], limit: int | None, cursor: str | None) -> None:
    """Search your library and what people said, in any script."""
    wanted = " ".join(words)
    with asked.session() as session:
        answer = session.call("search", {"q": wanted, "limit": limit, "cursor": cursor})
    asked.screen.value(answer)
    show_page(asked.screen, answer, _show_found, shlex.join(["hedgerow", "search", *words]))
    if not answer["results"] and not answer["hidden"] and cursor is None:
        asked.screen.line(
            "Nothing here has these words. Next: fewer words, or other people: hedgerow join.", "next"
        )


@click.command("feed", cls=Command)
@click.option("--from", "did", metavar="DID", help="Only what this person says.")
@click.option("--topic", help="Only this topic.")
@click.option("--further", "of", flag_value="further", help="Only people to whom those you follow lead.")
@click.option("--everyone", "of", flag_value="everyone", help="All of whom something is here.")
@click.option("--limit", type=int, help="How many at once.")
@click.option("--cursor", help="Go on from here.")
@pass_asked
def feed_command(
    asked: Asked, did: str | None, topic: str | None, of: str | None, limit: int | None, cursor: str | None
) -> None:
    """What people spoke of lately."""
    asks = {"did": did, "topic": topic, "of": of, "limit": limit, "cursor": cursor}
    with asked.session() as session:
        answer = session.call("feed", asks)
    asked.screen.value(answer)
    only = [
        *(["--from", did] if did else []),
        *(["--topic", topic] if topic else []),
        *([f"--{of}"] if of else []),
    ]
    show_page(asked.screen, answer, _show_found, shlex.join(["hedgerow", "feed", *only]))
    if not answer["results"] and not answer["hidden"] and cursor is None:
        asked.screen.line(
            "Nobody said anything yet. Next: hedgerow share THING, or hedgerow join INVITE.", "next"
        )


@click.command("topics", cls=Command)
@click.argument("prefix", default="")
@pass_asked
def topics_command(asked: Asked, prefix: str) -> None:
    """The topics that people use, most used first."""
    with asked.session() as session:
        answer = session.call("topics", {"prefix": prefix})
    asked.screen.value(answer)
    for one in records(answer["topics"]):
        asked.screen.line(f"{whole(one['things']):7,}  {text(one['topic'])}")


def _show_found(screen: Screen, found: Record) -> None:
    show_heading(screen, found)
    show_listing(screen, found)
    for why in texts(found["why"]):
        screen.line(why, "quiet", indent=2)
