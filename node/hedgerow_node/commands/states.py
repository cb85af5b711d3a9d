"""The states of a link in words, for whoever shows them."""

from collections.abc import Mapping
from types import MappingProxyType

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
