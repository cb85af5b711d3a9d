"""The page of whoever runs a seed."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import CookieJar

from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed import backup
from hedgerow_node.seed.settings import parse
from hedgerow_node.web import Pages
from node.calling import call
from node.clocks import FakeClock
from node.web.visiting import Answer, Visitor
from simulator.author import Author

TEXT = """
name = "City library"
url = "https://seed.example.org"
[policy]
sources = ["https://other.example.org"]
"""
PARTS = ("waits", "reports", "members", "invites", "links", "room", "limits", "backup")


@pytest.fixture
async def seed(tmp_path: Path, clock: FakeClock) -> AsyncIterator[App]:
    home = Home(tmp_path / "seed")
    home.create()
    home.seed.write_text(TEXT)
    wish = Composition(PageAddress(port=0), listen="127.0.0.1:0", surface=Pages, seed=parse(TEXT))
    app = await App.open(home, clock, wish)
    yield app
    await app.close()


@pytest.fixture
async def operator(seed: App) -> AsyncIterator[Visitor]:
    async with Visitor.at(seed.page, CookieJar(unsafe=True)) as visitor:
        await visitor.get(seed.page_link().removeprefix(seed.page))
        yield visitor


async def outcome(operator: Visitor, fields: dict[str, str]) -> Answer:
    """The page of a backup that is over."""
    answer = await operator.post("/admin/backup", fields)
    while "It has begun" in answer.html or "loads itself again" in answer.html:
        await asyncio.sleep(0.05)
        answer = await operator.get(answer.path)
    return answer


async def test_a_node_that_is_no_seed_has_no_such_page(visitor: Visitor) -> None:
    assert (await visitor.get("/admin")).status == 404
    assert "/admin" not in (await visitor.get("/you")).links()
    for path in ("/admin/backup", "/admin/members/remove", "/admin/invites/end"):
        assert (await visitor.post(path, {"file": "/tmp/x"})).status == 404


async def test_each_part_of_a_seed_is_there_and_says_what_to_do_next(operator: Visitor) -> None:
    assert "/admin" in (await operator.get("/you")).links()
    shown = await operator.get("/admin")
    assert shown.status == 200
    ids = {one.attributes.get("id") for one in shown.elements}
    assert ids >= set(PARTS)
    assert "City library" in shown.text("h1")
    assert "https://other.example.org" in shown.text()
    assert "not linked" in shown.text()
    assert {"/reports", "/invite", "/you/nodes", "/you/limits"} <= set(shown.links())
    assert "Nothing waits for you" in shown.text()


async def test_members_are_shown_and_removed(operator: Visitor, seed: App) -> None:
    member = Author(1)
    await seed.node.store.peers.add_member(member.key, seed.node.clock.now())
    shown = await operator.get("/admin")
    assert "1 member" in shown.text()
    did = (re.search(r'name="did" value="(did:key:\w+)"', shown.html) or ["", ""])[1]
    assert "Removed." in (await operator.post("/admin/members/remove", {"did": did})).text()
    assert await seed.node.store.peers.members() == set()
    again = await operator.post("/admin/members/remove", {"did": did})
    assert again.status == 404
    assert did in again.html


async def test_an_invite_is_shown_and_ended(operator: Visitor, seed: App) -> None:
    await call(seed.node, "invite", uses=3)
    shown = await operator.get("/admin")
    assert "used 0 of 3 times" in shown.text()
    invite = (re.search(r'name="invite" value="(\w+)"', shown.html) or ["", ""])[1]
    ended = await operator.post("/admin/invites/end", {"invite": invite})
    assert "Nobody else can join by it" in ended.text()
    assert "No invite is open" in ended.text()


async def test_a_backup_is_written_into_a_new_file_for_its_owner_alone(
    operator: Visitor, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    made = await outcome(operator, {"file": str(file), "passphrase": "", "again": ""})
    assert "The backup is made" in made.text()
    assert "Its keys are in it" in made.text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"backup.json" in file.read_bytes()[:512]
    before = file.read_bytes()
    refused = await operator.post("/admin/backup", {"file": str(file), "passphrase": "", "again": ""})
    assert "There is a file of this name already" in refused.text()
    assert file.read_bytes() == before


async def test_a_passphrase_seals_it_and_stands_on_no_page(operator: Visitor, tmp_path: Path) -> None:
    words = "a long passphrase of nine words and some more"
    file = tmp_path / "backup.sealed"
    differ = await operator.post("/admin/backup", {"file": str(file), "passphrase": words, "again": "other"})
    assert "the two passphrases differ" in differ.text()
    assert words not in differ.html
    assert str(file) in differ.html
    made = await outcome(operator, {"file": str(file), "passphrase": words, "again": words})
    assert "Its keys are in it" not in made.text()
    assert file.read_bytes().startswith(b"hedgerow-sealed-backup 1\n")


@pytest.mark.parametrize("file", ["", "relative.tar", "/", "/nowhere/at/all.tar", "/tmp/a\0b"])
async def test_a_path_that_cannot_be_a_new_file_is_refused_on_the_page(operator: Visitor, file: str) -> None:
    refused = await operator.post("/admin/backup", {"file": file, "passphrase": "", "again": ""})
    assert refused.status >= 400
    assert "Make the backup" in refused.text()


async def test_a_file_that_became_wrong_is_told_and_hides_nothing_else(operator: Visitor, seed: App) -> None:
    seed.node.home.seed.write_text("name = ")
    shown = await operator.get("/admin")
    assert shown.status == 200
    assert "goes on with what it read at its start" in shown.text()
    assert "Make the backup" in shown.text()


async def test_a_long_backup_shows_how_far_it_is_and_leaves_nothing_half_done(
    operator: Visitor, seed: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = asyncio.Event()

    async def slow(node: Node, passphrase: str) -> AsyncIterator[bytes]:
        yield bytes(2_048)
        await goes_on.wait()
        raise Problem(Code.STORE_FULL, "no room")

    monkeypatch.setattr(backup, "backed_up", slow)
    folder = tmp_path / "backups"
    folder.mkdir()
    fields = {"file": str(folder / "backup.tar"), "passphrase": "", "again": ""}
    shown = await operator.post("/admin/backup", fields)
    assert "Writing the backup" in shown.text("h1")
    assert "2.0 KiB of" in shown.text()
    assert not (folder / "backup.tar").exists()
    goes_on.set()
    while "loads itself again" in shown.html:
        await asyncio.sleep(0.05)
        shown = await operator.get(shown.path)
    assert "no room" in shown.text()
    assert list(folder.iterdir()) == []
