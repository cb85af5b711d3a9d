"""The SQLite file of a folder: one connection that writes, a few that read.

Writing works wait in a queue. One task takes all that wait, runs each in a savepoint, commits once and only then
answers, so the cost of a durable commit is shared by whoever writes at the same time, and nothing is acknowledged
that a loss of power could take back (`synchronous = FULL`). The writing connection is also the only one that
checkpoints: SQLite before 3.51.3 can damage a write-ahead log when two do.

Reading works run beside it, each on a snapshot of its own.

What SQLite finds to be damaged is remembered in a file, `hedgerow.db.damage`, so that the next opening repairs it.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self, TypeVar, cast

from hedgerow_node import durable
from hedgerow_node.logs import Log
from hedgerow_node.problems import Code
from hedgerow_node.store import schema
from hedgerow_node.store.connection import Connection, Work, connect, open_connection
from hedgerow_node.store.faults import FAULTS, StoreError, is_damage, told, words_of
from hedgerow_node.store.writer import Done, Failed, Job, Undo, commit_together, nothing

T = TypeVar("T")
log = Log("store")

FILE = "hedgerow.db"
DAMAGE = ".damage"
"""What the name of the file that remembers damage ends with."""
READERS = 3
"""Connections that read: more than one so that a long answer does not hold up a short one."""
MAX_WAITING = 1_024
"""Works that wait for the writer; whoever brings another waits until there is room."""
MAX_TOGETHER = 256
"""Works of one commit: more would let the first of them wait for long."""
CHECKPOINT_PAGES = 8_000
"""Pages in the write-ahead log, 32 MiB, from which on they are moved to the file: with SQLite's own 1,000 random
ids rewrite the same pages over and over and writing takes twice as long."""
LOG_BYTES = 64 * 1024 * 1024
"""To what the log's file is cut when it was moved."""
WRITER_CACHE = 64 * 1024
"""KiB of pages: the index on ids of a million messages fits."""
READER_CACHE = 8 * 1024

WRITER = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "foreign_keys = ON",
    "temp_store = MEMORY",
    f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
    f"journal_size_limit = {LOG_BYTES}",
    f"cache_size = -{WRITER_CACHE}",
)
READER = (
    "query_only = ON",
    "wal_autocheckpoint = 0",
    "temp_store = MEMORY",
    f"cache_size = -{READER_CACHE}",
)


class Database:
    """An open database. Make it with `Database.open`, end it with `close`."""

    def __init__(self, path: Path, writer: Connection, readers: list[Connection]) -> None:
        self.path = path
        self._writer = writer
        # The one that was used last has the most in its cache.
        self._readers: asyncio.Queue[Connection] = asyncio.LifoQueue()
        for reader in readers:
            self._readers.put_nowait(reader)
        self._reader_count = len(readers)
        self._alone = asyncio.Lock()
        self._waiting: asyncio.Queue[Job | None] = asyncio.Queue(MAX_WAITING)
        self._is_closed = False
        self._writing = asyncio.create_task(self._write_until_closed())

    @classmethod
    async def open(
        cls, folder: Path, *, check: bool = True, migrations: Mapping[int, str] | None = None
    ) -> Self:
        """The database of this folder, brought to the newest schema; `check` reads all of it first.

        Raises `StoreError`: damaged (also when damage was remembered), newer than this program, or a failing disk.
        """
        return await cls.open_file(folder / FILE, check=check, migrations=migrations)

    @classmethod
    async def open_file(
        cls, path: Path, *, check: bool = True, migrations: Mapping[int, str] | None = None
    ) -> Self:
        """The same for a file of any name."""
        try:
            await asyncio.to_thread(_prepare, path, check, migrations or schema.known_migrations())
            writer, *readers = await _connect_all(path)
        except FAULTS as error:
            raise told(error) from error
        return cls(path, writer, readers)

    async def write(self, work: Work[T], undo: Undo = nothing) -> T:
        """Run `work` in a transaction; return what it returns after the changes are durable.

        The work may be run again from its start after a fault, so what it does outside the database is taken back
        by `undo`, which is called in the same thread before any other work is. Raises what the work raises, or
        `StoreError`, and then nothing was changed. When its caller is cancelled, a work that was not begun is
        dropped, and one that was goes on to its end.
        """
        self._check_open()
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        await self._waiting.put(Job(work, undo, future))
        if self._writing.done():
            raise _closed()
        return cast(T, await future)

    async def read(self, work: Work[T]) -> T:
        """Run `work`, which only reads, on a snapshot of what is committed. Raises what it raises, or `StoreError`."""
        self._check_open()
        reader = await self._readers.get()
        try:
            return await reader.run(partial(_on_snapshot, work))
        except FAULTS as error:
            raise self._told(error) from error
        finally:
            self._readers.put_nowait(reader)

    async def alone(self, work: Work[T]) -> T:
        """Run `work` on the writing connection outside any transaction, while nobody reads or writes."""
        self._check_open()
        readers: list[Connection] = []
        async with self._alone:
            try:
                while len(readers) < self._reader_count:
                    readers.append(await self._readers.get())
                return await self._writer.run(work)
            except FAULTS as error:
                raise self._told(error) from error
            finally:
                for reader in readers:
                    self._readers.put_nowait(reader)

    async def check(self) -> list[str]:
        """What is wrong with the file, in SQLite's words; empty when nothing is. Reads all of it."""
        faults = await self.read(_integrity)
        return faults + await self.write(_full_text_integrity)

    def size(self) -> int:
        """Bytes on the disk, the write-ahead log among them."""
        names = (self.path.name, f"{self.path.name}-wal")
        return sum(file.stat().st_size for name in names if (file := self.path.with_name(name)).exists())

    def remember_damage(self, detail: str) -> None:
        """Let the next opening make the database anew from whatever is sound."""
        log.warning("the database is damaged", detail=detail)
        with suppress(OSError):
            durable.write_over(damage_of(self.path), detail.encode())

    async def close(self) -> None:
        """Finish what was handed over and close the file; its log is moved into it."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._waiting.put(None)
        await self._writing
        while not self._waiting.empty():
            job = self._waiting.get_nowait()
            if job is not None and not job.future.done():
                job.future.set_exception(_closed())
        for _ in range(self._reader_count):
            await (await self._readers.get()).close()
        await self._writer.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise _closed()

    async def _write_until_closed(self) -> None:
        while (first := await self._waiting.get()) is not None:
            jobs = [first]
            while len(jobs) < MAX_TOGETHER and not self._waiting.empty():
                job = self._waiting.get_nowait()
                if job is None:
                    await self._commit(jobs)
                    return
                jobs.append(job)
            await self._commit(jobs)

    async def _commit(self, waiting: list[Job]) -> None:
        jobs = [job for job in waiting if not job.future.done()]
        try:
            outcomes = await self._writer.run(partial(commit_together, jobs))
        except Exception as fault:  # an undo that raised: whoever waits must hear of it
            outcomes = [Failed(fault)] * len(jobs)
        for job, outcome in zip(jobs, outcomes, strict=True):
            if job.future.done():
                continue
            match outcome:
                case Done(value):
                    job.future.set_result(value)
                case Failed(error):
                    job.future.set_exception(self._told(error))

    def _told(self, error: Exception) -> BaseException:
        if is_damage(error):
            self.remember_damage(words_of(error))
        return told(error)


def _closed() -> StoreError:
    return StoreError(Code.STORE_FAILED, "the store is closed")


def damage_of(path: Path) -> Path:
    """The file that remembers damage of this database."""
    return path.with_name(path.name + DAMAGE)


def _prepare(path: Path, check: bool, migrations: Mapping[int, str]) -> None:
    if damage_of(path).exists():
        raise StoreError(Code.STORE_DAMAGED, damage_of(path).read_text(encoding="utf-8", errors="replace"))
    schema.migrate(path, migrations)
    if check:
        db = connect(path)
        try:
            faults = _quick_faults(db)
        finally:
            db.close()
        if faults:
            raise StoreError(Code.STORE_DAMAGED, faults[0])


async def _connect_all(path: Path) -> list[Connection]:
    """The writer, then the readers: they can read a file with a log only when a writer has been there."""
    connections: list[Connection] = []
    try:
        connections.append(await open_connection(path, WRITER))
        for _ in range(READERS):
            connections.append(await open_connection(path, READER, read_only=True))  # noqa: PERF401 - closed on error
    except BaseException:
        for connection in connections:
            await connection.close()
        raise
    return connections


def _on_snapshot(work: Callable[[sqlite3.Connection], T], db: sqlite3.Connection) -> T:
    db.execute("BEGIN")
    try:
        return work(db)
    finally:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")


def _quick_faults(db: sqlite3.Connection) -> list[str]:
    return _faults(db, "PRAGMA quick_check")


def _integrity(db: sqlite3.Connection) -> list[str]:
    return _faults(db, "PRAGMA integrity_check")


def _faults(db: sqlite3.Connection, pragma: str) -> list[str]:
    found = [str(fault) for (fault,) in db.execute(pragma)]
    return [] if found == ["ok"] else found


def full_text_tables(db: sqlite3.Connection) -> list[str]:
    """The names of the full-text indexes."""
    found = db.execute(
        "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%' ORDER BY name"
    )
    return [str(name) for (name,) in found]


def _full_text_integrity(db: sqlite3.Connection) -> list[str]:
    faults = []
    for name in full_text_tables(db):
        try:
            db.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
        except sqlite3.DatabaseError as error:
            faults.append(f"{name}: {error}")
    return faults
