"""Nobody but the owner's programs gets anything out of the API, or into it."""

import json
import socket
from collections.abc import Iterator

import pytest

from node.api.contract import check_problem
from node.api.serving import Running

ITEM = json.dumps({"thing": "https://example.org/planted", "title": "Planted"}).encode()
JSON = {"Content-Type": "application/json"}


def token(served: Running) -> dict[str, str | None]:
    return {"Authorization": f"Bearer {served.token}"}


def things(served: Running) -> list[str]:
    return [one["thing"] for one in served.api("GET", "/items").json["results"]]


@pytest.fixture(autouse=True)
def _nothing_changes(served: Running) -> Iterator[None]:
    """Whatever a test of this module tries, the library stays as it was."""
    before = things(served)
    yield
    assert things(served) == before


def test_the_right_program_is_let_in(served: Running) -> None:
    for host in ("127.0.0.1", "localhost"):
        answer = served.send("GET", "/api/v1/identity", {**token(served), "Host": f"{host}:{served.port}"})
        assert (answer.status, answer.json["did"]) == (200, served.did)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.evil.example",
        "127.0.0.1.evil.example:{port}",
        "evil.example@127.0.0.1:{port}",
        "[::1]:{port}",
        "0.0.0.0:{port}",
        "LOCALHOST:{port}",
        "localhost.:{port}",
        "localhost:{port},evil.example",
        "",
        None,
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/identity", "/", "/nowhere", "/api/v1/nowhere", "/start?k=X"])
def test_a_request_for_another_host_is_refused_whatever_it_asks_for(
    served: Running, host: str | None, path: str
) -> None:
    named = None if host is None else host.format(port=served.port)
    answer = served.send("GET", path, {**token(served), "Host": named})
    assert answer.status in (400, 403)
    assert served.did.encode() not in answer.body
    if answer.status == 403:
        assert b"HG-A4" in answer.body


def test_two_hosts_are_one_too_many(served: Running) -> None:
    request = (
        f"GET /api/v1/identity HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nHost: evil.example\r\n"
        f"Authorization: Bearer {served.token}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port or 0), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = connection.makefile("rb").read()
    assert answer.split()[1] in (b"400", b"403")
    assert served.did.encode() not in answer


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1:1",
        "http://127.0.0.1:{port}.evil.example",
        "https://127.0.0.1:{port}",
        "",
    ],
)
def test_another_origin_is_refused_even_with_the_token(served: Running, origin: str) -> None:
    headers = {**token(served), **JSON, "Origin": origin.format(port=served.port)}
    answer = served.send("POST", "/api/v1/items", headers, ITEM)
    assert (answer.status, answer.code) == (403, "HG-A5")
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_what_a_browser_says_another_site_made_is_refused(served: Running, site: str) -> None:
    answer = served.send("GET", "/api/v1/identity", {**token(served), "Sec-Fetch-Site": site})
    assert (answer.status, answer.code) == (403, "HG-A5")


def test_the_own_origin_is_let_in(served: Running) -> None:
    headers = {**token(served), "Origin": f"http://localhost:{served.port}", "Sec-Fetch-Site": "same-origin"}
    assert served.send("GET", "/api/v1/identity", headers).status == 200


@pytest.mark.parametrize(
    "credential",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer {short}",
        "Bearer {longer}",
        "Bearer {other}",
        "Basic {token}",
        "{token}",
        "Bearer tökén",
    ],
)
@pytest.mark.parametrize(
    "path", ["/api/v1/identity", "/api/v1/events", "/api/v1/nowhere", "/api/v1/openapi.yaml"]
)
def test_without_the_token_nothing_is_read(served: Running, credential: str | None, path: str) -> None:
    words = None
    if credential is not None:
        words = credential.format(
            token=served.token,
            short=served.token[:-1],
            longer=served.token + "0",
            other="0" * len(served.token),
        )
        words = words.encode().decode("latin-1")
    answer = served.send("GET", path, {"Authorization": words})
    assert (answer.status, answer.code) == (401, "HG-A3")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    check_problem(answer.json)


def test_without_the_token_nothing_is_written(served: Running) -> None:
    assert served.send("POST", "/api/v1/items", {**JSON}, ITEM).status == 401
    assert served.send("DELETE", "/api/v1/items?thing=https%3A%2F%2Fexample.org%2Fplanted").status == 401


def test_the_token_given_twice_is_none(served: Running) -> None:
    request = (
        f"GET /api/v1/identity HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.token}\r\n"
        f"Authorization: Bearer {'0' * 64}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port or 0), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = connection.makefile("rb").read()
    assert answer.split()[1] in (b"400", b"401")
    assert served.did.encode() not in answer


def test_the_token_counts_in_the_header_alone(served: Running) -> None:
    for headers in ({"Cookie": f"token={served.token}; api-token={served.token}"}, {"X-Token": served.token}):
        assert served.send("GET", "/api/v1/identity", {**headers}).status == 401
    assert (
        served.send("GET", f"/api/v1/identity?token={served.token}&access_token={served.token}").status == 401
    )


def test_the_cookie_of_the_pages_does_not_open_the_api(served: Running) -> None:
    link = served.api("POST", "/page-link").json["url"].removeprefix(served.page)
    opened = served.send("GET", link, {"Sec-Fetch-Site": "none"})
    cookie = opened.headers["Set-Cookie"].partition(";")[0]
    assert served.send("GET", "/", {"Cookie": cookie}).status == 200
    answer = served.send("POST", "/api/v1/items", {"Cookie": cookie, **JSON}, ITEM)
    assert (answer.status, answer.code) == (401, "HG-A3")


@pytest.mark.parametrize(
    "media_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; application/json",
        "text/json",
        "application/json-patch+json",
        "application/octet-stream",
        "",
        None,
    ],
)
def test_what_a_form_can_send_is_not_read(served: Running, media_type: str | None) -> None:
    answer = served.send("POST", "/api/v1/items", {**token(served), "Content-Type": media_type}, ITEM)
    assert (answer.status, answer.code) == (415, "HG-A6")


def test_a_packed_body_is_not_read(served: Running) -> None:
    headers = {**token(served), **JSON, "Content-Encoding": "gzip"}
    assert served.send("POST", "/api/v1/items", headers, ITEM).status == 415


def test_a_preflight_is_allowed_nothing(served: Running) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for headers in (asked, {**asked, **token(served)}):
        answer = served.send("OPTIONS", "/api/v1/items", {**headers})
        assert answer.status in (401, 403)
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_every_answer_tells_the_browser_to_do_nothing_with_it(served: Running) -> None:
    for path in ("/api/v1/identity", "/api/v1/nowhere", "/nowhere", "/"):
        headers = served.send("GET", path, token(served)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "aiohttp" not in str(headers)
        assert "Python" not in str(headers)


def test_what_is_no_http_at_all_tells_nothing(served: Running) -> None:
    for request in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", served.port or 0), timeout=10) as connection:
            connection.sendall(request)
            answer = connection.makefile("rb").read()
        assert answer.split()[1] in (b"400", b"403")
        assert b"aiohttp" not in answer
        assert b"Python" not in answer
