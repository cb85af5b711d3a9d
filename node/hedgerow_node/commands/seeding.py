"""What an operator does with a seed: who its members are, and by which invites they came."""

from hedgerow_node.addresses import person_of
from hedgerow_node.commands import words
from hedgerow_node.commands.operation import Download, Json, Request
from hedgerow_node.commands.people import OnePerson, SetProfile, profile_of, set_profile
from hedgerow_node.keystore import check_passphrase
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed.settings import Settings
from hedgerow_protocol import base58
from hedgerow_protocol.keys import AuthorKey, did_of
from hedgerow_protocol.kinds import Profile

OPEN, SEALED = ("tar", "application/x-tar"), ("sealed", "application/octet-stream")
"""How the name of a backup ends, and what it is."""


class ListMembers(Request):
    """The members and the invites by which they come."""


class MakeBackup(Request):
    """Everything of this node in one file; sealed, where a passphrase is given."""

    passphrase: str = ""


class OneInvite(Request):
    """An invite that was made here, by its id in base58 or the first letters of that."""

    invite: str


async def introduce(node: Node, settings: Settings) -> bool:
    """Let the profile say what the file of the seed says; whether it had to change. Raises `Problem`."""
    wanted = Profile(words.line(settings.name), words.text(settings.about), machine=True)
    if await profile_of(node) == wanted or node.keys.is_copy or not node.speaks:
        return False
    await set_profile(node, SetProfile(name=wanted.name, about=wanted.about, machine=True))
    return True


async def members(node: Node, request: ListMembers) -> Json:
    """List the members of this seed with what is here of them, and its invites with uses and expiry."""
    joined = await node.store.peers.joined()
    counts = await node.store.messages.authors()
    names = await node.store.views.names(joined)
    return {
        "members": [
            {
                "did": did_of(author),
                "name": names.get(author, ""),
                "since": since,
                "messages": counts.get(author, 0),
            }
            for author, since in joined.items()
        ],
        "invites": await _invites(node),
    }


async def remove_member(node: Node, request: OnePerson) -> Json:
    """End somebody's membership: what is here of them stays, and nothing more of theirs is carried for it."""
    author = person_of(request.did)
    if not await node.store.peers.remove_member(author):
        raise Problem(Code.NO_SUCH_MEMBER, did_of(author))
    node.circle_changed()
    return {"did": did_of(author), "member": False, "still_followed": await _is_followed(node, author)}


async def end_invite(node: Node, request: OneInvite) -> Json:
    """End an invite before its time: nobody else can join by it."""
    found = [one for one in await node.store.invites.all() if _name(one.id).startswith(request.invite)]
    if len(found) != 1 or not request.invite:
        raise Problem(Code.NO_SUCH_INVITE, f"{len(found)} begin so")
    await node.store.invites.end(found[0].id, node.clock.now())
    return {"invite": _name(found[0].id), "used": found[0].used, "ended": True}


async def backup(node: Node, request: MakeBackup) -> Download:
    """Write this whole node into one file, as it is at this moment: keys, members, messages, what was decided."""
    from hedgerow_node.seed.backup import backed_up

    if request.passphrase:
        check_passphrase(request.passphrase)
    kind = SEALED if request.passphrase else OPEN
    day = words.day(node.clock.now())
    return Download(f"hedgerow-{day}.{kind[0]}", kind[1], backed_up(node, request.passphrase))


async def _invites(node: Node) -> list[Json]:
    now = node.clock.now()
    return [
        {
            "invite": _name(one.id),
            "made": one.created,
            "expires": one.expiry,
            "uses": one.uses,
            "used": one.used,
            "member": one.makes_member,
            "open": one.used < one.uses and one.expiry >= now,
        }
        for one in await node.store.invites.all()
    ]


async def _is_followed(node: Node, author: AuthorKey) -> bool:
    return author in await node.store.views.follows(node.author)


def _name(invite: bytes) -> str:
    return base58.encode(invite)
