"""Cases of specs/08-sync.md and 10-edges-and-scope.md: what a responder answers, frame by frame.

The responder carries some authors, follows others privately and holds some messages. Each step of an exchange is a
frame that it receives and the frames that it sends because of it; where a reason is expected, the last frame has it.
"""

import hashlib
from dataclasses import dataclass

from specs.message_vectors.actors import (
    AUTHOR,
    GENESIS,
    LAPTOP,
    NONCE,
    PHONE,
    ROOT_KEY,
    STRANGER,
    STRANGER_KEY,
    TIME,
    digest,
    header,
    ids,
    key_of,
    message,
)
from specs.message_vectors.bodies import comment, retract
from specs.message_vectors.identity import NEXT
from specs.message_vectors.writer import Json, hex_of, ok, pack

Step = tuple[list[object], list[list[object]]]
SUB, SCOPE, NEG_OPEN, NEG_SAME, NEG_DIFFERS, NEG_MSG, NEG_CLOSE, NEG_ERR = 8, 12, 14, 16, 18, 20, 22, 24
GET, MESSAGES, MISSING, RANGE, IHAVE, WANT = 26, 28, 30, 32, 34, 36
UNSUB, CHANGED, AUTHORS, SET_MODE, GET_HEADS, HEADS, SINCE, GET_HEADERS = 10, 38, 44, 46, 48, 50, 58, 60
CONTROL, CONTENT = 0, 1
UNKNOWN, STALE = 0, 2
OTHER = key_of(GENESIS[::-1])


@dataclass(frozen=True)
class Said:
    """A message with its parts."""

    id: bytes
    ts: int
    whole: bytes
    bare: bytes
    """Without its body."""


def _said(body: list[object], ts: int, kind: int = 8, seed: bytes = LAPTOP, author: bytes = AUTHOR) -> Said:
    data = pack(body)
    head = pack(header(data, kind=kind, ts=ts, author=author, device=key_of(seed)))
    return Said(digest("message", head), ts, pack(message(head, data, seed)), pack(message(head, None, seed)))


FIRST, SECOND, THIRD = (_said(comment(text=f"number {number}"), TIME + number) for number in (1, 2, 3))
RETRACTION = _said(retract(targets=[FIRST.id]), TIME + 9, kind=1)
HIDDEN = _said(comment(text="hidden"), TIME + 5, seed=PHONE, author=STRANGER_KEY)
HELD = [FIRST, SECOND, THIRD]
INCEPTION, HIDDEN_INCEPTION = (
    _said(
        [NONCE, [], [], 0, 0, None, ROOT_KEY, NEXT, [[key_of(device), 3]], []],
        TIME,
        0,
        genesis,
        key_of(genesis),
    )
    for genesis, device in ((GENESIS, LAPTOP), (STRANGER, PHONE))
)
LOGS = [INCEPTION, HIDDEN_INCEPTION]


def _print(*held: Said) -> bytes:
    """The fingerprint of a set of less than 128."""
    total = sum(int.from_bytes(one.id, "little") for one in held) % 2**256
    return hashlib.sha256(total.to_bytes(32, "little") + bytes([len(held)])).digest()[:16]


def _listed(*held: Said) -> bytes:
    """A message of a reconciliation that lists less than 128 ids."""
    return b"\x61\x00\x00\x02" + bytes([len(held)]) + b"".join(one.id for one in held)


def _filter(*authors: bytes, kinds: object = None, since: object = None) -> bytes:
    return pack([b"".join(sorted(authors)), kinds, since, None])


def _sub(number: int = 1, asked: bytes | None = None, carried: bytes = b"\x01") -> Step:
    return [SUB, number, asked or _filter(AUTHOR), 1], [[SCOPE, number, 1, carried]]


def _opening(
    *ours: Said,
    number: int = 3,
    sub: int = 1,
    version: int = 1,
    tier: int = CONTENT,
    since: int = 0,
    until: int = 0,
) -> list[object]:
    return [NEG_OPEN, number, sub, version, tier, since, until, len(ours), _print(*ours)]


def _answer(number: int, *held: bytes) -> list[object]:
    return [MESSAGES, number, [[0, data] for data in held], False]


def _range(
    number: int, after: Said | None = None, tier: int = CONTENT, version: int = 1, limit: int = 10
) -> list[object]:
    place = (after.ts, after.id) if after else (0, bytes(32))
    return [RANGE, number, 1, version, tier, *place, limit]


def _case(
    rule: str,
    name: str,
    *exchange: Step,
    held: list[Said] | None = None,
    keeps: int | None = None,
    expect: str = "ok",
) -> Json:
    steps = [[hex_of(pack(received)), [hex_of(pack(one)) for one in sent]] for received, sent in exchange]
    fields: dict[str, object] = {
        "carries": AUTHOR,
        "private": STRANGER_KEY,
        "held": [hex_of(one.whole) for one in LOGS + (HELD if held is None else held)],
        "exchange": steps,
    }
    if keeps is not None:
        fields["since"] = keeps
    return ok(rule, name, **fields) | {"expect": expect}


def edge_cases() -> list[Json]:
    """What it answers to who asks for everyone."""
    everyone = pack([None, None, None, None])
    asked: Step = [SUB, 1, everyone, 1], [[AUTHORS, 1, 1, AUTHOR, True, False, False]]
    again: Step = (
        [SUB, 1, everyone, 2],
        [[AUTHORS, 1, 2, AUTHOR, True, False, False], [NEG_ERR, 3, STALE, 0]],
    )
    held = [*HELD, HIDDEN]
    return [
        _case(
            "EG-1",
            "a filter without authors is answered by a list, without private follows",
            asked,
            held=held,
        ),
        _case("EG-1", "a session over the list", asked, (_opening(*HELD), [[NEG_SAME, 3]]), held=held),
        _case(
            "EG-1", "a stream of the list", asked, (_range(3, SECOND), [_answer(3, THIRD.whole)]), held=held
        ),
        _case(
            "EG-2", "a version that is void is stale", asked, (_opening(version=2), [[NEG_ERR, 3, STALE, 0]])
        ),
        _case("EG-2", "a list that begins anew", asked, (_opening(), [[NEG_DIFFERS, 3, 3]]), again),
        _case("EG-1", "a list for a filter by kinds", _kinds_of_everyone(), (_opening(), [[NEG_SAME, 3]])),
        _case(
            "EG-6",
            "another mode changes no scope and ends no session",
            _sub(),
            (_opening(), [[NEG_DIFFERS, 3, 3]]),
            ([SET_MODE, 1, 2], []),
            ([NEG_MSG, 3, _listed(SECOND), False], [[NEG_MSG, 3, _listed(*HELD), False]]),
        ),
        *_heads(),
        _case("EG-6", "the mode of no subscription is passed over", ([SET_MODE, 7, 1], []), _sub()),
        _case("EG-6", "the mode 3", _sub(), ([SET_MODE, 1, 3], []), expect="out_of_range"),
        _case(
            "EG-2",
            "a list to a responder",
            ([AUTHORS, 2, 1, b"", True, False, False], []),
            expect="unexpected_frame",
        ),
        _case(
            "EG-1",
            "a list with a key twice",
            ([AUTHORS, 2, 1, AUTHOR * 2, True, False, False], []),
            expect="out_of_range",
        ),
        _case(
            "EG-1",
            "SUB without authors and with another mode",
            ([SUB, 1, everyone, 3], []),
            expect="out_of_range",
        ),
        _case(
            "EG-1",
            "SUB with an array of no authors",
            ([SUB, 1, pack([[], None, None, None]), 1], []),
            expect="wrong_shape",
        ),
    ]


def _heads() -> list[Json]:
    seq = 1
    last = max(HELD, key=lambda one: one.id)
    head = [key_of(LAPTOP), seq, last.id]
    same = hashlib.sha256(key_of(LAPTOP) + seq.to_bytes(4, "big") + last.id).digest()[:16]
    none = hashlib.sha256(b"").digest()[:16]

    def asked(digest: bytes, first: int = 0, version: int = 1) -> list[object]:
        return [GET_HEADS, 3, 1, version, first, digest]

    told, nothing = [HEADS, 3, [head], False], [HEADS, 3, [], False]
    control = _filter(AUTHOR, kinds=[])
    return [
        _case(
            "EG-13",
            "the end of a chain, of several with one number the highest id",
            _sub(),
            (asked(none), [told]),
        ),
        _case("EG-13", "chains that end in the same places", _sub(), (asked(same), [nothing])),
        _case("EG-13", "no author from that place on", _sub(), (asked(same, first=1), [nothing])),
        _case("EG-13", "a scope that is void", _sub(), (asked(none, version=2), [nothing])),
        _case(
            "EG-13",
            "of content only what both sides keep",
            _sub(),
            ([SINCE, 1, 0, [[TIME + 9, b"\x01"]]], []),
            (asked(hashlib.sha256(b"other").digest()[:16]), [nothing]),
        ),
        _case("EG-13", "the control set alone", _sub(1, control), (asked(none), [nothing])),
        _case(
            "EG-13",
            "whom it follows privately",
            _sub(1, _filter(STRANGER_KEY), b"\x00"),
            (asked(same), [nothing]),
            held=[HIDDEN],
        ),
        _case(
            "EG-16",
            "the only link of a chain",
            ([GET_HEADERS, 1, SECOND.id, 0, 9], [_answer(1, SECOND.bare)]),
        ),
        _case(
            "EG-16",
            "no link, because the chain ends above it",
            ([GET_HEADERS, 1, SECOND.id, 1, 9], [_answer(1)]),
        ),
        _case("EG-16", "links up to none", ([GET_HEADERS, 1, SECOND.id, 0, 0], [_answer(1)])),
        _case("EG-16", "links from an unknown message on", ([GET_HEADERS, 1, ids(1)[0], 0, 9], [_answer(1)])),
        _case(
            "EG-16",
            "links of whom it follows privately",
            ([GET_HEADERS, 1, HIDDEN.id, 0, 9], [_answer(1)]),
            held=[HIDDEN],
        ),
        _case("EG-13", "HEADS to no question", ([HEADS, 2, [], False], []), expect="unexpected_frame"),
    ]


def _kinds_of_everyone() -> Step:
    return [SUB, 1, pack([None, [3], None, None]), 1], [[AUTHORS, 1, 1, AUTHOR, True, False, False]]


def responder_cases() -> list[Json]:
    """What a responder answers to each frame."""
    return [*_scopes(), *_sessions(), *_questions(), *_hidden(), *_kept(), *_out_of_order()]


def _scopes() -> list[Json]:
    three = sorted([AUTHOR, STRANGER_KEY, OTHER])
    bits = bytes([1 << three.index(AUTHOR)])
    changed: Step = [SUB, 1, _filter(OTHER), 2], [[SCOPE, 1, 2, b"\x00"]]
    return [
        _case("SY-4", "a scope has a bit for each author", _sub(asked=_filter(*three), carried=bits)),
        _case("SY-4", "a subscription that changes counts its version up", _sub(), changed),
        _case("SY-4", "two subscriptions have versions of their own", _sub(), _sub(3)),
        _case("SY-22", "a PING is answered", ([2, 1], [[4, 1]]), ([2, 3], [[4, 3]])),
    ]


def _sessions() -> list[Json]:
    differs: Step = _opening(), [[NEG_DIFFERS, 3, 3]]
    compared: Step = [NEG_MSG, 3, _listed(SECOND), False], [[NEG_MSG, 3, _listed(*HELD), False]]
    later = _filter(AUTHOR, since=TIME + 2)
    return [
        _case("SY-8", "equal sets", _sub(), (_opening(*HELD), [[NEG_SAME, 3]])),
        _case("SY-8", "sets of another number", _sub(), (_opening(FIRST, SECOND), [[NEG_DIFFERS, 3, 3]])),
        _case(
            "SY-8",
            "other sets of the same number",
            _sub(),
            (_opening(FIRST, SECOND, HIDDEN), [[NEG_DIFFERS, 3, 3]]),
        ),
        _case(
            "SY-8", "an unknown subscription is stale", _sub(), (_opening(sub=9), [[NEG_ERR, 3, STALE, 0]])
        ),
        _case("SY-8", "another version is stale", _sub(), (_opening(version=2), [[NEG_ERR, 3, STALE, 0]])),
        _case(
            "SY-8",
            "a session of a subscription that is given up is stale",
            _sub(),
            differs,
            ([UNSUB, 1], [[NEG_ERR, 3, STALE, 0]]),
            ([NEG_MSG, 3, _listed(SECOND), False], []),
        ),
        _case(
            "SY-4",
            "a session of a subscription that changes is stale",
            _sub(),
            differs,
            ([SUB, 1, _filter(AUTHOR), 2], [[SCOPE, 1, 2, b"\x01"], [NEG_ERR, 3, STALE, 0]]),
            ([NEG_CLOSE, 3], []),
        ),
        _case("SY-9", "a reconciliation", _sub(), differs, compared, ([NEG_CLOSE, 3], [])),
        _case("SY-9", "two rounds", _sub(), differs, compared, compared),
        _case(
            "SY-7",
            "a window from a time on",
            _sub(),
            (_opening(SECOND, THIRD, since=TIME + 2), [[NEG_SAME, 3]]),
        ),
        _case("SY-7", "a window up to a time", _sub(), (_opening(FIRST, until=TIME + 2), [[NEG_SAME, 3]])),
        _case(
            "SY-7",
            "a window within that of the filter",
            _sub(1, later),
            (_opening(SECOND, THIRD), [[NEG_SAME, 3]]),
        ),
        _case(
            "SY-7",
            "a window that is wider than that of the filter",
            _sub(1, later),
            (_opening(SECOND, THIRD, since=TIME + 1), [[NEG_SAME, 3]]),
        ),
        _case(
            "SY-2",
            "the control tier has the retraction, the content tier what it erased",
            _sub(),
            (_opening(INCEPTION, RETRACTION, tier=CONTROL), [[NEG_SAME, 3]]),
            (_opening(*HELD, number=5), [[NEG_SAME, 5]]),
            held=[*HELD, RETRACTION],
        ),
        _case(
            "SY-2",
            "times do not hold for the control tier",
            _sub(),
            (_opening(INCEPTION, RETRACTION, tier=CONTROL, until=TIME), [[NEG_SAME, 3]]),
            held=[RETRACTION],
        ),
        _case(
            "SY-9",
            "a message for a session that is over is passed over",
            _sub(),
            (_opening(*HELD), [[NEG_SAME, 3]]),
            ([NEG_MSG, 3, _listed(), False], []),
        ),
    ]


def _questions() -> list[Json]:
    unknown, another = ids(2)
    return [
        _case("SY-13", "a message by its id", ([GET, 1, SECOND.id], [_answer(1, SECOND.whole)])),
        _case("SY-13", "an id twice", ([GET, 1, SECOND.id * 2], [_answer(1, SECOND.whole)])),
        _case("SY-13", "no id", ([GET, 1, b""], [_answer(1)])),
        _case(
            "SY-13",
            "an unknown id beside a known one",
            ([GET, 1, unknown + SECOND.id], [[MISSING, 1, [[unknown, UNKNOWN]]], _answer(1, SECOND.whole)]),
        ),
        _case(
            "SY-16",
            "what is erased comes without its body",
            ([GET, 1, FIRST.id], [_answer(1, FIRST.bare)]),
            held=[FIRST, RETRACTION],
        ),
        _case(
            "SY-12",
            "a set from its beginning, on, and at its end",
            _sub(),
            (_range(3, limit=2), [_answer(3, FIRST.whole, SECOND.whole)]),
            (_range(5, SECOND), [_answer(5, THIRD.whole)]),
            (_range(7, THIRD), [_answer(7)]),
        ),
        _case(
            "SY-12",
            "the control set",
            _sub(),
            (_range(3, tier=CONTROL), [_answer(3, INCEPTION.whole, RETRACTION.whole)]),
            held=[RETRACTION, SECOND],
        ),
        _case(
            "SY-12",
            "a scope that has changed has nothing to stream",
            _sub(),
            (_range(3, version=2), [_answer(3)]),
        ),
        _case("SY-12", "nor has a subscription that never was", (_range(3), [_answer(3)])),
        _case("SY-4", "what ends no subscription is passed over", ([UNSUB, 1], []), _sub(), ([UNSUB, 7], [])),
        _case("SY-4", "CHANGED for no subscription is passed over", ([CHANGED, 2], []), ([CHANGED, 1], [])),
        _case(
            "SY-14",
            "what is announced and not held is wanted",
            ([IHAVE, 1, unknown, b"\x00"], [[WANT, 1, unknown]]),
        ),
        _case(
            "SY-14",
            "what is announced and held is not wanted",
            ([IHAVE, 1, FIRST.id, b"\x00"], [[WANT, 1, b""]]),
        ),
        _case(
            "SY-14",
            "of what is announced that is wanted which is not held, in its order",
            ([IHAVE, 1, FIRST.id + another + SECOND.id + unknown, bytes(4)], [[WANT, 1, another + unknown]]),
        ),
    ]


def _hidden() -> list[Json]:
    held = [*HELD, HIDDEN]
    asked = _filter(STRANGER_KEY)
    return [
        _case("SY-1", "whom it follows privately is in no scope", _sub(1, asked, b"\x00"), held=held),
        _case("SY-1", "nor in a set", _sub(1, asked, b"\x00"), (_opening(), [[NEG_SAME, 3]]), held=held),
        _case("SY-1", "nor in a stream", _sub(1, asked, b"\x00"), (_range(3), [_answer(3)]), held=held),
        _case(
            "SY-13",
            "what is held of a private follow is unknown",
            ([GET, 1, HIDDEN.id], [[MISSING, 1, [[HIDDEN.id, UNKNOWN]]], _answer(1)]),
            held=held,
        ),
        _case(
            "SY-14",
            "what is held of a private follow is wanted as if it were not held",
            ([IHAVE, 1, HIDDEN.id, b"\x00"], [[WANT, 1, HIDDEN.id]]),
            held=held,
        ),
    ]


def _kept() -> list[Json]:
    """What the responder, the other side, or both keep only from a time on."""
    two = sorted([AUTHOR, OTHER])
    bit = bytes([1 << two.index(AUTHOR)])
    both = bytes([3])

    def told(time: int, *, number: int = 1, version: int = 1, asked: bytes | None = None) -> Step:
        bits = b"\x01" if asked is None else bit
        scope = [SCOPE, number, version, bits]
        return [SUB, number, asked or _filter(AUTHOR), 1], [[SINCE, number, version, [[time, bits]]], scope]

    def says(*steps: list[object]) -> Step:
        return [SINCE, 1, 0, list(steps)], []

    later, everybody = TIME + 2, pack([None, None, None, None])
    return [
        _case("SY-27", "who keeps less says so in front of the scope", told(later), keeps=later),
        _case(
            "SY-27",
            "nothing is said of whom the scope does not carry",
            told(later, asked=_filter(AUTHOR, OTHER)),
            keeps=later,
        ),
        _case(
            "SY-27",
            "nothing is said where no content is asked for",
            _sub(asked=_filter(AUTHOR, kinds=[])),
            keeps=later,
        ),
        _case(
            "SY-28",
            "a session is over what the responder keeps",
            told(later),
            (_opening(SECOND, THIRD), [[NEG_SAME, 3]]),
            keeps=later,
        ),
        _case(
            "SY-28",
            "a session is over what the initiator keeps",
            _sub(),
            says([later, b"\x01"]),
            (_opening(SECOND, THIRD), [[NEG_SAME, 3]]),
        ),
        _case(
            "SY-28",
            "the later time counts: the initiator's",
            told(later),
            says([TIME + 3, b"\x01"]),
            (_opening(THIRD), [[NEG_SAME, 3]]),
            keeps=later,
        ),
        _case(
            "SY-28",
            "the later time counts: the responder's",
            told(TIME + 3),
            says([later, b"\x01"]),
            (_opening(THIRD), [[NEG_SAME, 3]]),
            keeps=TIME + 3,
        ),
        _case(
            "SY-28",
            "a reconciliation of what both keep",
            _sub(),
            says([later, b"\x01"]),
            (_opening(), [[NEG_DIFFERS, 3, 2]]),
            ([NEG_MSG, 3, _listed(SECOND), False], [[NEG_MSG, 3, _listed(SECOND, THIRD), False]]),
        ),
        _case(
            "SY-28",
            "a window within what both keep",
            told(later),
            (_opening(SECOND, since=TIME + 1, until=TIME + 3), [[NEG_SAME, 3]]),
            keeps=later,
        ),
        _case(
            "SY-28",
            "a stream of what both keep",
            _sub(),
            says([later, b"\x01"]),
            (_range(3), [_answer(3, SECOND.whole, THIRD.whole)]),
        ),
        _case(
            "SY-28",
            "the control set is kept whole",
            told(TIME + 9),
            says([TIME + 9, b"\x01"]),
            (_opening(INCEPTION, RETRACTION, tier=CONTROL), [[NEG_SAME, 3]]),
            held=[RETRACTION],
            keeps=TIME + 9,
        ),
        _case(
            "SY-27",
            "of a bit in two steps the last counts",
            _sub(),
            says([later, b"\x01"], [TIME + 3, b"\x01"]),
            (_opening(THIRD), [[NEG_SAME, 3]]),
        ),
        _case(
            "SY-27",
            "a step for somebody else changes nothing",
            ([SUB, 1, _filter(AUTHOR, OTHER), 1], [[SCOPE, 1, 1, bit]]),
            says([later, bytes([both[0] & ~bit[0]])]),
            (_opening(*HELD), [[NEG_SAME, 3]]),
        ),
        _case(
            "SY-27",
            "no step takes back what was said",
            _sub(),
            says([later, b"\x01"]),
            says(),
            (_opening(*HELD), [[NEG_SAME, 3]]),
        ),
        _case(
            "SY-27",
            "a SUB takes back what was said",
            _sub(),
            says([later, b"\x01"]),
            ([SUB, 1, _filter(AUTHOR), 2], [[SCOPE, 1, 2, b"\x01"]]),
            (_opening(*HELD, version=2), [[NEG_SAME, 3]]),
        ),
        _case(
            "SY-27",
            "a session is stale when the other side keeps less",
            _sub(),
            (_opening(), [[NEG_DIFFERS, 3, 3]]),
            ([SINCE, 1, 0, [[later, b"\x01"]]], [[NEG_ERR, 3, STALE, 0]]),
        ),
        _case(
            "SY-27",
            "a list is compared from when on the responder keeps whom it names",
            (
                [SUB, 1, everybody, 1],
                [[SINCE, 1, 1, [[later, b"\x01"]]], [AUTHORS, 1, 1, AUTHOR, True, False, False]],
            ),
            (_opening(SECOND, THIRD), [[NEG_SAME, 3]]),
            keeps=later,
        ),
        _case(
            "SY-27",
            "a list is compared from when on the initiator keeps whom it names",
            ([SUB, 1, everybody, 1], [[AUTHORS, 1, 1, AUTHOR, True, False, False]]),
            ([SINCE, 1, 1, [[later, b"\x01"]]], []),
            (_opening(SECOND, THIRD), [[NEG_SAME, 3]]),
        ),
        _case("SY-27", "SINCE for no subscription is passed over", says([later, b"\x01"]), _sub()),
    ]


def _out_of_order() -> list[Json]:
    opened: Step = _opening(), [[NEG_DIFFERS, 3, 3]]
    rows: list[tuple[str, str, list[Step], str]] = [
        (
            "SY-9",
            "a round outside a session",
            [_sub(), ([NEG_MSG, 3, b"\x61", False], [])],
            "unexpected_frame",
        ),
        (
            "SY-9",
            "a round that is none",
            [_sub(), opened, ([NEG_MSG, 3, b"\x61\xff", False], [])],
            "bad_reconciliation",
        ),
        (
            "SY-9",
            "an initiator's round in parts",
            [_sub(), opened, ([NEG_MSG, 3, bytes(196_608), True], [])],
            "unexpected_frame",
        ),
        ("SY-9", "the end of a session that never was", [_sub(), ([NEG_CLOSE, 3], [])], "unexpected_frame"),
        ("SY-14", "messages that nobody asked for", [([MESSAGES, 1, [], False], [])], "unexpected_frame"),
        ("SY-13", "MISSING to no question", [([MISSING, 2, []], [])], "unexpected_frame"),
        ("SY-14", "WANT to no announcement", [([WANT, 2, b""], [])], "unexpected_frame"),
        ("SY-14", "IHAVE without hop counts", [([IHAVE, 1, FIRST.id, b""], [])], "wrong_shape"),
        ("SY-8", "NEG_SAME to a responder", [([NEG_SAME, 2], [])], "unexpected_frame"),
        ("SY-4", "SCOPE to a responder", [([SCOPE, 2, 1, b""], [])], "unexpected_frame"),
        ("SY-4", "SUB with no filter", [([SUB, 1, b"", 1], [])], "not_canonical"),
        ("SY-18", "a push of nothing", [([MESSAGES, 0, [], False], [])], "unexpected_frame"),
        ("SY-13", "a question with a number of the other side", [([GET, 2, b""], [])], "unexpected_frame"),
        ("SY-13", "a question with the number 0", [([GET, 0, b""], [])], "unexpected_frame"),
        (
            "SY-13",
            "a question with a number that was used",
            [([GET, 3, b""], [_answer(3)]), ([2, 3], [])],
            "unexpected_frame",
        ),
        (
            "SY-13",
            "a question with a number below one that was used",
            [([GET, 3, b""], [_answer(3)]), ([GET, 1, b""], [])],
            "unexpected_frame",
        ),
    ]
    return [_case(rule, name, *exchange, expect=reason) for rule, name, exchange, reason in rows]
