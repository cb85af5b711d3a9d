"""`hedgerow seed` in fresh folders: made once, judged, run without another option, its members seen and removed."""

import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from hedgerow_node.seed.settings import read
from node.api.serving import Running, environment, hedgerow, running
from node.network.world import eventually

NAME = ("--name", "City library")
SLOW = 60.0
"""Seconds for several processes on a computer that is busy."""
INIT = ("seed", "init", *NAME, "--about", "Books and people.", "--contact", "ask@example.org")


def url() -> tuple[str, str]:
    """An address on this computer at which nobody is yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "--url", f"http://127.0.0.1:{free.getsockname()[1]}"


def command(home: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    """Run a command as a process of its own; its status and its JSON."""
    done = subprocess.run(
        hedgerow(home, *arguments, "--json"), capture_output=True, text=True, env=environment(), timeout=60
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def well_known(peer: str) -> dict[str, object]:
    with urllib.request.urlopen(f"http://{peer}/.well-known/hedgerow.json", timeout=20) as answer:
        assert answer.headers["Content-Type"] == "application/json"
        told: dict[str, object] = json.loads(answer.read())
    return told


def test_a_seed_is_made_once_and_its_file_is_never_written_over(tmp_path: Path) -> None:
    home = tmp_path / "seed"
    status, made = command(home, *INIT, "--url", "https://seed.example.org")
    assert (status, made["address"], made["listen"]) == (0, "wss://seed.example.org/peer", "127.0.0.1:8471")
    file = home / "seed.toml"
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    status, refused = command(home, *INIT, "--url", "https://other.example.org")
    assert (status, refused["code"], file.read_bytes()) == (1, "HG-H5", before)
    assert command(home, "profile")[1]["machine"] is True
    assert command(home, "seed", "check")[1]["notices"] == []


def test_an_address_that_does_not_fit_makes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "seed"
    status, refused = command(home, *INIT, "--url", "seed.example.org")
    assert (status, refused["code"], home.exists()) == (1, "HG-H4", False)


def test_a_folder_that_is_no_seed_is_told_how_to_become_one(tmp_path: Path) -> None:
    assert command(tmp_path, "seed", "check")[1]["code"] == "HG-H6"


def test_a_file_that_is_not_understood_is_told_by_check_and_keeps_the_seed_from_starting(
    tmp_path: Path,
) -> None:
    command(tmp_path, *INIT, *url())
    file = tmp_path / "seed.toml"
    file.write_text(file.read_text().replace("carries", "carrys"))
    for arguments in (("seed", "check"), ("run",)):
        status, refused = command(tmp_path, *arguments)
        assert (status, refused["code"]) == (1, "HG-H4")
        assert "carrys" in str(refused["detail"])


def test_the_doctor_looks_at_the_file_too(tmp_path: Path) -> None:
    command(tmp_path, "seed", "init", *NAME, *url())

    def told() -> dict[str, bool]:
        checks = command(tmp_path, "doctor")[1]["checks"]
        assert isinstance(checks, list)
        return {one["name"]: one["ok"] for one in checks if one["name"] in ("seed", "advice")}

    assert told() == {"seed": True, "advice": False}
    with_options(tmp_path, carries='"everybody"')
    assert told() == {"seed": False}


def test_it_runs_as_its_file_says_and_tells_everybody_who_it_is(tmp_path: Path) -> None:
    command(tmp_path, *INIT, *url())
    with running(tmp_path) as seed:
        told = well_known(str(seed.peer))
        assert (told["hedgerow"], told["name"], told["author"]) == (1, "City library", seed.did)
        assert told["policy"] == {"carries": "followed", "wants_members": False, "gives_receipts": False}
        assert told["keeps"] == {"gib": 50, "days": 0}
        assert told["limits"]["links"] == read(tmp_path / "seed.toml").quotas.links


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    command(tmp_path, *INIT, "--url", "http://192.0.2.1:8471")
    with running(tmp_path, "--listen", "127.0.0.1:0") as seed:
        assert str(seed.peer).startswith("127.0.0.1:")


def test_a_node_that_is_no_seed_tells_nothing(tmp_path: Path) -> None:
    with (
        running(tmp_path, "--listen", "127.0.0.1:0") as node,
        pytest.raises(urllib.error.HTTPError, match="404"),
    ):
        well_known(str(node.peer))


def test_a_name_that_was_changed_in_the_file_is_said_at_the_next_start(tmp_path: Path) -> None:
    command(tmp_path, *INIT, *url())
    file = tmp_path / "seed.toml"
    file.write_text(file.read_text().replace("City library", "Village library"))
    with running(tmp_path) as seed:
        assert seed.api("GET", "/profile").json["name"] == "Village library"
        messages = seed.api("GET", "/status").json["own_messages"]
    with running(tmp_path) as seed:
        assert seed.api("GET", "/status").json["own_messages"] == messages


def test_a_seed_for_members_keeps_what_they_say_and_not_whom_they_follow(tmp_path: Path) -> None:
    command(tmp_path / "seed", *INIT, *url())
    file = tmp_path / "seed/seed.toml"
    file.write_text(file.read_text().replace('carries = "followed"', 'carries = "members"'))
    with running(tmp_path / "seed") as seed, running(tmp_path / "ana") as ana:
        invite = seed.api("POST", "/invites", {"uses": 2}).json
        assert invite["member"] is True
        assert ana.api("POST", "/join", {"invite": invite["invite"]}).json["joined"] is True
        assert [one["did"] for one in seed.api("GET", "/seed/members").json["members"]] == [ana.did]
    status, members = command(tmp_path / "seed", "seed", "members")
    assert (status, members["invites"][0]["used"]) == (0, 1)
    status, removed = command(tmp_path / "seed", "seed", "remove-member", ana.did)
    assert (status, removed["member"]) == (0, False)


def test_a_seed_that_does_not_run_yet_invites_to_where_it_will(tmp_path: Path) -> None:
    command(tmp_path / "seed", *INIT, *url())
    status, invite = command(tmp_path / "seed", "invite", "--uses", "2")
    assert (status, invite["member"]) == (0, True)
    with running(tmp_path / "seed"), running(tmp_path / "ana") as ana:
        assert ana.api("POST", "/join", {"invite": invite["invite"]}).json["joined"] is True


def ask(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_seed_that_is_watched_tells_how_it_is_and_nothing_of_anybody(tmp_path: Path) -> None:
    command(tmp_path / "seed", *INIT, *url())
    address = url()[1].removeprefix("http://")
    file = tmp_path / "seed/seed.toml"
    file.write_text(file.read_text().replace('health = ""', f'health = "{address}"'))
    with running(tmp_path / "seed") as seed, running(tmp_path / "ana") as ana:
        invite = seed.api("POST", "/invites").json
        assert ana.api("POST", "/join", {"invite": invite["invite"]}).json["joined"] is True
        assert ask(address, "/healthz") == (200, "alive\n")
        assert ask(address, "/readyz") == (200, "ready\n")
        assert ask(address, "/join")[0] == 404
        status, text = ask(address, "/metrics")
        assert status == 200
        found = dict(re.findall(r"^(\w+(?:\{.*\})?) ([\d.e+]+)$", text, re.MULTILINE))
        assert found["hedgerow_members"] == "1.0"
        assert found['hedgerow_messages{held="whole"}'] != "0.0"
        assert any(name.startswith('hedgerow_links{direction="in",role="edge"') for name in found)
        assert float(found["hedgerow_received_bytes_total"]) > 0
        assert float(found["process_resident_memory_bytes"]) > 0
        assert documented_metrics() == {
            name.partition("{")[0] for name in found if name.startswith("hedgerow")
        } | {
            "hedgerow_turned_away_total",
            "hedgerow_limits_met_total",
            "hedgerow_oldest_contact_age_seconds",
        }
        for word in (seed.did, ana.did, seed.did[-12:], ana.did[-12:], "127.0.0.1", "did:"):
            assert word not in text


def documented_metrics() -> set[str]:
    text = (Path(__file__).parents[3] / "docs/seed.md").read_text()
    return set(re.findall(r"`(hedgerow_\w+)`", text))


def test_nothing_of_the_library_for_metrics_is_loaded_before_it_is_asked_for() -> None:
    loaded = "import sys, hedgerow_node.cli.serving; print('prometheus_client' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n"


def test_what_a_service_prints_lets_nobody_in_and_its_log_is_json_that_names_nobody(tmp_path: Path) -> None:
    command(tmp_path / "seed", *INIT, *url())
    process = subprocess.Popen(
        hedgerow(tmp_path / "seed", "run", "--page", "127.0.0.1:0", "--log", "json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    invite = str(command(tmp_path / "seed", "invite")[1]["invite"])
    with running(tmp_path / "ana") as ana:
        assert ana.api("POST", "/join", {"invite": invite}).json["joined"] is True
        did = ana.did
    process.terminate()
    out, errors = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "Stopped.\n")
    assert lines[0].split()[:3] == ["Seed:", "City", "library,"]
    assert "k=" not in "".join(lines)
    logged = [json.loads(line) for line in errors.splitlines()]
    assert {"the node runs", "somebody joined", "the node stops"} <= {line["event"] for line in logged}
    assert all({"time", "level", "event"} <= line.keys() for line in logged)
    for word in (did.removeprefix("did:key:"), "127.0.0.1", invite[-20:], "City library"):
        assert word not in errors


def with_options(home: Path, **options: str) -> None:
    """Change options of the file, each as TOML."""
    file = home / "seed.toml"
    text = file.read_text()
    for name, value in options.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
    file.write_text(text)


async def test_a_seed_links_to_another_that_its_file_names(tmp_path: Path) -> None:
    address = url()
    command(tmp_path / "one", *INIT, *address)
    command(tmp_path / "two", *INIT, *url())
    with_options(tmp_path / "two", sources=json.dumps([address[1]]))
    with running(tmp_path / "one") as one, running(tmp_path / "two") as two:
        device = well_known(str(one.peer))["device"]

        def is_linked() -> bool:
            peers = two.api("GET", "/peers").json["peers"]
            return [(peer["device"], peer["state"]) for peer in peers] == [(device, "settled")]

        await eventually(is_linked, "the source is linked", SLOW)


async def test_a_seed_for_all_takes_in_what_its_source_shows_and_what_comes_later(tmp_path: Path) -> None:
    address = url()
    command(tmp_path / "one", *INIT, *address)
    command(tmp_path / "two", *INIT, *url())
    with_options(tmp_path / "one", carries='"members"')
    with_options(tmp_path / "two", carries='"all"', sources=json.dumps([address[1]]))
    with running(tmp_path / "one") as one, running(tmp_path / "ana") as ana:
        invite = one.api("POST", "/invites").json["invite"]
        assert ana.api("POST", "/join", {"invite": invite}).json["joined"] is True
        before = share(ana, "https://example.org/before")
        with running(tmp_path / "two") as two:
            await eventually(lambda: has(two, before), "what was there before comes", SLOW)
            later = share(ana, "https://example.org/later")
            await eventually(lambda: has(two, later), "what comes later comes", SLOW)
            assert not has(one, share(two, "https://example.org/of-two")), "one is for its members"


def share(node: Running, thing: str) -> str:
    (identifier,) = node.api("POST", "/share", {"thing": thing, "title": "Rings"}).json["ids"]
    return str(identifier)


def has(node: Running, message: str) -> bool:
    return node.api("GET", "/messages/{message}", {"message": message}).status == 200
