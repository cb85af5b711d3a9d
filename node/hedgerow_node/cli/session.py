"""Where a command's operations run: in the node that is running, or in this process with the folder to itself."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import sleep
from typing import BinaryIO, Protocol, TypeVar

import click
import msgspec

from hedgerow_node.clock import Clock
from hedgerow_node.config import LOCK_PATIENCE, Home, passphrase
from hedgerow_node.problems import Code, Problem

T = TypeVar("T")
Json = dict[str, object]
OnProgress = Callable[[int, int], None]
RETRY = 0.05
"""Seconds between two looks at whether the folder is free."""
NOTHING: Mapping[str, object] = {}


def ignore(done: int, total: int) -> None:
    """For operations that are done at once."""


class Running(msgspec.Struct, frozen=True):
    """What a running node tells of itself in `running.json`."""

    url: str
    pid: int
    did: str = ""
    peer: str | None = None


class Session(Protocol):
    """Runs operations. All raise `Problem`."""

    running: Running | None
    """The node that runs them; None where this process does."""

    def call(
        self, name: str, values: Mapping[str, object] = NOTHING, on_progress: OnProgress = ignore
    ) -> Json:
        """Run the operation of this name on these fields."""

    def download(
        self, name: str, values: Mapping[str, object], to: BinaryIO, on_progress: OnProgress
    ) -> None:
        """Run an operation that answers with a file, and write that; the total of its progress is not known."""


@contextmanager
def open_session(home: Home) -> Iterator[Session]:
    """A session in the running node, else one in this process; waits a moment for another command."""
    running = running_node(home)
    if running is None:
        with _own_session(home) as session:
            yield session
    else:
        from hedgerow_node.cli.remote import Remote

        yield Remote(home, running)


def running_node(home: Home) -> Running | None:
    """The node that runs on this home, by its own word.

    It is believed only while the process it names is the one that holds the folder: after a crash somebody else
    may listen on its port, and must not be sent our token.
    """
    try:
        running = msgspec.json.decode(home.running.read_bytes(), type=Running)
        holder = int(home.lock.read_bytes() or 0)
        os.kill(running.pid, 0)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    return running if holder == running.pid else None


def typed(words: str, *, twice: bool = False, next_step: str | None = None) -> str:
    """A secret that somebody types unseen; raises `Problem` where nobody can."""
    if not sys.stdin.isatty():
        raise Problem(Code.NOBODY_TYPES, next_step=next_step)
    given: str = click.prompt(words, hide_input=True, confirmation_prompt=twice, err=True)
    return given


def ask_passphrase(problem: Problem) -> str:
    """The passphrase of the keys, from whoever sits there; raises `problem` where nobody does."""
    if not sys.stdin.isatty():
        raise problem
    words: str = click.prompt("Passphrase of your keys", hide_input=True, err=True)
    return words


@contextmanager
def _own_session(home: Home) -> Iterator[Session]:
    from hedgerow_node.cli.local import Local

    clock, words = Clock(), passphrase()
    deadline = clock.monotonic() + LOCK_PATIENCE
    local: Local | None = None
    while local is None:
        try:
            local = Local(home, words)
        except Problem as problem:
            if problem.kind is Code.PASSPHRASE_NEEDED and words is None:
                words = ask_passphrase(problem)
            elif problem.kind is not Code.FOLDER_BUSY or clock.monotonic() > deadline:
                raise
            else:
                sleep(RETRY)
        if local is None and (running := running_node(home)) is not None:
            from hedgerow_node.cli.remote import Remote

            yield Remote(home, running)
            return
    try:
        yield local
    finally:
        local.close()
