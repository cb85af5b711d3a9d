"""The journal: what a crash, a full disk and a damaged byte leave of it."""

import os
import random
from contextlib import closing, suppress
from pathlib import Path

import pytest

from hedgerow_node.store.journal import Journal
from hedgerow_protocol.message import Message
from node.crashes import Crash, stopping_at
from node.store.faulty import Faults, Power, PowerLost
from node.store.opened import ids_of
from simulator.author import Author

MESSAGES = Author(1).resources(6)


def written(path: Path, messages: list[Message]) -> int:
    """Append each by itself; the size of the last record."""
    with closing(Journal.open(path)) as journal:
        for message in messages:
            before = journal.size
            journal.append([message])
        return journal.size - before


def read(path: Path) -> list[Message]:
    with closing(Journal.open(path)) as journal:
        return list(journal.read())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_what_was_appended_is_read_after_reopening(path: Path) -> None:
    assert read(path) == []
    with closing(Journal.open(path)) as journal:
        journal.append(MESSAGES[:2])
        journal.append([])
        journal.append([MESSAGES[2].without_body()])
        assert journal.size == path.stat().st_size
    assert read(path) == [*MESSAGES[:2], MESSAGES[2].without_body()]
    with closing(Journal.open(path)) as journal:
        entries = [(id, has_body) for id, has_body, _ in journal.entries()]
        assert entries == [(MESSAGES[0].id, True), (MESSAGES[1].id, True), (MESSAGES[2].id, False)]


def test_the_journal_is_its_owners_alone(path: Path) -> None:
    written(path, MESSAGES)
    assert path.stat().st_mode & 0o077 == 0


def test_an_end_that_is_torn_anywhere_is_cut_and_what_was_before_stays(path: Path) -> None:
    last = written(path, MESSAGES[:3])
    whole = path.read_bytes()
    for missing in range(1, last + 1):
        path.write_bytes(whole[:-missing])
        with closing(Journal.open(path)) as journal:
            assert list(journal.read()) == MESSAGES[:2], missing
            journal.append([MESSAGES[5]])
        assert read(path) == [*MESSAGES[:2], MESSAGES[5]]


def test_zeros_behind_the_last_record_are_cut(path: Path) -> None:
    written(path, MESSAGES[:2])
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + bytes(5_000))
    assert read(path) == MESSAGES[:2]
    assert path.stat().st_size == size


def test_a_damaged_byte_costs_one_message_and_no_other(path: Path) -> None:
    written(path, MESSAGES)
    whole = path.read_bytes()
    chance = random.Random(1)
    for _ in range(200):
        at = chance.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        found = read(path)
        assert len(found) == len(MESSAGES) - 1, at
        assert [message for message in MESSAGES if message in found] == found


def test_damage_between_records_is_noticed_and_goes_when_the_journal_is_written_anew(path: Path) -> None:
    written(path, MESSAGES)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    with closing(Journal.open(path)) as journal:
        assert journal.is_damaged
        kept = list(journal.read())
        journal.rewrite(frozenset())
        assert not journal.is_damaged
        assert list(journal.read()) == kept
        journal.append([MESSAGES[0]])
    with closing(Journal.open(path)) as journal:
        assert not journal.is_damaged
        assert list(journal.read()) == [*kept, MESSAGES[0]]


def test_a_record_that_stands_inside_a_message_is_not_taken_for_one(path: Path) -> None:
    written(path, MESSAGES[:1])
    record = path.read_bytes()
    with closing(Journal.open(path)) as journal:
        outer = Message(MESSAGES[1].id, MESSAGES[1].header, record, MESSAGES[1].signature, MESSAGES[1].body)
        journal.append([outer])
        assert len(list(journal.entries())) == 2


def test_only_erased_bodies_are_left_out_when_the_journal_is_written_anew(path: Path) -> None:
    written(path, MESSAGES)
    erased = {MESSAGES[1].id, MESSAGES[4].id}
    with closing(Journal.open(path)) as journal:
        journal.rewrite(erased)
        expected = [one.without_body() if one.id in erased else one for one in MESSAGES]
        assert list(journal.read()) == expected
        assert journal.size == path.stat().st_size
        journal.append([MESSAGES[0]])
    assert read(path) == [*expected, MESSAGES[0]]
    content = path.read_bytes()
    assert (MESSAGES[1].body or b"?") not in content


def test_a_large_journal_is_written_anew_whole(path: Path) -> None:
    many = Author(2).resources(40) * 100
    with closing(Journal.open(path)) as journal:
        journal.append(many)
        journal.rewrite({many[7].id})
        assert ids_of(journal.read()) == ids_of(many)
    assert (many[7].body or b"?") not in path.read_bytes()


def test_a_crash_at_any_step_of_writing_anew_leaves_the_old_journal_or_the_new(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased = {MESSAGES[1].id}
    new = [one.without_body() if one.id in erased else one for one in MESSAGES]
    outcomes = set()
    for call in range(100):
        path.unlink(missing_ok=True)
        written(path, MESSAGES)
        journal = Journal.open(path)
        with stopping_at(monkeypatch, call + 1) as countdown, suppress(Crash):
            journal.rewrite(erased)
        journal.close()
        found = read(path)
        assert found in (MESSAGES, new)
        assert os.listdir(path.parent) == ["journal"]
        outcomes.add(found == new)
        if not countdown.is_off:
            break
    assert outcomes == {True, False}
    assert not countdown.is_off


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_disk_that_refuses_at_any_operation_loses_nothing_that_was_confirmed(
    path: Path, count: int
) -> None:
    begin = 0
    while True:
        path.unlink(missing_ok=True)
        faults = Faults(begin, count)
        confirmed = []
        with suppress(OSError), closing(Journal.open(path, faults.open)) as journal:
            for message in MESSAGES:
                with suppress(OSError):
                    journal.append([message])
                    confirmed.append(message)
                assert list(journal.read()) == confirmed, begin
        # The last one may stand there unconfirmed, when the disk refused to cut it to the very end.
        found = read(path)
        assert found[: len(confirmed)] == confirmed, begin
        assert found in (MESSAGES, confirmed), begin
        if faults.operations <= begin:
            break
        begin += 1
    assert begin >= 2 * len(MESSAGES)
    assert confirmed == MESSAGES


def test_while_the_disk_refuses_to_cut_nothing_is_added_behind_what_failed(path: Path) -> None:
    # The second append fails half way, and so do three attempts to cut its half off.
    faults = Faults(2, 4)
    with closing(Journal.open(path, faults.open)) as journal:
        journal.append([MESSAGES[0]])
        for message in MESSAGES[1:3]:
            with pytest.raises(OSError, match="refuses"):
                journal.append([message])
        for _ in range(2):
            with suppress(OSError):
                journal.append([MESSAGES[3]])
        assert list(journal.read()) == [MESSAGES[0], MESSAGES[3]]
    assert read(path) == [MESSAGES[0], MESSAGES[3]]


def test_what_was_taken_back_is_not_read_and_its_place_is_free(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        journal.append(MESSAGES[:2])
        before = journal.size
        journal.append(MESSAGES[2:4])
        journal.cut(before)
        assert list(journal.read()) == MESSAGES[:2]
        journal.append(MESSAGES[4:])
    assert read(path) == [*MESSAGES[:2], *MESSAGES[4:]]


def test_a_loss_of_power_at_any_operation_leaves_everything_that_was_confirmed(path: Path) -> None:
    chance = random.Random(1)
    for operations in range(2 * len(MESSAGES)):
        for _ in range(5):
            path.unlink(missing_ok=True)
            power = Power(operations, chance)
            journal = Journal.open(path, power.open)
            confirmed = []
            with suppress(PowerLost):
                for message in MESSAGES:
                    journal.append([message])
                    confirmed.append(message)
            journal.close()
            found = read(path)
            assert found[: len(confirmed)] == confirmed
            assert found == MESSAGES[: len(found)]
            assert len(found) <= len(confirmed) + 1


def test_a_loss_of_power_around_writing_anew_leaves_everything_that_was_confirmed(path: Path) -> None:
    chance = random.Random(2)
    erased = {MESSAGES[1].id}
    for operations in range(12):
        for _ in range(5):
            path.unlink(missing_ok=True)
            written(path, MESSAGES[:4])
            power = Power(operations, chance)
            journal = Journal.open(path, power.open)
            confirmed = MESSAGES[:4]
            with suppress(PowerLost):
                journal.rewrite(erased)
                for message in MESSAGES[4:]:
                    journal.append([message])
                    confirmed = [*confirmed, message]
            journal.close()
            assert ids_of(read(path))[: len(confirmed)] == ids_of(confirmed), operations
    assert confirmed == MESSAGES
