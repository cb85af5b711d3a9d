"""Checks of decoded values by the table of EN-8. Each takes a value, and gives it back or refuses."""

from encoding import check


def array(value, length=None):
    """An array, of a fixed number of positions or any."""
    check(isinstance(value, tuple) and length in (None, len(value)), "wrong_shape")
    return value


def items(most, item, least=0, ascending=False):
    """A check of an array of at most `most` items, each checked by `item`."""

    def checked(value):
        check(len(array(value)) <= most, "out_of_range")
        found = tuple([item(one) for one in value])
        check(len(found) >= least, "out_of_range")
        check(not ascending or list(found) == sorted(set(found)), "out_of_range")
        return found

    return checked


def pair(first, second):
    """A check of an array of two."""
    return lambda value: (first(array(value, 2)[0]), second(value[1]))


def uint(most, least=0):
    """A check of an integer."""

    def checked(value):
        check(type(value) is int, "wrong_shape")
        check(least <= value <= most, "out_of_range")
        return value

    return checked


def data(length=None, most=None):
    """A check of bytes, of a fixed length or at most so many."""

    def checked(value):
        check(isinstance(value, bytes) and length in (None, len(value)), "wrong_shape")
        check(most is None or len(value) <= most, "out_of_range")
        return value

    return checked


def text(most, least=0, is_line=False):
    """A check of text by its bytes of UTF-8."""

    def checked(value):
        check(isinstance(value, str), "wrong_shape")
        check(least <= len(value.encode()) <= most, "out_of_range")
        check(not is_line or not set("\t\n") & set(value), "out_of_range")
        return value

    return checked


def line(most, least=0):
    """A check of text on one line."""
    return text(most, least, is_line=True)


def flag(value):
    """True or false."""
    check(isinstance(value, bool), "wrong_shape")
    return value


def optional(checked):
    """The same, or nil."""
    return lambda value: None if value is None else checked(value)


UINT16, UINT32, KEY = uint(2**16 - 1), uint(2**32 - 1), data(32)
