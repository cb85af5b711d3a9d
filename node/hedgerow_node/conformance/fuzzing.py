"""Two programs put to the same changed vectors and random values: where they disagree, one of them has a defect.

Each case follows from the seed and its number alone, so that a disagreement can be shown again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hedgerow_node.conformance.cases import OPTIONAL, VECTORS, Case, cases_of, vector_files
from hedgerow_node.conformance.lines import LineProgram
from hedgerow_node.conformance.shown import Json, bytes_of, is_same

MOST_SHOWN = 20
"""Disagreements after which the run ends: they have few causes."""
LONGEST = 65_536
"""Letters of a case that is changed; longer ones are slow and say nothing more."""
VALUES_SHARE = 0.25
"""Share of cases that are values made at random instead of changed vectors."""
MAX_DEPTH = 10
"""One beyond what is allowed, and one more."""
SPECIAL = (0, 1, 0x7F, 0x80, 0x90, 0xA0, 0xC0, 0xC1, 0xC2, 0xC4, 0xCC, 0xCF, 0xD9, 0xDC, 0xE0, 0xFF)
"""Bytes with which a form begins or a range ends."""
LETTERS = "aé\u0301\u200f\ufeff\U0001f600\t\n\r\x7f:/%#?&= 0"
SKIPPED = frozenset(
    {
        "01-identity/standings",
        "08-sync/responder",
        "10-edges-and-scope/responder",
        "06-handshake/noise-xx",
        "06-handshake/channel",
    }
)
"""Files of whole exchanges, in which a change means that nothing fits any more."""
TEXTS = frozenset({"did", "text", "given", "thing"})
"""Inputs that are text."""
KEPT = frozenset(
    {
        "purpose",
        "side",
        "chosen",
        "offered",
        "roles",
        "id_prefix",
        "static",
        "ephemeral",
        "hello",
        "expected_device",
    }
)
"""Inputs that say how the rest is meant, or are our own side's; all others that are text are bytes."""
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One case on which two programs differ."""

    number: int
    """Together with the seed it makes this case again."""
    file: str
    case: Json
    one: Json
    other: Json

    def as_json(self) -> Json:
        """{number, file, case, one, other}."""
        return {
            "number": self.number,
            "file": self.file,
            "case": self.case,
            "one": self.one,
            "other": self.other,
        }


@dataclass(frozen=True, slots=True)
class Fuzz:
    """How many cases, and which."""

    count: int
    seed: int
    first: int = 0
    """The number of the first case."""
    files: tuple[str, ...] = ()
    """How the names of the files begin from which it takes cases; none for every file."""


def play(
    one: LineProgram, other: LineProgram, fuzz: Fuzz, on_progress: OnProgress, folder: Path = VECTORS
) -> list[Disagreement]:
    """Put the cases to both, until they disagree too often; raises `Problem` when one of them breaks off."""
    found: list[Disagreement] = []
    cases = _covered(one, other, fuzz.files, folder)
    for done, number in enumerate(range(fuzz.first, fuzz.first + fuzz.count)):
        file, inputs = _case(Random(f"{fuzz.seed} {number}"), cases)
        answers = one.ask(file, inputs), other.ask(file, inputs)
        if not _agree(*answers):
            found.append(Disagreement(number, file, inputs, *answers))
        if len(found) >= MOST_SHOWN:
            break
        on_progress(done + 1, fuzz.count)
    return found


def _covered(one: LineProgram, other: LineProgram, beginnings: tuple[str, ...], folder: Path) -> list[Case]:
    """The cases of the files that both cover and that were asked for."""
    covered: list[Case] = []
    for file in vector_files(folder):
        is_wanted = file not in SKIPPED and file.startswith(beginnings or "")
        cases = cases_of(file, folder) if is_wanted else []
        if cases and all(program.ask(file, cases[0].inputs).get("expect") for program in (one, other)):
            covered += [case for case in cases if len(str(case.inputs)) <= LONGEST]
    return covered


def _agree(one: Json, other: Json) -> bool:
    common = (one.keys() & other.keys()) - OPTIONAL
    return all(is_same(one[name], other[name]) for name in common)


def _case(chance: Random, cases: list[Case]) -> tuple[str, Json]:
    if not cases or chance.random() < VALUES_SHARE:
        return "02-encoding/values", {"bytes": _loose(chance, chance.randrange(MAX_DEPTH)).hex()}
    case = chance.choice(cases)
    inputs = dict(case.inputs)
    name = chance.choice(sorted(inputs))
    if name not in KEPT:
        inputs[name] = _changed(chance, inputs[name], is_text=name in TEXTS)
    return case.file, inputs


# --- Changes ----------------------------------------------------------------------------------------------


def _changed(chance: Random, value: object, *, is_text: bool) -> object:
    match value:
        case str() if is_text:
            return _changed_text(chance, value)
        case str():
            data = bytearray(bytes_of(value))
            for _ in range(chance.choice((1, 1, 2, 3))):
                _change_bytes(chance, data)
            return data.hex()
        case list() if value:
            place = chance.randrange(len(value))
            changed = _changed(chance, value[place], is_text=is_text)
            return [*value[:place], changed, *value[place + 1 :]]
    return value  # a number or a flag


def _change_bytes(chance: Random, data: bytearray) -> None:
    place = chance.randrange(len(data) + 1)
    match chance.randrange(5):
        case 0:
            data[place:place] = bytes([chance.choice(SPECIAL)])
        case 1:
            del data[place : place + chance.choice((1, 1, 2, 32))]
        case 2 if place < len(data):
            data[place] ^= 1 << chance.randrange(8)
        case 3 if place < len(data):
            data[place] = chance.choice(SPECIAL)
        case _:
            data[place:place] = data[place : place + chance.choice((1, 2, 33))]


def _changed_text(chance: Random, text: str) -> str:
    place = chance.randrange(len(text) + 1)
    match chance.randrange(3):
        case 0:
            return text[:place] + chance.choice(LETTERS) + text[place:]
        case 1:
            return text[:place] + text[place + 1 :]
        case _:
            return text[:place] + text[place : place + 1].swapcase() + text[place + 1 :]


# --- Random values ----------------------------------------------------------------------------------------


def _loose(chance: Random, depth: int) -> bytes:
    """A value in msgpack, most of the time in a form that is allowed."""
    match chance.randrange(9 if depth else 7):
        case 0:
            return bytes([chance.choice((0xC0, 0xC2, 0xC3))])
        case 1 | 2:
            return _number(chance)
        case 3:
            return _bin(chance)
        case 4 | 5:
            return _text(chance)
        case 6:
            return bytes([chance.choice(SPECIAL)]) + chance.randbytes(chance.randrange(4))
        case _:
            items = [_loose(chance, depth - 1) for _ in range(chance.choice((0, 1, 2, 5, 16)))]
            head = bytes([0x90 + len(items)]) if len(items) < 16 else b"\xdc" + len(items).to_bytes(2)
            return head + b"".join(items)


def _number(chance: Random) -> bytes:
    width = chance.choice((0, 1, 2, 4, 8))
    edge = chance.choice((0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**53 - 1, 2**53))
    if width == 0:
        return bytes([edge % 128])
    return bytes([0xCB + width.bit_length()]) + (edge % (1 << 8 * width)).to_bytes(width)


def _bin(chance: Random) -> bytes:
    data = chance.randbytes(chance.choice((0, 1, 16, 32, 255)))
    return b"\xc4" + bytes([len(data)]) + data


def _text(chance: Random) -> bytes:
    data = "".join(_letters(chance)).encode()
    if chance.random() < 0.2:
        data = chance.randbytes(len(data) or 1)
    return bytes([0xA0 + len(data)]) + data if len(data) < 32 else b"\xd9" + bytes([len(data)]) + data


def _letters(chance: Random) -> Iterator[str]:
    for _ in range(chance.choice((0, 1, 5, 40))):
        yield chance.choice(LETTERS)
