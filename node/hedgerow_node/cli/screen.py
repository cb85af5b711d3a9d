"""What people see: plain lines, wrapped and with a little style on a terminal; or one JSON value for programs.

Everything goes through `clean`: what others wrote must not move the cursor, recolour the screen or turn the
direction of the lines around it.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from hedgerow_node.clock import Clock
from hedgerow_node.config import is_plain_wanted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress

SEQUENCES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")
"""What colours text and moves the cursor; of other sequences only the letters stay, which is harmless."""
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
STYLES = {"title": "bold", "quiet": "dim", "next": "cyan", "bad": "bold red", "": ""}
PATIENCE = 1.0
"""Seconds for which nobody needs to be told how far something is."""
PAUSE = 5.0
"""Seconds between two lines that tell it where there is no bar."""


def clean(text: str) -> str:
    """`text` without escape sequences, control characters and overrides of direction; line feeds stay."""
    return CONTROLS.sub(lambda found: " " if found[0] == "\t" else "", SEQUENCES.sub("", text))


def one_line(text: str) -> str:
    """`text` cleaned and on one line."""
    return " ".join(clean(text).split())


def as_json_text(value: object) -> str:
    """JSON on one line that no terminal takes for commands."""
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    return UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Screen:
    """Where a command writes. `out` carries the answer, `err` what is beside it."""

    def __init__(self, *, as_json: bool, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.as_json = as_json
        self._out = out or sys.stdout
        self._err = err or sys.stderr

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks at it (and the answer is not JSON)."""
        return not self.as_json and self._out.isatty()

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """Write text for people, in as many lines as it has; nothing where JSON is asked for."""
        if not self.as_json:
            _write(self._out, text, style, indent)

    def aside(self, text: str, style: str = "", indent: int = 0) -> None:
        """Write beside the answer, to the error stream; nothing where JSON is asked for."""
        if not self.as_json:
            _write(self._err, text, style, indent)

    def value(self, value: object) -> None:
        """Write the JSON value, where that is asked for."""
        if self.as_json:
            print(as_json_text(value), file=self._out, flush=True)

    @contextmanager
    def progress(self, what: str) -> Iterator["Progress"]:
        """A bar for what takes longer than a second; only on a terminal."""
        progress = Progress(what, self._err if self.is_terminal and self._err.isatty() else None)
        try:
            yield progress
        finally:
            progress.close()


class Progress:
    """How far something is; seen once it takes longer than `PATIENCE`. `step` may be called as often as one likes."""

    def __init__(self, what: str, stream: TextIO | None) -> None:
        self._what = what
        self._stream = stream
        self._bar: RichProgress | None = None
        self._clock = Clock()
        self._next = self._clock.monotonic() + PATIENCE

    def step(self, done: int, total: int) -> None:
        """So much of so much is done; a total of 0 is not known."""
        if self._stream is None or self._clock.monotonic() < self._next:
            return
        if is_plain_wanted():
            self._next = self._clock.monotonic() + PAUSE
            print(f"{self._what}: {done:,}" + (f" of {total:,}" if total else ""), file=self._stream)
            return
        if self._bar is None:
            self._bar = _bar(self._stream)
            self._bar.add_task(self._what, total=None)
            self._bar.start()
        self._bar.update(self._bar.tasks[0].id, completed=done, total=total or None)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def _bar(stream: TextIO) -> "RichProgress":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Rich

    words = TextColumn("{task.description}", markup=False)
    return Rich(
        words,
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_console(stream),
        transient=True,
    )


def _write(stream: TextIO, text: str, style: str, indent: int) -> None:
    cleaned = clean(text)
    if stream.isatty():
        _write_styled(stream, cleaned, style, indent)
        return
    for line in cleaned.split("\n"):
        print((" " * indent + line).rstrip(), file=stream)


def _write_styled(stream: TextIO, text: str, style: str, indent: int) -> None:
    from rich.text import Text

    console = _console(stream)
    for line in text.split("\n"):
        for part in _wrapped(line, console.width - indent):
            console.print(Text(" " * indent + part, style=STYLES[style]), soft_wrap=True)


def _wrapped(line: str, width: int) -> list[str]:
    """The words of `line` in lines of so many columns; a longer word, such as an address, stays whole to be copied."""
    from rich.cells import cell_len

    lines = [""]
    for word in line.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None if is_plain_wanted() else "auto",
    )
