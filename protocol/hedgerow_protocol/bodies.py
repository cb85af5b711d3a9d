"""Bodies that are missing here: whoever gave us a header alone had lost its body, or kept it back; others may have it.

Each is asked for once on each link, when the sets of messages are equal (specs/08-sync.md, SY-16). More of them can
appear while a link lasts: a cut that takes the effect of a retraction lets the body be wanted again.
"""

from collections.abc import Iterable

from hedgerow_protocol import limits
from hedgerow_protocol.effects import LoadBodiless
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.message import MessageId
from hedgerow_protocol.outbox import Outbox
from hedgerow_protocol.transfer import Fetching
from hedgerow_protocol.wire import Wire


class Bodies:
    """What one link is asked for in this way; pure."""

    def __init__(self, wire: Wire, outbox: Outbox, fetching: Fetching) -> None:
        self._wire = wire
        self._outbox = outbox
        self._fetching = fetching
        self._asked: dict[MessageId, None] = {}

    def fetch(self, carried: Iterable[Filter]) -> None:
        """Ask for those of the authors that both sides carry; `carried` names them."""
        for wanted in carried:
            self._ask(wanted)

    def _ask(self, wanted: Filter) -> None:
        if wanted.authors and wanted.kinds != ():
            self._outbox.ask(
                lambda token: LoadBodiless(token, wanted, limits.MAX_OFFERED),
                list,
                self._want,
                self._wire.link,
            )

    def _want(self, now: float, missing: list[MessageId]) -> None:
        new = [one for one in missing if one not in self._asked]
        new = new[: limits.MAX_OFFERED - len(self._asked)]
        self._asked.update(dict.fromkeys(new))
        self._fetching.want(now, new)
