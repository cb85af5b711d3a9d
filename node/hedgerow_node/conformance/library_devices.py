"""The answers of this implementation to the vectors of 07-frames/devices: see `library`."""

from collections.abc import Callable

from hedgerow_node.conformance.library_values import data_in
from hedgerow_node.conformance.shown import Json
from hedgerow_protocol import device_link


def _device(case: Json) -> Json:
    if "text" in case:
        code = device_link.parse_code(str(case["text"]))
        told = {"has_offer": code.signed.encoded, "has_secret": code.secret}
        return {"as_text": code.to_text(), **{name: one.hex() for name, one in told.items()}}
    if "request" in case:
        request = device_link.decode_request(data_in(case, "request"))
        keys = [key.hex() for key in (request.link, request.author, request.device)]
        return {
            "proves": request.proves(data_in(case, "secret")),
            "values": [*keys, request.name, request.ts],
        }
    signed = device_link.decode_offer(data_in(case, "offer"))
    offer = signed.offer
    keys = [key.hex() for key in (offer.author, offer.link, signed.device)]
    return {"net": offer.net, "expiry": offer.expiry, "values": keys}


ANSWERS: dict[str, Callable[[Json], Json]] = {"07-frames/devices": _device}
