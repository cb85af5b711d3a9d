"""The lock of a folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.lock import FolderBusy, FolderLock
from node.store.faulty import no_file_beyond

HOLD = """
import sys
from pathlib import Path
from hedgerow_node.store.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.readline()
lock.release()
"""


def hold(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_lock_in_the_same_process_is_refused_with_its_number(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(FolderBusy) as refused:
        FolderLock(tmp_path).acquire()
    assert refused.value.pid == os.getpid()
    assert refused.value.kind is Code.FOLDER_BUSY
    first.release()


def test_whoever_comes_second_is_told_which_process_holds_the_folder(tmp_path: Path) -> None:
    with hold(tmp_path) as process:
        with pytest.raises(FolderBusy, match=f"process {process.pid}") as refused:
            FolderLock(tmp_path).acquire()
        assert refused.value.pid == process.pid
        process.communicate("\n")


def test_a_released_lock_can_be_taken_and_was_clean(tmp_path: Path) -> None:
    with hold(tmp_path) as process:
        process.communicate("\n")
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert lock.was_clean
    lock.release()
    lock.release()


def test_a_killed_holder_leaves_a_lock_that_can_be_taken_and_was_not_clean(tmp_path: Path) -> None:
    with hold(tmp_path) as process:
        process.kill()
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert not lock.was_clean
    lock.release()
    lock.acquire()
    assert lock.was_clean
    lock.release()


def test_a_holder_that_has_not_written_its_number_is_another_process(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    lock.acquire()
    (tmp_path / "lock").write_bytes(b"")
    with pytest.raises(FolderBusy, match="another process") as refused:
        FolderLock(tmp_path).acquire()
    assert refused.value.pid is None
    lock.release()


def test_the_file_of_the_lock_is_its_owners_alone(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert (tmp_path / "lock").stat().st_mode & 0o077 == 0
    lock.release()


def test_a_disk_without_room_for_a_number_is_told_in_words_and_leaves_the_lock_free(tmp_path: Path) -> None:
    with no_file_beyond(0), pytest.raises(Problem) as refused:
        FolderLock(tmp_path).acquire()
    assert refused.value.kind is Code.STORE_FULL
    FolderLock(tmp_path).acquire()


def test_a_folder_that_cannot_hold_a_lock_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(Problem) as refused:
        FolderLock(tmp_path).acquire()
    assert refused.value.kind is Code.FOLDER_UNUSABLE
