"""Verifying gives the same answers whether a message comes alone, with others or in bulk."""

import asyncio
from collections.abc import Collection

import pytest

from hedgerow_node.checking.verifying import Verifying
from hedgerow_node.config import FEW_TO_CHECK, SMALL_BATCH
from hedgerow_protocol.effects import Verified
from hedgerow_protocol.kinds import Comment
from hedgerow_protocol.message import MAIN_NET, MessageId, claimed_id
from node.others import Other

ANA = Other(1)
SAID = [ANA.say(Comment("https://example.org/", 0, f"word {number}")).encode() for number in range(60)]
FORGED = SAID[7][:-1] + bytes((SAID[7][-1] ^ 1,))
SIZES = (1, FEW_TO_CHECK, SMALL_BATCH, SMALL_BATCH + 1)


class Held:
    """A store that has some messages, and counts how often it is asked."""

    def __init__(self, *messages: bytes) -> None:
        self.ids = {claimed_id(one) for one in messages}
        self.asked = 0

    async def known(self, ids: Collection[MessageId]) -> set[MessageId]:
        self.asked += 1
        return {one for one in ids if one in self.ids}


def names(verified: Verified) -> list[bytes]:
    return [message.encode() for message in verified.messages]


@pytest.mark.parametrize("size", SIZES)
async def test_what_holds_comes_back_in_order_and_what_does_not_is_named(size: int) -> None:
    verifying = Verifying(MAIN_NET, Held().known)
    given = [*SAID[: size - 1], FORGED]
    verified = await verifying.verify(given)
    assert names(verified) == given[:-1]
    assert len(verified.bad) == 1
    await verifying.close()


async def test_batches_that_come_together_are_answered_each_with_its_own() -> None:
    held = Held(SAID[3])
    verifying = Verifying(MAIN_NET, held.known)
    batches = [[SAID[number]] for number in range(10)] + [[FORGED, SAID[20]]]
    answers = await asyncio.gather(*[verifying.verify(batch) for batch in batches])
    assert held.asked == 1
    assert [names(one) for one in answers[:10]] == [
        [] if number == 3 else [SAID[number]] for number in range(10)
    ]
    assert answers[3].known == 1
    assert (names(answers[10]), len(answers[10].bad)) == ([SAID[20]], 1)
    await verifying.close()


async def test_a_message_alone_is_checked_without_a_look_into_the_store() -> None:
    held = Held()
    verifying = Verifying(MAIN_NET, held.known)
    assert names(await verifying.verify(SAID[:1])) == SAID[:1]
    assert held.asked == 0
    await verifying.close()


async def test_a_store_that_fails_fails_every_batch_that_waits_for_it() -> None:
    async def known(ids: Collection[MessageId]) -> set[MessageId]:
        raise OSError

    verifying = Verifying(MAIN_NET, known)
    batches = [[SAID[number]] for number in range(FEW_TO_CHECK + 1)]
    answers = await asyncio.gather(*[verifying.verify(one) for one in batches], return_exceptions=True)
    assert [type(one) for one in answers] == [OSError] * len(batches)
    await verifying.close()
