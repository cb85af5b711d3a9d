"""Values of another shape than was asked for: what msgspec says of them, in words for people."""

import re

PLACED = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)
"""How msgspec says what is wrong, and where."""
SIGNS = (
    (" | null`", "`"),
    ("Expected `str` of length >= 1", "It must not be empty"),
    ("`int` <= ", "a whole number of at most "),
    ("`int` >= ", "a whole number of at least "),
    ("`int`", "a whole number"),
    ("`str`", "a text"),
    ("`bool`", "true or false"),
    ("`array`", "a list"),
    ("Object missing required field", "There is no field"),
    ("Object contains unknown field", "There is an unknown field"),
    ("Invalid enum value", "This is none of the values allowed:"),
)
"""Its signs, and the words for them; the longer ones first."""


def in_words(fault: str) -> str:
    """A fault of msgspec as `field: what was expected`."""
    found = PLACED.fullmatch(fault)
    words, field = (found[1], found[2]) if found else (fault, "")
    for sign, word in SIGNS:
        words = words.replace(sign, word)
    return f"{field}: {words[:1].lower()}{words[1:]}" if field else words
