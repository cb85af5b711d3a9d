"""What every command is asked besides its own business: which home, and words or JSON."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from hedgerow_node.cli.opening import open_session
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Session
from hedgerow_node.config import Home, home_path

F = TypeVar("F", bound=Callable[..., object])


@dataclass(slots=True)
class Asked:
    """Filled in by the options, wherever on the line they stand."""

    folder: Path | None = None
    as_json: bool = False
    status: int = 0
    """What the program will exit with, where a command does more than to succeed or to raise."""

    @property
    def home(self) -> Home:
        """The folder of this identity."""
        return Home(home_path(self.folder))

    @property
    def screen(self) -> Screen:
        """Where to write."""
        return Screen(as_json=self.as_json)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Where operations run; says so when that made an identity."""
        is_first = not self.home.keys.exists()
        with open_session(self.home) as session:
            if is_first and session.running is None:
                self.screen.aside(f"Made your identity (only on this computer): {self.home.path}", "quiet")
            yield session


class Command(click.Command):
    """A command that also takes the options of every command."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.params += common_options()


def common_options() -> list[click.Parameter]:
    """--home and --json."""
    return [
        click.Option(
            ["--home"],
            type=click.Path(path_type=Path),
            metavar="DIR",
            expose_value=False,
            callback=_take_home,
            help="The folder of your library [HEDGEROW_HOME].",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            callback=_take_json,
            help="Answer with one JSON value.",
        ),
    ]


pass_asked = click.make_pass_decorator(Asked, ensure=True)


def _take_home(context: click.Context, option: click.Parameter, given: Path | None) -> None:
    if given is not None:
        context.ensure_object(Asked).folder = given


def _take_json(context: click.Context, option: click.Parameter, given: bool) -> None:
    if given:
        context.ensure_object(Asked).as_json = True
