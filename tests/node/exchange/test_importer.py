"""The door of the importers: which file is what, which bytes are which letters, and that nothing breaks it."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hedgerow_node.addresses import parse_address
from hedgerow_node.exchange import items
from hedgerow_node.exchange.importer import decode, parse
from hedgerow_node.exchange.items import Parsed, UnknownFormat, fold
from hedgerow_protocol import codec, limits, things

HEAD = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n"
OWN_FILES = [
    "bookmarks-broken.html",
    "bookmarks-empty.html",
    "bookmarks-nested.html",
    "links-ar.md",
    "links-en.md",
    "links-he.md",
    "links-zh.md",
]
NAMES = ["bookmarks.html", "list.md", "notes.txt", "data.csv", "", "a/b\\c.HTM", "\ud800.\x00"]
BITS = [
    "<DL><p>", "</DL>", "<DT>", "<H3>", "</H3>", "<DD>", "<A HREF=\"", "\">", "</A>", "ADD_DATE=", "TAGS=", "<!--",
    "-->", "<", ">", "&amp;", "&#x1F600;", "&#0;", "&#55296;", "\x00", "\x85", "\u2028", "\u200f", "العربية", "中文",
    "# ", "## ", "- ", "  - ", "1. ", "> ", "[a](", "[b][c]", "[c]: ", ")", "](", "![", "|", "\n|-|-|\n", "`", "*",
    "https://example.org/", "http://", "javascript:", "#part", "\n", "\n\n", "    ", "\t", "\\", "<br>", "---\n", ":",
]  # fmt: skip


def check_sound(data: bytes, parsed: Parsed) -> None:
    assert parsed.links or parsed.skipped
    lines = decode(data).count("\n") + 1
    texts: list[object] = [parsed.title]
    for link in parsed.links:
        things.canonical_thing(link.address, parse_address)
        assert 1 <= len(link.title.encode()) <= limits.MAX_TITLE
        assert len(link.summary.encode()) <= limits.MAX_SUMMARY
        assert len(link.topics) <= limits.MAX_TOPICS
        assert all(1 <= len(topic.encode()) <= limits.MAX_TOPIC for topic in link.topics)
        assert 1 <= link.line <= lines
        assert link.added is None or 0 < link.added <= limits.MAX_UINT
        texts += [link.title, link.summary, *link.topics]
    for entry in parsed.skipped:
        assert 1 <= entry.line <= lines
        assert entry.why
        assert len(entry.text.encode()) <= limits.MAX_TITLE
        texts += [entry.why, entry.text]
    for text in texts:
        assert isinstance(text, str)
        assert text == " ".join(text.split())
        codec.encode(text)


def check_parses_or_says_why_not(name: str, data: bytes) -> None:
    refusal = None
    try:
        check_sound(data, parse(name, data))
    except UnknownFormat as error:
        refusal = error
    assert refusal is None or (refusal.title.endswith(".") and refusal.next_step.endswith("."))


@given(st.sampled_from(NAMES), st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_parse_or_are_of_unknown_format(name: str, data: bytes) -> None:
    check_parses_or_says_why_not(name, data)


@given(st.booleans(), st.lists(st.sampled_from(BITS), max_size=60).map("".join))
@settings(max_examples=400, deadline=None)
def test_any_heap_of_markup_parses_within_the_bounds(as_bookmarks: bool, text: str) -> None:
    data = ((HEAD if as_bookmarks else "# x\n") + text).encode()
    check_sound(data, parse("heap.md", data))


@given(
    st.sampled_from(OWN_FILES),
    st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True),
            st.integers(0, 300),
            st.one_of(st.binary(max_size=8), st.sampled_from(BITS).map(str.encode)),
        ),
        max_size=6,
    ),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_real_file_parses_or_is_of_unknown_format(
    own_data: Path, name: str, damages: list[tuple[float, int, bytes]]
) -> None:
    data = (own_data / name).read_bytes()
    for place, cut, inserted in damages:
        start = int(place * len(data))
        data = data[:start] + inserted + data[start + cut :]
    check_parses_or_says_why_not(name, data)


@pytest.mark.parametrize("name", OWN_FILES)
def test_every_prefix_of_a_real_file_parses(own_data: Path, name: str) -> None:
    data = (own_data / name).read_bytes()
    for size in range(0, len(data), len(data) // 12):
        check_parses_or_says_why_not(name, data[:size])


def test_every_real_list_and_export_comes_out_clean_and_within_the_limits(test_data: Path) -> None:
    paths = [*test_data.glob("bookmarks-html/*.htm*"), *test_data.glob("**/*.md")]
    assert len(paths) > 30
    for path in paths:
        check_sound(path.read_bytes(), parse(path.name, path.read_bytes()))


def test_hostile_strings_in_every_field_come_out_clean(test_data: Path) -> None:
    hostile = json.loads((test_data / "text" / "blns.json").read_text())
    for text in hostile:
        data = f'<DT><H3>{text}</H3><DL><A HREF="https://a.example/" TAGS="{text}">{text}</A><DD>{text}</DL>'
        check_parses_or_says_why_not("x.html", (HEAD + data).encode())
        listed = f"## {text}\n\n- [{text}](https://a.example/) {text}\n".encode()
        check_parses_or_says_why_not("x.md", listed)


@pytest.mark.parametrize("data", [b"", b"  \n\t\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff\xfe \x00\n\x00"])
@pytest.mark.parametrize("name", ["bookmarks.html", "list.md", "unknown.bin"])
def test_an_empty_file_is_no_error_but_said_plainly(name: str, data: bytes) -> None:
    parsed = parse(name, data)
    assert parsed.links == ()
    assert [entry.why for entry in parsed.skipped] == ["the file is empty: there is nothing to import"]


@pytest.mark.parametrize("name", ["list.md", "bookmarks.txt", "noname"])
def test_bookmarks_are_known_by_their_content_whatever_the_name(name: str, own_data: Path) -> None:
    data = (own_data / "bookmarks-nested.html").read_bytes()
    assert parse(name, data) == parse("bookmarks-nested.html", data)


def test_bookmarks_are_known_without_their_first_line() -> None:
    data = b'<H1>Bookmarks</H1><DL><p><DT><A HREF="https://a.example/">A</A></DL>'
    assert [link.title for link in parse("x.html", data).links] == ["A"]


@pytest.mark.parametrize("name", ["list.md", "bookmarks.html", "data.csv", ""])
def test_markdown_is_known_by_its_links_whatever_the_name(name: str) -> None:
    assert [link.title for link in parse(name, b"- [A](https://a.example/)\n").links] == ["A"]


def test_markdown_that_shows_a_bookmark_file_is_still_markdown() -> None:
    data = f"# How exports look\n\n```\n{HEAD}<DL><DT><A HREF=x>\n```\n\n- [A](https://a.example/)\n"
    assert [link.title for link in parse("readme.html", data.encode()).links] == ["A"]


def test_plain_text_with_addresses_is_read_when_its_name_says_text() -> None:
    data = b"https://a.example/\nhttps://b.example/\n"
    assert [link.address for link in parse("notes.txt", data).links] == [
        "https://a.example/",
        "https://b.example/",
    ]
    with pytest.raises(UnknownFormat):
        parse("notes.csv", data)


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("backup.json", b'{"guid":"root________","children":[]}', "JSON"),
        ("list.md", b'[{"href": "https://a.example/"}]', "JSON"),
        ("feeds.opml", b'<?xml version="1.0"?><opml><body/></opml>', "XML"),
        (
            "page.html",
            b"<!DOCTYPE html><html><body><a href='https://a.example/'>A</a></body></html>",
            "web page",
        ),
        ("shot.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "not text"),
        ("list.md", b"\x00" * 500, "not text"),
        ("program.py", b"print('hello')\n", "neither"),
    ],
)
def test_other_files_are_refused_in_plain_words_with_a_next_step(name: str, data: bytes, word: str) -> None:
    with pytest.raises(UnknownFormat) as caught:
        parse(name, data)
    assert caught.value.code == "HG-I01"
    assert word in caught.value.title
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-8", "Étude 中文 עברית"),
        ("utf-8-sig", "Étude 中文 עברית"),
        ("utf-16", "Étude 中文 עברית"),
        ("utf-16-be", "\ufeffÉtude 中文"),
        ("cp1252", "Étude – “brûlé” €"),
    ],
)
def test_text_is_decoded_without_a_declared_charset(charset: str, text: str) -> None:
    assert decode(text.encode(charset)) == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    ("declared", "charset", "text"),
    [
        ("windows-1251", "cp1251", "Учебник"),
        ("koi8-r", "koi8-r", "Учебник"),
        ("gb2312", "gbk", "学习镕"),
        ("Big5", "big5", "學習"),
        ("Shift_JIS", "shift_jis", "学ぶ"),
        ("windows-1255", "cp1255", "לימוד"),
        ("windows-1256", "cp1256", "تعلم"),
        ("iso-8859-1", "cp1252", "“Étude”"),
        ("utf-8", "cp1252", "Étude"),
        ("no-such-charset", "cp1252", "Étude"),
        ("rot13", "cp1252", "Étude"),
        ("unicode_escape", "cp1252", "\\x É"),
    ],
)
def test_a_declared_charset_is_used_when_the_file_is_not_utf_8(
    declared: str, charset: str, text: str
) -> None:
    page = f'{HEAD}<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset={declared}">\n<DT>'
    body = f'<A HREF="https://a.example/">{text}</A>'
    parsed = parse("bookmarks.html", page.encode() + body.encode(charset))
    assert parsed.links[0].title == text


def test_one_byte_that_is_not_utf_8_spoils_no_other_title() -> None:
    data = "- [中文](https://a.example/)\n- [caf".encode() + b"\xe9" + b"](https://b.example/)\n"
    assert [link.title for link in parse("list.md", data).links] == ["中文", "café"]


def test_line_numbers_are_the_same_for_all_line_ends() -> None:
    unix = b"# T\n\n- [A](https://a.example/)\n"
    for ends in (b"\r\n", b"\r"):
        assert parse("list.md", unix.replace(b"\n", ends)) == parse("list.md", unix)


def test_texts_are_cut_between_two_characters() -> None:
    title, note, topic = "学" * 1_000, "习" * 5_000, "题" * 100
    data = f'{HEAD}<DL><DT><A HREF="https://a.example/" TAGS="{topic}">{title}</A><DD>{note}</DL>'
    (link,) = parse("x.html", data.encode()).links
    assert link.title == "学" * (limits.MAX_TITLE // 3)
    assert link.summary == "习" * (limits.MAX_SUMMARY // 3)
    assert link.topics == ("题" * (limits.MAX_TOPIC // 3),)


def test_control_characters_vanish_and_white_space_folds() -> None:
    assert fold(" a\x00b\t\n c\x0bd\x85e\u2028f\x07 ", 100) == "ab c d e f"
    assert fold("half \ud83d pair", 100) == "half pair"


def test_more_links_than_one_import_holds_are_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MAX_ITEMS", 3)
    parsed = parse("list.md", "".join(f"- [{n}](https://a.example/{n})\n" for n in range(9)).encode())
    assert len(parsed.links) == 3
    assert [(entry.line, entry.why) for entry in parsed.skipped] == [
        (4, "one import holds 3 links; bring the rest in a second file")
    ]


def test_no_more_notes_of_skipped_entries_are_kept_than_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MAX_ITEMS", 3)
    parsed = parse("list.md", b"- [a](relative)\n" * 9)
    assert len(parsed.skipped) == 3
