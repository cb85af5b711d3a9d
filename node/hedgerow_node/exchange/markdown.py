"""Link lists written in Markdown: awesome lists, reading lists, course tables, notes with addresses.

Blocks are read here, what is inside of one by `passages`. Headings, and list items that have no link of their
own, are the topics of what stands below them; a first heading above all others is the document's title. The
links of list items, table rows and headings are imported, and of a paragraph those lines that are there for
their link; links in running text and in HTML blocks are skipped with that reason, links within the document (a
table of contents) and pictures without a word.
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from hedgerow_node.exchange.inline import LineEnd, Link, Part, links_of_html, read_inline
from hedgerow_node.exchange.items import Harvest, Parsed, clean_address, fault_of, fold
from hedgerow_node.exchange.passages import (
    harvest_passage,
    has_link,
    is_entry,
    lines_of,
    read_row,
    words_of,
)
from hedgerow_protocol import limits

MAX_NESTING = 60
"""Open blocks within each other, of which a list is two: what is deeper is left out, for the parser recurses."""
MAX_INLINE_NESTING = 20
MAX_PASSAGE = 16_384
"""Characters of one paragraph, item or cell. The slowest input takes 20 microseconds a character, and no link
with its note is that long."""

_FRONT_MATTER = re.compile(r"---\n(?=[\w-]+:)(?:.*\n){1,200}?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FRONT_TITLE = re.compile(r"""^title:[ \t]*["']?(.*?)["']?[ \t]*$""", re.MULTILINE)
_DESCRIPTION = re.compile(r"\s[-–—]\s")
_LETTER = re.compile(r"[^\W\d_]")
_IN_RUNNING_TEXT = "a link in running text; only lists, tables and lines that begin with a link are imported"
_IN_HTML = "written as HTML inside the Markdown; only Markdown links are imported"
_TOO_LONG = f"one line longer than {MAX_PASSAGE} characters"
_TOO_DEEP = f"nested deeper than {MAX_NESTING} levels"


def parse(text: str) -> Parsed:
    """Read a Markdown document; `text` has line feeds as line ends. Every text is Markdown, so it never fails."""
    front = _FRONT_MATTER.match(text)
    if front is None:
        return _Reader("").read(text)
    named = _FRONT_TITLE.search(front[0])
    # Its lines stay, empty, so that the lines below keep their numbers.
    blank = "\n" * front[0].count("\n")
    return _Reader(named[1] if named else "").read(blank + text[front.end() :])


class _Parser(MarkdownIt):
    """CommonMark with tables, addresses kept as they are written.

    The original refuses javascript: and data: links, so that they would vanish without a reason, and
    percent-encodes the others; nothing is rendered here that could run.
    """

    def validateLink(self, url: str) -> bool:
        return True

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link


def _parser(nesting: int) -> MarkdownIt:
    parser = _Parser("commonmark", {"maxNesting": nesting}).enable("table")
    # The inline parser is run by hand, on passages of bounded length.
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


_BLOCKS = _parser(MAX_NESTING)
_INLINES = _parser(MAX_INLINE_NESTING)


class _Item:
    """An open list item: its own parts so far, and the topic it is for its sublists if it has no link."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.label = ""
        self.linked = False


class _Reader:
    """One walk over the flat list of block tokens."""

    def __init__(self, title: str) -> None:
        self._harvest = Harvest()
        self._references: dict[str, object] = {}
        self._title = title
        self._title_heading: Token | None = None
        self._heading: Token | None = None
        self._headings: list[tuple[str, str]] = []
        self._items: list[_Item] = []
        self._columns: list[str] = []
        self._row: list[list[Part]] | None = None
        self._in_head = False
        self._told_depth = False

    def read(self, text: str) -> Parsed:
        tokens = _BLOCKS.parse(text, self._references)
        self._title_heading = _title_heading(tokens)
        for token in tokens:
            self._read(token)
        return self._harvest.parsed(self._title)

    def _read(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._read_inline(token)
            case "heading_open" if token.level == 0:
                self._heading = token
            case "heading_close":
                self._heading = None
            case "list_item_open":
                self._settle_item()
                self._items.append(_Item())
            case "list_item_close":
                self._settle_item()
                self._items.pop()
            case "thead_open" | "thead_close":
                self._in_head = token.nesting == 1
            case "tr_open":
                self._settle_item()
                self._row = []
            case "tr_close":
                self._settle_row()
            case "html_block":
                self._skip_html(token)
        if token.nesting == 1 and token.level >= MAX_NESTING - 1:
            self._tell_depth(token)

    def _read_inline(self, token: Token) -> None:
        parts = self._parts_of(token)
        if self._row is not None:
            self._row.append(parts)
        elif self._heading is not None:
            self._settle_heading(self._heading, parts)
        elif self._items:
            self._items[-1].parts += [*parts, LineEnd()]
        else:
            self._read_paragraph(parts)

    def _parts_of(self, token: Token) -> list[Part]:
        parts: list[Part] = []
        for source, line in _chunks(token.content, _line_of(token)):
            if len(source) > MAX_PASSAGE:
                self._harvest.skip(line, _TOO_LONG, source[:MAX_PASSAGE])
                continue
            children: list[Token] = []
            _INLINES.inline.parse(source, _INLINES, self._references, children)
            parts += [*read_inline(children, line), LineEnd()]
        return parts[:-1]

    def _settle_heading(self, heading: Token, parts: list[Part]) -> None:
        while self._headings and self._headings[-1][0] >= heading.tag:
            self._headings.pop()
        harvest_passage(parts, self._topics(), self._harvest)
        text = fold(words_of(parts), limits.MAX_TOPIC)
        if heading is self._title_heading:
            self._title = self._title or text
        else:
            self._headings.append((heading.tag, text))

    def _settle_item(self) -> None:
        """Hand on what the innermost open item holds so far: a sublist or its end follows."""
        if not self._items:
            return
        item = self._items[-1]
        parts, item.parts = item.parts, []
        item.linked = item.linked or has_link(parts)
        if item.linked:
            item.label = ""
            harvest_passage(parts, self._topics(), self._harvest)
        elif not item.label:
            item.label = _label_of(words_of(parts))

    def _settle_row(self) -> None:
        row, self._row = self._row or [], None
        names = [] if self._in_head else self._columns
        harvest_passage(read_row(row, names), self._topics(), self._harvest)
        if self._in_head:
            self._columns = [fold(words_of(cell), limits.MAX_WORD) for cell in row]

    def _read_paragraph(self, parts: list[Part]) -> None:
        entry: list[Part] = []
        after_words = False
        for line in lines_of(parts):
            if is_entry(line, after_words=after_words):
                harvest_passage(entry, self._topics(), self._harvest)
                entry = line
            elif entry and not after_words:
                entry += [LineEnd(), *line]
            else:
                after_words = True
                self._skip_running_text(line)
        harvest_passage(entry, self._topics(), self._harvest)

    def _skip_running_text(self, line: list[Part]) -> None:
        for part in line:
            if isinstance(part, Link):
                why = fault_of(clean_address(part.address)) or _IN_RUNNING_TEXT
                self._harvest.skip(part.line, why, f"{part.title} <{part.address}>")

    def _skip_html(self, token: Token) -> None:
        for link in links_of_html(token.content, _line_of(token)):
            self._harvest.skip(link.line, _IN_HTML, f"{link.title} <{link.address}>")

    def _topics(self) -> list[str]:
        return [text for _, text in self._headings] + [item.label for item in self._items]

    def _tell_depth(self, token: Token) -> None:
        if not self._told_depth:
            self._told_depth = True
            self._harvest.skip(_line_of(token), _TOO_DEEP, "")


def _title_heading(tokens: Sequence[Token]) -> Token | None:
    """The first heading if it stands above all others: it names the document and is no topic in it."""
    headings = [token for token in tokens if token.type == "heading_open" and token.level == 0]
    if not headings or any(other.tag <= headings[0].tag for other in headings[1:]):
        return None
    return headings[0] if headings[0].tag == "h1" or len(headings) > 1 else None


def _chunks(content: str, line: int) -> Iterator[tuple[str, int]]:
    """`content` in runs of whole lines of at most `MAX_PASSAGE` characters, or one longer line alone."""
    start = 0
    while len(content) - start > MAX_PASSAGE:
        end = content.rfind("\n", start, start + MAX_PASSAGE + 1)
        if end == -1:
            end = content.find("\n", start)
        if end == -1:
            break
        yield content[start:end], line
        line += content.count("\n", start, end + 1)
        start = end + 1
    yield content[start:], line


def _label_of(text: str) -> str:
    """An item's text as a topic: `macOS - what it is` is macOS, `0 - Basics` stays as it is."""
    description = _DESCRIPTION.search(text)
    if description is not None and _LETTER.search(text[: description.start()]):
        text = text[: description.start()]
    # Cut at once: it is cleaned again for every link below it.
    return fold(text.strip().removesuffix(":"), limits.MAX_TOPIC)


def _line_of(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1
