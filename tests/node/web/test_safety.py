"""The pages on what is kept away: what each form does, what it says afterwards, and how it is taken back."""

import pytest

from hedgerow_node.app import App
from hedgerow_node.store.reports import Told
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import Label, Profile, Resource
from hedgerow_protocol.things import message_thing
from node.others import Other
from node.web.visiting import Answer, Visitor, thing_path

HERON = "https://example.org/heron"
WORDS = "words about herons"


@pytest.fixture
async def ben(app: App) -> Other:
    ben = Other(2)
    await ben.tell(app.node, Profile("Ben"), Resource(HERON, WORDS))
    return ben


@pytest.fixture
async def library(app: App) -> Other:
    library = Other(3)
    await library.tell(app.node, Profile("City library"), Label(HERON, "spam", "It sells herons"))
    return library


def said(answer: Answer) -> str:
    return answer.text("main")


async def test_a_thing_is_left_out_of_lists_and_listed_as_hidden_until_that_is_taken_back(
    visitor: Visitor, ben: Other
) -> None:
    answer = await visitor.post("/hide", {"thing": HERON})
    assert answer.path.startswith("/thing/")
    assert "Left out of your lists." in said(answer)
    assert "You leave this out of your lists." in said(answer)
    assert WORDS not in " ".join((await visitor.get("/look")).texts("p"))
    listed = await visitor.get("/hidden")
    assert "1 statement hidden" in said(listed)
    answer = await visitor.post("/unhide", {"thing": HERON, "back": "hidden"})
    assert answer.path.startswith("/hidden?")
    assert "You muted nobody and nothing." in said(answer)


async def test_who_is_muted_or_blocked_is_listed_and_let_go_from_there(visitor: Visitor, ben: Other) -> None:
    for act, undo, words in (
        ("mute", "unmute", "2 statements hidden"),
        ("block", "unblock", "2 messages kept away"),
    ):
        await visitor.post(f"/{act}", {"did": ben.did})
        listed = said(await visitor.get("/hidden"))
        assert "Ben" in listed
        assert (await visitor.get(thing_path(ben.did))).texts("h1") == ["Ben"]
        assert words in listed
        answer = await visitor.post(f"/{undo}", {"did": ben.did, "back": "hidden"})
        assert answer.path.startswith("/hidden?")
        assert words not in said(answer)


async def test_a_label_list_is_used_from_the_page_of_its_maker_and_explained_where_it_hides(
    visitor: Visitor, ben: Other, library: Other
) -> None:
    page = await visitor.get(thing_path(library.did))
    assert "Labels that they put on things" in said(page)
    answer = await visitor.post("/labels/use", {"did": library.did, "label": "spam", "effect": "warn"})
    assert answer.path.startswith("/hidden?")
    assert "warns of what has this label" in said(answer)
    assert "City library labels it “spam”: It sells herons" in said(await visitor.get("/look"))
    await visitor.post("/labels/use", {"did": library.did, "label": "spam", "effect": "hide"})
    looked = said(await visitor.get("/look"))
    assert WORDS not in looked
    assert "1 statement hidden: City library labels it “spam”: It sells herons" in looked
    assert "City library labels it “spam”" in said(await visitor.get(thing_path(HERON)))
    answer = await visitor.post("/labels/drop", {"did": library.did, "label": "spam"})
    assert "You use no label lists." in said(answer)
    assert WORDS in said(await visitor.get("/look"))


async def test_a_wrong_key_comes_back_with_what_was_typed(visitor: Visitor) -> None:
    answer = await visitor.post("/labels/use", {"did": "nobody", "label": "spam", "effect": "hide"})
    assert answer.status == 422
    assert "This names no person." in said(answer)
    assert any(one.attributes.get("value") == "nobody" for one in answer.elements)


async def test_a_report_without_a_seed_comes_back_with_its_words(visitor: Visitor, ben: Other) -> None:
    for thing in (HERON, ben.did):
        answer = await visitor.post("/report", {"thing": thing, "label": "spam", "reason": "It sells herons"})
        assert answer.status == 409
        assert "You are not connected to such a seed." in said(answer)
        assert "It sells herons" in said(answer)


async def test_something_is_taken_down_with_a_reason_listed_and_put_up_again(
    visitor: Visitor, ben: Other
) -> None:
    answer = await visitor.post("/takedown", {"target": HERON, "reason": "A court said so"})
    assert answer.path.startswith("/reports?")
    assert "Taken down. Its text is erased here" in said(answer)
    assert "A court said so" in said(answer)
    assert "You took this down: A court said so" in said(await visitor.get(thing_path(HERON)))
    assert "1 message kept away" in said(await visitor.get("/hidden"))
    answer = await visitor.post("/takedown/undo", {"target": HERON, "back": "hidden"})
    assert answer.path.startswith("/hidden?")
    assert "A court said so" not in said(answer)
    assert "undone" in said(await visitor.get("/reports"))


async def test_what_one_said_oneself_stays_and_the_page_says_so(visitor: Visitor, ben: Other) -> None:
    await visitor.post("/share", {"thing": HERON, "title": "Mine"})
    answer = await visitor.post("/takedown", {"target": HERON, "reason": "A court said so"})
    assert "You said something about it yourself" in said(answer)
    answer = await visitor.post("/takedown", {"target": "no thing", "reason": "why"})
    assert answer.status == 422
    assert any(one.attributes.get("value") == "no thing" for one in answer.elements)


async def test_reports_wait_until_they_are_settled(visitor: Visitor, app: App, ben: Other) -> None:
    told = Told(DeviceKey(bytes(32)), ben.author, HERON, "spam", "It sells <b>herons</b>")
    await app.node.store.reports.take(told, app.node.clock.now())
    answer = await visitor.get("/reports")
    assert "It sells <b>herons</b>" in said(answer)
    assert "Ben" in said(answer)
    (report,) = await app.node.store.reports.waiting(1)
    answer = await visitor.post("/reports/settle", {"number": str(report.row)})
    assert "No report waits." in said(answer)
    for wrong in (str(report.row), "x"):
        assert (await visitor.post("/reports/settle", {"number": wrong})).status >= 400


async def test_a_message_that_is_kept_away_says_why(visitor: Visitor, app: App, ben: Other) -> None:
    (message,) = await ben.tell(app.node, Resource(HERON + "/2", WORDS))
    await visitor.post("/takedown", {"target": message_thing(message.id), "reason": "A court said so"})
    page = said(await visitor.get(thing_path(message_thing(message.id))))
    assert "kept away" in page
    assert "it was taken down here: A court said so" in page
    assert "Its author withdrew it" not in page
