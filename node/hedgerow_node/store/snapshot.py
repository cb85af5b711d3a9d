"""A copy of a database as it was at one moment, made while it is in use; and a look at whether one is sound."""

from contextlib import suppress
from pathlib import Path

from hedgerow_node import durable
from hedgerow_node.store.connection import connect
from hedgerow_node.store.disk import sync_file
from hedgerow_node.store.faults import FAULTS, is_damage, told
from hedgerow_node.store.schema import known_migrations


def copy_database(path: Path, to: Path) -> None:
    """Copy the database at `path` to a new file `to`, for its owner alone, while others read and write it.

    Blocks. Reading holds one snapshot throughout, so what is written meanwhile is not in it. Raises `StoreError`, and
    then `to` is not there.
    """
    try:
        durable.write_new(to, b"")
        source, target = connect(path, read_only=True), connect(to)
        try:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on the snapshot holds
            source.backup(target)
        finally:
            target.close()
            source.close()
        sync_file(to)
    except FAULTS as error:
        with suppress(OSError):
            to.unlink(missing_ok=True)
        raise told(error) from error


def faults_of(path: Path) -> list[str]:
    """What is wrong with a database that nobody uses, in words; empty when nothing is. Blocks; reads all of it."""
    try:
        db = connect(path)
        try:
            found = [str(fault) for (fault,) in db.execute("PRAGMA integrity_check")]
        finally:
            db.close()
    except FAULTS as error:
        if is_damage(error):
            return ["it is no database, or a damaged one"]
        raise told(error) from error
    return [] if found == ["ok"] else found


def newest_schema() -> int:
    """The number of the schema that this program writes."""
    return max(known_migrations())
