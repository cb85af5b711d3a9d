"""Ranking: how well a text fits a query, by BM25F over the columns of a text.

SQLite has bm25 of its own, which counts all texts with each word anew for each query: 60 ms for a common word among
a million. Here words are counted up to a bound and only the newest matches are scored, so a search costs the same
however much there is. Where a word stands counts by weight, how often it stands there saturates, long texts count
less, rare words more (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from hedgerow_node.store.query import Query

WEIGHTS = (10.0, 6.0, 3.0, 1.0, 1.0)
"""Of title, keywords, summary, reason, address."""
SATURATION = 1.2
"""BM25's k1: how soon more of the same word adds nothing."""
LENGTH = 0.75
"""BM25's b: how much longer texts count less."""
DIGITS = 2
"""Decimals of a score that count: what is nearly as good is ordered by time."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that matches: its row and its folded columns, in the order of `WEIGHTS`."""

    row: int
    columns: tuple[str, ...]

    @property
    def length(self) -> int:
        """Letters in all."""
        return sum(map(len, self.columns))


def scores(
    query: Query, frequencies: Sequence[int], texts: int, found: Sequence[Candidate]
) -> dict[int, float]:
    """A score for each candidate by its row: the lower, the better; never above 0.

    `frequencies` says in how many of all `texts` each word of the query stands; more than some bound may be less.
    """
    rarities = [log(1 + (texts + 0.5) / (frequency + 0.5)) for frequency in frequencies]
    words = list(_words(query, rarities))
    average = sum(one.length for one in found) / len(found) if found else 1.0
    return {one.row: -round(_score(one, words, average), DIGITS) for one in found}


def _score(one: Candidate, words: Sequence["_Word"], average: float) -> float:
    slowness = SATURATION * (1 - LENGTH + LENGTH * one.length / average)
    total = 0.0
    for word in words:
        weight = word.weight_in(one.columns)
        total += word.rarity * weight * (SATURATION + 1) / (weight + slowness)
    return total


@dataclass(frozen=True, slots=True)
class _Word:
    """A word to be counted: `patterns` that each count once, so that a whole word counts more than a beginning."""

    text: str
    rarity: float
    patterns: tuple[re.Pattern[str], ...]

    def weight_in(self, columns: Sequence[str]) -> float:
        """How often it stands in these columns, weighted."""
        weight = 0.0
        for worth, column in zip(WEIGHTS, columns, strict=True):
            # Nearly every column is without the word, and to look for its letters costs a tenth of a pattern.
            if self.text in column:
                weight += worth * sum(len(pattern.findall(column)) for pattern in self.patterns)
        return weight


def _words(query: Query, rarities: Sequence[float]) -> Iterator[_Word]:
    last = len(query.words) - 1
    for number, (text, rarity) in enumerate(zip(query.words, rarities, strict=True)):
        patterns = [query.pattern(number, whole=True)]
        if number == last and query.has_beginning:
            patterns.append(query.pattern(number, whole=False))
        yield _Word(text, rarity, tuple(patterns))
