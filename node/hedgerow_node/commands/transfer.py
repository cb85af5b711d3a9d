"""Everything of one's own, out into one file and in again.

A restored home has an identity of its own unless the export carries keys. Then the old identity's messages come in
as those of a former self: followed in silence, part of the next export, signed by nobody here. With keys the home
becomes the old identity, but does not publish before its owner says that the original is gone: two computers that
sign with one device key would fork its chain for everyone to see.
"""

import asyncio
import stat
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from hedgerow_node.addresses import shorten
from hedgerow_node.commands import archive, words
from hedgerow_node.commands.archive import Archive, Entry
from hedgerow_node.commands.library import is_kept, kept_items
from hedgerow_node.commands.operation import Download, Json, Request
from hedgerow_node.config import MAX_BATCH_BYTES, MAX_RESTORE, PUBLISH_BATCH, SAVE_BATCH
from hedgerow_node.keystore import decode_secrets, encode_secrets
from hedgerow_node.node import Node, OnProgress
from hedgerow_node.problems import Code, Problem
from hedgerow_node.store.labelling import Effect
from hedgerow_node.store.records import NewItem
from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.keys import AuthorKey, DeviceKey, did_of, key_of
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_entry import LogEntry, decode_entry
from hedgerow_protocol.message import FIRST, Message

FORMER = "former"
"""The setting that names one's earlier identities."""
COUNTED = ("items", "notes", "mutes", "blocks", "label_lists", "private_follows", "done")
"""What is private, as a restore tells it."""
BEFORE_ALL = (0, bytes(limits.ID_SIZE))
"""Before every message in the order of (ts, id)."""


class Export(Request):
    """Everything but keys."""


class ExportWithKeys(Request):
    """Everything, the keys locked with this passphrase."""

    passphrase: str


class Restore(Request):
    """An export to be taken in; with the keys in it where a passphrase is given.

    The program that asks gives the path of a file on this computer, or what the file holds.
    """

    file: str = ""
    data: bytes = b""
    """Base64 in JSON."""
    passphrase: str = ""


async def export(node: Node, request: Export) -> Download:
    """Write everything of one's own into one open file: messages, library, notes, mutes, blocks, follows."""
    return await _download(node, None)


async def export_with_keys(node: Node, request: ExportWithKeys) -> Download:
    """Write everything of one's own into one open file, and the keys, locked with a passphrase."""
    if not node.keys.has_root:
        raise Problem(Code.NO_ROOT, "so its keys would bring back nothing; export without them")
    files = await asyncio.to_thread(encode_secrets, node.keys.secrets(), request.passphrase, node.clock)
    return await _download(node, archive.KeysLine(files=files))


async def restore(node: Node, request: Restore, on_progress: OnProgress) -> Json:
    """Take an export in: what is here already stays as it is."""
    read = await read_export(request.file, request.data)
    if request.passphrase:
        await _take_keys(node, read, request.passphrase)
    is_me = read.inception.header.author == node.author
    messages = await take_messages(node, read, on_progress)
    counts = await take_archive(node, read)
    return {
        "did": node.keys.did,
        "author": read.opening.author,
        "messages": messages,
        **counts,
        "unknown_lines": read.unknown,
        "restored_copy": node.keys.is_copy,
        "next": _next_step(node, is_me),
    }


async def read_export(file: str, data: bytes) -> Archive:
    """The export in a file on this computer, or in `data`; raises `Problem`."""
    data = await asyncio.to_thread(_read_file, Path(file)) if file else data
    if len(data) > MAX_RESTORE:
        raise Problem(Code.FILE_TOO_BIG, f"{len(data)} bytes, at most {MAX_RESTORE}")
    return await archive.read(data)


async def take_archive(node: Node, read: Archive) -> Json:
    """Everything in an export but its messages; what is here already stays."""
    counts = await _take_private(node, read)
    await _remember_former(node, read)
    node.circle_changed()
    return counts


async def _download(node: Node, keys: archive.KeysLine | None) -> Download:
    now = node.clock.now()
    opening = archive.Opening(
        version=archive.VERSION,
        author=node.keys.did,
        inception=node.keys.inception.encode(),
        made=int(now),
    )
    lines = archive.written(opening, _entries(node, keys))
    return Download(f"hedgerow-{words.day(now)}.jsonl", archive.MEDIA_TYPE, lines)


async def _entries(node: Node, keys: archive.KeysLine | None) -> AsyncIterator[Entry]:
    former = await _former(node)
    for did in former:
        yield archive.FormerLine(did=did)
    async for message in _whole_messages(node, {node.author, *map(key_of, former)}):
        yield archive.message_line(message)
    library = node.store.library
    async for item in kept_items(node):
        if is_kept(item):
            yield archive.ItemLine(
                thing=item.thing,
                title=item.title,
                summary=item.summary,
                topics=item.topics,
                saved=item.saved,
            )
    for item in await library.notes():
        yield archive.NoteLine(thing=item.thing, text=item.note, saved=item.saved)
    for target, since in (await library.muted()).items():
        yield archive.MuteLine(target=target, since=since)
    for target, since in (await library.blocked()).items():
        yield archive.BlockLine(target=target, since=since)
    for one in await library.label_lists():
        yield archive.LabelListLine(
            labeller=one.labeller, label=one.label, effect=one.effect.value, since=one.at
        )
    for thing, since in (await library.done()).items():
        yield archive.DoneLine(thing=thing, since=since)
    for author in sorted(await library.private_follows()):
        yield archive.PrivateFollowLine(did=did_of(author))
    if keys is not None:
        yield keys


async def own_messages(node: Node, authors: set[AuthorKey]) -> AsyncIterator[Message]:
    """Control first: a reader needs an identity's log before what its devices signed.

    What the disk altered is left out.
    """
    wanted = Filter.of_authors(authors)
    for control in (True, False):
        after: tuple[int, bytes] = BEFORE_ALL
        more = True
        while more:
            messages, more = await node.store.messages.range(
                wanted, control, after, limit=PUBLISH_BATCH, max_bytes=MAX_BATCH_BYTES
            )
            if not messages:
                break
            for message in messages:
                yield message
            after = (messages[-1].header.ts, messages[-1].id)


async def _whole_messages(node: Node, authors: set[AuthorKey]) -> AsyncIterator[Message]:
    """The same; raises `Problem` after them when some were left out: no export looks whole and is not."""
    missing = 0
    for control in (True, False):
        sums = await node.store.messages.sums(authors, control)
        missing += sum(one.count for one in sums.values())
    async for message in own_messages(node, authors):
        missing -= 1
        yield message
    if missing > 0:
        raise Problem(Code.STORE_DAMAGED, f"{missing} of your messages cannot be read")


def _read_file(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Problem(Code.FILE_UNREADABLE, f"{shorten(str(path))} is not a file")
        if found.st_size > MAX_RESTORE:
            raise Problem(Code.FILE_TOO_BIG, f"{found.st_size} bytes, at most {MAX_RESTORE}")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        fault = error.strerror if isinstance(error, OSError) else "no file has such a name"
        raise Problem(Code.FILE_UNREADABLE, f"{shorten(str(path))}: {fault}") from None


async def _take_keys(node: Node, read: Archive, passphrase: str) -> None:
    lines = [entry for entry in read.entries if isinstance(entry, archive.KeysLine)]
    if not lines:
        raise Problem(Code.NO_KEYS_IN_EXPORT)
    secrets = await asyncio.to_thread(decode_secrets, lines[0].files, passphrase)
    if read.inception.header.author == node.author:
        return
    if node.network is not None:
        raise Problem(Code.STOP_FIRST)
    place = await node.store.messages.place(node.author, node.device)
    if place != FIRST:
        raise Problem(Code.HOME_NOT_EMPTY, node.keys.did)
    await node.become(read.inception, secrets, _named(read))


def _named(read: Archive) -> set[DeviceKey]:
    """Every device that the log in an export names."""
    entries = [decode_entry(one) for one in read.messages if one.header.kind == Kind.IDENTITY]
    return {grant.device for one in entries if isinstance(one, LogEntry) for grant in one.devices}


async def take_messages(node: Node, read: Archive, on_progress: OnProgress) -> int:
    """Store what is not here yet; how many that were."""
    messages = [read.inception, *read.messages]
    new = 0
    for start in range(0, len(messages), PUBLISH_BATCH):
        batch = messages[start : start + PUBLISH_BATCH]
        for own in (True, False):
            part = [message for message in batch if (message.header.author == node.author) == own]
            if part:
                new += len(await node.store.messages.put(part, received=node.clock.now(), own=own))
        on_progress(start + len(batch), len(messages))
    node.erase_soon()
    return new


async def _take_private(node: Node, read: Archive) -> Json:
    """Everything private; where something is here already, that stays."""
    counts = Counter(dict.fromkeys(COUNTED, 0))
    items = [_new_item(entry) for entry in read.entries if isinstance(entry, archive.ItemLine)]
    kept = {item.thing async for item in kept_items(node) if is_kept(item)}
    fresh = [item for item in items if item.thing not in kept]
    for start in range(0, len(fresh), SAVE_BATCH):
        batch = fresh[start : start + SAVE_BATCH]
        await node.store.library.save_many(batch)
        counts["items"] += len(batch)
    for entry in read.entries:
        name, is_new = await _take_entry(node, entry)
        counts[name] += is_new
    return {name: counts[name] for name in COUNTED}


async def _take_entry(node: Node, entry: archive.PrivateEntry) -> tuple[str, bool]:
    library, now = node.store.library, node.clock.now()
    match entry:
        case archive.NoteLine():
            return "notes", await _take_note(node, entry)
        case archive.MuteLine():
            return "mutes", await library.mute(entry.target, _moment(entry.since))
        case archive.BlockLine():
            return "blocks", await library.block(entry.target, _moment(entry.since))
        case archive.LabelListLine():
            known = {(one.labeller, one.label) for one in await library.label_lists()}
            is_new = (entry.labeller, entry.label) not in known and await library.use_labels(
                entry.labeller, entry.label, Effect(entry.effect), _moment(entry.since)
            )
            return "label_lists", is_new
        case archive.DoneLine():
            return "done", await library.do(entry.thing, _moment(entry.since))
        case archive.PrivateFollowLine():
            return "private_follows", await library.follow_privately(entry.did, now)
        case _:
            return "others", False


async def _take_note(node: Node, entry: archive.NoteLine) -> bool:
    item = await node.store.library.item(entry.thing)
    if item is not None and item.note:
        return False
    await node.store.library.note(entry.thing, entry.text, saved=_moment(entry.saved))
    return True


def _new_item(entry: archive.ItemLine) -> NewItem:
    return NewItem(entry.thing, entry.title, entry.summary, entry.topics, _moment(entry.saved))


def _moment(seconds: float) -> float:
    """A time that lists and calendars can hold, whatever the file says."""
    return min(max(seconds, 0.0), limits.MAX_TIMESTAMP)


async def _remember_former(node: Node, read: Archive) -> None:
    """The export's author, unless that is me, and all whom that was before, are whom I was before."""
    dids = [entry.did for entry in read.entries if isinstance(entry, archive.FormerLine)]
    former = dict.fromkeys([*await _former(node), *dids, read.opening.author])
    former.pop(node.keys.did, None)
    await node.store.settings.put(FORMER, " ".join(former))
    if read.opening.author in former:
        await node.store.library.follow_privately(read.opening.author, node.clock.now())


async def _former(node: Node) -> list[str]:
    return (await node.store.settings.get(FORMER) or "").split()


def _next_step(node: Node, is_me: bool) -> str:
    if node.keys.is_copy:
        return Code.RESTORED_COPY.next_step
    if is_me:
        return "Everything of the export is here."
    return (
        "What you published before stays under your earlier name, which you now follow. "
        "You publish under the new one."
    )
