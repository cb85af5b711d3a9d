"""Where somebody begins and comes back to: the start, the home page, search, the collection, a look around."""

from collections.abc import Iterable

from aiohttp import web

from hedgerow_node.addresses import thing_of
from hedgerow_node.commands import words
from hedgerow_node.commands.nearness import further
from hedgerow_node.config import HOME_ENTRIES, USUAL_PAGE
from hedgerow_node.exchange import bundled
from hedgerow_node.exchange.items import ImportedLink
from hedgerow_node.problems import Problem
from hedgerow_node.store.records import FeedItem
from hedgerow_node.web.filling import filled
from hedgerow_node.web.guard import ENTERED
from hedgerow_node.web.language import _
from hedgerow_node.web.visit import Refused, Visit
from hedgerow_protocol.keys import AuthorKey

SCHEMES = ("http:", "https:", "doi:", "isbn:", "arxiv:", "did:key:", "hedgerow:", "topic:")
"""How an address begins that somebody may have typed where words were expected."""

FURTHER = "further"


async def show_start(visit: Visit) -> web.StreamResponse:
    """Three ways to begin; who comes back to something goes on to it."""
    if ENTERED in visit.request.query and await _has_begun(visit):
        return visit.go("/")
    return visit.page("start.html", {})


async def show_home(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Search, my collection, what the people say whom I follow."""
    views = visit.node.store.views
    mine = await views.collection(None, HOME_ENTRIES)
    follows = await _followed(visit)
    theirs = await views.feed(follows, None, HOME_ENTRIES) if follows else None
    return visit.page(
        "home.html",
        {
            "words_confirmed": not visit.node.keys.has_words,
            "entries": mine.results,
            "more_entries": mine.next is not None,
            "follows": follows,
            "feed": theirs.results if theirs else (),
            "titles": await titles_in(visit, theirs.results if theirs else ()),
            "feed_next": theirs.next if theirs else None,
            "hidden": theirs.hidden if theirs else (),
            "given": filled("save", {}, refused),
        },
        refused,
    )


async def show_search(visit: Visit) -> web.StreamResponse:
    """What fits the words."""
    query = words.line(visit.request.query.get("q", ""))
    found = await visit.node.store.search.find(query, visit.cursor, USUAL_PAGE) if query else None
    return visit.page(
        "search.html",
        {
            "query": query,
            "known_thing": _thing_meant(query),
            "hits": found.results if found else (),
            "next": found.next if found else None,
            "hidden": found.hidden if found else (),
        },
    )


async def show_collection(visit: Visit) -> web.StreamResponse:
    """Everything that I saved or shared."""
    found = await visit.node.store.views.collection(visit.cursor, USUAL_PAGE)
    folders = await visit.node.store.library.topics()
    return visit.page("collection.html", {"entries": found.results, "next": found.next, "folders": folders})


async def show_look(visit: Visit) -> web.StreamResponse:
    """Everything that is here, by topic and by time; or only what people said whom I follow."""
    if visit.request.query.get("of") == FURTHER:
        return await _show_further(visit)
    views = visit.node.store.views
    of_followed = visit.request.query.get("of") == "followed"
    found = await views.feed(await _followed(visit) if of_followed else None, visit.cursor, USUAL_PAGE)
    topics = [] if of_followed else await views.topics()
    if not (found.results or topics or found.hidden or of_followed or visit.cursor):
        return await show_library(visit)
    return visit.page(
        "look.html",
        {
            "heading": _("From people I follow") if of_followed else _("Look around"),
            "topics": topics,
            "items": found.results,
            "titles": await titles_in(visit, found.results),
            "next": found.next,
            "fields": {"of": "followed"} if of_followed else {},
            "hidden": found.hidden,
        },
    )


async def _show_further(visit: Visit) -> web.StreamResponse:
    """What people say to whom those lead whom I follow."""
    found = await visit.node.store.views.further(await further(visit.node), visit.cursor, USUAL_PAGE)
    return visit.page(
        "look.html",
        {
            "heading": _("A little further"),
            "topics": (),
            "items": found.results,
            "titles": await titles_in(visit, found.results),
            "next": found.next,
            "fields": {"of": FURTHER},
            "hidden": found.hidden,
        },
    )


async def show_library(visit: Visit) -> web.StreamResponse:
    """The small library that comes with Hedgerow, by subject; to look at it keeps and publishes nothing."""
    subjects: dict[str, list[tuple[str, ImportedLink, str]]] = {}
    for name, link in bundled.links().items():
        subjects.setdefault(link.topics[0], []).append((name, link, bundled.language_of(link)))
    return visit.page("library.html", {"subjects": subjects})


async def show_topic(visit: Visit) -> web.StreamResponse:
    """Everything that is here on a topic."""
    topic = words.line(visit.request.query.get("words", ""))
    found = await visit.node.store.views.topic(topic, visit.cursor, USUAL_PAGE)
    return visit.page(
        "look.html",
        {
            "heading": topic or _("Topic"),
            "topics": (),
            "items": found.results,
            "titles": await titles_in(visit, found.results),
            "next": found.next,
            "fields": {"words": topic},
            "hidden": found.hidden,
        },
    )


async def titles_in(visit: Visit, items: Iterable[FeedItem]) -> dict[str, str]:
    """What to call the things that a feed names beside its own."""
    return await visit.titles([one for item in items for one in item.statements])


async def _has_begun(visit: Visit) -> bool:
    return bool((await visit.node.store.views.collection(None, 1)).results or await _followed(visit))


async def _followed(visit: Visit) -> set[AuthorKey]:
    openly = await visit.node.store.views.follows(visit.node.author)
    return (openly | await visit.node.store.library.private_follows()) - {visit.node.author}


def _thing_meant(query: str) -> str | None:
    if not query.lower().startswith(SCHEMES) or " " in query:
        return None
    try:
        return thing_of(query)
    except Problem:
        return None
