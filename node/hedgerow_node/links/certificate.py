"""What this node shows of itself on links: a key for them, and the device's word for that key.

Both live in memory only. They are made anew each day (HS-12), so that a key that leaks is of use for a week at most.
"""

import hedgerow_node
from hedgerow_node.clock import Clock
from hedgerow_node.config import CERTIFICATE_LIFE, CERTIFICATE_USE
from hedgerow_node.keystore import Keystore
from hedgerow_protocol import limits
from hedgerow_protocol.handshake import Hello, OwnEnd, Role, certify
from hedgerow_protocol.noise import static_public

AGENT = f"hedgerow/{hedgerow_node.__version__}"[: limits.MAX_AGENT]


class OwnEnds:
    """Makes the end that a link shows, the same one for a day."""

    def __init__(self, keys: Keystore, clock: Clock, role: Role) -> None:
        self._keys = keys
        self._clock = clock
        self._role = role
        self._own: OwnEnd | None = None
        self._made = 0.0

    def at(self, now: float) -> OwnEnd:
        """The end to show at `now`, in Unix seconds; a clock that was set back makes a new one too."""
        if self._own is None or not self._made <= now < self._made + CERTIFICATE_USE:
            self._own, self._made = self._make(now), now
        return self._own

    def _make(self, now: float) -> OwnEnd:
        keys, static = self._keys, self._clock.entropy(32)
        net, not_after = keys.inception.header.net, int(now) + CERTIFICATE_LIFE
        certificate = certify(keys.door_seed, net, keys.author, static_public(static), not_after)
        hello = Hello(
            device=keys.door,
            author=keys.author,
            certificate=certificate,
            not_after=not_after,
            role=self._role,
            agent=AGENT,
        )
        return OwnEnd(net=net, static=static, hello=hello)
