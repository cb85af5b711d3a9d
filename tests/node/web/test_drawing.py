"""Templates are translated once and kept for the next start, as long as that does not stand in the way of a page."""

from pathlib import Path

import jinja2
import pytest

from hedgerow_node.web.drawing import Drawing
from node.clocks import FakeClock

PAGE = "problem.html"


def source_of(folder: Path) -> str:
    """A template of its own, drawn by an environment that keeps in this folder."""
    return Drawing(FakeClock(), folder)._environment.get_template(PAGE).name or ""


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("translated once more")


def test_what_was_translated_is_taken_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "templates"
    assert source_of(folder) == PAGE
    [kept] = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o700, 0o600)
    monkeypatch.setattr(jinja2.Environment, "compile", refuse)
    assert source_of(folder) == PAGE
    kept.unlink()
    with pytest.raises(AssertionError):
        source_of(folder)


@pytest.mark.parametrize("left", [0, 8, 40])
def test_what_the_disk_damaged_is_made_anew(tmp_path: Path, left: int) -> None:
    source_of(tmp_path)
    [kept] = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:left])
    assert source_of(tmp_path) == PAGE
    assert kept.read_bytes() == whole


def test_pages_are_drawn_where_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert source_of(tmp_path / "file" / "templates") == PAGE

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)
    assert source_of(tmp_path / "templates") == PAGE
    assert list((tmp_path / "templates").iterdir()) == []
