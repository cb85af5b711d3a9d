"""Bringing link lists in: what would happen, what happened, and back again."""

from pathlib import Path

import pytest

from hedgerow_node.config import MAX_IMPORT
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.message import Message
from node.calling import call

BOOKMARKS = b"""<!DOCTYPE NETSCAPE-Bookmark-file-1>
<TITLE>Bookmarks</TITLE>
<DL><p>
  <DT><H3>Maps</H3>
  <DL><p>
    <DT><A HREF="https://example.org/a" ADD_DATE="1600000000">Hedges</A>
    <DT><A HREF="https://example.org/a?utm_source=x">Hedges again</A>
    <DT><H3>Old</H3>
    <DL><p>
      <DT><A HREF="https://example.org/b">Paths</A>
    </DL><p>
  </DL><p>
  <DT><A HREF="https://example.org/c">Loose</A>
  <DT><A HREF="javascript:alert(1)">A small program</A>
</DL><p>
"""


async def bring(node: Node, **fields: object) -> dict[str, object]:
    return await call(node, "import", name="bookmarks.html", data=BOOKMARKS, **fields)


async def things(node: Node) -> list[str]:
    return sorted(item["thing"] for item in (await call(node, "items", limit=200))["results"])


async def test_folders_become_topics_and_nothing_is_published(node: Node) -> None:
    published: list[Message] = []
    node.on_published.append(published.extend)
    result = await bring(node)
    assert (result["read"], result["added"], result["duplicates"]) == (4, 3, 1)
    items = {item["thing"]: item for item in (await call(node, "items"))["results"]}
    assert items["https://example.org/b"]["topics"] == ["Maps", "Old"]
    assert items["https://example.org/a"]["title"] == "Hedges"
    assert items["https://example.org/a"]["saved"] == 1_600_000_000
    assert published == []


async def test_what_is_skipped_is_told_with_line_and_reason(node: Node) -> None:
    (skipped,) = (await bring(node))["skipped"]
    assert skipped["line"] == BOOKMARKS[: BOOKMARKS.index(b"javascript")].count(b"\n") + 1
    assert "program" in skipped["why"]


async def test_a_dry_run_tells_the_same_and_does_nothing(node: Node) -> None:
    dry = await bring(node, dry_run=True)
    assert await things(node) == []
    wet = await bring(node)
    assert {**wet, "dry_run": True} == {**dry, "import": wet["import"]}
    assert dry["topics"] == [
        {"topic": "Maps", "links": 3},
        {"topic": "Old", "links": 1},
        {"topic": "", "links": 1},
    ]


async def test_a_second_import_finds_only_duplicates(node: Node) -> None:
    await bring(node)
    again = await bring(node)
    assert (again["added"], again["duplicates"]) == (0, 4)


async def test_an_import_leaves_what_its_owner_wrote(node: Node) -> None:
    await call(node, "add", thing="https://example.org/a", title="My own words")
    assert (await bring(node))["added"] == 2
    assert (await node.store.library.item("https://example.org/a")).title == "My own words"


async def test_topics_can_be_left_out(node: Node) -> None:
    result = await bring(node, leave_out=["OLD", ""])
    assert result["left_out"] == 2
    assert await things(node) == ["https://example.org/a"]


async def test_an_import_is_undone_but_not_what_became_one_s_own(node: Node) -> None:
    await bring(node)
    await call(node, "add", thing="https://example.org/b", title="Mine now")
    assert await call(node, "import undo") == {"name": "bookmarks.html", "removed": 2}
    assert await things(node) == ["https://example.org/b"]
    with pytest.raises(Problem) as caught:
        await call(node, "import undo")
    assert caught.value.kind == Code.NOTHING_TO_UNDO


async def test_undoing_passes_over_imports_of_which_nothing_is_left(node: Node) -> None:
    await bring(node)
    await call(node, "import", name="second.md", data=b"[Walks](https://example.org/walks)")
    await call(node, "share", thing="https://example.org/walks")
    assert await call(node, "import undo") == {"name": "bookmarks.html", "removed": 3}


async def test_an_import_can_be_shared_at_once(node: Node) -> None:
    await call(node, "share", thing="https://example.org/a", title="My own words")
    result = await bring(node, share=True)
    assert result["shared"] == len(result["ids"]) == 2
    assert result["who"]
    assert await things(node) == []
    assert (await call(node, "show", thing="https://example.org/a"))["title"] == "My own words"
    again = await bring(node, share=True)
    assert (again["added"], again["ids"]) == (0, [])


async def test_links_that_were_private_are_shared_by_an_import_that_shares(node: Node) -> None:
    await bring(node)
    assert (await bring(node, share=True))["shared"] == 3
    assert await things(node) == []


async def test_a_file_of_no_known_kind_says_what_to_do(node: Node) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "import", name="x.bin", data=bytes(range(256)) * 4)
    assert caught.value.kind == Code.FILE_NOT_UNDERSTOOD
    assert caught.value.detail
    assert caught.value.next_step


@pytest.mark.limit("MAX_IMPORT")
async def test_a_file_at_the_limit_is_read_and_one_byte_more_is_not(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.commands.importing.MAX_IMPORT", len(BOOKMARKS))
    assert (await bring(node, dry_run=True))["added"] == 3
    with pytest.raises(Problem) as caught:
        await call(node, "import", name="bookmarks.html", data=BOOKMARKS + b" ")
    assert caught.value.kind == Code.FILE_TOO_BIG
    assert MAX_IMPORT == 32 * 1024 * 1024


async def test_thousands_of_links_come_in_and_are_shared_in_one_call_each(node: Node) -> None:
    links = "".join(f"- [Page {number}](https://example.org/{number})\n" for number in range(3_000))
    progress: list[tuple[int, int]] = []
    result = await call(
        node,
        "import",
        lambda *step: progress.append(step),
        name="list.md",
        data=b"# Reading\n" + links.encode(),
    )
    assert result["added"] == 3_000
    assert progress == [(1_000, 3_000), (2_000, 3_000), (3_000, 3_000)]
    assert (await call(node, "share", all=True))["shared"] == 3_000
    assert (await node.store.messages.counts()).own == 3_001


async def test_the_same_file_twice_over_shares_each_thing_once(node: Node) -> None:
    result = await call(node, "import", name="b.html", data=BOOKMARKS, share=True)
    assert len(set(result["ids"])) == 3


async def test_real_exports_of_browsers_come_in(node: Node, test_data: Path) -> None:
    files = sorted((test_data / "bookmarks-html").rglob("*.html"))
    assert files
    added = 0
    for file in files:
        result = await call(node, "import", name=file.name, data=file.read_bytes())
        assert result["read"] == result["added"] + result["duplicates"] + result["left_out"]
        added += result["added"]
    assert len(await things(node)) == min(added, 200)
