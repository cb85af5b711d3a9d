"""What somebody found when they looked at a thing, as it is typed and as it is published."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from hedgerow_node.addresses import thing_of
from hedgerow_node.commands import words
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import limits
from hedgerow_protocol.kinds import Claim
from hedgerow_protocol.statements import Value

TRUTHS: Mapping[str, bool] = MappingProxyType({"yes": True, "no": False, "true": True, "false": False})
UNITS: Mapping[str, int] = MappingProxyType(
    {
        "": 1,
        "b": 1,
        "kb": 1000,
        "mb": 1000**2,
        "gb": 1000**3,
        "kib": limits.KIB,
        "mib": limits.MIB,
        "gib": limits.KIB * limits.MIB,
    }
)
SIZE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))? ?([A-Za-z]{0,3})")
THOUSANDTHS = 1000


def found(claim: int, given: str) -> Value:
    """The value of a claim that somebody typed; raises `Problem` where it does not fit the claim."""
    text = words.line(given)
    match claim:
        case Claim.SIZE:
            return _size(text)
        case Claim.SUPERSEDED_BY:
            return thing_of(text)
        case Claim.CAPTIONS:
            return TRUTHS.get(text.casefold(), text) if text else _no_truth(text)
        case _:
            truth = TRUTHS.get(text.casefold())
            return _no_truth(text) if truth is None else truth


def _no_truth(text: str) -> Value:
    raise Problem(Code.REQUEST_WRONG, f"value: yes or no, not “{text}”")


def _size(text: str) -> int:
    given = SIZE.fullmatch(text)
    unit = UNITS.get(given[3].lower()) if given else None
    if given is None or unit is None:
        raise Problem(Code.REQUEST_WRONG, f"value: a size such as 300 kB or 4.5 MB, not “{text}”")
    thousandths = int(given[1]) * THOUSANDTHS + int((given[2] or "").ljust(3, "0"))
    return thousandths * unit // THOUSANDTHS
