"""Records specs/vectors/08-reconciliation/negentropy.json from programs that speak Negentropy V1.

    python tests/specs/record_negentropy.py cpp=PROGRAM "js=PROGRAM ARGUMENT"

Each argument names an implementation and the command that starts it. Every session below is run between two
processes of each implementation; all have to send the same bytes, and the file holds what they sent. Nothing of
Hedgerow is imported, so the file is a judgement from outside.

Such a program reads lines and answers each `initiate` and `msg`, everything in lower-case hex:

    item,TS,ID    one item of its set: ts in decimal, id of 32 bytes          no answer
    seal          the set is complete                                        no answer
    initiate      be the initiator                                           msg,MESSAGE
    msg,MESSAGE   take a message                                             have,ID and need,ID, one each a line,
                                                                             then msg,MESSAGE or done
The environment variable FRAMESIZELIMIT is the frame limit in bytes, 0 for none.

Two things are decided here and not by those programs: what a strict reader refuses, and the one session in which
they lose items (`closing`), where the closing fingerprint is replaced by the right one and the session goes on.
"""

import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

VECTORS = Path(__file__).parents[2] / "specs" / "vectors" / "08-reconciliation" / "negentropy.json"

ITEMS = (
    "The item n has the id p + SHA-256('item' + n in decimal)[len(p):] with p the case's id_prefix, and the ts "
    "first + floor(n * gap / share) with the case's time [first, gap, share]. A side is the union of the number "
    "ranges [start, stop, step] under 'with', less those under 'without'. frame_limit is [initiator's, "
    "responder's]; messages alternate, the initiator's first; have and need are item numbers, ascending, as often "
    "as they are reported. With 'message', one message is given to each of 'roles'. "
    "In the one session with 'closing' that message's last fingerprint is of the items it 'covers', "
    "where the references leave out some and lose them."
)
INPUTS = ["time", "id_prefix", "frame_limit", "initiator", "responder", "roles", "message"]
INPUTS += ["references", "closing"]
AGREED = ["cpp", "js"]
"""Implementations that take part in a session, unless it names others."""

Numbers = list[list[int]]
Case = dict[str, object]


def side(*included: list[int], without: Numbers | None = None) -> dict[str, Numbers]:
    """The item numbers of one side."""
    return {"with": list(included), "without": without or []}


def session(
    name: str,
    initiator: dict[str, Numbers],
    responder: dict[str, Numbers],
    time: tuple[int, int, int] = (1_700_000_000, 60, 1),
    frame_limit: tuple[int, int] = (0, 0),
    id_prefix: str = "",
    rule: str = "RC-10",
    **more: object,
) -> Case:
    """A session to record."""
    sides = {"initiator": initiator, "responder": responder}
    settings = {"time": list(time), "id_prefix": id_prefix, "frame_limit": list(frame_limit)}
    return {"name": name, "rule": rule, "expect": "ok", "references": AGREED} | settings | sides | more


BOTH = ("initiator", "responder")


def answer(rule: str, name: str, message: str, roles: tuple[str, ...] = BOTH, **more: object) -> Case:
    """A message that a responder without items answers by the version byte."""
    return {"name": name, "rule": rule, "expect": "ok", "roles": roles, "message": message} | more


def refusal(
    name: str,
    message: str,
    expect: str = "bad_reconciliation",
    rule: str = "RC-16",
    roles: tuple[str, ...] = BOTH,
) -> Case:
    """A message that is refused."""
    return {"name": name, "rule": rule, "expect": expect, "roles": roles, "message": message}


NOTHING = side()
THOUSAND = side([0, 1000, 1])
SAME_TIME = (1_700_000_000, 0, 1)

SESSIONS = [
    session("both sides are empty", NOTHING, NOTHING, rule="RC-9"),
    session("one item, the same", side([0, 1, 1]), side([0, 1, 1])),
    session("one item each, different", side([0, 1, 1]), side([1, 2, 1]), rule="RC-11"),
    session("31 items are listed", side([0, 31, 1]), side([0, 31, 1]), rule="RC-8"),
    session("32 items are cut", side([0, 32, 1]), side([1, 33, 1]), rule="RC-8"),
    session("equal sets of 1,000", THOUSAND, THOUSAND, rule="RC-12"),
    session("an empty initiator", NOTHING, side([0, 300, 1])),
    session("an empty responder", side([0, 300, 1]), NOTHING),
    session("nothing in common", side([0, 400, 2]), side([1, 400, 2]), rule="RC-11"),
    session("one newest item more at the responder", THOUSAND, side([0, 1001, 1])),
    session("one newest item more at the initiator", side([0, 1001, 1]), THOUSAND),
    session("one oldest item more at the responder", side([1, 1000, 1]), THOUSAND),
    session(
        "scattered differences",
        side([0, 1200, 1], without=[[5, 1200, 97]]),
        side([0, 1200, 1], without=[[50, 1200, 89]]),
    ),
    session(
        "all items in one second",
        side([0, 600, 1], without=[[3, 600, 50]]),
        side([0, 600, 1], without=[[7, 600, 60]]),
        time=SAME_TIME,
        rule="RC-8",
    ),
    session(
        "all items in one second, their ids alike for 24 bytes",
        side([0, 200, 1], without=[[3, 200, 50]]),
        side([0, 200, 1], without=[[7, 200, 60]]),
        time=SAME_TIME,
        id_prefix="00" * 24,
        rule="RC-8",
    ),
    session(
        "all items at ts 0",
        side([0, 100, 1]),
        side([10, 110, 1]),
        time=(0, 0, 1),
        rule="RC-6",
    ),
    session(
        "seven items in each second",
        side([0, 3000, 1], without=[[5, 3000, 400]]),
        side([0, 3000, 1], without=[[50, 3000, 500]]),
        time=(0, 1, 7),
    ),
    session(
        "up to the last ts below 2^31",
        side([0, 500, 1], without=[[5, 500, 100]]),
        side([0, 500, 1], without=[[50, 500, 100]]),
        time=(2**31 - 1 - 499 * 4_300_000, 4_300_000, 1),
        rule="RC-6",
    ),
    session(
        "up to the last ts of all, which only one reference can hold",
        side([0, 500, 1], without=[[5, 500, 100]]),
        side([0, 500, 1], without=[[50, 500, 100]]),
        time=(2**32 - 1 - 499 * 8_600_000, 8_600_000, 1),
        references=["cpp"],
        rule="RC-6",
    ),
    session(
        "10,000 items, cut three times",
        side([0, 10_000, 1], without=[[1234, 10_000, 2000]]),
        side([0, 10_000, 1], without=[[777, 10_000, 3000]]),
    ),
    session(
        "limited messages, many rounds",
        side([0, 800, 1], without=[[5, 800, 20]]),
        side([0, 800, 1], without=[[15, 800, 20]]),
        frame_limit=(4096, 4096),
        rule="RC-14",
    ),
    session(
        "only the responder limited",
        side([0, 700, 1], without=[[5, 700, 9]]),
        side([0, 700, 1], without=[[6, 700, 9]]),
        frame_limit=(0, 4096),
        rule="RC-14",
    ),
    session(
        "only the initiator limited, and ids reported twice",
        side([0, 966, 1], without=[[13, 966, 31]]),
        side([0, 966, 1], without=[[0, 966, 11], [249, 863, 1]]),
        frame_limit=(4096, 0),
        rule="RC-13",
    ),
    session(
        "a limited message that lists all and then has infinity twice",
        NOTHING,
        side([0, 122, 1]),
        frame_limit=(4096, 4096),
        rule="RC-14",
    ),
    session(
        "a list of ids cut by the limit", NOTHING, side([0, 400, 1]), frame_limit=(4096, 4096), rule="RC-14"
    ),
    session(
        "a range dropped for want of room is in the closing fingerprint when the peer has nothing there",
        side([0, 13_002, 2], [12_215, 13_003, 66], [13_003, 13_025, 2], without=[[12_214, 13_002, 66]]),
        side([0, 13_362, 2]),
        time=(0, 395, 1),
        frame_limit=(4096, 4096),
        closing={"message": 3, "covers": side([13_146, 13_362, 2])},
        rule="RC-15",
    ),
]

MESSAGES = [
    answer("RC-17", "a later version is answered with ours", "62aabbccddeeff", roles=("responder",)),
    answer("RC-17", "an earlier version likewise", "60", roles=("responder",)),
    answer("RC-12", "no ranges: all is skipped", "61"),
    answer("RC-16", "the longest message", "61 000000*65535", references=[]),
    refusal("longer than the longest message", "61 000000*65536", "too_big", roles=("responder",)),
    answer("RC-16", "the longest answer", "61 000000*349525", references=[], roles=("initiator",)),
    refusal("longer than the longest answer", "61 000000*349526", "too_big", roles=("initiator",)),
    refusal("no byte at all", ""),
    refusal("a first byte below every version", "5f"),
    refusal("a first byte above every version", "70"),
    refusal("a responder of another version", "60", "unsupported_version", "RC-17", roles=("initiator",)),
    refusal("a timestamp with a leading zero digit", "6180010000"),
    refusal("a timestamp of zero written with two digits", "6180000000"),
    refusal("a distance above 2^32", "619080808001" + "0000"),
    refusal("a distance without end", "61" + "ff" * 40),
    refusal("a timestamp that adds up to 2^32", "61" + "9080808000" + "0000" + "02" + "0000"),
    refusal("a prefix of 33 bytes", "61" + "02" + "21" + "aa" * 33 + "00"),
    refusal("a prefix at infinity", "61" + "00" + "01aa" + "00"),
    refusal("the first range ends where it starts", "61" + "01" + "00" + "00"),
    refusal("the same end twice", "61" + "050000" + "010000"),
    refusal("the same end twice, once filled up", "61" + "0501aa00" + "0102aa0000"),
    refusal("a prefix below the one before", "61" + "0501aa00" + "0101a900"),
    refusal("an end after infinity", "61" + "000000" + "010000"),
    refusal("an unknown mode", "61" + "000003"),
    refusal("a mode with a leading zero digit", "61" + "00008002"),
    refusal("the message ends within a timestamp", "61" + "81"),
    refusal("the message ends after a timestamp", "61" + "00"),
    refusal("the message ends within a prefix", "61" + "0504aabb"),
    refusal("the message ends before a mode", "61" + "0502aabb"),
    refusal("the message ends within a fingerprint", "61" + "000001" + "aa" * 15),
    refusal("the message ends before a number of ids", "61" + "000002"),
    refusal("the message ends within an id", "61" + "00000202" + "aa" * 63),
    refusal("a number of ids with a leading zero digit", "61" + "0000028001" + "aa" * 32),
    refusal("a byte after the last id", "61" + "00000201" + "aa" * 32 + "ff"),
]


class Process:
    """One running implementation."""

    def __init__(self, command: str, case: Case, role: str) -> None:
        limits = dict(zip(("initiator", "responder"), case["frame_limit"], strict=True))
        environment = os.environ | {"FRAMESIZELIMIT": str(limits[role])}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(shlex.split(command), env=environment, **pipes)
        items = [f"item,{time_of(case, n)},{id_of(case, n)}" for n in numbers_of(case[role])]
        self._write("\n".join([*items, "seal"]))

    def ask(self, line: str) -> tuple[str | None, list[str], list[str]]:
        """The next message, None when done, and the ids reported as have and need."""
        self._write(line)
        reported: dict[str, list[str]] = {"have": [], "need": []}
        while answer := self._process.stdout.readline().strip():
            word, _, value = answer.partition(",")
            if word not in reported:
                return value or None, reported["have"], reported["need"]
            reported[word].append(value)
        raise SystemExit(f"no answer to {line[:80]}")

    def end(self) -> None:
        self._process.communicate()

    def _write(self, text: str) -> None:
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()


def numbers_of(chosen: dict[str, Numbers]) -> list[int]:
    """The item numbers of a side, ascending."""
    without = {n for bounds in chosen["without"] for n in range(*bounds)}
    return sorted({n for bounds in chosen["with"] for n in range(*bounds)} - without)


def time_of(case: Case, n: int) -> int:
    """The ts of item n."""
    first, gap, share = case["time"]
    return first + n * gap // share


def id_of(case: Case, n: int) -> str:
    """The id of item n in hex."""
    return case["id_prefix"] + hashlib.sha256(b"item%d" % n).hexdigest()[len(case["id_prefix"]) :]


def fingerprint_of(case: Case, numbers: list[int]) -> str:
    """The fingerprint of the items in hex; for fewer than 2^14 of them."""
    total = sum(int.from_bytes(bytes.fromhex(id_of(case, n)), "little") for n in numbers) % 2**256
    count = len(numbers)
    varint = bytes((count,)) if count < 128 else bytes((count >> 7 | 128, count & 127))
    return hashlib.sha256(total.to_bytes(32, "little") + varint).hexdigest()[:32]


def recorded(case: Case, command: str) -> Case:
    """What one implementation says in a session: messages, have, need."""
    initiator = Process(command, case, "initiator")
    responder = Process(command, case, "responder")
    number_of = {id_of(case, n): n for role in ("initiator", "responder") for n in numbers_of(case[role])}
    messages, have, need = [], [], []
    message, _, _ = initiator.ask("initiate")
    while message is not None:
        reply, _, _ = responder.ask(f"msg,{message}")
        reply = corrected(case, len(messages) + 1, reply)
        messages += [message, reply]
        message, had, needed = initiator.ask(f"msg,{reply}")
        have += [number_of[identifier] for identifier in had]
        need += [number_of[identifier] for identifier in needed]
    initiator.end()
    responder.end()
    return {"messages": messages, "have": sorted(have), "need": sorted(need)}


def corrected(case: Case, place: int, message: str) -> str:
    """The message, its closing fingerprint replaced where the case says of which items it has to be."""
    closing = case.get("closing")
    if closing is None or closing["message"] != place:
        return message
    return message[:-32] + fingerprint_of(case, numbers_of(closing["covers"]))


def agreed(case: Case, commands: dict[str, str]) -> Case:
    """The case with what its implementations all say."""
    answers = [recorded(case, commands[name]) for name in case["references"]]
    if any(answer != answers[0] for answer in answers):
        raise SystemExit(f"{case['name']}: the implementations differ")
    return case | answers[0]


def answered(case: Case, commands: dict[str, str]) -> Case:
    """A single message that a responder without items answers, with the answer."""
    if case["expect"] != "ok":
        return case
    empty = session("", NOTHING, NOTHING)
    replies = set()
    for name in case.get("references", AGREED):
        process = Process(commands[name], empty, "responder")
        replies.add(process.ask(f"msg,{case['message']}")[0])
        process.end()
    return case | {"reply": replies.pop() if replies else "61"}


def as_text(cases: list[Case]) -> str:
    """The file: one line for each field of a case."""
    lines = [
        "  {\n"
        + ",\n".join(f"   {json.dumps(key)}: {json.dumps(value)}" for key, value in case.items())
        + "\n  }"
        for case in cases
    ]
    told = {"spec": VECTORS.parent.name, "items": ITEMS, "inputs": INPUTS}
    head = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in told.items())
    return "{\n" + head + ' "cases": [\n' + ",\n".join(lines) + "\n ]\n}\n"


def main() -> None:
    """Record every case with the implementations named on the command line."""
    commands = dict(argument.split("=", 1) for argument in sys.argv[1:])
    if sorted(commands) != AGREED:
        raise SystemExit(__doc__)
    cases = [agreed(case, commands) for case in SESSIONS]
    cases += [answered(case, commands) for case in MESSAGES]
    VECTORS.parent.mkdir(parents=True, exist_ok=True)
    VECTORS.write_text(as_text(cases), encoding="utf-8")


if __name__ == "__main__":
    main()
