"""The log is bounded, for its owner's eyes, and never in the way."""

from pathlib import Path

from hedgerow_node.cli.logfile import LogFile


def test_a_log_that_is_too_long_becomes_the_old_one(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log", most=100)
    for number in range(30):
        log.write(f"line {number}\n")
        log.flush()
    kept = (tmp_path / "log.old").read_text() + (tmp_path / "log").read_text()
    assert kept.endswith("line 28\nline 29\n")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 200
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.old"]


def test_a_log_is_for_its_owner_alone_and_goes_on_where_it_was(tmp_path: Path) -> None:
    LogFile(tmp_path / "log").write("one\n")
    LogFile(tmp_path / "log").write("two\n")
    assert (tmp_path / "log").read_text() == "one\ntwo\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_disk_that_takes_nothing_does_not_stop_the_node(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "nowhere" / "log")
    assert log.write("line\n") == 5
    (tmp_path / "nowhere").mkdir()
    log.write("line\n")
    assert (tmp_path / "nowhere" / "log").read_text() == "line\n"
