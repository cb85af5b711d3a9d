"""Programs that were written from the specs alone, and a running node."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from end_to_end.broken_nodes import SEEN_BY_CLIENTS
from end_to_end.people import wait_until
from end_to_end.test_conformance import broken_node
from hedgerow_node.conformance.lines import LineProgram
from node.api.serving import Running, running
from node.cli.calling import call
from specs.javascript import command
from specs.test_example_python import STDIO as PYTHON

THING = "https://example.org/rings"
LIBRARY = f"{sys.executable} -m hedgerow_node.conformance.library"


def said(home: Path, *arguments: str) -> Any:
    status, out, errors = call(home, *arguments, "--json")
    assert status == 0, (arguments, out, errors)
    return json.loads(out)


@pytest.fixture(scope="module")
def ana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A node that listens, and has said something."""
    with running(tmp_path_factory.mktemp("interop") / "ana", "--listen", "127.0.0.1:0") as node:
        said(node.home, "profile", "--name", "Ana")
        said(node.home, "share", THING, "--title", "Rings", "--language", "en")
        said(node.home, "endorse", THING, "--reason", "Clear to the end.")
        yield node


# --- JavaScript ---------------------------------------------------------------------------------------------


def client_run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*shlex.split(command("client.js")), *arguments], capture_output=True, text=True, timeout=120
    )


def client(*arguments: str) -> list[Any]:
    """What the client in JavaScript prints: a JSON value a line."""
    done = client_run(*arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def jo(ana: Running, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Somebody who joined with the client in JavaScript: where the keys are, and who it is."""
    identity = tmp_path_factory.mktemp("jo") / "me.json"
    invite = said(ana.home, "invite")["invite"]
    joined = client("join", invite, "--identity", str(identity), "--name", "Jo")
    assert (joined[0]["joined"], joined[0]["verdict"]) == (ana.did, 0)
    return identity, str(joined[0]["author"])


def fetched(ana: Running, *options: str) -> list[Any]:
    return client("fetch", f"ws://{ana.peer}/peer", "--author", ana.did, *options)


def test_what_ana_says_is_fetched_and_read_in_javascript(ana: Running, jo: tuple[Path, str]) -> None:
    found = {one["kind"]: one for one in fetched(ana)}
    assert {"identity", "profile", "resource", "endorse", "follow"} <= found.keys()
    assert (found["resource"]["thing"], found["resource"]["title"]) == (THING, "Rings")
    assert found["endorse"]["reason"] == "Clear to the end."
    assert found["follow"]["target"] == jo[1]
    kinds = {one["kind"] for one in fetched(ana, "--kind", "endorse")}
    assert "endorse" in kinds
    assert not kinds & {"resource", "profile", "follow"}


def test_a_second_fetch_compares_and_brings_only_what_is_new(
    ana: Running, jo: tuple[Path, str], tmp_path: Path
) -> None:
    kept = ["--keep", str(tmp_path / "messages")]
    assert len(fetched(ana, *kept)) >= 5
    assert fetched(ana, *kept) == []
    new = said(ana.home, "comment", THING, "Something new")["ids"]
    assert [one["id"] for one in fetched(ana, *kept)] == new


def test_what_javascript_publishes_stands_on_anas_page(ana: Running, jo: tuple[Path, str]) -> None:
    identity, author = jo
    where = f"ws://{ana.peer}/peer"
    published = client(
        *("publish", where, "--identity", str(identity), "--kind", "endorse"),
        *(f"thing={THING}", "reason=Written by another program."),
    )
    wait_until(lambda: "Written by another program." in str(said(ana.home, "show", THING)), 30, "ana sees it")
    shown = said(ana.home, "show", str(published[0]["id"]), "--explain")
    assert shown["message"]["author"] == author
    assert all(check["ok"] for check in shown["explain"]["checks"])


def test_what_was_withdrawn_comes_without_its_words(ana: Running, jo: tuple[Path, str]) -> None:
    [identifier] = said(ana.home, "comment", THING, "Taken back")["ids"]
    said(ana.home, "retract", identifier)
    found = {one["id"]: one for one in fetched(ana)}
    assert found[identifier]["erased"] is True
    assert "Taken back" not in str(found)


@pytest.mark.parametrize("fault", SEEN_BY_CLIENTS)
def test_a_client_in_javascript_says_which_rule_a_node_breaks(tmp_path: Path, fault: str) -> None:
    said(tmp_path / "home", "share", THING, "--title", "Rings")
    with broken_node(tmp_path / "home", fault) as node:
        done = client_run("fetch", f"ws://{node['peer']}/peer", "--author", node["did"])
    assert (done.returncode, done.stderr.startswith(SEEN_BY_CLIENTS[fault][1])) == (1, True), done.stderr
    assert "Rings" not in done.stdout


def test_a_client_in_javascript_fetches_from_no_other_device_than_it_expects(ana: Running) -> None:
    done = client_run("fetch", f"ws://{ana.peer}/peer", "--author", ana.did, "--device", "07" * 32)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("wrong_peer: ")


def test_a_client_in_javascript_shows_nothing_withdrawn_though_a_node_serves_it(tmp_path: Path) -> None:
    with broken_node(tmp_path / "home", "serves_what_was_withdrawn") as node:
        [identifier] = said(tmp_path / "home", "comment", THING, "Taken back")["ids"]
        said(tmp_path / "home", "retract", identifier)
        found = {
            one["id"]: one for one in client("fetch", f"ws://{node['peer']}/peer", "--author", node["did"])
        }
    assert found[identifier]["erased"] is True
    assert "Taken back" not in str(found)


# --- Python -------------------------------------------------------------------------------------------------


def test_what_a_node_says_is_read_by_every_program(ana: Running) -> None:
    [identifier] = said(ana.home, "comment", THING, "Read by all")["ids"]
    explained = said(ana.home, "show", identifier, "--explain")["explain"]
    case = {"message": explained["message_bytes"]}
    for program in (LIBRARY, PYTHON, command("stdio.js")):
        with LineProgram(program) as reader:
            answer = reader.ask("03-messages/messages", dict(case))
            assert answer["expect"] == "ok"
            assert answer["body"] == {"bytes": explained["body_bytes"]}
            kind = {"kind": explained["header"]["kind"], "body": explained["body_bytes"]}
            assert "Read by all" in str(reader.ask("05-kinds/comment", kind))


# --- Conformance --------------------------------------------------------------------------------------------


def test_the_node_keeps_every_rule_after_all_of_it(ana: Running) -> None:
    invite = said(ana.home, "invite", "--member")["invite"]
    report = said(ana.home, "conformance", str(ana.peer), "--invite", invite)
    assert (report["failed"], report["left_out"]) == ([], [])
