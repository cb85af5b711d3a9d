"""Bodies, written from specs 04 and 05 alone: the opening of every kind, the content of the first ones."""

import re

from encoding import MAX_UINT, check, decode
from messages import CONTROL_KINDS, MAX_BODY, MAX_CONTROL_BODY
from shapes import KEY, UINT16, array, data, flag, items, line, optional, pair, text, uint

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:[^\x00-\x20\x7f-\xa0]+", re.ASCII)
WORD, TITLE, TEXT, NAME = line(64), line(1_024), text(16_384), line(256)
OPENING = (data(16), items(16, line(128, 1)), items(64, pair(UINT16, KEY)))


def thing(value):
    """TH-1 and TH-2."""
    text(2_048)(value)
    check(SCHEME.fullmatch(value), "out_of_range")
    check(not value.startswith(("http:", "https:")) or value.isascii(), "out_of_range")
    return value


RESOURCE = (thing, TITLE, text(8_192), WORD, WORD, WORD, WORD, items(16, line(128, 1)), TITLE)
KINDS = {
    2: ((NAME, text(8_192), flag), lambda name, about, machine: ""),
    3: ((thing, TEXT), lambda target, reason: target),
    4: ((*RESOURCE, optional(uint(10_000_000)), items(16, line(256, 1))), lambda thing, *rest: thing),
    5: (
        (thing, UINT16, WORD, WORD, TEXT, line(128)),
        lambda *all: all[0] + ("\t" + all[5] if all[5] else ""),
    ),
    6: ((thing, UINT16, thing, TEXT), lambda origin, relation, to, reason: f"{origin}\t{relation}\t{to}"),
    8: ((thing, UINT16, text(16_384, 1)), None),
}
"""The content of each kind that is known here, and how its slot follows from it (KI-3)."""


def decode_extra(value):
    """KI-4."""
    extra = items(16, lambda one: (uint(MAX_UINT)(array(one, 2)[0]), one[1]))(value)
    check([key for key, _ in extra] == sorted({key for key, _ in extra}), "out_of_range")
    return extra


def decode_body(kind, packed):
    """{nonce, topics, refs, content, extra} of a body (KI-1 to KI-13)."""
    values = array(decode(packed, MAX_CONTROL_BODY if kind in CONTROL_KINDS else MAX_BODY))
    check(len(values) >= 3, "wrong_shape")
    body = dict(zip(("nonce", "topics", "refs"), [one(value) for one, value in zip(OPENING, values)]))
    rest, extra = values[3:], ()
    if kind == 1:
        check(not body["topics"] and not body["refs"], "wrong_shape")
        targets, reason = array(rest, 2)
        rest = (items(64, KEY, least=1, ascending=True)(targets), UINT16(reason))
    elif kind in KINDS:
        checks, slot_of = KINDS[kind]
        slots = 0 if slot_of is None else 1
        array(rest, slots + len(checks) + 1)
        content = tuple([one(value) for one, value in zip(checks, rest[slots:-1])])
        check(not slots or rest[0] == slot_of(*content), "wrong_slot")
        rest, extra = content, decode_extra(rest[-1])
    return body | {"content": rest, "extra": extra}
