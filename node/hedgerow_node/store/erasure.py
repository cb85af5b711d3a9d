"""Erasing what was retracted from every file of the folder, after the rows that held it are gone.

A retraction takes body and index entries out of the tables in its own transaction, and asks for a pass in the same.
What may then still lie in the files: words marked as deleted in the full-text indexes (until `optimize` merges
them away), the body of an own message in the journal, the database as it was in a copy made before a migration, old
pages in the write-ahead log, and, although `secure_delete` overwrites what is deleted, stale copies of cells that
SQLite moved between pages while they were alive: measured at up to two texts in a hundred. Only rewriting the file
(`VACUUM`) removes those.

The request for a pass goes when the pass is through, so a crash at any moment lets it run again.
"""

import sqlite3
from pathlib import Path
from typing import Protocol

from hedgerow_node.store import schema
from hedgerow_node.store.database import Database, full_text_tables
from hedgerow_node.store.faults import told
from hedgerow_node.store.journal import Journal
from hedgerow_protocol.message import MessageId

OWN_ERASED = """SELECT id FROM messages WHERE own = 1 AND erased = 1
    UNION ALL SELECT id FROM aside WHERE own = 1 AND erased = 1"""


class Erasable(Protocol):
    """What a pass goes over."""

    @property
    def database(self) -> Database: ...
    @property
    def journal(self) -> Journal: ...


def due(db: sqlite3.Connection) -> None:
    """Ask for a pass, inside the transaction that takes the text out of the tables."""
    db.execute("INSERT INTO erasure_due DEFAULT VALUES")


async def is_due(store: Erasable) -> bool:
    """Whether something waits to be erased from the files."""
    return await store.database.read(_latest) is not None


async def erase(store: Erasable) -> bool:
    """Remove every trace of what was erased from the tables; False when a reader outside stood in the way.

    Takes about a second for each 100 MB of the database, and as much free space as the database has; meanwhile
    nobody else reads or writes. Raises `StoreError`, and then the pass remains due.
    """
    latest = await store.database.read(_latest)
    if latest is None:
        return True
    await store.database.write(_clean_full_text)
    # Not a write: those are undone by cutting the journal to a size it had, which a rewriting would make wrong.
    await store.database.alone(lambda db: _clean_journal(db, store.journal))
    _remove_copies(store.database.path)
    folder = store.database.path.parent
    if not await store.database.alone(lambda db: _rewrite(db, folder)):
        return False
    await store.database.write(lambda db: _done(db, latest))
    return True


def _latest(db: sqlite3.Connection) -> int | None:
    (latest,) = db.execute("SELECT max(row) FROM erasure_due").fetchone()
    return None if latest is None else int(latest)


def _clean_full_text(db: sqlite3.Connection) -> None:
    for name in full_text_tables(db):
        db.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")  # noqa: S608


def _clean_journal(db: sqlite3.Connection, journal: Journal) -> None:
    erased = {MessageId(key) for (key,) in db.execute(OWN_ERASED)}
    if any(has_body and key in erased for key, has_body, _ in journal.entries()):
        journal.rewrite(erased)


def _remove_copies(path: Path) -> None:
    try:
        for copy in schema.copies_of(path):
            copy.unlink()
    except OSError as error:
        raise told(error) from error


def _rewrite(db: sqlite3.Connection, folder: Path) -> bool:
    # SQLite builds the new file in a temporary one, which for a large library must not stand in memory, nor on a disk
    # that its owner did not choose for it. It has no name, so a crash leaves nothing of it.
    _put_temporary_files_into(db, str(folder.absolute()))
    db.execute("PRAGMA temp_store = FILE")
    try:
        db.execute("VACUUM")
    finally:
        db.execute("PRAGMA temp_store = MEMORY")
        _put_temporary_files_into(db, "")
    busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _put_temporary_files_into(db: sqlite3.Connection, folder: str) -> None:
    """For the whole program; "" leaves it to the system. Without effect where SQLite was built without it."""
    quoted = folder.replace("'", "''")
    db.execute(f"PRAGMA temp_store_directory = '{quoted}'")


def _done(db: sqlite3.Connection, latest: int) -> None:
    db.execute("DELETE FROM erasure_due WHERE row <= ?", [latest])
