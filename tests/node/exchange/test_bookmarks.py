"""Bookmark files: our own small ones to the last word, exports of real programs by count and sample."""

from pathlib import Path

import pytest

from hedgerow_node.exchange.importer import parse
from hedgerow_node.exchange.items import ImportedLink, Parsed, Skipped
from hedgerow_protocol import limits

HEAD = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n"
NOT_FULL = "not a full address: it does not begin with http:// or https://"


def parse_text(body: str) -> Parsed:
    return parse("bookmarks.html", (HEAD + body).encode())


def parse_file(path: Path) -> Parsed:
    return parse(path.name, path.read_bytes())


def test_folders_tags_notes_and_dates_of_a_nested_file_are_read_exactly(own_data: Path) -> None:
    parsed = parse_file(own_data / "bookmarks-nested.html")
    assert parsed == Parsed(
        (
            ImportedLink("https://openstax.org/", "OpenStax", "", (), 8, 1_700_000_000),
            ImportedLink(
                "https://www.khanacademy.org/math",
                "Khan Academy: Math",
                'Begin with "early math", then test yourself.',
                ("Toolbar", "maths", "for children"),
                12,
                1_700_000_002,
            ),
            ImportedLink(
                "https://example.org/find?q=a&copy=1&lang=en",
                "Search <a> copy",
                "",
                ("Toolbar",),
                16,
                1_700_000_003,
            ),
            ImportedLink(
                "https://www.zdic.net/",
                "汉典",
                "",
                ("Langues étrangères", "中文", "字典"),
                22,
                1_700_000_004,
            ),
            ImportedLink(
                "https://ctext.org/zh",
                "中国哲学书电子化计划",
                "先秦两汉",
                ("Langues étrangères", "中文", "古文"),
                25,
                None,
            ),
            ImportedLink(
                "https://ar.wikipedia.org/wiki/رياضيات",
                "رياضيات",
                "",
                ("Langues étrangères", "العربية"),
                31,
                None,
            ),
            ImportedLink(
                "https://benyehuda.org/", "פרויקט בן־יהודה", "", ("Langues étrangères", "עברית"), 35, None
            ),
            ImportedLink("https://arxiv.org/", "arXiv", "", (), 40, None),
            ImportedLink("doi:10.1000/182", "DOI Handbook", "", (), 42, None),
            ImportedLink("https://plato.stanford.edu/", "https://plato.stanford.edu/", "", (), 43, None),
        ),
        (),
        "Shelf & stairs",
    )


def test_of_a_broken_latin_1_file_every_usable_link_survives(own_data: Path) -> None:
    parsed = parse_file(own_data / "bookmarks-broken.html")
    folder = ("After too many ends",)
    levels = tuple(f"Level {number}" for number in range(1, 17))
    assert parsed.title == "Café – brûlé"
    assert parsed.links == (
        ImportedLink(
            "https://fr.wikipedia.org/wiki/Étude", "Étude, niveau élémentaire", "", (), 4, 1_400_000_000
        ),
        ImportedLink(
            "https://single.example/quotes",
            "Single quotes",
            "Not closed at all with a link inside",
            ("un", "deux"),
            5,
            None,
        ),
        ImportedLink("https://bare.example/value", "No quotes", "", (), 7, None),
        ImportedLink("https://missing.example/quote", "Missing quote", "", (), 8, None),
        ImportedLink("https://spaced.example/", "Two lines and a bell", "", (), 22, None),
        ImportedLink("https://no.example/dt", "No DT", "Its note.", folder, 27, 1_400_000_001),
        ImportedLink("https://second.example/", "In a note, but dated", "", folder, 29, 1_400_000_002),
        ImportedLink("https://deep.example/", "At the bottom", "", levels, 51, None),
    )


def test_of_a_broken_file_everything_left_out_is_listed_with_its_line_and_reason(own_data: Path) -> None:
    skipped = parse_file(own_data / "bookmarks-broken.html").skipped
    in_browser = "a page inside the browser itself"
    assert skipped[:12] == (
        Skipped(9, NOT_FULL, "Relative </relative/page>"),
        Skipped(10, NOT_FULL, "Shared note <?AbCdEf>"),
        Skipped(11, "there is no address", "Empty"),
        Skipped(12, "there is no address", "Nothing"),
        Skipped(
            13,
            "a small program (bookmarklet), not a page",
            "Bookmarklet <javascript:void(alert('x'))>",
        ),
        Skipped(
            14,
            "a search saved in the browser, not a page",
            "Most visited <place:sort=8&maxResults=10>",
        ),
        Skipped(
            15,
            "a page packed into its own address; nobody else could open it by a link",
            "Packed page <data:text/html,hello>",
        ),
        Skipped(
            16,
            "a file on one computer; nobody else could open it",
            "My notes <file:///home/ana/notes.html>",
        ),
        Skipped(17, in_browser, "Settings <about:config>"),
        Skipped(18, in_browser, "Flags <chrome://flags>"),
        Skipped(19, "not a web page: the address begins with ftp:", "Old server <ftp://ftp.example/pub>"),
        Skipped(20, "the address is mistyped: no browser could open it", "No host <http://>"),
    )
    assert [(entry.line, entry.why) for entry in skipped[12:]] == [
        (21, f"the address is longer than {limits.MAX_THING} bytes"),
        (52, "the file ends in the middle of an entry"),
    ]


def test_a_file_without_bookmarks_says_that_there_is_nothing_to_import(own_data: Path) -> None:
    nothing = Skipped(1, "there are no links in this file: nothing to import", "")
    assert parse_file(own_data / "bookmarks-empty.html") == Parsed((), (nothing,), "Bookmarks")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1616337559", 1_616_337_559),
        ("1616337559000", 1_616_337_559),
        ("1616337559000000", 1_616_337_559),
        (" 1616337559 ", 1_616_337_559),
        ("999999999", 999_999_999),
        ("0", None),
        ("", None),
        ("-5", None),
        ("²", None),
        ("10/Oct/2000:13:55:36 +0300", None),
        ("9" * 17, None),
        ("9" * 5_000, None),
    ],
)
def test_dates_are_told_apart_by_their_length_and_nonsense_is_no_date(
    written: str, seconds: int | None
) -> None:
    (link,) = parse_text(f'<DL><DT><A HREF="https://a.example/" ADD_DATE="{written}">A</A></DL>').links
    assert link.added == seconds


def test_a_folder_named_like_a_tag_is_one_topic() -> None:
    (link,) = parse_text(
        '<DT><H3>Dev</H3><DL><DT><A HREF="https://a.example" TAGS="dev,Web">A</A></DL>'
    ).links
    assert link.topics == ("Dev", "Web")


def test_invisible_marks_do_not_make_a_second_topic_of_the_same_word() -> None:
    (link,) = parse_text('<DT><A HREF="https://a.example" TAGS="C#&lrm;,C#">C#&lrm;</A>').links
    assert link.topics == ("C#",)
    assert link.title == "C#\u200e"


def test_a_folder_heading_without_its_list_names_no_later_folder() -> None:
    parsed = parse_text(
        '<DL><DT><H3>Empty</H3><DT><A HREF="https://a.example">A</A><DL><DT><A HREF="https://b.example">B</A>'
    )
    assert [link.topics for link in parsed.links] == [(), ()]


def test_a_comment_hides_bookmarks_and_an_unclosed_one_hides_only_its_tag() -> None:
    parsed = parse_text(
        '<DT><A HREF="https://a.example">A</A><!-- <DT><A HREF="https://b.example">B</A> -->'
        '<!-- open > <DT><A HREF="https://c.example">C</A>'
    )
    assert [link.title for link in parsed.links] == ["A", "C"]


def test_a_reference_too_long_to_be_one_stays_as_it_is() -> None:
    digits = "9" * 5_000
    (link,) = parse_text(f'<DT><A HREF="https://a.example">A&#{digits};</A>').links
    assert link.title == f"A&#{digits};"[: limits.MAX_TITLE]


def test_ten_thousand_nested_folders_are_read() -> None:
    depth = 10_000
    parsed = parse_text(
        "<DL><p><DT><H3>f</H3>" * depth + '<DT><A HREF="https://a.example">A</A>' + "</DL>" * depth
    )
    assert [(link.title, link.topics) for link in parsed.links] == [("A", ("f",))]


@pytest.mark.parametrize(
    "unit",
    [
        "<a <",
        '<a "',
        '<a x="',
        "<a x='\"<a",
        "<!--",
        "<!-- >",
        "<!",
        "</a",
        "<a\n",
        "<a  =",
        "<DD>",
        "&#1",
        "<A HREF=x>",
    ],
)
def test_a_long_run_of_unfinished_markup_is_read_through(unit: str) -> None:
    # At this length anything that looks over the whole text again for each tag runs for many minutes.
    body = unit * (300_000 // len(unit)) + '>"> <DT><A HREF="https://a.example" ADD_DATE="1">A</A>'
    parsed = parse_text(body)
    assert parsed.links or parsed.skipped


@pytest.mark.parametrize(
    ("name", "links", "skipped"),
    [
        ("chromium_flat.htm", 9, 0),
        ("chromium_nested.htm", 18, 0),
        ("delicious.htm", 5, 0),
        ("delicious_sanitize.htm", 2, 0),
        ("empty.htm", 0, 1),
        ("firefox_flat.htm", 21, 3),
        ("firefox_nested.htm", 21, 3),
        ("linkding_one_invalid.html", 3, 0),
        ("linkding_simple.html", 3, 0),
        ("netscape_basic.htm", 2, 0),
        ("netscape_extended.htm", 1, 0),
        ("netscape_multiline.htm", 3, 0),
        ("netscape_nested.htm", 8, 0),
        ("shaarli.htm", 5, 1),
        ("shaarli_legacy.htm", 2, 0),
        ("shaarli_markdown.htm", 0, 3),
        ("shaarli_with_tabs_and_spaces.htm", 0, 1),
        ("shaarli_with_whitespace_tags.htm", 0, 1),
    ],
)
def test_exports_of_real_programs_yield_all_their_links(
    test_data: Path, name: str, links: int, skipped: int
) -> None:
    parsed = parse_file(test_data / "bookmarks-html" / name)
    assert (len(parsed.links), len(parsed.skipped)) == (links, skipped)


def test_folders_of_a_chromium_export_become_topics(test_data: Path) -> None:
    links = parse_file(test_data / "bookmarks-html" / "chromium_nested.htm").links
    by_title = {link.title: link for link in links}
    assert by_title["Welcome :: CheckiO"] == ImportedLink(
        "https://checkio.org/", "Welcome :: CheckiO", "", ("Dev", "Python"), 25, 1_466_011_820
    )
    assert by_title["Coursera"].topics == ("MOOC",)
    assert by_title["Regex Crossword"].topics == ()


def test_searches_saved_in_firefox_are_skipped_by_name(test_data: Path) -> None:
    parsed = parse_file(test_data / "bookmarks-html" / "firefox_nested.htm")
    assert [(entry.line, entry.text.partition(" <")[0]) for entry in parsed.skipped] == [
        (10, "Recently saved"),
        (11, "Recent tags"),
        (72, "Most visited"),
    ]
    assert parsed.links[1].summary == "The blog relating the daily life of web agency developers"
    assert parsed.links[1].topics == ("Comics", "webcomic", "commit", "code", "review", "dev")


def test_tags_with_spaces_stay_whole_and_notes_keep_their_words(test_data: Path) -> None:
    folder = test_data / "bookmarks-html"
    nested = parse_file(folder / "netscape_nested.htm").links
    assert nested[1].topics == ("Folder1, the first,folder to encounter", "tag1", "tag2", "multi word")
    assert [link.topics for link in nested[5:]] == [
        ("Folder3", "Folder3-1", "tag3"),
        ("Folder3", "Folder3-1"),
        ("tag4",),
    ]
    assert parse_file(folder / "delicious_sanitize.htm").links[0].summary == "Text #CLE ---> #VALEUR"
    multiline = parse_file(folder / "netscape_multiline.htm").links
    assert multiline[0].summary == "List: - item1 - item2 - item3"


def test_notes_that_are_part_of_a_shaarli_are_skipped_because_their_address_is_relative(
    test_data: Path,
) -> None:
    parsed = parse_file(test_data / "bookmarks-html" / "shaarli_markdown.htm")
    assert parsed.skipped[0] == Skipped(9, NOT_FULL, "Markdown - code <?Z-mb0g>")
