"""What strangers write runs nothing and fetches nothing, in a browser that would run scripts."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from browser.serving import Running
from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from node.web.naughty import THING, say_all, strings
from node.web.visiting import thing_path

OWN_PAGES = 24
"""Things of strangers of which each gets its own page opened: those of our own strings, and the first listed."""


async def _fill(texts: list[str], folder: Path, clock: Clock) -> None:
    node = await Node.open(Home(folder), clock)
    try:
        assert len(await say_all(node, texts)) > len(texts) / 2
    finally:
        await node.close()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, test_data: Path) -> Iterator[Running]:
    """A node full of what strangers wrote."""
    fill = partial(_fill, strings(test_data))
    with Running.open(tmp_path_factory.mktemp("hostile") / "home", fill) as running:
        yield running


@pytest.fixture
def victim(browser: Browser, hostile: Running) -> Iterator[BrowserContext]:
    """A browser that was let in, and runs whatever scripts it finds."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(hostile.start)
    page.close()
    yield context
    context.close()


def test_no_text_of_strangers_runs_or_fetches_anything(victim: BrowserContext, hostile: Running) -> None:
    happened: list[str] = []
    page = victim.new_page()
    page.on("dialog", lambda dialog: (happened.append(f"dialog on {page.url}"), dialog.dismiss()))
    page.on("console", lambda message: happened.append(f"{message.text} on {page.url}"))
    page.on(
        "request", lambda request: happened.append(request.url) if _is_foreign(request.url, hostile) else None
    )
    page.on("popup", lambda _: happened.append(f"popup on {page.url}"))
    paths = [
        thing_path(THING),
        "/look",
        "/people",
        *(thing_path(f"{THING}{place}") for place in range(OWN_PAGES)),
    ]
    opened = 0
    for path in paths:
        following: str | None = path
        while following is not None:
            page.goto(hostile.base + following)
            opened += 1
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            further = page.locator("a[rel=next]")
            following = further.get_attribute("href") if further.count() else None
    page.close()
    assert opened > OWN_PAGES + 20
    assert happened == []


def _is_foreign(url: str, running: Running) -> bool:
    return not url.startswith(running.base + "/")
