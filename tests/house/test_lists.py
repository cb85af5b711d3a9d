"""The lists of the specs are those of the code, whole: an entry that only one of them has is a fault of the other."""

import re
from collections.abc import Iterable
from dataclasses import fields
from enum import Enum, IntEnum
from pathlib import Path
from typing import NamedTuple

import pytest

from hedgerow_node.problems import Code
from hedgerow_node.store.schema import known_migrations
from hedgerow_protocol import frame, invite, kinds, limits, log_entry
from hedgerow_protocol.admission import Ignored
from hedgerow_protocol.conduct import Behaviour
from hedgerow_protocol.errors import Reason
from hedgerow_protocol.handshake import Role as EndRole
from hedgerow_protocol.peer import FAULTS

SPECS = Path(__file__).parents[2] / "specs"
WITH_SLOT = {one.kind for one in kinds.DERIVED_SLOT}
CALLED = {"origin": "from"}
"""What the specs call otherwise than the code."""
Entries = list[tuple[str, ...]]


class Listed(NamedTuple):
    """A list of a document: between which lines it stands, what an entry looks like, and what the code has."""

    document: str
    begin: str
    end: str
    entry: str
    code: Entries


def _word(one: Enum) -> str:
    return one.name.lower().replace("_", "-")


def _rows(names: Iterable[IntEnum]) -> Entries:
    return [(_word(one), str(one.value)) for one in names]


def _limit(value: object) -> str:
    """A constant as the table of limits writes it."""
    match value:
        case range():
            return f"0x{value.start:x} to 0x{value.stop - 1:x}"
        case float() if value.is_integer():
            return f"{int(value):,}"
        case int() if value > 2**40:
            return _power(value)
        case int() | float():
            return f"{value:,}"
    return str(value)


def _power(value: int) -> str:
    exponent = value.bit_length()
    return f"2^{exponent} - 1" if value == 2**exponent - 1 else f"2^{exponent - 1}"


def _frame_row(number: int, found: type[frame.Frame]) -> tuple[str, ...]:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", found.__name__).upper()
    return str(number), name, *_fields(found)


def _fields(found: type) -> tuple[str, ...]:
    return tuple(CALLED.get(one.name, one.name) for one in fields(found))


NAMED_ROW = r"^\| ([\w-]+)[^|\n]* \| (\d+) \|"
LISTS: dict[str, Listed] = {
    "kinds": Listed(
        "05-kinds",
        "**KI-5**",
        "\n### ",
        r"^\| (\d+) \| (\w+) \|(?: (yes|no))? \|",
        [
            (str(one.value), _word(one), "yes" if one in WITH_SLOT | {kinds.Kind.TRAIL} else "no")
            for one in kinds.Kind
        ],
    ),
    "slots": Listed(
        "05-kinds",
        "**KI-3**",
        "\n## ",
        r"^\| (?!kind )(\w+) \| ",
        [(_word(one),) for one in sorted(WITH_SLOT)],
    ),
    "relations in refs": Listed(
        "05-kinds", "| relation in refs |", "\n\n", NAMED_ROW, _rows(kinds.Reference)
    ),
    "reasons of withdrawal": Listed(
        "05-kinds", "| reason | number |", "\n\n", NAMED_ROW, _rows(kinds.Withdrawal)
    ),
    "stances": Listed("05-kinds", "| stance | number |", "\n\n", NAMED_ROW, _rows(kinds.Stance)),
    "roles": Listed("05-kinds", "| role | number |", "\n\n", NAMED_ROW, _rows(kinds.Role)),
    "claims": Listed("05-kinds", "| claim | number |", "\n\n", NAMED_ROW, _rows(kinds.Claim)),
    "relations": Listed(
        "05-kinds", "| relation | number | |", "\n\n", r"\| ([a-z-]+) \| (\d+) (?=\|)", _rows(kinds.Relation)
    ),
    "frames": Listed(
        "07-frames",
        "| type | name |",
        "\n\n",
        r"^\| (\d+) \| ([A-Z_]+) \| (.+) \| [\w, ]+ \|$",
        [_frame_row(number, found) for number, found in frame.FRAMES.items()],
    ),
    "bits of capabilities": Listed(
        "01-identity",
        "| bit of capabilities |",
        "\n\n",
        NAMED_ROW,
        [(_word(one), str(one.value)) for one in log_entry.Capability],
    ),
    "limits": Listed(
        "12-limits",
        "",
        "\0",
        r"^\| `([A-Z0-9_]+)` \| ([^|]+?) \|",
        [(name, _limit(value)) for name, value in vars(limits).items() if name.isupper()],
    ),
    "grounds for ignoring": Listed(
        "12-limits", "| ground | until |", "\n\n", r"^\| (?!-)([^|]+?) \|", [(one.value,) for one in Ignored]
    ),
    "behaviours": Listed(
        "12-limits",
        "| behaviour | floor |",
        "\n\n",
        r"\| `(MAX_\w+)` \| (\d) \|",
        [(one.limit, str(FAULTS[one].value)) for one in Behaviour],
    ),
    "reasons": Listed(
        "errors", "## Reasons on the wire", "\n## ", r"^\| `(\w+)` \|", [(one.value,) for one in Reason]
    ),
    "codes": Listed(
        "errors",
        "## Codes that people see",
        "\n## ",
        r"^\| (HG-\w+) \| (.+?) \| (.+) \|$",
        [(one.code, one.title, one.next_step) for one in Code],
    ),
}


def section(text: str, begin: str, end: str) -> str:
    """What stands behind `begin`, up to `end`."""
    assert begin in text, begin
    return text.partition(begin)[2].partition(end)[0] if begin else text


def entries(listed: Listed, text: str) -> Entries:
    """The entries of a list as the document has them."""
    found = re.findall(listed.entry, section(text, listed.begin, listed.end), re.MULTILINE)
    return [(one,) if isinstance(one, str) else _as_code_says(one) for one in found]


def _as_code_says(row: tuple[str, ...]) -> tuple[str, ...]:
    """A row of frames with the names of its positions; any other as it is."""
    if re.fullmatch(r"[A-Z_]+", row[1]) and row[2].startswith("req"):
        positions = re.sub(r"\[.*\]", "", row[2]).split(", ")
        return *row[:2], *(re.split(r":| of | answers", one)[0] for one in positions)
    return row


def text_of(document: str) -> str:
    return (SPECS / f"{document}.md").read_text()


def as_set(found: Entries) -> Entries:
    return sorted((row[0], row[1], row[2] or "no") if len(row) == 3 else row for row in found)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_a_spec_is_that_of_the_code(name: str) -> None:
    listed = LISTS[name]
    assert as_set(entries(listed, text_of(listed.document))) == as_set(listed.code)


@pytest.mark.parametrize("name", LISTS)
def test_an_entry_that_is_missing_in_a_list_is_found(name: str) -> None:
    listed = LISTS[name]
    text = text_of(listed.document)
    whole = section(text, listed.begin, listed.end)
    for found in re.finditer(listed.entry, whole, re.MULTILINE):
        without = text.replace(whole, whole[: found.start()] + whole[found.end() :])
        assert as_set(entries(listed, without)) != as_set(listed.code), found[0]


# --- What a sentence lists ------------------------------------------------------------------------------

SENTENCES: dict[str, tuple[str, str, type[IntEnum]]] = {
    "operations": ("01-identity", "the operation: ", log_entry.Operation),
    "roles of an end": ("06-handshake", "| 7 | role | uint ≤ 1 | ", EndRole),
    "faults of a link": ("07-frames", "Its code is ", frame.LinkFault),
    "modes": ("07-frames", "`mode` is ", frame.Mode),
    "tiers": ("07-frames", "`tier` is ", frame.Tier),
    "absences": ("07-frames", "`why` is ", frame.Absence),
    "faults of a session": ("07-frames", "`fault` is ", frame.SessionFault),
    "verdicts": ("07-frames", "and a verdict: ", invite.Verdict),
}
MEANT = {"the inviter is not carried here": "not carried", "not an invite of this inviter": "invalid"}
"""What a sentence says in other words than the code, as far as that matters."""


def numbered(sentence: str) -> dict[int, str]:
    """The words behind each number, up to the next one."""
    bare = re.sub(r"\([^)]*\)", "", re.sub(r"\s+", " ", sentence))
    found = re.findall(r"(\d+) ([a-z][a-z ]*?) ?(?=[,;.|]|$)", re.split(r"\.|; [^0-9]| \|", bare)[0])
    return {int(number): MEANT.get(words, words) for number, words in found}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_of_a_spec_lists_the_numbers_of_the_code(name: str) -> None:
    document, lead, known = SENTENCES[name]
    listed = numbered(text_of(document).partition(lead)[2][:500])
    assert set(listed) == {one.value for one in known}
    for one in known:
        assert listed[one.value].startswith(one.name.lower().replace("_", " "))


# --- Bodies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "known", [*kinds.STATEMENTS.values(), kinds.Retract], ids=lambda known: known.__name__
)
def test_the_positions_of_a_body_are_those_of_the_code(known: type) -> None:
    table = section(text_of("05-kinds"), f"\n### {known.__name__}\n", "\n### ").split("\n\n")
    [rows] = [part for part in table if part.startswith("| position | name |")][:1]
    listed = [
        (int(place), re.sub(r"[- ]", "_", name))
        for place, name in re.findall(r"^\| (\d+) \| ([\w -]+) \|", rows, re.MULTILINE)
    ]
    slot = ["slot"] if known in kinds.DERIVED_SLOT else []
    extra = [] if known is kinds.Retract else ["extra"]
    assert listed == list(enumerate([*slot, *_fields(known), *extra], start=3))


# --- Migrations ------------------------------------------------------------------------------------------


def test_migrations_count_from_one_without_a_hole() -> None:
    assert list(known_migrations()) == list(range(1, len(known_migrations()) + 1))
