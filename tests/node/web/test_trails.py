"""Trails on the pages: made, walked, forked and changed; checks, labels, vouching, introductions; newer messages."""

import pytest

from hedgerow_node.app import App
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import Label, Profile, Receipt, Step, Trail, Unknown, trail_slot
from hedgerow_protocol.things import message_thing
from node.others import Other
from node.web.visiting import Answer, Visitor, thing_path

HERON, MILL = "https://example.org/heron", "https://example.org/mill"
STEPS = f"{HERON}\n  note: Stand still\n  minutes: 20\n? a bird of your own\n  needs: 1\n"
NEW = {"title": "Along the river", "summary": "In an hour", "steps": STEPS, "topics": "birds, water"}


async def _made(visitor: Visitor) -> Answer:
    return await visitor.post("/trail/new", NEW)


def _value(answer: Answer, identifier: str) -> str:
    (found,) = [one for one in answer.elements if one.attributes.get("id") == identifier]
    return found.text.removeprefix("\n") if found.tag == "textarea" else found.attributes["value"]


def _name(answer: Answer) -> str:
    return answer.path.partition("?")[0].removeprefix("/trail/")


async def test_a_trail_is_made_shown_and_listed(visitor: Visitor) -> None:
    assert "No trail is here yet." in (await visitor.get("/trails")).text()
    answer = await _made(visitor)
    assert answer.texts("h1") == ["Along the river"]
    assert "Copied to other people" in answer.text("div", "status")
    assert len([one for one in answer.elements if one.attributes.get("id", "").startswith("step-")]) == 2
    assert "0 of 2 done" in answer.text()
    assert "nobody has filled this role" in answer.text()
    for of in ("", "?of=mine"):
        assert "Along the river" in (await visitor.get(f"/trails{of}")).text()
    assert "Along the river" not in (await visitor.get("/trails?of=followed")).text()
    assert "Along the river" in (await visitor.get(thing_path(HERON))).text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": ""}, "title: it must not be empty"),
        ({"steps": ""}, "steps"),
        ({"steps": "note: of nothing"}, "line 1 of the steps"),
        ({"steps": "no thing at all"}, "names no thing"),
        ({"steps": f"{HERON}\nneeds: 1"}, "step 1 needs a step that does not come before it"),
    ],
)
async def test_a_trail_that_is_refused_comes_back_as_it_was_written(
    visitor: Visitor, change: dict[str, str], words: str
) -> None:
    answer = await visitor.post("/trail/new", {**NEW, **change})
    assert answer.status == 422
    assert words in answer.text("div", "alert")
    assert _value(answer, "new-steps") == {**NEW, **change}["steps"]
    assert _value(answer, "new-summary") == "In an hour"


async def test_a_step_is_ticked_off_and_on_again_and_nothing_is_published(app: App, visitor: Visitor) -> None:
    trail = _name(await _made(visitor))
    published: list[object] = []
    app.node.on_published.append(published.extend)
    done = await visitor.post("/trail/done", {"trail": trail, "step": "1"})
    assert "1 of 2 done" in done.text()
    assert "Only this computer knows" in done.text("div", "status")
    undone = await visitor.post("/trail/done", {"trail": trail, "step": "1", "undo": "1"})
    assert "0 of 2 done" in undone.text()
    for wrong in ("2", "0", "9", "x", ""):
        assert (await visitor.post("/trail/done", {"trail": trail, "step": wrong})).status == 422
    assert published == []


async def test_a_trail_of_somebody_else_is_forked_and_the_fork_changed(app: App, visitor: Visitor) -> None:
    other = Other(1)
    _, told = await other.tell(
        app.node,
        Profile("Ana"),
        Trail(trail_slot(bytes(16)), "Pattern", "", (Step(HERON), Step(None, "role"))),
    )
    origin = message_thing(told.id)
    shown = await visitor.get(f"/trail/{origin}")
    assert _value(shown, "fork-steps") == f"{HERON}\n? role"
    assert "/trail/edit" not in shown.html
    filled = {"trail": origin, "title": "Mine", "summary": "", "steps": f"{HERON}\n{MILL}", "topics": ""}
    fork = await visitor.post("/trail/fork", filled)
    assert "Forked from Pattern" in fork.text()
    assert "Mine" in (await visitor.get(f"/trail/{origin}")).text()
    changed = await visitor.post(
        "/trail/edit", {**filled, "trail": _name(fork), "title": "Mine, better", "steps": MILL}
    )
    assert changed.texts("h1") == ["Mine, better"]
    assert "Its versions" in changed.text()
    assert "Go to the version that stands now" not in changed.text()
    assert "Go to the version that stands now" in (await visitor.get(f"/trail/{_name(fork)}")).text()
    refused = await visitor.post("/trail/edit", {**filled, "trail": _name(changed), "steps": "note: x"})
    assert (refused.status, _value(refused, "edit-steps")) == (422, "note: x")
    assert (await visitor.post("/trail/edit", {**filled, "trail": origin})).status == 403
    gone = await visitor.post("/retract", {"message": _name(changed), "reason": "mistake", "back": "/"})
    assert gone.status == 200
    assert "Mine, better" not in (await visitor.get("/trails")).text()


async def test_a_trail_is_begun_from_a_thing(visitor: Visitor) -> None:
    await visitor.post("/save", {"thing": HERON})
    (way,) = [
        link for link in (await visitor.get(thing_path(HERON))).links() if link.startswith("/trail/new")
    ]
    assert _value(await visitor.get(way), "new-steps") == HERON


async def test_a_trail_is_reached_by_its_message_too_and_what_is_none_is_told(visitor: Visitor) -> None:
    trail = _name(await _made(visitor))
    assert (await visitor.get(thing_path(trail))).path == f"/trail/{trail}"
    said = await visitor.post("/endorse", {"thing": trail, "reason": "It led me on"})
    assert "It led me on" in said.text()
    assert said.path.startswith(f"/trail/{trail}")
    await visitor.post("/comment", {"thing": HERON, "text": "A comment"})
    assert (await visitor.get(f"/trail/{HERON}")).status == 422
    assert (await visitor.get("/trail/hedgerow:nothing")).status == 422


async def test_what_was_found_stands_with_the_thing_and_is_changed(visitor: Visitor) -> None:
    answer = await visitor.post("/attest", {"thing": HERON, "claim": "size", "value": "4.5 MB"})
    assert "it has 4.3 MiB" in answer.text()
    await visitor.post("/attest", {"thing": HERON, "claim": "opens", "value": "no"})
    answer = await visitor.post("/attest", {"thing": HERON, "claim": "superseded-by", "value": MILL})
    assert "it does not open" in answer.text()
    assert "it is superseded by" in answer.text()
    refused = await visitor.post("/attest", {"thing": HERON, "claim": "opens", "value": "perhaps"})
    assert (refused.status, _value(refused, "attest-value")) == (422, "perhaps")
    own = next(link for link in answer.links() if link.startswith("/thing/hedgerow:"))
    shown = await visitor.get(own)
    changed = await visitor.post(
        "/edit", {"message": own.removeprefix("/thing/"), "kind": "attest", "value": "isbn:9780306406157"}
    )
    assert shown.texts("h1") == ["What you found"]
    assert "isbn:9780306406157" in changed.text()


async def test_a_label_stands_with_its_reason_on_a_thing_and_on_a_person(app: App, visitor: Visitor) -> None:
    answer = await visitor.post("/label", {"thing": HERON, "label": "advertising", "reason": "It sells"})
    assert "labelled it advertising" in answer.text()
    assert "It sells" in answer.text()
    refused = await visitor.post("/label", {"thing": HERON, "label": "x" * 65, "reason": "It sells"})
    assert (refused.status, _value(refused, "label-reason")) == (422, "It sells")
    other = Other(1)
    await other.tell(app.node, Profile("Ana"))
    person = await visitor.post("/label", {"thing": other.did, "label": "bot", "reason": "It never sleeps"})
    assert "It never sleeps" in person.text()


async def test_one_vouches_for_and_introduces_people(app: App, visitor: Visitor) -> None:
    ana, ben = Other(1), Other(2)
    await ana.tell(app.node, Profile("Ana"))
    await ben.tell(app.node, Profile("Ben"))
    answer = await visitor.post("/vouch", {"did": ana.did, "reason": "My teacher"})
    assert "My teacher" in answer.text()
    assert "Copied to other people" in answer.text("div", "status")
    answer = await visitor.post("/introduce", {"did": ana.did, "other": ben.did, "reason": "Both walk"})
    assert "introduced Ana and Ben" in answer.text()
    refused = await visitor.post("/introduce", {"did": ana.did, "other": "Ben", "reason": "Both walk"})
    assert (refused.status, _value(refused, "introduce-reason")) == (422, "Both walk")
    assert (await visitor.post("/vouch", {"did": ana.did, "reason": ""})).status == 422


async def test_what_a_newer_hedgerow_made_is_said_to_be_so(app: App, visitor: Visitor) -> None:
    other = Other(1)
    _, unknown = await other.tell(app.node, Profile("Ana"), Unknown(40, ("hedgehogsecret",)))
    shown = await visitor.get(thing_path(message_thing(unknown.id)))
    assert "made with a newer Hedgerow" in shown.text()
    assert "hedgehogsecret" not in shown.html
    person = await visitor.get(f"/people/{other.did}")
    assert "1 message of theirs was made with a newer Hedgerow" in person.text()


async def test_a_receipt_is_shown_and_nothing_offers_to_make_one(app: App, visitor: Visitor) -> None:
    other = Other(1)
    label, receipt = await other.tell(
        app.node,
        Label(HERON, "good", "It is"),
        Receipt(DeviceKey(bytes(32)), 1, other.inception.id, 1_700_000_000),
    )
    shown = await visitor.get(thing_path(message_thing(receipt.id)))
    assert "has held this message" in shown.text()
    held = await visitor.get(thing_path(message_thing(other.inception.id)))
    assert "has held this message" in held.text()
    assert "receipt" not in (await visitor.get(thing_path(message_thing(label.id)))).text()
