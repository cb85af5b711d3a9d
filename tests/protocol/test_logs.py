"""Whole identity logs: whatever comes in whatever order, every node says the same, and a thief changes nothing."""

from dataclasses import dataclass
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow_protocol import keys, limits
from hedgerow_protocol.cuts import Reach
from hedgerow_protocol.errors import LocalProtocolError
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.log_branches import Branch
from hedgerow_protocol.log_changes import make_close, make_inception, make_rotate, make_update
from hedgerow_protocol.log_entry import Cut, DeviceGrant, LogEntry, decode_entry
from hedgerow_protocol.message import ChainPlace, Message, MessageId, decode_message, message_id, sign_message
from protocol import log_model
from specs.message_vectors import logs as written
from specs.message_vectors.actors import AUTHOR as VECTOR_AUTHOR

OWNER = AuthorKey(VECTOR_AUTHOR)
SEEDS = [written.LAPTOP, written.PHONE, written.TABLET, *written.ROOTS, *written.WORDS]
NONCES = [bytes([number]) * 16 for number in range(3)]


@dataclass
class Maker:
    """Draws entries that mostly fit together, and some that do not."""

    random: Random

    def log(self, count: int) -> list[Message]:
        """So many entries of one author, each on some earlier one."""
        made = [written.inception(written.LAPTOP)]
        while len(made) < count:
            made.append(self._next(made))
        return [decode_message(one.data) for one in made]

    def _next(self, made: list[written.Entry]) -> written.Entry:
        random = self.random
        after, nonce = random.choice(made[-4:] if random.random() < 0.7 else made), random.choice(NONCES)
        root, recovery = self._epoch(after)
        if random.random() < 0.1:
            root, recovery = random.randrange(4), random.randrange(1, 4)
        changes: dict[str, object] = {"nonce": nonce}
        if random.random() < 0.1:
            changes["idx"] = random.randrange(1, 9)
        match random.choices(["update", "rotate", "close", "inception"], [60, 25, 6, 3])[0]:
            case "update":
                added, removed = self._lists([written.ROOTS[root]])
                return written.update(after, added, removed, root=root, recovery=recovery, **changes)
            case "rotate":
                fresh = random.randrange(4)
                named = random.choice([recovery, recovery, min(recovery + 1, 3)])
                added, removed = self._lists([written.ROOTS[fresh], written.WORDS[named]])
                return written.rotate(
                    after, named, added, removed, root=fresh, recovery=min(named + 1, 3), **changes
                )
            case "close":
                return written.close(after, recovery, nonce=nonce)
        return written.inception(random.choice(SEEDS[:3]), nonce=nonce)

    def _epoch(self, after: written.Entry) -> tuple[int, int]:
        root, following = after.positions[6], after.positions[7]
        roots = [number for number, seed in enumerate(written.ROOTS) if written.key_of(seed) == root]
        words = [number for number in range(4) if written.committed(number) == following]
        return (roots or [0])[0], (words or [1])[0]

    def _lists(self, special: list[bytes]) -> tuple[tuple[bytes, ...], dict[bytes, written.Cut]]:
        random = self.random
        keys_left = [seed for seed in SEEDS if seed not in special]
        named = random.sample(keys_left, random.randrange(4))
        removed: dict[bytes, written.Cut] = {}
        for seed in named[1::2]:
            tips = sorted(random.sample(range(1, 6), random.randrange(3)), reverse=True)
            removed[seed] = [[seq, bytes([seq]) * 32] for seq in tips]
        return tuple(seed for seed in named if seed not in removed), removed


@st.composite
def logs_of_messages(draw: st.DrawFn, most: int = 14) -> list[Message]:
    return Maker(draw(st.randoms(use_true_random=False))).log(draw(st.integers(1, most)))


def learned(entries: list[Message]) -> Identities:
    known = Identities()
    for one in entries:
        known.learn(one)
    return known


def row_of(message: Message) -> log_model.Row:
    entry = decode_entry(message)
    assert isinstance(entry, LogEntry)
    return {
        "id": message.id,
        "author": message.header.author,
        "signer": message.header.device,
        "op": entry.operation,
        "idx": entry.index,
        "prev": entry.previous,
        "root": entry.root,
        "next": entry.next,
        "devices": [(grant.device, grant.capabilities) for grant in entry.devices],
        "removals": list(entry.removals),
    }


def said(branch: Branch) -> tuple[MessageId, log_model.Devices]:
    return branch.head, (frozenset(branch.devices.items()), frozenset(branch.cuts.items()))


@settings(max_examples=200, deadline=None)
@given(logs_of_messages())
def test_the_code_reads_a_log_as_the_rules_do(entries: list[Message]) -> None:
    rows = [row_of(one) for one in {one.id: one for one in entries}.values()]
    log = learned(entries).log(OWNER)
    expected = {(path[-1]["id"], log_model.devices(path)) for path in log_model.branches(rows)}
    assert {said(branch) for branch in log.branches} == expected
    assert log.counted == log_model.belong(rows)


@settings(max_examples=150, deadline=None)
@given(logs_of_messages(), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_what_a_log_says(entries: list[Message], random: Random) -> None:
    shuffled = random.choices(entries, k=5) + random.sample(entries, len(entries))
    known = Identities()
    for one in shuffled:
        known.learn(one)
        if random.random() < 0.3:
            known.log(OWNER)  # asking between must not matter either
    assert known.log(OWNER) == learned(entries).log(OWNER)


@settings(max_examples=150, deadline=None)
@given(logs_of_messages())
def test_what_belongs_to_a_log_says_by_itself_what_the_log_says(entries: list[Message]) -> None:
    log = learned(entries).log(OWNER)
    alone = learned([one for one in entries if one.id in log.counted]).log(OWNER)
    assert alone == log or (alone.counted, [said(one) for one in alone.branches]) == (
        log.counted,
        [said(one) for one in log.branches],
    )


@settings(max_examples=50, deadline=None)
@given(logs_of_messages(), st.randoms(use_true_random=False))
def test_nodes_that_exchange_what_belongs_to_their_logs_end_with_the_same_log(
    entries: list[Message], random: Random
) -> None:
    nodes = [Identities() for _ in range(5)]
    for one in entries:
        for node in random.sample(nodes, random.randrange(1, 6)):
            node.learn(one)
    by_id = {one.id: one for one in entries}
    for _ in range(len(entries) * 6):
        giver, taker = random.sample(nodes, 2)
        for key in sorted(giver.log(OWNER).counted):
            taker.learn(by_id[key])
    for giver in nodes * 6:
        for taker in nodes:
            for key in sorted(giver.log(OWNER).counted):
                taker.learn(by_id[key])
    first = nodes[0].log(OWNER)
    assert all(node.log(OWNER).counted == first.counted for node in nodes)
    assert len({tuple(map(said, node.log(OWNER).branches)) for node in nodes}) == 1


# --- An owner, and a thief ------------------------------------------------------------------------------

GENESIS, ROOT, DEVICE, NEW_ROOT, NEW_DEVICE, ENTROPY = (bytes([number]) * 32 for number in range(1, 7))
ANA = AuthorKey(keys.public_key(GENESIS))


def key(seed: bytes) -> DeviceKey:
    return DeviceKey(keys.public_key(seed))


def recovery(number: int) -> bytes:
    return keys.recovery_seed(ENTROPY, number)


def inception(nonce: bytes = bytes(16)) -> Message:
    return make_inception(
        genesis_seed=GENESIS,
        root=key(ROOT),
        device=key(DEVICE),
        recovery=key(recovery(1)),
        nonce=nonce,
        ts=1,
    )


def only_branch(known: Identities) -> Branch:
    [branch] = known.log(ANA).branches
    return branch


def restored(known: Identities, branch: Branch, number: int = 1, root: bytes = NEW_ROOT) -> Message:
    """What the owner does with the words: everything out but a new device."""
    return make_rotate(
        branch,
        recovery_seed=recovery(number),
        root=key(root),
        recovery=key(recovery(number + 1)),
        devices=[DeviceGrant(key(NEW_DEVICE))],
        removed=dict.fromkeys(branch.devices, ()),
        nonce=bytes(16),
        ts=2,
    )


def stolen(known: Identities, random: Random, number: int) -> Message:
    """An update of a thief with the first root, at some place that he knows."""
    places = [known.branch_at(ANA, one) for one in sorted(known.log(ANA).counted | set(known.aside(ANA)))]
    branch = random.choice([one for one in places if one is not None and one.root == key(ROOT)])
    fresh = key(number.to_bytes(32))
    removable = [one for one in branch.devices if random.random() < 0.5]
    return make_update(
        branch,
        root_seed=ROOT,
        added=[DeviceGrant(fresh)],
        removed=dict.fromkeys(removable, ()),
        nonce=number.to_bytes(16),
        ts=3,
    )


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 6), st.integers(0, 12))
def test_after_a_restore_a_thief_with_the_old_root_changes_nothing(
    random: Random, earlier: int, later: int
) -> None:
    known = learned([inception()])
    for number in range(earlier):
        known.learn(stolen(known, random, number))
    begin = known.branch_at(ANA, inception().id)
    assert begin is not None
    known.learn(restored(known, begin))
    before = said(only_branch(known))
    assert before[1][0] == {(key(NEW_DEVICE), 3)}
    for number in range(earlier, earlier + later):
        known.learn(stolen(known, random, number))
    assert said(only_branch(known)) == before


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=16, max_size=16), st.integers(0, 5))
def test_a_thief_with_a_device_key_cannot_touch_the_log(nonce: bytes, op: int) -> None:
    known = learned([inception()])
    before = known.log(ANA)
    made = sign_message(
        seed=DEVICE,
        author=ANA,
        place=ChainPlace(1, None),
        kind=0,
        ts=4,
        body=written.pack(
            [nonce, [], [], op + 16 if op > 1 else op + 3, 1, inception().id, key(ROOT), None, [], []]
        ),
    )
    known.learn(made)
    assert known.log(ANA) == before
    assert not known.is_authorised(made)


def test_a_thief_with_the_genesis_key_opens_a_branch_and_takes_none_away() -> None:
    known = learned([inception()])
    known.learn(restored(known, only_branch(known)))
    mine = said(only_branch(known))
    known.learn(inception(b"the thief has it"))
    assert known.is_contested(ANA)
    assert mine in [said(branch) for branch in known.log(ANA).branches]
    assert set(known.devices_of(ANA)) == {key(NEW_DEVICE), key(DEVICE)}


def test_whoever_has_the_words_ends_a_contest_by_closing_the_other_branch() -> None:
    known = learned([inception()])
    begin = only_branch(known)
    known.learn(restored(known, begin))
    known.learn(restored(known, begin, root=b"another root for the same time!!"))
    first, second = known.log(ANA).branches
    known.learn(make_close(second, recovery_seed=recovery(2), nonce=bytes(16), ts=5))
    assert not known.is_contested(ANA)
    assert said(only_branch(known)) == said(first)


@pytest.mark.limit("MAX_LOG_ENTRIES")
def test_a_log_of_1024_entries_is_read_and_cannot_grow() -> None:
    known = learned([inception()])
    branch = only_branch(known)
    for _ in range(limits.MAX_LOG_ENTRIES - 1):
        made = make_update(branch, root_seed=ROOT, nonce=bytes(16), ts=1)
        known.learn(made)
        place = ChainPlace(branch.root_place.seq + 1, made.id)
        branch = Branch(
            branch.author,
            branch.opening,
            made.id,
            branch.index + 1,
            branch.root,
            branch.next,
            branch.devices,
            branch.cuts,
            branch.barred,
            place,
        )
    assert only_branch(known).head == branch.head
    assert len(known.log(ANA).counted) == limits.MAX_LOG_ENTRIES
    assert list(known.devices_of(ANA)) == [key(DEVICE)]
    with pytest.raises(LocalProtocolError):
        make_update(branch, root_seed=ROOT, nonce=bytes(16), ts=1)


def test_more_inceptions_than_a_log_holds_empty_the_sets_and_are_not_all_kept() -> None:
    many = [inception(number.to_bytes(16)) for number in range(limits.MAX_LOG_ENTRIES + 40)]
    known = learned(many)
    assert known.has_left(ANA)
    counted = known.log(ANA).counted
    assert counted == set(sorted(one.id for one in many)[: limits.MAX_LOG_ENTRIES + 1])
    alone = learned([one for one in many if one.id in counted])
    assert (alone.has_left(ANA), alone.log(ANA).counted) == (True, counted)


@settings(max_examples=60, deadline=None)
@given(logs_of_messages(most=18), st.integers(2, 9), st.randoms(use_true_random=False))
def test_of_too_many_entries_nodes_end_with_the_same(
    entries: list[Message], most: int, random: Random
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        # Only where a log is read: the idx of an entry is judged by the same limit.
        lowered = SimpleNamespace(**{**vars(limits), "MAX_LOG_ENTRIES": most})
        patched.setattr("hedgerow_protocol.log_branches.limits", lowered)
        whole = learned(entries)
        alone = learned([one for one in entries if one.id in whole.log(OWNER).counted])
        assert alone.log(OWNER).counted == whole.log(OWNER).counted
        assert alone.has_left(OWNER) == whole.has_left(OWNER)
        nodes = [learned(random.sample(entries, random.randrange(len(entries) + 1))) for _ in range(3)]
        by_id = {one.id: one for one in entries}
        for _ in range(2 * len(entries)):
            for giver in nodes:
                for taker in nodes:
                    for key in giver.log(OWNER).counted:
                        taker.learn(by_id[key])
        assert len({node.log(OWNER).counted for node in nodes}) == 1
        assert len({node.has_left(OWNER) for node in nodes}) == 1


def test_what_a_flood_without_effect_leaves_in_memory_is_bounded() -> None:
    known = learned([inception()])
    begin = only_branch(known)
    removed = {key(bytes([9]) * 32): ()}
    low = []
    for number in range(limits.MAX_ENTRIES_HELD + 200):
        made = make_update(begin, root_seed=ROOT, removed=removed, nonce=number.to_bytes(16), ts=1)
        low.append(made.id)
        known.learn(made)
    assert len(known.aside(ANA)) < limits.MAX_ENTRIES_HELD
    assert only_branch(known).head == min(low)


# --- What makers refuse ---------------------------------------------------------------------------------


def test_a_rotate_that_forgets_a_device_is_not_made() -> None:
    branch = only_branch(learned([inception()]))
    with pytest.raises(LocalProtocolError, match="neither kept nor removed"):
        make_rotate(
            branch,
            recovery_seed=recovery(1),
            root=key(NEW_ROOT),
            recovery=key(recovery(2)),
            devices=[DeviceGrant(key(NEW_DEVICE))],
            nonce=bytes(16),
            ts=2,
        )


@pytest.mark.parametrize("number", [0, 2])
def test_another_recovery_key_than_the_one_committed_to_signs_nothing(number: int) -> None:
    known = learned([inception()])
    with pytest.raises(LocalProtocolError, match="does not commit"):
        restored(known, only_branch(known), number)
    with pytest.raises(LocalProtocolError, match="does not commit"):
        make_close(only_branch(known), recovery_seed=recovery(number), nonce=bytes(16), ts=2)


def test_another_root_than_that_of_the_branch_signs_nothing() -> None:
    with pytest.raises(LocalProtocolError, match="not the root"):
        make_update(only_branch(learned([inception()])), root_seed=NEW_ROOT, nonce=bytes(16), ts=1)


def test_a_device_that_would_not_live_is_not_added() -> None:
    known = learned([inception()])
    known.learn(
        make_update(only_branch(known), root_seed=ROOT, removed={key(DEVICE): ()}, nonce=bytes(16), ts=1)
    )
    for device in (key(DEVICE), ANA, key(ROOT)):
        with pytest.raises(LocalProtocolError):
            make_update(
                only_branch(known),
                root_seed=ROOT,
                added=[DeviceGrant(DeviceKey(device))],
                nonce=bytes(16),
                ts=1,
            )


def test_a_root_that_was_used_before_is_not_taken_again() -> None:
    known = learned([inception()])
    with pytest.raises(LocalProtocolError, match="not fresh"):
        restored(known, only_branch(known), root=ROOT)


def test_updates_of_one_root_form_a_chain() -> None:
    known = learned([inception()])
    first = make_update(only_branch(known), root_seed=ROOT, nonce=bytes(16), ts=1)
    known.learn(first)
    second = make_update(only_branch(known), root_seed=ROOT, nonce=bytes(16), ts=1)
    assert [(one.header.seq, one.header.prev) for one in (first, second)] == [(1, None), (2, first.id)]


# --- Cuts -----------------------------------------------------------------------------------------------


@st.composite
def forked_chains(draw: st.DrawFn) -> tuple[list[Message], Cut]:
    """What a device signed, with forks, and a cut through it."""
    random = draw(st.randoms(use_true_random=False))
    held: list[Message] = []
    for _ in range(draw(st.integers(1, 14))):
        after = random.choice([None, *held[-3:]])
        place = ChainPlace(1, None) if after is None else ChainPlace(after.header.seq + 1, after.id)
        made = sign_message(seed=DEVICE, author=ANA, place=place, kind=300, ts=1, body=random.randbytes(4))
        held.append(made)
    tips = {one.header.seq: one.id for one in random.sample(held, min(len(held), random.randrange(4)))}
    if random.random() < 0.1:
        tips[random.randrange(1, 9)] = message_id(b"nobody")
    return held, tuple(sorted(((seq, MessageId(tip)) for seq, tip in tips.items()), reverse=True))


@settings(max_examples=200, deadline=None)
@given(forked_chains(), st.randoms(use_true_random=False))
def test_a_cut_reaches_what_the_rules_say_in_whatever_order_and_with_whatever_holes(
    chain: tuple[list[Message], Cut], random: Random
) -> None:
    held, cut = chain
    there = random.sample(held, random.randrange(len(held) + 1))
    reach = Reach(cut)
    for one in there:
        reach.add(one.id, one.header)
    expected = log_model.standing([cut], [(one.id, one.header.seq, one.header.prev) for one in there])
    assert {one.id: reach.standing(one.id, one.header.seq).value for one in there} == expected


# --- Entries that anybody can sign ----------------------------------------------------------------------


def test_entries_that_come_before_what_names_their_signers_have_effect_in_any_order() -> None:
    known = learned([inception()])
    first = restored(known, only_branch(known))
    known.learn(first)
    second = make_close(only_branch(known), recovery_seed=recovery(2), nonce=bytes(16), ts=5)
    backwards = Identities()
    assert [backwards.learn(one) for one in (second, first)] == [[], []]
    assert not backwards.is_known(ANA)
    assert backwards.learn(inception()) == [inception(), first, second]
    assert backwards.log(ANA).counted == {inception().id, first.id, second.id}
    assert backwards.has_left(ANA)


def test_a_flood_of_entries_in_the_name_of_many_is_bounded_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_STRANGERS", 8)
    known = learned([inception()])
    before = known.log(ANA)
    for number in range(40):
        made = sign_message(
            seed=bytes([200]) * 32,
            author=ANA if number % 2 else AuthorKey(bytes([number]) * 32),
            place=ChainPlace(1, None),
            kind=0,
            ts=4,
            body=written.pack([bytes(16), [], [], 16, number]),
        )
        assert not known.learn(made)
        assert not known.may_count(made)
    assert known.log(ANA) is before
    assert len(known._strangers) == 8
