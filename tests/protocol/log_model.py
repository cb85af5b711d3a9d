"""A second reading of specs/01-identity.md, written from its rules, slow and plain, to compare with the code.

An entry is a dictionary of what its message says; nothing of the package is used but the hash.
"""

from collections.abc import Iterable
from typing import TypedDict

from hedgerow_protocol.keys import commitment


class Row(TypedDict):
    """One entry."""

    id: bytes
    author: bytes
    signer: bytes
    op: int
    idx: int
    prev: bytes | None
    root: bytes
    next: bytes | None
    devices: list[tuple[bytes, int]]
    removals: list[tuple[bytes, tuple[tuple[int, bytes], ...]]]


Cut = tuple[tuple[int, bytes], ...]
Devices = tuple[frozenset[tuple[bytes, int]], frozenset[tuple[bytes, Cut]]]
"""The live devices, and the removed ones with their cuts."""


def openings(rows: list[Row]) -> list[Row]:
    """ID-19, 1 and 2."""
    found = [row for row in rows if row["op"] == 0]
    while True:
        commitments = {row["next"] for row in found}
        more = [
            row
            for row in rows
            if row["op"] == 2 and row not in found and commitment(row["signer"]) in commitments
        ]
        if not more:
            return found
        found += more


def before(row: Row, rows: list[Row]) -> Row | None:
    """The entry that log_prev names, where idx is one lower."""
    return next((one for one in rows if one["id"] == row["prev"] and one["idx"] == row["idx"] - 1), None)


def joined(rotate: Row, rows: list[Row]) -> list[Row] | None:
    """ID-20: the epoch before this rotate, opening first, or None."""
    epoch: list[Row] = []
    one = before(rotate, rows)
    while one is not None and one["op"] == 1:
        epoch.insert(0, one)
        one = before(one, rows)
    if one is None or one not in openings(rows) or one["next"] != commitment(rotate["signer"]):
        return None
    if any((update["root"], update["next"]) != (one["root"], one["next"]) for update in epoch):
        return None
    return [one, *epoch]


def tail(opening: Row, rows: list[Row]) -> list[Row]:
    """ID-21, without the opening."""
    found = [opening]
    while True:
        last = found[-1]
        fitting = [
            row
            for row in rows
            if row["op"] == 1 and row["prev"] == last["id"] and row["idx"] == last["idx"] + 1
        ]
        fitting = [row for row in fitting if (row["root"], row["next"]) == (opening["root"], opening["next"])]
        if not fitting:
            return found[1:]
        found.append(min(fitting, key=lambda row: row["id"]))


def belong(rows: list[Row]) -> set[bytes]:
    """ID-19, without the bounds."""
    opened = openings(rows)
    found = {row["id"] for row in opened}
    epochs = {(row["root"], row["next"]) for row in opened}
    for rotate in (row for row in opened if row["op"] == 2):
        one = before(rotate, rows)
        while one is not None and one["op"] == 1 and one["next"] == commitment(rotate["signer"]):
            if (one["root"], one["next"]) not in epochs:
                break
            found.add(one["id"])
            one = before(one, rows)
    for opening in opened:
        if not rotates_on(opening, rows):
            found |= {row["id"] for row in tail(opening, rows)}
    return found


def rotates_on(opening: Row, rows: list[Row]) -> list[Row]:
    """The rotates joined to an opening."""
    found = []
    for rotate in (row for row in openings(rows) if row["op"] == 2):
        epoch = joined(rotate, rows)
        if epoch is not None and epoch[0] is opening:
            found.append(rotate)
    return found


def branches(rows: list[Row]) -> list[list[Row]]:
    """ID-22: the entries of each open branch."""
    found: list[list[Row]] = []

    def follow(path: list[Row]) -> None:
        opening = path[-1]
        rotates = rotates_on(opening, rows)
        for rotate in rotates:
            epoch = joined(rotate, rows)
            assert epoch is not None
            follow([*path, *epoch[1:], rotate])
        if not rotates and opening["next"] is not None:
            found.append([*path, *tail(opening, rows)])

    for row in rows:
        if row["op"] == 0:
            follow([row])
    return found


def devices(path: Iterable[Row]) -> Devices:
    """ID-23, for one branch."""
    live: dict[bytes, int] = {}
    cuts: dict[bytes, Cut] = {}
    never: set[bytes] = set()
    for row in path:
        if row["op"] != 1:
            never |= {row["author"], row["signer"], row["root"]}
            for key in [one for one in live if one not in dict(row["devices"])]:
                live.pop(key)
                cuts[key] = ()
        for key, cut in row["removals"]:
            if key not in never:
                live.pop(key, None)
                cuts[key] = cut
        for key, capabilities in row["devices"]:
            if key not in live and key not in cuts and key not in never and len(live) < 32:
                live[key] = capabilities
        cuts = {key: cut for key, cut in cuts.items() if key not in never}
    return frozenset(live.items()), frozenset(cuts.items())


def standing(cuts: list[Cut], held: list[tuple[bytes, int, bytes | None]]) -> dict[bytes, str]:
    """ID-26 and ID-27 for the messages held of one removed device, as (id, seq, prev)."""
    found = {key: "off" for key, _, _ in held}
    for cut in cuts:
        for (top, tip), bound in zip(cut, [*(seq for seq, _ in cut), 0][1:], strict=True):
            seq, wanted = top, tip
            while seq > bound:
                link = next((one for one in held if one[0] == wanted and one[1] == seq), None)
                if link is None:
                    for key, place, _ in held:
                        if bound < place < seq and found[key] == "off":
                            found[key] = "undecided"
                    break
                found[link[0]] = "authorised"
                if link[2] is None:
                    break
                seq, wanted = seq - 1, link[2]
    return found
