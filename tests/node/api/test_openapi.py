"""openapi.yaml is valid, complete and true of the code; its examples are examples."""

from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from hedgerow_node.commands.operation import Operation
from hedgerow_node.commands.table import OPERATIONS
from hedgerow_node.commands.trails import Filling, NewStep
from node.api import contract
from node.api.serving import Running

IN_QUERY = ("GET", "DELETE")
NOT_IN_THE_TABLE = {"operations", "openapi", "page-link", "events"}
"""What the running node answers itself."""
Schema = dict[str, Any]


def by_id(operation: Operation) -> tuple[str, str, Schema]:
    return contract.operations()[operation.name.replace(" ", "-")]


def documented_fields(operation: Operation) -> dict[str, tuple[bool, Schema]]:
    """Every field that the document names: whether it is required, and its schema."""
    method, path, written = by_id(operation)
    shared = contract.document()["paths"][path].get("parameters", [])
    parameters = [contract.resolved(one) for one in [*shared, *written.get("parameters", [])]]
    fields = {one["name"]: (one.get("required", False), one["schema"]) for one in parameters}
    if method not in IN_QUERY and "requestBody" in written:
        body = contract.resolved(written["requestBody"]["content"]["application/json"]["schema"])
        required = body.get("required", [])
        fields |= {name: (name in required, schema) for name, schema in body["properties"].items()}
    return fields


def real_fields(operation: Operation) -> dict[str, tuple[bool, Schema]]:
    """The same from the code."""
    _, shapes = msgspec.json.schema_components(
        [operation.request], ref_template="#/components/schemas/{name}"
    )
    shape = shapes[operation.request.__name__]
    required = shape.get("required", [])
    return {name: (name in required, schema) for name, schema in shape["properties"].items()}


def test_the_parts_of_a_trail_in_a_request_are_those_of_the_code() -> None:
    for part in (NewStep, Filling):
        _, shapes = msgspec.json.schema_components([part])
        documented, real = contract.document()["components"]["schemas"][part.__name__], shapes[part.__name__]
        assert documented.get("required", []) == real.get("required", [])
        assert documented["additionalProperties"] is real["additionalProperties"] is False
        assert {name: plain(schema) for name, schema in documented["properties"].items()} == {
            name: plain(schema) for name, schema in real["properties"].items()
        }


def plain(schema: Schema) -> Schema:
    """A schema without descriptions, and with one way of saying that null is allowed."""
    kept = {name: value for name, value in contract.resolved(schema).items() if name != "description"}
    if kept.get("default") == ():
        kept["default"] = []
    parts = kept.pop("anyOf", None)
    if parts is not None:
        (shape,) = [part for part in parts if part != {"type": "null"}]
        kept |= shape
        kept |= {"type": [shape["type"], "null"]} if "type" in shape else {"enum": [*shape["enum"], None]}
    if "enum" in kept:
        kept["enum"] = sorted(kept["enum"], key=str)
    return kept


def test_the_document_is_openapi_3_1() -> None:
    assert contract.document()["openapi"].startswith("3.1.")
    validate(contract.document())


def keys(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value, *(key for inner in value.values() for key in keys(inner))]
    return [key for inner in value for key in keys(inner)] if isinstance(value, list) else []


def test_no_words_of_a_description_were_taken_for_a_key() -> None:
    assert [key for key in keys(contract.document()) if " " in str(key)] == []


def test_every_operation_stands_in_the_document_and_nothing_else_does() -> None:
    documented = {(name, method, path) for name, (method, path, _) in contract.operations().items()}
    real = {(one.name.replace(" ", "-"), one.method, one.path) for one in OPERATIONS}
    extra = {entry for entry in documented if entry[0] in NOT_IN_THE_TABLE}
    assert documented - extra == real
    assert {entry[0] for entry in extra} == NOT_IN_THE_TABLE


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_the_fields_of_a_request_are_those_of_the_code(operation: Operation) -> None:
    documented, real = documented_fields(operation), real_fields(operation)
    assert documented.keys() == real.keys()
    for name, (is_required, schema) in real.items():
        assert documented[name][0] == is_required, name
        assert plain(documented[name][1]) == plain(schema), name


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_the_document_says_what_the_operation_says_of_itself(operation: Operation) -> None:
    _, _, written = by_id(operation)
    assert written["summary"] == operation.summary
    offers = written["responses"]["200"].get("content", {})
    assert ("text/event-stream" in offers) == operation.is_long
    if operation.max_request is not None:
        assert f"{operation.max_request:,} bytes" in written["description"]
    if operation.method in IN_QUERY:
        assert "requestBody" not in written


def examples() -> list[tuple[str, Schema, object]]:
    found = []
    for name, (_, _, written) in contract.operations().items():
        bodies = [written["requestBody"]] if "requestBody" in written else []
        for part in [*bodies, *map(contract.resolved, written["responses"].values())]:
            for media_type, content in part["content"].items():
                if "example" in content and media_type.endswith("json"):
                    found.append((name, content["schema"], content["example"]))
    return found


@pytest.mark.parametrize(
    ("name", "schema", "example"), examples(), ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_example_is_one(name: str, schema: Schema, example: object) -> None:
    assert contract.faults(schema, example) == []


def test_every_request_with_a_body_has_an_example() -> None:
    for _, _, written in contract.operations().values():
        if "requestBody" in written:
            assert "example" in written["requestBody"]["content"]["application/json"]


def test_the_judge_finds_what_is_missing_wrong_and_not_documented() -> None:
    schema = {"$ref": "#/components/schemas/Added"}
    right = {"thing": "x", "title": "", "added": True}
    assert contract.faults(schema, right) == []
    assert contract.faults(schema, {"thing": "x", "title": ""})
    assert contract.faults(schema, {**right, "added": 1})
    assert contract.faults(schema, {**right, "more": 1}) == ["$.more is not documented"]


def test_a_running_node_serves_the_document(served: Running) -> None:
    answer = served.api("GET", "/openapi.yaml")
    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.body == contract.DOCUMENT.read_bytes()


def test_a_running_node_lists_its_operations(served: Running) -> None:
    answer = served.api("GET", "/operations").json
    contract.check_answer("operations", answer)
    assert [one["name"] for one in answer["operations"]] == [one.name for one in OPERATIONS]
