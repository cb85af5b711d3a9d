"""The index: what goes in with a message, and that nothing of it stays when the message is retracted."""

import random
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_node.store import index
from hedgerow_node.store.folding import fold, trim
from hedgerow_node.store.store import Store
from hedgerow_protocol.kinds import (
    Attest,
    Claim,
    Connect,
    Introduce,
    Label,
    Relation,
    Retract,
    Step,
    Trail,
    Unknown,
    Vouch,
)
from hedgerow_protocol.message import Message
from hedgerow_protocol.things import message_thing
from node.store.voices import Voice, bytes_in, opened, put

ANA, BEN = Voice("Ana"), Voice("Ben")
PAGE = "https://example.org/page"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    def work(db: sqlite3.Connection) -> list[tuple[object, ...]]:
        return db.execute(sql).fetchall()

    return await store.database.read(work)


async def terms(store: Store) -> set[object]:
    """Every term of both full-text indexes."""

    def work(db: sqlite3.Connection) -> set[object]:
        found = set()
        for table in ("words", "grams"):
            db.execute(f"CREATE VIRTUAL TABLE temp.{table}_terms USING fts5vocab(main, {table}, row)")
            found |= {term for (term,) in db.execute(f"SELECT term FROM temp.{table}_terms")}
            db.execute(f"DROP TABLE temp.{table}_terms")
        return found

    return await store.database.write(work)


async def is_intact(store: Store) -> bool:
    def work(db: sqlite3.Connection) -> bool:
        for table in ("words", "grams"):
            db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")
        return True

    return await store.database.write(work)


def everything(secret: str) -> Iterator[Message]:
    """One statement of each kind that has the word in every field that it can stand in."""
    thing = f"https://{secret}.example/"
    yield ANA.is_called(f"{secret} one", f"about {secret}")
    yield ANA.follows(thing, secret)
    yield ANA.shares(thing, f"{secret} two", secret, topics=[secret])
    yield ANA.endorses(thing, secret, topics=[f"more {secret}"])
    yield ANA.connects(thing, Relation.EXPLAINS, f"https://to.{secret}.example/", secret)
    yield ANA.comments(thing, f"what {secret}?")
    step, role = Step(thing, f"for {secret}", f"read {secret}"), Step(None, secret)
    yield ANA.say(Trail("1" * 16, f"{secret} three", secret, (step, role)), topics=[secret])
    yield ANA.say(Attest(thing, Claim.SUPERSEDED_BY, f"https://new.{secret}.example/", 0))
    yield ANA.say(Label(thing, secret, f"because {secret}"))
    yield ANA.say(Introduce(thing, f"https://who.{secret}.example/", secret))
    yield ANA.say(Vouch(thing, secret))


async def test_of_what_was_retracted_no_trace_stays_in_any_file(tmp_path: Path) -> None:
    secret = "xylophagous"
    said = list(everything(secret))
    async with opened(tmp_path) as store:
        await put(store, BEN.shares(PAGE, "Ordinary"), *said, own=True)
        assert secret.encode() in bytes_in(tmp_path)
        await put(store, ANA.retracts(*said), own=True)
        assert await rows(store, "SELECT thing FROM things") == [(PAGE,)]
        assert await rows(store, "SELECT count(*) FROM topics") == [(0,)]
        assert await store.erase_when_due()
        assert not [term for term in await terms(store) if secret in str(term)]
        assert await is_intact(store)
        for piece in (secret, secret[:7], secret[3:]):
            assert piece.encode() not in bytes_in(tmp_path)
    assert secret.encode() not in bytes_in(tmp_path)


async def test_without_optimising_deleted_words_would_stay_in_the_index(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        first = ANA.shares(PAGE, "xylophagous")
        await put(store, first)
        await put(store, ANA.retracts(first))
        await store.database.alone(rewrite)
        assert b"xylophagous" in bytes_in(tmp_path)
        assert await store.erase_when_due()
        assert b"xylophagous" not in bytes_in(tmp_path)


def rewrite(db: sqlite3.Connection) -> None:
    """What takes old pages out of the files, and nothing else."""
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


async def test_what_was_shared_from_the_library_leaves_no_copy_when_it_is_retracted(tmp_path: Path) -> None:
    async with opened(tmp_path, ANA) as store:
        await store.library.save(PAGE, "xylophagous title", "xylophagous summary", ["xylophagy"], saved=1.0)
        shared = ANA.shares(PAGE, "xylophagous title", "xylophagous summary", ["xylophagy"])
        await put(store, shared, own=True)
        assert await store.library.mark_shared([PAGE]) == 1
        await put(store, ANA.retracts(shared), own=True)
        assert await store.erase_when_due()
        assert b"xyloph" not in bytes_in(tmp_path)
        assert PAGE.encode() not in bytes_in(tmp_path)


async def test_a_thing_stays_while_somebody_else_names_it(store: Store) -> None:
    shared, connected = ANA.shares(PAGE, "A"), BEN.say(Connect("https://example.org/o", 2, PAGE))
    await put(store, shared, connected)
    await put(store, ANA.retracts(shared))
    assert (PAGE,) in await rows(store, "SELECT thing FROM things")
    await put(store, BEN.retracts(connected))
    assert await rows(store, "SELECT thing FROM things") == []


async def test_a_thing_stays_while_a_trail_leads_through_it(store: Store) -> None:
    shared, trail = ANA.shares(PAGE, "A"), BEN.say(Trail("1" * 16, "B", steps=(Step(PAGE),)))
    await put(store, shared, trail)
    await put(store, ANA.retracts(shared))
    assert (PAGE,) in await rows(store, "SELECT thing FROM things")
    await put(store, BEN.retracts(trail))
    assert await rows(store, "SELECT thing FROM things") == []


async def test_topics_stay_while_somebody_else_uses_them(store: Store) -> None:
    first, second = ANA.shares(PAGE, "A", topics=["Maths", "Alone"]), BEN.shares(PAGE, "B", topics=["maths"])
    await put(store, first, second)
    await put(store, ANA.retracts(first))
    assert await rows(store, "SELECT words FROM topics") == [("maths",)]


async def test_unknown_kinds_and_retractions_are_not_indexed(store: Store) -> None:
    unknown = ANA.say(Unknown(777, ("xylophagous",)))
    await put(store, unknown, ANA.say(Retract((unknown.id,))))
    assert await rows(store, "SELECT count(*) FROM statements") == [(0,)]
    assert await terms(store) == set()


async def test_forgetting_what_is_not_indexed_is_no_error(store: Store) -> None:
    await put(store, ANA.shares(PAGE, "A"))
    await store.database.write(lambda db: index.forget(db, [99, 2**50]))
    await store.database.write(lambda db: index.forget(db, []))
    assert await rows(store, "SELECT count(*) FROM statements") == [(1,)]


@pytest.mark.parametrize("correction_first", [True, False])
async def test_a_superseded_text_is_in_no_index_whichever_comes_first(
    store: Store, correction_first: bool
) -> None:
    first = ANA.shares(PAGE, "xylophagous")
    second = ANA.shares(PAGE, "corrected", replaces=[first])
    for message in (second, first) if correction_first else (first, second):
        await put(store, message)
    assert await rows(store, "SELECT title FROM texts") == [("corrected",)]
    assert await rows(store, "SELECT count(*) FROM statements") == [(2,)]
    await put(store, ANA.retracts(second))
    assert await rows(store, "SELECT title FROM texts") == []


async def test_somebody_elses_replaces_supersedes_nothing(store: Store) -> None:
    first = ANA.shares(PAGE, "mine")
    await put(store, first)
    await put(store, BEN.shares(PAGE, "theirs", replaces=[first]))
    await put(store, ANA.endorses(PAGE, "another kind", replaces=[first]))
    assert ("mine",) in await rows(store, "SELECT title FROM texts")


async def test_a_work_that_fails_leaves_both_indexes_intact(store: Store) -> None:
    await put(store, *[ANA.shares(f"https://example.org/{number}", f"word{number}") for number in range(20)])

    def fails(db: sqlite3.Connection) -> None:
        index.forget(db, range(1, 10))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.database.write(fails)
    await put(store, BEN.shares(PAGE, "after"))
    assert await is_intact(store)
    assert len((await store.search.find("word7")).results) == 1
    assert len((await store.search.find("after")).results) == 1


async def test_after_many_changes_in_any_order_the_indexes_agree_with_the_texts(tmp_path: Path) -> None:
    chance = random.Random(20)
    said: list[Message] = []
    async with opened(tmp_path, ANA) as store:
        for step in range(60):
            thing = f"https://example.org/{chance.randrange(8)}"
            match chance.randrange(6):
                case 0 if said:
                    await put(store, ANA.retracts(*chance.sample(said, min(3, len(said)))))
                case 1 if said:
                    resources = [message for message in said if message.header.kind == 4]
                    replaced = chance.sample(resources, min(2, len(resources)))
                    said.append(ANA.shares(thing, f"corrected {step}", replaces=replaced))
                    await put(store, said[-1])
                case 2:
                    await store.library.save(
                        thing, f"kept {step}", topics=[f"topic {step % 3}"], saved=float(step)
                    )
                case 3:
                    await store.library.note(thing, chance.choice(["", f"note {step}"]), saved=float(step))
                case 4:
                    await store.library.mark_shared([thing])
                case _:
                    batch = [
                        ANA.shares(thing, f"title {step}", topics=["x"]),
                        ANA.comments(thing, f"text {step}"),
                    ]
                    said += batch
                    await put(store, *batch)
        assert await is_intact(store)
        assert await rows(store, ORPHANS) == []
        await store.database.write(lambda db: index.drop_texts(db, [row for (row,) in db.execute(ALL_TEXTS)]))
        await store.database.write(lambda db: db.execute("INSERT INTO words (words) VALUES ('optimize')"))
        await store.database.write(lambda db: db.execute("INSERT INTO grams (grams) VALUES ('optimize')"))
        assert await terms(store) == set()
        assert await rows(store, "SELECT words FROM topics") == []


ALL_TEXTS = "SELECT row FROM texts"
ORPHANS = """
SELECT 'text', row FROM texts WHERE row NOT IN (SELECT row FROM heads)
    AND row - 1099511627776 NOT IN (SELECT row FROM library)
UNION ALL SELECT 'head', row FROM heads WHERE row NOT IN (SELECT row FROM texts)
UNION ALL SELECT 'item', row FROM library WHERE row + 1099511627776 NOT IN (SELECT row FROM texts)
UNION ALL SELECT 'tag', text FROM tagged WHERE text NOT IN (SELECT row FROM texts)
UNION ALL SELECT 'topic', row FROM topics WHERE row NOT IN (SELECT topic FROM tagged)
UNION ALL SELECT 'thing', row FROM things WHERE row NOT IN (SELECT thing FROM statements)
    AND row NOT IN (SELECT other FROM statements WHERE other IS NOT NULL)
UNION ALL SELECT 'ref', row FROM refs WHERE row NOT IN (SELECT row FROM statements)
"""


async def test_many_statements_of_one_batch_are_all_indexed(store: Store) -> None:
    await put(
        store, *[ANA.shares(f"https://example.org/{number}", f"title {number}") for number in range(1_100)]
    )
    assert await rows(store, "SELECT count(*) FROM texts") == [(1_100,)]
    assert [hit.thing for hit in (await store.search.find("title 1099")).results] == [
        "https://example.org/1099"
    ]


async def test_a_comment_on_a_message_names_the_message(store: Store) -> None:
    first = ANA.comments(PAGE, "first")
    await put(store, first, BEN.comments(message_thing(first.id), "second", to=first))
    assert (message_thing(first.id),) in await rows(store, "SELECT thing FROM things")
    assert await rows(store, "SELECT count(*) FROM refs") == [(1,)]


@given(text=st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)).split() == fold(text).split()


@given(text=st.text(max_size=60))
def test_folded_text_has_neither_capitals_nor_controls(text: str) -> None:
    assert fold(text) == fold(text.swapcase()) or not text.isascii()
    assert not any(sign < " " for sign in fold(text))


@given(word=st.text(min_size=1, max_size=20))
def test_a_trimmed_word_is_part_of_the_word(word: str) -> None:
    assert trim(fold(word)) in fold(word)


@pytest.mark.parametrize(
    ("one", "other"),
    [("الرِّيَاضِيَّات", "الرياضيات"), ("שָׁלוֹם", "שלום"), ("ÉCOLE", "école"), ("ﬁn", "fin"), ("Iİıi", "iiii")],
)
def test_spellings_of_one_word_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ไก่", "ไก"), ("कि", "के"), ("c", "c++"), ("c++", "c#"), ("ば", "は"), ("学", "習")]
)
def test_what_readers_tell_apart_folds_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)
