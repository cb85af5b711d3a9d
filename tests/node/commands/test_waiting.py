"""Who waits: in which order, how they came, and what one can do about it; how far the node reaches."""

import pytest

from hedgerow_node.config import NOT_NOW_SECONDS
from hedgerow_node.node import Node
from hedgerow_node.problems import Problem
from hedgerow_protocol.kinds import Comment, Follow, Introduce, Profile, Resource, Role, Vouch
from hedgerow_protocol.things import message_thing
from node.calling import call
from node.others import Other

PAGE = "https://example.org/page"
ANA, BEN, CYD = Other(1), Other(2), Other(3)


async def sends(node: Node, other: Other, *contents) -> None:
    """An outsider's messages as a link brings them."""
    messages = [other.inception, *[other.say(content) for content in contents]]
    await node.store.quarantine.put([(ANA.device, one) for one in messages], node.clock.now())


async def test_who_sent_something_waits_with_the_name_they_give_themselves(node: Node) -> None:
    assert (await call(node, "waiting"))["waiting"] == []
    await sends(node, BEN, Profile("Ben\u202e"), Resource(PAGE, "Page"))
    [found] = (await call(node, "waiting"))["waiting"]
    assert (found["did"], found["name"], found["label"], found["messages"]) == (BEN.did, "Ben", "Ben", 3)
    assert found["introduced_by"] == found["vouched_by"] == found["wrote_to"] == []
    assert (await call(node, "waiting"))["messages"] == 3


async def test_those_for_whom_followed_people_speak_come_first_also_when_they_sent_nothing(
    node: Node,
) -> None:
    await call(node, "follow", did=ANA.did)
    await sends(node, BEN, Resource(PAGE, "Page"))
    await ANA.tell(node, Profile("Ana"), Introduce(CYD.did, ANA.did, "Joined"), Vouch(CYD.did, "A friend"))
    first, second = (await call(node, "waiting"))["waiting"]
    assert (first["did"], first["messages"]) == (CYD.did, 0)
    assert first["introduced_by"] == first["vouched_by"] == [{"did": ANA.did, "label": "Ana"}]
    assert second["did"] == BEN.did


async def test_the_word_of_somebody_who_is_not_followed_counts_for_nothing(node: Node) -> None:
    await ANA.tell(node, Introduce(CYD.did, ANA.did, "Joined"), Vouch(CYD.did, "A friend"))
    assert (await call(node, "waiting"))["waiting"] == []


async def test_whom_one_introduced_oneself_does_not_wait(node: Node) -> None:
    await call(node, "introduce", one=BEN.did, other=CYD.did, reason="Both walk")
    assert (await call(node, "waiting"))["waiting"] == []


async def test_an_answer_to_something_of_ones_own_is_named(node: Node) -> None:
    [thing] = (await call(node, "share", thing=PAGE, title="Hedges"))["ids"]
    await sends(node, BEN, Comment(thing, Role.COMMENT, "Thank you"), Comment(PAGE, Role.COMMENT, "Nice"))
    [found] = (await call(node, "waiting"))["waiting"]
    assert [one["thing"] for one in found["wrote_to"]] == [thing]
    foreign = message_thing(ANA.inception.id)
    await sends(node, CYD, Comment(foreign, Role.COMMENT, "Hello"))
    assert (await call(node, "waiting"))["waiting"][0]["wrote_to"] == []


@pytest.mark.parametrize("act", ["follow", "block", "waiting not-now"])
async def test_each_decision_ends_the_waiting(node: Node, act: str) -> None:
    await sends(node, BEN, Resource(PAGE, "Page"))
    await call(node, act, did=BEN.did)
    shown = await call(node, "waiting")
    assert shown["waiting"] == []
    assert shown["put_off"] == (1 if act == "waiting not-now" else 0)
    assert shown["messages"] == (2 if act == "follow" else 0)  # whoever is followed is let in by the links


async def test_who_is_put_off_waits_again_after_a_while(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    await call(node, "waiting not-now", did=BEN.did)
    now = node.clock.now() + NOT_NOW_SECONDS + 1
    monkeypatch.setattr(node.clock, "now", lambda: now)
    await sends(node, BEN, Resource(PAGE, "Page"))
    assert [one["did"] for one in (await call(node, "waiting"))["waiting"]] == [BEN.did]


async def test_what_is_not_listed_is_counted(node: Node) -> None:
    for other in (BEN, CYD):
        await sends(node, other, Resource(PAGE, "Page"))
    shown = await call(node, "waiting", limit=1)
    assert (len(shown["waiting"]), shown["more"]) == (1, 1)


async def test_reach_counts_who_is_carried_and_who_is_not(node: Node) -> None:
    await call(node, "follow", did=ANA.did)
    await ANA.tell(node, Vouch(BEN.did, "A friend"), Vouch(CYD.did, "Another"))
    assert await call(node, "reach") == {"people": 0, "carried": 0, "left_out": 2, "by": "vouches"}
    assert await call(node, "reach set", people=1) == {
        "people": 1,
        "carried": 1,
        "left_out": 1,
        "by": "vouches",
    }
    await call(node, "block", did=BEN.did)
    assert (await call(node, "reach"))["left_out"] == 0
    for wrong in (-1, 5_001):
        with pytest.raises(Problem):
            await call(node, "reach set", people=wrong)


async def test_the_status_counts_both(node: Node) -> None:
    await call(node, "follow", did=ANA.did)
    await ANA.tell(node, Vouch(BEN.did, "A friend"))
    await sends(node, CYD, Resource(PAGE, "Page"))
    status = await call(node, "status")
    assert (status["waiting"], status["reach"]["left_out"]) == (2, 1)


async def test_somebody_of_whom_something_is_here_does_not_wait_for_the_word_of_others(node: Node) -> None:
    await call(node, "follow", did=ANA.did)
    await BEN.tell(node, Resource(PAGE, "Page"))
    await ANA.tell(node, Vouch(BEN.did, "A friend"))
    assert (await call(node, "waiting"))["waiting"] == []
    await sends(node, BEN, Resource(PAGE, "Page"))
    assert len((await call(node, "waiting"))["waiting"]) == 1


async def test_with_many_follows_it_is_by_mass(node: Node) -> None:
    friends = [Other(100 + number) for number in range(20)]
    for friend in friends:
        await call(node, "follow", did=friend.did)
    await friends[0].tell(node, Follow(BEN.did))
    await friends[1].tell(node, Follow(BEN.did), Follow(CYD.did))
    await node.store.indexing.finish()
    node.trust.forget_all()
    further = await node.trust.further(node.author, private=False)
    assert further.people == (BEN.author, CYD.author)
    assert further.through[CYD.author] == friends[1].author
    assert (await call(node, "reach"))["by"] == "follows"
