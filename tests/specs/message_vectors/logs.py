"""Cases of specs/01-identity.md: updates and rotates, whole logs with what they say of other messages, forks.

Who is who: the log begins with `genesis`, root 0 and the laptop. A name in a story is the seed of a key.
"""

from dataclasses import dataclass
from typing import TypeAlias

from specs.message_vectors.actors import (
    AUTHOR,
    GENESIS,
    LAPTOP,
    LAPTOP_KEY,
    NET,
    NONCE,
    PHONE,
    PHONE_KEY,
    ROOT,
    ROOT_KEY,
    STRANGER,
    STRANGER_KEY,
    TIME,
    digest,
    header,
    ids,
    key_of,
    message,
    seed_of,
)
from specs.message_vectors.writer import Json, ok, pack, refused, shown

WORDS = [seed_of(f"recovery {number}") for number in range(4)]
"""Recovery keys, by their numbers from 1."""
ROOTS = [ROOT, *(seed_of(f"root {number}") for number in range(1, 4))]
TABLET = seed_of("tablet")
TABLET_KEY = key_of(TABLET)
NAMES = ("op", "idx", "log_prev", "root", "next", "devices", "removals")
AUTHORISED, OFF, UNDECIDED = "authorised", "off", "undecided"
Cut: TypeAlias = list[list[object]]


def committed(number: int) -> bytes:
    """The commitment to a recovery key."""
    return digest("next", key_of(WORDS[number]))


@dataclass(frozen=True)
class Entry:
    """A signed message of the author."""

    data: bytes
    header: bytes
    positions: list[object]
    """Of the body."""
    seq: int = 1

    @property
    def id(self) -> bytes:
        """Its id."""
        return digest("message", self.header)

    @property
    def idx(self) -> int:
        """Its place in the log."""
        found = self.positions[4]
        assert isinstance(found, int)
        return found


def signed(positions: list[object], seed: bytes, **changes: object) -> Entry:
    """A message of kind 0, unless the header is changed."""
    data = pack(positions)
    head = pack(header(data, **{"kind": 0, "device": key_of(seed)} | changes))
    return Entry(pack(message(head, data, seed)), head, positions, _number(changes, "seq", 1))


def lists(added: tuple[bytes, ...], removed: dict[bytes, Cut]) -> list[object]:
    """Devices and removals, by seeds, in the order that the rules ask for."""
    devices: list[list[object]] = [[key, 3] for key in sorted(map(key_of, added))]
    return [devices, [[key, cut] for key, cut in sorted((key_of(one), cut) for one, cut in removed.items())]]


def inception(*devices: bytes, nonce: bytes = NONCE, recovery: int = 1) -> Entry:
    """The inception, by the seeds of its devices."""
    granted, removed = lists(devices or (LAPTOP,), {})
    return signed([nonce, [], [], 0, 0, None, ROOT_KEY, committed(recovery), granted, removed], GENESIS)


def update(
    after: Entry, added: tuple[bytes, ...] = (), removed: dict[bytes, Cut] | None = None, **changes: object
) -> Entry:
    """An update by root 0, or by what `changes` say: number of the root, next, idx, nonce."""
    root, place = ROOTS[_number(changes, "root", 0)], _number(changes, "seq", 1)
    nonce, idx = changes.get("nonce", NONCE), changes.get("idx", after.idx + 1)
    following = changes.get("next", committed(_number(changes, "recovery", 1)))
    content = [1, idx, after.id, key_of(root), following, *lists(added, removed or {})]
    prev = None if place == 1 else ids(1)[0]
    return signed([nonce, [], [], *content], root, seq=place, prev=prev)


def rotate(
    after: Entry,
    number: int,
    devices: tuple[bytes, ...],
    removed: dict[bytes, Cut] | None = None,
    **changes: object,
) -> Entry:
    """A rotate by recovery key `number` to the root of this number, committing to the next."""
    root, following = (
        key_of(ROOTS[_number(changes, "root", number)]),
        committed(_number(changes, "recovery", number + 1)),
    )
    nonce, idx = changes.get("nonce", NONCE), changes.get("idx", after.idx + 1)
    content = [2, idx, after.id, root, following, *lists(devices, removed or {})]
    return signed([nonce, [], [], *content], WORDS[number])


def close(after: Entry, number: int, nonce: bytes = NONCE) -> Entry:
    """The entry by which recovery key `number` closes."""
    return signed([nonce, [], [], 2, after.idx + 1, after.id, bytes(32), None, [], []], WORDS[number])


def _number(changes: dict[str, object], name: str, otherwise: int) -> int:
    value = changes.get(name, otherwise)
    assert isinstance(value, int)
    return value


# --- Updates and rotates by themselves -------------------------------------------------------------------


def change_cases() -> list[Json]:
    """Updates and rotates: messages of kind 0 that their bytes alone let pass or not."""
    return [*_good_changes(), *_wrong_updates(), *_wrong_rotates(), *_wrong_closes(), *_copied()]


def _update(seed: bytes = ROOT, **changes: object) -> Entry:
    names: dict[str, object] = {"nonce": NONCE, "topics": [], "refs": [], "op": 1, "idx": 1}
    names |= {"log_prev": ids(1)[0], "root": key_of(seed), "next": committed(1), "devices": [[PHONE_KEY, 3]]}
    names |= {"removals": [[LAPTOP_KEY, [[9, ids(2)[0]], [1, ids(2)[1]]]]]}
    head = {name: changes.pop(name) for name in ("seq", "prev") if name in changes}
    assert changes.keys() <= names.keys()
    return signed(list((names | changes).values()), seed, **head)


def _rotate(seed: bytes = WORDS[1], **changes: object) -> Entry:
    return _update(seed, **{"op": 2, "root": key_of(ROOTS[1]), "next": committed(2)} | changes)


def _close(**changes: object) -> Entry:
    return _rotate(**{"root": bytes(32), "next": None, "devices": [], "removals": []} | changes)


def _many(count: int) -> list[object]:
    return [[key, 3] for key in sorted(key_of(seed_of(f"device {number}")) for number in range(count))]


def _tips(*numbers: int) -> list[object]:
    return [[LAPTOP_KEY, [[seq, ids(1)[0]] for seq in numbers]]]


def _good_changes() -> list[Json]:
    later: dict[str, object] = {"seq": 2**32 - 1, "prev": ids(1)[0]}
    rows: list[tuple[str, str, Entry]] = [
        ("ID-16", "an update", _update()),
        ("ID-16", "an update late in the chain of its root", _update(**later)),
        ("ID-16", "an update at the last place", _update(idx=1_023)),
        ("ID-16", "an update that changes nothing", _update(devices=[], removals=[])),
        ("ID-16", "an update that adds 32 devices", _update(devices=_many(32), removals=[])),
        ("ID-16", "a cut of 8 tips, the last at 1", _update(removals=_tips(*range(8, 0, -1)))),
        ("ID-16", "a removed device that is no key", _update(removals=[[bytes(32), []]])),
        ("ID-17", "a rotate", _rotate()),
        ("ID-17", "a rotate without devices", _rotate(devices=[], removals=[])),
        ("ID-17", "a rotate that commits to the key that signs it", _rotate(next=committed(1))),
        ("ID-18", "a rotate that closes", _close()),
    ]
    return [ok(rule, name, message=one.data, entry=_outcome(one.positions)) for rule, name, one in rows]


def _outcome(positions: list[object]) -> Json:
    return {name: shown(value) for name, value in zip(NAMES, positions[3:], strict=True)}


def _wrong_lists(make: str) -> list[tuple[str, str, dict[str, object]]]:
    two = _many(2)
    removals = [[key, []] for key, _ in two]  # type: ignore[misc]
    return [
        ("out_of_range", f"{make} with devices that do not ascend", {"devices": two[::-1]}),
        ("out_of_range", f"{make} that names a device twice", {"devices": two[:1] * 2}),
        ("out_of_range", f"{make} with removals that do not ascend", {"removals": removals[::-1]}),
        ("out_of_range", f"{make} that removes a device twice", {"removals": removals[:1] * 2}),
        ("out_of_range", f"{make} with tips that ascend", {"removals": _tips(1, 2)}),
        ("out_of_range", f"{make} with two tips at one seq", {"removals": _tips(2, 2)}),
        ("out_of_range", f"{make} with a tip at seq 0", {"removals": _tips(1, 0)}),
        ("bad_key", f"{make} that adds and removes a device", {"devices": [[LAPTOP_KEY, 3]]}),
        ("bad_key", f"{make} with the author as device", {"devices": [[AUTHOR, 3]]}),
        ("bad_key", f"{make} that removes the author", {"removals": [[AUTHOR, []]]}),
    ]


def _wrong_updates() -> list[Json]:
    root: list[tuple[str, str, dict[str, object]]] = [
        ("wrong_shape", "an update that another key signs than its root", {"root": STRANGER_KEY}),
        ("wrong_shape", "an update at idx 0", {"idx": 0}),
        ("wrong_shape", "an update without log_prev", {"log_prev": None}),
        ("wrong_shape", "an update without commitment", {"next": None}),
        ("out_of_range", "an update at idx 1,024", {"idx": 1_024}),
        ("out_of_range", "an update that adds 33 devices", {"devices": _many(33)}),
        ("bad_key", "an update with its root as device", {"devices": [[ROOT_KEY, 3]]}),
        ("bad_key", "an update that removes its root", {"removals": [[ROOT_KEY, []]]}),
        ("bad_key", "an update that adds a device of small order", {"devices": [[bytes(32), 3]]}),
    ]
    made = [
        (reason, name, _update(**changes)) for reason, name, changes in [*root, *_wrong_lists("an update")]
    ]
    made.append(("bad_key", "an update by the genesis key", _update(GENESIS)))
    return [refused("ID-16", reason, name, message=one.data) for reason, name, one in made]


def _wrong_rotates() -> list[Json]:
    signer = key_of(WORDS[1])
    rows: list[tuple[str, str, dict[str, object]]] = [
        ("wrong_shape", "a rotate that is the second message of its key", {"seq": 2, "prev": ids(1)[0]}),
        ("wrong_shape", "a rotate at idx 0", {"idx": 0}),
        ("wrong_shape", "a rotate without log_prev", {"log_prev": None}),
        ("bad_key", "a rotate to a root of small order", {"root": bytes(32)}),
        ("bad_key", "a rotate to its signer as root", {"root": signer}),
        ("bad_key", "a rotate to the author as root", {"root": AUTHOR}),
        ("bad_key", "a rotate with its root as device", {"devices": [[key_of(ROOTS[1]), 3]]}),
        ("bad_key", "a rotate with its signer as device", {"devices": [[signer, 3]]}),
        ("bad_key", "a rotate that removes its signer", {"removals": [[signer, []]]}),
        *_wrong_lists("a rotate"),
    ]
    made = [(reason, name, _rotate(**changes)) for reason, name, changes in rows]
    made.append(("bad_key", "a rotate by the genesis key", _rotate(GENESIS)))
    return [refused("ID-17", reason, name, message=one.data) for reason, name, one in made]


def _wrong_closes() -> list[Json]:
    rows: list[tuple[str, str, dict[str, object]]] = [
        ("wrong_shape", "a close with a root", {"root": key_of(ROOTS[1])}),
        ("wrong_shape", "a close with a device", {"devices": [[PHONE_KEY, 3]]}),
        ("wrong_shape", "a close with a removal", {"removals": [[PHONE_KEY, []]]}),
        ("wrong_shape", "a close that is a second message", {"seq": 2, "prev": ids(1)[0]}),
        ("bad_key", "a close by the genesis key", {"seed": GENESIS}),
    ]
    return [refused("ID-18", reason, name, message=_close(**changes).data) for reason, name, changes in rows]


def _copied() -> list[Json]:
    one = _update()
    body, longer = pack(one.positions), b"\xdc\x00\x0b" + one.header[1:]
    stretched = b"\xdc\x00\x0a" + body[1:]
    around = pack(header(stretched, kind=0, device=ROOT_KEY))
    rows: list[tuple[str, str, str, bytes]] = [
        ("ID-7", "not_canonical", "an update with a longer header", pack(message(longer, body, ROOT))),
        ("ID-7", "not_canonical", "an update with a longer body", pack(message(around, stretched, ROOT))),
        ("ID-7", "wrong_net", "an update of another network", signed(one.positions, ROOT, net=NET + 1).data),
        (
            "ID-16",
            "bad_signature",
            "an update that a stranger signed",
            pack(message(one.header, body, STRANGER)),
        ),
        ("ID-8", "wrong_shape", "an update without its body", pack(message(one.header, None, ROOT))),
    ]
    return [refused(rule, reason, name, message=data) for rule, reason, name, data in rows]


# --- Whole logs ------------------------------------------------------------------------------------------


class Chain:
    """What a device says for the author, one message after another."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self.said: list[Entry] = []

    def say(self, count: int = 1, *, back: int = 0, text: bytes = b"") -> list[Entry]:
        """So many more messages; with `back` they begin so many places before the end, as after a roll-back."""
        last = self.said[: len(self.said) - back]
        made: list[Entry] = []
        for _ in range(count):
            before = (last + made)[-1] if last + made else None
            seq = len(last) + len(made) + 1
            body = [NONCE, [], [], text] if text else [NONCE, [], []]
            made.append(signed(body, self.seed, kind=300, seq=seq, prev=before.id if before else None))
        self.said = last + made
        return made


Story: TypeAlias = tuple[str, str, list[Entry], dict[str, list[Entry]], int, list[int] | None]
"""Rule, name, what is held, what is in which state, open branches, which of what is held belongs to the log."""


def standing_cases() -> list[Json]:
    """Logs, and what they say of other messages; what is held is given in an order that no rule may depend on."""
    stories = [*_updated(), *_rotated(), *_contested(), *_closed(), *_cut(), *_bounds()]
    return [_case(*story) for story in stories]


def _case(
    rule: str,
    name: str,
    held: list[Entry],
    states: dict[str, list[Entry]],
    branches: int,
    belong: list[int] | None,
) -> Json:
    headers = [[one.header.hex(), state] for state, found in states.items() for one in found]
    case = ok(rule, name, held=[one.data.hex() for one in held], headers=headers, branches=branches)
    return case if belong is None else case | {"belong": belong}


def _updated() -> list[Story]:
    begin = inception()
    laptop, phone, tablet = Chain(LAPTOP).say(2), Chain(PHONE).say(), Chain(TABLET).say()
    add = update(begin, (PHONE,))
    second = update(add, (TABLET,), {LAPTOP: [[1, laptop[0].id]]}, seq=2)
    rivals = sorted((update(begin, (PHONE,)), update(begin, (TABLET,))), key=lambda one: one.id)
    low = phone if rivals[0].positions[8] == [[PHONE_KEY, 3]] else tablet
    high = tablet if low is phone else phone
    again = update(second, (LAPTOP,), seq=3)
    keep = update(begin, (), {LAPTOP: [[2, laptop[1].id]]})
    worse = update(keep, (), {LAPTOP: []}, seq=2)
    stranger = signed(
        [NONCE, [], [], 1, 1, begin.id, STRANGER_KEY, committed(1), [[PHONE_KEY, 3]], []], STRANGER
    )
    return [
        ("ID-13", "nothing is held", [], {OFF: laptop}, 0, []),
        (
            "ID-23",
            "an update adds a device",
            [add, begin],
            {AUTHORISED: laptop + phone, OFF: tablet},
            1,
            [0, 1],
        ),
        (
            "ID-23",
            "a second one removes the first device",
            [second, begin, add, laptop[0]],
            {AUTHORISED: laptop[:1] + phone + tablet, OFF: laptop[1:]},
            1,
            [0, 1, 2],
        ),
        (
            "ID-21",
            "an update whose predecessor is missing",
            [second, begin],
            {AUTHORISED: laptop, OFF: phone + tablet},
            1,
            [1],
        ),
        (
            "ID-21",
            "of two updates at one place the lower id",
            [*rivals, begin],
            {AUTHORISED: low, OFF: high},
            1,
            [0, 2],
        ),
        (
            "ID-21",
            "an update with another idx than the next",
            [update(begin, (PHONE,), idx=2), begin],
            {OFF: phone},
            1,
            [1],
        ),
        (
            "ID-21",
            "an update that changes the commitment",
            [update(begin, (PHONE,), recovery=2), begin],
            {OFF: phone},
            1,
            [1],
        ),
        ("ID-19", "an update by a key that is not the root", [stranger, begin], {OFF: phone}, 1, [1]),
        (
            "ID-23",
            "a removed device is not live again",
            [again, second, add, begin],
            {UNDECIDED: [], OFF: laptop[1:], AUTHORISED: laptop[:1] + tablet},
            1,
            [0, 1, 2, 3],
        ),
        ("ID-23", "of two cuts the later one", [worse, keep, begin, *laptop], {OFF: laptop}, 1, [0, 1, 2]),
        (
            "ID-23",
            "a device that was never live is removed",
            [update(begin, (), {PHONE: [[1, phone[0].id]]}), begin],
            {AUTHORISED: laptop + phone},
            1,
            None,
        ),
        (
            "ID-23",
            "a live device is granted other capabilities",
            [_lesser(begin), begin],
            {AUTHORISED: laptop},
            1,
            None,
        ),
        (
            "ID-13",
            "a cut of a device that might only follow",
            [update(_follower(), (), {PHONE: [[1, phone[0].id]]}, seq=2), _follower(), begin],
            {AUTHORISED: laptop + phone},
            1,
            [0, 1, 2],
        ),
        ("ID-23", "a 33rd live device", [*_crowd(begin), begin], {AUTHORISED: laptop, OFF: phone}, 1, None),
    ]


def _follower() -> Entry:
    content = [1, 1, inception().id, ROOT_KEY, committed(1), [[PHONE_KEY, 2]], []]
    return signed([NONCE, [], [], *content], ROOT)


def _lesser(begin: Entry) -> Entry:
    content = [1, 1, begin.id, ROOT_KEY, committed(1), [[LAPTOP_KEY, 2]], []]
    return signed([NONCE, [], [], *content], ROOT)


def _crowd(begin: Entry) -> list[Entry]:
    first = update(begin, tuple(seed_of(f"device {number}") for number in range(31)))
    return [first, update(first, (PHONE,), seq=2)]


def _rotated() -> list[Story]:
    begin = inception(LAPTOP, PHONE)
    laptop, phone, tablet = Chain(LAPTOP).say(3), Chain(PHONE).say(), Chain(TABLET).say()
    thief = update(begin, (TABLET,), {PHONE: []})
    back = rotate(begin, 1, (PHONE,), {LAPTOP: [[2, laptop[1].id]]})
    over = rotate(thief, 1, (PHONE,), {LAPTOP: [[2, laptop[1].id]]})
    more = update(back, (TABLET,), root=1, recovery=2)
    old = update(back, (TABLET,), root=0, recovery=2)
    second = rotate(more, 2, (PHONE,), {TABLET: [[1, tablet[0].id]]})
    forgets = rotate(begin, 1, (PHONE,))
    early = rotate(begin, 1, (PHONE, TABLET), idx=5)
    wrong = rotate(begin, 2, (TABLET,))
    as_device = inception(LAPTOP, ROOTS[1], WORDS[1])
    keyed = rotate(as_device, 1, (LAPTOP, TABLET))
    cut_off = update(begin, (), {LAPTOP: [[3, laptop[2].id]]})
    uncommitted = signed([NONCE, [], [], 0, 0, None, ROOT_KEY, PHONE_KEY, [[LAPTOP_KEY, 3]], []], GENESIS)
    content = [2, 2, cut_off.id, LAPTOP_KEY, committed(2), [[PHONE_KEY, 3]], []]
    rerooted = signed([NONCE, [], [], *content], WORDS[1])
    return [
        (
            "ID-20",
            "a rotate takes back what a thief with the root did",
            [thief, back, begin, *laptop],
            {AUTHORISED: phone + laptop[:2], OFF: tablet + laptop[2:]},
            1,
            [1, 2],
        ),
        (
            "ID-20",
            "a rotate follows an update",
            [over, begin, thief, *laptop],
            {AUTHORISED: laptop[:2], OFF: phone + tablet + laptop[2:]},
            1,
            [0, 1, 2],
        ),
        (
            "ID-20",
            "a rotate whose log_prev is missing",
            [over, begin, *laptop],
            {AUTHORISED: laptop + phone},
            1,
            [0, 1],
        ),
        ("ID-20", "the new root updates", [more, back, begin], {AUTHORISED: phone + tablet}, 1, [0, 1, 2]),
        (
            "ID-20",
            "the old root updates the new epoch",
            [old, back, begin],
            {AUTHORISED: phone, OFF: tablet},
            1,
            [1, 2],
        ),
        (
            "ID-20",
            "a second rotate by the next key",
            [second, more, back, begin, *laptop, *tablet],
            {AUTHORISED: laptop[:2] + phone + tablet, OFF: laptop[2:]},
            1,
            [0, 1, 2, 3],
        ),
        (
            "ID-19",
            "a rotate by a key that nothing commits to",
            [wrong, begin],
            {AUTHORISED: laptop, OFF: tablet},
            1,
            [1],
        ),
        (
            "ID-20",
            "a rotate with another idx than the next",
            [early, begin],
            {AUTHORISED: laptop + phone, OFF: tablet},
            1,
            [0, 1],
        ),
        (
            "ID-23",
            "a rotate forgets a device",
            [forgets, begin, *laptop],
            {AUTHORISED: phone, OFF: laptop},
            1,
            [0, 1],
        ),
        (
            "ID-23",
            "root and recovery key were devices before",
            [keyed, as_device],
            {AUTHORISED: laptop + tablet, OFF: Chain(ROOTS[1]).say() + Chain(WORDS[1]).say()},
            1,
            [0, 1],
        ),
        (
            "ID-23",
            "a device that was removed with a cut becomes a root",
            [rerooted, cut_off, begin, *laptop],
            {AUTHORISED: phone, OFF: laptop},
            1,
            [0, 1, 2],
        ),
        (
            "ID-19",
            "an operation of a later revision by the root",
            [_later(ROOT), _later(STRANGER), begin],
            {AUTHORISED: laptop},
            1,
            [0, 2],
        ),
        (
            "ID-19",
            "an operation by a key whose bytes stand in place of a commitment",
            [_later(PHONE), uncommitted],
            {AUTHORISED: laptop},
            1,
            [1],
        ),
        (
            "ID-19",
            "operations by recovery keys",
            [_later(WORDS[1]), _later(WORDS[2]), begin],
            {AUTHORISED: laptop},
            1,
            [0, 2],
        ),
    ]


def _later(seed: bytes, number: int = 0) -> Entry:
    return signed([NONCE, [], [], 16 + number], seed)


def _contested() -> list[Story]:
    one, two = inception(), inception(PHONE, nonce=bytes(16))
    laptop, phone, tablet = Chain(LAPTOP).say(2), Chain(PHONE).say(), Chain(TABLET).say()
    first = rotate(one, 1, (PHONE,), {LAPTOP: [[1, laptop[0].id]]})
    other = rotate(one, 1, (TABLET,), {LAPTOP: []}, root=2, nonce=bytes(16))
    both = rotate(one, 1, (TABLET, LAPTOP), root=2)
    end = close(other, 2)
    split = [one, *(rotate(one, 1, (PHONE,), nonce=bytes([number]) * 16, root=1) for number in range(16))]
    return [
        ("ID-22", "two inceptions", [one, two], {AUTHORISED: laptop + phone}, 2, [0, 1]),
        (
            "ID-22",
            "two rotates of one epoch",
            [other, first, one, laptop[0]],
            {AUTHORISED: phone + tablet + laptop[:1], OFF: laptop[1:]},
            2,
            [0, 1, 2],
        ),
        (
            "ID-14",
            "removed on one branch and live on the other",
            [both, first, one],
            {AUTHORISED: laptop + phone + tablet},
            2,
            None,
        ),
        (
            "ID-22",
            "closing one of two branches ends the contest",
            [end, other, first, one, laptop[0]],
            {AUTHORISED: phone + laptop[:1], OFF: tablet + laptop[1:]},
            1,
            [0, 1, 2, 3],
        ),
        ("ID-24", "16 open branches", split, {AUTHORISED: phone}, 16, None),
        (
            "ID-24",
            "17 open branches",
            [*split, rotate(one, 1, (PHONE,), root=2)],
            {OFF: phone},
            0,
            list(range(18)),
        ),
    ]


def _closed() -> list[Story]:
    begin = inception()
    laptop = Chain(LAPTOP).say()
    end = close(begin, 1)
    revived = signed(
        [NONCE, [], [], 2, 2, end.id, key_of(ROOTS[2]), committed(3), [[LAPTOP_KEY, 3]], []], WORDS[2]
    )
    return [
        ("ID-24", "the only branch is closed", [end, begin], {OFF: laptop}, 0, [0, 1]),
        ("ID-24", "nothing follows a close", [end, revived, begin], {OFF: laptop}, 0, [0, 2]),
        (
            "ID-24",
            "one of two inceptions is closed",
            [end, inception(nonce=bytes(16)), begin],
            {AUTHORISED: laptop},
            1,
            [0, 1, 2],
        ),
    ]


def _cut() -> list[Story]:
    begin = inception(LAPTOP, PHONE)
    chain = Chain(LAPTOP)
    said = chain.say(9)
    forged = chain.say(2, back=4, text=b"forged")
    fourth, seventh = _other(said, 4), _other(said, 7)
    backdated = [_backdated(1, None), _backdated(4, said[2].id), _backdated(7, said[5].id)]
    skipped = signed([NONCE, [], []], LAPTOP, kind=300, seq=6, prev=said[3].id)
    foreign = signed([NONCE, [], []], PHONE, kind=300, seq=4, prev=said[2].id)
    misled = signed([NONCE, [], []], LAPTOP, kind=300, seq=5, prev=foreign.id)

    def cut(*tips: Entry) -> Entry:
        return update(begin, (), {LAPTOP: [[one.seq, one.id] for one in tips]})

    untrue = update(begin, (), {LAPTOP: [[3, said[5].id]]})
    thrown_in = signed([NONCE, [], [], 16], LAPTOP, seq=5, prev=said[3].id)
    behind = signed([NONCE, [], []], LAPTOP, kind=300, seq=6, prev=thrown_in.id)
    stories: list[tuple[str, str, list[Entry], dict[str, list[Entry]]]] = [
        (
            "ID-26",
            "everything below the tip counts",
            [cut(said[5]), *said],
            {AUTHORISED: said[:6], OFF: said[6:]},
        ),
        (
            "ID-26",
            "what a thief signs at old places does not",
            [cut(said[8]), *forged, *said],
            {AUTHORISED: said, OFF: forged},
        ),
        (
            "ID-26",
            "what is signed after the cut, at an old place and with an old time, does not",
            [cut(said[5]), *backdated, *said[:6]],
            {AUTHORISED: said[:6], OFF: backdated},
        ),
        (
            "ID-26",
            "two tips around a hole",
            [cut(said[8], said[3]), *said[:4], *said[6:]],
            {AUTHORISED: said[:4] + said[5:], UNDECIDED: said[4:5]},
        ),
        (
            "ID-26",
            "the walk from a tip ends above the next tip",
            [cut(said[8], fourth), fourth, *said],
            {AUTHORISED: [*said[4:], fourth, *said[:3]], OFF: said[3:4]},
        ),
        (
            "ID-27",
            "a missing link leaves what is below undecided",
            [cut(said[8]), *said[6:], *said[:5]],
            {AUTHORISED: said[5:], UNDECIDED: said[:5]},
        ),
        (
            "ID-27",
            "nothing is held but the tip is known by its name",
            [cut(said[8])],
            {AUTHORISED: said[8:], UNDECIDED: said[:8]},
        ),
        (
            "ID-27",
            "another message at the place of a missing link",
            [cut(said[8]), *said[7:]],
            {AUTHORISED: said[6:], OFF: [seventh, forged[1]], UNDECIDED: [*said[:6], forged[0]]},
        ),
        (
            "ID-26",
            "prev names a message of another device",
            [cut(misled), misled, foreign, *said[:4]],
            {AUTHORISED: [misled, foreign], OFF: said[3:], UNDECIDED: said[:3]},
        ),
        (
            "ID-26",
            "a prev that skips a place",
            [cut(skipped), skipped, *said],
            {AUTHORISED: [skipped], OFF: said[4:], UNDECIDED: said[:4]},
        ),
        (
            "ID-27",
            "prev names a log entry that the device signed",
            [cut(behind), behind, thrown_in, *said[:4]],
            {AUTHORISED: [behind], OFF: [thrown_in], UNDECIDED: said[:4]},
        ),
        (
            "ID-27",
            "a tip that is a log entry which the device signed",
            [cut(thrown_in), thrown_in, *said[:4]],
            {OFF: [thrown_in, *said[4:]], UNDECIDED: said[:4]},
        ),
        ("ID-26", "an empty cut", [cut(), *said], {OFF: said}),
        (
            "ID-26",
            "a tip at another seq than its message has",
            [untrue, *said],
            {OFF: said[2:], UNDECIDED: said[:2]},
        ),
    ]
    return [(rule, name, [*held, begin], states, 1, None) for rule, name, held, states in stories]


def _backdated(seq: int, prev: bytes | None) -> Entry:
    return signed([NONCE, [], [], b"before"], LAPTOP, kind=300, seq=seq, prev=prev, ts=TIME - 86_400)


def _other(said: list[Entry], seq: int) -> Entry:
    return signed([NONCE, [], [], b"other"], LAPTOP, kind=300, seq=seq, prev=said[seq - 2].id)


def _bounds() -> list[Story]:
    begin = inception()
    later = sorted((_later(ROOT, number) for number in range(65)), key=lambda one: one.id)
    return [
        (
            "ID-19",
            "64 operations of a later revision, and one more",
            [*later, begin],
            {OFF: Chain(PHONE).say()},
            1,
            [*range(64), 65],
        )
    ]


# --- Forks -----------------------------------------------------------------------------------------------


def fork_cases() -> list[Json]:
    """Two messages that prove a fork, or do not."""
    one, other = _said(b"one"), _said(b"other")
    good = [
        ("two texts at one place", one, other.data),
        ("two kinds at one place", one, _said(b"one", kind=301).data),
        ("without bodies", one, pack(message(other.header, None, LAPTOP))),
        ("two messages of a root", _said(b"one", ROOT), _said(b"other", ROOT).data),
    ]
    bad = [
        ("wrong_shape", "one message twice", one.data),
        ("wrong_shape", "one message, once without its body", pack(message(one.header, None, LAPTOP))),
        ("wrong_shape", "at two places", _said(b"other", seq=3).data),
        ("wrong_shape", "of two devices", _said(b"other", PHONE).data),
        ("wrong_shape", "of two authors", _said(b"other", author=STRANGER_KEY).data),
        ("wrong_shape", "of two networks", _said(b"other", net=NET + 1).data),
        ("bad_signature", "one that a stranger signed", pack(message(other.header, None, STRANGER))),
    ]
    return [
        *(ok("ID-31", f"a fork: {name}", messages=[a.data.hex(), b.hex()]) for name, a, b in good),
        *(
            refused("ID-31", reason, f"no fork: {name}", messages=[one.data.hex(), data.hex()])
            for reason, name, data in bad
        ),
        refused(
            "ID-31",
            "bad_signature",
            "no fork: the first that a stranger signed",
            messages=[pack(message(one.header, None, STRANGER)).hex(), other.data.hex()],
        ),
    ]


def _said(text: bytes, seed: bytes = LAPTOP, **changes: object) -> Entry:
    place: dict[str, object] = {"kind": 300, "seq": 2, "prev": ids(1)[0]}
    return signed([NONCE, [], [], text], seed, **place | changes)
