"""Search: every script, plain text as a query, the order of results, and the words for why."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hedgerow_node.problems import Problem
from hedgerow_node.store.records import NewItem
from hedgerow_node.store.store import Store
from hedgerow_protocol.kinds import Relation, Role
from node.store.voices import Voice, opened, put

ME, ANA, BEN, CY = map(Voice, ("me", "Ana", "Ben", "Cy"))
PAGE = "https://example.org/page"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path, ME) as store:
        yield store


async def found(store: Store, query: str) -> list[str]:
    return [hit.thing for hit in (await store.search.find(query)).results]


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("机器学习入门", "学习"),
        ("机器学习入门", "学"),
        ("机器学习入门", "门"),
        ("机器学习入门", "机器学习"),
        ("Python 数据分析入门", "python 数据"),
        ("Python数据分析", "数据分析"),
        ("ガイド: データ構造", "データ"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("기계학습 개론", "학습"),
        ("기계학습을 위한 수학", "수학"),
        ("วิธีเรียนรู้ภาษาไทยอย่างรวดเร็ว", "เรียนรู้"),
        ("เรียนรู้", "เรียน"),
        ("مقدمة في الرِّيَاضِيَّات", "الرياضيات"),
        ("مقدمة في الرياضيات", "الرِّيَاضِيَّات"),
        ("مقدمة في الرياضيات", "رياضيات"),
        ("أساسيات البرمجة", "اساسيات"),
        ("إدارة المشاريع", "ادارة"),
        ("آداب اللغة", "اداب"),
        ("مدرسة", "مدرسه"),
        ("مستشفى", "مستشفي"),
        ("الـبـرمـجـة", "البرمجة"),
        ("کتاب یادگیری", "كتاب"),
        ("نیم‌فاصله می‌شود", "میشود"),
        ("מָתֵמָטִיקָה לכולם", "מתמטיקה"),
        ("מתמטיקה לכולם", "מָתֵמָטִיקָה"),
        ("İstanbul Üniversitesi", "istanbul"),
        ("ISPARTA dersleri", "ısparta"),
        ("ısı ve ışık", "ISI"),
        ("Introducción a la programación", "programacion"),
        ("Introduccion", "introducción"),
        ("Straße der Algebra", "STRASSE"),
        ("Łódź", "lodz"),
        ("Đường", "duong"),
        ("हिन्दी व्याकरण", "हिन्दी"),
        ("फ़िल्म अध्ययन", "फिल्म"),
        ("বাংলা শিক্ষা", "বাংলা"),
        ("Ελληνική ιστορία", "ελληνικη"),
        ("Ещё раз об алгебре", "еще"),
        ("١٢٣ درس", "123"),
        ("C++ for the impatient", "C++"),
        ("C++ for the impatient", "c++"),
        ("Modern C++20", "c++"),
        ("Pro C# 12", "C#"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("The café’s “quoted” guide", "café's"),
        ("Learn You a Haskell", "hask"),
        ("Learn You a Haskell", "haskell learn"),
        ("Lernnetzwerke", "netzwerk"),
        ("𞤀𞤣𞤤𞤢𞤥 𞤆𞤵𞤤𞤢𞤪", "𞤆𞤵𞤤𞤢𞤪"),
        ("🌱 sprouts", "🌱"),
    ],
)
async def test_a_text_is_found_by_words_as_people_write_them(store: Store, title: str, query: str) -> None:
    await put(store, ANA.shares(PAGE, title), ANA.shares("https://example.org/other", "Nothing of the kind"))
    assert await found(store, query) == [PAGE]


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Learning C", "C++"),
        ("Learning C", "C#"),
        ("Haskell", "haskell ocaml"),
        ("学校", "学习"),
        ("习学", "学习"),
        ("An apple", "apples"),
        ("Banana", "b"),
    ],
)
async def test_what_lacks_a_word_is_not_found(store: Store, title: str, query: str) -> None:
    await put(store, ANA.shares(PAGE, title))
    assert await found(store, query) == []


ODD_QUERIES = [
    '"',
    '""',
    "*",
    "learn*",
    "AND",
    "OR NOT",
    "NEAR(a, b)",
    "title:x",
    "{title}: y",
    "(",
    ")",
    "-learn",
    "^learn",
    "a\x00b",
    "\ud800",
    "'",
    "\\",
    "%",
    "_",
    "",
    " ",
    "\t\n",
    "--",
    ";",
    "x" * 10_000,
    "a " * 500,
    "🌱",
    "+",
    "#",
]


async def test_no_query_is_an_error(store: Store) -> None:
    await put(store, ANA.shares(PAGE, "How to learn"))
    for query in ODD_QUERIES:
        await store.search.find(query)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=40))
async def test_no_text_whatever_is_an_error(store: Store, query: str) -> None:
    await put(store, ANA.shares(PAGE, "How to learn"))
    await store.search.find(query)


async def test_operators_and_quotes_are_plain_words(store: Store) -> None:
    await put(
        store,
        ANA.shares("https://example.org/1", "Search AND rescue"),
        ANA.shares("https://example.org/2", "Search for a rescue"),
    )
    assert await found(store, "search AND") == ["https://example.org/1"]
    assert set(await found(store, '"search" rescue*')) == {"https://example.org/1", "https://example.org/2"}


async def test_title_stands_above_description_above_reason(store: Store) -> None:
    await put(
        store,
        ANA.shares("https://example.org/title", "Topology", "A long text about something else " * 20),
        ANA.shares("https://example.org/topic", "Spaces", "Shapes", topics=["topology"]),
        ANA.shares("https://example.org/summary", "Spaces", "topology topology topology"),
        ANA.shares("https://example.org/reason", "Spaces"),
        BEN.endorses("https://example.org/reason", "topology topology topology topology"),
    )
    things = await found(store, "topology")
    assert things[0] == "https://example.org/title"
    assert set(things[1:3]) == {"https://example.org/topic", "https://example.org/summary"}
    assert things[3] == "https://example.org/reason"


async def test_equally_good_results_come_latest_first(store: Store) -> None:
    things = [f"https://example.org/{number}" for number in range(5)]
    await put(store, *[ANA.shares(thing, "Same title") for thing in things])
    assert await found(store, "title") == things[::-1]


async def test_the_whole_word_stands_above_its_longer_kin(store: Store) -> None:
    await put(
        store,
        ANA.shares("https://example.org/whole", "Art of something"),
        ANA.shares("https://example.org/longer", "Article of something"),
    )
    assert await found(store, "art") == ["https://example.org/whole", "https://example.org/longer"]


async def test_a_thing_comes_once_however_many_speak_of_it(store: Store) -> None:
    await put(
        store,
        ANA.shares(PAGE, "Learning nets"),
        BEN.shares(PAGE, "Learning nets"),
        CY.endorses(PAGE, "learning nets at their best"),
        CY.comments(PAGE, "learning nets?", Role.QUESTION),
    )
    page = await store.search.find("learning nets")
    assert [hit.thing for hit in page.results] == [PAGE]
    assert {author.did for author in page.results[0].authors} == {ANA.did, BEN.did, CY.did}


async def test_words_may_be_spread_over_several_statements_about_a_thing(store: Store) -> None:
    await put(
        store,
        ANA.shares(PAGE, "Learn You a Haskell"),
        BEN.endorses(PAGE, "the best start with monads"),
        ANA.shares("https://example.org/only-one", "Haskell in depth"),
    )
    assert await found(store, "haskell monads") == [PAGE]
    await store.library.note("https://example.org/only-one", "a gift from Dora", saved=1.0)
    assert await found(store, "haskell gift") == ["https://example.org/only-one"]


async def test_reasons_say_why_in_words(store: Store) -> None:
    await put(
        store,
        ANA.is_called("Ana"),
        ANA.shares(PAGE, "Category theory", "Arrows for everyone", topics=["Maths"]),
        ANA.endorses(PAGE, "clear arrows"),
        BEN.is_called("Ben"),
        BEN.comments(PAGE, "What about arrows?", Role.QUESTION),
        BEN.connects(PAGE, Relation.LEADS_TO, "https://example.org/next", "more arrows"),
        ME.endorses(PAGE, "my arrows"),
    )
    await store.library.save(PAGE, "Mine", saved=2.0)
    await store.library.note(PAGE, "remember the arrows", saved=3.0)
    (hit, other) = (await store.search.find("arrows")).results
    assert hit.thing == PAGE
    assert hit.private
    assert hit.shared
    assert hit.why[:2] == ("your private save", "your note: remember the arrows")
    assert other.thing == "https://example.org/next"
    assert other.why == ("Ben's connection: more arrows",)
    assert (await store.search.find("category")).results[0].why == ("your private save", "title")
    assert "topic: Maths" in (await store.search.find("maths")).results[0].why
    await store.library.remove(PAGE)
    why = (await store.search.find("arrows")).results[0].why
    assert {"Ana's description: Arrows for everyone", "Ana's reason: clear arrows"} <= set(why)
    assert {"Ben's question: What about arrows?", "your reason: my arrows"} <= set(why)


async def test_a_long_text_is_quoted_around_the_word(store: Store) -> None:
    await put(store, ANA.is_called("Ana"), ANA.endorses(PAGE, "blah " * 200 + "serendipity" + " blah" * 200))
    (why,) = (await store.search.find("serendipity")).results[0].why
    assert "serendipity" in why
    assert len(why) < 200


async def test_a_pasted_address_finds_its_thing_first(store: Store) -> None:
    await put(
        store,
        ANA.shares("https://example.org/a-page-about", "About example.org/page"),
        ANA.endorses(PAGE, "good"),
    )
    page = await store.search.find(f"  {PAGE} ")
    assert page.results[0].thing == PAGE
    assert page.results[0].why[0] == "the address"
    assert PAGE in await found(store, "example page")


async def test_words_of_an_address_find_it_also_when_they_are_encoded(store: Store) -> None:
    thing = "https://ar.wikipedia.org/wiki/%D8%AA%D8%B9%D9%84%D9%85"
    await put(store, ANA.endorses(thing, ""))
    assert await found(store, "تعلم") == [thing]
    assert await found(store, "wikipedia") == [thing]


async def test_people_are_found_by_name_and_what_they_say_of_themselves(store: Store) -> None:
    await put(store, ANA.is_called("Ana Ruíz", "Teaches knitting"))
    (hit,) = (await store.search.find("ruiz")).results
    assert (hit.thing, hit.title, hit.why) == (ANA.did, "Ana Ruíz", ("name",))
    assert await found(store, "knitting") == [ANA.did]


async def test_a_superseded_text_is_no_longer_found_and_its_correction_is(store: Store) -> None:
    first = ANA.shares(PAGE, "Old words")
    await put(store, first)
    await put(store, ANA.shares(PAGE, "New words", replaces=[first]))
    assert await found(store, "old") == []
    assert await found(store, "new") == [PAGE]


async def test_a_retracted_text_is_no_longer_found(store: Store) -> None:
    first = ANA.shares(PAGE, "Some words")
    await put(store, first, BEN.shares("https://example.org/stays", "Some words"))
    await put(store, ANA.retracts(first))
    assert await found(store, "words") == ["https://example.org/stays"]


async def test_muted_and_blocked_people_and_things_are_left_out_and_counted(store: Store) -> None:
    await put(
        store,
        BEN.is_called("Ben"),
        BEN.shares(PAGE, "Loud words"),
        BEN.endorses(PAGE, "loud"),
        CY.shares("https://example.org/cy", "Loud"),
        ANA.shares("https://example.org/quiet", "Loud too"),
        ANA.shares("https://example.org/dull", "Loud again"),
    )
    await store.library.mute(BEN.did, 1.0)
    await store.library.block(CY.did, 1.0)
    await store.library.mute("https://example.org/dull", 1.0)
    page = await store.search.find("loud")
    assert [hit.thing for hit in page.results] == ["https://example.org/quiet"]
    words = {hidden.words for hidden in page.hidden}
    assert "2 statements hidden: you muted Ben" in words
    assert any(hidden.target == "https://example.org/dull" for hidden in page.hidden)
    await store.library.unmute(BEN.did)
    assert PAGE in await found(store, "loud")


async def test_somebody_hidden_cannot_crowd_others_out_of_a_common_word(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.store.finding.RANKED", 5)
    await put(store, ANA.shares(PAGE, "spam"))
    await put(store, *[BEN.shares(f"https://spam.example/{number}", "spam") for number in range(20)])
    await store.library.mute(BEN.did, 1.0)
    assert await found(store, "spam") == [PAGE]


async def test_private_items_are_found_beside_a_crowd_of_newer_messages(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.store.finding.RANKED", 5)
    await store.library.save("https://example.org/mine", "common", saved=1.0)
    await put(store, *[BEN.shares(f"https://example.org/{number}", "common") for number in range(20)])
    assert "https://example.org/mine" in await found(store, "common")
    things = [f"https://example.org/kept/{number}" for number in range(20)]
    for thing in things:
        await store.library.save(thing, "common", saved=2.0)
    assert "https://example.org/19" in await found(store, "common")


async def test_pages_follow_one_another_without_gap_or_repetition_while_texts_come_in(store: Store) -> None:
    things = [f"https://example.org/{number}" for number in range(25)]
    for thing in things[:20]:
        await put(store, ANA.shares(thing, "walking home"))
    await put(store, *[BEN.endorses(thing, "a long walking tour") for thing in things[20:]])
    first = await store.search.find("walking", limit=7)
    seen = [hit.thing for hit in first.results]
    cursor = first.next
    while cursor is not None:
        await put(store, CY.shares(f"https://new.example/{len(seen)}", "walking walking"))
        page = await store.search.find("walking", cursor, limit=7)
        seen += [hit.thing for hit in page.results]
        cursor = page.next
    assert len(seen) == len(set(seen))
    assert set(seen) == set(things)


async def test_a_search_goes_on_after_the_thing_at_which_it_stopped_was_withdrawn(store: Store) -> None:
    shared = [ANA.shares(f"https://example.org/{number}", "walking") for number in range(4)]
    await put(store, *shared)
    first = await store.search.find("walking", limit=2)
    await put(store, ANA.retracts(shared[2]))
    rest = await store.search.find("walking", first.next)
    assert [hit.thing for hit in rest.results] == ["https://example.org/1", "https://example.org/0"]


async def test_a_common_word_beside_a_rare_one_may_stand_in_another_statement(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hedgerow_node.store.finding.COUNTED", 5)
    await put(store, ANA.shares(PAGE, "Common ground"), BEN.endorses(PAGE, "serendipity"))
    await put(store, *[ANA.shares(f"https://example.org/{number}", "common") for number in range(9)])
    assert await found(store, "common serendipity") == [PAGE]
    assert await found(store, "serendipity missing") == []


@pytest.mark.parametrize("cursor", ["x", "AAAA", "k" * 5_000, "\ud800", "lQ", "kcA"])
async def test_a_cursor_that_no_page_gave_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(Problem, match="HG-R3"):
        await store.search.find("x", cursor)


async def test_the_title_of_a_hit_is_ones_own_then_that_of_the_followed(store: Store) -> None:
    await put(store, ME.follows(ANA), ANA.shares(PAGE, "Ana's title"), BEN.shares(PAGE, "Ben's title"))
    assert (await store.search.find("title")).results[0].title == "Ana's title"
    await store.library.save(PAGE, "My private title", saved=1.0)
    assert (await store.search.find("title")).results[0].title == "My private title"
    await put(store, ME.shares(PAGE, "My title"))
    assert (await store.search.find("title")).results[0].title == "My title"


def links_in(path: Path) -> list[tuple[str, str]]:
    """Title and address of each link of a list in Markdown."""
    found = re.findall(
        r"^\s*\* \[(.+?)\]\((https?://[\x21-\x28\x2a-\x7e]+)\)", path.read_text("utf-8"), re.MULTILINE
    )
    return list({address: (title, address) for title, address in found}.values())


async def test_links_of_ten_languages_are_found_by_the_words_of_their_titles(
    store: Store, test_data: Path
) -> None:
    for path in sorted((test_data / "free-programming-books").glob("*/*.md")):
        links = links_in(path)[::7][:25]
        await put(store, *[ANA.shares(address, title) for title, address in links])
        for title, address in links[::3]:
            words = [word for word in title.split() if any(sign.isalnum() for sign in word)]
            page = await store.search.find(" ".join(words[:4]), limit=60)
            assert address in [hit.thing for hit in page.results], title


async def test_hostile_texts_can_be_stored_found_and_asked_for(store: Store, test_data: Path) -> None:
    texts = json.loads((test_data / "text" / "blns.json").read_text("utf-8"))
    await store.library.save_many([NewItem(f"https://example.org/{n}", text) for n, text in enumerate(texts)])
    for text in texts[::3]:
        await store.search.find(text)
    assert "https://example.org/0" in {item.thing for item in (await store.library.items(limit=600)).results}
