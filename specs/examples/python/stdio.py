"""This small reader as a program that decides cases line by line (specs/conformance.md)."""

import json
import sys

import encoding
import identity
import kinds
import messages

NET = 2
"""The network of the vectors."""


def data_of(text):
    """The bytes behind hexadecimal parts, each perhaps with a count."""
    parts = [part.partition("*") for part in text.split()]
    return b"".join(bytes.fromhex(digits) * int(count or 1) for digits, _, count in parts)


def shown(value):
    """A value as JSON."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, dict):
        return {name: shown(one) for name, one in value.items()}
    return [shown(one) for one in value] if isinstance(value, tuple) else value


def values(case):
    return {"value": shown(encoding.decode(data_of(case["bytes"]), case.get("max_size", 2**20)))}


def hashes(case):
    return {"hash": encoding.hash_for(case["purpose"], data_of(case["data"])).hex()}


def base58(case):
    return {"data": encoding.from_base58(case["text"]).hex()}


def signatures(case):
    encoding.verify(*(data_of(case[name]) for name in ("key", "signature", "message")))
    return {}


def headers(case):
    return {"fields": shown(messages.decode_header(data_of(case["header"])))}


def whole_messages(case):
    message = messages.decode_message(data_of(case["message"]))
    messages.verify_message(message)
    return {"id": message["id"].hex(), "body": shown(message["body"])}


def received(case):
    message = messages.decode_message(data_of(case["message"]))
    encoding.check(message["header"]["net"] == NET, "wrong_net")
    if message["body"] is not None:
        kinds.decode_body(message["header"]["kind"], message["body"])
    messages.verify_message(message)
    return {"id": message["id"].hex()}


def forms(case):
    kinds.thing(case["thing"])
    return {}


def bodies(case):
    body = kinds.decode_body(case["kind"], data_of(case["body"]))
    return {"value": shown(body) | {"nonce": body["nonce"].hex()}}


def keys_as_text(case):
    return {"key": identity.key_of(case["did"]).hex()}


def recovery_keys(case):
    seed = identity.recovery_seed(data_of(case["entropy"]), case["number"])
    key = identity.public_key(seed)
    return {"seed": seed.hex(), "key": key.hex(), "commitment": encoding.hash_for("next", key).hex()}


def log_entries(case):
    message = messages.decode_message(data_of(case["message"]))
    encoding.check(message["header"]["net"] == NET, "wrong_net")
    entry = identity.decode_entry(message)
    messages.verify_message(message)
    return {"entry": shown(entry)}


def forks(case):
    identity.check_fork(*(messages.decode_message(data_of(one)) for one in case["messages"]))
    return {}


KINDS = ("opening", "profile", "follow", "resource", "endorse", "connect", "comment", "retract", "unknown")
COVERED = {
    "01-identity/keys-as-text": keys_as_text,
    "01-identity/recovery-keys": recovery_keys,
    "01-identity/log-entries": log_entries,
    "01-identity/changes": log_entries,
    "01-identity/forks": forks,
    "02-encoding/values": values,
    "02-encoding/hashes": hashes,
    "02-encoding/base58": base58,
    "02-encoding/signatures": signatures,
    "03-messages/headers": headers,
    "03-messages/messages": whole_messages,
    "03-messages/received": received,
    "04-things/forms": forms,
    **{f"05-kinds/{name}": bodies for name in KINDS},
}


def answer(file, case):
    """The answer to one case; `expect` is None for a file that is not covered."""
    if file not in COVERED:
        return {"expect": None}
    try:
        return {"expect": "ok", **COVERED[file](case)}
    except encoding.Refused as refusal:
        return {"expect": refusal.args[0]}


if __name__ == "__main__":
    for question in map(json.loads, sys.stdin):
        print(json.dumps(answer(question["file"], question["case"])), flush=True)
