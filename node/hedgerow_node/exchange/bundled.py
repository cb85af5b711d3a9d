"""The small library that comes with Hedgerow, for looking around before anything of one's own is there.

It is a list of links in Markdown like any that somebody may bring in. It is only shown: nothing of it enters a library
unless its owner asks, and nothing of it is published unless they share it.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from hedgerow_node.addresses import thing_of
from hedgerow_node.exchange.items import ImportedLink

FILE = Path(__file__).with_name("look_around.md")
NAME = "The library that comes with Hedgerow"
"""What it is called where imports are listed."""
TAGS: Mapping[str, str] = MappingProxyType(
    {
        "العربية": "ar",
        "中文": "zh",
        "עברית": "he",
        "Español": "es",
        "Français": "fr",
        "Deutsch": "de",
        "हिन्दी": "hi",
        "Português": "pt",
        "日本語": "ja",
    }
)
"""From the headings that name a language to its tag; what stands under none of them is English."""


def content() -> bytes:
    """The list as a file, to be brought in."""
    return FILE.read_bytes()


@cache
def links() -> Mapping[str, ImportedLink]:
    """Every link by its thing, in the order of the list."""
    from hedgerow_node.exchange import importer  # with its parsers, which few runs of a node need

    return MappingProxyType({thing_of(link.address): link for link in importer.parse(NAME, content()).links})


def language_of(link: ImportedLink) -> str:
    """The tag of the language that a link's title and summary are in."""
    return next((TAGS[topic] for topic in link.topics if topic in TAGS), "en")
