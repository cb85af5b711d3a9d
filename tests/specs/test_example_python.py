"""The small reader in Python: on its own feet, right in every vector that it covers, and of one mind with our code."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from hedgerow_node.conformance.cases import VECTORS
from hedgerow_node.conformance.fuzzing import Fuzz, play
from hedgerow_node.conformance.judging import judge_program
from hedgerow_node.conformance.lines import LineProgram

FOLDER = Path(__file__).parents[2] / "specs" / "examples" / "python"
OURS = f"{sys.executable} -m hedgerow_node.conformance.library"
STDIO = f"{sys.executable} {FOLDER / 'stdio.py'}"
FILES = sorted(FOLDER.glob("*.py"))
ALLOWED = {"cryptography", "hashlib", "json", "msgpack", "pathlib", "re", "sys"} | {
    path.stem for path in FILES
}
DEVICE, AUTHOR = "03" * 32, "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
WRITE = """
import json, sys
from encoding import encode
from messages import make_message
thing = "https://example.org/"
body = encode([bytes([6]) * 16, [], [], thing, thing, 0, "", "", "Clear.", "", []])
print(make_message(bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2]), 5, body, 1_700_000_060, net=2).hex())
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_imports_nothing_of_ours(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert {name.partition(".")[0] for name in names} <= ALLOWED


def test_it_decides_every_vector_that_it_covers_and_names_the_others() -> None:
    done = subprocess.run([sys.executable, FOLDER / "vectors.py"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "02-encoding/values: " in done.stdout
    assert "07-frames/frames: not covered" in done.stdout
    assert "wrong" not in done.stdout


def test_its_own_runner_finds_a_case_that_is_decided_wrongly(tmp_path: Path) -> None:
    folder = tmp_path / "02-encoding"
    folder.mkdir()
    cases = json.loads((VECTORS / "02-encoding" / "base58.json").read_text())
    cases["cases"][0]["data"] = "ff"
    (folder / "base58.json").write_text(json.dumps(cases))
    done = subprocess.run([sys.executable, FOLDER / "vectors.py", tmp_path], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"wrong: {cases['cases'][0]['name']}" in done.stdout


def test_it_is_judged_right_from_outside() -> None:
    with LineProgram(STDIO) as program:
        report = judge_program(program, lambda done, total: None)
    assert report.failed == []
    assert report.passed > 500


def test_it_agrees_with_our_code_on_what_no_vector_has() -> None:
    with LineProgram(STDIO) as one, LineProgram(OURS) as other:
        assert play(one, other, Fuzz(1_000, seed=20), lambda done, total: None) == []


def test_it_writes_the_worked_example_of_the_spec() -> None:
    command = [sys.executable, "-c", WRITE, DEVICE, AUTHOR]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=FOLDER).stdout.strip()
    assert made in "".join((FOLDER.parents[1] / "03-messages.md").read_text(encoding="utf-8").split())
