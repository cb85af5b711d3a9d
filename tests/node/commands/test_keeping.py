"""Giving the library more or less room, and being told what was let go for it."""

import pytest

from hedgerow_node.budgets import LEARNER
from hedgerow_node.cli.health import kept_lines
from hedgerow_node.config import GIB, LEARNER_STORE
from hedgerow_node.keeper import budgets_with
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.kinds import Profile, Resource
from node.calling import call
from node.others import Other


async def test_the_room_that_is_given_holds_from_then_on(node: Node) -> None:
    assert (await call(node, "status"))["kept"]["budget_bytes"] == LEARNER_STORE
    assert (await call(node, "budget", gib=5))["budget_bytes"] == 5 * GIB
    assert (await call(node, "status"))["kept"]["budget_bytes"] == 5 * GIB
    assert (await budgets_with(node.store, LEARNER)).store == 5 * GIB


@pytest.mark.parametrize("gib", [0, -1, 2**21, "5", 1.5])
async def test_what_is_no_room_is_refused(node: Node, gib: object) -> None:
    with pytest.raises(Problem) as caught:
        await call(node, "budget", gib=gib)
    assert caught.value.kind is Code.REQUEST_WRONG


async def test_of_a_seed_its_file_says_how_much_it_keeps(node: Node) -> None:
    node.home.seed.write_text("")
    with pytest.raises(Problem):
        await call(node, "budget", gib=5)


async def test_what_was_let_go_is_counted_by_how_near_people_are(node: Node) -> None:
    near, far, gone = Other(1), Other(2), Other(3)
    for one in (near, far, gone):
        await one.tell(
            node, Profile("Name"), *[Resource(f"https://example.org/{n}", "Page") for n in range(3)]
        )
    await call(node, "follow", did=near.did)
    for one in (near, far):
        await node.store.keeping.keep_since({one.author: 2**32 - 2})
        assert (await node.store.keeping.let_go(one.author, node.author, 100)).count == 3
    await node.store.keeping.begin_to_forget([gone.author])
    await node.store.keeping.forget(gone.author, 0.0, 100)
    kept = (await call(node, "status"))["kept"]
    assert kept["near"] == kept["further"] == {"people": 1, "messages": 3}
    assert kept["outside"] == {"people": 1, "messages": 5}
    lines = "\n".join(kept_lines(kept))
    assert "3 older messages of 1 person whom you follow" in lines
    assert "3 older messages of 1 person further away" in lines
    assert "5 messages of 1 person whom nobody here follows" in lines
    assert "hedgerow budget" in lines


def test_where_nothing_was_let_go_one_line_says_how_much_room_there_is() -> None:
    assert kept_lines({"budget_bytes": 2 * GIB, "used_bytes": GIB}) == ["Room         1.0 GiB of 2.0 GiB"]
