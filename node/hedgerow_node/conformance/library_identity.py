"""The answers of this implementation to the vectors of 01-identity: see `library`."""

from collections.abc import Callable
from dataclasses import fields

from hedgerow_node.conformance.library_values import data_in, number_in, shown, texts_in
from hedgerow_node.conformance.shown import Json, bytes_of
from hedgerow_protocol import forks, identity, keys, message
from hedgerow_protocol.checking import check_message
from hedgerow_protocol.cuts import Reach, Standing
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_entry import LaterEntry, decode_entry

ENTRY_NAMES = {"operation": "op", "index": "idx", "previous": "log_prev"}
"""What the spec calls otherwise than the code."""
NET = 2
"""The network of the vectors."""


def _key_as_text(case: Json) -> Json:
    return {"key": keys.key_of(str(case["did"])).hex()}


def _recovery_key(case: Json) -> Json:
    seed = keys.recovery_seed(data_in(case, "entropy"), number_in(case, "number"))
    key = keys.public_key(seed)
    return {"seed": seed.hex(), "key": key.hex(), "commitment": keys.commitment(key).hex()}


def _log_entry(case: Json) -> Json:
    found = message.decode_message(data_in(case, "message"))
    check_message(found, NET)
    entry = decode_entry(found)
    if isinstance(entry, LaterEntry):
        return {"entry": {"op": entry.operation}}
    devices = [(grant.device, int(grant.capabilities)) for grant in entry.devices]
    told = {ENTRY_NAMES.get(field.name, field.name): getattr(entry, field.name) for field in fields(entry)}
    return {"entry": {name: shown(devices if name == "devices" else one) for name, one in told.items()}}


def _authorisation(case: Json) -> Json:
    known = _learned([message.decode_message(data) for data in texts_in(case, "held")])
    judged = _header_alone(data_in(case, "header"))
    author = judged.header.author
    return {"authorised": known.is_authorised(judged), "contested": known.is_contested(author)}


def _standings(case: Json) -> Json:
    held = [message.decode_message(data) for data in texts_in(case, "held")]
    asked = case["headers"]
    assert isinstance(asked, list)
    known = _learned(held)
    headers = [[one[0], _standing(known, held, _header_alone(bytes_of(str(one[0])))).value] for one in asked]
    log = known.log(held[0].header.author if held else keys.AuthorKey(bytes(32)))
    belong = [place for place, one in enumerate(held) if one.id in log.counted]
    return {"headers": headers, "branches": len(log.branches), "belong": belong}


def _fork(case: Json) -> Json:
    first, second = (message.decode_message(data) for data in texts_in(case, "messages"))
    forks.check_fork(first, second)
    return {}


def _learned(messages: list[message.Message]) -> identity.Identities:
    """What the log entries among these say."""
    known = identity.Identities()
    for one in messages:
        if one.header.kind == Kind.IDENTITY:
            check_message(one, NET)
            known.learn(one)
    return known


def _header_alone(data: bytes) -> message.Message:
    """A message of which only the header is there."""
    return message.Message(message.message_id(data), message.decode_header(data), data, bytes(64), None)


def _standing(known: identity.Identities, held: list[message.Message], judged: message.Message) -> Standing:
    """What the logs and what is held say of one message."""
    header = judged.header
    if known.is_authorised(judged):
        return Standing.AUTHORISED
    if header.kind == Kind.IDENTITY:
        return Standing.OFF_LOG
    found = set()
    for cut in known.cuts_of(header.author, header.device):
        reach = Reach(cut)
        for one in held:
            if (one.header.author, one.header.device) == (header.author, header.device):
                reach.add(one.id, one.header)
        found.add(reach.standing(judged.id, header.seq))
    return next((one for one in Standing if one in found and one != Standing.OFF_LOG), Standing.OFF_LOG)


ANSWERS: dict[str, Callable[[Json], Json]] = {
    "01-identity/keys-as-text": _key_as_text,
    "01-identity/recovery-keys": _recovery_key,
    "01-identity/log-entries": _log_entry,
    "01-identity/changes": _log_entry,
    "01-identity/authorisation": _authorisation,
    "01-identity/standings": _standings,
    "01-identity/forks": _fork,
}
