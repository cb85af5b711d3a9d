"""That a page says what it is, what happened and what it needs, to whoever cannot look at all of it at once."""

import pytest

from hedgerow_node.app import App
from hedgerow_node.store.peers import KnownPeer
from node.web.visiting import Answer, Visitor, thing_path
from simulator.author import Author

HERON = "https://example.org/heron"


def _title(answer: Answer) -> str:
    return answer.text("title")


def _field(answer: Answer, identifier: str) -> dict[str, str]:
    (found,) = [one for one in answer.elements if one.attributes.get("id") == identifier]
    return found.attributes


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/save", {"thing": "a heron"}),
        ("/endorse", {"thing": HERON, "reason": ""}),
        ("/join", {"invite": "x"}),
        ("/follow", {"did": "x"}),
    ],
)
async def test_the_title_of_a_refused_form_begins_with_that(
    visitor: Visitor, path: str, fields: dict[str, str]
) -> None:
    answer = await visitor.post(path, fields)
    assert answer.status == 422
    assert _title(answer).startswith("Not done: ")
    assert not _title(await visitor.get("/")).startswith("Not done")


async def test_the_title_and_the_heading_of_ones_own_message_agree(visitor: Visitor) -> None:
    await visitor.post("/endorse", {"thing": HERON, "stance": "for", "reason": "It stands."})
    page = await visitor.get(thing_path(HERON))
    path = next(link for link in page.links() if link.startswith("/thing/hedgerow"))
    answer = await visitor.get(path)
    assert answer.texts("h1") == ["Your endorsement"]
    assert _title(answer) == "Your endorsement · Hedgerow"


async def test_nothing_corrects_or_sends_away_what_is_no_prose(visitor: Visitor) -> None:
    words = await visitor.get("/you/words")
    fields = [one.attributes for one in words.elements if one.attributes.get("name", "").startswith("word-")]
    fields += [
        _field(await visitor.get("/people"), "follow-did"),
        _field(await visitor.get("/join"), "join-invite"),
    ]
    assert len(fields) == 5
    assert all((one["spellcheck"], one["autocapitalize"]) == ("false", "none") for one in fields)
    assert "spellcheck" not in _field(await visitor.get("/you"), "profile-about")


async def test_a_peer_is_listed_with_its_state_in_words(visitor: Visitor, app: App) -> None:
    await app.node.store.peers.add(KnownPeer(Author(1).device, "ws://127.0.0.1:9/peer", last_linked=1.0))
    answer = await visitor.get("/you")
    (entry,) = [one for one in answer.texts("li") if "127.0.0.1:9" in one]
    assert "not called · last connected" in entry
    assert answer.texts("table") == []


async def test_a_file_with_nothing_new_says_so_before_and_after(visitor: Visitor) -> None:
    await visitor.post("/save", {"thing": HERON})
    preview = await visitor.upload("list.md", f"- [Heron]({HERON})\n".encode())
    assert "in your library already" in preview.text()
    done = await visitor.post(preview.path, {"topic": "", "share": ""})
    assert done.texts("h1") == ["Nothing in it was new"]
    assert "They are private" not in done.text()


async def test_what_is_shared_is_called_so_wherever_it_is_told(visitor: Visitor) -> None:
    await visitor.post("/share", {"thing": HERON, "title": "Heron"})
    assert "shared it" in (await visitor.get("/look")).text()
    assert "shared it" in (await visitor.get(thing_path(HERON))).text("article")


async def test_a_long_preview_keeps_its_button_near_and_folds_the_other_topics(visitor: Visitor) -> None:
    lines = [f"## Topic {number}\n\n- [{number}](https://example.org/{number})\n" for number in range(40)]
    preview = await visitor.upload("list.md", "\n".join(lines).encode())
    ticks = [one for one in preview.elements if one.attributes.get("name") == "topic"]
    assert (len(ticks), len([one for one in ticks if "details" not in one.within])) == (40, 12)
