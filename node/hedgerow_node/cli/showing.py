"""show: everything that is said about a thing, or one message and why it is valid."""

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.wording import (
    Record,
    count,
    day,
    label,
    records,
    show_heading,
    show_listing,
    size,
    text,
    texts,
    whole,
)

STATES = {
    "superseded": "an earlier version",
    "concurrent": "another version, written at the same time",
    "withdrawn": "withdrawn",
}
FACTS = (
    *(("level", "level"), ("audience", "for"), ("type", "type"), ("language", "language")),
    *(("licence", "licence"), ("minutes", "minutes"), ("teaches", "teaches"), ("authors", "made by")),
)
"""Fields of a statement, and what they are called."""
NEWER = "made with a newer Hedgerow"


@click.command("show", cls=Command)
@click.argument("thing", metavar="THING-OR-MESSAGE")
@click.option("--explain", is_flag=True, help="Of a message: its bytes, what is signed, and why it is valid.")
@pass_asked
def show_command(asked: Asked, thing: str, explain: bool) -> None:
    """Everything that is said about a thing, or one message."""
    with asked.session() as session:
        answer = session.call("show", {"thing": thing, "explain": explain})
    asked.screen.value(answer)
    _show_thing(asked.screen, answer)
    if explain and isinstance(answer.get("explain"), dict):
        _explain(asked.screen, answer["explain"])  # type: ignore[arg-type]


def _show_thing(screen: Screen, shown: Record) -> None:
    show_heading(screen, {**shown, "thing": shown.get("address") or shown["thing"]}, indent=0)
    show_listing(screen, shown)
    _show_withheld(screen, shown)
    item = shown.get("item")
    if isinstance(item, dict):
        _show_item(screen, item)
    titles = {text(one["other"]): text(one["other_title"]) for one in records(shown.get("connections"))}
    for statement in records(shown["statements"]):
        _show_statement(screen, statement, text(shown["thing"]), titles)
    for trail in records(shown.get("trails")):
        words = f"{label(trail.get('by'))} · leads through it: “{text(trail['title'])}” {text(trail['id'])}"
        screen.line(words, indent=2)
    _show_newer(screen, shown)
    for hidden in records(shown.get("hidden")):
        screen.line(text(hidden.get("words")), "quiet")
    for field, words in (("withdrawn", "withdrawn"), ("missing", "known, not here yet")):
        if shown.get(field):
            screen.line(f"{count(whole(shown[field]), 'message')} {words}.", "quiet")
    _show_places(screen, shown)
    if not shown["statements"] and not item and "message" not in shown:
        screen.line(f"Nobody here said anything about it. Next: hedgerow add {text(shown['thing'])}", "next")


def _show_places(screen: Screen, shown: Record) -> None:
    message = shown.get("message")
    places = whole(message["holders"]) if isinstance(message, dict) and message["holders"] else 0
    if places > 1:
        screen.line(f"At least {places} places hold this.", "quiet")


def _show_withheld(screen: Screen, shown: Record) -> None:
    message = shown.get("message")
    if isinstance(message, dict) and message["state"] == "withheld":
        screen.line("Its text is kept away from this computer. See: hedgerow hidden", "bad", indent=2)
        for why in texts(message["withheld"]):
            screen.line(why, indent=4)


def _show_newer(screen: Screen, shown: Record) -> None:
    message = shown.get("message")
    if isinstance(message, dict) and message["newer"] and message["statement"] is None:
        screen.line(
            f"{label(message['by'])} · {day(message['ts'])} · {NEWER} ({text(message['kind'])})", indent=2
        )
        screen.line(text(message["id"]), "quiet", indent=4)


def _show_item(screen: Screen, item: Record) -> None:
    screen.line("In your library, " + ("and shared by you." if item["shared"] else "only for you."), indent=2)
    for words in (text(item["summary"]), ", ".join(texts(item["topics"]))):
        if words and not item["shared"]:
            screen.line(words, "quiet", indent=4)
    if item["note"]:
        screen.line(f"Your note: {item['note']}", indent=4)


def _show_statement(screen: Screen, statement: Record, here: str, titles: dict[str, str]) -> None:
    state = STATES.get(text(statement.get("state")), "")
    head = [label(statement.get("by")), _act(statement, here, titles), day(statement.get("at")), state]
    head += [NEWER] if statement.get("newer") else []
    screen.line(" · ".join([word for word in head if word]), indent=2)
    for field in ("title", "reason", "text", "summary"):
        if statement.get(field):
            screen.line(str(statement[field]), indent=4)
    for number, step in enumerate(records(statement.get("steps")), start=1):
        screen.line(f"{number}. {text(step['thing']) or '? ' + text(step['role'])}", indent=4)
    facts = [f"{name}: {_fact(statement[field])}" for field, name in FACTS if statement.get(field)]
    for words in (" · ".join(facts), ", ".join(texts(statement.get("topics")))):
        if words:
            screen.line(words, "quiet", indent=4)
    screen.line(text(statement.get("id")), "quiet", indent=4)


def _fact(value: object) -> str:
    return ", ".join(texts(value)) if isinstance(value, list) else text(str(value))


def _act(statement: Record, here: str, titles: dict[str, str]) -> str:
    match statement.get("kind"):
        case "resource":
            return "shared it"
        case "endorse" if statement.get("topic"):
            return f"endorsed them for {text(statement['topic'])}"
        case "endorse":
            stance = text(statement.get("stance"))
            return "endorsed it" + ("" if stance == "for" else f" ({stance})")
        case "connect":
            ends = [_end(text(statement.get(field)), here, titles) for field in ("thing", "to")]
            return f"connected: {ends[0]} {text(statement.get('relation'))} {ends[1]}"
        case "comment":
            return text(statement.get("role"))
        case "attest":
            return f"checked it on {day(statement.get('checked_at'))}: {finding(statement)}"
        case "label":
            return f"labelled it “{text(statement.get('label'))}”"
        case kind:
            return _other_act(text(kind), statement)


def _other_act(kind: str, statement: Record) -> str:
    match kind:
        case "follow":
            return "followed"
        case "profile":
            return "published a profile"
        case "trail":
            return "forked a trail" if statement.get("lineage") else "made a trail"
        case "vouch":
            return "vouched for them"
        case "introduce":
            return f"introduced {text(statement.get('thing'))} and {text(statement.get('to'))}"
        case "receipt":
            number, since = statement.get("value"), day(statement.get("checked_at"))
            return f"has held this and what came before it on its device since {since} (number {number})"
        case _:
            return kind


def finding(statement: Record) -> str:
    """What an attestation found, in words."""
    claim, value = text(statement.get("claim")), statement.get("value")
    match value:
        case bool():
            return f"{claim}: {'yes' if value else 'no'}"
        case int() if claim == "size":
            return f"{claim}: {size(value)}"
        case _:
            return f"{claim}: {text(str(value))}"


def _end(thing: str, here: str, titles: dict[str, str]) -> str:
    return "it" if thing == here else f"“{titles[thing]}”" if titles.get(thing) else thing


def _explain(screen: Screen, explained: Record) -> None:
    for part in ("header", "body"):
        values = explained.get(part)
        screen.line(part.capitalize(), "title")
        for name, value in values.items() if isinstance(values, dict) else ():
            screen.line(f"{name:10} {'none' if value in (None, [], '') else value}", indent=2)
        if values is None:
            screen.line("not here", indent=2)
    for name in ("message_bytes", "header_bytes", "signed_bytes", "signature", "body_bytes"):
        screen.line(name.replace("_", " ").capitalize(), "title")
        screen.line(text(explained.get(name)) or "not here", indent=2)
    screen.line("Why it is valid", "title")
    for check in records(explained.get("checks")):
        verdict = "holds:" if check.get("ok") else f"FAILS ({text(check.get('fault'))}):"
        screen.line(f"{verdict} {text(check.get('claim'))}", "" if check.get("ok") else "bad", indent=2)
