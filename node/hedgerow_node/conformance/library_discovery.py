"""The answers of this implementation to the vectors of 11-discovery: see `library`."""

from collections.abc import Callable
from dataclasses import fields

from hedgerow_node.conformance.library_values import data_in, shown
from hedgerow_node.conformance.shown import Json
from hedgerow_protocol.address_record import decode_record
from hedgerow_protocol.node_list import parse_list


def _record(case: Json) -> Json:
    record = decode_record(data_in(case, "record")).record
    told = {field.name: shown(getattr(record, field.name)) for field in fields(record)}
    return {"values": {**told, "device": record.device.hex(), "author": record.author.hex()}}


def _list(case: Json) -> Json:
    found = parse_list(str(case["text"]))
    devices = [node.record.device.hex() for node in found.nodes]
    return {
        "as_text": found.to_text(),
        "author": found.author.hex(),
        "label": found.name,
        "ts": found.ts,
        "devices": devices,
    }


ANSWERS: dict[str, Callable[[Json], Json]] = {"11-discovery/records": _record, "11-discovery/lists": _list}
