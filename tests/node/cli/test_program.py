"""The program as a whole: its help, how it ends, and that nobody ever sees a traceback."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hedgerow_node.cli import finding
from hedgerow_node.cli.asked import Asked
from hedgerow_node.cli.program import MODULES, program, run_program
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from node.api.serving import environment, hedgerow
from node.cli.calling import call

HEAVY = ["aiohttp", "asyncio", "cryptography", "sqlite3", "jinja2", "rich", "networkx", "markdown_it"]


class Terminal(io.StringIO):
    """A keyboard with nobody at it."""

    def isatty(self) -> bool:
        return True


SECRET = "what somebody wrote in private"


def test_the_help_names_every_command_and_loads_nothing_heavy() -> None:
    script = (
        "import sys; from hedgerow_node.cli.program import run_program; run_program(['--help']); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment())
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(f"  {name}" in done.stdout for name in MODULES)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_command_has_help_with_the_options_of_all(name: str, tmp_path: Path) -> None:
    for words in ([name, "--help"], [name, "show", "--help"] if name == "identity" else [name, "--help"]):
        status, out, _ = call(tmp_path, *words)
        assert (status, out.startswith(f"Usage: hedgerow {name}")) == (0, True)
    assert "--json" in out
    assert "--home" in out


def test_no_command_is_unfinished() -> None:
    for name in MODULES:
        command = program.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help
        assert command.name == name


def test_the_version_is_told(tmp_path: Path) -> None:
    status, out, _ = call(tmp_path, "--version")
    assert (status, out.split()[0]) == (0, "hedgerow")


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["show"], ["status", "--nonsense"]])
def test_a_line_that_is_not_understood_ends_with_2(arguments: list[str], tmp_path: Path) -> None:
    status, out, errors = call(tmp_path, *arguments)
    assert (status, out) == (2, "")
    assert errors.startswith("Usage: hedgerow")
    status, out, errors = call(tmp_path, *arguments, "--json")
    assert (status, errors, json.loads(out)["code"]) == (2, "", "HG-R1")
    assert not (tmp_path / "keys").exists()


def test_the_options_of_all_may_stand_before_and_after_the_command(tmp_path: Path) -> None:
    answers = [
        run_program(arguments)
        for arguments in (
            ["--home", str(tmp_path / "a"), "--json", "identity", "show"],
            ["identity", "show", "--json", "--home", str(tmp_path / "a")],
        )
    ]
    assert answers == [0, 0]
    assert (tmp_path / "a" / "keys").exists()


def test_the_home_can_come_from_the_environment(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hedgerow_node", "identity", "show", "--json"]
    wanted = {**environment(), "HEDGEROW_HOME": str(tmp_path / "here")}
    done = subprocess.run(command, capture_output=True, text=True, env=wanted)
    assert done.returncode == 0
    assert (tmp_path / "here" / "keys").exists()


def test_a_first_command_says_that_it_made_an_identity_and_a_second_does_not(tmp_path: Path) -> None:
    assert call(tmp_path / "home", "status")[2].startswith("Made your identity (only on this computer)")
    assert call(tmp_path / "home", "status")[2] == ""


def test_what_nobody_expected_is_a_code_in_words_and_a_line_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(asked: Asked) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(Asked, "session", fail)
    status, out, errors = call(tmp_path / "home", "status")
    assert (status, out) == (1, "")
    assert "Traceback" not in errors
    assert "(HG-U1)" in errors
    (line,) = (tmp_path / "home" / "log").read_text().splitlines()
    assert json.loads(line)["reference"] in errors
    assert SECRET not in errors + line
    status, out, errors = call(tmp_path / "home", "status", "--json")
    assert (status, errors, json.loads(out)["code"]) == (1, "", "HG-U1")


@pytest.mark.parametrize(
    "arguments", [["search", "\udcff"], ["add", "https://example.org/\udcff"], ["note", "topic:x", "\udc80"]]
)
def test_bytes_that_are_no_text_are_refused(arguments: list[str], tmp_path: Path) -> None:
    status, _, errors = call(tmp_path, *arguments)
    assert (status, "Traceback" in errors, "Next: " in errors) == (1, False, True)


def test_a_reader_who_has_enough_is_no_fault(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        hedgerow(tmp_path, "--help"), stdout=writing, stderr=subprocess.PIPE, text=True, env=environment()
    )
    os.close(writing)
    assert done.stderr == ""


def test_letters_that_the_terminal_cannot_show_end_nothing(tmp_path: Path) -> None:
    call(tmp_path, "add", "https://example.org/", "--title", "学习")
    wanted = {**environment(), "PYTHONIOENCODING": "ascii"}
    for option in ([], ["--json"]):
        done = subprocess.run(
            hedgerow(tmp_path, "library", *option), capture_output=True, text=True, env=wanted
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "\\u5b66" in done.stdout


async def test_what_others_wrote_is_cleaned_before_it_is_shown(tmp_path: Path, node: Node) -> None:
    del node  # only so that a running loop is proven to be no hindrance
    hostile = "evil\x1b[2J\u202egpj.\x07title"
    shown = finding.text(hostile)
    assert shown == "evilgpj.title"


def test_a_home_that_cannot_be_used_is_a_problem_and_the_doctor_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for arguments in (["status"], ["run", "--no-open"], ["export", str(tmp_path / "x")]):
        status, out, errors = call(tmp_path / "file" / "home", *arguments)
        assert (status, out) == (1, "")
        assert "HG-H2" in errors
    status, out, _ = call(tmp_path / "file" / "home", "doctor", "--json")
    assert (status, json.loads(out)["ok"]) == (1, False)


def test_a_locked_home_opens_with_the_passphrase_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "five words that stand alone"
    with monkeypatch.context() as somebody_types:
        somebody_types.setattr("click.prompt", lambda *_, **__: words)
        somebody_types.setattr("sys.stdin", Terminal())
        assert call(tmp_path, "identity", "passphrase")[0] == 0
    status, _, errors = call(tmp_path, "status")
    assert (status, "HG-K3" in errors) == (1, True)
    monkeypatch.setenv("HEDGEROW_PASSPHRASE", words)
    assert call(tmp_path, "status")[0] == 0
    assert Home(tmp_path).path.exists()


def test_the_library_that_comes_with_hedgerow_is_brought_in_privately_and_taken_out_again(
    tmp_path: Path,
) -> None:
    status, out, _ = call(tmp_path, "import", "--bundled", "--json")
    assert (status, json.loads(out)["skipped"]) == (0, [])
    assert "مؤسسة هنداوي" in call(tmp_path, "search", "هنداوي")[1]
    assert json.loads(call(tmp_path, "status", "--json")[1])["own_messages"] == 1
    assert "The library that comes with Hedgerow" in call(tmp_path, "import", "--undo")[1]
    assert call(tmp_path, "import", "--bundled", "--undo")[0] == 2
