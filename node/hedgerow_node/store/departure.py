"""Messages leave the sets, and their effects with them: the opposite of `intake`, inside a writing transaction.

What such a message replaced stands again unless something else replaces it; what it withdrew is wanted again unless
something else withdraws it (specs/01-identity.md, ID-29). Sums follow in the same transaction.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from hedgerow_node.store import index, intake, weeks, withholding
from hedgerow_node.store.rows import COLUMNS, MessageRow, as_list, chunks, messages_of, select_in
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import Message, MessageId, checked_header, message_id

NAMED = "row IN (SELECT value FROM json_each(?))"
LEAVING = f"SELECT control, erased OR dropped, {COLUMNS} FROM messages AS m WHERE m.{NAMED}"  # noqa: S608
PUT_ASIDE = f"""INSERT OR IGNORE INTO aside
    (id, author, device, kind, seq, header, signature, crc, body, erased, received, own, since)
    SELECT id, author, device, kind, seq, header, signature, crc, body, erased, received, own, ?
    FROM messages WHERE {NAMED} AND (own OR kind = 0 OR ?)"""  # noqa: S608
DELETE = f"DELETE FROM messages WHERE {NAMED}"  # noqa: S608
DELETE_WAITING = f"DELETE FROM unindexed WHERE {NAMED}"  # noqa: S608
NO_SUPERSESSION = "DELETE FROM supersessions WHERE target = ? AND author = ? AND kind = ? AND by = ?"
NO_RETRACTION = "DELETE FROM retractions WHERE target = ? AND author = ? AND by = ?"
NOT_DROPPED = """SELECT row FROM messages WHERE id IN ({}) AND dropped AND NOT EXISTS (SELECT 1 FROM supersessions AS x
    WHERE x.target = messages.id AND x.author = messages.author AND x.kind = messages.kind)"""
NO_LONGER_DROPPED = f"UPDATE messages SET dropped = 0 WHERE {NAMED}"  # noqa: S608
STANDS_AGAIN = f"""SELECT m.row, m.received, {COLUMNS} FROM messages AS m WHERE m.id IN ({{}})
    AND m.body IS NOT NULL AND NOT EXISTS (SELECT 1 FROM unindexed AS u WHERE u.row = m.row)"""  # noqa: S608
NO_SUM = "DELETE FROM sums WHERE author = ? AND control = ?"


def depart(db: sqlite3.Connection, author: int, rows: Collection[int], *, now: float, keeps: bool) -> None:
    """Take these rows of one author out of the sets; with `keeps` aside, own ones and entries always.

    An entry that has no effect now may get one by what comes later.
    """
    for chunk in chunks(sorted(rows)):
        _depart(db, author, chunk, now, keeps)


def _depart(db: sqlite3.Connection, author: int, rows: Sequence[int], now: float, keeps: bool) -> None:
    named = as_list(rows)
    found: list[tuple[bool, bool, MessageRow]] = [
        (bool(control), bool(is_bare), tuple(columns))
        for control, is_bare, *columns in db.execute(LEAVING, [named])
    ]
    index.forget(db, rows)
    db.execute(DELETE_WAITING, [named])
    db.execute(PUT_ASIDE, [now, named, keeps])
    db.execute(DELETE, [named])
    take_from_sums(db, author, [(control, row[0]) for control, _, row in found])
    weeks.remove(
        db,
        [
            item
            for control, is_bare, row in found
            if not control and (item := item_of(author, row, is_bare=is_bare))
        ],
    )
    messages, _ = messages_of([row for _, _, row in found])
    _let_stand(db, author, messages)
    _let_return(db, author, messages)


def item_of(author: int, row: MessageRow, *, is_bare: bool) -> weeks.Item | None:
    """A row of one author as it counts; None where the disk altered its header."""
    identifier, header, *_ = row
    if message_id(header) != identifier:
        return None
    read = checked_header(header)
    return weeks.Item(author, read.ts, identifier, weeks.size_of(read, len(header), has_body=not is_bare))


def take_from_sums(db: sqlite3.Connection, author: int, gone: Iterable[tuple[bool, bytes]]) -> None:
    taken: defaultdict[bool, list[bytes]] = defaultdict(list)
    for control, identifier in gone:
        taken[control].append(identifier)
    for control, ids in taken.items():
        kept = db.execute(intake.SUM, (author, control)).fetchone()
        if kept is None:
            continue  # a wrong sum is for the doctor
        total = SetSum.from_bytes(*kept)
        for identifier in ids:
            total = total.remove(identifier)
        if total.count:
            db.execute(intake.KEEP_SUM, (author, control, total.count, total.to_bytes()))
        else:
            db.execute(NO_SUM, (author, control))


def _let_stand(db: sqlite3.Connection, author: int, messages: Sequence[Message]) -> None:
    """What these replaced is found again."""
    replaced = [(target, one) for one in messages for target in one.header.replaces]
    if not replaced:
        return
    db.executemany(NO_SUPERSESSION, [(target, author, one.header.kind, one.id) for target, one in replaced])
    _want_again(db, [target for target, _ in replaced])
    entries = []
    for row, received, *columns in list(select_in(db, STANDS_AGAIN, [target for target, _ in replaced])):
        sound, _ = messages_of([tuple(columns)])
        entries += [index.Entry(row, message, received) for message in sound]
    index.forget(db, [entry.row for entry in entries])
    index.add(db, entries)


def _want_again(db: sqlite3.Connection, targets: Iterable[MessageId]) -> None:
    """Bodies that were let go because something replaced them, and nothing does any more."""
    rows = [row for (row,) in select_in(db, NOT_DROPPED, targets)]
    weeks.want_bodies(db, rows)
    db.execute(NO_LONGER_DROPPED, [as_list(rows)])


def _let_return(db: sqlite3.Connection, author: int, messages: Sequence[Message]) -> None:
    """The bodies that these withdrew may be here again."""
    withdrawn = [
        (target, author, one.id)
        for one in messages
        if one.header.kind == Kind.RETRACT
        for target in intake.targets_of(one.body)
    ]
    db.executemany(NO_RETRACTION, withdrawn)
    withholding.let_return(db, withholding.rows_among(db, author, [target for target, *_ in withdrawn]))
