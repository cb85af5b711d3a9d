"""Messages at rest: what is held after any puts, and what the sets, pages and look-ups say of it."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_node.store.sets import FEW_AUTHORS, START
from hedgerow_node.store.store import Store
from hedgerow_protocol import codec, limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Comment, Endorse, Kind, Resource, Role, Unknown
from hedgerow_protocol.message import FIRST, ChainPlace, Message, MessageId, sign_message
from node.store.opened import EVERYTHING, NOW, cut_up, ids_of, opened, sums_hold
from simulator.author import EPOCH, Author

PAGE = "https://example.org/page"
ALL = Filter()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def held(store: Store, wanted: Filter = ALL, *, control: bool = False) -> list[MessageId]:
    """The ids of a set."""
    _, ids = await store.messages.items(wanted, control)
    return cut_up(ids)


def in_order(messages: Sequence[Message]) -> list[MessageId]:
    return [id for _, id in sorted((message.header.ts, message.id) for message in messages)]


# --- Putting --------------------------------------------------------------------------------------------------


async def test_what_was_put_comes_back_byte_for_byte_also_after_a_restart(tmp_path: Path) -> None:
    author = Author(1)
    messages = [author.inception, *author.resources(5)]
    async with opened(tmp_path) as store:
        assert await store.messages.put(messages, received=NOW) == messages
    async with opened(tmp_path) as store:
        found = await store.messages.get(ids_of(messages))
        assert {message.encode() for message in found} == {message.encode() for message in messages}


async def test_only_what_is_new_is_named_in_the_order_it_was_given(store: Store) -> None:
    messages = Author(1).resources(4)
    assert await store.messages.put(messages[1:3], received=NOW) == messages[1:3]
    given = [messages[3], messages[1], messages[0], messages[3]]
    assert await store.messages.put(given, received=NOW) == [messages[3], messages[0]]
    assert await store.messages.put(messages, received=NOW) == []
    assert await store.messages.put([], received=NOW) == []


async def test_a_header_that_came_alone_takes_its_body_later(store: Store) -> None:
    author = Author(1)
    (message,) = author.resources(1)
    assert await store.messages.put([message.without_body()], received=NOW) == [message.without_body()]
    assert await store.messages.known([message.id]) == set()
    assert await store.messages.bodiless([author.key], 10) == [message.id]
    assert await store.messages.put([message], received=NOW) == [message]
    assert await store.messages.known([message.id]) == {message.id}
    assert await store.messages.bodiless([author.key], 10) == []
    assert await store.messages.get([message.id]) == [message]
    assert await store.views.current(author.key, Kind.RESOURCE, "https://example.org/1") == message


async def test_of_two_copies_in_one_batch_the_one_with_a_body_is_stored(store: Store) -> None:
    first, second = Author(1).resources(2)
    await store.messages.put([first.without_body(), first, second, second.without_body()], received=NOW)
    assert await store.messages.known([first.id, second.id]) == {first.id, second.id}


async def test_a_header_does_not_take_the_body_away(store: Store) -> None:
    (message,) = Author(1).resources(1)
    await store.messages.put([message], received=NOW)
    assert await store.messages.put([message.without_body()], received=NOW) == []
    assert await store.messages.get([message.id]) == [message]


async def test_kinds_and_bodies_that_say_nothing_here_are_carried(store: Store) -> None:
    author = Author(1)
    unknown = author.say(Unknown(40, ("anything",)), EPOCH + 1)
    malformed = sign_message(
        seed=author.device_seed,
        author=author.key,
        place=ChainPlace(2, unknown.id),
        kind=Kind.RESOURCE,
        ts=EPOCH + 2,
        body=codec.encode(["no body of a resource"]),
    )
    await store.messages.put([unknown, malformed], received=NOW)
    assert await held(store) == ids_of([unknown, malformed])
    assert await store.messages.get([malformed.id]) == [malformed]


async def test_a_batch_may_be_larger_than_one_statement_takes(store: Store) -> None:
    authors = [Author(number) for number in range(60)]
    messages = [message for author in authors for message in author.resources(20)]
    assert len(await store.messages.put(messages, received=NOW)) == 1_200
    assert await store.messages.known(ids_of(messages)) == set(ids_of(messages))
    assert await sums_hold(store, authors)


async def test_two_puts_at_once_store_each_message_once(store: Store) -> None:
    author = Author(1)
    messages = author.resources(50)
    new = await asyncio.gather(*[store.messages.put(messages, received=NOW) for _ in range(4)])
    assert sorted(ids_of(chain(*new))) == sorted(ids_of(messages))
    assert await sums_hold(store, [author])


async def test_an_own_message_that_came_back_from_others_first_is_still_journalled_as_own(
    store: Store,
) -> None:
    first, second = Author(1).resources(2)
    await store.messages.put([first, second.without_body()], received=NOW)
    assert list(store.journal.read()) == []
    assert await store.messages.put([first, second], received=NOW, own=True) == [second]
    assert sorted(ids_of(store.journal.read())) == sorted(ids_of([first, second]))
    assert (await store.messages.counts()).own == 2
    assert await store.check() == []


async def test_the_body_of_an_own_message_is_journalled_whoever_brings_it(store: Store) -> None:
    (message,) = Author(1).resources(1)
    await store.messages.put([message.without_body()], received=NOW, own=True)
    await store.messages.put([message], received=NOW)
    assert list(store.journal.read()) == [message.without_body(), message]
    assert await store.check() == []


# --- Looking up -----------------------------------------------------------------------------------------------


async def test_the_next_place_follows_the_last_message_of_this_author_and_device(store: Store) -> None:
    author, other = Author(1), Author(2)
    assert await store.messages.place(author.key, author.device) == FIRST
    messages = author.resources(3)
    await store.messages.put([author.inception, *messages, *other.resources(7)], received=NOW)
    assert await store.messages.place(author.key, author.device) == ChainPlace(4, messages[-1].id)
    assert await store.messages.place(other.key, author.device) == FIRST


async def test_a_retracted_message_keeps_its_place_in_the_chain(store: Store) -> None:
    author = Author(1)
    (message,) = author.resources(1)
    retraction = author.retract(message, ts=EPOCH + 9)
    await store.messages.put([message, retraction], received=NOW)
    assert await store.messages.place(author.key, author.device) == ChainPlace(3, retraction.id)


async def test_the_log_is_every_message_of_kind_0(store: Store) -> None:
    authors = [Author(1), Author(2)]
    for author in authors:
        await store.messages.put([*author.resources(2), author.inception], received=NOW)
    assert await store.messages.log() == [author.inception for author in authors]


async def test_ids_between_two_are_found_in_order(store: Store) -> None:
    messages = Author(1).resources(20)
    await store.messages.put(messages, received=NOW)
    ids = sorted(ids_of(messages))
    assert await store.messages.ids_between(ids[3], ids[8], 100) == ids[3:9]
    assert await store.messages.ids_between(bytes(32), b"\xff" * 32, 4) == ids[:4]


async def test_counts_tell_own_erased_and_bodiless_messages(store: Store) -> None:
    author, other = Author(1), Author(2)
    mine = author.resources(3)
    theirs = other.resources(4)
    await store.messages.put([*mine, author.retract(mine[0], ts=EPOCH + 9)], received=NOW, own=True)
    await store.messages.put([theirs[0].without_body(), *theirs[1:]], received=NOW)
    counts = await store.messages.counts()
    assert (counts.messages, counts.own, counts.erased, counts.bodiless, counts.authors) == (8, 4, 1, 1, 2)
    assert await store.messages.authors() == {author.key: 4, other.key: 4}
    assert store.size() > 0


async def test_bodiless_names_no_more_than_asked_and_only_of_these_authors(store: Store) -> None:
    author, other = Author(1), Author(2)
    bare = [message.without_body() for message in (*author.resources(3), *other.resources(3))]
    await store.messages.put(bare, received=NOW)
    found = await store.messages.bodiless([author.key], 2)
    assert len(found) == 2
    assert set(found) <= set(ids_of(bare[:3]))


# --- Sets -----------------------------------------------------------------------------------------------------


async def test_control_and_content_are_sets_of_their_own_in_order_of_time_and_id(store: Store) -> None:
    authors = [Author(number) for number in range(3)]
    content = [message for author in authors for message in author.resources(10)]
    retractions = [author.retract(content[10 * place], ts=EPOCH + 99) for place, author in enumerate(authors)]
    control = [author.inception for author in authors] + retractions
    await store.messages.put([*content, *control], received=NOW)
    assert await held(store) == in_order(content)
    assert await held(store, control=True) == in_order(control)
    timestamps, ids = await store.messages.items(Filter(), False)
    assert list(timestamps) == sorted(message.header.ts for message in content)
    assert len(ids) == limits.ID_SIZE * len(timestamps)
    assert await sums_hold(store, authors)


async def test_a_filter_by_author_kind_and_time_names_exactly_what_matches(store: Store) -> None:
    author, other = Author(1), Author(2)
    messages = [
        *author.resources(6),
        *[author.say(Endorse(PAGE + str(number)), EPOCH + number) for number in range(6)],
        *other.resources(6),
        author.inception,
        other.inception,
    ]
    await store.messages.put(messages, received=NOW)
    for wanted in (
        Filter(authors=(author.key,)),
        Filter(kinds=(Kind.ENDORSE,)),
        Filter(since=EPOCH + 2),
        Filter(until=EPOCH + 3),
        Filter(authors=(author.key,), kinds=(4, 5), since=EPOCH + 1, until=EPOCH + 5),
        Filter(authors=()),
        Filter(kinds=()),
        Filter(authors=(AuthorKey(bytes(32)),)),
        Filter(since=2**32 - 1),
    ):
        matching = [one for one in messages if wanted.matches(one.header)]
        content = [one for one in matching if not one.header.is_control]
        assert await held(store, wanted) == in_order(content), wanted
        control = [one for one in matching if one.header.is_control]
        assert await held(store, wanted, control=True) == in_order(control), wanted


async def test_erased_messages_and_bare_headers_stay_in_the_sets(store: Store) -> None:
    author = Author(1)
    messages = author.resources(3)
    await store.messages.put([messages[0].without_body(), *messages[1:]], received=NOW)
    await store.messages.put([author.retract(messages[1], ts=EPOCH + 9)], received=NOW)
    assert await held(store) == in_order(messages)
    assert await sums_hold(store, [author])


async def test_sums_leave_out_authors_of_whom_nothing_is_held(store: Store) -> None:
    author, other = Author(1), Author(2)
    messages = author.resources(3)
    await store.messages.put(messages, received=NOW)
    sums = await store.messages.sums([author.key, other.key], control=False)
    assert sums == {author.key: SetSum.of(ids_of(messages))}
    assert await store.messages.sums([author.key], control=True) == {}
    assert await store.messages.sums([], control=False) == {}


async def paged(store: Store, wanted: Filter, limit: int, max_bytes: int) -> list[list[Message]]:
    pages, after, more = [], START, True
    while more:
        page, more = await store.messages.range(wanted, False, after, limit, max_bytes)
        pages.append(page)
        if page:
            after = (page[-1].header.ts, page[-1].id)
    return pages


@pytest.mark.parametrize("count", [None, 3, FEW_AUTHORS + 6])
async def test_pages_of_a_range_are_the_set_and_nothing_twice(store: Store, count: int | None) -> None:
    authors = [Author(number) for number in range(FEW_AUTHORS + 8)]
    messages = [message for author in authors for message in author.resources(4)]
    await store.messages.put(messages, received=NOW)
    wanted = Filter(since=EPOCH + 2)
    if count is not None:
        wanted = replace(wanted, authors=tuple(sorted(author.key for author in authors[:count])))
    pages = await paged(store, wanted, 7, EVERYTHING)
    assert all(len(page) == 7 for page in pages[:-1])
    assert ids_of(chain(*pages)) == await held(store, wanted)


async def test_a_page_ends_at_the_bytes_asked_for_but_brings_one_message_at_least(store: Store) -> None:
    messages = Author(1).resources(6)
    await store.messages.put(messages, received=NOW)
    sizes = [len(one.header_bytes) + len(one.signature) + len(one.body or b"") for one in messages]
    page, more = await store.messages.range(Filter(), False, START, 100, sum(sizes[:3]))
    assert (ids_of(page), more) == (ids_of(messages[:3]), True)
    page, more = await store.messages.range(Filter(), False, START, 100, 1)
    assert (ids_of(page), more) == (ids_of(messages[:1]), True)
    page, more = await store.messages.range(Filter(), False, START, 6, sum(sizes))
    assert (ids_of(page), more) == (ids_of(messages), False)


async def test_a_range_of_the_control_set_is_not_cut_by_kinds_and_times(store: Store) -> None:
    author = Author(1)
    await store.messages.put([author.inception, *author.resources(2)], received=NOW)
    wanted = Filter(authors=(author.key,), kinds=(Kind.ENDORSE,), since=EPOCH + 50)
    page, more = await store.messages.range(wanted, True, START, 10, EVERYTHING)
    assert (page, more) == ([author.inception], False)


# --- Versions and retractions -----------------------------------------------------------------------------------


async def test_a_correction_stands_whichever_version_came_first(store: Store) -> None:
    author = Author(1)
    old = author.say(Resource(PAGE, "Old"), EPOCH + 1)
    new = author.say(Resource(PAGE, "New"), EPOCH + 2, replaces=(old.id,))
    await store.messages.put([new], received=NOW)
    await store.messages.put([old], received=NOW)
    assert await store.views.current(author.key, Kind.RESOURCE, PAGE) == new
    assert len((await store.search.find("Old")).results) == 0
    assert len((await store.search.find("New")).results) == 1


async def test_a_correction_whose_body_is_not_here_hides_the_old_version_too(store: Store) -> None:
    author = Author(1)
    old = author.say(Resource(PAGE, "Old"), EPOCH + 1)
    new = author.say(Resource(PAGE, "New"), EPOCH + 2, replaces=(old.id,))
    await store.messages.put([old], received=NOW)
    await store.messages.put([new.without_body()], received=NOW)
    assert await store.views.current(author.key, Kind.RESOURCE, PAGE) is None
    assert len((await store.search.find("Old")).results) == 0


async def test_retracting_a_correction_does_not_bring_the_old_version_back(store: Store) -> None:
    author = Author(1)
    old = author.say(Resource(PAGE, "Old"), EPOCH + 1)
    new = author.say(Resource(PAGE, "New"), EPOCH + 2, replaces=(old.id,))
    await store.messages.put([old, new], received=NOW)
    await store.messages.put([author.retract(new, ts=EPOCH + 3)], received=NOW)
    assert await store.views.current(author.key, Kind.RESOURCE, PAGE) is None
    for word in ("Old", "New"):
        assert len((await store.search.find(word)).results) == 0


async def test_only_the_same_author_and_kind_can_replace(store: Store) -> None:
    author, other = Author(1), Author(2)
    old = author.say(Resource(PAGE, "Old"), EPOCH + 1)
    await store.messages.put(
        [
            old,
            author.say(Comment(PAGE, Role.COMMENT, "Another kind"), EPOCH + 2, replaces=(old.id,)),
            other.say(Resource(PAGE, "Another author"), EPOCH + 3, replaces=(old.id,)),
        ],
        received=NOW,
    )
    assert await store.views.current(author.key, Kind.RESOURCE, PAGE) == old
    assert len((await store.search.find("Old")).results) == 1


async def test_a_retracted_message_keeps_header_and_signature_and_names_its_retraction(store: Store) -> None:
    author = Author(1)
    message, other = author.resources(2)
    retraction = author.retract(message, ts=EPOCH + 9)
    await store.messages.put([message, other], received=NOW)
    await store.messages.put([retraction], received=NOW)
    assert await store.messages.get([message.id]) == [message.without_body()]
    assert await store.messages.known([message.id]) == {message.id}
    assert await store.messages.retraction_of([message.id, other.id]) == {message.id: retraction.id}
    assert await store.messages.bodiless([author.key], 10) == []


async def test_of_several_retractions_the_lowest_id_is_named_in_any_order(tmp_path: Path) -> None:
    author = Author(1)
    (message,) = author.resources(1)
    retractions = [author.retract(message, ts=EPOCH + number) for number in (5, 6, 7)]
    for place, order in enumerate((retractions, retractions[::-1])):
        folder = tmp_path / str(place)
        folder.mkdir()
        async with opened(folder) as store:
            await store.messages.put([message, *order], received=NOW)
            expected = {message.id: min(ids_of(retractions))}
            assert await store.messages.retraction_of([message.id]) == expected


async def test_a_body_that_comes_after_its_retraction_is_never_stored(store: Store) -> None:
    author = Author(1)
    message, other = author.resources(2)
    await store.messages.put([author.retract(message, other, ts=EPOCH + 9)], received=NOW)
    assert await store.messages.put([message], received=NOW) == [message.without_body()]
    await store.messages.put([other.without_body()], received=NOW)
    assert await store.messages.put([other], received=NOW) == []
    found = await store.messages.get([message.id, other.id])
    assert [one.body for one in found] == [None, None]
    assert await store.messages.known([message.id, other.id]) == {message.id, other.id}


async def test_a_retraction_by_somebody_else_has_no_effect(store: Store) -> None:
    author, other = Author(1), Author(2)
    early, late = author.resources(2)
    await store.messages.put([early], received=NOW)
    await store.messages.put([other.retract(early, late, ts=EPOCH + 9)], received=NOW)
    await store.messages.put([late], received=NOW)
    assert await store.messages.get([early.id]) == [early]
    assert await store.messages.get([late.id]) == [late]
    assert await store.messages.retraction_of([early.id, late.id]) == {}


async def test_log_entries_and_retractions_cannot_be_retracted(store: Store) -> None:
    author = Author(1)
    (message,) = author.resources(1)
    retraction = author.retract(message, ts=EPOCH + 8)
    attempt = author.retract(author.inception, retraction, ts=EPOCH + 9)
    await store.messages.put([attempt], received=NOW)
    await store.messages.put([author.inception, retraction], received=NOW)
    await store.messages.put([attempt, message], received=NOW)
    assert await store.messages.log() == [author.inception]
    assert await store.messages.get([retraction.id]) == [retraction]
    assert await store.messages.get([message.id]) == [message.without_body()]
    assert await store.messages.retraction_of([author.inception.id, retraction.id]) == {}


async def test_a_retraction_without_body_waits_for_it(store: Store) -> None:
    author = Author(1)
    (message,) = author.resources(1)
    retraction = author.retract(message, ts=EPOCH + 9)
    await store.messages.put([message, retraction.without_body()], received=NOW)
    assert await store.messages.get([message.id]) == [message]
    await store.messages.put([retraction], received=NOW)
    assert await store.messages.get([message.id]) == [message.without_body()]


# --- Any order ------------------------------------------------------------------------------------------------


@dataclass
class Expected:
    """What the rules say is held after all of these arrived, without a database."""

    authors: list[Author]
    arriving: list[Message]
    retracted: set[tuple[AuthorKey, MessageId]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for message in self.arriving:
            if message.header.kind == Kind.RETRACT and message.body is not None:
                targets = codec.decode(message.body, limits.MAX_BODY)[3]  # type: ignore[index]
                self.retracted |= {(message.header.author, target) for target in targets}

    def bodies(self) -> dict[MessageId, bytes | None]:
        found: dict[MessageId, bytes | None] = {}
        for message in self.arriving:
            is_erased = message.header.kind not in (0, 1) and self.is_retracted(message)
            known = found.get(message.id)
            found[message.id] = None if is_erased else message.body or known
        return found

    def is_retracted(self, message: Message) -> bool:
        return (message.header.author, message.id) in self.retracted

    def current(self, author: Author) -> MessageId | None:
        """The head in the one slot that all of them write to."""
        versions = [one for one in self.arriving if one.header.kind == 4 and one.header.author == author.key]
        replaced = {target for one in versions for target in one.header.replaces}
        bodies = self.bodies()
        heads = [one for one in versions if one.id not in replaced and bodies[one.id] is not None]
        return max(heads, key=lambda one: (one.header.ts, one.id)).id if heads else None


def story() -> tuple[list[Author], list[Message]]:
    """Two authors who correct and retract their own words, and try to do so with the other's."""
    ana, ben = Author(1), Author(2)
    messages = [ana.inception, ben.inception]
    first = ana.say(Resource(PAGE, "One"), EPOCH + 1)
    second = ana.say(Resource(PAGE, "Two"), EPOCH + 2, replaces=(first.id,))
    third = ana.say(Resource(PAGE, "Three"), EPOCH + 3, replaces=(second.id,))
    apart = ana.say(Resource(PAGE, "Written elsewhere"), EPOCH + 4, replaces=(first.id,))
    comment = ana.say(Comment(PAGE, Role.QUESTION, "Why?"), EPOCH + 5)
    messages += [first, second, third, apart, comment]
    messages.append(ana.retract(third, comment, ana.inception, ts=EPOCH + 6))
    theirs = ben.say(Resource(PAGE, "Ben's"), EPOCH + 1, replaces=(first.id,))
    messages += [theirs, ben.say(Resource(PAGE, "Ben again"), EPOCH + 1, replaces=(apart.id,))]
    messages.append(ben.retract(first, apart, comment, theirs, ts=EPOCH + 7))
    messages.append(ana.retract(apart, messages[-1], messages[7], ts=EPOCH + 8))
    return [ana, ben], messages


AUTHORS, STORY = story()
COPIES = [*STORY, *STORY, *[message.without_body() for message in STORY]]


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[Message]]:
    """Some of the copies in any order, cut into batches; every message comes at least once in some form."""
    order = draw(st.permutations(COPIES))
    kept = order[: draw(st.integers(len(STORY), len(order)))]
    missing = [one for one in STORY if one.id not in {message.id for message in kept}]
    kept += missing
    cuts = sorted(draw(st.lists(st.integers(0, len(kept)), max_size=6)))
    return [kept[start:end] for start, end in zip([0, *cuts], [*cuts, len(kept)], strict=True)]


@settings(max_examples=60, deadline=None)
@given(arrivals())
def test_any_order_in_any_batches_ends_in_the_same_store(batches: list[list[Message]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check_story(Path(folder), batches))


async def check_story(folder: Path, batches: list[list[Message]]) -> None:
    expected = Expected(AUTHORS, list(chain(*batches)))
    async with opened(folder, check=False) as store:
        new: list[MessageId] = []
        for batch in batches:
            new += ids_of(await store.messages.put(batch, received=NOW))
        assert set(new) == set(ids_of(STORY))
        found = await store.messages.get(ids_of(STORY))
        assert {message.id: message.body for message in found} == expected.bodies()
        for control in (True, False):
            members = [message for message in STORY if message.header.is_control == control]
            assert await held(store, control=control) == in_order(members)
        assert await sums_hold(store, AUTHORS)
        erased = {one.id for one in STORY if expected.is_retracted(one) and one.header.kind > 1}
        assert set(await store.messages.retraction_of(ids_of(STORY))) == erased
        for author in AUTHORS:
            current = await store.views.current(author.key, Kind.RESOURCE, PAGE)
            assert (None if current is None else current.id) == expected.current(author)
        assert await store.check() == []


# --- Damage ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["header", "signature", "body", "id"])
async def test_a_message_that_the_disk_changed_is_never_handed_out(tmp_path: Path, part: str) -> None:
    author = Author(1)
    messages = author.resources(5)
    async with opened(tmp_path) as store:
        await store.messages.put(messages, received=NOW)
    victim = messages[2]
    wanted = {
        "header": victim.header.body_hash,
        "signature": victim.signature,
        "body": victim.body or b"",
        "id": victim.id,
    }[part]
    assert flipped(tmp_path / "hedgerow.db", wanted, random.Random(1)) > 0
    async with opened(tmp_path) as store:
        _, ids = await store.messages.items(Filter(), False)
        found = {one.id: one for one in await store.messages.get(cut_up(ids))}
        found |= {
            one.id: one for one in (await store.messages.range(Filter(), False, START, 99, EVERYTHING))[0]
        }
        assert all(found[one.id] == one for one in messages if one.id in found)
        assert found.keys() <= set(ids_of(messages))
        assert victim.id not in found


def flipped(file: Path, wanted: bytes, chance: random.Random) -> int:
    """Change a bit in the middle of `wanted` wherever it stands in the file; how often that was."""
    content = bytearray(file.read_bytes())
    at, count = -1, 0
    while (at := content.find(wanted, at + 1)) != -1:
        content[at + len(wanted) // 2] ^= 1 << chance.randrange(8)
        count += 1
    file.write_bytes(content)
    return count


async def test_damage_that_was_met_is_repaired_at_the_next_opening(tmp_path: Path) -> None:
    author, other = Author(1), Author(2)
    mine, theirs = author.resources(5), other.resources(5)
    async with opened(tmp_path) as store:
        await store.messages.put(mine, received=NOW, own=True)
        await store.messages.put(theirs, received=NOW)
    for victim in (mine[2], theirs[2]):
        assert flipped(tmp_path / "hedgerow.db", victim.body or b"", random.Random(1)) > 0
    async with opened(tmp_path) as store:
        await store.messages.get(ids_of([*mine, *theirs]))
    async with opened(tmp_path) as store:
        found = await store.messages.get(ids_of([*mine, *theirs]))
        assert sorted(ids_of(found)) == sorted(ids_of([*mine, *theirs[:2], *theirs[3:]]))
        assert await sums_hold(store, [author, other])
        assert await store.check() == []


async def test_a_look_through_everything_finds_changed_messages_and_wrong_sums(tmp_path: Path) -> None:
    author = Author(1)
    messages = author.resources(5)
    async with opened(tmp_path) as store:
        await store.messages.put(messages, received=NOW, own=True)
        await store.database.write(lambda db: db.execute("UPDATE sums SET count = count + 1").rowcount)
        await store.database.write(
            lambda db: db.execute("UPDATE messages SET crc = 1 WHERE row = 2").rowcount
        )
        assert len(await store.check()) == 2
    async with opened(tmp_path) as store:
        assert await store.check() == []
        assert await sums_hold(store, [author])
