"""deploy/README.md as a script: the commands under each heading."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
README = DEPLOY / "README.md"
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
PLAYED = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHOWN = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def sections() -> dict[str, str]:
    """The text under each heading, up to the next one of any rank."""
    parts = HEADING.split(README.read_text())[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def commands(heading: str) -> str:
    """What is typed under this heading."""
    found = PLAYED.findall(sections()[heading])
    assert found, f"nothing is typed under {heading}"
    return "".join(found)


def with_commands() -> set[str]:
    """The headings under which something is typed."""
    return {heading for heading, text in sections().items() if PLAYED.search(text)}


def of_containers() -> list[str]:
    """The lines that are typed where everything runs in containers."""
    return "".join(SHOWN.findall(README.read_text())).splitlines()
