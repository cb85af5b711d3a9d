"""A home that an earlier program left is opened by this one: everything is there, and works on (tests/data/homes)."""

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from end_to_end.people import files_with
from hedgerow_node.problems import Code
from hedgerow_node.store.schema import known_migrations
from node.cli.calling import call

HOMES = Path(__file__).parents[1] / "data" / "homes"
BEFORE = json.loads((HOMES / "before-logs.json").read_text())
RINGS = "https://example.org/rings"
ASKED = {
    "identity": ("identity", "show"),
    "library": ("library", "--limit", "100"),
    "rings": ("show", RINGS),
    "search ring": ("search", "ring"),
    "search 环": ("search", "环"),
    "search secret": ("search", "margin"),
    "search ben": ("search", "lattice"),
}
OWN_ALONE = ("library", "search 环", "search secret")


def said(home: Path, *arguments: str) -> Any:
    status, out, errors = call(home, *arguments, "--json")
    assert status == 0, (arguments, out, errors)
    return json.loads(out)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """The home as the earlier program left it, for whoever moved it here."""
    with tarfile.open(HOMES / "before-logs.tar.gz") as packed:
        packed.extractall(tmp_path, filter="tar")
    (tmp_path / "before-logs").rename(tmp_path / "home")
    return tmp_path / "home"


def lost(then: Any, now: Any, where: str = "") -> list[str]:
    """What was answered then and is no longer answered; what is answered besides is no loss."""
    match then, now:
        case dict(), dict():
            return [fault for key in then for fault in lost(then[key], now.get(key), f"{where}/{key}")]
        case list(), list() if len(then) == len(now):
            pairs = enumerate(zip(then, now, strict=True))
            return [fault for place, (one, other) in pairs for fault in lost(one, other, f"{where}/{place}")]
    return [] if then == now else [f"{where}: {then} is now {now}"]


def all_lost(home: Path) -> list[str]:
    return [
        fault
        for name, arguments in ASKED.items()
        for fault in lost(BEFORE["answers"][name], said(home, *arguments), name)
    ]


def ids_in(home: Path) -> tuple[list[str], list[str]]:
    """The ids of all messages in the sets, and of the own ones."""
    with closing(sqlite3.connect(home / "hedgerow.db")) as db:
        rows = db.execute("SELECT hex(id), own FROM messages ORDER BY id").fetchall()
    return [id for id, _ in rows], [id for id, own in rows if own]


def faults_of(home: Path) -> set[str]:
    checks = json.loads(call(home, "doctor", "--json")[1])["checks"]
    return {check["name"] for check in checks if not check["ok"]}


def schema_of(home: Path) -> int:
    with closing(sqlite3.connect(home / "hedgerow.db")) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_nothing_is_lost_when_a_home_of_an_earlier_program_is_opened(kept: Path) -> None:
    assert schema_of(kept) == BEFORE["schema"] < max(known_migrations())
    assert all_lost(kept) == []
    assert schema_of(kept) == max(known_migrations())
    assert ids_in(kept) == (BEFORE["ids"], BEFORE["own"])
    assert faults_of(kept) == {"words"}
    assert len(said(kept, "identity", "words")["words"]) == 24


def test_what_the_earlier_program_could_not_read_is_read_now(kept: Path) -> None:
    [trail] = said(kept, "trail", "list")["results"]
    assert (trail["title"], trail["name"], trail["steps"]) == ("From groups to fields", "Ben", 2)
    [ben] = [person for person in said(kept, "people")["people"] if person["name"] == "Ben"]
    devices = {
        said(kept, "show", one["id"], "--explain")["explain"]["header"]["device"]
        for one in said(kept, "show", RINGS)["statements"]
        if one["author"] == ben["did"]
    }
    assert len(devices) == 2, "what Ben said on the phone that his log added counts"


def test_the_journal_of_an_earlier_program_brings_back_all_own_messages(kept: Path) -> None:
    (kept / "hedgerow.db").unlink()
    assert said(kept, "status")["own_messages"] == len(BEFORE["own"])
    assert ids_in(kept) == (BEFORE["own"], BEFORE["own"])


def test_what_was_said_with_an_earlier_program_is_withdrawn_without_a_trace(kept: Path) -> None:
    assert "hedgerow.db" in files_with(kept, ["nothing forbids it"])
    [answer] = [one for one in said(kept, "show", RINGS)["statements"] if one.get("role") == "answer"]
    said(kept, "retract", answer["id"])
    assert files_with(kept, ["nothing forbids it", "Zaunkoenig"]) == {}
    assert set(ids_in(kept)[1]) > set(BEFORE["own"])
    assert faults_of(kept) == {"words"}


def test_an_export_of_such_a_home_brings_everything_of_its_owner_to_another(
    kept: Path, tmp_path: Path
) -> None:
    (tmp_path / "phrase").write_text("a phrase of several words\n")
    phrase = ("--passphrase-file", str(tmp_path / "phrase"))
    said(kept, "export", str(tmp_path / "all.json"), "--with-keys", *phrase)
    assert all_lost(kept) == []
    said(tmp_path / "new", "restore", str(tmp_path / "all.json"), *phrase)
    assert ids_in(tmp_path / "new")[1] == BEFORE["own"]
    assert said(tmp_path / "new", "identity", "show")["did"] == BEFORE["answers"]["identity"]["did"]
    for name in OWN_ALONE:
        found = said(tmp_path / "new", *ASKED[name])["results"]
        assert [one["thing"] for one in found] == [one["thing"] for one in BEFORE["answers"][name]["results"]]


def test_a_copy_of_such_a_home_goes_on_with_a_key_of_its_own(kept: Path) -> None:
    (kept / "keys" / "place").write_bytes(b"1 1700000000")  # of another disk, as the earlier program wrote it
    status, out, _ = call(kept, "comment", RINGS, "From a copy", "--json")
    assert (status, json.loads(out)["code"]) == (1, Code.RESTORED_COPY.code)
    assert ids_in(kept) == (BEFORE["ids"], BEFORE["own"])
    said(kept, "identity", "adopt", "--original-is-gone")
    said(kept, "comment", RINGS, "From a copy")
    assert set(ids_in(kept)[1]) > set(BEFORE["own"])
    assert said(kept, "identity", "show")["device"] != BEFORE["answers"]["identity"]["device"]
    assert said(kept, "library", "--limit", "100") == BEFORE["answers"]["library"]
