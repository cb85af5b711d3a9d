"""Verifying what links bring: what is held already is passed over, the rest is checked.

A message that comes alone is checked where it stands, for the way to a thread and back costs as much and takes longer.
What comes in one pass of the event loop, each in a batch of its own, is checked together beside it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from hedgerow_node.checking.checker import Checker
from hedgerow_node.config import FEW_TO_CHECK, SMALL_BATCH
from hedgerow_protocol.admission import judged
from hedgerow_protocol.checking import check_batch
from hedgerow_protocol.effects import Verified
from hedgerow_protocol.message import MessageId, claimed_id

Known = Callable[[Collection[MessageId]], Awaitable[set[MessageId]]]
"""Which of these are held and need not be checked again."""
Waiting = tuple[Sequence[bytes], "asyncio.Future[Verified]"]


class Verifying:
    """Answers `Verify` effects for messages of one network. Close it at the end."""

    def __init__(self, net: int, known: Known) -> None:
        self._net = net
        self._known = known
        self._checker = Checker(net)
        self._few: list[Waiting] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def verify(self, messages: Sequence[bytes]) -> Verified:
        """What holds of these, how many were held, and why the others are refused."""
        if len(messages) > SMALL_BATCH:
            return await self._verify(messages)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Verified] = loop.create_future()
        self._few.append((messages, answer))
        if len(self._few) == 1:
            loop.call_soon(self._take_few)
        return await answer

    async def _verify(self, messages: Sequence[bytes]) -> Verified:
        ids = [claimed_id(data) for data in messages]
        known = await self._known([one for one in ids if one is not None])
        wanted = [data for data, one in zip(messages, ids, strict=True) if one not in known]
        return judged(wanted, await self._checker.check(wanted), len(messages) - len(wanted))

    def _take_few(self) -> None:
        few, self._few = self._few, []
        if sum([len(messages) for messages, _ in few]) > FEW_TO_CHECK:
            task = asyncio.create_task(self._together(few))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        for messages, answer in few:
            if not answer.done():
                # Those that are held are found when they are stored: to look for them first would cost more.
                answer.set_result(judged(messages, check_batch(messages, self._net), 0))

    async def _together(self, few: list[Waiting]) -> None:
        try:
            await self._answer_all(few)
        except Exception as error:
            for _, answer in few:
                if not answer.done():
                    answer.set_exception(error)

    async def _answer_all(self, few: list[Waiting]) -> None:
        everything = [data for messages, _ in few for data in messages]
        ids = [claimed_id(data) for data in everything]
        known = await self._known([one for one in ids if one is not None])
        wanted = [data for data, one in zip(everything, ids, strict=True) if one not in known]
        verdicts = dict(zip(wanted, await self._checker.check(wanted), strict=True))
        for messages, answer in few:
            checked = [data for data in messages if data in verdicts]
            verified = judged(checked, [verdicts[data] for data in checked], len(messages) - len(checked))
            if not answer.done():
                answer.set_result(verified)

    async def close(self) -> None:
        """End what runs beside."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._checker.close()
