"""How much this node keeps, what it let go for that, and giving it more or less room."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from hedgerow_node.budgets import LEARNER
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.config import GIB
from hedgerow_node.keeper import STORE_BUDGET, budgets_with
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.keeping import NEVER, Since

MAX_GIB = 1 << 20
"""What no disk has."""


class SetBudget(Request):
    """How much room the database may take."""

    gib: Annotated[int, msgspec.Meta(ge=1, le=MAX_GIB)]


async def budget(node: Node, request: SetBudget) -> Json:
    """Give the database so much room; what does not fit is let go, and comes back where there is room."""
    if node.home.seed.exists():
        raise Problem(Code.REQUEST_WRONG, "the file of this seed says it: keeping.gib in seed.toml")
    await node.store.settings.put(STORE_BUDGET, str(request.gib * GIB))
    return await kept(node)


async def kept(node: Node) -> Json:
    """How much room there is and how much of it is used, and whose older messages were let go for it."""
    keeping = node.store.keeping
    since = {
        author: one for author, one in (await keeping.since()).items() if one.count and one.since != NEVER
    }
    followed = await node.followed()
    people, messages = await keeping.forgotten()
    return {
        "budget_bytes": await _budget(node),
        "used_bytes": await keeping.used(),
        "near": _let_go(one for author, one in since.items() if author in followed),
        "further": _let_go(one for author, one in since.items() if author not in followed),
        "outside": {"people": people, "messages": messages},
        "replaced": await keeping.dropped(),
    }


async def _budget(node: Node) -> int:
    usual = LEARNER if node.network is None else node.network.budgets
    return (await budgets_with(node.store, usual)).store


def _let_go(found: Iterable[Since]) -> Json:
    counts = [one.count for one in found]
    return {"people": len(counts), "messages": sum(counts)}
