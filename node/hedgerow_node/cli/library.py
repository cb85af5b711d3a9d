"""add, note, import, library, remove: one's own library, which nobody else sees."""

from pathlib import Path

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.files import content_of
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.wording import Record, count, day, records, show_heading, show_page, text, texts, whole

SHOWN = 10
"""Rows of a preview that are shown of many."""


@click.command("add", cls=Command)
@click.argument("thing")
@click.option("--title", help="What it is called.")
@click.option("--summary", help="What it is about.")
@click.option("--topic", "topics", multiple=True, help="A topic; may be given several times.")
@pass_asked
def add_command(
    asked: Asked, thing: str, title: str | None, summary: str | None, topics: tuple[str, ...]
) -> None:
    """Keep a thing in your own library. Nobody else sees it."""
    values = {"thing": thing, "title": title, "summary": summary, "topics": topics or None}
    with asked.session() as session:
        answer = session.call("add", values)
    asked.screen.value(answer)
    asked.screen.line(f"{'Added' if answer['added'] else 'Changed'}, only for you: {text(answer['thing'])}")
    asked.screen.line(f"Next: hedgerow share {text(answer['thing'])}", "next")


@click.command("note", cls=Command)
@click.argument("thing")
@click.argument("text")
@pass_asked
def note_command(asked: Asked, thing: str, text: str) -> None:
    """Write a private note on a thing; an empty TEXT removes it."""
    with asked.session() as session:
        answer = session.call("note", {"thing": thing, "text": text})
    asked.screen.value(answer)
    asked.screen.line("Noted, only for you." if answer["note"] else "The note is gone.")


@click.command("remove", cls=Command)
@click.argument("thing")
@pass_asked
def remove_command(asked: Asked, thing: str) -> None:
    """Take a thing, and your note on it, out of your library."""
    with asked.session() as session:
        answer = session.call("remove", {"thing": thing})
    asked.screen.value(answer)
    asked.screen.line(f"Removed: {text(answer['thing'])}")


@click.command("library", cls=Command)
@click.option("--limit", type=int, help="How many at once.")
@click.option("--cursor", help="Go on from here.")
@pass_asked
def library_command(asked: Asked, limit: int | None, cursor: str | None) -> None:
    """What you saved or shared, newest first."""
    with asked.session() as session:
        answer = session.call("collection", {"limit": limit, "cursor": cursor})
    asked.screen.value(answer)
    show_page(asked.screen, answer, _show_entry, "hedgerow library")
    if not answer["results"]:
        asked.screen.line("Your library is empty. Next: hedgerow import FILE, or hedgerow add ADDRESS.")


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--dry-run", is_flag=True, help="Only show what would come in.")
@click.option("--share", is_flag=True, help="Share everything at once.")
@click.option(
    "--leave-out", "leave_out", multiple=True, metavar="TOPIC", help="A folder or topic that stays out."
)
@click.option("--bundled", is_flag=True, help="Bring in the small library that comes with Hedgerow.")
@click.option("--undo", is_flag=True, help="Take the latest import out again.")
@pass_asked
def import_command(
    asked: Asked,
    file: Path | None,
    dry_run: bool,
    share: bool,
    leave_out: tuple[str, ...],
    bundled: bool,
    undo: bool,
) -> None:
    """Bring bookmarks or a Markdown list into your library."""
    if [file is not None, bundled, undo].count(True) != 1:
        raise click.UsageError("Give a FILE to bring in, or --bundled, or --undo.")
    if undo:
        _undo(asked)
        return
    values = {**_brought(file), "dry_run": dry_run, "share": share, "leave_out": leave_out}
    with asked.session() as session, asked.screen.progress("Bringing links in") as progress:
        answer = session.call("import", values, progress.step)
    asked.screen.value(answer)
    _show_import(asked.screen, answer, share=share)


def _brought(file: Path | None) -> Json:
    """The file to be brought in; the library that comes with Hedgerow where none is given."""
    if file is not None:
        return {"name": file.name, "data": content_of(file)}
    from hedgerow_node.exchange import bundled

    return {"name": bundled.NAME, "data": bundled.content()}


def _undo(asked: Asked) -> None:
    with asked.session() as session:
        answer = session.call("import undo")
    asked.screen.value(answer)
    asked.screen.line(
        f"Taken out again: {count(whole(answer['removed']), 'link')} of {text(answer['name'])}."
    )


def _show_import(screen: Screen, answer: Json, *, share: bool) -> None:
    is_preview = bool(answer["dry_run"])
    screen.line(
        f"{count(whole(answer['read']), 'link')} in the file: {whole(answer['added']):,} new, "
        f"{whole(answer['duplicates']):,} here already or twice in it, {whole(answer['left_out']):,} left out."
    )
    skipped = records(answer["skipped"])
    if skipped:
        screen.line(f"Skipped {count(len(skipped), 'entry', 'entries')}:")
    for one in skipped[:SHOWN]:
        screen.line(f"line {whole(one['line'])}: {text(one['why'])}: {text(one['text'])}", "quiet", indent=2)
    if len(skipped) > SHOWN:
        screen.line(f"and {len(skipped) - SHOWN:,} more; --json lists all.", "quiet", indent=2)
    if is_preview:
        for one in records(answer["topics"])[:SHOWN]:
            screen.line(f"{whole(one['links']):7,}  {text(one['topic']) or '(without a topic)'}")
        screen.line("Nothing was brought in yet. Next: the same without --dry-run.", "next")
    elif share:
        screen.line(f"Shared {count(whole(answer['shared']), 'link')}. {text(answer['who'])}")
        screen.line("Take one back: hedgerow retract THING", "next")
    else:
        screen.line(
            "Only you see them. Next: hedgerow library; take them out again: hedgerow import --undo.", "next"
        )


def _show_entry(screen: Screen, entry: Record) -> None:
    show_heading(screen, entry)
    what = ["shared" if entry["shared"] else "only for you", day(entry["at"]), *texts(entry["topics"])]
    screen.line(" · ".join([word for word in what if word]), "quiet", indent=2)
    if entry["note"]:
        screen.line(f"Note: {text(entry['note'])}", indent=2)
