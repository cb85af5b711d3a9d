"""Random days of five nodes: owners with several devices, thieves with one key or another, losses, contests, cuts.

Every step takes some node's view, and some keys, and makes a real message or lets one node have a part of what
another holds. Who is a thief follows from what is done: a device that was removed goes on to sign, an old root adds
devices, the words are used twice. A seed is a whole schedule; look at one with: python tests/model/schedule.py SEED
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a program, this file does not see its own package

from hedgerow_protocol import keys, limits
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from hedgerow_protocol.keys import DeviceKey
from hedgerow_protocol.kinds import Body, Comment, Kind, Resource, Retract, Unknown, encode_body
from hedgerow_protocol.log_branches import Branch
from hedgerow_protocol.log_changes import make_close, make_rotate, make_update
from hedgerow_protocol.log_entry import DeviceGrant, LogEntry, Operation, decode_entry
from hedgerow_protocol.message import FIRST, ChainPlace, Message, MessageId
from model.node import Node
from model.people import EPOCH, Person, after

NODES = 5
SHORTEST, LONGEST = 20, 80
"""Steps of a schedule."""
MOMENTS = 12
"""Times that messages have: so few that many are equal."""
FEW = {"MAX_LOG_ENTRIES": 9, "MAX_BRANCHES": 2, "MAX_DEVICES": 3, "MAX_LATER_ENTRIES": 2}
"""Limits that no schedule would reach, as some schedules have them."""
LATER_CONTROL, UNKNOWN = 85, 100
"""A control kind and a kind of which nothing is said."""


@contextmanager
def lowered(numbers: dict[str, int]) -> Iterator[None]:
    """The limits of the protocol, some of them lower."""
    before = {name: getattr(limits, name) for name in numbers}
    try:
        for name, number in numbers.items():
            setattr(limits, name, number)
        yield
    finally:
        for name, number in before.items():
            setattr(limits, name, number)


@dataclass
class Schedule:
    """Five nodes and two people, of whom one has all the trouble."""

    seed: int
    give: Callable[["Schedule", Node, Node], None] = lambda schedule, *nodes: schedule.hand_over(*nodes)
    """How a node, the first, lets another have something."""
    random: Random = field(init=False)
    nodes: list[Node] = field(init=False)
    people: list[Person] = field(init=False)
    limits: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.nodes = [Node() for _ in range(NODES)]
        self.people = [Person(self.random), Person(self.random)]
        is_few = self.random.random() < 0.4
        self.limits = {name: number for name, number in FEW.items() if is_few and self.random.random() < 0.5}

    def steps(self) -> Iterator[Node]:
        """Goes through the day; gives the node at which something happened."""
        with lowered(self.limits):
            for person in self.people:
                self._publish(self.nodes[0], person.inception(EPOCH))
                self.nodes[1].hold(self.nodes[0].messages.values())
            for _ in range(self.random.randint(SHORTEST, LONGEST)):
                node = self.random.choice(self.nodes)
                act = self.random.choices(*self.weighted)[0]
                with suppress(LocalProtocolError, RemoteProtocolError):
                    act(self, node)
                yield node

    # --- Chance --------------------------------------------------------------------------------------------

    def _somebody(self) -> Person:
        return self.people[0] if self.random.random() < 0.85 else self.people[1]

    def _is(self, chance: float) -> bool:
        return self.random.random() < chance

    def _ts(self) -> int:
        return EPOCH + self.random.randrange(MOMENTS)

    def _publish(self, node: Node, message: Message) -> None:
        if message.header.kind == Kind.IDENTITY:
            decode_entry(message)
        node.hold([message])

    def _some(self, messages: list[Message], most: int) -> list[Message]:
        return self.random.sample(messages, self.random.randint(0, min(most, len(messages))))

    def _place(self, node: Node, person: Person, key: bytes) -> ChainPlace:
        """Behind the last message of a chain that the node holds, or, set back, behind an earlier one."""
        chain = [one for one in node.of(person.author) if one.header.device == key]
        if chain and self._is(0.15):
            return after(self.random.choice(chain))
        return after(node.last_of(person.author, key))

    # --- What is said --------------------------------------------------------------------------------------

    def say(self, node: Node) -> None:
        """A device says something, perhaps a newer version of something."""
        person = self._somebody()
        kind, body = self._content()
        held = node.of(person.author, kinds=None if self._is(0.1) else [kind])
        if self._is(0.15):  # of others too, which has no effect
            held = [one for one in node.messages.values() if one.header.kind == kind or self._is(0.2)]
        most = 0 if kind == LATER_CONTROL else self.random.choice([0, 1, 1, limits.MAX_REPLACES])
        replaces = [one.id for one in self._some(held, most)]
        self._sign(node, person, kind, body, replaces)

    def _content(self) -> tuple[int, bytes]:
        nonce = self.random.randbytes(16)
        thing = f"https://example.org/{self.random.randrange(3)}"
        match self.random.randrange(8):
            case 0:
                return UNKNOWN, encode_body(Body(nonce, Unknown(UNKNOWN, ())))
            case 1:
                return LATER_CONTROL, encode_body(Body(nonce, Unknown(LATER_CONTROL, ())))
            case 2 | 3 | 4:
                return Kind.COMMENT, encode_body(Body(nonce, Comment(thing, 0, "Words")))
            case _:
                return Kind.RESOURCE, encode_body(Body(nonce, Resource(thing, "Title")))

    def _sign(self, node: Node, person: Person, kind: int, body: bytes, replaces: list[MessageId]) -> None:
        device = self.random.choice(person.devices)
        live = sorted(node.identities.devices_of(person.author))
        if live and self._is(0.7):  # a node has a device of its own, so that chains grow
            device = live[self.nodes.index(node) % len(live)]
        if self._is(0.04):
            device = DeviceKey(self.random.choice([*person.roots, *person.recovery_keys]))
        place = self._place(node, person, device)
        if node.messages and self._is(0.04):
            other = self.random.choice(list(node.messages.values()))
            place = ChainPlace(self.random.randint(2, 5), other.id)
        self._publish(node, person.say(device, place, kind, self._ts(), body, list(replaces)))

    def retract(self, node: Node) -> None:
        """A device withdraws something, mostly of its author."""
        person = self._somebody()
        said = [Kind.RESOURCE, Kind.COMMENT, UNKNOWN, LATER_CONTROL]
        held = node.of(person.author, kinds=said) if self._is(0.7) else list(node.messages.values())
        targets = {one.id for one in self._some(held, 3)}
        if targets:
            body = encode_body(Body(self.random.randbytes(16), Retract(tuple(sorted(targets)))))
            self._sign(node, person, Kind.RETRACT, body, [])

    # --- What the owner does, or a thief with the same key ---------------------------------------------------

    def _branch(self, node: Node) -> tuple[Person, Branch]:
        person = self._somebody()
        branch = node.branch(person.author, self.random)
        if branch is None:
            raise LocalProtocolError("there is no branch here")
        return person, branch

    def _grant(self, device: DeviceKey) -> DeviceGrant:
        return DeviceGrant(device, self.random.choice([3, 3, 3, 1, 2, 0, 8]))

    def _cut(self, node: Node, person: Person, device: bytes) -> tuple[tuple[int, MessageId], ...]:
        """Mostly what is held; at times nothing, a part, or what no owner would name."""
        cut = node.cut(person.author, device)
        if self._is(0.6):
            return cut
        if self._is(0.4):
            return tuple(tip for tip in cut if self._is(0.5))
        chain = [one for one in node.of(person.author) if one.header.device == device or self._is(0.1)]
        tips = {one.header.seq + self._is(0.1): one.id for one in self._some(chain, 3)}
        return tuple(sorted(tips.items(), reverse=True))

    def add_device(self, node: Node) -> None:
        """The root adds a device, mostly a new one."""
        person, branch = self._branch(node)
        device = person.new_device() if self._is(0.6) else self.random.choice(person.devices)
        self._update(node, person, branch, [self._grant(device)], {})

    def remove_device(self, node: Node) -> None:
        """The root removes a device, or corrects the cut of one that was removed."""
        person, branch = self._branch(node)
        heard = [one.header.device for one in node.of(person.author, kinds=[Kind.RESOURCE, Kind.COMMENT])]
        device = self.random.choice([*branch.devices, *branch.cuts, *person.devices, *heard])
        self._update(node, person, branch, [], {device: self._cut(node, person, device)})

    def _update(
        self,
        node: Node,
        person: Person,
        branch: Branch,
        added: list[DeviceGrant],
        removed: dict[DeviceKey, object],
    ) -> None:
        made = make_update(
            branch,
            root_seed=person.seeds.get(branch.root, bytes(32)),
            added=added,
            removed=removed,  # type: ignore[arg-type]
            nonce=self.random.randbytes(16),
            ts=self._ts(),
        )
        self._publish(node, made)

    def _key_of(self, person: Person, branch: Branch) -> bytes:
        for key in person.recovery_keys:
            if keys.commitment(key) == branch.next:
                return key
        raise LocalProtocolError("no words lead to this branch")

    def restore(self, node: Node) -> None:
        """The words take a branch back; some devices stay, one is new, the rest is removed."""
        person, branch = self._branch(node)
        key = self._key_of(person, branch)
        staying = [DeviceGrant(one, can) for one, can in branch.devices.items() if self._is(0.4)]
        going = branch.devices.keys() - {one.device for one in staying}
        following = person.recovery_after(key) if self._is(0.7) else self.random.choice(person.sheets)[0]
        made = make_rotate(
            branch,
            recovery_seed=person.seeds[key],
            root=person.new_root(),
            recovery=following,
            devices=[*staying, self._grant(person.new_device())],
            removed={one: self._cut(node, person, one) for one in sorted(going)},  # type: ignore[misc]
            nonce=self.random.randbytes(16),
            ts=self._ts(),
        )
        self._publish(node, made)

    def close(self, node: Node) -> None:
        """The words end a branch."""
        person, branch = self._branch(node)
        seed = person.seeds[self._key_of(person, branch)]
        made = make_close(branch, recovery_seed=seed, nonce=self.random.randbytes(16), ts=self._ts())
        self._publish(node, made)

    def begin_again(self, node: Node) -> None:
        """The genesis key, which should have been destroyed, signs one more inception."""
        self._publish(node, self._somebody().inception(self._ts()))

    # --- What no program makes -------------------------------------------------------------------------------

    def forge(self, node: Node) -> None:
        """Whoever has a key signs an entry of his own devising."""
        person = self._somebody()
        known = [decode_entry(one) for one in node.of(person.author, kinds=[Kind.IDENTITY])]
        entries = [one for one in known if isinstance(one, LogEntry)]
        if entries and self._is(0.75):
            self._forge_known(node, person, entries)
        else:
            signer = self.random.choice([*person.roots, *person.recovery_keys, *person.devices])
            place = self._place(node, person, signer)
            content = [20] if self._is(0.5) else [5, 0, None, bytes(32), None, [], []]
            self._publish(node, person.entry(signer, place, self._ts(), content))

    def _forge_known(self, node: Node, person: Person, entries: list[LogEntry]) -> None:
        before = self.random.choice(node.of(person.author, kinds=[Kind.IDENTITY]))
        last, model = decode_entry(before), self.random.choice(entries)
        if not isinstance(last, LogEntry):
            return
        is_rotate = self._is(0.5)
        following = model.next if self._is(0.3) else last.next
        root = self.random.choice(person.roots) if self._is(0.3) else last.root
        if is_rotate:
            root, following = self._forged_promises(person, root)
        signer = self._forger(person, last, root, is_rotate)
        index = last.index + (1 if self._is(0.85) else self.random.choice([0, 2, 3]))
        place = FIRST if is_rotate else self._place(node, person, signer)
        op = Operation.ROTATE if is_rotate else Operation.UPDATE
        devices, removals = self._forged_lists(node, person)
        content = [op, index, before.id, root, following, devices, removals]
        self._publish(node, person.entry(signer, place, self._ts(), content))

    def _forged_promises(self, person: Person, root: bytes) -> tuple[bytes, bytes]:
        """A root and a next; at times the commitment stands where the key should and the key where the commitment."""
        key = self.random.choice(person.recovery_keys)
        if self._is(0.1):
            return keys.commitment(key), self.random.choice([*person.roots, *person.recovery_keys])
        return root, keys.commitment(key)

    def _forger(self, person: Person, last: LogEntry, root: bytes, is_rotate: bool) -> bytes:
        if not is_rotate:
            return root if root in person.seeds else person.roots[0]
        fitting = [key for key in person.recovery_keys if keys.commitment(key) == last.next]
        return fitting[0] if fitting and self._is(0.6) else self.random.choice(person.recovery_keys)

    def _forged_lists(self, node: Node, person: Person) -> tuple[list[object], list[object]]:
        every = [*person.devices, *person.devices, *person.roots, *person.recovery_keys]
        named = self.random.sample(every, min(len(every), self.random.choice([0, 1, 2, 3])))
        added = sorted({one for one in named if self._is(0.5)})
        removed = sorted({*named} - {*added})
        return (
            [[one, self._grant(DeviceKey(one)).capabilities] for one in added],
            [[one, self._cut(node, person, one)] for one in removed],
        )

    # --- Who gets what ---------------------------------------------------------------------------------------

    def meet(self, node: Node) -> None:
        """A node gets something from another."""
        self.give(self, self.random.choice(self.nodes), node)

    def hand_over(self, other: Node, node: Node) -> None:
        """A node gets what another holds, or a part of it, or headers without bodies, in any order."""
        share = self.random.choice([1.0, 0.7, 0.3, 0.0])
        held = other.messages.values()
        coming = [self._as_sent(one) for one in held if self._is(share) or self._is_in_front(one)]
        self.random.shuffle(coming)
        node.hold(coming)

    def _is_in_front(self, message: Message) -> bool:
        """Entries of logs mostly come before what they judge."""
        return message.header.kind == Kind.IDENTITY and self._is(0.8)

    def _as_sent(self, message: Message) -> Message:
        return message if message.header.kind == Kind.IDENTITY or self._is(0.95) else message.without_body()

    acts: ClassVar[dict[Callable[["Schedule", Node], None], int]] = {
        say: 40,
        retract: 12,
        add_device: 9,
        remove_device: 9,
        restore: 6,
        close: 2,
        begin_again: 2,
        forge: 10,
        meet: 26,
    }
    weighted: ClassVar[tuple[list[Callable[["Schedule", Node], None]], list[int]]] = (
        list(acts),
        list(acts.values()),
    )


def main() -> None:
    """Tell one schedule."""
    schedule = Schedule(int(sys.argv[1]))
    for number, node in enumerate(schedule.steps()):
        print(number, schedule.nodes.index(node), len(node.messages))


if __name__ == "__main__":
    main()
