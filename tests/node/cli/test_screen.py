"""What others wrote reaches the screen as text and as nothing else."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_node.cli.screen import Screen, as_json_text, clean, one_line

FORBIDDEN = (
    {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))} - {"\n"}
    | {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
    | {"\u2028", "\u2029"}
)
HOSTILE = st.text(
    st.sampled_from([*sorted(FORBIDDEN), "\x1b", "[", "]", ";", "3", "1", "m", "H", "J", "a", "\n"])
)


class Terminal(io.StringIO):
    """A stream that says somebody is looking at it."""

    def isatty(self) -> bool:
        return True


@settings(max_examples=300)
@given(st.one_of(HOSTILE, st.text()))
def test_nothing_that_is_printed_moves_or_colours_or_turns_anything(text: str) -> None:
    assert not FORBIDDEN & set(clean(text))
    assert not (FORBIDDEN | {"\n"}) & set(one_line(text))


@settings(max_examples=100)
@given(st.one_of(HOSTILE, st.text()))
def test_nothing_hostile_reaches_a_stream(text: str) -> None:
    out = io.StringIO()
    Screen(as_json=False, out=out).line(text, "title", indent=2)
    assert not FORBIDDEN & set(out.getvalue())


@settings(max_examples=200)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), HOSTILE, st.text()), st.lists, max_leaves=5
    )
)
def test_json_means_what_was_said_and_is_harmless_on_one_line(value: object) -> None:
    text = as_json_text(value)
    assert json.loads(text) == value
    assert not (FORBIDDEN | {"\n"}) & set(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain العربية 学习", "plain العربية 学习"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "]8;;https://evil.exampleclick]8;;"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("a\x08\x08b\rc", "abc"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("two\nlines\tand a tab", "two\nlines and a tab"),
    ],
)
def test_text_keeps_its_letters(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_on_a_terminal_lines_break_between_words_and_addresses_stay_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("NO_COLOR", "1")
    address = "https://example.org/" + "a" * 40
    out = Terminal()
    Screen(as_json=False, out=out).line(f"Some words that are longer than a line {address} end", indent=4)
    lines = out.getvalue().splitlines()
    assert all(line.startswith("    ") for line in lines)
    assert all(len(line) <= 30 for line in lines if address not in line)
    assert f"    {address}" in lines
    assert " ".join(out.getvalue().split()) == f"Some words that are longer than a line {address} end"


def test_wide_letters_count_as_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out = Terminal()
    Screen(as_json=False, out=out).line(" ".join(["学习学习"] * 5))
    assert all(len(line) <= 9 for line in out.getvalue().splitlines())


def test_colours_are_for_terminals_and_not_for_those_who_want_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal, file = Terminal(), io.StringIO()
    Screen(as_json=False, out=terminal).line("words", "title")
    Screen(as_json=False, out=file).line("words", "title")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    Screen(as_json=False, out=plain).line("words", "title")
    assert "\x1b[1mwords" in terminal.getvalue()
    assert file.getvalue() == plain.getvalue() == "words\n"


def test_where_json_is_asked_for_there_are_no_words() -> None:
    out, err = io.StringIO(), io.StringIO()
    screen = Screen(as_json=True, out=out, err=err)
    screen.line("words")
    screen.aside("words")
    with screen.progress("Doing") as progress:
        progress.step(1, 2)
    screen.value({"a": 1})
    assert (out.getvalue(), err.getvalue()) == ('{"a": 1}\n', "")


def test_a_short_wait_shows_no_bar_and_a_file_never_gets_one() -> None:
    for out, err in ((Terminal(), Terminal()), (io.StringIO(), io.StringIO())):
        with Screen(as_json=False, out=out, err=err).progress("Doing") as progress:
            progress.step(1, 2)
            progress.step(2, 2)
        assert err.getvalue() == ""


@pytest.mark.parametrize("plain", ["", "1"])
def test_a_long_wait_is_told_on_a_terminal(plain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", plain)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("hedgerow_node.cli.screen.PATIENCE", 0)
    err = Terminal()
    with Screen(as_json=False, out=Terminal(), err=err).progress("Sharing") as progress:
        progress.step(1_000, 5_000)
        progress.step(2_000, 5_000)
    if plain:
        assert err.getvalue() == "Sharing: 1,000 of 5,000\n"
    else:
        assert "Sharing" in err.getvalue()
        assert "5000" in err.getvalue()
