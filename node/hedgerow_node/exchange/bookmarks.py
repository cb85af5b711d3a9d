"""Bookmarks as browsers and bookmark services export them: the "Netscape bookmark file", which is sloppy HTML.

    <DL><p>
        <DT><H3>Folder</H3>
        <DL><p>
            <DT><A HREF="https://…" ADD_DATE="1700000000" TAGS="one,two words">Title</A>
            <DD>A note, until the next tag that begins something
        </DL><p>
    </DL><p>

There is no standard; the rules here follow the exports of Firefox, Chromium, Safari, Delicious, Pinboard,
linkding and Shaarli. `<DL>` opens the folder that the last `<H3>` named and `</DL>` closes it; every other tag
may be missing. Folder notes, icons and private flags are dropped: an import is private as a whole.
"""

from typing import assert_never

from hedgerow_node.exchange.items import Harvest, Parsed, fold_topics
from hedgerow_node.exchange.tags import CutOff, EndTag, Piece, StartTag, Text, scan

_SPACING = frozenset({"br", "div", "li", "p"})
_SECONDS_DIGITS = 11
_MILLISECONDS_DIGITS = 14
_MICROSECONDS_DIGITS = 17


def parse(text: str) -> Parsed:
    """Read a bookmark file; `text` has line feeds as line ends. Never fails: what is no entry is passed over."""
    reader = _Reader()
    for piece in scan(text):
        reader.read(piece)
    return reader.finish()


class _Entry:
    def __init__(self, tag: StartTag) -> None:
        self.tag = tag
        self.title: list[str] = []
        self.note: list[str] = []


class _Reader:
    """The open folders, the entry being read, and `_into`: the list that takes the text at this place, if any."""

    def __init__(self) -> None:
        self._harvest = Harvest()
        self._title: list[str] = []
        self._heading: list[str] = []
        self._folder: list[str] = []
        # Whole paths, not names: the path of a link in the ten-thousandth folder must not cost ten thousand steps.
        self._paths: list[tuple[str, ...]] = [()]
        self._entry: _Entry | None = None
        self._into: list[str] | None = None

    def read(self, piece: Piece) -> None:
        match piece:
            case Text():
                if self._into is not None:
                    self._into.append(piece.text)
            case StartTag():
                self._start(piece)
            case EndTag():
                self._end(piece.name)
            case CutOff():
                self._harvest.skip(piece.line, "the file ends in the middle of an entry", "")
            case _:
                assert_never(piece)

    def finish(self) -> Parsed:
        self._close_entry()
        return self._harvest.parsed(" ".join("".join(self._title).split()) or "".join(self._heading))

    def _start(self, tag: StartTag) -> None:
        match tag.name:
            case "a":
                self._start_link(tag)
            case "dd":
                self._into = None if self._entry is None else self._entry.note
            case "dl":
                self._open_folder()
            case "h3":
                self._close_entry()
                self._into = self._folder = []
            case "dt" | "hr":
                self._close_entry()
            case "title":
                self._into = self._title
            case "h1":
                self._into = self._heading
            case name if name in _SPACING and self._into is not None:
                self._into.append(" ")

    def _end(self, name: str) -> None:
        entry = self._entry
        match name:
            case "dl":
                self._close_entry()
                if len(self._paths) > 1:
                    self._paths.pop()
            case "a" if entry is not None and self._into is entry.title:
                self._into = None
            case "h1" | "h3" | "title":
                self._into = None

    def _start_link(self, tag: StartTag) -> None:
        in_note = self._entry is not None and self._into is self._entry.note
        # A link inside a note is part of the note; only entries carry a date.
        if in_note and "add_date" not in tag.attributes:
            return
        self._close_entry()
        self._folder = []
        self._entry = _Entry(tag)
        self._into = self._entry.title

    def _open_folder(self) -> None:
        self._close_entry()
        self._paths.append(fold_topics([*self._paths[-1], "".join(self._folder)]))
        self._folder = []

    def _close_entry(self) -> None:
        entry, self._entry, self._into = self._entry, None, None
        if entry is None:
            return
        attributes = entry.tag.attributes
        self._harvest.take(
            attributes.get("href", ""),
            "".join(entry.title),
            "".join(entry.note),
            [*self._paths[-1], *attributes.get("tags", "").split(",")],
            entry.tag.line,
            _unix_seconds(attributes.get("add_date", "")),
        )


def _unix_seconds(written: str) -> int | None:
    """The moment that ADD_DATE names in seconds, milliseconds or microseconds, told apart by their length."""
    digits = written.strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) >= _MICROSECONDS_DIGITS:
        return None
    number = int(digits)
    if len(digits) >= _MILLISECONDS_DIGITS:
        number //= 10**6
    elif len(digits) >= _SECONDS_DIGITS:
        number //= 10**3
    return number or None
