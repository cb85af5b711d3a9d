"""The words of the pages go through one door, so that a catalogue can put them into another language.

Texts are English where they are written, and translated where they are shown. `_` and `several` are gettext's calls
under the names by which extraction tools find them; `marked` notes a text that stands in a table.
"""

import gettext

DIRECTIONS = {"ar": "rtl", "fa": "rtl", "he": "rtl", "ur": "rtl"}
LANGUAGE = "en"
DIRECTION = DIRECTIONS.get(LANGUAGE, "ltr")
CATALOGUE: gettext.NullTranslations = gettext.NullTranslations()


def _(text: str) -> str:
    """`text` in the language of the pages."""
    return CATALOGUE.gettext(text)


def several(one: str, many: str, count: int) -> str:
    """The form of a text that fits `count`; `%(num)d` in it stays for the caller to fill."""
    return CATALOGUE.ngettext(one, many, count)


def marked(text: str) -> str:
    """`text` as it is: it stands in a table and is translated where it is shown."""
    return text
