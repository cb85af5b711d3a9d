"""The words that people choose from, and those for the states of a link; it imports nothing, so it is quick to have."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

StanceName = Literal["for", "against", "limits"]
RoleName = Literal["comment", "question", "answer", "reflection"]
RelationName = Literal[
    "needs-first",
    "leads-to",
    "explains",
    "example-of",
    "practice-for",
    "part-of",
    "same-as",
    "newer-version",
    "translation-of",
    "supports",
    "opposes",
    "limits",
    "related",
]
ClaimName = Literal[
    "opens",
    "works-offline",
    "captions",
    "size",
    "account-needed",
    "still-right",
    "superseded-by",
]
TrailsOf = Literal["everyone", "followed", "mine"]
WithdrawalName = Literal["unsaid", "mistake", "outdated", "private", "rights"]

STATES: Mapping[str, str] = MappingProxyType(
    {
        "settled": "connected, you have the same",
        "syncing": "connected, comparing",
        "open": "connected",
        "connecting": "calling",
        "waiting": "not reached, will call again",
        "not running": "not called",
    }
)
NOTHING = "nothing"
"""In the place of the last message of a removed device that is believed: none is."""
