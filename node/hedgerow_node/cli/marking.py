"""attest, label, vouch, introduce: short statements about things and people."""

from typing import get_args

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.saying import say
from hedgerow_node.commands.vocabulary import ClaimName

CLAIMS = click.Choice(get_args(ClaimName))


@click.command("attest", cls=Command, epilog=f"CLAIM is one of: {', '.join(CLAIMS.choices)}.")
@click.argument("thing")
@click.argument("claim", type=CLAIMS, metavar="CLAIM")
@click.argument("value", default="yes")
@pass_asked
def attest_command(asked: Asked, thing: str, claim: str, value: str) -> None:
    """Say what you found when you looked just now: yes, no, a size, languages, a thing."""
    say(asked, "attest", {"thing": thing, "claim": claim, "value": value}, "Attested.")


@click.command("label", cls=Command)
@click.argument("thing")
@click.argument("label")
@click.option("--reason", required=True, help="Why: others decide by it.")
@pass_asked
def label_command(asked: Asked, thing: str, label: str, reason: str) -> None:
    """Put a word on a thing or a person, with your reason."""
    say(asked, "label", {"thing": thing, "label": label, "reason": reason}, "Labelled.")


@click.command("vouch", cls=Command)
@click.argument("did")
@click.option("--reason", required=True, help="How you know them.")
@pass_asked
def vouch_command(asked: Asked, did: str, reason: str) -> None:
    """Stand for somebody: they are who they say, and worth hearing."""
    say(asked, "vouch", {"did": did, "reason": reason}, "You vouch for them.")


@click.command("introduce", cls=Command)
@click.argument("one", metavar="DID")
@click.argument("other", metavar="DID")
@click.option("--reason", required=True, help="Why they should know each other.")
@pass_asked
def introduce_command(asked: Asked, one: str, other: str, reason: str) -> None:
    """Bring two people together."""
    say(asked, "introduce", {"one": one, "other": other, "reason": reason}, "Introduced.")
