"""The status tells how things are; the doctor finds each fault that somebody planted, and nothing in a sound home."""

import shutil
from pathlib import Path

import pytest

from hedgerow_node.budgets import LEARNER
from hedgerow_node.commands.health import examine_closed
from hedgerow_node.config import MIN_FREE_DISK, Home
from hedgerow_node.limiting import LIMITS
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.kinds import Profile, Resource
from node.calling import call, download
from node.clocks import START, FakeClock
from node.others import Other

PAGE = "https://example.org/page"


async def faults(node: Node) -> dict[str, dict[str, object]]:
    """What the doctor finds wrong, by the name of the check."""
    answer = await call(node, "doctor")
    found = {check["name"]: check for check in answer["checks"] if not check["ok"]}
    assert answer["ok"] == (not found)
    assert all(check["title"] and (check["next"] or check["ok"]) for check in answer["checks"])
    return found


@pytest.fixture
async def sound(node: Node) -> Node:
    """A home with messages in which nothing is wrong."""
    await call(node, "identity confirm", confirm=True)
    for number in range(5):
        await call(node, "share", thing=f"{PAGE}/{number}", title=f"Page {number}")
    return node


async def test_the_status_counts_what_is_here(node: Node) -> None:
    await Other(1).tell(node, Profile("Ben"), Resource(f"{PAGE}/theirs", "Theirs"))
    await call(node, "add", thing=f"{PAGE}/kept")
    await call(node, "share", thing=f"{PAGE}/mine")
    status = await call(node, "status")
    assert status["did"] == node.keys.did
    assert (status["messages"], status["own_messages"], status["resources"], status["people"]) == (5, 2, 3, 1)
    assert status["database_bytes"] > 0
    assert status["links"] == []
    assert status["home"] == str(node.home.path)


async def test_the_table_of_limits_is_in_the_status_too(node: Node) -> None:
    limits = (await call(node, "limits"))["limits"]
    assert limits == (await call(node, "status"))["limits"]
    assert {(one["limit"], one["value"]) for one in limits} == {(one.constant, one.value) for one in LIMITS}
    assert all(one["times"] == 0 for one in limits if one["times"] is not None)


async def test_the_status_has_the_links_of_a_running_node_and_what_was_turned_away(node: Node) -> None:
    links = [{"did": Other(1).did, "role": "edge", "direction": "in", "state": "open"}]
    noted = [{"event": "a link was cut", "why": "too many pings", "times": 3}]

    class Links:
        def links(self):
            return links

        def noted(self):
            return noted

        def hits(self):
            return {"PING_BURST": 3}

        is_full = False
        budgets = LEARNER
        unnamed_proxy = "127.0.0.1"

    assert (await call(node, "status"))["noted"] == []
    node.network = Links()
    status = await call(node, "status")
    assert (status["links"], status["noted"]) == (links, noted)
    assert {one["limit"]: one["times"] for one in status["limits"] if one["times"]} == {"PING_BURST": 3}
    assert any("--proxy 127.0.0.1" in one["next"] for one in status["notices"])
    assert list(await faults(node)) == ["proxy", "words"]
    node.network = None


async def test_a_sound_home_has_no_fault(sound: Node) -> None:
    assert await faults(sound) == {}


async def test_unconfirmed_words_are_found(node: Node) -> None:
    assert list(await faults(node)) == ["words"]


@pytest.mark.parametrize(
    ("name", "mode"), [(".", 0o755), ("keys", 0o750), ("keys/device.pem", 0o644), ("hedgerow.db", 0o660)]
)
async def test_what_others_can_reach_is_found(sound: Node, name: str, mode: int) -> None:
    path: Path = sound.home.path / name
    before = path.stat().st_mode
    path.chmod(mode)
    found = await faults(sound)
    path.chmod(before)
    assert list(found) == ["folder"]
    assert str(path) in found["folder"]["title"]
    assert "chmod" in found["folder"]["next"]
    assert await faults(sound) == {}


@pytest.mark.parametrize(("free", "is_fault"), [(MIN_FREE_DISK, False), (MIN_FREE_DISK - 1, True)])
async def test_a_full_disk_is_found(
    sound: Node, monkeypatch: pytest.MonkeyPatch, free: int, is_fault: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(free * 2, free, free))
    assert ("disk" in await faults(sound)) is is_fault


async def test_a_clock_that_is_wrong_is_found(sound: Node, clock: FakeClock) -> None:
    for now in (-1e12, 0.0, START - 601, 1e12):
        clock.time = now
        assert list(await faults(sound)) == ["clock"]
        await download(sound, "export")
    for now in (START - 600, START + 1_000_000):
        clock.time = now
        assert await faults(sound) == {}


async def test_a_key_that_is_missing_damaged_or_exchanged_is_found(sound: Node) -> None:
    for name, planted in (
        ("root.pem", None),
        ("root.pem", b""),
        ("device.pem", (sound.home.keys / "root.pem").read_bytes()),
    ):
        path = sound.home.keys / name
        whole = path.read_bytes()
        path.unlink()
        if planted is not None:
            path.write_bytes(planted)
            path.chmod(0o600)
        found = await faults(sound)
        path.write_bytes(whole)
        path.chmod(0o600)
        assert list(found) == ["keys"]
    assert await faults(sound) == {}


async def test_a_damaged_database_is_found(sound: Node) -> None:
    for number in range(200):
        await sound.publish(Resource(f"{PAGE}/more/{number}", "x" * 500))
    await sound.store.database.alone(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    size = sound.home.database.stat().st_size
    with sound.home.database.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * (size // 4))
    found = await faults(sound)
    assert found["database"]["next"] == Code.STORE_DAMAGED.next_step
    assert len((await call(sound, "doctor"))["checks"]) == 8


async def test_messages_that_stand_in_journal_or_database_alone_are_found(sound: Node) -> None:
    await sound.store.database.write(lambda db: db.execute("DELETE FROM messages WHERE seq = 5"))
    assert "1 messages stand only in it" in (await faults(sound))["journal"]["title"]


async def test_a_journal_that_lost_messages_is_found(sound: Node) -> None:
    with sound.home.journal.open("r+b") as file:
        file.truncate(sound.home.journal.stat().st_size // 2)
    assert "of your messages are missing in it" in (await faults(sound))["journal"]["title"]


async def test_what_is_withdrawn_and_never_erased_is_found(
    sound: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    await call(sound, "retract", messages=[f"{PAGE}/0"])
    assert await faults(sound) == {}, "a pass is on its way"
    monkeypatch.setattr(Node, "is_erasing", False)
    assert list(await faults(sound)) == ["erasure"]
    await sound.store.erase_when_due()
    assert await faults(sound) == {}


async def test_the_doctor_sees_a_home_that_does_not_open(sound: Node, home: Home, clock: FakeClock) -> None:
    with pytest.raises(Problem) as caught:
        await Node.open(home, clock)
    answer = examine_closed(home, clock, caught.value)
    assert answer["ok"] is False
    assert [check["name"] for check in answer["checks"]] == ["opening", "folder", "disk", "clock"]
    assert answer["checks"][0]["next"] == Code.FOLDER_BUSY.next_step
    nowhere = examine_closed(Home(home.path / "none"), clock, Problem(Code.FOLDER_UNUSABLE, "no such folder"))
    assert [check["name"] for check in nowhere["checks"]] == ["opening"]
