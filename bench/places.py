"""Where the bench keeps what it makes and installs: one folder that git does not see."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".bench"
"""Peers and sets of messages, made once; everything in it may be deleted."""
REPORTS = Path(__file__).parent / "reports"


def kept(name: str) -> Path:
    """A folder of that name among what is kept."""
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def say(text: str) -> None:
    """Tell whoever waits: on stderr, because stdout is for the one result."""
    print(text, file=sys.stderr, flush=True)


def environment() -> dict[str, str]:
    """The environment of what is measured: nothing of it says how Hedgerow should behave, or that Python should compile
    everything anew at each start, as on machines that build software."""
    unwanted = ("HEDGEROW_", "COVERAGE_", "PYTHONDONTWRITEBYTECODE")
    others = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**others, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
