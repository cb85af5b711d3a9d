"""report, reports: telling whoever runs a seed of a thing, and reading what one was told."""

import click

from hedgerow_node.cli.asked import Asked, Command, common_options, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.wording import Record, count, day, records, text, whole


@click.command("report", cls=Command)
@click.argument("thing")
@click.argument("label")
@click.option("--reason", required=True, help="Why: whoever runs the seed decides by it.")
@click.option("--to", default="", metavar="DID", help="Only this seed [every one that you are connected to].")
@pass_asked
def report_command(asked: Asked, thing: str, label: str, reason: str, to: str) -> None:
    """Tell whoever runs your seeds of a thing or a person. Nobody else learns of it."""
    values = {"thing": thing, "label": label, "reason": reason, "to": to}
    with asked.session() as session:
        answer = session.call("report", values)
    asked.screen.value(answer)
    for one in records(answer["told"]):
        name = text(one["name"]) or text(one["did"]) or text(one["device"])
        asked.screen.line(f"{name}: {text(one['words'])}", "" if one["taken"] else "bad")
    if not any(one["taken"] for one in records(answer["told"])):
        asked.status = 1


@click.group("reports", invoke_without_command=True, params=common_options())
@click.pass_context
def reports_command(context: click.Context) -> None:
    """What others told you about things that you keep and give to others."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@reports_command.command("list", cls=Command)
@click.option("--settled", is_flag=True, help="Those that were settled.")
@click.option("--limit", type=int, help="How many at once.")
@click.option("--cursor", help="Go on from here.")
@pass_asked
def list_command(
    asked: Asked, settled: bool = False, limit: int | None = None, cursor: str | None = None
) -> None:
    """The reports that wait, the oldest first."""
    with asked.session() as session:
        answer = session.call("reports", {"settled": settled, "limit": limit, "cursor": cursor})
    asked.screen.value(answer)
    for one in records(answer["results"]):
        _show(asked.screen, one)
    if answer.get("next"):
        more = " --settled" if settled else ""
        asked.screen.line(f"More: hedgerow reports list{more} --cursor {text(answer['next'])}", "next")
    if not settled:
        asked.screen.line(f"{count(whole(answer['waiting']), 'report')} waiting.")


@reports_command.command("settle", cls=Command)
@click.argument("number", type=int)
@pass_asked
def settle_command(asked: Asked, number: int) -> None:
    """Take a report off the list: you did what was to be done."""
    with asked.session() as session:
        answer = session.call("reports settle", {"number": number})
    asked.screen.value(answer)
    asked.screen.line(f"Settled: {number}")


def _show(screen: Screen, one: Record) -> None:
    screen.line(f"{whole(one['number'])}. {text(one['title'])}", "title")
    if one["title"] != one["thing"]:
        screen.line(text(one["thing"]), indent=2)
    who = text(one["name"]) or "somebody whom you do not carry"
    screen.line(f"“{text(one['label'])}” · {who} · {day(one['at'])}", "quiet", indent=2)
    screen.line(text(one["reason"]), indent=2)
    if one.get("settled"):
        screen.line(f"settled on {day(one['settled'])}", "quiet", indent=2)
    else:
        screen.line(
            f"Next: hedgerow takedown add {text(one['thing'])}, or hedgerow reports settle {one['number']}",
            "next",
            indent=2,
        )
