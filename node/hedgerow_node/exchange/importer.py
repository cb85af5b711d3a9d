"""One door for every file of links: finds out what it is, decodes it and hands it to the importer for it.

The content decides first, the file's name second: people rename files, and browsers name exports as they like.
"""

import codecs
import re
from pathlib import PurePath

from hedgerow_node.exchange import bookmarks, markdown
from hedgerow_node.exchange.items import Parsed, Skipped, UnknownFormat
from hedgerow_protocol.codec import FORBIDDEN_TEXT

_SNIFFED = 4_096
"""Bytes, and characters, at the beginning from which charset and kind are told."""
_MOST_CONTROLS = _SNIFFED // 100
"""Control characters among them above which a file is no text."""

_NETSCAPE = re.compile(r"\s*(?:<!--.*?-->\s*)*<!doctype\s+netscape-bookmark-file", re.IGNORECASE | re.DOTALL)
_FOLDER = re.compile(r"<dl\b", re.IGNORECASE)
_ENTRY = re.compile(r"<dt>\s*<(?:a|h3)\b", re.IGNORECASE)
_WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head)\b", re.IGNORECASE)
_XML = re.compile(r"\s*<(?:\?xml|opml|rss|feed|rdf)\b", re.IGNORECASE)
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[{\]"])')
_MARKDOWN_LINK = re.compile(r"\]\([^\s)]|^ {0,3}\[[^\]\n]+\]:\s*\S|<https?://", re.MULTILINE)
_TEXT_NAMES = frozenset({"", ".markdown", ".md", ".mdown", ".mkd", ".text", ".txt"})

_DECLARED_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:\-]{1,40})", re.IGNORECASE)
# A page's charset is read as the wider one that browsers take it for. Only these: Python knows codecs besides
# that are no charsets of files.
_CHARSETS = {
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
    "tis-620": "cp874",
} | {
    name: name
    for name in ["big5hkscs", "cp874", "cp932", "cp949", "euc_jp", "gb18030", "koi8-r", "koi8-u"]
    + [f"cp{number}" for number in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)]
    + [f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)]
}
_FIRST_ESCAPE = 0xDC80
_SINGLE_BYTES = {
    _FIRST_ESCAPE + place: bytes([0x80 + place]).decode("cp1252", "replace") for place in range(0x80)
}
"""Each byte above ASCII that "surrogateescape" left undecoded, as windows-1252 reads it."""

_NOT_TEXT = (
    "This file is not text, so no links can be read from it.",
    "Export your bookmarks as an HTML file, or choose a list written in Markdown.",
)
_IS_JSON = (
    "This is a JSON file: perhaps a browser's backup of bookmarks, which is not meant for other programs.",
    "In the browser choose to export bookmarks as an HTML file, and bring that file.",
)
_IS_XML = (
    "This is an XML file, such as a list of feeds; link lists are not kept in it.",
    "Bring bookmarks exported as an HTML file, or a list written in Markdown.",
)
_IS_WEB_PAGE = (
    "This is a web page, not a file of exported bookmarks.",
    "Share its address instead; or in the browser choose to export bookmarks, and bring that file.",
)
_IS_UNKNOWN = (
    "This file is neither exported bookmarks nor a list written in Markdown.",
    "Export your bookmarks as an HTML file; or, if it is a Markdown list, give it a name that ends in .md.",
)


def parse(name: str, data: bytes) -> Parsed:
    """Read the file `name` that holds `data`; at least one link or one skipped entry comes out.

    Raises `UnknownFormat` when it is neither a bookmark file nor Markdown. The size is not limited here.
    """
    text = decode(data)
    if not text.strip():
        return Parsed((), (Skipped(1, "the file is empty: there is nothing to import", ""),), "")
    parsed = bookmarks.parse(text) if _is_bookmarks(name, text) else markdown.parse(text)
    if parsed.links or parsed.skipped:
        return parsed
    return Parsed((), (Skipped(1, "there are no links in this file: nothing to import", ""),), parsed.title)


def decode(data: bytes) -> str:
    """The text of a file, its line ends as line feeds.

    UTF-16 is known by its byte order mark. Then, in this order: UTF-8, the charset that a META tag declares,
    and UTF-8 with every byte that does not fit read as windows-1252.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = _decode_legacy(data)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode_legacy(data: bytes) -> str:
    declared = _DECLARED_CHARSET.search(data, 0, _SNIFFED)
    if declared is not None:
        try:
            charset = _CHARSETS.get(codecs.lookup(declared[1].decode("ascii")).name)
        except LookupError:
            charset = None
        if charset is not None:
            return data.decode(charset, "replace")
    # Byte by byte, so that one broken title does not spoil all others.
    return data.decode("utf-8-sig", "surrogateescape").translate(_SINGLE_BYTES)


def _is_bookmarks(name: str, text: str) -> bool:
    """Whether the text is a bookmark file rather than Markdown; `UnknownFormat` when it is neither."""
    head = text[:_SNIFFED]
    if len(FORBIDDEN_TEXT.findall(head)) > _MOST_CONTROLS:
        raise UnknownFormat(*_NOT_TEXT)
    if _NETSCAPE.match(head):
        return True
    if head.lstrip().startswith("<") and _FOLDER.search(head) and _ENTRY.search(head):
        return True
    for pattern, error in ((_JSON, _IS_JSON), (_XML, _IS_XML), (_WEB_PAGE, _IS_WEB_PAGE)):
        if pattern.match(head):
            raise UnknownFormat(*error)
    if _MARKDOWN_LINK.search(text) or PurePath(name).suffix.lower() in _TEXT_NAMES:
        return False
    raise UnknownFormat(*_IS_UNKNOWN)
