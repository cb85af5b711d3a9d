"""The store's answers as JSON: an author is a did:key, with the name beside it and the rest under `by`."""

from collections.abc import Mapping

import msgspec

from hedgerow_node.commands.operation import Json
from hedgerow_node.store.records import (
    CollectionEntry,
    FeedItem,
    Hit,
    Item,
    MessageView,
    Page,
    Person,
    PersonView,
    Statement,
    ThingView,
    TrailEntry,
    TrailView,
)

Shown = (
    ThingView
    | MessageView
    | Statement
    | FeedItem
    | Hit
    | Item
    | CollectionEntry
    | Person
    | TrailEntry
    | TrailView
)
Pages = Page[FeedItem] | Page[Hit] | Page[Item] | Page[CollectionEntry] | Page[Statement] | Page[TrailEntry]


def plain(value: Shown) -> Json:
    """A record of the store as JSON."""
    shown = _plain(msgspec.to_builtins(value))
    assert isinstance(shown, dict)
    return shown


def page(results: Pages) -> Json:
    """{results, next, hidden}; `next` is the cursor of the following page, or None."""
    return {
        "results": [plain(one) for one in results.results],
        "next": results.next,
        "hidden": msgspec.to_builtins(results.hidden),
    }


def plain_person(person: Person) -> Json:
    """{did, name, about, messages, …} of somebody in a list."""
    shown = plain(person)
    by = shown.pop("by")
    del shown["author"]
    assert isinstance(by, dict)
    return {**by, **shown}


def plain_view(view: PersonView) -> Json:
    """The same for a person's own page, with those whom they follow."""
    return {
        **plain_person(view.person),
        "profile": None if view.profile is None else plain(view.profile),
        "follows": [plain(one) for one in view.follows],
        "follows_people": msgspec.to_builtins(view.follows_people),
        "followed_by": msgspec.to_builtins(view.followed_by),
        "vouches": [plain(one) for one in view.vouches],
        "vouched_by": [plain(one) for one in view.vouched_by],
        "introductions": [plain(one) for one in view.introductions],
        "newer": view.newer,
        "listing": msgspec.to_builtins(view.listing),
    }


def _plain(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    shown = {name: _plain(one) for name, one in value.items()}
    return shown | _author(shown) | _authors(shown)


def _author(shown: Mapping[str, object]) -> Json:
    author = shown.get("author")
    if not isinstance(author, dict):
        return {}
    return {"author": author["did"], "name": author["name"], "by": author}


def _authors(shown: Mapping[str, object]) -> Json:
    """People are told by key; the names of those who made a resource are text and stay."""
    authors = shown.get("authors")
    is_statement = "kind" in shown  # an empty list of names does not show what it would hold
    if is_statement or not isinstance(authors, list) or not all(isinstance(one, dict) for one in authors):
        return {}
    return {"authors": [author["did"] for author in authors], "people": authors}
