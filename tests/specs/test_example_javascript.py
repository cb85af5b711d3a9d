"""The example in JavaScript: right in every vector, and of one mind with our code and with the one in Python."""

import shlex
import subprocess
import sys

import pytest

from hedgerow_node.conformance.fuzzing import Fuzz, play
from hedgerow_node.conformance.judging import judge_program
from hedgerow_node.conformance.lines import LineProgram
from specs.javascript import command
from specs.test_example_python import STDIO as PYTHON

OURS = f"{sys.executable} -m hedgerow_node.conformance.library"
BY_BYTES = ("01-identity", "02-encoding", "03-messages", "05-kinds", "07-frames/f", "08-reconciliation")
"""Files in which a reason follows from the bytes alone: not from a library for addresses, nor from an order of checks
that a rule leaves open."""


def test_it_decides_every_vector() -> None:
    done = subprocess.run(shlex.split(command("vectors.js")), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(" 0 failed\n")


def test_it_is_judged_right_from_outside_and_covers_every_file() -> None:
    with LineProgram(command("stdio.js")) as program:
        report = judge_program(program, lambda done, total: None)
    assert (report.failed, report.left_out) == ([], [])
    assert report.passed > 1_000


@pytest.mark.parametrize("other", [OURS, PYTHON], ids=["ours", "python"])
def test_it_agrees_with_others_on_what_no_vector_has(other: str) -> None:
    fuzz = Fuzz(1_500, seed=23, files=BY_BYTES)
    with LineProgram(command("stdio.js")) as one, LineProgram(other) as two:
        assert play(one, two, fuzz, lambda done, total: None) == []
