"""A node that runs with its pages, under a clock that stands still, and a browser that was let in."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import CookieJar

from hedgerow_node.app import App, Composition, PageAddress
from hedgerow_node.config import Home
from hedgerow_node.web import Pages
from node.clocks import FakeClock
from node.web.visiting import Visitor


@pytest.fixture
async def app(home: Home, clock: FakeClock) -> AsyncIterator[App]:
    app = await App.open(home, clock, Composition(PageAddress(port=0), surface=Pages))
    yield app
    await app.close()


@pytest.fixture
async def stranger(app: App) -> AsyncIterator[Visitor]:
    """A browser that was not let in."""
    async with Visitor.at(app.page, CookieJar(unsafe=True)) as visitor:
        yield visitor


@pytest.fixture
async def visitor(app: App) -> AsyncIterator[Visitor]:
    """A browser that was let in."""
    async with Visitor.at(app.page, CookieJar(unsafe=True)) as visitor:
        await visitor.get(app.page_link().removeprefix(app.page))
        yield visitor
