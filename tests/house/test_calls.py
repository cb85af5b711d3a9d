"""Every command that a document or a problem names can be called as it stands there."""

import re
from pathlib import Path

import click
import pytest

from hedgerow_node.cli.program import SECTIONS, program
from hedgerow_node.problems import Code
from house.test_documents import DOCUMENTS, FENCE

CALL = re.compile(r"(?<![\w/.-])hedgerow((?: (?:--)?[a-z][a-z-]*| [A-Z…]+| HOST:PORT| /[\w/]+)*)")


def wrong_calls(text: str) -> list[str]:
    """What `text` calls that is no command, or an option that its command lacks."""
    return [call[0] for call in CALL.finditer(text) if not _exists(call[1].split())]


def _exists(words: list[str]) -> bool:
    command: click.Command = program
    context, known = click.Context(program), {"--help", *_options(program)}
    arguments = iter(words)
    for word in arguments:
        if word.startswith("--"):
            if word not in known:
                return False
            if word == "--home":
                next(arguments, None)
        elif isinstance(command, click.Group) and re.fullmatch("[a-z-]+", word):
            found = command.get_command(context, word)
            if found is None:
                return False
            command, known = found, known | set(_options(found))
        else:
            command = command if not isinstance(command, click.Group) else click.Command("")
    return True


def _options(command: click.Command) -> list[str]:
    return [name for one in command.params for name in (*one.opts, *one.secondary_opts)]


def code_in(text: str) -> str:
    """What stands in code font, a piece a line."""
    fences = [found[0] for found in FENCE.finditer(text)]
    return "\n".join([*fences, *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_a_document_names_exists_with_its_options(document: Path) -> None:
    assert wrong_calls(code_in(document.read_text())) == []


def test_every_command_that_a_problem_names_exists_with_its_options() -> None:
    assert [call for one in Code for call in wrong_calls(one.next_step)] == []


def test_calls_of_commands_that_are_none_are_found() -> None:
    text = (
        "`hedgerow run --no-open` `hedgerow identity grow` `hedgerow lend` `hedgerow add --much` `hedgerow`"
    )
    assert wrong_calls(code_in(text)) == ["hedgerow identity grow", "hedgerow lend", "hedgerow add --much"]


def test_the_help_shows_every_command_that_can_be_called() -> None:
    context = click.Context(program)
    assert program.list_commands(context) == [name for names in SECTIONS.values() for name in names]
    assert all(program.get_command(context, name) for name in program.list_commands(context))
    shown = program.get_help(context)
    assert [name for name in program.list_commands(context) if f"\n  {name} " not in shown] == []
