"""search, show, feed, topics: finding things, and seeing why they are shown."""

import shlex

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.wording import Record, count, day, label, records, show_page, text, texts, whole


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
    if not answer["results"] and cursor is None:
        asked.screen.line("Nothing here has these words. Next: fewer words, or other people: hedgerow join.")


@click.command("feed", cls=Command)
@click.option("--from", "did", metavar="DID", help="Only what this person says.")
@click.option("--topic", help="Only this topic.")
@click.option("--limit", type=int, help="How many at once.")
@click.option("--cursor", help="Go on from here.")
@pass_asked
def feed_command(
    asked: Asked, did: str | None, topic: str | None, limit: int | None, cursor: str | None
) -> None:
    """What people spoke of lately."""
    with asked.session() as session:
        answer = session.call("feed", {"did": did, "topic": topic, "limit": limit, "cursor": cursor})
    asked.screen.value(answer)
    only = [*(["--from", did] if did else []), *(["--topic", topic] if topic else [])]
    show_page(asked.screen, answer, _show_found, shlex.join(["hedgerow", "feed", *only]))
    if not answer["results"] and cursor is None:
        asked.screen.line("Nobody said anything yet. Next: hedgerow share THING, or hedgerow join INVITE.")


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


def _show_found(screen: Screen, found: Record) -> None:
    screen.line(text(found["title"]) or text(found["thing"]), "title")
    screen.line(text(found["thing"]), indent=2)
    for why in texts(found["why"]):
        screen.line(why, "quiet", indent=2)


def _show_thing(screen: Screen, shown: Record) -> None:
    screen.line(text(shown["title"]) or text(shown["thing"]), "title")
    screen.line(text(shown.get("address")) or text(shown["thing"]))
    item = shown.get("item")
    if isinstance(item, dict):
        screen.line(
            "In your library" + (f": {text(item['note'])}" if item["note"] else ", only for you") + "."
        )
    for statement in records(shown["statements"]):
        _show_statement(screen, statement)
    for connection in records(shown.get("connections")):
        way = "" if connection["direction"] == "out" else "(from there) "
        other = text(connection["other_title"]) or text(connection["other"])
        screen.line(f"{way}{text(connection['relation'])}: {other}", indent=2)
    for hidden in records(shown.get("hidden")):
        screen.line(text(hidden.get("words")), "quiet")
    for field, words in (("withdrawn", "withdrawn"), ("missing", "known, not here yet")):
        if shown.get(field):
            screen.line(f"{count(whole(shown[field]), 'message')} {words}.", "quiet")
    if not shown["statements"] and not item:
        screen.line(f"Nobody here said anything about it. Next: hedgerow add {text(shown['thing'])}", "next")


def _show_statement(screen: Screen, statement: Record) -> None:
    state = text(statement.get("state"))
    head = [label(statement.get("by")), _act(statement), day(statement.get("at"))]
    screen.line(" · ".join([word for word in [*head, "" if state == "current" else state] if word]), indent=2)
    for field in ("reason", "text", "summary"):
        if statement.get(field):
            screen.line(str(statement[field]), indent=4)
    if statement.get("topics"):
        screen.line(", ".join(texts(statement["topics"])), "quiet", indent=4)
    screen.line(text(statement.get("id")), "quiet", indent=4)


def _act(statement: Record) -> str:
    match statement.get("kind"):
        case "resource":
            return "shared it"
        case "endorse":
            stance = text(statement.get("stance"))
            return "endorsed it" + ("" if stance == "for" else f" ({stance})")
        case "connect":
            return f"connected it: {text(statement.get('relation'))} {text(statement.get('to'))}"
        case "comment":
            return text(statement.get("role"))
        case kind:
            return text(kind)


def _explain(screen: Screen, explained: Record) -> None:
    header = explained.get("header")
    screen.line("Header", "title")
    for name, value in header.items() if isinstance(header, dict) else ():
        screen.line(f"{name:10} {value}", indent=2)
    for name in ("header_bytes", "signed_bytes", "signature", "body_bytes"):
        screen.line(name.replace("_", " ").capitalize(), "title")
        screen.line(text(explained.get(name)) or "not here", indent=2)
    screen.line("Why it is valid", "title")
    for check in records(explained.get("checks")):
        verdict = "holds" if check.get("ok") else f"FAILS: {text(check.get('fault'))}"
        screen.line(f"{text(check.get('claim'))} {verdict}", "" if check.get("ok") else "bad", indent=2)
