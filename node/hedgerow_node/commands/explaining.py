"""Why a message is what it says: its fields, its bytes, what is signed, and each check done again before one's eyes."""

from dataclasses import fields

from hedgerow_node.commands.operation import Json
from hedgerow_node.node import Node
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.kinds import Kind, decode_body
from hedgerow_protocol.log_entry import DeviceGrant, decode_entry
from hedgerow_protocol.message import SIGNATURE_TAG, VERSION, Header, Message, decode_message, verify
from hedgerow_protocol.things import message_thing


async def explain(node: Node, message: Message) -> Json:
    """Everything that somebody needs to check this message by hand; bytes are in hexadecimal."""
    return {
        "header": _fields(message.header),
        "body": _body_fields(message),
        "message_bytes": message.encode().hex(),
        "header_bytes": message.header_bytes.hex(),
        "signed_bytes": (SIGNATURE_TAG + message.header_bytes).hex(),
        "signature": message.signature.hex(),
        "body_bytes": None if message.body is None else message.body.hex(),
        "checks": [_encoding(message), _body(message), _signature(message), await _authority(node, message)],
    }


def _fields(header: Header) -> Json:
    return {
        "v": VERSION,
        "net": header.net,
        "kind": header.kind,
        "kind_name": kind_name(header.kind),
        "author": did_of(header.author),
        "device": did_of(header.device),
        "seq": header.seq,
        "prev": None if header.prev is None else message_thing(header.prev),
        "ts": header.ts,
        "body_len": header.body_len,
        "body_hash": header.body_hash.hex(),
        "replaces": [message_thing(one) for one in header.replaces],
    }


def _body_fields(message: Message) -> Json | None:
    """What the body says, by name; None where it is not here or does not hold."""
    if message.body is None:
        return None
    try:
        body = decode_body(message.header.kind, message.body)
        content = decode_entry(message) if message.header.kind == Kind.IDENTITY else body.content
    except RemoteProtocolError:
        return None
    opening = {"nonce": body.nonce, "topics": body.topics, "refs": body.refs}
    told = {one.name: getattr(content, one.name) for one in fields(content) if one.name != "kind"}
    slot = getattr(content, "slot", None)
    named = opening | ({} if slot is None else {"slot": slot}) | told
    return {name: _shown(value) for name, value in named.items()} | {"extra": _shown(body.extra)}


def _shown(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, DeviceGrant):
        return [did_of(value.device), int(value.capabilities)]
    return [_shown(one) for one in value] if isinstance(value, tuple) else value


def kind_name(kind: int) -> str:
    """The word for a kind, or what is said of a number that has none here."""
    return Kind(kind).name.lower() if kind in set(Kind) else f"kind {kind}"


def _check(name: str, claim: str, fault: str | None) -> Json:
    return {"name": name, "ok": fault is None, "claim": claim, "fault": fault}


def _encoding(message: Message) -> Json:
    claim = f"Its id, {message_thing(message.id)}, is the SHA-256 of its header behind the tag hedgerow/1/message."
    try:
        decoded = decode_message(message.encode())
    except RemoteProtocolError as error:
        return _check("encoding", claim, str(error))
    return _check("encoding", claim, None if decoded.id == message.id else "the id is that of another header")


def _body(message: Message) -> Json:
    if message.body is None:
        return _check("body", "Its body is not here: withdrawn by its author, or not yet received.", None)
    claim = "Its body has the length and the SHA-256 that the header names, and the shape of its kind."
    try:
        decode_body(message.header.kind, message.body)
    except RemoteProtocolError as error:
        return _check("body", claim, str(error))
    return _check("body", claim, None)


def _signature(message: Message) -> Json:
    claim = f"The device {did_of(message.header.device)} signed the header (Ed25519, signed_bytes)."
    try:
        verify(message)
    except RemoteProtocolError as error:
        return _check("signature", claim, str(error))
    return _check("signature", claim, None)


async def _authority(node: Node, message: Message) -> Json:
    claim = f"The identity log of {did_of(message.header.author)} lets this device speak for its author."
    identities = node.store.messages.identities
    # What is held of a removed device is what a cut of the log reaches; the store keeps the rest aside.
    is_authorised = identities.is_authorised(message) or identities.may_count(message)
    return _check(
        "authority", claim, None if is_authorised else "no entry of the log held here names this device"
    )
