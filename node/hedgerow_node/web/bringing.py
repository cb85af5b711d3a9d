"""Bringing a file of links in: choose it, see what is in it, choose what and for whom, done, undone."""

from collections.abc import Sequence

from aiohttp import web

from hedgerow_node.commands.operation import Json
from hedgerow_node.config import LINK_BYTES, MAX_FIELDS, MAX_IMPORT, REFRESH, SHOWN_SKIPS, SHOWN_TOPICS
from hedgerow_node.exchange import bundled
from hedgerow_node.problems import Code, Problem
from hedgerow_node.web.sessions import Upload
from hedgerow_node.web.visit import DONE, Refused, Visit

MOST_TOPICS = MAX_FIELDS - 100
"""Topics that a preview lists for choice; the other fields of the form need some room."""


async def show_import(visit: Visit, refused: Refused | None = None) -> web.StreamResponse:
    """Choose a file."""
    imports = sorted(await visit.node.store.library.imports(), key=lambda one: one.id, reverse=True)
    return visit.page("import.html", {"most": MAX_IMPORT, "imports": imports}, refused)


async def take_file(visit: Visit) -> web.StreamResponse:
    """Keep the file that was sent until its owner has chosen."""
    upload = visit.form.file
    try:
        if upload is None or not upload.name:
            raise Problem(Code.REQUEST_WRONG, "no file was chosen", "Choose a file, then send it.")
        await _look_into(visit, upload)
    except Problem as problem:
        return await show_import(visit, Refused("import", problem, visit.form))
    name = visit.node.clock.entropy(LINK_BYTES).hex()
    visit.session.keep(name, upload)
    return visit.go(f"/import/{name}")


async def show_preview(visit: Visit) -> web.StreamResponse:
    """What is in the file."""
    return await _preview(visit, *_upload(visit))


async def bring_in(visit: Visit) -> web.StreamResponse:
    """Bring in what was chosen, or count again."""
    name, upload = _upload(visit)
    everything = await _look_into(visit, upload)
    leave_out = _left_out(visit, everything)
    if visit.form.has("count"):
        return await _preview(visit, name, upload, leave_out)
    if everything["topics"] and len(leave_out) == len(_topics(everything)):
        nothing = Problem(Code.REQUEST_WRONG, "no folder and no topic is ticked", "Tick what is to come in.")
        return await _preview(visit, name, upload, leave_out, Refused("import", nothing, visit.form))
    values = {**_file(upload), "leave_out": leave_out, "share": bool(visit.form.given("share"))}
    answer = await _start(visit, values)
    visit.session.uploads.pop(name, None)
    return answer


async def bring_library(visit: Visit) -> web.StreamResponse:
    """Put the library that comes with Hedgerow into one's own."""
    return await _start(visit, _file(Upload(bundled.NAME, bundled.content())))


async def undo(visit: Visit) -> web.StreamResponse:
    """Take the latest import out again."""
    try:
        await visit.do("import undo", {})
    except Problem as problem:
        return await show_import(visit, Refused("undo", problem, visit.form))
    return visit.go(f"/collection?{DONE}=undone")


async def show_work(visit: Visit) -> web.StreamResponse:
    """How far a long act is, or how it ended."""
    work = visit.works.find(visit.request.match_info["work"])
    if work is None:
        raise Problem(Code.NO_SUCH_PAGE)
    return visit.page("work.html", {"work": work, "refresh": REFRESH})


async def _start(visit: Visit, values: Json) -> web.StreamResponse:
    work = await visit.works.start("import", lambda on_progress: visit.do("import", values, on_progress))
    return visit.go(f"/work/{work}")


def _upload(visit: Visit) -> tuple[str, Upload]:
    name = visit.request.match_info["upload"]
    upload = visit.session.uploads.get(name)
    if upload is None:
        raise Problem(Code.PREVIEW_GONE)
    return name, upload


def _file(upload: Upload) -> Json:
    return {"name": upload.name, "data": upload.data}


async def _look_into(visit: Visit, upload: Upload, leave_out: Sequence[str] = ()) -> Json:
    return await visit.do("import", {**_file(upload), "dry_run": True, "leave_out": tuple(leave_out)})


def _topics(result: Json) -> list[str]:
    rows = result["topics"]
    assert isinstance(rows, list)
    return [str(row["topic"]) for row in rows[:MOST_TOPICS]]


def _left_out(visit: Visit, everything: Json) -> tuple[str, ...]:
    """Only what the form listed can be left out: topics beyond the list come in."""
    ticked = set(visit.form.all("topic"))
    return tuple([topic for topic in _topics(everything) if topic not in ticked])


async def _preview(
    visit: Visit,
    name: str,
    upload: Upload,
    leave_out: Sequence[str] = (),
    refused: Refused | None = None,
) -> web.StreamResponse:
    result = await _look_into(visit, upload, leave_out)
    rows, skipped = result["topics"], result["skipped"]
    assert isinstance(rows, list)
    assert isinstance(skipped, list)
    unticked = set(leave_out)
    topics = [{**row, "ticked": row["topic"] not in unticked} for row in rows[:MOST_TOPICS]]
    return visit.page(
        "preview.html",
        {
            "upload": name,
            "name": upload.name,
            "result": result,
            "topics": topics,
            "many": SHOWN_TOPICS,
            "skips": skipped[:SHOWN_SKIPS],
            "shares": bool(visit.form.given("share")),
        },
        refused,
    )
