"""What is hidden here, by which rule, and how to take that back."""

import msgspec

from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.node import Node
from hedgerow_node.store.hiding import Decision


class ListHidden(Request):
    """Everything that is hidden here."""


async def hidden(node: Node, request: ListHidden) -> Json:
    """List everything that is hidden here, by which rule, and how to take that back."""
    found = await node.store.views.hidden()
    return {
        "rules": [{**msgspec.to_builtins(one), "undo": undo_of(one)} for one in found.decisions],
        "listed": msgspec.to_builtins(found.listed),
    }


def undo_of(one: Decision) -> str:
    """How a decision is taken back: a command, or what to change."""
    match one.rule:
        case "muted":
            return f"hedgerow unmute {one.target}"
        case "blocked":
            return f"hedgerow unblock {one.target}"
        case "policy":
            return "take them out of policy.block in seed.toml, then start again"
        case "taken down":
            return f"hedgerow takedown undo {one.target}"
        case _:
            return f"hedgerow labels drop {one.target} '{one.label}'"
