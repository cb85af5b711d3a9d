"""The keystore: what lies on disk, under which permissions, and what a crash between any two steps leaves."""

import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from mnemonic import Mnemonic

from hedgerow_node import key_files
from hedgerow_node.config import Home
from hedgerow_node.key_files import Secret
from hedgerow_node.keystore import Keystore, decode_secrets, encode_secrets
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import keys
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.log_entry import decode_inception
from hedgerow_protocol.message import verify
from node.clocks import FakeClock
from node.crashes import Crash, stopping_at
from node.store.faulty import no_file_beyond

PASSPHRASE = "five quiet hedges in a row"
SEED, OTHER_SEED = bytes([5]) * 32, bytes([6]) * 32


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def content_of(folder: Path) -> bytes:
    return b"".join([path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()])


class RecordingClock(FakeClock):
    """Remembers what it drew."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[bytes] = []

    def entropy(self, length: int) -> bytes:
        self.drawn.append(super().entropy(length))
        return self.drawn[-1]


def test_a_new_identity_opens_again_as_itself(home: Home) -> None:
    made = Keystore.create(home, FakeClock())
    opened = Keystore.open(home)
    assert opened.did == made.did
    assert opened.device_seed == made.device_seed
    assert opened.inception == made.inception
    assert opened.words() == made.words()


def test_the_inception_is_valid_and_lets_the_device_publish(home: Home) -> None:
    keystore = Keystore.create(home, FakeClock())
    verify(keystore.inception)
    identities = Identities()
    identities.learn(keystore.inception)
    assert list(identities.devices_of(keystore.author)) == [keystore.device]
    assert keystore.inception.header.device != keystore.device


def test_the_words_spell_the_recovery_key_that_the_inception_commits_to(home: Home) -> None:
    keystore = Keystore.create(home, FakeClock())
    words = keystore.words()
    assert words is not None
    assert len(words) == 24
    entropy = bytes(Mnemonic("english").to_entropy(list(words)))
    recovery = keys.public_key(keys.recovery_seed(entropy, 1))
    assert decode_inception(keystore.inception).next == keys.commitment(recovery)


def test_the_genesis_seed_never_reaches_the_disk(home: Home) -> None:
    clock = RecordingClock()
    keystore = Keystore.create(home, clock)
    seeds = [drawn for drawn in clock.drawn if len(drawn) == 32 and keys.public_key(drawn) == keystore.author]
    assert len(seeds) == 1
    written = content_of(home.path)
    assert seeds[0] not in written
    # PEM holds base64 of a structure that ends with the seed, so any alignment of it would show.
    opened = keystore.secrets()
    assert seeds[0] not in opened.values()


def test_files_are_for_their_owner_alone(home: Home) -> None:
    Keystore.create(home, FakeClock())
    assert stat.S_IMODE(home.keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.keys.iterdir()} == {0o600}


def test_confirmed_words_leave_no_secret_on_disk(home: Home) -> None:
    keystore = Keystore.create(home, FakeClock())
    pem = (home.keys / "words.pem").read_bytes()
    keystore.confirm_words()
    assert keystore.words() is None
    assert Keystore.open(home).words() is None
    assert pem not in content_of(home.path)
    assert sorted(path.name for path in home.keys.iterdir()) == [
        "device.pem",
        "inception",
        "place",
        "root.pem",
    ]


def test_confirming_twice_is_harmless(home: Home) -> None:
    keystore = Keystore.create(home, FakeClock())
    keystore.confirm_words()
    keystore.confirm_words()
    assert not keystore.has_words


def test_the_secret_of_the_words_is_overwritten_before_its_name_goes(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keystore = Keystore.create(home, FakeClock())
    (tmp_path / "witness").hardlink_to(home.keys / "words.pem")
    keystore.confirm_words()
    assert set((tmp_path / "witness").read_bytes()) == {0}


def test_a_crash_at_any_step_of_the_first_run_leaves_nothing_or_a_whole_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "whole")
    home.create()
    with stopping_at(monkeypatch, None) as count:
        Keystore.create(home, FakeClock())
    assert count.calls > 10
    survived = []
    for step in range(1, count.calls + 1):
        home = Home(tmp_path / str(step))
        home.create()
        with stopping_at(monkeypatch, step), pytest.raises(Crash):
            Keystore.create(home, FakeClock(seed=step))
        survived.append(Keystore.exists(home))
        if survived[-1]:
            assert Keystore.open(home).words() is not None
        else:
            assert Keystore.create(home, FakeClock(seed=1_000 + step)).did == Keystore.open(home).did
            assert [path.name for path in home.path.iterdir()] == ["keys"]
    # Once there it stays: no later step of the first run could take an identity away.
    assert survived == sorted(survived)
    assert True in survived
    assert False in survived


def test_a_crash_while_words_are_confirmed_keeps_them_or_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = []
    for step in range(1, 10):
        home = Home(tmp_path / str(step))
        home.create()
        keystore = Keystore.create(home, FakeClock())
        words = keystore.words()
        try:
            with stopping_at(monkeypatch, step):
                keystore.confirm_words()
        except Crash:
            outcomes.append(Keystore.open(home).words())
            assert outcomes[-1] in (words, None)
            assert not (home.keys / "words.gone").exists()
    assert words in outcomes
    assert None in outcomes


@pytest.mark.parametrize("locks", [True, False])
def test_a_crash_while_the_passphrase_changes_keeps_the_old_one_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: bool
) -> None:
    monkeypatch.setattr("hedgerow_node.key_files.STRETCH", 2**4)
    before, after = (None, PASSPHRASE) if locks else (PASSPHRASE, None)
    opened_with = set()
    step = 0
    while True:
        step += 1
        home = Home(tmp_path / str(step))
        home.create()
        keystore = Keystore.create(home, FakeClock(), before)
        with stopping_at(monkeypatch, step) as count, suppress(Crash):
            keystore.change_passphrase(before, after, FakeClock(seed=2))
        survivor = open_survivor(home, opened_with)
        assert survivor.secrets() == keystore_secrets(tmp_path / "reference")
        assert [path.name for path in home.path.iterdir()] == ["keys"]
        if not count.is_off:
            break
    assert opened_with == {None, PASSPHRASE}


def open_survivor(home: Home, opened_with: set[str | None]) -> Keystore:
    # Open files open whatever passphrase is given.
    keystore = Keystore.open(home, PASSPHRASE)
    opened_with.add(PASSPHRASE if keystore.has_passphrase else None)
    return keystore


def keystore_secrets(folder: Path) -> dict[Secret, bytes]:
    home = Home(folder)
    if not folder.exists():
        home.create()
        Keystore.create(home, FakeClock())
    return Keystore.open(home).secrets()


def test_a_passphrase_locks_every_secret_and_a_wrong_one_opens_none(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.key_files.STRETCH", 2**4)
    keystore = Keystore.create(home, FakeClock(), PASSPHRASE)
    for path in home.keys.glob("*.pem"):
        assert b"ENCRYPTED" in path.read_bytes()
    assert Keystore.open(home, PASSPHRASE).words() == keystore.words()
    for passphrase, expected in ((None, Code.PASSPHRASE_NEEDED), ("another one", Code.PASSPHRASE_WRONG)):
        with pytest.raises(Problem) as caught:
            Keystore.open(home, passphrase)
        assert caught.value.kind == expected


def test_a_short_passphrase_is_refused_before_anything_is_written(home: Home) -> None:
    with pytest.raises(Problem) as caught:
        Keystore.create(home, FakeClock(), "short")
    assert caught.value.kind == Code.PASSPHRASE_SHORT
    assert not Keystore.exists(home)


@pytest.mark.parametrize("name", ["device.pem", "root.pem", "inception"])
def test_a_missing_damaged_or_foreign_key_is_told_and_never_replaced(
    home: Home, tmp_path: Path, name: str
) -> None:
    Keystore.create(home, FakeClock())
    whole = (home.keys / name).read_bytes()
    other = Home(tmp_path / "other")
    other.create()
    Keystore.create(other, FakeClock(seed=2))
    damages: list[bytes | None] = [None, b"", whole[: len(whole) // 2], b"\0" * len(whole)]
    if name in ("device.pem", "inception"):
        damages.append((other.keys / name).read_bytes())
    for damage in damages:
        (home.keys / name).unlink(missing_ok=True)
        if damage is not None:
            (home.keys / name).write_bytes(damage)
        assert Keystore.exists(home)
        with pytest.raises(Problem) as caught:
            Keystore.open(home)
        assert caught.value.kind == Code.KEYS_DAMAGED


def test_a_home_without_keys_says_so(home: Home) -> None:
    assert not Keystore.exists(home)
    with pytest.raises(Problem) as caught:
        Keystore.open(home)
    assert caught.value.kind == Code.KEYS_MISSING


def take_own_key(copy: Keystore) -> Keystore:
    """As the log would have it: the staged key is named, and takes its place."""
    copy.stage({Secret.NEXT_DEVICE: SEED})
    assert copy.settle([keys.public_key(SEED)], [])
    return copy.reopened()


def test_a_copy_says_so_until_it_has_a_key_of_its_own(home: Home, tmp_path: Path) -> None:
    original = Keystore.create(home, FakeClock())
    other = Home(tmp_path / "copy")
    other.create()
    made = Keystore.create(other, FakeClock(seed=2))
    copy = made.replaced_by(original.inception, original.secrets())
    assert copy.is_copy
    assert Keystore.open(other).is_copy
    assert Keystore.open(other).did == original.did
    taken = take_own_key(copy)
    assert not taken.is_copy
    assert not Keystore.open(other).is_copy
    assert Keystore.open(other).device == taken.device != original.device


def test_a_folder_that_was_copied_is_a_copy_until_it_has_a_key_of_its_own(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Keystore.create(home, FakeClock())
    other = Home(tmp_path / "copy")
    # As if the copy had been made later than it was.
    monkeypatch.setattr(key_files, "ROUNDING", -1)
    shutil.copytree(home.path, other.path)
    for _ in range(2):
        copy = Keystore.open(other)
        assert copy.is_copy
        assert copy.did == original.did
    copy.change_passphrase(None, PASSPHRASE, FakeClock())
    assert Keystore.open(other, PASSPHRASE).is_copy
    take_own_key(copy)
    assert not Keystore.open(other, PASSPHRASE).is_copy
    assert not Keystore.open(home).is_copy


def test_a_folder_that_was_moved_or_got_other_permissions_is_no_copy(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Keystore.create(home, FakeClock()).confirm_words()
    monkeypatch.setattr(key_files, "ROUNDING", -1)
    (home.keys / "inception").chmod(0o400)
    moved = Home(tmp_path / "moved")
    home.path.rename(moved.path)
    assert not Keystore.open(moved).is_copy
    Keystore.open(moved).change_passphrase(None, PASSPHRASE, FakeClock())
    assert not Keystore.open(moved, PASSPHRASE).is_copy


def test_a_disk_that_numbers_its_files_anew_makes_no_copy(home: Home) -> None:
    Keystore.create(home, FakeClock())
    place = home.keys / "place"
    number, time = map(int, place.read_bytes().split())
    place.write_bytes(b"%d %d" % (number + 1, time))
    assert not Keystore.open(home).is_copy
    place.write_bytes(b"%d %d" % (number + 1, time - 10))
    assert Keystore.open(home).is_copy


@pytest.mark.parametrize("damage", [b"", b"1", b"x y", b"1 2 3"])
def test_a_place_that_cannot_be_read_is_no_proof_of_being_the_original(home: Home, damage: bytes) -> None:
    Keystore.create(home, FakeClock())
    (home.keys / "place").write_bytes(damage)
    assert Keystore.open(home).is_copy


def test_a_home_from_before_places_were_kept_is_no_copy_and_keeps_its_own(home: Home) -> None:
    Keystore.create(home, FakeClock())
    place = home.keys / "place"
    kept = place.read_bytes()
    place.unlink()
    assert not Keystore.open(home).is_copy
    assert place.read_bytes() == kept


def test_secrets_travel_locked(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hedgerow_node.key_files.STRETCH", 2**4)
    secrets = Keystore.create(home, FakeClock()).secrets()
    files = encode_secrets(secrets, PASSPHRASE, FakeClock(seed=3))
    assert decode_secrets(files, PASSPHRASE) == secrets
    assert not any(secret in data for secret in secrets.values() for data in files.values())
    with pytest.raises(Problem) as caught:
        decode_secrets(files, "another passphrase")
    assert caught.value.kind == Code.PASSPHRASE_WRONG
    del files["root"]
    with pytest.raises(Problem) as caught:
        decode_secrets(files, PASSPHRASE)
    assert caught.value.kind == Code.KEYS_DAMAGED


def test_to_ask_for_an_identity_leaves_alone_what_another_process_is_writing(home: Home) -> None:
    unfinished = home.path / "keys.new"
    unfinished.mkdir()
    (unfinished / "device.pem").write_bytes(b"a secret of the process that holds the lock")
    assert not Keystore.exists(home)
    assert (unfinished / "device.pem").exists()
    unfinished.rename(home.path / "keys.old")
    assert Keystore.exists(home)
    assert [path.name for path in home.path.iterdir()] == ["keys.old"]


def test_changes_of_one_moment_lose_no_key(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hedgerow_node.key_files.STRETCH", 2**4)
    keystore = Keystore.create(home, FakeClock())
    secrets = keystore.secrets()

    def change(number: int) -> Code | None:
        try:
            keystore.change_passphrase(None, f"{PASSPHRASE} {number}", FakeClock(seed=number))
        except Problem as problem:
            return problem.kind
        return None

    with ThreadPoolExecutor(8) as threads:
        refusals = list(threads.map(change, range(8)))
    changed = [number for number, refusal in enumerate(refusals) if refusal is None]
    assert len(changed) == 1
    assert refusals.count(Code.PASSPHRASE_WRONG) == 7
    assert Keystore.open(home, f"{PASSPHRASE} {changed[0]}").secrets() == secrets


def test_words_confirmed_while_the_passphrase_changes_do_not_come_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.key_files.STRETCH", 2**4)
    keystore = Keystore.create(home, FakeClock())
    with ThreadPoolExecutor(1) as threads:
        secrets = keystore.secrets

        def read_and_confirm() -> dict[Secret, bytes]:
            found = secrets()
            monkeypatch.setattr(keystore, "secrets", secrets)
            threads.submit(keystore.confirm_words)
            return found

        monkeypatch.setattr(keystore, "secrets", read_and_confirm)
        keystore.change_passphrase(None, PASSPHRASE, FakeClock(seed=2))
    assert Keystore.open(home, PASSPHRASE).words() is None


def test_keys_that_are_not_those_of_the_inception_replace_nothing(home: Home, tmp_path: Path) -> None:
    made = Keystore.create(home, FakeClock())
    elsewhere = Home(tmp_path / "other")
    elsewhere.create()
    other = Keystore.create(elsewhere, FakeClock(seed=2))
    with pytest.raises(Problem) as caught:
        made.replaced_by(other.inception, made.secrets())
    assert caught.value.kind is Code.KEYS_DAMAGED
    assert Keystore.open(home).did == made.did


def test_a_disk_without_room_for_keys_is_told_in_words_and_leaves_no_key_behind(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.key_files.STRETCH", 2**4)
    with no_file_beyond(64), pytest.raises(Problem) as refused:
        Keystore.create(home, FakeClock())
    assert refused.value.kind is Code.STORE_FULL
    keystore = Keystore.create(home, FakeClock(), PASSPHRASE)
    secrets = keystore.secrets()
    with no_file_beyond(64), pytest.raises(Problem) as refused:
        keystore.change_passphrase(PASSPHRASE, None, FakeClock(seed=2))
    assert refused.value.kind is Code.STORE_FULL
    assert [path.name for path in home.path.iterdir()] == ["keys"]
    assert Keystore.open(home, PASSPHRASE).secrets() == secrets


def test_staged_secrets_take_their_places_when_the_log_names_them_and_else_go(home: Home) -> None:
    keystore = Keystore.create(home, FakeClock())
    before = keystore.secrets()
    staged = {Secret.NEXT_ROOT: SEED, Secret.NEXT_WORDS: OTHER_SEED}
    keystore.stage(staged)
    assert keystore.secrets() == before
    assert Keystore.open(home).words() == keystore.words()
    assert not keystore.settle([], [])
    assert Keystore.open(home).secrets() == before
    keystore.stage(staged)
    assert not keystore.settle([], [keys.public_key(SEED)])
    after = Keystore.open(home).secrets()
    assert after == {**before, Secret.ROOT: SEED, Secret.WORDS: OTHER_SEED}


def test_a_joined_device_opens_without_a_root_and_a_missing_key_is_told(home: Home, tmp_path: Path) -> None:
    elsewhere = Home(tmp_path / "other")
    elsewhere.create()
    other = Keystore.create(elsewhere, FakeClock(seed=2))
    joined = Keystore.create(home, FakeClock()).joined(other.inception, {Secret.DEVICE: SEED})
    assert (joined.did, joined.has_root, joined.has_words) == (other.did, False, False)
    opened = Keystore.open(home)
    assert opened.device == joined.device
    with pytest.raises(Problem) as caught:
        opened.root_seed()
    assert caught.value.kind is Code.NO_ROOT
    (home.keys / "device.pem").unlink()
    with pytest.raises(Problem) as caught:
        Keystore.open(home)
    assert caught.value.kind is Code.KEYS_DAMAGED


def test_a_joined_device_that_took_the_root_must_have_it(home: Home, tmp_path: Path) -> None:
    elsewhere = Home(tmp_path / "other")
    elsewhere.create()
    other = Keystore.create(elsewhere, FakeClock(seed=2))
    joined = Keystore.create(home, FakeClock()).joined(other.inception, {Secret.DEVICE: SEED})
    joined.stage({Secret.NEXT_ROOT: OTHER_SEED})
    joined.settle([], [keys.public_key(OTHER_SEED)])
    assert Keystore.open(home).root_seed() == OTHER_SEED
    (home.keys / "root.pem").unlink()
    with pytest.raises(Problem) as caught:
        Keystore.open(home)
    assert caught.value.kind is Code.KEYS_DAMAGED


def test_a_locked_keystore_stages_and_settles_under_its_passphrase(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.key_files.STRETCH", 2**4)
    keystore = Keystore.create(home, FakeClock(), PASSPHRASE)
    keystore.stage({Secret.NEXT_ROOT: SEED})
    assert all(b"ENCRYPTED" in path.read_bytes() for path in home.keys.glob("*.pem"))
    keystore.change_passphrase(PASSPHRASE, None, FakeClock(seed=3))
    keystore.settle([], [keys.public_key(SEED)])
    assert Keystore.open(home).root_seed() == SEED


def changed(keystore: Keystore, change: str, other: Keystore) -> None:
    match change:
        case "stage":
            keystore.stage({Secret.NEXT_ROOT: SEED, Secret.NEXT_WORDS: OTHER_SEED, Secret.NEXT_DEVICE: SEED})
        case "settle":
            keystore.settle([keys.public_key(SEED)], [keys.public_key(SEED)])
        case "drop":
            keystore.settle([], [])
        case "join":
            keystore.joined(other.inception, {Secret.DEVICE: SEED})


@pytest.mark.parametrize("change", ["stage", "settle", "drop", "join"])
def test_a_crash_at_any_step_of_a_change_leaves_the_keys_of_before_or_of_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    elsewhere = Home(tmp_path / "other")
    elsewhere.create()
    other = Keystore.create(elsewhere, FakeClock(seed=2))
    seen = set()
    for step in range(1, 1_000):
        home = Home(tmp_path / str(step))
        home.create()
        keystore = Keystore.create(home, FakeClock())
        if change in ("settle", "drop"):
            changed(keystore, "stage", other)
        before = state_of(Keystore.open(home))
        with stopping_at(monkeypatch, step) as count, suppress(Crash):
            changed(keystore, change, other)
        after = state_of(Keystore.open(home))
        seen.add(after == before)
        assert [path.name for path in home.path.iterdir()] == ["keys"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in home.keys.iterdir()} == {0o600}
        if not count.is_off:
            break
        assert after in (before, expected(tmp_path, change, other))
    assert seen == {True, False}


def expected(tmp_path: Path, change: str, other: Keystore) -> object:
    home = Home(tmp_path / "expected")
    if not home.path.exists():
        home.create()
        keystore = Keystore.create(home, FakeClock())
        if change in ("settle", "drop"):
            changed(keystore, "stage", other)
        changed(keystore, change, other)
    return state_of(Keystore.open(home))


def state_of(keystore: Keystore) -> object:
    return (keystore.did, keystore.is_copy, keystore.is_named_later, sorted(keystore._held().items()))
