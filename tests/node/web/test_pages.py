"""What the pages show and do, form by form."""

import asyncio

import pytest

from hedgerow_node.app import App
from hedgerow_node.config import SHORT_WAIT
from hedgerow_node.limiting import LIMITS
from hedgerow_node.web.works import Works
from hedgerow_protocol.kinds import Comment, Connect, Endorse, Profile, Relation, Resource, Role, Stance
from node.clocks import FakeClock
from node.others import Other
from node.web.visiting import Answer, Visitor, thing_path

HERON = "https://example.org/heron"
MILL = "https://example.org/mill"
BOOKMARKS = b"""# Shelf

## Rivers

- [One](https://example.org/1)
- [Two](https://example.org/2)
- [Two again](https://example.org/2)

## Birds

- [Three](https://example.org/3)
- [None](javascript:void)
"""


async def _thing(visitor: Visitor, thing: str = HERON) -> Answer:
    return await visitor.get(thing_path(thing))


def _value(answer: Answer, identifier: str) -> str:
    found = [one for one in answer.elements if one.attributes.get("id") == identifier]
    assert len(found) == 1, identifier
    return found[0].text.removeprefix("\n") if found[0].tag == "textarea" else found[0].attributes["value"]


# --- Beginning ---


async def test_a_newcomer_is_asked_nothing_and_offered_three_ways_to_begin(visitor: Visitor) -> None:
    answer = await visitor.get("/start?in")
    assert answer.texts("h1") == ["Where would you like to begin?"]
    assert len([one for one in answer.elements if one.tag == "h2"]) == 3
    assert answer.links()[0] == "/import"


async def test_who_comes_back_to_something_lands_on_the_home_page(visitor: Visitor) -> None:
    await visitor.post("/save", {"thing": HERON})
    answer = await visitor.get("/start?in")
    assert answer.path == "/"
    assert (await visitor.get("/start")).path == "/start"


async def test_an_empty_home_page_names_one_next_step_for_each_list(visitor: Visitor) -> None:
    answer = await visitor.get("/")
    assert answer.texts("h1") == ["What do you want to learn?"]
    buttons = [one.attributes["href"] for one in answer.elements if one.tag == "a" and "button" in one.names]
    assert len(buttons) == 2
    assert "/import" in buttons


async def test_every_limit_is_on_a_page_and_how_often_it_was_met(visitor: Visitor, app: App) -> None:
    assert "/you/limits" in (await visitor.get("/you")).links()
    app.network._driver.noting.hit("MAX_UNPROVEN")
    shown = (await visitor.get("/you/limits")).text()
    assert all(limit.name in shown and limit.then in shown for limit in LIMITS)
    assert "connections in their handshake: 64" in shown
    assert "times met: 1" in shown


async def test_the_home_page_reminds_of_the_words_until_they_are_confirmed(
    visitor: Visitor, app: App
) -> None:
    assert "/you/words" in (await visitor.get("/")).links()
    app.node.keys.confirm_words()
    assert "/you/words" not in (await visitor.get("/")).links()
    assert "no longer" in (await visitor.get("/you/words")).text()


@pytest.mark.parametrize(
    "path", ["/nowhere", "/work/abc", "/import/abc", "/thing/", "/people/ana", "/people/did:key:z"]
)
async def test_a_page_that_does_not_exist_says_what_to_do(visitor: Visitor, path: str) -> None:
    answer = await visitor.get(path)
    assert 400 <= answer.status < 500
    assert "HG-" in answer.text()
    assert len(answer.texts("h1")) == 1


# --- One's own library ---


async def test_saving_keeps_a_thing_to_oneself_and_says_so(visitor: Visitor, app: App) -> None:
    fields = {"thing": "example.org/heron", "title": "Heron", "topics": "birds، rivers, birds\nmills"}
    answer = await visitor.post("/save", fields)
    assert answer.path == "/thing/https:%2F%2Fexample.org%2Fheron?done=saved"
    assert "Only you can see it" in answer.text("div", "status")
    assert answer.texts("h1") == ["Heron"]
    item = await app.node.store.library.item(HERON)
    assert item is not None
    assert item.topics == ("birds", "rivers", "mills")
    assert (await app.node.store.messages.counts()).own == 1


async def test_an_address_that_is_none_comes_back_to_the_page_it_was_typed_on(visitor: Visitor) -> None:
    answer = await visitor.post("/save", {"thing": "a heron"})
    assert answer.status == 422
    assert "HG-T1" in answer.text("div", "alert")
    assert _value(answer, "home-thing") == "a heron"


async def test_a_thing_is_taken_out_of_the_library(visitor: Visitor, app: App) -> None:
    await visitor.post("/save", {"thing": HERON})
    answer = await visitor.post("/remove", {"thing": HERON})
    assert "Taken out of your library" in answer.text()
    assert await app.node.store.library.item(HERON) is None
    assert "HG-L1" in (await visitor.post("/remove", {"thing": HERON})).text("div", "alert")


async def test_a_note_is_kept_word_for_word_and_removed_when_emptied(visitor: Visitor) -> None:
    answer = await visitor.post("/note", {"thing": HERON, "text": "\r\nOne\r\n  two"})
    assert _value(answer, "note-text") == "One\n  two"
    answer = await visitor.post("/note", {"thing": HERON, "text": " "})
    assert "Your note is gone" in answer.text("div", "status")
    assert _value(answer, "note-text") == ""


# --- Saying something ---


async def test_sharing_publishes_the_description_and_says_who_receives_it(visitor: Visitor, app: App) -> None:
    fields = {"thing": HERON, "title": "The heron", "summary": "Stands.", "topics": "birds", "language": "en"}
    fields |= {"teaches": "patience, sight", "minutes": "12", "authors": "A. Gray"}
    answer = await visitor.post("/share", fields)
    assert "Copied to other people's computers" in answer.text("div", "status")
    (said,) = await app.node.store.views.own(app.node.author, HERON)
    assert (said.title, said.summary, said.topics, said.minutes) == ("The heron", "Stands.", ("birds",), 12)
    assert (said.teaches, said.authors) == (("patience", "sight"), ("A. Gray",))
    assert _value(answer, "share-title") == "The heron"
    assert _value(answer, "share-teaches") == "patience, sight"


async def test_what_is_private_is_shared_as_it_is_with_one_button(visitor: Visitor, app: App) -> None:
    answer = await visitor.post(
        "/save", {"thing": HERON, "title": "Heron", "summary": "Stands.", "topics": "birds"}
    )
    assert "Copied to other people's computers" in answer.text()
    await visitor.post("/share", {"thing": HERON, "as-saved": "1"})
    (said,) = await app.node.store.views.own(app.node.author, HERON)
    assert (said.title, said.summary, said.topics) == ("Heron", "Stands.", ("birds",))


async def test_minutes_that_are_no_number_come_back_with_the_rest_of_the_form(visitor: Visitor) -> None:
    answer = await visitor.post("/share", {"thing": HERON, "title": "Heron", "minutes": "a while"})
    assert answer.status == 422
    assert _value(answer, "share-title") == "Heron"
    assert _value(answer, "share-minutes") == "a while"


async def test_everything_on_a_topic_is_shared_at_once(visitor: Visitor, app: App) -> None:
    for number in range(3):
        await visitor.post("/save", {"thing": f"{HERON}/{number}", "title": "x", "topics": "birds"})
    await visitor.post("/save", {"thing": MILL, "title": "Mill", "topics": "mills"})
    answer = await visitor.post("/share", {"topic": "birds"})
    assert answer.texts("h1") == ["3 things are shared"]
    assert await app.node.store.views.own(app.node.author, MILL) == ()


async def test_an_endorsement_shows_stance_reason_and_for_whom(visitor: Visitor) -> None:
    fields = {
        "thing": HERON,
        "stance": "against",
        "reason": "It is a crane.",
        "level": "all",
        "audience": "children",
    }
    answer = await visitor.post("/endorse", fields)
    said = answer.text("article")
    for words in ("You", "did not help, or misled", "It is a crane.", "Level all", "For children"):
        assert words in said


async def test_an_endorsement_without_a_reason_is_refused_and_opened_again(visitor: Visitor) -> None:
    answer = await visitor.post(
        "/endorse", {"thing": HERON, "stance": "limits", "reason": "", "level": "all"}
    )
    assert answer.status == 422
    (form,) = [one for one in answer.elements if one.attributes.get("id") == "endorse"]
    assert "open" in form.attributes
    (chosen,) = [one for one in answer.elements if one.attributes.get("id") == "endorse-stance-limits"]
    assert "checked" in chosen.attributes
    assert _value(answer, "endorse-level") == "all"


@pytest.mark.parametrize(
    ("relation", "here", "there"),
    [
        ("needs-first", "Needs first", "Leads to"),
        ("leads-to", "Leads to", "Needs first"),
        ("explains", "Goes with", "Goes with"),
        ("opposes", "On the other hand", "On the other hand"),
        ("limits", "On the other hand", "On the other hand"),
    ],
)
async def test_a_connection_stands_on_both_pages_where_it_belongs(
    visitor: Visitor, relation: str, here: str, there: str
) -> None:
    await visitor.post("/connect", {"thing": HERON, "relation": relation, "to": MILL, "reason": "The water."})
    assert (await _thing(visitor, HERON)).texts("h3") == [here]
    assert (await _thing(visitor, MILL)).texts("h3") == [there]


async def test_a_change_keeps_the_earlier_version_visible(visitor: Visitor) -> None:
    answer = await visitor.post("/endorse", {"thing": HERON, "stance": "for", "reason": "First words."})
    (path,) = [link for link in answer.links() if link.startswith("/thing/hedgerow:")]
    message = path.removeprefix("/thing/")
    assert _value(await visitor.get(path), "edit-reason") == "First words."
    changed = await visitor.post("/edit", {"message": message, "kind": "endorse", "reason": "Second words."})
    assert changed.path.startswith("/thing/hedgerow:")
    assert "Second words." in changed.text()
    assert "First words." in changed.text()
    thing = await _thing(visitor)
    assert "1 earlier version" in thing.texts("summary")
    assert "earlier version" in (await visitor.get(path)).text("span", "tag")


async def test_a_change_that_is_refused_comes_back(visitor: Visitor) -> None:
    answer = await visitor.post("/comment", {"thing": HERON, "role": "comment", "text": "Words."})
    message = answer.links()[-2 if answer.links()[-1].startswith("#") else -1].removeprefix("/thing/")
    answer = await visitor.post(
        "/edit", {"message": message, "kind": "comment", "text": "", "role": "question"}
    )
    assert answer.status == 422
    assert _value(answer, "edit-text") == ""


async def test_withdrawing_takes_the_text_from_every_page(visitor: Visitor) -> None:
    answer = await visitor.post("/endorse", {"thing": HERON, "stance": "for", "reason": "Zyxomancy."})
    (path,) = [link for link in answer.links() if link.startswith("/thing/hedgerow:")]
    message = path.removeprefix("/thing/")
    answer = await visitor.post("/retract", {"message": message, "reason": "mistake", "back": HERON})
    assert "Honest nodes erase the text" in answer.text("div", "status")
    for page in (path, thing_path(HERON), "/search?q=zyxomancy", "/look", "/"):
        shown = await visitor.get(page)
        assert "Zyxomancy." not in shown.html
    assert "withdrew it" in (await visitor.get(path)).text()
    assert (await visitor.post("/retract", {"message": message, "reason": "mistake"})).status == 410


async def test_nobody_changes_or_withdraws_what_others_said(visitor: Visitor, app: App) -> None:
    (message,) = await Other(1).tell(app.node, Comment(HERON, Role.COMMENT, "Mine."))
    (statement,) = (await app.node.store.views.statements(HERON)).results
    page = await visitor.get(thing_path(statement.id))
    assert [one for one in page.elements if one.attributes.get("action") in ("/edit", "/retract")] == []
    for path in ("/edit", "/retract"):
        answer = await visitor.post(path, {"message": statement.id, "kind": "comment", "text": "Not mine."})
        assert answer.status == 403
    assert await app.node.store.messages.known([message.id])


async def test_versions_written_at_the_same_time_are_all_shown(visitor: Visitor, app: App) -> None:
    other = Other(1)
    first = other.say(Endorse(HERON, Stance.FOR, reason="On the laptop."), ts=1_790_000_000)
    second = other.say(Endorse(HERON, Stance.FOR, reason="On the phone."), ts=1_790_000_001)
    await app.node.store.messages.put([other.inception, first, second], received=app.node.clock.now())
    shown = (await _thing(visitor)).texts("article")
    assert len(shown) == 2
    assert "written at the same time" in next(one for one in shown if "On the laptop." in one)


# --- What others say ---


async def test_a_thing_shows_who_says_what_and_why(visitor: Visitor, app: App) -> None:
    other = Other(1)
    await other.tell(
        app.node,
        Profile("Ana"),
        Resource(HERON, "The heron", "Stands.", "en"),
        Endorse(HERON, Stance.LIMITS, "beginner", "", "Only in winter."),
        Connect(MILL, Relation.LEADS_TO, HERON, "Along the stream."),
        Comment(HERON, Role.QUESTION, "Does it fish?"),
    )
    answer = await _thing(visitor)
    text = answer.text()
    for words in (
        "Ana",
        "said that it helps within limits",
        "Only in winter.",
        "Along the stream.",
        "asked",
        "Does it fish?",
    ):
        assert words in text
    assert f"/people/{other.did}" in answer.links()
    tongues = [one.attributes.get("lang") for one in answer.elements if one.tag == "blockquote"]
    assert "en" in tongues


async def test_what_was_hidden_is_counted_with_the_rule(visitor: Visitor, app: App) -> None:
    other = Other(1)
    await other.tell(app.node, Profile("Ben"), Comment(HERON, Role.COMMENT, "Loud words."))
    answer = await visitor.post("/mute", {"did": other.did})
    assert "Nobody else learns of it" in answer.text("div", "status")
    answer = await _thing(visitor)
    assert "Loud words." not in answer.html
    assert "you muted Ben" in answer.text()
    await visitor.post("/unmute", {"did": other.did})
    assert "Loud words." in (await _thing(visitor)).text()


async def test_somebody_is_followed_openly_privately_and_no_longer(visitor: Visitor, app: App) -> None:
    other = Other(1)
    await other.tell(app.node, Profile("Ana"))
    answer = await visitor.post("/follow", {"did": other.did, "reason": "She explains."})
    assert "Copied to other people's computers" in answer.text("div", "status")
    assert other.author in await app.node.store.views.follows(app.node.author)
    answer = await visitor.post("/unfollow", {"did": other.did})
    assert "The withdrawal goes to everyone" in answer.text("div", "status")
    answer = await visitor.post("/follow", {"did": other.did, "private": "1"})
    assert "Nobody else can see that" in answer.text("div", "status")
    assert await app.node.store.views.follows(app.node.author) == set()
    assert other.author in await app.node.store.library.private_follows()


@pytest.mark.parametrize("did", ["", "ana", "did:key:z6Mk", "did:web:example.org"])
async def test_a_key_that_is_none_comes_back(visitor: Visitor, did: str) -> None:
    answer = await visitor.post("/follow", {"did": did, "reason": "Why not"})
    assert answer.status == 422
    assert _value(answer, "follow-did") == did
    assert _value(answer, "follow-reason") == "Why not"


async def test_a_person_is_endorsed_for_a_topic(visitor: Visitor, app: App) -> None:
    other = Other(1)
    await other.tell(app.node, Profile("Ana"))
    fields = {"thing": other.did, "stance": "for", "topic": "statistics", "reason": "Patient."}
    answer = await visitor.post("/endorse", fields)
    assert answer.path.startswith(f"/people/{other.did}")
    assert "endorsed them for statistics" in answer.text()


async def test_everybody_known_here_is_listed_page_by_page(visitor: Visitor, app: App) -> None:
    for seed in range(30):
        await Other(seed).tell(app.node, Profile(f"Person {seed}"))
    first = await visitor.get("/people")
    (further,) = [link for link in first.links() if "cursor=" in link]
    names = first.text() + (await visitor.get(further)).text()
    assert all(f"Person {seed}" in names for seed in range(30))


# --- Files ---


async def _preview(visitor: Visitor) -> Answer:
    return await visitor.upload("shelf.md", BOOKMARKS)


async def test_a_file_is_looked_at_before_anything_is_saved(visitor: Visitor, app: App) -> None:
    answer = await _preview(visitor)
    text = answer.text()
    for words in ("New for you 3", "twice in the file 1", "Rivers 3", "Birds 1", "bookmarklet"):
        assert words in text
    assert (await app.node.store.library.items()).results == ()


async def test_only_ticked_topics_come_in_and_they_are_private(visitor: Visitor, app: App) -> None:
    path = (await _preview(visitor)).path
    answer = await visitor.post(path, {"topic": ("Shelf", "Rivers"), "share": ""})
    assert answer.texts("h1") == ["2 links are in your library"]
    assert (await app.node.store.messages.counts()).own == 1
    assert (await visitor.get(path)).status == 410
    answer = await visitor.post("/import/undo", {})
    assert "The import is undone" in answer.text("div", "status")
    assert (await app.node.store.library.items()).results == ()


async def test_a_file_is_shared_only_when_that_is_chosen(visitor: Visitor, app: App) -> None:
    path = (await _preview(visitor)).path
    answer = await visitor.post(path, {"topic": ("Shelf", "Rivers", "Birds"), "share": "1"})
    assert answer.texts("h1") == ["3 links are shared"]
    assert (await app.node.store.messages.counts()).own == 4


async def test_a_file_that_is_none_comes_back_with_the_reason(visitor: Visitor) -> None:
    answer = await visitor.upload("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(200))
    assert "HG-X1" in answer.text("div", "alert")
    assert "no file was chosen" in (await visitor.post("/import", {})).text("div", "alert")


async def test_with_nothing_ticked_nothing_is_done(visitor: Visitor) -> None:
    path = (await _preview(visitor)).path
    answer = await visitor.post(path, {"share": "1"})
    assert "no topic is ticked" in answer.text("div", "alert")
    assert answer.texts("h1") == ["What is in the file"]


async def test_another_browser_does_not_see_the_file(visitor: Visitor, stranger: Visitor, app: App) -> None:
    path = (await _preview(visitor)).path
    await stranger.get(app.page_link().removeprefix(app.page))
    assert (await stranger.get(path)).status == 410


async def test_everything_is_downloaded_as_one_file(visitor: Visitor) -> None:
    await visitor.post("/save", {"thing": HERON, "title": "Heron"})
    answer = await visitor.get("/you/export")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="hedgerow-')
    assert '"thing":"https://example.org/heron"' in answer.html


# --- Long acts ---


async def test_a_long_act_shows_its_progress_until_it_is_over(clock: FakeClock) -> None:
    works, going = Works(clock), asyncio.Event()

    async def act(on_progress: object) -> dict[str, object]:
        assert callable(on_progress)
        on_progress(3, 10)
        await going.wait()
        return {"shared": 10}

    name = await works.start("share", act)
    work = works.find(name)
    assert work is not None
    assert (work.done, work.total, work.is_over) == (3, 10, False)
    going.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert work.result == {"shared": 10}


async def test_a_page_of_an_act_under_way_loads_itself_again(visitor: Visitor, app: App) -> None:
    text = "".join(f"- [{number}](https://example.org/{number})\n" for number in range(4_000))
    path = (await visitor.upload("many.md", text.encode())).path
    answer = await visitor.post(path, {"topic": "", "share": "1"})
    pages = [answer]
    while pages[-1].texts("h1") == ["Bringing links in"]:
        (bar,) = [one for one in pages[-1].elements if one.tag == "progress"]
        assert bar.attributes["aria-labelledby"] == "under-way"
        (refresh,) = [one for one in pages[-1].elements if one.attributes.get("http-equiv") == "refresh"]
        assert refresh.attributes["content"] == "1"
        await asyncio.sleep(SHORT_WAIT)
        pages.append(await visitor.get(answer.path))
    assert pages[-1].texts("h1") == ["4000 links are shared"]
    assert [one for one in pages[-1].elements if one.attributes.get("http-equiv") == "refresh"] == []


# --- The owner ---


async def test_the_owner_publishes_a_profile(visitor: Visitor) -> None:
    answer = await visitor.post("/you/profile", {"name": "Sara", "about": "Learns.", "machine": "1"})
    assert _value(answer, "profile-name") == "Sara"
    assert "Sara" in (await visitor.get("/people")).text()
    assert "machine" in (await visitor.get("/people")).text()


async def test_a_name_that_is_too_long_comes_back(visitor: Visitor) -> None:
    answer = await visitor.post("/you/profile", {"name": "a" * 2_000, "about": "Learns."})
    assert answer.status == 422
    assert _value(answer, "profile-about") == "Learns."


async def test_the_words_leave_only_when_the_owner_has_shown_to_have_them(visitor: Visitor, app: App) -> None:
    shown = app.node.keys.words()
    assert shown is not None
    await visitor.post("/you/words", {})
    await visitor.post("/you/words", {"word-1": shown[0]})
    wrong = await visitor.post("/you/words", {"word-1": shown[0], "word-2": shown[1], "word-3": "wrong"})
    assert "HG-K6" in wrong.text("div", "alert")
    assert _value(wrong, "words-word-1") == shown[0]
    assert app.node.keys.has_words
    await visitor.post("/you/words", {f"word-{place}": shown[place - 1] for place in (1, 2, 3)})
    assert not app.node.keys.has_words


async def test_an_invite_for_no_number_of_days_comes_back(visitor: Visitor) -> None:
    answer = await visitor.post("/invite", {"uses": "3", "days": "soon"})
    assert answer.status == 422
    assert _value(answer, "invite-days") == "soon"
