"""A damaged, lost or half repaired database: own messages come back, and nothing wrong is ever handed out."""

import errno
import random
import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from hedgerow_node.problems import Code
from hedgerow_node.store import recovery
from hedgerow_node.store.database import Database
from hedgerow_node.store.faults import StoreError
from hedgerow_node.store.journal import Journal
from hedgerow_node.store.peers import KnownPeer
from hedgerow_node.store.store import Store
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import Message
from node.crashes import Crash, stopping_at
from node.store.faulty import no_file_beyond
from node.store.opened import DATABASE, EVERYTHING, NOW, ids_of, opened, sums_hold, traces
from simulator.author import EPOCH, Author

PAGE = 4_096
MINE, THEIRS = Author(1), Author(2)
OWN = [MINE.inception, *MINE.resources(60)]
OTHERS = [THEIRS.inception, *THEIRS.resources(60)]
RETRACTED = OWN[7]
RETRACTION = MINE.retract(RETRACTED, ts=EPOCH + 99)
ALL = {message.id: message for message in [*OWN, *OTHERS, RETRACTION]}
PEER = KnownPeer(DeviceKey(b"d" * 32), "wss://seed.example/peer", AuthorKey(b"a" * 32), "Seed", True, 4.0)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a store was written and closed; copy it."""
    return tmp_path_factory.mktemp("written")


@pytest.fixture
async def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of a store with own and other messages, a peer, and private things."""
    if not (written / DATABASE).exists():
        async with opened(written) as store:
            await store.messages.put(OWN, received=NOW, own=True)
            await store.messages.put(OTHERS, received=NOW + 5)
            await store.messages.put([RETRACTION], received=NOW, own=True)
            await store.peers.add(PEER)
            await store.settings.put("former", "somebody")
            for number in range(80):
                await store.library.save(f"https://example.org/private/{number}", "Private", saved=NOW)
            await store.library.note("https://example.org/private/1", "A noted thing", saved=NOW)
            await store.erase_when_due()
    target = tmp_path / "store"
    shutil.copytree(written, target)
    return target


async def check_sound(store: Store) -> None:
    """Nothing is held that was never written, nothing of our own is missing, and all of it hangs together."""
    assert await store.check() == []
    held = {message.id: message for message in await store.messages.get(ALL)}
    assert [message for message in held.values() if message.body not in (None, ALL[message.id].body)] == []
    assert await store.messages.known(ids_of([*OWN, RETRACTION])) == set(ids_of([*OWN, RETRACTION]))
    assert held[RETRACTED.id].body is None
    assert all(held[message.id] == message for message in OWN if message is not RETRACTED)
    assert await sums_hold(store, [MINE, THEIRS])
    place = await store.messages.place(MINE.key, MINE.device)
    assert place.prev == RETRACTION.id


def damaged_by(damage: Callable[[bytearray], None], folder: Path) -> None:
    content = bytearray((folder / DATABASE).read_bytes())
    damage(content)
    (folder / DATABASE).write_bytes(content)


def cut_in_half(content: bytearray) -> None:
    del content[len(content) // 2 :]


def cut_within_a_page(content: bytearray) -> None:
    del content[-PAGE // 2 :]


def empty(content: bytearray) -> None:
    content.clear()


def without_first_page(content: bytearray) -> None:
    content[:PAGE] = bytes(PAGE)


def of_noise(content: bytearray) -> None:
    content[:] = random.Random(1).randbytes(len(content))


def with_wrong_schema(content: bytearray) -> None:
    at = content.index(b"CREATE TABLE messages")
    content[at : at + 6] = b"CREMES"


@pytest.mark.parametrize(
    "damage", [cut_in_half, cut_within_a_page, empty, without_first_page, of_noise, with_wrong_schema]
)
async def test_own_messages_survive_any_damage_of_the_database(
    folder: Path, damage: Callable[[bytearray], None]
) -> None:
    damaged_by(damage, folder)
    async with opened(folder) as store:
        await check_sound(store)
    assert sorted(path.name for path in folder.iterdir()) == [DATABASE, "journal"]
    async with opened(folder) as store:
        await check_sound(store)


async def test_own_messages_survive_the_loss_of_the_database(folder: Path) -> None:
    (folder / DATABASE).unlink()
    async with opened(folder) as store:
        await check_sound(store)


async def test_own_messages_survive_the_loss_of_the_journal(folder: Path) -> None:
    (folder / "journal").unlink()
    async with opened(folder) as store:
        await check_sound(store)
        assert len(list(store.journal.read())) == len(OWN) + 1
    (folder / DATABASE).unlink()
    async with opened(folder) as store:
        await check_sound(store)


async def test_a_damaged_journal_is_made_whole_from_the_database(folder: Path) -> None:
    content = bytearray((folder / "journal").read_bytes())
    for at in range(300, len(content), 5_000):
        content[at] ^= 1
    (folder / "journal").write_bytes(content)
    async with opened(folder) as store:
        await check_sound(store)
        assert not store.journal.is_damaged
        assert set(ids_of(store.journal.read())) == set(ids_of([*OWN, RETRACTION]))


async def test_what_only_the_damaged_file_had_is_read_around_the_damage(folder: Path) -> None:
    def hit_one_page(content: bytearray) -> None:
        at = content.index(OTHERS[30].body or b"") // PAGE * PAGE
        content[at : at + PAGE] = bytes(PAGE)

    damaged_by(hit_one_page, folder)
    async with opened(folder) as store:
        await check_sound(store)
        others = await store.messages.known(ids_of(OTHERS))
        assert OTHERS[30].id not in others
        assert len(others) >= len(OTHERS) - PAGE // 300
        assert await store.peers.all() == [PEER]
        assert await store.settings.get("former") == "somebody"
        item = await store.library.item("https://example.org/private/1")
        assert item is not None
        assert (item.title, item.note) == ("Private", "A noted thing")
        assert len((await store.library.items(limit=200)).results) == 80
        assert len((await store.search.find("noted")).results) == 1
        first = await store.views.message(OTHERS[1].id)
        assert first is not None
        assert first.received == NOW + 5


async def test_what_a_damaged_file_of_an_older_schema_had_is_kept(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.execute("ALTER TABLE peers DROP COLUMN last_linked")
    await recovery.recover(folder / DATABASE)
    async with opened(folder) as store:
        assert await store.peers.all() == [replace(PEER, last_linked=None)]
        await check_sound(store)


async def test_a_text_that_the_disk_altered_is_not_quoted_where_its_fault_is_told(folder: Path) -> None:
    content = (folder / DATABASE).read_bytes()
    (folder / DATABASE).write_bytes(content.replace(b"A noted thing", b"A noted\xffthing"))
    store = await Store.open(folder, check=False)
    with pytest.raises(StoreError) as told:
        await store.library.notes()
    await store.close()
    assert told.value.kind is Code.STORE_DAMAGED
    assert "noted" not in str(told.value)


async def test_private_things_beside_a_damaged_page_of_theirs_are_kept(folder: Path) -> None:
    def hit(content: bytearray) -> None:
        # The last place is in the table; indexes and texts came to lie before it.
        at = content.rindex(b"https://example.org/private/40") // PAGE * PAGE
        content[at : at + PAGE] = bytes(PAGE)

    damaged_by(hit, folder)
    async with opened(folder) as store:
        await check_sound(store)
        kept = (await store.library.items(limit=200)).results
        assert 0 < len(kept) <= 80
        assert len((await store.search.find("Private")).results) > 0


async def test_erased_text_in_a_damaged_file_does_not_outlive_the_repair(tmp_path: Path) -> None:
    author = Author(3)
    secret = "zqxvkwjy"
    message = author.say(Comment("https://example.org/page", Role.COMMENT, secret), EPOCH + 1)
    async with opened(tmp_path) as store:
        await store.messages.put([message, *author.resources(50)], received=NOW, own=True)
        await store.messages.put([author.retract(message, ts=EPOCH + 2)], received=NOW, own=True)
    damaged_by(cut_within_a_page, tmp_path)
    async with opened(tmp_path):
        pass
    assert traces(tmp_path, [secret]) == []


async def test_a_look_through_everything_finds_where_database_and_journal_differ(folder: Path) -> None:
    (message,) = MINE.resources(1, start=EPOCH + 3_000)
    async with opened(folder) as store:
        store.journal.append([message])
        assert await store.check() == ["1 own messages are missing in the database"]
    async with opened(folder) as store:
        assert await store.messages.get([message.id]) == [message]
        store.journal.rewrite(dropped={message.id, OWN[3].id})
        assert await store.check() == ["2 own messages are missing in the journal"]
    async with opened(folder) as store:
        assert await store.check() == []


# --- A store that cannot be opened ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["journal", DATABASE, f"{DATABASE}.new", f"{DATABASE}.damage"])
async def test_a_folder_in_the_place_of_a_file_is_told_in_words(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(StoreError) as refused:
        await Store.open(tmp_path)
    assert refused.value.kind in (Code.STORE_FAILED, Code.STORE_DAMAGED)
    (tmp_path / name).rmdir()
    async with opened(tmp_path) as store:
        assert await store.check() == []


async def test_a_store_of_a_newer_program_is_not_opened(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError) as refused:
        await Store.open(folder)
    assert refused.value.kind is Code.STORE_NEWER


async def test_a_full_disk_while_opening_leaves_what_the_next_opening_needs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "journal").unlink()

    def refuse(self: Journal, messages: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", refuse)
        with pytest.raises(StoreError) as refused:
            await Store.open(folder)
    assert refused.value.kind is Code.STORE_FULL
    async with opened(folder) as store:
        await check_sound(store)


# --- A repair that does not come to its end ----------------------------------------------------------------------


async def test_a_repair_that_is_stopped_anywhere_is_finished_by_the_next_opening(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged_by(cut_in_half, folder)
    for call in range(1, 100):
        copy = tmp_path / f"copy {call}"
        shutil.copytree(folder, copy)
        with stopping_at(monkeypatch, call) as countdown, suppress(Crash):
            await recovery.recover(copy / DATABASE)
        async with opened(copy) as store:
            await check_sound(store)
        assert sorted(path.name for path in copy.iterdir()) == [DATABASE, "journal"], call
        shutil.rmtree(copy)
        if not countdown.is_off:
            break
    assert call > 5


async def test_a_disk_that_gets_full_at_the_end_of_a_repair_costs_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(folder) as store:
        await store.messages.put(THEIRS.resources(300, start=EPOCH + 1_000), received=NOW)
    finished = recovery._salvage

    with ExitStack() as disk, monkeypatch.context() as patch:

        async def fill_up_the_disk(path: Path, database: Database) -> int:
            count = await finished(path, database)
            disk.enter_context(no_file_beyond(database.path.stat().st_size))
            return count

        patch.setattr(recovery, "_salvage", fill_up_the_disk)
        with pytest.raises(StoreError) as refused:
            await recovery.recover(folder / DATABASE)
    assert refused.value.kind in (Code.STORE_FULL, Code.STORE_FAILED)
    async with opened(folder) as store:
        await check_sound(store)
        assert (await store.messages.authors())[THEIRS.key] == len(OTHERS) + 300
        assert len((await store.library.items(limit=200)).results) == 80


async def test_a_database_that_another_program_locks_is_not_taken_for_an_empty_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.store.connection.BUSY_TIMEOUT", 0.01)
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as outside:
        outside.execute("PRAGMA locking_mode = EXCLUSIVE")
        outside.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError) as refused:
            await recovery.recover(folder / DATABASE)
        assert refused.value.kind is Code.STORE_FAILED
    async with opened(folder) as store:
        await check_sound(store)
        assert len((await store.library.items(limit=200)).results) == 80


async def test_a_finished_repair_is_not_confused_by_the_log_of_the_damaged_file(folder: Path) -> None:
    damaged = folder.parent / "damaged"
    async with opened(folder) as store:
        await store.messages.put(MINE.resources(9, start=EPOCH + 1_000), received=NOW, own=True)
        shutil.copytree(folder, damaged)
    await recovery.recover(folder / DATABASE)
    (folder / DATABASE).rename(folder / f"{DATABASE}.recovered")
    for name in (DATABASE, f"{DATABASE}-wal"):
        shutil.copy(damaged / name, folder / name)
    (folder / f"{DATABASE}.damage").write_text("met while reading")
    (folder / f"{DATABASE}.new-wal").write_text("of a repair that was begun")
    async with opened(folder) as store:
        assert await store.check() == []
        assert (await store.messages.counts()).own == len(OWN) + 1 + 9
        assert await store.messages.known(ids_of(OTHERS)) == set(ids_of(OTHERS))
        assert len((await store.library.items(limit=200)).results) == 80
    assert sorted(path.name for path in folder.iterdir()) == [DATABASE, "journal"]


async def test_a_journalled_message_that_nobody_signed_does_not_come_back(folder: Path) -> None:
    (message,) = MINE.resources(1, start=EPOCH + 2_000)
    forged = message._replace(signature=MINE.inception.signature)
    with closing(Journal.open(folder / "journal")) as journal:
        journal.append([forged])
    async with opened(folder) as store:
        assert await store.messages.get([forged.id]) == []
        await check_sound(store)


# --- Bits that flip -----------------------------------------------------------------------------------------------


def flip(content: bytearray, chance: random.Random) -> str:
    """One bit, one page of zeros, or one page of noise."""
    page = chance.randrange(len(content) // PAGE) * PAGE
    match chance.randrange(3):
        case 0:
            at = chance.randrange(len(content))
            content[at] ^= 1 << chance.randrange(8)
            return f"bit at {at}"
        case 1:
            content[page : page + PAGE] = bytes(PAGE)
            return f"zeros at {page}"
        case _:
            content[page : page + PAGE] = chance.randbytes(PAGE)
            return f"noise at {page}"


async def everything_read(store: Store) -> list[Message]:
    found = await store.messages.get(ALL)
    after, more = (0, b""), True
    while more:
        page, more = await store.messages.range(Filter(), False, after, 50, EVERYTHING)
        found += page
        after = (page[-1].header.ts, page[-1].id) if page else after
        more = more and bool(page)
    return found


async def check_damage(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray((folder / DATABASE).read_bytes())
    what = flip(content, chance)
    (folder / DATABASE).write_bytes(content)
    async with opened(folder) as store:
        with suppress(StoreError):
            for message in await everything_read(store):
                served = ALL[message.id]
                assert message in (served, served.without_body()), (seed, what)
        # Whatever was met while reading, or is found by looking, is repaired by the next opening.
        with suppress(StoreError):
            await store.check()
    async with opened(folder) as store:
        await check_sound(store)
        for message in await everything_read(store):
            assert message in (ALL[message.id], ALL[message.id].without_body()), (seed, what)


@pytest.mark.parametrize("seed", range(20))
async def test_no_flipped_bit_or_lost_page_makes_the_store_say_what_was_not_written(
    folder: Path, seed: int
) -> None:
    await check_damage(folder, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 1_100))
async def test_no_damage_of_a_thousand_makes_the_store_say_what_was_not_written(
    folder: Path, seed: int
) -> None:
    await check_damage(folder, seed)


def test_the_size_of_a_page_is_that_of_the_file(folder: Path) -> None:
    assert struct.unpack_from(">H", (folder / DATABASE).read_bytes(), 16) == (PAGE,)
