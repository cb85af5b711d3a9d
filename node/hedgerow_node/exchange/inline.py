"""The inline tokens of Markdown as plain parts: words and links, in the order of the source.

Emphasis and HTML tags vanish, `<a href>` is a link like Markdown's own, an address that stands bare in the text
becomes a link, a link within the document (`#part`) becomes words, and pictures are dropped together with links
around nothing but a picture (badges).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from markdown_it.token import Token

from hedgerow_node.exchange.tags import EndTag, StartTag, Text, scan

_BARE_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9])https?://[^\s<>\"`，。；：！？、（）【】《》「」『』“”]+", re.IGNORECASE
)
_TRAILING = ".,:;!?'*_~"


@dataclass(frozen=True, slots=True)
class Words:
    """Text outside of links."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link with the text it shows; `line` counts from 1."""

    address: str
    title: str
    line: int


@dataclass(frozen=True, slots=True)
class LineEnd:
    """The source goes on in its next line."""


@dataclass(frozen=True, slots=True)
class Column:
    """The next cell of a row begins, under the heading `name`."""

    name: str


Part = Words | Link | LineEnd | Column


def read_inline(children: Iterable[Token], line: int) -> list[Part]:
    """The parts of one run of inline tokens that begins at `line`."""
    reader = _InlineReader(line)
    for token in children:
        reader.read(token)
    return reader.finish()


def links_of_html(source: str, line: int) -> list[Link]:
    """The links of a block of HTML that begins at `line`, without those around a picture."""
    reader = _InlineReader(line)
    reader.read_html(source)
    return [part for part in reader.finish() if isinstance(part, Link)]


class _InlineReader:
    """`_plain` is text in which bare addresses are still to be found; `_open` the link being read."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._parts: list[Part] = []
        self._plain: list[str] = []
        self._open: _OpenLink | None = None

    def read(self, token: Token) -> None:
        match token.type:
            case "text" | "text_special":
                self._text(token.content)
            case "code_inline":
                self._code(token.content)
            case "softbreak" | "hardbreak":
                self._end_line()
            case "link_open":
                self._begin(str(token.attrGet("href") or ""), automatic=token.info == "auto")
            case "link_close":
                self._close()
            case "image" if self._open is not None:
                self._open.pictured = True
            case "html_inline":
                self.read_html(token.content)

    def finish(self) -> list[Part]:
        self._close()
        self._settle()
        return self._parts

    def _text(self, text: str) -> None:
        (self._plain if self._open is None else self._open.title).append(text)

    def _code(self, code: str) -> None:
        if self._open is not None:
            self._open.title.append(code)
        else:
            self._settle()
            self._parts.append(Words(code))

    def _end_line(self) -> None:
        if self._open is not None:
            self._open.title.append(" ")
        else:
            self._settle()
            self._parts.append(LineEnd())
        self._line += 1

    def read_html(self, source: str) -> None:
        """Read HTML that begins at the reader's line; of its text only what links show is kept."""
        self._settle()
        first = self._line
        for piece in scan(source):
            match piece:
                case StartTag("a", attributes, line) if "href" in attributes:
                    self._line = first + line - 1
                    self._begin(attributes["href"], automatic=False)
                case EndTag("a"):
                    self._close()
                case StartTag("br"):
                    self._text(" ")
                case StartTag("img") if self._open is not None:
                    self._open.pictured = True
                case Text(text) if self._open is not None:
                    self._open.title.append(text)
        self._line = first + source.count("\n")

    def _begin(self, address: str, *, automatic: bool) -> None:
        self._close()
        if not address.startswith("#"):
            self._settle()
            self._open = _OpenLink(address, automatic, self._line)

    def _close(self) -> None:
        link, self._open = self._open, None
        if link is None:
            return
        title = "".join(link.title)
        # `<std::vector>` is an address to Markdown, but to nobody else.
        if link.automatic and not _BARE_ADDRESS.match(link.address):
            self._parts.append(Words(title))
        elif title.strip() or not link.pictured:
            self._parts.append(Link(link.address, title, link.line))

    def _settle(self) -> None:
        text, self._plain = "".join(self._plain), []
        done = 0
        for found in _BARE_ADDRESS.finditer(text):
            address = _without_punctuation(found[0])
            self._parts += [Words(text[done : found.start()]), Link(address, address, self._line)]
            done = found.start() + len(address)
        if done < len(text):
            self._parts.append(Words(text[done:]))


class _OpenLink:
    def __init__(self, address: str, automatic: bool, line: int) -> None:
        self.address = address
        self.automatic = automatic
        self.line = line
        self.title: list[str] = []
        self.pictured = False


def _without_punctuation(address: str) -> str:
    """A bare address without the sentence's signs at its end; a bracket stays if it was opened in the address."""
    address = address.rstrip(_TRAILING)
    unopened = address.count(")") - address.count("(")
    while unopened > 0 and address.endswith(")"):
        address = address[:-1].rstrip(_TRAILING)
        unopened -= 1
    return address
