"""waiting, reach: who wants to be heard, and how far this node reaches by itself."""

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.wording import Record, count, label, records, size, text, whole


@click.command("waiting", cls=Command)
@click.option("--limit", type=int, help="How many at once.")
@click.option("--not-now", "put_off", metavar="DID", help="Do not ask again about this person for a while.")
@pass_asked
def waiting_command(asked: Asked, limit: int | None, put_off: str | None) -> None:
    """The people whom you do not follow and who want to be heard."""
    with asked.session() as session:
        if put_off is not None:
            answer = session.call("waiting not-now", {"did": put_off})
        else:
            answer = session.call("waiting", {"limit": limit})
    asked.screen.value(answer)
    if put_off is not None:
        days = count(whole(answer["days"]), "day")
        asked.screen.line(f"What they sent is dropped. You are not asked about them again for {days}.")
        return
    for person in records(answer["waiting"]):
        _show(asked.screen, person)
    if not records(answer["waiting"]):
        asked.screen.line("Nobody waits to be heard.")
    _show_rest(asked.screen, answer)


def _show(screen: Screen, person: Record) -> None:
    screen.line(f"{text(person['label'])}   {text(person['did'])}", "title")
    for name, words in (("introduced_by", "Introduced by"), ("vouched_by", "Vouched for by")):
        if known := [label(one) for one in records(person.get(name))]:
            screen.line(f"{words}: {', '.join(known)}", indent=2)
    for one in records(person.get("wrote_to")):
        screen.line(f"Wrote to yours: {text(one['title']) or text(one['thing'])}", indent=2)
    screen.line(count(whole(person["messages"]), "message") + " waiting", "quiet", indent=2)


def _show_rest(screen: Screen, answer: Json) -> None:
    if whole(answer["more"]):
        screen.line(f"{count(whole(answer['more']), 'more person', 'more people')}: --limit.", "quiet")
    if whole(answer["put_off"]):
        screen.line(f"{count(whole(answer['put_off']), 'person', 'people')} put off.", "quiet")
    if whole(answer["messages"]):
        kept = f"{count(whole(answer['messages']), 'message')} in quarantine, {size(whole(answer['bytes']))}"
        screen.line(f"{kept}: in no feed, and shown to nobody else.", "quiet")
    if records(answer["waiting"]):
        screen.line(
            "Next: hedgerow follow DID, hedgerow block DID, or hedgerow waiting --not-now DID.", "next"
        )


@click.command("reach", cls=Command)
@click.argument("people", type=int, required=False)
@pass_asked
def reach_command(asked: Asked, people: int | None) -> None:
    """How many people beyond those you follow your node carries, the nearest first."""
    with asked.session() as session:
        answer = session.call("reach") if people is None else session.call("reach set", {"people": people})
    asked.screen.value(answer)
    carried, left_out = whole(answer["carried"]), whole(answer["left_out"])
    asked.screen.line(f"Beyond those you follow your node carries {count(carried, 'person', 'people')}.")
    if left_out:
        are = "is" if left_out == 1 else "are"
        asked.screen.line(
            f"{count(left_out, 'person', 'people')} further away {are} not carried: your reach is "
            f"{count(whole(answer['people']), 'person', 'people')}."
        )
        asked.screen.line("Next: hedgerow reach NUMBER, for as many as you want to carry.", "next")
