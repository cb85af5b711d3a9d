"""People: followed openly or in silence, hidden without a word, and how one is known oneself."""

import pytest

from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.kinds import Follow, Profile, Resource
from hedgerow_protocol.message import Message
from node.calling import call
from node.others import Other

PAGE = "https://example.org/page"


@pytest.fixture
async def ana(node: Node) -> Other:
    ana = Other(1)
    await ana.tell(node, Profile("Ana", "I walk"), Resource(PAGE, "Hedges"))
    return ana


async def test_a_profile_keeps_what_is_not_given(node: Node) -> None:
    assert (await call(node, "profile"))["name"] == ""
    await call(node, "profile set", name=" Ana\tB ", about="I walk")
    await call(node, "profile set", machine=True)
    assert await call(node, "profile") == {
        "did": node.keys.did,
        "name": "Ana B",
        "about": "I walk",
        "machine": True,
    }
    assert (await call(node, "status"))["name"] == "Ana B"


async def test_following_is_a_message_and_unfollowing_withdraws_it(node: Node, ana: Other) -> None:
    followed = await call(node, "follow", did=ana.did, reason="good maps")
    assert await node.store.views.follows(node.author) == {ana.author}
    assert (await call(node, "follow", did=ana.did, reason="good maps"))["ids"] == followed["ids"]
    assert (await call(node, "follow", did=ana.did, reason="better maps"))["ids"] != followed["ids"]
    assert (await call(node, "unfollow", did=ana.did))["followed"] is True
    assert await node.store.views.follows(node.author) == set()
    assert (await call(node, "unfollow", did=ana.did)) == {"ids": [], "did": ana.did, "followed": False}


async def test_what_is_private_about_people_never_becomes_a_message(node: Node, ana: Other) -> None:
    published: list[Message] = []
    node.on_published.append(published.extend)
    for name in ("mute", "unmute", "block", "unblock"):
        await call(node, name, did=ana.did)
    await call(node, "follow", did=ana.did, private=True)
    await call(node, "unfollow", did=ana.did)
    assert published == []


async def test_a_private_follow_is_shown_to_its_owner_and_becomes_open_by_following(
    node: Node, ana: Other
) -> None:
    await call(node, "follow", did=ana.did, private=True)
    assert await node.store.library.private_follows() == {ana.author}
    assert (await call(node, "person", did=ana.did))["relation"] == "followed privately"
    await call(node, "follow", did=ana.did)
    assert await node.store.library.private_follows() == set()
    assert (await call(node, "person", did=ana.did))["relation"] == "followed"
    with pytest.raises(Problem) as caught:
        await call(node, "follow", did=ana.did, private=True)
    assert caught.value.kind == Code.REQUEST_WRONG


@pytest.mark.parametrize("name", ["follow", "unfollow", "block", "unblock"])
async def test_what_changes_the_circle_is_told(node: Node, ana: Other, name: str) -> None:
    told: list[bool] = []
    node.on_circle_changed.append(lambda: told.append(True))
    await call(node, name, did=ana.did)
    assert told == [True]


@pytest.mark.parametrize("name", ["follow", "unfollow", "mute", "unmute", "block", "unblock"])
async def test_nobody_does_that_to_themselves_or_to_nobody(node: Node, name: str) -> None:
    for did, kind in ((node.keys.did, Code.THAT_IS_YOU), ("Ana", Code.NOT_A_PERSON)):
        with pytest.raises(Problem) as caught:
            await call(node, name, did=did)
        assert caught.value.kind == kind


@pytest.mark.parametrize("rule", ["mute", "block"])
async def test_who_is_muted_or_blocked_is_not_shown_until_that_ends(
    node: Node, ana: Other, rule: str
) -> None:
    said = await ana.tell(node, Resource(PAGE, "Hedges again"))
    await call(node, "follow", did=ana.did)
    assert len((await call(node, "feed"))["results"]) > 0
    await call(node, rule, did=ana.did)
    assert (await call(node, "feed"))["results"] == []
    assert (await call(node, "search", q="Hedges"))["results"] == []
    await call(node, f"un{rule}", did=ana.did)
    await node.store.messages.put(said, received=node.clock.now())  # as whoever still has it brings it again
    assert len((await call(node, "feed"))["results"]) > 0


async def test_people_are_listed_with_what_is_known_of_them(node: Node, ana: Other) -> None:
    people = (await call(node, "people"))["people"]
    assert [one["did"] for one in people] == [node.keys.did, ana.did]
    assert people[1]["name"] == "Ana"
    assert people[1]["messages"] == 3


async def test_a_person_shows_whom_they_follow_and_how_much_is_here(node: Node, ana: Other) -> None:
    shown = await call(node, "person", did=ana.did)
    assert (shown["did"], shown["name"], shown["about"], shown["messages"]) == (ana.did, "Ana", "I walk", 3)
    ben = Other(2)
    await ben.tell(node, Follow(ana.did))
    shown = await call(node, "person", did=ben.did)
    assert [one["did"] for one in shown["follows_people"]] == [ana.did]


async def test_the_fingerprint_changes_with_the_set_and_only_with_it(node: Node, ana: Other) -> None:
    before = (await call(node, "person", did=ana.did))["fingerprint"]
    await call(node, "share", thing=PAGE, title="Mine")
    assert (await call(node, "person", did=ana.did))["fingerprint"] == before
    more = ana.say(Resource("https://example.org/more", "More"))
    await node.store.messages.put([more], received=node.clock.now())
    after = await call(node, "person", did=ana.did)
    assert after["fingerprint"] != before
    assert after["messages"] == 4


async def test_a_person_of_whom_nothing_is_here_is_told(node: Node) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "person", did=Other(9).did)
    assert caught.value.kind == Code.NO_SUCH_PERSON
