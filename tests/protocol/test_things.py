"""Things: what a receiver takes, and the canonical form that a sender gives."""

import ada_url
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hedgerow_protocol import things
from hedgerow_protocol.errors import LocalProtocolError, Reason, RemoteProtocolError
from protocol.strategies import keys, refuses, unicode_texts


def parse(text: str) -> str | None:
    try:
        return ada_url.URL(text).href
    except ValueError:
        return None


def canonical(text: str) -> str:
    return things.canonical_thing(text, parse)


PIECES = (
    *("http:", "https:", "//", "/", "?", "#", "&", "=", "@", ":", "%", "..", ".", "-", " ", "\t", "\n", "+"),
    *(
        "#!",
        "#/",
        "%2e",
        "%41",
        "%2F",
        "%FF",
        "%00",
        "%zz",
        "%C3%9F",
        "xn--",
        "[::1]",
        "127.1",
        ":80",
        ":443",
    ),
    *(
        "utm_source=a",
        "FBCLID=1",
        "&&",
        "user:pass@",
        "doi.org/10.1000/",
        "arxiv.org/abs/",
        "1706.03762v2",
        ".pdf",
    ),
    *(
        "doi:",
        "arxiv:",
        "isbn:",
        "topic:",
        "hedgerow:",
        "did:key:z6Mk",
        "urn:",
        "978",
        "0306406152",
        "10.1000/",
    ),
    *(
        "ß",
        "İ",
        "ſ",
        "ς",
        "\u0345",
        "\u200d",
        "。",
        "例え",
        "\ufeff",
        "\xa0",
        "\u3000",
        "\ud800",
        "A",
        "b",
        "C",
        "1",
    ),
)
pasted = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(codec="utf-8"), max_size=3), max_size=7
).map("".join)
addresses = st.tuples(st.sampled_from(("http://", "HTTPS://", "https://h/", "https://h/?")), pasted).map(
    "".join
)
identifiers = st.tuples(
    st.sampled_from(("doi:10.1000/", "https://doi.org/10.1000/", "topic:", "isbn:")), pasted
)


@settings(max_examples=1_500, deadline=None)
@given(pasted | addresses | identifiers.map("".join))
@example("http://h?x#!")
@example("https://h/?utm_source=a#x")
@example("https://u:p@h/a@b")
@example("https://doi.org/10.1000/%C2%80")
@example("https://doi.org/10.1000/A%2520b")
def test_the_canonical_form_is_a_thing_and_its_own_canonical_form(text: str) -> None:
    try:
        thing = canonical(text)
    except LocalProtocolError:
        return
    assert things.as_thing(thing, "the thing") == thing
    assert canonical(thing) == thing


@settings(max_examples=300, deadline=None)
@given(unicode_texts | st.tuples(st.sampled_from(("a:", "http:", "did:")), unicode_texts).map("".join))
def test_a_text_is_a_thing_or_refused(text: str) -> None:
    assert refuses(lambda: things.as_thing(text, "it")) or things.as_thing(text, "it") == text


@pytest.mark.parametrize("value", [None, b"a:b", 1, ("a:b",)])
def test_what_is_no_text_is_no_thing(value: object) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        things.as_thing(value, "it")
    assert caught.value.reason == Reason.WRONG_SHAPE


@pytest.mark.parametrize(
    "separator", [chr(number) for number in (*range(0x21), *range(0x7F, 0xA1))], ids=ascii
)
def test_a_thing_has_no_white_space_and_no_control_character(separator: str) -> None:
    for thing in (f"a:b{separator}c", f"a:{separator}", f"https://h/{separator}"):
        with pytest.raises(RemoteProtocolError):
            things.as_thing(thing, "it")


def test_a_thing_has_at_most_2048_bytes() -> None:
    assert things.as_thing("a:" + "b" * 2_046, "it")
    for rest in ("b" * 2_047, "b" * 2_045 + "é"):
        with pytest.raises(RemoteProtocolError):
            things.as_thing("a:" + rest, "it")


@pytest.mark.parametrize(
    "text", ["topic:\ud800", "urn:\ud800", "http://h/\udfff", "doi:10.1000/\ud800", "\ud800"]
)
def test_half_a_character_names_no_thing(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        canonical(text)


@settings(max_examples=500, deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), max_size=12)
    | st.text("aiIßςΣİ\u0345\u0308\u0301\u034fᾼᾳ가ᄀ\u1161 \u3000ﬁ", max_size=8)
)
def test_folding_a_topic_again_changes_nothing(words: str) -> None:
    folded = things.fold_topic(words)
    assert things.fold_topic(folded) == folded
    assert things.topic_words(things.topic_thing(words)) == folded


def test_folding_any_one_character_again_changes_nothing() -> None:
    for number in (*range(0xD800), *range(0xE000, 0x30000)):
        folded = things.fold_topic(chr(number))
        assert things.fold_topic(folded) == folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C++", "c++"),
        ("Straße", "STRASSE"),
        ("Tu\u0308rkc\u0327e", "TÜRKÇE"),
        ("ＡＩ", "ai"),
        (" a \u3000 b", "a b"),
    ],
)
def test_spellings_of_one_topic_fold_to_one_thing(one: str, other: str) -> None:
    assert things.topic_thing(one) == things.topic_thing(other)


@pytest.mark.parametrize("one_and_other", ["C++ C# C", "عربي عرب", "机器学习 机器"])
def test_different_topics_stay_different(one_and_other: str) -> None:
    words = one_and_other.split()
    assert len({things.topic_thing(word) for word in words}) == len(words)


@settings(max_examples=50, deadline=None)
@given(keys)
def test_a_message_comes_back_from_its_thing(message_id: bytes) -> None:
    thing = things.message_thing(message_id)
    assert things.message_id_of(thing) == message_id
    assert canonical(thing) == thing


@pytest.mark.parametrize(
    "thing", ["hedgerow:", "hedgerow:0", "hedgerow:" + "1" * 31, "hedgerow:" + "1" * 33, "1" * 32]
)
def test_other_things_name_no_message(thing: str) -> None:
    assert things.message_id_of(thing) is None


def test_persons_and_web_addresses_are_told_by_their_scheme() -> None:
    assert things.is_person("did:key:z6Mk")
    assert not things.is_person("did:web:x")
    assert things.is_web_address("http://h/")
    assert things.is_web_address("https://h/")
    assert not things.is_web_address("httpx://h/")


@pytest.mark.parametrize(
    "text", ["ftp://example.org/", "javascript:alert(1)", "mailto:a@example.org", "nothing"]
)
def test_only_http_and_https_are_web_addresses(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        things.canonical_address(text, parse)


@pytest.mark.parametrize("name", [*sorted(things.TRACKING), "utm_source", "utm_x", "UTM_Medium", "FbClid"])
def test_tracking_parameters_go_and_others_stay(name: str) -> None:
    assert canonical(f"https://h/?a=1&{name}=2&{name}&b") == "https://h/?a=1&b"
    assert canonical(f"https://h/?{name}=2") == "https://h/"
    assert canonical(f"https://h/?x{name}=2&a={name}") == f"https://h/?x{name}=2&a={name}"


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789", min_size=9, max_size=9))
def test_an_isbn_of_ten_names_the_same_book_as_its_thirteen(digits: str) -> None:
    def takes(isbn: str) -> bool:
        try:
            canonical("isbn:" + isbn)
        except LocalProtocolError:
            return False
        return True

    tens = [digits + check for check in "0123456789X" if takes(digits + check)]
    thirteens = ["978" + digits + check for check in "0123456789" if takes("978" + digits + check)]
    assert len(tens) == len(thirteens) == 1  # each has exactly one check digit
    assert canonical("isbn:" + tens[0]) == canonical("isbn:" + thirteens[0]) == "isbn:" + thirteens[0]


@pytest.mark.parametrize(
    "given", ["isbn:4006381333931", "isbn:٠306406152", "doi:10.١٢٣٤/x", "arxiv:١٧٠٦.03762"]
)
def test_codes_of_other_articles_and_digits_of_other_scripts_are_no_identifiers(given: str) -> None:
    with pytest.raises(LocalProtocolError):
        canonical(given)


@pytest.mark.parametrize(
    ("given", "thing"),
    [
        ("https://doi.org/10.1000/AbC%2Fd", "doi:10.1000/abc/d"),
        ("https://doi.org/10.1000/182?x=y#!z", "doi:10.1000/182"),
        ("https://doi.org/10.1000/%FF", "https://doi.org/10.1000/%FF"),
        ("https://doi.org/10.1000/%C2%80", "https://doi.org/10.1000/%C2%80"),
        ("doi:10.1000/İÉa", "doi:10.1000/İÉa"),
        ("https://arxiv.org/pdf/hep-th/9901001v3.pdf", "arxiv:hep-th/9901001"),
    ],
)
def test_identifiers_win_over_the_pages_that_carry_them(given: str, thing: str) -> None:
    assert canonical(given) == thing


@pytest.mark.parametrize("given", ["topic:", "topic:%20", "topic:a%00", "topic:%1B[31m", "topic:%C2%85x%7F"])
def test_a_topic_has_a_word_and_no_control_characters(given: str) -> None:
    with pytest.raises(LocalProtocolError):
        canonical(given)
