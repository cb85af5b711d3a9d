"""Runs every vector of the specs 01 to 05, 07, 08-sync, 10 and 11 against the protocol package."""

import ast
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import ada_url
import pytest

from hedgerow_node.conformance import library_scope
from hedgerow_protocol import (
    address_record,
    base58,
    codec,
    device_link,
    filter,
    forks,
    frame,
    identity,
    invite,
    keys,
    kinds,
    log_entry,
    message,
    node_list,
    things,
)
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.checking import check_message
from hedgerow_protocol.cuts import Reach, Standing
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from simulator.responder import Responder
from specs import make_vectors

VECTORS = Path(__file__).parents[2] / "specs" / "vectors"
RUN_ELSEWHERE = {"06-handshake", "08-reconciliation"}
"""Folders of specs that have tests of their own."""
NO_LIMIT = 2**20
NET = 2
"""The network of the vectors."""
Case = dict[str, object]


def data_of(text: object) -> bytes:
    """The bytes behind hexadecimal parts, each perhaps with a count."""
    assert isinstance(text, str)
    parts = [part.partition("*") for part in text.split()]
    return b"".join(bytes.fromhex(digits) * int(count or 1) for digits, _, count in parts)


def value_of(shown: object) -> object:
    """The decoded value that a vector shows."""
    match shown:
        case {"bytes": text}:
            return data_of(text)
        case {"item": item, "times": int(times)}:
            return (value_of(item),) * times
        case {"text": str(letter), "times": int(times)}:
            return letter * times
        case list():
            return tuple(value_of(item) for item in shown)
    return shown


def run_values(case: Case) -> Iterator[object]:
    limit = case.get("max_size", NO_LIMIT)
    assert isinstance(limit, int)
    value = codec.decode(data_of(case["bytes"]), limit)
    yield value, value_of(case["value"])
    yield codec.encode(value), data_of(case["bytes"])


def run_hashes(case: Case) -> Iterator[object]:
    yield keys.hash_for(str(case["purpose"]), data_of(case["data"])), data_of(case["hash"])


def run_base58(case: Case) -> Iterator[object]:
    data = base58.decode(str(case["text"]))
    yield data, data_of(case["data"])
    yield base58.encode(data), case["text"]


def run_signatures(case: Case) -> Iterator[object]:
    keys.verify(data_of(case["key"]), data_of(case["signature"]), data_of(case["message"]))
    yield True, True


def run_keys_as_text(case: Case) -> Iterator[object]:
    key = keys.key_of(str(case["did"]))
    yield key, data_of(case["key"])
    yield keys.did_of(key), case["did"]


def run_recovery_keys(case: Case) -> Iterator[object]:
    number = case["number"]
    assert isinstance(number, int)
    seed = keys.recovery_seed(data_of(case["entropy"]), number)
    yield seed, data_of(case["seed"])
    yield keys.public_key(seed), data_of(case["key"])
    yield keys.commitment(keys.public_key(seed)), data_of(case["commitment"])


ENTRY_NAMES = {"op": "operation", "idx": "index", "log_prev": "previous"}
"""How the code calls what the spec calls otherwise."""


def run_log_entries(case: Case) -> Iterator[object]:
    found = message.decode_message(data_of(case["message"]))
    check_message(found, NET)
    entry, expected = log_entry.decode_entry(found), case["entry"]
    assert isinstance(expected, dict)
    assert isinstance(entry, log_entry.LogEntry) == (len(expected) > 1)
    for name, value in expected.items():
        shown = getattr(entry, ENTRY_NAMES.get(name, name))
        is_granted = name == "devices"
        yield tuple((one.device, one.capabilities) for one in shown) if is_granted else shown, value_of(value)


def run_authorisation(case: Case) -> Iterator[object]:
    known, held = identity.Identities(), case["held"]
    assert isinstance(held, list)
    for data in held:
        known.learn(message.decode_message(data_of(data)))
    judged = header_alone(data_of(case["header"]))
    yield known.is_authorised(judged), case["authorised"]
    yield known.is_contested(judged.header.author), case["contested"]


def header_alone(data: bytes) -> message.Message:
    """A message of which only the header is there."""
    return message.Message(message.message_id(data), message.decode_header(data), data, bytes(64), None)


def run_standings(case: Case) -> Iterator[object]:
    held, headers = case["held"], case["headers"]
    assert isinstance(held, list)
    assert isinstance(headers, list)
    messages = [message.decode_message(data_of(data)) for data in held]
    known = learned(messages)
    for data, state in headers:
        yield standing(known, messages, header_alone(data_of(data))).value, state
    log = known.log(messages[0].header.author) if messages else known.log(keys.AuthorKey(bytes(32)))
    yield len(log.branches), case["branches"]
    if "belong" in case:
        yield [at for at, one in enumerate(messages) if one.id in log.counted], list(value_of(case["belong"]))  # type: ignore[call-overload]
    yield learned(messages[::-1]).log(messages[0].header.author) if messages else log, log


def learned(messages: list[message.Message]) -> identity.Identities:
    """What the log entries among these say."""
    known = identity.Identities()
    for one in messages:
        if one.header.kind == kinds.Kind.IDENTITY:
            check_message(one, NET)
            known.learn(one)
    return known


def standing(known: identity.Identities, held: list[message.Message], judged: message.Message) -> Standing:
    """What the logs and what is held say of one message."""
    header = judged.header
    if known.is_authorised(judged):
        return Standing.AUTHORISED
    if header.kind == kinds.Kind.IDENTITY:
        return Standing.OFF_LOG
    found = set()
    for cut in known.cuts_of(header.author, header.device):
        reach = Reach(cut)
        for one in held:
            if (one.header.author, one.header.device) == (header.author, header.device):
                reach.add(one.id, one.header)
        found.add(reach.standing(judged.id, header.seq))
    return next((one for one in Standing if one in found and one != Standing.OFF_LOG), Standing.OFF_LOG)


def run_forks(case: Case) -> Iterator[object]:
    messages = case["messages"]
    assert isinstance(messages, list)
    forks.check_fork(*(message.decode_message(data_of(data)) for data in messages))
    yield True, True


def run_headers(case: Case) -> Iterator[object]:
    header, expected = message.decode_header(data_of(case["header"])), case["fields"]
    assert isinstance(expected, dict)
    yield list(header._fields), list(expected)
    for name, value in expected.items():
        yield getattr(header, name), value_of(value)
    yield message.encode_header(header), data_of(case["header"])


def run_messages(case: Case) -> Iterator[object]:
    found = message.decode_message(data_of(case["message"]))
    message.verify(found)
    yield found.id, data_of(case["id"])
    yield found.body, value_of(case["body"])
    yield found.encode(), data_of(case["message"])


def run_received(case: Case) -> Iterator[object]:
    found = message.decode_message(data_of(case["message"]))
    check_message(found, NET)
    yield found.id, data_of(case["id"])


def run_forms(case: Case) -> Iterator[object]:
    yield things.as_thing(case["thing"], "the thing"), case["thing"]


def parse_address(text: str) -> str | None:
    try:
        return ada_url.URL(text).href
    except ValueError:
        return None


def run_canonical(case: Case) -> Iterator[object]:
    thing = things.canonical_thing(str(case["given"]), parse_address)
    yield thing, case["canonical"]
    yield things.canonical_thing(thing, parse_address), thing


def run_topics(case: Case) -> Iterator[object]:
    yield from run_canonical(case)
    yield things.topic_words(str(case["canonical"])), value_of(case["words"])


def run_bodies(case: Case) -> Iterator[object]:
    kind = case["kind"]
    assert isinstance(kind, int)
    body = kinds.decode_body(kind, data_of(case["body"]))
    expected = case["value"]
    assert isinstance(expected, dict)
    yield body.nonce, data_of(expected["nonce"])
    yield body.topics, value_of(expected["topics"])
    yield body.refs, value_of(expected["refs"])
    yield body.extra, value_of(expected["extra"])
    yield contents(body.content), value_of(expected["content"])
    yield kinds.encode_body(body), data_of(case["body"])


def run_frames(case: Case) -> Iterator[object]:
    found = frame.decode_frame(data_of(case["bytes"]))
    name = None if case["frame"] is None else str(case["frame"]).replace("_", "")
    yield type(found).__name__.upper() if found is not None else None, name
    if found is not None:
        values = (found.type, *(getattr(found, field.name) for field in fields(found)))
        yield values, value_of(case["values"])
        yield frame.encode_frame(found), data_of(case["bytes"])


def run_filters(case: Case) -> Iterator[object]:
    found = filter.decode_filter(data_of(case["bytes"]))
    yield found.encode(), data_of(case["bytes"])
    if "values" in case:
        authors = None if found.authors is None else b"".join(found.authors)
        yield (authors, found.kinds, found.since, found.until), value_of(case["values"])
    if "carried" in case:
        yield b"".join(found.narrowed(data_of(case["carried"])).authors or ()), data_of(case["narrowed"])
    if "header" in case:
        yield found.matches(message.decode_header(data_of(case["header"]))), case["passes"]


def run_invites(case: Case) -> Iterator[object]:
    if "acceptance" in case:
        yield from run_acceptances(case)
        return
    if "text" in case:
        yield invite.parse_invite(str(case["text"])).to_bytes(), data_of(case["as_bytes"])
        return
    signed = invite.decode_signed_invite(data_of(case["invite"]))
    yield signed.to_bytes(), data_of(case["invite"])
    if "values" in case:
        yield signed.id, data_of(case["id"])
        yield signed.to_text(), case["as_text"]
        expected = case["values"]
        assert isinstance(expected, dict)
        for name, value in expected.items():
            found = getattr(signed.invite, name)
            meet = tuple((place.address, place.device) for place in signed.invite.meet)
            yield meet if name == "meet" else found, value_of(value)


def run_acceptances(case: Case) -> Iterator[object]:
    found, expected = invite.decode_acceptance(data_of(case["acceptance"])), case["values"]
    assert isinstance(expected, dict)
    for name, value in expected.items():
        is_text = name == "name"
        yield getattr(found, name), value if is_text or isinstance(value, int) else data_of(value)


def run_devices(case: Case) -> Iterator[object]:
    if "text" in case:
        code = device_link.parse_code(str(case["text"]))
        yield code.to_text(), case.get("as_text")
        yield code.signed.encoded, data_of(case["has_offer"])
        yield code.secret, data_of(case["has_secret"])
    elif "request" in case:
        request = device_link.decode_request(data_of(case["request"]))
        expected = case["values"]
        yield request.proves(data_of(case["secret"])), case["proves"]
        yield [getattr(request, name) for name in ("link", "author", "device")], _datas(expected, 3)
        assert isinstance(expected, list)
        yield [request.name, request.ts], expected[3:]
    else:
        signed, expected = device_link.decode_offer(data_of(case["offer"])), case["values"]
        yield device_link.is_offer(signed.encoded), True
        yield [signed.offer.net, signed.offer.expiry], [case["net"], case["expiry"]]
        yield [signed.offer.author, signed.offer.link, signed.device], _datas(expected, 3)


def run_mass(case: Case) -> Iterator[object]:
    yield library_scope.ANSWERS["10-scope/mass"](case)["ranked"], case["ranked"]


def run_records(case: Case) -> Iterator[object]:
    signed = address_record.decode_record(data_of(case["record"]))
    yield signed.encoded, data_of(case["record"])
    if "values" in case:
        expected = case["values"]
        assert isinstance(expected, dict)
        for name, value in expected.items():
            is_key = name in ("device", "author")
            yield getattr(signed.record, name), data_of(value) if is_key else value_of(value)


def run_lists(case: Case) -> Iterator[object]:
    found = node_list.parse_list(str(case["text"]))
    yield found.to_text(), case["as_text"]
    yield [found.name, found.ts], [case["label"], case["ts"]]
    yield (
        [found.author, *(node.record.device for node in found.nodes)],
        [
            data_of(case["author"]),
            *_datas(case["devices"], 2),
        ],
    )


def _datas(values: object, count: int) -> list[bytes]:
    assert isinstance(values, list)
    return [data_of(value) for value in values[:count]]


def run_responder(case: Case) -> Iterator[object]:
    held, exchange = case["held"], case["exchange"]
    assert isinstance(held, list)
    assert isinstance(exchange, list)
    carried, private = (frozenset({keys.AuthorKey(data_of(case[name]))}) for name in ("carries", "private"))
    messages = [message.decode_message(data_of(data)) for data in held]
    since = dict.fromkeys(carried, int(str(case["since"]))) if "since" in case else {}
    responder = Responder(Carried(carried, private, since=since), messages)
    for received, sent in exchange:
        found = frame.decode_frame(data_of(received))
        assert found is not None
        yield responder.send(found), [data_of(data) for data in sent]


def contents(content: kinds.Content) -> tuple[object, ...]:
    """What a body says, by position."""
    if isinstance(content, kinds.Unknown):
        return content.values
    return tuple(getattr(content, field.name) for field in fields(content))


RUNNERS: dict[str, Callable[[Case], Iterator[object]]] = {
    "07-frames/frames": run_frames,
    "07-frames/filters": run_filters,
    "07-frames/invites": run_invites,
    "07-frames/devices": run_devices,
    "08-sync/responder": run_responder,
    "10-scope/mass": run_mass,
    "11-discovery/records": run_records,
    "11-discovery/lists": run_lists,
    "10-edges-and-scope/responder": run_responder,
    "01-identity/keys-as-text": run_keys_as_text,
    "01-identity/recovery-keys": run_recovery_keys,
    "01-identity/log-entries": run_log_entries,
    "01-identity/authorisation": run_authorisation,
    "01-identity/changes": run_log_entries,
    "01-identity/standings": run_standings,
    "01-identity/forks": run_forks,
    "02-encoding/values": run_values,
    "02-encoding/hashes": run_hashes,
    "02-encoding/base58": run_base58,
    "02-encoding/signatures": run_signatures,
    "03-messages/headers": run_headers,
    "03-messages/messages": run_messages,
    "03-messages/received": run_received,
    "04-things/forms": run_forms,
    "04-things/addresses": run_canonical,
    "04-things/identifiers": run_canonical,
    "04-things/topics": run_topics,
    **dict.fromkeys(
        (
            "05-kinds/opening",
            "05-kinds/profile",
            "05-kinds/follow",
            "05-kinds/resource",
            "05-kinds/endorse",
            "05-kinds/connect",
            "05-kinds/comment",
            "05-kinds/trail",
            "05-kinds/step",
            "05-kinds/attest",
            "05-kinds/label",
            "05-kinds/introduce",
            "05-kinds/vouch",
            "05-kinds/receipt",
            "05-kinds/retract",
            "05-kinds/unknown",
        ),
        run_bodies,
    ),
}


def cases_of(name: str) -> list[Case]:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["cases"]


ALL = [pytest.param(name, case, id=f"{name}: {case['name']}") for name in RUNNERS for case in cases_of(name)]


def outcome(name: str, case: Case) -> str:
    """`ok`, `local` or the reason for the refusal; every result of an accepted case is compared."""
    try:
        for result, expected in RUNNERS[name](case):
            assert result == expected
            assert type(result) is type(expected) or isinstance(result, int)
    except RemoteProtocolError as error:
        return error.reason.value
    except LocalProtocolError:
        return "local"
    return "ok"


@pytest.mark.parametrize(("name", "case"), ALL)
def test_a_vector_is_decided_as_it_says(name: str, case: Case) -> None:
    assert outcome(name, case) == case["expect"]


def files() -> set[str]:
    return {str(path.relative_to(VECTORS).with_suffix("")) for path in VECTORS.rglob("*.json")}


def test_every_vector_file_has_a_runner() -> None:
    assert {name for name in files() if name.partition("/")[0] not in RUN_ELSEWHERE} == set(RUNNERS)


def test_every_vector_file_names_inputs_that_its_cases_have() -> None:
    for name in files():
        found = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
        named = {path.partition(".")[0] for path in found["inputs"]}
        assert named <= {key for case in found["cases"] for key in case}, name
        assert all(named & case.keys() for case in found["cases"]), name


def test_the_committed_vectors_are_what_the_generator_writes() -> None:
    for name, text in make_vectors.vectors().items():
        assert (VECTORS / name).read_text(encoding="utf-8") == text, f"{name}: run make vectors"


def test_the_generator_does_not_use_the_code_under_test() -> None:
    folder = Path(__file__).parent
    for path in [
        folder / "make_vectors.py",
        folder / "edwards.py",
        *(folder / "message_vectors").glob("*.py"),
    ]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("hedgerow", "msgpack")) for name in names), path.name


def test_every_case_has_its_own_name_a_rule_and_a_known_expectation() -> None:
    known = {"ok", "local", *(reason.value for reason in Reason)}
    for name in RUNNERS:
        found = cases_of(name)
        assert {case["expect"] for case in found} <= known
        assert all(case["rule"] for case in found)
        assert [key for key, count in Counter(case["name"] for case in found).items() if count > 1] == []


def test_at_least_half_of_the_vectors_are_refusals() -> None:
    expectations = [case["expect"] for name in RUNNERS for case in cases_of(name)]
    assert expectations.count("ok") * 2 <= len(expectations)
