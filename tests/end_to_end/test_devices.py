"""Several computers of one person, as real processes: apart and together again, lost, and brought back by paper."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from end_to_end.people import Person, Refused, wait_until

PATIENCE = 60.0


class Cast:
    """A seed, and computers of Ana's that nobody can reach from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.everyone: list[Person] = []
        self.seed = self.computer("seed", listen="127.0.0.1:0")
        self.laptop = self.computer("laptop")
        self.laptop.hedgerow("join", self.seed.hedgerow("invite", "--member")["invite"])
        self.did = self.laptop.did

    def computer(self, name: str, listen: str | None = None) -> Person:
        person = Person(name, self.folder / name)
        self.everyone.append(person)
        person.start(listen=listen)
        return person

    def close(self) -> None:
        for person in self.everyone:
            person.stop()

    def seed_invite(self) -> str:
        return str(self.seed.hedgerow("invite", "--member")["invite"])

    def words_of(self, person: Person) -> Path:
        """Ana writes the words down; the computer has them no longer."""
        words = person.hedgerow("identity", "words")["words"]
        person.hedgerow("identity", "words", "--confirm")
        file = self.folder / f"{person.name}-{len(list(self.folder.glob('*-words')))}-words"
        file.write_text(" ".join(words))
        return file

    def state(self, person: Person) -> str:
        """The fingerprint of everything of Ana's that somebody holds."""
        return str(person.hedgerow("people", self.did)["fingerprint"])

    def are_equal(self, *people: Person) -> None:
        wait_until(lambda: len({self.state(one) for one in people}) == 1, PATIENCE, "all hold the same")

    def titles(self, person: Person) -> set[str]:
        feed = person.hedgerow("feed", "--from", self.did, "--limit", "200")["results"]
        return {one["title"] for one in feed}

    def link(self, first: Person, second: Person) -> str:
        """Link a computer by a code; the key that it has from then on."""
        code = first.hedgerow("identity", "add-device")["code"]
        with ThreadPoolExecutor(1) as threads:
            joining = threads.submit(second.hedgerow, "identity", "join-device", code, "--name", second.name)
            waiting: list[dict[str, str]] = []

            def has_asked() -> bool:
                assert not joining.done(), joining.result()
                waiting[:] = first.hedgerow("identity", "devices")["waiting"]
                return bool(waiting)

            wait_until(has_asked, PATIENCE, "the other computer asks")
            assert waiting[0]["name"] == second.name
            first.hedgerow("identity", "add-device", waiting[0]["device"])
            return str(joining.result()["device"])


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[Cast]:
    cast = Cast(tmp_path)
    yield cast
    cast.close()


def write(person: Person, *titles: str) -> None:
    for title in titles:
        person.hedgerow("share", f"https://{person.name}.example/{title}", "--title", title)


def restore(cast: Cast, person: Person, words: Path, *options: str) -> None:
    person.hedgerow(
        *("identity", "restore", "--from", cast.seed_invite(), "--identity", cast.did),
        *("--words-file", str(words), *options),
    )


def test_two_computers_write_apart_and_hold_the_same_when_they_meet(cast: Cast) -> None:
    laptop = cast.laptop
    phone = cast.computer("phone")
    write(laptop, "before")
    cast.link(laptop, phone)
    assert phone.hedgerow("identity")["did"] == cast.did
    cast.are_equal(cast.seed, laptop, phone)
    for person in (laptop, phone):
        person.stop()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda one: write(one, *(f"{one.name} {n}" for n in range(3))), (laptop, phone)))
    for person in (laptop, phone):
        person.start()
    cast.are_equal(cast.seed, laptop, phone)
    expected = {"before", *(f"{name} {n}" for name in ("laptop", "phone") for n in range(3))}
    assert [cast.titles(one) for one in (cast.seed, laptop, phone)] == [expected] * 3
    devices = laptop.hedgerow("identity", "devices")["devices"]
    assert [(one["state"], one["forks"]) for one in devices] == [("live", []), ("live", [])]


def test_a_lost_laptop_costs_nothing_that_was_said_and_speaks_no_more(cast: Cast) -> None:
    laptop, phone = cast.laptop, cast.computer("phone")
    words = cast.words_of(laptop)
    write(laptop, "mine")
    kept = cast.link(laptop, phone)
    write(phone, "from the phone")
    cast.are_equal(cast.seed, laptop, phone)
    laptop.stop()

    fresh = cast.computer("fresh")
    restore(cast, fresh, words, "--keep", kept)
    write(fresh, "from the new one")
    write(laptop, "by a thief")  # who does not know, being offline
    cast.are_equal(cast.seed, phone, fresh)
    laptop.start()
    wait_until(lambda: not laptop.hedgerow("identity", "devices")["speaks"], PATIENCE, "the laptop is told")
    with pytest.raises(Refused) as refused:
        write(laptop, "by a thief again")
    assert refused.value.problem["code"] == "HG-K10"
    cast.are_equal(cast.seed, phone, fresh, laptop)
    expected = {"mine", "from the phone", "from the new one"}
    for person in (cast.seed, phone, fresh, laptop):
        assert cast.titles(person) == expected

    words = cast.folder / "new-words"
    made = fresh.hedgerow(
        "identity", "words", "--new", "--words-file", str(next(cast.folder.glob("laptop-*")))
    )
    words.write_text(" ".join(made["words"]))
    fresh.hedgerow("identity", "words", "--confirm")
    write(fresh, "after the new words")
    cast.are_equal(cast.seed, phone, fresh)
    fresh.stop()
    last = cast.computer("last")
    with pytest.raises(Refused) as refused:
        restore(cast, last, next(cast.folder.glob("laptop-*")))
    assert refused.value.problem["code"] == "HG-K17"
    restore(cast, last, words, "--keep", kept)
    write(last, "after the second loss")
    cast.are_equal(cast.seed, phone, last)
    assert cast.titles(phone) == {*expected, "after the new words", "after the second loss"}
    assert phone.hedgerow("identity", "devices")["speaks"]
