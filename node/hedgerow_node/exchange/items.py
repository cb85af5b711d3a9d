"""What every importer yields: links to bring in, and what was left out with the reason.

Texts arrive from strangers' files, so `Harvest` cleans and cuts them to what the wire allows; a link that it
keeps can be published without a further check of its text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hedgerow_node.addresses import parse_address
from hedgerow_protocol import limits, things
from hedgerow_protocol.codec import FORBIDDEN_TEXT
from hedgerow_protocol.errors import HedgerowError, LocalProtocolError

MAX_ITEMS = 100_000
"""Links of one file, and skipped entries of one file: a few bytes of input make one, and each takes about a
kilobyte of memory."""

_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_SHARED = frozenset({"arxiv", "doi", "http", "https", "isbn"})
_WHY_NOT = {
    "place": "a search saved in the browser, not a page",
    "javascript": "a small program (bookmarklet), not a page",
    "data": "a page packed into its own address; nobody else could open it by a link",
    "file": "a file on one computer; nobody else could open it",
    "mailto": "a mail address, not a page",
} | dict.fromkeys(
    ["about", "brave", "chrome", "chrome-extension", "edge", "moz-extension", "opera", "resource", "vivaldi"],
    "a page inside the browser itself",
)


class UnknownFormat(HedgerowError):
    """The file is of no kind that can be imported; nothing was read from it.

    `title` says in plain words what the file seems to be, `next_step` what the person can do.
    """

    code = "HG-I01"

    def __init__(self, title: str, next_step: str) -> None:
        super().__init__(f"{title} {next_step}")
        self.title = title
        self.next_step = next_step


@dataclass(frozen=True, slots=True)
class ImportedLink:
    """One link of the file."""

    address: str
    """As written, without white space around it: a web address or a doi:, isbn: or arxiv: identifier;
    `things.canonical_thing` accepts it."""
    title: str
    """1 to `limits.MAX_TITLE` bytes; the address when the file gives none."""
    summary: str
    """The note beside the link, 0 to `limits.MAX_SUMMARY` bytes."""
    topics: tuple[str, ...]
    """Folders or headings, outermost first, then tags: at most `limits.MAX_TOPICS`, none empty, no repeats."""
    line: int
    """Where the link begins in the file, from 1."""
    added: int | None
    """Unix seconds, as the file claims."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One entry that was left out, or one fact about the file that a person should know."""

    line: int
    why: str
    """In plain words."""
    text: str
    """What stands there, for recognition; at most `limits.MAX_TITLE` bytes."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """All that one file holds, in the order of the file."""

    links: tuple[ImportedLink, ...]
    skipped: tuple[Skipped, ...]
    title: str
    """What the file calls itself; may be empty."""


def fold(text: str, most: int) -> str:
    """`text` on one line without forbidden control characters, cut to `most` bytes between two characters."""
    text = FORBIDDEN_TEXT.sub(lambda found: " " if found[0].isspace() else "", text)
    words = things.SURROGATE.sub("", text).split()
    # "ignore" drops half a character at the cut.
    return " ".join(words).encode()[:most].decode("utf-8", "ignore").rstrip()


def fold_topics(names: Iterable[str]) -> tuple[str, ...]:
    """`names` as topics: cleaned, without empty ones and repeats (see `things.fold_topic`)."""
    topics: dict[str, str] = {}
    for name in names:
        # Topics are compared as text, so an invisible mark would make two of what looks like one.
        topic = fold(_DIRECTION_MARKS.sub("", name), limits.MAX_TOPIC)
        if topic:
            topics.setdefault(things.fold_topic(topic), topic)
        if len(topics) == limits.MAX_TOPICS:
            break
    return tuple(topics.values())


def clean_address(written: str) -> str:
    """`written` as a browser reads it: no white space around it, no tabs, line ends and control characters."""
    return FORBIDDEN_TEXT.sub("", written).replace("\t", "").replace("\n", "").strip()


def fault_of(address: str) -> str | None:
    """Why a cleaned `address` cannot be imported, in plain words; None when it can."""
    if not address:
        return "there is no address"
    found = _SCHEME.match(address)
    if found is None:
        return "not a full address: it does not begin with http:// or https://"
    scheme = found[1].lower()
    if scheme not in _SHARED:
        told = fold(scheme, limits.MAX_WORD)
        return _WHY_NOT.get(scheme, f"not a web page: the address begins with {told}:")
    try:
        things.canonical_thing(address, parse_address)
    except LocalProtocolError as error:
        return _fault_of_thing(address, str(error))
    return None


def _fault_of_thing(address: str, told: str) -> str:
    if not things.is_web_address(address.lower()):
        return told
    if parse_address(address) is None:
        return "the address is mistyped: no browser could open it"
    return f"the address is longer than {limits.MAX_THING} bytes"


class Harvest:
    """Collects what an importer finds; texts may be raw, what comes out is clean and within the limits."""

    def __init__(self) -> None:
        self._links: list[ImportedLink] = []
        self._skipped: list[Skipped] = []
        self._full = False
        self._last_summary = ("", "")

    def take(
        self,
        written: str,
        title: str,
        summary: str,
        topics: Iterable[str],
        line: int,
        added: int | None = None,
    ) -> None:
        """Keep a link, or skip it when its address cannot be imported."""
        address = clean_address(written)
        fault = fault_of(address)
        if fault is not None:
            self.skip(line, fault, f"{title} <{address}>" if address else title)
        elif len(self._links) == MAX_ITEMS:
            self._skip_rest(line)
        else:
            name = fold(title, limits.MAX_TITLE) or fold(address, limits.MAX_TITLE)
            about = self._fold_summary(summary)
            self._links.append(ImportedLink(address, name, about, fold_topics(topics), line, added))

    def skip(self, line: int, why: str, text: str) -> None:
        """Note that what stands at `line` was left out; beyond `MAX_ITEMS` notes it is not noted."""
        if len(self._skipped) < MAX_ITEMS:
            self._skipped.append(Skipped(line, why, fold(text, limits.MAX_TITLE)))

    def parsed(self, title: str) -> Parsed:
        """What was collected so far, of a file that calls itself `title`."""
        return Parsed(tuple(self._links), tuple(self._skipped), fold(title, limits.MAX_TITLE))

    def _fold_summary(self, summary: str) -> str:
        # The many links of one long passage have the same summary: it is folded once and kept once.
        if summary is not self._last_summary[0]:
            self._last_summary = (summary, fold(summary, limits.MAX_SUMMARY))
        return self._last_summary[1]

    def _skip_rest(self, line: int) -> None:
        # Said once, and even when there is no room for another note.
        if not self._full:
            self._full = True
            why = f"one import holds {MAX_ITEMS} links; bring the rest in a second file"
            self._skipped.append(Skipped(line, why, ""))
