"""One identity's node at rest: its keys, its store, and the act of publishing (specs/03-messages.md).

A node opens its home alone (a lock) and makes an identity on the first run. It holds the chain of its device: each
message names the one before, so publishing is one at a time, and what was begun goes on to its end even when its
caller is cancelled; otherwise two messages could take the same place, which everyone would see as a fork.

Links to other nodes are not its business: whatever runs them sets `network`, listens to `on_published` and to
`on_circle_changed`, and says what was `delivered`.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from hedgerow_node.beside import Links, Network
from hedgerow_node.clock import Clock
from hedgerow_node.config import EARLIEST_CLOCK, ERASE_DELAY, LAST_ERASE_DELAY, PUBLISH_BATCH, Home
from hedgerow_node.key_files import Secrets
from hedgerow_node.keystore import Keystore
from hedgerow_node.learning.trust import Trust
from hedgerow_node.logs import Log
from hedgerow_node.problems import Code, Problem, not_allowed
from hedgerow_node.store import erasure, forgetting
from hedgerow_node.store.lock import FolderLock
from hedgerow_node.store.store import Store
from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Body, Kind, Retract, Statement, Withdrawal, encode_body
from hedgerow_protocol.log_entry import Capability
from hedgerow_protocol.message import FIRST, ChainPlace, Message, MessageId, sign_message

T = TypeVar("T")
OnProgress = Callable[[int, int], None]
"""Called with how much is done and how much there is, from the event loop."""
OnMessages = Callable[[Sequence[Message]], None]
log = Log("node")


def ignore_progress(done: int, total: int) -> None:
    """For callers who do not wait for progress."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said; the node adds author, place, time and nonce, and signs."""

    content: Statement | Retract
    topics: tuple[str, ...] = ()
    refs: tuple[tuple[int, MessageId], ...] = ()
    replaces: tuple[MessageId, ...] = ()
    """Own earlier versions of the same kind, at most `limits.MAX_REPLACES`."""
    extra: tuple[tuple[int, object], ...] = ()
    """What a newer Hedgerow added to the version that this one replaces."""
    after: int = 0
    """Unix seconds that its time must pass: those of the versions it replaces."""


class Node:
    """An open home. Make one with `Node.open`, end it with `close`."""

    def __init__(self, home: Home, clock: Clock, keys: Keystore, store: Store, lock: FolderLock) -> None:
        self.home = home
        self.clock = clock
        self.keys = keys
        self.store = store
        self.trust = Trust(store)
        """Who is in scope beyond those whom the owner follows."""
        self.network: Network | None = None
        self.links: Links | None = None
        """Whatever keeps `network` up; None where links last as long as a command."""
        self.on_published: list[OnMessages] = []
        """Called after own messages are durable, in the order of publishing."""
        self.on_delivered: list[OnMessages] = []
        """Called after messages of others are durable."""
        self.on_circle_changed: list[Callable[[], None]] = []
        """Called when whom this node carries may have changed: by a follow, a block, a member."""
        self._lock = lock
        self._publishing = asyncio.Lock()
        self._tasks: set[asyncio.Task[object]] = set()
        self._erasing: asyncio.Task[None] | None = None
        self._erasure_wanted = False

    @classmethod
    async def open(cls, home: Home, clock: Clock, passphrase: str | None = None) -> "Node":
        """The node of this home; on the first run with a new identity. Raises `Problem`.

        A crash at any point leaves a home that the next call opens with the same identity, or, where none was
        published yet, afresh.
        """
        home.create()
        lock = FolderLock(home.path)
        lock.acquire()
        try:
            keys = _keys(home, clock, passphrase)
            store = await Store.open(home.path, check=None if lock.was_clean else True)
        except BaseException:
            lock.release()
            raise
        node = cls(home, clock, keys, store, lock)
        store.views.me = store.search.me = store.ties.me = keys.author
        store.messages.on_settled = node.settled
        try:
            await store.messages.learn_logs(clock.now())
            await node.hold_inception()
            await node.settle_keys()
            if await erasure.is_due(store):
                node.erase_soon()
        except BaseException:
            await node.close()
            raise
        return node

    @property
    def author(self) -> AuthorKey:
        """The key of this identity."""
        return self.keys.author

    @property
    def device(self) -> DeviceKey:
        """The key that signs here."""
        return self.keys.device

    @property
    def door(self) -> DeviceKey:
        """The key that links and invites show; that of the device, but for a seed that was moved."""
        return self.keys.door

    async def hold_inception(self) -> None:
        """Put the first message of this identity into the store, unless it is there."""
        inception = self.keys.inception
        if not await self.store.messages.known([inception.id]):
            await self.store.messages.put([inception], received=self.clock.now(), own=True)

    @property
    def identities(self) -> Identities:
        """The logs of everyone of whom something is held, the owner's among them."""
        return self.store.messages.identities

    @property
    def speaks(self) -> bool:
        """Whether the log lets this device publish."""
        branches = self.identities.log(self.author).branches
        return any(branch.devices.get(self.device, 0) & Capability.PUBLISH for branch in branches)

    async def settle_keys(self) -> None:
        """Bring a change of keys to its end as far as the log has it; see `Keystore.stage`."""
        branches = self.identities.log(self.author).branches
        live = {device for branch in branches for device in branch.devices}
        if await asyncio.to_thread(self.keys.settle, live, {branch.root for branch in branches}):
            await self._with_other_keys(self.keys.reopened)

    async def publish_entries(self, entries: Sequence[Message]) -> None:
        """Store entries of this identity's log, which then go to whoever asks for them. Raises `Problem`."""
        self.check_clock()
        await self._to_its_end(self._publish_entries(entries))

    async def _publish_entries(self, entries: Sequence[Message]) -> None:
        _tell(self.on_published, await self.store.messages.put(entries, received=self.clock.now(), own=True))

    async def publish(
        self,
        content: Statement | Retract,
        topics: tuple[str, ...] = (),
        refs: tuple[tuple[int, MessageId], ...] = (),
        replaces: tuple[MessageId, ...] = (),
    ) -> Message:
        """Sign and store one message, which then goes to whoever asks for it. Raises `Problem`."""
        after = await self._latest(replaces)
        return (await self.publish_many([Draft(content, topics, refs, replaces, after=after)]))[0]

    async def publish_many(
        self, drafts: Sequence[Draft], on_progress: OnProgress = ignore_progress
    ) -> list[Message]:
        """Sign and store these in order, batch by batch; what one of them breaks is found before any is stored.

        A failure of the disk part way leaves the batches before it published.
        """
        self.check_may_publish()
        return await self._to_its_end(self._publish(drafts, on_progress))

    async def retract(
        self,
        ids: Iterable[MessageId],
        reason: int = Withdrawal.UNSAID,
        on_progress: OnProgress = ignore_progress,
    ) -> list[Message]:
        """Withdraw own messages; their text leaves the store now and the last traces of it soon after."""
        targets = sorted(set(ids))
        drafts = [Draft(Retract(tuple(batch), reason)) for batch in _batches(targets, limits.MAX_TARGETS)]
        messages = await self.publish_many(drafts, on_progress)
        self.erase_soon()
        return messages

    def check_may_publish(self) -> None:
        """Raises `Problem` when what is signed now could not stand: a copy's or a removed key, or a wrong clock."""
        if self.identities.has_left(self.author):
            raise Problem(Code.IDENTITY_CLOSED)
        if self.keys.is_copy:
            raise Problem(Code.RESTORED_COPY)
        if not self.speaks:
            raise Problem(Code.DEVICE_REMOVED)
        self.check_clock()

    def check_clock(self) -> None:
        """Raises `Problem` when this computer's clock cannot be right."""
        if not EARLIEST_CLOCK <= self.clock.now() <= limits.MAX_TIMESTAMP:
            raise Problem(Code.CLOCK_WRONG)

    def delivered(self, messages: Sequence[Message]) -> None:
        """Others' messages came in and are durable."""
        if any(message.header.kind == Kind.RETRACT for message in messages):
            self.erase_soon()
        if any(self._is_from_elsewhere(message) for message in messages):
            log.warning("a message of this device's key came from elsewhere: the key does not sign any more")
            self.keys.mark_copy()
        self.trust.hear(messages)
        _tell(self.on_delivered, messages)

    def _is_from_elsewhere(self, message: Message) -> bool:
        """Whether this device's key signed a message that was not here: the folder was copied, or set back."""
        return (message.header.author, message.header.device) == (self.author, self.device)

    def circle_changed(self) -> None:
        """Whom this node carries may have changed."""
        for listener in self.on_circle_changed:
            listener()

    async def followed(self) -> set[AuthorKey]:
        """Whom the owner follows, for everyone to see or privately. Raises `StoreError`."""
        return await self.store.views.follows(self.author) | await self.store.library.private_follows()

    async def carry_anew(self) -> None:
        """Whom this node carries has changed: links keep to it when this returns. Raises `Problem`."""
        self.circle_changed()
        if self.network is not None:
            await self.network.carry_anew()

    def settled(self) -> None:
        """A log that changed took messages out of the sets or brought some in: follows and texts among them."""
        self.trust.forget_all()
        self.circle_changed()
        self.erase_soon()

    async def become(self, inception: Message, secrets: Secrets, devices: Collection[DeviceKey] = ()) -> None:
        """Go on as a copy of another identity: only for a restore into a home that has said nothing."""
        await self._with_other_keys(partial(self.keys.replaced_by, inception, secrets, devices))

    async def join(self, log: Sequence[Message], secrets: Secrets) -> None:
        """Go on as a device of another identity, which its log names or will name; `log` begins with the inception."""
        await self.store.messages.put(log, received=self.clock.now(), own=True)
        await self._with_other_keys(partial(self.keys.joined, log[0], secrets))

    async def check_may_become(self, author: AuthorKey) -> None:
        """Raises `Problem` where this home has said something as somebody else, and so stays who it is."""
        if author == self.author:
            return
        has_spoken = await self.store.messages.place(self.author, self.device) != FIRST
        if has_spoken or self.keys.is_copy or self.keys.is_named_later:
            raise Problem(Code.HOME_NOT_EMPTY, self.keys.did)

    async def _with_other_keys(self, change: Callable[[], Keystore]) -> None:
        """The links show a key: they end before another one takes its place, and begin anew after."""
        before = self.author
        if self.links is not None:
            await self.links.pause()
        try:
            async with self._publishing:
                self.keys = await asyncio.to_thread(change)
                self.store.views.me = self.store.search.me = self.store.ties.me = self.author
                await self.hold_inception()
            if before != self.author:
                await forgetting.forget(self.store, before)
        finally:
            if self.links is not None:
                await self.links.resume()

    def erase_soon(self) -> None:
        """See to it that withdrawn text leaves every file, after a moment in which more may be withdrawn."""
        self._erasure_wanted = True
        if self._erasing is None or self._erasing.done():
            self._erasing = asyncio.create_task(self._erase_later())

    @property
    def is_erasing(self) -> bool:
        """Whether a pass that erases withdrawn text is under way, or waits for its moment."""
        return self._erasing is not None and not self._erasing.done()

    async def close(self) -> None:
        """End what was begun, erase what is due, and free the home."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._erasing is not None:
            self._erasing.cancel()
            await asyncio.gather(self._erasing, return_exceptions=True)
        try:
            await self._erase()
        finally:
            await self.store.close()
            self._lock.release()

    async def _publish(self, drafts: Sequence[Draft], on_progress: OnProgress) -> list[Message]:
        bodies = await asyncio.to_thread(self._encode, drafts)
        published: list[Message] = []
        for batch in _batches(list(zip(drafts, bodies, strict=True)), PUBLISH_BATCH):
            async with self._publishing:
                place = await self.store.messages.place(self.author, self.device)
                messages = await asyncio.to_thread(self._sign, place, batch)
                await self.store.messages.put(messages, received=self.clock.now(), own=True)
            self.trust.hear(messages)
            _tell(self.on_published, messages)
            published += messages
            on_progress(len(published), len(drafts))
        return published

    def _encode(self, drafts: Sequence[Draft]) -> list[bytes]:
        try:
            return [
                encode_body(
                    Body(
                        self.clock.entropy(limits.NONCE),
                        draft.content,
                        draft.topics,
                        draft.refs,
                        draft.extra,
                    )
                )
                for draft in drafts
            ]
        except LocalProtocolError as error:
            raise not_allowed(error) from None

    def _sign(self, place: ChainPlace, batch: Sequence[tuple[Draft, bytes]]) -> list[Message]:
        messages = []
        for draft, body in batch:
            message = sign_message(
                seed=self.keys.device_seed,
                author=self.author,
                place=place,
                kind=draft.content.kind,
                ts=min(max(int(self.clock.now()), draft.after + 1), limits.MAX_TIMESTAMP),
                body=body,
                replaces=draft.replaces,
                net=self.keys.inception.header.net,
            )
            messages.append(message)
            place = ChainPlace(place.seq + 1, message.id)
        return messages

    async def _latest(self, ids: Sequence[MessageId]) -> int:
        replaced = await self.store.messages.get(ids) if ids else []
        return max([message.header.ts for message in replaced], default=0)

    async def _to_its_end(self, work: Coroutine[object, object, T]) -> T:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may be gone, and an error that nobody fetches is reported as a leak

    async def _erase_later(self) -> None:
        # What is withdrawn while a pass runs wants another; so does a pass that somebody's reading held up, or a
        # full disk, which further passes must not keep busy.
        delay = ERASE_DELAY
        while self._erasure_wanted:
            await asyncio.sleep(delay)
            self._erasure_wanted = False
            if await self._erase():
                delay = ERASE_DELAY
            else:
                self._erasure_wanted = True
                delay = min(delay * 2, LAST_ERASE_DELAY)

    async def _erase(self) -> bool:
        try:
            return await self.store.erase_when_due()
        except Problem as error:
            log.failure("erasing failed and will be tried again", error)
            return False


def _keys(home: Home, clock: Clock, passphrase: str | None) -> Keystore:
    if Keystore.exists(home):
        return Keystore.open(home, passphrase)
    # A store without keys is a loss to be told, never a reason to become somebody else.
    if home.database.exists() or home.journal.exists():
        raise Problem(Code.KEYS_MISSING, f"{home.path} holds a library, and no folder {home.keys.name}")
    return Keystore.create(home, clock, passphrase)


def _tell(listeners: Sequence[OnMessages], messages: Sequence[Message]) -> None:
    for listener in listeners:
        try:
            listener(messages)
        except Exception as error:  # the messages are stored: a listener's fault must not say otherwise
            log.failure("a listener failed", error)


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
