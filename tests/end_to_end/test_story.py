"""The whole story on real input: three processes, thousands of links, and nothing left of what was withdrawn."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from end_to_end.people import Person, files_with, wait_until

THING = "https://example.org/quibblezorn-marrowdrift"
FIRST_TITLE = "Quibblezorn on Marrowdrift"
SECOND_TITLE = "Vexilloop beside Marrowdrift"
SUMMARY = "A thrumwhistle for grindleback learners"
TOPIC = "Sproutwhisker studies"
WORDS = ["quibblezorn", "marrowdrift", "vexilloop", "thrumwhistle", "grindleback", "sproutwhisker"]


@pytest.fixture(scope="module")
def lists(test_data, own_data):
    """Real link lists and a bookmarks file."""
    folder = test_data / "free-programming-books"
    return [*sorted(folder.glob("*/*.md")), test_data / "bookmarks-html" / "firefox_nested.htm"]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Ana, Ben, Cyd and a seed; whatever happens their nodes are stopped."""
    folder = tmp_path_factory.mktemp("story")
    everyone = {name: Person(name, folder / name) for name in ("ana", "ben", "cyd", "seed")}
    yield everyone
    for person in everyone.values():
        person.stop()


def fingerprint(person: Person, author: Person) -> str:
    """What a person's node holds of an author."""
    return str(person.hedgerow("people", author.did)["fingerprint"])


def titles(person: Person, thing: str) -> list[str]:
    """The titles that a thing has, newest first, earlier versions included."""
    return [one["title"] for one in person.hedgerow("show", thing)["statements"] if one["kind"] == "resource"]


def vocabulary(home: Path) -> set[str]:
    """Every term that a full-text index of this home knows."""
    database = sqlite3.connect(f"file:{home / 'hedgerow.db'}?mode=ro", uri=True)
    try:
        tables = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%USING fts5%'")
        ]
        assert len(tables) == 2
        terms: set[str] = set()
        for table in tables:
            database.execute(
                f"CREATE VIRTUAL TABLE temp.vocabulary_{table} USING fts5vocab(main, {table}, row)"
            )
            terms |= {term for (term,) in database.execute(f"SELECT term FROM temp.vocabulary_{table}")}
        return terms
    finally:
        database.close()


def in_files(*people: Person) -> dict[str, list[str]]:
    """The files in which any word of the withdrawn text still stands."""
    return {
        f"{person.name}/{name}": hits
        for person in people
        for name, hits in files_with(person.home, WORDS).items()
    }


def in_indexes(*people: Person) -> dict[str, list[str]]:
    """The terms of full-text indexes that give the withdrawn text away.

    The trigram index knows pieces of three letters; those named here stand in no other text of the story.
    """
    found = {}
    for person in people:
        terms = vocabulary(person.home)
        left = [term for term in terms if any(word in term for word in WORDS)]
        left += [piece for piece in ("bzo", "xil", "wdr") if piece in terms]
        if left:
            found[person.name] = left
    return found


def test_the_story(people, lists):
    ana, ben, cyd, seed = people["ana"], people["ben"], people["cyd"], people["seed"]
    bring_and_join(ana, ben, seed, lists)
    find_and_endorse(ana, ben)
    correct(ana, ben)
    withdraw(ana, ben, cyd, seed)
    recover(ana, ben, seed)


def bring_and_join(ana: Person, ben: Person, seed: Person, lists: list[Path]) -> None:
    ana.start()
    ana.hedgerow("profile", "--name", "Ana")
    brought = [ana.hedgerow("import", str(path)) for path in lists]
    assert sum(one["read"] for one in brought) > 5_000
    added = sum(one["added"] for one in brought)
    shared = ana.hedgerow("share", "--all")["ids"]
    assert len(shared) == added > 4_000
    seed.start(listen="127.0.0.1:0")
    ana.hedgerow("join", seed.hedgerow("invite", "--uses", "5")["invite"])
    wait_until(lambda: fingerprint(seed, ana) == fingerprint(ana, ana), 60, "the seed has all of Ana's")
    ben.start()
    ben.hedgerow("profile", "--name", "Ben")
    ben.hedgerow("join", ana.hedgerow("invite")["invite"])
    wait_until(lambda: len(ben.hedgerow("feed")["results"]) > 0, 10, "Ben sees first content")
    for holder, author in ((ben, ana), (ana, ben), (seed, ben)):
        wait_until(
            lambda holder=holder, author=author: fingerprint(holder, author) == fingerprint(author, author),
            60,
            f"{holder.name} has all of {author.name}'s",
        )


def find_and_endorse(ana: Person, ben: Person) -> None:
    ben.stop()
    for words in ("البرمجة", "编程", "תכנות"):
        assert ben.hedgerow("search", words)["results"], words
    thing = ben.hedgerow("search", "Think Python")["results"][0]["thing"]
    ben.start()
    ben.hedgerow("endorse", thing, "--reason", "The exercises made recursion clear", "--level", "beginner")
    wait_until(lambda: "recursion clear" in str(ana.hedgerow("show", thing)), 30, "Ana sees Ben's reason")
    said = next(one for one in ana.hedgerow("show", thing)["statements"] if one["kind"] == "endorse")
    assert (said["name"], said["reason"]) == ("Ben", "The exercises made recursion clear")
    assert said["author"] == ben.did
    assert said["ts"] > 1_700_000_000


def correct(ana: Person, ben: Person) -> None:
    # Brought in by an import, so that what could be undone holds the text as well, and a copy of the database as
    # one that a migration makes.
    path = ana.home.parent / "one.md"
    path.write_text(f"## {TOPIC}\n\n* [{FIRST_TITLE}]({THING}) - {SUMMARY}\n")
    assert ana.hedgerow("import", str(path))["added"] == 1
    path.unlink()
    shutil.copy(ana.home / "hedgerow.db", ana.home / "hedgerow.db.before-9")
    first = ana.hedgerow("share", THING)["ids"][0]
    wait_until(lambda: has(ben, THING), 30, "Ben has the thing")
    second = ana.hedgerow("edit", first, "--title", SECOND_TITLE)["ids"][0]
    wait_until(lambda: titles(ben, THING) == [SECOND_TITLE, FIRST_TITLE], 30, "Ben sees both titles")
    assert ben.hedgerow("show", THING)["title"] == SECOND_TITLE
    other = "https://example.org/other"
    older = ana.hedgerow("share", other, "--title", "Older words")["ids"][0]
    newer = ana.hedgerow("edit", older, "--title", "Newer words")["ids"][0]
    wait_until(lambda: has(ben, other) and "Newer words" in titles(ben, other), 30, "Ben has the correction")
    ana.hedgerow("retract", newer, "--only-this")
    wait_until(lambda: "Newer words" not in titles(ben, other), 30, "the correction is gone")
    assert ben.hedgerow("show", other)["title"] != "Older words", "what was corrected does not come back"
    assert second != first


def has(person: Person, thing: str) -> bool:
    """Whether anything is known of a thing."""
    return any(one["thing"] == thing for one in person.hedgerow("feed", "--limit", "50")["results"])


def withdraw(ana: Person, ben: Person, cyd: Person, seed: Person) -> None:
    seen = [*in_files(ana, ben, seed), *in_indexes(ana, ben, seed)]
    assert len(seen) >= 6, "the test sees the text while it is there"
    ana.hedgerow("retract", THING)
    # Only files are looked at while waiting: a reader of the database would keep the log from being cleared.
    wait_until(lambda: not in_files(ana, ben, seed), 60, "every trace is gone")
    assert not in_indexes(ana, ben, seed)
    cyd.start()
    cyd.hedgerow("join", seed.hedgerow("invite")["invite"])
    cyd.hedgerow("follow", ana.did)
    wait_until(lambda: held(cyd, ana) == fingerprint(ana, ana), 60, "Cyd has all of Ana's")
    assert not in_files(cyd)
    assert not in_indexes(cyd)


def held(person: Person, author: Person) -> str:
    """The fingerprint of what is held, or nothing while nothing is."""
    found = [one for one in person.hedgerow("people")["people"] if one["did"] == author.did]
    return fingerprint(person, author) if found else ""


def recover(ana: Person, ben: Person, seed: Person) -> None:
    ana.stop()
    before = ana.hedgerow("status")["messages"]
    database = ana.home / "hedgerow.db"
    data = bytearray(database.read_bytes())
    data[0:4096] = bytes(4096)
    database.write_bytes(data)
    after = ana.hedgerow("status")["messages"]
    assert after <= before
    assert not in_files(ana, ben, seed), "the journal brings nothing back"
    assert not in_indexes(ana, ben, seed)
    ana.start()
    wait_until(lambda: fingerprint(ana, ana) == fingerprint(ben, ana), 60, "Ana has everything again")
