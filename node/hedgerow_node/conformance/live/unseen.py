"""The rules that no check of a node sees, and why."""

from hedgerow_node.conformance.cases import cases_of, vector_files
from hedgerow_node.conformance.live.judged_messages import JUDGED
from hedgerow_node.conformance.live.running import MEMBERS, STRANGERS
from hedgerow_node.conformance.shown import Json

ITS_OWN_KEYS = "it is about keys and entropy that never leave the node"
IT_WRITES = "it binds who writes messages, and what a person asked for does not show on a link"
IT_DIALS = "it binds the side that dials"
IT_DEFINES = "it defines words and bytes that other rules use"
IT_SHOWS = "it is about what people are shown"
BY_OTHERS = "each part of it is seen by the checks of other rules"
TAKES_TIME = "it takes longer to see than a check may last"
ITS_BOOK = "what a node keeps of others does not show on a link of a stranger"
WOULD_HARM = "a node on which it was tried out would keep whoever tries it away for a while"
BYTES_ALONE = "it is judged by vectors: --stdio PROGRAM"

UNSEEN: dict[str, str] = {
    **dict.fromkeys(("ID-1", "ID-3", "ID-4", "HS-4"), ITS_OWN_KEYS),
    **dict.fromkeys(("ID-6", "ID-11", "ME-12", "TH-10", "KI-17", "ID-25", "ID-28"), IT_WRITES),
    **dict.fromkeys(
        (
            "ID-15",
            "HS-18",
            "FR-16",
            "SY-3",
            "SY-6",
            "SY-10",
            "SY-11",
            "SY-23",
            "ID-29",
            "DI-7",
            "DI-9",
            "DI-10",
        ),
        IT_DIALS,
    ),
    **dict.fromkeys(("EN-14", "KI-14", "RC-1", "RC-2", "RC-3", "RC-5", "RC-7"), IT_DEFINES),
    **dict.fromkeys(("KI-16", "SY-5"), IT_SHOWS),
    **dict.fromkeys(("EN-8", "ME-7", "ME-9", "KI-2", "RC-18", "SY-19", "LI-1", "AD-1", "AD-2"), BY_OTHERS),
    **dict.fromkeys(("HS-21", "HS-27", "SY-15", "SY-20", "AD-4", "AD-5"), TAKES_TIME),
    **dict.fromkeys(("AD-3", "AD-6", "AD-7", "AD-9"), WOULD_HARM),
    "AD-8": "which proxies its operator named does not show on a link",
    "AD-10": "what a proxy in front adds cannot be told from what the node sends",
    **dict.fromkeys(("DI-3", "DI-5", "DI-6", "DI-8", "DI-11", "DI-13"), ITS_BOOK),
    "DI-4": "a node that does without these frames passes over them",
    "HS-9": "what a node does with a claim does not show before the claim is proven",
}
"""By rule: why neither vectors nor a stranger on a link can see it."""


def seen_live() -> set[str]:
    """The rules of which there is a check on a node."""
    rules = [check.rule for check in STRANGERS] + [check.rule for check in MEMBERS]
    return {*rules, *(judged.rule for judged in JUDGED)}


def seen_in_vectors() -> set[str]:
    """The rules of which there is a vector."""
    return {case.rule for file in vector_files() for case in cases_of(file)}


def unseen() -> list[Json]:
    """[{rule, why}] of everything that judging a node leaves open."""
    reasons = dict.fromkeys(sorted(seen_in_vectors()), BYTES_ALONE) | UNSEEN
    live = seen_live()
    return [{"rule": rule, "why": why} for rule, why in sorted(reasons.items()) if rule not in live]
