"""Chains of devices: where they end, and which of their messages are not here."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence

from hedgerow_node.store.rows import COLUMNS, MessageRow, as_list, author_rows
from hedgerow_protocol.effects import Chains, End
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.message import MessageId, checked_header, message_id

PLACES = """SELECT a.row, d.row FROM authors AS a, devices AS d WHERE a.key = ? AND d.key = ?"""
LAST = """SELECT m.seq, m.id FROM messages AS m INDEXED BY messages_in_chain
    WHERE m.device = ? AND m.author = ? AND m.kind != 0 AND (m.control OR m.ts >= ?)
    ORDER BY m.seq DESC, m.id DESC LIMIT 1"""
COUNT = """SELECT count(DISTINCT m.seq), max(m.seq) FROM messages AS m INDEXED BY messages_in_chain
    WHERE m.device = ?"""
ABOVE_HOLES = """SELECT m.header FROM messages AS m INDEXED BY messages_in_chain
    WHERE m.device = ? AND m.author = ? AND m.kind != 0 AND m.ts >= ? AND m.seq > max(1, ?) AND NOT EXISTS
    (SELECT 1 FROM messages AS p INDEXED BY messages_in_chain WHERE p.device = m.device AND p.seq = m.seq - 1)
    ORDER BY m.seq DESC LIMIT ?"""
FIRST_KEPT = """SELECT min(m.seq) FROM messages AS m INDEXED BY messages_in_chain
    WHERE m.device = ? AND m.author = ? AND m.kind != 0 AND m.ts >= ?"""
LINK = f"SELECT {COLUMNS} FROM messages AS m WHERE m.id = ? AND m.kind != 0"  # noqa: S608
ENDS = """SELECT e.wanted, max(e.bound) FROM ends AS e WHERE e.author IN (SELECT value FROM json_each(?))
    AND EXISTS (SELECT 1 FROM aside AS u INDEXED BY aside_of_device WHERE u.author = e.author AND u.device = e.device
    AND u.seq > e.bound AND u.seq < e.seq) GROUP BY e.wanted LIMIT ?"""
HELD_ASIDE = "SELECT 1 FROM aside WHERE id = ?"


def chains(
    db: sqlite3.Connection,
    devices: Sequence[tuple[AuthorKey, DeviceKey]],
    limit: int,
    since: Sequence[int] = (),
) -> Chains:
    """Where the chains of these devices end, entries of logs apart, and up to `limit` messages missing in them.

    `since` has for each chain the second from which on its content counts, or nothing.
    """
    heads: list[tuple[DeviceKey, int, MessageId]] = []
    missing: list[MessageId] = []
    for (author, device), time in zip(devices, since or [0] * len(devices), strict=True):
        for whose, chain in db.execute(PLACES, (author, device)).fetchall():
            last = db.execute(LAST, (chain, whose, time)).fetchone()
            if last is not None:
                heads.append((device, last[0], MessageId(last[1])))
                missing += _missing(db, whose, chain, limit - len(missing), time)
    return Chains(tuple(heads), tuple(missing))


def links(db: sqlite3.Connection, tip: MessageId, down: int, limit: int) -> list[MessageRow]:
    """The rows of a chain from a message on by `prev`, down to above a number, up to `limit`."""
    found: list[MessageRow] = []
    wanted: bytes | None = tip
    while wanted is not None and len(found) < limit:
        row: MessageRow | None = db.execute(LINK, [wanted]).fetchone()
        header = None if row is None or message_id(row[1]) != wanted else checked_header(row[1])
        if row is None or header is None or header.seq <= down:
            break
        found.append(row)
        wanted = header.prev
    return found


def ends(db: sqlite3.Connection, authors: Collection[AuthorKey], limit: int) -> list[End]:
    """Where walks from cuts of these authors wait, and something that is kept aside depends on it."""
    rows = as_list(author_rows(db, authors).values())
    return [End(MessageId(wanted), bound) for wanted, bound in db.execute(ENDS, (rows, limit))]


def _missing(db: sqlite3.Connection, author: int, device: int, limit: int, since: int) -> Iterator[MessageId]:
    held, last = db.execute(COUNT, (device,)).fetchone()
    if limit <= 0 or held == last:
        return
    # What stood before the first that is kept was let go, and is no hole.
    (first,) = db.execute(FIRST_KEPT, (device, author, since)).fetchone() if since else (0,)
    for (header,) in db.execute(ABOVE_HOLES, (device, author, since, first or 0, limit)).fetchall():
        before = checked_header(header).prev
        if before is not None and db.execute(HELD_ASIDE, (before,)).fetchone() is None:
            yield before
