"""The keeper: sees from time to time to it that a node keeps within its budgets, beside everything else.

It looks how much is kept of whom, works out from when on each author is to be kept, writes that down, lets the links
know (`on_since`), and only then lets go of what is older, in slices with pauses between. What somebody said beyond his
own allowance goes first. When the database as a whole is too large, or the disk nearly full, what waits in quarantine
goes, then people in the order outside, far, near, and last the bodies of replaced versions. What was let go comes back
by the next comparison when there is room for it again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from hedgerow_node import config, since_steps
from hedgerow_node.budgets import Allowance, Budgets, Standing, Standings
from hedgerow_node.clock import Clock
from hedgerow_node.links.noting import Noting
from hedgerow_node.links.room import Room
from hedgerow_node.logs import Log
from hedgerow_node.since_steps import Span
from hedgerow_node.store.keeping import NEVER, Amount, Since, Slice
from hedgerow_node.store.store import Store
from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey

log = Log("keeping")
STORE_BUDGET = "store budget"
"""The setting with the bytes that the owner gives the database."""
DAY = limits.SECONDS_PER_DAY


@dataclass(slots=True)
class _Look:
    """What is kept, at one look, and what is to be done about it."""

    standing: Standings
    amounts: dict[AuthorKey, Amount]
    since: dict[AuthorKey, Since]
    least: dict[AuthorKey, int]
    """From when on at the earliest each author may be kept."""

    def of(self, *standings: Standing) -> list[AuthorKey]:
        """Those of whom something is kept and who stand there."""
        return [author for author in sorted(self.amounts) if self.standing(author) in standings]

    def raise_least(self, author: AuthorKey, since: int) -> None:
        """Of an author nothing older than this is to be kept."""
        self.least[author] = max(self.least.get(author, 0), since)


class Keeper:
    """Keeps the store of one node within its budgets. `run` it beside; `look` at once where it matters."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        me: Callable[[], AuthorKey],
        budgets: Callable[[], Awaitable[Budgets]],
        standings: Callable[[], Awaitable[Standings]],
        on_since: Callable[[], Awaitable[None]],
        room: Room,
    ) -> None:
        """`standings` tells where people stand now; `on_since` lets the links know from when on authors are kept."""
        self._store = store
        self._keeping = store.keeping
        self._clock = clock
        self._me = me
        self._budgets = budgets
        self._standings = standings
        self._on_since = on_since
        self._room = room
        self._noting = Noting(log, clock.monotonic)
        self._looking = asyncio.Lock()
        self._unfinished: set[AuthorKey] | None = None
        """Of whom something older may still be here; None until that was looked for, for a crash may have left it."""

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                self._noting.failure("what is kept could not be looked through", error)
            await asyncio.sleep(config.KEEPING_INTERVAL)

    async def look(self) -> None:
        """Let go of what is too much, and of what was to go before. Raises `StoreError`."""
        async with self._looking:
            budgets = await self._budgets()
            look = await self._begin_look()
            await self._look_at_authors(look, budgets)
            excess = await self._excess(budgets)
            if excess:
                excess -= await self._store.quarantine.shrink(excess)
            if excess > 0:
                excess = await self._content(look, excess)
                excess = await self._forget_outsiders(look, excess)
                excess = await self._look_at_all(look, excess)
            elif not self._room.is_full:
                await self._grow(look, budgets)
            await self._keep(look)
            went = await self._let_go()
            if excess:
                went = await self._drop_superseded(sorted(look.amounts), excess) or went
            if went:
                await self._clear()
            self._room.reusable = await self._keeping.reusable()

    async def _begin_look(self) -> _Look:
        since, standing = await self._keeping.since(), await self._standings()
        # Who was being forgotten and is carried again is kept whole again.
        least = {author: 0 if one.since == NEVER else one.since for author, one in since.items()}
        return _Look(standing, await self._keeping.amounts(), since, least)

    # --- One author ----------------------------------------------------------------------------------------

    async def _look_at_authors(self, look: _Look, budgets: Budgets) -> None:
        oldest = (
            0 if budgets.retention is None else int(self._clock.now()) // DAY * DAY - budgets.retention * DAY
        )
        for author in sorted(look.amounts):
            standing = look.standing(author)
            allowance = budgets.of(standing)
            if allowance is None:
                continue
            if look.amounts[author].first < oldest:
                look.raise_least(author, oldest)
            if not allowance.holds(_allowance(look.amounts[author])):
                await self._cut(look, author, allowance)

    async def _cut(self, look: _Look, author: AuthorKey, allowance: Allowance) -> None:
        """Replaced versions of somebody who said too much lose their bodies; if that is not enough, the oldest go."""
        amount = look.amounts[author]
        gone = 0
        if amount.bytes > allowance.bytes:
            gone = await self._drop_superseded([author], amount.bytes - allowance.bytes)
        if gone and allowance.holds(Allowance(amount.count, amount.bytes - gone)):
            return
        kept = allowance.shared(config.KEPT_SHARE)
        since = await self._keeping.least_since(author, kept.messages, kept.bytes)
        look.raise_least(author, _rounded(since, await self._keeping.time_of_last(author, 1)))

    # --- All of them ---------------------------------------------------------------------------------------

    async def _excess(self, budgets: Budgets) -> int:
        """Bytes of the database that have to become free, with a little more so that it is not soon too full again."""
        used = await self._keeping.used()
        lacking = min(self._room.lacking, used - config.LEAST_STORE)
        over = used - int(budgets.store * config.KEPT_SHARE) if used > budgets.store else 0
        return max(lacking, over, 0)

    async def _look_at_all(self, look: _Look, size: int) -> int:
        """Far people first: from one time on all the same; how many bytes are left to go."""
        for standings in ((Standing.FAR,), (Standing.NEAR, Standing.DIRECT)):
            authors = look.of(*standings)
            if size <= 0 or not authors:
                continue
            since = await self._keeping.oldest(authors, size)
            for author in authors:
                before = look.least.get(author, 0)
                look.raise_least(author, min(since, await self._most(look, author)))
                if look.least[author] > before:
                    size -= await self._keeping.bytes_before(author, look.least[author])
        return max(size, 0)

    async def _content(self, look: _Look, excess: int) -> int:
        """Bytes of messages that have to go so that so many of the database become free: it holds indexes, too."""
        used, content = await self._keeping.used(), sum([one.bytes for one in look.amounts.values()])
        return min(content, excess * content // max(used, 1))

    async def _most(self, look: _Look, author: AuthorKey) -> int:
        """The latest time from which on somebody may be kept."""
        if look.standing(author) is not Standing.DIRECT:
            return limits.MAX_TIMESTAMP
        return await self._keeping.time_of_last(author, config.LAST_OF_DIRECT)

    async def _forget_outsiders(self, look: _Look, size: int) -> int:
        """Those who stand outside go as a whole, whoever said most first; how many bytes are left to go."""
        needed = await self._keeping.needed()
        outside = [one for one in look.of(Standing.OUTSIDE) if one not in needed]
        chosen = []
        for author in sorted(outside, key=lambda one: look.amounts[one].bytes, reverse=True):
            if size <= 0:
                break
            chosen.append(author)
            size -= look.amounts[author].bytes
        if chosen:
            await self._keeping.begin_to_forget(chosen)
            await self._on_since()
        return max(size, 0)

    # --- What follows --------------------------------------------------------------------------------------

    async def _keep(self, look: _Look) -> None:
        """Write down from when on each author is kept, on few times, and let others know."""
        spans = {
            author: Span(least, await self._most(look, author), _count(look.amounts.get(author)))
            for author, least in look.least.items()
            if look.standing(author) not in (Standing.OWN, Standing.OUTSIDE)
        }
        found = since_steps.settle(spans)
        own = [author for author in look.since if look.standing(author) is Standing.OWN]
        changed = {
            author: since
            for author, since in (found | dict.fromkeys(own, 0)).items()
            if since != (look.since[author].since if author in look.since else 0)
        }
        if changed:
            await self._keeping.keep_since(changed)
            if self._unfinished is not None:
                self._unfinished |= changed.keys()
            await self._on_since()

    async def _let_go(self) -> int:
        """What is older than the times that are written down, also from before a crash; how many bytes."""
        went = 0
        for author, one in sorted((await self._keeping.since()).items()):
            if one.since == NEVER:
                went += await self._in_slices(partial(self._keeping.forget, author, self._clock.now()))
            elif self._unfinished is None or author in self._unfinished:
                went += await self._in_slices(partial(self._keeping.let_go, author, self._me()))
        self._unfinished = set()
        if went:
            self._noting.note("older messages were let go")
        return went

    async def _drop_superseded(self, authors: Collection[AuthorKey], size: int) -> int:
        """Bodies of replaced versions, until so many bytes went; how many did."""
        went = 0
        for author in authors:
            if went >= size:
                break
            went += await self._in_slices(partial(self._keeping.drop_superseded, author))
        return went

    async def _in_slices(self, work: Callable[[int], Awaitable[Slice]]) -> int:
        went, gone = 0, config.KEEPING_SLICE
        while gone == config.KEEPING_SLICE:
            one = await work(config.KEEPING_SLICE)
            went, gone = went + one.bytes, one.count
            if gone:
                await asyncio.sleep(config.KEEPING_PAUSE)
        return went

    async def _clear(self) -> None:
        """Take the words of what went out of the full-text indexes, or they would stay there until these are merged."""
        is_more = await self._keeping.begin_merge()
        while is_more:
            is_more = await self._keeping.merge()
            await asyncio.sleep(config.KEEPING_PAUSE)

    # --- More room -----------------------------------------------------------------------------------------

    async def _grow(self, look: _Look, budgets: Budgets) -> None:
        """Want again what was let go, near people first, as far as there is room now."""
        used, content = await self._keeping.used(), sum([one.bytes for one in look.amounts.values()])
        free = (int(budgets.store * config.GROWN_SHARE) - used) * content // max(used, 1)
        for author in sorted(look.since, key=lambda one: (look.standing(one), one)):
            if look.since[author].since == NEVER:
                continue
            gone = Allowance(look.since[author].count, look.since[author].bytes)
            allowance = budgets.of(look.standing(author))
            if allowance is None or budgets.retention is not None or gone.bytes > free:
                continue
            if allowance.shared(config.KEPT_SHARE).holds(gone.plus(_allowance(look.amounts.get(author)))):
                look.least[author] = 0
                free -= gone.bytes


async def budgets_with(store: Store, usual: Budgets) -> Budgets:
    """The budgets that hold now: what the owner said of the size of the database goes before what is usual."""
    said = await store.settings.get(STORE_BUDGET)
    return usual if said is None else replace(usual, store=int(said))


def _allowance(amount: Amount | None) -> Allowance:
    return Allowance(0, 0) if amount is None else Allowance(amount.count, amount.bytes)


def _count(amount: Amount | None) -> int:
    return 1 if amount is None else 1 + amount.count


def _rounded(since: int, newest: int) -> int:
    """The next midnight, so that people share times, unless that would let go of all."""
    midnight = -(-since // DAY) * DAY
    return midnight if midnight <= newest else since
