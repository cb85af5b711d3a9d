"""The table of limits: each has one number, a test at it and one beyond, and is counted where others can meet it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from hedgerow_node import config, limiting
from hedgerow_node.limiting import LIMITS, Limit
from hedgerow_node.links.gate import NAMES
from hedgerow_protocol import limits
from hedgerow_protocol.conduct import FLOORS

ROOT = Path(__file__).parents[2]
BY_VECTORS = {
    "MAX_BODY": ("05-kinds/unknown", "another kind of 32,768 bytes", "another kind of 32,769 bytes"),
    "MAX_THING": ("04-things/forms", "2,048 bytes", "2,049 bytes"),
    "MAX_TITLE": ("05-kinds/resource", "the longest texts", "a title of 1,025 bytes"),
    "MAX_SUMMARY": ("05-kinds/resource", "the longest texts", "a summary of 8,193 bytes"),
    "MAX_TEXT": ("05-kinds/comment", "the longest text", "a text of 16,385 bytes"),
    "MAX_TOPICS": ("05-kinds/opening", "16 topics", "17 topics"),
    "MAX_TOPIC": ("05-kinds/opening", "a topic of 128 bytes", "a topic of 129 bytes"),
    "MAX_STEPS": ("05-kinds/trail", "200 steps", "201 steps"),
    "MAX_TARGETS": ("05-kinds/retract", "64 messages", "65 targets"),
    "MAX_REPLACES": ("03-messages/headers", "the largest header", "replaces 5"),
    "MAX_DEVICES": ("01-identity/log-entries", "an inception with 32 devices", "an entry: 33 devices"),
}
"""A vector at each limit of the format, and one beyond it."""


def texts_of(*folders: str) -> Iterator[str]:
    """What every file below these folders says."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path != Path(limiting.__file__):
                yield path.read_text()


@cache
def marked() -> frozenset[str]:
    """The limits to which some test says that it goes."""
    found: set[str] = set()
    for text in texts_of("tests"):
        for names in re.findall(r"^@pytest\.mark\.limit\(([^)]*)\)", text, re.MULTILINE):
            found |= set(re.findall(r'"(\w+)"', names))
    return frozenset(found)


def counted() -> set[str]:
    """The limits that the code counts: those that it names in quotes."""
    known = {limit.constant for limit in LIMITS}
    named = re.findall(r'"([A-Z0-9_]+)"', "".join(texts_of("protocol", "node")))
    return {*NAMES.values(), *FLOORS.values(), *(known & set(named))}


def test_the_number_of_each_limit_stands_in_one_place() -> None:
    for limit in LIMITS:
        places = [module for module in (limits, config) if hasattr(module, limit.constant)]
        assert len(places) == 1, limit.constant
        assert limit.value == getattr(places[0], limit.constant)


def test_each_limit_says_what_it_is_and_what_happens_at_it() -> None:
    assert all(limit.name and limit.unit and limit.reason and limit.then for limit in LIMITS)
    assert len({limit.constant for limit in LIMITS}) == len({limit.name for limit in LIMITS}) == len(LIMITS)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.constant)
def test_each_limit_has_a_test_at_it_and_one_beyond(limit: Limit) -> None:
    assert limit.constant in marked() or limit.constant in BY_VECTORS


def test_a_test_that_says_to_go_to_a_limit_names_one_of_the_table() -> None:
    assert marked() <= {limit.constant for limit in LIMITS}


@pytest.mark.parametrize("constant", BY_VECTORS)
def test_a_vector_takes_the_limit_and_another_refuses_what_is_beyond(constant: str) -> None:
    file, at, beyond = BY_VECTORS[constant]
    cases = json.loads((ROOT / "specs" / "vectors" / f"{file}.json").read_text())["cases"]
    expected = {case["name"]: case["expect"] for case in cases}
    assert expected[at] == "ok"
    assert expected[beyond] in ("too_big", "out_of_range")


def test_each_limit_that_others_can_meet_is_counted_and_no_other() -> None:
    assert {limit.constant for limit in LIMITS if limit.is_counted} == counted()
