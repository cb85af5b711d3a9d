"""A program that reads a question a line and writes an answer a line (specs/conformance.md)."""

import select
import shlex
import subprocess
from types import TracebackType

import msgspec

from hedgerow_node.conformance.shown import Json
from hedgerow_node.problems import Code, Problem

PATIENCE = 60.0
"""Seconds for one answer: the longest session of a reconciliation takes some in a slow language."""
LAST_WORDS = 5.0
"""Seconds in which a program must end when its input has ended."""


class LineProgram:
    """A running program. Close it at the end, or use it in a `with`."""

    def __init__(self, command: str) -> None:
        """Start `command`, split as a shell would; raises `Problem`."""
        self.command = command
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the program that somebody wants judged
                shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except (OSError, ValueError) as error:
            raise self._fault(f"it cannot be started: {error}") from None

    def __enter__(self) -> "LineProgram":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, file: str, inputs: Json) -> Json:
        """The answer to one case; raises `Problem` where there is none, or where it is no JSON object."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode({"file": file, "case": inputs}) + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._fault("it ended") from None
        return self._answer()

    def close(self) -> None:
        """End it."""
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            try:
                stream.close()
            except OSError:  # what it never read
                continue
        try:
            self._process.wait(LAST_WORDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> Json:
        output = self._process.stdout
        assert output is not None
        # One line answers one question, so nothing of the next answer can wait in the buffer meanwhile.
        if not select.select([output], [], [], PATIENCE)[0]:
            raise self._fault(f"no answer in {PATIENCE:g} seconds")
        line = output.readline()
        if not line:
            raise self._fault("it ended without an answer")
        try:
            answer = msgspec.json.decode(line, type=dict[str, object])
        except msgspec.MsgspecError:
            raise self._fault(f"an answer that is no JSON object: {line[:80]!r}") from None
        if "expect" not in answer:
            raise self._fault("an answer without “expect”")
        return answer

    def _fault(self, what: str) -> Problem:
        return Problem(Code.PROGRAM_SILENT, f"{self.command}: {what}")
