"""Hits: a thing that a search found, with the words for why."""

import sqlite3
from collections.abc import Sequence

from hedgerow_node.store.deeds import whose
from hedgerow_node.store.folding import fold_address
from hedgerow_node.store.items import PRIVATE_ROWS, item_of
from hedgerow_node.store.query import Query, excerpt
from hedgerow_node.store.records import Hit, Item, Statement
from hedgerow_node.store.statements import statements_in
from hedgerow_node.store.thing_views import authors_on
from hedgerow_node.store.titles import title_of
from hedgerow_node.store.viewpoint import YOU, Viewpoint

REASONS = 5
"""Reasons that a hit names; texts beyond add nothing to them."""
AUTHORS = 10
"""People that a hit names."""
LOOKED_AT = 10
"""The newest statements about it that are looked through for more reasons."""
ALSO = """
SELECT row, author FROM heads WHERE thing = (SELECT row FROM things WHERE thing = ?)
ORDER BY at DESC, row DESC LIMIT ?
"""
EXCERPT = 160
"""Letters of a text that a reason shows."""


def hit_of(
    db: sqlite3.Connection, view: Viewpoint, query: Query, thing: str, at: int, rows: Sequence[int]
) -> Hit:
    """The thing that was found in these rows of texts, the best first."""
    item = item_of(db, thing)
    said = statements_in(db, view, _rows(db, view, thing, rows))
    authors = authors_on(db, view, thing, AUTHORS)
    why = ["the address"] if query.text == thing else []
    why += _of_item(query, item)
    why += [reason for statement in said for reason in _of_statement(query, statement)]
    why += _of_address(query, thing)
    return Hit(
        thing=thing,
        title=title_of(db, view, thing),
        at=at,
        why=tuple(dict.fromkeys(why))[:REASONS],
        authors=authors,
        private=item is not None,
        shared=any(author.relation == YOU for author in authors),
        listing=view.listing_of(db, thing),
    )


def _rows(db: sqlite3.Connection, view: Viewpoint, thing: str, found: Sequence[int]) -> list[int]:
    # A thing is found in its best tier; what was said in the words of a lower one is worth reading as well.
    also = [row for row, author in db.execute(ALSO, [thing, LOOKED_AT]) if author not in view.hidden_rows]
    return list(dict.fromkeys([*[row for row in found[:REASONS] if row < PRIVATE_ROWS], *also]))


def _of_address(query: Query, thing: str) -> list[str]:
    folded = fold_address(thing)
    return ["address"] if any(word in folded for word in query.words) else []


def _of_item(query: Query, item: Item | None) -> list[str]:
    if item is None:
        return []
    reasons = ["your private save"]
    if item.note and query.touches(item.note):
        reasons.append(f"your note: {excerpt(item.note, query, EXCERPT)}")
    return reasons


def _of_statement(query: Query, statement: Statement) -> list[str]:
    fields = {
        "name" if statement.kind == "profile" else "title": (statement.title, False),
        f"{whose(statement)} description": (statement.summary, True),
        f"{whose(statement)} {_noun(statement)}": (statement.reason or statement.text, True),
    }
    reasons = [
        f"{field}: {excerpt(text, query, EXCERPT)}" if is_quoted else field
        for field, (text, is_quoted) in fields.items()
        if text and query.touches(text)
    ]
    reasons += _of_steps(query, statement)
    if statement.label and query.touches(statement.label):
        reasons.append(f"{whose(statement)} label: {statement.label}")
    reasons += [f"topic: {topic}" for topic in _topics(statement) if query.touches(topic)]
    reasons += [f"by {name}" for name in statement.authors if query.touches(name)]
    return reasons


def _of_steps(query: Query, statement: Statement) -> list[str]:
    notes = [
        f"{whose(statement)} step {number}: {excerpt(words, query, EXCERPT)}"
        for number, step in enumerate(statement.steps, start=1)
        for words in (step.note, step.role)
        if words and query.touches(words)
    ]
    return notes[:REASONS]


def _noun(statement: Statement) -> str:
    if statement.kind == "comment":
        return statement.role or "comment"
    return {"connect": "connection", "label": "label", "introduce": "introduction"}.get(
        statement.kind, "reason"
    )


def _topics(statement: Statement) -> list[str]:
    topics = [*statement.topics, *statement.teaches, statement.topic]
    return list(dict.fromkeys(topic for topic in topics if topic))
