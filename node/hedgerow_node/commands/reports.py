"""Reports: telling whoever runs a seed of a thing, and reading what one was told oneself."""

from typing import Annotated

import msgspec

from hedgerow_node.commands import words
from hedgerow_node.commands.links import network_of
from hedgerow_node.commands.naming import thing_named
from hedgerow_node.commands.operation import Json, Limit, Request
from hedgerow_node.commands.statements import SaidText
from hedgerow_node.config import ACCEPT_PATIENCE, USUAL_PAGE
from hedgerow_node.network import Network
from hedgerow_node.node import Node
from hedgerow_node.problems import Code, Problem, not_allowed
from hedgerow_node.reporting import Heard
from hedgerow_node.store.reports import Report
from hedgerow_protocol import limits
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from hedgerow_protocol.frame import Hearing, decode_frame, encode_frame
from hedgerow_protocol.frame import Report as ReportFrame
from hedgerow_protocol.keys import AuthorKey, did_of

SAID = {
    Hearing.TAKEN: "They have it. What they do about it is up to them.",
    Hearing.FULL: "They have too many reports waiting. Try again tomorrow.",
    Hearing.NOT_HERE: "Nobody takes reports there.",
}
Number = Annotated[int, msgspec.Meta(ge=1, le=limits.MAX_UINT)]


class ReportThing(Request):
    """A thing, a word for what is wrong with it, and why; for those who run the seeds, and nobody else."""

    thing: str
    label: SaidText
    reason: SaidText
    to: str = ""
    """Only this seed: its did, or that of its device. Empty: every seed that one is connected to."""


class ListReports(Request):
    """A page of what one was told, in the order in which it came."""

    settled: bool = False
    """Those that were settled, instead of those that wait."""
    cursor: str = ""
    limit: Limit = USUAL_PAGE


class OneReport(Request):
    """A report by its number."""

    number: Number


async def report(node: Node, request: ReportThing) -> Json:
    """Tell whoever runs the seeds that one is connected to of a thing; nobody else learns of it."""
    thing = await thing_named(node, request.thing)
    label, reason = words.line(request.label), words.text(request.reason)
    _check(thing, label, reason)
    async with network_of(node) as network:
        heard = await _told(network, request.to.strip(), thing, label, reason)
    names = await node.store.views.names([one.owner for one in heard if one.owner is not None])
    return {"thing": thing, "label": label, "told": [_plain_heard(one, names) for one in heard]}


async def reports(node: Node, request: ListReports) -> Json:
    """List what one was told by others, in the order in which it came."""
    after = _after(request.cursor)
    read = node.store.reports.settled if request.settled else node.store.reports.waiting
    found = await read(request.limit + 1, after)
    shown = found[: request.limit]
    people = [one.told.author for one in shown if one.told.author is not None]
    names = await node.store.views.names(people)
    titles = await node.store.views.titles([one.told.thing for one in shown])
    return {
        "results": [_plain(one, names, titles) for one in shown],
        "next": str(shown[-1].row) if len(found) > len(shown) else None,
        "waiting": await node.store.reports.count(),
    }


async def settle(node: Node, request: OneReport) -> Json:
    """Take a report off the list: one did what was to be done."""
    if not await node.store.reports.settle(request.number, node.clock.now()):
        raise Problem(Code.NO_SUCH_REPORT, str(request.number))
    return {"number": request.number, "settled": True}


async def _told(network: Network, to: str, thing: str, label: str, reason: str) -> list[Heard]:
    links = await network.seeds(ACCEPT_PATIENCE)
    wanted = [link for link in links if not to or to in network.names_of(link)]
    heard = await network.reports.send(wanted, thing, label, reason)
    if not heard:
        raise Problem(Code.NOBODY_TO_TELL, to)
    return heard


def _check(thing: str, label: str, reason: str) -> None:
    """Raises `Problem` for what no frame could hold."""
    try:
        decode_frame(encode_frame(ReportFrame(0, thing, label, reason)))
    except LocalProtocolError as error:
        raise not_allowed(error) from None
    except RemoteProtocolError as error:
        raise Problem(Code.NOT_ALLOWED, error.detail) from None


def _plain_heard(one: Heard, names: dict[AuthorKey, str]) -> Json:
    return {
        "did": None if one.owner is None else did_of(one.owner),
        "device": did_of(one.peer.device),
        "name": "" if one.owner is None else names.get(one.owner, ""),
        "taken": one.hearing is Hearing.TAKEN,
        "words": SAID[one.hearing],
    }


def _plain(one: Report, names: dict[AuthorKey, str], titles: dict[str, str]) -> Json:
    author = one.told.author
    return {
        "number": one.row,
        "thing": one.told.thing,
        "title": titles.get(one.told.thing, one.told.thing),
        "label": one.told.label,
        "reason": one.told.reason,
        "did": None if author is None else did_of(author),
        "device": did_of(one.told.device),
        "name": "" if author is None else names.get(author, ""),
        "at": one.at,
        "settled": one.settled,
    }


def _after(cursor: str) -> int:
    if cursor and not (cursor.isascii() and cursor.isdecimal() and int(cursor) <= limits.MAX_UINT):
        raise Problem(Code.CURSOR_WRONG)
    return int(cursor) if cursor else 0
