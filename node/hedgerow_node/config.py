"""Where things lie and how much is allowed: the home folder, the environment, the node's own limits.

The only module that reads the environment. The home holds everything of one identity; it belongs to its owner
alone (folders 0700, files 0600).
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import platformdirs

from hedgerow_node.problems import Code, Problem
from hedgerow_protocol import limits

HOME_VARIABLE = "HEDGEROW_HOME"
PASSPHRASE_VARIABLE = "HEDGEROW_PASSPHRASE"  # noqa: S105 - the name of a variable
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
OTHERS = 0o077
"""Permission bits that would let somebody else on this computer in."""

# --- Limits of the node itself: what the protocol leaves to us ----------------------------------------------
MAX_REQUEST = 1 * limits.MIB
"""Bytes of a request to the API."""
MAX_IMPORT = 32 * limits.MIB
"""Bytes of a file that is brought in: 30,000 bookmarks with notes are about 15 MiB."""
MAX_RESTORE = 256 * limits.MIB
"""Bytes of an export that is restored: 150,000 messages of usual length. It is held in memory, and checked
whole before anything of it is used."""
MAX_IMPORT_REQUEST = MAX_IMPORT * 4 // 3 + MAX_REQUEST
"""Bytes of a request that carries a file to import in base64."""
MAX_RESTORE_REQUEST = MAX_RESTORE * 4 // 3 + MAX_REQUEST
"""Bytes of a request that carries an export in base64."""
MAX_PAGE = 200
"""Results of one page."""
USUAL_PAGE = 25
MIN_FREE_DISK = 256 * limits.MIB
"""Free bytes below which the node takes nothing in from others, so that its owner can still write."""
PUBLISH_BATCH = 256
"""Own messages of one durable commit: large enough that syncing costs little, small enough to show progress."""
SAVE_BATCH = 1_000
"""Private items of one durable commit: the more, the faster, and the coarser the progress."""
FEW_ITEMS = 4_096
"""Items of a set up to which no index of it is kept: reading it is a matter of milliseconds."""
LEARNER_INDEXED = limits.MAX_COMPARED_ITEMS
"""Items of all indexes of sets that a learner's node keeps between comparisons, about 37 bytes each: 74 MB, and as many
as its database has room for."""
SEED_INDEXED = 6_000_000
"""The same for a seed: 220 MB, and twice that while one is read. Of a larger set the part that is compared is read each
time."""
MAX_BATCH_BYTES = 8 * limits.MIB
"""Bytes of messages that are read or written in one go."""
ERASE_DELAY = 10.0
"""Seconds from a withdrawal to the erasing pass, so that several withdrawals share one; the spec allows 60."""
LAST_ERASE_DELAY = 300.0
"""The longest pause between two passes that do not come through: each stops all reading while it tries."""
MIN_PASSPHRASE = 8
"""Letters of a passphrase."""
MIN_PREFIX = 6
"""Letters by which a message may be named: 58^6 is 38,000 million."""
EARLIEST_CLOCK = 1_700_000_000
"""November 2023, long before the first release: a clock that says earlier is wrong."""
CLOCK_TOLERANCE = 600
"""Seconds by which a message may be ahead of a clock that is right."""


# --- How much is kept ----------------------------------------------------------------------------------------
GIB = 1024 * limits.MIB
LEARNER_STORE = 2 * GIB
"""Bytes of a learner's database: what a small laptop can spare."""
SEED_STORE = 50 * GIB
"""Bytes of a seed's database: what a small rented computer has."""
LEAST_STORE = 64 * limits.MIB
"""Bytes below which no budget makes sense: an empty database with its indexes, and some weeks of a few people."""
NEAR_MESSAGES, NEAR_BYTES = 100_000, 64 * limits.MIB
"""What is kept of somebody whom the owner follows, or of a member: decades of daily writing."""
FAR_MESSAGES, FAR_BYTES = 10_000, 8 * limits.MIB
"""What is kept of somebody whom only others follow."""
LAST_OF_DIRECT = 1_000
"""The last messages of somebody whom the owner follows, which no lack of room lets go."""
KEPT_SHARE = 0.9
"""Of a budget that is full, what stays: others are told each time that something goes, so it goes seldom."""
GROWN_SHARE = 0.85
"""Up to which share of its budget the database is filled again with what was let go before."""
KEEPING_INTERVAL = 60.0
"""Seconds between two looks at what is kept."""
KEEPING_SLICE = 256
"""Messages that one transaction lets go, about 20 milliseconds, for which whoever writes may wait."""
KEEPING_PAUSE = 0.05
"""Seconds between two such transactions, in which others get their turn."""
LOG_RESERVE = 2 * MIN_FREE_DISK // 4
"""Free bytes on the disk without which space inside the database is of no use: its write-ahead log needs them."""

# --- Listening sockets ---------------------------------------------------------------------------------------
HEADER_DEADLINE = 15.0
"""Seconds in which a connection must have sent the whole header of its request."""
MAX_REQUEST_HEADER = 32 * limits.KIB
"""Bytes of a request's header."""

# --- The peers' door: what a stranger can take up ------------------------------------------------------------
MAX_LINKS_IN = 1_024
"""Connections that the door takes; when there are more, those of strangers go first."""
MAX_UNPROVEN = 64
"""Connections in their handshake; when there are more, the oldest of the most crowded network is dropped."""
STRANGER_GRACE = 1.0
"""Seconds in which an honest handshake is over even here: who stands there for longer is dropped before."""
MAX_OF_IPV4 = 8
"""Connections from one address by whoever is neither a member nor followed: a household."""
MAX_OF_IPV4_24 = 16
"""From one network of 256 addresses: who has one address there often has several."""
MAX_OF_IPV4_16 = 64
"""From one network of 65,536 addresses: a small provider."""
MAX_OF_IPV6_64 = 8
"""From one /64, which is what a household gets."""
MAX_OF_IPV6_48 = 64
"""From one /48, which is what a company gets."""
CONNECTS_A_MINUTE = 48
"""Connections begun from one address: honest nodes begin one and keep it."""
MAX_OF_LOOPBACK = MAX_UNPROVEN
"""Unproven connections that begin on this computer: programs of one's own, or everybody where a proxy stands that was
not named. Without a number of its own an address of a proxy would lift every limit."""
CONNECTS_OF_LOOPBACK = 1_200
"""Connections begun on this computer in a minute: a handshake each 50 ms, a few hundredths of a processor."""
MAX_FAULTS_OF_ADDRESS = 20
"""Handshakes from one address that broke the protocol, within the window of all such tallies, after which nobody is
let in from there."""
ADDRESS_BAN = 75.0
"""Seconds for which an address is shut out the first time, doubled each time up to LAST_ADDRESS_BAN: others may have
it too, so never for long."""
LAST_ADDRESS_BAN = 600.0
MAX_REMEMBERED_ADDRESSES = 4_096
"""Addresses whose rate is remembered; the one not seen for longest is forgotten first."""
MAX_LINKS_SET = 65_535
"""The most connections that an operator may allow: the system has no more handles for a process."""
MAX_LINKS_OF_AUTHOR = 8
"""Links of one person at once: several devices, and links that broke without a word; the oldest is cut."""

# --- Trust: whom the owner's node hears of --------------------------------------------------------------------
RESTART = 0.15
"""Of the mass that comes to a person the part that stays there; the rest goes on. The usual value since PageRank."""
FEWEST_SHARES = 30
"""Parts into which a person's mass is split at least: who follows one person gives no more of it than who follows so
many, else one careless friend would open the door to a farm. With 30 nobody wins 3 % by 20 follows."""
SMALLEST_SHARE = 1e-7
"""A share of the owner's mass that goes no further: a ten-thousandth of what one of a thousand follows gets."""
FEW_FOLLOWS = 20
"""People followed, below whom mass says little: scope is then whom the owner follows and whom they vouch for."""

FURTHER_PEOPLE = 0
"""People beyond whom the owner follows that a node carries unless told otherwise: none, for what it carries it also
shows to others, at its owner's cost."""
QUARANTINE_BYTES = 64 * limits.MIB
"""What outsiders sent unasked and waits for the owner: a week of what a busy stranger may send."""
QUARANTINE_MESSAGES = 20_000
QUARANTINE_SECONDS = 7 * 86_400
"""How long it waits."""
QUARANTINE_SPARE = 0.95
"""Part of the quarantine to which it is emptied when it overflows."""
QUARANTINE_BUFFER = 2_000
"""Messages of outsiders that wait to be put there; what comes beyond them is dropped and counted."""
QUARANTINE_PAUSE = 1.0
"""Seconds for which they are gathered: outsiders cost one commit a second at most."""
RELEASE_BATCH = 256
"""Messages that leave the quarantine at once when their author is carried."""
NOT_NOW_SECONDS = 90 * 86_400
"""How long the owner is not asked again about somebody whom they put off."""
WAITING_LOOKED_AT = 20
"""Latest messages of somebody who waits that are looked through for a name and for answers to the owner."""

# --- Links to other nodes ------------------------------------------------------------------------------------
LINK_QUEUE = 4 * limits.MIB
"""Bytes that wait to be sent on one link; a peer that lets more wait does not read, and is cut off."""
PUSH_ROOM = 256 * limits.KIB
"""Bytes waiting to be sent above which new messages are announced by their ids and no longer pushed."""
LINK_ROOM = 1 * limits.MIB
"""Bytes waiting to be sent above which no further answer is put behind them: a slow reader is no fault."""
WRITE_TIMEOUT = 30.0
"""Seconds in which one binary message must have left."""
FLUSH_TIMEOUT = 5.0
"""Seconds in which what waits must have left when a link ends."""
GOODBYE_TIMEOUT = 1.0
"""Seconds for the end of a WebSocket to be answered."""
PING_RATE = 1.0
"""Pings and pongs of the WebSocket that a peer may send in a second; the protocol has its own and needs none."""
PING_BURST = 30.0
DIAL_TIMEOUT = 10.0
"""Seconds to open a connection."""
FIRST_RETRY = 1.0
"""Seconds before a lost link is dialled again; doubled each time."""
LAST_RETRY = 40.0
"""The longest pause between two tries: whoever was apart for long has what it missed a minute after it is healed."""
LAST_RETRY_OF_DOOR = 2.0
"""The longest pause where a door has no room for a moment and a person waits: a class that joins at once."""
LAST_RETRY_OF_LINK = 15.0
"""The longest pause where somebody answers and the link breaks at once: a node that restarts again and again."""
LINKS_HELD = 3
"""Links that a node which cannot be dialled holds: one brings what is new, two stand by."""
MAX_LINKS_OUT = 8
"""Links that a node holds at most: a node that can be dialled, and whoever follows people whom few nodes carry."""
VISIT_INTERVAL = 600.0
"""Seconds between two visits to a peer that no link is held to: those of a comparison."""
VISIT_JITTER = 0.2
VISIT_SOON = 2.0
"""Seconds before a first visit, and before one for what the owner said: perhaps more is coming."""
VISIT_AGAIN = 60.0
"""Seconds between two visits, however much the owner says."""
VISIT_PATIENCE = 300.0
"""Seconds that a visit may take; what is left by then goes on at the next."""
RECARRY_PAUSE = 1.0
"""Seconds between two reckonings of whom a node carries: a seed hears many follows in one second."""
WATCH_INTERVAL = 5.0
"""Seconds between two looks at the disk and at the clock."""
CLOCK_STEP = 60.0
"""Seconds by which the computer's clock may leave ours before we follow it: it was set, or the computer slept."""
MAX_HELD = 32 * limits.MIB
"""Bytes that came in and wait for room on the disk; what comes after them is dropped and fetched again later."""
LOG_BURST = 10.0
"""Lines of one event that others can cause, at once."""
LOG_RATE = 1 / 60
"""Lines of it a second after that; the next line says how many were left out."""
CHECK_THREADS = 2
"""Threads that check signatures, which release the interpreter's lock."""
CHECK_PROCESSES = min(os.cpu_count() or 1, 4)
"""Processes that check them while much comes in, each of about 25 MB; one would gain nothing."""
MANY_TO_CHECK = 1_000
"""Messages that wait to be checked, about a tenth of a second's work, from which on processes are started."""
FEW_TO_CHECK = 4
"""Messages that are checked where they came, half a millisecond's work; more would hold up the loop."""
SMALL_BATCH = 16
"""Messages up to which a batch is not worth the way to a process and back."""
CHECK_IDLE = 30.0
"""Seconds without a larger batch after which the processes end; also the pause after they could not be started."""
CHECK_TIMEOUT = 30.0
"""Seconds in which a process has to answer; a batch takes it some hundredths."""
CERTIFICATE_LIFE = 7 * 86_400
"""Seconds that a certificate is valid; the protocol allows 30 days."""
CERTIFICATE_USE = 86_400
"""Seconds that a certificate and its key are shown on new links, after which both are made anew."""
INVITE_LIFE = 7 * 86_400
"""Seconds that an invite is valid unless said otherwise."""
LINK_CODE_LIFE = 900
"""Seconds that a code for a new device is good: both computers are in front of one person."""
MAX_LINK_CODES = 16
"""Codes that are good at once."""
MAX_WAITING_DEVICES = 4
"""Devices that ask with one code and wait for an answer."""

# --- The address book: nodes that one was told of and met -----------------------------------------------------
BOOK_NEW_BUCKETS = 256
"""Buckets of nodes that one was told of."""
BOOK_NEW_BUCKETS_OF_SOURCE = 16
"""Of these, how many somebody of one network can reach by telling: a sixteenth of the book."""
BOOK_NEW_PLACES = 16
"""Places of one bucket: 4,096 nodes in all, at most 6 MB."""
BOOK_TRIED_BUCKETS = 128
"""Buckets of nodes that answered; one network (IPv4 /16) reaches one of them."""
BOOK_TRIED_PLACES = 8
"""Places of one bucket: 1,024 nodes in all."""
BOOK_UNMET_SHARE = 4
"""One part in this many of an answer may be nodes that nobody here has met."""
BOOK_ANSWER = 200
"""Nodes that are told to who asks: one frame."""
BOOK_ENOUGH = 1_024
"""Nodes in the book above which nobody is asked for more."""
BOOK_DRAWN = 8
"""Nodes that are drawn for a feeler, of which one is dialled."""
BOOK_VAIN = 2
"""Tries in vain after which somebody else may have the place of a node that was only told of."""
BOOK_KEPT_VAIN = 6
"""Tries in vain after which a node is forgotten: two days, with the pauses between them."""
BOOK_PAUSE = 1_800.0
"""Seconds after a try in vain before the same node is dialled again; doubled each time."""
LAST_BOOK_PAUSE = 86_400.0
BOOK_MET_LATELY = 4 * 3_600.0
"""Seconds after which a node that answered is dialled again before its place goes to another one."""
BOOK_ANCHORS = 4
"""Nodes that are dialled first after a restart; the protocol asks for two."""
OWN_ADDRESS_LIFE = 7 * 86_400
"""Seconds for which the record of one's own node holds."""
OWN_ADDRESS_USE = 86_400
"""Seconds after which it is made anew and told again, long before half of its life."""
RESERVE_LOOK = 15.0
"""Seconds between two looks whether links are lost."""
RESERVE_PATIENCE = 120.0
"""Seconds that a link is gone before a node of the book stands in: a node that restarts is back by then."""
RESERVE_AGAIN = 3_600.0
"""Seconds before a node of the book that was of no use is drawn again."""
FEELER_JITTER = 0.5
"""Of the time between two feelers, more or less: nobody shall foretell the next one."""
KNOCK_TIMEOUT = 10.0
"""Seconds for a node to show who it is."""

# --- Dialling what others told of: no weapon against anybody --------------------------------------------------
TOLD_PAUSE = 60.0
"""Seconds before an address that did not answer as a node is dialled again; doubled each time."""
LAST_TOLD_PAUSE = 86_400.0
TOLD_JITTER = 0.25
"""Of such a pause, by which it is longer at most: nodes must not fall into step."""
TOLD_FREE = 0
"""Tries in vain at one address before pauses begin: none."""
TOLD_FREE_OF_NETWORK = 4
"""The same for a network (IPv4 /24, IPv6 /48), in which several nodes may be."""
MAX_REMEMBERED_TARGETS = 8_192
"""Addresses and networks of which tries in vain are remembered; the one not tried for longest is forgotten first."""
MAX_NEARBY = 64
"""Nodes of the local network that are shown: a class, twice."""
NEARBY_PATIENCE = 3
"""Seconds in which somebody nearby has to say who he is."""
NEAR_INVITE_LIFE = 900
"""Seconds that an invite for somebody nearby is good: both are in one room."""
TOLD_PORTS = (80, 443)
"""Ports below 1,024 that may be dialled: behind the others are mail and the like."""


def home_path(option: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The home folder: the option if given, else HEDGEROW_HOME, else the usual folder of this system."""
    if option is not None:
        return option.expanduser().absolute()
    if environment.get(HOME_VARIABLE):
        return Path(environment[HOME_VARIABLE]).expanduser().absolute()
    return platformdirs.user_data_path("hedgerow", appauthor=False)


def passphrase(environment: Mapping[str, str] = os.environ) -> str | None:
    """The passphrase of the keys, for a node that starts where nobody types."""
    return environment.get(PASSPHRASE_VARIABLE) or None


def notify_socket(environment: Mapping[str, str] = os.environ) -> str | None:
    """Where systemd wants to hear of the service, if it does: a path, or a name that begins with @."""
    return environment.get("NOTIFY_SOCKET") or None


def watchdog_seconds(environment: Mapping[str, str] = os.environ, pid: int | None = None) -> float | None:
    """How long systemd waits for a sign of life of this process, if it does."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    is_meant = environment.get("WATCHDOG_PID", "") in ("", str(pid or os.getpid()))
    return int(microseconds) / 1e6 if is_meant and microseconds.isdigit() and int(microseconds) else None


def is_plain_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody wants no colours (no-color.org)."""
    return bool(environment.get("NO_COLOR"))


def has_screen(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> bool:
    """Whether a browser with windows can open here; one inside the terminal would take the terminal away."""
    return system == "darwin" or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


class LogFormat(StrEnum):
    """Where the log goes besides the file in the home: nowhere, or to the error stream in one of two shapes."""

    FILE = "file"
    TEXT = "text"
    JSON = "json"


# --- Safety ---------------------------------------------------------------------------------------------------
PUBLIC_DECISIONS = 100
"""Takedowns on one page of the public list."""
MAX_REPORTS = 1_000
"""Reports that wait; more are answered with "later"."""
MAX_REPORTS_OF_STRANGERS = 100
"""Those among them of devices whose owner is not carried here: keys are free."""
MAX_REPORTS_OF_ONE = 20
"""Reports of one device within `REPORTS_WINDOW`."""
REPORTS_WINDOW = 86_400.0
"""Seconds over which the reports of one device are counted."""
KEPT_REPORTS = 1_000
"""Reports that were settled and can still be looked at; the oldest goes first."""
REPORT_PATIENCE = 10.0
"""Seconds to wait for the answer to a report: a node that knows no reports gives none."""
MAX_LABEL_LISTS = 16
"""Label lists that are used: whoever makes them costs up to 5 milliseconds for every page."""

# --- The feed of a seed -----------------------------------------------------------------------------------------
SYNDICATED = 30
"""Statements of the seed's own that stand in its feed."""
SYNDICATED_FOR = 10.0
"""Seconds for which the feed is as it was, whoever asks: making it reads the database."""

# --- Sources of a seed ------------------------------------------------------------------------------------------
FIRST_SOURCE_CHECK = 5.0
"""Seconds before a source that did not say who it is is asked again; doubled each time."""
LAST_SOURCE_CHECK = 600.0
"""The longest pause between two tries."""
SOURCE_TIMEOUT = 10.0
"""Seconds in which it has to answer."""
MAX_SOURCE = 64 * limits.KIB
"""Bytes of what it says of itself: twelve times the longest that we say."""

# --- Receipts ---------------------------------------------------------------------------------------------------
RECEIPT_AFTER = 86_400.0
"""Seconds between two receipts for one member: a line a day says enough."""
RECEIPT_CHECK = 3_600.0
"""Seconds between two looks at whether receipts are due."""

# --- Backups ----------------------------------------------------------------------------------------------------
BACKUP_CHUNK = 64 * limits.KIB
"""Bytes that are sealed together: what one damaged byte makes unreadable, and what is held in memory."""
BACKUP_GATHERED = 1 * limits.MIB
"""Bytes of a backup that are made in one go, aside from the event loop."""
MAX_BACKUP_SMALL = 1 * limits.MIB
"""Bytes of a part of a backup that is no store: keys, the file of a seed, the lists."""

# --- The page listener and the API ---------------------------------------------------------------------------
PAGE_HOST = "127.0.0.1"
PAGE_PORT = 8470
PAGE_PORT_TRIES = 20
"""Ports from PAGE_PORT on that are tried before the node gives up."""
OWN_HOSTS = ("127.0.0.1", "::1", "localhost")
"""What the page listener may be bound to: the owner's surface is never offered to other computers."""
TOKEN_SIZE = 32
"""Bytes of entropy in the token of the API."""
LINGERING = 10.0
"""Seconds in which the rest of a request that was answered before its end is read, so that the answer arrives."""
IDLE_DEADLINE = HEADER_DEADLINE
"""Seconds after an answer in which the whole header of the next request must have come."""
BODY_DEADLINE = 120.0
"""Seconds in which the whole body of a request must have come: the largest import over a slow disk takes 10."""
EVENT_QUEUE = 256
"""Events that wait for one listener; when there are more, the oldest go and the listener is told how many."""
MAX_EVENT_LISTENERS = 16
EVENT_SILENCE = 15.0
"""Seconds after which a silent stream of events says that it is still there."""
STOP_DEADLINE = 5.0
"""Seconds that requests get to finish when the node stops."""
LOCK_PATIENCE = 5.0
"""Seconds for which a command waits for another one that uses the folder."""
MAX_LOG = 4 * limits.MIB
"""Bytes of the log file, after which it becomes the old one and the old one goes."""
ACCEPT_PATIENCE = 20.0
"""Seconds that each step of accepting an invite may take."""
WELCOME_PATIENCE = 5.0
"""Seconds that a newcomer waits for the node that took it in to say so on the link; only invites need it."""
FIRST_CONTENT_PATIENCE = 10.0
"""Seconds in which a newcomer should see something."""
SYNC_PATIENCE = 60.0
"""Seconds that a person who asks for it waits for all peers to agree."""

# --- The pages ------------------------------------------------------------------------------------------------
LINK_LIFE = 600.0
"""Seconds in which a one-time link opens the pages."""
LINK_BYTES = 10
"""Bytes of chance in a one-time link: 80 bits in 16 letters, so that guesses need not be counted."""
MAX_LINKS = 16
"""One-time links that wait; the oldest goes first."""
SECRET_BYTES = 32
"""Bytes of chance in a cookie, and in the field by which a form proves where it comes from."""
SESSION_LIFE = 30 * 86_400.0
"""Seconds after which a browser that shows nothing of itself has to be let in anew."""
MAX_BROWSERS = 64
"""Browsers that are let in; the one not seen for longest goes first."""
MAX_FORM = 1 * limits.MIB
"""Bytes of a form without a file."""
MAX_FIELDS = 10_000
"""Fields of a form: one for each folder of a large file of bookmarks."""
MAX_PREVIEWS = 2
"""Files that wait for a choice in one browser, each of up to MAX_IMPORT bytes."""
MAX_WORKS = 4
"""Long acts under way at once."""
MAX_WORKS_KEPT = 32
"""Long acts whose outcome can still be seen; the oldest goes first."""
SHORT_WAIT = 0.3
"""Seconds after which a long act is shown with its progress instead of its outcome."""
REFRESH = 1
"""Seconds until a page that shows progress loads itself again."""
HOME_ENTRIES = 8
"""Entries of each list on the home page."""
SHOWN_SKIPS = 200
"""Skipped entries of a file that a preview lists."""
SHOWN_TOPICS = 12
"""Topics of a file that a preview shows at once; the others fold away."""
SHOWN_TO_OPERATOR = 50
"""Rows of each list on the page of a seed's operator."""
ASKED_WORDS = 3
"""Of the 24 words, how many somebody types to show that the copy is right."""
API_PATIENCE = 300.0
"""Seconds for which a command waits for a word of the running node: a check of a whole large library takes 60."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one identity, and the names of what lies in it."""

    path: Path

    @property
    def keys(self) -> Path:
        """The folder of the keys."""
        return self.path / "keys"

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.path / "hedgerow.db"

    @property
    def journal(self) -> Path:
        """Own messages, from which a damaged database is made anew."""
        return self.path / "journal"

    @property
    def seed(self) -> Path:
        """What the operator of a seed decided; a home with this file is one."""
        return self.path / "seed.toml"

    @property
    def lock(self) -> Path:
        """Held by the one process that uses the home."""
        return self.path / "lock"

    @property
    def api_token(self) -> Path:
        """The token by which programs of the owner reach the API."""
        return self.path / "api-token"

    @property
    def running(self) -> Path:
        """Where the running node tells its address."""
        return self.path / "running.json"

    @property
    def log(self) -> Path:
        """What the node noted while it ran, for whoever looks for a fault."""
        return self.path / "log"

    @property
    def templates(self) -> Path:
        """The folder of what was made of the templates of the pages; it may be thrown away."""
        return self.path / "templates"

    def create(self) -> None:
        """Make the folder if it is not there, for its owner alone; raises `Problem`.

        A folder that is already there keeps its permissions: `hedgerow doctor` judges them.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise Problem(Code.FOLDER_UNUSABLE, f"{self.path}: {error.strerror}") from None
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise Problem(Code.FOLDER_UNUSABLE, f"{self.path} is closed to you")
