"""From where things are seen: who the owner is, whom they follow, what they muted and blocked.

A `Viewpoint` is read anew for each question, in the same reading transaction, and remembers for that question whom it
has met. Follows, mutes, blocks and label lists decide how statements are named, ordered and left out; never what is
stored.
"""

import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from hedgerow_node.store.labelling import Effect, Listed, listed_things, reason_of
from hedgerow_node.store.reading import read_message
from hedgerow_node.store.records import Author, Hidden, Listing, Rule
from hedgerow_node.store.rows import COLUMNS, as_list, author_rows
from hedgerow_protocol import keys
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.keys import DID_PREFIX, AuthorKey
from hedgerow_protocol.kinds import Kind, Profile

YOU: Final = "you"
FOLLOWED: Final = "followed"
PRIVATELY: Final = "followed privately"
MAX_LABEL = 60
"""Letters of a name that are shown; a longer one would push everything else off the line."""
KEY_ENDS = (8, 4)
"""Letters shown of the beginning and the end of a key that has no name."""
REMEMBERED = 8_192
"""Keys whose text form is kept: turning one into the other costs as much as reading ten rows."""
SPEAKING = (Kind.RESOURCE, Kind.ENDORSE, Kind.CONNECT, Kind.COMMENT, Kind.TRAIL)
"""Kinds by which somebody stands for a thing in the owner's circle; a label of it is none."""
AUTHOR_HERE = """
SELECT a.key FROM messages AS m JOIN authors AS a ON a.row = m.author WHERE m.own = 1 ORDER BY m.row DESC LIMIT 1
"""
NEAR = f"""
SELECT 1 FROM library WHERE thing = :thing
UNION ALL SELECT 1 FROM statements WHERE thing = (SELECT row FROM things WHERE thing = :thing)
AND kind IN ({", ".join(str(int(kind)) for kind in SPEAKING)}) AND author IN (SELECT value FROM json_each(:near))
LIMIT 1
"""  # noqa: S608
PROFILES = f"""
SELECT s.author, {COLUMNS} FROM standing AS s JOIN messages AS m ON m.row = s.row
WHERE s.author IN (SELECT value FROM json_each(?)) AND s.kind = ? AND s.slot IS NOT NULL
"""  # noqa: S608
FORMER_NAMES = """SELECT target, name FROM takedowns WHERE undone IS NULL AND target LIKE 'did:key:%'
    UNION ALL SELECT target, name FROM blocks"""
UNSEEN = frozenset({"Cf", "Cc", "Zl", "Zp"})
JOINERS = "\u200c\u200d"
"""Invisible, and needed to spell names in Persian and in Indic scripts."""

did_of = lru_cache(REMEMBERED)(keys.did_of)


@dataclass(slots=True)
class Viewpoint:
    """What one question is asked from; made by `load`."""

    me: AuthorKey | None
    my_row: int | None
    """The owner among the authors; None before the first message."""
    relations: Mapping[AuthorKey, str]
    rules: Mapping[str, Rule]
    """By muted or blocked thing; a person is a thing too."""
    followed_rows: frozenset[int]
    hidden_rows: Mapping[int, Rule]
    """Authors that are left out, by their rows."""
    listed: Mapping[str, Listed]
    """Things and people that stand on label lists."""
    former_names: Mapping[str, str]
    """What people were called whose profiles are kept away with all else that they said."""
    _met: dict[int, Author] = field(default_factory=dict)
    _judged: dict[str, Rule | None] = field(default_factory=dict)

    def author(self, row: int) -> Author:
        """The author in this row, whom `meet` has met."""
        return self._met[row]

    def meet(self, db: sqlite3.Connection, rows: Iterable[int]) -> None:
        """Read the names of the authors in these rows."""
        new = set(rows) - self._met.keys()
        if not new:
            return
        named = as_list(sorted(new))
        found = db.execute(
            "SELECT row, key FROM authors WHERE row IN (SELECT value FROM json_each(?))", [named]
        ).fetchall()
        profiles = profiles_of(db, new)
        for row, key in found:
            self._met[row] = self.named(AuthorKey(key), profiles.get(row))

    def named(self, key: AuthorKey, profile: Profile | None) -> Author:
        """How the holder of this key is shown."""
        did = did_of(key)
        name = clean_name(profile.name) if profile else self.former_names.get(did, "")
        is_machine = profile is not None and profile.machine
        listed = self.listed.get(did)
        return Author(
            did=did,
            name=name,
            label=name[:MAX_LABEL] or short_key(did),
            relation=self.relations.get(key, ""),
            machine=is_machine,
            warned=listed.list.label if listed else "",
        )

    def rank(self, author: Author) -> int:
        """You, then those you follow, then others."""
        return (YOU, FOLLOWED, PRIVATELY, "").index(author.relation)

    def rule_on(self, db: sqlite3.Connection, thing: str) -> Rule | None:
        """By which rule a thing is left out of feeds and searches, if one says so."""
        rule = self.rules.get(thing)
        if rule is not None or thing not in self.listed:
            return rule
        if thing not in self._judged:
            is_hidden = self.listed[thing].list.effect is Effect.HIDE and not self._is_near(db, thing)
            self._judged[thing] = Rule.LABELLED if is_hidden else None
        return self._judged[thing]

    def _is_near(self, db: sqlite3.Connection, thing: str) -> bool:
        """Whether it is somebody whom the owner follows, or something that they keep or such people speak of."""
        key = key_of(thing)
        if key is not None:
            return key in self.relations
        near = as_list([*self.followed_rows, *([self.my_row] if self.my_row is not None else [])])
        return db.execute(NEAR, {"thing": thing, "near": near}).fetchone() is not None

    def listing_of(self, db: sqlite3.Connection, thing: str) -> Listing | None:
        """On which label list a thing or person stands, and why."""
        listed = self.listed.get(thing)
        if listed is None:
            return None
        used, reason = listed.list, reason_of(db, listed)
        name = label_of(db, self, used.labeller)
        words = f"{name} labels it “{used.label}”" + (f": {reason}" if reason else "")
        return Listing(used.labeller, name, used.label, reason, used.effect.value, words)

    def hidden(self, db: sqlite3.Connection, counts: Counter[tuple[str, Rule]]) -> tuple[Hidden, ...]:
        """What was left out, in words; counted by muted or blocked thing and rule."""
        return tuple([self._hidden(db, *case, count) for case, count in sorted(counts.items())])

    def _hidden(self, db: sqlite3.Connection, target: str, rule: Rule, count: int) -> Hidden:
        name = label_of(db, self, target)
        what = "statement" if count == 1 else "statements"
        listing = self.listing_of(db, target) if rule is Rule.LABELLED else None
        why = f"you {rule.value} {name}" if listing is None else f"{listing.words} ({name})"
        return Hidden(count, rule, target, name, f"{count} {what} hidden: {why}")


def load(db: sqlite3.Connection, owner: AuthorKey | None) -> Viewpoint:
    """The viewpoint of the owner, as things stand in this transaction.

    None leaves it to the messages: the owner is the author of the latest that was signed here.
    """
    me = owner or _author_here(db)
    followed = followed_by(db, me) if me is not None else set()
    privately = {key for (did,) in db.execute("SELECT target FROM private_follows") if (key := key_of(did))}
    relations = dict.fromkeys(privately, PRIVATELY) | dict.fromkeys(followed, FOLLOWED)
    if me is not None:
        relations[me] = YOU
    rules = dict.fromkeys(_targets(db, "mutes"), Rule.MUTED) | dict.fromkeys(
        _targets(db, "blocks"), Rule.BLOCKED
    )
    hidden = {key: rule for target, rule in rules.items() if (key := key_of(target)) and key != me}
    listed = listed_things(db)
    for thing, one in listed.items():
        key = key_of(thing) if one.list.effect is Effect.HIDE else None
        if key is not None and key not in relations:
            hidden.setdefault(key, Rule.LABELLED)
    rows = author_rows(db, {*relations, *hidden})
    return Viewpoint(
        me=me,
        my_row=None if me is None else rows.get(me),
        relations=relations,
        rules=rules,
        followed_rows=frozenset(rows[key] for key in followed | privately if key in rows),
        hidden_rows={rows[key]: rule for key, rule in hidden.items() if key in rows},
        listed=listed,
        former_names=dict(db.execute(FORMER_NAMES).fetchall()),
    )


def followed_by(db: sqlite3.Connection, author: AuthorKey) -> set[AuthorKey]:
    """Whom `author` follows in public: the people among the targets of the follows that stand."""
    targets = db.execute(
        "SELECT t.thing FROM heads AS h JOIN things AS t ON t.row = h.thing"
        " WHERE h.author = (SELECT row FROM authors WHERE key = ?) AND h.kind = ? AND h.slot IS NOT NULL",
        [author, Kind.FOLLOW],
    )
    return {key for (target,) in targets if (key := key_of(target)) is not None}


def profiles_of(db: sqlite3.Connection, rows: Iterable[int]) -> dict[int, Profile]:
    """The current profiles of the authors in these rows, as far as there are any."""
    profiles = {}
    for author, *row in db.execute(PROFILES, [as_list(rows), Kind.PROFILE]):
        identifier, header, signature, crc, data = row
        read = read_message((identifier, header, signature, crc, data))
        if read is not None and isinstance(read[1].content, Profile):
            profiles[author] = read[1].content
    return profiles


def label_of(db: sqlite3.Connection, view: Viewpoint, target: str) -> str:
    """What a muted or blocked thing is called: the name of a person, else the thing itself."""
    key = key_of(target)
    if key is None:
        return target
    row = author_rows(db, [key]).get(key)
    if row is None:
        return short_key(target)
    view.meet(db, [row])
    return view.author(row).label


def name_of(db: sqlite3.Connection, target: str) -> str:
    """What a person calls themselves; empty for whom that is not known, and for what is no person."""
    key = key_of(target)
    row = author_rows(db, [key]).get(key) if key is not None else None
    if row is None:
        return ""
    view = load(db, None)
    view.meet(db, [row])
    return view.author(row).name


@lru_cache(REMEMBERED)
def key_of(thing: str) -> AuthorKey | None:
    """The key of the person that `thing` names, or None."""
    try:
        return keys.key_of(thing)
    except RemoteProtocolError:
        return None


def short_key(did: str) -> str:
    """A key for the eye: not enough to tell two apart that somebody made alike."""
    first, last = KEY_ENDS
    letters = did.removeprefix(DID_PREFIX[:-1])
    return f"{letters[:first]}…{letters[-last:]}"


def clean_name(name: str) -> str:
    """A name on one line, without signs that turn the direction of what stands around it."""
    visible = [sign for sign in name if sign in JOINERS or unicodedata.category(sign) not in UNSEEN]
    return " ".join("".join(visible).split())


def _author_here(db: sqlite3.Connection) -> AuthorKey | None:
    found = db.execute(AUTHOR_HERE).fetchone()
    return AuthorKey(found[0]) if found else None


def _targets(db: sqlite3.Connection, table: str) -> list[str]:
    return [target for (target,) in db.execute(f"SELECT target FROM {table}")]  # noqa: S608 - one of two names
