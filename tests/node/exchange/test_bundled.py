"""The library that comes with Hedgerow: what it promises to whoever looks around in it."""

import unicodedata
from collections import Counter

from hedgerow_node.exchange import bundled, importer
from hedgerow_protocol.things import is_web_address

SCRIPTS = {"ar": "ARABIC", "he": "HEBREW", "zh": "CJK", "ja": "CJK", "hi": "DEVANAGARI"}


def test_every_line_of_the_list_is_a_link_and_none_comes_twice() -> None:
    parsed = importer.parse(bundled.NAME, bundled.content())
    assert parsed.skipped == ()
    assert 60 <= len(parsed.links) <= 100
    assert len(bundled.links()) == len(parsed.links)
    assert len({link.title for link in parsed.links}) == len(parsed.links)


def test_every_link_has_a_web_address_in_its_final_form_a_subject_and_a_description() -> None:
    for thing, link in bundled.links().items():
        assert is_web_address(thing)
        assert thing == link.address
        assert link.summary not in ("", link.title)
        assert link.topics[0] not in bundled.TAGS, link


def test_no_topic_has_a_comma_at_which_a_form_would_cut_it() -> None:
    assert [topic for link in bundled.links().values() for topic in link.topics if "," in topic] == []


def test_learners_of_several_scripts_find_something_described_in_their_own() -> None:
    links = list(bundled.links().values())
    found = Counter(map(bundled.language_of, links))
    assert all(found[tag] >= 5 for tag in ("ar", "zh", "he", "es"))
    for link in links:
        script = SCRIPTS.get(bundled.language_of(link))
        if script:
            assert script in {unicodedata.name(letter, "").split()[0] for letter in link.summary}, link.title
