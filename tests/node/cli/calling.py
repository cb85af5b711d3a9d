"""Command lines run in this process."""

import contextlib
import io
from pathlib import Path

from hedgerow_node.cli.program import run_program


def call(home: Path, *arguments: str) -> tuple[int, str, str]:
    """Run one command line on this home; (status, output, errors)."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        status = run_program(["--home", str(home), *arguments])
    return status, out.getvalue(), errors.getvalue()
