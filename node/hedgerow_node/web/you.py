"""The owner's own page: identity, profile, the 24 words, everything in one file, and the links to others."""

from collections.abc import Mapping

from aiohttp import hdrs, web

from hedgerow_node.commands.identity import WORDS
from hedgerow_node.commands.operation import Download, Json
from hedgerow_node.commands.table import BY_NAME
from hedgerow_node.commands.vocabulary import STATES
from hedgerow_node.config import ASKED_WORDS
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.viewpoint import short_key
from hedgerow_node.web.filling import filled
from hedgerow_node.web.guard import START, cookie_name
from hedgerow_node.web.visit import DONE, Refused, Visit
from hedgerow_protocol.keys import did_of, key_of

ASKED = "word-"


async def show_you(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Who one is here, and what there is."""
    status = await visit.do("status", {})
    profile = await visit.do("profile", {})
    before = {"name": str(profile["name"]), "about": str(profile["about"])}
    before |= {"machine": "1"} if profile["machine"] else {}
    return visit.page(
        "you.html",
        {
            "status": status,
            "identity": await visit.do("identity", {}),
            "profile": profile,
            "copy": Code.RESTORED_COPY,
            "peers": await _peers(visit),
            "given": filled("profile", before, refused),
        },
        refused,
    )


async def show_limits(visit: Visit) -> web.StreamResponse:
    """How much is allowed, and what was met."""
    return visit.page("limits.html", await visit.do("limits", {}))


async def set_profile(visit: Visit) -> web.StreamResponse:
    """Say how one wants to be known."""
    form = visit.form
    values = {"name": form.text("name"), "about": form.text("about"), "machine": form.has("machine")}
    try:
        await visit.do("profile set", values)
    except Problem as problem:
        return await show_you(visit, Refused("profile", problem, form))
    return visit.go(f"/you?{DONE}=profile")


async def show_words(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """The 24 words, until their owner has them elsewhere."""
    shown = visit.node.keys.words()
    places = _asked(refused.form.fields) if refused else []
    if shown is not None and not places:
        places = sorted(visit.node.clock.random().sample(range(1, len(shown) + 1), ASKED_WORDS))
    return visit.page(
        "words.html", {"shown": shown, "asked": places, "given": filled("words", {}, refused)}, refused
    )


async def confirm_words(visit: Visit) -> web.StreamResponse:
    """Take the words off this computer, once their owner has shown to have them."""
    answers = {str(place): visit.form.text(f"{ASKED}{place}") for place in _asked(visit.form.fields)}
    try:
        if len(answers) < ASKED_WORDS:
            return visit.go("/you/words")
        await visit.do("identity confirm", {"confirm": True, "answers": answers})
    except Problem as problem:
        return await show_words(visit, Refused("words", problem, visit.form))
    return visit.go(f"/you?{DONE}=confirmed")


async def export(visit: Visit) -> web.StreamResponse:
    """Everything of one's own as a file."""
    operation = BY_NAME["export"]
    answer = await operation(visit.node, operation.request_of({}))
    assert isinstance(answer, Download)
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: answer.media_type,
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{answer.name}"',
            hdrs.CACHE_CONTROL: "no-store",
        }
    )
    await response.prepare(visit.request)
    async for chunk in answer.chunks:
        await response.write(chunk)
    await response.write_eof()
    return response


async def sync(visit: Visit) -> web.StreamResponse:
    """Compare with everybody now."""
    name = await visit.works.start("sync", lambda on_progress: visit.do("sync", {}, on_progress))
    return visit.go(f"/work/{name}")


async def leave(visit: Visit) -> web.StreamResponse:
    """Let this browser in no more."""
    visit.end_session()
    response = visit.go(START)
    response.del_cookie(cookie_name(visit.request), path="/")
    return response


def _asked(fields: Mapping[str, object]) -> list[int]:
    places = [name.removeprefix(ASKED) for name in fields if name.startswith(ASKED)]
    return sorted({int(place) for place in places if place.isdecimal() and 1 <= int(place) <= WORDS})


async def _peers(visit: Visit) -> list[Json]:
    rows = (await visit.do("peers", {}))["peers"]
    assert isinstance(rows, list)
    named = {did for row in rows for did in (row["did"], *row["refused"]) if did}
    names = await visit.node.store.views.names(map(key_of, named))
    labels = {did_of(author): name for author, name in names.items()}
    return [_peer(row, labels) for row in rows]


def _peer(row: Mapping[str, object], labels: Mapping[str, str]) -> Json:
    did = row["did"]
    name, refused = str(did or row["device"]), row["refused"]
    assert isinstance(refused, list)
    return {
        "did": did,
        "label": labels.get(name) or short_key(name),
        "address": row["address"] or "",
        "state": STATES.get(str(row["state"]), row["state"]),
        "last": row["last_linked"],
        "refused": [{"did": one, "label": labels.get(one) or short_key(one)} for one in refused],
    }
