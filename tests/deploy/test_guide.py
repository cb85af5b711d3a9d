"""Whoever follows deploy/README.md step by step has a seed with members, and keeps it through what comes later."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from deploy import guide
from deploy.stage import Ports, Stage, needed
from end_to_end.people import Person, wait_until

PATIENCE = 60.0
BACKUP = "var/backups/hedgerow/seed.tar"
WAYS = {"caddy": "Put Caddy in front", "nginx": "Or put nginx in front"}
FOUNDING = ("Install", "Make the seed", "Start it")
AFTER = ("See that it works", "Members")
LATER = ("Policy", "Watching", "Backup", "Upgrading", "Going back")
MOVING = ("On the old machine", "On the new machine")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Callable[[str], Stage]]:
    """Makes clean machines that can be reached at one address; whatever happens, what runs there is ended."""
    made: list[Stage] = []
    ports = Ports()

    def make(name: str) -> Stage:
        made.append(Stage(tmp_path / name, ports))
        return made[-1]

    yield make
    for machine in made:
        machine.close()


@pytest.fixture
def members(tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    """Two people whose nodes are stopped at the end."""
    people = Person("ana", tmp_path / "ana"), Person("ben", tmp_path / "ben")
    yield people
    for person in people:
        person.stop()


def read(machine: Stage, path: str) -> bytes:
    """What everybody may read at a seed, through its proxy."""
    with urlopen(f"{machine.url}{path}", context=machine.tls()) as answer:
        return bytes(answer.read())


def described(machine: Stage) -> dict[str, Any]:
    """What a seed says of itself to everybody."""
    return dict(json.loads(read(machine, "/.well-known/hedgerow.json")))


def join(machine: Stage, members: tuple[Person, Person]) -> None:
    """Both accept one invite of the seed, and follow each other."""
    invite = machine.hedgerow("invite", "--member", "--uses", "2")["invite"]
    for person in members:
        person.start()
        person.hedgerow("join", invite)
    for one, other in (members, members[::-1]):
        one.hedgerow("follow", other.did)


def see(members: tuple[Person, Person], name: str) -> None:
    """Each shares a link, and the other one sees it."""
    for one, other in (members, members[::-1]):
        thing = f"https://example.org/{name}-of-{one.name}"
        one.hedgerow("share", thing, "--title", name)
        wait_until(
            lambda o=other, t=thing: any(
                found["thing"] == t for found in o.ask("GET", "/feed?limit=50")["results"]
            ),
            PATIENCE,
            f"{other.name} sees {thing}",
        )


def names(machine: Stage) -> set[str]:
    """Whom the seed has as members."""
    return {member["did"] for member in machine.hedgerow("seed", "members")["members"]}


def found(machine: Stage, proxy: str, trust: pytest.MonkeyPatch) -> None:
    """Make a seed as the guide makes it, with one of the two proxies."""
    printed = machine.play(*FOUNDING, WAYS[proxy], *AFTER)
    assert all(words in printed for words in ("ready\n", f'"url":"{machine.url}"', f"{machine.url}/join#"))
    assert b"You are invited" in read(machine, "/join")
    assert read(machine, "/takedowns")
    trust.setenv("SSL_CERT_FILE", str(machine.trusted))


def still(machine: Stage, members: tuple[Person, Person], before: dict[str, Any]) -> None:
    """The seed is the one that it was: its keys, its members, and what it is there for."""
    assert described(machine) == before
    assert names(machine) == {person.did for person in members}
    for person in members:
        person.hedgerow("sync")
    see(members, "later")


def test_behind_caddy_two_members_see_each_other_and_the_seed_outlives_a_change_of_versions_and_back(
    machines: Callable[[str], Stage], members: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    needed("caddy")
    machine = machines("machine")
    found(machine, "caddy", monkeypatch)
    join(machine, members)
    see(members, "first")
    before = described(machine)
    assert before["address"] == machine.url.replace("https", "wss") + "/peer"
    for heading in LATER:
        machine.play(heading)
    still(machine, members, before)


def test_behind_nginx_two_members_see_each_other_and_the_seed_moves_to_another_machine(
    machines: Callable[[str], Stage], members: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    needed("nginx")
    old, new = machines("old"), machines("new")
    found(old, "nginx", monkeypatch)
    join(old, members)
    see(members, "first")
    before = described(old)
    old.play(MOVING[0])
    new.play("Install")
    (old.root / BACKUP).rename(new.root / BACKUP)
    # The name leads to the new machine: its proxy is the same there, so that of the old one stays.
    new.play(MOVING[1], "Start it")
    new.trusted.write_bytes(old.trusted.read_bytes())
    still(new, members, before)


def test_every_command_of_the_guide_is_played() -> None:
    assert guide.with_commands() == {*FOUNDING, *WAYS.values(), *AFTER, *LATER, *MOVING}
