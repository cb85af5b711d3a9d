"""What the logs do not authorise is kept aside: in no set, found by nobody, and ready to come back.

A log that changes takes messages out of the sets and brings others in (specs/01-identity.md, ID-13 and ID-27). `settle`
makes the tables what a log says, in one transaction: it reads the chains of the devices that are not live, and notes
for each cut where its walk waits for a message that is not here. `take` judges by these notes what comes later.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import Any

from hedgerow_node.store import erasure, intake, withholding
from hedgerow_node.store.departure import depart
from hedgerow_node.store.rows import COLUMNS, MessageRow, insert, messages_of, select_in
from hedgerow_protocol import limits
from hedgerow_protocol.cuts import Reach, Standing
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_branches import Log
from hedgerow_protocol.log_entry import Capability
from hedgerow_protocol.message import Header, Message, MessageId, checked_header, message_id

MAX_ASIDE = 20_000
"""Messages of one author that are kept aside; of more, those with the highest seq, where walks begin."""

SETTLED = "SELECT 1 FROM settled WHERE author = ? AND log = ?"
SETTLE = "INSERT OR REPLACE INTO settled (author, log) VALUES (?, ?)"
ENTRIES = (
    "SELECT row, id FROM messages INDEXED BY messages_of_author WHERE author = ? AND control = 1 AND kind = 0"
)
ENTRIES_ASIDE = "SELECT id FROM aside WHERE author = ? AND kind = 0"
DEVICES_OF = """SELECT key FROM devices WHERE row IN (
    SELECT device FROM messages INDEXED BY messages_of_author WHERE author = ? AND kind <> 0
    UNION SELECT device FROM aside WHERE author = ? AND kind <> 0)"""
LINKS = "SELECT row, id, seq, header FROM messages WHERE device = ? AND author = ? AND kind <> 0"
LINKS_ASIDE = "SELECT row, id, seq, header FROM aside WHERE device = ? AND author = ? AND kind <> 0"
LINK = """SELECT header, 1 FROM aside WHERE id = ? AND author = ? AND device = ? AND seq = ?
    UNION ALL SELECT header, 0 FROM messages WHERE id = ? AND author = ? AND device = ? AND seq = ?"""
PASSED = "SELECT id, seq, prev FROM passed WHERE device = ? AND author = ?"
PASSED_LINK = "SELECT prev FROM passed WHERE device = ? AND seq = ? AND id = ? AND author = ?"
ENDS = "SELECT seq, wanted, bound FROM ends WHERE author = ? AND device = ?"
NO_ENDS = "DELETE FROM ends WHERE author = ?"
NO_ENDS_OF_DEVICE = "DELETE FROM ends WHERE author = ? AND device = ?"
NOTE_END = "INSERT OR IGNORE INTO ends (author, device, seq, wanted, bound)"
BACK = f"SELECT m.own, m.received, {COLUMNS} FROM aside AS m WHERE m.id IN ({{}})"  # noqa: S608
PUT = """INSERT INTO aside
    (id, author, device, kind, seq, header, signature, crc, body, erased, received, own, since)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET body = excluded.body WHERE body IS NULL AND NOT erased"""
IN_THE_SETS = "SELECT id FROM messages WHERE id IN ({})"
TOO_MANY = """DELETE FROM aside WHERE row IN (SELECT row FROM aside
    WHERE author = ? AND own = 0 AND (kind = 0) = ? ORDER BY seq DESC, row DESC LIMIT -1 OFFSET ?)"""
FIRST_OUTDATED = "SELECT 1 FROM aside WHERE own = 0 AND since < ? LIMIT 1"
OUTDATED = "DELETE FROM aside WHERE own = 0 AND since < ?"


@dataclass(slots=True)
class Changes:
    """What has to move for one author."""

    out: list[int] = field(default_factory=list)
    """Rows of messages that leave the sets."""
    back: list[MessageId] = field(default_factory=list)
    """What is aside and comes into the sets."""
    ends: list[tuple[int, int, int, MessageId, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of settling."""

    has_moved: bool = False
    """Whether anything left the sets or came in."""
    back: list[Message] = field(default_factory=list)
    """What is new in the sets."""


def settle_all(
    db: sqlite3.Connection, logs: Mapping[AuthorKey, Log], now: float, *, anew: bool
) -> list[Settled]:
    """`settle` each of these authors."""
    return [settle(db, author, log, now, anew=anew) for author, log in logs.items()]


def settle(db: sqlite3.Connection, author: AuthorKey, log: Log, now: float, *, anew: bool = True) -> Settled:
    """Make what is in the sets and aside what this log says.

    Unless `anew`, nothing is looked at where it was settled by an equal log before. `now` in Unix seconds.
    """
    row = intake.rows_of_keys(db, intake.AUTHORS, intake.ADD_AUTHOR, {author})[author]
    if not anew and is_settled(db, row, log):
        return Settled()
    changes = _changes(db, row, log)
    expire(db, now)
    depart(db, row, changes.out, now=now, keeps=not log.has_left)
    if log.has_left and changes.out:
        erasure.due(db)  # who ends an identity wants its texts gone
    back = _bring_back(db, changes.back)
    db.execute(NO_ENDS, [row])
    insert(db, NOTE_END, changes.ends)
    db.execute(SETTLE, (row, _name(log)))
    return Settled(bool(changes.out or changes.back), back)


def expire(db: sqlite3.Connection, now: float) -> None:
    """Let go of what was kept aside for long enough."""
    db.execute(OUTDATED, [now - limits.UNDECIDED_SECONDS])


def has_outdated(db: sqlite3.Connection, now: float) -> bool:
    """Whether `expire` would find something."""
    return db.execute(FIRST_OUTDATED, [now - limits.UNDECIDED_SECONDS]).fetchone() is not None


def unsettle(db: sqlite3.Connection) -> None:
    """Messages were put that no log was asked about: let the next settling look at everything."""
    db.execute("DELETE FROM settled")


def is_settled(db: sqlite3.Connection, author: int, log: Log) -> bool:
    """Whether what is in the sets follows from this log, by the row of its author."""
    return db.execute(SETTLED, (author, _name(log))).fetchone() is not None


def _name(log: Log) -> bytes:
    return sha256(b"".join(sorted(log.counted))).digest()


def _changes(db: sqlite3.Connection, author: int, log: Log) -> Changes:
    changes = Changes(
        [row for row, key in db.execute(ENTRIES, [author]) if key not in log.counted],
        [MessageId(key) for (key,) in db.execute(ENTRIES_ASIDE, [author]) if key in log.counted],
    )
    live = log.devices()
    held = {DeviceKey(key) for (key,) in db.execute(DEVICES_OF, [author, author])}
    named = {device for branch in log.branches for device, cut in branch.cuts.items() if cut}
    devices = intake.rows_of_keys(db, intake.DEVICES, intake.ADD_DEVICE, held | named)
    for key in sorted(held | named):
        if live.get(key, 0) & Capability.PUBLISH:
            changes.back += [MessageId(one) for _, one, *_ in db.execute(LINKS_ASIDE, [devices[key], author])]
        else:
            _judge_device(db, author, devices[key], [Reach(cut) for cut in log.cuts_of(key)], changes)
    return changes


def _judge_device(
    db: sqlite3.Connection, author: int, device: int, reaches: Sequence[Reach], changes: Changes
) -> None:
    here, beside = (db.execute(sql, [device, author]).fetchall() for sql in (LINKS, LINKS_ASIDE))
    for _, key, _, packed in [*here, *beside] if reaches else []:
        if (header := _header(key, packed)) is not None:
            for reach in reaches:
                reach.add(MessageId(key), header)

    for reach in reaches:
        for key, seq, prev in db.execute(PASSED, [device, author]):
            reach.link(MessageId(key), seq, prev)

    def counts(key: bytes, seq: int) -> bool:
        return any(reach.standing(MessageId(key), seq) is Standing.AUTHORISED for reach in reaches)

    changes.out += [row for row, key, seq, _ in here if not counts(key, seq)]
    changes.back += [MessageId(key) for _, key, seq, _ in beside if counts(key, seq)]
    changes.ends += [(author, device, *end) for reach in reaches for end in reach.ends]


def _bring_back(db: sqlite3.Connection, ids: Sequence[MessageId]) -> list[Message]:
    """Put what is aside into the sets; what is new there."""
    found = sorted(select_in(db, BACK, ids), key=lambda row: row[:3])
    new: list[Message] = []
    for (own, received), group in groupby(found, key=lambda row: row[:2]):
        rows: list[MessageRow] = [tuple(columns) for _, _, *columns in group]
        messages, _ = messages_of(rows)
        new += intake.take_in(db, messages, received=received, own=bool(own)).new
    db.executemany("DELETE FROM aside WHERE id = ?", [(key,) for key in ids])
    return new


def take(
    db: sqlite3.Connection,
    author: AuthorKey,
    log: Log,
    messages: Sequence[Message],
    received: float,
    own: bool,
) -> list[Message]:
    """Judge messages of one author that his log does not authorise by live devices; those that cuts reach.

    The rest is kept aside as far as it may still count. `received` in Unix seconds.
    """
    settle(db, author, log, received, anew=False)
    row = intake.rows_of_keys(db, intake.AUTHORS, intake.ADD_AUTHOR, {author})[author]
    devices = intake.rows_of_keys(
        db, intake.DEVICES, intake.ADD_DEVICE, {one.header.device for one in messages}
    )
    here = {key for (key,) in select_in(db, IN_THE_SETS, [one.id for one in messages])}
    completed = [one for one in messages if one.id in here]
    ends = {device: db.execute(ENDS, [row, device]).fetchall() for device in devices.values()}
    kept = [
        one
        for one in messages
        if one.id not in here and (own or _may_count(one, log, ends[devices[one.header.device]]))
    ]
    _put(db, row, devices, kept, received, own)
    reached: list[MessageId] = []
    for device in sorted({devices[one.header.device] for one in kept}):
        reached += _walk(db, row, device)
    new = intake.take_in(db, completed, received=received, own=own).new if completed else []
    new += _bring_back(db, reached)
    expire(db, received)
    db.execute(TOO_MANY, [row, False, MAX_ASIDE])
    db.execute(TOO_MANY, [row, True, limits.MAX_ENTRIES_HELD])
    return new


def _header(key: bytes, packed: bytes) -> Header | None:
    """A header as it is stored; None where the disk altered it, as if it were not here."""
    return checked_header(packed) if message_id(packed) == key else None


def _may_count(message: Message, log: Log, ends: Iterable[tuple[int, bytes, int]]) -> bool:
    header = message.header
    if header.kind == Kind.IDENTITY:
        return log.may_sign(header.device)
    return any(
        bound < header.seq < seq or (header.seq == seq and message.id == wanted)
        for seq, wanted, bound in ends
    )


def _put(
    db: sqlite3.Connection,
    author: int,
    devices: dict[bytes, int],
    messages: Sequence[Message],
    received: float,
    own: bool,
) -> None:
    retracted = {
        key for key, by in select_in(db, intake.RETRACTED, [one.id for one in messages]) if by == author
    }
    gone = retracted if own else retracted | withholding.kept_away(db, messages)
    db.executemany(PUT, [_values(one, author, devices, one.id in gone, received, own) for one in messages])


def _values(
    one: Message, author: int, devices: dict[bytes, int], is_gone: bool, received: float, own: bool
) -> tuple[Any, ...]:
    header = one.header
    is_erased = is_gone and header.kind not in intake.PERMANENT
    return (
        one.id,
        author,
        devices[header.device],
        header.kind,
        header.seq,
        one.header_bytes,
        one.signature,
        zlib.crc32(one.signature),
        None if is_erased else one.body,
        is_erased,
        received,
        own,
        received,
    )


@dataclass(frozen=True, slots=True)
class _Link:
    """One step of a chain."""

    prev: bytes | None
    is_aside: bool


def _link(db: sqlite3.Connection, author: int, device: int, seq: int, wanted: bytes) -> _Link | None:
    """The message of a chain that a walk waits for, be it that it was let go."""
    place = (author, device, seq)
    if found := db.execute(LINK, [wanted, *place, wanted, *place]).fetchone():
        packed, is_aside = found
        header = _header(wanted, packed)
        return None if header is None else _Link(header.prev, bool(is_aside))
    passed = db.execute(PASSED_LINK, [device, seq, wanted, author]).fetchone()
    return None if passed is None else _Link(passed[0], is_aside=False)


def _walk(db: sqlite3.Connection, author: int, device: int) -> list[MessageId]:
    """Follow the chains of a removed device from where they waited; what is aside and was reached."""
    ends, reached = [], []
    for seq, wanted, bound in db.execute(ENDS, [author, device]).fetchall():
        while seq > bound and (link := _link(db, author, device, seq, wanted)) is not None:
            if link.is_aside:
                reached.append(MessageId(wanted))
            seq, wanted = seq - 1, link.prev
        if seq > bound:
            ends.append((author, device, seq, wanted, bound))
    db.execute(NO_ENDS_OF_DEVICE, [author, device])
    insert(db, NOTE_END, ends)
    return list(dict.fromkeys(reached))
