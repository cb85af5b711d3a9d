"""The OpenAPI document as a judge: whether an answer is what it says, and says nothing that it leaves out."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

DOCUMENT = Path(__file__).parents[3] / "specs" / "openapi.yaml"
METHODS = ("get", "put", "post", "delete")
Schema = dict[str, Any]


@cache
def document() -> Schema:
    """The whole document."""
    return yaml.safe_load(DOCUMENT.read_text())


@cache
def operations() -> dict[str, tuple[str, str, Schema]]:
    """Every operation by its id: method, path, and what is written of it."""
    return {
        item[method]["operationId"]: (method.upper(), path, item[method])
        for path, item in document()["paths"].items()
        for method in METHODS
        if method in item
    }


def resolved(schema: Schema) -> Schema:
    """`schema`, or what it refers to."""
    while "$ref" in schema:
        found: Any = document()
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def answer_schema(operation: str, media_type: str = "application/json") -> Schema:
    """What the operation of this name answers."""
    _, _, written = operations()[operation.replace(" ", "-")]
    return resolved(written["responses"]["200"])["content"][media_type]["schema"]


def faults(schema: Schema, value: object) -> list[str]:
    """In what `value` is not what the schema says, and which of its fields the schema does not name."""
    whole = {**schema, "components": document()["components"]}
    found = [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)
    ]
    return found or list(_undocumented(schema, value, "$"))


def check_answer(operation: str, value: object) -> None:
    """Fail unless this is what the operation is documented to answer."""
    assert faults(answer_schema(operation), value) == [], (operation, value)


def check_problem(value: object) -> None:
    """Fail unless this is a problem as the document has it."""
    assert faults(document()["components"]["schemas"]["Problem"], value) == [], value


def _undocumented(schema: Schema, value: object, path: str) -> Iterator[str]:
    shapes = list(_shapes(schema))
    if isinstance(value, dict) and any("properties" in shape for shape in shapes):
        known: dict[str, list[Schema]] = {}
        for shape in shapes:
            for name, inner in shape.get("properties", {}).items():
                known.setdefault(name, []).append(inner)
        for name, inner_value in value.items():
            if name not in known:
                yield f"{path}.{name} is not documented"
            else:
                yield from _undocumented({"allOf": known[name]}, inner_value, f"{path}.{name}")
    if isinstance(value, list):
        items = [shape["items"] for shape in shapes if "items" in shape]
        for place, inner_value in enumerate(value):
            yield from _undocumented({"allOf": items}, inner_value, f"{path}[{place}]")


def _shapes(schema: Schema) -> Iterator[Schema]:
    """The schema and everything that it is composed of."""
    schema = resolved(schema)
    yield schema
    for word in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(word, []):
            yield from _shapes(part)
