"""Whatever somebody writes is text on a page: in every field, of every kind of message, in every form."""

import re
from pathlib import Path

import pytest

from hedgerow_node.app import App
from hedgerow_node.web.paths import clean
from node.others import Other
from node.web.markup import Element, parse
from node.web.naughty import THING, say_all, strings
from node.web.visiting import Answer, Visitor, thing_path

ELEMENTS = frozenset(
    re.findall(
        r"\S+",
        """
        html head meta title link body a header img form label input button nav ul ol li main
        div p strong span section aside h1 h2 h3 bdi time blockquote dl dt dd article details summary
        fieldset legend textarea select option code table caption thead tbody tr th td br pre progress
        """,
    )
)
ATTRIBUTES = frozenset(
    re.findall(
        r"\S+",
        """
        lang dir charset name content rel type href class src alt width height role
        action method for id autocomplete placeholder aria-label aria-labelledby aria-describedby
        aria-current tabindex datetime title value
        rows required open checked selected enctype download scope readonly min max http-equiv
        spellcheck autocapitalize
        """,
    )
)
WEB = ("http://", "https://")
STEP = 12
"""Every how manieth string also gets a page of its own, and goes through a form: a page takes ten milliseconds."""


@pytest.fixture(scope="module")
def naughty(test_data: Path) -> list[str]:
    return strings(test_data)


@pytest.fixture
async def said(app: App, naughty: list[str]) -> list[str]:
    """Each of them said in every field that takes it; those that fitted every field."""
    return await say_all(app.node, naughty)


def _check(answer: Answer) -> list[Element]:
    """The elements of a page in which everything foreign is text."""
    assert answer.status < 500, answer.path
    elements = parse(answer.html)
    assert {one.tag for one in elements} <= ELEMENTS, answer.path
    for one in elements:
        assert one.attributes.keys() <= ATTRIBUTES, (answer.path, one)
        _check_link(one)
    return elements


def _check_link(one: Element) -> None:
    for name in ("href", "src", "action"):
        target = one.attributes.get(name)
        if target is None:
            continue
        is_ours = target.startswith(("/", "#")) and not target.startswith(("//", "/\\"))
        assert is_ours or (one.tag == "a" and target.startswith(WEB)), one
        assert is_ours or one.attributes.get("rel") == "noopener noreferrer nofollow", one


async def _pages(visitor: Visitor, path: str) -> list[Answer]:
    """This page, and all that it leads further back to."""
    answers: list[Answer] = []
    following: str | None = path
    while following is not None:
        answers.append(await visitor.get(following))
        further = [one for one in _check(answers[-1]) if one.attributes.get("rel") == "next"]
        following = further[0].attributes["href"] if further else None
    return answers


async def test_whatever_people_say_is_text_on_every_page(visitor: Visitor, said: list[str]) -> None:
    shown = ""
    for path in (thing_path(THING), "/people", "/look"):
        for answer in await _pages(visitor, path):
            shown += " ".join(answer.text().split())
    missing = [text for text in said if " ".join(clean(text).split()) not in shown]
    assert missing == []
    assert len(said) > 400


async def test_a_thing_a_person_a_topic_and_a_message_may_be_called_anything(
    visitor: Visitor, app: App, naughty: list[str], said: list[str]
) -> None:
    for place in range(0, len(naughty), STEP):
        _check(await visitor.get(thing_path(f"{THING}{place}")))
        _check(await visitor.get(f"/people/{Other(place).did}"))
        view = await app.node.store.views.thing(f"{THING}{place}")
        for statement in view.statements if view else ():
            _check(await visitor.get(thing_path(statement.id)))


async def test_whatever_is_looked_for_is_text_on_the_page(visitor: Visitor, naughty: list[str]) -> None:
    for text in naughty[::STEP]:
        query = text.encode("utf-8", "replace")[:1_000].hex("%")
        for path in (
            f"/search?q=%{query}",
            f"/topic?words=%{query}",
            f"/look?cursor=%{query}",
            f"/people?cursor=%{query}",
        ):
            _check(await visitor.get(path))
        _check(await visitor.get(f"/thing/%{query}"))
        _check(await visitor.get(f"/people/%{query}"))
        _check(await visitor.get(f"/{query[:50]}?%{query}"))


async def test_a_form_comes_back_with_whatever_was_typed(visitor: Visitor, naughty: list[str]) -> None:
    for text in naughty[::STEP]:
        fields = {"thing": THING, "relation": "related", "to": f"no address: {text}", "reason": text}
        answer = await visitor.post("/connect", fields)
        elements = _check(answer)
        typed = [one for one in elements if one.attributes.get("id") == "connect-reason"]
        assert [one.text.removeprefix("\n") for one in typed] == [text.replace("\x00", "\ufffd")]
        _check(await visitor.post("/follow", {"did": text, "reason": text}))
        _check(await visitor.post("/save", {"thing": text}))
        _check(await visitor.post("/you/profile", {"name": text, "about": text}))
        _check(await visitor.post("/note", {"thing": THING, "text": text}))
        _check(
            await visitor.post("/share", {"thing": THING, "title": text, "summary": text, "minutes": text})
        )


async def test_a_file_of_links_may_hold_anything(visitor: Visitor, naughty: list[str]) -> None:
    lines = [f"- [{text}](https://example.org/{place}) {text}" for place, text in enumerate(naughty)]
    data = "\n\n".join(["# Shelf", *lines]).encode("utf-8", "replace")
    answer = await visitor.upload("</bdi><script>x.md", data)
    _check(answer)
    assert "What is in the file" in answer.html
    answer = await visitor.upload(
        "bookmarks.html",
        b"<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><DT><A HREF='javascript:alert(1)'>x</A><DT><A HREF='https://example.org/'>y</A></DL>",
    )
    assert any("<script>" not in one.text for one in _check(answer))


async def test_only_web_addresses_are_links(visitor: Visitor) -> None:
    for thing in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "urn:x:y",
        "isbn:9780306406157",
    ):
        elements = _check(await visitor.get(thing_path(thing)))
        assert [one for one in elements if one.attributes.get("rel", "").startswith("noopener")] == []
    for thing, address in (("doi:10.1000/a%22b", "https://doi.org/10.1000/"), (THING, THING)):
        elements = _check(await visitor.get(thing_path(thing)))
        links = [
            one.attributes["href"] for one in elements if one.attributes.get("rel", "").startswith("noopener")
        ]
        assert [link[: len(address)] for link in links] == [address]
