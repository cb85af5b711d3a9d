"""Label lists: for which words of whose labels the owner lets things and people be hidden, or shown with a warning.

A list is the labels of one person with one word. Only the newest labels of each person are read, so that nobody makes
the pages slow, and whom the owner follows is never hidden by what somebody else says of them.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from hedgerow_node.store.index import slot_name
from hedgerow_node.store.reading import read_message
from hedgerow_node.store.rows import COLUMNS, author_rows
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, key_of
from hedgerow_protocol.kinds import Kind, Label

LABELS_READ = 1_000
"""The newest labels of one person that have an effect."""
WORDS_READ = 500
"""The newest labels of one person from which their words are taken."""
LISTS = "SELECT target, label, effect, at FROM label_lists ORDER BY row"
LABELS = f"""
SELECT h.row, t.thing, h.slot FROM heads AS h JOIN things AS t ON t.row = h.thing
WHERE h.author = ? AND h.kind = {Kind.LABEL:d} ORDER BY h.at DESC LIMIT ?
"""  # noqa: S608
BODIES = f"""
SELECT {COLUMNS} FROM heads AS h JOIN messages AS m ON m.row = h.row
WHERE h.author = ? AND h.kind = {Kind.LABEL:d} ORDER BY h.at DESC LIMIT ?
"""  # noqa: S608
BODY = f"SELECT {COLUMNS} FROM messages AS m WHERE m.row = ?"  # noqa: S608


class Effect(StrEnum):
    """What a label list does with what is on it."""

    HIDE = "hide"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class LabelList:
    """A list that the owner uses."""

    labeller: str
    """A did."""
    label: str
    effect: Effect
    at: float


@dataclass(frozen=True, slots=True)
class Listed:
    """A label by which something is on a list."""

    list: LabelList
    row: int
    """Of the label's message."""


NOTHING: Mapping[str, Listed] = MappingProxyType({})


def lists_used(db: sqlite3.Connection) -> list[LabelList]:
    """Every list that the owner uses, the first one first."""
    return [LabelList(did, label, Effect(effect), at) for did, label, effect, at in db.execute(LISTS)]


def listed_things(db: sqlite3.Connection) -> Mapping[str, Listed]:
    """What stands on a list, by thing; a list that hides goes before one that warns."""
    lists = lists_used(db)
    if not lists:
        return NOTHING
    of_labeller: defaultdict[str, list[LabelList]] = defaultdict(list)
    for one in lists:
        of_labeller[one.labeller].append(one)
    found: dict[str, Listed] = {}
    for labeller, used in of_labeller.items():
        for listed, thing in _labels_of(db, labeller, used):
            known = found.get(thing)
            if known is None or (listed.list.effect, known.list.effect) == (Effect.HIDE, Effect.WARN):
                found[thing] = listed
    return found


def reason_of(db: sqlite3.Connection, listed: Listed) -> str:
    """Why the label was put on it; empty where that was not said, or cannot be read."""
    read = read_message(db.execute(BODY, [listed.row]).fetchone())
    return read[1].content.reason if read is not None and isinstance(read[1].content, Label) else ""


def words_of(db: sqlite3.Connection, author: AuthorKey) -> tuple[tuple[str, int], ...]:
    """The words of a person's newest labels, those in most use first, with how many labels have them."""
    row = author_rows(db, [author]).get(author)
    counts: Counter[str] = Counter()
    for columns in db.execute(BODIES, [row, WORDS_READ]).fetchall():
        read = read_message(columns)
        if read is not None and isinstance(read[1].content, Label):
            counts[read[1].content.label] += 1
    return tuple(counts.most_common())


def _labels_of(db: sqlite3.Connection, labeller: str, used: list[LabelList]) -> list[tuple[Listed, str]]:
    author = _author(labeller)
    row = author_rows(db, [author]).get(author) if author is not None else None
    found = []
    for message, thing, slot in db.execute(LABELS, [row, LABELS_READ]).fetchall():
        # The word stands in the body, and in the name of the slot.
        named = [one for one in used if slot_name(f"{thing}\t{one.label}") == slot]
        found += [(Listed(one, message), str(thing)) for one in named]
    return found


def _author(did: str) -> AuthorKey | None:
    try:
        return key_of(did)
    except RemoteProtocolError:
        return None
