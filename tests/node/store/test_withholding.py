"""What a block or a takedown keeps away: the text is gone and does not come back, the sets stay what others have."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_node.store.store import Store
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.kinds import Comment, Connect, Kind, Resource, Role, Step, Trail, Unknown
from hedgerow_protocol.message import Message
from hedgerow_protocol.things import message_thing
from node.store.opened import NOW, opened, sums_hold, traces
from simulator.author import EPOCH, Author

PAGE = "https://zqxvjkwy.example/page"
LONGER = PAGE + "/more"
OTHER = "https://example.org/other"
WORD = "vqzkxwjqy"
Decide = Callable[[Store, Author, Message], Awaitable[object]]


def said(author: Author) -> list[Message]:
    """What names the page in each place where a thing can stand."""
    return [
        author.say(Resource(PAGE, WORD), EPOCH + 1),
        author.say(Connect(OTHER, 1, PAGE, WORD), EPOCH + 2),
        author.say(Comment(PAGE, Role.COMMENT, WORD), EPOCH + 3),
        author.say(Trail("1" * 16, WORD, "", (Step(PAGE),)), EPOCH + 4),
    ]


async def hold(store: Store, *messages: Message) -> list[Message]:
    return await store.messages.put(messages, received=NOW)


async def has_body(store: Store, message: Message) -> bool:
    (held,) = await store.messages.get([message.id])
    return held.body is not None


async def block(store: Store, author: Author, message: Message) -> None:
    await store.library.block(did_of(author.key), NOW)


async def unblock(store: Store, author: Author, message: Message) -> None:
    await store.library.unblock(did_of(author.key))


async def take_author_down(store: Store, author: Author, message: Message) -> None:
    await store.takedowns.take_down(did_of(author.key), "why", NOW)


async def put_author_up(store: Store, author: Author, message: Message) -> None:
    await store.takedowns.undo(did_of(author.key), NOW)


async def take_message_down(store: Store, author: Author, message: Message) -> None:
    await store.takedowns.take_down(message_thing(message.id), "why", NOW)


async def put_message_up(store: Store, author: Author, message: Message) -> None:
    await store.takedowns.undo(message_thing(message.id), NOW)


async def take_page_down(store: Store, author: Author, message: Message) -> None:
    await store.takedowns.take_down(PAGE, "why", NOW)


async def put_page_up(store: Store, author: Author, message: Message) -> None:
    await store.takedowns.undo(PAGE, NOW)


async def block_by_policy(store: Store, author: Author, message: Message) -> None:
    await store.library.block_by_policy({did_of(author.key)})


async def end_policy(store: Store, author: Author, message: Message) -> None:
    await store.library.block_by_policy(set())


WAYS: dict[str, tuple[Decide, Decide]] = {
    "a block": (block, unblock),
    "a block by the policy": (block_by_policy, end_policy),
    "a takedown of the person": (take_author_down, put_author_up),
    "a takedown of the message": (take_message_down, put_message_up),
    "a takedown of the address": (take_page_down, put_page_up),
}
decisions = pytest.mark.parametrize(("decide", "undo"), WAYS.values(), ids=WAYS)


@decisions
async def test_the_text_is_gone_from_every_file_and_is_not_taken_in_again(
    tmp_path: Path, decide: Decide, undo: Decide
) -> None:
    author = Author(1)
    (message, *_) = said(author)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, message)
        await decide(store, author, message)
        assert not await has_body(store, message)
        assert await hold(store, message) == []
        assert not await has_body(store, message)
        assert (await store.search.find(WORD)).results == ()
        assert await store.erase_when_due()
    assert [trace for trace in traces(tmp_path, [WORD]) if "takedowns" not in trace] == []
    async with opened(tmp_path) as store:
        assert await hold(store, message) == []
        assert await store.check() == []


@decisions
async def test_the_sets_are_what_everybody_else_has_and_nothing_is_asked_for_again(
    tmp_path: Path, decide: Decide, undo: Decide
) -> None:
    author = Author(1)
    messages = [author.inception, *said(author)]
    async with opened(tmp_path) as store:
        await hold(store, *messages)
        before = await store.messages.items(Filter.of_authors({author.key}), False)
        await decide(store, author, messages[1])
        assert await store.messages.items(Filter.of_authors({author.key}), False) == before
        assert await sums_hold(store, [author])
        assert await store.messages.bodiless([author.key], 10) == []
        assert await store.messages.known([one.id for one in messages]) == {one.id for one in messages}


@decisions
async def test_what_comes_later_comes_without_its_text(tmp_path: Path, decide: Decide, undo: Decide) -> None:
    author = Author(1)
    (message, *_) = said(author)
    async with opened(tmp_path) as store:
        await decide(store, author, message)
        (stored,) = [one for one in await hold(store, author.inception, message) if one.id == message.id]
        assert stored.body is None
        assert (await store.search.find(WORD)).results == ()
        assert await store.messages.bodiless([author.key], 10) == []


@decisions
async def test_a_header_that_came_alone_stays_alone(tmp_path: Path, decide: Decide, undo: Decide) -> None:
    author = Author(1)
    (message, *_) = said(author)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, message.without_body())
        await decide(store, author, message)
        await hold(store, message)
        assert not await has_body(store, message)
        assert await store.messages.bodiless([author.key], 10) == []


@decisions
async def test_when_it_is_undone_the_text_is_asked_for_and_taken_again(
    tmp_path: Path, decide: Decide, undo: Decide
) -> None:
    author = Author(1)
    (message, *_) = said(author)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, message)
        await decide(store, author, message)
        await undo(store, author, message)
        assert await store.messages.bodiless([author.key], 10) == [message.id]
        assert await hold(store, message) == [message]
        assert len((await store.search.find(WORD)).results) == 1


@decisions
async def test_what_its_author_withdrew_stays_withdrawn_when_it_is_undone(
    tmp_path: Path, decide: Decide, undo: Decide
) -> None:
    author = Author(1)
    (message, *_) = said(author)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, message)
        await decide(store, author, message)
        await hold(store, author.retract(message, ts=EPOCH + 9))
        await undo(store, author, message)
        assert await hold(store, message) == []
        assert not await has_body(store, message)


@decisions
async def test_ones_own_messages_are_not_touched(tmp_path: Path, decide: Decide, undo: Decide) -> None:
    author = Author(1)
    (message, *_) = said(author)
    async with opened(tmp_path) as store:
        await store.messages.put([author.inception, message], received=NOW, own=True)
        await decide(store, author, message)
        assert await has_body(store, message)


async def test_a_person_who_is_kept_away_keeps_log_and_withdrawals(tmp_path: Path) -> None:
    author = Author(1)
    (message, *_) = said(author)
    retraction = author.retract(message, ts=EPOCH + 9)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, message, retraction)
        await block(store, author, message)
        assert await has_body(store, author.inception)
        assert await has_body(store, retraction)


async def test_an_address_takes_whatever_names_it_down_and_nothing_else(tmp_path: Path) -> None:
    author = Author(1)
    named = said(author)
    foreign = author.say(Unknown(77, (PAGE,)), EPOCH + 5)
    others = [author.say(Resource(LONGER, WORD), EPOCH + 6), author.say(Resource(OTHER, PAGE), EPOCH + 7)]
    mentioned = author.say(Comment(OTHER, Role.COMMENT, f"see {PAGE}"), EPOCH + 8)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, *named, foreign, *others, mentioned)
        gone = await store.takedowns.take_down(PAGE, "why", NOW)
        away = [one for one in [*named, foreign, *others, mentioned] if not await has_body(store, one)]
        assert [one.id for one in away] == [one.id for one in [*named, foreign, others[1]]]
        assert gone == len(away)


@settings(max_examples=60, deadline=None)
@given(
    decided=st.lists(st.sampled_from(list(WAYS)), max_size=4, unique=True),
    undone=st.sets(st.sampled_from(list(WAYS))),
    order=st.randoms(use_true_random=False),
    data=st.data(),
)
async def test_whatever_the_order_a_text_is_here_exactly_when_no_standing_decision_keeps_it_away(
    tmp_path_factory: pytest.TempPathFactory,
    decided: list[str],
    undone: set[str],
    order: Random,
    data: st.DataObject,
) -> None:
    author = Author(1)
    (message, *_) = said(author)

    async def bring(store: Store) -> None:
        await hold(store, author.inception, message)

    async def bring_header(store: Store) -> None:
        await hold(store, author.inception, message.without_body())

    async with opened(tmp_path_factory.mktemp("home")) as store:
        acts: list[Callable[[Store], Awaitable[object]]] = []
        for way in decided:
            decide, undo = WAYS[way]
            acts.append(lambda store, decide=decide: decide(store, author, message))
            if way in undone:
                acts.append(lambda store, undo=undo: undo(store, author, message))
        for _ in range(3):
            acts.insert(order.randrange(len(acts) + 1), data.draw(st.sampled_from([bring, bring_header])))
        for act in acts:
            await act(store)
        await bring(store)
        assert await has_body(store, message) == (not set(decided) - undone)
        assert await store.check() == []
        assert await sums_hold(store, [author])


async def test_a_takedown_is_listed_with_its_reason_also_when_it_was_undone(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert await store.takedowns.take_down(PAGE, "a court said so", NOW) == 0
        assert await store.takedowns.take_down(PAGE, "again", NOW) is None
        assert await store.takedowns.undo(PAGE, NOW + 1) == 0
        assert await store.takedowns.undo(PAGE, NOW + 2) is None
        await store.takedowns.take_down(did_of(Author(1).key), "spam", NOW + 3)
        person, page = await store.takedowns.latest(10)
        assert (page.target, page.what, page.reason, page.undone) == (
            PAGE,
            "address",
            "a court said so",
            NOW + 1,
        )
        assert (person.what, person.undone) == ("person", None)
        assert await store.takedowns.latest(10, before=person.row) == (page,)
        assert await store.takedowns.people() == {did_of(Author(1).key)}


async def test_a_takedown_that_a_crash_broke_off_is_made_good_at_the_next_opening(tmp_path: Path) -> None:
    author = Author(1)
    (message, *_) = said(author)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, message)
        sql = "INSERT INTO takedowns (target, name, reason, at, swept) VALUES (?, '', 'why', 0, 0)"
        await store.database.write(lambda db: db.execute(sql, [PAGE]))
        assert await has_body(store, message)
    async with opened(tmp_path) as store:
        assert not await has_body(store, message)


async def test_who_was_blocked_when_blocking_only_hid_loses_the_texts_at_the_next_opening(
    tmp_path: Path,
) -> None:
    author = Author(1)
    (message, *_) = said(author)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, message)
        sql = "INSERT INTO blocks (target, at) VALUES (?, 0)"
        await store.database.write(lambda db: db.execute(sql, [did_of(author.key)]))
    async with opened(tmp_path) as store:
        assert not await has_body(store, message)


async def test_a_repaired_library_keeps_away_what_was_kept_away(tmp_path: Path) -> None:
    author = Author(1)
    messages = said(author)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, *messages)
        await store.takedowns.take_down(PAGE, "why", NOW)
        store.database.remember_damage("for a test")
    async with opened(tmp_path) as store:
        assert await store.messages.bodiless([author.key], 10) == []
        await hold(store, *messages)
        assert [await has_body(store, one) for one in messages] == [False] * len(messages)
        assert [one.reason for one in await store.takedowns.latest(9)] == ["why"]


async def test_a_retraction_that_leaves_the_sets_gives_nothing_back_that_is_kept_away(tmp_path: Path) -> None:
    author = Author(1)
    thief = author.another_device()
    (message, *_) = said(author)
    added = author.update(added=[thief])
    retraction = thief.retract(message, ts=EPOCH + 20)
    async with opened(tmp_path) as store:
        await hold(store, author.inception, message, added, retraction)
        await store.takedowns.take_down(message_thing(message.id), "why", NOW)
        await hold(store, author.update(removed={thief.device: ()}))
        assert await store.messages.retraction_of([message.id]) == {}
        await hold(store, message)
        assert not await has_body(store, message)
        assert retraction.header.kind == Kind.RETRACT


@decisions
async def test_nothing_of_it_waits_in_quarantine_nor_comes_into_it(
    tmp_path: Path, decide: Decide, undo: Decide
) -> None:
    author, bringer = Author(1), Author(2)
    (message, *_) = said(author)
    async with opened(tmp_path) as store:
        await store.quarantine.put([(bringer.device, message)], NOW)
        await decide(store, author, message)
        if decide in (block, block_by_policy):
            await store.quarantine.drop([author.key])
        assert await store.quarantine.of([author.key]) == []
        await store.quarantine.put([(bringer.device, message)], NOW)
        assert await store.quarantine.of([author.key]) == []
        assert await store.database.read(lambda db: db.execute("SELECT * FROM withheld").fetchall()) == []
        await undo(store, author, message)
        await store.quarantine.put([(bringer.device, message)], NOW)
        assert len(await store.quarantine.of([author.key])) == 1
