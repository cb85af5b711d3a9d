"""Link lists in Markdown: each rule on a line or two, our own lists and real ones by count and sample."""

import re
from pathlib import Path

import pytest

from hedgerow_node.exchange.importer import decode, parse
from hedgerow_node.exchange.items import ImportedLink, Parsed, Skipped

NOT_FULL = "not a full address: it does not begin with http:// or https://"
RUNNING = "a link in running text; only lists, tables and lines that begin with a link are imported"
IN_HTML = "written as HTML inside the Markdown; only Markdown links are imported"
A, B, C = "https://a.example/", "https://b.example/", "https://c.example/"


def parse_text(text: str) -> Parsed:
    return parse("list.md", text.encode())


def parse_file(path: Path) -> Parsed:
    return parse(path.name, path.read_bytes())


def titles_and_summaries(text: str) -> list[tuple[str, str]]:
    return [(link.title, link.summary) for link in parse_text(text).links]


def topics_of(text: str) -> list[tuple[str, ...]]:
    return [link.topics for link in parse_text(text).links]


def test_an_item_gives_address_title_summary_topic_and_line() -> None:
    parsed = parse_text(f"# Shelf\n\n## Maths\n\n* [Proof *and* `logic`]({A}) - Ana, Ben (PDF)\n")
    expected = ImportedLink(A, "Proof and logic", "Ana, Ben (PDF)", ("Maths",), 5, None)
    assert parsed == Parsed((expected,), (), "Shelf")


def test_headings_make_a_path_and_a_higher_one_ends_it() -> None:
    text = "## {}\n\n- [a](https://a.example)\n"
    assert topics_of(
        text.format("One")
        + "#" + text.format("Deeper")
        + "###" + text.format("Deepest")
        + "#" + text.format("Next")
        + text.format("Two")
    ) == [("One",), ("One", "Deeper"), ("One", "Deeper", "Deepest"), ("One", "Next"), ("Two",)]  # fmt: skip


def test_the_only_heading_above_all_others_is_the_title_and_no_topic() -> None:
    parsed = parse_text(f"## By subject\n\n### Maths\n\n- [a]({A})\n\n### Art\n\n- [b]({B})\n")
    assert parsed.title == "By subject"
    assert [link.topics for link in parsed.links] == [("Maths",), ("Art",)]


def test_a_lone_second_level_heading_is_a_topic() -> None:
    parsed = parse_text(f"## Maths\n\n- [a]({A})\n")
    assert (parsed.title, parsed.links[0].topics) == ("", ("Maths",))


@pytest.mark.parametrize(
    ("label", "topic"),
    [
        ("0-Subject", "0-Subject"),
        ("0 - Subject", "0 - Subject"),
        ("macOS - Operating system of some computers.", "macOS"),
        ("**Books**:", "Books"),
        ("[Section](#section)", "Section"),
    ],
)
def test_an_item_without_a_link_is_the_topic_of_its_sublist(label: str, topic: str) -> None:
    assert topics_of(f"* {label}\n    * [a]({A})\n* [b]({B})\n") == [(topic,), ()]


def test_an_item_with_a_link_is_no_topic_of_its_sublist() -> None:
    assert topics_of(f"- [a]({A})\n  - [b]({B})\n    - deeper\n      - [c]({C})\n") == [(), (), ("deeper",)]


def test_links_come_in_the_order_of_the_file_with_their_lines() -> None:
    parsed = parse_text(
        f"- [a]({A})\n  - [b]({B})\n\n  after the sublist [c]({C})\n- x\n  y [d](https://d.example)\n"
    )
    assert [(link.title, link.line) for link in parsed.links] == [("a", 1), ("b", 2), ("c", 4), ("d", 6)]


def test_links_within_the_document_are_neither_links_nor_reported() -> None:
    text = f"* [Maths](#maths)\n    * [Proof](#proof)\n\n## Maths\n\n* [a]({A}) - see [above](#maths)\n"
    parsed = parse_text(text)
    assert [(link.title, link.summary) for link in parsed.links] == [("a", "see above")]
    assert parsed.skipped == ()


def test_pictures_and_badges_are_ignored() -> None:
    parsed = parse_text(
        f"[![build](https://ci.example/b.svg)](https://ci.example)\n\n"
        f"- ![logo](l.png) [a]({A}) [![b](https://s.example/b.svg)](https://s.example)\n"
        f'- [![c](c.png) <img src="d.png"> Three]({C})\n'
    )
    assert [(link.title, link.summary) for link in parsed.links] == [("a", ""), ("Three", "")]
    assert parsed.skipped == ()


def test_reference_links_autolinks_and_bare_addresses_are_links() -> None:
    references = f"[1]: {A} 't'\n[two]: {B}\n[three]: <{C}>\n"
    text = f"- [One][1] - first\n- [Two][]\n- [Three]\n- <{A}>\n- {B} - see!\n\n{references}"
    assert [(link.address, link.title, link.summary) for link in parse_text(text).links] == [
        (A, "One", "first"),
        (B, "Two", ""),
        (C, "Three", ""),
        (A, A, ""),
        (B, B, "see!"),
    ]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("(see https://a.example/x_(y))", "https://a.example/x_(y)"),
        ("**https://a.example/x_y**.", "https://a.example/x_y"),
        ("https://a.example/?a=1&amp;b=2,", "https://a.example/?a=1&b=2"),
        ("见 https://a.example/学习，很好", "https://a.example/学习"),
        ("HTTPS://a.example/...", "HTTPS://a.example/"),
    ],
)
def test_a_bare_address_ends_before_the_signs_of_the_sentence(written: str, address: str) -> None:
    assert [link.address for link in parse_text(f"- {written}\n").links] == [address]


def test_an_address_in_code_is_no_link() -> None:
    parsed = parse_text(f"- `{A}` and [b]({B})\n\n```\n- [c]({C})\n```\n")
    assert [link.title for link in parsed.links] == ["b"]


def test_a_further_link_that_names_a_form_is_named_in_the_summary() -> None:
    assert titles_and_summaries(
        f"- [Title]({A}) - Ana ([PDF]({B}), [E-book: EPUB]({C})) [(Source)]({C})\n"
    ) == [
        ("Title", f"Ana (PDF <{B}>, E-book: EPUB) Source <{C}>"),
        ("E-book: EPUB", f"Title - Ana (PDF <{B}>, E-book: EPUB) Source <{C}>"),
    ]


def test_a_further_link_with_a_title_of_its_own_is_a_link_of_its_own() -> None:
    assert titles_and_summaries(f"- [Volume 1]({A}) - Ana [(Volume 2)]({B}) (PDF)\n") == [
        ("Volume 1", "Ana (Volume 2) (PDF)"),
        ("Volume 2", "Volume 1 - Ana (Volume 2) (PDF)"),
    ]


def test_a_first_link_that_names_a_form_takes_the_words_before_it_as_title() -> None:
    assert titles_and_summaries(f"- Art of Proof - Ana ([PDF]({A}), [HTML]({B}))\n") == [
        ("Art of Proof - Ana", f"Art of Proof - Ana (PDF, HTML <{B}>)")
    ]
    assert titles_and_summaries(f"- Art of Proof: {A} - by Ana\n") == [("Art of Proof", "by Ana")]


def test_a_form_keeps_the_title_of_a_first_link_that_cannot_be_imported_but_not_across_columns() -> None:
    assert titles_and_summaries(f"- [Proof](proof.md) ([PDF]({A}))\n") == [("Proof", "Proof (PDF)")]
    row = f"| Course | Talk |\n|--|--|\n| [Logic](logic.md) | [chat]({A}) |\n"
    assert titles_and_summaries(row) == [("chat", "Logic; Talk: chat")]


def test_the_many_links_of_one_passage_share_one_summary() -> None:
    first, second, third = parse_text(f"- [a]({A}) [b]({B}) [c]({C}) and words\n").links
    assert first.summary == "b c and words"
    assert second.summary is third.summary


def test_a_link_in_the_words_of_an_item_keeps_its_text_and_the_words() -> None:
    assert titles_and_summaries(f"- Ask in the [forum]({A}), they answer.\n") == [
        ("forum", "Ask in the forum, they answer.")
    ]


@pytest.mark.parametrize("mark", ["[ ] ", "[x] ", "✅ ", "**", "“"])
def test_marks_before_the_link_are_not_words(mark: str) -> None:
    end = "**" if mark == "**" else ""
    assert titles_and_summaries(f"- {mark}[a]({A}){end} - b\n") == [("a", "b")]


def test_a_table_row_is_one_item_with_its_columns_named() -> None:
    text = (
        "| Course | Time | Needs | Talk |\n|:--|--|--|--|\n"
        f"| [Logic]({A}) ([alternative]({B})) | 3 weeks | - | [chat]({C}) |\n"
        f"| Sets | 1 week | [Logic 2]({A}) | |\n"
    )
    assert [(link.title, link.summary, link.line) for link in parse_text(text).links] == [
        ("Logic", f"(alternative <{B}>); Time: 3 weeks; Talk: chat <{C}>", 3),
        ("Logic 2", "Sets; Time: 1 week; Needs: Logic 2", 4),
    ]


def test_a_heading_that_is_a_link_is_an_entry_and_a_topic() -> None:
    parsed = parse_text(f"# T\n\n## [Site]({A})\n\n- [a]({B})\n")
    assert [(link.title, link.topics) for link in parsed.links] == [("Site", ()), ("a", ("Site",))]


def test_of_paragraphs_the_lines_that_begin_with_a_link_are_imported() -> None:
    text = f"[a]({A})\n- not a list\n\n[b]({B}) - good\n{C}\nsee [d](https://d.example)\n"
    assert titles_and_summaries(text) == [
        ("a", ""),
        ("b", "good"),
        (C, "see d"),
        ("d", f"{C} see d"),
    ]


def test_links_in_running_text_are_skipped_with_that_reason() -> None:
    parsed = parse_text(f"Read the\n[guide]({A}) and [that](x.md).\n\n> Or [this]({B}).\n")
    assert parsed == Parsed(
        (),
        (
            Skipped(2, RUNNING, f"guide <{A}>"),
            Skipped(2, NOT_FULL, "that <x.md>"),
            Skipped(4, RUNNING, f"this <{B}>"),
        ),
        "",
    )


def test_after_running_text_lines_with_nothing_but_a_link_are_imported() -> None:
    parsed = parse_text(f"Some places:\n{A}\n[b]({B})\n[c]({C}) and more\n")
    assert [(link.title, link.line) for link in parsed.links] == [(A, 2), ("b", 3)]
    assert [entry.line for entry in parsed.skipped] == [4]


def test_html_links_within_an_item_are_links_and_html_blocks_are_skipped() -> None:
    parsed = parse_text(
        f'- <a href="{A}" target="_blank">One <b>of</b> many</a> - x\n\n<div>\n<p>\n<a href="{B}">Two</a>\n'
        f'<a href="#c">Three</a> <a href="{C}"><img src="c.png"></a>\n</div>\n\n### <a id="x"></a>C\\#\n\n- [d]({A})\n'
    )
    assert [(link.title, link.summary, link.topics) for link in parsed.links] == [
        ("One of many", "x", ()),
        ("d", "", ("C#",)),
    ]
    assert parsed.skipped == (Skipped(5, IN_HTML, f"Two <{B}>"),)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("other.md", NOT_FULL),
        ("youtube.com/x", NOT_FULL),
        ("", "there is no address"),
        ("javascript:alert(1)", "a small program (bookmarklet), not a page"),
        ("data:text/html,x", "a page packed into its own address; nobody else could open it by a link"),
        ("mailto:ana@a.example", "a mail address, not a page"),
        ("gopher://a.example", "not a web page: the address begins with gopher:"),
        ("https://a.example:99999/", "the address is mistyped: no browser could open it"),
        ("https://a.example/" + "學" * 300, "the address is longer than 2048 bytes"),
        ("doi:11.1/x", "a DOI looks like doi:10.1000/182"),
    ],
)
def test_what_is_no_web_address_is_skipped_with_its_reason(address: str, why: str) -> None:
    (entry,) = parse_text(f"- [x]({address})\n").skipped
    assert (entry.line, entry.why) == (1, why)


@pytest.mark.parametrize("address", ["doi:10.1000/182", "arxiv:1706.03762", "ISBN:978-0-262-03384-8"])
def test_identifiers_are_addresses_too(address: str) -> None:
    assert [link.address for link in parse_text(f"- [x]({address})\n").links] == [address]


def test_addresses_stay_as_they_are_written() -> None:
    written = "https://a.example/C%2B%2B/تعلم?q=学习&x=%e4#عنوان"
    assert parse_text(f"- [a]({written})\n").links[0].address == written


def test_what_only_looks_like_an_autolink_is_text() -> None:
    parsed = parse_text(f"- [Containers]({A}) - <std::vector> and more\n")
    assert [(link.title, link.summary) for link in parsed.links] == [("Containers", "std::vector and more")]
    assert parsed.skipped == ()


def test_front_matter_gives_the_title_and_keeps_the_line_numbers() -> None:
    parsed = parse_text(f"---\ntitle: 'My shelf'\ntags: [a]\n---\n- [a]({A})\n")
    assert (parsed.title, parsed.links[0].line, parsed.skipped) == ("My shelf", 5, ())
    assert len(parse_text(f"---\n\n- [a]({A})\n\n---\n").links) == 1


def test_lists_nested_deeper_than_the_limit_are_said_to_be_left_out() -> None:
    parsed = parse_text(f"- [a]({A})\n" + "* " * 10_000 + f"[b]({B})\n")
    assert [link.title for link in parsed.links] == ["a"]
    assert [(entry.line, entry.why) for entry in parsed.skipped] == [(2, "nested deeper than 60 levels")]


def test_a_line_longer_than_any_entry_is_skipped_and_its_neighbours_are_read() -> None:
    parsed = parse_text(f"- [a]({A})\n- {'[' * 1_000_000}\n- [b]({B})\n")
    assert [link.title for link in parsed.links] == ["a", "b"]
    assert [(entry.line, entry.why) for entry in parsed.skipped] == [
        (2, "one line longer than 16384 characters")
    ]


def test_a_long_run_of_lines_is_read_whole_with_right_numbers() -> None:
    text = "".join(f"https://a.example/{number}\n" for number in range(3_000))
    assert [(link.address, link.line) for link in parse_text(text).links] == [
        (f"https://a.example/{number}", number + 1) for number in range(3_000)
    ]


@pytest.mark.parametrize(
    "unit",
    [
        "![",
        "[a](",
        "![a](b",
        "*a ",
        "_a*",
        "`a``",
        "<a ",
        "[a](https://a.example/)",
        "[pdf](https://a.example/) ",
    ],
)
def test_a_passage_of_the_greatest_length_is_read_through(unit: str) -> None:
    parsed = parse_text("\n\n".join([unit * (16_000 // len(unit))] * 3) + f"\n\n- [a]({A})\n")
    assert parsed.links[-1].address == A


@pytest.mark.parametrize(("language", "count"), [("en", 124), ("ar", 54), ("zh", 67), ("he", 55)])
def test_our_own_lists_are_read_whole(own_data: Path, language: str, count: int) -> None:
    path = own_data / f"links-{language}.md"
    parsed = parse_file(path)
    assert (len(parsed.links), parsed.skipped) == (count, ())
    assert len({link.address for link in parsed.links}) == count
    assert_lines_are_right(path, parsed)


def test_our_own_lists_keep_titles_topics_and_notes_in_their_scripts(own_data: Path) -> None:
    english = {link.title: link for link in parse_file(own_data / "links-en.md").links}
    assert english["Calculus Made Easy"] == ImportedLink(
        "https://calculusmadeeasy.org",
        "Calculus Made Easy",
        "Silvanus P. Thompson; a century old and still kind."
        " (PDF <https://www.gutenberg.org/files/33283/33283-pdf.pdf>)",
        ("Mathematics", "Textbooks that cost nothing"),
        34,
        None,
    )
    assert (
        english["Deutsch lernen"].summary
        == "German; Where: Deutsch lernen; What it is good for: a whole course with films"
    )
    assert english["MIT OpenCourseWare"].address == "https://ocw.mit.edu"
    arabic = {link.title: link for link in parse_file(own_data / "links-ar.md").links}
    assert arabic["بايثون (لغة برمجة)"] == ImportedLink(
        "https://ar.wikipedia.org/wiki/بايثون_(لغة_برمجة)",
        "بايثون (لغة برمجة)",
        "لغة سهلة للبداية",
        ("الحاسوب", "البرمجة"),
        21,
        None,
    )
    chinese = {link.title: link for link in parse_file(own_data / "links-zh.md").links}
    assert chinese["动手学深度学习"].topics == ("计算机", "算法与人工智能")
    assert chinese["汉典"].summary == "用处: 字形、读音与出处"
    hebrew = {link.title: link for link in parse_file(own_data / "links-he.md").links}
    assert hebrew["שפת C#\u200e"].topics == ("מחשבים", "תכנות")
    assert parse_file(own_data / "links-he.md").title == "מדף ראשון ללמידה"


def assert_lines_are_right(path: Path, parsed: Parsed) -> None:
    lines = decode(path.read_bytes()).split("\n")
    for link in parsed.links:
        # A reference link stands at its text, its address elsewhere.
        place = lines[link.line - 1].replace("\\", "")
        assert link.address in place or f"[{link.title}][" in place


FREE_BOOKS = [
    ("books/free-programming-books-ar.md", 26, 0, 0),
    ("books/free-programming-books-es.md", 174, 16, 0),
    ("books/free-programming-books-fa_IR.md", 26, 0, 0),
    ("books/free-programming-books-fr.md", 101, 0, 0),
    ("books/free-programming-books-he.md", 7, 0, 0),
    ("books/free-programming-books-langs.md", 1653, 33, 4),
    ("books/free-programming-books-subjects.md", 831, 13, 2),
    ("books/free-programming-books-zh.md", 380, 1, 0),
    ("courses/free-courses-ar.md", 350, 0, 1),
    ("courses/free-courses-bn.md", 179, 0, 0),
    ("courses/free-courses-en.md", 1384, 0, 0),
    ("courses/free-courses-hi.md", 505, 0, 0),
]


@pytest.mark.parametrize(("name", "links", "forms", "skipped"), FREE_BOOKS)
def test_free_programming_books_come_in_whole(
    test_data: Path, name: str, links: int, forms: int, skipped: int
) -> None:
    path = test_data / "free-programming-books" / name
    parsed = parse_file(path)
    assert (len(parsed.links), len(parsed.skipped)) == (links, skipped)
    # Counted another way: every external link of the source is a link here or a form named in a summary.
    assert len(re.findall(r"\]\(\s*https?://", decode(path.read_bytes()))) == links + forms
    assert all(entry.why == NOT_FULL for entry in parsed.skipped)
    assert_lines_are_right(path, parsed)


def test_free_programming_books_keep_titles_and_topics(test_data: Path) -> None:
    folder = test_data / "free-programming-books"
    hebrew = parse_file(folder / "books" / "free-programming-books-he.md").links
    assert [(link.line, link.topics, link.title) for link in hebrew] == [
        (18, ("ללא תלות בשפה", "מערכות הפעלה"), "מערכות הפעלה"),
        (23, ("ללא תלות בשפה", "רשתות"), "רשתות מחשבים"),
        (28, ("Assembly",), "ארגון המחשב ושפת סף"),
        (33, ("C",), "ספר לימוד שפה עילית (שפת C\u200e)"),
        (38, ("C#",), "מבוא לתכנות בסביבת האינטרנט בשפת C#\u200e"),
        (43, ("Deep-Learning",), "ספר על למידת מכונה ולמידה עמוקה"),
        (48, ("Python",), "תכנות בשפת פייתון"),
    ]
    arabic = {
        link.title: link for link in parse_file(folder / "books" / "free-programming-books-ar.md").links
    }
    assert arabic["أساسيات إطار العمل Vue.js\u200f"] == ImportedLink(
        "https://academy.hsoub.com/files/22-أساسيات-إطار-العمل-vuejs/",
        "أساسيات إطار العمل Vue.js\u200f",
        "حسام برهان\u200f (PDF)",
        ("JavaScript", "Vue.js"),
        65,
        None,
    )
    chinese = {
        link.title: link for link in parse_file(folder / "books" / "free-programming-books-zh.md").links
    }
    assert chinese["鸟哥的 Linux 私房菜 服务器架设篇"].topics == ("语言无关", "操作系统")
    assert chinese["Vue3.0学习教程与实战案例"].topics == ("语言相关", "JavaScript", "Vue.js")
    languages = parse_file(folder / "books" / "free-programming-books-langs.md")
    assert languages.title == "BY PROGRAMMING LANGUAGE"
    by_title = {link.title: link for link in languages.links}
    assert by_title["React Tutorial - Part 2"].topics == (
        "JavaScript",
        "React",
        "React Tutorial by Josh Finnie",
    )
    assert by_title["The Little Go Book"].summary == (
        "Karl Seguin (PDF <https://www.openmymind.net/assets/go/go.pdf>,"
        " ePUB <https://www.openmymind.net/assets/go/go.epub>) (CC BY-NC-SA)"
    )


def test_an_awesome_list_comes_in_with_its_unlinked_items_as_topics(test_data: Path) -> None:
    parsed = parse_file(test_data / "awesome" / "readme.md")
    assert len(parsed.links) == 685
    assert [entry.why for entry in parsed.skipped] == [IN_HTML] * 12
    by_title = {link.title: link for link in parsed.links}
    assert by_title["eBPF"].topics == ("Platforms", "Linux")
    assert by_title["Screensavers"].topics == ("Platforms", "macOS")
    assert by_title["JVM"].topics == ("Platforms",)


@pytest.mark.parametrize(
    ("name", "links", "skipped"),
    [
        ("ossu-computer-science/README.md", 92, 22),
        ("ossu-computer-science/extras/courses.md", 67, 0),
        ("ossu-computer-science/extras/readings.md", 66, 0),
        ("ossu-computer-science/coursepages/ostep/README.md", 37, 21),
        ("ossu-computer-science/coursepages/spd/README.md", 13, 4),
        ("ossu-data-science/README.md", 43, 17),
        ("ossu-data-science/extras/specializations.md", 9, 0),
    ],
)
def test_curricula_in_tables_and_paragraphs_come_in(
    test_data: Path, name: str, links: int, skipped: int
) -> None:
    parsed = parse_file(test_data / name)
    assert (len(parsed.links), len(parsed.skipped)) == (links, skipped)
    assert_lines_are_right(test_data / name, parsed)


def test_a_course_in_a_table_keeps_its_length_and_what_it_needs(test_data: Path) -> None:
    links = parse_file(test_data / "ossu-computer-science" / "README.md").links
    by_title = {link.title: link for link in links}
    assert by_title["Theory of Computation"] == ImportedLink(
        "https://ocw.mit.edu/courses/18-404j-theory-of-computation-fall-2020/",
        "Theory of Computation",
        "(alternative <https://www.youtube.com/playlist?list=PLEE7DF8F5E0203A56>); Duration: 13 weeks;"
        " Effort: 10 hours/week; Prerequisites: Mathematics for Computer Science, logic, algorithms",
        ("Curriculum", "Advanced CS", "Advanced theory"),
        373,
        None,
    )
