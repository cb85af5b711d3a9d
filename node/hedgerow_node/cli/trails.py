"""trail: ways through things, in steps."""

from pathlib import Path

import click

from hedgerow_node.cli.asked import Asked, Command, common_options, pass_asked
from hedgerow_node.cli.files import content_of
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.wording import Record, count, day, label, records, show_page, text, texts, whole
from hedgerow_node.problems import Code, Problem

STEP_HELP = "A thing, or “? ROLE” for a role that waits for one; give it once for each step."
FILE_HELP = "A text file with the steps, as `trail show --steps` writes them."


@click.group("trail", invoke_without_command=True, params=common_options())
@click.pass_context
def trail_command(context: click.Context) -> None:
    """Ways through things, in steps: make, walk and fork them."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@trail_command.command("list", cls=Command)
@click.option("--mine", "of", flag_value="mine", help="Only those that you made.")
@click.option("--followed", "of", flag_value="followed", help="Only those of people you follow.")
@click.option("--limit", type=int, help="How many at once.")
@click.option("--cursor", help="Go on from here.")
@pass_asked
def list_command(
    asked: Asked, of: str | None = None, limit: int | None = None, cursor: str | None = None
) -> None:
    """The trails that are here."""
    with asked.session() as session:
        answer = session.call("trails", {"of": of, "limit": limit, "cursor": cursor})
    asked.screen.value(answer)
    show_page(asked.screen, answer, _show_entry, "hedgerow trail list" + (f" --{of}" if of else ""))
    if not answer["results"] and cursor is None:
        asked.screen.line("No trail is here yet. Next: hedgerow trail new TITLE --step THING", "next")


@trail_command.command("show", cls=Command)
@click.argument("trail")
@click.option("--steps", is_flag=True, help="Write its steps as text, to be changed and given to --file.")
@pass_asked
def show_command(asked: Asked, trail: str, steps: bool) -> None:
    """A trail step by step, and what you have done of it."""
    with asked.session() as session:
        answer = session.call("trail", {"trail": trail})
    asked.screen.value(answer)
    if steps:
        _write_steps(asked.screen, answer)
    else:
        _show_trail(asked.screen, answer)


@trail_command.command("new", cls=Command)
@click.argument("title")
@click.option("--summary", default="", help="What it is for.")
@click.option("--step", "steps", multiple=True, help=STEP_HELP)
@click.option("--file", type=click.Path(path_type=Path), help=FILE_HELP)
@click.option("--topic", "topics", multiple=True, help="A topic; may be given several times.")
@pass_asked
def new_command(
    asked: Asked, title: str, summary: str, steps: tuple[str, ...], file: Path | None, topics: tuple[str, ...]
) -> None:
    """Make a trail."""
    given = _steps(steps, file)
    if given is None:
        raise click.UsageError("Give the steps: --step THING, or --file FILE.")
    values: Json = {"title": title, "summary": summary, "steps": given, "topics": topics}
    _publish(asked, "trail new", values, "Your trail is published.")


@trail_command.command("fork", cls=Command)
@click.argument("trail")
@click.option("--title", help="Another title.")
@click.option("--summary", help="Another summary.")
@click.option("--step", "steps", multiple=True, help="Instead of its steps. " + STEP_HELP)
@click.option("--file", type=click.Path(path_type=Path), help="Instead of its steps. " + FILE_HELP)
@click.option("--fill", type=(int, str), multiple=True, metavar="STEP THING", help="A thing for a step.")
@click.option("--add", multiple=True, help="A step behind the others: a thing, or “? ROLE”.")
@click.option("--topic", "topics", multiple=True, help="Other topics; may be given several times.")
@pass_asked
def fork_command(asked: Asked, /, trail: str, **changes: object) -> None:
    """Make a trail of your own out of one, or take up a pattern and fill its roles."""
    _publish(asked, "trail fork", {"trail": trail, **_changes(changes)}, "Forked.")


@trail_command.command("edit", cls=Command)
@click.argument("trail")
@click.option("--title", help="A new title.")
@click.option("--summary", help="A new summary.")
@click.option("--step", "steps", multiple=True, help="New steps. " + STEP_HELP)
@click.option("--file", type=click.Path(path_type=Path), help="New steps. " + FILE_HELP)
@click.option("--fill", type=(int, str), multiple=True, metavar="STEP THING", help="A thing for a step.")
@click.option("--add", multiple=True, help="A step behind the others: a thing, or “? ROLE”.")
@click.option("--topic", "topics", multiple=True, help="New topics; may be given several times.")
@pass_asked
def edit_command(asked: Asked, /, trail: str, **changes: object) -> None:
    """Change a trail of yours."""
    values = _changes(changes)
    if not values:
        raise click.UsageError("Say what to change, for example --title.")
    done = "Changed; the earlier version stays in its history."
    _publish(asked, "trail edit", {"trail": trail, **values}, done)


@trail_command.command("done", cls=Command)
@click.argument("trail")
@click.argument("steps", nargs=-1, required=True, type=int, metavar="STEP…")
@click.option("--undo", is_flag=True, help="They are still to be done.")
@pass_asked
def done_command(asked: Asked, trail: str, steps: tuple[int, ...], undo: bool) -> None:
    """Tick off steps. Only this computer knows."""
    with asked.session() as session:
        answer = session.call("trail done", {"trail": trail, "steps": steps, "undo": undo})
    asked.screen.value(answer)
    asked.screen.line(
        f"{whole(answer['done'])} of {count(whole(answer['steps']), 'step')} done. Only this computer knows."
    )


def _publish(asked: Asked, name: str, values: Json, done: str) -> None:
    with asked.session() as session:
        answer = session.call(name, values)
    asked.screen.value(answer)
    trail = " ".join(texts(answer["ids"]))
    asked.screen.line(f"{done} {text(answer['who'])}")
    asked.screen.line(f"See it: hedgerow trail show {trail}   Take back: hedgerow retract {trail}", "next")


def _steps(lines: tuple[str, ...], file: Path | None) -> list[Json] | None:
    from hedgerow_node.exchange.steps import read_steps

    if lines and file is not None:
        raise click.UsageError("Give --step or --file, not both.")
    if file is not None:
        return read_steps(_text_in(file))
    return read_steps("\n".join(lines)) if lines else None


def _text_in(file: Path) -> str:
    try:
        return content_of(file).decode()
    except UnicodeDecodeError:
        raise Problem(Code.FILE_UNREADABLE, f"{file} is not text in UTF-8") from None


def _changes(options: Json) -> Json:
    lines, file, fill, add, topics = (
        options.pop(name) for name in ("steps", "file", "fill", "add", "topics")
    )
    assert isinstance(lines, tuple)
    assert isinstance(fill, tuple)
    assert isinstance(add, tuple)
    assert isinstance(file, Path | None)
    values = {name: value for name, value in options.items() if value is not None}
    values |= {"topics": topics} if topics else {}
    values |= {"fill": [{"step": step, "thing": thing} for step, thing in fill]} if fill else {}
    values |= {"add": _steps(add, None)} if add else {}
    steps = _steps(lines, file)
    return values if steps is None else values | {"steps": steps}


def _show_entry(screen: Screen, trail: Record) -> None:
    screen.line(text(trail["title"]), "title")
    facts = [count(whole(trail["steps"]), "step"), label(trail.get("by")), day(trail.get("at"))]
    facts += [f"{whole(trail['minutes'])} min"] if trail["minutes"] else []
    facts += [f"a pattern: {count(whole(trail['open_roles']), 'role')} open"] if trail["open_roles"] else []
    facts += [f"{whole(trail['done'])} done"] if trail["done"] else []
    screen.line(" · ".join(facts), indent=2)
    screen.line(text(trail["id"]), "quiet", indent=2)


def _show_trail(screen: Screen, shown: Record) -> None:
    statement = shown["statement"]
    assert isinstance(statement, dict)
    screen.line(text(statement["title"]), "title")
    screen.line(f"{label(statement['by'])} · {day(statement['at'])} · {text(shown['id'])}", "quiet")
    if statement["summary"]:
        screen.line(str(statement["summary"]))
    origin = shown.get("forked_from")
    if isinstance(origin, dict):
        screen.line(f"Forked from “{text(origin['title'])}” by {label(origin['by'])}: {text(origin['id'])}")
    elif statement["lineage"]:
        screen.line("Forked from a trail that is not here.")
    if shown["newest"] not in (None, shown["id"]):
        screen.line(f"An earlier version. The newest: hedgerow trail show {text(shown['newest'])}", "next")
    for place in records(shown["places"]):
        _show_place(screen, place)
    if shown["open_roles"]:
        screen.line(f"A pattern. Fill it: hedgerow trail fork {text(shown['id'])} --fill STEP THING", "next")
    _show_ending(screen, shown)


def _show_place(screen: Screen, place: Record) -> None:
    step = place["step"]
    assert isinstance(step, dict)
    mark = "x" if place["done"] else " "
    name = text(place["title"]) or f"({text(step['role'])}: nobody has filled this role yet)"
    screen.line(f"[{mark}] {whole(place['number'])}. {name}", indent=2)
    if step["thing"] and text(step["thing"]) != name:
        screen.line(text(step["thing"]), "quiet", indent=6)
    needs = ", ".join(map(str, step["requires"]))
    facts = [text(step["role"]) if step["thing"] else "", f"needs {needs}" if needs else ""]
    facts += [f"{step['minutes']} min" if step["minutes"] is not None else ""]
    facts += ["optional" if step["optional"] else "", "a trail" if place["is_trail"] else ""]
    words = " · ".join([fact for fact in facts if fact])
    if words:
        screen.line(words, "quiet", indent=6)
    if step["note"]:
        screen.line(str(step["note"]), indent=6)


def _show_ending(screen: Screen, shown: Record) -> None:
    steps = len(records(shown["places"]))
    screen.line(f"{whole(shown['done'])} of {count(steps, 'step')} done; only this computer knows.", "quiet")
    for fork in records(shown["forks"]):
        screen.line(f"Forked by {label(fork['by'])}: “{text(fork['title'])}” {text(fork['id'])}", "quiet")
    screen.line(f"Next: hedgerow trail done {text(shown['id'])} STEP", "next")


def _write_steps(screen: Screen, shown: Record) -> None:
    import msgspec

    from hedgerow_node.exchange.steps import write_steps
    from hedgerow_node.store.records import Step

    statement = shown["statement"]
    assert isinstance(statement, dict)
    for line in write_steps(msgspec.convert(statement["steps"], list[Step])).split("\n"):
        screen.line(line)
