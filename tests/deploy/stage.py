"""A clean machine in a folder, on which the commands of the guide are typed into a real shell.

The shell finds only the programs that are linked here. Those that change a machine (`actors.py`) change the folder
instead; paths and ports in what is typed, and in the files that it installs, are those of the folder.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bench.nodes import free_port
from deploy import actors, guide
from deploy.machine import SITES, Machine

TOOLS = ("bash", "sh", "sed", "tee", "ln", "mv", "curl", "cat")
"""Programs that do here what they do everywhere."""
NAME = "localhost"
PATHS = re.compile(r"(?<![\w.$])/(etc|var|opt)/")
PATIENCE = 120.0


def needed(program: str) -> str:
    """Where a program is; without it the test is skipped, except in CI."""
    found = shutil.which(program)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{program} is not there, and in CI nothing is skipped for want of it")
    if found is None:
        pytest.skip(f"{program} is not there")
    return found


@dataclass(frozen=True)
class Ports:
    """Free ports in place of those that the guide names."""

    http: int = field(default_factory=free_port)
    https: int = field(default_factory=free_port)
    page: int = field(default_factory=free_port)
    peers: int = field(default_factory=free_port)
    health: int = field(default_factory=free_port)

    def put_into(self, text: str) -> str:
        """The text with these ports, on this computer alone."""
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"\blisten 80;", f"listen 127.0.0.1:{self.http};", text)
        text = re.sub(r"\blisten 443 ssl;", f"listen 127.0.0.1:{self.https} ssl;", text)
        for named, own in ((8470, self.page), (8471, self.peers), (8472, self.health)):
            text = re.sub(rf"\b{named}\b", str(own), text)
        return text


class Stage:
    """The folder. Whatever happens, `close` it."""

    def __init__(self, root: Path, ports: Ports | None = None) -> None:
        self.root = root
        self.ports = ports or Ports()
        self.trusted = root / "run" / "trusted.pem"
        """The certificates that whoever comes here trusts."""
        for folder in actors.FOLDERS:
            (root / folder).mkdir(parents=True)
        self._copy_deploy()
        self._link_programs()
        (root / "run" / "ports.json").write_text(json.dumps(vars(self.ports)))

    def _copy_deploy(self) -> None:
        (self.root / "repository" / "deploy").mkdir(parents=True)
        for file in guide.DEPLOY.iterdir():
            (self.root / "repository" / "deploy" / file.name).write_text(self.own(file.read_text()))
        for name in ("constraints.txt", "pyproject.toml"):
            shutil.copy(guide.ROOT / name, self.root / "repository")

    def _link_programs(self) -> None:
        for tool in TOOLS:
            (self.root / "bin" / tool).symlink_to(needed(tool))
        for actor in actors.ACTORS:
            actors.write_actor(self.root, self.root / "bin" / actor, actor)

    def own(self, text: str) -> str:
        """The text with paths and ports of this folder."""
        return self.ports.put_into(PATHS.sub(rf"{self.root}/\1/", text))

    @property
    def url(self) -> str:
        """Where people and nodes find the seed."""
        return f"https://{NAME}:{self.ports.https}"

    @property
    def home(self) -> Path:
        """The folder of the seed."""
        return self.root / "var/lib/hedgerow"

    def play(self, *headings: str) -> str:
        """Type what stands under these headings; returns what was printed."""
        # What one types at the beginning holds for as long as the terminal is open.
        lasting = [
            line for line in guide.commands("Install").splitlines() if line.startswith(("SEED=", "alias "))
        ]
        done = self.types("\n".join([*lasting, *map(guide.commands, headings)]))
        assert done.returncode == 0, f"{headings}: {done.stdout}{self.told()}"
        return done.stdout

    def types(self, text: str) -> subprocess.CompletedProcess[str]:
        """Type this at the machine, up to the first command that fails."""
        text = text.replace("SEED=seed.example.org", f"SEED={NAME}")
        text = text.replace("https://$SEED", f"https://$SEED:{self.ports.https}")
        return subprocess.run(
            ["bash", "-eu", "-O", "expand_aliases", "-c", self._lines(text)],
            cwd=self.root / "repository",
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )

    def _lines(self, typed: str) -> str:
        """A script that the shell reads line by line, as it does at a terminal."""
        script = self.root / "run" / "typed.sh"
        script.write_text(self.own(typed))
        return f"source {script}"

    def told(self) -> str:
        """The last words of the programs that run."""
        return "".join(f"\n--- {file.name}\n{file.read_text()[-2_000:]}" for file in self.logs())

    def logs(self) -> list[Path]:
        """What the programs that run write to their terminals."""
        return sorted((self.root / "run").glob("*.out"))

    def hedgerow(self, *arguments: str) -> dict[str, Any]:
        """One command of the seed's operator."""
        command = [
            str(self.root / "opt/hedgerow/bin/hedgerow"),
            "--home",
            str(self.home),
            *arguments,
            "--json",
        ]
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def environment(self) -> dict[str, str]:
        """Of whoever sits at this machine."""
        return {
            "PATH": str(self.root / "bin"),
            "HOME": str(self.root / "run"),
            "CURL_CA_BUNDLE": str(self.trusted),
            "NO_COLOR": "1",
            "LANG": "C.UTF-8",
        }

    def tls(self) -> ssl.SSLContext:
        """What a client of the proxy trusts."""
        return ssl.create_default_context(cafile=str(self.trusted))

    def installs(self, program: str) -> None:
        """Put the file of a proxy where the guide puts it, and start it, without a seed behind."""
        needed(program)
        text = (self.root / "repository/deploy" / SITES[program].source).read_text()
        (self.root / SITES[program].target).write_text(text.replace("seed.example.org", NAME))
        if program == "nginx":
            Machine(self.root).certify(NAME)
        Machine(self.root).reload(program)

    def changes(self, file: str, kept: str, instead: str) -> None:
        """Write something else into the file of the proxy that runs, and let it read that."""
        path = self.root / file
        text = path.read_text()
        assert kept in text
        path.write_text(text.replace(kept, instead))
        [program] = [name for name, site in SITES.items() if site.target == file]
        Machine(self.root).reload(program)

    def close(self) -> None:
        """End what was started here."""
        Machine(self.root).stop_all()
