"""The public list of takedowns, at the peers' door: a page for people and JSON for programs (specs/15-safety.md).

A target is named by its hash. Who has a thing in hand can see whether it was taken down here and why; to others the
list says when and why, and is no directory of what should not be found.
"""

from datetime import UTC, datetime
from html import escape
from http import HTTPStatus

from aiohttp import web

from hedgerow_node.addresses import thing_of
from hedgerow_node.config import PUBLIC_DECISIONS
from hedgerow_node.links.listen import JOIN_HEADERS, STYLE
from hedgerow_node.problems import Problem
from hedgerow_node.store.store import Store
from hedgerow_node.store.takedowns import Takedown
from hedgerow_protocol import limits
from hedgerow_protocol.keys import hash_for

PATH = "/takedowns"
CHECK = "thing"
BEFORE = "before"
"""Fields of the address: a thing to look for, and where the list goes on."""
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Taken down here</title>
<style>{style}</style>
<h1>Taken down here</h1>
<p>Whoever runs this seed decided not to keep these and not to give them to anyone. Elsewhere they may still be had.
What was taken down is named by a hash, so that this list does not lead to it.</p>
{checked}
<form method="get" action="{path}">
<p><label for="thing">Was this taken down here?</label><br>
<input id="thing" name="{check}" dir="auto" required maxlength="{most}" value="{given}"> <button>Look</button></p>
<p>An address as people share it, a person (did:key:…) or a message (hedgerow:…).</p>
</form>
<h2>Every decision, the latest first</h2>
{rows}
{more}
<p>For programs: <a href="{path}.json">{path}.json</a></p>
</html>
"""
HEADERS = JOIN_HEADERS | {
    "Content-Security-Policy": JOIN_HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    )
}
ROW = """<article>
<h3>{what}, <time datetime="{day}">{day}</time>{undone}</h3>
<p dir="auto">{reason}</p>
<p><code>{target}</code></p>
</article>"""
NOTHING = "<p>Nothing was taken down.</p>"


def target_name(target: str) -> str:
    """The 64 hexadecimal digits that stand for a target."""
    return hash_for("takedown", target.encode()).hex()


def routes(store: Store, did: str) -> list[web.RouteDef]:
    """The page and the JSON of this store's takedowns; `did` is whose node it is."""
    public = PublicList(store, did)
    return [web.get(PATH, public.page), web.get(f"{PATH}.json", public.json)]


class PublicList:
    """Answers whoever asks what was taken down."""

    def __init__(self, store: Store, did: str) -> None:
        self._store = store
        self._did = did

    async def json(self, request: web.Request) -> web.Response:
        """{did, takedowns: [{number, what, target, reason, at, undone}], next}."""
        shown, following = await self._decisions(request)
        return web.json_response(
            {
                "did": self._did,
                "takedowns": [_plain(one) for one in shown],
                "next": None if following is None else f"{PATH}.json?{BEFORE}={following}",
            },
            headers=HEADERS,
        )

    async def page(self, request: web.Request) -> web.Response:
        """The same for people, and whether one thing is among it."""
        shown, following = await self._decisions(request)
        given = request.query.get(CHECK, "").strip()[: limits.MAX_THING]
        text = PAGE.format(
            style=STYLE,
            path=PATH,
            check=CHECK,
            most=limits.MAX_THING,
            given=escape(given),
            checked=await self._checked(given) if given else "",
            rows="\n".join(map(_row, shown)) or NOTHING,
            more=f'<p><a href="{PATH}?{BEFORE}={following}">Earlier ones</a></p>' if following else "",
        )
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    async def _checked(self, given: str) -> str:
        try:
            thing = thing_of(given)
        except Problem as problem:
            return f"<p><strong>{escape(problem.title)}.</strong> {escape(problem.next_step)}</p>"
        decided = await self._store.takedowns.standing(thing)
        if decided is None:
            return "<p><strong>This was not taken down here.</strong></p>"
        return f"<p><strong>This was taken down here.</strong></p>{_row(decided)}"

    async def _decisions(self, request: web.Request) -> tuple[tuple[Takedown, ...], int | None]:
        before = request.query.get(BEFORE, "")
        if before and not (
            before.isascii() and before.isdecimal() and len(before) < len(str(limits.MAX_UINT))
        ):
            raise web.HTTPBadRequest(text=f"{HTTPStatus.BAD_REQUEST.phrase}.\n")
        found = await self._store.takedowns.latest(PUBLIC_DECISIONS + 1, int(before) if before else None)
        shown = found[:PUBLIC_DECISIONS]
        return shown, shown[-1].row if len(found) > len(shown) else None


def _plain(one: Takedown) -> dict[str, object]:
    undone = None if one.undone is None else int(one.undone)
    return {
        "number": one.row,
        "what": one.what,
        "target": target_name(one.target),
        "reason": one.reason,
        "at": int(one.at),
        "undone": undone,
    }


def _row(one: Takedown) -> str:
    undone = "" if one.undone is None else f" – undone on {_day(one.undone)}"
    return ROW.format(
        what=one.what.capitalize(),
        day=_day(one.at),
        undone=undone,
        reason=escape(one.reason),
        target=target_name(one.target),
    )


def _day(at: float) -> str:
    return datetime.fromtimestamp(min(max(at, 0.0), limits.MAX_TIMESTAMP), UTC).date().isoformat()
