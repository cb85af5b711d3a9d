"""Text as people type it, made fit for the wire: NFC, line feeds, no white space around it."""

import unicodedata
from collections.abc import Iterable

from hedgerow_protocol.things import fold_topic


def text(given: str) -> str:
    """`given` with NFC and line feeds, as it may run over several lines."""
    return unicodedata.normalize("NFC", given.replace("\r\n", "\n").replace("\r", "\n")).strip()


def line(given: str) -> str:
    """`given` on one line with single spaces."""
    return " ".join(text(given).split())


def lines(given: Iterable[str]) -> tuple[str, ...]:
    """Each of `given` on one line, without empty ones and repeats (upper and lower case are the same)."""
    kept: dict[str, str] = {}
    for one in given:
        if words := line(one):
            kept.setdefault(fold_topic(words), words)
    return tuple(kept.values())
