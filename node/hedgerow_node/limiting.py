"""The table of limits: what each is called, what happens at it, and whether it is counted.

The numbers stand in `hedgerow_protocol.limits` and `config` and nowhere else: a row names the constant. What nobody
can change or meet from outside, such as the size of an id, is not in the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hedgerow_node import config
from hedgerow_protocol import limits

REFUSED = "the message is refused, and its sender counts as having sent a bad one"
CUT = "the link is cut"
DROPPED = "it is dropped, and found by the next comparison"
KEPT_AWAY = "the device is kept away, twice as long each time"


@dataclass(frozen=True, slots=True)
class Limit:
    """One row."""

    constant: str
    """Its name in `hedgerow_protocol.limits`, else in `config`."""
    name: str
    unit: str
    reason: str
    then: str
    """What happens at it."""
    is_counted: bool = True
    """Whether others can meet it while the node runs, so that it is counted how often they do."""

    @property
    def value(self) -> int | float:
        """The number, as an integer where it is one."""
        module = limits if hasattr(limits, self.constant) else config
        value: float = getattr(module, self.constant)
        return int(value) if value == int(value) else value

    def as_json(self, times: Mapping[str, int]) -> dict[str, object]:
        """{limit, name, value, unit, reason, then, times}; `times` is None where it is not counted."""
        return {
            "limit": self.constant,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "reason": self.reason,
            "then": self.then,
            "times": times.get(self.constant, 0) if self.is_counted else None,
        }


def _form(constant: str, name: str, unit: str, reason: str, then: str = REFUSED) -> Limit:
    """A limit on what is said or asked: who exceeds it is told so each time."""
    return Limit(constant, name, unit, reason, then, is_counted=False)


MESSAGES = (
    _form("MAX_BODY", "message body", "bytes", "what every node can store and check without harm"),
    _form("MAX_THING", "address or other thing", "bytes", "what browsers and servers still agree on"),
    _form("MAX_TITLE", "title", "bytes", "one line"),
    _form("MAX_SUMMARY", "summary", "bytes", "a page of text"),
    _form("MAX_TEXT", "comment or reason", "bytes", "half of a message"),
    _form("MAX_TOPICS", "topics of a message", "topics", "more say nothing"),
    _form("MAX_TOPIC", "topic", "bytes", "a few words in any script"),
    _form("MAX_STEPS", "steps of a trail", "steps", "a step may be a trail"),
    _form("MAX_TARGETS", "messages that one withdrawal names", "messages", "withdrawals are kept for good"),
    _form("MAX_REPLACES", "versions that one change replaces", "messages", "the header is kept for good"),
    _form("MAX_DEVICES", "devices of an identity", "devices", "every node keeps them for good"),
    _form(
        "MAX_LOG_ENTRIES", "identity log", "entries", "every node keeps them for good", "no more belong to it"
    ),
    _form("MAX_FILTER_AUTHORS", "filter", "authors", "it fits one frame", CUT),
    Limit(
        "FUTURE_SECONDS",
        "time ahead of our clock",
        "seconds",
        "honest clocks differ",
        "the message waits until it is due",
    ),
)
DOOR = (
    Limit("HEADER_DEADLINE", "time for a request's header", "seconds", "a half-sent one holds a place", CUT),
    Limit("MAX_REQUEST_HEADER", "header of a request", "bytes", "what a stranger can make us hold", CUT),
    Limit(
        "MAX_LINKS_IN",
        "connections from other nodes",
        "connections",
        "what a small computer carries",
        "the oldest stranger of the most crowded network goes, or nobody else is let in",
    ),
    Limit(
        "MAX_UNPROVEN",
        "connections in their handshake",
        "connections",
        "they cost nothing to open",
        "the oldest of the most crowded network goes",
    ),
    *[
        Limit(constant, f"strangers from one {network}", "connections", reason, "no other is let in")
        for constant, network, reason in (
            ("MAX_OF_IPV4", "IPv4 address", "a household"),
            ("MAX_OF_IPV4_24", "IPv4 /24", "who has one address there often has several"),
            ("MAX_OF_IPV4_16", "IPv4 /16", "a small provider"),
            ("MAX_OF_IPV6_64", "IPv6 /64", "a household"),
            ("MAX_OF_IPV6_48", "IPv6 /48", "a company"),
            ("MAX_OF_LOOPBACK", "computer, this one", "programs of one's own, or a proxy that was not named"),
        )
    ],
    Limit(
        "CONNECTS_A_MINUTE",
        "connections begun from one address",
        "a minute",
        "honest nodes begin one and keep it",
        "no other is let in",
    ),
    Limit(
        "CONNECTS_OF_LOOPBACK",
        "connections begun on this computer",
        "a minute",
        "programs of one's own, or a proxy that was not named",
        "no other is let in",
    ),
    Limit(
        "MAX_FAULTS_OF_ADDRESS",
        "broken handshakes from one address",
        "in 10 minutes",
        "each costs a key agreement",
        "nobody is let in from there, for twice as long each time",
    ),
    Limit(
        "MAX_LINKS_OF_AUTHOR",
        "links of one person",
        "links",
        "several devices, and links that broke without a word",
        "the oldest is cut",
    ),
    _form(
        "LINKS_HELD",
        "links held by a learner's node",
        "links",
        "one brings what is new, two stand by",
        "others are visited in turn",
    ),
    _form(
        "MAX_LINKS_OUT",
        "links held in all",
        "links",
        "a few, and who alone carries somebody",
        "others are visited in turn",
    ),
)
LINKS = (
    Limit("MAX_FRAME", "frame on a link", "bytes", "what one peer can make us hold", CUT),
    Limit(
        "MAX_FRAME_BEFORE_AUTHENTICATION",
        "frame before authentication",
        "bytes",
        "what a stranger can make us hold",
        CUT,
    ),
    Limit("HELLO_TIMEOUT", "time for a hello", "seconds", "a peer that waits holds a place", CUT),
    Limit("HANDSHAKE_TIMEOUT", "time for a handshake", "seconds", "a peer that waits holds a place", CUT),
    _form(
        "CERTIFICATE_DAYS",
        "life of a certificate",
        "days",
        "a stolen key is of no use after it",
        "there is no link",
    ),
    Limit("DEAD_AFTER", "silence", "seconds", "a dead link holds a place", CUT),
    Limit("PROGRESS_TIMEOUT", "time without a part of an answer", "seconds", "others may answer", CUT),
    Limit("LINK_QUEUE", "bytes that wait on one link", "bytes", "who lets more wait does not read", CUT),
    Limit(
        "WRITE_TIMEOUT", "time in which one message leaves", "seconds", "who takes longer does not read", CUT
    ),
    Limit("PING_BURST", "pings of the WebSocket", "pings", "the protocol has its own and needs none", CUT),
    Limit("FRAME_RATE", "frames that are no answers", "a second", "each costs a look", CUT),
    Limit("MAX_QUESTIONS", "questions of one link at once", "questions", "twice what an honest one has", CUT),
    Limit("MAX_SUBSCRIPTIONS", "subscriptions of one link", "subscriptions", "each is looked at", CUT),
    Limit(
        "MAX_SESSIONS",
        "comparisons of one link at once",
        "sessions",
        "each holds a list of messages",
        "the other side is told to come again",
    ),
    Limit("MAX_ROUNDS", "rounds of one comparison", "messages", "an honest one ends", CUT),
    Limit(
        "MAX_SESSION_ITEMS",
        "messages that one comparison covers",
        "messages",
        "what it holds in memory",
        "the other side is told a shorter time",
    ),
    Limit(
        "MAX_COMPARED_ITEMS",
        "messages that all comparisons cover",
        "messages",
        "what they hold in memory: 74 MB",
        "the other side is told to come again",
    ),
    Limit("SESSION_IDLE", "rest of a comparison", "seconds", "it holds memory", "the comparison ends"),
)
INFLOW = (
    Limit(
        "PUSH_RATE",
        "messages or bytes pushed by one peer",
        "messages a second",
        "nobody asked for them",
        DROPPED,
    ),
    Limit(
        "ADDRESS_BURST",
        "address records of one link at once",
        "records",
        "a node that begins knows nobody",
        "those beyond it are dropped",
    ),
    Limit("CREDIT", "bytes of one link that wait to be stored", "bytes", "the disk sets the pace", DROPPED),
    Limit(
        "MAX_LIVE",
        "messages that wait to be announced on one link",
        "messages",
        "a comparison is cheaper",
        "the other side is told to compare",
    ),
    Limit(
        "MAX_OFFERED",
        "messages that wait to be offered on one link",
        "messages",
        "a comparison is cheaper",
        "the others are left to the next comparison",
    ),
    Limit(
        "AUTHOR_HOUR",
        "messages of one author in scope, live",
        "an hour",
        "a person who reads on the way, with room",
        "they are fetched later",
    ),
    _form(
        "AUTHOR_DAY", "those of an author in scope in a day", "a day", "the same", "they are fetched later"
    ),
    Limit(
        "OUTSIDER_HOUR",
        "messages of one author outside of it, live",
        "an hour",
        "nobody here asked for them",
        DROPPED,
    ),
    _form("OUTSIDER_DAY", "those of another author in a day", "a day", "the same", DROPPED),
    Limit(
        "OUTSIDE_RATE",
        "messages of authors outside the scope from one link",
        "a second",
        "nobody here asked for them",
        DROPPED,
    ),
    *[
        _form(constant, name, unit, reason, "what is shared least fairly goes first")
        for constant, name, unit, reason in (
            ("QUARANTINE_BYTES", "quarantine", "bytes", "what outsiders may take of the disk"),
            ("QUARANTINE_MESSAGES", "messages in quarantine", "messages", "what somebody could look through"),
        )
    ],
    _form("QUARANTINE_SECONDS", "time in quarantine", "seconds", "as long as a holiday", "it goes"),
    Limit(
        "MIN_FREE_DISK", "free disk space", "bytes", "its owner must be able to write", "nothing is taken in"
    ),
    Limit("MAX_HELD", "bytes that wait for room on the disk", "bytes", "they are held in memory", DROPPED),
)
KEEPING = tuple(
    _form(constant, name, unit, reason, "what is older goes, and comes back when there is room for it")
    for constant, name, unit, reason in (
        ("LEARNER_STORE", "database of a learner", "bytes", "what a small laptop can spare; it can be set"),
        ("SEED_STORE", "database of a seed", "bytes", "what a small rented computer has; it can be set"),
        ("NEAR_MESSAGES", "messages of one whom you follow, or a member", "messages", "decades of writing"),
        ("NEAR_BYTES", "their bytes", "bytes", "the same"),
        ("FAR_MESSAGES", "messages of one whom only others follow", "messages", "further people less"),
        ("FAR_BYTES", "bytes of one whom only others follow", "bytes", "the same"),
        (
            "LAST_OF_DIRECT",
            "last messages of one whom you follow",
            "messages",
            "these stay, whatever is full",
        ),
    )
)
CONDUCT = (
    Limit("MAX_INVALID", "bad messages of one device", "in 10 minutes", "honest ones send none", KEPT_AWAY),
    Limit(
        "MAX_BREACHES", "links that end with a breach", "in 10 minutes", "honest ones have none", KEPT_AWAY
    ),
    Limit(
        "MAX_UNKEPT",
        "messages announced and not brought",
        "in 10 minutes",
        "twice what changing whom one carries leaves",
        KEPT_AWAY,
    ),
    Limit(
        "MAX_MISSES",
        "questions for messages that are not here",
        "in 10 minutes",
        "twice what a set that went leaves",
        KEPT_AWAY,
    ),
    Limit(
        "MAX_REPEATS", "messages pushed again", "in 10 minutes", "honest ones push nothing twice", KEPT_AWAY
    ),
    Limit(
        "BAN_SECONDS",
        "time that a device is kept away at first",
        "seconds",
        "keys are free",
        "it is cut at once",
    ),
)
REPORTS = (
    _form(
        "MAX_REPORTS",
        "reports that wait",
        "reports",
        "what somebody can still read",
        "later, says the answer",
    ),
    _form(
        "MAX_REPORTS_OF_STRANGERS",
        "reports of strangers that wait",
        "reports",
        "device keys are free",
        "later, says the answer",
    ),
    _form(
        "MAX_REPORTS_OF_ONE",
        "reports of one device",
        "a day",
        "nobody fills the queue of others",
        "later, says the answer",
    ),
)
OWN = (
    _form(
        "MAX_LABEL_LISTS",
        "label lists that are used",
        "lists",
        "each costs time for every page",
        "it is refused",
    ),
    _form("MAX_REQUEST", "request to the API", "bytes", "what one program can make us hold", "it is refused"),
    _form("MAX_IMPORT", "file to import", "bytes", "30,000 bookmarks with notes", "it is refused"),
    _form(
        "MAX_PAGE",
        "results of a page",
        "results",
        "a page that old devices still show",
        "there are more pages",
    ),
)
LIMITS: tuple[Limit, ...] = (*MESSAGES, *DOOR, *LINKS, *INFLOW, *KEEPING, *CONDUCT, *REPORTS, *OWN)


def table(times: Mapping[str, int]) -> list[dict[str, object]]:
    """Every row; `times`: how often each was met, by constant."""
    return [limit.as_json(times) for limit in LIMITS]
