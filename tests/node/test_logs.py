"""The log: one line an event, fields apart, ids short, and no text that an error quotes."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from hedgerow_node import logs
from hedgerow_node.logs import Log
from hedgerow_protocol import base58


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    logger = logging.getLogger(logs.ROOT)
    before = (logger.handlers[:], logger.level, logger.propagate)
    yield
    logger.handlers[:], logger.level, logger.propagate = before


def test_an_event_and_its_fields_stand_on_one_line() -> None:
    stream = io.StringIO()
    logs.configure(stream)
    Log("part").info("something happened", count=3, name="two\nlines")
    assert stream.getvalue() == 'info    something happened count=3 name="two\\nlines"\n'


def test_json_lines_hold_the_same() -> None:
    stream = io.StringIO()
    logs.configure(stream, as_json=True)
    Log("part").warning("something happened", count=3)
    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"], line["count"]) == ("warning", "something happened", 3)


@pytest.mark.parametrize("as_json", [False, True])
def test_of_an_error_only_its_kind_is_logged(as_json: bool) -> None:
    stream = io.StringIO()
    logs.configure(stream, as_json=as_json)
    Log("part").failure("something failed", ValueError("hedgehogsecret"))
    assert "ValueError" in stream.getvalue()
    assert "hedgehogsecret" not in stream.getvalue()


def test_what_is_below_the_level_is_left_out_and_configuring_again_replaces() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.configure(first)
    logs.configure(second)
    Log("part").debug("detail")
    Log("part").info("event")
    assert first.getvalue() == ""
    assert second.getvalue().count("\n") == 1


def test_an_id_is_shortened_to_its_first_letters() -> None:
    identifier = bytes(range(32))
    assert base58.encode(identifier).startswith(logs.short(identifier))
    assert len(logs.short(identifier)) == logs.SHORT
