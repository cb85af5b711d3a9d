"""Judging nodes from outside: ours keeps every rule, and one that breaks a rule is told which."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from end_to_end.broken_nodes import FAULTS
from hedgerow_node.clock import Clock
from hedgerow_node.conformance.live.running import Wish, judge_node
from hedgerow_node.conformance.report import Report
from hedgerow_protocol.invite import parse_invite
from node.api.serving import environment, running
from node.cli.calling import call

BROKEN_NODES = Path(__file__).parent / "broken_nodes.py"
FAILURE = {"rule", "claim", "detail"}


def invite_of(home: Path) -> str:
    status, out, errors = call(home, "invite", "--member", "--json")
    assert status == 0, errors
    return str(json.loads(out)["invite"])


@contextmanager
def broken_node(home: Path, fault: str) -> Iterator[dict[str, Any]]:
    options = ["--no-open", "--json", "--page", "127.0.0.1:0", "--listen", "127.0.0.1:0"]
    command = [sys.executable, str(BROKEN_NODES), fault, "--home", str(home), "run", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=20)


def judged(peer: str, invite: str) -> Report:
    wish = Wish(f"http://{peer}", parse_invite(invite))
    return asyncio.run(judge_node(wish, Clock(), lambda done, total: None))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_node_that_breaks_a_rule_is_told_which_and_no_other(tmp_path: Path, fault: str) -> None:
    with broken_node(tmp_path / "home", fault) as node:
        report = judged(node["peer"], invite_of(tmp_path / "home"))
    assert {failure.rule for failure in report.failed} == FAULTS[fault][1], report.failed


def test_our_node_keeps_every_rule_and_is_left_with_no_word_of_the_stranger(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home, "--listen", "127.0.0.1:0") as node:
        status, out, errors = call(home, "conformance", str(node.peer), "--invite", invite_of(home), "--json")
        answer = json.loads(out)
        assert (status, answer["failed"], answer["left_out"], errors) == (0, [], [], "")
        assert answer["passed"] > 100
        assert {frozenset(one) for one in answer["unseen"]} == {frozenset({"rule", "why"})}
        assert json.loads(call(home, "feed", "--json")[1])["results"] == []
        assert json.loads(call(home, "status", "--json")[1])["own_messages"] == 1


def test_without_an_invite_it_says_what_was_left_out(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home, "--listen", "127.0.0.1:0") as node:
        status, out, _ = call(home, "conformance", f"ws://{node.peer}/peer", "--json")
        answer = json.loads(out)
        assert (status, answer["failed"]) == (0, [])
        assert {"rule", "claim", "why"} == {name for one in answer["left_out"] for name in one}
        assert "KI-19" in {one["rule"] for one in answer["left_out"]}
        status, out, _ = call(home, "conformance", f"ws://{node.peer}")
        assert status == 0
        assert "--invite INVITE" in out


def test_where_nobody_is_or_nothing_was_asked_it_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for arguments, code, status in (
        (["ws://127.0.0.1:9/peer"], "HG-N1", 1),
        (["ftp://nobody"], "HG-N12", 1),
        (["ws://127.0.0.1:9", "--invite", "none"], "HG-N2", 1),
        (["--stdio", "cat"], "HG-C4", 1),
        ([], "HG-R1", 2),
        (["ws://127.0.0.1:9", "--stdio", "cat"], "HG-R1", 2),
    ):
        ended, out, _ = call(home, "conformance", *arguments, "--json")
        assert (ended, json.loads(out)["code"]) == (status, code), arguments
    assert not home.exists()
