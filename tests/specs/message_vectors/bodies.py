"""Bodies of each kind as arrays, every position replaceable: a slot, if not given, follows from the content."""

from collections.abc import Callable

from specs.message_vectors.actors import AUTHOR, LAPTOP_KEY, NONCE, STRANGER_KEY, TIME, ids
from specs.message_vectors.identity import base58, did

PAGE = "https://example.org/"
BOOK = "isbn:9780306406157"
PERSON = did(AUTHOR)
LONG_THING = PAGE + "a" * 2_028
TRAIL = base58(NONCE[::-1])
Make = Callable[..., list[object]]


def _body(opening: list[object], content: dict[str, object], changes: dict[str, object]) -> list[object]:
    assert changes.keys() <= content.keys(), changes.keys() - content.keys()
    return [*opening, *(content | changes).values()]


OPENING: list[object] = [NONCE, [], []]


def profile(**changes: object) -> list[object]:
    """A body of kind 2."""
    return _body(OPENING, {"slot": "", "name": "Ana", "about": "", "machine": False, "extra": []}, changes)


def follow(**changes: object) -> list[object]:
    """A body of kind 3."""
    target = changes.get("target", PERSON)
    return _body(OPENING, {"slot": target, "target": target, "reason": "", "extra": []}, changes)


RESOURCE = ("thing", "title", "summary", "language", "type", "level", "audience")
RESOURCE += ("teaches", "licence", "minutes", "authors")


def resource(**changes: object) -> list[object]:
    """A body of kind 4."""
    thing = changes.get("thing", PAGE)
    empty: list[object] = [thing, "A title", "", "", "", "", "", [], "", None, []]
    content = {"slot": thing} | dict(zip(RESOURCE, empty, strict=True)) | {"extra": []}
    return _body(OPENING, content, changes)


def endorse(**changes: object) -> list[object]:
    """A body of kind 5."""
    thing, topic = changes.get("thing", PAGE), changes.get("topic", "")
    content: dict[str, object] = {
        "slot": f"{thing}\t{topic}" if topic else thing,
        "thing": thing,
        "stance": 0,
        "level": "",
        "audience": "",
        "reason": "",
        "topic": topic,
        "extra": [],
    }
    return _body(OPENING, content, changes)


def connect(**changes: object) -> list[object]:
    """A body of kind 6."""
    origin, relation, to = changes.get("origin", PAGE), changes.get("relation", 1), changes.get("to", BOOK)
    slot = f"{origin}\t{relation}\t{to}"
    content = {"slot": slot, "origin": origin, "relation": relation, "to": to, "reason": "", "extra": []}
    return _body(OPENING, content, changes)


def comment(**changes: object) -> list[object]:
    """A body of kind 8."""
    content = {"nonce": NONCE, "topics": [], "refs": []}
    content |= {"thing": PAGE, "role": 0, "text": "Clear.", "extra": []}
    return _body([], content, changes)


def retract(**changes: object) -> list[object]:
    """A body of kind 1."""
    return _body([], {"nonce": NONCE, "topics": [], "refs": [], "targets": ids(2), "reason": 0}, changes)


STEP = ("thing", "role", "note", "requires", "minutes", "optional")


def step(**changes: object) -> list[object]:
    """A step of a trail."""
    empty: list[object] = [PAGE, "", "", [], None, False]
    return _body([], dict(zip(STEP, empty, strict=True)), changes)


def trail(**changes: object) -> list[object]:
    """A body of kind 7."""
    content: dict[str, object] = {"slot": TRAIL, "title": "A trail", "summary": "", "steps": [step()]}
    return _body(OPENING, content | {"lineage": [], "extra": []}, changes)


def attest(**changes: object) -> list[object]:
    """A body of kind 9."""
    content = {"thing": PAGE, "claim": 0, "value": True, "checked_at": TIME, "extra": []}
    return _body(OPENING, content, changes)


def label(**changes: object) -> list[object]:
    """A body of kind 10."""
    thing, word = changes.get("thing", PAGE), changes.get("label", "spam")
    content = {"slot": f"{thing}\t{word}", "thing": thing, "label": word, "reason": "", "extra": []}
    return _body(OPENING, content, changes)


def introduce(**changes: object) -> list[object]:
    """A body of kind 11."""
    content = {"one": PERSON, "other": did(STRANGER_KEY), "reason": "", "extra": []}
    return _body(OPENING, content, changes)


def vouch(**changes: object) -> list[object]:
    """A body of kind 12."""
    target = changes.get("target", PERSON)
    return _body(OPENING, {"slot": target, "target": target, "reason": "", "extra": []}, changes)


def receipt(**changes: object) -> list[object]:
    """A body of kind 13."""
    content = {"device": LAPTOP_KEY, "seq": 7, "id": ids(1)[0], "held_since": TIME, "extra": []}
    return _body(OPENING, content, changes)
