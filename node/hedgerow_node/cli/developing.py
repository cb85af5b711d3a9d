"""dev and tail: a node to try things out on, and what comes in as it comes."""

import sys
from contextlib import suppress

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.session import Json, Session, running_node
from hedgerow_node.cli.wording import records, text, whole
from hedgerow_node.problems import Code, Problem

SAID = ("title", "reason", "text", "about", "name")
"""Fields of a statement that may hold its words, the first that does."""


@click.command("dev", cls=Command)
@click.option("--page", metavar="HOST:PORT", default="127.0.0.1:0", help="Where its page is; any free port.")
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:0", help="Where other nodes are let in.")
@pass_asked
def dev_command(asked: Asked, page: str, listen: str) -> None:
    """Start a throw-away node with sample data and a second peer, until Ctrl-C."""
    import asyncio

    from hedgerow_node.app import PageAddress
    from hedgerow_node.cli.trying_out import try_out

    asyncio.run(try_out(asked.screen, PageAddress.parse(page), listen))


@click.command("tail", cls=Command)
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only these: comment, resource, ….")
@click.option("--author", "authors", multiple=True, metavar="DID", help="Only what these people say.")
@click.option("--count", type=click.IntRange(1), help="End after so many.")
@pass_asked
def tail_command(asked: Asked, kinds: tuple[str, ...], authors: tuple[str, ...], count: int | None) -> None:
    """Follow messages as they come, your own and those of others, until Ctrl-C."""
    from hedgerow_node.cli.remote import Remote

    running = running_node(asked.home)
    if running is None:
        raise Problem(Code.NOT_RUNNING, str(asked.home.path))
    for did in authors:
        _check_did(did)
    session = Remote(asked.home, running)
    with suppress(KeyboardInterrupt):
        for name, event in session.events():
            if _is_wanted(name, event, kinds, authors):
                _tell(asked, session, name, event)
                count = None if count is None else count - 1
            if count == 0:
                return
        raise Problem(Code.CONNECTION_LOST, "it was stopped")


def _check_did(did: str) -> None:
    from hedgerow_protocol.errors import RemoteProtocolError
    from hedgerow_protocol.keys import key_of

    try:
        key_of(did)
    except RemoteProtocolError:
        raise Problem(Code.NOT_A_PERSON, did) from None


def _is_wanted(name: str, event: Json, kinds: tuple[str, ...], authors: tuple[str, ...]) -> bool:
    if name == "lost":
        return True
    is_message = name in ("published", "delivered")
    return (
        is_message and (not kinds or event["kind"] in kinds) and (not authors or event["author"] in authors)
    )


def _tell(asked: Asked, session: Session, name: str, event: Json) -> None:
    asked.screen.value({"event": name, **event})
    if asked.as_json:
        return
    if name == "lost":
        asked.screen.line(f"{whole(event['count']):,} came faster than they were read.", "bad")
    else:
        asked.screen.line(f"{text(event['kind'])}   {text(event['author'])}   {text(event['id'])}")
        asked.screen.line(_words(session, text(event["id"])), "quiet", indent=2)
    sys.stdout.flush()  # what reads along must not wait for a full buffer


def _words(session: Session, message: str) -> str:
    """What a message says, in a line; empty where it has no words, or none any more."""
    with suppress(Problem):
        shown = session.call("message", {"message": message})
        said = [one for one in records(shown["statements"]) if one.get("id") == message]
        return next((text(one[field]) for one in said for field in SAID if one.get(field)), "")
    return ""
