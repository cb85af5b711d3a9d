"""People: those of whom something is known here, a page for each, and what one has to do with them."""

from aiohttp import web

from hedgerow_node.addresses import person_of
from hedgerow_node.commands.waiting import at_the_door
from hedgerow_node.config import MAX_PAGE, USUAL_PAGE
from hedgerow_node.problems import Problem
from hedgerow_node.store.records import FeedItem, Page, PersonView, State
from hedgerow_node.store.viewpoint import short_key
from hedgerow_node.web.filling import filled
from hedgerow_node.web.home import titles_in
from hedgerow_node.web.paths import PERSON, path_with, thing_in, thing_path
from hedgerow_node.web.visit import DONE, Handle, Refused, Visit
from hedgerow_protocol.keys import AuthorKey, did_of

HIDING = {"mute": "muted", "unmute": "unmuted", "block": "blocked", "unblock": "unblocked"}
OUTCOMES = {**HIDING, "follow": "followed", "unfollow": "unfollowed", "vouch": "vouched"}


async def show_people(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Everybody of whom something is known here."""
    found = await visit.node.store.views.people(visit.cursor, USUAL_PAGE)
    door, reach = await at_the_door(visit.node), await visit.do("reach", {})
    values = {
        "people": found.results,
        "next": found.next,
        "waiting": len(door.people),
        "left_out": reach["left_out"],
        "alone": visit.cursor is None and len(found.results) <= 1,
        "given": filled("follow", {}, refused),
    }
    return visit.page("people.html", values, refused)


async def show_person(visit: Visit) -> web.StreamResponse:
    """The page of the person in the path."""
    return await person_page(visit, person_of(thing_in(visit.request, PERSON)))


async def person_page(visit: Visit, author: AuthorKey, refused: Refused | None = None) -> web.StreamResponse:
    """The page of this person; with `refused` its form comes back."""
    view = await visit.node.store.views.person(author)
    feed = await visit.node.store.views.feed([author], visit.cursor, USUAL_PAGE)
    return visit.page("person.html", await _values(visit, author, view, feed, refused), refused)


async def _values(
    visit: Visit, author: AuthorKey, view: PersonView | None, feed: Page[FeedItem], refused: Refused | None
) -> dict[str, object]:
    did = did_of(author)
    views = visit.node.store.views
    about = await views.thing(did, MAX_PAGE)
    shown = view.person.author if view else None
    titles = await views.titles([one.thing for one in view.follows]) if view else {}
    known = [*view.vouches, *view.vouched_by, *view.introductions] if view else []
    is_private = author in await visit.node.store.library.private_follows()
    relation = shown.relation if shown else ("followed privately" if is_private else "")
    return {
        "did": did,
        "is_me": author == visit.node.author,
        "label": shown.label if shown else short_key(did),
        "relation": relation,
        "person": view.person if view else None,
        "fingerprint": await _fingerprint(visit, did) if view else None,
        "feed": feed.results,
        "titles": {**await titles_in(visit, feed.results), **await visit.titles(known)},
        "next": feed.next,
        "hidden": feed.hidden,
        "endorsements": [
            one
            for one in (about.statements if about else ())
            if one.kind == "endorse" and one.state != State.SUPERSEDED
        ],
        "follows": [(one, titles.get(one.thing, one.thing)) for one in view.follows] if view else [],
        "followed_by": view.followed_by if view else (),
        "given": filled("follow", {}, refused),
        "endorsing": filled("endorse", {}, refused),
        "labels": about.labels if about else (),
        "labelling": filled("label", {}, refused),
        "vouching": filled("vouch", {}, refused),
        "introducing": filled("introduce", {}, refused),
        "vouches": view.vouches if view else (),
        "vouched_by": view.vouched_by if view else (),
        "introductions": view.introductions if view else (),
        "newer": view.newer if view else 0,
        "listing": view.listing if view else None,
        "reporting": filled("report", {}, refused),
        "label_words": (await visit.do("labels of", {"did": did}))["words"],
    }


async def _fingerprint(visit: Visit, did: str) -> str:
    return str((await visit.do("person", {"did": did}))["fingerprint"])


async def follow(visit: Visit) -> web.StreamResponse:
    """Follow somebody, openly or not."""
    form = visit.form
    values = {"reason": form.text("reason"), "private": bool(form.given("private"))}
    return await _with_person(visit, "follow", values)


async def unfollow(visit: Visit) -> web.StreamResponse:
    """Follow somebody no longer."""
    return await _with_person(visit, "unfollow", {})


async def vouch(visit: Visit) -> web.StreamResponse:
    """Stand for somebody."""
    return await _with_person(visit, "vouch", {"reason": visit.form.text("reason")})


async def introduce(visit: Visit) -> web.StreamResponse:
    """Bring somebody together with somebody else."""
    form = visit.form
    did = form.text("did")
    try:
        values = {"one": did, "other": form.text("other"), "reason": form.text("reason")}
        answer = await visit.do("introduce", values)
    except Problem as problem:
        return await _again(visit, Refused("introduce", problem, form))
    return visit.go(thing_path(str(answer["one"]), **{DONE: "introduced"}))


def hiding(act: str) -> Handle:
    """The form for one of mute, unmute, block, unblock."""

    async def handle(visit: Visit) -> web.StreamResponse:
        return await _with_person(visit, act, {})

    return handle


async def _with_person(visit: Visit, act: str, values: dict[str, object]) -> web.StreamResponse:
    try:
        answer = await visit.do(act, {"did": visit.form.text("did"), **values})
    except Problem as problem:
        return await _again(visit, Refused(act, problem, visit.form))
    if visit.form.given("back") == "hidden":
        return visit.go(path_with("/hidden", **{DONE: OUTCOMES[act]}))
    # What can be published and was not stayed on this computer.
    outcome = OUTCOMES[act] + ("-privately" if answer.get("ids") == [] else "")
    return visit.go(thing_path(str(answer["did"]), **{DONE: outcome}))


async def _again(visit: Visit, refused: Refused) -> web.StreamResponse:
    try:
        author = person_of(refused.form.text("did"))
    except Problem:
        return await show_people(visit, refused)
    return await person_page(visit, author, refused)
