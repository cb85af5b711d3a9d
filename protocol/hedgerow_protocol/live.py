"""What is new, on its way over one link: pushed whole, announced by id, or left to a reconciliation.

Pushes are under a quota that both sides know. Who sends keeps well below it and announces the rest, so that what an
honest peer pushes is never dropped, and a slow link is not filled with what its other end did not ask for.
"""

from hedgerow_protocol import limits
from hedgerow_protocol.answering import Answering
from hedgerow_protocol.asking import Asking
from hedgerow_protocol.effects import LoadMessages, LoadUnknown
from hedgerow_protocol.frame import IHave, Mode, split_ids
from hedgerow_protocol.link_parts import LinkParts
from hedgerow_protocol.message import Message, MessageId
from hedgerow_protocol.quota import Pushes
from hedgerow_protocol.shape import wrong_shape
from hedgerow_protocol.transfer import Push
from hedgerow_protocol.wire import unexpected


class Live:
    """New messages of one link, both ways; pure."""

    def __init__(self, parts: LinkParts, answering: Answering, asking: Asking | None) -> None:
        self._parts = parts
        self._wire = parts.wire
        self._outbox = parts.outbox
        self._admission = parts.admission
        self._fetching = parts.fetching
        self._offering = parts.offering
        self._answering = answering
        self._asking = asking
        self._pushed = Pushes()
        self._own_pushes = Pushes(limits.PUSH_SHARE)

    # --- Out ---------------------------------------------------------------------------------------------

    def on_new(self, now: float, messages: list[Message]) -> bool:
        """These are new here: push, announce or mark as changed what the other side wants of them.

        Returns whether anything is awaited for it: a push is not answered.
        """
        whole, announced = [], []
        for message in messages:
            mode = self._mode_for(message)
            if mode == Mode.EAGER:
                whole.append(message)
            elif mode == Mode.LAZY:
                announced.append(message.id)
        if whole:
            announced.extend(self._push(now, whole))
        if announced:
            self._announce(now, announced)
        return bool(announced)

    def _mode_for(self, message: Message) -> Mode:
        if self._asking is not None and self._asking.subscriptions.carries(message.header):
            return Mode.EAGER
        return self._answering.wants(message.header)

    def _push(self, now: float, whole: list[Message]) -> list[MessageId]:
        """Send these whole, if they may be pushed; returns what had better be announced."""
        ids = tuple([message.id for message in whole])
        if len(whole) > limits.MAX_PUSHED or len(self._offering):
            return list(ids)
        push = self._outbox.once(ids, lambda: Push.of(whole))
        if not self._own_pushes.take(now, push.sizes):
            return list(ids)
        for frame in push.frames:
            self._wire.send(frame)
        return push.left_out

    def _announce(self, now: float, ids: list[MessageId]) -> None:
        if self._asking is None and len(self._offering) + len(ids) > limits.MAX_LIVE:
            self._offering.clear()
            self._answering.tell_changed()
        elif not self._offering.offer(now, ids) and self._asking is not None:
            self._asking.resync(now)

    def on_carried(self) -> None:
        """Others are carried from now on: what waits to be announced may be of somebody who is carried no more."""
        if len(self._offering):
            self._offering.clear()
            self._answering.tell_changed()

    # --- In ----------------------------------------------------------------------------------------------

    def on_pushed(self, now: float, messages: tuple[bytes, ...]) -> None:
        """The other side pushed these; what is too much is dropped, and found by a reconciliation."""
        if not messages:
            raise unexpected("a push of nothing")
        has_room = self._admission.has_room(self._wire.link)
        if has_room and self._pushed.take(now, [len(message) for message in messages]):
            self._admission.take(self._wire.link, messages)
        elif self._asking is not None:
            self._asking.resync(now)
        else:
            self._answering.tell_changed()

    def on_announced(self, frame: IHave) -> None:
        """The other side has these: those that are not held are wanted."""
        ids = split_ids(frame.ids)
        if len(frame.hops) != len(ids):
            raise wrong_shape("IHAVE has not one hop count an id")
        self._fetching.begin_announcement()
        announced = tuple(dict.fromkeys(ids))

        def then(now: float, unknown: list[MessageId]) -> None:
            self._judge(now, frame.req, announced, unknown)

        self._outbox.ask(lambda token: LoadUnknown(token, announced), list, then, self._wire.link)

    def _judge(
        self, now: float, request: int, announced: tuple[MessageId, ...], unknown: list[MessageId]
    ) -> None:
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
        self._fetching.on_announced(now, request, wanted)
        if self._asking is not None:
            self._asking.proceed(now)
