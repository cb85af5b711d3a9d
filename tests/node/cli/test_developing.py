"""`hedgerow dev` and `hedgerow tail`: what they say, and a clean end."""

import json
import signal
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from node.api.serving import environment, hedgerow, running
from node.cli.calling import call

NOWHERE = Path("/nonexistent/home")
"""These commands need no folder, and must not make one."""
STRANGER = "did:key:z6MkgbCWpTVVSD6cWdhaXqBvBDMJCD3RsMfxPaDmF1BoyWcQ"


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A command that goes on until it is told to stop; what it makes for the moment it makes in this folder."""
    process = subprocess.Popen(
        hedgerow(NOWHERE, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(), "TMPDIR": str(folder)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_dev_has_samples_and_a_second_peer_and_leaves_nothing_when_it_is_stopped(tmp_path: Path) -> None:
    with started(tmp_path, "dev", "--json") as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert set(first) == {"page", "peer", "token", "did", "start", "home"}
        request = urllib.request.Request(
            f"{first['page']}/api/v1/status", headers={"Authorization": f"Bearer {first['token']}"}
        )
        status = json.load(urllib.request.urlopen(request, timeout=20))
        assert status["did"] == first["did"]
        assert len(status["links"]) == 1
        home = Path(first["home"])
        assert json.loads(call(home, "feed", "--json")[1])["results"]
        assert len(json.loads(call(home, "people", "--json")[1])["people"]) >= 1
        assert home.parent.parent == tmp_path
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out, errors) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_dev_says_in_words_where_everything_is(tmp_path: Path) -> None:
    with started(tmp_path, "dev") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(7)]
        process.terminate()
        out, errors = process.communicate(timeout=30)
    assert [line.split("  ")[0] for line in lines[:5]] == [
        "Page",
        "Other nodes",
        "API token",
        "Person",
        "Folder",
    ]
    assert (process.returncode, out, errors) == (0, "Stopped. Nothing is left of it.\n", "")


def test_dev_is_refused_an_address_that_it_cannot_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    status, out, _ = call(NOWHERE, "dev", "--page", "192.0.2.1:1", "--json")
    assert (status, json.loads(out)["code"]) == (1, "HG-A12")
    status, out, _ = call(NOWHERE, "dev", "--listen", "192.0.2.1:1", "--json")
    assert (status, json.loads(out)["code"]) == (1, "HG-N10")
    assert list(tmp_path.iterdir()) == []


@contextmanager
def tailing(home: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = hedgerow(home, "tail", *arguments)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def say_until_ended(home: Path, process: "subprocess.Popen[str]", *said: tuple[str, ...]) -> tuple[Any, str]:
    """Say these again and again until the command has seen what it waits for."""
    ended = threading.Event()

    def say() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            for words in said:
                call(home, *[word.replace("{}", str(number)) for word in words])

    speaking = threading.Thread(target=say)
    speaking.start()
    try:
        return process.communicate(timeout=60)
    finally:
        ended.set()
        speaking.join()


COMMENT = ("comment", "https://example.org/{}", "Words {}")
ENDORSE = ("endorse", "https://example.org/{}", "--reason", "Reason {}")


def test_tail_prints_a_line_for_each_message_that_is_wanted(tmp_path: Path) -> None:
    with running(tmp_path / "home") as node:
        with tailing(node.home, "--kind", "comment", "--count", "2", "--json") as process:
            out, errors = say_until_ended(node.home, process, ENDORSE, COMMENT)
        assert (process.returncode, errors) == (0, "")
        for event in map(json.loads, out.splitlines()):
            assert set(event) == {"event", "id", "kind", "author", "ts"}
            assert (event["event"], event["kind"], event["author"]) == ("published", "comment", node.did)
        with tailing(node.home, "--author", node.did, "--count", "1") as process:
            out, errors = say_until_ended(node.home, process, COMMENT)
        assert (process.returncode, errors) == (0, "")
        assert out.startswith(f"comment   {node.did}   hedgerow:")
        assert "\n  Words " in out


def test_tail_ends_with_the_node_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path / "home") as node:
        process = subprocess.Popen(
            hedgerow(node.home, "tail", "--author", STRANGER, "--json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=2)
    out, errors = process.communicate(timeout=30)
    assert (process.returncode, json.loads(out)["code"], errors) == (1, "HG-A14", "")


def test_tail_is_refused_without_a_node_and_for_somebody_who_is_nobody(tmp_path: Path) -> None:
    status, out, _ = call(tmp_path / "home", "tail", "--json")
    assert (status, json.loads(out)["code"]) == (1, "HG-A13")
    with running(tmp_path / "home"):
        status, out, _ = call(tmp_path / "home", "tail", "--author", "Ben", "--json")
        assert (status, json.loads(out)["code"]) == (1, "HG-T2")
