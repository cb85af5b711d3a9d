"""Programs that answer line by line: judged by the vectors, and played against each other."""

import json
import sys
from pathlib import Path

import pytest

from hedgerow_node.conformance import library
from hedgerow_node.conformance.cases import cases_of, vector_files
from hedgerow_node.conformance.shown import is_same
from hedgerow_protocol import codec, keys
from node.cli.calling import call

NOWHERE = Path("/nonexistent/home")
"""The command needs no folder, and must not make one."""
OURS = f"{sys.executable} -m hedgerow_node.conformance.library"
PROGRAM = """
import json, sys
from hedgerow_node.conformance import library
for line in sys.stdin:
    question = json.loads(line)
    answer = library.answer(question["file"], question["case"])
    {fault}
    print(json.dumps(answer), flush=True)
"""
NOT_COVERED = {"08-sync/responder", "10-edges-and-scope/responder"}


def program(folder: Path, fault: str) -> str:
    """A program that answers as ours, but for a fault."""
    path = folder / "program.py"
    path.write_text(PROGRAM.format(fault=fault))
    return f"{sys.executable} {path}"


def judged(command: str) -> tuple[int, dict]:
    status, out, errors = call(NOWHERE, "conformance", "--stdio", command, "--json")
    assert errors == ""
    return status, json.loads(out)


def test_our_own_library_is_judged_right_in_every_case() -> None:
    status, answer = judged(OURS)
    assert (status, answer["failed"]) == (0, [])
    assert {one["claim"] for one in answer["left_out"]} == NOT_COVERED
    assert answer["passed"] >= sum(len(cases_of(file)) for file in set(vector_files()) - NOT_COVERED)


def rules_with(outcome: str) -> set[str]:
    """The rules of all cases with this outcome."""
    return {case.rule for file in vector_files() for case in cases_of(file) if case.expect == outcome}


@pytest.mark.parametrize(
    ("fault", "rules"),
    [
        ("if question['file'] == '02-encoding/base58': answer['data'] = 'ff'", {"EN-10"}),
        ("if answer['expect'] == 'wrong_slot': answer['expect'] = 'ok'", rules_with("wrong_slot")),
        ("answer.pop('contested', None)", {"ID-13", "ID-14"}),
        ("if question['file'].startswith('04'): answer = {'expect': None}", set()),
    ],
)
def test_a_program_that_answers_wrongly_is_told_the_rules(
    tmp_path: Path, fault: str, rules: set[str]
) -> None:
    status, answer = judged(program(tmp_path, fault))
    assert {one["rule"] for one in answer["failed"]} == rules
    assert status == (1 if rules else 0)


@pytest.mark.parametrize("fault", ["break", "answer = []", "answer = {}", "sys.exit(3)"])
def test_a_program_that_keeps_to_no_line_is_refused(tmp_path: Path, fault: str) -> None:
    status, answer = judged(program(tmp_path, fault))
    assert (status, answer["code"]) == (1, "HG-C4")


def test_what_is_put_to_a_program_says_nothing_of_what_is_expected() -> None:
    for file in vector_files():
        for case in cases_of(file):
            assert not {"name", "rule", "expect"} & case.inputs.keys()
            nested = {"sent", "received", "exchange", "headers"}
            assert not (case.results.keys() & case.inputs.keys()) - nested, (file, case.name)


def test_the_document_lists_every_file_of_vectors() -> None:
    text = (Path(__file__).parents[3] / "specs" / "conformance.md").read_text()
    for file in vector_files():
        assert f"`{file}`" in text or (file.startswith("05-kinds/") and "`05-kinds`" in text), file


def fuzzed(*arguments: str) -> tuple[int, dict]:
    status, out, errors = call(NOWHERE, "conformance", "--fuzz", *arguments, "--json")
    assert errors == ""
    return status, json.loads(out)


def test_two_programs_that_agree_are_played_without_a_word() -> None:
    assert fuzzed(OURS, OURS, "--cases", "300") == (0, {"seed": 1, "cases": 300, "disagreements": []})


def test_a_planted_difference_is_found_and_shown_again_by_its_number(tmp_path: Path) -> None:
    fault = "if answer['expect'] == 'not_canonical': answer['expect'] = 'wrong_shape'"
    status, answer = fuzzed(OURS, program(tmp_path, fault), "--cases", "200", "--seed", "7")
    assert status == 1
    first = answer["disagreements"][0]
    assert (first["one"]["expect"], first["other"]["expect"]) == ("not_canonical", "wrong_shape")
    again = ["--seed", "7", "--first", str(first["number"]), "--cases", "1"]
    _, answer = fuzzed(OURS, program(tmp_path, fault), *again)
    assert answer["disagreements"] == [first]


def test_values_that_are_shown_in_two_ways_are_the_same() -> None:
    assert is_same({"bytes": "00*3 ff"}, {"bytes": "000000ff"})
    assert is_same([{"item": None, "times": 2}], [[None, None]])
    assert is_same({"text": "ab", "times": 2}, "abab")
    assert not is_same(True, 1)
    assert not is_same([], "")


def test_our_library_answers_with_what_it_is_given_a_mutant_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers come from the protocol package, not from a copy of it."""
    question = {"bytes": "cc05"}
    assert library.answer("02-encoding/values", question) == {"expect": "not_canonical"}
    monkeypatch.setattr(codec, "_pack", lambda value: bytes.fromhex("cc05"))
    assert library.answer("02-encoding/values", question) == {"expect": "ok", "value": 5}
    monkeypatch.setattr(keys, "SMALL_ORDER", frozenset())
    assert library.answer("no/such", {}) == {"expect": None}
