"""Messages that every node takes from an author whom it carries, and gives byte for byte as they came."""

from hedgerow_node.conformance.live.judged import Messages
from hedgerow_node.conformance.live.refused_messages import THING, UNKNOWN, UNKNOWN_CONTROL
from hedgerow_node.conformance.live.speaker import Speaker, Written, pack
from hedgerow_protocol import keys, limits
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import SIGNATURE_TAG

taken = Messages(are_taken=True)
LONG_AGO = 1
"""A time in 1970."""
LATER_KIND = 14
LATER_OPERATION = 20
"""Of a log entry: no revision says what it does."""
FAR_ON = 2**32 - 1
"""The last seq that there is."""


@taken("EN-4", "text that is not in a normal form")
def not_normal(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body(THING, 0, "e\u0301", []))


@taken("EN-3", "a byte order mark in text, a tab and a line feed")
def odd_characters(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body(THING, 0, "\ufeff\t\n", []))


@taken("ME-13", "a message far on in a chain of which nothing else is there")
def far_on(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body(), seq=FAR_ON, prev=b"\x01" * 32)


@taken("ME-13", "a message beside another with the same seq")
def forked(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body(), seq=FAR_ON, prev=b"\x02" * 32)


@taken("ME-14", "a message of 1970")
def of_1970(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body(), ts=LONG_AGO)


@taken("ME-2", "a body at its limit")
def long_body(speaker: Speaker) -> Written:
    opening = len(speaker.body())
    return speaker.write(UNKNOWN, speaker.body(bytes(limits.MAX_BODY - opening - len(b"\xc5\0\0"))))


@taken("KI-4", "a key of extra that nobody knows")
def unknown_extra(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body(THING, 0, "x", [[2**40, [1, "x", None]]]))


@taken("KI-5", "a control kind that nobody knows")
def unknown_control(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN_CONTROL, speaker.body("anything", True))


@taken("KI-13", "a kind that nobody knows")
def unknown_kind(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body("anything", [True, None]))


@taken("KI-29", "a kind that a later revision may know")
def later_kind(speaker: Speaker) -> Written:
    return speaker.write(LATER_KIND, speaker.body("anything"))


@taken("KI-10", "a stance that nobody knows")
def unknown_stance(speaker: Speaker) -> Written:
    return speaker.write(Kind.ENDORSE, speaker.body(THING, THING, 999, "", "", "", "", []))


@taken("KI-11", "a relation that nobody knows")
def unknown_relation(speaker: Speaker) -> Written:
    return speaker.write(Kind.CONNECT, speaker.body(f"{THING}\t999\t{THING}", THING, 999, THING, "", []))


@taken("KI-12", "a role that nobody knows")
def unknown_role(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body(THING, 999, "x", []))


@taken("KI-15", "a message that replaces one that is not there")
def replacing_the_unknown(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body(THING, 0, "x", []), replaces=[b"\x03" * 32])


@taken("KI-18", "a retraction of what may not be retracted, or is not there")
def retracting_in_vain(speaker: Speaker) -> Written:
    targets = sorted([speaker.inception.id, b"\x03" * 32])
    return speaker.write(Kind.RETRACT, speaker.body(targets, 999))


@taken("TH-3", "a web address that is not in canonical form")
def not_canonical(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body("https://EXAMPLE.org:443/?utm_source=x#y", 0, "x", []))


@taken("TH-3", "a thing with a scheme that nobody knows")
def unknown_scheme(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body("x-1:ü", 0, "x", []))


@taken("ID-12", "a log entry by the root with an operation that nobody knows")
def later_entry(speaker: Speaker) -> Written:
    body = speaker.body(LATER_OPERATION, "anything")
    root = keys.public_key(speaker.root_seed)
    header = pack(speaker.header(Kind.IDENTITY, body, device=root))
    return speaker.seal(header, body, signature=keys.sign(speaker.root_seed, SIGNATURE_TAG + header))
