"""Queries: what a person typed, turned into words to look for.

Every sign is plain text: quotes, stars and the words of some query language mean themselves. Several words are all
wanted; the last one may be the beginning of a word, because it may not be typed to its end.
"""

import re
from dataclasses import dataclass

from hedgerow_node.store.folding import CONTROLS, fold, fold_address, sound, trim
from hedgerow_protocol.things import is_web_address

MAX_QUERY = 512
"""Letters that are read."""
MAX_WORDS = 12
"""Words that are looked for; each costs a walk through an index."""
MIN_BEGINNING = 2
"""Letters from which on a word may be the beginning of another: what begins with "a" is a tenth of everything."""
GRAM = 3
"""Letters of a piece in the index of pieces."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    text: str
    """As typed, without what no text can hold."""
    words: tuple[str, ...]
    """Folded words, each with a letter or digit; one in Chinese or Japanese is signs with spaces between."""

    @property
    def match(self) -> str:
        """The words as the full-text index of words reads them."""
        return " AND ".join(self.each_match())

    def each_match(self) -> list[str]:
        """The same for each word by itself."""
        matches = [_quoted(word) for word in self.words]
        if self.has_beginning:
            matches[-1] += " *"
        return matches

    @property
    def has_beginning(self) -> bool:
        """Whether the last word may be the beginning of one."""
        return bool(self.words) and len(self.words[-1].split()[-1]) >= MIN_BEGINNING

    @property
    def pieces(self) -> str:
        """Pieces of the longer words, as the index of pieces reads them; empty when there are none.

        Of long texts that index has only words beyond ASCII, so when there are such, they alone lead to a text.
        """
        long = [word for word in self.words if len(word) >= GRAM]
        leading = [word for word in long if not word.isascii()] or long
        grams = {word[start : start + GRAM] for word in leading for start in range(len(word) - GRAM + 1)}
        return " AND ".join(sorted(map(_quoted, grams)))

    def pattern(self, number: int, *, whole: bool) -> re.Pattern[str]:
        """One of the words in folded text; unless `whole`, also as the beginning of a longer one."""
        return re.compile(rf"(?<!\w){re.escape(self.words[number])}" + (r"(?!\w)" if whole else ""))

    def is_in(self, folded: str) -> bool:
        """Whether all words stand in a folded text: short ones at the beginning of a word, others anywhere."""
        return all(
            word in folded if len(word) >= GRAM else self.pattern(number, whole=False).search(folded)
            for number, word in enumerate(self.words)
        )

    def touches(self, text: str) -> bool:
        """Whether any of the words stands in a text as it was written."""
        folded = fold(text)
        return any(word in folded for word in self.words)


def parse(text: str) -> Query:
    """The query in any text whatever."""
    plain = CONTROLS.sub(" ", sound(text[:MAX_QUERY])).strip()
    pieces = [fold_address(piece) if is_web_address(piece) else fold(piece) for piece in plain.split()]
    words = dict.fromkeys(word for piece in pieces if (word := trim(piece)))
    return Query(plain, tuple(words)[:MAX_WORDS])


def excerpt(text: str, query: Query, letters: int) -> str:
    """The part of a text around the first of the words, on one line; a third of it stands before the word."""
    line = " ".join(text.split())
    if len(line) <= letters:
        return line
    start = max(0, _first(line, query) - letters // 3)
    end = start + letters
    return ("…" if start else "") + line[start:end].strip() + ("…" if end < len(line) else "")


def _first(line: str, query: Query) -> int:
    for found in re.finditer(r"\S+", line):
        folded = fold(found[0])
        places = [folded.find(word) for word in query.words if word in folded]
        if places:
            # Folding keeps lengths nearly, and only a script without spaces makes the difference seen.
            return found.start() + min(places)
    return 0


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
