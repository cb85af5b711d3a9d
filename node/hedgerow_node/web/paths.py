"""From things to paths of these pages and back, and addresses as people can read them.

A thing stands in a path as one segment, percent-encoded whole, and is read from the path as it was sent: a router
that decodes first would take an encoded slash for a real one.
"""

import re
import unicodedata
from urllib.parse import quote, unquote_to_bytes, urlencode, urlsplit

from aiohttp import web

from hedgerow_protocol.things import is_person, is_web_address

THING = "/thing/"
PERSON = "/people/"
TRAIL = "/trail/"
OUTSIDE_ASCII = re.compile("(?:%[89A-Fa-f][0-9A-Fa-f])+")
SHOWN_CATEGORIES = ("L", "M", "N", "P", "S")
"""Letters, marks, numbers, punctuation, symbols: what is not one of these stays encoded."""
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
"""Control characters, and signs that turn the direction of the text after them. Marks without reach (LRM, RLM) stay:
titles need them, and a page isolates what is foreign."""
PUNYCODE = "xn--"


def thing_path(thing: str, **query: str) -> str:
    """The page of a thing; of a person the one among people."""
    path = PERSON + quote(thing, safe=":") if is_person(thing) else THING + quote(thing, safe=":")
    return path + (f"?{urlencode(query)}" if query else "")


def trail_path(trail: str, **query: str) -> str:
    """The page of a trail, by the name of its message."""
    return path_with(TRAIL + quote(trail, safe=":"), **query)


def path_with(path: str, **query: str) -> str:
    """A path of ours with these fields behind it; empty ones are left out."""
    given = {name: value for name, value in query.items() if value}
    return path + (f"?{urlencode(given)}" if given else "")


def thing_in(request: web.Request, prefix: str = THING) -> str:
    """What stands behind `prefix` in the path of a request; not checked."""
    return unquote_to_bytes(request.rel_url.raw_path.removeprefix(prefix)).decode("utf-8", "replace")


def is_open(address: str | None) -> bool:
    """Whether a browser may be sent there: nothing but http and https is ever a link."""
    return address is not None and is_web_address(address)


def host_of(address: str) -> str:
    """The host of a web address in ASCII, with a port where it has one."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def is_disguised(address: str) -> bool:
    """Whether the host has letters beyond ASCII, some of which look like others."""
    return any(label.startswith(PUNYCODE) for label in host_of(address).split("."))


def readable(thing: str) -> str:
    """A thing as people read it: what was encoded only because it is not ASCII is decoded, except in a host."""
    if not is_web_address(thing):
        return clean(thing)
    return OUTSIDE_ASCII.sub(lambda found: _decoded(found[0]), thing)


def clean(text: str) -> str:
    """`text` without control characters and signs that turn its direction."""
    return STEERING.sub("", text)


def _decoded(encoded: str) -> str:
    try:
        text = unquote_to_bytes(encoded).decode("utf-8")
    except UnicodeDecodeError:
        return encoded
    return text if all(unicodedata.category(letter)[0] in SHOWN_CATEGORIES for letter in text) else encoded
