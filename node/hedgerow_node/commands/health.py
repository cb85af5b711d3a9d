"""How the node is: the status for every day, and the doctor who looks for faults."""

import os
import shlex
import shutil
import stat
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hedgerow_node.clock import Clock
from hedgerow_node.commands import words
from hedgerow_node.commands.keeping import kept
from hedgerow_node.commands.operation import Json, Request
from hedgerow_node.commands.people import profile_of
from hedgerow_node.commands.transfer import own_messages
from hedgerow_node.commands.waiting import ShowReach, at_the_door, reach
from hedgerow_node.config import CLOCK_TOLERANCE, EARLIEST_CLOCK, MIN_FREE_DISK, OTHERS, Home
from hedgerow_node.key_files import Secret
from hedgerow_node.limiting import table
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem
from hedgerow_node.seed.settings import notices, read
from hedgerow_node.store import erasure
from hedgerow_node.store.journal import Journal
from hedgerow_protocol import limits
from hedgerow_protocol.filter import Filter
from hedgerow_protocol.keys import public_key
from hedgerow_protocol.limits import KIB, MIB
from hedgerow_protocol.message import MessageId

GIB = KIB * MIB
SHOWN = 5
"""How many of many faults are named."""
WHOSE = "Make it belong to you: chown and chmod, or another folder with --home."
FREE_SPACE = "Free some space on this disk."


class Status(Request):
    """How the node is."""


class Limits(Request):
    """How much is allowed."""


class Doctor(Request):
    """Look for faults."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    title: str
    """What was found."""
    next: str = ""
    """What to do about it; empty when all is well."""


async def status(node: Node, request: Status) -> Json:
    """Show who one is here, how much there is, and to whom the node is connected."""
    counts = await node.store.messages.counts()
    return {
        "did": node.keys.did,
        "name": (await profile_of(node)).name,
        "home": str(node.home.path),
        "messages": counts.messages,
        "own_messages": counts.own,
        "not_yet_searchable": counts.unindexed,
        "resources": await node.store.views.resources(),
        "people": await node.store.views.count_people(),
        "links": node.network.links() if node.network is not None else [],
        "waiting": len((await at_the_door(node)).people),
        "reach": await reach(node, ShowReach()),
        "database_bytes": node.store.size(),
        "kept": await kept(node),
        "words_confirmed": not node.keys.has_words,
        "passphrase": node.keys.has_passphrase,
        "restored_copy": node.keys.is_copy,
        "notices": [{"title": check.title, "next": check.next} for check in _notices(node) if not check.ok],
        "noted": node.network.noted() if node.network is not None else [],
        "limits": _limits(node),
    }


async def limits_table(node: Node, request: Limits) -> Json:
    """Show every limit: its number, what happens at it, and how often it was met since the node started."""
    return {"limits": _limits(node)}


def _limits(node: Node) -> list[Json]:
    return table(node.network.hits() if node.network is not None else {})


async def doctor(node: Node, request: Doctor) -> Json:
    """Look for faults in the folder, the keys, the database and the journal, and say what to do about them."""
    looks = (_clock, _database, _journal, _erasure)
    looked = [await _looked(look, node) for look in looks]
    return _report(
        [
            _folder(node.home),
            _disk(node.home),
            _keys(node),
            *_door(node),
            *_identity(node),
            *_seed(node.home),
            *looked,
        ]
    )


def _seed(home: Home) -> list[Check]:
    """Whether the file of a seed is understood, and what of it is seldom meant."""
    if not home.seed.exists():
        return []
    try:
        found = notices(read(home.seed))
    except Problem as problem:
        return [Check("seed", False, f"{problem.title}: {problem.detail}.", problem.next_step)]
    advice = [Check("advice", False, one.title, one.next) for one in found]
    return [Check("seed", True, "The file seed.toml is understood."), *advice]


async def _looked(look: Callable[[Node], Awaitable[Check]], node: Node) -> Check:
    """A fault that stops one check must not hide what the others find."""
    try:
        return await look(node)
    except Problem as problem:
        name = look.__name__.removeprefix("_")
        return Check(name, False, f"{problem.title}: {problem.detail}.", problem.next_step)


def examine_closed(home: Home, clock: Clock, problem: Problem) -> Json:
    """What can be said of a home that could not be opened because of `problem`."""
    opened = Check("opening", False, f"{problem.title}: {problem.detail}", problem.next_step)
    if not home.path.exists():
        return _report([opened])
    return _report([opened, _folder(home), _disk(home), _plain_clock(clock.now())])


def _report(checks: list[Check]) -> Json:
    return {"ok": all(check.ok for check in checks), "checks": msgspec.to_builtins(checks)}


def _folder(home: Home) -> Check:
    try:
        loose = [path for path in _files(home.path) if _is_open_to_others(path)]
    except OSError as error:
        return Check("folder", False, f"{error.filename} cannot be read: {error.strerror}.", WHOSE)
    if not loose:
        return Check("folder", True, f"Nobody else on this computer can read {home.path}.")
    return Check(
        "folder",
        False,
        f"Others on this computer can reach {_some([str(path) for path in loose])}.",
        f"Run: chmod -R go-rwx {shlex.quote(str(home.path))}",
    )


def _files(folder: Path) -> Iterator[Path]:
    yield folder
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        else:
            yield path


def _is_open_to_others(path: Path) -> bool:
    found = path.lstat()
    is_foreign = found.st_uid != os.getuid()
    return is_foreign or (not stat.S_ISLNK(found.st_mode) and bool(found.st_mode & OTHERS))


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(home.path).free
    if free >= MIN_FREE_DISK:
        return Check("disk", True, f"{free / GIB:,.1f} GiB are free on the disk.")
    return Check(
        "disk",
        False,
        f"Only {free // MIB} MiB are free on the disk; below {MIN_FREE_DISK // MIB} nothing is taken in from others.",
        FREE_SPACE,
    )


def _notices(node: Node) -> list[Check]:
    """What the owner should know without asking the doctor."""
    checks = [*_door(node), *_identity(node)]
    if node.network is None or not node.network.is_full:
        return checks
    title = "The disk is nearly full: nothing is taken in from others until there is room."
    return [Check("room", False, title, FREE_SPACE), *checks]


def _door(node: Node) -> list[Check]:
    """Whether whoever comes in can be told apart."""
    proxy = node.network.unnamed_proxy if node.network is not None else None
    if proxy is None:
        return []
    title = f"A proxy at {proxy} says who calls and is not believed: all who come through it count as one."
    step = f"If it is yours and sets X-Forwarded-For itself, name it: hedgerow run --proxy {proxy}."
    return [Check("proxy", False, title, step)]


def _plain_clock(now: float) -> Check:
    title = f"The clock says {words.day(now)}."
    if EARLIEST_CLOCK <= now <= limits.MAX_TIMESTAMP:
        return Check("clock", True, title)
    return Check("clock", False, title, Code.CLOCK_WRONG.next_step)


async def _clock(node: Node) -> Check:
    now = node.clock.now()
    times, _ = await node.store.messages.items(Filter.of_authors({node.author}), control=False)
    ahead = (times[-1] if times else 0) - now
    if ahead <= CLOCK_TOLERANCE:
        return _plain_clock(now)
    return Check(
        "clock",
        False,
        f"Your latest message is dated {round(ahead)} seconds after now: the clock is wrong, or was.",
        Code.CLOCK_WRONG.next_step,
    )


def _keys(node: Node) -> Check:
    try:
        secrets = node.keys.secrets()
    except Problem as problem:
        return Check("keys", False, f"{problem.title}: {problem.detail}.", problem.next_step)
    if public_key(secrets[Secret.DEVICE]) != node.device:
        return Check(
            "keys", False, "The device key was exchanged while Hedgerow ran.", Code.KEYS_DAMAGED.next_step
        )
    return Check("keys", True, "All keys can be read.")


def _identity(node: Node) -> list[Check]:
    checks = [Check("words", True, "The 24 words were confirmed and are only where you keep them.")]
    if node.keys.has_words:
        title = "Nobody has written down the 24 words that bring your identity back."
        checks = [Check("words", False, title, "Write them down: hedgerow identity words.")]
    if node.keys.is_copy:
        checks.append(_told("copy", Code.RESTORED_COPY))
    return [*checks, *_log(node)]


def _log(node: Node) -> list[Check]:
    """What is wrong with the log of one's own."""
    if node.identities.has_left(node.author):
        return [_told("closed", Code.IDENTITY_CLOSED)]
    checks = [] if node.speaks or node.keys.is_copy else [_told("device", Code.DEVICE_REMOVED)]
    if node.identities.is_contested(node.author):
        title = "More than one log claims to be yours: somebody had your words, or a key of yours."
        checks.append(Check("contest", False, title, "Take it back: hedgerow identity restore."))
    return checks


def _told(name: str, code: Code) -> Check:
    return Check(name, False, code.title + ".", code.next_step)


async def _database(node: Node) -> Check:
    faults = await node.store.database.check()
    if not faults:
        return Check("database", True, "Every page of the database is as it was written.")
    return Check(
        "database", False, f"The database is damaged: {_some(faults)}.", Code.STORE_DAMAGED.next_step
    )


async def _journal(node: Node) -> Check:
    """Whether the journal could make the database's own messages anew, and keeps nothing that was erased."""
    is_damaged, journaled = await node.store.database.alone(lambda db: _read_journal(node.store.journal))
    held = {message.id: message.body is not None async for message in own_messages(node, {node.author})}
    lacking = [one for one, has_body in held.items() if has_body and not journaled.get(one)]
    unknown = journaled.keys() - held.keys()
    lost = unknown - await node.store.messages.known(unknown)
    faults = [
        (is_damaged, "a part of it cannot be read"),
        (bool(lacking), f"{len(lacking)} of your messages are missing in it"),
        (bool(lost), f"{len(lost)} messages stand only in it"),
    ]
    found = [words for is_so, words in faults if is_so]
    if not found:
        return Check(
            "journal", True, f"The journal has what the database has of your messages: {len(held):,}."
        )
    return Check(
        "journal",
        False,
        f"The journal and the database differ: {', '.join(found)}.",
        "Keep a copy now (hedgerow export FILE), then stop Hedgerow and start it again.",
    )


def _read_journal(journal: Journal) -> tuple[bool, dict[MessageId, bool]]:
    journaled: dict[MessageId, bool] = {}
    for message_id, has_body, _ in journal.entries():
        journaled[message_id] = has_body or journaled.get(message_id, False)
    return journal.is_damaged, journaled


async def _erasure(node: Node) -> Check:
    if not await erasure.is_due(node.store):
        return Check("erasure", True, "What was withdrawn is erased from every file.")
    if node.is_erasing:
        return Check("erasure", True, "What was withdrawn is being erased from every file.")
    return Check(
        "erasure",
        False,
        "Text that was withdrawn is not yet erased from every file.",
        "It is done by itself within a minute; if this stays, stop Hedgerow and start it again.",
    )


def _some(found: Sequence[str]) -> str:
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more
