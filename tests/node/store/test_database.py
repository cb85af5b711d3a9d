"""The database: durable works, snapshots, migrations, and a disk that is full."""

import asyncio
import json
import sqlite3
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from hedgerow_node.problems import Code
from hedgerow_node.store.database import Database
from hedgerow_node.store.faults import StoreError
from hedgerow_node.store.schema import known_migrations
from node.store.faulty import no_file_beyond
from node.store.opened import NOW, ids_of, opened, sums_hold
from simulator.author import Author

MIGRATIONS = {
    1: "CREATE TABLE words (word TEXT PRIMARY KEY) STRICT;",
    2: "CREATE TABLE more (number INTEGER);",
}
COMMIT_FIELD = 4
"""Where in the header of a frame of the write-ahead log stands what is 0 unless it ends a commit."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path, migrations={1: MIGRATIONS[1]})
    yield database
    await database.close()


def add(word: str, db: sqlite3.Connection) -> str:
    db.execute("INSERT INTO words VALUES (?)", [word])
    return word


def words(db: sqlite3.Connection) -> list[str]:
    return [word for (word,) in db.execute("SELECT word FROM words ORDER BY word")]


def adding(word: str):
    return lambda db: add(word, db)


# --- Works ------------------------------------------------------------------------------------------------------


async def test_what_a_work_wrote_is_there_after_reopening(tmp_path: Path) -> None:
    for word in ("one", "two"):
        database = await Database.open(tmp_path, migrations={1: MIGRATIONS[1]})
        assert await database.write(adding(word)) == word
        await database.close()
    database = await Database.open(tmp_path, migrations={1: MIGRATIONS[1]})
    assert await database.read(words) == ["one", "two"]
    await database.close()


async def test_a_work_that_fails_takes_back_its_own_changes_and_nobody_elses(database: Database) -> None:
    def fail(db: sqlite3.Connection) -> None:
        add("half", db)
        raise ValueError("half way")

    outcomes = await asyncio.gather(
        database.write(adding("one")),
        database.write(fail),
        database.write(adding("one")),
        database.write(adding("two")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [str, ValueError, sqlite3.IntegrityError, str]
    assert await database.read(words) == ["one", "two"]


async def test_works_that_wait_together_share_a_commit(database: Database) -> None:
    await asyncio.gather(*[database.write(adding(f"{number:03}")) for number in range(100)])
    assert len(await database.read(words)) == 100
    log = database.path.with_name(database.path.name + "-wal").read_bytes()
    (page,) = struct.unpack_from(">I", log, 8)
    frames = range(32, len(log), 24 + page)
    commits = sum(1 for at in frames if struct.unpack_from(">I", log, at + COMMIT_FIELD)[0] != 0)
    assert 1 <= commits <= 10


async def test_what_a_failing_work_did_outside_is_undone_before_the_next_work_runs(
    database: Database,
) -> None:
    outside: list[str] = []

    def fail(db: sqlite3.Connection) -> None:
        outside.append("failed")
        raise ValueError

    def look(db: sqlite3.Connection) -> list[str]:
        outside.append("kept")
        return list(outside)

    failing = asyncio.ensure_future(database.write(fail, undo=outside.clear))
    looking = asyncio.ensure_future(database.write(look, undo=outside.clear))
    assert await looking == ["kept"]
    with pytest.raises(ValueError, match=r"^$"):
        await failing
    assert outside == ["kept"]


async def test_what_was_never_begun_is_not_undone(database: Database) -> None:
    def deny_savepoints(action: int, first: str | None, *_: str | None) -> int:
        return (
            sqlite3.SQLITE_DENY
            if (action, first) == (sqlite3.SQLITE_SAVEPOINT, "BEGIN")
            else sqlite3.SQLITE_OK
        )

    await database.alone(lambda db: db.set_authorizer(deny_savepoints))
    undone: list[str] = []
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        await database.write(adding("word"), undo=lambda: undone.append("word"))
    assert undone == []
    await database.alone(lambda db: db.set_authorizer(None))
    await database.write(adding("word"))
    assert await database.read(words) == ["word"]


async def test_every_commit_waits_for_the_disk(database: Database) -> None:
    (mode,) = await database.write(lambda db: db.execute("PRAGMA synchronous").fetchone())
    assert mode == 2


async def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    has_begun, may_go_on = threading.Event(), threading.Event()

    def read_twice(db: sqlite3.Connection) -> tuple[list[str], list[str]]:
        before = words(db)
        has_begun.set()
        may_go_on.wait(30)
        return before, words(db)

    reading = asyncio.ensure_future(database.read(read_twice))
    await asyncio.to_thread(has_begun.wait, 30)
    await database.write(adding("new"))
    assert await database.read(words) == ["new"]
    may_go_on.set()
    assert await reading == ([], [])


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError) as refused:
        await database.read(adding("word"))
    assert refused.value.kind is Code.STORE_FAILED


async def test_a_cancelled_work_that_was_not_begun_is_dropped_and_one_that_was_is_done(
    database: Database,
) -> None:
    has_begun, may_go_on = threading.Event(), threading.Event()

    def slow(db: sqlite3.Connection) -> None:
        has_begun.set()
        may_go_on.wait(30)
        add("begun", db)

    begun = asyncio.ensure_future(database.write(slow))
    await asyncio.to_thread(has_begun.wait, 30)
    waiting = asyncio.ensure_future(database.write(adding("not begun")))
    await asyncio.sleep(0)
    begun.cancel()
    waiting.cancel()
    may_go_on.set()
    await database.write(adding("after"))
    assert await database.read(words) == ["after", "begun"]
    for task in (begun, waiting):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_closing_finishes_what_was_handed_over_and_takes_nothing_more(tmp_path: Path) -> None:
    database = await Database.open(tmp_path, migrations={1: MIGRATIONS[1]})
    writes = [asyncio.ensure_future(database.write(adding(str(number)))) for number in range(9)]
    await asyncio.sleep(0)
    await asyncio.gather(database.close(), *writes)
    for late in (database.write(adding("late")), database.read(words), database.alone(words)):
        with pytest.raises(StoreError, match="closed"):
            await late
    await database.close()
    assert [path.name for path in tmp_path.iterdir()] == ["hedgerow.db"]
    with closing(sqlite3.connect(tmp_path / "hedgerow.db")) as db:
        assert len(words(db)) == 9


FAILING = """
import asyncio, sys
from pathlib import Path
from hedgerow_node.store.store import Store

async def main(folder: Path) -> None:
    store = await Store.open(folder)
    await store.settings.put("name", "kept")
    raise SystemExit(3)

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_a_program_that_fails_before_it_closes_the_store_ends(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FAILING, str(tmp_path)], timeout=60, capture_output=True)
    assert done.returncode == 3, done.stderr
    async with opened(tmp_path) as store:
        assert await store.settings.get("name") == "kept"


async def test_a_work_alone_waits_for_every_reader(database: Database) -> None:
    has_begun, may_go_on = threading.Event(), threading.Event()
    events: list[str] = []

    def read(db: sqlite3.Connection) -> None:
        has_begun.set()
        may_go_on.wait(30)
        events.append("read")

    reading = asyncio.ensure_future(database.read(read))
    await asyncio.to_thread(has_begun.wait, 30)
    alone = asyncio.ensure_future(database.alone(lambda db: events.append("alone")))
    await asyncio.sleep(0.01)
    may_go_on.set()
    await asyncio.gather(reading, alone)
    assert events == ["read", "alone"]
    alone = asyncio.ensure_future(database.alone(lambda db: None))
    alone.cancel()
    assert await database.read(words) == []


async def test_files_of_the_database_are_their_owners_alone(database: Database) -> None:
    await database.write(adding("word"))
    assert all(path.stat().st_mode & 0o077 == 0 for path in database.path.parent.iterdir())


async def test_a_sound_database_has_no_faults(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.messages.put(Author(1).resources(5), received=NOW)
        assert await store.database.check() == []


async def test_a_full_text_index_that_does_not_fit_its_texts_is_a_fault(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.messages.put(Author(1).resources(5), received=NOW)
        await store.database.write(lambda db: db.execute("DELETE FROM words_data WHERE id > 10").rowcount)
        assert len(await store.check()) == 1


# --- Schemas ------------------------------------------------------------------------------------------------------


async def test_an_empty_folder_gets_the_newest_schema_and_no_copy(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        version = await store.database.read(lambda db: db.execute("PRAGMA user_version").fetchone())
        assert version == (max(known_migrations()),)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hedgerow.db", "journal"]


async def test_an_older_database_is_brought_forward_and_a_copy_of_it_stays(tmp_path: Path) -> None:
    database = await Database.open(tmp_path, migrations={1: MIGRATIONS[1]})
    await database.write(adding("kept"))
    await database.close()
    database = await Database.open(tmp_path, migrations=MIGRATIONS)
    await database.write(lambda db: db.execute("INSERT INTO more VALUES (1)").rowcount)
    await database.write(adding("new"))
    await database.close()
    copy = tmp_path / "hedgerow.db.before-2"
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as db:
        assert words(db) == ["kept"]
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
    with closing(sqlite3.connect(tmp_path / "hedgerow.db")) as db:
        assert words(db) == ["kept", "new"]


async def test_a_copy_for_which_there_is_no_room_leaves_nothing_of_itself(tmp_path: Path) -> None:
    database = await Database.open(tmp_path, migrations={1: MIGRATIONS[1]})
    await database.write(lambda db: [add(f"{number:05}" * 200, db) for number in range(200)])
    await database.close()
    with no_file_beyond((tmp_path / "hedgerow.db").stat().st_size // 2), pytest.raises(StoreError) as refused:
        await Database.open(tmp_path, migrations=MIGRATIONS)
    assert refused.value.kind in (Code.STORE_FULL, Code.STORE_FAILED)
    assert [path.name for path in tmp_path.iterdir()] == ["hedgerow.db"]
    await (await Database.open(tmp_path, migrations=MIGRATIONS)).close()


async def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    await (await Database.open(tmp_path, migrations={1: MIGRATIONS[1]})).close()
    with pytest.raises(sqlite3.OperationalError):
        await Database.open(tmp_path, migrations=MIGRATIONS | {3: "CREATE TABLE half (n); SELECT nonsense;"})
    with closing(sqlite3.connect(tmp_path / "hedgerow.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("words",)]


async def test_a_database_of_a_newer_program_is_refused_in_words_and_left_alone(tmp_path: Path) -> None:
    await (await Database.open(tmp_path, migrations=MIGRATIONS)).close()
    before = (tmp_path / "hedgerow.db").read_bytes()
    with pytest.raises(StoreError, match="written by a newer Hedgerow") as refused:
        await Database.open(tmp_path, migrations={1: MIGRATIONS[1]})
    assert refused.value.kind is Code.STORE_NEWER
    assert "Bring Hedgerow up to date" in refused.value.next_step
    assert (tmp_path / "hedgerow.db").read_bytes() == before


# --- A full disk --------------------------------------------------------------------------------------------------


def limit_pages(count: int):
    return lambda db: db.execute(f"PRAGMA max_page_count = {count}").fetchone()


async def pages_of(database: Database) -> int:
    (count,) = await database.read(lambda db: db.execute("PRAGMA page_count").fetchone())
    return int(count)


async def test_a_disk_that_is_full_after_any_page_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    author = Author(1)
    messages = author.resources(200)
    confirmed = []
    async with opened(tmp_path) as store:
        base = await pages_of(store.database)
        room = 0
        while len(confirmed) < len(messages):
            await store.database.alone(limit_pages(base + room))
            batch = messages[len(confirmed) : len(confirmed) + 5]
            (problem,) = await asyncio.gather(
                store.messages.put(batch, received=NOW, own=True), return_exceptions=True
            )
            if isinstance(problem, StoreError):
                assert problem.kind is Code.STORE_FULL
                assert await store.messages.known(ids_of(batch)) == set()
                room += 1
            else:
                assert problem == batch
                confirmed += batch
        assert room > 20
        assert ids_of(store.journal.read()) == ids_of(messages)
    async with opened(tmp_path) as store:
        assert await store.messages.known(ids_of(messages)) == set(ids_of(messages))
        assert await sums_hold(store, [author])
        assert await store.check() == []


async def test_when_the_disk_is_full_small_works_beside_a_large_one_still_succeed(database: Database) -> None:
    await database.write(adding("first"))
    await database.alone(limit_pages(await pages_of(database) + 3))
    undone: list[str] = []
    small, large, after = await asyncio.gather(
        database.write(adding("small"), undo=lambda: undone.append("small")),
        database.write(adding("large" * 10_000), undo=lambda: undone.append("large")),
        database.write(adding("after"), undo=lambda: undone.append("after")),
        return_exceptions=True,
    )
    assert (small, after) == ("small", "after")
    assert isinstance(large, StoreError)
    assert large.kind is Code.STORE_FULL
    assert undone.count("large") >= 1
    assert await database.read(words) == ["after", "first", "small"]


ON_A_FULL_DISK = """
import asyncio, json, resource, sys
from pathlib import Path
from hedgerow_node.problems import Code
from hedgerow_node.store.faults import StoreError
from node.store.opened import opened
from simulator.author import Author

async def main(folder: Path) -> None:
    author, confirmed, refused = Author(1), [], 0
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with opened(folder) as store:
        largest = max(path.stat().st_size for path in folder.iterdir())
        for number, message in enumerate(author.resources(300)):
            # No file may grow beyond so many bytes; the system then refuses in the middle of a write.
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 700 * number, hard))
            try:
                await store.messages.put([message], received=1.0, own=True)
            except StoreError as error:
                assert error.kind in (Code.STORE_FULL, Code.STORE_FAILED), error
                refused += 1
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
                await store.messages.put([message], received=1.0, own=True)
            confirmed.append(message.id.hex())
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert [message.id.hex() for message in store.journal.read()] == confirmed
    print(json.dumps({"confirmed": confirmed, "refused": refused}))

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_writes_that_the_system_refuses_half_way_are_taken_back_and_later_succeed(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["refused"] > 10
    async with opened(tmp_path) as store:
        assert {id.hex() for id in ids_of(store.journal.read())} == set(told["confirmed"])
        assert (await store.messages.counts()).own == 300
        assert await store.check() == []
