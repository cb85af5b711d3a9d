"""Messages that every node refuses or ignores: each breaks one rule and is signed rightly but for that."""

from hedgerow_node.conformance.live.judged import Messages
from hedgerow_node.conformance.live.speaker import Speaker, Written, pack
from hedgerow_protocol import keys, limits
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.message import SIGNATURE_TAG

refused = Messages(are_taken=False)
THING = "https://example.org/"
UNKNOWN = 30_000
"""A kind that nobody reads, for faults of the encoding."""
UNKNOWN_CONTROL = 90
SMALL_ORDER = bytes.fromhex("01" + "00" * 31)
"""The neutral element: under it one signature holds for every message."""
ZEROS = bytes(32)


def _raw(speaker: Speaker, tail: str, count: int = 1) -> Written:
    """A message of an unknown kind whose body ends in these bytes, `count` values."""
    opening = speaker.body()
    return speaker.write(UNKNOWN, bytes([0x90 + 3 + count]) + opening[1:] + bytes.fromhex(tail))


@refused("EN-2", "an integer in a longer form than it needs")
def longer_integer(speaker: Speaker) -> Written:
    return _raw(speaker, "cc05")


@refused("EN-2", "an empty map")
def empty_map(speaker: Speaker) -> Written:
    return _raw(speaker, "80")


@refused("EN-2", "a float")
def a_float(speaker: Speaker) -> Written:
    return _raw(speaker, "cb3ff0000000000000")


@refused("EN-2", "an integer above 2^53 - 1")
def large_integer(speaker: Speaker) -> Written:
    return _raw(speaker, "cf0020000000000000")


@refused("EN-3", "a control character in text")
def control_character(speaker: Speaker) -> Written:
    return _raw(speaker, "a2c285")


@refused("EN-3", "text that is not UTF-8")
def no_utf8(speaker: Speaker) -> Written:
    return _raw(speaker, "a2c328")


@refused("EN-5", "arrays nine deep")
def nine_deep(speaker: Speaker) -> Written:
    return _raw(speaker, "91" * (limits.MAX_DEPTH - 1) + "90")


@refused("EN-6", "a byte behind a body")
def trailing_byte(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body() + b"\xc0")


@refused("EN-11", "an inception that names a device key of small order")
def small_order(speaker: Speaker) -> Written:
    root, following = (speaker.clock.entropy(32) for _ in range(2))
    return speaker.write_entry([], [], 0, 0, None, root, following, [[SMALL_ORDER, 3]], [])


@refused("EN-12", "a signature whose S has the order of the group added")
def malleable(speaker: Speaker) -> Written:
    body = speaker.body()
    header = pack(speaker.header(UNKNOWN, body))
    signed = keys.sign(speaker.voice.seed, SIGNATURE_TAG + header)
    shifted = int.from_bytes(signed[32:], "little") + keys.GROUP_ORDER
    return speaker.seal(header, body, signature=signed[:32] + shifted.to_bytes(32, "little"))


@refused("EN-13", "the signature of another message")
def other_signature(speaker: Speaker) -> Written:
    body = speaker.body()
    signed = keys.sign(speaker.voice.seed, SIGNATURE_TAG + b"x")
    return speaker.seal(pack(speaker.header(UNKNOWN, body)), body, signature=signed)


@refused("ME-8", "a signature without the tag of a message")
def without_tag(speaker: Speaker) -> Written:
    body = speaker.body()
    header = pack(speaker.header(UNKNOWN, body))
    return speaker.seal(header, body, signature=keys.sign(speaker.voice.seed, header))


@refused("ME-1", "a message of four positions")
def four_positions(speaker: Speaker) -> Written:
    body = speaker.body()
    return speaker.seal(pack(speaker.header(UNKNOWN, body)), body, None)


@refused("ME-2", "a header of twelve positions")
def twelve_positions(speaker: Speaker) -> Written:
    body = speaker.body()
    return speaker.seal(pack([*speaker.header(UNKNOWN, body), 0]), body)


@refused("ME-3", "version 2 of the header")
def version_2(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body(), v=2)


@refused("ME-4", "the seq 0")
def seq_0(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body(), seq=0)


@refused("ME-4", "the seq 2 without prev")
def without_prev(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body(), seq=2)


@refused("ME-4", "replaces that does not ascend")
def unordered_replaces(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body(), replaces=[b"\x02" * 32, b"\x01" * 32])


@refused("ME-5", "a control kind that replaces something")
def replacing_control(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN_CONTROL, speaker.body(), replaces=[ZEROS])


@refused("ME-6", "a body with another hash than the header says")
def other_body(speaker: Speaker) -> Written:
    header = pack(speaker.header(UNKNOWN, speaker.body()))
    return speaker.seal(header, speaker.body())


@refused("ME-10", "a message of another network")
def other_net(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, speaker.body(), net=speaker.net + 1)


@refused("KI-1", "a nonce of 15 bytes")
def short_nonce(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, pack([bytes(limits.NONCE - 1), [], []]))


@refused("KI-1", "an empty topic")
def empty_topic(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN, pack([bytes(limits.NONCE), [""], []]))


@refused("KI-1", "a body of a control kind above its limit")
def long_control(speaker: Speaker) -> Written:
    return speaker.write(UNKNOWN_CONTROL, speaker.body(bytes(limits.MAX_CONTROL_BODY)))


@refused("KI-3", "a slot that does not follow from the content")
def other_slot(speaker: Speaker) -> Written:
    return speaker.write(Kind.FOLLOW, speaker.body("doi:10.1/x", THING, "", []))


@refused("KI-4", "keys of extra that do not ascend")
def unordered_extra(speaker: Speaker) -> Written:
    return speaker.write(Kind.FOLLOW, speaker.body(THING, THING, "", [[2, 0], [1, 0]]))


@refused("KI-6", "a retraction of nothing")
def retracting_nothing(speaker: Speaker) -> Written:
    return speaker.write(Kind.RETRACT, speaker.body([], 0))


@refused("KI-7", "a name of two lines")
def two_lines(speaker: Speaker) -> Written:
    return speaker.write(Kind.PROFILE, speaker.body("", "a\nb", "", False, []))


@refused("KI-8", "a follow with a position too many")
def long_follow(speaker: Speaker) -> Written:
    return speaker.write(Kind.FOLLOW, speaker.body(THING, THING, "", [], 0))


@refused("KI-9", "minutes as text")
def minutes_as_text(speaker: Speaker) -> Written:
    values: tuple[object, ...] = (THING, THING, "", "", "", "", "", "", [], "", "5", [], [])
    return speaker.write(Kind.RESOURCE, speaker.body(*values))


@refused("KI-10", "a stance above 65,535")
def large_stance(speaker: Speaker) -> Written:
    return speaker.write(Kind.ENDORSE, speaker.body(THING, THING, 2**16, "", "", "", "", []))


@refused("KI-11", "a connection to no thing")
def no_thing(speaker: Speaker) -> Written:
    return speaker.write(Kind.CONNECT, speaker.body(f"{THING}\t0\tx", THING, 0, "x", "", []))


@refused("KI-12", "a comment without text")
def empty_comment(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body(THING, 0, "", []))


def _without_content(rule: str, kind: int, name: str) -> None:
    refused(rule, f"{name} without its content")(lambda speaker: speaker.write(kind, speaker.body()))


for _rule, _kind, _name in (
    ("KI-22", Kind.TRAIL, "a trail"),
    ("KI-24", Kind.ATTEST, "an attestation"),
    ("KI-25", Kind.LABEL, "a label"),
    ("KI-26", Kind.INTRODUCE, "an introduction"),
    ("KI-27", Kind.VOUCH, "a vouch"),
    ("KI-28", Kind.RECEIPT, "a receipt"),
):
    _without_content(_rule, _kind, _name)


@refused("TH-1", "a thing with a space")
def spaced_thing(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body("urn:a b", 0, "x", []))


@refused("TH-2", "a web address beyond ASCII")
def no_ascii(speaker: Speaker) -> Written:
    return speaker.write(Kind.COMMENT, speaker.body("https://bücher.example/", 0, "x", []))


@refused("ID-7", "a log entry with a topic")
def entry_with_topic(speaker: Speaker) -> Written:
    return speaker.write_entry(["x"], [], 7, 0, None, ZEROS, None, [], [])


@refused("ID-9", "an inception whose root is its device")
def root_as_device(speaker: Speaker) -> Written:
    return speaker.write_entry([], [], 0, 0, None, speaker.device, ZEROS, [[speaker.device, 3]], [])


@refused("ID-10", "an inception with a signature that does not hold")
def forged_inception(speaker: Speaker) -> Written:
    found = speaker.incept(speaker.device)
    return speaker.seal(found.header_bytes, found.body, signature=bytes([1]) * 64)


@refused("ID-17", "a rotate to the root that its signer is")
def rotate_to_itself(speaker: Speaker) -> Written:
    return speaker.write_entry([], [], 2, 1, speaker.inception.id, speaker.key, ZEROS, [], [])


@refused("ID-18", "a closing entry with a device")
def closing_with_device(speaker: Speaker) -> Written:
    devices = [[speaker.device, 3]]
    return speaker.write_entry([], [], 2, 1, speaker.inception.id, ZEROS, None, devices, [])


@refused("ID-19", "an update by a root that no log names")
def strange_root(speaker: Speaker) -> Written:
    seed = speaker.clock.entropy(32)
    root = keys.public_key(seed)
    body = speaker.body(1, 1, speaker.inception.id, root, ZEROS, [], [])
    header = pack(speaker.header(Kind.IDENTITY, body, device=root))
    return speaker.seal(header, body, signature=keys.sign(seed, SIGNATURE_TAG + header))


@refused("ID-13", "a message by a device that the log does not name")
def strange_device(speaker: Speaker) -> Written:
    seed, body = speaker.clock.entropy(32), speaker.body()
    header = pack(speaker.header(UNKNOWN, body, device=keys.public_key(seed)))
    return speaker.seal(header, body, signature=keys.sign(seed, SIGNATURE_TAG + header))


@refused("ID-13", "a log entry by a device")
def entry_by_device(speaker: Speaker) -> Written:
    return speaker.write(Kind.IDENTITY, speaker.body(7, 0, None, ZEROS, None, [], []))
