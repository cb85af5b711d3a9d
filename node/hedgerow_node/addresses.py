"""From what people type to things: the WHATWG parser, and forgiving words around it (specs/04-things.md)."""

import re

from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import things
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, key_of

BARE_ADDRESS = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d{1,5})?(?:[/?#]\S*)?")
"""An address without its scheme, as people write it: example.org/page."""
BARE_DOI = re.compile(r"10\.\d{4,9}/\S+")
SHOWN = 80
"""Letters of somebody's input that an error repeats."""


def parse_address(text: str) -> str | None:
    """The WHATWG serialisation of a web address, or None where the standard fails."""
    import ada_url  # a node at rest has no use for it, and it takes a megabyte

    try:
        return ada_url.URL(text).href
    except ValueError:
        return None


def thing_of(text: str) -> str:
    """The canonical thing that `text` names; raises `Problem`.

    A bare `example.org/page` is taken as https, a bare DOI as doi:.
    """
    words = text.strip()
    try:
        return things.canonical_thing(_with_scheme(words), parse_address)
    except LocalProtocolError as error:
        raise Problem(Code.NOT_A_THING, f"“{shorten(words)}”: {error}") from None
    except UnicodeEncodeError:
        raise Problem(Code.NOT_A_THING, "the text has letters that UTF-8 cannot hold") from None


def person_of(text: str) -> AuthorKey:
    """The key of the person that `text` names, as did:key; raises `Problem`."""
    try:
        return key_of(text.strip())
    except RemoteProtocolError as error:
        raise Problem(Code.NOT_A_PERSON, f"“{shorten(text)}” {error.detail}") from None


def shorten(text: str) -> str:
    """`text` on one line and short enough to stand in an error; what cannot be printed is escaped."""
    line = "".join([letter if letter.isprintable() else " " for letter in text])
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def _with_scheme(words: str) -> str:
    if BARE_DOI.fullmatch(words):
        return "doi:" + words
    if BARE_ADDRESS.fullmatch(words):
        return "https://" + words
    return words
