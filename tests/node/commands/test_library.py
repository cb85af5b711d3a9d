"""The private library: kept, found, noted, removed; and none of it ever published."""

from pathlib import Path

import pytest

from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store import erasure
from hedgerow_protocol.message import Message
from node.calling import call

PAGE = "https://example.org/page"


async def test_what_is_added_is_listed_and_found_under_its_canonical_form(node: Node) -> None:
    added = await call(
        node,
        "add",
        thing=f"{PAGE}?utm_source=x",
        title=" Hedges \n and walks ",
        summary="a\r\nb",
        topics=["Maps", "maps"],
    )
    assert added == {"thing": PAGE, "title": "Hedges and walks", "added": True}
    (item,) = (await call(node, "items"))["results"]
    assert (item["thing"], item["title"], item["summary"], item["topics"]) == (
        PAGE,
        "Hedges and walks",
        "a\nb",
        ["Maps"],
    )
    (hit,) = (await call(node, "search", q="hedg"))["results"]
    assert hit["thing"] == PAGE
    assert hit["private"] is True


async def test_adding_again_changes_what_is_given_and_keeps_the_rest(node: Node) -> None:
    await call(node, "add", thing=PAGE, title="Hedges", topics=["maps"])
    assert (await call(node, "add", thing=PAGE, summary="About hedges"))["added"] is False
    (item,) = (await call(node, "items"))["results"]
    assert (item["title"], item["summary"], item["topics"]) == ("Hedges", "About hedges", ["maps"])


async def test_nothing_private_is_published(node: Node) -> None:
    published: list[Message] = []
    node.on_published.append(published.extend)
    await call(node, "add", thing=PAGE, title="Hedges", topics=["maps"])
    await call(node, "note", thing=PAGE, text="a thought")
    await call(node, "add", thing="example.org/other")
    await call(node, "remove", thing="example.org/other")
    assert published == []
    assert (await node.store.messages.counts()).messages == 1


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"thing": "bananas!"}, Code.NOT_A_THING),
        ({"thing": PAGE, "title": "x" * 1_025}, Code.NOT_ALLOWED),
        ({"thing": PAGE, "title": "a\x00b"}, Code.NOT_ALLOWED),
        ({"thing": PAGE, "topics": [f"topic {number}" for number in range(17)]}, Code.NOT_ALLOWED),
        ({"thing": PAGE, "titel": "x"}, Code.REQUEST_WRONG),
        ({"title": "x"}, Code.REQUEST_WRONG),
        ({"thing": 7}, Code.REQUEST_WRONG),
    ],
)
async def test_what_could_not_be_shared_later_is_refused_now(
    node: Node, fields: dict[str, object], kind: Code
) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "add", **fields)
    assert caught.value.kind == kind
    assert (await call(node, "items"))["results"] == []


async def test_a_note_is_shown_with_its_thing_and_an_empty_one_goes(node: Node) -> None:
    await call(node, "note", thing=PAGE, text="look at\r\nchapter 3")
    shown = await call(node, "show", thing=PAGE)
    assert shown["item"]["note"] == "look at\nchapter 3"
    await call(node, "note", thing=PAGE, text="")
    assert (await call(node, "items"))["results"] == []


async def test_a_note_that_is_too_long_is_refused(node: Node) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "note", thing=PAGE, text="é" * 8_193)
    assert caught.value.kind == Code.NOT_ALLOWED


async def test_a_removed_item_is_gone_from_every_file(node: Node) -> None:
    await call(node, "add", thing=PAGE, title="zebrahedge")
    await call(node, "remove", thing=PAGE)
    await node.store.erase_when_due()
    folder: Path = node.home.path
    assert b"zebrahedge" not in b"".join([file.read_bytes() for file in folder.iterdir() if file.is_file()])
    with pytest.raises(Problem) as caught:
        await call(node, "remove", thing=PAGE)
    assert caught.value.kind == Code.NO_SUCH_ITEM


async def test_a_note_that_was_taken_away_leaves_every_file_by_itself(node: Node) -> None:
    await call(node, "note", thing=PAGE, text="zebrahedge")
    assert not node.is_erasing
    await call(node, "note", thing=PAGE, text="")
    assert node.is_erasing
    assert await erasure.is_due(node.store)
    await node.store.erase_when_due()
    await call(node, "note", thing=PAGE, text="")
    assert not await erasure.is_due(node.store)


async def test_pages_of_the_library_follow_each_other(node: Node) -> None:
    for number in range(5):
        await call(node, "add", thing=f"{PAGE}/{number}", topics=["even" if number % 2 == 0 else "odd"])
        node.clock.advance(1)
    first = await call(node, "items", limit=3)
    second = await call(node, "items", limit=3, cursor=first["next"])
    things = [item["thing"] for item in first["results"] + second["results"]]
    assert things == [f"{PAGE}/{number}" for number in (4, 3, 2, 1, 0)]
    assert second["next"] is None
    assert len((await call(node, "items", topic="Even"))["results"]) == 3
    assert (await call(node, "folders"))["folders"] == [
        {"topic": "even", "things": 3},
        {"topic": "odd", "things": 2},
    ]


async def test_a_cursor_of_somewhere_else_is_told(node: Node) -> None:
    for name in ("items", "collection", "people", "feed"):
        with pytest.raises(Problem) as caught:
            await call(node, name, cursor="nonsense")
        assert caught.value.kind == Code.CURSOR_WRONG


async def test_the_collection_has_what_is_saved_and_what_is_shared(node: Node) -> None:
    await call(node, "add", thing=PAGE, title="Kept")
    await call(node, "share", thing="https://example.org/shared", title="Shared")
    results = (await call(node, "collection"))["results"]
    assert {one["title"]: (one["private"], one["shared"]) for one in results} == {
        "Kept": (True, False),
        "Shared": (False, True),
    }
