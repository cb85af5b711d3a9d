"""Two libraries that do not know each other, with seeds of different policies, and the people of both."""

import json
import shutil
from typing import Any
from urllib.parse import quote

import pytest

from bench.nodes import free_port
from end_to_end.people import Person, Refused, wait_until

RINGS, GROUPS, FIELDS = (f"https://example.org/{name}" for name in ("rings", "groups", "fields"))
SOON, PATIENCE = 10.0, 60.0


@pytest.fixture
def people(tmp_path):
    """Two seeds and five learners; whatever happens their nodes are stopped."""
    names = ("north", "south", "ana", "ben", "dan", "eve", "fay")
    everyone = {name: Person(name, tmp_path / name) for name in names}
    yield everyone
    for person in everyone.values():
        person.stop()


def found(seed: Person, carries: str, *sources: str) -> str:
    """Make a seed with this policy and these sources, as its operator would, and run it; returns its url."""
    url = f"http://127.0.0.1:{free_port()}"
    seed.hedgerow("seed", "init", "--name", seed.name, "--url", url)
    file = seed.home / "seed.toml"
    said = file.read_text().replace('carries = "followed"', f'carries = "{carries}"')
    file.write_text(said.replace("sources = []", f"sources = {json.dumps(sources)}"))
    seed.hedgerow("seed", "check")
    seed.start()
    return url


def come(person: Person, inviter: Person, *options: str) -> None:
    """Start somebody's node and let them accept an invite."""
    person.start()
    person.hedgerow("join", inviter.hedgerow("invite", *options)["invite"])


def fingerprint(holder: Person, author: Person) -> str:
    """What a node holds of an author; empty where it has nothing."""
    try:
        found = holder.ask("GET", f"/people/{quote(author.did)}")
    except Refused:
        return ""
    return str(found["fingerprint"]) if found["messages"] else ""


def has_all_of(holder: Person, author: Person) -> None:
    """Wait until somebody has everything of somebody else, who runs."""
    whole = fingerprint(author, author)
    wait_until(
        lambda: fingerprint(holder, author) == whole, PATIENCE, f"{holder.name} has all of {author.name}'s"
    )


def statements(person: Person, thing: str, kind: str) -> list[dict[str, Any]]:
    """What somebody sees that was said of a thing."""
    said = person.ask("GET", f"/things?thing={quote(thing, safe='')}")["statements"]
    return [one for one in said if one["kind"] == kind]


def shows(person: Person, thing: str) -> bool:
    """Whether a thing stands in somebody's feed."""
    return any(one["thing"] == thing for one in person.ask("GET", "/feed?limit=50")["results"])


def test_learners_of_two_libraries(people):
    ana, ben, dan = people["ana"], people["ben"], people["dan"]
    north, south = people["north"], people["south"]
    found(south, "all", found(north, "members"))
    come(ana, north, "--member")
    come(ben, south, "--member")
    come(dan, south, "--member")
    find_and_answer(ana, ben, north, south)
    lose_a_seed(ana, ben, dan, north, south)
    welcome(people["eve"], people["fay"], ana, ben, south)


def find_and_answer(ana: Person, ben: Person, north: Person, south: Person) -> None:
    """Ben, of the one library, finds what Ana of the other shared, endorses and connects it; Ana sees it."""
    for thing, title in ((RINGS, "Rings for beginners"), (GROUPS, "Groups")):
        ana.hedgerow("share", thing, "--title", title)
    for seed in (north, south):
        has_all_of(seed, ana)
    ana.hedgerow("join", ben.hedgerow("invite")["invite"])
    has_all_of(ben, ana)
    [thing] = [one["thing"] for one in ben.hedgerow("search", "beginners")["results"]]
    ben.hedgerow("endorse", thing, "--reason", "Worked to the end")
    ben.hedgerow("connect", thing, "needs-first", GROUPS, "--reason", "A ring is a group")
    wait_until(lambda: statements(ana, RINGS, "endorse"), PATIENCE, "Ana sees what Ben says of it")
    has_all_of(ana, ben)
    assert fingerprint(north, ben) == "", "a seed for members carries nobody else"


def lose_a_seed(ana: Person, ben: Person, dan: Person, north: Person, south: Person) -> None:
    """The seed of the one library is gone for good, and nothing that was followed is."""
    north.kill()
    shutil.rmtree(north.home)
    ana.hedgerow("share", FIELDS, "--title", "Fields")
    for holder in (south, ben):
        has_all_of(holder, ana)
    whole = fingerprint(ana, ana)
    ana.stop()
    dan.hedgerow("follow", ana.did)
    wait_until(lambda: fingerprint(dan, ana) == whole, PATIENCE, "Dan has all of Ana's while she is away")
    ana.start()


def welcome(eve: Person, fay: Person, ana: Person, ben: Person, south: Person) -> None:
    """One invite is enough to see something and to be seen by the circle of whoever invites, and by no others."""
    come(fay, south, "--member")
    eve.start()
    eve.hedgerow("join", ben.hedgerow("invite")["invite"])
    wait_until(lambda: eve.ask("GET", "/feed")["results"], SOON, "Eve sees something useful")
    shared = "https://example.org/eves"
    eve.hedgerow("share", shared, "--title", "Of Eve")
    wait_until(lambda: shows(ben, shared), PATIENCE, "who invited Eve sees what she shares")
    wait_until(
        lambda: introduced(ana, eve) == [ben.did], PATIENCE, "who follows Ben hears that Eve came by him"
    )
    ana.hedgerow("follow", eve.did)
    wait_until(lambda: shows(ana, shared), PATIENCE, "Ana sees what Eve shares")
    assert introduced(fay, eve) == [], "who knows none of them hears nothing"
    assert not shows(fay, shared)


def introduced(person: Person, newcomer: Person) -> list[str]:
    """Who speaks for a newcomer that waits to be heard by somebody."""
    waiting = person.ask("GET", "/waiting")["waiting"]
    return [by["did"] for one in waiting if one["did"] == newcomer.did for by in one["introduced_by"]]
