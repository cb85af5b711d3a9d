"""One's computers: the list, adding one by a code, removing one; and what the 24 words can do.

What somebody types as the 24 words is never put into a page again.
"""

from dataclasses import replace

from aiohttp import web

from hedgerow_node.commands.operation import Json
from hedgerow_node.commands.vocabulary import NOTHING
from hedgerow_node.problems import Problem
from hedgerow_node.web.filling import Filled, filled
from hedgerow_node.web.visit import DONE, Refused, Visit

WORDS = "words"
KEPT = "keep"


async def show_devices(
    visit: Visit, refused: Refused | None = None, code: Json | None = None
) -> web.StreamResponse:
    """The list, and who asks."""
    return visit.page(
        "devices.html",
        {
            "listed": await visit.do("identity devices", {}),
            "code": code,
            "picture": _picture(str(code["code"])) if code is not None else "",
            "given": filled("join-device", {}, refused),
            "nothing": NOTHING,
        },
        refused,
    )


async def make_code(visit: Visit) -> web.StreamResponse:
    """Show a code for another computer."""
    try:
        code = await visit.do("identity code", {})
    except Problem as problem:
        return await show_devices(visit, Refused("code", problem, visit.form))
    return await show_devices(visit, code=code)


async def add(visit: Visit) -> web.StreamResponse:
    """Say yes to a computer that asks."""
    try:
        await visit.do("identity add-device", {"device": visit.form.text("device")})
    except Problem as problem:
        return await show_devices(visit, Refused("add", problem, visit.form))
    return visit.go(f"/you/devices?{DONE}=device-added")


async def remove(visit: Visit) -> web.StreamResponse:
    """Let a computer speak no more."""
    form = visit.form
    values = {"device": form.text("device"), "last": NOTHING if form.text("counts") == NOTHING else ""}
    try:
        await visit.do("identity remove-device", values)
    except Problem as problem:
        return await show_devices(visit, Refused("remove", problem, form))
    return visit.go(f"/you/devices?{DONE}=device-removed")


async def join(visit: Visit) -> web.StreamResponse:
    """Ask to become another computer of who shows a code."""
    form = visit.form
    values = {"code": form.text("code"), "name": form.text("name")}
    try:
        await visit.do("identity join-device", {**values, "accept": False})
    except Problem as problem:
        return await show_devices(visit, Refused("join-device", problem, form))
    name = await visit.works.start(
        "join-device", lambda on_progress: visit.do("identity join-device", values, on_progress)
    )
    return visit.go(f"/work/{name}")


async def show_restore(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """What is needed to come back with the words."""
    return visit.page("restore.html", {"given": _without_words("restore", refused)}, refused)


async def restore(visit: Visit) -> web.StreamResponse:
    """Take an identity back."""
    form = visit.form
    values = {
        WORDS: form.text(WORDS),
        "invite": "".join(form.text("invite").split()),
        "did": form.text("did").strip(),
        KEPT: tuple(form.text(KEPT).split()),
    }
    name = await visit.works.start(
        "restore", lambda on_progress: visit.do("identity restore", values, on_progress)
    )
    return visit.go(f"/work/{name}")


async def new_words(visit: Visit) -> web.StreamResponse:
    """Make other words, which are shown next."""
    try:
        await visit.do("identity new-words", {WORDS: visit.form.text(WORDS)})
    except Problem as problem:
        return visit.page(
            "words.html",
            {"shown": None, "asked": [], "given": _without_words("new-words", None)},
            Refused("new-words", problem, visit.form),
        )
    return visit.go("/you/words")


async def show_close(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """What it means to end an identity."""
    return visit.page("close.html", {"given": _without_words("close", refused)}, refused)


async def close(visit: Visit) -> web.StreamResponse:
    """End it."""
    form = visit.form
    try:
        await visit.do("identity close", {WORDS: form.text(WORDS), "confirm": form.has("sure")})
    except Problem as problem:
        return await show_close(visit, Refused("close", problem, form))
    return visit.go(f"/you/devices?{DONE}=closed")


def _without_words(act: str, refused: Refused | None) -> Filled:
    given = filled(act, {}, refused)
    return replace(given, values={name: value for name, value in given.values.items() if name != WORDS})


def _picture(code: str) -> str:
    import segno

    return str(segno.make(code, error="l", micro=False).svg_data_uri(scale=4, border=4, light="white"))
