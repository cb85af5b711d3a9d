"""Takedowns by name: what they answer, and what cannot be taken down."""

import pytest

from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.kinds import Profile, Resource
from hedgerow_protocol.things import message_thing
from node.calling import call
from node.others import Other

PAGE = "https://example.org/page"


@pytest.fixture
async def ana(node: Node) -> Other:
    ana = Other(1)
    await ana.tell(node, Profile("Ana", "I walk"))
    return ana


async def test_an_address_is_given_as_people_write_it(node: Node, ana: Other) -> None:
    await ana.tell(node, Resource(PAGE, "Hedges"))
    own = await call(node, "share", thing=PAGE, title="Mine")
    answer = await call(node, "takedown", target="example.org/page#part", reason="  why \n")
    assert (answer["target"], answer["what"], answer["reason"]) == (PAGE, "address", "why")
    assert (answer["messages"], answer["own"]) == (1, own["ids"])
    view = await node.store.views.thing(PAGE)
    assert view is not None
    assert [one.author.relation for one in view.statements] == ["you"]


async def test_a_person_keeps_the_name_in_the_list(node: Node, ana: Other) -> None:
    await call(node, "takedown", target=ana.did, reason="spam")
    (listed,) = (await call(node, "takedowns"))["results"]
    assert (listed["name"], listed["what"], listed["undone"]) == ("Ana", "person", None)
    undone = await call(node, "takedown undo", target=ana.did)
    assert undone == {"target": ana.did, "what": "person", "messages": 1}
    (listed,) = (await call(node, "takedowns"))["results"]
    assert listed["undone"] is not None


async def test_a_message_is_named_by_its_first_letters_and_its_page_says_why_it_is_gone(
    node: Node, ana: Other
) -> None:
    (message,) = await ana.tell(node, Resource(PAGE, "Hedges"))
    name = message_thing(message.id)
    await call(node, "takedown", target=name[:20], reason="why")
    shown = (await call(node, "message", message=name))["message"]
    assert (shown["state"], shown["withdrawn_by"]) == ("withheld", None)
    assert shown["withheld"] == ["it was taken down here: why"]


async def test_a_message_that_is_not_here_yet_can_be_taken_down(node: Node, ana: Other) -> None:
    message = ana.say(Resource(PAGE, "Hedges"))
    await call(node, "takedown", target=message_thing(message.id), reason="why")
    await node.store.messages.put([message], received=node.clock.now())
    (held,) = await node.store.messages.get([message.id])
    assert held.body is None


async def test_the_list_goes_on_where_a_page_ends(node: Node) -> None:
    for number in range(3):
        await call(node, "takedown", target=f"{PAGE}/{number}", reason="why")
    first = await call(node, "takedowns", limit=2)
    rest = await call(node, "takedowns", limit=2, cursor=first["next"])
    assert [one["target"] for one in first["results"] + rest["results"]] == [f"{PAGE}/{n}" for n in (2, 1, 0)]
    assert rest["next"] is None


async def test_what_is_ones_own_or_has_no_text_is_not_taken_down(node: Node, ana: Other) -> None:
    own = await node.publish(Resource(PAGE, "Mine"))
    await node.store.messages.put([ana.inception], received=node.clock.now())
    cases = [
        (message_thing(own.id), Code.REQUEST_WRONG),
        (message_thing(ana.inception.id), Code.REQUEST_WRONG),
        (node.keys.did, Code.THAT_IS_YOU),
        ("nothing at all", Code.NOT_A_THING),
    ]
    for target, kind in cases:
        with pytest.raises(Problem) as caught:
            await call(node, "takedown", target=target, reason="why")
        assert caught.value.kind == kind
    assert (await call(node, "takedowns"))["results"] == []


async def test_what_is_not_down_is_not_put_up_again_and_a_wrong_cursor_is_told(node: Node) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "takedown undo", target=PAGE)
    assert caught.value.kind == Code.NOT_DOWN
    with pytest.raises(Problem) as caught:
        await call(node, "takedowns", cursor="x")
    assert caught.value.kind == Code.CURSOR_WRONG
