"""Messages at rest: put, looked up by id, by author, and as the sets that nodes compare (specs/08-sync.md).

Whoever puts a message has proven its signature. Whether its author's log authorises it is judged here once more where
no live device signed it, since only the store has the chains that decide.
"""

import asyncio
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from hedgerow_node.store import aside, backlog, intake, sets, weeks
from hedgerow_node.store.chains import chains, ends, links
from hedgerow_node.store.connection import Work
from hedgerow_node.store.database import Database
from hedgerow_node.store.gathering import Gathering
from hedgerow_node.store.indexes import Indexes
from hedgerow_node.store.journal import Journal
from hedgerow_node.store.rows import (
    BY_ID,
    COLUMNS,
    MessageRow,
    as_list,
    author_rows,
    chunks,
    damaged_among,
    messages_of,
    select_in,
)
from hedgerow_protocol.effects import Chains, End
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import FIRST, ChainPlace, Message, MessageId
from hedgerow_protocol.ranges import Index

KNOWN = "SELECT id FROM messages WHERE id IN ({}) AND (body IS NOT NULL OR erased OR dropped)"
HELD = "SELECT id FROM messages WHERE id IN ({})"
HELD_ASIDE = "SELECT id FROM aside WHERE id IN ({})"
KNOWN_ASIDE = "SELECT id FROM aside WHERE id IN ({}) AND (body IS NOT NULL OR erased)"
LOGS = f"SELECT {COLUMNS} FROM messages AS m INDEXED BY messages_of_logs WHERE kind = 0 ORDER BY row"  # noqa: S608
LOGS_ASIDE = f"SELECT {COLUMNS} FROM aside AS m WHERE kind = 0 ORDER BY row"  # noqa: S608
ALL = f"SELECT {COLUMNS} FROM messages AS m NOT INDEXED"  # noqa: S608
LAST = """SELECT m.seq, m.id FROM {} AS m JOIN authors AS a ON a.row = m.author
    WHERE m.device = (SELECT row FROM devices WHERE key = ?) AND a.key = ? ORDER BY m.seq DESC LIMIT 1"""
BODILESS = """SELECT id FROM messages INDEXED BY messages_bodiless WHERE body IS NULL AND erased = 0 AND dropped = 0
    AND author IN (SELECT value FROM json_each(?)) LIMIT ?"""
RETRACTED_BY = """SELECT m.id, min(r.by) FROM messages AS m
    JOIN retractions AS r ON r.target = m.id AND r.author = m.author
    WHERE m.id IN ({}) AND m.erased GROUP BY m.id"""
BETWEEN = "SELECT id FROM messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"
AUTHORS = "SELECT a.key, sum(s.count) FROM sums AS s JOIN authors AS a ON a.row = s.author GROUP BY a.row"
TOTAL = "SELECT coalesce(sum(count), 0), count(DISTINCT author) FROM sums"
OWN = "SELECT count(*) FROM messages INDEXED BY messages_own WHERE own = 1"
ERASED = "SELECT count(*) FROM messages INDEXED BY messages_erased WHERE erased = 1"
LACKING = "SELECT count(*) FROM messages INDEXED BY messages_bodiless WHERE body IS NULL AND erased = 0 AND dropped = 0"

SETTLED_TOGETHER = 64
"""Authors whose sets are settled with one commit: more would let whoever writes wait for long."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages are held."""

    messages: int
    """All of them, erased ones and bare headers too."""
    own: int
    erased: int
    bodiless: int
    """Headers whose bodies are not here and were not retracted."""
    unindexed: int
    """What came in bulk and cannot be found yet."""
    authors: int


class Messages:
    """The messages of a database; own ones stand in the journal as well."""

    def __init__(self, database: Database, journal: Journal, on_put: Callable[[], None]) -> None:
        """`on_put` is called after each put."""
        self._database = database
        self._journal = journal
        self._on_put = on_put
        self._gathering = Gathering(partial(self._put, own=False, journal=True))
        self._indexes = Indexes()
        self._indexing = asyncio.Lock()
        self.identities = Identities()
        """The logs of everyone of whom something is held: what is put here is judged by them."""
        self.on_settled: Callable[[], None] = lambda: None
        """Called when a log that changed took messages out of the sets, or brought some in."""

    async def put(
        self, messages: Sequence[Message], *, received: float, own: bool = False, journal: bool = True
    ) -> list[Message]:
        """Store these and return, after they are on the disk, what is new: those that were not here or whose body was
        not, and what the logs among them let into the sets that was kept aside.

        In any order, any number of times, with or without bodies. `received` in Unix seconds; `own` says that they
        were signed here, and then they are journalled first unless `journal` is False because they come from there.
        What an author retracted loses its body, also when it comes after its retraction, and is returned without it.
        Raises `StoreError`, and then took none of them.
        """
        if not messages:
            return []
        logs = [
            message
            for message in self.identities.by_no_live_device(messages)
            if message.header.kind == Kind.IDENTITY
        ]
        for message in logs:
            self._learn(message)
        sound, doubtful = self._part(messages)
        new = [*await self._put_sound(sound, received, own, journal)]
        if doubtful:
            new += await self._put_doubtful(doubtful, received, own, journal)
        changed = dict.fromkeys([message.header.author for message in logs])
        grown = [author for author in changed if self.identities.has_history(author)]
        if own and grown:
            await self._gathering.put(
                (), received
            )  # what was judged by the logs before stands in front of it
        return new + await self._settle(grown, received)

    def _part(self, messages: Sequence[Message]) -> tuple[Sequence[Message], list[Message]]:
        """What the logs authorise, or where none is held, and what only a cut may reach."""
        unsure = self.identities.by_no_live_device(messages)
        doubtful = [message for message in unsure if self.identities.is_doubtful(message)]
        if not doubtful:
            return messages, doubtful
        doubted = {message.id for message in doubtful}
        return [message for message in messages if message.id not in doubted], doubtful

    async def _put_sound(
        self, messages: Sequence[Message], received: float, own: bool, journal: bool
    ) -> list[Message]:
        if not messages:
            return []
        if own:
            return await self._put(messages, received, own, journal)
        return await self._gathering.put(messages, received)

    async def _put_doubtful(
        self, messages: Sequence[Message], received: float, own: bool, journal: bool
    ) -> list[Message]:
        """Keep aside what no live device signed, or take it where a cut reaches it."""
        by_author: defaultdict[AuthorKey, list[Message]] = defaultdict(list)
        for message in messages:
            by_author[message.header.author].append(message)
        logs = {author: self.identities.log(author) for author in by_author}
        ids = [message.id for message in messages]
        size = 0

        def take(db: sqlite3.Connection) -> list[Message]:
            nonlocal size
            size = self._journal.size
            held = {key for sql in (HELD, HELD_ASIDE) for (key,) in select_in(db, sql, ids)}
            fresh = [message for message in messages if message.id not in held]
            new = []
            for author, found in by_author.items():
                new += aside.take(db, author, logs[author], found, received, own)
            if own and journal:
                self._journal.append(fresh)
            return new

        new = await self._database.write(take, lambda: self._journal.cut(size))
        self._on_put()
        return new

    async def _settle(self, authors: Sequence[AuthorKey], now: float, *, anew: bool = True) -> list[Message]:
        """Make what is held of these what their logs say; what came back into the sets."""
        back: list[Message] = []
        for together in chunks(authors, SETTLED_TOGETHER):
            logs = {author: self.identities.log(author) for author in together}
            settled = await self._database.write(partial(aside.settle_all, logs=logs, now=now, anew=anew))
            if any(one.has_moved for one in settled):
                self._on_put()
                self.on_settled()
            back += [message for one in settled for message in one.back]
        return back

    async def _put(
        self, messages: Sequence[Message], received: float, own: bool, journal: bool
    ) -> list[Message]:
        size = 0

        def take(db: sqlite3.Connection) -> list[Message]:
            nonlocal size
            size = self._journal.size
            taken = intake.take_in(db, messages, received=received, own=own)
            if journal:
                self._journal.append(taken.own)
            return taken.new

        new = await self._database.write(take, lambda: self._journal.cut(size))
        self._on_put()
        return new

    async def finish(self) -> None:
        """Store what waits to be put."""
        await self._gathering.finish()

    async def known(self, ids: Collection[MessageId]) -> set[MessageId]:
        """Those of these that need not be asked for: held with body or erased, in the sets or aside."""
        return await self._database.read(
            lambda db: {MessageId(key) for sql in (KNOWN, KNOWN_ASIDE) for (key,) in select_in(db, sql, ids)}
        )

    async def get(self, ids: Collection[MessageId]) -> list[Message]:
        """Those of these that are held, in the order of their ids; without body where it is erased or not here."""
        return await self._messages(lambda db: list(select_in(db, BY_ID, ids)))

    async def ids_between(self, low: bytes, high: bytes, limit: int) -> list[MessageId]:
        """The first `limit` ids held from `low` to `high`, both 32 bytes and both included."""
        return await self._database.read(
            lambda db: [MessageId(key) for (key,) in db.execute(BETWEEN, (low, high, limit))]
        )

    async def items(self, asked: Filter, control: bool) -> tuple["array[int]", bytes]:
        """Timestamps (array "I", Unix seconds) and ids (32 bytes each, one after another) in order of (ts, id).

        Of the control set when `control`, for which kinds and times of the filter do not hold, else of all other
        messages; headers whose bodies are erased or missing belong to it.
        """
        return await self._database.read(lambda db: sets.items(db, asked, control))

    def index_at_most(self, items: int) -> None:
        """How many items the indexes that are kept may have together."""
        self._indexes.most = items

    async def index(self, asked: Filter, control: bool) -> Index:
        """What `items` gives, ready to be compared, as far as `LoadItems` asks for it."""
        found = await self._database.read(lambda db: self._indexes.at_hand(db, asked, control))
        if found is not None:
            return found
        async with self._indexing:
            return await self._database.read(lambda db: self._indexes.read(db, asked, control))

    async def sums(self, authors: Collection[AuthorKey], control: bool) -> dict[AuthorKey, SetSum]:
        """Count and sum of the ids in the set of each author; authors of whom nothing is held are left out."""
        return await self._database.read(lambda db: sets.sums(db, authors, control))

    async def sum(self, asked: Filter, control: bool) -> SetSum:
        """Count and sum of the ids in the set that a filter names."""
        return await self._database.read(lambda db: self._indexes.sum(db, asked, control))

    async def range(
        self,
        asked: Filter,
        control: bool,
        after: sets.Place,
        limit: int,
        max_bytes: int,
    ) -> tuple[list[Message], bool]:
        """Messages of the set behind (ts, id) in that order, and whether more follow.

        At most `limit`, at most `max_bytes` of headers, signatures and bodies, but one at least. The first page is
        behind `sets.START`.
        """
        more = False

        def read(db: sqlite3.Connection) -> list[MessageRow]:
            nonlocal more
            rows, more = sets.page(db, asked, control, after, limit, max_bytes)
            return rows

        return await self._messages(read), more

    async def place(self, author: AuthorKey, device: DeviceKey) -> ChainPlace:
        """Where the next message of this author and device goes."""

        def read(db: sqlite3.Connection) -> list[tuple[int, bytes]]:
            found = [
                db.execute(LAST.format(table), (device, author)).fetchone() for table in ("messages", "aside")
            ]
            return [one for one in found if one is not None]

        seq, last = max(await self._database.read(read), default=(0, b""))
        return ChainPlace(seq + 1, MessageId(last)) if seq else FIRST

    async def log(self) -> list[Message]:
        """Every message of kind 0, in the order in which they came; last those that do not belong to a log now."""
        return await self._messages(
            lambda db: db.execute(LOGS).fetchall() + db.execute(LOGS_ASIDE).fetchall()
        )

    async def learn_logs(self, now: float) -> None:
        """Read all logs, and settle where what is held is not what they say, as after a crash or a repair."""
        if await self._database.read(lambda db: aside.has_outdated(db, now)):
            await self._database.write(lambda db: aside.expire(db, now))
        learned = dict.fromkeys([one.header.author for one in await self.log() if self._learn(one)])
        await self._settle(list(filter(self.identities.has_history, learned)), now, anew=False)

    def _learn(self, message: Message) -> bool:
        try:
            return bool(self.identities.learn(message))
        except RemoteProtocolError:
            return False  # an entry whose body is not here, or that an older program took in

    async def links(self, tip: MessageId, down: int, limit: int) -> list[Message]:
        """A chain from a message on by `prev`, down to above a number, up to `limit`."""
        return await self._messages(lambda db: links(db, tip, down, limit))

    async def ends(self, authors: Collection[AuthorKey], limit: int) -> list[End]:
        """Where walks from cuts of these authors wait, and something that is kept aside depends on it."""
        return await self._database.read(lambda db: ends(db, authors, limit))

    async def chains(
        self, devices: Sequence[tuple[AuthorKey, DeviceKey]], limit: int, since: Sequence[int] = ()
    ) -> Chains:
        """Where the chains of these devices end, and up to `limit` messages that are missing in them."""
        return await self._database.read(lambda db: chains(db, devices, limit, since))

    async def bodiless(self, authors: Collection[AuthorKey], limit: int) -> list[MessageId]:
        """Up to `limit` messages of these authors whose bodies are not here and were not retracted."""

        def read(db: sqlite3.Connection) -> list[MessageId]:
            rows = as_list(author_rows(db, authors).values())
            return [MessageId(key) for (key,) in db.execute(BODILESS, (rows, limit))]

        return await self._database.read(read)

    async def retraction_of(self, ids: Iterable[MessageId]) -> dict[MessageId, MessageId]:
        """Of those of these that are held and erased, the message that retracted them; the lowest id of several."""
        wanted = list(ids)
        return await self._database.read(
            lambda db: {MessageId(key): MessageId(by) for key, by in select_in(db, RETRACTED_BY, wanted)}
        )

    async def authors(self) -> dict[AuthorKey, int]:
        """How many messages are held of every author."""
        return await self._database.read(
            lambda db: {AuthorKey(key): int(count) for key, count in db.execute(AUTHORS)}
        )

    async def counts(self) -> Counts:
        """How many messages are held."""

        def read(db: sqlite3.Connection) -> Counts:
            messages, authors = db.execute(TOTAL).fetchone()
            own, erased, lacking = (db.execute(sql).fetchone()[0] for sql in (OWN, ERASED, LACKING))
            return Counts(messages, own, erased, lacking, backlog.length(db), authors)

        return await self._database.read(read)

    async def check(self) -> list[str]:
        """What is wrong with messages and sums, in words; reads all of them."""
        return await self._database.read(_faults)

    async def _messages(self, work: Work[list[MessageRow]]) -> list[Message]:
        def read(db: sqlite3.Connection) -> tuple[list[Message], int]:
            return messages_of(work(db))

        found, damaged = await self._database.read(read)
        if damaged:
            self._database.remember_damage(f"{damaged} messages are not what was written")
        return found


def _faults(db: sqlite3.Connection) -> list[str]:
    faults = []
    damaged = damaged_among(db.execute(ALL))
    if damaged:
        faults.append(f"{damaged} messages are not what was written")
    wrong = sets.wrong_sums(db)
    if wrong:
        faults.append(f"the sums of {wrong} sets are not those of their messages")
    if wrong := weeks.wrong_weeks(db):
        faults.append(f"the sums of {wrong} weeks are not those of their messages")
    return faults
