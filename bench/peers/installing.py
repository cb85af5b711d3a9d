"""Peers install themselves at first use: a Python environment, and a folder of Node packages."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.places import kept, say

PINS = Path(__file__).parents[1] / "peers.txt"
LAST_LINES = 300
"""Letters of what an installer said that are kept as the reason."""


class Absent(Exception):
    """A peer cannot be had, or cannot do this; the text says why."""


def python() -> Path:
    """The Python that has the peers from PyPI; raises `Absent`."""
    folder = _once("python", "pypi", _install_python)
    return folder / "bin" / "python"


def node_modules() -> Path:
    """The folder below which Node finds the peers from npm; raises `Absent`."""
    return _once("node", "npm", _install_node)


def _once(name: str, registry: str, install: Callable[[Path, list[str]], None]) -> Path:
    pins = [line.split()[1] for line in PINS.read_text().splitlines() if line.startswith(f"{registry} ")]
    folder = kept("peers") / name
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text().split() != pins:
        say(f"installing {', '.join(pins)} (once)")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(folder, pins)
        stamp.write_text("\n".join(pins))
    return folder


def _install_python(folder: Path, pins: list[str]) -> None:
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *pins])


def _install_node(folder: Path, pins: list[str]) -> None:
    if shutil.which("npm") is None:
        raise Absent("npm is not installed")
    (folder / "package.json").write_text('{"private": true}\n')
    _run(["npm", "install", "--no-audit", "--no-fund", "--save-exact", *pins], folder)


def _run(command: list[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Absent(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout)[-LAST_LINES:].strip()}")
