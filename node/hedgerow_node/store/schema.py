"""The schema of the database: numbered SQL files, and the number of the last that was applied.

`PRAGMA user_version` is that number. All that is missing is applied in one transaction, so a crash leaves the old
schema or the new one. Before a database that holds something is changed, a copy of it is laid beside it.
"""

import sqlite3
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from hedgerow_node import durable
from hedgerow_node.problems import Code
from hedgerow_node.store import weeks
from hedgerow_node.store.connection import connect
from hedgerow_node.store.disk import sync_file
from hedgerow_node.store.faults import StoreError
from hedgerow_protocol.fingerprint import SetSum

COPY = ".before-"
"""What stands between the database's name and the number of the schema that its copy precedes."""


def known_migrations() -> dict[int, str]:
    """The SQL of each schema number, ascending from 1 without gaps."""
    files = resources.files(__package__).joinpath("migrations").iterdir()
    found = {int(file.name.removesuffix(".sql")): file for file in files if file.name.endswith(".sql")}
    return {number: found[number].read_text(encoding="utf-8") for number in sorted(found)}


def migrate(path: Path, migrations: Mapping[int, str]) -> None:
    """Bring the database to the newest schema; it is made when it is not there.

    Raises `StoreError` when it has a newer schema than these, and whatever SQLite raises.
    """
    if not path.exists():
        durable.write_new(path, b"")
        durable.sync_folder(path.parent)
    db = connect(path)
    try:
        db.execute("PRAGMA journal_mode = WAL").fetchall()
        held = version_of(db)
        newest = max(migrations)
        if held > newest:
            raise StoreError(Code.STORE_NEWER, f"its schema is {held}, this program knows {newest}")
        missing = {number: sql for number, sql in migrations.items() if number > held}
        if missing:
            if held:
                _copy(db, path, newest)
            _apply(db, missing)
    finally:
        db.close()


def version_of(db: sqlite3.Connection) -> int:
    """The number of the schema; 0 of an empty database."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def copies_of(path: Path) -> list[Path]:
    """The copies that were made of this database before it was changed."""
    return sorted(path.parent.glob(path.name + COPY + "*"))


def _copy(db: sqlite3.Connection, path: Path, newest: int) -> None:
    copy = path.with_name(f"{path.name}{COPY}{newest}")
    unfinished = copy.with_name(copy.name + ".new")
    unfinished.unlink(missing_ok=True)
    try:
        _fill_copy(db, unfinished)
        unfinished.rename(copy)
    except BaseException:
        # Half a copy is of no use, and may be all that fills the disk.
        unfinished.unlink(missing_ok=True)
        raise
    durable.sync_folder(path.parent)


def _fill_copy(db: sqlite3.Connection, unfinished: Path) -> None:
    durable.write_new(unfinished, b"")
    target = connect(unfinished)
    try:
        db.backup(target)
    finally:
        target.close()
    sync_file(unfinished)


class _SumOfIds:
    """The sum of ids as the tables keep it: an aggregate for migrations."""

    def __init__(self) -> None:
        self._sum = SetSum()

    def step(self, identifier: bytes, /) -> None:
        self._sum = self._sum.add(identifier)

    def finalize(self) -> bytes:
        return self._sum.to_bytes()


def _apply(db: sqlite3.Connection, missing: Mapping[int, str]) -> None:
    script = "\n".join(missing.values())
    db.create_aggregate("sum_of_ids", 1, _SumOfIds)  # type: ignore[arg-type]  # its stub knows numbers alone
    db.create_function("body_length", 1, weeks.body_length)
    try:
        db.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {max(missing)};\nCOMMIT;")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
