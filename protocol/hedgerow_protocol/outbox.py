"""The effects that one event leads to, and who waits for the answer to which."""

from collections.abc import Callable, Hashable
from itertools import count
from typing import TypeVar, cast

from hedgerow_protocol.effects import Effect, Hit, LinkId, Load, Put, Send, Token, Verify

T = TypeVar("T")
Continuation = Callable[[float, object], None]


class Outbox:
    """Shared by the machines of one peer: they add effects and continuations, the peer drains and answers."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []
        self._waiting: dict[Token, tuple[LinkId | None, Continuation]] = {}
        self._tokens = count(1)
        self._made: dict[Hashable, object] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` makes, the same for every link that asks under this key before the outbox is drained."""
        if key not in self._made:
            self._made[key] = make()
        return cast(T, self._made[key])

    def add(self, effect: Effect) -> None:
        """One more effect, after those already there."""
        self._effects.append(effect)

    def hit(self, link: LinkId, limit: str) -> None:
        """A link met the limit of this name."""
        self._effects.append(Hit(link, limit))

    def send(self, link: LinkId, chunks: list[bytes]) -> None:
        """Chunks of a sealed frame, in order."""
        self._effects.extend([Send(link, chunk) for chunk in chunks])

    def ask(
        self,
        make: Callable[[Token], Load | Put | Verify],
        expected: type[T],
        then: Callable[[float, T], None],
        link: LinkId | None = None,
    ) -> None:
        """An effect with a token; its answer, of type `expected`, goes to `then` unless `link` closed before."""
        token = Token(next(self._tokens))

        def proceed(now: float, answer: object) -> None:
            assert isinstance(answer, expected), f"the driver answered with {type(answer).__name__}"
            then(now, answer)

        self._waiting[token] = link, proceed
        self._effects.append(make(token))

    def answer(self, now: float, token: Token, value: object) -> None:
        """Hand the answer to whoever asked; an answer for a link that is gone falls on the floor."""
        waiting = self._waiting.pop(token, None)
        if waiting is not None:
            waiting[1](now, value)

    def link_of(self, token: Token) -> LinkId | None:
        """The link on whose behalf this was asked."""
        waiting = self._waiting.get(token)
        return waiting[0] if waiting is not None else None

    def forget(self, link: LinkId) -> None:
        """Nobody waits any more for what this link asked."""
        self._waiting = {token: entry for token, entry in self._waiting.items() if entry[0] != link}

    def drain(self) -> list[Effect]:
        """The effects so far, in order; the outbox is empty afterwards."""
        effects, self._effects = self._effects, []
        self._made.clear()
        return effects
