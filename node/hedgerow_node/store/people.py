"""People: who is known here, what they are called, and whom they follow."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from hedgerow_node.store import cursors
from hedgerow_node.store.cursors import Cursor, Number
from hedgerow_node.store.feed import distinct
from hedgerow_node.store.records import Author, Page, Person, PersonView, Rule, Statement
from hedgerow_node.store.rows import author_rows
from hedgerow_node.store.statements import statements_in
from hedgerow_node.store.viewpoint import YOU, Viewpoint, did_of, key_of, profiles_of
from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Kind, Profile

MAX_FOLLOWERS = 500
"""Followers that a page of a person lists."""
COUNT = "SELECT coalesce(sum(count), 0) FROM sums WHERE author = ?"
LAST = "SELECT max(at) FROM statements WHERE author = ?"
# The plus keeps SQLite from walking all that an author ever said in the order of time.
FOLLOWS = """
SELECT row FROM standing WHERE author = ? AND kind = ? AND slot IS NOT NULL ORDER BY +at DESC, row DESC
"""
FOLLOWERS = """
SELECT author FROM heads WHERE thing = (SELECT row FROM things WHERE thing = ?) AND kind = ?
ORDER BY at DESC LIMIT ?
"""
FOLLOWS_YOU = """
SELECT 1 FROM heads
WHERE author = ? AND kind = ? AND thing = (SELECT row FROM things WHERE thing = ?) AND slot IS NOT NULL
"""
VOUCHES = f"""
SELECT row, author FROM standing
WHERE thing = (SELECT row FROM things WHERE thing = :did) AND kind = {Kind.VOUCH:d} AND slot IS NOT NULL
ORDER BY at DESC LIMIT :limit
"""  # noqa: S608
INTRODUCTIONS = f"""
SELECT row, author FROM (
    SELECT row, author, at FROM heads
    WHERE thing = (SELECT row FROM things WHERE thing = :did) AND kind = {Kind.INTRODUCE:d}
    UNION SELECT row, author, at FROM heads
    WHERE other = (SELECT row FROM things WHERE thing = :did) AND kind = {Kind.INTRODUCE:d}
) ORDER BY at DESC LIMIT :limit
"""  # noqa: S608
KNOWN_KINDS = ", ".join(str(int(kind)) for kind in Kind)
NEWER = f"""
SELECT count(*) FROM messages WHERE author = ? AND kind NOT IN ({KNOWN_KINDS}) AND erased = 0
"""  # noqa: S608
PROFILE = "SELECT row FROM standing WHERE author = ? AND kind = ? AND slot IS NOT NULL"


class PersonCursor(Cursor, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After the person with this key, at this place of the order."""

    rank: Number
    row: Number
    key: bytes


def people_page(
    db: sqlite3.Connection, view: Viewpoint, cursor: PersonCursor | None, limit: int
) -> Page[Person]:
    """You, then those you follow, then all others, in the order in which they became known here."""
    rows = {AuthorKey(key): row for key, row in db.execute("SELECT key, row FROM authors")}
    ranks = {YOU: 0, "": 2}
    places = sorted(
        (ranks.get(view.relations.get(key, ""), 1), rows.get(key, limits.MAX_UINT), key)
        for key in rows.keys() | view.relations.keys()
    )
    if cursor is not None:
        places = [place for place in places if place > (cursor.rank, cursor.row, cursor.key)]
    shown = places[:limit]
    following = cursors.write(PersonCursor(*shown[-1])) if len(places) > limit else None
    profiles = profiles_of(db, [rows[key] for _, _, key in shown if key in rows])
    people = [_person(db, view, key, rows.get(key), profiles) for _, _, key in shown]
    return Page(tuple(people), following)


def count_people(db: sqlite3.Connection, view: Viewpoint) -> int:
    """How many others something is here of; machines are none."""
    rows = {row for (row,) in db.execute("SELECT DISTINCT author FROM sums")} - {view.my_row}
    return len(rows) - sum(profile.machine for profile in profiles_of(db, rows).values())


def view_person(db: sqlite3.Connection, view: Viewpoint, key: AuthorKey) -> PersonView | None:
    """A person of whom something is here, whom you follow, or of whom others speak as of a person."""
    row = author_rows(db, [key]).get(key)
    did = did_of(key)
    followers = _followers(db, view, did)
    vouched_by, introductions = _about(db, view, VOUCHES, did), _about(db, view, INTRODUCTIONS, did)
    if row is None and key not in view.relations and not (followers or vouched_by or introductions):
        return None
    profiles = profiles_of(db, [] if row is None else [row])
    follows = _statements(db, view, FOLLOWS, row, Kind.FOLLOW)
    profile = _statements(db, view, PROFILE, row, Kind.PROFILE)
    return PersonView(
        person=_person(db, view, key, row, profiles),
        profile=profile[0] if profile else None,
        follows=follows,
        follows_people=_named(db, view, [found for one in follows if (found := key_of(one.thing))]),
        followed_by=followers,
        vouches=_statements(db, view, FOLLOWS, row, Kind.VOUCH),
        vouched_by=vouched_by,
        introductions=introductions,
        newer=count_newer(db, row),
        listing=view.listing_of(db, did),
    )


def count_newer(db: sqlite3.Connection, row: int | None) -> int:
    """How many messages of the author in this row are of kinds that are not known here."""
    (count,) = db.execute(NEWER, [row]).fetchone()
    return int(count)


def names_of(db: sqlite3.Connection, view: Viewpoint, keys: Iterable[AuthorKey]) -> dict[AuthorKey, str]:
    """What each of these people is called: their name, or a short form of the key."""
    rows = author_rows(db, keys)
    profiles = profiles_of(db, rows.values())
    return {key: view.named(key, _profile(profiles, rows.get(key))).label for key in keys}


def _person(
    db: sqlite3.Connection,
    view: Viewpoint,
    key: AuthorKey,
    row: int | None,
    profiles: Mapping[int, Profile],
) -> Person:
    profile = _profile(profiles, row)
    author = view.named(key, profile)
    (messages,) = db.execute(COUNT, [row]).fetchone()
    (last,) = db.execute(LAST, [row]).fetchone()
    rule = view.rules.get(author.did)
    return Person(
        author=author,
        about=profile.about if profile else "",
        messages=messages,
        last=last,
        muted=rule is Rule.MUTED,
        blocked=rule is Rule.BLOCKED,
        follows_you=_follows_you(db, view, row),
    )


def _follows_you(db: sqlite3.Connection, view: Viewpoint, row: int | None) -> bool:
    if view.me is None or row is None:
        return False
    return db.execute(FOLLOWS_YOU, [row, Kind.FOLLOW, did_of(view.me)]).fetchone() is not None


def _profile(profiles: Mapping[int, Profile], row: int | None) -> Profile | None:
    return None if row is None else profiles.get(row)


def _statements(
    db: sqlite3.Connection, view: Viewpoint, sql: str, row: int | None, kind: Kind
) -> tuple[Statement, ...]:
    return tuple(statements_in(db, view, [found for (found,) in db.execute(sql, [row, kind])]))


def _about(db: sqlite3.Connection, view: Viewpoint, sql: str, did: str) -> tuple[Statement, ...]:
    found = db.execute(sql, {"did": did, "limit": MAX_FOLLOWERS})
    return tuple(statements_in(db, view, [row for row, author in found if author not in view.hidden_rows]))


def _followers(db: sqlite3.Connection, view: Viewpoint, did: str) -> tuple[Author, ...]:
    rows = [
        row
        for (row,) in db.execute(FOLLOWERS, [did, Kind.FOLLOW, MAX_FOLLOWERS])
        if row not in view.hidden_rows
    ]
    view.meet(db, rows)
    return distinct(view, [view.author(row) for row in rows])


def _named(db: sqlite3.Connection, view: Viewpoint, keys: Sequence[AuthorKey]) -> tuple[Author, ...]:
    rows = author_rows(db, keys)
    profiles = profiles_of(db, rows.values())
    return tuple([view.named(key, _profile(profiles, rows.get(key))) for key in keys])
