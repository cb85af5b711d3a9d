"""Whose words the feed shows: those near, apart from those to whom they lead, and none of those unfollowed."""

from hedgerow_node.node import Node
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.kinds import Resource, Vouch
from node.calling import call
from node.others import Other

ANA, BEN, CYD = Other(1), Other(2), Other(3)


async def things(node: Node, **asked: object) -> list[object]:
    return [one["thing"] for one in (await call(node, "feed", **asked))["results"]]


async def test_a_feed_is_of_those_one_follows_and_oneself(node: Node) -> None:
    await call(node, "share", thing="https://example.org/mine", title="Mine")
    for other, name in ((ANA, "ana"), (BEN, "ben")):
        await other.tell(node, Resource(f"https://example.org/{name}", name))
    await call(node, "follow", did=ANA.did)
    await call(node, "follow", did=BEN.did, private=True)
    await CYD.tell(node, Resource("https://example.org/cyd", "cyd"))
    assert {str(one)[20:] for one in await things(node)} == {"mine", "ana", "ben"}
    assert len(await things(node, of="everyone")) == 4
    assert await things(node, of="further") == []


async def test_a_farm_behind_a_fooled_friend_is_apart_bounded_and_gone_when_he_is_unfollowed(
    node: Node,
) -> None:
    farm = [Other(100 + number) for number in range(30)]
    await call(node, "follow", did=ANA.did)
    await call(node, "follow", did=BEN.did)
    await BEN.tell(node, *[Resource(f"https://ben.example/{n}", "t") for n in range(10)])
    await ANA.tell(node, *[Vouch(one.did, "A friend") for one in farm])
    for number, one in enumerate(farm):
        await one.tell(node, *[Resource(f"https://false.example/{number}/{n}", "t") for n in range(5)])
    await call(node, "reach set", people=100)
    assert not [one for one in await things(node, limit=200) if "false" in str(one)]
    further = await things(node, of="further", limit=30)
    assert len([one for one in further if "false" in str(one)]) == 6
    await call(node, "unfollow", did=ANA.did)
    for of in ("near", "further"):
        assert not [one for one in await things(node, of=of, limit=200) if "false" in str(one)]


async def test_where_everyone_is_carried_everyone_is_near(node: Node) -> None:
    await CYD.tell(node, Resource("https://example.org/cyd", "cyd"))

    class Everyone:
        carried = Carried(everyone=True)

    assert await things(node) == []
    node.network = Everyone()
    assert await things(node) == ["https://example.org/cyd"]
    node.network = None
