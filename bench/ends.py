"""What somebody of the bench shows of himself on a link."""

import os
import time

from bench.corpus import Author
from hedgerow_protocol.handshake import Hello, OwnEnd, Role, certify
from hedgerow_protocol.message import MAIN_NET
from hedgerow_protocol.noise import static_public

DAY = 86_400
OWN_GROUP = -1
"""The group of those who move messages for the bench and say nothing."""


def own_end(author: Author) -> OwnEnd:
    """A device of this author with a certificate for a day."""
    static, not_after = os.urandom(32), int(time.time()) + DAY
    hello = Hello(
        device=author.device,
        author=author.key,
        certificate=certify(author.device_seed, MAIN_NET, author.key, static_public(static), not_after),
        not_after=not_after,
        role=Role.EDGE,
        agent="bench",
    )
    return OwnEnd(net=MAIN_NET, static=static, hello=hello)
