"""Making a home a seed: the file is written once, and from then on it is the operator's."""

import json
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from hedgerow_node import durable
from hedgerow_node.config import Home
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed import settings
from hedgerow_node.seed.settings import Settings

FORM = Path(__file__).with_name("seed.toml")
"""The file with a mark where something is filled in."""
MARK = re.compile(r"@(\w+)@")
ON_THIS_COMPUTER = ("127.0.0.1",)
HTTP = 80


@dataclass(frozen=True, slots=True)
class Founding:
    """What an operator says when a seed is made."""

    name: str
    url: str
    about: str = ""
    contact: str = ""
    peers: str | None = None
    """HOST:PORT for other nodes; None for what fits the address."""
    health: str = ""
    """HOST:PORT for whoever watches it; empty for nowhere."""


def written(founding: Founding) -> str:
    """The text of the file; raises `Problem` for what the file could not hold."""
    settings.check_url(founding.url)
    is_behind_proxy = founding.url.startswith("https:")
    filled: dict[str, object] = {
        "name": founding.name,
        "url": founding.url.rstrip("/"),
        "about": founding.about,
        "contact": founding.contact,
        "peers": _peers(founding, is_behind_proxy=is_behind_proxy),
        "health": founding.health,
        "proxies": ON_THIS_COMPUTER if is_behind_proxy else (),
    }
    form = FORM.read_text(encoding="utf-8")
    text = MARK.sub(lambda found: json.dumps(filled[found[1]], ensure_ascii=False), form)
    settings.parse(text)
    return text


def found(home: Home, text: str) -> Settings:
    """Put the file into the home, where there is none; raises `Problem` where there is."""
    home.create()
    check_may_found(home)
    with durable.in_words(home.seed):
        durable.write_over(home.seed, text.encode())
    return settings.parse(text)


def check_may_found(home: Home) -> None:
    """Raises `Problem` where the home is a seed: its file is not written over."""
    if home.seed.exists():
        raise Problem(Code.SEED_THERE, str(home.seed))


def settings_of(home: Home) -> Settings:
    """What the operator of this home decided; raises `Problem`, also where it is no seed."""
    if not home.seed.exists():
        raise Problem(Code.NO_SEED, str(home.path))
    return settings.read(home.seed)


def _peers(founding: Founding, *, is_behind_proxy: bool) -> str:
    if founding.peers is not None:
        return founding.peers
    if is_behind_proxy:
        return settings.Listening().peers
    parts = urlsplit(founding.url)
    return f"{_bindable(parts.hostname or '')}:{parts.port or HTTP}"


def _bindable(host: str) -> str:
    """The host of the address where that is a number of this computer's, else every address that it has."""
    try:
        address = ip_address(host)
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - a seed without a proxy is there to be reached
    return f"[{address}]" if address.version == 6 else str(address)
