"""A seed that is backed up while it runs and moved: others find it as before, and nobody can tell two of it apart."""

import json
import socket
import subprocess
import urllib.request
from pathlib import Path

from node.api.serving import Running, environment, hedgerow, running
from node.network.world import eventually

INIT = ("seed", "init", "--name", "City library", "--contact", "ask@example.org")


def command(home: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        hedgerow(home, *arguments, "--json"), capture_output=True, text=True, env=environment(), timeout=60
    )
    return done.returncode, json.loads(done.stdout)


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def join(node: Running, invite: str) -> str:
    """The code of the refusal, or `joined`."""
    answer = node.api("POST", "/join", {"invite": invite}).json
    return "joined" if answer.get("joined") else str(answer["code"])


def share(node: Running, thing: str) -> str:
    (identifier,) = node.api("POST", "/share", {"thing": thing, "title": "Rings"}).json["ids"]
    return str(identifier)


async def test_a_moved_seed_is_found_by_its_members_and_by_invites_that_were_made_before(
    tmp_path: Path,
) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "backup"
    command(old, *INIT, "--url", f"http://{free_address()}")
    with running(tmp_path / "ana") as ana:
        with running(old) as seed:
            invite = seed.api("POST", "/invites", {"uses": 3}).json["invite"]
            assert join(ana, invite) == "joined"
            shared = share(ana, "https://example.org/rings")
            await eventually(lambda: has(seed, shared), "the seed has it")
            status, told = command(old, "seed", "backup", str(file))
            assert (status, told["sealed"], file.stat().st_mode & 0o777) == (0, False, 0o600)
            did, device = seed.did, device_of(seed)
        meanwhile = share(ana, "https://example.org/meanwhile")
        status, restored = command(new, "seed", "restore", str(file), "--original-is-gone")
        assert (status, restored["did"], restored["restored_copy"]) == (0, did, False)
        with running(new) as moved, running(tmp_path / "ben") as ben:
            assert device_of(moved) == device
            await eventually(lambda: has(moved, meanwhile), "the member came back by itself")
            assert has(moved, shared)
            assert join(ben, invite) == "joined"
            dids = {one["did"] for one in moved.api("GET", "/seed/members").json["members"]}
            assert dids == {ana.did, ben.did}
            said = share(moved, "https://example.org/hours")
            await eventually(lambda: has(ana, said), "what the moved seed says reaches its members")
            assert moved.api("GET", "/doctor").json["ok"] is False  # nobody wrote down the words
            assert {one["name"] for one in moved.api("GET", "/doctor").json["checks"] if not one["ok"]} == {
                "words"
            }


async def test_a_copy_answers_and_publishes_nothing(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "backup"
    command(old, *INIT, "--url", f"http://{free_address()}")
    command(old, "seed", "backup", str(file))
    assert command(old, "seed", "backup", str(file))[1]["code"] == "HG-C1"
    assert command(new, "seed", "restore", str(file))[1]["restored_copy"] is True
    assert command(new, "seed", "restore", str(file))[1]["code"] == "HG-X14"
    with running(new) as copy:
        answer = copy.api("POST", "/share", {"thing": "https://example.org/", "title": "As two"})
        assert answer.code == "HG-K7"
        assert copy.api("GET", "/status").json["restored_copy"] is True


def test_a_sealed_backup_needs_its_passphrase(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "backup"
    words, wrong = tmp_path / "words", tmp_path / "wrong"
    words.write_text("five words that stand alone\n")
    wrong.write_text("four words that stand\n")
    command(old, *INIT, "--url", f"http://{free_address()}")
    assert command(old, "seed", "backup", str(file), "--passphrase-file", str(words))[1]["sealed"] is True
    assert command(new, "seed", "restore", str(file))[1]["code"] == "HG-C3"
    restore = ("seed", "restore", str(file), "--passphrase-file")
    assert command(new, *restore, str(wrong))[1]["code"] == "HG-K4"
    assert command(new, *restore, str(words))[0] == 0


def has(node: Running, message: str) -> bool:
    return node.api("GET", "/messages/{message}", {"message": message}).status == 200


def device_of(seed: Running) -> object:
    with urllib.request.urlopen(f"http://{seed.peer}/.well-known/hedgerow.json", timeout=20) as answer:
        return json.loads(answer.read())["device"]
