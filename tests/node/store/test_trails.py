"""Trails as they are listed and shown, and what was attested, labelled, vouched for and introduced."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hedgerow_node.store.records import ThingView, TrailView
from hedgerow_node.store.store import Store
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import (
    Attest,
    Claim,
    Introduce,
    Label,
    Receipt,
    Step,
    Trail,
    Unknown,
    Vouch,
    trail_slot,
)
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_thing
from node.store.opened import of_schema
from node.store.voices import Voice, opened, put

ANA, BEN, CY = Voice("Ana of trails"), Voice("Ben of trails"), Voice("Cy of trails")
PAGE, BOOK = "https://example.org/page", "isbn:9780306406157"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, ANA) as store:
        yield store


def trail(
    who: Voice, number: int, title: str, *steps: Step, lineage: tuple[MessageId, ...] = (), **more: object
) -> Message:
    return who.say(Trail(trail_slot(bytes([number] * 16)), title, "", steps, lineage), **more)  # type: ignore[arg-type]


async def seen(store: Store, message: Message) -> TrailView:
    view = await store.views.trail(message.id)
    assert view is not None
    return view


async def thing(store: Store, name: str) -> ThingView:
    view = await store.views.thing(name)
    assert view is not None
    return view


async def titles(store: Store, *who: Voice) -> list[str]:
    found = await store.views.trails({one.author for one in who} if who else None)
    return [entry.title for entry in found.results]


async def test_trails_are_listed_by_author_as_they_stand_the_latest_first(store: Store) -> None:
    first = trail(ANA, 1, "First", Step(PAGE))
    await put(store, first, trail(BEN, 2, "Second", Step(PAGE)))
    await put(store, trail(ANA, 1, "Better", Step(BOOK), replaces=[first]))
    assert await titles(store) == ["Better", "Second"]
    assert await titles(store, ANA) == ["Better"]
    assert await titles(store, CY) == []
    await store.library.mute(BEN.did, 1.0)
    found = await store.views.trails()
    assert [entry.title for entry in found.results] == ["Better"]
    assert [(one.count, one.target) for one in found.hidden] == [(1, BEN.did)]
    assert (await store.views.trails({ANA.author})).hidden == ()


async def test_pages_of_trails_go_on_where_they_ended(store: Store) -> None:
    await put(store, *[trail(ANA, number, str(number), Step(PAGE)) for number in range(5)])
    found, cursor = [], None
    while True:
        page = await store.views.trails(None, cursor, 2)
        found += [entry.title for entry in page.results]
        if (cursor := page.next) is None:
            break
    assert found == ["4", "3", "2", "1", "0"]


async def test_a_trail_shows_its_steps_with_titles_and_what_is_done(store: Store) -> None:
    message = trail(
        ANA, 3, "Way", Step(PAGE, minutes=5), Step(BOOK, requires=(0,)), Step(None, "practice", requires=(1,))
    )
    await put(store, BEN.shares(PAGE, "A page"), message)
    view = await seen(store, message)
    assert [(one.number, one.title, one.done, one.ready) for one in view.places] == [
        (1, "A page", False, True),
        (2, BOOK, False, False),
        (3, "", False, False),
    ]
    assert (view.done, view.minutes, view.open_roles) == (0, 5, 1)
    assert await store.library.do(PAGE, 1.0)
    assert not await store.library.do(PAGE, 2.0)
    view = await seen(store, message)
    assert [(one.done, one.ready) for one in view.places] == [(True, True), (False, True), (False, False)]
    assert await store.library.undo(PAGE)
    assert (await seen(store, message)).done == 0


async def test_a_fork_names_its_origin_and_the_origin_shows_it_in_every_version(store: Store) -> None:
    first = trail(BEN, 4, "Origin", Step(PAGE))
    second = trail(BEN, 4, "Origin, better", Step(BOOK), replaces=[first])
    fork = trail(ANA, 5, "Fork", Step(PAGE), lineage=(first.id,))
    await put(store, first, second, fork)
    origin = (await seen(store, fork)).forked_from
    assert origin is not None
    assert origin.title == "Origin"
    assert [one.title for one in (await seen(store, second)).forks] == ["Fork"]
    for version in (first, second):
        assert (await seen(store, version)).newest == message_thing(second.id)
    orphan = trail(ANA, 6, "Orphan", Step(PAGE), lineage=(MessageId(bytes(32)),))
    await put(store, orphan)
    assert (await seen(store, orphan)).forked_from is None


async def test_what_is_said_of_any_version_of_a_trail_stands_with_it(store: Store) -> None:
    first = trail(BEN, 7, "One", Step(PAGE))
    second = trail(BEN, 7, "Two", Step(PAGE), replaces=[first])
    await put(store, first, CY.endorses(message_thing(first.id), "It led me there"), second)
    assert [one.reason for one in (await seen(store, second)).said] == ["It led me there"]
    assert [one.kind for one in (await thing(store, message_thing(first.id))).statements] == ["endorse"]


async def test_a_trail_that_was_withdrawn_is_gone_from_every_list(store: Store) -> None:
    message = trail(BEN, 8, "Gone", Step(PAGE))
    await put(store, message, CY.shares(PAGE, "A page"))
    assert [one.title for one in (await thing(store, PAGE)).trails] == ["Gone"]
    await put(store, BEN.retracts(message))
    assert await titles(store) == []
    assert (await thing(store, PAGE)).trails == ()
    assert await store.views.trail(message.id) is None


async def test_a_step_that_is_a_trail_is_known_as_one(store: Store) -> None:
    inner = trail(BEN, 9, "Inner", Step(PAGE))
    outer = trail(ANA, 10, "Outer", Step(message_thing(inner.id)), Step(PAGE))
    await put(store, inner, outer)
    assert [(one.title, one.is_trail) for one in (await seen(store, outer)).places] == [
        ("Inner", True),
        (PAGE, False),
    ]


@pytest.mark.parametrize("words", ["hedgehog", "dormouse", "practising", "warbler"])
async def test_a_trail_is_found_by_title_summary_note_and_role(store: Store, words: str) -> None:
    steps = (Step(PAGE, note="a dormouse"), Step(None, "practising"))
    message = ANA.say(Trail(trail_slot(bytes(16)), "Hedgehog way", "past a warbler", steps))
    await put(store, message)
    (hit,) = (await store.search.find(words)).results
    assert (hit.thing, hit.title) == (message_thing(message.id), "Hedgehog way")
    assert hit.why


async def test_trails_stand_in_the_feed_and_checks_and_labels_do_not(store: Store) -> None:
    await put(
        store,
        trail(BEN, 11, "Way", Step(BOOK)),
        BEN.say(Attest(PAGE, Claim.OPENS, True, 5)),
        BEN.say(Label(PAGE, "spam", "Look at it")),
    )
    assert [item.title for item in (await store.views.feed()).results] == ["Way"]


async def test_of_each_author_and_claim_the_last_check_counts(store: Store) -> None:
    await put(
        store,
        ANA.say(Attest(PAGE, Claim.OPENS, True, 50)),
        ANA.say(Attest(PAGE, Claim.OPENS, False, 40)),
        ANA.say(Attest(PAGE, Claim.SIZE, 300, 45)),
        BEN.say(Attest(PAGE, 77, "newer", 60)),
    )
    checks = (await thing(store, PAGE)).checks
    assert [(one.author.did, one.claim, one.value, one.checked_at) for one in checks] == [
        (BEN.did, "claim 77", "newer", 60),
        (ANA.did, "opens", True, 50),
        (ANA.did, "size", 300, 45),
    ]
    await store.library.mute(BEN.did, 1.0)
    assert len((await thing(store, PAGE)).checks) == 2


async def test_labels_stand_with_their_reasons_and_are_found_by_their_word(store: Store) -> None:
    message = BEN.say(Label(PAGE, "advertising", "Half of it sells"))
    await put(store, message)
    assert [(one.label, one.reason) for one in (await thing(store, PAGE)).labels] == [
        ("advertising", "Half of it sells")
    ]
    assert [hit.thing for hit in (await store.search.find("advertising")).results] == [PAGE]
    await put(store, BEN.retracts(message))
    assert await store.views.thing(PAGE) is None


async def test_a_person_is_shown_with_who_vouches_for_them_and_who_introduced_them(store: Store) -> None:
    await put(
        store,
        BEN.say(Vouch(CY.did, "My teacher")),
        BEN.say(Introduce(ANA.did, CY.did, "Both walk")),
    )
    view = await store.views.person(CY.author)
    assert view is not None
    assert [one.reason for one in view.vouched_by] == ["My teacher"]
    assert [(one.thing, one.to) for one in view.introductions] == [(ANA.did, CY.did)]
    ben = await store.views.person(BEN.author)
    assert ben is not None
    assert [one.thing for one in ben.vouches] == [CY.did]
    await store.library.block(BEN.did, 1.0)
    assert await store.views.person(CY.author) is None


async def test_what_a_newer_hedgerow_made_is_said_to_be_so_and_not_interpreted(store: Store) -> None:
    unknown = BEN.say(Unknown(40, ("https://example.org/secret",)))
    added = BEN.say(Label(PAGE, "good", "It is"), extra=[(9, "more")])
    await put(store, unknown, added, BEN.say(Label(BOOK, "good", "It is")))
    message = await store.views.message(unknown.id)
    assert message is not None
    assert (message.newer, message.statement, message.kind) == (True, None, "kind 40")
    assert [one.newer for one in (await thing(store, PAGE)).labels] == [True]
    assert [one.newer for one in (await thing(store, BOOK)).labels] == [False]
    person = await store.views.person(BEN.author)
    assert person is not None
    assert person.newer == 1
    assert await store.views.thing("https://example.org/secret") is None


async def test_a_receipt_stands_with_the_message_that_it_names(store: Store) -> None:
    shared = ANA.shares(PAGE, "A page")
    receipt = BEN.say(Receipt(DeviceKey(shared.header.device), shared.header.seq, shared.id, 70))
    await put(store, shared, receipt)
    (said,) = (await thing(store, message_thing(shared.id))).statements
    assert (said.kind, said.value, said.checked_at) == ("receipt", shared.header.seq, 70)
    assert (await store.views.feed()).results[0].thing == PAGE


async def test_trails_that_an_older_program_stored_without_reading_them_become_findable(
    tmp_path: Path,
) -> None:
    message = trail(BEN, 12, "Older", Step(PAGE))
    new, old = tmp_path / "new", tmp_path / "old"
    new.mkdir()
    async with opened(new) as store:
        await put(store, message)
    of_schema(3, new, old)
    async with opened(old) as store:
        await store.indexing.finish()
        assert await titles(store) == ["Older"]
        assert [one.title for one in (await thing(store, PAGE)).trails] == ["Older"]
