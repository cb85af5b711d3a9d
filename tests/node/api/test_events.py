"""What happens is told to those who listen; nobody waits for a listener, and none takes more than its share."""

import base64
import http.client
import json
from collections.abc import Iterator

import pytest

from hedgerow_node.api.events import Event, Events, Listener
from hedgerow_node.config import EVENT_QUEUE, MAX_EVENT_LISTENERS
from hedgerow_node.problems import Code, Problem
from node.api import contract
from node.api.serving import Running

SCHEMAS = {
    "published": "MessageEvent",
    "delivered": "MessageEvent",
    "progress": "ProgressEvent",
    "lost": "LostEvent",
}


def stream(served: Running) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = served.connect()
    connection.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {served.token}"})
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.readline() + answer.readline() == b": still here\n\n"
    return connection, answer


def parsed(lines: Iterator[bytes]) -> Iterator[tuple[str, dict[str, object]]]:
    """The events in a stream, as WHATWG HTML 9.2 reads them."""
    name = ""
    for line in lines:
        assert not line.startswith(b":"), "nothing happened for too long"
        if line.startswith(b"event: "):
            name = line.removeprefix(b"event: ").decode().strip()
        if line.startswith(b"data: "):
            yield name, json.loads(line.removeprefix(b"data: "))


def links(count: int) -> str:
    lines = "".join([f"- [Title {one}](https://example.org/{one})\n" for one in range(count)])
    return base64.b64encode(lines.encode()).decode()


def test_what_is_published_is_told_with_its_id(served: Running) -> None:
    connection, answer = stream(served)
    said = served.api("POST", "/comment", {"thing": "https://example.org/", "text": "Hello"}).json
    name, event = next(parsed(iter(answer.readline, b"")))
    connection.close()
    assert (name, event["id"], event["kind"]) == ("published", said["ids"][0], "comment")
    assert contract.faults(contract.document()["components"]["schemas"][SCHEMAS[name]], event) == []


def test_a_long_operation_tells_its_progress_and_its_result_in_one_stream(served: Running) -> None:
    body = {"name": "links.md", "data": links(600), "share": True}
    answer = served.api("POST", "/import", body, Accept="text/event-stream")
    assert answer.headers["Content-Type"] == "text/event-stream"
    *progress, (last, result) = parsed(iter(answer.body.splitlines(keepends=True)))
    assert last == "result"
    contract.check_answer("import", result)
    assert {name for name, _ in progress} == {"progress"}
    done = [int(str(data["done"])) for _, data in progress]
    assert done == sorted(done)
    assert progress[-1][1] == {"done": 600, "total": 600}


def test_a_long_operation_that_is_refused_says_so_at_the_end_of_its_stream(served: Running) -> None:
    answer = served.api("POST", "/share", {"topic": "nothing is here"}, Accept="text/event-stream")
    ((name, problem),) = parsed(iter(answer.body.splitlines(keepends=True)))
    assert (answer.status, name, problem["code"]) == (200, "problem", "HG-L2")
    contract.check_problem(problem)


def test_a_request_that_is_wrong_is_refused_before_a_stream_begins(served: Running) -> None:
    answer = served.api("POST", "/share", {"unknown": 1}, Accept="text/event-stream")
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")


def test_others_see_the_progress_too(served: Running) -> None:
    connection, answer = stream(served)
    served.api("POST", "/import", {"name": "x.md", "data": links(603)})
    found = parsed(iter(answer.readline, b""))
    name, event = next(one for one in found if one[0] == "progress")
    connection.close()
    assert event["operation"] == "import"
    assert contract.faults(contract.document()["components"]["schemas"][SCHEMAS[name]], event) == []


def test_a_program_listens_no_longer_when_its_connection_is_gone(served: Running) -> None:
    for _ in range(3 * MAX_EVENT_LISTENERS):
        connection, _ = stream(served)
        connection.close()
        served.api("POST", "/comment", {"thing": "https://example.org/", "text": f"{_}"})


def test_too_many_listeners_are_refused(served: Running) -> None:
    open_streams = [stream(served) for _ in range(MAX_EVENT_LISTENERS)]
    connection = served.connect()
    connection.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {served.token}"})
    answer = connection.getresponse()
    assert answer.status == 503
    assert json.loads(answer.read())["code"] == "HG-A10"
    for one in [connection, *(opened for opened, _ in open_streams)]:
        one.close()


def event(number: int) -> Event:
    return Event("progress", {"operation": "share", "done": number, "total": 0})


async def test_a_slow_listener_loses_the_oldest_events_and_is_told_how_many() -> None:
    listener = Listener()
    for number in range(EVENT_QUEUE + 5):
        listener.put(event(number))
    listener.close()
    lost, *rest = [one async for one in listener.events() if one is not None]
    assert (lost.name, lost.data) == ("lost", {"count": 5})
    assert rest == [event(number) for number in range(5, EVENT_QUEUE + 5)]
    assert contract.faults(contract.document()["components"]["schemas"]["LostEvent"], lost.data) == []


async def test_silence_is_told_from_an_end() -> None:
    listener = Listener()
    events = listener.events(silence=0)
    assert await anext(events) is None
    listener.put(event(1))
    assert await anext(events) == event(1)
    listener.close()
    assert [one async for one in events] == []


async def test_what_happens_reaches_everyone_who_listens_and_nobody_who_left() -> None:
    events = Events()
    first, second = events.listen(), events.listen()
    events.tell("progress", {"done": 1})
    events.leave(second)
    events.tell("progress", {"done": 2})
    events.close()
    second.close()
    assert [one.data["done"] async for one in first.events() if one] == [1, 2]
    assert [one.data["done"] async for one in second.events() if one] == [1]


async def test_a_place_is_free_again_when_somebody_left() -> None:
    events = Events()
    listeners = [events.listen() for _ in range(MAX_EVENT_LISTENERS)]
    with pytest.raises(Problem) as refusal:
        events.listen()
    assert refusal.value.kind is Code.TOO_MANY_LISTENERS
    events.leave(listeners[0])
    assert events.listen() is not None


def test_an_event_is_one_line_of_data_whatever_is_in_it() -> None:
    encoded = Event("published", {"text": "a\nb\r\n\n\u2028data: x"}).encode()
    assert encoded.count(b"\n") == 3
    ((_, data),) = parsed(iter(encoded.splitlines(keepends=True)))
    assert data["text"] == "a\nb\r\n\n\u2028data: x"
