"""Files that survive a crash: whole or not at all, and gone when they are said to be gone."""

import stat
from contextlib import suppress
from pathlib import Path

import pytest

from hedgerow_node import durable
from node.crashes import Crash, stopping_at


def test_a_file_written_over_is_the_old_or_the_new_one_after_a_crash_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = set()
    for step in range(1, 10):
        path = tmp_path / str(step)
        path.write_bytes(b"old")
        with stopping_at(monkeypatch, step), suppress(Crash):
            durable.write_over(path, b"new and longer")
        outcomes.add(path.read_bytes())
        durable.write_over(path, b"newest")
        assert path.read_bytes() == b"newest"
    assert outcomes == {b"old", b"new and longer"}


def test_files_and_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    durable.make_folder(tmp_path / "folder")
    durable.write_new(tmp_path / "folder" / "file", b"x")
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "folder" / "file").stat().st_mode) == 0o600


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    durable.write_new(tmp_path / "file", b"x")
    with pytest.raises(FileExistsError):
        durable.write_new(tmp_path / "file", b"y")


def test_destroying_a_link_leaves_what_it_points_at(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"not ours")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        durable.destroy(tmp_path / "link")
    assert (tmp_path / "elsewhere").read_bytes() == b"not ours"


def test_destroying_a_folder_that_is_not_there_is_fine(tmp_path: Path) -> None:
    durable.destroy_folder(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []
