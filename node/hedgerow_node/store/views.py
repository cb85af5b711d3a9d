"""Views: what the pages, the API and the command line show of the store, as its owner sees it.

Statements that stand are those neither superseded nor retracted; in each slot the one with the highest (ts, id) is
current, others are concurrent edits. Authors and reasons are kept together and never turned into a number.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from hedgerow_node.store import cursors
from hedgerow_node.store.collection import EntryCursor, collection_page, count_resources, topics_in_use
from hedgerow_node.store.cursors import TimeCursor
from hedgerow_node.store.database import Database
from hedgerow_node.store.feed import About, Everyone, Feed, Introduced, Of
from hedgerow_node.store.folding import sound
from hedgerow_node.store.heads import current_message, heads_of, own_statements, said_by
from hedgerow_node.store.hiding import HiddenHere, hidden_here
from hedgerow_node.store.histories import versions_of, view_message
from hedgerow_node.store.labelling import words_of
from hedgerow_node.store.people import PersonCursor, count_people, names_of, people_page, view_person
from hedgerow_node.store.records import (
    CollectionEntry,
    FeedItem,
    Head,
    MessageView,
    Page,
    Person,
    PersonView,
    Statement,
    ThingView,
    TrailEntry,
    TrailView,
    Version,
)
from hedgerow_node.store.rows import author_rows
from hedgerow_node.store.thing_views import statements_on, view_thing
from hedgerow_node.store.titles import titles_of
from hedgerow_node.store.trails import trails_page, view_trail
from hedgerow_node.store.turns import FeedCursor
from hedgerow_node.store.viewpoint import followed_by, load
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import fold_topic


class Views:
    """Questions about what is stored.

    Cursors come from the page before; a wrong one raises `Problem`. Limits are at least 1.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.me: AuthorKey | None = None
        """The owner, from whose place all is seen; None: the author of the latest message signed here."""

    async def thing(self, thing: str, limit: int = 100) -> ThingView | None:
        """All that is known here of a thing, with its newest statements; None when nobody here names it."""
        name = sound(thing)
        return await self._database.read(lambda db: view_thing(db, load(db, self.me), name, limit))

    async def statements(self, thing: str, cursor: str | None = None, limit: int = 100) -> Page[Statement]:
        """What was said about a thing, newest first, superseded versions too."""
        name, place = sound(thing), cursors.read(cursor, TimeCursor)
        return await self._database.read(lambda db: statements_on(db, load(db, self.me), name, place, limit))

    async def message(self, identifier: MessageId) -> MessageView | None:
        """A message of which at least the header is held."""
        return await self._database.read(lambda db: view_message(db, load(db, self.me), identifier))

    async def history(self, identifier: MessageId) -> tuple[Version, ...]:
        """The versions of what a message says, earlier and later, newest first; those not here last."""
        return await self._database.read(lambda db: versions_of(db, load(db, self.me), identifier))

    async def feed(
        self, authors: Collection[AuthorKey] | None = None, cursor: str | None = None, limit: int = 30
    ) -> Page[FeedItem]:
        """Things of which these authors (None: all) spoke, the latest first; who is muted or blocked is left out.

        While others have something to say, nobody has more than a fifth of a page.
        """
        place = cursors.read(cursor, FeedCursor)

        def work(db: sqlite3.Connection) -> Page[FeedItem]:
            rows = None if authors is None else frozenset(author_rows(db, authors).values())
            scope = Everyone() if rows is None else Of(rows)
            return Feed(db, load(db, self.me), scope, place).page(limit)

        return await self._database.read(work)

    async def further(
        self, through: Mapping[AuthorKey, AuthorKey], cursor: str | None = None, limit: int = 30
    ) -> Page[FeedItem]:
        """Things of which people spoke whom the owner does not follow, the latest first.

        `through` names for each of them whom the owner follows and knows them by: nobody of these, with all whom they
        lead to, has more than a fifth of a page.
        """
        place = cursors.read(cursor, FeedCursor)

        def work(db: sqlite3.Connection) -> Page[FeedItem]:
            rows = author_rows(db, {*through, *through.values()})
            known = {rows[one]: rows[by] for one, by in through.items() if one in rows and by in rows}
            return Feed(db, load(db, self.me), Introduced(known), place).page(limit)

        return await self._database.read(work)

    async def topic(self, words: str, cursor: str | None = None, limit: int = 30) -> Page[FeedItem]:
        """Things of which statements with this topic speak, in any spelling of it, the latest first."""
        place, folded = cursors.read(cursor, FeedCursor), fold_topic(sound(words))

        def work(db: sqlite3.Connection) -> Page[FeedItem]:
            found = db.execute("SELECT row FROM topics WHERE words = ?", [folded]).fetchone()
            return (
                Page(()) if found is None else Feed(db, load(db, self.me), About(found[0]), place).page(limit)
            )

        return await self._database.read(work)

    async def topics(self, prefix: str = "", limit: int = 100) -> tuple[tuple[str, int], ...]:
        """Topics in use that begin so, folded, those in most use first, with how many texts have them."""
        return await self._database.read(lambda db: topics_in_use(db, sound(prefix), limit))

    async def collection(self, cursor: str | None = None, limit: int = 50) -> Page[CollectionEntry]:
        """What the owner saved or shared, the latest first, each thing once."""
        place = cursors.read(cursor, EntryCursor)
        return await self._database.read(lambda db: collection_page(db, load(db, self.me), place, limit))

    async def resources(self) -> int:
        """How many things somebody here describes, or the owner keeps. Reads all statements."""
        return await self._database.read(count_resources)

    async def trails(
        self, authors: Collection[AuthorKey] | None = None, cursor: str | None = None, limit: int = 30
    ) -> Page[TrailEntry]:
        """Trails of these authors (None: of everybody) as they stand, the latest first."""
        place = cursors.read(cursor, TimeCursor)

        def work(db: sqlite3.Connection) -> Page[TrailEntry]:
            rows = None if authors is None else author_rows(db, authors).values()
            return trails_page(db, load(db, self.me), rows, place, limit)

        return await self._database.read(work)

    async def trail(self, identifier: MessageId) -> TrailView | None:
        """The trail in this message; None when that is no trail, or its text is not here."""
        return await self._database.read(lambda db: view_trail(db, load(db, self.me), identifier))

    async def people(self, cursor: str | None = None, limit: int = 100) -> Page[Person]:
        """The owner, then those followed, then everybody else of whom something is here."""
        place = cursors.read(cursor, PersonCursor)
        return await self._database.read(lambda db: people_page(db, load(db, self.me), place, limit))

    async def count_people(self) -> int:
        """How many other people something is here of; machines are not counted."""
        return await self._database.read(lambda db: count_people(db, load(db, self.me)))

    async def person(self, author: AuthorKey) -> PersonView | None:
        """A person of whom something is here, or whom somebody here follows."""
        return await self._database.read(lambda db: view_person(db, load(db, self.me), author))

    async def follows(self, author: AuthorKey) -> set[AuthorKey]:
        """Whom an author follows in public."""
        return await self._database.read(lambda db: followed_by(db, author))

    async def current(self, author: AuthorKey, kind: int, slot: str) -> Message | None:
        """What stands in a slot, or None."""
        return await self._database.read(lambda db: current_message(db, author, kind, sound(slot)))

    async def heads(self, author: AuthorKey, kind: int, slots: Sequence[str]) -> dict[str, list[Head]]:
        """What a new version in each of these slots has to replace, newest first; slots without any are left out."""
        return await self._database.read(lambda db: heads_of(db, author, kind, slots))

    async def own(self, author: AuthorKey, thing: str) -> tuple[Statement, ...]:
        """What an author says about a thing now, concurrent edits included, newest first."""
        name = sound(thing)
        return await self._database.read(lambda db: own_statements(db, load(db, self.me), author, name))

    async def said_by(self, author: AuthorKey, limit: int) -> tuple[Statement, ...]:
        """What an author says of things and stands by, newest first; what the owner muted too."""
        return await self._database.read(lambda db: said_by(db, load(db, self.me), author, limit))

    async def title(self, thing: str) -> str:
        """What a thing is called; at least its address."""
        return (await self.titles([thing]))[thing]

    async def titles(self, things: Iterable[str]) -> dict[str, str]:
        """What each of these things is called."""
        return await self._database.read(lambda db: titles_of(db, load(db, self.me), things))

    async def names(self, authors: Iterable[AuthorKey]) -> dict[AuthorKey, str]:
        """What each of these people is called."""
        keys = list(authors)
        return await self._database.read(lambda db: names_of(db, load(db, self.me), keys))

    async def words_of(self, author: AuthorKey) -> tuple[tuple[str, int], ...]:
        """The words that somebody uses as labels, and for how many of their newest labels."""
        return await self._database.read(lambda db: words_of(db, author))

    async def hidden(self) -> HiddenHere:
        """Everything that is hidden here, and by which rule."""
        return await self._database.read(lambda db: hidden_here(db, load(db, self.me)))
