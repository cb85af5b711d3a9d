"""The page of whoever runs a seed: how it is, what waits for a decision, and what can be done about it."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from aiohttp import web

from hedgerow_node.commands.operation import Json
from hedgerow_node.commands.vocabulary import STATES
from hedgerow_node.config import SHOWN_TO_OPERATOR
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed import settings
from hedgerow_node.store.viewpoint import short_key
from hedgerow_node.web.backing import write_backup
from hedgerow_node.web.filling import filled
from hedgerow_node.web.visit import DONE, Refused, Visit

ADMIN = "/admin"
CONNECTED = frozenset({"settled", "syncing", "open"})
"""States in which there is a link."""
Rows = Sequence[Mapping[str, object]]


async def show_admin(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Everything that an operator looks after."""
    _check_seed(visit)
    status = await visit.do("status", {})
    peers = _rows(await visit.do("peers", {}), "peers")
    people = await visit.do("seed members", {})
    reports = await visit.do("reports", {"limit": SHOWN_TO_OPERATOR})
    members, invites = _rows(people, "members"), [one for one in _rows(people, "invites") if one["open"]]
    decided, fault = _settings(visit)
    values = {
        "status": status,
        "name": decided.name if decided else "",
        "fault": fault,
        "peers": [_peer(row) for row in peers[:SHOWN_TO_OPERATOR]],
        "links": sum([row["state"] in CONNECTED for row in peers]),
        "peers_in_all": len(peers),
        "sources": _sources(decided.policy.sources if decided else (), peers),
        "acceptances": await visit.node.store.invites.kept_in_all(),
        "quarantine": await visit.do("waiting", {"limit": 1}),
        "reports": reports["results"],
        "more_reports": reports["next"] is not None,
        "takedowns": (await visit.do("takedowns", {"limit": SHOWN_TO_OPERATOR}))["results"],
        "members": sorted(members, key=_since, reverse=True)[:SHOWN_TO_OPERATOR],
        "members_in_all": len(members),
        "invites": invites[:SHOWN_TO_OPERATOR],
        "invites_in_all": len(invites),
        "met": [one for one in _rows(status, "limits") if one["times"]],
        "given": filled("backup", {}, refused),
        "leaving": filled("member", {}, refused),
    }
    return visit.page("admin.html", values, refused)


async def remove_member(visit: Visit) -> web.StreamResponse:
    """End somebody's membership."""
    _check_seed(visit)
    try:
        await visit.do("seed remove-member", {"did": visit.form.text("did").strip()})
    except Problem as problem:
        return await show_admin(visit, Refused("member", problem, visit.form))
    return visit.go(f"{ADMIN}?{DONE}=member-removed")


async def end_invite(visit: Visit) -> web.StreamResponse:
    """Let nobody else join by an invite."""
    _check_seed(visit)
    try:
        await visit.do("seed end-invite", {"invite": visit.form.text("invite")})
    except Problem as problem:
        return await show_admin(visit, Refused("invite", problem, visit.form))
    return visit.go(f"{ADMIN}?{DONE}=invite-ended")


async def back_up(visit: Visit) -> web.StreamResponse:
    """Write this whole node into a file of this computer."""
    _check_seed(visit)
    form = visit.form
    try:
        write = write_backup(visit.node, form.text("file"), form.text("passphrase"), form.text("again"))
        name = await visit.works.start("backup", write)
    except Problem as problem:
        return await show_admin(visit, Refused("backup", problem, form))
    return visit.go(f"/work/{name}")


def _check_seed(visit: Visit) -> None:
    if not visit.is_seed:
        raise Problem(Code.NO_SUCH_PAGE)


def _settings(visit: Visit) -> tuple[settings.Settings | None, Problem | None]:
    """What the file says now, or why it could not be read: it may be changed while the node runs."""
    try:
        return settings.read(visit.node.home.seed), None
    except Problem as problem:
        return None, problem


def _rows(answer: Json, name: str) -> Rows:
    rows = answer[name]
    assert isinstance(rows, list)
    return rows


def _since(member: Mapping[str, object]) -> float:
    return float(str(member["since"]))


def _peer(row: Mapping[str, object]) -> Json:
    return {
        "label": row["name"] or short_key(str(row["did"] or row["device"])),
        "address": row["address"] or "",
        "state": STATES.get(str(row["state"]), row["state"]),
        "last": row["last_linked"],
    }


def _sources(urls: Sequence[str], peers: Rows) -> list[Json]:
    """The seeds that the file names, and whether there is a link to each."""
    linked = {urlsplit(str(row["address"])).netloc for row in peers if row["state"] in CONNECTED}
    return [{"url": url, "linked": urlsplit(url).netloc in linked} for url in urls]
