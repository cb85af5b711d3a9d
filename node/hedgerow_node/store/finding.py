"""Finding: the texts that match a query, one tier of matches at a time.

Full-text tables answer in the order of rows, newest first, and are read only as far as needed. Rows of the private
library lie above all others and are asked for by themselves, so that neither hides the other under a common word.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hedgerow_node.store.folding import fold
from hedgerow_node.store.items import PRIVATE_ROWS
from hedgerow_node.store.query import Query
from hedgerow_node.store.records import Rule
from hedgerow_node.store.rows import as_list
from hedgerow_node.store.viewpoint import Viewpoint

RANKED = 1_000
"""The newest matches of a tier that are ranked: ten times what anybody pages through, and 7 ms for a word that is
everywhere."""
COMBINED = 5_000
"""Matches of one word up to which it can lead to things of which several statements say all words."""
SCANNED = 20_000
"""The newest texts that are read when only signs are looked for."""
WEIGHTS = "10.0, 6.0, 3.0, 1.0, 1.0"
"""Of title, keywords, summary, reason, address within a tier."""
DIGITS = 3
"""Figures of a score that count: what is nearly as good is ordered by time."""

TITLE = "{title} :"
DESCRIPTION = "{title keywords summary} :"
ANYWHERE = ""

OF_MESSAGES = f"""
SELECT words.rowid, bm25(words, {WEIGHTS}) FROM words JOIN statements AS s ON s.row = words.rowid
WHERE words MATCH :match AND words.rowid <= :top AND s.author NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY words.rowid DESC LIMIT :most
"""
OF_ITEMS = f"""
SELECT rowid, bm25(words, {WEIGHTS}) FROM words
WHERE words MATCH :match AND rowid > {PRIVATE_ROWS} ORDER BY rowid DESC LIMIT :most
"""
BY_HIDDEN = """
SELECT s.author, count(*) FROM (SELECT rowid FROM words WHERE words MATCH :match ORDER BY rowid DESC LIMIT :most) AS w
JOIN statements AS s ON s.row = w.rowid
WHERE s.author IN (SELECT value FROM json_each(:hidden)) GROUP BY s.author
"""
"""What the mutes and blocks left out; counted as far as results are ranked."""
WITH_WORD = f"""
SELECT rowid FROM words WHERE words MATCH :match AND (rowid <= :top OR rowid > {PRIVATE_ROWS})
ORDER BY rowid DESC LIMIT :most
"""
AMONG = "SELECT rowid FROM words WHERE words MATCH :match AND +rowid IN (SELECT value FROM json_each(:rows))"
ON_THINGS = f"""
SELECT s.row, t.thing FROM things AS t JOIN statements AS s ON s.thing = t.row
WHERE t.thing IN (SELECT value FROM json_each(:things)) AND s.row <= :top
AND s.author NOT IN (SELECT value FROM json_each(:hidden))
UNION SELECT s.row, t.thing FROM things AS t JOIN statements AS s ON s.other = t.row
WHERE t.thing IN (SELECT value FROM json_each(:things)) AND s.row <= :top
AND s.author NOT IN (SELECT value FROM json_each(:hidden))
UNION SELECT {PRIVATE_ROWS} + row, thing FROM library WHERE thing IN (SELECT value FROM json_each(:things))
"""
WITH_PIECES = f"""
SELECT t.row, t.title, t.keywords, t.summary, t.reason FROM grams
JOIN texts AS t ON t.row = grams.rowid LEFT JOIN statements AS s ON s.row = grams.rowid
WHERE grams MATCH :match AND (grams.rowid <= :top OR grams.rowid > {PRIVATE_ROWS})
AND (s.author IS NULL OR s.author NOT IN (SELECT value FROM json_each(:hidden)))
ORDER BY grams.rowid DESC LIMIT :most
"""
NEWEST = f"""
SELECT t.row, t.title, t.keywords, t.summary, t.reason FROM texts AS t LEFT JOIN statements AS s ON s.row = t.row
WHERE (t.row <= :top OR t.row > {PRIVATE_ROWS}) AND (s.author IS NULL OR s.author NOT IN (SELECT value FROM json_each(:hidden)))
ORDER BY t.row DESC LIMIT :most
"""
LOCATE = f"""
SELECT s.row, t.thing, s.at FROM json_each(:rows) AS j
JOIN statements AS s ON s.row = j.value JOIN things AS t ON t.row = s.thing
UNION ALL SELECT s.row, t.thing, s.at FROM json_each(:rows) AS j
JOIN statements AS s ON s.row = j.value JOIN things AS t ON t.row = s.other
UNION ALL SELECT j.value, l.thing, CAST(l.saved AS INTEGER) FROM json_each(:rows) AS j
JOIN library AS l ON l.row = j.value - {PRIVATE_ROWS}
"""
NAMED = """
SELECT 1 FROM things WHERE thing = :thing UNION ALL SELECT 1 FROM library WHERE thing = :thing LIMIT 1
"""
TOP = "SELECT coalesce(max(row), 0) FROM statements"


@dataclass(frozen=True, slots=True)
class Found:
    """A text that matches, and the thing it is about; a connection is found for both its ends."""

    row: int
    thing: str
    at: int
    score: float


class Hunt:
    """One search in one reading transaction; `tiers` is what it comes to."""

    def __init__(self, db: sqlite3.Connection, view: Viewpoint, query: Query, top: int | None) -> None:
        self._db = db
        self._view = view
        self._query = query
        self._hidden = as_list(view.hidden_rows)
        self.top: int = db.execute(TOP).fetchone()[0] if top is None else top
        """The highest row of messages that belongs to this search."""

    def tiers(self) -> Iterator[list[Found]]:
        """The matches of each tier, the best tier first; a text may be in several."""
        yield self._named()
        if not self._query.words:
            yield self._with_signs()
            return
        for columns in (TITLE, DESCRIPTION, ANYWHERE):
            yield self._ranked(columns)
        yield self._across()
        yield self._inside()

    def hidden(self) -> Counter[tuple[str, Rule]]:
        """How many matching statements of muted and blocked people were left out, by person and rule."""
        counts: Counter[tuple[str, Rule]] = Counter()
        if not self._view.hidden_rows or not self._query.words:
            return counts
        found = self._select(BY_HIDDEN, match=self._query.match, most=RANKED)
        self._view.meet(self._db, [author for author, _ in found])
        for author, count in found:
            counts[self._view.author(author).did, self._view.hidden_rows[author]] += count
        return counts

    def _named(self) -> list[Found]:
        thing = self._query.text
        is_known = self._db.execute(NAMED, {"thing": thing}).fetchone() is not None
        return [Found(0, thing, 0, 0.0)] if is_known else []

    def _ranked(self, columns: str) -> list[Found]:
        match = f"{columns} ({self._query.match})" if columns else self._query.match
        scores = dict(self._select(OF_ITEMS, match=match, most=RANKED))
        scores |= self._select(OF_MESSAGES, match=match, most=RANKED)
        return self._locate({row: float(f"{score:.{DIGITS}g}") for row, score in scores.items()})

    def _across(self) -> list[Found]:
        if len(self._query.words) == 1:
            return []
        matches = self._query.each_match()
        with_word = [self._rows_with(match) for match in matches]
        rarest = min(with_word, key=len)
        if len(rarest) == COMBINED:
            return []
        leads = self._locate(dict.fromkeys(sorted(rarest, reverse=True)[:RANKED], 0.0))
        about = self._select(ON_THINGS, things=json.dumps(sorted({found.thing for found in leads})))
        named = as_list({row for row, _ in about})
        things = {thing for _, thing in about}
        rows: set[int] = set()
        for match, having in zip(matches, with_word, strict=True):
            if len(having) == COMBINED:
                having = {row for (row,) in self._select(AMONG, match=match, rows=named)}
            things &= {thing for row, thing in about if row in having}
            rows |= having
        return [
            found
            for found in self._locate({row: 0.0 for row, _ in about if row in rows})
            if found.thing in things
        ]

    def _rows_with(self, match: str) -> set[int]:
        return {row for (row,) in self._select(WITH_WORD, match=match, most=COMBINED)}

    def _inside(self) -> list[Found]:
        pieces = self._query.pieces
        if not pieces:
            return []
        found = self._select(WITH_PIECES, match=pieces, most=RANKED)
        return self._locate(self._scores(found, self._query.is_in))

    def _with_signs(self) -> list[Found]:
        if not self._query.text:
            return []
        signs = fold(self._query.text)
        found = self._select(NEWEST, most=SCANNED)
        return self._locate(self._scores(found, lambda text: signs in text))

    def _scores(self, texts: Iterable[tuple[Any, ...]], is_match: Callable[[str], bool]) -> dict[int, float]:
        scores = {}
        for row, title, *others in texts:
            if is_match(title):
                scores[row] = 0.0
            elif is_match("\n".join([title, *others])):
                scores[row] = 1.0
        return scores

    def _locate(self, scores: Mapping[int, float]) -> list[Found]:
        found = self._select(LOCATE, rows=as_list(scores))
        return [Found(row, thing, at, scores[row]) for row, thing, at in found]

    def _select(self, sql: str, **values: str | int) -> list[tuple[Any, ...]]:
        known: dict[str, str | int] = {"top": self.top, "hidden": self._hidden}
        return self._db.execute(sql, known | values).fetchall()
