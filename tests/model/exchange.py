"""Nodes that give each other what is in their sets and nothing else, judged by the code under test.

Control comes before content. What does not belong to a set stays with the node that has it (ID-19, ID-27); a body that
is withdrawn where it lies is erased there and is not taken in again (KI-19).
"""

from collections.abc import Iterable
from random import Random

from hedgerow_protocol.cuts import Standing
from hedgerow_protocol.kinds import Kind, Retract, decode_body
from hedgerow_protocol.message import CONTROL_KINDS, Message, MessageId
from model.answers import standings
from model.node import Node

PERMANENT = (Kind.IDENTITY, Kind.RETRACT)


def members(node: Node) -> dict[MessageId, Message]:
    """What is in the sets of a node."""
    states = standings(node.identities, node.messages.values())
    return {one.id: one for one in node.messages.values() if states[one.id] is Standing.AUTHORISED}


def control_of(messages: Iterable[Message]) -> list[Message]:
    """Those in the control tier."""
    return [one for one in messages if one.header.kind in CONTROL_KINDS]


def withdrawn(node: Node) -> set[MessageId]:
    """Ids of the messages held that retractions with effect name."""
    return withdrawn_among(members(node).values(), node.messages.values())


def withdrawn_among(authorised: Iterable[Message], messages: Iterable[Message]) -> set[MessageId]:
    """Ids of those messages that the retractions among the authorised ones name (KI-18)."""
    named = {
        (target, one.header.author)
        for one in authorised
        if one.header.kind == Kind.RETRACT and one.body is not None
        for target in _targets(one.body)
    }
    return {
        one.id
        for one in messages
        if (one.id, one.header.author) in named and one.header.kind not in PERMANENT
    }


def _targets(body: bytes) -> tuple[MessageId, ...]:
    content = decode_body(Kind.RETRACT, body).content
    assert isinstance(content, Retract)
    return content.targets


def erase(node: Node) -> None:
    """What is withdrawn loses its body."""
    for one in withdrawn(node):
        node.messages[one] = node.messages[one].without_body()


def keeps_nothing_withdrawn(node: Node) -> bool:
    """Whether no body is held that a retraction with effect withdrew."""
    return all(node.messages[one].body is None for one in withdrawn(node))


def give(giver: Node, taker: Node, random: Random, share: float = 1.0) -> None:
    """The taker gets what is in the giver's sets, or a part of it, a tier after the other."""
    everything = members(giver)
    control = control_of(everything.values())
    for tier in (control, [one for one in everything.values() if one not in control]):
        coming = [one for one in tier if random.random() < share]
        random.shuffle(coming)
        taker.hold(coming)
        erase(taker)


def settle(nodes: list[Node], random: Random) -> int:
    """Everybody gives to everybody until nothing changes any more; the rounds that it took."""
    for node in nodes:
        erase(node)
    for rounds in range(len(nodes) ** 2):
        before = [dict(node.messages) for node in nodes]
        for taker in nodes:
            for giver in random.sample(nodes, len(nodes)):
                give(giver, taker, random)
        if [node.messages for node in nodes] == before:
            return rounds
    raise AssertionError("the nodes go on to change")
