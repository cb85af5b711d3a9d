"""The page of those who wait: who they are, how they came, and three ways to decide."""

import pytest

from hedgerow_node.app import App
from hedgerow_protocol.kinds import Introduce, Profile, Resource, Vouch
from node.others import Other
from node.web.visiting import Visitor

ANA, BEN = Other(1), Other(2)


async def ben_waits(app: App) -> None:
    messages = [BEN.inception, BEN.say(Profile("Ben")), BEN.say(Resource("https://example.org/", "Page"))]
    node = app.node
    await node.store.quarantine.put([(ANA.device, one) for one in messages], node.clock.now())


async def test_the_page_says_who_waits_and_how_they_came(app: App, visitor: Visitor) -> None:
    assert "Nobody waits" in (await visitor.get("/waiting")).text()
    assert "Nobody waits to be heard" in (await visitor.get("/people")).text()
    await visitor.post("/follow", {"did": ANA.did})
    await ANA.tell(
        app.node, Profile("Ana"), Introduce(BEN.did, ANA.did, "Joined"), Vouch(BEN.did, "A friend")
    )
    await ben_waits(app)
    assert "1 person waits to be heard" in (await visitor.get("/people")).text()
    answer = await visitor.get("/waiting")
    assert "Introduced by Ana" in answer.text()
    assert "Vouched for by Ana" in answer.text()
    assert "3 messages wait" in answer.text()
    assert f"/people/{BEN.did}" in answer.links()


@pytest.mark.parametrize("act", ["/follow", "/block", "/waiting/not-now"])
async def test_each_decision_takes_one_button(app: App, visitor: Visitor, act: str) -> None:
    await ben_waits(app)
    assert "Ben" in (await visitor.get("/waiting")).text()
    await visitor.post(act, {"did": BEN.did})
    assert "Nobody waits" in (await visitor.get("/waiting")).text()


async def test_how_far_one_reaches_is_said_and_changed(app: App, visitor: Visitor) -> None:
    await visitor.post("/follow", {"did": ANA.did})
    await ANA.tell(app.node, Vouch(BEN.did, "A friend"))
    answer = await visitor.get("/waiting")
    assert "carries 0 people. 1 person further away is not carried" in answer.text()
    assert "1 person further away is not carried" in (await visitor.get("/people")).text()
    answer = await visitor.post("/reach", {"people": "5"})
    assert "carries 1 person" in answer.text()
    assert "further away" not in answer.text()
    assert "/look?of=further" in answer.links()
    await BEN.tell(app.node, Profile("Ben"), Resource("https://example.org/", "Far page"))
    answer = await visitor.get("/look?of=further")
    assert answer.texts("h1") == ["A little further"]
    assert "Far page" in answer.text()
    for wrong in ("-1", "many", "5001"):
        assert (await visitor.post("/reach", {"people": wrong})).status == 422


async def test_what_cannot_be_put_off_is_said(visitor: Visitor) -> None:
    assert (await visitor.post("/waiting/not-now", {"did": "Ben"})).status == 422
