"""That everybody can read and use the pages: narrow, zoomed, by keyboard, from right to left, with a screen reader."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser import sample
from browser.serving import Running

NARROW, ZOOMED = 320, 640
"""CSS pixels: the narrowest window, and one of 1,280 at 200 %."""
PATHS = (
    "/",
    "/start",
    "/search?q=statistics",
    "/search?q=nothinghasthis",
    "/collection",
    "/look",
    "/topic?words=statistics",
    f"/thing/{quote(sample.STATISTICS, safe=':')}",
    f"/thing/{quote(sample.ALGEBRA_AR, safe=':')}",
    f"/thing/{quote(sample.GRAPHS_HE, safe=':')}",
    f"/thing/{quote('https://example.org/' + 'a' * 1_500, safe=':')}",
    f"/thing/{quote(sample.MINE[0].thing, safe=':')}",
    "/trails",
    "/trail/new",
    "/people",
    "/hidden",
    "/reports",
    "/you",
    "/you/words",
    "/you/devices",
    "/you/restore",
    "/you/close",
    "/import",
    "/join",
    "/invite",
    "/look/library",
    "/nowhere",
)
REACHED = (
    "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea, select, summary')]"
)
OUTLINE = "getComputedStyle(document.activeElement).outlineStyle"


@pytest.fixture(scope="module")
def measured(browser: Browser, visitor: BrowserContext, running: Running) -> Iterator[BrowserContext]:
    """The same visitor with scripts switched on, by which only the test measures: the pages have none."""
    context = browser.new_context(storage_state=visitor.storage_state(), bypass_csp=False)
    yield context
    context.close()


@pytest.fixture(scope="module")
def paths(measured: BrowserContext, running: Running) -> tuple[str, ...]:
    """Every kind of page, those of a person and of a message among them."""
    page = measured.new_page()
    page.goto(f"{running.base}/people")
    people = re.findall(r'href="(/people/did:key:\w+)"', page.content())
    page.goto(running.base + PATHS[7])
    messages = re.findall(r'href="(/thing/hedgerow:\w+)"', page.content())
    page.goto(f"{running.base}/trails")
    trails = re.findall(r'href="(/trail/hedgerow:\w+)"', page.content())
    page.close()
    return (*PATHS, people[0], people[-1], messages[0], trails[0])


def test_no_page_scrolls_sideways(measured: BrowserContext, running: Running, paths: tuple[str, ...]) -> None:
    page = measured.new_page()
    too_wide = {}
    for path in paths:
        page.goto(running.base + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        for width in (NARROW, ZOOMED):
            page.set_viewport_size({"width": width, "height": 640})
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                too_wide[path, width] = wide
    page.close()
    assert too_wide == {}


def test_every_page_has_one_heading_landmarks_labels_and_unique_names(
    measured: BrowserContext, running: Running, paths: tuple[str, ...]
) -> None:
    page = measured.new_page()
    faults: list[str] = []
    for path in paths:
        page.goto(running.base + path)
        found = page.evaluate("""() => {
            const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
            const named = one => one.labels?.length || one.getAttribute('aria-label') || one.type === 'hidden';
            const refs = [...document.querySelectorAll('[aria-labelledby], [aria-describedby]')].flatMap(one =>
                [one.getAttribute('aria-labelledby'), one.getAttribute('aria-describedby')]).filter(Boolean);
            return {
                h1: document.querySelectorAll('h1').length,
                main: document.querySelectorAll('main').length,
                header: document.querySelectorAll('body > header').length,
                language: document.documentElement.lang,
                direction: document.documentElement.dir,
                title: document.title.includes('Hedgerow'),
                twice: ids.filter((id, place) => ids.indexOf(id) !== place),
                unnamed: [...document.querySelectorAll('input, select, textarea')].filter(one => !named(one)).length,
                dangling: refs.filter(id => !document.getElementById(id)),
                empty: [...document.querySelectorAll('a, button')].filter(one => !one.textContent.trim()).length,
                tables: [...document.querySelectorAll('table')].filter(one => !one.caption).length,
                scripts: document.querySelectorAll('script, [style], [onclick]').length,
            };
        }""")
        whole = {"h1": 1, "main": 1, "header": 1, "language": "en", "direction": "ltr", "title": True}
        whole |= {"twice": [], "unnamed": 0, "dangling": [], "empty": 0, "tables": 0, "scripts": 0}
        faults += [f"{path}: {name} is {found[name]}" for name in whole if found[name] != whole[name]]
    page.close()
    assert faults == []


@pytest.mark.parametrize("path", ["/", PATHS[7], "/you"])
def test_the_keyboard_reaches_everything_in_its_order_and_shows_where_it_is(
    measured: BrowserContext, running: Running, path: str
) -> None:
    page = measured.new_page()
    page.goto(running.base + path)
    page.evaluate(f"{REACHED}.forEach((one, place) => one.dataset.place = place)")
    hidden = page.evaluate(f"{REACHED}.filter(one => !one.checkVisibility()).map(one => one.dataset.place)")
    count = page.evaluate(f"{REACHED}.length")
    expected = [str(place) for place in range(count) if str(place) not in hidden]
    reached = []
    for _ in expected:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.place"))
        assert page.evaluate(OUTLINE) == "solid"
    page.close()
    assert reached == expected


def test_the_first_key_leads_past_the_navigation(page: Page) -> None:
    page.keyboard.press("Tab")
    link = page.locator(".skip")
    assert link.bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_foreign_text_keeps_its_direction_and_disturbs_nothing_around_it(
    measured: BrowserContext, running: Running
) -> None:
    page = measured.new_page()
    page.goto(running.base + PATHS[8])
    directions = page.evaluate("""() => ({
        title: getComputedStyle(document.querySelector('h1 bdi')).unicodeBidi,
        page: getComputedStyle(document.body).direction,
        said: getComputedStyle(document.querySelector('blockquote.said')).direction,
        language: document.querySelector('blockquote.said[lang]')?.lang,
        host: document.querySelector('.host').textContent,
    })""")
    page.close()
    assert directions == {
        "title": "isolate",
        "page": "ltr",
        "said": "rtl",
        "language": "ar",
        "host": "ar.wikipedia.org",
    }


def test_the_pages_mirror_when_their_language_is_written_from_right_to_left(
    measured: BrowserContext, running: Running
) -> None:
    page = measured.new_page()
    page.set_viewport_size({"width": NARROW, "height": 640})
    for path in ("/", PATHS[7], "/you"):
        page.goto(running.base + path)
        page.evaluate("document.documentElement.dir = 'rtl'")
        home = page.locator(".home").bounding_box()
        assert home is not None
        assert home["x"] > NARROW / 2 - home["width"] / 2
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
        assert page.locator("h1").evaluate("one => getComputedStyle(one).direction") == "rtl"
    page.close()


def test_a_page_asks_nobody_else_for_anything(visitor: BrowserContext, running: Running) -> None:
    asked: list[str] = []
    page = visitor.new_page()
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", PATHS[7], "/you", "/people"):
        page.goto(running.base + path)
    page.close()
    assert {url for url in asked if not url.startswith(running.base + "/")} == set()
    assert any("/static/hedgerow.css" in url for url in asked)
