"""The program: which commands there are, and how it ends whatever happens.

It ends with 0 when it was done, 1 when it was refused, 2 when the line was not understood; never with a traceback.
"""

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import click

from hedgerow_node.cli.asked import Asked, common_options
from hedgerow_node.cli.screen import Screen
from hedgerow_node.problems import Code, Problem

DONE, REFUSED, MISUSED = 0, 1, 2
SECTIONS: dict[str, dict[str, str]] = {
    "Start": {
        "run": "running",
        "open": "running",
        "status": "health",
        "doctor": "health",
        "budget": "health",
        "limits": "health",
    },
    "Your own library": {
        "add": "library",
        "note": "library",
        "import": "library",
        "library": "library",
        "remove": "library",
    },
    "Say something": {
        "profile": "saying",
        "share": "saying",
        "endorse": "saying",
        "connect": "saying",
        "comment": "saying",
        "attest": "marking",
        "label": "marking",
        "trail": "trails",
        "edit": "saying",
        "retract": "saying",
    },
    "Find": {"search": "finding", "show": "showing", "feed": "finding", "topics": "finding"},
    "People": {
        "people": "people",
        "follow": "people",
        "unfollow": "people",
        "vouch": "marking",
        "introduce": "marking",
        "mute": "people",
        "unmute": "people",
        "block": "people",
        "unblock": "people",
        "waiting": "waiting",
        "reach": "waiting",
    },
    "Keep it decent": {
        "hidden": "hiding",
        "labels": "labels",
        "report": "reports",
        "reports": "reports",
        "takedown": "takedowns",
    },
    "Other nodes": {"invite": "nodes", "join": "nodes", "peers": "peers", "sync": "nodes"},
    "A seed": {"seed": "seed"},
    "Keep": {"identity": "identity", "export": "files", "restore": "files"},
    "Develop": {"dev": "developing", "tail": "developing", "conformance": "conforming"},
}
"""The commands as `hedgerow --help` shows them, and the module of each."""
MODULES = {name: module for section in SECTIONS.values() for name, module in section.items()}


class Program(click.Group):
    """The group of all commands; a module is imported when its command is wanted."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Every command, in the order of the help."""
        return list(MODULES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of this name."""
        if name not in MODULES:
            return None
        module = import_module(f"hedgerow_node.cli.{MODULES[name]}")
        command: click.Command = getattr(module, f"{name}_command")
        return command

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the line names; a misspelt one is told with the nearest there is."""
        try:
            return super().resolve_command(context, arguments)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(arguments[0], MODULES, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(error.message + hint, error.ctx) from None

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in their sections."""
        width = max(map(len, MODULES))
        for section, commands in SECTIONS.items():
            found = [(name, self.get_command(context, name)) for name in commands]
            rows = [
                (f"{name:{width}}", one.get_short_help_str(100)) for name, one in found if one is not None
            ]
            with formatter.section(section):
                formatter.write_dl(rows)


@click.pass_context
def _without_command(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        run = program.get_command(context, "run")
        assert run is not None
        context.invoke(run)


program = Program(
    "hedgerow",
    callback=_without_command,
    invoke_without_command=True,
    help="A learning network without a centre. Without a command: start your node and open its page.",
    params=[*common_options()],
)
program = click.version_option(package_name="hedgerow", message="hedgerow %(version)s")(program)


def run_program(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit status."""
    _make_streams_safe()
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries say is not for whoever types here
    asked = Asked(as_json="--json" in arguments)
    try:
        program.main(list(arguments), prog_name="hedgerow", standalone_mode=False, obj=asked)
    except click.UsageError as error:
        return _misused(asked.screen, error)
    except (click.Abort, KeyboardInterrupt):
        asked.screen.aside("Stopped.")
        return REFUSED
    except Problem as problem:
        return _refused(asked.screen, problem)
    except Exception as error:
        return _refused(asked.screen, _unexpected(asked, error))
    return asked.status


def _misused(screen: Screen, error: click.UsageError) -> int:
    problem = Problem(Code.REQUEST_WRONG, error.format_message())
    if screen.as_json:
        screen.value(problem.as_json())
    else:
        error.show()
    return MISUSED


def _refused(screen: Screen, problem: Problem) -> int:
    screen.value(problem.as_json())
    screen.aside(problem.title + (f": {problem.detail}" if problem.detail else "."), "bad")
    screen.aside(f"Next: {problem.next_step}")
    screen.aside(f"({problem.code})", "quiet")
    return REFUSED


def _unexpected(asked: Asked, error: Exception) -> Problem:
    from hedgerow_node.api.unexpected import unexpected
    from hedgerow_node.cli.logfile import start_log
    from hedgerow_node.logs import Log

    with suppress(Problem):
        asked.home.create()
    start_log(asked.home)
    return unexpected(Log("cli"), error)


def _make_streams_safe() -> None:
    """Letters that the terminal cannot show must not end the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
