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
    MISSING = "missing"
    """Known by name; the body, or all of it, is not here."""
    CARRIED = "carried"
    """Of a kind that says nothing to people here."""


class Rule(StrEnum):
    """By which decision of the owner something is hidden."""

    MUTED = "muted"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is left out, and why."""

    count: int
    rule: Rule
    target: str
    """The person or thing that was muted or blocked."""
    name: str
    words: str
    """For example "2 statements hidden: you muted Ben"."""


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


@dataclass(frozen=True, slots=True)
class Statement:
    """What one message says. Fields that its kind does not have are empty."""

    id: str
    kind: str
    """"profile", "follow", "resource", "endorse", "connect" or "comment"."""
    author: Author
    ts: int
    """The time that its author signed."""
    received: float
    at: int
    """The time to show: signed or received, whichever is earlier."""
    own: bool
    state: State
    thing: str
    """What it is about; of a connection the origin, of a profile the person."""
    title: str = ""
    """Of a resource; the name in a profile."""
    summary: str = ""
    """Of a resource; the "about" in a profile."""
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
    role: str | None = None
    machine: bool = False


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
    comments: tuple[Thread, ...]
    item: Item | None
    hidden: tuple[Hidden, ...]
    withdrawn: int
    """Messages that those shown reply to, rest on or replace, and that were withdrawn."""
    missing: int
    """The same, not here."""


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


@dataclass(frozen=True, slots=True)
class Head:
    """A version that nothing superseded or retracted: what the next version has to replace."""

    id: MessageId
    ts: int
    row: int
