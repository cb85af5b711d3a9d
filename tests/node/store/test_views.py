"""Views: what stands, what stood before, who says what about a thing, and what the owner does not see."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from hedgerow_node.problems import Problem
from hedgerow_node.store.records import FeedItem, Page, State, Thread
from hedgerow_node.store.store import Store
from hedgerow_protocol.kinds import Comment, Endorse, Kind, Reference, Relation, Role, Stance, Unknown
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.things import message_thing, topic_thing
from node.store.voices import MOMENTS, Voice, opened, put

ME, ANA, BEN, CY = map(Voice, ("me", "Ana", "Ben", "Cy"))
PAGE, OTHER, THIRD = (f"https://example.org/{name}" for name in ("page", "other", "third"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, ME) as store:
        await put(store, ANA.is_called("Ana"), BEN.is_called("Ben"))
        yield store


async def everything_in(store: Store, limit: int, **more: object) -> list[str]:
    """The things of all pages of the feed."""
    page: Page[FeedItem] = await store.views.feed(limit=limit, **more)  # type: ignore[arg-type]
    things = [item.thing for item in page.results]
    while page.next is not None:
        page = await store.views.feed(cursor=page.next, limit=limit, **more)  # type: ignore[arg-type]
        things += [item.thing for item in page.results]
    return things


# --- Versions ---------------------------------------------------------------------------------------------


async def test_a_correction_is_current_and_the_first_version_is_listed_as_superseded(store: Store) -> None:
    first = ANA.shares(PAGE, "First")
    second = ANA.shares(PAGE, "Second", replaces=[first])
    await put(store, second)
    await put(store, first)
    view = await store.views.thing(PAGE)
    assert view is not None
    assert [(one.title, one.state) for one in view.statements] == [
        ("Second", State.CURRENT),
        ("First", State.SUPERSEDED),
    ]
    assert view.title == "Second"
    assert view.statements[0].replaces == (message_thing(first.id),)
    assert await store.views.current(ANA.author, Kind.RESOURCE, PAGE) == second


async def test_retracting_a_correction_does_not_bring_the_first_version_back(store: Store) -> None:
    first = ANA.shares(PAGE, "First")
    second = ANA.shares(PAGE, "Second", replaces=[first])
    await put(store, first, second, ANA.retracts(second))
    assert await store.views.current(ANA.author, Kind.RESOURCE, PAGE) is None
    view = await store.views.thing(PAGE)
    assert view is not None
    assert [(one.title, one.state) for one in view.statements] == [("First", State.SUPERSEDED)]
    assert view.title == PAGE
    assert await everything_in(store, 10) == []
    versions = await store.views.history(first.id)
    assert [(one.state, one.statement is None) for one in versions] == [
        (State.WITHDRAWN, True),
        (State.SUPERSEDED, False),
    ]
    assert versions == await store.views.history(second.id)


async def test_two_versions_written_apart_are_concurrent_and_the_later_is_current(store: Store) -> None:
    ts = next(MOMENTS)
    early, late = ANA.shares(PAGE, "Early", ts=ts), ANA.shares(PAGE, "Late", ts=ts + 5)
    await put(store, late, early)
    view = await store.views.thing(PAGE)
    assert view is not None
    assert [(one.title, one.state) for one in view.statements] == [
        ("Late", State.CURRENT),
        ("Early", State.CONCURRENT),
    ]
    heads = (await store.views.heads(ANA.author, Kind.RESOURCE, [PAGE, OTHER]))[PAGE]
    assert [head.id for head in heads] == [late.id, early.id]
    both = ANA.shares(PAGE, "Both", replaces=[late, early])
    await put(store, both)
    assert list(await store.views.heads(ANA.author, Kind.RESOURCE, [PAGE])) == [PAGE]
    assert [one.title for one in await store.views.own(ANA.author, PAGE)] == ["Both"]
    assert len(await store.views.history(early.id)) == 3


async def test_of_two_corrections_of_one_comment_that_were_written_apart_the_later_is_current(
    store: Store,
) -> None:
    ts = next(MOMENTS)
    first = ANA.comments(PAGE, "First", ts=ts)
    early = ANA.comments(PAGE, "Early", ts=ts + 1, replaces=[first])
    late = ANA.comments(PAGE, "Late", ts=ts + 2, replaces=[first])
    other = ANA.comments(PAGE, "Another comment", ts=ts + 3)
    await put(store, late, other, early, first)
    views = [await store.views.message(one.id) for one in (first, early, late, other)]
    assert [view.state for view in views if view is not None] == [
        State.SUPERSEDED,
        State.CONCURRENT,
        State.CURRENT,
        State.CURRENT,
    ]
    await put(store, ANA.retracts(late))
    view = await store.views.message(early.id)
    assert view is not None
    assert view.state == State.CURRENT


async def test_of_two_versions_of_one_second_the_higher_id_is_current(store: Store) -> None:
    ts = next(MOMENTS)
    pair = [ANA.shares(PAGE, f"Title {number}", ts=ts) for number in range(2)]
    await put(store, *pair)
    higher = max(pair, key=lambda message: message.id)
    assert await store.views.current(ANA.author, Kind.RESOURCE, PAGE) == higher


async def test_a_correction_may_move_to_another_thing(store: Store) -> None:
    first = ANA.shares(PAGE, "Wrong address")
    await put(store, first, ANA.shares(OTHER, "Right address", replaces=[first]))
    assert await store.views.current(ANA.author, Kind.RESOURCE, PAGE) is None
    assert await everything_in(store, 10) == [OTHER]
    assert [one.state for one in await store.views.history(first.id)] == [State.CURRENT, State.SUPERSEDED]


async def test_a_version_that_is_not_here_keeps_its_place_in_the_history(store: Store) -> None:
    first = ANA.shares(PAGE, "First")
    second = ANA.shares(PAGE, "Second", replaces=[first])
    await put(store, second)
    versions = await store.views.history(second.id)
    assert [(one.id, one.state) for one in versions] == [
        (message_thing(second.id), State.CURRENT),
        (message_thing(first.id), State.MISSING),
    ]
    view = await store.views.thing(PAGE)
    assert view is not None
    assert (view.withdrawn, view.missing) == (0, 1)
    await put(store, first.without_body())
    assert (await store.views.history(second.id))[1].state is State.MISSING


async def test_a_message_is_shown_with_its_header_and_what_became_of_it(store: Store) -> None:
    shared, unknown = ANA.shares(PAGE, "Title"), ANA.say(Unknown(999, ()))
    retraction = ANA.retracts(shared)
    await put(store, shared, unknown)
    view = await store.views.message(shared.id)
    assert view is not None
    assert (view.kind, view.author.name, view.seq, view.ts) == (
        "resource",
        "Ana",
        shared.header.seq,
        shared.header.ts,
    )
    assert (view.state, view.withdrawn_by) == (State.CURRENT, None)
    await put(store, retraction)
    view = await store.views.message(shared.id)
    assert view is not None
    assert (view.state, view.withdrawn_by) == (State.WITHDRAWN, message_thing(retraction.id))
    assert view.statement is None
    carried = await store.views.message(unknown.id)
    assert carried is not None
    assert (carried.kind, carried.state) == ("kind 999", State.CARRIED)
    assert await store.views.message(MessageId(bytes(32))) is None


# --- Things -----------------------------------------------------------------------------------------------


async def test_a_thing_shows_everything_said_about_it_newest_first(store: Store) -> None:
    await put(
        store,
        ANA.shares(PAGE, "Title", "Summary", topics=["Maths", "Sets"]),
        BEN.endorses(PAGE, "clear", topics=["maths"]),
        BEN.endorses(PAGE, "too short", Stance.LIMITS),
        CY.say(Endorse(PAGE, 77, reason="?")),
        ANA.comments(PAGE, "well"),
        ANA.connects(OTHER, Relation.NEEDS_FIRST, PAGE, "sets come first"),
    )
    view = await store.views.thing(PAGE)
    assert view is not None
    assert [one.kind for one in view.statements] == [
        "connect",
        "comment",
        "endorse",
        "endorse",
        "endorse",
        "resource",
    ]
    assert [one.stance for one in view.statements if one.kind == "endorse"] == ["stance 77", "limits", "for"]
    assert [one.state for one in view.statements if one.author.name == "Ben"] == [
        State.CURRENT,
        State.CONCURRENT,
    ]
    assert view.statements[0].reason == "sets come first"
    assert view.statements[-1].summary == "Summary"
    assert view.topics == ("maths", "Sets") or view.topics == ("Maths", "Sets")
    assert {author.did for author in view.authors} == {ANA.did, BEN.did, CY.did}
    assert view.address == PAGE


async def test_connections_are_seen_from_both_ends(store: Store) -> None:
    await put(store, ANA.shares(OTHER, "The other"), ANA.connects(PAGE, Relation.LEADS_TO, OTHER, "because"))
    here, there = await store.views.thing(PAGE), await store.views.thing(OTHER)
    assert here is not None
    assert there is not None
    (out,), (into,) = here.connections, there.connections
    assert (out.direction, out.relation, out.other, out.other_title) == (
        "out",
        "leads to",
        OTHER,
        "The other",
    )
    assert (into.direction, into.relation, into.other, into.reason) == ("in", "leads to", PAGE, "because")


async def test_a_thing_that_nobody_names_is_none_and_one_that_is_only_kept_is_shown(store: Store) -> None:
    assert await store.views.thing(PAGE) is None
    await store.library.save(PAGE, "Kept", saved=1.0)
    await store.library.note(PAGE, "note", saved=1.0)
    view = await store.views.thing(PAGE)
    assert view is not None
    assert view.item is not None
    assert (view.title, view.item.note, view.statements) == ("Kept", "note", ())


async def test_comments_stand_as_threads_with_their_roles(store: Store) -> None:
    question = ANA.comments(PAGE, "Why?", Role.QUESTION)
    answer = BEN.comments(PAGE, "Because.", Role.ANSWER, to=question)
    thanks = ANA.comments(message_thing(answer.id), "Thanks")
    later = CY.comments(PAGE, "Unrelated", Role.REFLECTION)
    lost = CY.say(
        Comment(PAGE, Role.COMMENT, "To somebody"), refs=[(Reference.REPLY_TO, MessageId(bytes(32)))]
    )
    await put(store, thanks, answer, question, later, lost)
    view = await store.views.thing(PAGE)
    assert view is not None
    assert [thread.statement.text for thread in view.comments] == ["To somebody", "Unrelated", "Why?"]
    (reply,) = view.comments[2].replies
    assert (reply.statement.role, reply.statement.reply_to) == ("answer", message_thing(question.id))
    assert [below.statement.text for below in reply.replies] == ["Thanks"]
    assert view.missing == 1
    message = await store.views.message(question.id)
    assert message is not None
    assert [thread.statement.text for thread in message.replies] == ["Because."]


Tree = dict[str, "Tree"]


async def comments_of(store: Store) -> Tree:
    """The texts of the comments on the page, each with those below it."""
    view = await store.views.thing(PAGE)
    assert view is not None
    return as_tree(view.comments)


def as_tree(threads: tuple[Thread, ...]) -> Tree:
    return {thread.statement.text: as_tree(thread.replies) for thread in threads}


async def test_an_answer_stays_in_its_thread_however_often_what_it_answers_is_said_anew(store: Store) -> None:
    first = ANA.comments(PAGE, "Wy?")
    second = ANA.comments(PAGE, "Whi?", replaces=[first])
    third = ANA.comments(PAGE, "Why?", replaces=[second])
    to_first, to_second = BEN.comments(PAGE, "Because.", to=first), BEN.comments(PAGE, "So.", to=second)
    about_first = CY.comments(message_thing(first.id), "Do you mean why?")
    anew = BEN.comments(PAGE, "Because!", to=first, replaces=[to_first])
    thanks = ANA.comments(PAGE, "Thanks", to=to_first)
    await put(
        store, first, second, third, to_first, to_second, about_first, anew, thanks, ANA.retracts(second)
    )
    answers = {"So.": {}, "Do you mean why?": {}, "Because!": {"Thanks": {}}}
    assert await comments_of(store) == {"Why?": answers}
    for version in (first, third):
        message = await store.views.message(version.id)
        assert message is not None
        assert as_tree(message.replies) == answers


async def test_an_answer_to_a_statement_is_shown_with_every_version_of_it(store: Store) -> None:
    first = ANA.endorses(PAGE, "cleer")
    second = ANA.endorses(PAGE, "clear", replaces=[first])
    await put(store, first, second, BEN.comments(message_thing(first.id), "Is it?"))
    message = await store.views.message(second.id)
    assert message is not None
    assert as_tree(message.replies) == {"Is it?": {}}


async def test_nobody_draws_answers_to_himself_by_replacing_what_another_said(store: Store) -> None:
    question = ANA.comments(PAGE, "Why?")
    withdrawn = ANA.comments(PAGE, "How?")
    thief = CY.comments(PAGE, "Mine", replaces=[question, withdrawn])
    answers = [BEN.comments(PAGE, "Because.", to=question), BEN.comments(PAGE, "So.", to=withdrawn)]
    await put(store, question, withdrawn, thief, *answers, ANA.retracts(withdrawn))
    assert await comments_of(store) == {"So.": {}, "Mine": {}, "Why?": {"Because.": {}}}


async def test_comments_that_answer_each_other_in_a_ring_are_all_shown(store: Store) -> None:
    first = ANA.comments(PAGE, "Wy?")
    answer = BEN.comments(PAGE, "Because.", to=first)
    anew = ANA.comments(PAGE, "Why?", to=answer, replaces=[first])
    of_itself = CY.comments(PAGE, "Hm")
    await put(store, first, answer, anew, of_itself)
    await put(
        store,
        CY.comments(PAGE, "Hm!", to=of_itself, replaces=[of_itself]),
        BEN.comments(PAGE, "Ha", to=answer),
    )
    assert await comments_of(store) == {"Hm!": {}, "Why?": {}, "Because.": {"Ha": {}}}


async def test_a_reply_without_end_is_drawn_to_a_bounded_depth(store: Store) -> None:
    chain = [ANA.comments(PAGE, "0")]
    for number in range(1, 60):
        chain.append(ANA.comments(PAGE, str(number), to=chain[-1]))
    await put(store, *chain)
    view = await store.views.thing(PAGE)
    assert view is not None
    threads, depth, seen = list(view.comments), 0, 0
    while threads:
        depth, seen = depth + 1, seen + len(threads)
        threads = [reply for thread in threads for reply in thread.replies]
    assert seen == 60
    assert depth < 30


async def test_a_withdrawn_comment_is_counted_and_its_reply_stays(store: Store) -> None:
    question = ANA.comments(PAGE, "Why?", Role.QUESTION)
    await put(store, question, BEN.comments(PAGE, "Because.", to=question), ANA.retracts(question))
    view = await store.views.thing(PAGE)
    assert view is not None
    assert [thread.statement.text for thread in view.comments] == ["Because."]
    assert (view.withdrawn, view.missing) == (1, 0)


async def test_statements_come_in_pages_that_later_ones_do_not_disturb(store: Store) -> None:
    said = [ANA.comments(PAGE, str(number)) for number in range(9)]
    said.append(BEN.connects(OTHER, Relation.EXPLAINS, PAGE))
    await put(store, *said)
    view = await store.views.thing(PAGE, limit=4)
    assert view is not None
    seen, cursor = [one.id for one in view.statements], view.next
    while cursor is not None:
        await put(store, CY.comments(PAGE, "late", ts=said[3].header.ts))
        page = await store.views.statements(PAGE, cursor, limit=4)
        seen += [one.id for one in page.results]
        cursor = page.next
    assert seen == [message_thing(message.id) for message in reversed(said)]


async def test_titles_are_ones_own_then_private_then_of_the_followed_then_of_anyone(store: Store) -> None:
    await put(store, CY.shares(PAGE, "Cy's"))
    assert await store.views.title(PAGE) == "Cy's"
    await put(store, ANA.shares(PAGE, "Ana's"), ME.follows(ANA), CY.shares(PAGE, "Cy's later"))
    assert await store.views.title(PAGE) == "Ana's"
    await store.library.save(PAGE, "Kept", saved=1.0)
    assert await store.views.title(PAGE) == "Kept"
    await put(store, ME.shares(PAGE, "Mine"))
    assert await store.views.title(PAGE) == "Mine"
    assert await store.views.titles([OTHER, ANA.did, CY.did, topic_thing("Set Theory")]) == {
        OTHER: OTHER,
        ANA.did: "Ana",
        CY.did: f"{CY.did.removeprefix('did:key:')[:8]}…{CY.did[-4:]}",
        topic_thing("Set Theory"): "set theory",
    }


async def test_a_message_is_called_by_what_it_is(store: Store) -> None:
    question = BEN.comments(PAGE, "?", Role.QUESTION)
    await put(store, ANA.shares(PAGE, "Title"), question)
    assert await store.views.title(message_thing(question.id)) == "Ben's question on Title"
    await put(store, BEN.retracts(question))
    assert await store.views.title(message_thing(question.id)) == "a message without its text"
    assert await store.views.title(message_thing(bytes(32))) == "a message that is not here"


async def test_a_name_cannot_turn_the_direction_of_what_stands_around_it(store: Store) -> None:
    await put(store, CY.is_called("\u202ecod\u2066.exe"))
    names = await store.views.names([CY.author, Voice("unknown").author])
    assert names[CY.author] == "cod.exe"
    assert names[Voice("unknown").author].startswith("z6Mk")


# --- The feed ---------------------------------------------------------------------------------------------


async def test_the_feed_lists_things_by_what_was_last_said_with_the_words_for_it(store: Store) -> None:
    await put(
        store,
        ANA.shares(PAGE, "Title"),
        BEN.shares(OTHER, "Other"),
        BEN.endorses(PAGE, "clear\nexamples"),
        ANA.connects(THIRD, Relation.LEADS_TO, OTHER, "next step"),
        ME.comments(OTHER, "Is it hard?", Role.QUESTION),
    )
    page = await store.views.feed()
    assert [(item.thing, item.why) for item in page.results] == [
        (OTHER, ("You asked: Is it hard?", "Ben shared it")),
        (THIRD, ("Ana connected it (leads to) to Other: next step",)),
        (PAGE, ("Ben endorsed it: clear examples", "Ana shared it")),
    ]
    assert page.results[0].authors[0].relation == "you"
    assert page.results[2].title == "Title"


@pytest.mark.parametrize(
    ("stance", "words"),
    [(Stance.AGAINST, "Ben advised against it: hm"), (Stance.LIMITS, "Ben saw limits in it: hm")],
)
async def test_a_stance_is_said_in_words(store: Store, stance: Stance, words: str) -> None:
    await put(store, BEN.endorses(PAGE, "hm", stance))
    assert (await store.views.feed()).results[0].why == (words,)


async def test_a_feed_of_some_authors_holds_what_they_said(store: Store) -> None:
    await put(
        store, ANA.shares(PAGE, "A"), BEN.shares(OTHER, "B"), BEN.endorses(PAGE, "b"), CY.shares(THIRD, "C")
    )
    assert await everything_in(store, 1, authors=[ANA.author]) == [PAGE]
    assert await everything_in(store, 1, authors=[ANA.author, CY.author]) == [THIRD, PAGE]
    assert (await store.views.feed([ANA.author])).results[0].why == ("Ana shared it",)
    assert await everything_in(store, 1, authors=[]) == []
    assert await everything_in(store, 1, authors=[Voice("nobody").author]) == []


async def test_reading_everybody_gives_the_same_feed_as_merging_authors(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    voices = [ANA, BEN, CY, ME]
    await put(
        store,
        *[
            voices[number % 4].shares(f"https://example.org/{number % 7}", str(number))
            for number in range(30)
        ],
    )
    authors = [ANA.author, CY.author]
    merged = await everything_in(store, 3, authors=authors)
    monkeypatch.setattr("hedgerow_node.store.feed.CURSORS_MERGED", 0)
    assert await everything_in(store, 3, authors=authors) == merged
    assert len(merged) == 7


async def test_feed_pages_have_neither_gap_nor_repetition_while_people_go_on_speaking(store: Store) -> None:
    things = [f"https://example.org/{number}" for number in range(12)]
    for thing in things:
        await put(store, ANA.shares(thing, thing))
    page = await store.views.feed(limit=5)
    seen = [item.thing for item in page.results]
    while page.next is not None:
        await put(
            store, BEN.endorses(things[0], "late"), BEN.shares(f"https://new.example/{len(seen)}", "new")
        )
        page = await store.views.feed(cursor=page.next, limit=5)
        seen += [item.thing for item in page.results]
    assert seen == things[::-1]
    assert (await store.views.feed()).results[1].thing == things[0]


async def test_a_retraction_between_two_pages_neither_repeats_nor_skips_others(store: Store) -> None:
    shared = [ANA.shares(f"https://example.org/{number}", "t") for number in range(6)]
    await put(store, *shared)
    first = await store.views.feed(limit=2)
    await put(store, ANA.retracts(shared[4], shared[3]))
    rest = await store.views.feed(cursor=first.next, limit=9)
    assert [item.thing for item in rest.results] == [f"https://example.org/{number}" for number in (2, 1, 0)]


async def feed_pages(store: Store, limit: int) -> list[list[FeedItem]]:
    """All pages of the feed of everybody."""
    pages = [await store.views.feed(limit=limit)]
    while pages[-1].next is not None:
        pages.append(await store.views.feed(cursor=pages[-1].next, limit=limit))
    return [list(page.results) for page in pages]


def of(voice: Voice, items: list[FeedItem]) -> int:
    """How many of these things somebody spoke of."""
    return sum(1 for item in items if item.authors[0].did == voice.did)


async def test_nobody_has_more_than_a_fifth_of_a_page_while_others_have_something_to_say(
    store: Store,
) -> None:
    quiet = [Voice(f"quiet {number}") for number in range(6)]
    said = [
        voice.shares(f"https://{number}.example/{one}", "Calm")
        for one in range(5)
        for number, voice in enumerate(quiet)
    ]
    flood = [CY.shares(f"https://loud.example/{number}", "Loud") for number in range(60)]
    await put(store, *said, *flood)
    pages = await feed_pages(store, 10)
    assert [of(CY, page) for page in pages] == [2, 2, 2, 4, 10, 10, 10, 10, 10]
    things = [item.thing for page in pages for item in page]
    assert len(things) == len(set(things)) == 90
    for page in pages:
        assert [item.at for item in page] == sorted([item.at for item in page], reverse=True)
    for voice in (CY, *quiet):
        times = [item.at for page in pages for item in page if item.authors[0].did == voice.did]
        assert times == sorted(times, reverse=True)


async def test_somebody_alone_fills_the_pages_of_a_feed(store: Store) -> None:
    await put(store, *[ANA.shares(f"https://example.org/{number}", "Page") for number in range(25)])
    pages = await feed_pages(store, 10)
    assert [[item.thing for item in page] for page in pages] == [
        [f"https://example.org/{number}" for number in range(first, max(first - 10, -1), -1)]
        for first in (24, 14, 4)
    ]


async def test_others_are_looked_for_only_so_far_behind_a_flood(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.store.feed.PASSED_OVER", 20)
    calm = ANA.shares(PAGE, "Calm")
    flood = [CY.shares(f"https://loud.example/{number}", "Loud") for number in range(100)]
    await put(store, calm, *flood, BEN.shares(OTHER, "Calm"))
    pages = await feed_pages(store, 10)
    assert of(CY, pages[0]) == 9
    things = [item.thing for page in pages for item in page]
    assert len(things) == len(set(things)) == 102
    # Above it stand 21 others then: two of the share, and fewer than are passed over.
    assert PAGE in [item.thing for item in pages[8]]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 10, 25])
async def test_pages_of_any_size_show_each_thing_once_while_people_go_on_speaking(
    store: Store, limit: int
) -> None:
    chance = Random(limit)
    voices = [Voice(f"somebody {number}") for number in range(9)]

    def say(number: int) -> Message:
        voice = chance.choices(voices, [2**place for place in range(9)])[0]
        return voice.endorses(f"https://example.org/{chance.randrange(120)}", f"reason {number}")

    messages = [say(number) for number in range(300)]
    await put(store, *messages)
    expected = {item.thing for page in await feed_pages(store, 200) for item in page}
    seen: list[str] = []
    page = await store.views.feed(limit=limit)
    while True:
        seen += [item.thing for item in page.results]
        assert len(page.results) == limit or page.next is None
        if page.next is None:
            break
        await put(store, CY.endorses(f"https://example.org/{chance.randrange(120)}", "late"))
        page = await store.views.feed(cursor=page.next, limit=limit)
    assert len(seen) == len(set(seen))
    assert set(seen) == expected


async def test_muted_and_blocked_people_and_things_are_left_out_of_the_feed_and_counted(store: Store) -> None:
    await put(
        store,
        ANA.shares(PAGE, "A"),
        BEN.endorses(PAGE, "b"),
        BEN.shares(OTHER, "B"),
        CY.shares(THIRD, "C"),
        ANA.shares("https://example.org/dull", "D"),
    )
    await store.library.mute(BEN.did, 1.0)
    await store.library.block(CY.did, 1.0)
    await store.library.mute("https://example.org/dull", 1.0)
    page = await store.views.feed()
    assert [(item.thing, item.why) for item in page.results] == [(PAGE, ("Ana shared it",))]
    words = {hidden.words for hidden in page.hidden}
    assert words == {
        "2 statements hidden: you muted Ben",
        "1 statement hidden: you muted https://example.org/dull",
    }  # of who is blocked there is nothing here to count
    view = await store.views.thing(PAGE)
    assert view is not None
    assert [one.author.name for one in view.statements] == ["Ana"]
    assert [hidden.words for hidden in view.hidden] == ["1 statement hidden: you muted Ben"]


async def test_hidden_statements_are_counted_where_they_would_stand(store: Store) -> None:
    await put(
        store,
        ANA.shares(PAGE, "A", topics=["t"]),
        BEN.shares(OTHER, "B", topics=["t"]),
        CY.shares(THIRD, "C"),
    )
    await store.library.mute(BEN.did, 1.0)
    await store.library.block(THIRD, 1.0)
    both = await store.views.feed([ANA.author, BEN.author])
    assert [hidden.words for hidden in both.hidden] == ["1 statement hidden: you muted Ben"]
    assert (await store.views.feed([ANA.author])).hidden == ()
    topic = await store.views.topic("t")
    assert [item.thing for item in topic.results] == [PAGE]
    first = await store.views.feed(limit=1)
    assert [item.thing for item in first.results] == [PAGE]


async def test_a_person_is_endorsed_for_a_topic(store: Store) -> None:
    await put(
        store, BEN.say(Endorse(ANA.did, reason="patient", topic="knitting")), ANA.say(Endorse(PAGE, 77))
    )
    page = await store.views.feed()
    assert [item.why for item in page.results] == [
        ("Ana spoke of it",),
        ("Ben endorsed it for knitting: patient",),
    ]
    assert page.results[1].title == "Ana"
    (hit,) = (await store.search.find("knitting")).results
    assert "topic: knitting" in hit.why


@pytest.mark.parametrize(
    ("thing", "address"),
    [
        ("https://example.org/a?b#/c", "https://example.org/a?b#/c"),
        ("doi:10.1000/a<b>", "https://doi.org/10.1000/a%3Cb%3E"),
        ("arxiv:1706.03762", "https://arxiv.org/abs/1706.03762"),
        ("isbn:9780262033848", None),
        ("javascript:alert(1)", None),
        ("topic:maths", None),
    ],
)
async def test_only_web_addresses_and_known_identifiers_open_in_a_browser(
    store: Store, thing: str, address: str | None
) -> None:
    await put(store, ANA.shares(thing, "T"))
    view = await store.views.thing(thing)
    assert view is not None
    assert view.address == address


async def test_one_does_not_hide_from_oneself(store: Store) -> None:
    await put(store, ME.shares(PAGE, "Mine"))
    await store.library.mute(ME.did, 1.0)
    view = await store.views.thing(PAGE)
    assert view is not None
    assert len(view.statements) == 1


async def test_a_thing_is_shown_at_the_earlier_of_its_signed_and_received_time(store: Store) -> None:
    early, ahead = ANA.shares(PAGE, "Now"), BEN.shares(OTHER, "From the future", ts=4_000_000_000)
    await store.messages.put([ahead], received=early.header.ts - 100.0)
    await store.messages.put([early], received=early.header.ts + 1.0)
    page = await store.views.feed()
    assert [item.thing for item in page.results] == [PAGE, OTHER]
    assert page.results[1].at == early.header.ts - 100


async def test_a_topic_lists_its_things_in_every_spelling(store: Store) -> None:
    await put(
        store,
        ANA.shares(PAGE, "A", topics=["Set  Theory"]),
        BEN.shares(OTHER, "B", topics=["ＳＥＴ theory"]),
        BEN.endorses(PAGE, "more recent, another topic", topics=["else"]),
    )
    page = await store.views.topic("set THEORY", limit=1)
    assert [item.thing for item in page.results] == [OTHER]
    rest = await store.views.topic("set theory", page.next)
    assert [(item.thing, item.why) for item in rest.results] == [(PAGE, ("Ana shared it",))]
    assert (await store.views.topic("nothing")).results == ()
    assert await store.views.topics() == (("set theory", 2), ("else", 1))
    assert await store.views.topics("SET") == (("set theory", 2),)


# --- People, the collection -------------------------------------------------------------------------------


async def test_people_are_you_then_the_followed_then_others(store: Store) -> None:
    await put(store, CY.shares(PAGE, "C"), CY.follows(ME), ME.follows(BEN, "knits"), ME.is_called("Moi"))
    await store.library.follow_privately(Voice("Dee").did, 1.0)
    await store.library.mute(CY.did, 1.0)
    first = await store.views.people(limit=2)
    rest = await store.views.people(first.next)
    people = [*first.results, *rest.results]
    assert [(one.author.label, one.author.relation) for one in people][:2] == [
        ("Moi", "you"),
        ("Ben", "followed"),
    ]
    assert people[2].author.relation == "followed privately"
    assert (people[2].messages, people[2].last) == (0, None)
    others = {one.author.did: one for one in people[3:]}
    assert others.keys() == {ANA.did, CY.did}
    cy = others[CY.did]
    assert (cy.messages, cy.muted, cy.blocked, cy.follows_you) == (2, True, False, True)


async def test_a_person_is_shown_with_whom_they_know(store: Store) -> None:
    first = ANA.is_called("Anna")
    await put(
        store,
        first,
        ANA.is_called(
            "Ana again",
            "about",
            machine=True,
        ),
        ANA.follows(BEN, "why not"),
    )
    await put(store, ANA.follows(PAGE), CY.follows(ANA))
    view = await store.views.person(ANA.author)
    assert view is not None
    assert (view.person.author.name, view.person.about) == ("Ana again", "about")
    assert view.person.author.machine
    assert view.profile is not None
    assert [one.thing for one in view.follows] == [PAGE, BEN.did]
    assert [author.name for author in view.follows_people] == ["Ben"]
    assert [author.did for author in view.followed_by] == [CY.did]
    assert await store.views.follows(ANA.author) == {BEN.author}
    assert await store.views.person(Voice("nobody").author) is None


async def test_an_unfollow_ends_a_follow(store: Store) -> None:
    follow = ME.follows(ANA)
    await put(store, follow)
    assert await store.views.follows(ME.author) == {ANA.author}
    await put(store, ME.retracts(follow))
    assert await store.views.follows(ME.author) == set()


async def test_the_collection_holds_saved_and_shared_things_once_each(store: Store) -> None:
    shared = ME.shares(PAGE, "Shared", "summary", topics=["t"], ts=100)
    await put(store, shared, ME.shares(OTHER, "Noted", ts=200), ANA.shares(THIRD, "Hers"), own=True)
    await store.library.note(OTHER, "note", saved=150.0)
    await store.library.save("https://example.org/kept", "Kept", saved=300.0)
    first = await store.views.collection(limit=1)
    await put(store, ME.shares("https://example.org/new", "New"))
    rest = await store.views.collection(first.next)
    entries = [*first.results, *rest.results]
    assert [(one.title, one.private, one.shared, one.note) for one in entries] == [
        ("Kept", True, False, ""),
        ("Noted", True, True, "note"),
        ("Shared", False, True, ""),
    ]
    assert entries[2].topics == ("t",)
    assert await store.views.resources() == 5


async def test_without_a_word_about_the_owner_it_is_who_signed_here(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await put(store, ME.shares(PAGE, "Mine"), own=True)
        await put(store, ANA.shares(OTHER, "Hers"))
        view = await store.views.thing(PAGE)
        assert view is not None
        assert view.statements[0].own
        assert view.authors[0].relation == "you"


async def test_nothing_in_any_view_counts_approval(store: Store) -> None:
    await put(store, *[Voice(f"fan {number}").endorses(PAGE, f"reason {number}") for number in range(7)])
    for shown in (
        await store.views.thing(PAGE),
        await store.views.feed(),
        await store.search.find("reason"),
        await store.views.people(),
    ):
        assert 7 not in numbers_in(msgspec.to_builtins(shown))
    view = await store.views.thing(PAGE)
    assert view is not None
    assert len({one.reason for one in view.statements}) == 7


def numbers_in(value: object) -> set[float]:
    match value:
        case bool():
            return set()
        case int() | float():
            return {value}
        case dict():
            return {number for item in value.values() for number in numbers_in(item)}
        case list() | tuple():
            return {number for item in value for number in numbers_in(item)}
        case _:
            return set()


async def test_every_view_turns_into_json_as_it_is(store: Store) -> None:
    question = ANA.comments(PAGE, "?", Role.QUESTION)
    await put(store, ANA.shares(PAGE, "T"), question, BEN.comments(PAGE, "!", to=question))
    await store.library.save(PAGE, "Kept", saved=1.0)
    for shown in (
        await store.views.thing(PAGE),
        await store.views.message(question.id),
        await store.views.feed(),
        await store.views.people(),
        await store.views.person(ANA.author),
        await store.views.collection(),
        await store.search.find("t"),
        await store.library.items(),
    ):
        assert msgspec.json.decode(msgspec.json.encode(shown))


@pytest.mark.parametrize("ask", ["feed", "topic", "collection", "people", "statements"])
async def test_a_cursor_that_no_page_gave_is_refused(store: Store, ask: str) -> None:
    first = ["x"] if ask in ("topic", "statements") else []
    with pytest.raises(Problem, match="HG-R3"):
        await getattr(store.views, ask)(*first, cursor="AAAA")


async def test_odd_names_of_things_are_no_error(store: Store) -> None:
    for thing in ("", "\ud800", "hedgerow:1", "did:key:z", "topic:%ff", "x" * 5_000):
        assert await store.views.thing(thing) is None
        assert await store.views.title(thing) is not None


async def test_what_a_disk_altered_is_hidden_and_never_shown_altered(store: Store) -> None:
    await put(store, ANA.shares(PAGE, "True title"), BEN.shares(PAGE, "Another"))

    def alter(db: sqlite3.Connection) -> None:
        for row, body in db.execute("SELECT row, body FROM messages").fetchall():
            db.execute("UPDATE messages SET body = ? WHERE row = ?", [body.replace(b"True", b"Fake"), row])

    await store.database.write(alter)
    view = await store.views.thing(PAGE)
    assert view is not None
    assert [one.title for one in view.statements] == ["Another"]
    assert await store.views.title(PAGE) == "Another"
