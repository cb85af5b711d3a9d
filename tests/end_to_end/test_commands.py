"""Every command, from outside: through a running node and without one, in words and as JSON."""

import contextlib
import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from end_to_end.scenario import (
    DONE,
    EVENING,
    NOT_HERE,
    REFUSED,
    Evening,
    Step,
    comparable,
    label,
)
from hedgerow_node.cli.program import MODULES, run_program
from node.api.contract import check_answer, faults
from node.api.serving import environment, hedgerow, running

PROBLEM = {
    "type": "object",
    "required": ["code", "title", "detail", "next"],
    "properties": {name: {"type": "string"} for name in ("code", "title", "detail", "next")},
}
EXPORTED = {
    "type": "object",
    "required": ["file", "bytes", "keys"],
    "properties": {"file": {"type": "string"}, "bytes": {"type": "integer"}, "keys": {"type": "boolean"}},
}


def as_process(home: Path, arguments: list[str]) -> tuple[int, str, str]:
    ended = subprocess.run(
        hedgerow(home, *arguments), capture_output=True, text=True, timeout=60, env=environment()
    )
    return ended.returncode, ended.stdout, ended.stderr


def as_call(home: Path, arguments: list[str]) -> tuple[int, str, str]:
    """The same in this process, which saves the half second in which Python and the node are loaded."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        status = run_program(["--home", str(home), *arguments])
    return status, out.getvalue(), errors.getvalue()


def checked(step: Step, out: str, errors: str) -> Any:
    """The one JSON value of a step, judged by the documents."""
    assert out.count("\n") == 1
    value = json.loads(out)
    if step.status != DONE:
        assert faults(PROBLEM, value) == []
        assert value["code"] == step.code, step.arguments
    elif step.operation:
        check_answer(step.operation, value)
    else:
        assert faults(EXPORTED, value) == []
    assert errors == "" or errors.startswith("Made your identity")
    return value


@pytest.fixture(scope="module")
def through_a_node(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The answers of an evening in which a node runs, and every command is a process at least once."""
    folder = tmp_path_factory.mktemp("through-a-node")
    seen: set[tuple[str, bool]] = set()

    def run(step: Step, arguments: list[str]) -> tuple[int, str, str]:
        """A process for the first time that a command is done, and that it is not; what it costs is its start."""
        is_known = (step.arguments[0], step.status == DONE) in seen
        seen.add((step.arguments[0], step.status == DONE))
        return (as_call if is_known else as_process)(folder / "home", arguments)

    with running(folder / "home"):
        return _answers(Evening(folder, run), folder)


@pytest.fixture(scope="module")
def without_a_node(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The answers of the same evening where no node runs."""
    folder = tmp_path_factory.mktemp("without-a-node")
    evening = Evening(folder, lambda _, arguments: as_call(folder / "home", arguments))
    return _answers(evening, folder)


def _answers(evening: Evening, folder: Path) -> list[Any]:
    labels: dict[str, str] = {}
    answers = []
    for place, step in enumerate(EVENING):
        _, out, errors = evening.play(step, "--json")
        answer = checked(step, out, errors)
        label(answer, labels, place)
        answers.append(comparable(answer, labels, folder / "home"))
    return answers


def test_every_command_answers_the_same_with_a_node_and_without_one(
    through_a_node: list[Any], without_a_node: list[Any]
) -> None:
    for step, one, other in zip(EVENING, through_a_node, without_a_node, strict=True):
        assert one == other, step.arguments


def test_every_command_is_done_once_and_refused_once() -> None:
    everything = set(MODULES) - NOT_HERE
    assert {step.arguments[0] for step in EVENING if step.status == DONE} | {
        "invite",
        "join",
        "report",
    } == everything
    without_refusal = everything - {step.arguments[0] for step in EVENING if step.status != DONE}
    assert without_refusal == {"doctor", "topics"}


def test_every_command_speaks_in_words_too(tmp_path: Path) -> None:
    with running(tmp_path / "home"):
        evening = Evening(tmp_path, lambda _, arguments: as_call(tmp_path / "home", arguments))
        for step in EVENING:
            status, out, errors = evening.play(step)
            assert "\x1b" not in out + errors
            match status:
                case 0:
                    assert out.strip(), step.arguments
                    assert not out.startswith("{")
                    assert errors == ""
                case 1:
                    assert f"({step.code})" in errors
                    assert "\nNext: " in errors
                    assert out == ""
                case _:
                    assert errors.startswith("Usage: hedgerow")


@pytest.fixture
def ben(tmp_path: Path) -> Iterator[Any]:
    with running(tmp_path / "ben", "--listen", "127.0.0.1:0") as node:
        yield node


def test_two_people_join_and_compare_by_the_command_line(ben: Any, tmp_path: Path) -> None:
    ana = tmp_path / "ana"
    _, out, _ = as_call(ben.home, ["invite", "--uses", "2", "--json"])
    made = json.loads(out)
    check_answer("invite", made)
    _, out, _ = as_call(ana, ["join", made["invite"], "--dry-run", "--json"])
    check_answer("join", json.loads(out))
    assert json.loads(out)["joined"] is False
    status, out, _ = as_call(ana, ["join", made["invite"]])
    assert status == 0
    assert ben.did in out
    assert "Joined." in out
    _, out, _ = as_call(ana, ["peers", "--json"])
    check_answer("peers", json.loads(out))
    assert len(json.loads(out)["peers"]) == 1
    status, out, _ = as_call(ana, ["sync", "--json"])
    check_answer("sync", json.loads(out))
    assert (status, json.loads(out)["settled"]) == (0, True)
    assert "last connected" in as_call(ana, ["peers"])[1]
    assert as_call(ana, ["sync"])[1].startswith("Everything is equal")


def test_a_report_reaches_whoever_runs_the_seed_by_the_command_line(ben: Any, tmp_path: Path) -> None:
    ana, thing = tmp_path / "ana", "https://example.org/stolen"
    _, out, _ = as_call(ben.home, ["invite", "--json"])
    as_call(ana, ["join", json.loads(out)["invite"], "--yes"])
    status, out, _ = as_call(ana, ["report", thing, "stolen", "--reason", "It is mine", "--json"])
    check_answer("report", json.loads(out))
    assert status == 0
    assert "They have it." in as_call(ana, ["report", thing, "stolen", "--reason", "It is all mine"])[1]
    _, out, _ = as_call(ben.home, ["reports", "--json"])
    check_answer("reports", json.loads(out))
    (report,) = json.loads(out)["results"]
    assert (report["label"], report["reason"]) == ("stolen", "It is all mine")
    shown = as_call(ben.home, ["reports"])[1]
    assert f"hedgerow takedown add {thing}" in shown
    assert as_call(ben.home, ["takedown", "add", thing, "--reason", "It was stolen"])[0] == 0
    assert as_call(ben.home, ["reports", "settle", str(report["number"])])[1].startswith("Settled")
    assert "0 reports waiting." in as_call(ben.home, ["reports"])[1]
    assert "It was stolen" in as_call(ben.home, ["takedown"])[1]


def test_an_invite_can_be_shown_as_a_picture(ben: Any) -> None:
    status, out, _ = as_call(ben.home, ["invite", "--qr"])
    assert (status, "█" in out, "hedgerow join" in out) == (0, True, True)
    _, out, _ = as_call(ben.home, ["invite", "--qr", "--json"])
    check_answer("invite", json.loads(out))


def test_keys_move_into_a_new_folder_and_wait_there(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "export.jsonl"
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("five words that stand alone\n")
    as_call(old, ["endorse", "https://example.org/", "--reason", "Mine"])
    _, out, _ = as_call(old, ["identity", "show", "--json"])
    did = json.loads(out)["did"]
    locked = ["--with-keys", "--passphrase-file", str(passphrase)]
    assert as_call(old, ["export", str(file), *locked, "--json"])[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    status, _, errors = as_call(new, ["restore", str(file)])
    assert (status, "HG-C3" in errors) == (REFUSED, True)
    status, out, _ = as_call(new, ["restore", str(file), "--passphrase-file", str(passphrase), "--json"])
    check_answer("restore", json.loads(out))
    assert (json.loads(out)["did"], json.loads(out)["restored_copy"]) == (did, True)
    status, out, _ = as_call(new, ["endorse", "https://example.org/2", "--reason", "x", "--json"])
    assert (status, json.loads(out)["code"]) == (REFUSED, "HG-K7")
    status, out, _ = as_call(new, ["identity", "adopt", "--original-is-gone", "--json"])
    check_answer("identity adopt", json.loads(out))
    assert as_call(new, ["endorse", "https://example.org/2", "--reason", "x"])[0] == DONE
