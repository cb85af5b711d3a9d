"""Admission: what is kept, in which order it is judged, what is remembered, and how much may wait."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow_protocol import codec, limits
from hedgerow_protocol.admission import NO_LINK, Admission, Carried, Ignored, judged
from hedgerow_protocol.checking import check_batch, check_message
from hedgerow_protocol.effects import Delivered, Effect, Hit, LinkId, Note, Put, Quarantine, Verified, Verify
from hedgerow_protocol.errors import Reason, RemoteProtocolError
from hedgerow_protocol.identity import Identities
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Comment, Role
from hedgerow_protocol.message import FIRST, MAIN_NET, Message, MessageId, sign_message
from hedgerow_protocol.outbox import Outbox
from simulator.author import EPOCH, Author

ANA, BEN, CYD = Author(1), Author(2), Author(3)
LINK, OTHER = LinkId(1), LinkId(2)
NOW = EPOCH + 1_000.0
WORDS = Comment("https://example.org/", Role.COMMENT, "words")


class Gate:
    """An admission with its driver's part done by hand."""

    def __init__(self, carried: Carried, *known: Author) -> None:
        self.outbox = Outbox()
        self.identities = Identities()
        for author in known:
            self.identities.learn(author.inception)
        self.admission = Admission(self.outbox, self.identities, carried)
        self.seen: list[Effect] = []
        self.told: list[tuple[str, object]] = []
        self.sources: list[LinkId] = []
        self.admission.on_stored = self._on_stored
        self.admission.on_unauthorised = lambda now, link, author: self.told.append(("unauthorised", author))
        self.admission.on_bad = lambda now, device, count: self.told.append(("bad", (device, count)))
        self.admission.on_room = lambda now: self.told.append(("room", None))
        self.admission.begin(LINK, BEN.device)
        self.admission.begin(OTHER, CYD.device)

    def _on_stored(self, now: float, link: LinkId, new: list[Message]) -> None:
        self.sources.append(link)
        self.told.append(("stored", [one.id for one in new]))

    def take(self, *messages: Message, link: LinkId = LINK) -> Verify:
        """Bring a batch; what the driver is asked to verify."""
        self.admission.take(link, tuple(message.encode() for message in messages))
        [effect] = self.outbox.drain()
        assert isinstance(effect, Verify)
        return effect

    def verified(self, verify: Verify, *messages: Message, bad: tuple[Reason, ...] = ()) -> list[Effect]:
        """The driver's verdict; the effects that follow."""
        self.outbox.answer(NOW, verify.token, Verified(messages, 0, bad))
        return self.outbox.drain()

    def bring(self, *messages: Message) -> list[Message]:
        """Bring messages through to the store; those that were put."""
        effects = self.verified(self.take(*messages), *messages)
        return [message for effect in effects if isinstance(effect, Put) for message in effect.messages]

    def bring_live(self, *messages: Message) -> list[Message]:
        """The same for messages that nobody asked for; `seen` has what else followed."""
        self.admission.take(LINK, tuple(message.encode() for message in messages), is_live=True)
        [verify] = self.outbox.drain()
        assert isinstance(verify, Verify)
        self.seen = self.verified(verify, *messages)
        return [message for effect in self.seen if isinstance(effect, Put) for message in effect.messages]

    def stored(self, put: Effect, *new: Message) -> list[Effect]:
        assert isinstance(put, Put)
        self.outbox.answer(NOW, put.token, list(new))
        return self.outbox.drain()


def carrying(*authors: Author, **more: frozenset[AuthorKey]) -> Carried:
    return Carried(frozenset(author.key for author in authors), **more)


# --- Whom we carry --------------------------------------------------------------------------------------

CONTENT = ANA.say(WORDS, EPOCH + 1)
CONTROL = ANA.retract(CONTENT, ts=EPOCH + 2)
JUST_ANA = frozenset({ANA.key})


@pytest.mark.parametrize(
    ("carried", "takes", "serves", "serves_private"),
    [
        (Carried(JUST_ANA), (True, True), (True, True), (True, True)),
        (Carried(private=JUST_ANA), (True, True), (False, False), (True, True)),
        (Carried(JUST_ANA, JUST_ANA), (True, True), (True, True), (True, True)),
        (Carried(held=JUST_ANA), (False, True), (False, True), (False, True)),
        (Carried(private=JUST_ANA, held=JUST_ANA), (True, True), (False, True), (True, True)),
        (
            Carried(private=JUST_ANA, held=JUST_ANA, concealed=JUST_ANA),
            (True, True),
            (False, False),
            (True, True),
        ),
        (Carried(held=JUST_ANA, concealed=JUST_ANA), (False, True), (False, False), (False, True)),
        (Carried(JUST_ANA, held=JUST_ANA, concealed=JUST_ANA), (True, True), (True, True), (True, True)),
        (Carried(), (False, False), (False, False), (False, False)),
    ],
    ids=[
        "carried",
        "private",
        "carried and private",
        "held",
        "private and known before",
        "private",
        "private before",
        "public now",
        "stranger",
    ],
)
def test_what_is_kept_and_what_is_given_to_others(
    carried: Carried,
    takes: tuple[bool, bool],
    serves: tuple[bool, bool],
    serves_private: tuple[bool, bool],
) -> None:
    both = (CONTENT, CONTROL)
    assert tuple(map(carried.takes, both)) == takes
    assert tuple(map(carried.serves, both)) == serves
    assert tuple(carried.serves(one, asks_private=True) for one in both) == serves_private


def test_a_private_follow_is_named_only_where_its_owner_allows_it() -> None:
    dan = Author(4)
    carried = Carried(
        authors=frozenset({ANA.key}),
        private=frozenset({BEN.key}),
        held=frozenset({ANA.key, BEN.key, CYD.key, dan.key}),
        concealed=frozenset({BEN.key, dan.key}),
    )
    assert carried.named(asks_private=False) == {ANA.key}
    assert carried.named(asks_private=True) == {ANA.key, BEN.key}
    assert carried.formerly(asks_private=False) == {CYD.key}
    assert carried.formerly(asks_private=True) == {CYD.key, dan.key}


def test_who_was_known_before_is_asked_about_as_before_when_he_is_followed_privately() -> None:
    before = Carried(held=frozenset({BEN.key}))
    after = Carried(private=frozenset({BEN.key}), held=frozenset({BEN.key}))
    assert before.formerly(asks_private=False) == after.formerly(asks_private=False) == {BEN.key}
    for message in (BEN.say(WORDS, EPOCH), BEN.retract(CONTENT, ts=EPOCH)):
        assert before.serves(message) == after.serves(message)


# --- What is let in -------------------------------------------------------------------------------------


def test_a_message_of_a_carried_author_by_a_known_device_is_stored_and_told() -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, EPOCH)
    [put] = gate.verified(gate.take(message), message)
    assert put == Put(put.token, (message,))
    assert gate.told == []
    assert gate.stored(put, message) == [Delivered(LINK, (message,))]
    assert gate.told == [("stored", [message.id])]


def test_what_was_stored_before_is_not_told_again() -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, EPOCH)
    [put] = gate.verified(gate.take(message), message)
    assert gate.stored(put) == []
    assert gate.told == [("stored", [])]


def test_what_a_log_lets_in_that_was_here_is_news_that_no_link_brought() -> None:
    gate = Gate(carrying(ANA), ANA)
    change = ANA.update(added=[ANA.another_device()])
    [put] = gate.verified(gate.take(change), change)
    assert Delivered(NO_LINK, (CONTENT,)) in gate.stored(put, change, CONTENT)
    assert gate.told == [("stored", [change.id]), ("stored", [CONTENT.id])]
    assert gate.sources == [LINK, NO_LINK]


def test_a_message_of_somebody_not_carried_is_refused_and_remembered_until_that_changes() -> None:
    gate, message = Gate(carrying(BEN), ANA), ANA.say(WORDS, EPOCH)
    effects = gate.verified(gate.take(message), message)
    assert effects == [
        Quarantine(LINK, BEN.device, (message,)),
        Note(LINK, "refused: not carried here"),
    ]
    assert gate.admission.is_refused(message.id, NOW + 1e9)
    gate.admission.on_carried(carrying(ANA))
    assert not gate.admission.is_refused(message.id, NOW)
    assert gate.bring(message) == [message]


def test_what_was_in_quarantine_is_judged_like_what_comes_and_counts_against_no_link() -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, EPOCH)
    unsigned = BEN.say(WORDS, EPOCH)
    gate.admission.admit(NOW, (message, unsigned))
    effects = gate.outbox.drain()
    [put] = [effect for effect in effects if isinstance(effect, Put)]
    assert put.messages == (message,)
    assert gate.stored(put, message) == [Delivered(NO_LINK, (message,))]
    assert gate.admission.has_room(LINK)


def test_of_whom_nothing_is_taken_nothing_is_kept_apart_either() -> None:
    gate, message = Gate(Carried(denied=frozenset({ANA.key})), ANA), ANA.say(WORDS, EPOCH)
    assert not [one for one in gate.verified(gate.take(message), message) if isinstance(one, Quarantine)]


def test_what_was_let_go_of_somebody_who_is_carried_is_not_kept_apart() -> None:
    carried = Carried(authors=frozenset({ANA.key}), since={ANA.key: EPOCH + 9})
    gate, message = Gate(carried, ANA), ANA.say(WORDS, EPOCH)
    assert not [one for one in gate.verified(gate.take(message), message) if isinstance(one, Quarantine)]


def test_what_an_outsider_dates_far_ahead_is_not_kept() -> None:
    gate, message = Gate(carrying(BEN), ANA), ANA.say(WORDS, int(NOW) + limits.FUTURE_SECONDS + 1)
    assert gate.verified(gate.take(message), message) == [Note(LINK, "refused: not carried here")]


@pytest.mark.parametrize(
    ("ahead", "is_taken"), [(limits.FUTURE_SECONDS, True), (limits.FUTURE_SECONDS + 1, False)]
)
@pytest.mark.limit("FUTURE_SECONDS")
def test_a_message_from_the_future_waits(ahead: int, is_taken: bool) -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, int(NOW) + ahead)
    assert gate.bring(message) == ([message] if is_taken else [])
    assert gate.admission.is_refused(message.id, NOW) is not is_taken
    assert not gate.admission.is_refused(message.id, NOW + 1)


def test_a_retraction_does_not_wait_however_far_ahead_it_is() -> None:
    gate, retraction = Gate(carrying(ANA), ANA), ANA.retract(CONTENT, ts=2**32 - 1)
    assert gate.bring(retraction) == [retraction]


def test_a_log_authorises_what_comes_after_it_in_the_same_batch() -> None:
    gate, message = Gate(carrying(ANA)), ANA.say(WORDS, EPOCH)
    assert gate.bring(message) == []
    assert gate.told[0] == ("unauthorised", ANA.key)
    assert gate.bring(ANA.inception, message) == [ANA.inception, message]


def test_what_the_log_does_not_authorise_is_refused_until_the_log_does_however_it_was_learned() -> None:
    gate, message = Gate(carrying(ANA)), ANA.say(WORDS, EPOCH)
    assert gate.bring(message) == []
    assert gate.admission.is_refused(message.id, NOW + 1e9)
    gate.identities.learn(BEN.inception)
    assert gate.admission.is_refused(message.id, NOW)
    gate.identities.learn(ANA.inception)
    assert not gate.admission.is_refused(message.id, NOW)


def test_a_log_authorises_what_stands_before_it_in_the_same_batch() -> None:
    ana = Author(11)
    phone = ana.another_device()
    added, said = ana.update(added=[phone]), phone.say(WORDS, EPOCH + 1)
    gate = Gate(carrying(ana))
    assert gate.bring(said, added, ana.inception) == [said, added, ana.inception]


def test_what_only_a_cut_may_reach_is_left_to_the_store_and_fetched_again_when_the_log_changes() -> None:
    ana = Author(12)
    phone = ana.another_device()
    added, said = ana.update(added=[phone]), phone.say(WORDS, EPOCH + 1)
    removed = ana.update(removed={phone.device: ((1, MessageId(bytes(32))),)})
    gate = Gate(carrying(ana), ana)
    gate.identities.learn(added)
    gate.identities.learn(removed)
    [put] = gate.verified(gate.take(said), said)
    assert isinstance(put, Put)
    assert put.messages == (said,)
    gate.stored(put)
    assert gate.admission.is_refused(said.id, NOW)
    gate.identities.learn(ana.update(removed={phone.device: ((1, said.id),)}))
    assert not gate.admission.is_refused(said.id, NOW)


def test_what_an_empty_cut_left_out_is_fetched_when_a_later_cut_reaches_it() -> None:
    ana = Author(13)
    phone = ana.another_device()
    added, said = ana.update(added=[phone]), phone.say(WORDS, EPOCH + 1)
    gate = Gate(carrying(ana), ana)
    gate.identities.learn(added)
    gate.identities.learn(ana.update(removed={phone.device: ()}))
    assert gate.bring(said) == []
    assert gate.admission.is_refused(said.id, NOW)
    gate.identities.learn(ana.update(removed={phone.device: ((1, said.id),)}))
    assert not gate.admission.is_refused(said.id, NOW)
    assert gate.bring(said) == [said]


def test_an_entry_that_a_stranger_signed_is_not_stored_and_one_that_has_no_effect_yet_is() -> None:
    ana = Author(14)
    first, second = ana.update(), ana.update()
    forged = sign_message(
        seed=bytes([9]) * 32,
        author=ana.key,
        place=FIRST,
        kind=0,
        ts=EPOCH,
        body=codec.encode([bytes(16), [], [], 16]),
    )
    gate = Gate(carrying(ana), ana)
    assert gate.bring(forged, second) == [second]
    assert not gate.identities.is_authorised(second)
    assert gate.bring(first) == [first]
    assert gate.identities.is_authorised(second)


def test_batches_of_one_link_are_judged_in_the_order_in_which_they_came() -> None:
    gate, message = Gate(carrying(ANA)), ANA.say(WORDS, EPOCH)
    first, second = gate.take(ANA.inception), gate.take(message)
    assert gate.verified(second, message) == []
    puts = gate.verified(first, ANA.inception)
    assert [put.messages for put in puts if isinstance(put, Put)] == [(ANA.inception,), (message,)]


def test_a_batch_of_another_link_does_not_wait() -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, EPOCH)
    gate.take(message)
    [put] = gate.verified(gate.take(message, link=OTHER), message)
    assert isinstance(put, Put)


def test_what_a_link_brought_is_stored_though_it_is_gone() -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, EPOCH)
    verify = gate.take(message)
    gate.admission.forget(NOW, LINK)
    [put] = gate.verified(verify, message)
    assert gate.stored(put, message) == [Delivered(LINK, (message,))]
    assert gate.admission.waiting(LINK) == 0


def test_bad_messages_are_told_with_the_device_that_brought_them_also_when_it_is_gone() -> None:
    gate = Gate(carrying(ANA))
    verify = gate.take(CONTENT)
    gate.admission.forget(NOW, LINK)
    gate.verified(verify, bad=(Reason.BAD_SIGNATURE, Reason.WRONG_SHAPE))
    assert gate.told[0] == ("bad", (BEN.device, 2))


def test_a_message_of_a_newer_version_or_another_network_is_held_against_nobody() -> None:
    gate = Gate(carrying(ANA))
    gate.verified(gate.take(CONTENT), bad=(Reason.UNSUPPORTED_VERSION, Reason.WRONG_NET))
    assert gate.told == [("stored", [])]


def test_only_so_many_refusals_are_remembered_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_REFUSED", 3)
    gate = Gate(carrying(BEN))
    messages = [ANA.say(WORDS, EPOCH + number) for number in range(4)]
    gate.bring(*messages[:3])
    gate.bring(messages[2])
    assert [gate.admission.is_refused(one.id, NOW) for one in messages] == [True, True, True, False]
    gate.bring(messages[3])
    assert [gate.admission.is_refused(one.id, NOW) for one in messages] == [False, True, True, True]


# --- How fast an author is let in ------------------------------------------------------------------------


def test_what_comes_live_is_let_in_up_to_the_rate_and_what_was_asked_for_beyond_it() -> None:
    gate = Gate(carrying(ANA), ANA)
    most = int(limits.AUTHOR_HOUR)
    messages = [ANA.say(WORDS, EPOCH + number) for number in range(most + 2)]
    assert gate.bring_live(*messages[:-1]) == messages[:most]
    assert gate.seen[:2] == [Hit(LINK, "AUTHOR_HOUR"), Note(LINK, Ignored.TOO_FAST.value)]
    assert not gate.admission.is_refused(messages[most].id, NOW), "a comparison may bring it"
    assert gate.bring(*messages[most:]) == messages[most:]


def test_a_log_is_let_in_however_fast_it_comes() -> None:
    ana = Author(15)
    gate = Gate(carrying(ana), ana)
    gate.bring_live(*[ana.say(WORDS, EPOCH + number) for number in range(int(limits.AUTHOR_HOUR))])
    updates = [ana.update() for _ in range(5)]
    assert gate.bring_live(*updates) == updates


# --- How much may wait ----------------------------------------------------------------------------------


def test_bytes_wait_until_they_are_stored() -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, EPOCH)
    assert gate.admission.waiting(LINK) == 0
    verify = gate.take(message)
    size = len(message.encode())
    assert gate.admission.waiting(LINK) == size
    [put] = gate.verified(verify, message)
    assert gate.admission.waiting(LINK) == size
    gate.stored(put, message)
    assert gate.admission.waiting(LINK) == 0


@pytest.mark.limit("CREDIT")
def test_a_link_has_room_below_the_credit(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, EPOCH)
    size = len(message.encode())
    monkeypatch.setattr(limits, "CREDIT", 2 * size)
    gate.take(message)
    assert gate.admission.has_room(LINK)
    gate.take(message)
    assert not gate.admission.has_room(LINK)
    assert gate.admission.has_room(OTHER)


def test_all_links_together_have_room_below_their_limit_and_are_told_when_there_is_room_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, EPOCH)
    monkeypatch.setattr(limits, "MAX_WAITING", 2 * len(message.encode()))
    first, second = gate.take(message), gate.take(message, link=OTHER)
    assert not gate.admission.has_room(LINK)
    assert not gate.admission.has_room(LinkId(3))
    gate.verified(second, bad=(Reason.BAD_SIGNATURE,))
    assert gate.told[-1] == ("room", None)
    assert gate.admission.has_room(LINK)
    gate.told.clear()
    gate.verified(first, bad=(Reason.BAD_SIGNATURE,))
    assert ("room", None) not in gate.told


def test_what_a_link_brought_that_is_gone_stands_in_nobodys_way_though_it_is_never_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, message = Gate(carrying(ANA), ANA), ANA.say(WORDS, EPOCH)
    monkeypatch.setattr(limits, "MAX_WAITING", len(message.encode()))
    verify = gate.take(message, link=OTHER)
    assert not gate.admission.has_room(LINK)
    gate.admission.forget(NOW, OTHER)
    assert gate.told == [("room", None)]
    assert gate.admission.has_room(LINK)
    [put] = gate.verified(verify, message)
    gate.stored(put, message)
    gate.take(message)
    assert not gate.admission.has_room(LINK), "what was given back is not given back again"


def test_a_batch_of_nothing_asks_for_nothing() -> None:
    gate = Gate(carrying(ANA))
    gate.admission.take(LINK, ())
    assert gate.outbox.drain() == []


# --- The driver's part ----------------------------------------------------------------------------------


def test_a_batch_is_checked_message_by_message() -> None:
    good = [ANA.inception, CONTENT, CONTROL.without_body()]
    forged = CONTENT._replace(signature=bytes(64))
    batch = [b"", *(one.encode() for one in [*good, forged])]
    verdicts = check_batch(batch, MAIN_NET)
    assert verdicts == [Reason.NOT_CANONICAL, None, None, None, Reason.BAD_SIGNATURE]
    assert judged(batch, verdicts, known=7) == Verified(
        tuple(good), 7, (Reason.NOT_CANONICAL, Reason.BAD_SIGNATURE)
    )


@pytest.mark.parametrize("kind", [7, *range(9, 16), 31, 32, 79, 100, 65_535])
def test_nobody_is_blamed_for_what_a_kind_says_that_has_no_schema(kind: int) -> None:
    strange = sign_message(
        seed=ANA.device_seed,
        author=ANA.key,
        place=replace(ANA.place, seq=1, prev=None),
        kind=kind,
        ts=EPOCH,
        body=codec.encode([bytes(16), [], [], "no slot", [None, 5], True]),
    )
    has_schema = kind < 14
    assert check_batch([strange.encode()], MAIN_NET) == [Reason.WRONG_SHAPE if has_schema else None]


def test_the_network_the_schema_and_the_log_entry_are_checked() -> None:
    def reason_of(message: Message, net: int = MAIN_NET) -> Reason:
        with pytest.raises(RemoteProtocolError) as caught:
            check_message(message, net)
        return caught.value.reason

    broken = sign_message(
        seed=ANA.device_seed,
        author=ANA.key,
        place=replace(ANA.place, seq=1, prev=None),
        kind=Comment.kind,
        ts=EPOCH,
        body=codec.encode([bytes(16), [], []]),
    )
    assert reason_of(CONTENT, net=2) is Reason.WRONG_NET
    assert reason_of(broken) is Reason.WRONG_SHAPE
    assert reason_of(ANA.inception.without_body()) is Reason.WRONG_SHAPE
    assert (
        reason_of(CONTENT._replace(header=CONTENT.header._replace(device=DeviceKey(bytes(32)))))
        is Reason.BAD_KEY
    )
    check_message(broken.without_body(), MAIN_NET)


SOME = [ANA, BEN, CYD]
of_some = st.frozensets(st.sampled_from([one.key for one in SOME]))


@given(
    authors=of_some, private=of_some, held=of_some, concealed=of_some, denied=of_some, everyone=st.booleans()
)
def test_of_who_is_denied_nothing_is_taken_served_or_asked_for_whatever_else_is_said_of_them(
    authors: frozenset[AuthorKey],
    private: frozenset[AuthorKey],
    held: frozenset[AuthorKey],
    concealed: frozenset[AuthorKey],
    denied: frozenset[AuthorKey],
    everyone: bool,
) -> None:
    carried = Carried(authors - denied, private - denied, held, concealed, denied=denied, everyone=everyone)
    for author in SOME:
        if author.key not in denied:
            continue
        for message in (author.inception, author.say(WORDS, EPOCH)):
            assert not carried.takes(message)
            assert not any(carried.serves(message, asks_private=asked) for asked in (True, False))
        assert not carried.shows(author.key)
        for asked in (True, False):
            assert author.key not in carried.named(asks_private=asked) | carried.formerly(asks_private=asked)
