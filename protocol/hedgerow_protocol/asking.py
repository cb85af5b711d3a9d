"""The asking side of synchronisation: what the side that dialled compares, in which order, and when again.

Subscribe (so that nothing new is missed) → learn which authors the other side carries → compare the control set,
then the content set. Equal: done. Much smaller than theirs: stream theirs, then compare again. Otherwise reconcile,
fetch what is needed, offer what they lack. A set is finished when everything fetched is stored and everything
offered was answered, so an author's log stands before what it authorises. What moved is confirmed by one more
comparison; then the link is settled until the interval ends, the other side says CHANGED, or others are carried.

What changes during a comparison does not begin it anew: it would never end on a link where much happens.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from random import Random

from hedgerow_protocol import limits
from hedgerow_protocol.comparing import Comparing, Outcome, Task
from hedgerow_protocol.completing import Completing
from hedgerow_protocol.effects import Note
from hedgerow_protocol.frame import Authors, Scope, Since
from hedgerow_protocol.link_parts import LinkParts
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.streaming import Stream
from hedgerow_protocol.subscribing import Subscribing


@dataclass(slots=True)
class _Run:
    """One comparison of every set."""

    tasks: deque[Task] = field(default_factory=deque)
    refused: int = 0
    """Sets that the other side found too big."""
    has_differed: bool = False
    has_moved: bool = False
    """Whether anything was fetched, offered or streamed because of it."""
    has_left: bool = False
    """Whether a difference was left that the next comparison would only find again."""
    has_gained: bool = False
    """Whether the link brought anything new meanwhile."""
    difference: int = 0
    """How many ids one side lacked."""
    offered: int = 0
    """`Offering.offered` after the last thing that this run offered; 0 if it offered nothing."""


class Asking:
    """What we ask of the other side of a link that we dialled; pure."""

    def __init__(self, parts: LinkParts, random: Random) -> None:
        self._wire = parts.wire
        self._outbox = parts.outbox
        self._admission = parts.admission
        self._fetching = parts.fetching
        self._offering = parts.offering
        self._bodies = parts.bodies
        self._random = random
        self.subscriptions = Subscribing(
            parts.wire,
            parts.admission,
            asks_private=parts.asks_private,
            asks_everyone=parts.asks_everyone,
        )
        """What was asked for, and what of it the other side carries."""
        self._comparing = Comparing(
            parts.wire, parts.outbox, self._on_difference, self._on_over, self.proceed
        )
        self.completing = Completing(parts, self.subscriptions, self.resync)
        """What is asked about chains."""
        self._stream: Stream | None = None
        self._run: _Run | None = None
        self._has_changed = False
        self._confirmations = 0
        self._difference = 0
        self._next_run = float("inf")
        self.is_settled = False
        """Whether the last comparison of every set found it equal."""

    @property
    def session(self) -> Comparing:
        """Takes the answers of the responder."""
        return self._comparing

    # --- Subscriptions -----------------------------------------------------------------------------------

    def subscribe(self, now: float) -> None:
        """Ask for what we carry; called at the start and whenever that changes."""
        if self.subscriptions.is_enough:
            return
        self._abandon(now)
        self._next_run = float("inf")
        self.subscriptions.subscribe(now)
        if self.subscriptions.are_known:
            self._begin_run(now)

    def on_scope(self, now: float, frame: Scope | Authors) -> None:
        """Which authors of a subscription the other side carries: everything is compared anew, or what is added."""
        was_known = self.subscriptions.are_known
        if not self.subscriptions.on_scope(now, frame):
            return
        is_added = isinstance(frame, Authors) and not frame.anew
        if was_known and is_added and self.subscriptions.are_known:
            self._compare_too(now, self.subscriptions.tasks(frame.req, frame.version))
        elif self.subscriptions.are_known:
            self._abandon(now)
            self._begin_run(now)

    def on_since(self, frame: Since) -> None:
        """From when on the other side keeps whom; its next scope follows."""
        self.subscriptions.on_since(frame)

    def _compare_too(self, now: float, tasks: list[Task]) -> None:
        # A list that grows every second would otherwise let no comparison end.
        if self._run is not None:
            self._run.tasks.extend(tasks)
        else:
            self._begin_run(now, tasks)

    def on_changed(self, now: float, number: int) -> None:
        """The other side says that more has changed under a subscription than it announced."""
        if number in self.subscriptions:
            self.resync(now)

    # --- A run -------------------------------------------------------------------------------------------

    def resync(self, now: float) -> None:
        """Compare every set again: now, or after the comparison that is under way."""
        self.is_settled = False
        if self._run is not None:
            self._has_changed = True
        elif self.subscriptions.are_known:
            self._forget_confirmations()
            self._begin_run(now)

    def _abandon(self, now: float) -> None:
        self._comparing.abandon(now)
        self._stream = None
        self._run = None
        self._forget_confirmations()
        self.is_settled = False

    def _forget_confirmations(self) -> None:
        self._confirmations = self._difference = 0

    def _begin_run(self, now: float, tasks: list[Task] | None = None) -> None:
        self._next_run = now + self._jittered(limits.SYNC_INTERVAL)
        self._has_changed = False
        self._run = _Run(deque(self.subscriptions.all_tasks() if tasks is None else tasks))
        self.proceed(now)

    def _jittered(self, seconds: float) -> float:
        return seconds * (1 + limits.SYNC_JITTER * self._random.uniform(-1, 1))

    def on_stored(self, now: float, *, is_new: bool) -> None:
        """What the link brought was stored; whether any of it was new here."""
        if self._run is not None and is_new:
            self._run.has_gained = True
        self.proceed(now)

    def proceed(self, now: float) -> None:
        """Take the next step if nothing is under way; called whenever something was stored, answered or ended."""
        if self._stream is not None:
            self._stream.proceed(now)
        run = self._run
        if run is None or not self._is_quiet(run):
            return
        if run.tasks:
            task = run.tasks.popleft()
            compared = self.subscriptions.part(task.sub, task.version)
            self._comparing.begin(task, compared.within(task.since, task.until))
        else:
            self._finish(now, run)

    def _is_quiet(self, run: _Run) -> bool:
        return (
            self._comparing.is_idle
            and self._stream is None
            and self._fetching.is_idle
            and self._offering.settled >= run.offered
        )

    def _finish(self, now: float, run: _Run) -> None:
        self._run = None
        self.completing.fill(now)
        if self._has_changed:
            self._next_run = now + limits.CONFIRM_AFTER
        elif not run.has_differed:
            self._settle(now)
        elif (run.has_moved or not run.has_left) and self._may_confirm(run):
            # What was only fetched is stored by now; the other side needs a moment for what it was given.
            is_stored = run.has_gained and not run.offered
            self._next_run = now if is_stored else now + limits.CONFIRM_AFTER
        else:
            self._forget_confirmations()

    def _may_confirm(self, run: _Run) -> bool:
        """Whether to compare once more: as long as it gets better, and some times if it does not."""
        is_better = run.has_gained or run.difference < self._difference
        self._difference = run.difference
        self._confirmations = 0 if is_better else self._confirmations + 1
        return self._confirmations <= limits.MAX_CONFIRMATIONS

    def _settle(self, now: float) -> None:
        self.is_settled = True
        self._forget_confirmations()
        self._outbox.add(Note(self._wire.link, "settled"))
        self._bodies.fetch(self.subscriptions.parts())
        self.completing.begin(now)

    @property
    def deadline(self) -> float:
        """When `on_wake` has something to do."""
        return self._next_run if self._run is None else float("inf")

    def on_wake(self, now: float) -> None:
        """Begin what is due."""
        if now >= self.deadline:
            self._begin_run(now)

    # --- One set -----------------------------------------------------------------------------------------

    def _on_difference(self, now: float, have: list[MessageId], need: list[MessageId]) -> None:
        assert self._run is not None
        needed = [one for one in need if not self._admission.is_refused(one, now)]
        self._run.has_moved = self._run.has_moved or bool(have or needed)
        self._run.has_left = self._run.has_left or len(needed) < len(need)
        self._run.difference += len(have) + len(needed)
        self._offering.offer(now, have)
        if have:
            self._run.offered = self._offering.offered
        self._fetching.want(now, needed)

    def _on_over(self, now: float, task: Task, outcome: Outcome, since: int) -> None:
        run = self._run
        assert run is not None
        if outcome is not Outcome.EQUAL:
            run.has_differed = True
            self.is_settled = False
        if outcome is Outcome.NOT_NOW:
            self._run = None
            self._next_run = now + self._jittered(limits.BUSY_RETRY)
        elif outcome is Outcome.TO_STREAM:
            run.has_moved = True
            self._stream = Stream(self._wire, self._fetching, task, self._on_streamed)
        elif outcome is Outcome.TO_SPLIT:
            self._split(run, task, since)
        elif outcome is Outcome.TOO_BIG:
            run.refused += 1
            self._split(run, task, since)
        self.proceed(now)

    def _on_streamed(self, now: float, stream: Stream) -> None:
        if self._stream is stream and self._run is not None:
            self._stream = None
            self._run.tasks.appendleft(stream.task.streamed())

    def _split(self, run: _Run, task: Task, since: int) -> None:
        # The newest part first. What is crowded into one second is parted from what is older; a boundary that does not
        # narrow the window would never end.
        if since == task.until and since - 1 > task.since:
            since -= 1
        narrows = task.since < since and (task.until == 0 or since < task.until)
        if narrows and run.refused < limits.MAX_WINDOWS:
            run.tasks.extendleft([replace(task, until=since), replace(task, since=since)])
        else:
            run.has_left = True
            self._outbox.add(Note(self._wire.link, "a set is too big to compare"))
