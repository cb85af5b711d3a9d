"""Errors that nobody expected: noted in the log so that the fault can be found, told to people in words.

The reference is a hash of where it happened: the same fault has the same one, and it says nothing about anybody.
"""

import hashlib
import traceback
from pathlib import Path

from hedgerow_node.logs import Log
from hedgerow_node.problems import Code, Problem

REFERENCE = 8
"""Hexadecimal digits: enough to tell the faults of one log apart."""


def unexpected(log: Log, error: BaseException) -> Problem:
    """Log `error` with its kind and place, and return what people read."""
    where = " < ".join(reversed([_place(frame) for frame in traceback.extract_tb(error.__traceback__)]))
    reference = hashlib.sha256(f"{type(error).__name__} {where}".encode()).hexdigest()[:REFERENCE]
    log.failure("unexpected error", error, reference=reference, where=where)
    return Problem(Code.UNEXPECTED, f"reference {reference}")


def _place(frame: traceback.FrameSummary) -> str:
    return f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
