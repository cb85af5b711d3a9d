"""The store of one folder, opened as a whole: the database, its parts, and the journal.

Opening leaves the two in agreement: a repair is brought to its end or begun, own messages that only one of them has
go into the other, and an erasing pass that did not come through is tried again; if a full disk or another program
is in its way, it stays due, for what is kept must be readable even so. The caller holds the folder's lock
(`lock.FolderLock`).
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from hedgerow_node.logs import Log
from hedgerow_node.problems import Code
from hedgerow_node.store import aside, erasure, recovery
from hedgerow_node.store import database as databases
from hedgerow_node.store import journal as journals
from hedgerow_node.store.book import Book
from hedgerow_node.store.database import Database
from hedgerow_node.store.faults import StoreError, told
from hedgerow_node.store.indexing import Indexing
from hedgerow_node.store.invites import Invites
from hedgerow_node.store.journal import Journal
from hedgerow_node.store.keeping import Keeping
from hedgerow_node.store.library import Library
from hedgerow_node.store.messages import Messages
from hedgerow_node.store.peers import Peers
from hedgerow_node.store.quarantine import Quarantine
from hedgerow_node.store.receipts import Receipts
from hedgerow_node.store.reports import Reports
from hedgerow_node.store.rows import chunks
from hedgerow_node.store.search import Search
from hedgerow_node.store.settings import Settings
from hedgerow_node.store.takedowns import Takedowns
from hedgerow_node.store.ties import Ties
from hedgerow_node.store.views import Views
from hedgerow_protocol import limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.message import Message, MessageId, decode_message, verify

log = Log("store")

OWN = """SELECT id, body IS NOT NULL, erased FROM messages INDEXED BY messages_own WHERE own = 1
    UNION ALL SELECT id, body IS NOT NULL, erased FROM aside WHERE own = 1"""
CHECKED_BYTES = 256 * limits.MIB
"""Up to so large a database is looked through at every opening: a quarter of a second, or two from a cold disk."""
BATCH = 500
"""Messages that go from one to the other at a time."""


class Store:
    """An open store. Make it with `Store.open`, end it with `close`."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self.database = database
        self.journal = journal
        self.indexing = Indexing(database)
        self.messages = Messages(database, journal, self.indexing.hear)
        self.library = Library(database)
        self.search = Search(database)
        self.views = Views(database)
        self.peers = Peers(database)
        self.book = Book(database)
        self.invites = Invites(database)
        self.receipts = Receipts(database)
        self.settings = Settings(database)
        self.takedowns = Takedowns(database)
        self.ties = Ties(database)
        self.quarantine = Quarantine(database)
        self.reports = Reports(database)
        self.keeping = Keeping(database)

    @classmethod
    async def open(cls, folder: Path, *, check: bool | None = None) -> Self:
        """The store of this folder, which must exist; a damaged database is repaired. Raises `StoreError`.

        `check` says whether the whole database is looked through for damage first, which takes about a second for a
        gigabyte; None looks through one of usual size. Ask for it when the last holder of the folder's lock did not
        release it.
        """
        try:
            journal = await asyncio.to_thread(Journal.open, folder / journals.FILE)
        except OSError as error:
            raise told(error) from error
        try:
            database = await _open_database(folder, check)
        except BaseException:
            journal.close()
            raise
        store = cls(database, journal)
        try:
            await store._agree()
            await store.takedowns.finish()
            await store.library.finish_blocks()
            await store._try_to_erase()
            store.indexing.start()
        except BaseException:
            await store.close()
            raise
        return store

    async def erase_when_due(self) -> bool:
        """Remove what was erased from every file, if anything was; False when another program reads the database.

        Nobody else reads or writes meanwhile: about a second for each 100 MB. Raises `StoreError`, and then it stays
        due.
        """
        return await erasure.erase(self)

    async def check(self) -> list[str]:
        """What is wrong with database or journal, in words; empty when nothing is. Reads all of both.

        What is found is repaired when the store is next opened.
        """
        faults = await self.database.check() + await self.messages.check()
        lost, unknown = await self._differences()
        if lost:
            faults.append(f"{len(lost)} own messages are missing in the database")
        if unknown:
            faults.append(f"{len(unknown)} own messages are missing in the journal")
        if faults:
            self.database.remember_damage(faults[0])
        return faults

    def size(self) -> int:
        """Bytes of database and journal on the disk."""
        return self.database.size() + self.journal.size

    async def close(self) -> None:
        """Finish what was begun and close the files."""
        await self.messages.finish()
        await self.indexing.stop()
        await self.database.close()
        self.journal.close()

    async def _try_to_erase(self) -> None:
        try:
            await self.erase_when_due()
        except StoreError as error:
            if error.kind is Code.STORE_DAMAGED:
                raise
            log.failure("erasing failed and stays due", error)

    async def _agree(self) -> None:
        lost, unknown = await self._differences()
        unsound: set[MessageId] = set()
        for batch in chunks(lost, BATCH):
            sound, wrong = await asyncio.to_thread(_sifted, batch)
            unsound |= wrong
            # When they came is not journalled; no view shows a message later than by its own time.
            latest = max([message.header.ts for message in sound], default=0)
            await self.messages.put(sound, received=latest, own=True, journal=False)
        if lost:
            await self.database.write(aside.unsettle)
        for known in chunks(unknown, BATCH):
            await self._journal_anew(await self.messages.get(known))
        if lost or unknown or self.journal.is_damaged:
            log.warning(
                "database and journal differed", lost=len(lost), unknown=len(unknown), unsound=len(unsound)
            )
        if unsound or self.journal.is_damaged:
            await self.database.alone(lambda _: self.journal.rewrite(dropped=unsound))

    async def _journal_anew(self, messages: Sequence[Message]) -> None:
        await self.database.alone(lambda _: self.journal.append(messages))

    async def _differences(self) -> tuple[list[tuple[MessageId, bytes]], list[MessageId]]:
        """Journalled messages that the database lacks, and own ones in the database that the journal lacks."""
        return await self.database.alone(self._compare)

    def _compare(self, db: sqlite3.Connection) -> tuple[list[tuple[MessageId, bytes]], list[MessageId]]:
        held = {MessageId(key): (bool(has_body), bool(erased)) for key, has_body, erased in db.execute(OWN)}
        lost: list[tuple[MessageId, bytes]] = []
        journalled: dict[MessageId, bool] = {}
        for key, has_body, encoded in self.journal.entries():
            journalled[key] = journalled.get(key, False) or has_body
            in_database = held.get(key)
            if in_database is None or (has_body and in_database == (False, False)):
                lost.append((key, encoded))
        unknown = [
            key
            for key, (has_body, _) in held.items()
            if key not in journalled or (has_body and not journalled[key])
        ]
        return lost, unknown


async def _open_database(folder: Path, check: bool | None) -> Database:
    path = folder / databases.FILE
    try:
        await asyncio.to_thread(recovery.finish, path)
        if check is None:
            check = path.exists() and path.stat().st_size <= CHECKED_BYTES
    except OSError as error:
        raise told(error) from error
    try:
        return await Database.open(folder, check=check)
    except StoreError as error:
        if error.kind is not Code.STORE_DAMAGED:
            raise
    log.warning("the database is damaged and will be made anew")
    await recovery.recover(path)
    return await Database.open(folder, check=False)


def _sifted(entries: Sequence[tuple[MessageId, bytes]]) -> tuple[list[Message], set[MessageId]]:
    """Messages that were signed, and the ids of what only looks like one."""
    sound: list[Message] = []
    unsound: set[MessageId] = set()
    for key, encoded in entries:
        try:
            message = decode_message(encoded)
            verify(message)
            sound.append(message)
        except RemoteProtocolError:
            unsound.add(key)
    return sound, unsound
