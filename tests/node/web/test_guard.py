"""Who may see the pages, and which forms are believed."""

import re
from dataclasses import dataclass

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestServer

from hedgerow_node.app import App
from hedgerow_node.config import LINK_LIFE, MAX_BROWSERS, MAX_FIELDS, MAX_FORM, MAX_LINKS, SESSION_LIFE
from hedgerow_node.node import Node
from hedgerow_node.web import Pages
from hedgerow_node.web.guard import Hosts
from hedgerow_node.web.pages import DONE, SHOWN
from node.clocks import FakeClock
from node.web.visiting import PROOF, Visitor

OPENED = [re.sub(r"\{\w+(?::.+?)?\}", "x", path) for path in SHOWN]
SENT = [re.sub(r"\{\w+\}", "x", path) for path in DONE]
FORM = {"thing": "https://example.org/"}
CLOSED, SPENT, STRANGE = "HG-W1", "HG-W2", "HG-W3"


@dataclass(frozen=True)
class Doorway:
    """What pages need when they stand alone."""

    node: Node
    hosts: Hosts


class OwnHosts:
    """The names of a listener at a port that is not the one in use."""

    @property
    def origins(self) -> frozenset[str]:
        return frozenset({"http://127.0.0.1:1"})


def _jar() -> CookieJar:
    return CookieJar(unsafe=True)


async def _start(app: App, key: str | None = None) -> tuple[int, str]:
    async with Visitor.at(app.page, _jar()) as visitor:
        path = app.page_link().removeprefix(app.page) if key is None else f"/start?k={key}"
        answer = await visitor.get(path)
        return answer.status, answer.html


def _key(app: App) -> str:
    return app.page_link().rpartition("=")[2]


async def _saved(app: App) -> int:
    return len((await app.node.store.library.items()).results)


# --- Getting in ---


async def test_without_a_cookie_no_page_shows_anything_but_the_way_in(stranger: Visitor, app: App) -> None:
    for path in OPENED:
        answer = await stranger.get(path)
        assert (answer.status, CLOSED in answer.html) == (403, True), path
        assert "hedgerow open" in answer.html
        assert app.node.keys.did not in answer.html


async def test_without_a_cookie_no_form_is_believed(stranger: Visitor, app: App) -> None:
    for path in SENT:
        answer = await stranger.send("POST", path, "thing=https://example.org/", {"Origin": app.page})
        assert (answer.status, CLOSED in answer.html) == (403, True), path
    assert await _saved(app) == 0


async def test_what_somebody_typed_before_their_session_ended_is_shown_to_them(stranger: Visitor) -> None:
    answer = await stranger.send("POST", "/note", "text=A+long+<b>+thought", {"Origin": stranger.base})
    assert answer.texts("textarea") == ["A long <b> thought"]


async def test_a_one_time_link_works_once(app: App) -> None:
    key = _key(app)
    assert (await _start(app, key))[0] == 200
    status, html = await _start(app, key)
    assert status == 403
    assert SPENT in html


async def test_a_one_time_link_ends_after_ten_minutes(app: App, clock: FakeClock) -> None:
    good, late = _key(app), _key(app)
    clock.advance(LINK_LIFE - 1)
    assert (await _start(app, good))[0] == 200
    clock.advance(1)
    assert (await _start(app, late))[0] == 403


async def test_a_link_is_read_as_people_type_it(app: App) -> None:
    typed = _key(app).lower().replace("-", " ").replace("0", "o").replace("1", "l").replace(" ", "%20")
    assert (await _start(app, typed))[0] == 200


@pytest.mark.parametrize("key", ["", "0000-0000-0000-0000", "%00", "%ff", "x" * 5_000])
async def test_a_guessed_key_opens_nothing(app: App, key: str) -> None:
    assert (await _start(app, key))[0] == 403


async def test_only_opening_a_link_spends_it(app: App, stranger: Visitor) -> None:
    path = app.page_link().removeprefix(app.page)
    assert (await stranger.send("HEAD", path)).status == 403
    await stranger.send("POST", path, "", {"Origin": app.page})
    assert (await stranger.get(path)).status == 200


async def test_too_many_links_end_the_oldest(app: App) -> None:
    first = _key(app)
    for _ in range(MAX_LINKS):
        app.page_link()
    assert (await _start(app, first))[0] == 403


async def test_too_many_browsers_end_the_one_not_seen_for_longest(app: App, visitor: Visitor) -> None:
    for _ in range(MAX_BROWSERS):
        await _start(app)
    assert (await visitor.get("/")).status == 403


async def test_the_key_does_not_stay_in_the_address_and_the_cookie_is_locked_up(
    app: App, stranger: Visitor
) -> None:
    answer = await stranger.get(app.page_link().removeprefix(app.page), goes_on=False)
    assert answer.status == 303
    assert answer.headers["Location"] == "/start?in"
    cookie = answer.headers["Set-Cookie"]
    port = app.page.rpartition(":")[2]
    assert cookie.startswith(f"hedgerow-{port}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; ")[1:])


async def test_a_cookie_ends_with_time_and_when_its_owner_leaves(
    app: App, visitor: Visitor, clock: FakeClock
) -> None:
    clock.advance(SESSION_LIFE - 1)
    assert (await visitor.get("/")).status == 200
    clock.advance(SESSION_LIFE)
    assert (await visitor.get("/")).status == 403
    visitor.proof = ""
    await visitor.get(app.page_link().removeprefix(app.page))
    cookies = {one.key: one.value for one in visitor.session.cookie_jar}
    await visitor.post("/leave", {})
    async with Visitor.at(app.page, _jar()) as thief:
        thief.session.cookie_jar.update_cookies(cookies)
        assert (await thief.get("/")).status == 403


@pytest.mark.parametrize("value", ["", "x", "%00", "a" * 4_000, "é"])
async def test_a_made_up_cookie_opens_nothing(app: App, stranger: Visitor, value: str) -> None:
    port = app.page.rpartition(":")[2]
    answer = await stranger.get("/you", {"Cookie": f"hedgerow-{port}={value}"})
    assert answer.status == 403


async def test_the_cookie_does_not_open_the_api(visitor: Visitor) -> None:
    answer = await visitor.get("/api/v1/status")
    assert answer.status == 401


# --- Forms ---


async def test_a_form_of_these_pages_is_believed(visitor: Visitor, app: App) -> None:
    answer = await visitor.post("/save", FORM)
    assert answer.status == 200
    assert await _saved(app) == 1


@pytest.mark.parametrize("proof", [None, "", "wrong", "é"])
async def test_a_form_without_the_proof_is_not_believed(
    visitor: Visitor, app: App, proof: str | None
) -> None:
    await visitor.get("/")
    body = "thing=https://example.org/" + ("" if proof is None else f"&proof={proof}")
    answer = await visitor.send("POST", "/save", body, {"Origin": app.page})
    assert answer.status == 403
    assert STRANGE in answer.html
    assert await _saved(app) == 0


async def test_the_proof_of_another_browser_is_not_believed(visitor: Visitor, app: App) -> None:
    async with Visitor.at(app.page, _jar()) as other:
        await other.get(app.page_link().removeprefix(app.page))
        await other.post("/nowhere", {})
        visitor.proof = other.proof
    assert (await visitor.post("/save", FORM)).status == 403
    assert await _saved(app) == 0


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}",
        "http://[::1]:{port}",
        "http://127.0.0.1:{port}, http://evil.example",
    ],
)
async def test_a_form_from_elsewhere_is_not_believed(visitor: Visitor, app: App, origin: str | None) -> None:
    port = app.page.rpartition(":")[2]
    headers = {} if origin is None else {"Origin": origin.format(port=port)}
    answer = await visitor.post("/save", FORM, headers)
    assert answer.status == 403
    assert await _saved(app) == 0


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "", "same-origin, cross-site"])
async def test_a_form_that_the_browser_says_another_site_sent_is_not_believed(
    visitor: Visitor, app: App, site: str
) -> None:
    answer = await visitor.post("/save", FORM, {"Origin": app.page, "Sec-Fetch-Site": site})
    assert answer.status == 403
    assert await _saved(app) == 0


async def test_a_browser_that_says_nothing_of_sites_may_send_forms(visitor: Visitor, app: App) -> None:
    assert (await visitor.post("/save", FORM, {"Origin": app.page})).status == 200
    assert await _saved(app) == 1


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost", "127.0.0.1:1", "[::1]:8470", ""])
async def test_another_host_gets_no_page_and_sends_no_form(visitor: Visitor, app: App, host: str) -> None:
    answer = await visitor.get("/", {"Host": host})
    assert answer.status >= 400
    assert "proof" not in answer.html
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert (await visitor.post("/save", FORM, headers)).status >= 400
    assert await _saved(app) == 0


async def test_the_pages_know_their_own_origins_whoever_else_checks_the_host(app: App) -> None:
    alone = web.Application()
    pages = Pages(Doorway(app.node, OwnHosts()))
    pages.install(alone)
    async with TestServer(alone) as server, Visitor.at(f"http://127.0.0.1:{server.port}", _jar()) as visitor:
        await visitor.get(pages.start_path())
        visitor.proof = (PROOF.search((await visitor.get("/")).html) or ["", ""])[1]
        assert visitor.proof
        host = f"evil.example:{server.port}"
        answer = await visitor.post("/save", FORM, {"Host": host, "Origin": f"http://{host}"})
        assert answer.status == 403


MIXED = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", "--x\r\n"),
        (MIXED, ""),
        (MIXED, "--x"),
        (MIXED, "--x\r\n\r\n"),
        (MIXED, "--y\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--y--"),
        (MIXED, '--x\r\nContent-Disposition: form-data; name="proof"\r\n\r\nb\r\n--x'),
        (MIXED, '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nb\r\n--x--'),
        (MIXED, "--x\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n\r\n\r\n--z--\r\n--x--"),
        (MIXED, "--x\r\nContent-Length: 99999\r\n\r\nb\r\n--x--"),
        (MIXED, "--x\r\nContent-Length: -1\r\n\r\nb\r\n--x--"),
        (MIXED, "--x\r\nno header at all\r\n\r\nb\r\n--x--"),
        (MIXED, "--x\r\n" + "a: b\r\n" * 3_000 + "\r\n--x--"),
    ],
)
async def test_a_broken_upload_is_refused_in_words(visitor: Visitor, kind: str, body: str) -> None:
    answer = await visitor.send("POST", "/import", body, {"Origin": visitor.base, "Content-Type": kind})
    assert answer.status in (403, 413, 422)
    assert "HG-" in answer.html


@pytest.mark.parametrize("mode", ["no-cors", "cors", "same-origin", "websocket", None])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_cannot_take_a_page_or_the_stylesheet_in(
    visitor: Visitor, site: str, mode: str | None
) -> None:
    headers = {"Sec-Fetch-Site": site} | ({} if mode is None else {"Sec-Fetch-Mode": mode})
    for path in ("/you", "/static/hedgerow.css"):
        answer = await visitor.get(path, headers)
        assert answer.status == 403
        assert "did:key" not in answer.html


async def test_a_link_on_another_site_leads_to_the_gate_and_on_from_there(stranger: Visitor) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = await stranger.get("/search?q=a%26b", headers)
    assert answer.status == 403
    assert answer.links() == ["/search?q=a%26b"]


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/xml"])
async def test_only_forms_are_read(visitor: Visitor, app: App, kind: str) -> None:
    await visitor.post("/nowhere", {})
    body = f"proof={visitor.proof}&thing=https://example.org/"
    answer = await visitor.send("POST", "/save", body, {"Origin": app.page, "Content-Type": kind})
    assert answer.status == 422
    assert await _saved(app) == 0


async def test_a_form_has_a_limit_of_bytes_and_of_fields(visitor: Visitor, app: App) -> None:
    assert (await visitor.post("/note", {**FORM, "text": "a" * MAX_FORM})).status == 413
    assert (await visitor.post("/note", {**FORM, "text": ("a",) * MAX_FIELDS})).status == 413


# --- Looking ---


async def test_looking_changes_nothing(visitor: Visitor, app: App) -> None:
    await visitor.post("/save", FORM)
    await visitor.post("/share", {**FORM, "title": "One"})
    await app.node.store.erase_when_due()
    before = await app.node.store.database.read(lambda db: list(db.iterdump()))
    for path in [*OPENED, *SENT, "/thing/https:%2F%2Fexample.org%2F", f"/people/{app.node.keys.did}"]:
        for query in ("", "?done=withdrawn&thing=https://example.org/&accept=1&k=x"):
            await visitor.get(path + query)
    assert await app.node.store.database.read(lambda db: list(db.iterdump())) == before


@pytest.mark.parametrize(
    "path", ["/", "/you", "/nowhere", "/work/x", "/import/x", "/static/x", "/search?q=a"]
)
async def test_every_answer_carries_the_headers_that_lock_it_up(
    visitor: Visitor, stranger: Visitor, path: str
) -> None:
    for answer in (await visitor.get(path), await stranger.get(path)):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self' data:;")
        assert "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "aiohttp" not in answer.headers.get("Server", "")


async def test_the_stylesheet_may_be_kept_and_nothing_else_lies_beside_it(stranger: Visitor) -> None:
    answer = await stranger.get("/static/hedgerow.css")
    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]
    for path in ("/static/../sessions.py", "/static/%2e%2e%2fsessions.py", "/static/layout.html"):
        assert "import" not in (await stranger.get(path)).html
