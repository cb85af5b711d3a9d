"""Things stand in paths and come back unchanged; addresses are shown so that nobody is deceived."""

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_node.web.paths import clean, host_of, is_disguised, is_open, readable, thing_in, thing_path

THINGS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=200)


@given(THINGS)
def test_every_thing_comes_back_from_its_path(rest: str) -> None:
    for thing in (f"topic:{rest}", f"https://example.org/{rest}", f"doi:10.1000/{rest}"):
        path = thing_path(thing, done="saved")
        assert path.startswith("/thing/")
        assert path.isascii()
        assert thing_in(make_mocked_request("GET", path)) == thing


@pytest.mark.parametrize(
    "thing", ["topic:..", "topic:.", "topic:../../you", "https://a/%2F..%2f", "doi:10.1/a//b"]
)
def test_dots_and_slashes_of_a_thing_are_no_steps_of_the_path(thing: str) -> None:
    path = thing_path(thing)
    assert path.count("/") == 2
    assert thing_in(make_mocked_request("GET", path)) == thing


@given(st.text(max_size=60))
def test_what_is_shown_never_steers_the_text_around_it(text: str) -> None:
    for shown in (clean(text), readable("topic:" + text)):
        assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b\x7f\x85")


def test_marks_that_titles_need_stay() -> None:
    assert clean("سي++\u200e \u200cx") == "سي++\u200e \u200cx"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ar.wikipedia.org/wiki/%D8%AC%D8%A8%D8%B1", "https://ar.wikipedia.org/wiki/جبر"),
        ("https://example.org/a%20b%2Fc%3F?x=%26#%23", "https://example.org/a%20b%2Fc%3F?x=%26#%23"),
        ("https://example.org/%E2%80%AEgnp.exe", "https://example.org/%E2%80%AEgnp.exe"),
        ("https://example.org/%C2%A0x%E2%80%8B", "https://example.org/%C2%A0x%E2%80%8B"),
        ("https://example.org/%FF%FE", "https://example.org/%FF%FE"),
        ("https://xn--e1afmkfd.example/%D0%BF", "https://xn--e1afmkfd.example/п"),
    ],
)
def test_an_address_is_readable_where_that_deceives_nobody(address: str, shown: str) -> None:
    assert readable(address) == shown


@pytest.mark.parametrize(
    ("address", "host", "disguised"),
    [
        ("https://example.org/a", "example.org", False),
        ("https://user:secret@evil.example:8443/https://example.org", "evil.example:8443", False),
        ("https://xn--pple-43d.com/", "xn--pple-43d.com", True),
        ("doi:10.1/x", "", False),
        ("https://[::1]/", "[::1]", False),
    ],
)
def test_the_host_is_told_in_its_exact_form(address: str, host: str, disguised: bool) -> None:
    assert host_of(address) == host
    assert is_disguised(address) is disguised


@pytest.mark.parametrize(
    "address", [None, "javascript:alert(1)", "data:text/html,x", "file:///x", "isbn:1", "httpsx:y"]
)
def test_only_web_addresses_are_opened(address: str | None) -> None:
    assert not is_open(address)
    assert is_open("https://example.org/")
