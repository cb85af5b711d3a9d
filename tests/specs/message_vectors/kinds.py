"""Cases of specs/05-kinds.md: bodies by kind."""

from specs.message_vectors.actors import NONCE, ids
from specs.message_vectors.bodies import (
    BOOK,
    LONG_THING,
    OPENING,
    PAGE,
    PERSON,
    Make,
    comment,
    connect,
    endorse,
    follow,
    profile,
    resource,
    retract,
)
from specs.message_vectors.identity import did
from specs.message_vectors.writer import Json, Raw, hex_of, ok, pack, refused, shown


def good(rule: str, kind: int, name: str, body: list[object]) -> Json:
    """A body that is taken."""
    return ok(rule, name, kind=kind, body=pack(body), value=_value(kind, body))


def _value(kind: int, body: list[object]) -> Json:
    opening: Json = {"nonce": hex_of(NONCE), "topics": shown(body[1]), "refs": shown(body[2])}
    if kind in (2, 3, 4, 5, 6, 10, 12):
        return opening | {"content": [shown(item) for item in body[4:-1]], "extra": shown(body[-1])}
    if kind in (7, 8, 9, 11, 13):
        return opening | {"content": [shown(item) for item in body[3:-1]], "extra": shown(body[-1])}
    return opening | {"content": [shown(item) for item in body[3:]], "extra": []}


def bad(rule: str, kind: int, rows: list[tuple[str, str, object]]) -> list[Json]:
    """Bodies that are refused: reason, name, body."""
    return [refused(rule, reason, name, kind=kind, body=pack(body)) for reason, name, body in rows]


def slots(kind: int, make: Make, wrong: dict[str, object]) -> list[Json]:
    """Bodies with slots that do not say what the content says."""
    return [
        refused("KI-3", "wrong_slot", f"the slot {name}", kind=kind, body=pack(make(slot=slot)))
        for name, slot in wrong.items()
    ]


def opening_cases() -> list[Json]:
    """What every body begins with and most end with, shown on comments."""
    most_topics: list[object] = [f"topic {number}" for number in range(16)]
    deep: object = []
    for _ in range(4):
        deep = [deep]
    return [
        good("KI-1", 8, "16 topics", comment(topics=most_topics)),
        good("KI-1", 8, "topics neither sorted nor different", comment(topics=["b", "a", "b"])),
        good("KI-1", 8, "a topic of 1 byte", comment(topics=["a"])),
        good("KI-1", 8, "a topic of 128 bytes", comment(topics=["a" * 128])),
        good("KI-1", 8, "64 refs", comment(refs=[[0, ids(1)[0]]] * 64)),
        good("KI-1", 8, "a relation in refs that nobody knows yet", comment(refs=[[65_535, ids(1)[0]]])),
        good("KI-4", 8, "16 pairs of extra", comment(extra=[[key, None] for key in range(16)])),
        good("KI-4", 8, "the highest key of extra", comment(extra=[[2**53 - 1, b"x"]])),
        good("KI-4", 8, "extra as deep as the encoding allows", comment(extra=[[0, deep]])),
        *bad("KI-1", 8, _bad_openings(most_topics)),
        *bad("KI-4", 8, _bad_extras(deep)),
    ]


def _bad_openings(most_topics: list[object]) -> list[tuple[str, str, object]]:
    one = ids(1)[0]
    return [
        ("wrong_shape", "no array", "a body"),
        ("wrong_shape", "no position", []),
        ("wrong_shape", "2 positions", [NONCE, []]),
        ("wrong_shape", "a nonce of 15 bytes", comment(nonce=NONCE[:15])),
        ("wrong_shape", "a nonce of 17 bytes", comment(nonce=NONCE + b"\0")),
        ("wrong_shape", "a nonce nil", comment(nonce=None)),
        ("wrong_shape", "topics nil", comment(topics=None)),
        ("out_of_range", "17 topics", comment(topics=[*most_topics, "one more"])),
        ("out_of_range", "a topic of 129 bytes", comment(topics=["a" * 129])),
        ("out_of_range", "a topic of 130 bytes in 65 letters", comment(topics=["é" * 65])),
        ("out_of_range", "an empty topic", comment(topics=[""])),
        ("out_of_range", "a topic with a tab", comment(topics=["a\tb"])),
        ("out_of_range", "a topic with a line feed", comment(topics=["a\nb"])),
        ("wrong_shape", "a topic in bytes", comment(topics=[b"a"])),
        ("out_of_range", "65 refs", comment(refs=[[0, one]] * 65)),
        ("out_of_range", "a relation 65,536 in refs", comment(refs=[[65_536, one]])),
        ("wrong_shape", "a ref of 31 bytes", comment(refs=[[0, one[:31]]])),
        ("wrong_shape", "a ref with 3 positions", comment(refs=[[0, one, None]])),
        ("wrong_shape", "a ref without relation", comment(refs=[one])),
        ("not_canonical", "a control character in a text", comment(text="\x1b[31m")),
        ("not_canonical", "a longer form of an integer", comment(role=Raw(b"\xcc\x00"))),
    ]


def _bad_extras(deep: object) -> list[tuple[str, str, object]]:
    return [
        ("out_of_range", "17 pairs of extra", comment(extra=[[key, None] for key in range(17)])),
        ("out_of_range", "a key of extra twice", comment(extra=[[1, None], [1, None]])),
        ("out_of_range", "keys of extra that descend", comment(extra=[[2, None], [1, None]])),
        ("wrong_shape", "extra nil", comment(extra=None)),
        ("wrong_shape", "a key of extra without value", comment(extra=[[1]])),
        ("wrong_shape", "a key of extra in text", comment(extra=[["a", None]])),
        ("wrong_shape", "no extra", comment()[:-1]),
        ("wrong_shape", "a position after extra", [*comment(), None]),
        ("not_canonical", "a key of extra at 2^53", comment(extra=[[2**53, None]])),
        ("not_canonical", "extra one deeper", comment(extra=[[0, [deep]]])),
    ]


def profile_cases() -> list[Json]:
    """Kind 2."""
    return [
        good("KI-7", 2, "a profile", profile(about="One line\nand another", machine=True)),
        good("KI-7", 2, "nothing said", profile(name="")),
        good("KI-7", 2, "the longest texts", profile(name="a" * 256, about="a" * 8_192)),
        *bad(
            "KI-7",
            2,
            [
                ("out_of_range", "a name of 257 bytes", profile(name="a" * 257)),
                ("out_of_range", "a name on two lines", profile(name="a\nb")),
                ("out_of_range", "an about of 8,193 bytes", profile(about="a" * 8_193)),
                ("wrong_shape", "machine 1", profile(machine=1)),
                ("wrong_shape", "machine nil", profile(machine=None)),
                ("wrong_shape", "a name in bytes", profile(name=b"Ana")),
            ],
        ),
        *slots(2, profile, {"of a profile is a word": "x", "of a profile is nil": None}),
    ]


def follow_cases() -> list[Json]:
    """Kind 3."""
    return [
        good("KI-8", 3, "a person", follow(reason="Explains well.")),
        good("KI-8", 3, "a topic", follow(target="topic:c%2B%2B")),
        good("KI-8", 3, "the longest thing and reason", follow(target=LONG_THING, reason="a" * 16_384)),
        *bad(
            "KI-8",
            3,
            [
                ("out_of_range", "a target that is no thing", follow(target="Ana")),
                ("out_of_range", "a target of 2,049 bytes", follow(target=LONG_THING + "a")),
                ("out_of_range", "a reason of 16,385 bytes", follow(reason="a" * 16_385)),
                ("wrong_shape", "a list of targets", follow(target=[PERSON])),
            ],
        ),
        *slots(3, follow, {"of a follow is another person": did(ids(1)[0]), "of a follow is empty": ""}),
    ]


def resource_cases() -> list[Json]:
    """Kind 4."""
    full = resource(
        summary="Two\nlines",
        language="tr",
        type="video",
        level="beginner",
        audience="adults",
        teaches=["Türkçe", "C++"],
        licence="CC-BY-4.0",
        minutes=90,
        authors=["Ana", "عمر"],
    )
    words = dict.fromkeys(("language", "type", "level", "audience"), "a" * 64)
    longest = resource(
        title="a" * 1_024, summary="a" * 8_192, licence="a" * 1_024, minutes=10_000_000, **words
    )
    lists = resource(teaches=["a" * 128] * 16, authors=["a" * 256] * 16, minutes=0)
    return [
        good("KI-9", 4, "a resource of which all is said", full),
        good("KI-9", 4, "a resource of which nothing is said", resource(title="")),
        good("KI-9", 4, "the shortest items of lists", resource(teaches=["a"], authors=["b"])),
        good("KI-9", 4, "the longest texts", longest),
        good("KI-9", 4, "the longest lists", lists),
        *bad("KI-9", 4, _bad_resources()),
        *slots(
            4,
            resource,
            {"of a resource is another page": PAGE + "a", "of a resource is bytes": PAGE.encode()},
        ),
    ]


def _bad_resources() -> list[tuple[str, str, object]]:
    return [
        ("out_of_range", "a title of 1,025 bytes", resource(title="a" * 1_025)),
        ("out_of_range", "a title on two lines", resource(title="a\nb")),
        ("out_of_range", "a summary of 8,193 bytes", resource(summary="a" * 8_193)),
        *(
            ("out_of_range", f"a {name} of 65 bytes", resource(**{name: "a" * 65}))
            for name in ("language", "type", "level", "audience")
        ),
        ("out_of_range", "17 topics taught", resource(teaches=["a"] * 17)),
        ("out_of_range", "an empty topic taught", resource(teaches=[""])),
        ("out_of_range", "a topic taught of 129 bytes", resource(teaches=["a" * 129])),
        ("out_of_range", "a licence of 1,025 bytes", resource(licence="a" * 1_025)),
        ("out_of_range", "10,000,001 minutes", resource(minutes=10_000_001)),
        ("wrong_shape", "minutes in text", resource(minutes="90")),
        ("wrong_shape", "minutes true", resource(minutes=True)),
        ("out_of_range", "17 authors", resource(authors=["a"] * 17)),
        ("out_of_range", "an author of 257 bytes", resource(authors=["a" * 257])),
        ("wrong_shape", "a title nil", resource(title=None)),
        ("out_of_range", "a web address beyond ASCII", resource(thing="https://bücher.example/")),
        ("wrong_shape", "one position too few", resource()[:-1]),
    ]


def endorse_cases() -> list[Json]:
    """Kind 5."""
    return [
        good("KI-10", 5, "a page", endorse(level="beginner", audience="adults", reason="Clear.")),
        good("KI-10", 5, "a person for a topic", endorse(thing=PERSON, topic="C++")),
        good("KI-10", 5, "a stance that nobody knows yet", endorse(stance=65_535)),
        good("KI-10", 5, "the longest texts", endorse(reason="a" * 16_384, topic="a" * 128)),
        *bad(
            "KI-10",
            5,
            [
                ("out_of_range", "stance 65,536", endorse(stance=65_536)),
                ("wrong_shape", "a stance in text", endorse(stance="for")),
                ("wrong_shape", "a stance false", endorse(stance=False)),
                ("out_of_range", "a level of 65 bytes", endorse(level="a" * 65)),
                ("out_of_range", "an audience with a tab", endorse(audience="a\tb")),
                ("out_of_range", "a reason of 16,385 bytes", endorse(reason="a" * 16_385)),
                ("out_of_range", "a topic of 129 bytes", endorse(topic="a" * 129)),
                ("out_of_range", "a topic with a tab", endorse(topic="a\tb")),
                ("wrong_shape", "a topic nil", endorse(topic=None, slot=PAGE)),
            ],
        ),
        *slots(
            5, endorse, {"of an endorsement has a tab and no topic": PAGE + "\t", "lacks the topic": PERSON}
        ),
        *bad("KI-3", 5, [("wrong_slot", "the slot without the topic", endorse(topic="C++", slot=PAGE))]),
    ]


def connect_cases() -> list[Json]:
    """Kind 6."""
    backwards = f"{BOOK}\t1\t{PAGE}"
    return [
        good("KI-11", 6, "a page leads to a book", connect(reason="It is the first chapter.")),
        good("KI-11", 6, "a relation that nobody knows yet", connect(relation=65_535)),
        good("KI-11", 6, "a thing with itself", connect(to=PAGE)),
        good("KI-11", 6, "the longest things", connect(origin=LONG_THING, to=LONG_THING)),
        *bad(
            "KI-11",
            6,
            [
                ("out_of_range", "relation 65,536", connect(relation=65_536)),
                ("wrong_shape", "a relation in text", connect(relation="leads-to")),
                ("out_of_range", "to no thing", connect(to="a book")),
                ("out_of_range", "from no thing", connect(origin="a page")),
                ("out_of_range", "a reason of 16,385 bytes", connect(reason="a" * 16_385)),
            ],
        ),
        *slots(
            6,
            connect,
            {
                "of a connection names another relation": f"{PAGE}\t2\t{BOOK}",
                "of a connection has a number with a leading zero": f"{PAGE}\t01\t{BOOK}",
                "of a connection is turned around": backwards,
                "of a connection has spaces for tabs": f"{PAGE} 1 {BOOK}",
            },
        ),
    ]


def comment_cases() -> list[Json]:
    """Kind 8."""
    return [
        good("KI-12", 8, "a question", comment(role=1, text="Why?\tBecause\nit is.")),
        good("KI-12", 8, "an answer", comment(role=2, refs=[[0, ids(1)[0]]], topics=["C++"])),
        good("KI-12", 8, "a role that nobody knows yet", comment(role=65_535)),
        good("KI-12", 8, "the shortest text", comment(text="a")),
        good("KI-12", 8, "the longest text", comment(text="a" * 16_384)),
        *bad(
            "KI-12",
            8,
            [
                ("out_of_range", "an empty text", comment(text="")),
                ("out_of_range", "a text of 16,385 bytes", comment(text="a" * 16_385)),
                (
                    "out_of_range",
                    "a text of 16,385 bytes in 16,384 letters",
                    comment(text="a" * 16_383 + "é"),
                ),
                ("out_of_range", "role 65,536", comment(role=65_536)),
                ("wrong_shape", "a slot", [*OPENING, PAGE, *comment()[3:]]),
            ],
        ),
    ]


def retract_cases() -> list[Json]:
    """Kind 1."""
    one, two = ids(2)
    return [
        good("KI-6", 1, "two messages", retract()),
        good("KI-6", 1, "64 messages", retract(targets=ids(64))),
        good("KI-6", 1, "a reason that nobody knows yet", retract(targets=[one], reason=65_535)),
        *bad(
            "KI-6",
            1,
            [
                ("out_of_range", "no target", retract(targets=[])),
                ("out_of_range", "65 targets", retract(targets=ids(65))),
                ("out_of_range", "targets that descend", retract(targets=[two, one])),
                ("out_of_range", "a target twice", retract(targets=[one, one])),
                ("wrong_shape", "a target of 31 bytes", retract(targets=[one[:31]])),
                ("wrong_shape", "a topic", retract(topics=["a"])),
                ("wrong_shape", "a ref", retract(refs=[[0, one]])),
                ("wrong_shape", "a reason in text", retract(reason="because")),
                ("out_of_range", "reason 65,536", retract(reason=65_536)),
                ("wrong_shape", "an extra", [*retract(), []]),
                ("wrong_shape", "no reason", retract()[:-1]),
            ],
        ),
    ]


def unknown_cases() -> list[Json]:
    """Kinds without a table."""
    anything: list[object] = [NONCE, ["a"], [[7, ids(1)[0]]], b"\0", ["x", [None]], 5, True]
    control_room = 4_096 - len(pack([*OPENING, bytes(256)])) + 256
    room = 32_768 - len(pack([*OPENING, bytes(256)])) + 256
    return [
        good("KI-13", 14, "the lowest reserved kind, anything after the opening", anything),
        good("KI-29", 79, "the highest kind of the later core, anything after the opening", anything),
        good("KI-13", 65_535, "nothing after the opening", OPENING),
        good("KI-1", 80, "a control kind of 4,096 bytes", [*OPENING, bytes(control_room)]),
        good("KI-1", 100, "another kind of 32,768 bytes", [*OPENING, bytes(room)]),
        *bad("KI-1", 80, [("too_big", "a control kind of 4,097 bytes", [*OPENING, bytes(control_room + 1)])]),
        *bad("KI-1", 100, [("too_big", "another kind of 32,769 bytes", [*OPENING, bytes(room + 1)])]),
        *bad(
            "KI-13",
            30_000,
            [
                ("wrong_shape", "an unknown kind without refs", [NONCE, []]),
                ("wrong_shape", "an unknown kind with a nonce in text", ["a" * 16, [], []]),
                ("out_of_range", "an unknown kind with an empty topic", [NONCE, [""], []]),
                ("not_canonical", "an unknown kind with a map", [*OPENING, Raw(b"\x80")]),
            ],
        ),
    ]
