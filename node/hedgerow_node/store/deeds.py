"""Deeds in words: what somebody did with a thing, in a sentence for a feed or a search result."""

from hedgerow_node.store.records import Statement
from hedgerow_node.store.viewpoint import YOU

MAX_QUOTE = 280
"""Letters of a reason that a sentence quotes."""
ASKED = {"question": "asked", "answer": "answered", "reflection": "reflected"}
STANCES = {"for": "endorsed", "against": "advised against", "limits": "saw limits in"}


def deed(statement: Statement, end_title: str = "") -> str:
    """For example "Ben endorsed it: clear examples"; `end_title` names the far end of a connection."""
    words = f"{subject(statement)} {_verb(statement, end_title)}"
    said = statement.reason or statement.text or (statement.summary if statement.kind == "trail" else "")
    return f"{words}: {quote(said)}" if said else words


def subject(statement: Statement) -> str:
    """Who did it, at the beginning of a sentence."""
    return "You" if statement.author.relation == YOU else statement.author.label


def whose(statement: Statement) -> str:
    """Whose it is, before a noun."""
    return "your" if statement.author.relation == YOU else f"{statement.author.label}'s"


def quote(text: str) -> str:
    """A text on one line, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1].rstrip() + "…"


def _verb(statement: Statement, end_title: str) -> str:
    match statement.kind:
        case "resource":
            return "shared it"
        case "endorse":
            verb = STANCES.get(statement.stance or "", "spoke of")
            return f"{verb} it for {statement.topic}" if statement.topic else f"{verb} it"
        case "connect":
            return f"connected it ({statement.relation}) to {end_title or statement.to}"
        case "trail":
            return "forked a trail into this one" if statement.lineage else "made this trail"
        case "comment":
            return ASKED.get(statement.role or "", "commented")
        case _:
            return "spoke of it"
