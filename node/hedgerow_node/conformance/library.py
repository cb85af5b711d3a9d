"""This implementation as a line-based program: the protocol package put to its own vectors from outside.

    python -m hedgerow_node.conformance.library

It covers every file but the two about a responder, which needs a store.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import TextIO

import ada_url
import msgspec

from hedgerow_node.conformance import (
    library_devices,
    library_discovery,
    library_identity,
    library_links,
    library_scope,
)
from hedgerow_node.conformance.cases import KIND_FILES
from hedgerow_node.conformance.library_identity import NET
from hedgerow_node.conformance.library_values import data_in, number_in, shown
from hedgerow_node.conformance.shown import Json
from hedgerow_protocol import base58, codec, keys, kinds, message, things
from hedgerow_protocol.checking import check_message
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError

TOPIC = "topic:"
NO_LIMIT = 2**20
"""Bytes of a value where the case names no limit."""
Answering = Callable[[Json], Json]


def _value(case: Json) -> Json:
    limit = number_in(case, "max_size") if "max_size" in case else NO_LIMIT
    return {"value": shown(codec.decode(data_in(case, "bytes"), limit))}


def _hash(case: Json) -> Json:
    return {"hash": keys.hash_for(str(case["purpose"]), data_in(case, "data")).hex()}


def _base58(case: Json) -> Json:
    return {"data": base58.decode(str(case["text"])).hex()}


def _signature(case: Json) -> Json:
    keys.verify(data_in(case, "key"), data_in(case, "signature"), data_in(case, "message"))
    return {}


def _header(case: Json) -> Json:
    header = message.decode_header(data_in(case, "header"))
    return {"fields": {name: shown(value) for name, value in header._asdict().items()}}


def _message(case: Json) -> Json:
    found = message.decode_message(data_in(case, "message"))
    message.verify(found)
    return {"id": found.id.hex(), "body": shown(found.body)}


def _received(case: Json) -> Json:
    found = message.decode_message(data_in(case, "message"))
    check_message(found, NET)
    return {"id": found.id.hex()}


def _form(case: Json) -> Json:
    things.as_thing(case["thing"], "the thing")
    return {}


def _canonical(case: Json) -> Json:
    return {"canonical": things.canonical_thing(str(case["given"]), _parsed)}


def _topic(case: Json) -> Json:
    thing = things.canonical_thing(str(case["given"]), _parsed)
    told: Json = {"canonical": thing}
    if thing.startswith(TOPIC):
        told["words"] = things.topic_words(thing)
    return told


def _parsed(text: str) -> str | None:
    try:
        return str(ada_url.URL(text).href)
    except ValueError:
        return None


def _body(case: Json) -> Json:
    body = kinds.decode_body(number_in(case, "kind"), data_in(case, "body"))
    content = body.content
    values = (
        content.values
        if isinstance(content, kinds.Unknown)
        else tuple([getattr(content, field.name) for field in fields(content)])
    )
    told = (
        ("topics", body.topics),
        ("refs", body.refs),
        ("extra", body.extra),
        ("content", values),
    )
    return {"value": {"nonce": body.nonce.hex(), **{name: shown(one) for name, one in told}}}


ANSWERS: dict[str, Answering] = {
    **library_identity.ANSWERS,
    "02-encoding/values": _value,
    "02-encoding/hashes": _hash,
    "02-encoding/base58": _base58,
    "02-encoding/signatures": _signature,
    "03-messages/headers": _header,
    "03-messages/messages": _message,
    "03-messages/received": _received,
    "04-things/forms": _form,
    "04-things/addresses": _canonical,
    "04-things/identifiers": _canonical,
    "04-things/topics": _topic,
    **library_links.ANSWERS,
    **library_devices.ANSWERS,
    **library_discovery.ANSWERS,
    **library_scope.ANSWERS,
}


def answer(file: str, case: Json) -> Json:
    """The answer to one case; `expect` is None for a file that is not covered."""
    decide = _body if file.startswith(KIND_FILES) else ANSWERS.get(file)
    if decide is None:
        return {"expect": None}
    try:
        return {"expect": "ok", **decide(case)}
    except library_links.Refused as refusal:
        return {"expect": refusal.reason.value, **refusal.results}
    except RemoteProtocolError as error:
        return {"expect": error.reason.value}
    except LocalProtocolError:
        return {"expect": "local"}


def main(questions: Iterable[str], answers: TextIO) -> None:
    """Answer until there are no more questions."""
    for line in questions:
        question = msgspec.json.decode(line)
        told = answer(question["file"], question["case"])
        print(msgspec.json.encode(told).decode(), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.stdin, sys.stdout)
