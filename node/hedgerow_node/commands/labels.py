"""Label lists: letting the labels of somebody hide things from one's own pages, or put a warning on them."""

from typing import Literal

from hedgerow_node.addresses import person_of
from hedgerow_node.commands import words
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.statements import SaidText
from hedgerow_node.config import MAX_LABEL_LISTS
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.labelling import Effect
from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey, did_of, key_of

EffectName = Literal["hide", "warn"]
NOT_FOLLOWED = "You do not follow them, so new labels of theirs may not reach you: hedgerow follow DID."


class ListLabelLists(Request):
    """The label lists that one uses."""


class UseLabels(Request):
    """Somebody's labels with one word, and what they do on one's own pages."""

    did: str
    label: SaidText
    effect: EffectName = "warn"


class DropLabels(Request):
    """A label list that one uses."""

    did: str
    label: SaidText


class LabelsOf(Request):
    """A person, by key."""

    did: str


async def lists(node: Node, request: ListLabelLists) -> Json:
    """List the label lists that one uses; nobody learns of them."""
    used = await node.store.library.label_lists()
    names = await node.store.views.names([key_of(one.labeller) for one in used])
    near = await node.followed()
    return {
        "lists": [
            {
                "did": one.labeller,
                "name": names[key_of(one.labeller)],
                "label": one.label,
                "effect": one.effect.value,
                "at": one.at,
                "followed": key_of(one.labeller) in near,
            }
            for one in used
        ]
    }


async def use(node: Node, request: UseLabels) -> Json:
    """Hide everything on which somebody puts a word, or show it with a warning; nobody learns of it.

    Whom one follows, and what they speak of, is never hidden by a label.
    """
    labeller = _somebody_else(node, request.did)
    label = words.line(request.label)
    if len(label.encode()) > limits.MAX_WORD:
        raise Problem(Code.NOT_ALLOWED, f"a label has at most {limits.MAX_WORD} bytes")
    used = await node.store.library.use_labels(
        did_of(labeller), label, Effect(request.effect), node.clock.now()
    )
    if not used:
        raise Problem(Code.TOO_MANY_LISTS, f"at most {MAX_LABEL_LISTS}")
    return {
        "did": did_of(labeller),
        "label": label,
        "effect": request.effect,
        "used": True,
        "next": "" if labeller in await node.followed() else NOT_FOLLOWED,
    }


async def drop(node: Node, request: DropLabels) -> Json:
    """Use a label list no longer."""
    did, label = did_of(person_of(request.did)), words.line(request.label)
    await node.store.library.drop_labels(did, label)
    return {"did": did, "label": label, "used": False}


async def of(node: Node, request: LabelsOf) -> Json:
    """List the words that somebody puts on things, and which of them one uses as a list."""
    author = person_of(request.did)
    used = {
        one.label: one.effect.value
        for one in await node.store.library.label_lists()
        if one.labeller == did_of(author)
    }
    found = dict(await node.store.views.words_of(author))
    found |= {label: 0 for label in used if label not in found}
    return {
        "did": did_of(author),
        "words": [
            {"label": label, "things": count, "effect": used.get(label)} for label, count in found.items()
        ],
    }


def _somebody_else(node: Node, did: str) -> AuthorKey:
    author = person_of(did)
    if author == node.author:
        raise Problem(Code.THAT_IS_YOU)
    return author
