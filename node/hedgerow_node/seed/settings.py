"""What an operator decided, as it stands in `seed.toml` (docs/seed.md): read whole or not at all.

A home with such a file is a seed. A name that is not known here is an error, so that a slip of the pen does not open
what should be closed.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from hedgerow_node import config
from hedgerow_node.budgets import Budgets
from hedgerow_node.config import LogFormat
from hedgerow_node.misshapen import in_words
from hedgerow_node.policy import Carries, Policy
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import limits
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, key_of

MAX_PORT = 2**16 - 1
SCHEMES = {"https": "wss", "http": "ws"}
"""Of the address that people read, and of the one that nodes dial."""
PEER_PATH = "/peer"
Links = Annotated[int, msgspec.Meta(ge=1, le=config.MAX_LINKS_SET)]
"""How many connections somebody may allow."""


class Section(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The base of every part of the file."""


class Listening(Section, frozen=True):
    """Where it can be reached: each HOST:PORT, empty for not at all."""

    peers: str = "127.0.0.1:8471"
    page: str = f"{config.PAGE_HOST}:{config.PAGE_PORT}"
    health: str = ""
    proxies: tuple[str, ...] = ()
    """IP addresses of one's own proxies in front of `peers`."""
    listed: bool = True
    """Whether other nodes are told where the seed is."""
    closed_network: bool = False
    """Whether addresses that other nodes tell of may be private ones."""


class Deciding(Section, frozen=True):
    """For whom it is there."""

    carries: Carries = Carries.FOLLOWED
    allow: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    wants_members: bool = False
    sources: tuple[str, ...] = ()
    """Addresses of other seeds, like `url`."""
    gives_receipts: bool = False


class Quotas(Section, frozen=True):
    """What strangers may take up at the peers' door."""

    links: Links = config.MAX_LINKS_IN
    of_one_address: Links = config.MAX_OF_IPV4
    connects_a_minute: Links = config.CONNECTS_A_MINUTE


class Keeping(Section, frozen=True):
    """How much is kept, and for how long."""

    gib: Annotated[int, msgspec.Meta(ge=1)] = config.SEED_STORE // config.GIB
    days: Annotated[int, msgspec.Meta(ge=0)] = 0
    """0: as long as there is room."""


class Logging(Section, frozen=True):
    """What is written down of what happens."""

    format: LogFormat = LogFormat.FILE


class Settings(Section, frozen=True):
    """The whole file. Make it with `read` or `parse`, which also check what types cannot say."""

    name: str
    url: str
    """http: or https:, without a path."""
    about: str = ""
    contact: str = ""
    listen: Listening = Listening()
    policy: Deciding = Deciding()
    quotas: Quotas = Quotas()
    keeping: Keeping = Keeping()
    log: Logging = Logging()

    @property
    def address(self) -> str:
        """Where other nodes dial it: ws: or wss:."""
        parts = urlsplit(self.url)
        return f"{SCHEMES[parts.scheme]}://{parts.netloc}{PEER_PATH}"

    def budgets(self) -> Budgets:
        """How much is kept."""
        return Budgets(
            store=self.keeping.gib * config.GIB,
            indexed=config.SEED_INDEXED,
            retention=self.keeping.days or None,
        )

    def decided(self) -> Policy:
        """The policy in keys."""
        return Policy(
            self.policy.carries,
            frozenset(map(_key, self.policy.allow)),
            frozenset(map(_key, self.policy.block)),
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is allowed and seldom meant."""

    title: str
    next: str


def read(path: Path) -> Settings:
    """The settings in this file; raises `Problem`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _wrong(f"{path}: {why}") from None
    return parse(text)


def parse(text: str) -> Settings:
    """The settings in the text of a file; raises `Problem` that names the option."""
    import tomllib

    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"it is no TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise _wrong(in_words(str(error))) from None
    _check(settings)
    return settings


def notices(settings: Settings) -> list[Notice]:
    """What somebody should look at again before others come."""
    found = []
    if settings.url.startswith("https:") and not settings.listen.proxies:
        found.append(
            Notice(
                "Nobody in front of the node speaks TLS, as far as listen.proxies says.",
                "Name your proxy there, so that limits hold for each caller and not for all together.",
            )
        )
    if not settings.listen.peers:
        found.append(Notice("No other node is let in.", "Set listen.peers."))
    if not settings.contact:
        found.append(Notice("Nobody can see whom to ask.", "Set contact to an address that is read."))
    if settings.listen.health and not is_loopback(settings.listen.health):
        found.append(
            Notice(
                "Whoever reaches listen.health sees how the seed is doing.",
                "Let it listen on 127.0.0.1, or shut it off from outside with a firewall.",
            )
        )
    return found


def host_and_port(text: str, option: str) -> tuple[str, int]:
    """The parts of HOST:PORT; raises `Problem`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > MAX_PORT:
        raise _wrong(f"{option}: “{text}” is not HOST:PORT")
    return host.strip("[]"), int(port)


def is_loopback(text: str) -> bool:
    """Whether HOST:PORT is this computer alone."""
    host, _ = host_and_port(text, "listen")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(settings: Settings) -> None:
    _check_words(settings)
    check_url(settings.url)
    for option in ("peers", "page", "health"):
        if address := str(getattr(settings.listen, option)):
            host_and_port(address, f"listen.{option}")
    if not settings.listen.page:
        raise _wrong("listen.page: it must not be empty")
    for proxy in settings.listen.proxies:
        _check_proxy(proxy)
    for source in settings.policy.sources:
        check_url(source, "policy.sources")
    decided = settings.decided()
    if both := decided.allowed & decided.blocked:
        raise _wrong(f"policy: {len(both)} stand in allow and in block")


def _check_words(settings: Settings) -> None:
    bounds = {
        "name": limits.MAX_NAME,
        "about": limits.MAX_SUMMARY,
        "contact": limits.MAX_TITLE,
    }
    for option, most in bounds.items():
        size = len(str(getattr(settings, option)).encode())
        if size > most:
            raise _wrong(f"{option}: {size} bytes, at most {most}")
    if not settings.name.strip():
        raise _wrong("name: it must not be empty")


def check_url(url: str, option: str = "url") -> None:
    """Raises `Problem` unless this is the address of a whole site, as people and nodes outside see it."""
    parts = urlsplit(url)
    is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment and not parts.username
    if parts.scheme not in SCHEMES or not parts.hostname or not url.isascii() or not is_bare:
        raise _wrong(f"{option}: “{url}” is not like https://seed.example.org")
    try:
        _ = parts.port
    except ValueError:
        raise _wrong(f"{option}: “{url}” has no port that there is") from None


def _check_proxy(proxy: str) -> None:
    try:
        ip_address(proxy)
    except ValueError:
        raise _wrong(f"listen.proxies: “{proxy}” is no IP address") from None


def _key(did: str) -> AuthorKey:
    try:
        return key_of(did)
    except RemoteProtocolError:
        raise _wrong(f"policy: “{did}” names no person: did:key:z6Mk…") from None


def _wrong(detail: str) -> Problem:
    return Problem(Code.SEED_FILE_WRONG, detail)
