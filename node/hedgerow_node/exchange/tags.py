"""Sloppy HTML as a flat stream of tags and text, with line numbers.

Bookmark files leave most tags open, so there is no tree worth building, and people need the line of what was
skipped. Theory of operation: one pass from left to right that never goes back. Whatever a browser's tokenizer
would call an error ends the tag early and the text goes on; quotes that do not close on their line are taken
as plain characters. Every search either moves forward or is known in advance to fail, so the time is linear in
the length of the text whatever it holds (html.parser of Python 3.11 is quadratic in `<a <a <a`, and trees of
HTML parsers in the depth of nested lists).
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = re.compile(r"<(/?)([a-zA-Z][^\s/><]*)")
_ATTRIBUTE = re.compile(
    r"""[\s/]*([^\s/>=<][^\s/>=<]*)(?:\s*=\s*(?:"([^"\n]*)"|'([^'\n]*)'|["']?([^\s>]*)))?"""
)
_END = re.compile(r"[\s/]*(?:>|(?=<))")
_STRAY = re.compile(r"[\s/]*=?")
# A reference without semicolon stays as it is: in an address, `&copy=1` is a parameter and no copyright sign.
# The lengths keep long runs of digits from the conversion to a number.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


@dataclass(frozen=True, slots=True)
class StartTag:
    """`<name …>`; `name` and the attributes' names are in lower case, of repeated attributes the first holds."""

    name: str
    attributes: dict[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class EndTag:
    """`</name>`, whether or not such a tag is open."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Text:
    """What stands between two tags; references such as `&amp;` are replaced."""

    text: str


@dataclass(frozen=True, slots=True)
class CutOff:
    """The text ended inside the tag that begins at `line`."""

    line: int


Piece = StartTag | EndTag | Text | CutOff


def scan(text: str) -> Iterator[Piece]:
    """The tags and texts of `text` (line ends as line feeds) in order; comments and declarations are dropped."""
    return _Scanner(text).run()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._line = 1
        self._counted = 0
        self._last_comment_end = text.rfind("-->")

    def run(self) -> Iterator[Piece]:
        while (start := self._text.find("<", self._position)) != -1:
            if start > self._position:
                yield Text(_unescape(self._text[self._position : start]))
            self._position = start
            piece = self._markup()
            if piece is not None:
                yield piece
        if self._position < len(self._text):
            yield Text(_unescape(self._text[self._position :]))

    def _markup(self) -> Piece | None:
        named = _NAME.match(self._text, self._position)
        if named is not None:
            return self._tag(named)
        if self._text.startswith(("<!", "<?"), self._position):
            self._skip_declaration()
            return None
        self._position += 1
        return Text("<")

    def _tag(self, named: re.Match[str]) -> Piece:
        line = self._line_of(named.start())
        attributes: dict[str, str] = {}
        self._position = named.end()
        while (end := _END.match(self._text, self._position)) is None:
            found = _ATTRIBUTE.match(self._text, self._position)
            if found is not None:
                value = next((one for one in found.groups()[1:] if one is not None), "")
                attributes.setdefault(found[1].lower(), _unescape(value))
                self._position = found.end()
                continue
            stray = _STRAY.match(self._text, self._position)
            self._position = stray.end() if stray is not None else len(self._text)
            if self._position == len(self._text):
                return CutOff(line)
        self._position = end.end()
        name = named[2].lower()
        return EndTag(name, line) if named[1] else StartTag(name, attributes, line)

    def _skip_declaration(self) -> None:
        start = self._position
        if self._text.startswith("<!--", start) and start < self._last_comment_end:
            # From the third character: `<!-->` is a whole comment.
            self._position = self._text.find("-->", start + len("<!")) + len("-->")
            return
        end = self._text.find(">", start)
        self._position = len(self._text) if end == -1 else end + 1

    def _line_of(self, position: int) -> int:
        self._line += self._text.count("\n", self._counted, position)
        self._counted = position
        return self._line


def _unescape(text: str) -> str:
    if "&" not in text:
        return text
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
