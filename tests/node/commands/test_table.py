"""The table of operations: one place each, every field told, and nothing but a Problem for whatever is asked."""

import builtins
import re
import types
import typing
from contextlib import suppress
from typing import get_args, get_origin

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hedgerow_node.commands.operation import Operation
from hedgerow_node.commands.table import BY_NAME, OPERATIONS
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from node.others import Other


def test_each_operation_has_a_name_and_a_place_of_its_own_and_says_what_it_does() -> None:
    assert len(BY_NAME) == len(OPERATIONS)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)
    for operation in OPERATIONS:
        assert re.fullmatch(r"[A-Z][^\n]+\.", operation.summary), operation.name
        assert operation.method in ("GET", "POST", "PUT", "DELETE")
        assert operation.path.startswith("/")


def test_what_stands_in_a_path_is_a_field_of_the_request() -> None:
    for operation in OPERATIONS:
        fields = {field.encode_name for field in msgspec.structs.fields(operation.request)}
        assert set(re.findall(r"{(\w+)}", operation.path)) <= fields


def test_requests_read_text_where_all_is_text() -> None:
    request = BY_NAME["show"].request_of({"thing": "x", "explain": "true", "limit": "7"}, from_text=True)
    assert (request.explain, request.limit) == (True, 7)
    with pytest.raises(Problem) as caught:
        BY_NAME["show"].request_of({"thing": "x", "limit": "7"})
    assert caught.value.kind == Code.REQUEST_WRONG


@pytest.mark.parametrize("limit", [0, 201, "many"])
def test_a_page_has_a_bound(limit: object) -> None:
    for name in ("items", "search", "feed", "people", "collection"):
        with pytest.raises(Problem) as caught:
            BY_NAME[name].request_of({"q": "x", "limit": limit} if name == "search" else {"limit": limit})
        assert caught.value.kind == Code.REQUEST_WRONG
    assert BY_NAME["feed"].request_of({"limit": 200})


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("feed", {"limit": 201}, "limit: expected a whole number of at most 200"),
        ("feed", {"limit": "many"}, "limit: expected a whole number, got a text"),
        ("invite", {"days": 0}, "days: expected a whole number of at least 1"),
        ("comment", {"thing": "x", "text": ""}, "text: it must not be empty"),
        ("share", {"topics": "x"}, "topics: expected a list, got a text"),
        ("show", {}, "There is no field `thing`"),
        ("show", {"thing": "x", "all": True}, "There is an unknown field `all`"),
        (
            "connect",
            {"from": "x", "to": "y", "reason": "z", "relation": "nice"},
            "relation: this is none of the values allowed: 'nice'",
        ),
    ],
)
def test_a_wrong_request_is_told_in_words(name: str, values: dict[str, object], words: str) -> None:
    with pytest.raises(Problem) as caught:
        BY_NAME[name].request_of(values)
    assert caught.value.detail == words


async def test_a_request_of_another_operation_is_refused(node: Node) -> None:
    with pytest.raises(TypeError):
        await BY_NAME["status"](node, BY_NAME["search"].request_of({"q": "x"}))


TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "https://example.org/",
            Other(1).did,
            "hedgerow:abcdefgh",
            "topic:x",
            "zzzzzzz",
            "\ud800",
            "\x00",
            "x" * 20_000,
        ]
    ),
)
ANYTHING = st.one_of(TEXTS, st.booleans(), st.integers(-1, 300), st.none(), st.lists(TEXTS, max_size=3))
ALONE = ("invite", "join", "sync", "identity words", "identity confirm", "identity passphrase", "export keys")
"""Operations that need other nodes or a slow passphrase; they have tests of their own."""


def values_of(wanted: object) -> st.SearchStrategy[object]:
    """Values of the type of a field."""
    arguments = get_args(wanted)
    match get_origin(wanted) or wanted:
        case types.UnionType | typing.Union:
            return st.one_of([values_of(one) for one in arguments])
        case typing.Annotated:
            return values_of(arguments[0])
        case typing.Literal:
            return st.sampled_from(arguments)
        case builtins.tuple:
            return st.lists(values_of(arguments[0]), max_size=3)
        case builtins.dict:
            return st.dictionaries(TEXTS, TEXTS, max_size=2)
        case builtins.str:
            return TEXTS
        case builtins.bool:
            return st.booleans()
        case builtins.int:
            return st.integers(-1, 300)
        case builtins.bytes:
            return st.binary(max_size=80)
        case types.NoneType:
            return st.none()
        case part if issubclass(part, msgspec.Struct):
            hints = typing.get_type_hints(part, include_extras=True)
            return st.fixed_dictionaries({name: values_of(hint) for name, hint in hints.items()})
        case other:
            raise AssertionError(f"a field of the type {other}")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_whatever_is_asked_is_answered_or_a_problem(node: Node, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from([one for one in OPERATIONS if one.name not in ALONE]))
    hints = typing.get_type_hints(operation.request, include_extras=True)
    values = {
        field.encode_name: data.draw(values_of(hints[field.name]))
        for field in msgspec.structs.fields(operation.request)
        if (field.required or data.draw(st.booleans())) and field.encode_name != "passphrase"
    }
    with suppress(Problem):
        answer = await operation(node, operation.request_of(values))
        if isinstance(answer, dict):
            assert msgspec.json.encode(answer)


@given(st.sampled_from(OPERATIONS), st.dictionaries(TEXTS, ANYTHING, max_size=3), st.booleans(), st.data())
def test_a_request_of_any_shape_is_read_or_a_problem(
    operation: Operation, values: dict[str, object], from_text: bool, data: st.DataObject
) -> None:
    for field in msgspec.structs.fields(operation.request):
        values[field.encode_name] = data.draw(ANYTHING)
    with suppress(Problem):
        assert isinstance(operation.request_of(values, from_text=from_text), operation.request)
