"""The messages that the jobs move are honest ones, of the size that is claimed, and the same each time."""

from statistics import mean

from bench.corpus import LANGUAGES, SetOfMessages, content_of, entries, thing_of
from hedgerow_protocol.checking import check_message
from hedgerow_protocol.kinds import Endorse, Resource
from hedgerow_protocol.message import MAIN_NET, decode_message

WANTED = SetOfMessages(300, authors=6, group=5)


def test_every_message_holds_and_stands_in_order_under_its_author() -> None:
    people, held = WANTED.people(), entries(WANTED)
    assert len(held) == WANTED.count
    assert [entry[:2] for entry in held] == sorted(entry[:2] for entry in held)
    for ts, name, author, data in held:
        message = decode_message(data)
        check_message(message, MAIN_NET)
        assert (message.header.ts, message.id, message.header.author) == (ts, name, people[author].key)


def test_a_message_has_about_400_bytes() -> None:
    assert 360 <= mean(len(data) for *_, data in entries(WANTED)) <= 440


def test_three_of_five_describe_a_thing_and_the_others_speak_of_one_that_is_described() -> None:
    said = [content_of(WANTED, place)[0] for place in range(WANTED.count)]
    described = {one.thing for one in said if isinstance(one, Resource)}
    endorsed = [one.thing for one in said if isinstance(one, Endorse)]
    assert len(described) == WANTED.count * 3 // 5
    assert len(endorsed) == WANTED.count * 2 // 5
    assert sum(thing in described for thing in endorsed) > 0.8 * len(endorsed)
    assert {one.language for one in said if isinstance(one, Resource)} == set(LANGUAGES)


def test_no_two_groups_share_an_author_or_a_thing() -> None:
    others = SetOfMessages(300, authors=6, group=6)
    assert not {one.key for one in WANTED.people()} & {one.key for one in others.people()}
    assert thing_of(WANTED, 0) != thing_of(others, 0)
    assert {one.key for one in WANTED.people()} == {one.key for one in WANTED.people()}
