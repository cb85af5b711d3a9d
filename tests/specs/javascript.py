"""The example in JavaScript: where it is, and how its programs are started."""

import os
import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "specs" / "examples" / "js"


def node_program() -> str:
    """Node.js, without which a test is skipped, except in CI."""
    found = shutil.which("node")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("Node.js is not installed, and in CI nothing is skipped for want of it")
        pytest.skip("Node.js is not installed")
    return found


def command(program: str) -> str:
    """The command line of one of its programs."""
    return f"{node_program()} {FOLDER / program}"
