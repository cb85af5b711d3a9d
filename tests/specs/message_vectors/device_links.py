"""Cases of specs/07-frames.md: offers, requests and codes by which a device is linked."""

import hmac
from base64 import urlsafe_b64encode

from specs.message_vectors.actors import (
    AUTHOR,
    LAPTOP,
    LAPTOP_KEY,
    NET,
    PHONE,
    PHONE_KEY,
    TAG,
    TIME,
    digest,
    signature_of,
)
from specs.message_vectors.writer import Json, hex_of, ok, pack, refused

OFFER_TAG = b"hedgerow/1/device-offer\0"
REQUEST_TAG = b"hedgerow/1/device-request\0"
SCHEME = "hedgerow-device:"
SECRET = bytes([0x5E]) * 16
LINK = digest("device-link", SECRET)
PLACE: list[object] = ["wss://seed.example.org/peer", LAPTOP_KEY]
OFFER: list[object] = ["device", 1, NET, AUTHOR, LINK, TIME + 600]
REQUEST: list[object] = [LINK, AUTHOR, PHONE_KEY, "Phone", TIME]


def device_cases() -> list[Json]:
    """What is taken, and what is not."""
    return [*_offers(), *_requests(), *_codes()]


def _changed(positions: list[object], place: int, value: object) -> list[object]:
    return [*positions[:place], value, *positions[place + 1 :]]


def _signed_offer(
    offer: object = OFFER, seed: bytes = LAPTOP, device: bytes = LAPTOP_KEY, tag: bytes = OFFER_TAG
) -> bytes:
    encoded = pack(offer)
    return pack([encoded, device, signature_of(seed, tag + encoded)])


def _offers() -> list[Json]:
    def good(name: str, offer: list[object]) -> Json:
        data = _signed_offer(offer)
        values = [hex_of(AUTHOR), hex_of(LINK), hex_of(LAPTOP_KEY)]
        return ok("FR-18", name, offer=data, net=offer[2], expiry=offer[5], values=values)

    bad = {
        "an offer of version 2": ("unsupported_version", _signed_offer(_changed(OFFER, 1, 2))),
        "an offer of version 2 in another layout": (
            "unsupported_version",
            _signed_offer(["device", 2, "anything"]),
        ),
        "an offer of its sign alone": ("unsupported_version", _signed_offer(["device"])),
        "an offer of the version true": ("wrong_shape", _signed_offer(["device", True])),
        "an offer of no position": ("out_of_range", _signed_offer([])),
        "an offer with another sign": ("out_of_range", _signed_offer(_changed(OFFER, 0, "devices"))),
        "an offer of five positions": ("wrong_shape", _signed_offer(OFFER[:-1])),
        "an offer for the network 65,536": ("out_of_range", _signed_offer(_changed(OFFER, 2, 65_536))),
        "an author of 31 bytes": ("wrong_shape", _signed_offer(_changed(OFFER, 3, bytes(31)))),
        "a link of 16 bytes": ("wrong_shape", _signed_offer(_changed(OFFER, 4, SECRET))),
        "an offer that ends at 2^32": ("out_of_range", _signed_offer(_changed(OFFER, 5, 2**32))),
        "an offer that another device signed": ("bad_signature", _signed_offer(seed=PHONE)),
        "an offer signed as an invite": ("bad_signature", _signed_offer(tag=b"hedgerow/1/invite\0")),
        "an offer signed as a message": ("bad_signature", _signed_offer(tag=TAG)),
        "a device of small order": ("bad_key", _signed_offer(device=bytes(32))),
        "an offer without signature": ("wrong_shape", pack([pack(OFFER), LAPTOP_KEY])),
    }
    return [
        good("an offer", OFFER),
        good("the last moment", _changed(OFFER, 5, 2**32 - 1)),
        *(refused("FR-18", reason, name, offer=data) for name, (reason, data) in bad.items()),
    ]


def _request(
    request: object = REQUEST, seed: bytes = PHONE, secret: bytes = SECRET, tag: bytes = REQUEST_TAG
) -> bytes:
    encoded = pack(request)
    proof = hmac.new(secret, tag + encoded, "sha256").digest()
    return pack([encoded, signature_of(seed, tag + encoded), proof])


def _requests() -> list[Json]:
    def good(name: str, request: list[object], secret: bytes = SECRET, *, proves: bool = True) -> Json:
        data = _request(request, secret=secret)
        values = [*(hex_of(one) for one in (LINK, AUTHOR, PHONE_KEY)), *request[3:]]
        return ok("FR-20", name, request=data, secret=SECRET, proves=proves, values=values)

    bad = {
        "a name of 257 bytes": ("out_of_range", _request(_changed(REQUEST, 3, "n" * 257))),
        "a name with a line feed": ("out_of_range", _request(_changed(REQUEST, 3, "a\nb"))),
        "a request of four positions": ("wrong_shape", _request(REQUEST[:-1])),
        "a request by another device": ("bad_signature", _request(seed=LAPTOP)),
        "a request signed as an offer": ("bad_signature", _request(tag=OFFER_TAG)),
        "a request signed as a message": ("bad_signature", _request(tag=TAG)),
        "a request without proof": (
            "wrong_shape",
            pack([pack(REQUEST), signature_of(PHONE, REQUEST_TAG + pack(REQUEST))]),
        ),
        "a proof of 16 bytes": (
            "wrong_shape",
            pack([pack(REQUEST), signature_of(PHONE, REQUEST_TAG + pack(REQUEST)), SECRET]),
        ),
    }
    return [
        good("a request", REQUEST),
        good("a request without a name", _changed(REQUEST, 3, "")),
        good("a request by somebody who does not have the secret", REQUEST, bytes(16), proves=False),
        *(
            refused("FR-20", reason, name, request=data, secret=SECRET)
            for name, (reason, data) in bad.items()
        ),
    ]


def _text(offer: bytes | None = None, meet: object = None, secret: object = SECRET) -> str:
    places = [PLACE] if meet is None else meet
    data = pack([_signed_offer() if offer is None else offer, places, secret])
    return SCHEME + urlsafe_b64encode(data).decode().rstrip("=")


def _codes() -> list[Json]:
    text = _text()
    parts = "\r\n ".join(text[at : at + 64] for at in range(0, len(text), 64))
    good = {"a code": text, "a code over several lines": parts, "with words before it": f"Type this: {text}"}
    good |= {"without its scheme": text.removeprefix(SCHEME), "behind the last of two schemes": SCHEME + text}
    bad = {
        "a code whose secret is another": ("out_of_range", _text(secret=bytes(16))),
        "a code without a place to meet": ("out_of_range", _text(meet=[])),
        "a code with five places": ("out_of_range", _text(meet=[PLACE] * 5)),
        "a place that is no address of a node": ("out_of_range", _text(meet=[["https://a/", LAPTOP_KEY]])),
        "a secret of 15 bytes": ("wrong_shape", _text(secret=SECRET[:15])),
        "a code whose offer does not hold": ("bad_signature", _text(_signed_offer(seed=PHONE))),
        "a code that is padded": ("not_canonical", text + "=" * (-len(text.removeprefix(SCHEME)) % 4 or 4)),
        "a code of 10,924 letters that are no digits": ("too_big", SCHEME + "." * 10_924),
        "a code of 10,923 letters that are no digits": ("not_canonical", SCHEME + "." * 10_923),
        "a text longer than any code": ("too_big", SCHEME + "A" * 16_385),
        "no code": ("not_canonical", SCHEME),
    }
    values: dict[str, object] = {"as_text": text, "has_offer": _signed_offer(), "has_secret": SECRET}
    return [
        *(ok("FR-19", name, text=found, **values) for name, found in good.items()),
        *(refused("FR-19", reason, name, text=found) for name, (reason, found) in bad.items()),
    ]
