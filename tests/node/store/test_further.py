"""What people say to whom others lead: through one friend never more than a fifth of a page, and nothing is lost."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from hedgerow_node.store.feed import Feed
from hedgerow_node.store.records import FeedItem
from hedgerow_node.store.store import Store
from hedgerow_protocol.keys import AuthorKey
from node.store.voices import Voice, opened, put

ME, ANA, BEN = Voice("me"), Voice("Ana"), Voice("Ben")
FARM = [Voice(f"false {number}") for number in range(40)]
HONEST = [Voice(f"honest {number}") for number in range(20)]
THROUGH = {one.author: ANA.author for one in FARM}
LIMIT = 30


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, ME) as store:
        await put(store, ANA.is_called("Ana"), BEN.is_called("Ben"))
        yield store


async def pages(
    store: Store, through: dict[AuthorKey, AuthorKey], limit: int = LIMIT
) -> list[tuple[FeedItem, ...]]:
    found = [await store.views.further(through, limit=limit)]
    while found[-1].next is not None:
        found.append(await store.views.further(through, found[-1].next, limit))
    return [page.results for page in found]


async def speak(store: Store) -> None:
    """Twenty honest people said something each, then a farm floods."""
    await put(store, *[one.shares(f"https://{n}.honest.example/", "t") for n, one in enumerate(HONEST)])
    said = [FARM[n % 40].shares(f"https://{n}.false.example/", "t") for n in range(2_000)]
    await put(store, *said)
    await store.indexing.finish()


def false_ones(page: tuple[FeedItem, ...]) -> int:
    return sum("false" in item.thing for item in page)


async def test_through_one_friend_a_farm_gets_a_fifth_of_a_page_and_hides_nobody(store: Store) -> None:
    await speak(store)
    through = THROUGH | {one.author: (BEN if n % 2 else one).author for n, one in enumerate(HONEST)}
    first = await store.views.further(through, limit=LIMIT)
    assert false_ones(first.results) == LIMIT // 5
    assert len(first.results) >= LIMIT // 2  # the others are there, whatever came after them


async def test_each_sentence_says_through_whom(store: Store) -> None:
    await put(store, FARM[0].is_called("Cyd"), FARM[0].shares("https://example.org/", "t"))
    [item] = (await store.views.further(THROUGH)).results
    assert item.why == ("Through Ana: Cyd shared it",)


async def test_not_even_where_nobody_else_has_anything_to_say(store: Store) -> None:
    await speak(store)
    page = await store.views.further(THROUGH, limit=LIMIT)
    assert len(page.results) == LIMIT // 5
    assert page.next is not None


async def test_without_the_share_of_an_introducer_the_farm_would_fill_the_page(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await speak(store)
    through = THROUGH | {one.author: BEN.author for one in HONEST}
    monkeypatch.setattr(Feed, "_voice_of", lambda self, author: author)
    page = await store.views.further(through, limit=LIMIT)
    assert false_ones(page.results) > LIMIT // 5


@pytest.mark.parametrize("limit", [1, 4, 10, 30])
async def test_the_pages_have_neither_gap_nor_repetition(store: Store, limit: int) -> None:
    chance = Random(limit)
    speakers, introducers = FARM[:7], [ANA, BEN, HONEST[0]]
    through = {one.author: chance.choice(introducers).author for one in speakers}
    await put(store, HONEST[0].is_called("Honest"))
    said = [
        chance.choice(speakers).shares(f"https://example.org/{chance.randrange(60)}", "t") for _ in range(200)
    ]
    await put(store, *said)
    await store.indexing.finish()
    seen = [item.thing for page in await pages(store, through, limit) for item in page]
    assert len(seen) == len(set(seen))
    assert set(seen) == {item.thing for page in await pages(store, through, 200) for item in page}
    assert len(set(seen)) > 40


async def test_whose_friend_is_unknown_is_not_shown(store: Store) -> None:
    await speak(store)
    nobody = Voice("nobody here")
    assert await pages(store, {one.author: nobody.author for one in FARM}) == [()]
