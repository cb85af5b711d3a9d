"""Who is let in: one-time links from the terminal, and the browsers that came through one.

The owner of the terminal is the owner of the node, so a link that only the terminal shows proves enough; localhost
proves nothing, because every program and every web page on this computer can reach it. All of this lives in memory:
after a restart the terminal gives a new link. Secrets are kept as hashes and looked up by hash, so the time of an
answer tells nothing about them.
"""

import base64
import hmac
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256

from hedgerow_node.clock import Clock
from hedgerow_node.config import (
    LINK_BYTES,
    LINK_LIFE,
    MAX_BROWSERS,
    MAX_LINKS,
    MAX_PREVIEWS,
    SECRET_BYTES,
    SESSION_LIFE,
)

READ_AS = str.maketrans("OIL", "011", "- ")
"""Letters that people mistake for digits, and what they put between groups."""
LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
"""From the letters of base32 to those of Crockford, none of which looks like another."""
GROUP = 4


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent in and waits for its owner's choice."""

    name: str
    data: bytes


@dataclass(slots=True)
class Session:
    """One browser that was let in."""

    proof: str
    """What each form sends back to show that it stems from these pages."""
    seen: float
    uploads: OrderedDict[str, Upload] = field(default_factory=OrderedDict)

    def proves(self, given: str) -> bool:
        """Whether a form's field is the proof."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.proof.encode())

    def keep(self, name: str, upload: Upload) -> None:
        """Keep a file until its owner has chosen; with too many the oldest goes."""
        self.uploads[name] = upload
        while len(self.uploads) > MAX_PREVIEWS:
            self.uploads.popitem(last=False)


class Sessions:
    """All one-time links and all browsers that were let in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._links: OrderedDict[bytes, float] = OrderedDict()
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()

    def new_link(self) -> str:
        """A key that lets one browser in, once, for ten minutes; 16 letters in groups of four."""
        letters = base64.b32encode(self._clock.entropy(LINK_BYTES)).decode().translate(LETTERS)
        self._links[_hash(letters)] = self._clock.monotonic() + LINK_LIFE
        while len(self._links) > MAX_LINKS:
            self._links.popitem(last=False)
        return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))

    def redeem(self, key: str) -> str | None:
        """The cookie for whoever brings a good key, which is good no longer; None for any other."""
        ends = self._links.pop(_hash(key.upper().translate(READ_AS)), None)
        if ends is None or self._clock.monotonic() >= ends:
            return None
        cookie = self._secret()
        self._sessions[_hash(cookie)] = Session(self._secret(), self._clock.monotonic())
        while len(self._sessions) > MAX_BROWSERS:
            self._sessions.popitem(last=False)
        return cookie

    def find(self, cookie: str) -> Session | None:
        """The session of this cookie, unless it ended."""
        name = _hash(cookie)
        session = self._sessions.get(name)
        if session is None:
            return None
        if self._clock.monotonic() - session.seen >= SESSION_LIFE:
            del self._sessions[name]
            return None
        session.seen = self._clock.monotonic()
        self._sessions.move_to_end(name)
        return session

    def end(self, cookie: str) -> None:
        """Let the browser with this cookie in no more."""
        self._sessions.pop(_hash(cookie), None)

    def _secret(self) -> str:
        return base64.urlsafe_b64encode(self._clock.entropy(SECRET_BYTES)).decode().rstrip("=")


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "replace")).digest()
