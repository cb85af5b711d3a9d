"""Things: what anyone can point at, as one string `scheme:…`, and the form that senders give it.

Whether a thing is in canonical form is never a ground to refuse a message, because two libraries differ on
awkward addresses; receivers index the form that they compute themselves (specs/04-things.md). The WHATWG
parser enters as an argument: the rules after it are ours, the parser is a library of the caller.
"""

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, unquote

from hedgerow_protocol import base58, codec, limits
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from hedgerow_protocol.keys import key_of
from hedgerow_protocol.shape import as_text, out_of_range

AddressParser = Callable[[str], str | None]
"""The WHATWG serialisation of a web address, or None where the standard fails."""

ADDRESS_RULES = 1
"""The version of the rules below; an index remembers under which version it was made."""

TRACKING = frozenset(
    {
        *("fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "igshid"),
        *("mc_cid", "mc_eid", "_hsenc", "_hsmi", "mkt_tok", "oly_anon_id", "oly_enc_id", "vero_id"),
        *("wickedid", "__s", "s_cid", "ref_src", "ref_url"),
    }
)
"""Query parameters that name who shared or advertised a page, never which page it is."""
TRACKING_PREFIXES = ("utm_",)

SURROGATE = re.compile("[\ud800-\udfff]")
THING = re.compile("[a-z][a-z0-9+.-]*:[^\x00-\x20\x7f-\xa0]+")
WEB = re.compile("https?:[\x21-\x7e]+")
DOI = re.compile(r"10\.[0-9]{4,9}/[^\s\x00-\x20\x7f-\xa0]+")
DOI_HOSTS = ("https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/")
ARXIV = re.compile(r"([0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[A-Z]{2})?/[0-9]{7})(?:v[0-9]+)?")
ISBN10 = re.compile("[0-9]{9}[0-9X]")
ISBN13 = re.compile("97[89][0-9]{10}")
ARXIV_PAGE = re.compile(r"https?://(?:www\.)?arxiv\.org/(?:abs|pdf)/(.+?)(?:\.pdf)?")


def as_thing(value: object, what: str) -> str:
    """`value` as a thing of at most 2,048 bytes: scheme, colon, no white space; a web address in ASCII.

    Raises `RemoteProtocolError`. Canonical form is not checked, nor is the scheme known.
    """
    thing = as_text(value, what, limits.MAX_THING)
    if not THING.fullmatch(thing):
        raise out_of_range(f"{what} is not scheme:… without white space")
    if is_web_address(thing) and not WEB.fullmatch(thing):
        raise out_of_range(f"{what} is a web address that is not printable ASCII")
    return thing


def is_web_address(thing: str) -> bool:
    """Whether `thing` is an address that a browser opens."""
    return thing.startswith(("http:", "https:"))


def is_person(thing: str) -> bool:
    """Whether `thing` names a person (or a declared machine) by key."""
    return thing.startswith("did:key:")


def message_thing(message_id: bytes) -> str:
    """The thing that a message is: `hedgerow:` and its 32-byte id in base58btc."""
    return "hedgerow:" + base58.encode(message_id)


def message_id_of(thing: str) -> bytes | None:
    """The 32-byte message id that `thing` names, or None."""
    if not thing.startswith("hedgerow:"):
        return None
    try:
        decoded = base58.decode(thing.removeprefix("hedgerow:"))
    except RemoteProtocolError:
        return None
    return decoded if len(decoded) == 32 else None


def fold_topic(words: str) -> str:
    """The form in which two spellings of a topic are equal: NFKC, case folded, single spaces."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", words).casefold())
    return " ".join(folded.split())


def topic_thing(words: str) -> str:
    """The thing of a topic: `topic:` and its folded words, UTF-8 percent-encoded but for RFC 3986 unreserved."""
    return "topic:" + quote(fold_topic(words), safe="")


def topic_words(thing: str) -> str:
    """The folded words behind a `topic:` thing."""
    return unquote(thing.removeprefix("topic:"))


def canonical_thing(text: str, parse_address: AddressParser) -> str:
    """The canonical form of what a person typed or pasted.

    Raises `LocalProtocolError`, with words for that person, when it names no thing.
    """
    if SURROGATE.search(text):
        raise LocalProtocolError("this text holds half a character")
    text = text.strip()
    scheme, separator, rest = text.partition(":")
    scheme = scheme.lower()
    known = _IDENTIFIERS.get(scheme)
    if separator and known is not None:
        thing = known(rest.strip())
    elif scheme in ("http", "https"):
        thing = _from_web(text, parse_address)
    else:
        thing = text
    try:
        return as_thing(thing, "the thing")
    except RemoteProtocolError as error:
        raise LocalProtocolError(error.detail) from None


def canonical_address(text: str, parse_address: AddressParser) -> str:
    """The canonical web address: WHATWG form, then our rules, version `ADDRESS_RULES`."""
    href = parse_address(text.strip())
    if href is None or not is_web_address(href):
        raise LocalProtocolError("this is not a web address (http or https)")
    address, _, fragment = href.partition("#")
    address, mark, query = address.partition("?")
    address = _without_user(address)
    query = "&".join(pair for pair in query.split("&") if not _is_tracking(pair))
    address += mark + query if query else ""
    return address + "#" + fragment if fragment.startswith(("!", "/")) else address


def _from_web(text: str, parse_address: AddressParser) -> str:
    address = canonical_address(text, parse_address)
    name = _doi_name(address)
    if name is not None:
        return _doi(name)
    page = ARXIV_PAGE.fullmatch(address)
    if page and ARXIV.fullmatch(page[1]):
        return _arxiv(page[1])
    return address


def _doi_name(address: str) -> str | None:
    host = next((host for host in DOI_HOSTS if address.startswith(host)), None)
    if host is None:
        return None
    # What follows a question mark tells the resolver how to resolve, not what.
    path = address.removeprefix(host).partition("#")[0].partition("?")[0]
    try:
        name = unquote(path, errors="strict")
    except UnicodeDecodeError:
        return None
    return name if DOI.fullmatch(name) else None


def _without_user(address: str) -> str:
    scheme, _, rest = address.partition("//")
    authority, slash, path = rest.partition("/")
    return f"{scheme}//{authority.rpartition('@')[2]}{slash}{path}"


def _is_tracking(pair: str) -> bool:
    name = pair.partition("=")[0].lower()
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


def _doi(rest: str) -> str:
    if not DOI.fullmatch(rest):
        raise LocalProtocolError("a DOI looks like doi:10.1000/182")
    # Names of DOIs fold in ASCII only; beyond it, lower case depends on the version of Unicode.
    return "doi:" + rest.encode().lower().decode()


def _arxiv(rest: str) -> str:
    match = ARXIV.fullmatch(rest)
    if match is None:
        raise LocalProtocolError("an arXiv number looks like arxiv:1706.03762")
    return "arxiv:" + match[1]


def _isbn(rest: str) -> str:
    digits = rest.replace("-", "").replace(" ", "").upper()
    if ISBN10.fullmatch(digits) and _isbn10_holds(digits):
        digits = "978" + digits[:9]
        digits += str(-_isbn13_sum(digits) % 10)
    if not ISBN13.fullmatch(digits) or _isbn13_sum(digits) % 10:
        raise LocalProtocolError("an ISBN has 10 digits, or 13 from 978 or 979, and a check digit that fits")
    return "isbn:" + digits


def _isbn10_holds(digits: str) -> bool:
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum(value * weight for value, weight in zip(values, range(10, 0, -1), strict=True)) % 11 == 0


def _isbn13_sum(digits: str) -> int:
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))


def _did(rest: str) -> str:
    try:
        key_of("did:" + rest)
    except RemoteProtocolError as error:
        raise LocalProtocolError(f"this is no did:key of a person: {error.detail}") from None
    return "did:" + rest


def _message(rest: str) -> str:
    if message_id_of("hedgerow:" + rest) is None:
        raise LocalProtocolError("a message looks like hedgerow: and about 44 letters")
    return "hedgerow:" + rest


def _topic(rest: str) -> str:
    words = fold_topic(unquote(rest))
    if not words or codec.FORBIDDEN_TEXT.search(words):
        raise LocalProtocolError("a topic needs a word, and has no control characters")
    return topic_thing(words)


_IDENTIFIERS: dict[str, Callable[[str], str]] = {
    "doi": _doi,
    "arxiv": _arxiv,
    "isbn": _isbn,
    "did": _did,
    "hedgerow": _message,
    "topic": _topic,
}
