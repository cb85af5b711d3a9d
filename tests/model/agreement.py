"""One schedule, judged twice: where model and code do not say the same."""

from dataclasses import fields

from model.answers import Answer, by_author, of_code, of_model
from model.clauses import Spec
from model.node import Node
from model.schedule import Schedule, lowered

OFTEN = 6
"""Steps between two comparisons at the node that just did something."""


def disagreement(seed: int, spec: Spec) -> str | None:
    """What differs first in the schedule of a seed, in words; None where model and code agree throughout."""
    schedule = Schedule(seed)
    steps = schedule.steps()
    try:
        for number, node in enumerate(steps):
            if number % OFTEN == 0 and (found := difference(node, spec)):
                return f"seed {seed}, step {number}: {found}"
    finally:
        steps.close()
    with lowered(schedule.limits):
        for number, node in enumerate(schedule.nodes):
            if found := difference(node, spec):
                return f"seed {seed}, node {number} at the end: {found}"
    return None


def difference(node: Node, spec: Spec) -> str | None:
    """In what the answers on the messages of a node differ."""
    for author, messages in by_author(node.messages.values()).items():
        by_model, by_code = of_model(author, messages, spec), of_code(author, messages, node.identities)
        names = [field.name for field in fields(Answer)]
        differing = [name for name in names if getattr(by_model, name) != getattr(by_code, name)]
        if differing:
            return ", ".join(differing)
    return None
