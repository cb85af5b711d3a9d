"""Whom this node carries, worked out from what its owner and its members have said, and its policy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hedgerow_node import since_steps
from hedgerow_node.config import FURTHER_PEOPLE
from hedgerow_node.learning.trust import Trust
from hedgerow_node.policy import Carries, Policy
from hedgerow_node.since_steps import Span
from hedgerow_node.store.keeping import NEVER
from hedgerow_node.store.store import Store
from hedgerow_protocol import limits
from hedgerow_protocol.admission import Carried
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, key_of


class Following:
    """Who follows whom, read once from the store for each person and again when that may have changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[AuthorKey, set[AuthorKey]] = {}
        self._changes = 0

    async def of(self, author: AuthorKey) -> set[AuthorKey]:
        """Whom this person follows for everyone to see."""
        known = self._known.get(author)
        if known is not None:
            return known
        changes = self._changes
        read = await self._store.views.follows(author)
        if changes == self._changes:  # else it may be older than what was said meanwhile
            self._known[author] = read
        return read

    def forget(self, authors: Iterable[AuthorKey]) -> None:
        """These may follow others now."""
        self._changes += 1
        for author in authors:
            self._known.pop(author, None)

    def forget_all(self) -> None:
        """Anybody may follow others now."""
        self._changes += 1
        self._known.clear()


@dataclass(frozen=True, slots=True)
class Beyond:
    """People in scope whom the owner does not follow, as many as the owner's reach lets in, the nearest first."""

    public: Sequence[AuthorKey] = ()
    private: Sequence[AuthorKey] = ()
    """Those to whom only private follows lead."""


NOBODY_BEYOND = Beyond()
REACH = "reach"
"""The setting that says how many people beyond whom the owner follows are carried."""


async def reach_of(store: Store) -> int:
    """How many people beyond whom the owner follows are carried."""
    said = await store.settings.get(REACH)
    return FURTHER_PEOPLE if said is None else int(said)


async def beyond(store: Store, trust: Trust, owner: AuthorKey) -> Beyond:
    """Those beyond whom the owner follows who are carried. Raises `StoreError`."""
    reach = await reach_of(store)
    if not reach:
        return NOBODY_BEYOND
    public = (await trust.further(owner, private=False)).people[:reach]
    private = (await trust.further(owner, private=True)).people[:reach]
    return Beyond(public, [one for one in private if one not in set(public)])


async def carried_by(
    store: Store,
    following: Following,
    owner: AuthorKey,
    members: Iterable[AuthorKey],
    trial: Iterable[AuthorKey],
    policy: Policy,
    further: Beyond = NOBODY_BEYOND,
) -> Carried:
    """The owner, whom he follows, the members, who is allowed, and whom members follow where the policy says so.

    Then who is in scope beyond them. That is the order in which they have a place among the most that a filter can
    name. Of people who are blocked, or were taken down here, nothing is carried, wherever they come from. Of `trial`,
    people whose invite is being accepted, only the log and withdrawals are taken until they are followed. Where the
    policy is to carry everyone, others are taken and shown as well.
    """
    decided = {key for did in await _denied(store) if (key := _key(did)) is not None}
    denied = (decided | policy.blocked) - {owner}
    ranked = await _ranked(following, owner, sorted(members), policy) | dict.fromkeys(further.public)
    public = set([one for one in ranked if one not in denied][: limits.MAX_FILTER_AUTHORS])
    followed = await store.library.private_follows() - public - denied
    silent = dict.fromkeys(
        [*sorted(followed), *[one for one in further.private if one not in public | denied]]
    )
    private = set(list(silent)[: limits.MAX_FILTER_AUTHORS - len(public)])
    concealed = await store.library.concealed()
    since = {author: one.since for author, one in (await store.keeping.since()).items()}
    kept = [one for one in sorted(await store.messages.authors()) if since.get(one) != NEVER]
    held = dict.fromkeys([*trial, *kept])
    others = [one for one in held if one not in public and one not in denied]
    return Carried(
        frozenset(public),
        frozenset(private),
        frozenset(others[: limits.MAX_FILTER_AUTHORS]),
        frozenset(concealed - public),
        denied=frozenset(denied),
        since=_told(since),
        everyone=policy.carries is Carries.ALL,
    )


async def _ranked(
    following: Following, owner: AuthorKey, members: Sequence[AuthorKey], policy: Policy
) -> dict[AuthorKey, None]:
    ranked = dict.fromkeys([owner, *sorted(await following.of(owner)), *members, *sorted(policy.allowed)])
    if policy.reaches_follows:
        for member in members:
            ranked |= dict.fromkeys(sorted(await following.of(member)))
    return ranked


async def _denied(store: Store) -> set[str]:
    library = store.library
    return {*await library.blocked(), *await library.blocked_by_policy(), *await store.takedowns.people()}


def _told(since: Mapping[AuthorKey, int]) -> dict[AuthorKey, int]:
    """The times from which on authors are kept, so few that they can be told also when somebody is carried again."""
    spans = {author: Span(time) for author, time in since.items() if time != NEVER}
    return since_steps.settle(spans)


def _key(did: str) -> AuthorKey | None:
    try:
        return key_of(did)
    except RemoteProtocolError:
        return None
