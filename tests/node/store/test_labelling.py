"""Label lists: what others label is hidden, or warned of, as the owner chose; it is explained, and own follows win."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hedgerow_node.store import labelling, library
from hedgerow_node.store.labelling import Effect
from hedgerow_node.store.records import NewItem
from hedgerow_node.store.store import Store
from hedgerow_protocol.kinds import Follow, Label
from node.store.voices import Voice, opened, put

ANA, BEN, CY, LIBRARY = (Voice(name) for name in ("ana", "ben", "cy", "library"))
PAGE = "https://example.org/page"
OTHER = "https://example.org/other"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, ANA) as store:
        await put(store, LIBRARY.is_called("City library"), ANA.is_called("Ana"), BEN.is_called("Ben"))
        yield store


async def shown(store: Store) -> set[str]:
    """The things in everybody's feed, which are those that a search finds."""
    feed = {item.thing for item in (await store.views.feed()).results}
    assert feed == {hit.thing for hit in (await store.search.find("words")).results}
    return feed


async def use(store: Store, effect: Effect, label: str = "spam") -> None:
    assert await store.library.use_labels(LIBRARY.did, label, effect, 1.0)


async def test_what_is_on_a_list_that_hides_is_left_out_counted_and_explained(store: Store) -> None:
    await put(store, BEN.shares(PAGE, "words"), BEN.shares(OTHER, "words"))
    await put(store, LIBRARY.say(Label(PAGE, "spam", "It sells rings")))
    assert await shown(store) == {PAGE, OTHER}
    await use(store, Effect.HIDE)
    assert await shown(store) == {OTHER}
    (hidden,) = (await store.views.feed()).hidden
    assert (hidden.target, hidden.rule) == (PAGE, "labelled")
    assert "City library labels it “spam”: It sells rings" in hidden.words
    assert [one.rule for one in (await store.search.find("words")).hidden] == ["labelled"]
    view = await store.views.thing(PAGE)
    assert view is not None
    assert view.listing is not None
    assert (view.listing.labeller, view.listing.effect) == (LIBRARY.did, "hide")
    await store.library.drop_labels(LIBRARY.did, "spam")
    assert await shown(store) == {PAGE, OTHER}


async def test_what_is_on_a_list_that_warns_is_shown_with_the_warning(store: Store) -> None:
    await put(store, BEN.shares(PAGE, "words"), LIBRARY.say(Label(PAGE, "spam", "It sells rings")))
    await use(store, Effect.WARN)
    assert await shown(store) == {PAGE}
    (item,) = (await store.views.feed()).results
    (hit,) = (await store.search.find("words")).results
    for one in (item, hit):
        assert one.listing is not None
        assert one.listing.words == "City library labels it “spam”: It sells rings"


async def test_a_label_that_was_withdrawn_another_word_and_another_labeller_have_no_effect(
    store: Store,
) -> None:
    label = LIBRARY.say(Label(PAGE, "spam", ""))
    await put(store, BEN.shares(PAGE, "words"), label, LIBRARY.say(Label(PAGE, "dull", "")))
    await put(store, BEN.shares(OTHER, "words"), CY.say(Label(OTHER, "spam", "")))
    await use(store, Effect.HIDE)
    assert await shown(store) == {OTHER}
    await put(store, LIBRARY.retracts(label))
    assert await shown(store) == {PAGE, OTHER}


async def test_a_person_on_a_list_is_hidden_like_somebody_muted_and_tagged_where_the_list_warns(
    store: Store,
) -> None:
    await put(store, BEN.shares(PAGE, "words"), CY.endorses(PAGE, "words"), CY.shares(OTHER, "words"))
    await put(store, LIBRARY.say(Label(BEN.did, "spam", "He sells rings")))
    await use(store, Effect.HIDE)
    assert {author.did for item in (await store.views.feed()).results for author in item.authors} == {CY.did}
    assert "City library labels it “spam”: He sells rings (Ben)" in (await store.views.feed()).hidden[0].words
    await use(store, Effect.WARN)
    warned = {
        author.did: author.warned for item in (await store.views.feed()).results for author in item.authors
    }
    assert warned == {BEN.did: "spam", CY.did: ""}
    person = await store.views.person(BEN.author)
    assert person is not None
    assert person.listing is not None


async def test_whom_the_owner_follows_is_not_hidden_nor_what_they_speak_of_or_the_owner_keeps(
    store: Store,
) -> None:
    await put(store, ANA.say(Follow(BEN.did)))
    await put(store, BEN.shares(PAGE, "words"), CY.shares(OTHER, "words"), ANA.shares(PAGE + "/own", "words"))
    await put(
        store,
        *[LIBRARY.say(Label(thing, "spam", "")) for thing in (PAGE, OTHER, PAGE + "/own", BEN.did, ANA.did)],
    )
    await use(store, Effect.HIDE)
    assert await shown(store) == {PAGE, PAGE + "/own"}
    await store.library.save_many([NewItem(OTHER, "words", saved=1.0)])
    assert OTHER in await shown(store)


async def test_that_somebody_followed_labels_a_thing_does_not_bring_it_back(store: Store) -> None:
    await put(
        store, ANA.say(Follow(LIBRARY.did)), CY.shares(PAGE, "words"), LIBRARY.say(Label(PAGE, "spam", ""))
    )
    await use(store, Effect.HIDE)
    assert await shown(store) == set()


async def test_of_two_lists_the_one_that_hides_counts(store: Store) -> None:
    await put(
        store,
        BEN.shares(PAGE, "words"),
        LIBRARY.say(Label(PAGE, "dull", "")),
        LIBRARY.say(Label(PAGE, "spam", "")),
    )
    await use(store, Effect.WARN, "dull")
    await use(store, Effect.HIDE, "spam")
    assert await shown(store) == set()


async def test_only_the_newest_labels_of_somebody_have_an_effect(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "LABELS_READ", 2)
    things = [f"{PAGE}/{number}" for number in range(3)]
    await put(store, *[BEN.shares(thing, "words") for thing in things])
    await put(store, *[LIBRARY.say(Label(thing, "spam", "")) for thing in things])
    await use(store, Effect.HIDE)
    assert await shown(store) == {things[0]}


@pytest.mark.limit("MAX_LABEL_LISTS")
async def test_there_are_so_many_lists_and_one_that_is_used_can_be_changed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "MAX_LABEL_LISTS", 2)
    assert [
        await store.library.use_labels(LIBRARY.did, label, Effect.WARN, 1.0) for label in ("a", "b", "c", "a")
    ] == [True, True, False, True]
    assert await store.library.use_labels(LIBRARY.did, "a", Effect.HIDE, 2.0)
    assert [(one.label, one.effect, one.at) for one in await store.library.label_lists()] == [
        ("a", Effect.HIDE, 1.0),
        ("b", Effect.WARN, 1.0),
    ]


async def test_the_words_of_somebody_are_counted(store: Store) -> None:
    await put(
        store, *[LIBRARY.say(Label(f"{PAGE}/{n}", label, "")) for n, label in enumerate(["a", "b", "b"])]
    )
    assert await store.views.words_of(LIBRARY.author) == (("b", 2), ("a", 1))
    assert await store.views.words_of(CY.author) == ()


async def test_everything_that_is_hidden_is_listed_with_its_rule(store: Store) -> None:
    await put(
        store,
        BEN.shares(PAGE, "words"),
        BEN.shares(OTHER, "words"),
        CY.is_called("Cy"),
        CY.shares(PAGE, "words"),
    )
    await put(store, LIBRARY.say(Label(OTHER, "spam", "why")), LIBRARY.say(Label(PAGE, "dull", "")))
    await store.library.mute(BEN.did, 1.0)
    await store.library.mute(OTHER, 2.0)
    await store.library.block(CY.did, 3.0)
    await store.takedowns.take_down(PAGE, "a court said so", 4.0)
    await use(store, Effect.HIDE)
    await use(store, Effect.WARN, "dull")
    found = await store.views.hidden()
    assert [(one.rule, one.name, one.count) for one in found.decisions] == [
        ("muted", OTHER, 2),
        ("muted", "Ben", 2),
        ("blocked", "Cy", 2),
        ("taken down", PAGE, 2),
        ("labelled", "City library", 1),
        ("labelled", "City library", 0),
    ]
    (listed,) = found.listed
    assert (listed.target, listed.is_hidden) == (OTHER, True)
    assert found.decisions[3].reason == "a court said so"
