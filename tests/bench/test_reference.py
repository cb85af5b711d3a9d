"""The bench's own measure of Negentropy V1 counts what the references were recorded to send."""

import hashlib
import json
from pathlib import Path

import pytest

from bench.reference import message_sizes, transcript_bytes

RECORDED = Path(__file__).parents[2] / "specs" / "vectors" / "08-reconciliation" / "negentropy.json"
SESSIONS = [
    case
    for case in json.loads(RECORDED.read_text())["cases"]
    if "messages" in case and case["frame_limit"] == [0, 0]
]


def items(case: dict, side: dict) -> list[tuple[int, bytes]]:
    first, gap, share = case["time"]
    without = {number for bounds in side["without"] for number in range(*bounds)}
    numbers = {number for bounds in side["with"] for number in range(*bounds)} - without
    return sorted((first + number * gap // share, name_of(case, number)) for number in numbers)


def name_of(case: dict, number: int) -> bytes:
    prefix = bytes.fromhex(case["id_prefix"])
    return prefix + hashlib.sha256(b"item%d" % number).digest()[len(prefix) :]


@pytest.mark.parametrize("case", SESSIONS, ids=lambda case: case["name"])
def test_each_message_of_a_recorded_session_has_the_bytes_that_are_counted(case: dict) -> None:
    sides = [items(case, case[role]) for role in ("initiator", "responder")]
    sizes = [len(message) // 2 for message in case["messages"]]
    assert message_sizes(*sides) == sizes
    assert transcript_bytes(*sides) == [sum(sizes[::2]), sum(sizes[1::2])]
