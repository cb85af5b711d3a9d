"""What is new, on its way over one link: pushed whole, announced by id, or left to a reconciliation.

Pushes are under a quota that both sides know. Who sends keeps well below it and announces the rest, so that what an
honest peer pushes is never dropped, and a slow link is not filled with what its other end did not ask for.

On links that take turns (`turns`), most bring ids alone. Those wait a little at both ends: for others, so that many are
announced at once, and for the link that brings them whole, so that nothing is asked for twice. In the same way a node
tells one core node what came from another: only what that one has not announced itself by then.
"""

from collections.abc import Collection, Sequence

from hedgerow_protocol import limits
from hedgerow_protocol.announcing import Announcing
from hedgerow_protocol.answering import Answering
from hedgerow_protocol.asking import Asking
from hedgerow_protocol.conduct import Behaviour
from hedgerow_protocol.effects import LoadMessages, LoadUnknown
from hedgerow_protocol.frame import IHave, Messages, Mode, split_ids
from hedgerow_protocol.link_parts import LinkParts
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.quota import Pushes
from hedgerow_protocol.shape import wrong_shape
from hedgerow_protocol.transfer import Push
from hedgerow_protocol.turns import Turn
from hedgerow_protocol.wire import unexpected


class Live:
    """New messages of one link, both ways; pure."""

    def __init__(
        self, parts: LinkParts, answering: Answering, asking: Asking | None, turn: Turn | None
    ) -> None:
        """`turn`: on a link that takes turns with others."""
        self._parts = parts
        self._wire = parts.wire
        self._outbox = parts.outbox
        self._admission = parts.admission
        self._fetching = parts.fetching
        self._offering = parts.offering
        self._answering = answering
        self._asking = asking
        self._turn = turn
        self.announcing = Announcing(turn, self._announce, self._look_for)
        """What waits to be announced, or for another link to bring it."""
        self.is_backlogged = False
        """Whether much waits to be sent on the link."""
        self._pushed = Pushes()
        self._own_pushes = Pushes(limits.PUSH_SHARE)
        self._compare_at = float("inf")
        """When what is late is to be compared."""
        self._compared = -float("inf")
        self._history: set[int] = set()
        """Announcements of the other side under way that belong to a comparison of its."""
        self._last_pushed: dict[int, None] = {}
        """Of what was pushed last, hashes that mean nothing outside of this process."""

    # --- Out ---------------------------------------------------------------------------------------------

    def on_new(
        self, now: float, messages: list[Message], relayed: Collection[MessageId] = frozenset()
    ) -> bool:
        """These are new here: push, announce or mark as changed what the other side wants of them.

        `relayed`: what another link brought, which the other side of this one may have too. Returns whether anything
        is awaited for it: a push is not answered.
        """
        whole, by_id = [], []
        for message in messages:
            mode = self._mode_for(message, relayed)
            if mode == Mode.EAGER:
                whole.append(message)
            elif mode == Mode.LAZY:
                by_id.append(message.id)
        left_out = self._push(now, whole) if whole else []
        if left_out:
            self._announce(now, left_out)
        if by_id:
            self.announcing.soon(now, by_id)
        return bool(left_out or by_id)

    def on_late(self, now: float, messages: Sequence[Message]) -> bool:
        """Such would not be let in live: a comparison brings them, soon but not at each message; whether one does."""
        if all(self._mode_for(message, ()) == Mode.OFF for message in messages):
            return False
        self._compare_at = min(self._compare_at, max(now, self._compared + limits.LATE_INTERVAL))
        self.on_wake(now)
        return True

    @property
    def deadline(self) -> float:
        """When `on_wake` has something to do."""
        return min(self._compare_at, self.announcing.deadline)

    def on_wake(self, now: float) -> None:
        """Do what is due: announce, look for what was announced, compare what is late."""
        self.announcing.on_wake(now)
        if now < self._compare_at:
            return
        self._compare_at, self._compared = float("inf"), now
        if self._asking is not None:
            self._asking.resync(now)
        else:
            self._answering.subscribed.tell_changed()

    def _mode_for(self, message: Message, relayed: Collection[MessageId]) -> Mode:
        if self._asking is not None and self._asking.subscriptions.carries(message.header):
            return Mode.LAZY if self._turn is not None and message.id in relayed else Mode.EAGER
        return self._answering.subscribed.wants(message.header)

    def _push(self, now: float, whole: list[Message]) -> list[MessageId]:
        """Send these whole, if they may be pushed; returns what had better be announced."""
        ids = tuple([message.id for message in whole])
        if len(whole) > limits.MAX_PUSHED or len(self._offering) or self.is_backlogged:
            return list(ids)
        push = self._outbox.once(ids, lambda: Push.of(whole))
        if not self._own_pushes.take(now, push.sizes):
            return list(ids)
        for frame in push.frames:
            self._wire.send(frame)
        return push.left_out

    def _announce(self, now: float, ids: list[MessageId]) -> None:
        if self._asking is None and len(self._offering) + len(ids) > limits.MAX_LIVE:
            self._outbox.hit(self._wire.link, "MAX_LIVE")
            self._offering.clear()
            self._answering.subscribed.tell_changed()
        elif not self._offering.offer(now, ids) and self._asking is not None:
            self._outbox.hit(self._wire.link, "MAX_OFFERED")
            self._asking.resync(now)

    def on_carried(self) -> None:
        """Others are carried from now on: what waits to be announced may be of somebody who is carried no more."""
        if len(self._offering) or len(self.announcing):
            self._offering.clear()
            self.announcing.clear()
            self._answering.subscribed.tell_changed()

    # --- In ----------------------------------------------------------------------------------------------

    def on_pushed(self, now: float, messages: tuple[bytes, ...]) -> None:
        """The other side pushed these; what is too much is dropped, and found by a reconciliation."""
        if not messages:
            raise unexpected("a push of nothing")
        self._note_repeats(now, messages)
        if self._may_take(now, messages):
            on_known = self._turn.late if self._turn else None
            self._admission.take(self._wire.link, messages, on_known, is_live=True)
        elif self._asking is not None:
            self._asking.resync(now)
        else:
            self._answering.subscribed.tell_changed()

    def _may_take(self, now: float, messages: tuple[bytes, ...]) -> bool:
        if not self._admission.has_room(self._wire.link):
            self._outbox.hit(self._wire.link, "CREDIT")
            return False
        if not self._pushed.take(now, [len(message) for message in messages]):
            self._outbox.hit(self._wire.link, "PUSH_RATE")
            return False
        return True

    def _note_repeats(self, now: float, messages: tuple[bytes, ...]) -> None:
        marks = [hash(message) for message in messages]
        repeats = sum([mark in self._last_pushed for mark in marks])
        if repeats:
            self._wire.blame(now, Behaviour.REPEAT, repeats)
        self._last_pushed.update(dict.fromkeys(marks))
        while len(self._last_pushed) > limits.REPEATS_REMEMBERED:
            del self._last_pushed[next(iter(self._last_pushed))]

    def is_news(self, frame: Messages) -> bool:
        """Whether these came because they are new: neither asked for by us, nor found by a comparison of theirs."""
        is_history = frame.req in self._history
        if not frame.more:
            self._history.discard(frame.req)
        return not is_history and not self._wire.is_ours(frame.req)

    def on_announced(self, now: float, frame: IHave) -> None:
        """The other side has these: those that are not held are wanted, after a while if another link brings them."""
        ids = split_ids(frame.ids)
        if len(frame.hops) != len(ids):
            raise wrong_shape("IHAVE has not one hop count an id")
        if self._fetching.announcements + self.announcing.held >= limits.MAX_QUESTIONS:
            raise unexpected("too many announcements at once", "MAX_QUESTIONS")
        if self._answering.takes_history(len(ids)):
            self._history.add(frame.req)
        self.announcing.on_announced(now, frame.req, tuple(dict.fromkeys(ids)))

    def _look_for(self, request: int, announced: tuple[MessageId, ...]) -> None:
        self._fetching.begin_announcement()

        def then(now: float, unknown: list[MessageId]) -> None:
            self._judge(now, request, announced, unknown)

        self._outbox.ask(lambda token: LoadUnknown(token, announced), list, then, self._wire.link)

    def _judge(
        self, now: float, request: int, announced: tuple[MessageId, ...], unknown: list[MessageId]
    ) -> None:
        if self._turn is not None and any(not self._admission.is_refused(one, now) for one in unknown):
            self._turn.missed(now)
        # Whoever announces must not learn whom we follow privately: what is held of them is wanted as if it were not
        # held, and what was refused before is wanted again, since nothing else would look the same.
        wanted = dict.fromkeys(unknown)
        held = tuple([one for one in announced if one not in wanted])

        def then(now: float, messages: list[Message]) -> None:
            hidden = {message.id for message in messages if self._admission.carried.hides(message)}
            self._want(now, request, [one for one in announced if one in wanted or one in hidden])

        if held and self._admission.carried.hides_some and not self._parts.asks_private:
            self._outbox.ask(lambda token: LoadMessages(token, held), list, then, self._wire.link)
        else:
            self._want(now, request, unknown)

    def _want(self, now: float, request: int, wanted: list[MessageId]) -> None:
        if not wanted:
            self._history.discard(request)
        self._fetching.on_announced(now, request, wanted)
        if self._asking is not None:
            self._asking.proceed(now)
