"""What the commands on devices and on the 24 words say to people, and whom they ask."""

import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import click
import pytest

from hedgerow_node.cli import devices
from hedgerow_node.cli.screen import Screen
from node.api.serving import environment, hedgerow, running
from node.cli.calling import call


def said(home: Path, *arguments: str, status: int = 0) -> str:
    done, out, errors = call(home, *arguments)
    assert done == status, errors
    return out


class Session:
    """Stands in for the running node: somebody asks at the second look."""

    def __init__(self) -> None:
        self.looks = 0
        self.added: list[object] = []

    def call(
        self, name: str, values: dict[str, Any] | None = None, on_progress: object = None
    ) -> dict[str, Any]:
        if name == "identity devices":
            self.looks += 1
            return {"waiting": [{"device": "did:key:zPhone", "name": "Phone"}] if self.looks > 1 else []}
        assert name == "identity add-device"
        self.added.append(values)
        return {"device": "did:key:zPhone", "name": "Phone", "who": "Everybody."}


@pytest.mark.parametrize("answer", [True, False])
def test_who_asks_is_shown_with_name_and_key_and_added_only_when_somebody_says_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(devices, "LOOK", 0.0)
    monkeypatch.setattr(click, "confirm", lambda words, err: asked.append(words) or answer)
    session = Session()
    devices._wait_and_ask(Screen(as_json=False), session, time.time() + 0.5)  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert "Phone asks to become yours." in out
    assert "did:key:zPhone" in out
    assert asked == ["Is that yours, and shall it publish as you?"]
    assert session.added == ([{"device": "did:key:zPhone"}] if answer else [])


def test_two_computers_are_linked_and_shown_in_plain_words(tmp_path: Path) -> None:
    laptop, phone = tmp_path / "laptop", tmp_path / "phone"
    with running(laptop, "--listen", "127.0.0.1:0"):
        shown = said(laptop, "identity", "add-device").splitlines()
        code = shown[1]
        assert code.startswith("hedgerow-device:")
        assert "█" in said(laptop, "identity", "add-device", "--qr")
        assert "asks to become a device of" in said(phone, "identity", "join-device", code, "--dry-run")
        joining = subprocess.Popen(
            hedgerow(phone, "identity", "join-device", code, "--name", "My phone"),
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        watch = threading.Timer(60, joining.kill)
        watch.start()
        while "asks to be added" not in (listed := said(laptop, "identity", "devices")):
            assert joining.poll() is None
            time.sleep(0.1)
        assert "My phone asks to be added" in listed
        key = listed.rpartition("identity add-device ")[2].strip()
        assert "Added My phone: it publishes as you" in said(laptop, "identity", "add-device", key)
        assert joining.stdout is not None
        with joining:
            out = joining.stdout.read()
        assert joining.returncode == 0
        watch.cancel()
        assert "Now say yes on the other one" in out
        assert "here too." in out
        listed = said(laptop, "identity", "devices")
        assert "My phone, live" in listed
        assert "a computer, this one, live" in listed
        removed = said(laptop, "identity", "remove-device", key)
        assert f"Removed {key}." in removed
        assert "from now on counts nowhere" in removed
        assert "My phone, removed" in said(laptop, "identity", "devices")


def test_a_code_needs_a_node_that_runs_and_says_so(tmp_path: Path) -> None:
    status, _, errors = call(tmp_path, "identity", "add-device")
    assert (status, "Start it: hedgerow run." in errors) == (1, True)


def test_the_words_are_changed_used_and_end_everything_in_plain_words(tmp_path: Path) -> None:
    home, file, export = tmp_path / "home", tmp_path / "words", tmp_path / "export.jsonl"
    shown = said(home, "identity", "words", "--new").splitlines()
    assert shown[0].startswith("The words until now are worth nothing")
    words = " ".join(
        line[start + 3 : start + 12].strip() for line in shown[1:5] for start in range(0, 78, 13)
    )
    file.write_text(words)
    said(home, "identity", "words", "--confirm")
    said(home, "export", str(export))
    back = said(tmp_path / "other", "identity", "restore", "--from", str(export), "--words-file", str(file))
    assert "again." in back
    assert "Removed: did:key:" in back
    assert "hedgerow identity words --new" in back
    status, _, errors = call(home, "identity", "close", "--words-file", str(file))
    assert (status, "Say it with --yes." in errors) == (1, True)
    assert "This identity is closed." in said(home, "identity", "close", "--words-file", str(file), "--yes")
    assert "This identity is closed." in said(home, "identity", "devices")
    status, _, errors = call(home, "profile", "--name", "Ana")
    assert (status, "HG-K11" in errors) == (1, True)


def test_words_that_nobody_can_type_here_may_come_from_a_file(tmp_path: Path) -> None:
    status, _, errors = call(tmp_path, "identity", "restore")
    assert (status, "--words-file FILE" in errors) == (1, True)
