"""Two computers of one person, each with its pages: one shows a code, the other asks with it; and the 24 words."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import CookieJar

from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.web import Pages
from node.web.visiting import Answer, Visitor

PATIENCE = 30.0


@asynccontextmanager
async def computer(folder: Path, listen: str | None = None) -> AsyncIterator[tuple[App, Visitor]]:
    wish = Composition(PageAddress(port=0), listen=listen, surface=Pages)
    app = await App.open(Home(folder), Clock(), wish)
    try:
        async with Visitor.at(app.page, CookieJar(unsafe=True)) as visitor:
            await visitor.get(app.page_link().removeprefix(app.page))
            yield app, visitor
    finally:
        await app.close()


async def until(visitor: Visitor, path: str, words: str) -> Answer:
    async with asyncio.timeout(PATIENCE):
        while words not in (answer := await visitor.get(path)).text():
            await asyncio.sleep(0.1)
    return answer


def value(answer: Answer, name: str) -> str:
    return re.findall(rf'name="{name}" value="([^"]+)"', answer.html)[0]


async def link(first: Visitor, second: Visitor) -> Answer:
    shown = await first.post("/you/devices/code", {})
    assert "data:image/svg+xml" in shown.html
    working = await second.post("/you/devices/join", {"code": shown.text("textarea"), "name": "Phone"})
    asked = await until(first, "/you/devices", "asks to be added")
    assert "Phone" in asked.text()
    added = await first.post("/you/devices/add", {"device": value(asked, "device")})
    assert "Added: it publishes as you" in added.text()
    return await until(second, working.path, "This computer is yours now")


async def test_a_code_from_one_page_makes_the_other_computer_ones_own(tmp_path: Path) -> None:
    async with (
        computer(tmp_path / "a", "127.0.0.1:0") as (ana, hers),
        computer(tmp_path / "b") as (phone, its),
    ):
        address = phone.page
        await hers.post("/share", {"thing": "https://example.org/heron", "title": "The heron"})
        joined = await link(hers, its)
        assert ana.node.keys.did in joined.text()
        assert phone.node.author == ana.node.author
        assert phone.page == address
        assert "The heron" in (await until(its, "/collection", "The heron")).text()
        listed = await hers.get("/you/devices")
        assert [one for one in listed.texts("p", "title") if "Phone" in one]
        assert "this one cannot" in (await its.get("/you/devices")).text()
        await its.post("/share", {"thing": "https://example.org/mill", "title": "The mill"})
        await until(hers, "/collection", "The mill")

        removed = await hers.post(
            "/you/devices/remove", {"device": value(listed, "device"), "counts": "here"}
        )
        assert "Removed: what it says from now on counts nowhere" in removed.text()
        await until(its, "/you/devices", "does not speak for you")
        assert "The mill" in (await hers.get("/collection")).text()


async def test_the_words_bring_a_computer_back_and_are_never_shown_again(tmp_path: Path) -> None:
    async with computer(tmp_path / "seed", "127.0.0.1:0") as (_, its):
        async with computer(tmp_path / "a") as (ana, hers):
            invite = (await its.post("/invite", {"uses": "1", "days": "1"})).text("textarea")
            await hers.post("/join", {"invite": invite, "accept": "1"})
            await hers.post("/share", {"thing": "https://example.org/heron", "title": "The heron"})
            await until(its, "/", "The heron")
            words, did = " ".join(ana.node.keys.words() or ()), ana.node.keys.did
        invite = (await its.post("/invite", {"uses": "1", "days": "1"})).text("textarea")
        async with computer(tmp_path / "fresh") as (fresh, new):
            wrong = {"words": words.rpartition(" ")[0], "invite": invite, "did": did}
            answer = await new.post("/you/restore", wrong)
            assert "These are not the words" in answer.text()
            assert words[:20] not in answer.html
            answer = await new.post("/you/restore", {"words": words, "invite": invite, "did": did})
            await until(new, answer.path, "You are back")
            assert fresh.node.keys.did == did
            assert "The heron" in (await new.get("/collection")).text()

            answer = await new.post("/you/words/new", {"words": "no such words"})
            assert "These are not the words" in answer.text()
            answer = await new.post("/you/words/new", {"words": words})
            assert answer.path == "/you/words"
            others = fresh.node.keys.words()
            assert others is not None
            assert " ".join(others) != words
            assert set(others) <= set(answer.texts("li"))

            answer = await new.post("/you/close", {"words": " ".join(others)})
            assert "confirm is false" in answer.text()
            assert others[0] + " " + others[1] not in answer.html
            answer = await new.post("/you/close", {"words": " ".join(others), "sure": "1"})
            assert "This identity is closed" in answer.text()
            refused = await new.post("/share", {"thing": "https://example.org/x", "title": "x"})
            assert "This identity is closed" in refused.text()


@pytest.mark.parametrize("fields", [{"code": "no code"}, {"code": ""}])
async def test_what_is_no_code_comes_back(visitor: Visitor, fields: dict[str, str]) -> None:
    answer = await visitor.post("/you/devices/join", fields)
    assert "This is not a whole code" in answer.text()
    assert answer.text("textarea") == fields["code"]


async def test_a_computer_that_nobody_can_reach_says_what_to_do(visitor: Visitor) -> None:
    answer = await visitor.post("/you/devices/code", {})
    assert "Join a seed first" in answer.text()
