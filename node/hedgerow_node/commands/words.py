"""Text as people type it, made fit for the wire: NFC, line feeds, no white space around it; and dates for people."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

from hedgerow_protocol import limits
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


def day(seconds: float) -> str:
    """The date of a moment, as 2026-11-23; moments that no message can have are taken as the nearest that one can."""
    return datetime.fromtimestamp(min(max(seconds, 0), limits.MAX_TIMESTAMP), UTC).date().isoformat()
