"""people, follow, unfollow, mute, unmute, block, unblock."""

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.wording import Record, count, day, label, records, show_listing, text, whole

DID_PREFIX = "did:key:"
HIDING = {
    "mute": (
        "Hide what somebody says, or leave a thing out of feeds and searches. Nobody is told.",
        "Hidden on this computer. Show again: hedgerow unmute {}",
    ),
    "unmute": ("Show again what somebody says, or a thing.", "Shown again: {}"),
    "block": (
        "Take what somebody says off this computer and no longer carry it. Nobody is told.",
        "Gone from this computer, and carried no longer. Take back: hedgerow unblock {}",
    ),
    "unblock": (
        "Carry and show again what somebody says.",
        "Carried, and what others still have is fetched, again: {}",
    ),
}
"""What each of these commands is for, and what it says when it is done."""


@click.command("people", cls=Command)
@click.argument("did", required=False)
@click.option("--limit", type=int, help="How many at once.")
@click.option("--cursor", help="Go on from here.")
@pass_asked
def people_command(asked: Asked, did: str | None, limit: int | None, cursor: str | None) -> None:
    """The people of whom something is here, or one of them."""
    with asked.session() as session:
        if did is not None:
            answer = session.call("person", {"did": did})
        else:
            answer = session.call("people", {"limit": limit, "cursor": cursor})
    asked.screen.value(answer)
    if did is not None:
        _show_person(asked.screen, answer)
        return
    for person in records(answer["people"]):
        _show_line(asked.screen, person)
    if answer.get("next"):
        asked.screen.line(f"More: hedgerow people --cursor {text(answer['next'])}", "next")
    if len(records(answer["people"])) <= 1 and cursor is None:
        asked.screen.line("You know nobody here yet. Next: hedgerow join INVITE, or hedgerow invite.", "next")


@click.command("follow", cls=Command)
@click.argument("did")
@click.option("--private", is_flag=True, help="Only on this computer: nobody is told.")
@click.option("--reason", default="", help="Why, for everyone to read.")
@pass_asked
def follow_command(asked: Asked, did: str, private: bool, reason: str) -> None:
    """Carry and show what somebody says."""
    with asked.session() as session:
        answer = session.call("follow", {"did": did, "private": private, "reason": reason})
    asked.screen.value(answer)
    who = text(answer.get("who")) or "Only this computer knows."
    asked.screen.line(f"You follow {text(answer['did'])}. {who}")


@click.command("unfollow", cls=Command)
@click.argument("did")
@pass_asked
def unfollow_command(asked: Asked, did: str) -> None:
    """Follow somebody no longer."""
    answer = _one(asked, "unfollow", did)
    was = "You no longer follow" if answer["followed"] else "You did not follow"
    asked.screen.line(f"{was} {text(answer['did'])}. {text(answer.get('who'))}")


def _one(asked: Asked, name: str, did: str) -> Json:
    with asked.session() as session:
        answer = session.call(name, {"did": did})
    asked.screen.value(answer)
    return answer


def _hiding(name: str) -> click.Command:
    """One of the commands by which somebody is heard or not; nobody else learns of it."""
    purpose, done = HIDING[name]

    may_be_thing = "thing" in purpose

    @click.command(name, cls=Command, help=purpose)
    @click.argument("did", metavar="DID-OR-THING" if may_be_thing else "DID")
    @pass_asked
    def command(asked: Asked, did: str) -> None:
        if may_be_thing and not did.startswith(DID_PREFIX):
            with asked.session() as session:
                answer = session.call(f"{name} thing", {"thing": did})
            asked.screen.value(answer)
        else:
            answer = _one(asked, name, did)
        asked.screen.line(done.format(text(answer.get("did") or answer.get("thing"))))

    return command


mute_command, unmute_command, block_command, unblock_command = map(_hiding, HIDING)


def _marks(person: Record) -> str:
    marks = [
        text(person.get("relation")),
        "follows you" if person.get("follows_you") else "",
        "muted" if person.get("muted") else "",
        "blocked" if person.get("blocked") else "",
        "a machine" if person.get("machine") else "",
        count(whole(person.get("messages")), "message"),
    ]
    return " · ".join([mark for mark in marks if mark])


def _show_line(screen: Screen, person: Record) -> None:
    screen.line(f"{text(person['label'])}   {text(person['did'])}", "title")
    screen.line(_marks(person), "quiet", indent=2)


def _show_person(screen: Screen, person: Record) -> None:
    _show_line(screen, person)
    show_listing(screen, person)
    if person.get("about"):
        screen.line(str(person["about"]), indent=2)
    for name, words in (("follows_people", "Follows"), ("followed_by", "Followed by")):
        known = [label(one) for one in records(person.get(name))]
        if known:
            screen.line(f"{words}: {', '.join(known)}", indent=2)
    for name, words in (("vouched_by", "vouches for them"), ("introductions", "introduced them")):
        for one in records(person.get(name)):
            screen.line(
                f"{label(one.get('by'))} {words} ({day(one.get('at'))}): {text(one['reason'])}", indent=2
            )
            screen.line(text(one["id"]), "quiet", indent=4)
    if person.get("newer"):
        newer = count(whole(person["newer"]), "message")
        screen.line(f"{newer} made with a newer Hedgerow: carried, not shown.", "quiet", indent=2)
    if person.get("last") is not None:
        screen.line(f"Last heard of on {day(person['last'])}.", "quiet", indent=2)
    screen.line(f"Next: hedgerow feed --from {text(person['did'])}", "next")
