"""Finding: the texts that match a query, one tier of matches at a time.

Full-text tables answer in the order of rows, newest first, and are read only as far as needed. Rows of the private
library lie above all others and are asked for by themselves, so that neither hides the other under a common word.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hedgerow_node.store.folding import fold
from hedgerow_node.store.items import PRIVATE_ROWS
from hedgerow_node.store.query import Query
from hedgerow_node.store.ranking import Candidate, scores
from hedgerow_node.store.records import Rule
from hedgerow_node.store.rows import as_list
from hedgerow_node.store.viewpoint import Viewpoint

RANKED = 500
"""The newest matches of a tier that are ranked: more than anybody pages through."""
COUNTED = 5_000
"""Matches of a word that are counted: it is rare below and common above. Only a rare word leads to things of which
several statements together say all words."""
SCANNED = 20_000
"""The newest texts that are read when only signs are looked for."""
TITLE = "{title} :"
DESCRIPTION = "{title keywords summary} :"
ANYWHERE = ""

COLUMNS = "t.row, t.title, t.keywords, t.summary, t.reason, t.address"
OF_MESSAGES = f"""
SELECT {COLUMNS} FROM words JOIN statements AS s ON s.row = words.rowid JOIN texts AS t ON t.row = words.rowid
WHERE words MATCH :match AND words.rowid <= :top AND s.author NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY words.rowid DESC LIMIT :most
"""  # noqa: S608
OF_ITEMS = f"""
SELECT {COLUMNS} FROM words JOIN texts AS t ON t.row = words.rowid
WHERE words MATCH :match AND words.rowid > {PRIVATE_ROWS} ORDER BY words.rowid DESC LIMIT :most
"""  # noqa: S608
BY_HIDDEN = """
SELECT s.author, count(*) FROM (SELECT rowid FROM words WHERE words MATCH :match ORDER BY rowid DESC LIMIT :most) AS w
JOIN statements AS s ON s.row = w.rowid
WHERE s.author IN (SELECT value FROM json_each(:hidden)) GROUP BY s.author
"""
"""What the mutes and blocks left out; counted as far as results are ranked."""
WITH_WORD = f"""
SELECT rowid FROM words WHERE words MATCH :match AND (rowid <= :top OR rowid > {PRIVATE_ROWS})
ORDER BY rowid DESC LIMIT :most
"""  # noqa: S608
COUNT = f"SELECT count(*) FROM ({WITH_WORD})"  # noqa: S608
ON_THINGS = f"""
SELECT s.row, t.thing FROM things AS t JOIN statements AS s ON s.thing = t.row
WHERE t.thing IN (SELECT value FROM json_each(:things)) AND s.row <= :top
AND s.author NOT IN (SELECT value FROM json_each(:hidden))
UNION SELECT s.row, t.thing FROM things AS t JOIN statements AS s ON s.other = t.row
WHERE t.thing IN (SELECT value FROM json_each(:things)) AND s.row <= :top
AND s.author NOT IN (SELECT value FROM json_each(:hidden))
UNION SELECT {PRIVATE_ROWS} + row, thing FROM library WHERE thing IN (SELECT value FROM json_each(:things)) LIMIT :most
"""  # noqa: S608
TEXTS = f"SELECT {COLUMNS} FROM json_each(:rows) AS j JOIN texts AS t ON t.row = j.value"  # noqa: S608
WITH_PIECES = f"""
SELECT {COLUMNS} FROM grams
JOIN texts AS t ON t.row = grams.rowid LEFT JOIN statements AS s ON s.row = grams.rowid
WHERE grams MATCH :match AND (grams.rowid <= :top OR grams.rowid > {PRIVATE_ROWS})
AND (s.author IS NULL OR s.author NOT IN (SELECT value FROM json_each(:hidden)))
ORDER BY grams.rowid DESC LIMIT :most
"""  # noqa: S608
NEWEST = f"""
SELECT {COLUMNS} FROM texts AS t LEFT JOIN statements AS s ON s.row = t.row
WHERE (t.row <= :top OR t.row > {PRIVATE_ROWS})
AND (s.author IS NULL OR s.author NOT IN (SELECT value FROM json_each(:hidden)))
ORDER BY t.row DESC LIMIT :most
"""  # noqa: S608
IN_TITLE, ELSEWHERE = -1.0, 0.0
"""Scores where nothing is weighed."""
LOCATE = f"""
SELECT s.row, t.thing, s.at FROM json_each(:rows) AS j
JOIN statements AS s ON s.row = j.value JOIN things AS t ON t.row = s.thing
UNION ALL SELECT s.row, t.thing, s.at FROM json_each(:rows) AS j
JOIN statements AS s ON s.row = j.value JOIN things AS t ON t.row = s.other
UNION ALL SELECT j.value, l.thing, CAST(l.saved AS INTEGER) FROM json_each(:rows) AS j
JOIN library AS l ON l.row = j.value - {PRIVATE_ROWS}
"""  # noqa: S608
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
        texts = self._select(OF_ITEMS, match=match, most=RANKED) + self._select(
            OF_MESSAGES, match=match, most=RANKED
        )
        found = [Candidate(row, tuple(folded)) for row, *folded in texts]
        return self._locate(scores(self._query, self._frequencies, self.top, found))

    def _across(self) -> list[Found]:
        if len(self._query.words) == 1 or min(self._frequencies) == COUNTED:
            return []
        with_each = [self._rows_with(match) for match in self._query.each_match()]
        rarest = min(with_each, key=len)
        leads = self._locate(dict.fromkeys(sorted(rarest, reverse=True)[:RANKED], 0.0))
        about = self._select(ON_THINGS, things=json.dumps(sorted({one.thing for one in leads})), most=COUNTED)
        texts = self._select(TEXTS, rows=as_list({row for row, _ in about}))
        things = {thing for _, thing in about}
        rows: set[int] = set()
        for number, having in enumerate(with_each):
            if len(having) == COUNTED:
                pattern = self._query.pattern(number, whole=False)
                having = {row for row, *columns in texts if pattern.search("\n".join(columns))}
            things &= {thing for row, thing in about if row in having}
            rows |= having
        found = self._locate({row: 0.0 for row, _ in about if row in rows})
        return [one for one in found if one.thing in things]

    def _rows_with(self, match: str) -> set[int]:
        return {row for (row,) in self._select(WITH_WORD, match=match, most=COUNTED)}

    @cached_property
    def _frequencies(self) -> list[int]:
        # Counted once for all tiers, and not at all when there is nothing to rank.
        matches = self._query.each_match()
        return [self._select(COUNT, match=match, most=COUNTED)[0][0] for match in matches]

    def _inside(self) -> list[Found]:
        pieces = self._query.pieces
        if not pieces:
            return []
        return self._compared(self._select(WITH_PIECES, match=pieces, most=RANKED), self._query.is_in)

    def _with_signs(self) -> list[Found]:
        if not self._query.text:
            return []
        signs = fold(self._query.text)
        return self._compared(self._select(NEWEST, most=SCANNED), lambda text: signs in text)

    def _compared(self, texts: Iterable[tuple[Any, ...]], is_match: Callable[[str], bool]) -> list[Found]:
        found: dict[int, float] = {}
        for row, title, *others in texts:
            if is_match(title):
                found[row] = IN_TITLE
            elif is_match("\n".join([title, *others])):
                found[row] = ELSEWHERE
        return self._locate(found)

    def _locate(self, scores: Mapping[int, float]) -> list[Found]:
        found = self._select(LOCATE, rows=as_list(scores))
        return [Found(row, thing, at, scores[row]) for row, thing, at in found]

    def _select(self, sql: str, **values: str | int) -> list[tuple[Any, ...]]:
        known: dict[str, str | int] = {"top": self.top, "hidden": self._hidden}
        return self._db.execute(sql, known | values).fetchall()
