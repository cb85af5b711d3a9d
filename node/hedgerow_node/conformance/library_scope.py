"""The answers of this implementation to the vectors of 10-scope: see `library`."""

from collections.abc import Callable

from hedgerow_node.conformance.shown import Json
from hedgerow_node.learning.graph import FollowGraph
from hedgerow_node.learning.mass import masses
from hedgerow_protocol.keys import AuthorKey

OWNER = 0
MILLION = 1_000_000


def _mass(case: Json) -> Json:
    follows = {_number(one): _numbers(others) for one, others in _pairs(case["follows"])}
    graph = FollowGraph()
    for one, others in follows.items():
        graph.set_follows(_person(one), [_person(other) for other in others])
    numbers = [
        [graph.number(_person(one)) for one in given] for given in (follows[OWNER], _numbers(case["blocked"]))
    ]
    found = masses(graph, graph.number(_person(OWNER)), *numbers)

    def named(number: int) -> int:
        return int.from_bytes(graph.key(number), "big")

    ranked = [
        [named(one), int(found.mass[one] * MILLION + 0.5), named(found.through[one])]
        for one in found.ranked(graph)
    ]
    return {"ranked": ranked}


def _person(number: int) -> AuthorKey:
    return AuthorKey(number.to_bytes(32, "big"))


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _numbers(values: object) -> list[int]:
    assert isinstance(values, list)
    return [_number(one) for one in values]


def _pairs(values: object) -> list[tuple[object, object]]:
    assert isinstance(values, list)
    return [(one, other) for one, other in values]


ANSWERS: dict[str, Callable[[Json], Json]] = {"10-scope/mass": _mass}
