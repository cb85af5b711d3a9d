"""Feeds: things in the order in which people last spoke of them.

A feed walks statements from the newest back and shows a thing where its newest statement stands, but of one author
no more than a share of a page while others have something to say (`turns`). What a page holds follows from the cursor
alone: how far the pages before had come, and the highest row that the first page knew. A statement that comes later
neither pushes a thing onto a second page nor takes it off one; only what its author said anew stands on a new first
page.

Mutes and blocks leave statements out and count them; a thing is as new as the newest statement that is shown.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, merge
from itertools import islice
from typing import TypeAlias, assert_never

from hedgerow_node.store import cursors
from hedgerow_node.store.deeds import deed
from hedgerow_node.store.records import Author, FeedItem, Hidden, Page, Rule, Statement
from hedgerow_node.store.rows import author_rows
from hedgerow_node.store.statements import statements_in
from hedgerow_node.store.titles import title_of
from hedgerow_node.store.turns import FeedCursor, Place, Progress, Share
from hedgerow_node.store.viewpoint import Viewpoint, key_of
from hedgerow_protocol.kinds import Kind

SPOKEN = frozenset({Kind.RESOURCE, Kind.ENDORSE, Kind.CONNECT, Kind.COMMENT, Kind.TRAIL})
"""Kinds that speak of a thing. What is said of people has pages of its own, and checks and labels stand with the thing:
nobody is shown a thing because somebody warned of it."""
SHOWN = 3
"""Statements that stand below a thing in a feed."""
LOOKED_AT = 20
"""Its newest statements that are looked through for who spoke."""
PASSED_OVER = 1_200
"""Statements of those who have their share that are passed over to find others, which costs as much as the page
itself: two days of one who says as much as an author may."""
CURSORS_MERGED = 200
"""Authors up to whom each is read on its own and the rows are merged; reading everybody costs less above."""


@dataclass(frozen=True, slots=True)
class Everyone:
    """All statements."""


@dataclass(frozen=True, slots=True)
class Of:
    """The statements of the authors in these rows."""

    rows: frozenset[int]


@dataclass(frozen=True, slots=True)
class About:
    """The statements with the topic in this row."""

    topic: int


@dataclass(frozen=True, slots=True)
class Introduced:
    """The statements of people whom the owner does not follow, each known through one of those whom he follows.

    On a page what comes through one of them has a share, as an author has elsewhere, and no more where others have
    little: who fooled one friend of the owner gets so much, with however many false people.
    """

    through: Mapping[int, int]
    """The row of the introducer, by the row of the author."""


Scope: TypeAlias = Everyone | Of | About | Introduced


@dataclass(frozen=True, slots=True, order=True)
class Spoken:
    """A statement in the walk; ordered by time, then row."""

    at: int
    row: int
    thing: int
    author: int
    kind: int

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.at, self.row)


COLUMNS = "s.at, s.row, s.thing, s.author, s.kind"
BEFORE = "s.at <= :at AND (s.at < :at OR s.row < :row) AND s.row <= :top ORDER BY s.at DESC, s.row DESC"
OF_EVERYONE = f"SELECT {COLUMNS} FROM statements AS s WHERE {BEFORE}"  # noqa: S608
OF_AUTHOR = f"SELECT {COLUMNS} FROM statements AS s WHERE s.author = :author AND {BEFORE}"  # noqa: S608
ABOUT_TOPIC = f"""
SELECT {COLUMNS} FROM tagged AS g JOIN statements AS s ON s.row = g.text
WHERE g.topic = :topic AND g.at <= :at AND (g.at < :at OR g.text < :row) AND g.text <= :top
ORDER BY g.at DESC, g.text DESC
"""  # noqa: S608
OF_THING = f"SELECT {COLUMNS} FROM statements AS s WHERE s.thing = :thing AND {BEFORE}"  # noqa: S608
OF_THING_SINCE = f"""
SELECT {COLUMNS} FROM statements AS s
WHERE s.thing = :thing AND s.at >= :at AND (s.at > :at OR s.row > :row) AND s.row <= :top ORDER BY s.at, s.row
"""  # noqa: S608
SPOKEN_LIST = ", ".join(str(int(kind)) for kind in sorted(SPOKEN))
HIDDEN = f"""
SELECT count(*) FROM statements
WHERE author = ? AND at BETWEEN ? AND ? AND row <= ? AND kind IN ({SPOKEN_LIST})
"""  # noqa: S608


class Feed:
    """One page of a feed in the making: what is in scope and visible, seen from a viewpoint."""

    def __init__(
        self, db: sqlite3.Connection, view: Viewpoint, scope: Scope, cursor: FeedCursor | None
    ) -> None:
        self._db = db
        self._view = view
        self._scope = scope
        self._progress = Progress.at(cursor) if cursor else Progress()
        self._top = cursor.top if cursor else _top(db)
        self._skipped: Counter[tuple[str, Rule]] = Counter()

    def page(self, limit: int) -> Page[FeedItem]:
        """At most `limit` things, the latest first."""
        begin = self._progress.place.at
        places = self._take(limit, self._share(limit))
        is_bounded = isinstance(self._scope, Introduced)
        if len(places) < limit and not is_bounded:
            places += self._take(limit - len(places), None)
        has_more = (is_bounded or len(places) == limit) and next(self._places(None), None) is not None
        following = cursors.write(self._progress.cursor(self._top)) if has_more else None
        items = tuple([self._item(place) for place in sorted(places, reverse=True)])
        return Page(items, following, self._hidden(self._progress.place.at if has_more else 0, begin))

    def _share(self, limit: int) -> Share | None:
        is_of_one = isinstance(self._scope, Of) and len(self._scope.rows) == 1
        return None if is_of_one else Share(limit)

    def _take(self, most: int, share: Share | None) -> list[Spoken]:
        taken = list(islice(self._places(share), most))
        if taken:
            stopped = {
                self._voice(one): one.place
                for one in taken
                if share is not None and share.is_full(self._voice(one))
            }
            self._progress = self._progress.after(taken[-1].place, stopped)
        return taken

    def _places(self, share: Share | None) -> Iterator[Spoken]:
        seen: set[int] = set()
        for spoken in self._left(share):
            if spoken.thing in seen or not self._is_shown(spoken):
                continue
            seen.add(spoken.thing)
            if self._is_newest(spoken) and not self._is_hidden_thing(spoken.thing):
                if share is not None:
                    share.take(self._voice(spoken))
                yield spoken

    def _left(self, share: Share | None) -> Iterator[Spoken]:
        """What was not looked at before, without those who have their share."""
        passed_over = 0
        for spoken in self._walk(share):
            if self._progress.is_past(self._voice(spoken), spoken.place):
                continue
            if share is None or not share.is_full(self._voice(spoken)):
                yield spoken
            elif (passed_over := passed_over + 1) == PASSED_OVER:
                return

    def _voice(self, spoken: Spoken) -> int:
        """Whose share of a page it takes: the author's, or of whoever introduces the author."""
        return self._voice_of(spoken.author)

    def _voice_of(self, author: int) -> int:
        return self._scope.through.get(author, author) if isinstance(self._scope, Introduced) else author

    def _walk(self, share: Share | None) -> Iterator[Spoken]:
        match self._scope:
            case Everyone():
                return self._select(OF_EVERYONE)
            case Of(rows) if len(rows) <= CURSORS_MERGED:
                walks = [self._select(OF_AUTHOR, author=row) for row in sorted(rows)]
                return merge(*walks, reverse=True)
            case Of(rows):
                return (spoken for spoken in self._select(OF_EVERYONE) if spoken.author in rows)
            case About(topic):
                return self._select(ABOUT_TOPIC, topic=topic)
            case Introduced(through):
                return self._merged(through, share)
            case _ as never:
                assert_never(never)

    def _merged(self, authors: Iterable[int], share: Share | None) -> Iterator[Spoken]:
        """Each author on their own, until whoever introduces them has their share: a flood is not even walked over."""
        walks = [self._select(OF_AUTHOR, author=row) for row in sorted(authors)]
        heap = [(_latest_first(one), one, walk) for walk in walks if (one := next(walk, None)) is not None]
        heapify(heap)
        while heap:
            _, spoken, walk = heappop(heap)
            if share is not None and share.is_full(self._voice(spoken)):
                continue
            yield spoken
            if (following := next(walk, None)) is not None:
                heappush(heap, (_latest_first(following), following, walk))

    def _select(self, sql: str, **values: int) -> Iterator[Spoken]:
        at, row = self._progress.highest
        place = {"at": at, "row": row, "top": self._top}
        return (Spoken(*found) for found in self._db.execute(sql, place | values))

    def _is_shown(self, spoken: Spoken) -> bool:
        return (
            spoken.kind in SPOKEN
            and spoken.author not in self._view.hidden_rows
            and self._is_in_scope(spoken)
            and is_standing(self._db, spoken.row)
        )

    def _is_in_scope(self, spoken: Spoken) -> bool:
        match self._scope:
            case Everyone():
                return True
            case Of(rows):
                return spoken.author in rows
            case Introduced(through):
                return spoken.author in through
            case About(topic):
                find = "SELECT 1 FROM tagged WHERE topic = ? AND at = ? AND text = ?"
                return self._db.execute(find, [topic, spoken.at, spoken.row]).fetchone() is not None
            case _ as never:
                assert_never(never)

    def _is_newest(self, spoken: Spoken) -> bool:
        later = self._select(OF_THING_SINCE, thing=spoken.thing, at=spoken.at, row=spoken.row)
        return not any(self._is_shown(other) for other in later)

    def _is_hidden_thing(self, row: int) -> bool:
        if not self._view.rules and not self._view.listed:
            return False
        thing = thing_in(self._db, row)
        rule = self._view.rule_on(self._db, thing)
        if rule is not None:
            # It has one place, and that may be looked at more than once.
            self._skipped[thing, rule] = 1
        return rule is not None

    def _item(self, place: Spoken) -> FeedItem:
        thing = thing_in(self._db, place.thing)
        rows = self._shown_rows(place)
        spoken = statements_in(self._db, self._view, rows)
        shown = tuple(spoken[:SHOWN])
        return FeedItem(
            thing=thing,
            title=title_of(self._db, self._view, thing),
            at=place.at,
            why=tuple([self._deed(statement) for statement in shown]),
            authors=distinct(self._view, [statement.author for statement in spoken]),
            statements=shown,
            saved=is_saved(self._db, thing),
            listing=self._view.listing_of(self._db, thing),
        )

    def _shown_rows(self, place: Spoken) -> list[int]:
        # From the place itself on: what came after the first page would say more than the page before knew.
        older = self._select(OF_THING, thing=place.thing, at=place.at, row=place.row + 1)
        looked_at = (spoken for _, spoken in zip(range(LOOKED_AT), older, strict=False))
        return [spoken.row for spoken in looked_at if self._is_shown(spoken)]

    def _deed(self, statement: Statement) -> str:
        end = "" if statement.to is None else title_of(self._db, self._view, statement.to)
        return self._route(statement) + deed(statement, end)

    def _route(self, statement: Statement) -> str:
        """Through whom the owner knows of somebody whom he does not follow, at the beginning of a sentence."""
        key = key_of(statement.author.did)
        if not isinstance(self._scope, Introduced) or key is None:
            return ""
        introducer = self._scope.through[author_rows(self._db, [key])[key]]
        self._view.meet(self._db, [introducer])
        return f"Through {self._view.author(introducer).label}: "

    def _hidden(self, since: int, until: int) -> tuple[Hidden, ...]:
        for row, rule in self._view.hidden_rows.items():
            (count,) = self._db.execute(HIDDEN, [row, since, until, self._top]).fetchone()
            if count and self._may_hold(row):
                self._view.meet(self._db, [row])
                self._skipped[self._view.author(row).did, rule] += count
        return self._view.hidden(self._db, self._skipped)

    def _may_hold(self, author: int) -> bool:
        match self._scope:
            case Everyone():
                return True
            case Of(rows):
                return author in rows
            case Introduced(through):
                return author in through
            case About():
                return False
            case _ as never:
                assert_never(never)


def _latest_first(spoken: Spoken) -> tuple[int, int]:
    return -spoken.at, -spoken.row


def is_standing(db: sqlite3.Connection, row: int) -> bool:
    """Whether the statement in this row is a current one."""
    return db.execute("SELECT 1 FROM standing WHERE row = ?", [row]).fetchone() is not None


def thing_in(db: sqlite3.Connection, row: int) -> str:
    """The thing in this row, which exists."""
    (thing,) = db.execute("SELECT thing FROM things WHERE row = ?", [row]).fetchone()
    return str(thing)


def is_saved(db: sqlite3.Connection, thing: str) -> bool:
    """Whether a thing is in the private library."""
    return db.execute("SELECT 1 FROM library WHERE thing = ?", [thing]).fetchone() is not None


def distinct(view: Viewpoint, authors: Iterable[Author]) -> tuple[Author, ...]:
    """Each author once: you, then those you follow, then others, else in the order given."""
    return tuple(sorted(dict.fromkeys(authors), key=view.rank))


def _top(db: sqlite3.Connection) -> int:
    (top,) = db.execute("SELECT coalesce(max(row), 0) FROM statements").fetchone()
    return int(top)
