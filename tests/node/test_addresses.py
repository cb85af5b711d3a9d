"""From what people type to things: forgiving where the meaning is clear, and telling where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_node.addresses import parse_address, person_of, shorten, thing_of
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import did_of
from hedgerow_protocol.things import as_thing


@pytest.mark.parametrize(
    ("typed", "thing"),
    [
        ("https://example.org", "https://example.org/"),
        ("  HTTP://Example.ORG/a?utm_source=x#part ", "http://example.org/a"),
        ("example.org/page?q=1", "https://example.org/page?q=1"),
        ("www.example.org", "https://www.example.org/"),
        ("example.org:8080/x", "https://example.org:8080/x"),
        ("bücher.example", "https://xn--bcher-kva.example/"),
        ("10.1000/182", "doi:10.1000/182"),
        ("https://doi.org/10.1000/ABC", "doi:10.1000/abc"),
        ("isbn:978-0-13-468599-1", "isbn:9780134685991"),
        ("arxiv:1706.03762v5", "arxiv:1706.03762"),
        ("topic:Linear  Algebra", "topic:linear%20algebra"),
    ],
)
def test_what_people_type_becomes_the_canonical_thing(typed: str, thing: str) -> None:
    assert thing_of(typed) == thing


@pytest.mark.parametrize(
    "typed", ["", "   ", "linear algebra", "bananas", "https://", "http://exa mple", "isbn:1", "\ud800"]
)
def test_what_names_no_thing_is_told_with_what_would(typed: str) -> None:
    with pytest.raises(Problem) as caught:
        thing_of(typed)
    assert caught.value.kind == Code.NOT_A_THING
    assert "web address" in caught.value.next_step


@given(st.text(max_size=60))
def test_any_text_is_a_thing_or_a_problem(typed: str) -> None:
    try:
        thing = thing_of(typed)
    except Problem:
        return
    assert as_thing(thing, "the thing") == thing
    assert thing_of(thing) == thing


def test_a_web_address_that_no_browser_opens_is_none() -> None:
    assert parse_address("https://example.org:99999/") is None
    assert parse_address("not an address") is None


def test_a_person_is_named_by_key() -> None:
    key = bytes(range(32))
    assert person_of(f" {did_of(key)} ") == key
    for name in ("Ana", "did:key:z6Mk", "did:web:example.org", ""):
        with pytest.raises(Problem) as caught:
            person_of(name)
        assert caught.value.kind == Code.NOT_A_PERSON
        assert not isinstance(caught.value, RemoteProtocolError)


@given(st.text())
def test_what_an_error_repeats_is_short_and_on_one_printable_line(typed: str) -> None:
    shown = shorten(typed)
    assert len(shown) <= 80
    assert shown.isprintable()
