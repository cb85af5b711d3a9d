"""The file of `hedgerow export`: everything of one's own as JSON lines, open to any program.

UTF-8, one JSON object a line, each with a `type`:

    hedgerow-export  first: version (1), author (did:key), inception (base64 of the message), made (Unix seconds)
    message          id, bytes (base64 of the message as it travels; what was withdrawn has no body), and for
                     people to read: kind, ts, state ("said" or "withdrawn"), topics and the fields of its kind
    item             thing, title, summary, topics, saved: of the private library
    note             thing, text, saved
    mute, block      target, since
    label-list       labeller (a did), label, effect ("hide" or "warn"), since
    private-follow   did
    done             thing, since: a step of a trail that was done
    former           did: an earlier identity of the same person, whose messages are in the file too
    keys             files (base64 of PEM by name), locked with a passphrase; only when asked for
    end              last: lines (how many stand before it), sha256 (hexadecimal, of all bytes before it)

A reader leaves aside what it does not know: types, and fields of known types.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias, assert_never

import msgspec

from hedgerow_node.commands.explaining import kind_name
from hedgerow_node.keystore import check_inception
from hedgerow_node.node import OnProgress, ignore_progress
from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import limits
from hedgerow_protocol.errors import ProtocolError, RemoteProtocolError
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import did_of, key_of
from hedgerow_protocol.kinds import (
    STATEMENTS,
    Body,
    Comment,
    Kind,
    Resource,
    Role,
    Step,
    decode_body,
    encode_body,
)
from hedgerow_protocol.log_entry import decode_entry
from hedgerow_protocol.message import Message, decode_message, verify
from hedgerow_protocol.things import as_thing, message_thing

FORMAT = "hedgerow-export"
VERSION = 1
MEDIA_TYPE = "application/jsonl"
READ_SLICE = 500
"""Lines that are checked in one go, aside from the event loop."""


class Line(msgspec.Struct, kw_only=True, tag_field="type"):
    """The base of every line."""


class Opening(Line, tag=FORMAT):
    """Whose export this is."""

    version: int
    author: str
    inception: bytes
    made: int


class MessageLine(Line, tag="message"):
    """A message; only its bytes count when it is read again."""

    id: str
    data: bytes = msgspec.field(name="bytes")
    kind: str = ""
    ts: int = 0
    state: str = ""
    topics: tuple[str, ...] = ()
    says: dict[str, object] = {}


class ItemLine(Line, tag="item"):
    """A thing in the private library."""

    thing: str
    title: str = ""
    summary: str = ""
    topics: tuple[str, ...] = ()
    saved: float = 0.0


class NoteLine(Line, tag="note"):
    """A private note."""

    thing: str
    text: str
    saved: float = 0.0


class MuteLine(Line, tag="mute"):
    """Somebody, or something, that is hidden."""

    target: str
    since: float = 0.0


class BlockLine(Line, tag="block"):
    """Somebody whose messages are not carried."""

    target: str
    since: float = 0.0


class PrivateFollowLine(Line, tag="private-follow"):
    """Somebody who is followed without a word."""

    did: str


class DoneLine(Line, tag="done"):
    """A thing that a trail leads through, and that was done."""

    thing: str
    since: float = 0.0


class LabelListLine(Line, tag="label-list"):
    """Labels of somebody by which things are hidden, or shown with a warning."""

    labeller: str
    label: str
    effect: Literal["hide", "warn"] = "warn"
    since: float = 0.0


class FormerLine(Line, tag="former"):
    """An earlier identity of the same person."""

    did: str


class KeysLine(Line, tag="keys"):
    """Locked PEM files by name, and the salt of their passphrase."""

    files: dict[str, bytes]


class Ending(Line, tag="end"):
    """What stands before it."""

    lines: int
    sha256: str


PrivateEntry: TypeAlias = (
    ItemLine
    | NoteLine
    | MuteLine
    | BlockLine
    | LabelListLine
    | PrivateFollowLine
    | DoneLine
    | FormerLine
    | KeysLine
)
Entry: TypeAlias = MessageLine | PrivateEntry
ENTRIES: dict[str, type[Entry]] = {
    "message": MessageLine,
    "item": ItemLine,
    "note": NoteLine,
    "mute": MuteLine,
    "block": BlockLine,
    "label-list": LabelListLine,
    "private-follow": PrivateFollowLine,
    "done": DoneLine,
    "former": FormerLine,
    "keys": KeysLine,
}


class _Typed(msgspec.Struct):
    type: str


@dataclass(frozen=True, slots=True)
class Archive:
    """A whole export that was read: its end was there, and every message in it is what its author signed."""

    opening: Opening
    inception: Message
    messages: tuple[Message, ...]
    entries: tuple[PrivateEntry, ...]
    unknown: int
    """Lines of types that are not known here."""


async def written(opening: Opening, entries: AsyncIterator[Entry]) -> AsyncIterator[bytes]:
    """The lines of an export, from its opening to its end."""
    digest = hashlib.sha256()
    lines = 1
    line = _line(opening)
    digest.update(line)
    yield line
    async for entry in entries:
        line = _line(entry)
        digest.update(line)
        lines += 1
        yield line
    yield _line(Ending(lines=lines, sha256=digest.hexdigest()))


def message_line(message: Message) -> MessageLine:
    """A message as an export carries it."""
    body = None if message.body is None else decode_body(message.header.kind, message.body)
    return MessageLine(
        id=message_thing(message.id),
        data=message.encode(),
        kind=kind_name(message.header.kind),
        ts=message.header.ts,
        state="withdrawn" if body is None else "said",
        topics=() if body is None else body.topics,
        says={} if body is None else _says(body),
    )


async def read(data: bytes, on_progress: OnProgress = ignore_progress) -> Archive:
    """The export in `data`, checked to its end; raises `Problem`, and then nothing of it may be used."""
    lines = data.splitlines(keepends=True)
    opening = _opening(lines[0] if lines else b"")
    _check_ending(lines)
    messages: list[Message] = []
    entries: list[PrivateEntry] = []
    unknown = 0
    for start in range(1, len(lines) - 1, READ_SLICE):
        part = lines[start : min(start + READ_SLICE, len(lines) - 1)]
        for entry in await asyncio.to_thread(_entries, part, start + 1):
            match entry:
                case Message():
                    messages.append(entry)
                case None:
                    unknown += 1
                case _:
                    entries.append(entry)
        on_progress(start + len(part), len(lines))
    return _authorised(Archive(opening, _inception(opening), tuple(messages), tuple(entries), unknown))


def _line(line: Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def _says(body: Body) -> dict[str, object]:
    known = STATEMENTS.get(body.content.kind)
    if known is None:
        return {}
    return {field.name: _readable(getattr(body.content, field.name)) for field in fields(known)}


def _readable(value: object) -> object:
    match value:
        case Step():
            return value._asdict()
        case bytes():
            return value.hex()
        case tuple():
            return [_readable(one) for one in value]
        case _:
            return value


def _opening(line: bytes) -> Opening:
    try:
        opening = msgspec.json.decode(line, type=Opening)
    except msgspec.MsgspecError:
        raise Problem(Code.NOT_AN_EXPORT, "it does not begin as one") from None
    if opening.version != VERSION:
        raise Problem(Code.EXPORT_NEWER, f"it has version {opening.version}; this program reads {VERSION}")
    return opening


def _check_ending(lines: Sequence[bytes]) -> None:
    try:
        ending = msgspec.json.decode(lines[-1], type=Ending)
    except msgspec.MsgspecError:
        raise Problem(Code.EXPORT_DAMAGED, "its end is missing") from None
    digest = hashlib.sha256()
    for line in lines[:-1]:
        digest.update(line)
    if ending.lines != len(lines) - 1 or ending.sha256 != digest.hexdigest():
        raise Problem(Code.EXPORT_DAMAGED, "something in it was changed after it was written")


def _entries(lines: Sequence[bytes], first: int) -> list[Message | PrivateEntry | None]:
    return [_entry(line, number) for number, line in enumerate(lines, start=first)]


def _entry(line: bytes, number: int) -> Message | PrivateEntry | None:
    try:
        entry_type = ENTRIES.get(msgspec.json.decode(line, type=_Typed).type)
        if entry_type is None:
            return None
        return _checked(msgspec.json.decode(line, type=entry_type))
    except (msgspec.MsgspecError, ProtocolError) as error:
        raise Problem(Code.EXPORT_DAMAGED, f"line {number}: {error}") from None


def _checked(entry: Entry) -> Message | PrivateEntry:
    match entry:
        case MessageLine():
            return _message(entry.data)
        case ItemLine():
            # What could not be shared must not come in either.
            resource = Resource(entry.thing, entry.title, entry.summary)
            encode_body(Body(bytes(limits.NONCE), resource, entry.topics))
        case NoteLine():
            as_thing(entry.thing, "the thing")
            encode_body(Body(bytes(limits.NONCE), Comment(entry.thing, Role.COMMENT, entry.text)))
        case MuteLine() | BlockLine():
            as_thing(entry.target, "the target")
        case DoneLine():
            as_thing(entry.thing, "the thing")
        case LabelListLine():
            key_of(entry.labeller)
        case PrivateFollowLine() | FormerLine():
            key_of(entry.did)
        case KeysLine():
            pass
        case _:
            assert_never(entry)
    return entry


def _message(data: bytes) -> Message:
    message = decode_message(data)
    verify(message)
    if message.header.kind == Kind.IDENTITY:
        decode_entry(message)
    elif message.body is not None:
        decode_body(message.header.kind, message.body)
    return message


def _inception(opening: Opening) -> Message:
    try:
        inception = decode_message(opening.inception)
    except RemoteProtocolError as error:
        raise Problem(Code.EXPORT_DAMAGED, f"line 1: {error}") from None
    check_inception(inception)
    if did_of(inception.header.author) != opening.author:
        raise Problem(Code.EXPORT_DAMAGED, "line 1: the inception is that of somebody else")
    return inception


def _authorised(archive: Archive) -> Archive:
    """Raises `Problem` for a message of somebody else, or of a device that does not speak for its author."""
    former = [key_of(entry.did) for entry in archive.entries if isinstance(entry, FormerLine)]
    authors = {archive.inception.header.author, *former}
    identities = Identities()
    for message in (archive.inception, *archive.messages):
        if message.header.kind == Kind.IDENTITY:
            identities.learn(message)
    for message in archive.messages:
        # What only a cut may reach is judged by the store, which has the chains.
        is_possible = identities.is_authorised(message) or identities.may_count(message)
        if message.header.author not in authors or not is_possible:
            raise Problem(
                Code.EXPORT_DAMAGED, f"{message_thing(message.id)} is not signed by its author's device"
            )
    return archive
