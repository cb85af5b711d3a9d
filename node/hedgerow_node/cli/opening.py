"""Opens what a command runs in: the node that is running, or this process with the folder to itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep

from hedgerow_node.cli.session import Session, running_node
from hedgerow_node.cli.typed import ask_passphrase
from hedgerow_node.clock import Clock
from hedgerow_node.config import LOCK_PATIENCE, Home, passphrase
from hedgerow_node.problems import Code, Problem

RETRY = 0.05
"""Seconds between two looks at whether the folder is free."""


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
