"""What the disk can do to us, as people read it."""

import sqlite3

from hedgerow_node.durable import FULL
from hedgerow_node.problems import Code, Problem

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
FAILED = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_NOMEM,
    }
)
"""Errors that lie outside the program; any other is a fault of ours and stays what it is."""
PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    }
)
"""Errors that say nothing about what the file holds, and may not be there the next time."""
PRIMARY_CODE = 0xFF
"""An extended result code of SQLite has the primary one in its lowest byte."""


UNDECODABLE = "Could not decode to UTF-8"
"""How Python's errors begin when a text in the file is none; SQLite itself does not look."""


class StoreError(Problem):
    """The store could not do what was asked, and did none of it."""


class DamagedRow(Exception):
    """A row of the database is not what was written, although SQLite can read it."""


FAULTS = (sqlite3.Error, DamagedRow, UnicodeDecodeError, OSError)
"""What the disk may make a work raise. Python cannot decode what SQLite says of a schema that is noise."""


def code_of(error: BaseException) -> int:
    """The primary result code of SQLite in `error`; 0 when there is none."""
    return getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE


def is_damage(error: BaseException) -> bool:
    """Whether `error` says that the database's file is not what was written."""
    is_undecodable = isinstance(error, sqlite3.OperationalError) and str(error).startswith(UNDECODABLE)
    return code_of(error) in DAMAGED or is_undecodable or isinstance(error, DamagedRow | UnicodeDecodeError)


def words_of(error: BaseException) -> str:
    """What an error says, without the text that could not be read: nothing private may get into a log by it."""
    said = str(error)
    is_quoting = said.startswith(UNDECODABLE) or isinstance(error, UnicodeDecodeError)
    return "a text in it is none" if is_quoting else said


def told(error: BaseException) -> BaseException:
    """`error` as a `StoreError` when the disk is at fault, else itself."""
    if is_damage(error):
        return StoreError(Code.STORE_DAMAGED, words_of(error))
    if isinstance(error, OSError):
        return StoreError(Code.STORE_FULL if error.errno in FULL else Code.STORE_FAILED, error.strerror or "")
    if code_of(error) == sqlite3.SQLITE_FULL:
        return StoreError(Code.STORE_FULL, str(error))
    if code_of(error) in FAILED:
        return StoreError(Code.STORE_FAILED, str(error))
    return error
