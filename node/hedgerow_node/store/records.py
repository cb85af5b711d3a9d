"""What the store answers with: values for pages, the API and the command line.

Only texts, numbers, truth values and tuples of these stand in them (`Head` apart), so that they turn into JSON as
they are. Messages are named `hedgerow:…`, people `did:key:…`; times are Unix seconds; words such as stances and
relations are English, and whatever number has no word here reads like "relation 77".
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from hedgerow_protocol.message import MessageId

T = TypeVar("T")


class State(StrEnum):
    """How a message stands among the versions of what it says."""

    CURRENT = "current"
    CONCURRENT = "concurrent"
    """Another version, written elsewhere at the same time, counts as the later one."""
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    """Retracted by its author: only the signed header is left."""
    WITHHELD = "withheld"
    """Kept away from this computer by a block or a takedown: only the signed header is left."""
    MISSING = "missing"
    """Known by name; the body, or all of it, is not here."""
    CARRIED = "carried"
    """Of a kind that says nothing to people here."""


class Rule(StrEnum):
    """By which decision of the owner something is hidden."""

    MUTED = "muted"
    BLOCKED = "blocked"
    LABELLED = "labelled"
    """It stands on a label list that the owner uses."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is left out, and why."""

    count: int
    rule: Rule
    target: str
    """The person or thing that is hidden."""
    name: str
    words: str
    """For example "2 statements hidden: you muted Ben"."""


@dataclass(frozen=True, slots=True)
class Listing:
    """That something stands on a label list which the owner uses, and why."""

    labeller: str
    """Whose label it is."""
    name: str
    label: str
    reason: str
    effect: str
    """"hide" or "warn"; what is hidden can be looked at all the same, and whom one follows is shown."""
    words: str
    """For example "City library labels it “spam”: it sells rings"."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some results; `next` asks for those after them and is None at the end."""

    results: tuple[T, ...]
    next: str | None = None
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who says something."""

    did: str
    name: str
    """As the current profile has it, without signs that turn the direction of text; may be empty."""
    label: str
    """The name, or a short form of the key where there is none."""
    relation: str = ""
    """"you", "followed", "followed privately", or nothing."""
    machine: bool = False
    """The profile declares that nobody types here."""
    warned: str = ""
    """The word by which they stand on a label list that the owner uses."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a trail."""

    thing: str | None
    """None: a role that nobody has filled yet."""
    role: str
    note: str
    requires: tuple[int, ...]
    """Places of steps that come first, counted from 1."""
    minutes: int | None
    optional: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A step where it is shown."""

    number: int
    """From 1."""
    step: Step
    title: str
    """What its thing is called; empty without one."""
    is_trail: bool
    """The thing is a trail that is here."""
    done: bool
    ready: bool
    """Everything that it requires is done."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one message says. Fields that its kind does not have are empty."""

    id: str
    kind: str
    """The word of `hedgerow_protocol.kinds.Kind`, in lower case."""
    author: Author
    ts: int
    """The time that its author signed."""
    received: float
    at: int
    """The time to show: signed or received, whichever is earlier."""
    own: bool
    state: State
    thing: str
    """What it is about: of a connection the origin, of a profile the person, of a trail its message, of an introduction
    one of the two, of a receipt the message up to which a chain is held."""
    title: str = ""
    """Of a resource or a trail; the name in a profile."""
    summary: str = ""
    """Of a resource or a trail; the "about" in a profile."""
    reason: str = ""
    text: str = ""
    """Of a comment."""
    topics: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    reply_to: str | None = None
    rests_on: tuple[str, ...] = ()
    language: str = ""
    type: str = ""
    level: str = ""
    audience: str = ""
    teaches: tuple[str, ...] = ()
    licence: str = ""
    minutes: int | None = None
    authors: tuple[str, ...] = ()
    """Names of those who made the resource."""
    stance: str | None = None
    topic: str = ""
    """For what a person is endorsed."""
    relation: str | None = None
    to: str | None = None
    """The far end of a connection; the other of two people; of a receipt the device."""
    role: str | None = None
    machine: bool = False
    claim: str | None = None
    """What was checked, of an attestation."""
    value: bool | int | str | None = None
    """What was found; of a receipt the place in the chain."""
    checked_at: int | None = None
    """When it was checked, or since when a chain is held."""
    label: str = ""
    steps: tuple[Step, ...] = ()
    """Of a trail."""
    lineage: tuple[str, ...] = ()
    """The version that a trail was forked from, what that one was forked from, and so on."""
    newer: bool = False
    """It has parts that are not known here: made with a newer Hedgerow."""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """A trail in a list."""

    id: str
    title: str
    summary: str
    author: Author
    at: int
    own: bool
    state: State
    steps: int
    open_roles: int
    """Steps that wait for a thing: with some it is a pattern."""
    minutes: int
    """The sum of what its steps say; 0 where none does."""
    done: int
    """Steps that the owner has done; nobody else learns of it."""


@dataclass(frozen=True, slots=True)
class TrailView:
    """A trail with what its owner here has done of it."""

    id: str
    newest: str | None
    """The version that stands now; None where it was withdrawn."""
    statement: Statement
    places: tuple[Place, ...]
    """Its steps, in order."""
    minutes: int
    done: int
    open_roles: int
    forked_from: TrailEntry | None
    """The trail it was forked from, if that is here."""
    forks: tuple[TrailEntry, ...]
    """Trails that were forked from any version of it."""
    said: tuple[Statement, ...]
    """What others say about any version of it, comments apart, newest first."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment and what was said to it, oldest reply first."""

    statement: Statement
    replies: tuple["Thread", ...] = ()


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection seen from one of its ends."""

    id: str
    relation: str
    """From the origin to the other end, whichever of them we look from."""
    direction: str
    """"out" when the thing we look from is the origin, else "in"."""
    other: str
    other_title: str
    reason: str
    author: Author
    at: int
    state: State
    own: bool
    newer: bool
    """It has parts that are not known here."""


@dataclass(frozen=True, slots=True)
class Item:
    """A thing in the private library."""

    thing: str
    title: str
    summary: str
    topics: tuple[str, ...]
    note: str
    saved: float
    shared: bool
    """A description of it by you, signed here, stands among the messages."""
    import_name: str | None
    """The import that brought it, unless it was changed since."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """What is to be saved in the private library."""

    thing: str
    title: str = ""
    summary: str = ""
    topics: tuple[str, ...] = ()
    saved: float = 0.0


@dataclass(frozen=True, slots=True)
class Import:
    """One act of bringing items in, and how many of them can still be undone."""

    id: int
    name: str
    at: float
    items: int


@dataclass(frozen=True, slots=True)
class ThingView:
    """Everything known here about a thing."""

    thing: str
    title: str
    scheme: str
    address: str | None
    """What a browser opens, if anything."""
    topics: tuple[str, ...]
    authors: tuple[Author, ...]
    """Who said something about it: you first, then those you follow."""
    statements: tuple[Statement, ...]
    """Newest first."""
    next: str | None
    """The cursor of the statements that follow."""
    connections: tuple[Connection, ...]
    checks: tuple[Statement, ...]
    """Attestations: of each author and claim the one that was checked last, the latest first."""
    labels: tuple[Statement, ...]
    trails: tuple[TrailEntry, ...]
    """Trails that lead through it."""
    comments: tuple[Thread, ...]
    item: Item | None
    hidden: tuple[Hidden, ...]
    withdrawn: int
    """Messages that those shown reply to, rest on or replace, and that were withdrawn."""
    missing: int
    """The same, not here."""
    listing: Listing | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One message in the history of what it says."""

    id: str
    state: State
    ts: int | None
    statement: Statement | None
    """None where the text is gone or not here."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message: what its header says, what it says, what became of it."""

    id: str
    kind: str
    author: Author
    device: str
    seq: int
    ts: int
    received: float
    own: bool
    state: State
    statement: Statement | None
    withdrawn_by: str | None
    withheld: tuple[str, ...]
    """By which decisions its text is kept away from this computer, in words."""
    newer: bool
    """Its kind, or parts of it, are not known here: made with a newer Hedgerow."""
    versions: tuple[Version, ...]
    """Itself among them, newest first."""
    replies: tuple[Thread, ...]


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A thing of which people spoke."""

    thing: str
    title: str
    at: int
    """When something was last said about it."""
    why: tuple[str, ...]
    """For example "Ben endorsed it: clear examples"."""
    authors: tuple[Author, ...]
    statements: tuple[Statement, ...]
    """The newest few."""
    saved: bool
    """It is in the private library."""
    listing: Listing | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that a search found."""

    thing: str
    title: str
    at: int
    why: tuple[str, ...]
    """For example "your private save", "title", "Ana's reason: clear examples"."""
    authors: tuple[Author, ...]
    """Who said something about it."""
    private: bool
    shared: bool
    """You said something about it yourself."""
    listing: Listing | None = None


@dataclass(frozen=True, slots=True)
class CollectionEntry:
    """A thing that you saved or shared."""

    thing: str
    title: str
    summary: str
    topics: tuple[str, ...]
    note: str
    at: float
    private: bool
    """It, or a note on it, is in the private library."""
    shared: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of whom messages are here, or whom somebody follows."""

    author: Author
    about: str
    messages: int
    """How many of them are held, erased ones included."""
    last: int | None
    """When the latest of their statements was made."""
    muted: bool
    blocked: bool
    follows_you: bool


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person and whom they know."""

    person: Person
    profile: Statement | None
    follows: tuple[Statement, ...]
    """Current follows, of people and of other things."""
    follows_people: tuple[Author, ...]
    followed_by: tuple[Author, ...]
    vouches: tuple[Statement, ...]
    """For whom they vouch."""
    vouched_by: tuple[Statement, ...]
    introductions: tuple[Statement, ...]
    """By which somebody introduces them, or they introduce others."""
    newer: int
    """Messages of theirs of kinds that are not known here."""
    listing: Listing | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A version that nothing superseded or retracted: what the next version has to replace."""

    id: MessageId
    ts: int
    row: int
