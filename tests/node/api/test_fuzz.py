"""Whatever a program asks, the API answers: never with an error of its own, always as openapi.yaml says."""

import base64
from urllib.parse import quote, urlencode

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hedgerow_node.commands.operation import Operation
from hedgerow_node.commands.table import OPERATIONS
from hedgerow_node.config import MAX_REQUEST_HEADER
from node.api.contract import check_answer, check_problem
from node.api.serving import Running
from node.api.test_openapi import real_fields

FILES = {"export", "export keys", "seed backup"}
"""What answers with a file."""
SLOW = {"identity passphrase", "identity adopt", "identity confirm", "export keys", "doctor", "seed backup"}
"""What takes its time for every call, or shuts a door behind it."""
ROOM = 1_024
"""Bytes of a header for all that is not its first line."""
WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "",
            "https://example.org/",
            "https://example.org/" + "x" * 3_000,
            "topic:学习",
            "did:key:z6MkgbCWpTVVSD6cWdhaXqBvBDMJCD3RsMfxPaDmF1BoyWcQ",
            "hedgerow:111111",
            "hedgerow:" + "z" * 44,
            "doi:10.1000/182",
            "\x00",
            "a\x1b[2J\u202e",
            "../../etc/passwd",
            "for",
            "needs-first",
            '" * AND (',
            "https://[::1]:99999/",
        ]
    ),
)
DATA = st.binary(max_size=200).map(lambda data: base64.b64encode(data).decode())
VALUES = st.one_of(
    WORDS, st.integers(-3, 300), st.booleans(), st.none(), st.lists(WORDS, max_size=3), DATA, st.floats(-1, 1)
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[Operation, dict[str, object]]:
    """An operation and fields for it: some of its own with values of any kind, sometimes one that it lacks."""
    operation = draw(st.sampled_from([one for one in OPERATIONS if one.name not in SLOW]))
    fields: dict[str, object] = {}
    for name, (is_required, schema) in real_fields(operation).items():
        if is_required or draw(st.booleans()):
            fitting = WORDS if schema.get("type") == "string" else VALUES
            fields[name] = draw(st.one_of(fitting, VALUES))
    if draw(st.integers(0, 9)) == 0:
        fields[draw(st.text(min_size=1, max_size=5))] = draw(VALUES)
    return operation, fields


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests())
def test_every_request_is_answered_as_documented(
    served: Running, request: tuple[Operation, dict[str, object]]
) -> None:
    operation, fields = request
    in_path = {name: fields.pop(name) for name in list(fields) if f"{{{name}}}" in operation.path}
    path = operation.path
    for name, value in in_path.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe="") or "%20")
    if operation.method in ("GET", "DELETE"):
        fields = {name: value for name, value in fields.items() if value is not None}
    if operation.method in ("GET", "DELETE"):
        assume(len(path) + len(urlencode(fields, doseq=True)) < MAX_REQUEST_HEADER - ROOM)
    answer = served.api(operation.method, path, fields)
    assert answer.status < 500, (operation.name, fields, answer.body)
    if answer.status != 200:
        check_problem(answer.json)
    elif operation.name not in FILES:
        check_answer(operation.name, answer.json)
