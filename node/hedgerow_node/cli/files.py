"""export and restore: everything of one's own in one file; and reading and writing files safely."""

from pathlib import Path

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.typed import typed
from hedgerow_node.cli.wording import count, size, text, whole
from hedgerow_node.config import MAX_IMPORT
from hedgerow_node.durable import fresh_file
from hedgerow_node.problems import Code, Problem

KEYS_LINE = b'{"type":"keys"'
"""How the line of an export begins that carries keys."""
COUNTED = (
    ("messages", "message"),
    ("items", "link"),
    ("notes", "note"),
    ("label_lists", "label list"),
    ("private_follows", "private follow"),
    ("mutes", "mute"),
    ("blocks", "block"),
)

with_passphrase = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    help="Read the passphrase of the export from the first line of this file.",
)


@click.command("export", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--with-keys", is_flag=True, help="Put your keys into it too, locked with a passphrase.")
@with_passphrase
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@pass_asked
def export_command(
    asked: Asked, file: Path, with_keys: bool, passphrase_file: Path | None, overwrite: bool
) -> None:
    """Write everything of your own into one open file."""
    if file.exists() and not overwrite:
        raise Problem(Code.FILE_THERE, str(file))
    name, values = ("export keys", _new_passphrase(passphrase_file)) if with_keys else ("export", {})
    with (
        asked.session() as session,
        asked.screen.progress("Writing bytes") as progress,
        fresh_file(file) as opened,
    ):
        session.download(name, values, opened, progress.step)
    written = file.stat().st_size
    asked.screen.value({"file": str(file.absolute()), "bytes": written, "keys": with_keys})
    asked.screen.line(f"Everything of your own is in {file} ({size(written)}).")
    asked.screen.line(f"Bring it back anywhere: hedgerow restore {file}", "next")


@click.command("restore", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--with-keys/--without-keys", default=None, help="Become who the export is of [if the file has keys]."
)
@with_passphrase
@pass_asked
def restore_command(asked: Asked, file: Path, with_keys: bool | None, passphrase_file: Path | None) -> None:
    """Take an export in; what is here already stays."""
    takes_keys = _has_keys(file) if with_keys is None else with_keys
    passphrase = given_passphrase(passphrase_file, "Passphrase of the export") if takes_keys else ""
    values = {"file": str(file.absolute()), "passphrase": passphrase}
    with asked.session() as session, asked.screen.progress("Taking messages in") as progress:
        answer = session.call("restore", values, progress.step)
    asked.screen.value(answer)
    taken = [count(whole(answer[field]), one) for field, one in COUNTED if answer[field]]
    asked.screen.line(f"Restored: {', '.join(taken) or 'nothing that was not here'}.")
    asked.screen.line(f"You are {text(answer['did'])}.")
    if answer["next"]:
        asked.screen.line(text(answer["next"]), "next")


def content_of(file: Path) -> bytes:
    """What a file holds, if that can be imported; raises `Problem`."""
    try:
        if file.stat().st_size > MAX_IMPORT:
            raise Problem(
                Code.FILE_TOO_BIG, f"{file}: {size(file.stat().st_size)}, at most {size(MAX_IMPORT)}"
            )
        return file.read_bytes()
    except OSError as error:
        raise Problem(Code.FILE_UNREADABLE, f"{file}: {error.strerror}") from None


def _has_keys(file: Path) -> bool:
    try:
        with file.open("rb") as lines:
            return any(line.startswith(KEYS_LINE) for line in lines)
    except OSError as error:
        raise Problem(Code.FILE_UNREADABLE, f"{file}: {error.strerror}") from None


def given_passphrase(
    file: Path | None, words: str, *, twice: bool = False, next_step: str | None = None
) -> str:
    """A passphrase from the first line of a file, or typed unseen; raises `Problem`."""
    if file is not None:
        lines = content_of(file).decode(errors="replace").splitlines()
        return lines[0] if lines else ""
    return typed(words, twice=twice, next_step=next_step)


def _new_passphrase(file: Path | None) -> Json:
    return {"passphrase": given_passphrase(file, "A passphrase for the keys in it", twice=True)}
