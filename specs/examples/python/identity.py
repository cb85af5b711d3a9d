"""Keys as text, recovery keys, log entries and forks, written from spec 01 alone.

Which entries belong to a log, and what they do together, is not covered.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from encoding import check, check_key, decode, from_base58
from kinds import OPENING
from messages import MAX_CONTROL_BODY, verify_message
from shapes import KEY, UINT16, UINT32, array, items, optional, pair, uint


def key_of(did):
    """The key in a did:key (ID-2)."""
    check(did.startswith("did:key:z"), "out_of_range")
    found = from_base58(did[len("did:key:z") :])
    check(len(found) == 34 and found[:2] == b"\xed\x01", "out_of_range")
    return found[2:]


def recovery_seed(entropy, number):
    """The private seed of a recovery key (ID-5)."""
    return HKDF(SHA256(), 32, b"hedgerow/1/root", number.to_bytes(4)).derive(entropy)


def public_key(seed):
    """The public key of a private seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def granted(value):
    """A device with its capabilities; its key is checked (ID-7)."""
    key = KEY(array(value, 2)[0])
    check_key(key)
    return key, UINT16(value[1])


ENTRY = {
    **{
        "op": UINT16,
        "idx": uint(1_023),
        "log_prev": optional(KEY),
        "root": KEY,
        "next": optional(KEY),
    },
    **{"devices": items(32, granted), "removals": items(32, pair(KEY, items(8, pair(UINT32, KEY))))},
}


def decode_entry(message):
    """The fields of a log entry by name; what bytes alone can decide is checked (ID-7 to ID-18)."""
    header = message["header"]
    check(header["kind"] == 0 and message["body"] is not None, "wrong_shape")
    values = array(decode(message["body"], MAX_CONTROL_BODY))
    check(len(values) >= 4, "wrong_shape")
    _, topics, refs = [one(value) for one, value in zip(OPENING, values)]
    check(not topics and not refs, "wrong_shape")
    operation = UINT16(values[3])
    if operation >= 16:
        return {"op": operation}
    array(values, 10)
    entry = {name: checked(value) for (name, checked), value in zip(ENTRY.items(), values[3:])}
    if operation in CHANGES:
        CHANGES[operation](header, entry)
    return entry


def check_inception(header, entry):
    """ID-9."""
    check(header["device"] == header["author"] and header["seq"] == 1, "wrong_shape")
    is_first = entry["idx"] == 0 and entry["log_prev"] is None
    check(is_first and entry["next"] is not None and not entry["removals"], "wrong_shape")
    check(entry["devices"], "out_of_range")
    check_keys(entry, {header["author"]})


def check_update(header, entry):
    """ID-16."""
    check(header["device"] == entry["root"], "wrong_shape")
    check(entry["idx"] and entry["log_prev"] is not None and entry["next"] is not None, "wrong_shape")
    check_keys(entry, {header["author"]})


def check_rotate(header, entry):
    """ID-17 and ID-18."""
    check(header["seq"] == 1, "wrong_shape")
    check(entry["idx"] and entry["log_prev"] is not None, "wrong_shape")
    if entry["next"] is None:
        nothing = not entry["devices"] and not entry["removals"]
        check(entry["root"] == bytes(32) and nothing, "wrong_shape")
        check(header["device"] != header["author"], "bad_key")
    else:
        check_keys(entry, [header["author"], header["device"]])


def check_keys(entry, signers):
    """Order of devices, removals and cuts; then the root; then that all keys are different."""
    devices, removed = ([key for key, _ in entry[name]] for name in ("devices", "removals"))
    check(devices == sorted(set(devices)) and removed == sorted(set(removed)), "out_of_range")
    for seqs in ([seq for seq, _ in cut] for _, cut in entry["removals"]):
        check(seqs == sorted(set(seqs), reverse=True) and 0 not in seqs, "out_of_range")
    check_key(entry["root"])
    every = [*signers, entry["root"], *devices, *removed]
    check(len(set(every)) == len(every), "bad_key")


CHANGES = {0: check_inception, 1: check_update, 2: check_rotate}


def check_fork(first, second):
    """Two messages that prove that a key was copied (ID-31)."""
    places = [[one["header"][name] for name in ("net", "author", "device", "seq")] for one in (first, second)]
    check(places[0] == places[1] and first["id"] != second["id"], "wrong_shape")
    for one in (first, second):
        verify_message(one)
