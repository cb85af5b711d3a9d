"""The programs of the guide that change a machine, acted in the folder of a stage.

python actors.py ROOT PROGRAM ARGUMENTS…    An order that nobody plays here is refused.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from deploy.machine import SEED, UNIT, Machine

FOLDERS = (
    "bin",
    "run",
    "etc/caddy",
    "etc/nginx/sites-available",
    "etc/nginx/sites-enabled",
    "etc/systemd/system",
    "opt",
    "var/lib",
    "var/backups",
    "var/www/html",
)
"""What a machine has before anybody does anything."""
PACKAGES = {"python3", "python3-venv", "curl", "caddy", "nginx-light", "certbot"}
PORTS = {"page": 8470, "peers": 8471, "health": 8472}
NOT_RUNNING = 3


class Actor:
    """Plays one order."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.machine = Machine(root)
        self.users = root / "etc" / "passwd"
        self.packages = root / "run" / "packages"

    # --- Who and what is there ---------------------------------------------------------------------------

    def sudo(self, *words: str) -> int:
        """Do it as somebody else; here everybody is the same."""
        if words[0] == "-u":
            self._check_user(words[1])
            words = words[2:]
        return subprocess.call(words, env={**os.environ, "PATH": str(self.root / "bin")})

    def apt_get(self, *words: str) -> None:
        """Note what is installed; everything is there already."""
        if words == ("update",):
            return
        assert words[:2] == ("install", "-y"), words
        assert set(words[2:]) <= PACKAGES, words
        with self.packages.open("a") as file:
            file.write("".join(f"{word}\n" for word in words[2:]))

    def useradd(self, *words: str) -> None:
        """Make a user."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--system", action="store_true", required=True)
        parser.add_argument("--home-dir", required=True)
        parser.add_argument("--shell", required=True)
        parser.add_argument("name")
        with self.users.open("a") as file:
            file.write(f"{parser.parse_args(words).name}\n")

    def chown(self, owner: str, file: str) -> None:
        """Give a file to somebody."""
        self._check_user(owner.rstrip(":"))
        assert Path(file).exists(), file

    def install(self, *words: str) -> int:
        """The real one, but for owners."""
        kept = list(words)
        for option in ("-o", "-g"):
            if option in kept:
                place = kept.index(option)
                self._check_user(kept[place + 1])
                del kept[place : place + 2]
        return subprocess.call(["install", *kept])

    def _check_user(self, name: str) -> None:
        assert name in self.users.read_text().split(), f"there is no user {name}"

    def _check_package(self, name: str) -> None:
        assert name in self.packages.read_text().split(), f"{name} is not installed"

    # --- The program -------------------------------------------------------------------------------------

    def python3(self, *words: str) -> None:
        """Make an environment in which nothing is."""
        self._check_package("python3-venv")
        assert words[:2] == ("-m", "venv"), words
        folder = Path(words[2]) / "bin"
        folder.mkdir(parents=True)
        write_actor(self.root, folder / "pip", "pip")

    def pip(self, *words: str) -> None:
        """Put this version of Hedgerow there."""
        assert words == ("install", "-c", "constraints.txt", "."), words
        assert all(Path(name).exists() for name in ("constraints.txt", "pyproject.toml"))
        write_actor(self.root, self.root / "opt/hedgerow/bin/hedgerow", "hedgerow")

    def hedgerow(self, *words: str) -> int:
        """The real one; a new file of options gets the ports of the stage."""
        command = [sys.executable, "-m", "hedgerow_node", *words]
        if "init" not in words:
            os.execv(command[0], command)
        status = subprocess.call(command)
        file = self.root / "var/lib/hedgerow/seed.toml"
        file.write_text(
            re.sub(
                "|".join(map(str, PORTS.values())),
                lambda found: str(self.machine.ports[_name_of(int(found[0]))]),
                file.read_text(),
            )
        )
        return status

    # --- Services ----------------------------------------------------------------------------------------

    def systemctl(self, order: str, *words: str) -> int:
        """What systemd would do with the service, or the proxy."""
        *options, program = words or ("",)
        assert set(options) <= {"--now"}, words
        reloaded = self.root / "run" / "units"
        if order == "daemon-reload":
            shutil.copy(self.root / UNIT, reloaded)
            return 0
        if program == SEED:
            assert reloaded.read_text() == (self.root / UNIT).read_text(), "systemd does not know the unit"
        else:
            self._check_package({"nginx": "nginx-light"}.get(program, program))
        return self._order(order, program)

    def _order(self, order: str, program: str) -> int:
        match order:
            case "enable" | "start":
                self.machine.start(program)
            case "disable" | "stop":
                self.machine.stop(program)
            case "restart" | "reload":
                self.machine.reload(program)
            case "status":
                return 0 if self.machine.is_running(program) else NOT_RUNNING
            case _:
                raise SystemExit(f"systemctl {order} is not played here")
        return 0

    def certbot(self, *words: str) -> None:
        """Get a certificate from nobody but oneself."""
        self._check_package("certbot")
        parser = argparse.ArgumentParser()
        parser.add_argument("order", choices=["certonly"])
        parser.add_argument("--webroot", action="store_true", required=True)
        parser.add_argument("-w", required=True)
        parser.add_argument("-d", required=True)
        parser.add_argument("--deploy-hook", required=True)
        given = parser.parse_args(words)
        assert Path(given.w).is_dir(), given.w
        self.machine.certify(given.d)


ACTORS = ("sudo", "apt-get", "useradd", "chown", "install", "python3", "systemctl", "certbot")
"""Those that a machine has from the beginning."""


def _name_of(port: int) -> str:
    return next(name for name, named in PORTS.items() if named == port)


def write_actor(root: Path, path: Path, name: str) -> None:
    """A program at this place that plays this part; it runs with the PATH of the tests, not with the shell's."""
    path.write_text(
        f'#!/bin/sh\nPATH={json.dumps(os.environ["PATH"])} exec {sys.executable} {Path(__file__)} {root} {name} "$@"\n'
    )
    path.chmod(0o755)


def main(root: str, name: str, *words: str) -> None:
    """Play one order, and end with its status."""
    play: Callable[..., int | None] = getattr(Actor(Path(root)), name.replace("-", "_"))
    raise SystemExit(play(*words))


if __name__ == "__main__":
    main(*sys.argv[1:])
