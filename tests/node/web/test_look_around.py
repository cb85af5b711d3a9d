"""Looking around in the library that comes with Hedgerow, which is nobody's until they take it."""

from urllib.parse import quote

import pytest

from hedgerow_node.app import App
from hedgerow_node.exchange import bundled
from node.web.visiting import Answer, Visitor, thing_path

HINDAWI = "https://www.hindawi.org/books/"


async def _find(visitor: Visitor, words: str) -> list[str]:
    return (await visitor.get(f"/search?q={quote(words)}")).links()


def _links_out(answer: Answer) -> list[str]:
    return [one for one in answer.links() if one.startswith("http")]


async def test_a_newcomer_who_looks_around_finds_the_library_that_came_with_hedgerow(
    visitor: Visitor,
) -> None:
    answer = await visitor.get("/look")
    assert "came with Hedgerow" in answer.text()
    assert {thing_path(thing).replace("%3A", ":") for thing in bundled.links()} <= set(answer.links())
    (entry,) = [one for one in answer.elements if one.tag == "li" and "هنداوي" in one.text]
    assert entry.attributes["lang"] == "ar"


async def test_looking_around_keeps_and_publishes_nothing(visitor: Visitor, app: App) -> None:
    store = app.node.store
    before = await store.messages.counts()
    await visitor.get("/look/library")
    await visitor.get(thing_path(HINDAWI))
    assert await store.messages.counts() == before
    assert (await store.views.collection(None, 1)).results == ()
    assert not [link for link in await _find(visitor, "hindawi") if link.startswith("/thing/")]


async def test_the_page_of_a_thing_says_that_its_description_is_the_bundled_one(visitor: Visitor) -> None:
    answer = await visitor.get(thing_path(HINDAWI))
    assert answer.texts("h1") == ["مؤسسة هنداوي"]
    assert "From the library that came with Hedgerow" in answer.text()
    assert HINDAWI in _links_out(answer)


async def test_a_thing_is_taken_from_it_with_its_description_and_stays_private(
    visitor: Visitor, app: App
) -> None:
    page = await visitor.get(thing_path(HINDAWI))
    form = next(one for one in page.elements if one.attributes.get("action") == "/save")
    start = page.elements.index(form) + 1
    sent = {
        one.attributes["name"]: one.attributes["value"]
        for one in page.elements[start : start + 5]
        if one.tag == "input"
    }
    answer = await visitor.post("/save", sent)
    assert "Only you can see it" in answer.text("div", "status")
    assert "From the library" not in answer.text()
    item = await app.node.store.library.item(HINDAWI)
    assert item is not None
    link = bundled.links()[HINDAWI]
    assert (item.title, item.summary, item.topics) == (link.title, link.summary, link.topics)
    assert (await app.node.store.messages.counts()).own == 1


async def test_all_of_it_is_taken_privately_found_by_search_and_taken_out_again(
    visitor: Visitor, app: App
) -> None:
    answer = await visitor.post("/look/library", {})
    assert answer.texts("h1") == [f"{len(bundled.links())} links are in your library"]
    assert (await app.node.store.messages.counts()).own == 1
    assert thing_path(HINDAWI).replace("%3A", ":") in await _find(visitor, "هنداوي")
    await visitor.post("/import/undo", {})
    assert await app.node.store.library.item(HINDAWI) is None


@pytest.mark.parametrize("path", ["/look?cursor=x", "/look?of=followed"])
async def test_the_bundled_library_does_not_stand_where_other_things_were_asked_for(
    visitor: Visitor, path: str
) -> None:
    assert "Put all of it" not in (await visitor.get(path)).html


async def test_once_people_have_spoken_the_bundled_library_is_one_link_away(visitor: Visitor) -> None:
    await visitor.post("/share", {"thing": "https://example.org/heron", "title": "Heron"})
    answer = await visitor.get("/look")
    assert "Put all of it" not in answer.html
    assert "/look/library" in answer.links()
    assert "Put all of it" in (await visitor.get("/look/library")).html
