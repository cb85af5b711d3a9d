"""A backup and what comes out of it: everything, or a refusal that leaves nothing behind."""

import asyncio
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_node.clock import Clock
from hedgerow_node.commands.identity import Adopt, adopt
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed import backup as backups
from hedgerow_node.seed.backup import backed_up
from hedgerow_node.seed.copies import FOLDER, forget_unfinished
from hedgerow_node.seed.founding import Founding, found, written
from hedgerow_node.seed.packing import Part, packed, unpacked
from hedgerow_node.seed.restoring import restore
from hedgerow_node.seed.sealing import MAGIC, Opened, sealed
from hedgerow_node.store.invites import Issued
from hedgerow_protocol.kinds import Resource
from simulator.author import Author

WORDS = "correct horse battery"
SALT = bytes(16)
NOTHING = frozenset[str]()


def ignore(done: int, total: int) -> None:
    """Nobody waits."""


async def backup(node: Node, to: Path, passphrase: str = "") -> Path:
    to.write_bytes(b"".join([chunk async for chunk in backed_up(node, passphrase)]))
    return to


@pytest.fixture
async def seed(tmp_path: Path):
    home = Home(tmp_path / "seed")
    found(home, written(Founding("City library", "https://seed.example.org")))
    node = await Node.open(home, Clock())
    yield node
    await node.close()


async def test_what_comes_out_is_the_same_seed(seed: Node, tmp_path: Path) -> None:
    said = await seed.publish(Resource("https://example.org/", "Rings"))
    await seed.store.peers.add_member(Author(1).key, 7.0)
    await seed.store.library.block("https://example.org/bad", 8.0)
    await seed.store.takedowns.take_down("https://example.org/worse", "spam", 9.0)
    invite = Issued(bytes(32), bytes(16), 2_000_000_000, 30, 0, True, 10.0)
    await seed.store.invites.issue(invite)
    file = await backup(seed, tmp_path / "file")
    after = await seed.publish(Resource("https://example.org/2", "Later"))
    about = restore(Home(tmp_path / "other"), file, "", ignore)
    assert (about.did, about.seed) == (seed.keys.did, True)
    copy = await Node.open(Home(tmp_path / "other"), Clock())
    try:
        assert copy.home.seed.read_bytes() == seed.home.seed.read_bytes()
        assert await copy.store.messages.known([said.id, after.id]) == {said.id}
        assert await copy.store.peers.joined() == {Author(1).key: 7.0}
        assert await copy.store.library.blocked() == {"https://example.org/bad": 8.0}
        assert await copy.store.takedowns.standing("https://example.org/worse") is not None
        assert await copy.store.invites.all() == [invite]
        assert (copy.author, copy.door) == (seed.author, seed.door)
        with pytest.raises(Problem) as caught:
            await copy.publish(Resource("https://example.org/", "As two"))
        assert caught.value.kind is Code.RESTORED_COPY
    finally:
        await copy.close()


async def test_a_moved_seed_answers_with_the_key_that_others_know_and_signs_with_another(
    seed: Node, tmp_path: Path
) -> None:
    file = await backup(seed, tmp_path / "file")
    known = seed.door
    for name in ("first", "second"):  # a seed that is moved again is still known by the same key
        restore(Home(tmp_path / name), file, "", ignore)
        copy = await Node.open(Home(tmp_path / name), Clock())
        try:
            before = copy.device
            await adopt(copy, Adopt(original_is_gone=True))
            assert copy.door == known
            assert copy.device not in (known, before)
            said = await copy.publish(Resource("https://example.org/", "Moved"))
            assert said.header.device == copy.device
            assert known in copy.identities.devices_of(copy.author)
            file = await backup(copy, tmp_path / f"of-{name}")
        finally:
            await copy.close()
        again = await Node.open(Home(tmp_path / name), Clock())
        assert (again.door, again.device) == (known, said.header.device)
        await again.close()


async def test_a_backup_leaves_nothing_of_itself_in_the_home(seed: Node, tmp_path: Path) -> None:
    await backup(seed, tmp_path / "file")
    assert list(seed.home.path.glob(f"{FOLDER}*")) == []
    left = seed.home.path / f"{FOLDER}x"
    left.mkdir()
    (left / "hedgerow.db").write_bytes(b"left by a crash")
    forget_unfinished(seed.home)
    assert not left.exists()


async def test_a_backup_for_which_there_is_no_room_is_not_begun(
    seed: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "free_bytes", lambda folder: seed.store.size())
    with pytest.raises(Problem) as caught:
        await backup(seed, tmp_path / "file")
    assert caught.value.kind is Code.STORE_FULL


async def test_two_backups_at_once_do_not_disturb_each_other(seed: Node, tmp_path: Path) -> None:
    await seed.publish(Resource("https://example.org/", "Rings"))
    files = await asyncio.gather(*[backup(seed, tmp_path / name) for name in ("one", "two")])
    for number, file in enumerate(files):
        assert restore(Home(tmp_path / f"home-{number}"), file, "", ignore).did == seed.keys.did


async def test_what_is_written_meanwhile_is_in_the_backup_whole_or_not_at_all(
    seed: Node, tmp_path: Path
) -> None:
    async def write() -> None:
        for number in range(20):
            await seed.publish(Resource(f"https://example.org/{number}", "Rings"))

    writing = asyncio.create_task(write())
    file = await backup(seed, tmp_path / "file")
    await writing
    restore(Home(tmp_path / "other"), file, "", ignore)
    copy = await Node.open(Home(tmp_path / "other"), Clock())
    try:
        assert await copy.store.check() == []
    finally:
        await copy.close()


async def test_a_folder_that_holds_something_is_left_alone(seed: Node, tmp_path: Path) -> None:
    file = await backup(seed, tmp_path / "file")
    other = await Node.open(Home(tmp_path / "other"), Clock())
    await other.close()
    before = sorted(path.name for path in other.home.path.iterdir())
    with pytest.raises(Problem) as caught:
        restore(other.home, file, "", ignore)
    assert caught.value.kind is Code.FOLDER_FULL
    assert sorted(path.name for path in other.home.path.iterdir()) == before


async def test_a_restore_that_a_crash_ended_before_the_keys_is_done_again(seed: Node, tmp_path: Path) -> None:
    file = await backup(seed, tmp_path / "file")
    home = Home(tmp_path / "other")
    (home.path / "restoring").mkdir(parents=True)
    home.database.write_bytes(b"half of it")
    assert restore(home, file, "", ignore).did == seed.keys.did


async def test_a_sealed_backup_shows_nothing_and_opens_with_its_passphrase_alone(
    seed: Node, tmp_path: Path
) -> None:
    await seed.publish(Resource("https://example.org/", "Not to be seen"))
    file = await backup(seed, tmp_path / "file", WORDS)
    data = file.read_bytes()
    assert data.startswith(MAGIC)
    assert b"Not to be seen" not in data
    assert b"PRIVATE KEY" not in data
    home = Home(tmp_path / "other")
    for passphrase, code in (("", Code.BACKUP_SEALED), ("wrong horse battery", Code.PASSPHRASE_WRONG)):
        with pytest.raises(Problem) as caught:
            restore(home, file, passphrase, ignore)
        assert caught.value.kind is code
    assert restore(home, file, WORDS, ignore).did == seed.keys.did


@pytest.mark.parametrize("passphrase", ["", WORDS])
async def test_a_file_that_was_changed_or_cut_anywhere_is_refused_and_leaves_nothing(
    seed: Node, tmp_path: Path, passphrase: str
) -> None:
    data = (await backup(seed, tmp_path / "file", passphrase)).read_bytes()
    home, file = Home(tmp_path / "other"), tmp_path / "bad"
    step = len(data) // (3 if passphrase else 12)
    for place in range(step, len(data) - 2048, step):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        for bad in (changed, data[:place]):
            file.write_bytes(bad)
            with pytest.raises(Problem) as caught:
                restore(home, file, passphrase, ignore)
            assert caught.value.kind in (Code.BACKUP_DAMAGED, Code.PASSPHRASE_WRONG)
            assert [path.name for path in home.path.iterdir()] == ["lock"]


@given(st.binary(max_size=3000))
@settings(max_examples=100, deadline=None)
def test_whatever_a_file_holds_it_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "file").write_bytes(data)
    with pytest.raises(Problem):
        restore(Home(folder / "home"), folder / "file", "", ignore)


def archive(*entries: tuple[tarfile.TarInfo, bytes]) -> io.BytesIO:
    written_to = io.BytesIO()
    with tarfile.open(fileobj=written_to, mode="w") as tar:
        for entry, data in entries:
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    written_to.seek(0)
    return written_to


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "keys/../../outside", "keys/a/b", "lock"])
def test_nothing_is_written_but_what_is_known(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "into"
    folder.mkdir()
    data = b"".join(packed([Part(name, b"x"), Part("known", b"y")], 0))
    assert unpacked(io.BytesIO(data), folder, NOTHING, frozenset({"known"})) == {"known"}
    assert sorted(path.name for path in folder.rglob("*")) == ["keys", "known"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["into"]


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("known")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(Problem) as caught:
        unpacked(archive((link, b"")), tmp_path, NOTHING, frozenset({"known"}))
    assert caught.value.kind is Code.BACKUP_DAMAGED


@given(st.lists(st.binary(max_size=200_000), max_size=4))
@settings(max_examples=4, deadline=None)
def test_what_was_sealed_opens_whole(parts: list[bytes]) -> None:
    data = b"".join(sealed(parts, WORDS, SALT))
    assert Opened(io.BytesIO(data), WORDS).read() == b"".join(parts)


def test_chunks_cannot_change_places_or_be_left_out() -> None:
    chunk = 64 * 1024
    data = b"".join(sealed([bytes(4 * chunk)], WORDS, SALT))
    head, size = len(MAGIC) + 16, chunk + 16
    first, second = data[head : head + size], data[head + size : head + 2 * size]
    rest = data[head + 2 * size :]
    for bad in (second + first + rest, first + rest, first + second):
        with pytest.raises(Problem):
            Opened(io.BytesIO(data[:head] + bad), WORDS).read()
