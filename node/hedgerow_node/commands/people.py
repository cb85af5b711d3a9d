"""People: one's own profile, whom one follows, openly or not, and whom one does not want to hear."""

from hedgerow_node.addresses import person_of
from hedgerow_node.commands import words
from hedgerow_node.commands.naming import thing_named
from hedgerow_node.commands.operation import Json, Limit, Request
from hedgerow_node.commands.reach import who_forgets, who_receives
from hedgerow_node.commands.saying import Saying, say, saying_of
from hedgerow_node.commands.showing import plain_person, plain_view
from hedgerow_node.commands.statements import versions_of
from hedgerow_node.config import USUAL_PAGE
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol.fingerprint import SetSum
from hedgerow_protocol.keys import AuthorKey, did_of
from hedgerow_protocol.kinds import Follow, Kind, Profile
from hedgerow_protocol.things import is_person, message_thing


class ShowProfile(Request):
    """One's own profile."""


class SetProfile(Request):
    """How one wants to be known; None keeps what is there."""

    name: str | None = None
    about: str | None = None
    machine: bool | None = None
    """Whether nobody types here: a bot says so."""


class FollowPerson(Request):
    """Carry and show somebody's messages; `private` keeps it to this computer."""

    did: str
    reason: str = ""
    private: bool = False


class OnePerson(Request):
    """A person, by key."""

    did: str


class OneThing(Request):
    """A thing, a trail or a message among them."""

    thing: str


class ListPeople(Request):
    """A page of those of whom something is known here: you, whom you follow, others."""

    cursor: str = ""
    limit: Limit = USUAL_PAGE


async def show_profile(node: Node, request: ShowProfile) -> Json:
    """Show how one is known to others."""
    profile = await profile_of(node)
    return {"did": node.keys.did, "name": profile.name, "about": profile.about, "machine": profile.machine}


async def set_profile(node: Node, request: SetProfile) -> Json:
    """Say how one wants to be known."""
    said = await _profile_said(node)
    before = _profile_in(said)
    profile = Profile(
        name=before.name if request.name is None else words.line(request.name),
        about=before.about if request.about is None else words.text(request.about),
        machine=before.machine if request.machine is None else request.machine,
    )
    published = await say(node, Saying(profile, extra=said.extra if said is not None else ()))
    return {
        "ids": [message_thing(published)],
        "did": node.keys.did,
        "name": profile.name,
        "about": profile.about,
        "machine": profile.machine,
        "who": who_receives(node),
    }


async def follow(node: Node, request: FollowPerson) -> Json:
    """Carry and show what somebody says, for everyone to see or only on this computer."""
    author = _somebody_else(node, request.did)
    did = did_of(author)
    if request.private:
        return await _follow_privately(node, author)
    published = await say(node, Saying(Follow(did, words.text(request.reason))))
    await node.store.library.unfollow_privately(did)
    node.circle_changed()
    return {"ids": [message_thing(published)], "did": did, "private": False, "who": who_receives(node)}


async def unfollow(node: Node, request: OnePerson) -> Json:
    """Follow somebody no longer."""
    did = did_of(_somebody_else(node, request.did))
    was_private = await node.store.library.unfollow_privately(did)
    heads = (await node.store.views.heads(node.author, Kind.FOLLOW, [did])).get(did, ())
    if not heads:
        node.circle_changed()
        return {"ids": [], "did": did, "followed": was_private}
    due = await versions_of(node, [head.id for head in heads])
    messages = await node.retract(due)
    node.circle_changed()
    return {
        "ids": [message_thing(one.id) for one in messages],
        "did": did,
        "followed": True,
        "who": who_forgets(node),
    }


async def mute(node: Node, request: OnePerson) -> Json:
    """Hide what somebody says; nobody learns of it."""
    did = did_of(_somebody_else(node, request.did))
    await node.store.library.mute(did, node.clock.now())
    return {"did": did, "muted": True}


async def unmute(node: Node, request: OnePerson) -> Json:
    """Show again what somebody says."""
    did = did_of(_somebody_else(node, request.did))
    await node.store.library.unmute(did)
    return {"did": did, "muted": False}


async def mute_thing(node: Node, request: OneThing) -> Json:
    """Leave a thing out of feeds and searches; nobody learns of it."""
    thing = await _some_thing(node, request.thing)
    await node.store.library.mute(thing, node.clock.now())
    return {"thing": thing, "muted": True}


async def unmute_thing(node: Node, request: OneThing) -> Json:
    """Show a thing again."""
    thing = await _some_thing(node, request.thing)
    await node.store.library.unmute(thing)
    return {"thing": thing, "muted": False}


async def _some_thing(node: Node, name: str) -> str:
    thing = await thing_named(node, name)
    if is_person(thing):
        return did_of(_somebody_else(node, thing))
    return thing


async def block(node: Node, request: OnePerson) -> Json:
    """Take what somebody says off this computer and no longer carry it; nobody learns of it."""
    did = did_of(_somebody_else(node, request.did))
    await node.store.library.block(did, node.clock.now())
    await node.carry_anew()
    await node.store.quarantine.drop([person_of(did)])
    node.erase_soon()
    return {"did": did, "blocked": True}


async def unblock(node: Node, request: OnePerson) -> Json:
    """Carry and show again what somebody says, as far as others still have it."""
    did = did_of(_somebody_else(node, request.did))
    await node.store.library.unblock(did)
    node.circle_changed()
    return {"did": did, "blocked": False}


async def people(node: Node, request: ListPeople) -> Json:
    """List the people of whom something is known here."""
    found = await node.store.views.people(request.cursor or None, request.limit)
    return {"people": [plain_person(one) for one in found.results], "next": found.next}


async def person(node: Node, request: OnePerson) -> Json:
    """Show a person: name, what they say of themselves, whom they follow, how much of theirs is here.

    Two nodes that hold the same messages of a person show the same fingerprint.
    """
    author = person_of(request.did)
    view = await node.store.views.person(author)
    held = await _held(node, author)
    if view is None:
        raise Problem(Code.NO_SUCH_PERSON, did_of(author))
    return {**plain_view(view), "messages": held.count, "fingerprint": held.fingerprint().hex()}


async def profile_of(node: Node) -> Profile:
    """How one is known to others; without a name where nothing was said."""
    return _profile_in(await _profile_said(node))


async def _profile_said(node: Node) -> Saying | None:
    message = await node.store.views.current(node.author, Kind.PROFILE, "")
    return saying_of(message) if message is not None else None


def _profile_in(saying: Saying | None) -> Profile:
    return saying.content if saying is not None and isinstance(saying.content, Profile) else Profile("")


async def _follow_privately(node: Node, author: AuthorKey) -> Json:
    did = did_of(author)
    if (await node.store.views.heads(node.author, Kind.FOLLOW, [did])).get(did):
        raise Problem(
            Code.REQUEST_WRONG, "you follow them openly", "Unfollow first, then follow again with --private."
        )
    await node.store.library.follow_privately(did, node.clock.now())
    node.circle_changed()
    return {"ids": [], "did": did, "private": True}


async def _held(node: Node, author: AuthorKey) -> SetSum:
    sums = [await node.store.messages.sums([author], control=control) for control in (True, False)]
    return SetSum().union(*[one[author] for one in sums if author in one])


def _somebody_else(node: Node, did: str) -> AuthorKey:
    author = person_of(did)
    if author == node.author:
        raise Problem(Code.THAT_IS_YOU)
    return author
