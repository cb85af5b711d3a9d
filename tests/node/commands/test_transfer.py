"""Everything of one's own in one file: whole, without keys or withdrawn texts, and equal after a restore."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hedgerow_node.commands.explaining import explain
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.keys import AuthorKey
from hedgerow_protocol.kinds import Profile
from hedgerow_protocol.log_entry import DeviceGrant
from hedgerow_protocol.message import Message, decode_message
from node.calling import call, download
from node.clocks import FakeClock
from node.others import Other
from node.phones import PHONE_KEY, by_phone, publish, update

PAGE = "https://example.org/page"
PASSPHRASE = "five quiet hedges"


@pytest.fixture(autouse=True)
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hedgerow_node.key_files.STRETCH", 2**4)


@pytest.fixture
async def filled(node: Node) -> Node:
    """A home with something of everything."""
    await call(node, "profile set", name="Ana")
    await call(
        node, "add", thing=f"{PAGE}/kept", title="Kept", summary="Long\nwords", topics=["Maps", "Walks"]
    )
    await call(node, "note", thing=f"{PAGE}/kept", text="a thought")
    await call(node, "note", thing=f"{PAGE}/noted", text="only a thought")
    await call(node, "share", thing=f"{PAGE}/shared", title="Shared", topics=["maps"])
    await call(node, "endorse", thing=f"{PAGE}/shared", reason="clear")
    await call(node, "endorse", thing=f"{PAGE}/shared", reason="very clear")
    await call(node, "comment", thing=PAGE, text="hedgehogsecret")
    await call(node, "retract", messages=[PAGE])
    await call(node, "follow", did=Other(1).did)
    await call(node, "follow", did=Other(2).did, private=True)
    await call(node, "mute", did=Other(3).did)
    await call(node, "block", did=Other(4).did)
    steps = [{"thing": f"{PAGE}/shared", "note": "Read it"}, {"role": "practice", "requires": [1]}]
    trail = (await call(node, "trail new", title="A way", steps=steps))["thing"]
    await call(node, "trail done", trail=trail, steps=[1])
    await call(node, "attest", thing=PAGE, claim="size", value="3 kB")
    await call(node, "label", thing=PAGE, label="good", reason="Clear")
    await call(node, "vouch", did=Other(1).did, reason="My teacher")
    await call(node, "introduce", one=Other(1).did, other=Other(2).did, reason="Both walk")
    return node


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Node]:
    node = await Node.open(Home(tmp_path / "second"), FakeClock(seed=2))
    yield node
    await node.close()


async def own(node: Node, author: AuthorKey) -> list[bytes]:
    wanted = Filter.of_authors({author})
    messages: list[Message] = []
    for control in (True, False):
        found, more = await node.store.messages.range(
            wanted, control, (0, bytes(32)), limit=10_000, max_bytes=10**9
        )
        assert not more
        messages += found
    return [message.encode() for message in messages]


def lines_of(export: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in export.splitlines()]


async def private(node: Node) -> dict[str, object]:
    items = (await call(node, "items", limit=200))["results"]
    return {
        "items": sorted([{**item, "import_name": None} for item in items], key=lambda item: item["thing"]),
        "muted": await node.store.library.muted(),
        "blocked": await node.store.library.blocked(),
        "follows": await node.store.library.private_follows(),
        "done": await node.store.library.done(),
    }


async def test_an_export_is_lines_that_any_program_can_read(filled: Node) -> None:
    lines = lines_of(await download(filled, "export"))
    assert lines[0]["type"] == "hedgerow-export"
    assert lines[0]["author"] == filled.keys.did
    assert lines[-1]["type"] == "end"
    assert lines[-1]["lines"] == len(lines) - 1
    shared = next(line for line in lines if line.get("kind") == "resource")
    assert shared["says"]["title"] == "Shared"
    assert shared["topics"] == ["maps"]
    trail = next(line for line in lines if line.get("kind") == "trail")
    assert [step["note"] for step in trail["says"]["steps"]] == ["Read it", ""]
    message = decode_message(base64.b64decode(shared["bytes"]))
    assert message.header.author == filled.author
    assert {line["type"] for line in lines} == {
        "hedgerow-export",
        "message",
        "item",
        "note",
        "mute",
        "block",
        "private-follow",
        "done",
        "end",
    }


async def test_an_export_has_no_withdrawn_text_and_no_key(filled: Node) -> None:
    export = await download(filled, "export")
    assert b"hedgehogsecret" not in b"".join(
        [export, *[base64.b64decode(line["bytes"]) for line in lines_of(export) if line["type"] == "message"]]
    )
    for secret in filled.keys.secrets().values():
        assert secret not in export
        assert base64.b64encode(secret)[:40] not in export
        assert secret.hex().encode() not in export


@pytest.mark.parametrize("altered", ["the newest", "all"])
async def test_an_export_that_the_disk_would_leave_holes_in_is_refused(filled: Node, altered: str) -> None:
    where = "WHERE control = 0" + (" ORDER BY row DESC LIMIT 1" if altered == "the newest" else "")
    await filled.store.database.write(
        lambda db: (
            db.execute(
                f"UPDATE messages SET signature = zeroblob(64) WHERE row IN (SELECT row FROM messages {where})"
            ).rowcount
        )
    )
    with pytest.raises(Problem) as caught:
        await asyncio.wait_for(download(filled, "export"), 10)
    assert caught.value.kind is Code.STORE_DAMAGED


async def test_a_restore_without_keys_brings_everything_back_under_the_former_name(
    filled: Node, empty: Node
) -> None:
    did = empty.keys.did
    restored = await call(empty, "restore", data=await download(filled, "export"))
    assert empty.keys.did == did
    assert restored["author"] == filled.keys.did
    assert restored["restored_copy"] is False
    assert await own(empty, filled.author) == await own(filled, filled.author)
    before, after = await private(filled), await private(empty)
    assert after["items"] == before["items"]
    assert after["muted"] == before["muted"]
    assert after["blocked"] == before["blocked"]
    assert after["follows"] == before["follows"] | {filled.author}
    await call(empty, "share", thing=PAGE, title="Published at once")


async def test_what_a_lost_device_said_before_it_was_removed_is_restored_and_no_more(
    filled: Node, empty: Node
) -> None:
    said = by_phone(filled, 5)
    await publish(filled, [update(filled, added=[DeviceGrant(PHONE_KEY)]), *said])
    await publish(filled, [update(filled, removed={PHONE_KEY: ((3, said[2].id),)})])
    await call(empty, "restore", data=await download(filled, "export"))
    assert await own(empty, filled.author) == await own(filled, filled.author)
    assert [one.id for one in await empty.store.messages.get([said[3].id])] == []
    (kept,) = await empty.store.messages.get([said[2].id])
    assert [check["ok"] for check in (await explain(empty, kept))["checks"]] == [True] * 4


async def test_a_former_self_is_part_of_the_next_export(filled: Node, empty: Node, tmp_path: Path) -> None:
    await call(empty, "restore", data=await download(filled, "export"))
    third = await Node.open(Home(tmp_path / "third"), FakeClock(seed=3))
    await call(third, "restore", data=await download(empty, "export"))
    assert await own(third, filled.author) == await own(filled, filled.author)
    assert await own(third, empty.author) == await own(empty, empty.author)
    assert {
        line["did"] for line in lines_of(await download(third, "export")) if line["type"] == "former"
    } == {
        filled.keys.did,
        empty.keys.did,
    }
    await third.close()


async def test_a_restore_with_keys_is_the_same_identity_and_the_same_export(
    filled: Node, empty: Node
) -> None:
    export = await download(filled, "export keys", passphrase=PASSPHRASE)
    restored = await call(empty, "restore", data=export, passphrase=PASSPHRASE)
    assert restored["did"] == empty.keys.did == filled.keys.did
    assert await own(empty, filled.author) == await own(filled, filled.author)
    assert await private(empty) == await private(filled)
    assert empty.keys.words() == filled.keys.words()
    again = await download(empty, "export")
    plain = await download(filled, "export")
    assert lines_of(again)[1:-1] == lines_of(plain)[1:-1]


async def test_a_restored_copy_does_not_publish_before_it_is_adopted(
    filled: Node, empty: Node, tmp_path: Path
) -> None:
    export = await download(filled, "export keys", passphrase=PASSPHRASE)
    assert (await call(empty, "restore", data=export, passphrase=PASSPHRASE))["restored_copy"] is True
    for name, fields in (
        ("share", {"thing": PAGE}),
        ("share", {"all": True}),
        ("profile set", {"name": "x"}),
        ("retract", {"messages": [f"{PAGE}/shared"]}),
        ("import", {"name": "x.md", "data": b"[a](https://example.org/)", "share": True}),
    ):
        with pytest.raises(Problem) as caught:
            await call(empty, name, **fields)
        assert caught.value.kind in (Code.RESTORED_COPY, Code.AMBIGUOUS)
    notices = (await call(empty, "status"))["notices"]
    assert any("copy of an identity" in notice["title"] for notice in notices)
    before = await own(filled, filled.author)
    await call(empty, "identity adopt", original_is_gone=True)
    published = await empty.publish(Profile("Ana again"))
    # A key of its own: whatever the original still says, the two never stand at one place.
    assert published.header.device not in {message.header.device for message in map(decode_message, before)}
    assert published.header.seq == 1
    assert set(before) < set(await own(empty, filled.author))
    devices = (await call(empty, "identity devices"))["devices"]
    assert [(one["this"], one["state"], one["forks"]) for one in devices] == [
        (False, "live", []),
        (True, "live", []),
    ]


async def test_restored_keys_and_messages_are_there_after_the_next_start(
    filled: Node, tmp_path: Path
) -> None:
    home = Home(tmp_path / "second")
    node = await Node.open(home, FakeClock(seed=2))
    export = await download(filled, "export keys", passphrase=PASSPHRASE)
    await call(node, "restore", data=export, passphrase=PASSPHRASE)
    await node.close()
    node = await Node.open(home, FakeClock(seed=4))
    assert node.keys.did == filled.keys.did
    assert node.keys.is_copy
    assert await own(node, filled.author) == await own(filled, filled.author)
    assert (await call(node, "doctor"))["checks"] != []
    journal = [check for check in (await call(node, "doctor"))["checks"] if check["name"] == "journal"]
    assert journal[0]["ok"], journal
    await node.close()


async def test_keys_are_not_taken_where_somebody_published_or_a_node_runs(filled: Node, empty: Node) -> None:
    export = await download(filled, "export keys", passphrase=PASSPHRASE)

    class Links:
        def links(self):
            return []

    empty.network = Links()
    with pytest.raises(Problem) as caught:
        await call(empty, "restore", data=export, passphrase=PASSPHRASE)
    assert caught.value.kind == Code.STOP_FIRST
    empty.network = None
    await call(empty, "share", thing=PAGE)
    with pytest.raises(Problem) as caught:
        await call(empty, "restore", data=export, passphrase=PASSPHRASE)
    assert caught.value.kind == Code.HOME_NOT_EMPTY
    assert await own(empty, filled.author) == []


async def test_a_wrong_passphrase_or_an_export_without_keys_changes_nothing(
    filled: Node, empty: Node
) -> None:
    did = empty.keys.did
    with_keys = await download(filled, "export keys", passphrase=PASSPHRASE)
    for export, kind in (
        (with_keys, Code.PASSPHRASE_WRONG),
        (await download(filled, "export"), Code.NO_KEYS_IN_EXPORT),
    ):
        with pytest.raises(Problem) as caught:
            await call(empty, "restore", data=export, passphrase="another passphrase")
        assert caught.value.kind == kind
    with pytest.raises(Problem) as caught:
        await call(filled, "export keys", passphrase="short")
    assert caught.value.kind == Code.PASSPHRASE_SHORT
    assert empty.keys.did == did
    assert (await empty.store.messages.counts()).messages == 1


async def test_a_restore_into_its_own_home_brings_back_what_is_missing_and_keeps_the_rest(
    filled: Node, home: Home
) -> None:
    export = await download(filled, "export")
    await call(filled, "remove", thing=f"{PAGE}/kept")
    await call(filled, "note", thing=f"{PAGE}/noted", text="a later thought")
    restored = await call(filled, "restore", data=export)
    assert (restored["items"], restored["notes"], restored["messages"]) == (1, 1, 0)
    assert (await filled.store.library.item(f"{PAGE}/noted")).note == "a later thought"
    assert (await filled.store.library.item(f"{PAGE}/kept")).note == "a thought"


async def test_restoring_twice_is_restoring_once(filled: Node, empty: Node) -> None:
    export = await download(filled, "export")
    await call(empty, "restore", data=export)
    before = (await own(empty, filled.author), await private(empty))
    again = await call(empty, "restore", data=export)
    assert (again["messages"], again["items"], again["notes"], again["mutes"]) == (0, 0, 0, 0)
    assert (await own(empty, filled.author), await private(empty)) == before


async def test_an_export_is_restored_from_a_file_on_this_computer(
    filled: Node, empty: Node, tmp_path: Path
) -> None:
    file = tmp_path / "export.jsonl"
    file.write_bytes(await download(filled, "export"))
    assert (await call(empty, "restore", file=str(file)))["items"] == 1
    for name in (str(tmp_path / "none"), str(tmp_path), "/dev/zero", "a\0b"):
        with pytest.raises(Problem) as caught:
            await call(empty, "restore", file=name)
        assert caught.value.kind == Code.FILE_UNREADABLE


async def test_a_damaged_export_is_told_and_nothing_of_it_is_taken(filled: Node, empty: Node) -> None:
    export = await download(filled, "export")
    lines = export.splitlines(keepends=True)
    damages = {
        "cut": b"".join(lines[:-1]),
        "cut within": export[: len(export) // 2],
        "a line less": b"".join(lines[:3] + lines[4:]),
        "a byte changed": export.replace(b'"Kept"', b'"Keep"'),
    }
    for damaged in damages.values():
        with pytest.raises(Problem) as caught:
            await call(empty, "restore", data=damaged)
        assert caught.value.kind == Code.EXPORT_DAMAGED
    for stranger in (b"", b"{}", b"[1]\n", b"\xff\xfe", b'{"type": "other"}\n', b"<!DOCTYPE html>"):
        with pytest.raises(Problem) as caught:
            await call(empty, "restore", data=stranger)
        assert caught.value.kind == Code.NOT_AN_EXPORT
    assert (await empty.store.messages.counts()).messages == 1
    assert (await call(empty, "items"))["results"] == []


def sealed(lines: list[dict[str, object]]) -> bytes:
    """These lines as an export whose end fits, as a forger would write it."""
    data = b"".join([json.dumps(line).encode() + b"\n" for line in lines])
    end = {"type": "end", "lines": len(lines), "sha256": hashlib.sha256(data).hexdigest()}
    return data + json.dumps(end).encode() + b"\n"


async def test_a_forged_export_is_refused_whatever_its_end_says(filled: Node, empty: Node) -> None:
    lines = lines_of(await download(filled, "export"))[:-1]
    message = next(line for line in lines if line.get("kind") == "resource")
    other = Other(1)
    unauthorised = {**message, "bytes": base64.b64encode(other.say(Profile("x")).encode()).decode()}
    broken = bytearray(base64.b64decode(message["bytes"]))
    broken[-1] ^= 1
    forged = [
        {**message, "bytes": base64.b64encode(broken).decode()},
        {**message, "bytes": "not base64!"},
        unauthorised,
        {"type": "item", "thing": "no thing"},
        {"type": "item", "thing": PAGE, "title": "a\x00b"},
        {"type": "item", "thing": PAGE, "saved": "yesterday"},
        {"type": "note", "thing": PAGE, "text": "x" * 20_000},
        {"type": "message", "id": "", "bytes": base64.b64encode(other.inception.encode()).decode()},
        {"type": "mute", "target": ""},
        {"type": "private-follow", "did": "Ana"},
    ]
    for line in forged:
        with pytest.raises(Problem) as caught:
            await call(empty, "restore", data=sealed([*lines, line]))
        assert caught.value.kind == Code.EXPORT_DAMAGED, line
    assert (await empty.store.messages.counts()).messages == 1


async def test_lines_that_are_not_known_here_are_left_aside_and_counted(filled: Node, empty: Node) -> None:
    lines = lines_of(await download(filled, "export"))[:-1]
    newer = [{"type": "dream", "of": "hedges"}, {"type": "item", "thing": PAGE, "colour": "green"}]
    restored = await call(empty, "restore", data=sealed([*lines, *newer]))
    assert restored["unknown_lines"] == 1
    assert restored["items"] == 2
    with pytest.raises(Problem) as caught:
        await call(empty, "restore", data=sealed([{**lines[0], "version": 2}]))
    assert caught.value.kind == Code.EXPORT_NEWER


async def test_times_beyond_every_calendar_lose_nothing(filled: Node, empty: Node) -> None:
    lines = lines_of(await download(filled, "export"))[:-1]
    odd = [
        {"type": "item", "thing": "https://late.example/", "title": "Late", "saved": 1e300},
        {"type": "item", "thing": "https://early.example/", "title": "Early", "saved": -1e300},
        {"type": "note", "thing": "https://noted.example/", "text": "something", "saved": 1e300},
        {"type": "mute", "target": "https://mute.example/", "since": 1e300},
    ]
    await call(empty, "restore", data=sealed([*lines, *odd]))
    listed = {item["thing"]: item["saved"] for item in (await call(empty, "items", limit=200))["results"]}
    assert listed["https://late.example/"] == listed["https://noted.example/"] == limits.MAX_TIMESTAMP
    assert listed["https://early.example/"] == 0
    (hit,) = (await call(empty, "search", q="Late"))["results"]
    assert hit["at"] <= limits.MAX_TIMESTAMP
    assert (await empty.store.library.muted())["https://mute.example/"] == limits.MAX_TIMESTAMP


async def test_a_restore_tells_its_progress(filled: Node, empty: Node) -> None:
    progress: list[tuple[int, int]] = []
    export = await download(filled, "export")
    await call(empty, "restore", lambda *step: progress.append(step), data=export)
    assert progress[-1][0] == progress[-1][1] > 5
