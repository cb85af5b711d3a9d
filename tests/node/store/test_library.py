"""The private library: keeping, noting, imports and their undoing, and what moves out when it is shared."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hedgerow_node.problems import Problem
from hedgerow_node.store import library
from hedgerow_node.store.records import Item, NewItem
from hedgerow_node.store.store import Store
from node.store.voices import Voice, bytes_in, opened, put

ME, BEN = Voice("me"), Voice("Ben")
PAGE, OTHER = "https://example.org/page", "https://example.org/other"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, ME) as store:
        yield store


async def found(store: Store, query: str) -> list[str]:
    return [hit.thing for hit in (await store.search.find(query)).results]


async def test_what_is_saved_is_there_and_found_and_marked_private(store: Store) -> None:
    assert await store.library.save(PAGE, "机器学习", "Sum", ["Maths", "Ön"], saved=5.5)
    assert await store.library.item(PAGE) == Item(
        PAGE, "机器学习", "Sum", ("Maths", "Ön"), "", 5.5, False, None
    )
    (hit,) = (await store.search.find("学习")).results
    assert (hit.thing, hit.private, hit.shared, hit.why) == (PAGE, True, False, ("your private save",))


async def test_saving_again_describes_anew_and_keeps_time_and_note(store: Store) -> None:
    await store.library.save(PAGE, "Old", saved=1.0)
    await store.library.note(PAGE, "my note", saved=2.0)
    assert not await store.library.save(PAGE, "New", saved=3.0)
    item = await store.library.item(PAGE)
    assert item is not None
    assert (item.title, item.note, item.saved) == ("New", "my note", 1.0)
    assert await found(store, "old") == []


async def test_a_note_alone_keeps_a_thing_until_it_is_taken_away(store: Store) -> None:
    await store.library.note(PAGE, "remember", saved=1.0)
    assert [item.thing for item in await store.library.notes()] == [PAGE]
    assert await found(store, "remember") == [PAGE]
    await store.library.note(PAGE, "", saved=2.0)
    assert await store.library.item(PAGE) is None
    await store.library.save(PAGE, "Kept", saved=3.0)
    await store.library.note(PAGE, "again", saved=4.0)
    await store.library.note(PAGE, "", saved=5.0)
    item = await store.library.item(PAGE)
    assert item is not None
    assert item.note == ""


async def test_an_import_leaves_what_is_there_and_counts_it(store: Store) -> None:
    await store.library.save(PAGE, "Mine", saved=1.0)
    number = await store.library.begin_import("bookmarks.html", 2.0)
    items = [NewItem(PAGE, "Theirs"), NewItem(OTHER, "New", saved=1.5), NewItem(OTHER, "Twice")]
    assert await store.library.save_many(items, number) == (1, 2)
    mine, new = await store.library.item(PAGE), await store.library.item(OTHER)
    assert mine is not None
    assert new is not None
    assert (mine.title, mine.import_name) == ("Mine", None)
    assert (new.title, new.import_name) == ("New", "bookmarks.html")


async def test_an_import_passes_over_what_was_shared_from_here(store: Store) -> None:
    await put(store, ME.shares(PAGE, "Shared"), own=True)
    await put(store, BEN.shares(OTHER, "Somebody else's"))
    assert await store.library.known([PAGE, OTHER, "\ud800"]) == {PAGE}
    number = await store.library.begin_import("again", 1.0)
    assert await store.library.save_many([NewItem(PAGE, "Double"), NewItem(OTHER, "New")], number) == (1, 1)
    assert await store.library.known([PAGE, OTHER]) == {PAGE, OTHER}
    assert await store.library.item(PAGE) is None
    assert await store.library.save(PAGE, "Kept on purpose", saved=2.0)


async def test_undoing_an_import_takes_back_what_it_brought_and_nothing_else(store: Store) -> None:
    await store.library.save(PAGE, "Mine", saved=1.0)
    first = await store.library.begin_import("first", 2.0)
    things = [f"https://example.org/{number}" for number in range(5)]
    await store.library.save_many([NewItem(thing, f"title {thing}") for thing in things], first)
    second = await store.library.begin_import("second", 3.0)
    await store.library.save_many([NewItem(OTHER, "second")], second)
    await store.library.note(things[0], "I looked at this", saved=4.0)
    await store.library.save(things[1], "Better title", saved=4.0)
    assert [(one.name, one.items) for one in await store.library.imports()] == [("second", 1), ("first", 3)]
    assert await store.library.undo_import() == 1
    assert await store.library.item(OTHER) is None
    assert await store.library.undo_import(first) == 3
    kept = {item.thing for item in (await store.library.items()).results}
    assert kept == {PAGE, things[0], things[1]}
    assert await found(store, "title") == [things[0], things[1]] or set(await found(store, "title")) == {
        *things[:2]
    }
    assert await store.library.imports() == ()
    assert await store.library.undo_import() == 0


async def test_what_is_shared_leaves_the_library_and_a_note_stays(store: Store) -> None:
    await store.library.save(PAGE, "Title", "Summary", ["topic"], saved=1.0)
    await store.library.save(OTHER, "Other", saved=1.0)
    await store.library.note(OTHER, "just for me", saved=2.0)
    await put(store, ME.shares(PAGE, "Title"), ME.shares(OTHER, "Other"), own=True)
    assert await store.library.mark_shared([PAGE, OTHER, "https://nowhere.example/"]) == 2
    assert await store.library.item(PAGE) is None
    assert await store.library.item(OTHER) == Item(OTHER, "", "", (), "just for me", 1.0, True, None)
    assert await store.library.topics() == ()
    await store.library.note(OTHER, "", saved=3.0)
    assert await store.library.item(OTHER) is None
    assert await found(store, "title") == [PAGE]


async def test_items_come_latest_first_in_pages_that_inserts_do_not_disturb(store: Store) -> None:
    for number in range(10):
        topics = ["Even"] if number % 2 == 0 else []
        await store.library.save(
            f"https://example.org/{number}", f"t{number}", topics=topics, saved=float(number // 3)
        )
    first = await store.library.items(limit=4)
    await store.library.save(PAGE, "late", saved=99.0)
    await store.library.remove("https://example.org/9")
    second = await store.library.items(first.next, limit=4)
    third = await store.library.items(second.next, limit=4)
    seen = [item.thing for page in (first, second, third) for item in page.results]
    assert seen == [f"https://example.org/{number}" for number in (9, 8, 7, 6, 5, 4, 3, 2, 1, 0)]
    assert third.next is None
    even = await store.library.items(topic=" EVEN ")
    assert len(even.results) == 5
    assert await store.library.topics() == (("even", 5),)


async def test_a_wrong_cursor_is_refused(store: Store) -> None:
    with pytest.raises(Problem, match="HG-R3"):
        await store.library.items("nonsense")


async def test_what_is_removed_leaves_no_trace_in_any_file(tmp_path: Path) -> None:
    async with opened(tmp_path, ME) as store:
        await store.library.save(
            "https://xylophagous.example/", "xylophagous", topics=["xylophagy"], saved=1.0
        )
        await store.library.note("https://xylophagous.example/", "xylophagous notes", saved=1.0)
        assert await store.library.remove("https://xylophagous.example/")
        assert not await store.library.remove("https://xylophagous.example/")
        assert await store.erase_when_due()
        assert b"xyloph" not in bytes_in(tmp_path)


async def test_mutes_blocks_and_private_follows_are_kept_and_taken_back(store: Store) -> None:
    lists = store.library
    for mark, unmark, marked in (
        (lists.mute, lists.unmute, lists.muted),
        (lists.block, lists.unblock, lists.blocked),
    ):
        assert await mark(BEN.did, 7.0)
        assert not await mark(BEN.did, 8.0)
        assert await marked() == {BEN.did: 7.0}
        assert await unmark(BEN.did)
        assert not await unmark(BEN.did)
        assert await marked() == {}
    assert await lists.follow_privately(BEN.did, 1.0)
    assert await lists.private_follows() == {BEN.author}
    assert await lists.unfollow_privately(BEN.did)
    assert await lists.private_follows() == set()


async def test_private_things_survive_reopening_and_can_be_indexed_anew(tmp_path: Path) -> None:
    async with opened(tmp_path, ME) as store:
        await store.library.save(PAGE, "Title", topics=["maths"], saved=1.0)
        await store.library.note(PAGE, "note", saved=1.0)
    async with opened(tmp_path, ME) as store:
        await store.database.write(library.reindex)
        assert await found(store, "title note") == [PAGE]
        assert await store.library.topics() == (("maths", 1),)


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\u202e", "🌱" * 100])
async def test_any_text_can_be_kept(store: Store, text: str) -> None:
    await store.library.save(PAGE, text, text, [text], saved=1.0)
    await store.library.note(PAGE, text, saved=1.0)
    assert await store.library.item(PAGE) is not None
    assert await store.library.item(text) is None
    assert await store.library.remove(PAGE)


async def test_a_large_import_is_one_commit(store: Store) -> None:
    number = await store.library.begin_import("all", 1.0)
    items = [
        NewItem(f"https://example.org/{number}", f"Title {number}", topics=("a", "b"))
        for number in range(3_000)
    ]
    assert await store.library.save_many(items, number) == (3_000, 0)
    assert await found(store, "title 2999") == ["https://example.org/2999"]
    assert await store.library.undo_import(number) == 3_000
    assert await found(store, "title") == []
