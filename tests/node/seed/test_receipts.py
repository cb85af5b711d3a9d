"""Receipts: one a day for a member of whom something came, never for anybody else, and counted only where trusted."""

import pytest

from hedgerow_node.commands.discover import ShowMessage, show_message
from hedgerow_node.node import Node
from hedgerow_node.seed.receipts import Receipts
from hedgerow_protocol.kinds import Follow, Kind, Receipt, Resource, decode_body
from hedgerow_protocol.things import message_thing
from node.clocks import FakeClock
from node.others import Other

DAY = 86_400.0


@pytest.fixture
async def ana(node: Node) -> Other:
    ana = Other(1)
    await ana.tell(node, *pages(2))
    await node.store.peers.add_member(ana.author, 0.0)
    return ana


def pages(count: int, start: int = 0) -> list[Resource]:
    return [Resource(f"https://example.org/{start + n}", "A page") for n in range(count)]


async def given(node: Node) -> list[Receipt]:
    """What this node says to hold, in the order of saying."""
    found = []
    place = await node.store.messages.place(node.author, node.device)
    while place.prev is not None:
        (message,) = await node.store.messages.get([place.prev])
        if message.header.kind == Kind.RECEIPT:
            content = decode_body(message.header.kind, message.body or b"").content
            assert isinstance(content, Receipt)
            found.append(content)
        place = type(place)(message.header.seq, message.header.prev)
    return found[::-1]


async def test_a_member_gets_one_receipt_for_the_last_that_is_here(node: Node, ana: Other) -> None:
    receipts = Receipts(node)
    assert await receipts.give() == 1
    (receipt,) = await given(node)
    assert (receipt.seq, receipt.held_since) == (2, int(node.clock.now()))
    assert [one.header.seq for one in await node.store.messages.get([receipt.id])] == [2]
    assert await receipts.give() == 0


async def test_another_one_comes_a_day_later_and_only_when_something_came(
    node: Node, ana: Other, clock: FakeClock
) -> None:
    receipts = Receipts(node)
    await receipts.give()
    node.delivered(await ana.tell(node, *pages(1, start=2)))
    clock.advance(DAY - 1)
    assert await receipts.give() == 0
    clock.advance(2)
    assert await receipts.give() == 1
    assert [one.seq for one in await given(node)] == [2, 3]
    clock.advance(2 * DAY)
    assert await receipts.give() == 0


async def test_a_node_that_starts_again_gives_no_second_one(node: Node, ana: Other, clock: FakeClock) -> None:
    await Receipts(node).give()
    assert await Receipts(node).give() == 0
    clock.advance(2 * DAY)
    assert await Receipts(node).give() == 0


async def test_who_is_no_member_gets_none_though_followed(node: Node) -> None:
    followed = Other(2)
    await followed.tell(node, *pages(1))
    await node.publish(Follow(followed.did))
    assert await Receipts(node).give() == 0


async def test_a_chain_with_a_gap_is_not_said_to_be_held(node: Node) -> None:
    member = Other(3)
    member.say(pages(1)[0])
    await member.tell(node, *pages(1, start=1))
    await node.store.peers.add_member(member.author, 0.0)
    assert await Receipts(node).give() == 0


async def test_a_chain_without_a_body_is_not_said_to_be_held(node: Node) -> None:
    member = Other(4)
    messages = [member.say(page) for page in pages(2)]
    await node.store.messages.put(
        [member.inception, messages[0].without_body(), messages[1]], received=node.clock.now()
    )
    await node.store.peers.add_member(member.author, 0.0)
    assert await Receipts(node).give() == 0


async def test_an_author_sees_how_many_places_hold_what_was_said(node: Node) -> None:
    first, last = [await node.publish(page) for page in pages(2)]
    held = Receipt(node.device, last.header.seq, last.id, 1_790_000_000)
    followed, stranger, liar = Other(5), Other(6), Other(7)
    await followed.tell(node, held)
    await stranger.tell(node, held)
    await liar.tell(node, Receipt(node.device, 9, first.id, 1_790_000_000))
    for other in (followed, liar):
        await node.publish(Follow(other.did))
    assert await holders(node, message_thing(first.id)) == 2
    assert await holders(node, message_thing(last.id)) == 2
    later = await node.publish(pages(1, start=7)[0])
    assert await holders(node, message_thing(later.id)) == 1
    (theirs,) = await followed.tell(node, *pages(1))
    assert await holders(node, message_thing(theirs.id)) is None


async def holders(node: Node, message: str) -> object:
    shown = (await show_message(node, ShowMessage(message=message)))["message"]
    assert isinstance(shown, dict)
    return shown["holders"]
