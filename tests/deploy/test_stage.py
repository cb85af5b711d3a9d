"""The machine of the guide's tests takes nothing for done that was not typed."""

from pathlib import Path

import pytest

from deploy import guide
from deploy.stage import Stage

MISSED = {
    "a user that nobody made": "sudo -u hedgerow cat /dev/null",
    "an environment without its package": "sudo python3 -m venv /opt/hedgerow",
    "a program that is not installed": "/opt/hedgerow/bin/hedgerow --help",
    "a proxy that is not installed": "sudo systemctl reload caddy",
    "a unit of which systemd was not told": "sudo systemctl enable --now hedgerow-seed",
    "an order to systemd that is not played": "sudo apt-get install -y caddy; sudo systemctl isolate caddy",
    "a package that there is not": "sudo apt-get install -y hedgerow",
    "a program that a clean machine lacks": "docker compose up",
    "a file that there is not": "sed s/a/b/ deploy/Nginxfile | sudo tee /etc/nginx.conf",
}


@pytest.fixture
def machine(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "machine")


@pytest.mark.parametrize("text", MISSED.values(), ids=list(MISSED))
def test_what_a_guide_leaves_out_is_missed(machine: Stage, text: str) -> None:
    assert machine.types(f"set -o pipefail\n{text}").returncode != 0


INSTALLATION = [*guide.commands("Install").splitlines(), "hedgerow --help"]


def test_the_installation_gives_the_program(machine: Stage) -> None:
    assert machine.types("\n".join(INSTALLATION)).returncode == 0


@pytest.mark.parametrize("lost", ["apt-get install", "useradd", "-m venv", "pip install", "alias"])
def test_no_line_of_the_installation_can_be_left_out(machine: Stage, lost: str) -> None:
    kept = [line for line in INSTALLATION if lost not in line]
    assert len(kept) == len(INSTALLATION) - 1
    assert machine.types("\n".join(kept)).returncode != 0
