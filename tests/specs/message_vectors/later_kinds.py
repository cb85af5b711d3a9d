"""Cases of specs/05-kinds.md: trails, attestations, labels, introductions, vouches, receipts."""

from specs.message_vectors.actors import LAPTOP_KEY, NONCE, ids
from specs.message_vectors.bodies import (
    LONG_THING,
    OPENING,
    PAGE,
    PERSON,
    TRAIL,
    attest,
    introduce,
    label,
    receipt,
    step,
    trail,
    vouch,
)
from specs.message_vectors.identity import base58, did
from specs.message_vectors.kinds import bad, good, slots
from specs.message_vectors.writer import Json, pack


def trail_cases() -> list[Json]:
    """Kind 7 but for its steps."""
    return [
        good("KI-22", 7, "a trail", trail(summary="Two\nlines", steps=[step(), step(thing=PERSON)])),
        good("KI-22", 7, "a trail without steps", trail(steps=[])),
        good("KI-22", 7, "a fork", trail(lineage=ids(2)[::-1])),
        good(
            "KI-22", 7, "the longest lineage, in which one stands again and again", trail(lineage=ids(1) * 16)
        ),
        good("KI-22", 7, "the longest texts", trail(title="a" * 1_024, summary="a" * 8_192)),
        good("KI-22", 7, "a slot of zero bytes", trail(slot="1" * 16)),
        good("KI-22", 7, "a slot of the highest bytes", trail(slot=base58(b"\xff" * 16))),
        good("KI-22", 7, "200 steps", trail(steps=[step(thing="tag:a")] * 200)),
        *bad("KI-22", 7, _bad_trails()),
        *slots(
            7,
            trail,
            {
                "of a trail is empty": "",
                "of a trail has 15 bytes": base58(NONCE[1:]),
                "of a trail has 17 bytes": base58(b"\1" + NONCE),
                "of a trail has a letter that base58 lacks": TRAIL[:-1] + "0",
                "of a trail is in bytes": NONCE,
                "of a trail is nil": None,
                "of a trail is a long text": "a" * 1_000,
            },
        ),
    ]


def _bad_trails() -> list[tuple[str, str, object]]:
    one = ids(1)[0]
    return [
        ("out_of_range", "an empty title", trail(title="")),
        ("out_of_range", "a title of 1,025 bytes", trail(title="a" * 1_025)),
        ("out_of_range", "a title on two lines", trail(title="a\nb")),
        ("out_of_range", "a summary of 8,193 bytes", trail(summary="a" * 8_193)),
        ("out_of_range", "201 steps", trail(steps=[step(thing="tag:a")] * 201)),
        ("wrong_shape", "steps nil", trail(steps=None)),
        ("out_of_range", "17 ids of lineage", trail(lineage=[one] * 17)),
        ("wrong_shape", "an id of lineage with 31 bytes", trail(lineage=[one[:31]])),
        ("wrong_shape", "lineage nil", trail(lineage=None)),
        ("wrong_shape", "a trail without lineage", [*OPENING, TRAIL, "A trail", "", [], []]),
        ("wrong_slot", "the slot is judged before the title", trail(slot="", title="")),
    ]


def step_cases() -> list[Json]:
    """The steps of a trail."""
    full = step(role="practice", note="Two\nlines", minutes=90, optional=True)
    chain = [step(requires=list(range(place)), thing="tag:a") for place in range(40)]
    good_steps: dict[str, list[object]] = {
        "a step of which all is said": [full],
        "a role that nobody has filled": [step(thing=None, role="a counter-view")],
        "the shortest role without a thing": [step(thing=None, role="a")],
        "the longest parts of a step": [
            step(thing=LONG_THING, role="a" * 128, note="a" * 8_192, minutes=10_000_000)
        ],
        "a trail as step": [step(thing="hedgerow:" + base58(ids(1)[0]))],
        "a thing twice": [step(), step()],
        "steps that require all before them": list(chain),
    }
    return [
        *(good("KI-23", 7, name, trail(steps=steps)) for name, steps in good_steps.items()),
        *bad("KI-23", 7, [(reason, name, trail(steps=steps)) for reason, name, steps in _bad_steps()]),
    ]


def _bad_steps() -> list[tuple[str, str, list[object]]]:
    return [
        ("out_of_range", "neither a thing nor a role", [step(thing=None)]),
        ("out_of_range", "a thing of a step that is none", [step(thing="a page")]),
        ("wrong_shape", "a thing of a step in bytes", [step(thing=PAGE.encode())]),
        ("out_of_range", "a role of 129 bytes", [step(role="a" * 129)]),
        ("out_of_range", "a role with a tab", [step(role="a\tb")]),
        ("wrong_shape", "a role nil", [step(role=None)]),
        ("out_of_range", "a note of 8,193 bytes", [step(note="a" * 8_193)]),
        ("out_of_range", "the first step requires itself", [step(requires=[0])]),
        ("out_of_range", "a step requires a later one", [step(requires=[1]), step()]),
        ("out_of_range", "a step requires one that is not there", [step(), step(requires=[7])]),
        ("out_of_range", "a step requires one twice", [step(), step(requires=[0, 0])]),
        ("out_of_range", "required steps that descend", [step(), step(), step(requires=[1, 0])]),
        ("out_of_range", "a step requires place 200", [step(), step(requires=[200])]),
        ("wrong_shape", "requires nil", [step(requires=None)]),
        ("wrong_shape", "a required step in text", [step(), step(requires=["0"])]),
        ("out_of_range", "10,000,001 minutes", [step(minutes=10_000_001)]),
        ("wrong_shape", "minutes of a step true", [step(minutes=True)]),
        ("wrong_shape", "optional 0", [step(optional=0)]),
        ("wrong_shape", "optional nil", [step(optional=None)]),
        ("wrong_shape", "a step with 5 positions", [step()[:-1]]),
        ("wrong_shape", "a step with 7 positions", [[*step(), None]]),
        ("wrong_shape", "a step that is a thing", [PAGE]),
        (
            "wrong_shape",
            "a bad shape in step 2 is found before an order in step 1",
            [step(requires=[0]), PAGE],
        ),
    ]


def attest_cases() -> list[Json]:
    """Kind 9."""
    return [
        good("KI-24", 9, "a page opens", attest()),
        good("KI-24", 9, "a size", attest(claim=3, value=2**53 - 1)),
        good("KI-24", 9, "captions in two languages", attest(claim=2, value="en tr")),
        good("KI-24", 9, "superseded by the longest thing", attest(claim=6, value=LONG_THING)),
        good("KI-24", 9, "a claim that nobody knows yet", attest(claim=65_535, value="")),
        good("KI-24", 9, "a value that does not fit its claim", attest(claim=3, value="large")),
        good("KI-24", 9, "checked at the first second", attest(checked_at=0)),
        good("KI-24", 9, "checked at the last second", attest(checked_at=2**32 - 1)),
        *bad(
            "KI-24",
            9,
            [
                ("out_of_range", "a thing that is none", attest(thing="a page")),
                ("out_of_range", "claim 65,536", attest(claim=65_536)),
                ("wrong_shape", "a claim in text", attest(claim="opens")),
                ("wrong_shape", "a claim true", attest(claim=True)),
                ("wrong_shape", "a value nil", attest(value=None)),
                ("wrong_shape", "a value in bytes", attest(value=b"1")),
                ("wrong_shape", "a value in an array", attest(value=[True])),
                ("out_of_range", "a value of 2,049 bytes", attest(value="a" * 2_049)),
                ("out_of_range", "a value on two lines", attest(value="a\nb")),
                ("out_of_range", "checked at 2^32", attest(checked_at=2**32)),
                ("wrong_shape", "checked at nil", attest(checked_at=None)),
                ("wrong_shape", "an attestation with a slot", [*OPENING, PAGE, *attest()[3:]]),
            ],
        ),
    ]


def label_cases() -> list[Json]:
    """Kind 10."""
    return [
        good("KI-25", 10, "a label", label(reason="It sells what it\nreviews.")),
        good("KI-25", 10, "the shortest label, on a person", label(thing=PERSON, label="a")),
        good("KI-25", 10, "the longest texts", label(label="é" * 32, reason="a" * 16_384)),
        *bad(
            "KI-25",
            10,
            [
                ("out_of_range", "an empty label", label(label="")),
                ("out_of_range", "a label of 65 bytes", label(label="a" * 65)),
                ("out_of_range", "a label with a tab", label(label="a\tb")),
                ("wrong_shape", "a label nil", label(label=None)),
                ("out_of_range", "a reason of 16,385 bytes", label(reason="a" * 16_385)),
                ("out_of_range", "a label on no thing", label(thing="Ana")),
            ],
        ),
        *slots(
            10,
            label,
            {"of a label is the thing alone": PAGE, "of a label is another label": f"{PAGE}\tscam"},
        ),
    ]


def introduce_cases() -> list[Json]:
    """Kind 11."""
    return [
        good("KI-26", 11, "two people", introduce(reason="Both teach chess.")),
        good("KI-26", 11, "a person and themselves, without effect", introduce(other=PERSON)),
        good("KI-26", 11, "the longest reason", introduce(reason="a" * 16_384)),
        *bad(
            "KI-26",
            11,
            [
                ("out_of_range", "a person that is no thing", introduce(one="Ana")),
                ("wrong_shape", "the other person nil", introduce(other=None)),
                ("out_of_range", "a reason of 16,385 bytes", introduce(reason="a" * 16_385)),
                ("wrong_shape", "a third person", [*introduce()[:-2], PERSON, "", []]),
            ],
        ),
    ]


def vouch_cases() -> list[Json]:
    """Kind 12."""
    return [
        good("KI-27", 12, "a person", vouch(reason="My teacher of ten years.")),
        good("KI-27", 12, "a page, without effect", vouch(target=PAGE)),
        *bad(
            "KI-27",
            12,
            [
                ("out_of_range", "a target that is no thing", vouch(target="Ana")),
                ("out_of_range", "a reason of 16,385 bytes", vouch(reason="a" * 16_385)),
                ("wrong_shape", "no reason", vouch()[:-2]),
            ],
        ),
        *slots(12, vouch, {"of a vouch is another person": did(ids(1)[0]), "of a vouch is empty": ""}),
    ]


def receipt_cases() -> list[Json]:
    """Kind 13."""
    spare = 512 - len(pack(receipt(extra=[[0, bytes(256)]]))) + 256
    return [
        good("KI-28", 13, "a receipt", receipt()),
        good("KI-28", 13, "the highest numbers", receipt(seq=2**32 - 1, held_since=2**32 - 1)),
        good("KI-1", 13, "a receipt of 512 bytes", receipt(extra=[[0, bytes(spare)]])),
        *bad("KI-1", 13, [("too_big", "a receipt of 513 bytes", receipt(extra=[[0, bytes(spare + 1)]]))]),
        *bad(
            "KI-28",
            13,
            [
                ("wrong_shape", "a device of 31 bytes", receipt(device=LAPTOP_KEY[:31])),
                ("wrong_shape", "a device in text", receipt(device=PERSON)),
                ("out_of_range", "seq 0", receipt(seq=0)),
                ("out_of_range", "seq 2^32", receipt(seq=2**32)),
                ("wrong_shape", "seq false", receipt(seq=False)),
                ("wrong_shape", "an id of 33 bytes", receipt(id=ids(1)[0] + b"\0")),
                ("out_of_range", "held since 2^32", receipt(held_since=2**32)),
                ("wrong_shape", "no held since", receipt()[:-2]),
            ],
        ),
    ]
