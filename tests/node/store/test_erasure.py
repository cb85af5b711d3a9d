"""Erasure: what was withdrawn is in no file of the folder, and does not come back."""

import asyncio
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from hedgerow_node.problems import Code
from hedgerow_node.store import erasure
from hedgerow_node.store.database import Database
from hedgerow_node.store.faults import StoreError
from hedgerow_node.store.records import NewItem
from hedgerow_node.store.store import Store
from hedgerow_protocol.kinds import (
    Attest,
    Comment,
    Connect,
    Endorse,
    Introduce,
    Label,
    Resource,
    Role,
    Step,
    Trail,
    Vouch,
)
from hedgerow_protocol.message import Message
from node.crashes import Crash, stopping_at
from node.store.opened import DATABASE, NOW, ids_of, opened, traces
from simulator.author import EPOCH, Author

PAGE = "https://example.org/page"
SECRET_PAGE = "https://zqxvjkwy.example/vxqzkjwq"
FILES_IN_USE = Path("/proc/self/fd")
SECRETS = ("zqxjvkwyq vqzkxwjqy", "قخصثضغظ", "忑龘靐齉", "Wqxzjvkłó", SECRET_PAGE.removeprefix("https://"))
"""Words whose parts stand in nothing else here."""
MESSAGES = 9
"""Messages with secrets."""


def secret_messages(author: Author) -> list[Message]:
    """One message of each kind, with secrets in every field."""
    first, second, third, fourth, _ = SECRETS
    return [
        author.say(Resource(SECRET_PAGE, first, second, teaches=(third,), authors=(fourth,)), EPOCH + 1),
        author.say(Endorse(PAGE, reason=first), EPOCH + 2),
        author.say(Connect(PAGE, 1, SECRET_PAGE, second), EPOCH + 3),
        author.say(Comment(PAGE, Role.COMMENT, f"{third} {fourth}"), EPOCH + 4),
        author.say(secret_trail(), EPOCH + 4),
        author.say(Attest(SECRET_PAGE, 6, SECRET_PAGE, EPOCH), EPOCH + 4),
        author.say(Label(PAGE, first, second), EPOCH + 4),
        author.say(Introduce("did:key:z6Mk", SECRET_PAGE, third), EPOCH + 4),
        author.say(Vouch(SECRET_PAGE, fourth), EPOCH + 4),
    ]


def secret_trail() -> Trail:
    """A trail with secrets in every place of it."""
    first, second, third, fourth, _ = SECRETS
    steps = (Step(SECRET_PAGE, first, second), Step(None, third, fourth, (0,)))
    return Trail("1" * 16, fourth, third, steps)


async def say_and_retract(store: Store, author: Author, *, own: bool) -> None:
    secrets = secret_messages(author)
    plain = author.say(Resource(PAGE, "What stays"), EPOCH + 5)
    await store.messages.put([author.inception, *secrets, plain], received=NOW, own=own)
    await store.messages.put([author.retract(*secrets, ts=EPOCH + 6)], received=NOW, own=own)


async def check_plain_stays(store: Store, author: Author) -> None:
    assert len((await store.search.find("stays")).results) == 1
    assert (await store.messages.counts()).erased == MESSAGES
    assert (await store.messages.authors())[author.key] == MESSAGES + 3
    assert await store.check() == []


def without_database(folder: Path) -> None:
    for file in folder.glob(f"{DATABASE}*"):
        file.unlink()


@pytest.mark.parametrize("own", [True, False])
async def test_after_a_pass_no_file_and_no_index_has_a_withdrawn_word(tmp_path: Path, own: bool) -> None:
    author = Author(1)
    async with opened(tmp_path) as store:
        await say_and_retract(store, author, own=own)
        for word in " ".join(SECRETS).split():
            assert (await store.search.find(word)).results == ()
        assert await erasure.is_due(store)
        assert await store.erase_when_due()
        assert not await erasure.is_due(store)
        folder = tmp_path / "copy of a running node"
        shutil.copytree(tmp_path, folder, ignore=shutil.ignore_patterns(folder.name))
        assert traces(folder, SECRETS) == []
        shutil.rmtree(folder)
    assert traces(tmp_path, SECRETS) == []
    async with opened(tmp_path) as store:
        await check_plain_stays(store, author)


async def test_the_search_for_traces_finds_them_where_they_are(tmp_path: Path) -> None:
    author = Author(1)
    async with opened(tmp_path) as store:
        await store.messages.put(secret_messages(author), received=NOW, own=True)
    found = traces(tmp_path, SECRETS)
    for word in " ".join(SECRETS).split():
        assert any(word in trace for trace in found), word
    for place in ("journal", DATABASE, "words", "grams"):
        assert any(trace.startswith(place) for trace in found), place


async def test_what_was_erased_does_not_come_back_from_the_journal(tmp_path: Path) -> None:
    author = Author(1)
    async with opened(tmp_path) as store:
        await say_and_retract(store, author, own=True)
        assert await store.erase_when_due()
    without_database(tmp_path)
    async with opened(tmp_path) as store:
        await check_plain_stays(store, author)
    assert traces(tmp_path, SECRETS) == []


async def test_a_database_lost_before_the_pass_does_not_keep_the_journal_from_being_cleaned(
    tmp_path: Path,
) -> None:
    author = Author(1)
    async with opened(tmp_path) as store:
        await say_and_retract(store, author, own=True)
    assert any(trace.startswith("journal") for trace in traces(tmp_path, SECRETS))
    without_database(tmp_path)
    async with opened(tmp_path) as store:
        await check_plain_stays(store, author)
    assert traces(tmp_path, SECRETS) == []


async def test_an_own_message_that_is_put_after_its_retraction_leaves_no_trace(tmp_path: Path) -> None:
    author = Author(1)
    secrets = secret_messages(author)
    async with opened(tmp_path) as store:
        await store.messages.put([author.retract(*secrets, ts=EPOCH + 6)], received=NOW, own=True)
        await store.messages.put(secrets, received=NOW, own=True)
        await store.erase_when_due()
    assert traces(tmp_path, SECRETS) == []


async def test_a_copy_made_before_a_migration_goes_with_the_pass(tmp_path: Path) -> None:
    author = Author(1)
    async with opened(tmp_path) as store:
        await store.messages.put(secret_messages(author), received=NOW)
    for name in (f"{DATABASE}.before-2", f"{DATABASE}.before-2.new"):
        shutil.copy(tmp_path / DATABASE, tmp_path / name)
    async with opened(tmp_path) as store:
        await store.messages.put(
            [author.retract(*await store.messages.get(ids_of(secret_messages(Author(1)))), ts=EPOCH + 6)],
            received=NOW,
        )
        assert await store.erase_when_due()
    assert sorted(path.name for path in tmp_path.iterdir()) == [DATABASE, "journal"]
    assert traces(tmp_path, SECRETS) == []


async def test_nothing_is_done_when_nothing_is_due(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.messages.put(secret_messages(Author(1)), received=NOW)
        shutil.copy(tmp_path / DATABASE, tmp_path / f"{DATABASE}.before-2")
        assert await store.erase_when_due()
    assert (tmp_path / f"{DATABASE}.before-2").exists()


async def test_a_retraction_of_what_is_not_here_asks_for_no_pass(tmp_path: Path) -> None:
    author, other = Author(1), Author(2)
    secrets = secret_messages(author)
    async with opened(tmp_path) as store:
        await store.messages.put([author.retract(*secrets, ts=EPOCH + 6)], received=NOW)
        await store.messages.put(secrets, received=NOW)
        await store.messages.put([other.retract(*secrets, ts=EPOCH + 6)], received=NOW)
        assert not await erasure.is_due(store)
    assert traces(tmp_path, SECRETS) == []


async def test_texts_that_the_database_moved_about_while_they_lived_are_gone_too(tmp_path: Path) -> None:
    # With this seed and these lengths SQLite 3.40 leaves stale copies of seven texts unless the file is rewritten.
    chance = random.Random(3)
    author = Author(1)
    alive: list[tuple[str, Message]] = []
    gone: list[str] = []
    async with opened(tmp_path) as store:
        for round in range(25):
            fresh = []
            for number in range(30):
                word = f"zq{round:02}{number:02}xv"
                text = " ".join([word] * chance.choice([1, 10, 60, 100]))
                fresh.append((word, author.say(Comment(f"{PAGE}/{word}", Role.COMMENT, text), EPOCH + round)))
            await store.messages.put([message for _, message in fresh], received=NOW)
            alive += fresh
            picked = [alive.pop(chance.randrange(len(alive))) for _ in range(12)]
            gone += [word for word, _ in picked]
            await store.messages.put(
                [author.retract(*[message for _, message in picked], ts=EPOCH + round)], received=NOW
            )
        assert await store.erase_when_due()
    content = (tmp_path / DATABASE).read_bytes()
    assert [word for word in gone if word.encode() in content] == []
    assert all(word.encode() in content for word, _ in alive)


async def test_a_withdrawn_body_is_overwritten_in_the_database_before_any_pass(tmp_path: Path) -> None:
    author = Author(1)
    # Capitals stand in bodies only: the indexes fold them.
    words = [f"ZQ{number:02}XV " for number in range(40)]
    messages = [author.say(Comment(PAGE, Role.COMMENT, word * 150), EPOCH + 1) for word in words]
    async with opened(tmp_path) as store:
        await store.messages.put(messages, received=NOW)
        await store.messages.put([author.retract(messages[20], ts=EPOCH + 99)], received=NOW)
    content = (tmp_path / DATABASE).read_bytes()
    assert [place for place, word in enumerate(words) if word.encode() not in content] == [20]


async def test_private_words_that_were_taken_away_are_gone_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.library.save(SECRET_PAGE, SECRETS[0], SECRETS[1], (SECRETS[2],), saved=NOW)
        await store.library.note(SECRET_PAGE, SECRETS[3], saved=NOW)
        assert await store.library.remove(SECRET_PAGE)
        assert await store.erase_when_due()
    assert traces(tmp_path, SECRETS) == []


async def test_a_reader_from_outside_delays_the_pass_and_the_next_one_does_it(tmp_path: Path) -> None:
    author = Author(1)
    async with opened(tmp_path) as store:
        await say_and_retract(store, author, own=True)
        with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as outside:
            outside.execute("BEGIN")
            outside.execute("SELECT count(*) FROM messages").fetchone()
            await store.database.alone(lambda db: db.execute("PRAGMA busy_timeout = 10").fetchall())
            assert not await store.erase_when_due()
            assert await erasure.is_due(store)
        assert await store.erase_when_due()
    assert traces(tmp_path, SECRETS) == []


@pytest.mark.skipif(not FILES_IN_USE.exists(), reason="the system does not tell which files are in use")
async def test_a_pass_writes_nothing_outside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "it's mine"
    folder.mkdir()
    used: set[str] = set()

    def look() -> None:
        for handle in FILES_IN_USE.iterdir():
            with suppress(OSError):
                used.add(os.readlink(handle))

    async with opened(folder) as store:
        await store.library.save_many(
            [NewItem(f"https://example.org/{number}", summary="word " * 1_600) for number in range(400)]
        )
        await store.library.remove("https://example.org/7")
        # What fits the cache would stand in no file at all.
        await store.database.alone(lambda db: db.execute("PRAGMA cache_size = 10").fetchall())
        await store.database.alone(lambda db: db.set_progress_handler(look, 50))
        assert await store.erase_when_due()
    temporary = {Path(name).parent for name in used if "etilqs" in name}
    assert temporary == {folder}


class Stop(Exception):
    """The node ends here."""


async def test_a_node_that_ends_between_retraction_and_pass_does_it_when_it_opens_again(
    tmp_path: Path,
) -> None:
    author = Author(1)
    async with opened(tmp_path) as store:
        await say_and_retract(store, author, own=True)
    assert traces(tmp_path, SECRETS) != []
    async with opened(tmp_path):
        assert traces_of_running(tmp_path) == []
    assert traces(tmp_path, SECRETS) == []


def traces_of_running(folder: Path) -> list[str]:
    words = " ".join(SECRETS).split()
    files = [path for path in folder.iterdir() if path.is_file()]
    return [f"{file.name}: {word}" for file in files for word in words if word.encode() in file.read_bytes()]


async def test_a_full_disk_lets_the_store_open_and_leaves_the_pass_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = Author(1)
    async with opened(tmp_path) as store:
        await say_and_retract(store, author, own=True)
    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_rewrite", refused_by_a_full_disk)
        async with opened(tmp_path) as store:
            await check_plain_stays(store, author)
            assert await erasure.is_due(store)
            with pytest.raises(StoreError) as refused:
                await store.erase_when_due()
            assert refused.value.kind is Code.STORE_FULL
    async with opened(tmp_path) as store:
        assert not await erasure.is_due(store)
    assert traces(tmp_path, SECRETS) == []


def refused_by_a_full_disk(db: sqlite3.Connection, folder: Path) -> bool:
    """What needs more room than there is: the database may have no page more."""
    db.execute("PRAGMA max_page_count = 1")
    db.execute("INSERT INTO settings VALUES ('big', hex(zeroblob(1000000)))")
    return True


@pytest.mark.parametrize("method", ["read", "write", "alone"])
async def test_a_pass_that_ends_at_any_step_is_done_when_the_store_opens_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    for step in range(4):
        folder = tmp_path / str(step)
        folder.mkdir()
        author = Author(1)
        async with opened(folder) as store:
            await say_and_retract(store, author, own=True)
            with monkeypatch.context() as patch:
                patch.setattr(Database, method, stopping(getattr(Database, method), step))
                with suppress(Stop):
                    await store.erase_when_due()
        async with opened(folder) as store:
            await check_plain_stays(store, author)
        assert traces(folder, SECRETS) == [], step


def stopping(method: Callable[..., object], step: int) -> Callable[..., object]:
    calls = 0

    def stop(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls > step:
            raise Stop
        return method(*arguments)

    return stop


async def test_a_crash_at_any_change_of_a_file_leaves_a_pass_that_comes_through_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in range(1, 100):
        folder = tmp_path / str(call)
        folder.mkdir()
        author = Author(1)
        async with opened(folder) as store:
            await say_and_retract(store, author, own=True)
            shutil.copy(folder / DATABASE, folder / f"{DATABASE}.before-2")
            with stopping_at(monkeypatch, call) as countdown, suppress(Crash):
                await store.erase_when_due()
        async with opened(folder) as store:
            await check_plain_stays(store, author)
        assert traces(folder, SECRETS) == [], call
        shutil.rmtree(folder)
        if not countdown.is_off:
            break
    assert call > 5


async def test_two_passes_at_once_do_no_harm(tmp_path: Path) -> None:
    author = Author(1)
    async with opened(tmp_path) as store:
        await say_and_retract(store, author, own=True)
        assert await asyncio.gather(store.erase_when_due(), store.erase_when_due()) == [True, True]
        await check_plain_stays(store, author)
    assert traces(tmp_path, SECRETS) == []


async def test_a_withdrawn_message_that_turns_out_to_be_our_own_does_not_get_into_the_journal(
    tmp_path: Path,
) -> None:
    author = Author(1)
    said = author.say(Comment("https://example.org/page", Role.COMMENT, "zqxjvkwyq vqzkxwjqy"), EPOCH + 1)
    retraction = author.retract(said, ts=EPOCH + 2)
    async with opened(tmp_path) as store:
        await store.messages.put([said, retraction], received=NOW)
        await store.messages.put([said], received=NOW, own=True)
        assert await store.erase_when_due()
    assert traces(tmp_path, ["zqxjvkwyq vqzkxwjqy"]) == []
