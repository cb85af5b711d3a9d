"""Who receives what is published: one sentence, said with every act that publishes."""

from hedgerow_node.node import Node


def who_receives(node: Node) -> str:
    """The sentence for something that is said."""
    return (
        f"Copied to other people's computers: everyone who follows you, {_way(node)}. "
        "You can withdraw it, but copies may remain."
    )


def who_forgets(node: Node) -> str:
    """The sentence for something that is withdrawn."""
    return (
        f"The withdrawal goes to everyone who has a copy, {_way(node)}. "
        "Honest nodes erase the text; others may keep it."
    )


def _way(node: Node) -> str:
    links = len(node.network.links()) if node.network is not None else 0
    match links:
        case 0:
            return "as soon as you are connected to somebody"
        case 1:
            return "through the one node you are connected to"
        case _:
            return f"through the {links} nodes you are connected to"
