"""Two people, each with a node: one makes an invite on their pages, the other accepts it on theirs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import CookieJar

from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.web import Pages
from node.web.visiting import Answer, Visitor

PATIENCE = 30.0
"""Seconds after which what should come has not come."""


@pytest.fixture
async def ana(tmp_path: Path) -> AsyncIterator[App]:
    wish = Composition(PageAddress(port=0), listen="127.0.0.1:0", surface=Pages)
    app = await App.open(Home(tmp_path / "ana"), Clock(), wish)
    yield app
    await app.close()


@pytest.fixture
async def ben(tmp_path: Path) -> AsyncIterator[App]:
    app = await App.open(Home(tmp_path / "ben"), Clock(), Composition(PageAddress(port=0), surface=Pages))
    yield app
    await app.close()


async def _come_in(visitor: Visitor, app: App) -> None:
    await visitor.get(app.page_link().removeprefix(app.page))


async def _until(visitor: Visitor, path: str, words: str) -> Answer:
    async with asyncio.timeout(PATIENCE):
        while words not in (answer := await visitor.get(path)).text():
            await asyncio.sleep(0.1)
    return answer


async def test_an_invite_shows_whose_it_is_and_then_joins(ana: App, ben: App) -> None:
    async with (
        Visitor.at(ana.page, CookieJar(unsafe=True)) as hers,
        Visitor.at(ben.page, CookieJar(unsafe=True)) as his,
    ):
        await _come_in(hers, ana)
        await _come_in(his, ben)
        assert "You have no name yet" in (await hers.post("/invite", {"uses": "1", "days": "2"})).text()
        await hers.post("/you/profile", {"name": "Ana"})
        await hers.post("/share", {"thing": "https://example.org/heron", "title": "The heron"})
        made = await hers.post("/invite", {"uses": "1", "days": "2"})
        assert "Whoever gets this text can use it" in made.text()
        assert "You have no name yet" not in made.text()
        invite = made.text("textarea")

        shown = await his.post("/join", {"invite": f"\n {invite[:30]}\n{invite[30:]} "})
        for words in ("Ana", ana.node.keys.did, str(ana.peer), "You will follow them"):
            assert words in shown.text()
        assert await ben.node.store.views.follows(ben.node.author) == set()

        joined = await his.post("/join", {"invite": invite, "accept": "1"})
        joined = await _until(his, joined.path, "You have joined")
        assert f"/people/{ana.node.keys.did}" in joined.links()
        assert "The heron" in (await _until(his, "/", "The heron")).text()
        (peer,) = [one for one in (await his.get("/you")).texts("li") if str(ana.peer) in one]
        assert peer.startswith("Ana connected")

        answer = await his.post("/you/sync", {})
        assert (
            "You have what your links have" in (await _until(his, answer.path, "Go to the home page")).text()
        )
        assert "Compare with them now" in (await hers.get("/you")).text()


async def test_what_is_no_invite_comes_back(ben: App) -> None:
    async with Visitor.at(ben.page, CookieJar(unsafe=True)) as his:
        await _come_in(his, ben)
        for text in ("", "not an invite", "hedgerow-invite:1:AAAA", "https://example.org/"):
            answer = await his.post("/join", {"invite": text, "accept": "1"})
            assert 400 <= answer.status < 500
            assert "HG-" in answer.text("div", "alert")
            assert answer.text("textarea") == text
