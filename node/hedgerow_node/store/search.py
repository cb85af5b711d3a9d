"""Search: things found by the words in what was said about them, and in the private library.

Results come in tiers, and within a tier by bm25, then the latest first: the thing that was named outright; then where
all words stand in a title; in title, topics and description; anywhere in one statement; in several statements about
one thing; inside longer words; and, where nothing but signs was typed, those signs. A tier is looked at only when
those above it do not fill the page, and in each only the newest texts that match are ranked: a word that is
everywhere costs no more than a word that is often.

Each thing comes once, with the words for why it was found and the people who spoke of it. Counts of people play no
part in the order.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hedgerow_node.store import cursors
from hedgerow_node.store.cursors import Cursor, Number
from hedgerow_node.store.database import Database
from hedgerow_node.store.finding import Found, Hunt
from hedgerow_node.store.hits import hit_of
from hedgerow_node.store.query import Query, parse
from hedgerow_node.store.records import Hit, Page, Rule
from hedgerow_node.store.viewpoint import Viewpoint, load
from hedgerow_protocol.keys import AuthorKey


class SearchCursor(Cursor, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After this thing, among texts up to `top`."""

    top: Number
    tier: Number
    number: Number
    """Its place in the tier, from 0: where to go on should it have been withdrawn since."""
    thing: str


@dataclass(frozen=True, slots=True)
class Place:
    """A thing in the order of results."""

    tier: int
    score: float
    """bm25: the lower, the better."""
    at: int
    thing: str
    rows: tuple[int, ...]
    """The texts that were found, the best first."""
    number: int = 0
    """Its place in the tier."""


class Search:
    """Finds things by words."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.me: AuthorKey | None = None
        """The owner, as in `Views.me`."""

    async def find(self, query: str, cursor: str | None = None, limit: int = 20) -> Page[Hit]:
        """Things that match, the best first. Any text is a query; raises `Problem` for a wrong cursor."""
        place = cursors.read(cursor, SearchCursor)
        wanted = parse(query)
        return await self._database.read(lambda db: _find(db, load(db, self.me), wanted, place, limit))


def _find(
    db: sqlite3.Connection, view: Viewpoint, query: Query, cursor: SearchCursor | None, limit: int
) -> Page[Hit]:
    hunt = Hunt(db, view, query, cursor.top if cursor else None)
    skipped: Counter[tuple[str, Rule]] = Counter()
    shown: list[Place] = []
    following = None
    for place in _after(cursor, _places(hunt)):
        rule = view.rule_on(db, place.thing)
        if rule is not None:
            skipped[place.thing, rule] += 1
        elif len(shown) == limit:
            last = shown[-1]
            following = cursors.write(SearchCursor(hunt.top, last.tier, last.number, last.thing))
            break
        else:
            shown.append(place)
    found = [hit_of(db, view, query, place.thing, place.at, place.rows) for place in shown]
    return Page(tuple(found), following, view.hidden(db, skipped + hunt.hidden()))


def _after(cursor: SearchCursor | None, tiers: Iterator[list[Place]]) -> Iterator[Place]:
    for number, places in enumerate(tiers):
        if cursor is not None and number < cursor.tier:
            continue
        yield from _rest(places, cursor) if cursor is not None and number == cursor.tier else places


def _rest(places: list[Place], cursor: SearchCursor) -> list[Place]:
    # Scores shift a little with every text that comes or goes, so the thing itself marks the place.
    for place in places:
        if place.thing == cursor.thing:
            return places[place.number + 1 :]
    return places[cursor.number :]


def _places(hunt: Hunt) -> Iterator[list[Place]]:
    seen: set[str] = set()
    for tier, found in enumerate(hunt.tiers()):
        by_thing: dict[str, list[Found]] = {}
        for one in found:
            if one.thing not in seen:
                by_thing.setdefault(one.thing, []).append(one)
        seen |= by_thing.keys()
        ordered = sorted([_place(tier, thing, texts) for thing, texts in by_thing.items()], key=_order)
        yield [replace(place, number=number) for number, place in enumerate(ordered)]


def _order(place: Place) -> tuple[float, int, str]:
    return place.score, -place.at, place.thing


def _place(tier: int, thing: str, texts: list[Found]) -> Place:
    best_first = sorted(texts, key=lambda found: (found.score, -found.at, -found.row))
    latest = max(found.at for found in texts)
    return Place(tier, best_first[0].score, latest, thing, tuple([found.row for found in best_first]))
