"""Numbers, times and the store's answers in words."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from hedgerow_node.cli.screen import Screen, one_line
from hedgerow_node.cli.session import Json
from hedgerow_node.commands.vocabulary import STATES
from hedgerow_protocol.limits import KIB, MIB

MINUTE, HOUR, DAY = 60, 3600, 86_400
WEEK = 7 * DAY
UNITS = ((1024 * MIB, "GiB"), (MIB, "MiB"), (KIB, "KiB"))
Record: TypeAlias = Mapping[str, object]


def count(number: int, one: str, many: str = "") -> str:
    """`1 link`, `1,204 links`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int) -> str:
    """Bytes in the largest unit of which there is one."""
    for unit, name in UNITS:
        if number >= unit:
            return f"{number / unit:.1f} {name}"
    return count(number, "byte")


def ago(seconds: float) -> str:
    """How long ago something was, roughly."""
    for unit, name in ((WEEK, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "min")):
        if seconds >= unit:
            whole = int(seconds // unit)
            return f"{whole} min ago" if unit == MINUTE else f"{count(whole, name)} ago"
    return "just now"


def day(at: object) -> str:
    """The day of a Unix time, by this computer's calendar; empty where there is none."""
    from datetime import datetime

    try:
        return datetime.fromtimestamp(number(at)).date().isoformat() if at is not None else ""  # noqa: DTZ006
    except (OverflowError, OSError, ValueError):
        return ""


def number(value: object) -> float:
    """A number in an answer; 0 where there is none."""
    return value if isinstance(value, (int, float)) else 0


def whole(value: object) -> int:
    """A whole number in an answer; 0 where there is none."""
    return int(number(value))


def text(value: object) -> str:
    """A text in an answer, on one line; empty where there is none."""
    return one_line(value) if isinstance(value, str) else ""


def record(value: object) -> Record:
    """One record that an answer should have; an empty one instead of anything else."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> Sequence[Record]:
    """The objects in a list of an answer."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """The texts in a list of an answer."""
    return [text(one) for one in value] if isinstance(value, list) else []


def label(author: object) -> str:
    """What somebody is called, with what they are to you."""
    if not isinstance(author, dict):
        return ""
    relation = text(author.get("relation"))
    name = text(author.get("label"))
    return "you" if relation == "you" else name + (" (a machine)" if author.get("machine") else "")


def link_words(link: Record) -> str:
    """How a link is, and who began it where that was the other side."""
    state = text(link.get("state"))
    return STATES.get(state, state) + ("; they called you" if link.get("direction") == "in" else "")


def show_listing(screen: Screen, shown: Record, indent: int = 2) -> None:
    """On which label list something stands, and why; nothing where it stands on none."""
    listing = shown.get("listing")
    if isinstance(listing, dict):
        screen.line(text(listing["words"]), "bad", indent=indent)


def show_heading(screen: Screen, named: Record, indent: int = 2) -> None:
    """The title of a thing and the thing itself; once where they are the same."""
    title, thing = text(named["title"]), text(named["thing"])
    screen.line(title or thing, "title")
    if title not in ("", thing):
        screen.line(thing, indent=indent)


def show_page(screen: Screen, answer: Json, show: Callable[[Screen, Record], None], more: str) -> None:
    """A page of results, what is hidden and why, and how to see those that follow; `more` is the command."""
    for result in records(answer.get("results")):
        show(screen, result)
    for hidden in records(answer.get("hidden")):
        screen.line(text(hidden.get("words")), "quiet")
    if answer.get("next"):
        screen.line(f"More: {more} --cursor {text(answer['next'])}", "next")
