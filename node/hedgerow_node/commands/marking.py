"""Short statements about things and people: what one found, a label, an introduction, standing for somebody."""

from hedgerow_node.addresses import person_of
from hedgerow_node.commands import words
from hedgerow_node.commands.checking import found
from hedgerow_node.commands.naming import thing_named
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.reach import who_receives
from hedgerow_node.commands.saying import Saying, say
from hedgerow_node.commands.statements import SaidText, said
from hedgerow_node.commands.vocabulary import ClaimName
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.keys import AuthorKey, did_of
from hedgerow_protocol.kinds import Attest, Claim, Introduce, Label, Vouch
from hedgerow_protocol.things import message_thing


class AttestThing(Request):
    """What one found when one looked at a thing just now."""

    thing: str
    claim: ClaimName
    value: str = "yes"
    """yes or no; of captions also languages, of a size bytes, of what supersedes it a thing."""


class LabelThing(Request):
    """A word on a thing, and why."""

    thing: str
    label: SaidText
    reason: SaidText


class VouchFor(Request):
    """A person for whom one stands, and why."""

    did: str
    reason: SaidText


class IntroducePeople(Request):
    """Two people who should know each other, and why."""

    one: str
    other: str
    reason: SaidText


async def attest(node: Node, request: AttestThing) -> Json:
    """Say what one found when one looked: whether it opens, is still right, has captions."""
    thing = await thing_named(node, request.thing)
    claim = Claim[request.claim.replace("-", "_").upper()]
    content = Attest(thing, claim, found(claim, request.value), int(node.clock.now()))
    return await said(node, Saying(content), thing)


async def label(node: Node, request: LabelThing) -> Json:
    """Put a word on a thing, with the reason, so that others can decide."""
    thing = await thing_named(node, request.thing)
    return await said(
        node, Saying(Label(thing, words.line(request.label), words.text(request.reason))), thing
    )


async def vouch(node: Node, request: VouchFor) -> Json:
    """Stand for somebody: they are who they say, and worth hearing."""
    did = did_of(_somebody_else(node, request.did))
    published = await say(node, Saying(Vouch(did, words.text(request.reason))))
    return {"ids": [message_thing(published)], "did": did, "who": who_receives(node)}


async def introduce(node: Node, request: IntroducePeople) -> Json:
    """Bring two people together, and say why."""
    one, other = (did_of(_somebody_else(node, did)) for did in (request.one, request.other))
    if one == other:
        raise Problem(Code.REQUEST_WRONG, "one and other are the same person")
    published = await say(node, Saying(Introduce(one, other, words.text(request.reason))))
    return {"ids": [message_thing(published)], "one": one, "other": other, "who": who_receives(node)}


def _somebody_else(node: Node, did: str) -> AuthorKey:
    author = person_of(did)
    if author == node.author:
        raise Problem(Code.THAT_IS_YOU)
    return author
