"""A damaged database is made anew, from whatever of it can be read and is sound, and from the journal.

The new file grows beside the old one. When it is whole it is renamed to `hedgerow.db.recovered`; from that moment on
the old one, its log and the note of its damage are removed and it takes their place, also after a crash. So no
damaged file, which would keep erased text for ever, outlives the repair.

Messages are checked one by one by hash and checksum. What the owner keeps privately has no copy elsewhere: its
tables are read row by row around the damaged pages.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Any, TypeAlias

from hedgerow_node import durable
from hedgerow_node.logs import Log
from hedgerow_node.problems import Code
from hedgerow_node.store import erasure, intake, library
from hedgerow_node.store.connection import connect
from hedgerow_node.store.database import Database, damage_of
from hedgerow_node.store.disk import sync_file
from hedgerow_node.store.faults import FAULTS, PASSING, DamagedRow, StoreError, code_of, told
from hedgerow_node.store.rows import COLUMNS, message_of
from hedgerow_protocol.message import Message

log = Log("recovery")

UNFINISHED = ".new"
RECOVERED = ".recovered"
COMPANIONS = ("-wal", "-shm")
DECISIONS = ("takedowns", "withheld", "blocks", "policy_blocks")
"""By which some messages have no body: they stand before any message is put."""
TABLES = (
    "peers",
    "book",
    "members",
    "invites",
    "acceptances",
    "kept_acceptances",
    "settings",
    "quarantine",
    "not_now",
    "reports",
    "since",
    "forgotten",
    *library.TABLES,
)
"""What no peer and no journal can bring back."""
MESSAGES = f"SELECT row, received, own, {COLUMNS} FROM messages AS m NOT INDEXED WHERE row > ? ORDER BY row"  # noqa: S608
BATCH = 2_000
"""Messages of one transaction."""
PATIENCE = 256
"""Rows after each other that are tried one by one although none can be read: as many as stand in a page. After
them the steps double."""
LAST_ROW = 2**62

Salvaged: TypeAlias = tuple[float, bool, Message]
"""When it was received, whether it is our own, and the message."""


def finish(path: Path) -> None:
    """Bring a repair that a crash interrupted to its end, or back to its beginning. Raises `OSError`."""
    _remove_unfinished(path)
    recovered = _beside(path, RECOVERED)
    if not recovered.exists():
        return
    # First what would be taken for the new file's own log.
    for companion in COMPANIONS:
        _beside(path, companion).unlink(missing_ok=True)
    damage_of(path).unlink(missing_ok=True)
    recovered.rename(path)
    durable.sync_folder(path.parent)


async def recover(path: Path) -> None:
    """Put a sound database in the place of the damaged one. Raises `StoreError`, and then nothing was lost."""
    unfinished = _beside(path, UNFINISHED)
    await asyncio.to_thread(_remove_unfinished, path)
    database = await Database.open_file(unfinished, check=False)
    try:
        count = await _salvage(path, database)
        # Closing does this as well, but is silent where it cannot; and only the file takes the damaged one's place.
        await database.alone(_move_log_in)
    finally:
        await database.close()
    try:
        sync_file(unfinished)
        unfinished.rename(_beside(path, RECOVERED))
        durable.sync_folder(path.parent)
        finish(path)
    except OSError as error:
        raise told(error) from error
    log.warning("a damaged database was made anew", messages=count)


async def _salvage(path: Path, database: Database) -> int:
    try:
        with closing(await asyncio.to_thread(connect, path, read_only=True)) as damaged:
            damaged.text_factory = partial(str, encoding="utf-8", errors="replace")
            await _salvage_tables(damaged, database, DECISIONS)
            count = await _salvage_messages(damaged, database)
            await _salvage_tables(damaged, database, [one for one in TABLES if one not in DECISIONS])
    except FAULTS as error:
        raise told(error) from error
    await database.write(library.reindex)
    # The journal may hold text that was about to be erased, and only the damaged file knew.
    await database.write(erasure.due)
    return count


async def _salvage_tables(damaged: sqlite3.Connection, database: Database, tables: Sequence[str]) -> None:
    for table in tables:
        columns, rows = await asyncio.to_thread(_rows, damaged, table)
        await database.write(partial(_insert, table, columns, rows))


async def _salvage_messages(damaged: sqlite3.Connection, database: Database) -> int:
    found = _messages(damaged)
    count = 0
    while batch := await asyncio.to_thread(lambda: list(islice(found, BATCH))):
        await database.write(partial(_put, batch))
        count += len(batch)
    return count


def _messages(damaged: sqlite3.Connection) -> Iterator[Salvaged]:
    for _, received, own, *columns in _readable(damaged, MESSAGES):
        with suppress(DamagedRow, TypeError, ValueError):
            identifier, header, signature, crc, body = columns
            yield float(received), bool(own), message_of((identifier, header, signature, crc, body))


def _put(batch: Sequence[Salvaged], db: sqlite3.Connection) -> None:
    for (received, own), group in groupby(batch, key=lambda one: one[:2]):
        intake.take_in(db, [message for _, _, message in group], received=received, own=own)


def _rows(damaged: sqlite3.Connection, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns of a table, which in an older schema may be fewer than in the newest, and its rows."""
    sql = f"SELECT rowid, * FROM {table} NOT INDEXED WHERE rowid > ? ORDER BY rowid"  # noqa: S608
    try:
        columns = [name for _, name, *_ in damaged.execute(f"PRAGMA table_info({table})")]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if code_of(error) in PASSING:
            raise
        return [], []
    return columns, [row[1:] for row in _readable(damaged, sql)]


def _insert(
    table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], db: sqlite3.Connection
) -> None:
    sql = f"INSERT OR IGNORE INTO {table} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})"  # noqa: S608
    for row in rows:
        # A damaged value may be of a type or a size that the table refuses.
        with suppress(sqlite3.IntegrityError, sqlite3.OperationalError):
            db.execute(sql, row)


def _move_log_in(db: sqlite3.Connection) -> None:
    busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError(Code.STORE_FAILED, "another program reads the database that is being made anew")


def _readable(damaged: sqlite3.Connection, sql: str) -> Iterator[tuple[Any, ...]]:
    """The rows of `sql`, whose first column is the row number and whose value the number behind which to begin.

    Raises what will pass, as a lock does: a row that cannot be read just now is not lost.
    """
    at = failures = 0
    while at < LAST_ROW:
        try:
            for row in damaged.execute(sql, [at]):
                if row[0] > at:
                    at, failures = row[0], 0
                    yield row
            return
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if code_of(error) in PASSING:
                raise
            failures += 1
            at += 1 if failures < PATIENCE else 2 ** (failures - PATIENCE)


def _remove_unfinished(path: Path) -> None:
    for ending in ("", *COMPANIONS):
        _beside(path, UNFINISHED + ending).unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
