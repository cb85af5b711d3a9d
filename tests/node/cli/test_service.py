"""What systemd hears of a node: ready, alive, stopping; and nothing where it does not ask."""

import socket
import subprocess
from pathlib import Path

import pytest

from hedgerow_node.cli import service
from hedgerow_node.config import watchdog_seconds
from node.api.serving import environment, hedgerow


@pytest.mark.parametrize("is_abstract", [False, True])
def test_a_service_tells_when_it_is_ready_that_it_lives_and_when_it_stops(
    tmp_path: Path, is_abstract: bool
) -> None:
    name = f"@hedgerow-{tmp_path.name}-{tmp_path.stat().st_ino}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:] if is_abstract else name)
        systemd.settimeout(20)
        told = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"}
        process = subprocess.Popen(
            hedgerow(tmp_path / "home", "run", "--page", "127.0.0.1:0", "--no-open"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment(), **told},
        )
        heard = [systemd.recv(64).decode() for _ in range(4)]
        process.terminate()
        while heard[-1] != service.STOPPING:
            heard.append(systemd.recv(64).decode())
        process.communicate(timeout=20)
    assert heard[:4] == [service.READY] + 3 * [service.ALIVE]
    assert set(heard[4:-1]) <= {service.ALIVE}
    assert process.returncode == 0


async def test_where_nobody_asks_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    service.tell(service.READY)
    await service.stay_awake()


def test_that_nobody_takes_it_does_not_stop_the_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    service.tell(service.READY)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_a_watchdog_is_heeded_when_it_is_meant_for_this_process(
    given: dict[str, str], seconds: float | None
) -> None:
    assert watchdog_seconds(given, pid=7) == seconds
