"""hidden: what is hidden here, by which rule, and how to take that back."""

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.wording import Record, count, day, records, text, whole

WHAT = {
    "muted": "you muted it: {} hidden",
    "blocked": "you blocked it: {} kept away",
    "policy": "the policy of this node blocks it: {} kept away",
    "taken down": "you took it down: {} kept away",
    "labelled": "you use this label list: {} on it",
}


@click.command("hidden", cls=Command)
@pass_asked
def hidden_command(asked: Asked) -> None:
    """Everything that is hidden here, by which rule, and how to take that back."""
    with asked.session() as session:
        answer = session.call("hidden")
    asked.screen.value(answer)
    for rule in records(answer["rules"]):
        _show_rule(asked.screen, rule)
    for one in records(answer["listed"]):
        _show_listed(asked.screen, one)
    if not answer["rules"]:
        asked.screen.line("Nothing is hidden here.")


def _show_rule(screen: Screen, rule: Record) -> None:
    name, target = text(rule["name"]), text(rule["target"])
    label = f"“{text(rule['label'])}” by " if rule["rule"] == "labelled" else ""
    screen.line(f"{label}{name}", "title")
    if name != target:
        screen.line(target, "quiet", indent=2)
    what = "thing" if rule["rule"] == "labelled" else "message"
    words = WHAT[text(rule["rule"])].format(count(whole(rule["count"]), what))
    since = f", since {day(rule['since'])}" if rule["since"] else ""
    screen.line(words + since, indent=2)
    if rule["reason"]:
        screen.line(text(rule["reason"]), indent=2)
    screen.line(f"Take back: {text(rule['undo'])}", "next", indent=2)


def _show_listed(screen: Screen, one: Record) -> None:
    listing = one["listing"]
    assert isinstance(listing, dict)
    state = "hidden" if one["is_hidden"] else "shown with a warning"
    screen.line(f"{text(one['title'])}: {state}", "title")
    if one["title"] != one["target"]:
        screen.line(text(one["target"]), "quiet", indent=2)
    screen.line(text(listing["words"]), indent=2)
