"""Where things lie: the option before the environment before the usual folder; and folders for their owner alone."""

import stat
from pathlib import Path

import pytest

from hedgerow_node.config import Home, home_path, passphrase
from hedgerow_node.problems import Code, Problem


def test_the_option_wins_over_the_environment_which_wins_over_the_usual_folder(tmp_path: Path) -> None:
    environment = {"HEDGEROW_HOME": str(tmp_path / "named")}
    assert home_path(tmp_path / "option", environment) == tmp_path / "option"
    assert home_path(None, environment) == tmp_path / "named"
    assert home_path(None, {}).name == "hedgerow"
    assert home_path(None, {"HEDGEROW_HOME": ""}) == home_path(None, {})


def test_a_home_is_always_a_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_path(Path("here"), {}) == tmp_path / "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_path(Path("~/there"), {}) == tmp_path / "there"


def test_an_empty_passphrase_is_none() -> None:
    assert passphrase({"HEDGEROW_PASSPHRASE": "five words"}) == "five words"
    assert passphrase({"HEDGEROW_PASSPHRASE": ""}) is None
    assert passphrase({}) is None


def test_a_new_home_and_what_lies_above_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "above" / "home")
    home.create()
    home.create()
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700


def test_a_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for path in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(Problem) as caught:
            Home(path).create()
        assert caught.value.kind == Code.FOLDER_UNUSABLE
        assert str(path) in caught.value.detail


def test_everything_of_a_home_lies_in_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for path in (home.keys, home.database, home.journal, home.lock, home.api_token, home.running):
        assert path.parent == tmp_path


def test_every_code_has_its_own_code_a_title_and_a_next_step() -> None:
    assert len({code.code for code in Code}) == len(Code)
    for code in Code:
        assert code.code.startswith("HG-")
        assert code.code[4:].isdigit()
        assert code.title
        assert code.next_step
        assert 400 <= code.status < 600


def test_a_problem_tells_code_title_detail_and_next_step() -> None:
    problem = Problem(Code.NO_SUCH_ITEM, "https://example.org/")
    assert problem.as_json() == {
        "code": "HG-L1",
        "title": Code.NO_SUCH_ITEM.title,
        "detail": "https://example.org/",
        "next": Code.NO_SUCH_ITEM.next_step,
    }
    assert "HG-L1" in str(problem)
    assert Problem(Code.NO_SUCH_ITEM, next_step="Look again.").as_json()["next"] == "Look again."
