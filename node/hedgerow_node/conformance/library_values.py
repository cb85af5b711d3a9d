"""Inputs of a case as values of the protocol package, and its values as a case shows them."""

from hedgerow_node.conformance.shown import Json, bytes_of


def data_in(case: Json, name: str) -> bytes:
    """The bytes of an input."""
    return bytes_of(str(case[name]))


def number_in(case: Json, name: str) -> int:
    """An input that is a whole number."""
    value = case[name]
    assert isinstance(value, int)
    return value


def texts_in(case: Json, name: str) -> list[bytes]:
    """An input that is a list of bytes."""
    values = case[name]
    assert isinstance(values, list)
    return [bytes_of(str(one)) for one in values]


def shown(value: object) -> object:
    """A decoded value as JSON; bytes are an object of their own, so that they are not taken for text."""
    match value:
        case bytes():
            return {"bytes": value.hex()}
        case tuple() | list():
            return [shown(one) for one in value]
        case bool() | None:
            return value
        case int():
            return int(value)  # the name of an enumeration is nothing that a vector has
    return value
