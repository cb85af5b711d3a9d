"""What is kept of whom: sums by weeks, letting go of what is older, and what never goes."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hedgerow_node.store import weeks
from hedgerow_node.store.keeping import Slice
from hedgerow_node.store.store import Store
from hedgerow_node.store.weeks import WEEK
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.kinds import Comment, Follow, Profile, Resource, Role
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_thing
from node.store.opened import NOW, cut_up, ids_of, of_schema, opened, sums_hold, traces
from simulator.author import EPOCH, Author

ME = Author(99)
ALL = 10**6


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        await store.messages.put([ME.inception], received=NOW, own=True)
        yield store


async def held(store: Store, author: Author, since: int = 0) -> set[MessageId]:
    asked = Filter.of_authors({author.key}).kept_since({author.key: since})
    _, ids = await store.messages.items(asked, control=False)
    return set(cut_up(ids))


async def let_go(store: Store, author: Author, since: int) -> int:
    """Keep an author only from a time on; how many messages went."""
    await store.keeping.keep_since({author.key: since})
    went = 0
    while (one := await store.keeping.let_go(author.key, ME.key, 7)).count:
        went += one.count
    return went


async def count(store: Store, table: str) -> int:
    """Rows of a table."""
    return await store.database.read(
        lambda db: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    )


def spread(author: Author, count: int, seed: int = 1, span: int = 40 * WEEK) -> list[Message]:
    """Messages at random times over many weeks, some of the same second."""
    chance = random.Random(seed)
    return [
        author.say(
            Resource(f"https://example.org/{number}", f"Title {number}"),
            EPOCH + chance.randrange(span // 60) * 60,
        )
        for number in range(count)
    ]


# --- Sums ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
async def test_the_sum_of_any_part_is_that_of_its_messages(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    authors = [Author(number) for number in (1, 2, 3)]
    said = [message for author in authors for message in spread(author, 60, seed)]
    chance.shuffle(said)
    for start in range(0, len(said), 50):
        await store.messages.put(said[start : start + 50], received=NOW)
    for _ in range(40):
        window = sorted(EPOCH + chance.randrange(40 * WEEK) for _ in range(2))
        since = {
            one.key: chance.choice([0, EPOCH + chance.randrange(40 * WEEK), window[1]]) for one in authors
        }
        asked = Filter.of_authors({one.key for one in chance.sample(authors, 2)}).kept_since(since)
        asked = asked.within(*(chance.choice([0, one]) for one in window))
        _, ids = await store.messages.items(asked, control=False)
        assert await store.messages.sum(asked, control=False) == SetSum.of(cut_up(ids))
        expected = {one.id for one in said if asked.matches(one.header)}
        assert set(cut_up(ids)) == expected
        page, _ = await store.messages.range(asked, False, (0, b""), ALL, ALL * 1_000)
        assert [one.id for one in page] == cut_up(ids)


async def test_a_page_of_many_authors_holds_what_is_kept_of_each(store: Store) -> None:
    authors = [Author(number) for number in range(1, 70)]
    said = [message for author in authors for message in author.resources(4)]
    await store.messages.put(said, received=NOW)
    since = {one.key: EPOCH + 1 + place % 5 for place, one in enumerate(authors)}
    asked = Filter.of_authors({one.key for one in authors}).kept_since(since)
    page, more = await store.messages.range(asked, False, (0, b""), ALL, ALL * 1_000)
    assert {one.id for one in page} == {one.id for one in said if asked.matches(one.header)}
    assert not more


@pytest.mark.parametrize("seed", range(6))
async def test_weeks_hold_through_retractions_late_bodies_and_letting_go(store: Store, seed: int) -> None:
    chance, author = random.Random(seed), Author(1)
    said = spread(author, 120, seed)
    retraction = author.retract(*chance.sample(said, 20), ts=EPOCH)
    coming = [author.inception, *said, *(one.without_body() for one in chance.sample(said, 30)), retraction]
    chance.shuffle(coming)
    for start in range(0, len(coming), 25):
        await store.messages.put(coming[start : start + 25], received=NOW)
        assert await store.check() == []
    await let_go(store, author, EPOCH + chance.randrange(40 * WEEK))
    assert await store.check() == []
    assert await sums_hold(store, [author])


async def test_a_store_of_the_schema_before_gets_its_weeks(tmp_path: Path) -> None:
    author, new, old = Author(1), tmp_path / "new", tmp_path / "old"
    new.mkdir()
    said = spread(author, 80)
    bare = [one.without_body() for one in said[:10]]
    async with opened(new) as store:
        messages = [author.inception, *said[10:], *bare, author.retract(said[40], ts=EPOCH)]
        await store.messages.put(messages, received=NOW)
        amounts = await store.keeping.amounts()
    of_schema(6, new, old)
    async with opened(old) as store:
        assert await store.check() == []
        assert await store.keeping.amounts() == amounts


async def test_a_header_without_its_body_counts_as_if_it_were_here_until_it_is_withdrawn(
    store: Store,
) -> None:
    author = Author(1)
    [message] = author.resources(1)
    await store.messages.put([message.without_body()], received=NOW)
    bare = (await store.keeping.amounts())[author.key].bytes
    await store.messages.put([message], received=NOW)
    assert (await store.keeping.amounts())[author.key].bytes == bare
    await store.messages.put([author.retract(message, ts=EPOCH)], received=NOW)
    assert (await store.keeping.amounts())[author.key].bytes == bare - message.header.body_len


# --- Letting go --------------------------------------------------------------------------------------------------


async def test_what_is_older_goes_and_what_is_not_stays(store: Store) -> None:
    author, other = Author(1), Author(2)
    said, others = spread(author, 100), spread(other, 30)
    await store.messages.put([author.inception, *said, *others], received=NOW)
    since = EPOCH + 20 * WEEK + 5
    newer = {one.id for one in said if one.header.ts >= since}
    assert await let_go(store, author, since) == len(said) - len(newer)
    assert await held(store, author) == newer
    assert await held(store, other) == set(ids_of(others))
    assert await store.messages.known([author.inception.id]) == {author.inception.id}
    found = (await store.keeping.since())[author.key]
    assert (found.since, found.count) == (since, len(said) - len(newer))
    assert found.bytes > 0
    assert (await store.keeping.amounts())[author.key].count == len(newer)


async def test_what_never_goes(store: Store) -> None:
    author = Author(1)
    saved, answered, named, plain = author.resources(4)
    profile = author.say(Profile("Ana"), EPOCH + 5)
    follow = author.say(Follow(did_of(ME.key)), EPOCH + 6)
    retraction = author.retract(plain, ts=EPOCH + 7)
    await store.messages.put(
        [author.inception, saved, answered, named, plain, profile, follow, retraction], received=NOW
    )
    mine = ME.say(Comment(message_thing(answered.id), Role.COMMENT, "Thanks"), EPOCH + 9)
    await store.messages.put([mine], received=NOW, own=True)
    await store.library.note(message_thing(named.id), "read again", saved=NOW)
    await store.library.note("https://example.org/1", "mine", saved=NOW)
    await store.indexing.finish()
    await let_go(store, author, EPOCH + 1_000_000)
    pinned = {one.id for one in (saved, answered, named, profile, follow)}
    assert await held(store, author) == pinned
    assert await held(store, author, EPOCH + 1_000_000) == set()
    assert await held(store, ME) == {mine.id}
    known = await store.messages.known([author.inception.id, retraction.id])
    assert known == {author.inception.id, retraction.id}
    assert await store.check() == []


async def test_what_is_let_go_is_not_found_any_more(store: Store) -> None:
    author = Author(1)
    old, new = author.resources(2)
    await store.messages.put([author.inception, old, new], received=NOW)
    assert len((await store.search.find("title")).results) == 2
    await let_go(store, author, new.header.ts)
    assert len((await store.search.find("title")).results) == 1


async def test_a_replaced_version_loses_its_body_and_keeps_its_place(store: Store) -> None:
    author = Author(1)
    [old] = author.resources(1)
    new = author.say(Resource("https://example.org/1", "Newer"), EPOCH + 5, replaces=(old.id,))
    await store.messages.put([author.inception, old, new], received=NOW)
    before = (await store.keeping.amounts())[author.key]
    went = await store.keeping.drop_superseded(author.key, ALL)
    assert went == Slice(1, old.header.body_len)
    assert await held(store, author) == {old.id, new.id}
    assert [one.body for one in await store.messages.get([old.id])] == [None]
    assert (await store.keeping.amounts())[author.key].bytes == before.bytes - went.bytes
    assert await store.messages.bodiless([author.key], 10) == []
    assert await store.messages.known([old.id]) == {old.id}
    assert await store.messages.put([old], received=NOW) == []
    assert await store.keeping.dropped() == 1
    assert await store.check() == []


async def test_a_version_that_stands_again_wants_its_body_back(store: Store) -> None:
    author = Author(1)
    phone = author.another_device()
    [old] = author.resources(1)
    new = phone.say(Resource("https://example.org/1", "Newer"), EPOCH + 5, replaces=(old.id,))
    log = [author.inception, author.update(added=[phone])]
    await store.messages.put([*log, old, new], received=NOW)
    await store.keeping.drop_superseded(author.key, ALL)
    await store.messages.put([author.update(removed={phone.device: ()})], received=NOW)
    assert await store.messages.bodiless([author.key], 10) == [old.id]
    assert await store.messages.put([old], received=NOW) == [old]
    assert await store.check() == []


async def test_an_outsider_goes_with_his_keys_and_tombstones(store: Store) -> None:
    author, other = Author(1), Author(2)
    said = spread(author, 40)
    newer = author.say(Resource("https://example.org/new", "New"), EPOCH, replaces=(said[0].id,))
    await store.messages.put(
        [author.inception, *said, newer, author.retract(said[3], ts=EPOCH), other.inception], received=NOW
    )
    await store.keeping.begin_to_forget([author.key])
    while (await store.keeping.forget(author.key, NOW, 16)).count:
        pass
    assert author.key not in await store.messages.authors()
    assert other.key in await store.messages.authors()
    assert await store.keeping.forgotten() == (1, 43)
    assert await store.keeping.since() == {}
    assert await store.check() == []
    for table in ("retractions", "supersessions", "weeks", "statements"):
        assert await count(store, table) == 0


async def test_who_is_needed_is_not_forgotten(store: Store) -> None:
    assert await store.keeping.needed() == {ME.key}


# --- Times -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
async def test_the_least_time_lets_as_much_stay_as_is_allowed(store: Store, seed: int) -> None:
    chance, author = random.Random(seed), Author(1)
    said = spread(author, 100, seed, span=chance.choice([3, 100]) * WEEK)
    await store.messages.put([author.inception, *said], received=NOW)
    for count in (0, 1, 17, 99, 100, 101):
        since = await store.keeping.least_since(author.key, count, 10**9)
        kept = [one for one in said if one.header.ts >= since]
        assert len(kept) <= count
        with_one_second_more = [one for one in said if one.header.ts >= since - 1]
        assert (
            len(with_one_second_more) > count or len(with_one_second_more) == len(kept) or since % WEEK == 0
        )
    size = sum(weeks.size_of(one.header, len(one.header_bytes), has_body=True) for one in said)
    since = await store.keeping.least_since(author.key, 10**9, size // 2)
    kept = [one for one in said if one.header.ts >= since]
    assert (
        0 < sum(weeks.size_of(one.header, len(one.header_bytes), has_body=True) for one in kept) <= size // 2
    )
    assert await store.keeping.least_since(author.key, 10**9, size) == 0


async def test_the_last_messages_of_somebody_have_a_time(store: Store) -> None:
    author = Author(1)
    said = author.resources(10)
    await store.messages.put(said, received=NOW)
    assert await store.keeping.time_of_last(author.key, 3) == said[7].header.ts
    assert await store.keeping.time_of_last(author.key, 11) == 0
    assert await store.keeping.time_of_last(Author(5).key, 1) == 0


# --- Erasure ------------------------------------------------------------------------------------------------------


async def test_what_is_withdrawn_after_it_was_let_go_leaves_no_trace(tmp_path: Path) -> None:
    author = Author(1)
    word = "zqxvlongwordthatnobodysays"
    old = author.say(Resource("https://example.org/old", word), EPOCH)
    [new] = author.resources(1, start=EPOCH + 10)
    async with opened(tmp_path) as store:
        await store.messages.put([author.inception, old, new], received=NOW)
        await let_go(store, author, EPOCH + 5)
        assert await store.messages.put([author.retract(old, ts=EPOCH + 9)], received=NOW)
        assert await store.erase_when_due()
        assert (
            not await store.messages.put([old], received=NOW)
            or (await store.messages.get([old.id]))[0].body is None
        )
    assert traces(tmp_path, [word]) == []


async def test_a_cut_is_followed_through_what_was_let_go(store: Store) -> None:
    author = Author(1)
    phone = author.another_device()
    first, second = phone.resources(2)
    withdrawal = phone.retract(first, ts=EPOCH + 3)
    later = phone.resources(40, start=EPOCH + 10)
    log = [author.inception, author.update(added=[phone])]
    await store.messages.put([*log, first, second, withdrawal, *later], received=NOW)
    await let_go(store, author, EPOCH + 30)
    cut = ((later[-2].header.seq, later[-2].id),)
    await store.messages.put([author.update(removed={phone.device: cut})], received=NOW)
    assert await held(store, author) == {one.id for one in later[:-1] if one.header.ts >= EPOCH + 30}
    assert await store.messages.get([withdrawal.id]) == [withdrawal]
    assert await store.check() == []


async def test_a_tip_that_comes_late_is_followed_through_what_was_let_go(store: Store) -> None:
    author = Author(1)
    phone = author.another_device()
    [first] = phone.resources(1)
    withdrawal = phone.retract(first, ts=EPOCH + 3)
    later = phone.resources(20, start=EPOCH + 10)
    log = [author.inception, author.update(added=[phone])]
    await store.messages.put([*log, first, withdrawal, *later[:-1]], received=NOW)
    await let_go(store, author, EPOCH + 20)
    cut = ((later[-1].header.seq, later[-1].id),)
    await store.messages.put([author.update(removed={phone.device: cut})], received=NOW)
    assert await store.messages.get([withdrawal.id]) == []
    await store.messages.put([later[-1]], received=NOW)
    assert await store.messages.get([withdrawal.id]) == [withdrawal]
    assert await held(store, author) == {one.id for one in later if one.header.ts >= EPOCH + 20}
    assert await store.check() == []
