"""Values as vectors show them: what is written in different ways and is the same compares equal."""

import json

Json = dict[str, object]


def bytes_of(text: str) -> bytes:
    """The bytes behind hexadecimal parts, each perhaps with a count; raises `ValueError`."""
    parts = [part.partition("*") for part in text.split()]
    return b"".join([bytes.fromhex(digits) * int(count or 1) for digits, _, count in parts])


def plain(value: object) -> object:
    """A shown value without counts: what repeats is written out, and so are bytes."""
    match value:
        case {"bytes": str(text), **rest} if not rest:
            return {"bytes": _plain_text(text)}
        case {"item": item, "times": int(times)}:
            return [plain(item)] * times
        case {"text": str(letters), "times": int(times)}:
            return letters * times
        case dict():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case str():
            return _plain_text(value)
    return value


def is_same(one: object, other: object) -> bool:
    """Whether two shown values mean the same; true is not 1, and an array is not a text."""
    return _key(one) == _key(other)


def _plain_text(text: str) -> str:
    # A text that looks like parts of bytes is taken for them on both sides, so that nothing equal becomes different.
    try:
        return bytes_of(text).hex()
    except ValueError:
        return text


def _key(value: object) -> str:
    return json.dumps(plain(value), sort_keys=True)
