"""What is hidden: every decision of the owner that keeps something from being shown here, and how much it hides."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from hedgerow_node.store.labelling import Effect, lists_used
from hedgerow_node.store.records import Listing
from hedgerow_node.store.titles import titles_of
from hedgerow_node.store.viewpoint import Viewpoint, key_of, label_of
from hedgerow_protocol.things import message_id_of

LISTED_SHOWN = 200
"""Things and people on label lists that are named one by one."""
MUTED = "SELECT target, at FROM mutes ORDER BY at DESC, target"
BLOCKED = "SELECT target, at FROM blocks ORDER BY at DESC, target"
BY_POLICY = "SELECT target, 0.0 FROM policy_blocks ORDER BY target"
TAKEN_DOWN = "SELECT target, at, reason FROM takedowns WHERE undone IS NULL ORDER BY row DESC"
SAID_BY = "SELECT count(*) FROM statements WHERE author = (SELECT row FROM authors WHERE key = ?)"
SAID_OF = "SELECT count(*) FROM statements WHERE thing = (SELECT row FROM things WHERE thing = ?)"
KEPT_AWAY = """SELECT count(*) FROM messages INDEXED BY messages_of_author
    WHERE author = (SELECT row FROM authors WHERE key = ?) AND control = 0 AND erased AND NOT own"""
NAMING = "SELECT count(*) FROM withheld WHERE target = ?"
HELD = "SELECT count(*) FROM messages WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision by which something is hidden here."""

    rule: str
    """"muted", "blocked", "policy", "taken down" or "labelled"."""
    target: str
    """What is hidden; of a label list whose labels they are."""
    name: str
    """What it is called."""
    since: float
    count: int
    """Statements that are hidden, or messages whose texts are kept away; of a list the things on it."""
    reason: str = ""
    """Of a takedown."""
    label: str = ""
    effect: str = ""
    """Of a label list: "hide" or "warn"."""


@dataclass(frozen=True, slots=True)
class OnList:
    """Something that stands on a label list."""

    target: str
    title: str
    is_hidden: bool
    """Else it is shown with a warning, for it is near to the owner or the list only warns."""
    listing: Listing


@dataclass(frozen=True, slots=True)
class HiddenHere:
    """Everything that is hidden here."""

    decisions: tuple[Decision, ...]
    listed: tuple[OnList, ...]
    """What is on label lists, one by one; at most `LISTED_SHOWN`."""


def hidden_here(db: sqlite3.Connection, view: Viewpoint) -> HiddenHere:
    """Every decision with what it hides, the latest of each kind first."""
    decisions = [
        *_marked(db, view, "muted", MUTED),
        *_marked(db, view, "blocked", BLOCKED),
        *_marked(db, view, "policy", BY_POLICY),
        *_taken_down(db, view),
        *_label_lists(db, view),
    ]
    return HiddenHere(tuple(decisions), tuple(_listed(db, view)))


def _marked(db: sqlite3.Connection, view: Viewpoint, rule: str, sql: str) -> Iterable[Decision]:
    rows = db.execute(sql).fetchall()
    titles = titles_of(db, view, [target for target, _ in rows if key_of(target) is None])
    for target, since in rows:
        name = titles.get(target) or label_of(db, view, target)
        yield Decision(rule, target, name, since, _count(db, rule, target))


def _count(db: sqlite3.Connection, rule: str, target: str) -> int:
    author = key_of(target)
    if author is None:
        return _number(db, SAID_OF, target)
    return _number(db, SAID_BY if rule == "muted" else KEPT_AWAY, author)


def _taken_down(db: sqlite3.Connection, view: Viewpoint) -> Iterable[Decision]:
    for target, since, reason in db.execute(TAKEN_DOWN).fetchall():
        author, identifier = key_of(target), message_id_of(target)
        if author is not None:
            count = _number(db, KEPT_AWAY, author)
        else:
            count = _number(db, NAMING, target) if identifier is None else _number(db, HELD, identifier)
        yield Decision("taken down", target, label_of(db, view, target), since, count, reason)


def _label_lists(db: sqlite3.Connection, view: Viewpoint) -> Iterable[Decision]:
    for used in lists_used(db):
        count = sum(one.list == used for one in view.listed.values())
        name = label_of(db, view, used.labeller)
        yield Decision(
            "labelled", used.labeller, name, used.at, count, label=used.label, effect=used.effect.value
        )


def _listed(db: sqlite3.Connection, view: Viewpoint) -> Iterable[OnList]:
    hiding = [target for target, one in view.listed.items() if one.list.effect is Effect.HIDE]
    targets = [*hiding, *(target for target in view.listed if target not in set(hiding))][:LISTED_SHOWN]
    titles = titles_of(db, view, targets)
    for target in targets:
        listing = view.listing_of(db, target)
        if listing is not None:
            yield OnList(target, titles[target], view.rule_on(db, target) is not None, listing)


def _number(db: sqlite3.Connection, sql: str, value: object) -> int:
    return int(db.execute(sql, [value]).fetchone()[0])
