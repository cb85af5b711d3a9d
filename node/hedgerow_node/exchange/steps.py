"""The steps of a trail as text that people write, and back.

A step is a line with a thing, or `? ` and a role that nobody has filled yet. The lines under it say more: `role:`,
`note:` (again for a further line), `minutes:`, `needs:` (numbers of steps before it), and `optional`. Empty lines,
spaces at the beginning and the marks of a list do not matter.
"""

import re
from collections.abc import Iterator, Sequence

from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import Step

MARK = re.compile(r"\s*(?:(?:[-*]|[0-9]{1,3}[.)])\s+)?")
FIELD = re.compile(r"(role|note|minutes|needs):\s*(.*)", re.IGNORECASE)
NUMBERS = re.compile(r"[0-9]{1,8}(?:\s*[,،、，]?\s*[0-9]{1,8})*")
OPTIONAL = "optional"
WAITING = "?"
Fields = dict[str, object]


def read_steps(text: str) -> list[Fields]:
    """The fields of each step; raises `Problem` with the line that is not understood."""
    steps: list[Fields] = []
    for number, line in enumerate(text.replace("\r", "").split("\n"), start=1):
        words = MARK.sub("", line, count=1).strip()
        if words:
            _read_line(steps, number, words)
    return steps


def write_steps(steps: Sequence[Step]) -> str:
    """The text from which `read_steps` reads these steps again."""
    return "\n".join([line for step in steps for line in _lines(step)])


def _read_line(steps: list[Fields], number: int, words: str) -> None:
    field = FIELD.fullmatch(words)
    if field is None and words.lower() != OPTIONAL:
        is_role = words.startswith(WAITING)
        steps.append({"role": words.removeprefix(WAITING).strip()} if is_role else {"thing": words})
    elif not steps:
        raise _wrong(number, "a step begins with its thing, or with ? and a role")
    elif field is None:
        steps[-1]["optional"] = True
    else:
        _read_field(steps[-1], number, field[1].lower(), field[2].strip())


def _read_field(step: Fields, number: int, name: str, value: str) -> None:
    match name:
        case "note":
            step["note"] = f"{step['note']}\n{value}" if "note" in step else value
        case "minutes" if value.isascii() and value.isdecimal():
            step["minutes"] = int(value)
        case "needs" if NUMBERS.fullmatch(value):
            step["requires"] = [int(found) for found in re.findall("[0-9]+", value)]
        case "role":
            step["role"] = value
        case _:
            raise _wrong(number, f"{name} takes numbers")


def _lines(step: Step) -> Iterator[str]:
    yield step.thing if step.thing is not None else f"{WAITING} {step.role}"
    if step.thing is not None and step.role:
        yield f"  role: {step.role}"
    for line in step.note.split("\n") if step.note else ():
        yield f"  note: {line}"
    if step.minutes is not None:
        yield f"  minutes: {step.minutes}"
    if step.requires:
        yield f"  needs: {', '.join(map(str, step.requires))}"
    if step.optional:
        yield f"  {OPTIONAL}"


def _wrong(number: int, what: str) -> Problem:
    return Problem(Code.REQUEST_WRONG, f"line {number} of the steps: {what}")
