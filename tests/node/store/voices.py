"""People who say things, for tests of the store: each has keys and a chain; time goes on with every message."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path

from hedgerow_node.store.store import Store
from hedgerow_protocol import keys
from hedgerow_protocol.keys import AuthorKey, did_of
from hedgerow_protocol.kinds import (
    Body,
    Comment,
    Connect,
    Endorse,
    Follow,
    Profile,
    Reference,
    Relation,
    Resource,
    Retract,
    Role,
    Stance,
    Statement,
    Unknown,
    encode_body,
)
from hedgerow_protocol.message import FIRST, ChainPlace, Message, MessageId, sign_message

BEGINNING = 1_790_000_000
MOMENTS = count(BEGINNING)


class Voice:
    """Somebody; the same name gives the same keys."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.author = AuthorKey(keys.public_key(sha256(name.encode()).digest()))
        self._seed = sha256(b"device of " + name.encode()).digest()
        self._place = FIRST

    @property
    def did(self) -> str:
        """The name of their key."""
        return did_of(self.author)

    def say(
        self,
        content: Statement | Retract | Unknown,
        topics: Sequence[str] = (),
        refs: Sequence[tuple[int, MessageId]] = (),
        replaces: Sequence[Message] = (),
        ts: int | None = None,
        extra: Sequence[tuple[int, object]] = (),
    ) -> Message:
        """The next message of their chain."""
        nonce = sha256(self._seed + self._place.seq.to_bytes(4)).digest()[:16]
        message = sign_message(
            seed=self._seed,
            author=self.author,
            place=self._place,
            kind=content.kind,
            ts=next(MOMENTS) if ts is None else ts,
            body=encode_body(Body(nonce, content, tuple(topics), tuple(refs), tuple(extra))),
            replaces=[replaced.id for replaced in replaces],
        )
        self._place = ChainPlace(self._place.seq + 1, message.id)
        return message

    def is_called(self, name: str, about: str = "", machine: bool = False) -> Message:
        """A profile."""
        return self.say(Profile(name, about, machine))

    def follows(self, other: "Voice | str", reason: str = "") -> Message:
        """A follow of a person or another thing."""
        return self.say(Follow(other if isinstance(other, str) else other.did, reason))

    def shares(
        self, thing: str, title: str, summary: str = "", topics: Sequence[str] = (), **more: object
    ) -> Message:
        """A description of a thing; `more` are `say`'s."""
        return self.say(Resource(thing, title, summary), topics, **more)  # type: ignore[arg-type]

    def endorses(self, thing: str, reason: str, stance: Stance = Stance.FOR, **more: object) -> Message:
        """An endorsement."""
        return self.say(Endorse(thing, stance, reason=reason), **more)  # type: ignore[arg-type]

    def connects(self, origin: str, relation: Relation, to: str, reason: str = "") -> Message:
        """A connection."""
        return self.say(Connect(origin, relation, to, reason))

    def comments(
        self, thing: str, text: str, role: Role = Role.COMMENT, to: Message | None = None, **more: object
    ) -> Message:
        """A comment, or a reply to the message `to`."""
        refs = () if to is None else ((Reference.REPLY_TO, to.id),)
        return self.say(Comment(thing, role, text), refs=refs, **more)  # type: ignore[arg-type]

    def retracts(self, *messages: Message) -> Message:
        """A retraction."""
        return self.say(Retract(tuple(sorted(message.id for message in messages))))


@asynccontextmanager
async def opened(folder: Path, owner: Voice | None = None) -> AsyncIterator[Store]:
    """A store that belongs to `owner`, closed in the end."""
    store = await Store.open(folder)
    if owner is not None:
        store.views.me = store.search.me = owner.author
    try:
        yield store
    finally:
        await store.close()


async def put(store: Store, *messages: Message, own: bool = False) -> None:
    """Store and index messages in one go, received a little after they were signed."""
    latest = max((message.header.ts for message in messages), default=0)
    await store.messages.put(messages, received=latest + 1.5, own=own)
    await store.indexing.finish()


def bytes_in(folder: Path) -> bytes:
    """All that lies in the files of a folder."""
    return b"".join([path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()])
