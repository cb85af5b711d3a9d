"""One SQLite connection in a thread of its own, on which whole pieces of work are run."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import aiosqlite

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""A piece of work on a connection, which runs it from start to end in its thread."""

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another program that reads the file, such as sqlite3 on a command line."""
STATEMENTS = 256
"""Compiled statements that a connection keeps."""
CHUNK = 64
"""Rows that aiosqlite's own cursors fetch at a time; works do not use them."""


class Connection(aiosqlite.Connection):
    """A connection that takes one piece of work at a time.

    aiosqlite hops to its thread and back for each statement; a batch of messages takes a dozen, and between two of
    them its caller could be cancelled in the middle of a transaction. Here the hop is made once.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, CHUNK)
        # A program that fails before it closes the store must end, and give the folder's lock back.
        self._thread.daemon = True

    async def run(self, work: Work[T]) -> T:
        """What `work` returns or raises. A cancelled caller does not stop a work that was handed over."""
        return cast(T, await self._execute(work, self._conn))  # type: ignore[no-untyped-call]


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A bare connection to the file, which exists; transactions are begun and ended by hand."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}",
        uri=True,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        cached_statements=STATEMENTS,
        check_same_thread=False,
    )


def change(db: sqlite3.Connection, sql: str, values: Sequence[object]) -> bool:
    """Run one statement; whether it changed a row."""
    return db.execute(sql, values).rowcount > 0


async def open_connection(path: Path, pragmas: tuple[str, ...], *, read_only: bool = False) -> Connection:
    """A connection with its thread running, on which these `PRAGMA`s were set. Close it."""
    connection = Connection(partial(connect, path, read_only=read_only))
    await connection
    try:
        await connection.run(partial(_set, pragmas))
    except BaseException:
        await connection.close()
        raise
    return connection


def _set(pragmas: tuple[str, ...], db: sqlite3.Connection) -> None:
    for pragma in pragmas:
        db.execute(f"PRAGMA {pragma}").fetchall()
