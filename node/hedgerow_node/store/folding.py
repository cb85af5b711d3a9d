"""Folding: the one form in which texts and queries meet, so that spelling habits do not hide a text from a search.

Both sides go through `fold`. It takes away what writers leave out or vary, and nothing else: case, accents, Arabic
and Hebrew vowel points, the forms of alef, width, invisible joiners. The vowel signs of Thai and of the Indic
scripts are letters to their readers and stay, although Unicode files them with the accents.

Words are found by the spaces around them, which Chinese and Japanese do not write and Korean writes elsewhere.
Their signs are therefore set apart one by one: a word of any length is then a phrase of signs, and the index
finds even a single sign without reading every text. "C++" and "C#" become words, for an index has no signs.

The folded text is what the index holds, and it is stored: another version of Python, with another Unicode, may fold
differently, and a word can be taken out of the index only in the form in which it went in.
"""

import re
import unicodedata
from urllib.parse import unquote

from hedgerow_protocol.things import is_web_address

OPTIONAL_MARKS = (
    "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # accents
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew points and signs of recitation
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff"  # Arabic
    "\u0711\u0730-\u074a"  # Syriac
    "\u093c\u09bc\u0a3c\u0abc\u0b3c"  # the dot of Indic letters for foreign sounds
)
INVISIBLE = (
    "\u00ad\u034f\u061c\u0640\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
)
"""Soft hyphens, joiners, directions, variants, and the stroke that stretches an Arabic word."""
REMOVED = re.compile(f"[{OPTIONAL_MARKS}{INVISIBLE}]+")
CONTROLS = re.compile("[\x00-\x20\x7f-\x9f]+")

SPACELESS = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa"
    "\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c"
    "\uac00-\ud7fb\uf900-\ufaff\U00016fe0-\U00018cff\U0001aff0-\U0001b2ff\U0001f200"
    "\U00020000-\U0003ffff][\u3099\u309a]?"
)
"""One sign of a script that writes without spaces between words, or between a word and its endings."""

LETTERS = str.maketrans(
    {
        **dict.fromkeys("ٱٲٳ", "ا"),
        **dict.fromkeys("ىی\u06d2", "ي"),
        **dict.fromkeys("ةھہەۀۃ", "ه"),
        **dict.fromkeys("کڪ", "ك"),
        **{"ı": "i", "đ": "d", "ð": "d", "ø": "o", "ł": "l", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th"},
        **{"♯": "#", "’": "'", "ʼ": "'", "״": '"', "׳": "'"},
    }
)
"""Letters that stand for one another in writing, and that no rule of Unicode brings together."""
DIGITS = {
    zero + value: str(value)
    for zero in (
        0x660,
        0x6F0,
        0x966,
        0x9E6,
        0xA66,
        0xAE6,
        0xB66,
        0xBE6,
        0xC66,
        0xCE6,
        0xD66,
        0xE50,
        0xED0,
        0x1040,
    )
    for value in range(10)
}
LETTERS |= DIGITS

PLUSES = re.compile(r"(?<=[^\W\d_])\+\+")
SHARP = re.compile(r"(?<![^\W_])([^\W\d_])#")


def sound(text: str) -> str:
    """`text` with a question mark for each half of a surrogate pair, which no file can hold."""
    return text.encode(errors="replace").decode()


def fold(text: str) -> str:
    """The folded form of `text`; folding it once more changes nothing that a search would see.

    Control characters become spaces.
    """
    folded = text.lower() if text.isascii() else _fold_letters(text)
    if "++" in folded:
        folded = PLUSES.sub("plusplus ", folded)
    if "#" in folded:
        folded = SHARP.sub(r"\1sharp ", folded)
    return folded if folded.isprintable() else CONTROLS.sub(" ", folded)


def _fold_letters(text: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = unicodedata.normalize("NFC", REMOVED.sub("", apart).translate(LETTERS))
    spaced, signs = SPACELESS.subn(r" \g<0> ", bare)
    return " ".join(spaced.split()) if signs else bare


def fold_address(thing: str) -> str:
    """The words of an address, folded: what people remember of it. Empty for a key or a message."""
    if thing.startswith(("did:", "hedgerow:")):
        return ""
    words = thing.partition("//")[2] if is_web_address(thing) else thing.partition(":")[2]
    return fold(unquote(words, errors="replace"))


def trim(folded: str) -> str:
    """A folded word without the punctuation around it; empty when there is neither letter nor digit in it."""
    places = [place for place, sign in enumerate(folded) if unicodedata.category(sign)[0] in "LNM"]
    return folded[places[0] : places[-1] + 1] if places else ""


def foreign_words(folded: str) -> list[str]:
    """The words of a folded text that have letters beyond ASCII."""
    return [] if folded.isascii() else [word for word in folded.split() if not word.isascii()]
