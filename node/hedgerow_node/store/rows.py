"""Messages as rows of the database, and the few statements that everything here looks them up with.

What is read is checked: the id against the header, the body against the header, the signature against its checksum.
A disk that changes a byte can therefore hide a message, never alter one. A header of the right id is the one that was
decoded before it was stored.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from hedgerow_node.store.faults import DamagedRow
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Message, MessageId, check_body, checked_header, message_id

T = TypeVar("T")
MessageRow = tuple[bytes, bytes, bytes, int, bytes | None]

COLUMNS = "m.id, m.header, m.signature, m.crc, m.body"
"""What `message_of` takes; `m` is the table of messages."""
CHUNK = 512
"""Ids in one statement; SQLite takes 32,766 values, and a text of usual length stays compiled for the next batch."""

LENGTHS = (1, 4, 16, 64, 256, CHUNK)
ROWS = 32
"""Rows of one inserting statement."""

AUTHOR_ROWS = "SELECT key, row FROM authors WHERE key IN ({})"
BY_ID = f"SELECT {COLUMNS} FROM messages AS m WHERE m.id IN ({{}})"  # noqa: S608


def message_of(row: MessageRow) -> Message:
    """The message in these `COLUMNS`; raises `DamagedRow`."""
    identifier, header, signature, crc, body = row
    try:
        if message_id(header) != identifier or zlib.crc32(signature) != crc:
            raise DamagedRow("header or signature")
        message = Message(MessageId(identifier), checked_header(header), header, signature, body)
        check_body(message)
    except (RemoteProtocolError, TypeError) as error:
        raise DamagedRow(str(error)) from None
    return message


def messages_of(rows: Iterable[MessageRow]) -> tuple[list[Message], int]:
    """The messages in these rows, and how many rows are damaged."""
    found: list[Message] = []
    damaged = 0
    for row in rows:
        if (message := _sound(row)) is None:
            damaged += 1
        else:
            found.append(message)
    return found, damaged


def damaged_among(rows: Iterable[MessageRow]) -> int:
    """How many of these rows are damaged."""
    return sum(1 for row in rows if _sound(row) is None)


def _sound(row: MessageRow) -> Message | None:
    try:
        return message_of(row)
    except DamagedRow:
        return None


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The values in order, `size` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def select_in(
    db: sqlite3.Connection, sql: str, values: Iterable[bytes] | Iterable[str]
) -> Iterator[tuple[Any, ...]]:
    """The rows of `sql`, whose {} stands for a list, for all of these values, each once.

    What stands in a row is known to the statement alone, so its caller says it.
    """
    wanted: list[bytes] | list[str] = sorted(set(values))  # type: ignore[type-var, assignment]
    for chunk in chunks(wanted):
        # A list is filled up with its last value to one of few lengths: their statements stay compiled.
        length = next(length for length in LENGTHS if length >= len(chunk))
        yield from db.execute(
            sql.format(",".join("?" * length)), [*chunk, *[chunk[-1]] * (length - len(chunk))]
        )


def insert(db: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows of equal length; `into` is the statement up to its values.

    Many rows go into one statement: Python gives up and takes back its lock once for each.
    """
    whole = len(rows) - len(rows) % ROWS
    for chunk in chunks(rows[:whole], ROWS):
        marks = f"({','.join('?' * len(chunk[0]))})"
        db.execute(f"{into} VALUES {','.join([marks] * ROWS)}", [value for row in chunk for value in row])
    if rest := rows[whole:]:
        db.executemany(f"{into} VALUES ({','.join('?' * len(rest[0]))})", rest)


def author_rows(db: sqlite3.Connection, authors: Iterable[AuthorKey]) -> dict[AuthorKey, int]:
    """The row numbers of those authors of whom something is held."""
    return {AuthorKey(key): row for key, row in select_in(db, AUTHOR_ROWS, authors)}


def as_list(numbers: Iterable[int] | Iterable[tuple[int, int]]) -> str:
    """Numbers, or pairs of them, for `IN (SELECT value FROM json_each(?))`: one statement for any number of them."""
    return json.dumps(list(numbers))
