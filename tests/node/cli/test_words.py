"""What commands say to people: nothing twice, no word that only programs know, and a next step."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from hedgerow_node.cli.wording import link_words
from hedgerow_node.clock import Clock
from hedgerow_node.commands.vocabulary import STATES, RelationName
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from hedgerow_node.store.peers import KnownPeer
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.kinds import Unknown
from hedgerow_protocol.things import message_thing
from node.api.serving import environment, hedgerow, running
from node.cli.calling import call
from simulator.author import Author

HERON = "https://example.org/heron"
LIST = (
    "## Rivers\n\n- [One](https://example.org/1)\n- [One](https://example.org/1)\n- [No](javascript:void)\n"
)


def _said(home: Path, *arguments: str) -> list[str]:
    status, out, errors = call(home, *arguments)
    assert (status, [line for line in errors.splitlines() if not line.startswith("Made your identity")]) == (
        0,
        [],
    )
    return out.splitlines()


def test_a_thing_without_a_title_is_named_once(tmp_path: Path) -> None:
    _said(tmp_path, "add", HERON)
    assert _said(tmp_path, "library").count(HERON) == 1
    shown = _said(tmp_path, "show", HERON)
    assert (shown[0], shown.count(HERON)) == (HERON, 1)


def test_what_is_private_is_shown_with_its_description_and_the_note(tmp_path: Path) -> None:
    _said(tmp_path, "add", HERON, "--title", "The heron", "--summary", "It stands.", "--topic", "birds")
    _said(tmp_path, "note", HERON, "seen at the mill")
    assert _said(tmp_path, "show", HERON) == [
        "The heron",
        HERON,
        "  In your library, only for you.",
        "    It stands.",
        "    birds",
        "    Your note: seen at the mill",
    ]


def test_both_versions_of_a_description_are_shown_with_their_titles(tmp_path: Path) -> None:
    _said(tmp_path, "share", HERON, "--title", "A crane", "--level", "beginner", "--minutes", "12")
    _said(tmp_path, "edit", HERON, "--title", "A heron")
    shown = _said(tmp_path, "show", HERON)
    assert [line for line in shown if line.strip() in ("A crane", "A heron")] == [
        "A heron",
        "    A heron",
        "    A crane",
    ]
    assert [line.endswith("an earlier version") for line in shown if "shared it" in line] == [False, True]
    assert shown.count("    level: beginner · minutes: 12") == 2


def test_what_was_found_and_labelled_is_said_in_words(tmp_path: Path) -> None:
    _said(tmp_path, "attest", HERON, "size", "4.5 MB")
    _said(tmp_path, "attest", HERON, "still-right", "no")
    _said(tmp_path, "attest", HERON, "captions", "en tr")
    _said(tmp_path, "label", HERON, "advertising", "--reason", "It sells")
    shown = "\n".join(_said(tmp_path, "show", HERON))
    for words in (
        "size: 4.3 MiB",
        "still right: no",
        "captions: en tr",
        "labelled it “advertising”",
        "It sells",
    ):
        assert words in shown
    assert "None" not in shown


def test_a_trail_is_shown_with_what_is_open_and_what_is_next(tmp_path: Path) -> None:
    made = _said(tmp_path, "trail", "new", "To the mill", "--step", HERON, "--step", "? a second bird")
    name = made[1].split()[-1]
    _said(tmp_path, "trail", "done", name, "1")
    shown = _said(tmp_path, "trail", "show", name)
    assert f"  [x] 1. {HERON}" in shown
    assert "  [ ] 2. (a second bird: nobody has filled this role yet)" in shown
    assert any("--fill STEP THING" in line for line in shown)
    assert "1 of 2 steps done; only this computer knows." in shown
    assert _said(tmp_path, "trail", "show", name, "--steps") == [HERON, "? a second bird"]
    assert _said(tmp_path, "trail")[:2] == ["To the mill", _said(tmp_path, "trail", "list")[1]]


def test_a_message_of_a_newer_hedgerow_is_said_to_be_one(tmp_path: Path) -> None:
    async def receive() -> str:
        node = await Node.open(Home(tmp_path), Clock())
        ben = Author(5)
        message = ben.say(Unknown(40, ("hedgehogsecret",)), ts=int(node.clock.now()))
        await node.store.messages.put([ben.inception, message], received=node.clock.now())
        await node.close()
        return message_thing(message.id)

    shown = "\n".join(_said(tmp_path, "show", asyncio.run(receive())))
    assert "made with a newer Hedgerow (kind 40)" in shown
    assert "hedgehogsecret" not in shown
    assert "hedgerow add" not in shown


def test_a_connection_is_read_from_either_of_its_ends(tmp_path: Path) -> None:
    _said(tmp_path, "share", HERON, "--title", "The heron")
    _said(tmp_path, "connect", HERON, "needs-first", "topic:birds", "--reason", "Else it is a stick.")
    assert "connected: it needs first “birds”" in "\n".join(_said(tmp_path, "show", HERON))
    assert "connected: “The heron” needs first it" in "\n".join(_said(tmp_path, "show", "topic:birds"))


def test_a_person_is_endorsed_for_something(tmp_path: Path) -> None:
    person = did_of(Author(1).key)
    _said(tmp_path, "follow", person)
    _said(tmp_path, "endorse", person, "--topic", "birds", "--reason", "She waits.")
    shown = "\n".join(_said(tmp_path, "show", person))
    assert "you · endorsed them for birds · " in shown
    assert "you · followed · " in shown


def test_who_is_alone_is_told_so_and_not_that_all_is_equal(tmp_path: Path) -> None:
    (line,) = _said(tmp_path, "sync")
    assert line == "There is nobody to compare with. Next: hedgerow join INVITE, or hedgerow invite."


def test_a_peer_is_told_by_name_and_state_in_words_and_when_nobody_answers(tmp_path: Path) -> None:
    _said(tmp_path, "status")
    asyncio.run(_know_peer(tmp_path))
    assert _said(tmp_path, "peers")[1].startswith("  not called · ws://127.0.0.1:9/peer")
    status, out, _ = call(tmp_path, "sync")
    assert (status, out) == (1, "Nobody could be reached. Next: hedgerow peers\n")


async def _know_peer(home: Path) -> None:
    node = await Node.open(Home(home), Clock(), None)
    await node.store.peers.add(KnownPeer(Author(1).device, "ws://127.0.0.1:9/peer", last_linked=1.0))
    await node.close()


def test_every_state_of_a_link_has_words() -> None:
    assert [link_words({"state": state, "direction": "out"}) for state in STATES] == list(STATES.values())
    assert link_words({"state": "open", "direction": "in"}) == "connected; they called you"


def test_an_invite_comes_with_its_link_and_says_when_it_has_no_name(tmp_path: Path) -> None:
    with running(tmp_path, "--listen", "127.0.0.1:0"):
        said = _said(tmp_path, "invite")
        assert said[1].startswith("hedgerow-invite:")
        assert said[3].partition("/join#")[2] == said[1].removeprefix("hedgerow-invite:")
        assert any("hedgerow profile --name" in line for line in said)
        _said(tmp_path, "profile", "--name", "Ana")
        assert not any("hedgerow profile --name" in line for line in _said(tmp_path, "invite"))


def test_an_import_tells_how_much_was_shared_and_what_stands_where_it_was_skipped(tmp_path: Path) -> None:
    file = tmp_path / "list.md"
    file.write_text(LIST)
    said = _said(tmp_path / "home", "import", str(file), "--share")
    assert said[0] == "2 links in the file: 1 new, 1 here already or twice in it, 0 left out."
    assert said[2].startswith("  line 5: a small program (bookmarklet), not a page: ")
    assert said[3].startswith("Shared 1 link. Copied to other people's computers")


def test_a_restored_export_names_no_step_where_there_is_none(tmp_path: Path) -> None:
    file = str(tmp_path / "export.jsonl")
    _said(tmp_path / "home", "export", file)
    assert _said(tmp_path / "home", "restore", file)[-1] == "Everything of the export is here."


@pytest.mark.parametrize(("given", "meant"), [("serach", "search"), ("imprt", "import")])
def test_a_misspelt_command_is_told_with_the_nearest(tmp_path: Path, given: str, meant: str) -> None:
    status, _, errors = call(tmp_path, given)
    assert (status, f"Did you mean {meant}?" in errors) == (2, True)
    assert "Did you mean" not in call(tmp_path, "xyzzy")[2]


def test_the_usage_of_connect_stays_readable(tmp_path: Path) -> None:
    status, _, errors = call(tmp_path, "connect", HERON, "likes", HERON, "--reason", "x")
    assert (status, errors.splitlines()[0]) == (2, "Usage: hedgerow connect [OPTIONS] FROM RELATION TO")
    assert "Invalid value for 'RELATION'" in errors


def test_who_asks_a_running_node_for_other_addresses_is_told_that_it_keeps_its_own(tmp_path: Path) -> None:
    with running(tmp_path):
        assert len(_said(tmp_path, "run", "--no-open")) == 1
        assert "stop it first" in _said(tmp_path, "run", "--no-open", "--listen", "127.0.0.1:0")[1]


def test_the_doctor_counts_in_words_that_fit_one_and_many(tmp_path: Path) -> None:
    titles = [check["title"] for check in json.loads(call(tmp_path, "doctor", "--json")[1])["checks"]]
    assert "The journal has what the database has of your messages: 1." in titles
    assert any("GiB are free on the disk" in title for title in titles)


def test_a_passphrase_is_never_read_where_it_would_be_seen(tmp_path: Path) -> None:
    done = subprocess.run(
        hedgerow(tmp_path, "identity", "passphrase"),
        input="one two three four\none two three four\n",
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "HG-C3" in done.stderr
    assert "in a terminal" in done.stderr
    assert "Warning" not in done.stderr
    assert json.loads(call(tmp_path, "identity", "--json")[1])["passphrase"] is False


def test_connect_tells_every_relation_and_each_act_of_hiding_names_its_opposite(tmp_path: Path) -> None:
    told = " ".join(call(tmp_path, "connect", "--help")[1].split())
    assert all(relation in told.replace("- ", "-") for relation in get_args(RelationName))
    person = did_of(Author(1).key)
    for act in ("mute", "block"):
        assert _said(tmp_path, act, person)[0].endswith(f"hedgerow un{act} {person}")
        assert _said(tmp_path, f"un{act}", person)[0].endswith(f"again: {person}")
