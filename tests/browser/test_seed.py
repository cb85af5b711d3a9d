"""The pages of a seed in a narrow browser without scripts: what everybody reads, what its operator has, a poster."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser.conftest import PATIENCE
from browser.serving import Running
from hedgerow_node.clock import Clock
from hedgerow_node.config import Home
from hedgerow_node.node import Node
from hedgerow_node.seed.founding import Founding, found, written
from simulator.author import Author

NARROW = {"width": 320, "height": 640}
NAME = "מגדל " + "Library" * 5
A_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


async def fill(folder: Path, clock: Clock) -> None:
    """A seed with a member."""
    home = Home(folder)
    await asyncio.to_thread(
        found,
        home,
        written(Founding(NAME, "http://127.0.0.1:1", "About " * 20, "ask@example.org", "127.0.0.1:0")),
    )
    node = await Node.open(home, clock)
    await node.store.peers.add_member(Author(1).key, clock.now())
    await node.close()


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running.open(tmp_path_factory.mktemp("seed") / "home", fill) as running:
        yield running


@pytest.fixture(scope="module")
def operator(browser: Browser, seed: Running) -> Iterator[BrowserContext]:
    context = browser.new_context(java_script_enabled=False, viewport=NARROW)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(seed.start)
    page.close()
    yield context
    context.close()


def is_wider_than_the_window(page: Page, browser: Browser) -> bool:
    """Measured with scripts on in a page of its own: those of a seed have none."""
    context = browser.new_context(viewport=NARROW, storage_state=page.context.storage_state())
    other = context.new_page()
    other.goto(page.url)
    other.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    wide = other.evaluate("document.documentElement.scrollWidth")
    context.close()
    return int(wide) > NARROW["width"]


def test_everybody_reads_who_runs_it_and_how_to_join(browser: Browser, seed: Running) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=NARROW)
    page = context.new_page()
    page.goto(f"http://{seed.peer}/")
    assert NAME in page.locator("h1").inner_text()
    assert not is_wider_than_the_window(page, browser)
    assert context.cookies() == []
    # The style is let in by its sum.
    assert page.locator("body").evaluate("it => getComputedStyle(it).maxWidth") != "none"
    page.get_by_role("link", name="Use the invite").click()
    assert page.url.endswith("/join")
    page.go_back()
    page.get_by_role("link", name="What was taken down here").click()
    assert page.url.endswith("/takedowns")
    context.close()


def test_its_operator_sees_everything_and_makes_a_backup(
    browser: Browser, operator: BrowserContext, seed: Running, tmp_path: Path
) -> None:
    page = operator.new_page()
    page.goto(f"{seed.base}/you")
    page.get_by_role("link", name="Look after your seed").click()
    assert NAME in page.locator("h1").inner_text()
    assert not is_wider_than_the_window(page, browser)
    page.get_by_text("End this membership").click()
    page.get_by_role("button", name="Remove this member").click()
    page.get_by_text("0 members").wait_for()
    page.get_by_label("A new file").fill(str(tmp_path / "backup.tar"))
    page.get_by_role("button", name="Make the backup").click()
    page.get_by_role("heading", name="The backup is made").wait_for()
    assert (tmp_path / "backup.tar").stat().st_size > 0
    page.close()


def test_a_poster_fits_on_one_sheet(browser: Browser, operator: BrowserContext, seed: Running) -> None:
    page = operator.new_page()
    page.goto(f"{seed.base}/invite")
    page.get_by_label("How many people may use it?").fill("30")
    page.get_by_role("button", name="Make the invite").click()
    page.get_by_role("button", name="Make a poster to print").click()
    assert NAME in page.locator("h1").inner_text()
    assert "For 30 people" in page.locator("strong").inner_text()
    image = page.get_by_role("img")
    assert image.evaluate("it => it.naturalWidth") > 0
    box = image.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= NARROW["width"]
    assert len(A_PAGE.findall(page.pdf(prefer_css_page_size=True))) == 1
    page.close()
