"""A real node as a process, and a real browser without scripts that its owner uses."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from browser import sample
from browser.serving import Running

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 15_000
"""Milliseconds that a step in the browser may take on a busy machine."""


# For a module only: while it is open its event loop runs in this thread, and tests elsewhere need one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing, and in CI nothing is skipped")
        pytest.skip(f"{CHROMIUM} is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A node with the sample in it."""
    with Running.open(tmp_path_factory.mktemp("node") / "home", sample.fill) as running:
        yield running


@pytest.fixture(scope="module")
def visitor(browser: Browser, running: Running) -> Iterator[BrowserContext]:
    """A browser that came in through the one-time link; it runs no scripts."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1_000, "height": 800})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(running.start)
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext, running: Running) -> Iterator[Page]:
    page = visitor.new_page()
    page.goto(f"{running.base}/")
    yield page
    page.close()
