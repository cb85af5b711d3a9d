"""How requests are read and answered, whatever the operation."""

import json
import socket
from collections.abc import Callable

import pytest

from node.api.contract import check_answer, check_problem
from node.api.serving import Answer, Running


def post(served: Running, path: str, body: bytes, **headers: str) -> Answer:
    given = {"Authorization": f"Bearer {served.token}", "Content-Type": "application/json", **headers}
    return served.send("POST", f"/api/v1{path}", {**given}, body)


def refused(answer: Answer, status: int, code: str) -> bool:
    check_problem(answer.json)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status, answer.json["status"], answer.code) == (status, status, code), answer.json
    assert answer.json["type"] == f"urn:hedgerow:problem:{code}"
    assert answer.json["next"]
    return True


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
@pytest.mark.parametrize(
    "path", ["/api/v1/nowhere", "/api/v1/", "/api/v1", "/api/v2/status", "/api/", "/api/v1/status/"]
)
def test_an_address_that_is_none_is_a_problem(served: Running, method: str, path: str) -> None:
    answer = served.send(method, path, {"Authorization": f"Bearer {served.token}"})
    assert answer.status == 404
    assert method == "HEAD" or refused(answer, 404, "HG-A1")


def test_outside_the_api_it_is_a_page(served: Running) -> None:
    answer = served.send("GET", "/nowhere")
    assert answer.status in (403, 404)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_wrong_method_names_the_right_ones(served: Running) -> None:
    answer = served.api("PATCH", "/items")
    assert refused(answer, 405, "HG-A2")
    assert answer.headers["Allow"] == "DELETE,GET,HEAD,POST".replace(",", ", ")


def test_options_names_the_methods_and_nothing_else(served: Running) -> None:
    answer = served.send("OPTIONS", "/api/v1/items", {"Authorization": f"Bearer {served.token}"})
    assert (answer.status, answer.headers["Allow"], answer.body) == (204, "DELETE, GET, HEAD, POST", b"")


def test_head_is_get_without_a_body(served: Running) -> None:
    head, get = served.api("HEAD", "/identity"), served.api("GET", "/identity")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.body))
    assert served.api("HEAD", "/export").body == b""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b'{"thing": "\\ud800"}',
        b"[" * 100_000,
        b"NaN",
        b'{"a": 1e999}',
    ],
)
def test_what_is_no_json_object_is_a_problem(served: Running, body: bytes) -> None:
    answer = post(served, "/items", body)
    assert answer.status in (400, 422)
    assert refused(answer, *((400, "HG-A7") if body else (422, "HG-R1")))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "thing"),
        ({"thing": 7}, "thing"),
        ({"thing": None}, "thing"),
        ({"thing": "https://example.org/", "topics": "algebra"}, "topics"),
        ({"thing": "https://example.org/", "tittle": "a misspelt field"}, "tittle"),
    ],
)
def test_a_wrong_field_is_named(served: Running, fields: dict[str, object], named: str) -> None:
    answer = served.api("POST", "/items", fields)
    assert refused(answer, 422, "HG-R1")
    assert named in answer.json["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=1&limit=2",
        "lmit=1",
        "cursor=%FF",
        "limit=99999999999999999999999",
    ],
)
@pytest.mark.limit("MAX_PAGE")
def test_a_wrong_query_is_a_problem(served: Running, query: str) -> None:
    answer = served.api("GET", f"/collection?{query}")
    assert answer.status == 422
    assert answer.code in ("HG-R1", "HG-R3")


def test_a_body_where_none_is_read_is_a_problem(served: Running) -> None:
    headers = {"Authorization": f"Bearer {served.token}", "Content-Type": "application/json"}
    for method in ("GET", "DELETE"):
        answer = served.send(method, "/api/v1/items?thing=x", {**headers}, b'{"thing": "x"}')
        assert refused(answer, 400, "HG-A11")


def test_a_request_without_fields_needs_no_body(served: Running) -> None:
    answer = served.send(
        "POST", "/api/v1/sync", {"Authorization": f"Bearer {served.token}", "Content-Length": "0"}
    )
    assert answer.status == 200
    check_answer("sync", answer.json)


@pytest.mark.limit("MAX_REQUEST")
def test_more_than_a_mebibyte_is_too_much(served: Running) -> None:
    fields = json.dumps({"thing": "https://example.org/", "title": "x" * 2**20}).encode()
    assert refused(post(served, "/items", fields), 413, "HG-A8")


def test_more_than_a_mebibyte_is_too_much_where_no_length_was_told(served: Running) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    head = (
        f"POST /api/v1/items HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port or 0), timeout=10) as connection:
        connection.sendall(head.encode() + chunk * 17)
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_what_says_that_it_is_too_much_is_refused_before_it_comes(served: Running) -> None:
    head = (
        f"POST /api/v1/items HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {2**20 + 1}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port or 0), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_file_to_import_may_be_bigger(served: Running) -> None:
    lines = "".join([f"- [Title number {one}](https://example.org/{one})\n" for one in range(20)])
    padding = "\n" + " " * 2**20
    import base64

    answer = served.api(
        "POST",
        "/import",
        {"name": "x.md", "data": base64.b64encode((lines + padding).encode()).decode(), "dry_run": True},
    )
    assert (answer.status, answer.json["read"]) == (200, 20)


@pytest.mark.parametrize(
    "thing",
    [
        "https://example.org/a/b?c=d&e=f%2Fg#part",
        "https://example.org/100%25",
        "https://example.org/a%20b%2Bc",
        "https://example.org/%D8%B9%D8%B1%D8%A8%D9%8A",
        "topic:学习 方法",
        "doi:10.1000/182",
    ],
)
def test_a_thing_in_the_path_means_the_same_as_in_a_body(served: Running, thing: str) -> None:
    said = served.api("POST", "/endorse", {"thing": thing, "reason": "first"}).json
    edited = served.api("PUT", "/messages/{message}", {"message": thing, "reason": "second"})
    assert edited.json["replaced"] == said["ids"]
    shown = served.api("GET", "/things", {"thing": thing}).json
    assert shown["thing"] == said["thing"]
    assert shown["statements"][0]["reason"] == "second"


def test_a_page_can_be_continued_from_its_cursor(served: Running) -> None:
    for number in range(5):
        served.api("POST", "/items", {"thing": f"https://example.com/{number}"})
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = served.api("GET", "/collection", {"limit": 2, "cursor": cursor}).json
        check_answer("collection", page)
        assert len(page["results"]) <= 2
        seen += [one["thing"] for one in page["results"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen))
    assert {f"https://example.com/{number}" for number in range(5)} <= set(seen)


def test_a_cursor_of_another_list_is_refused(served: Running) -> None:
    cursor = served.api("GET", "/collection", {"limit": 1}).json["next"]
    for path, fields in (("/feed", {}), ("/search", {"q": "example"}), ("/items", {})):
        answer = served.api("GET", path, {"cursor": cursor, **fields})
        assert answer.status in (200, 422)
        assert answer.status == 200 or refused(answer, 422, "HG-R3")
    assert refused(served.api("GET", "/feed", {"cursor": "made up"}), 422, "HG-R3")


@pytest.mark.parametrize("ending", [lambda one: one.shutdown(socket.SHUT_WR), lambda one: None])
def test_a_body_that_breaks_off_changes_nothing(
    served: Running, ending: Callable[[socket.socket], None]
) -> None:
    head = (
        f"POST /api/v1/items HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.token}\r\n"
        'Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"thing": "https://example.org/half"}'
    )
    with socket.create_connection(("127.0.0.1", served.port or 0), timeout=10) as connection:
        connection.sendall(head.encode())
        ending(connection)
    found = served.api("GET", "/things", {"thing": "https://example.org/half"}).json
    assert found.get("item") is None


def test_one_connection_serves_many_requests(served: Running) -> None:
    connection = served.connect()
    headers = {"Authorization": f"Bearer {served.token}"}
    for path in ("/api/v1/identity", "/api/v1/nowhere", "/api/v1/identity"):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == (404 if "nowhere" in path else 200)
        assert json.loads(body)
    connection.close()


def test_a_query_of_any_length_that_a_header_holds_is_answered(served: Running) -> None:
    answer = served.api("GET", "/search", {"q": "ü" * 4_000})
    assert answer.status == 200
    check_answer("search", answer.json)
