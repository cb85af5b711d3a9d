"""The text of steps: what is written is read again, and a line that is not understood is named."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_node.exchange.steps import read_steps, write_steps
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import Step

words = st.text("abc ?-:é1", min_size=1, max_size=12).map(str.strip).filter(bool)
notes = st.lists(words | st.just(""), max_size=3).map("\n".join).map(str.strip)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    thing = draw(st.none() | st.sampled_from(("https://example.org/", "isbn:9780306406157", "topic:c%2B%2B")))
    role = draw(words if thing is None else words | st.just(""))
    requires = tuple(sorted(draw(st.sets(st.integers(1, 200), max_size=3))))
    return Step(
        thing, role, draw(notes), requires, draw(st.none() | st.integers(0, 999)), draw(st.booleans())
    )


@given(st.lists(steps(), max_size=5))
def test_what_is_written_is_read_again(written: list[Step]) -> None:
    read = [
        Step(
            thing=str(one["thing"]) if "thing" in one else None,
            role=str(one.get("role", "")),
            note=str(one.get("note", "")),
            requires=tuple(one.get("requires", ())),  # type: ignore[arg-type]
            minutes=one.get("minutes"),  # type: ignore[arg-type]
            optional=bool(one.get("optional", False)),
        )
        for one in read_steps(write_steps(written))
    ]
    assert read == written


def test_marks_of_lists_empty_lines_and_spaces_do_not_matter() -> None:
    text = "1. https://example.org/\r\n\n   Note: Read it\r\n  NEEDS: \n- ? practice\n*  isbn:1\noptional\n"
    with pytest.raises(Problem):
        read_steps(text)
    assert read_steps(text.replace("  NEEDS: \n", "  needs: 1 2،3\n")) == [
        {"thing": "https://example.org/", "note": "Read it", "requires": [1, 2, 3]},
        {"role": "practice"},
        {"thing": "isbn:1", "optional": True},
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("note: of nothing", 1),
        ("\n\noptional", 3),
        ("https://example.org/\nminutes: long", 2),
        ("https://example.org/\nneeds: all", 2),
        ("https://example.org/\nminutes: ٣", 2),
    ],
)
def test_a_line_that_is_not_understood_is_named(text: str, line: int) -> None:
    with pytest.raises(Problem) as caught:
        read_steps(text)
    assert caught.value.kind is Code.REQUEST_WRONG
    assert caught.value.detail.startswith(f"line {line} ")


@given(st.text(max_size=80))
def test_any_text_is_steps_or_a_problem(text: str) -> None:
    with suppress(Problem):
        assert isinstance(read_steps(text), list)
