"""Bringing link lists in: bookmarks, reading lists. Private unless asked otherwise, and never waiting for the web."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hedgerow_node.addresses import thing_of
from hedgerow_node.commands.library import kept_items
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.saying import Saying
from hedgerow_node.commands.sharing import share_all
from hedgerow_node.config import MAX_IMPORT, SAVE_BATCH
from hedgerow_node.exchange.items import ImportedLink, Parsed, Skipped, UnknownFormat
from hedgerow_node.node import Node, OnProgress
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.records import NewItem
from hedgerow_protocol import limits
from hedgerow_protocol.kinds import Kind, Resource
from hedgerow_protocol.things import fold_topic

NO_TOPIC = ""
"""Stands for links without any topic where topics are counted or left out."""


class ImportFile(Request):
    """A file of links. Folders and headings become topics."""

    name: str
    """What the file is called."""
    data: bytes
    """What it holds; base64 in JSON."""
    dry_run: bool = False
    """Only tell what would happen."""
    share: bool = False
    leave_out: tuple[str, ...] = ()
    """Links under any of these topics stay out; "" stands for those without a topic."""


class UndoImport(Request):
    """Take the latest import out again; what was changed or shared since stays."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The links of a file as things, none twice."""

    items: dict[str, NewItem]
    repeats: int
    left_out: int
    skipped: tuple[Skipped, ...]
    topics: Counter[str]


async def import_file(node: Node, request: ImportFile, on_progress: OnProgress) -> Json:
    """Bring the links of a file into the private library, or share them at once."""
    if len(request.data) > MAX_IMPORT:
        raise Problem(Code.FILE_TOO_BIG, f"{len(request.data)} bytes, at most {MAX_IMPORT}")
    if request.share:
        node.check_may_publish()
    parsed = await asyncio.to_thread(_parse, request.name, request.data)
    chosen = await asyncio.to_thread(_choose, parsed, request.leave_out, node.clock.now())
    shared = await node.store.views.heads(node.author, Kind.RESOURCE, list(chosen.items))
    known = {thing for thing, heads in shared.items() if heads}
    unshared = [item for thing, item in chosen.items.items() if thing not in known]
    known |= {item.thing async for item in kept_items(node)}
    new = [item for item in unshared if item.thing not in known]
    result = _result(parsed, chosen, len(new))
    if request.dry_run:
        return {**result, "dry_run": True}
    if request.share:
        # What was shared before may be in better words than the file's.
        sayings = [Saying(Resource(item.thing, item.title, item.summary), item.topics) for item in unshared]
        return {**result, **await share_all(node, sayings, on_progress)}
    return {**result, **await _save(node, request.name, new, on_progress)}


async def undo_import(node: Node, request: UndoImport) -> Json:
    """Take the latest import out of the private library again."""
    left = [one for one in await node.store.library.imports() if one.items]
    if not left:
        raise Problem(Code.NOTHING_TO_UNDO)
    removed = await node.store.library.undo_import(left[0].id)
    node.erase_soon()
    return {"name": left[0].name, "removed": removed}


def _parse(name: str, data: bytes) -> Parsed:
    from hedgerow_node.exchange import importer  # with its parsers, which few runs of a node need

    try:
        return importer.parse(name, data)
    except UnknownFormat as error:
        raise Problem(Code.FILE_NOT_UNDERSTOOD, error.title, error.next_step) from None


def _choose(parsed: Parsed, leave_out: Sequence[str], now: float) -> Chosen:
    unwanted = {fold_topic(topic) for topic in leave_out}
    items: dict[str, NewItem] = {}
    topics: Counter[str] = Counter()
    skipped = list(parsed.skipped)
    repeats = left_out = 0
    for link in parsed.links:
        topics.update(link.topics or [NO_TOPIC])
        if unwanted & {fold_topic(topic) for topic in link.topics or [NO_TOPIC]}:
            left_out += 1
            continue
        try:
            item = _item(link, now)
        except Problem as problem:
            skipped.append(Skipped(link.line, problem.detail, link.title))
            continue
        if item.thing in items:
            repeats += 1
            items[item.thing] = _with_topics(items[item.thing], item.topics)
        else:
            items[item.thing] = item
    return Chosen(items, repeats, left_out, tuple(skipped), topics)


def _item(link: ImportedLink, now: float) -> NewItem:
    saved = float(link.added) if link.added is not None and 0 < link.added < now else now
    return NewItem(thing_of(link.address), link.title, link.summary, link.topics, saved)


def _with_topics(item: NewItem, more: Sequence[str]) -> NewItem:
    topics = {fold_topic(topic): topic for topic in reversed((*item.topics, *more))}
    return replace(item, topics=tuple(reversed(topics.values()))[: limits.MAX_TOPICS])


def _result(parsed: Parsed, chosen: Chosen, added: int) -> Json:
    return {
        "read": len(parsed.links),
        "added": added,
        "duplicates": chosen.repeats + len(chosen.items) - added,
        "left_out": chosen.left_out,
        "skipped": [{"line": one.line, "why": one.why, "text": one.text} for one in chosen.skipped],
        "title": parsed.title,
        "topics": [{"topic": topic, "links": links} for topic, links in chosen.topics.most_common()],
        "dry_run": False,
    }


async def _save(node: Node, name: str, new: Sequence[NewItem], on_progress: OnProgress) -> Json:
    if not new:
        return {}
    number = await node.store.library.begin_import(name, node.clock.now())
    for start in range(0, len(new), SAVE_BATCH):
        batch = new[start : start + SAVE_BATCH]
        await node.store.library.save_many(batch, number)
        on_progress(start + len(batch), len(new))
    return {"import": number}
