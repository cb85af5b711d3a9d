"""Invites of somebody without a node, and joining that is refused."""

import time
from dataclasses import replace

import pytest

from hedgerow_node.problems import Problem
from hedgerow_protocol.invite import (
    Invite,
    Meeting,
    SignedInvite,
    sign_invite,
)
from hedgerow_protocol.message import MAIN_NET
from node.network.world import Person, eventually
from simulator.author import Author

HOUR = 3_600


async def refusal_of(person: Person, invite: SignedInvite | str) -> Problem:
    """The problem with which joining is refused; checks that it left nothing behind."""
    network, store = person.network, person.node.store
    before = await person.count(person.author), await store.peers.all(), len(network.links())
    with pytest.raises(Problem) as caught:
        await person.accept(invite)
    problem = caught.value
    await eventually(lambda: len(network.links()) == before[2], "no link is left over")
    assert (await person.count(person.author), await store.peers.all()) == before[:2]
    assert not await store.views.follows(person.author)
    everything = await store.messages.log()
    assert sum((await store.messages.authors()).values()) == len(everything)
    assert problem.next_step
    assert problem.title
    return problem


def signed_by(author: Author, **changes) -> SignedInvite:
    """An invite of somebody without a node."""
    invite = Invite(
        net=MAIN_NET,
        inviter=author.key,
        name="",
        meet=(Meeting("ws://127.0.0.1:9/peer", author.device),),
        token=bytes(16),
        expiry=int(time.time()) + HOUR,
        uses=1,
    )
    return sign_invite(replace(invite, **changes), author.device_seed)
