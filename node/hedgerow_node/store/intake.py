"""Taking messages in: all that a put does to the database, in its one transaction.

Whatever the order in which messages come, and however they are cut into batches, the same is held in the end: a
retraction is remembered by target and author and waits for a target that comes later, whose body is then never
written; so is the naming of an earlier version; and a header that came alone takes its body when it comes.
"""

import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hedgerow_node.store import backlog, erasure, index, weeks, withholding
from hedgerow_node.store.rows import as_list, insert, select_in
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.kinds import Kind, Retract, decode_body
from hedgerow_protocol.message import Message, MessageId

PERMANENT = frozenset({Kind.IDENTITY, Kind.RETRACT})
"""Kinds that no retraction touches."""

HELD = """SELECT id, row, body IS NULL AND NOT erased AND NOT dropped, erased, own, received
    FROM messages WHERE id IN ({})"""
RETRACTED = "SELECT target, author FROM retractions WHERE target IN ({})"
TARGETS = """SELECT id, author, kind, row, body IS NOT NULL OR dropped
    FROM messages WHERE id IN ({}) AND NOT erased"""
AUTHORS = "SELECT key, row FROM authors WHERE key IN ({})"
ADD_AUTHOR = "INSERT INTO authors (key)"
DEVICES = "SELECT key, row FROM devices WHERE key IN ({})"
ADD_DEVICE = "INSERT INTO devices (key)"
NEXT_ROW = "SELECT coalesce(max(row), 0) + 1 FROM messages"
INSERT = """INSERT INTO messages
    (row, id, author, device, kind, control, seq, ts, header, signature, crc, body, erased, received, own)"""
FILL = "UPDATE messages SET body = ? WHERE row = ?"
PROMOTE = "UPDATE messages SET own = 1 WHERE row IN (SELECT value FROM json_each(?))"
ERASE = (
    "UPDATE messages SET body = NULL, erased = 1, dropped = 0 WHERE row IN (SELECT value FROM json_each(?))"
)
ERASE_ASIDE = """UPDATE aside SET body = NULL, erased = 1
    WHERE id = ? AND author = ? AND kind NOT IN (0, 1) AND NOT erased"""
RETRACT = "INSERT OR IGNORE INTO retractions (target, author, by)"
SUPERSEDE = "INSERT OR IGNORE INTO supersessions (target, author, kind, by)"
SUM = "SELECT count, total FROM sums WHERE author = ? AND control = ?"
HAS_LET_GO = "SELECT 1 FROM since WHERE count > 0 AND author = (SELECT key FROM authors WHERE row = ?)"
KEEP_SUM = "INSERT OR REPLACE INTO sums (author, control, count, total) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a put changed."""

    new: list[Message]
    """Those that were not here, or whose body was not, as they were stored, in the order they were given."""
    own: list[Message]
    """Those signed here that the journal lacks, as they were stored."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the database has of a message."""

    row: int
    lacks_body: bool
    """Its body is neither here nor erased nor let go."""
    is_erased: bool
    is_own: bool
    received: float


@dataclass(slots=True)
class Arrival:
    """A message, or the body of one whose header is here."""

    message: Message
    row: int
    author: int
    """The row of its author."""
    is_fresh: bool
    """The header was not here."""
    received: float
    """When its header came, in Unix seconds."""
    is_erased: bool = False

    @property
    def stored(self) -> Message:
        """The message as it is stored."""
        return self.message.without_body() if self.is_erased else self.message

    @property
    def item(self) -> weeks.Item:
        """The message as it counts."""
        message = self.message
        size = weeks.size_of(message.header, len(message.header_bytes), has_body=not self.is_erased)
        return weeks.Item(self.author, message.header.ts, message.id, size)


def take_in(db: sqlite3.Connection, messages: Sequence[Message], *, received: float, own: bool) -> Taken:
    """Store messages whose signatures and authority are proven; what is already held is passed over."""
    given = _distinct(messages)
    held = {
        MessageId(key): Held(row, bool(lacks_body), bool(is_erased), bool(is_own), since)
        for key, row, lacks_body, is_erased, is_own, since in select_in(db, HELD, given)
    }
    arrivals = _arrivals(db, given, held, received)
    targets = _record_retractions(db, arrivals)
    _record_supersessions(db, arrivals)
    _find_erased(db, arrivals)
    if not own:
        _find_kept_away(db, [one for one in arrivals if not one.is_erased])
    _insert(db, [one for one in arrivals if one.is_fresh], own)
    _fill(db, [one for one in arrivals if not one.is_fresh])
    _add_to_sums(db, [one for one in arrivals if one.is_fresh])
    _erase(db, targets)
    _index(db, arrivals, own)
    if own and any(one.is_erased and one.message.body is not None for one in arrivals):
        erasure.due(db)  # the journal may have the body
    return _taken(db, arrivals, given, held, own)


def _distinct(messages: Sequence[Message]) -> dict[MessageId, Message]:
    given: dict[MessageId, Message] = {}
    for message in messages:
        if message.id not in given or message.body is not None:
            given[message.id] = message
    return given


def _arrivals(
    db: sqlite3.Connection,
    given: Mapping[MessageId, Message],
    held: Mapping[MessageId, Held],
    received: float,
) -> list[Arrival]:
    coming = [
        message
        for key, message in given.items()
        if key not in held or (held[key].lacks_body and message.body is not None)
    ]
    authors = rows_of_keys(db, AUTHORS, ADD_AUTHOR, {message.header.author for message in coming})
    (row,) = db.execute(NEXT_ROW).fetchone()
    arrivals = []
    for message in coming:
        author = authors[message.header.author]
        if (known := held.get(message.id)) is not None:
            arrivals.append(Arrival(message, known.row, author, is_fresh=False, received=known.received))
        else:
            arrivals.append(Arrival(message, row, author, is_fresh=True, received=received))
            row += 1
    return arrivals


def rows_of_keys(db: sqlite3.Connection, find: str, add: str, keys: Iterable[bytes]) -> dict[bytes, int]:
    """The row of each of these authors or devices; those that are not known get one."""
    wanted = set(keys)
    found: dict[bytes, int] = dict(select_in(db, find, wanted))
    missing = sorted(wanted - found.keys())
    if missing:
        insert(db, add, [(key,) for key in missing])
        found.update(select_in(db, find, missing))
    return found


def _record_retractions(db: sqlite3.Connection, arrivals: Sequence[Arrival]) -> set[tuple[bytes, int]]:
    found = [
        (target, one.author, one.message.id)
        for one in arrivals
        if one.message.header.kind == Kind.RETRACT
        for target in targets_of(one.message.body)
    ]
    insert(db, RETRACT, found)
    return {(target, author) for target, author, _ in found}


def targets_of(body: bytes | None) -> tuple[MessageId, ...]:
    """What a retraction names; nothing where its body is missing."""
    if body is None:
        return ()
    try:
        content = decode_body(Kind.RETRACT, body).content
    except RemoteProtocolError:
        return ()
    assert isinstance(content, Retract)
    return content.targets


def _record_supersessions(db: sqlite3.Connection, arrivals: Sequence[Arrival]) -> None:
    insert(
        db,
        SUPERSEDE,
        [
            (target, one.author, one.message.header.kind, one.message.id)
            for one in arrivals
            for target in one.message.header.replaces
        ],
    )


def _find_erased(db: sqlite3.Connection, arrivals: Sequence[Arrival]) -> None:
    retracted = set(select_in(db, RETRACTED, [one.message.id for one in arrivals]))
    if not retracted:
        return
    for one in arrivals:
        is_mortal = one.message.header.kind not in PERMANENT
        one.is_erased = is_mortal and (one.message.id, one.author) in retracted


def _find_kept_away(db: sqlite3.Connection, arrivals: Sequence[Arrival]) -> None:
    away = withholding.kept_away(db, [one.message for one in arrivals])
    for one in arrivals:
        one.is_erased = one.message.id in away


def _insert(db: sqlite3.Connection, fresh: Sequence[Arrival], own: bool) -> None:
    devices = rows_of_keys(db, DEVICES, ADD_DEVICE, {one.message.header.device for one in fresh})
    insert(db, INSERT, [_values(one, devices, own) for one in fresh])


def _values(one: Arrival, devices: Mapping[bytes, int], own: bool) -> tuple[object, ...]:
    message, header = one.message, one.message.header
    return (
        one.row,
        message.id,
        one.author,
        devices[header.device],
        header.kind,
        header.is_control,
        header.seq,
        header.ts,
        message.header_bytes,
        message.signature,
        zlib.crc32(message.signature),
        None if one.is_erased else message.body,
        one.is_erased,
        one.received,
        own,
    )


def _fill(db: sqlite3.Connection, late: Sequence[Arrival]) -> None:
    db.executemany(FILL, [(one.message.body, one.row) for one in late if not one.is_erased])
    erased = [one.row for one in late if one.is_erased]
    weeks.lose_bodies(db, erased)
    db.execute(ERASE, [as_list(erased)])


def _add_to_sums(db: sqlite3.Connection, fresh: Sequence[Arrival]) -> None:
    added: defaultdict[tuple[int, bool], list[MessageId]] = defaultdict(list)
    for one in fresh:
        added[one.author, one.message.header.is_control].append(one.message.id)
    sums = []
    for (author, control), ids in added.items():
        found = db.execute(SUM, (author, control)).fetchone()
        total = SetSum.of(ids) if found is None else SetSum.from_bytes(*found).union(SetSum.of(ids))
        sums.append((author, control, total.count, total.to_bytes()))
    db.executemany(KEEP_SUM, sums)
    weeks.add(db, [one.item for one in fresh if not one.message.header.is_control])


def _erase(db: sqlite3.Connection, targets: set[tuple[bytes, int]]) -> None:
    # What arrived in this batch and is retracted was stored as erased, so only what was here before is found.
    found = [
        (row, had_body)
        for key, author, kind, row, had_body in select_in(db, TARGETS, [target for target, _ in targets])
        if (key, author) in targets and kind not in PERMANENT
    ]
    if found:
        rows = [row for row, _ in found]
        weeks.lose_bodies(db, rows)
        db.execute(ERASE, [as_list(rows)])
        index.forget(db, rows)
    aside = db.executemany(ERASE_ASIDE, sorted(targets)).rowcount if targets else 0
    if aside or any(had_body for _, had_body in found) or _are_let_go(db, targets):
        erasure.due(db)


def _are_let_go(db: sqlite3.Connection, targets: set[tuple[bytes, int]]) -> bool:
    """Whether these may have been here: what was let go leaves its traces in the files."""
    return any(db.execute(HAS_LET_GO, [author]).fetchone() for author in {author for _, author in targets})


def _index(db: sqlite3.Connection, arrivals: Sequence[Arrival], own: bool) -> None:
    # What was erased, or lacks its body, still takes what it replaces out of the index.
    entries = [index.Entry(one.row, one.stored, one.received) for one in arrivals]
    if own or len(entries) <= backlog.AT_ONCE:
        index.add(db, entries)
    else:
        backlog.add(db, entries)


def _taken(
    db: sqlite3.Connection,
    arrivals: Sequence[Arrival],
    given: Mapping[MessageId, Message],
    held: Mapping[MessageId, Held],
    own: bool,
) -> Taken:
    promoted = [key for key, known in held.items() if own and not known.is_own]
    if promoted:
        db.execute(PROMOTE, [as_list(held[key].row for key in promoted)])
    journalled = {
        one.message.id: one.stored
        for one in arrivals
        if own or (one.message.id in held and held[one.message.id].is_own)
    }
    for key in promoted:
        message = given[key]
        journalled.setdefault(key, message.without_body() if held[key].is_erased else message)
    new = [one.stored for one in arrivals if one.is_fresh or not one.is_erased]
    return Taken(new, list(journalled.values()))
